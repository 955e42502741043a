//! After an erasure: no salt, key, record, tag or reading of the person in any file of the broker, and every old proof
//! still verifies.

use std::fs;
use std::path::Path;

use audit_tests::needles::Needles;
use audit_tests::programs::ledger_audit;
use audit_tests::server::Server;
use audit_tests::story::{Story, files_below};
use audit_tests::town::{self, Resident, RunningClock, Town, half_hour};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::ids::SubjectId;
use broker_domain::policy::Principal;
use broker_domain::time::Interval;
use broker_service::Broker;
use serde_json::Value;

/// What the broker knew of somebody, in the bytes in which it stood in the database.
struct Known {
    secrets: Needles,
    /// Each alone, to see that the search finds them before.
    kinds: Vec<&'static str>,
}

/// Reads through the ports everything that an erasure must destroy.
async fn known(broker: &Broker, resident: &Resident) -> Known {
    let (mut secrets, mut kinds) = (Needles::default(), Vec::new());
    let mut add = |what: &'static str, bytes: &[u8]| {
        secrets.add(what, bytes);
        kinds.push(what);
    };
    let subject = SubjectId::from(resident.participant);
    let mut read = broker.read().await.unwrap();
    add("subject key", &read.subject(subject).await.unwrap().unwrap().key);
    for row in read.records_of(subject, u64::MAX, 1_000).await.unwrap() {
        add("salt", &row.salt);
        add("record", &row.record);
    }
    add(
        "data key",
        &read
            .newest_key(resident.participant)
            .await
            .unwrap()
            .unwrap()
            .wrapped,
    );
    add(
        "profile",
        &read
            .participant(resident.participant)
            .await
            .unwrap()
            .unwrap()
            .profile_sealed,
    );
    let point = read.point(resident.point).await.unwrap().unwrap();
    add("meter number", &point.number_sealed);
    add("blind index of the meter number", &point.number_index);
    let span = Interval::new(half_hour(70), half_hour(0)).unwrap();
    for batch in read.batches_of(resident.point, &span).await.unwrap() {
        add("sealed readings", &batch.sealed);
    }
    kinds.sort_unstable();
    kinds.dedup();
    Known { secrets, kinds }
}

/// Every byte of the broker's folder but its own secret keys.
fn database(data: &Path) -> Vec<u8> {
    let files = files_below(data)
        .into_iter()
        .filter(|path| !path.starts_with(data.join("keys")));
    // SQLite removes its side files when it closes a database, perhaps between listing and reading.
    files
        .flat_map(|path| fs::read(path).unwrap_or_default())
        .collect()
}

#[test]
fn nothing_of_an_erased_person_is_left_in_any_file() {
    let town = Town::found(2);
    let server = Server::start(&town);
    let [erased, stays, _] = &town.residents[..] else {
        panic!("three households")
    };
    let mut receipts = Vec::new();
    for resident in [erased, stays] {
        for n in 0..5 {
            let at = half_hour(20 - n).as_micros();
            let answer = server.intake(&resident.gateway.envelope(&[("east", at, 4_711_042 + n)]));
            assert_eq!(answer.status, 201);
            receipts.push(answer.body);
        }
    }
    // Killed, not stopped: whatever lies in the write-ahead log stays there.
    server.kill();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (of_erased, of_other) = runtime.block_on(async {
        let broker = town::start(&town.data(), RunningClock::starting(RunningClock::system())).await;
        let both = (known(&broker, erased).await, known(&broker, stays).await);
        let before = database(&town.data());
        for who in [&both.0, &both.1] {
            assert_eq!(
                who.secrets.found_in(&before),
                who.kinds,
                "the search does not find what is there"
            );
        }
        broker
            .erase(Principal::Participant(erased.participant), erased.participant)
            .await
            .unwrap();
        // Looked at while the broker still runs, before any tidying of a stop.
        let after = database(&town.data());
        both.0
            .secrets
            .must_be_absent("a file of the running broker", &after);
        assert_eq!(
            both.1.secrets.found_in(&after),
            both.1.kinds,
            "somebody else was erased too"
        );
        both
    });
    drop(runtime);
    let after = database(&town.data());
    of_erased
        .secrets
        .must_be_absent("a file of the stopped broker", &after);
    assert_eq!(of_other.secrets.found_in(&after), of_other.kinds);

    every_old_proof_still_verifies(&town, &receipts);
    the_door_is_closed_for_good(&town, erased, stays);
}

fn every_old_proof_still_verifies(town: &Town, receipts: &[Vec<u8>]) {
    let (path, key) = (town.aside("receipt.json"), town.log_key().to_string());
    for receipt in receipts {
        fs::write(&path, receipt).unwrap();
        let (status, said) = ledger_audit(&["verify", path.to_str().unwrap(), "--log-key", &key]);
        assert_eq!(status, 0, "{said}");
    }
    let (status, said) = ledger_audit(&["log", town.ledger().to_str().unwrap(), "--log-key", &key]);
    assert_eq!(status, 0, "{said}");
}

fn the_door_is_closed_for_good(town: &Town, erased: &Resident, stays: &Resident) {
    let server = Server::start(town);
    let readings = [("east", half_hour(3).as_micros(), 4_711_100)];
    let answer = server.intake(&erased.gateway.envelope(&readings));
    assert!(
        (400..500).contains(&answer.status),
        "readings of an erased person were taken: {}",
        answer.head
    );
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(server.intake(&stays.gateway.envelope(&readings)).status, 201);
}

/// The same of the story: what the newcomer keeps in her evidence is nowhere else.
#[test]
fn what_the_newcomer_keeps_is_nowhere_else_after_the_story() {
    let story = Story::run(&[]);
    let mut secrets = Needles::default();
    for name in ["consent.json", "intake.json", "withdrawal.json"] {
        let bundle = fs::read(story.folder().join("evidence").join(name)).unwrap();
        let bundle: Value = serde_json::from_slice(&bundle).unwrap();
        secrets.add(
            "salt",
            &URL_SAFE_NO_PAD.decode(bundle["salt"].as_str().unwrap()).unwrap(),
        );
        let record = bundle["record"].as_str().unwrap();
        secrets.add("signed record", record.as_bytes());
        secrets.add(
            "signature of a record",
            record.rsplit('.').next().unwrap().as_bytes(),
        );
    }
    let evidence = story.folder().join("evidence");
    let elsewhere: Vec<_> = files_below(&story.folder())
        .into_iter()
        .filter(|path| !path.starts_with(&evidence))
        .collect();
    assert!(elsewhere.iter().any(|path| path.ends_with("broker.db")));
    for path in elsewhere {
        secrets.must_be_absent(&path.display().to_string(), &fs::read(&path).unwrap());
    }
    let kept = fs::read(evidence.join("consent.json")).unwrap();
    assert_eq!(
        secrets.found_in(&kept),
        ["salt", "signature of a record", "signed record"]
    );
}
