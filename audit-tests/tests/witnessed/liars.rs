//! Witnesses that lie, and witnesses that know more than a restored broker.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use audit_tests::process::Process;
use audit_tests::programs::programs;
use audit_tests::server::Server;
use audit_tests::town::Town;

use super::front::{Front, Manner};
use super::scene::{Named, Scene, Witness, answer_of, transfer, until, until_witnessed};

fn named<'a>(name: &'a str, witness: &'a Witness, url: String) -> Named<'a> {
    Named {
        name,
        key: &witness.key,
        url,
    }
}

#[test]
fn a_witness_that_claims_a_size_without_proof_is_left_aside() {
    let scene = Scene::set();
    let names = ["first.example/w", "second.example/w", "third.example/w"];
    let [first, second, third] = names.map(|name| Witness::found(&scene.town, name));
    let front = Front::before(third.address, Manner::Claims(1_000_000));
    let all = [
        named("first", &first, first.url()),
        named("second", &second, second.url()),
        named("third", &third, front.url()),
    ];
    scene.require(2, &all, "");
    let server = Server::start(&scene.town);
    // The quorum does not wait for it, so what it said shows in a later question.
    let mut second = 0;
    let mut next = || {
        scene.intake(&server, second);
        second += 60;
        until_witnessed(&server)
    };
    let told = until(|| Some(next()).filter(|told| answer_of(told, names[2]) == "faulty"));
    assert_eq!(answer_of(&told, names[0]), "cosigned");
    assert_eq!(scene.order(&server, &transfer()).status, 200);
    assert!(
        server.log().contains("it claims 1000000 leaves"),
        "{}",
        server.log()
    );
    // When it tells the truth again it counts again.
    front.set(Manner::HandsOn(Duration::ZERO));
    until(|| Some(next()).filter(|told| answer_of(told, names[2]) == "cosigned"));
}

/// A broker that two witnesses saw grow, put back to how it was before they did.
struct RolledBack {
    scene: Scene,
    /// They run as long as this.
    _witnesses: [Witness; 2],
    fronts: [Front; 2],
}

impl RolledBack {
    fn set() -> Self {
        let scene = Scene::set();
        let witnesses = ["first.example/w", "second.example/w"].map(|name| Witness::found(&scene.town, name));
        let fronts = [0, 1].map(|i: usize| {
            let open = Manner::HandsOn(Duration::ZERO);
            Front::before(witnesses[i].address, open)
        });
        let all = [
            named("first", &witnesses[0], fronts[0].url()),
            named("second", &witnesses[1], fronts[1].url()),
        ];
        scene.require(2, &all, "time_limit_ms = 1000");
        let backup = scene.town.aside("backup");
        copy(&scene.town.data(), &backup);
        let server = Server::start(&scene.town);
        scene.intake(&server, 0);
        scene.intake(&server, 60);
        until_witnessed(&server);
        let _ = server.stop();
        // Everything of the broker, the lock store included, which no backup should ever bring back.
        fs::remove_dir_all(scene.town.data()).unwrap();
        copy(&backup, &scene.town.data());
        Self {
            scene,
            _witnesses: witnesses,
            fronts,
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

fn checkpoint(town: &Town) -> Vec<u8> {
    fs::read(town.ledger().join("checkpoint")).unwrap()
}

#[test]
fn a_restored_broker_refuses_to_start_when_a_witness_is_ahead() {
    let rolled_back = RolledBack::set();
    let town = &rolled_back.scene.town;
    let before = checkpoint(town);
    // One witness is enough to know.
    rolled_back.fronts[0].set(Manner::HangsUp);
    let Err(said) = Server::try_start(town) else {
        panic!("it started")
    };
    assert!(
        said.contains("`second.example/w` holds a checkpoint of"),
        "{said}"
    );
    assert!(said.contains("rolled back or second log"), "{said}");
    // The proof is in its log, for the person who must decide.
    assert!(
        said.contains("evidence=") && said.contains("audit.fiducie.invalid/ledger"),
        "{said}"
    );
    assert_eq!(checkpoint(town), before, "nothing was signed");
}

#[test]
fn a_restored_broker_stops_as_soon_as_a_witness_is_heard() {
    let rolled_back = RolledBack::set();
    let scene = &rolled_back.scene;
    for front in &rolled_back.fronts {
        front.set(Manner::HangsUp);
    }
    // Nobody tells it at the start, so it starts; and hands over nothing.
    let log = scene.town.aside("restored.log");
    let mut serve = Command::new(&programs().fiducie);
    serve.arg("serve").args(scene.town.config());
    let mut process = Process::start(&mut serve, log);
    process
        .until(|said| said.contains("the broker listens").then_some(()))
        .unwrap();
    process
        .until(|said| said.contains("recorded but not witnessed").then_some(()))
        .unwrap();
    rolled_back.fronts[1].set(Manner::HandsOn(Duration::ZERO));
    let status = process.wait();
    let said = process.log();
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("the ledger must sign nothing more"), "{said}");
    assert!(
        said.contains("`second.example/w` holds a checkpoint of"),
        "{said}"
    );
    // Nor does it start again.
    let Err(said) = Server::try_start(&scene.town) else {
        panic!("it started again")
    };
    assert!(said.contains("rolled back or second log"), "{said}");
}
