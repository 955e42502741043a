//! The log changes its key, as an operator, an auditor and the owner of an old receipt see it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::fs;
use std::process::Command;

use audit_tests::programs::{ledger_audit, programs, text};
use audit_tests::server::Server;
use audit_tests::town::{Town, half_hour};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::note::Vkey;
use serde_json::Value;

fn rotate(town: &Town, more: &[&str]) -> (bool, String) {
    let output = Command::new(&programs().fiducie)
        .args(["ledger", "rotate-key"])
        .args(town.config())
        .args(more)
        .output()
        .unwrap();
    (output.status.success(), text(&output.stderr))
}

fn intake(town: &Town, server: &Server, hours_ago: i64) -> (Vec<u8>, Vec<u8>) {
    let at = half_hour(hours_ago).as_micros();
    let envelope = town.residents[0]
        .gateway
        .envelope(&[("east", at, 4_711_042 - hours_ago)]);
    let answer = server.intake(&envelope);
    assert_eq!(answer.status, 201, "{}", text(&answer.body));
    (envelope, answer.body)
}

fn whole(source: &str, key: &Vkey) -> (i32, String) {
    ledger_audit(&["log", source, "--log-key", &key.to_string()])
}

/// A receipt verifies under this key, and under no other.
fn proves(town: &Town, receipt: &[u8], key: &Vkey) -> bool {
    let path = town.aside("receipt.json");
    fs::write(&path, receipt).unwrap();
    ledger_audit(&["verify", path.to_str().unwrap(), "--log-key", &key.to_string()]).0 == 0
}

/// What the first key signed, kept by people.
struct Kept {
    first: Vkey,
    envelope: Vec<u8>,
    receipt: Vec<u8>,
}

fn size(town: &Town) -> String {
    let note = fs::read_to_string(town.ledger().join("checkpoint")).unwrap();
    note.lines().nth(1).unwrap().to_owned()
}

fn shown_key(server: &Server) -> String {
    text(&server.get("/ledger/log.vkey").body).trim_end().to_owned()
}

fn url_of(server: &Server) -> String {
    format!("http://{}/ledger", server.address)
}

#[test]
fn a_key_is_changed_and_nobody_is_left_behind() {
    let town = Town::found(1);
    let server = Server::start(&town);
    let (envelope, receipt) = intake(&town, &server, 9);
    let kept = Kept {
        first: town.log_key(),
        envelope,
        receipt,
    };
    fs::write(
        town.aside("kept-checkpoint"),
        server.get("/ledger/checkpoint").body,
    )
    .unwrap();
    drop(server.stop());

    the_log_names_its_next_key(&town);
    both_sign(&town, &kept);
    let (done, said) = rotate(&town, &["--finish"]);
    assert!(done, "{said}");
    assert!(
        !rotate(&town, &["--finish"]).0,
        "there is nothing to finish any more"
    );
    the_new_key_signs_alone(&town, &kept);

    // And once more: the chain grows.
    assert!(rotate(&town, &[]).0 && rotate(&town, &["--finish"]).0);
    let server = Server::start(&town);
    intake(&town, &server, 6);
    let (status, said) = whole(&url_of(&server), &kept.first);
    assert!(status == 0 && said.contains("changed its key 2 times"), "{said}");
    let log = server.stop();
    assert!(!log.contains("ERROR"), "{log}");
}

fn the_log_names_its_next_key(town: &Town) {
    let (done, said) = rotate(town, &["--finish"]);
    assert!(!done && said.contains("no change of the key was begun"), "{said}");
    let (done, said) = rotate(town, &[]);
    assert!(done, "{said}");
    // Asked again, it finds what it did and does nothing more.
    let before = size(town);
    assert!(rotate(town, &[]).0);
    assert_eq!(size(town), before, "a second leaf");
    // An interrupted run lost what it had written down: the log tells.
    fs::remove_file(town.data().join("keys/checkpoint-changes")).unwrap();
    assert!(!rotate(town, &["--finish"]).0);
    assert!(rotate(town, &[]).0);
    assert_eq!(size(town), before, "a second leaf");
}

/// The first key is still the one that everybody sees.
fn both_sign(town: &Town, kept: &Kept) {
    let server = Server::start(town);
    assert_eq!(shown_key(&server), kept.first.to_string());
    let (_, both) = intake(town, &server, 8);
    assert!(proves(town, &both, &kept.first));
    let head = server.get("/ledger/checkpoint").body;
    assert!(SignedCheckpoint::open(&head, &kept.first).is_ok());
    let (status, said) = whole(town.ledger().to_str().unwrap(), &kept.first);
    assert_eq!(status, 0, "{said}");
    drop(server.stop());
}

fn the_new_key_signs_alone(town: &Town, kept: &Kept) {
    let (first, second) = (&kept.first, town.log_key());
    assert_ne!(*first, second);
    let server = Server::start(town);
    assert_eq!(shown_key(&server), second.to_string());
    let (_, new) = intake(town, &server, 7);
    let head = server.get("/ledger/checkpoint").body;
    assert!(SignedCheckpoint::open(&head, &second).is_ok());
    assert!(SignedCheckpoint::open(&head, first).is_err(), "given up");

    // What was handed out before stays true under its key; handed out again it is proven under the new one.
    assert!(proves(town, &kept.receipt, first));
    let again = server.intake(&kept.envelope);
    assert_eq!(again.status, 200);
    assert!(proves(town, &again.body, &second) && proves(town, &new, &second));
    let leaf = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap()["leaf"].clone();
    assert_eq!(leaf(&again.body), leaf(&kept.receipt));

    // The auditor who knows the first key, and kept a checkpoint of it, follows.
    let old = town.aside("kept-checkpoint");
    for source in [url_of(&server).as_str(), town.ledger().to_str().unwrap()] {
        let asked = [
            "log",
            source,
            "--old-checkpoint",
            old.to_str().unwrap(),
            "--log-key",
        ];
        let (status, said) = ledger_audit(&[&asked[..], &[&first.to_string()]].concat());
        assert!(status == 0 && said.contains("changed its key 1 times"), "{said}");
        assert_eq!(whole(source, &second).0, 0);
    }
    drop(server.stop());
}

#[test]
fn a_lost_next_key_is_not_replaced_by_another() {
    let town = Town::found(1);
    assert!(rotate(&town, &[]).0);
    let keys = town.data().join("keys");
    fs::remove_file(keys.join("checkpoint-next.key")).unwrap();
    fs::remove_file(keys.join("checkpoint-changes")).unwrap();
    let (done, said) = rotate(&town, &[]);
    assert!(!done && said.contains("restore the folder `keys`"), "{said}");
}
