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

#[test]
fn a_key_is_changed_and_nobody_is_left_behind() {
    let town = Town::found(1);
    let first = town.log_key();
    let server = Server::start(&town);
    let (envelope, receipt) = intake(&town, &server, 9);
    let kept = town.aside("kept-checkpoint");
    fs::write(&kept, server.get("/ledger/checkpoint").body).unwrap();
    drop(server.stop());

    let (done, said) = rotate(&town, &["--finish"]);
    assert!(!done && said.contains("no change of the key was begun"), "{said}");
    let (done, said) = rotate(&town, &[]);
    assert!(done, "{said}");
    // Asked again, it finds what it did and does nothing more.
    let size = |town: &Town| {
        fs::read_to_string(town.ledger().join("checkpoint"))
            .unwrap()
            .lines()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    let before = size(&town);
    assert!(rotate(&town, &[]).0);
    assert_eq!(size(&town), before, "a second leaf");
    // An interrupted run lost what it had written down: the log tells.
    fs::remove_file(town.data().join("keys/checkpoint-changes")).unwrap();
    assert!(!rotate(&town, &["--finish"]).0);
    assert!(rotate(&town, &[]).0);
    assert_eq!(size(&town), before, "a second leaf");

    // Both sign, and the first key is still the one that everybody sees.
    let server = Server::start(&town);
    assert_eq!(
        text(&server.get("/ledger/log.vkey").body).trim_end(),
        first.to_string()
    );
    let (_, both) = intake(&town, &server, 8);
    assert!(proves(&town, &both, &first));
    let head = server.get("/ledger/checkpoint").body;
    assert!(SignedCheckpoint::open(&head, &first).is_ok());
    let (status, said) = whole(town.ledger().to_str().unwrap(), &first);
    assert_eq!(status, 0, "{said}");
    drop(server.stop());

    let (done, said) = rotate(&town, &["--finish"]);
    assert!(done, "{said}");
    assert!(
        !rotate(&town, &["--finish"]).0,
        "there is nothing to finish any more"
    );
    let second = town.log_key();
    assert_ne!(first, second);
    let server = Server::start(&town);
    assert_eq!(
        text(&server.get("/ledger/log.vkey").body).trim_end(),
        second.to_string()
    );
    let (_, new) = intake(&town, &server, 7);
    let head = server.get("/ledger/checkpoint").body;
    assert!(SignedCheckpoint::open(&head, &second).is_ok());
    assert!(SignedCheckpoint::open(&head, &first).is_err(), "given up");

    // What was handed out before stays true under its key; handed out again it is proven under the new one.
    assert!(proves(&town, &receipt, &first) && proves(&town, &both, &first));
    let again = server.intake(&envelope);
    assert_eq!(again.status, 200);
    assert!(proves(&town, &again.body, &second) && proves(&town, &new, &second));
    let index = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap()["leaf"].clone();
    assert_eq!(index(&again.body), index(&receipt));

    // The auditor who knows the first key, and kept a checkpoint of it, follows.
    let url = format!("http://{}/ledger", server.address);
    for source in [url.as_str(), town.ledger().to_str().unwrap()] {
        let asked = [
            "log",
            source,
            "--old-checkpoint",
            kept.to_str().unwrap(),
            "--log-key",
        ];
        let (status, said) = ledger_audit(&[&asked[..], &[&first.to_string()]].concat());
        assert!(status == 0 && said.contains("changed its key 1 times"), "{said}");
        assert_eq!(whole(source, &second).0, 0);
    }
    drop(server.stop());

    // And once more: the chain grows.
    assert!(rotate(&town, &[]).0 && rotate(&town, &["--finish"]).0);
    let server = Server::start(&town);
    intake(&town, &server, 6);
    let (status, said) = whole(&url_of(&server), &first);
    assert!(status == 0 && said.contains("changed its key 2 times"), "{said}");
    let log = server.stop();
    assert!(!log.contains("ERROR"), "{log}");
}

fn url_of(server: &Server) -> String {
    format!("http://{}/ledger", server.address)
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
