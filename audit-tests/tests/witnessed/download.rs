//! What a researcher downloads carries the word of the witnesses, and holds without anybody's server.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use audit_tests::programs::ledger_audit;
use audit_tests::server::ask;
use audit_tests::town::{ORIGIN, RunningClock};
use broker_service::{Broker, Demand, WitnessParts};
use ledger_core::policy::Policy;
use ledger_core::tree::Hash;
use ledger_log::{KeeperConfig, RawAnswer, TransportFault, WitnessConfig, WitnessTransport, Witnesses};
use test_support::Policies;

use super::released::{self, Delivered};
use super::scene::{Named, Scene, Witness};

/// Plain HTTP with the small client of these tests.
struct Http;

#[async_trait]
impl WitnessTransport for Http {
    async fn add_checkpoint(&self, prefix: &str, body: String) -> Result<RawAnswer, TransportFault> {
        send(prefix, "POST", "/add-checkpoint".to_owned(), body.into_bytes()).await
    }

    async fn monitoring(&self, prefix: &str, origin: Hash) -> Result<RawAnswer, TransportFault> {
        send(prefix, "GET", format!("/{origin}/checkpoint"), Vec::new()).await
    }
}

async fn send(
    prefix: &str,
    method: &'static str,
    path: String,
    body: Vec<u8>,
) -> Result<RawAnswer, TransportFault> {
    let address: SocketAddr = prefix.strip_prefix("http://").unwrap().parse().unwrap();
    let asked = tokio::task::spawn_blocking(move || ask(address, method, &path, &[], &body)).await;
    let answer = asked.unwrap().map_err(TransportFault::new)?;
    Ok(RawAnswer {
        status: answer.status,
        body: answer.body,
    })
}

async fn broker(scene: &Scene) -> Arc<Broker> {
    let log_key = scene.town.log_key();
    let policy = Policy::parse(&fs::read(&scene.policy).unwrap()).unwrap();
    let transport: Arc<dyn WitnessTransport> = Arc::new(Http);
    let keys = std::slice::from_ref(&log_key);
    let parts = WitnessParts {
        witnesses: Witnesses::new(policy, keys, &transport, WitnessConfig::default()),
        keeper: KeeperConfig::default(),
        demand: Demand::Required {
            wait: Duration::from_secs(20),
        },
    };
    let clock = Arc::new(RunningClock::starting(RunningClock::system()));
    let policies = Arc::new(Policies::embedded());
    test_support::start_before(&scene.town.data(), ORIGIN, clock, policies, Some(parts)).await
}

#[test]
fn what_a_researcher_downloads_is_held_to_the_policy_without_anybody() {
    let (town, study) = released::found();
    let policy = town.aside("witnesses.policy");
    let scene = Scene { town, policy };
    let mut witnesses = ["first.example/w", "second.example/w"].map(|name| Witness::found(&scene.town, name));
    let named = |i: usize, name| Named {
        name,
        key: &witnesses[i].key,
        url: witnesses[i].url(),
    };
    scene.require(2, &[named(0, "first"), named(1, "second")], "");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let delivered: Delivered = runtime.block_on(async {
        let broker = broker(&scene).await;
        released::measured(&broker, &scene.town.residents).await;
        study.release(&broker).await
    });
    drop(runtime);
    for witness in &mut witnesses {
        witness.kill();
    }

    // The folder, as the researcher's page says it; no server is left.
    let folder = scene.town.aside("release");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("evidence.json"), &delivered.evidence).unwrap();
    for (name, bytes) in &delivered.files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let verify = |policy: &str| ledger_audit(&["verify", folder.to_str().unwrap(), "--policy", policy]);
    let (status, said) = verify(scene.policy.to_str().unwrap());
    assert_eq!(status, 0, "{said}");
    for words in [
        "The quorum `organisations`",
        "first.example/w at ",
        "second.example/w at ",
    ] {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
    // A policy with a witness who never saw it.
    let third = Witness::found(&scene.town, "third.example/w");
    let text = fs::read_to_string(&scene.policy).unwrap();
    let text = text.replace(
        "group organisations 2 first second",
        "group organisations 3 first second third",
    );
    let line = format!("witness third {}\ngroup", third.key);
    let stricter = scene.town.aside("stricter.policy");
    fs::write(&stricter, text.replace("group", &line)).unwrap();
    let (status, said) = verify(stricter.to_str().unwrap());
    assert!(status == 1 && said.contains("lacks `third`"), "{said}");
}
