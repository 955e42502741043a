//! The same batch again: after an answer, without one, and many times at once.

use std::thread;
use std::time::{Duration, Instant};

use audit_tests::programs::ledger_audit;
use audit_tests::server::Server;
use audit_tests::town::{half_hour, random};

use super::{Door, ONE_RECORD};

const ENVELOPE: [(&str, &str); 1] = [("content-type", "application/vnd.fiducie.envelope")];

#[test]
fn a_replayed_batch_gives_the_same_receipt() {
    let door = Door::open();
    let envelope = door.good();
    let stored = door.server.intake(&envelope);
    assert_eq!(stored.status, 201);
    let size = door.server.tree_size();
    for _ in 0..3 {
        let again = door.server.intake(&envelope);
        assert_eq!((again.status, &again.body), (200, &stored.body));
    }
    assert_eq!(door.server.tree_size(), size, "a repetition left a leaf");

    // The receipt is evidence: a stranger verifies it.
    let path = door.town.aside("receipt.json");
    std::fs::write(&path, &stored.body).unwrap();
    let key = door.town.log_key().to_string();
    let (status, said) = ledger_audit(&["verify", path.to_str().unwrap(), "--log-key", &key]);
    assert_eq!(status, 0, "{said}");

    // It stays the same after a restart, too.
    let log = door.server.stop();
    assert!(!log.contains("ERROR"), "{log}");
    let server = Server::start(&door.town);
    let again = server.intake(&envelope);
    assert_eq!((again.status, &again.body), (200, &stored.body));
}

#[test]
fn another_batch_under_a_known_id_is_refused() {
    let door = Door::open();
    let (id, at) = (random(), half_hour(5).as_micros());
    let gateway = &door.first().gateway;
    assert_eq!(
        door.server
            .intake(&gateway.envelope_with(id, &[("east", at, 4_711_042)]))
            .status,
        201
    );
    // Each other envelope under the id has a record of its own, and only one.
    for value in [4_711_043, 4_711_044] {
        let other = gateway.envelope_with(id, &[("east", at, value)]);
        door.refuses_and_records(&other, 409, "batch-id-reused");
    }
    // Identifiers are each gateway's own: a neighbour's cannot take this one's place.
    let neighbour = door
        .second()
        .gateway
        .envelope_with(id, &[("east", at, 4_711_042)]);
    assert_eq!(door.server.intake(&neighbour).status, 201);
}

/// The commit happened, the answer did not arrive: the gateway sends again and gets the receipt of that commit.
#[test]
fn an_answer_lost_after_the_commit_is_given_again() {
    let door = Door::open();
    let envelope = door.good();
    let before = door.server.tree_size();
    let connection = door.server.send("POST", "/api/v1/intake", &ENVELOPE, &envelope);
    let sent = Instant::now();
    while door.server.tree_size() == before {
        assert!(
            sent.elapsed() < Duration::from_secs(10),
            "the batch was not committed"
        );
        thread::sleep(Duration::from_millis(2));
    }
    drop(connection);
    let retried = door.server.intake(&envelope);
    assert_eq!(retried.status, 200, "the batch was stored twice");
    assert_eq!(leaf_index(&retried.body), before);
    assert_eq!(door.server.intake(&envelope).body, retried.body);
    assert_eq!(door.server.tree_size(), before + ONE_RECORD);
}

/// Connections that end at any moment: whatever happened, a retry settles it, once.
#[test]
fn a_connection_dropped_at_any_moment_leaves_one_record() {
    let door = Door::open();
    for pause_ms in [0, 0, 1, 2, 3, 5, 8, 12, 18, 25] {
        let (envelope, before) = (door.good(), door.server.tree_size());
        let connection = door.server.send("POST", "/api/v1/intake", &ENVELOPE, &envelope);
        thread::sleep(Duration::from_millis(pause_ms));
        drop(connection);
        let retried = door.server.intake(&envelope);
        let said = audit_tests::programs::text(&retried.body);
        assert!(
            [200, 201].contains(&retried.status),
            "{said}\n{}",
            door.server.log()
        );
        let again = door.server.intake(&envelope);
        assert_eq!((again.status, again.body), (200, retried.body));
        assert_eq!(
            door.server.tree_size(),
            before + ONE_RECORD,
            "after {pause_ms} ms"
        );
    }
}

#[test]
fn the_same_batch_sent_many_times_at_once_is_stored_once() {
    let door = Door::open();
    let (envelope, before) = (door.good(), door.server.tree_size());
    let answers: Vec<_> = thread::scope(|scope| {
        let sent: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| door.server.intake(&envelope)))
            .collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let stored = answers.iter().filter(|answer| answer.status == 201).count();
    let known = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((stored, known), (1, 11), "{answers:?}");
    assert!(
        answers.iter().all(|answer| answer.body == answers[0].body),
        "receipts differ"
    );
    assert_eq!(door.server.tree_size(), before + ONE_RECORD);
}

/// Many at once: one record, and every answer names it.
#[test]
fn an_unfit_batch_sent_many_times_at_once_is_recorded_once() {
    let door = Door::open();
    let envelope = door.first().gateway.envelope(&[]);
    let before = door.server.tree_size();
    let answers: Vec<_> = thread::scope(|scope| {
        let sent: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| door.server.intake(&envelope)))
            .collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for answer in &answers {
        door.is_problem(answer, 422, "empty");
        assert_eq!(answer.json()["leaf_index"], before);
    }
    assert_eq!(door.server.tree_size(), before + ONE_RECORD);
}

fn leaf_index(receipt: &[u8]) -> u64 {
    evidence::bundle::Bundle::parse(receipt)
        .unwrap()
        .proof
        .index()
        .get()
}
