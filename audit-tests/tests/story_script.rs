//! `fiducie demo --script` through the public door, and its evidence through the hands of a stranger.
//!
//! One run serves all checks: they look at what it left and change copies only.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says what it skipped"
)]

#[path = "story_script/forgery.rs"]
mod forgery;
#[path = "story_script/opening.rs"]
mod opening;
#[path = "story_script/tampering.rs"]
mod tampering;

use std::fs;

use audit_tests::programs::ledger_audit;
use audit_tests::story::Story;
use serde_json::Value;

/// The beats in their order, and whether each leaves a leaf.
const BEATS: [(&str, bool); 13] = [
    ("enrol", true),
    ("intake-refused", true),
    ("grant", true),
    ("intake", true),
    ("deliver", true),
    ("request", true),
    ("decide", true),
    ("release", true),
    ("verify", false),
    ("withdraw", true),
    ("deliver-refused", true),
    ("erase", true),
    ("verify-after-erasure", false),
];

/// The evidence that the run keeps, and the beat that each proves.
const BUNDLES: [(&str, &str); 6] = [
    ("evidence/consent.json", "grant"),
    ("evidence/intake.json", "intake"),
    ("evidence/delivery.json", "deliver"),
    ("evidence/request.json", "request"),
    ("evidence/withdrawal.json", "withdraw"),
    ("release/evidence.json", "release"),
];

#[test]
fn the_story_is_told_and_every_proof_holds_while_no_forgery_does() {
    let story = Story::run(&[]);
    beats_come_in_order_and_all_succeed(&story);
    everything_verifies(&story);
    tampering::no_bundle_survives_a_flipped_bit(&story);
    tampering::no_release_survives_a_flipped_bit(&story);
    tampering::no_log_survives_a_flipped_bit(&story);
    forgery::no_proof_serves_another_leaf(&story);
    forgery::no_older_checkpoint_passes_for_the_newest(&story);
    forgery::no_fork_is_consistent_with_what_was_signed(&story);
    opening::the_researcher_opens_her_release_with_public_tools(&story);
}

fn beats_come_in_order_and_all_succeed(story: &Story) {
    let told: Vec<&str> = story
        .beats
        .iter()
        .map(|line| line["beat"].as_str().unwrap())
        .collect();
    let expected: Vec<&str> = BEATS.iter().map(|(beat, _)| *beat).collect();
    assert_eq!(told, expected);
    let mut newest = None;
    for (line, (beat, has_leaf)) in story.beats.iter().zip(BEATS) {
        assert_eq!(line["ok"], Value::Bool(true), "{beat}");
        let leaf = line["leaf_index"].as_u64();
        assert_eq!(leaf.is_some(), has_leaf, "{beat}");
        if leaf.is_some() {
            assert!(leaf > newest, "{beat}: a leaf before the one of an earlier beat");
            newest = leaf;
        }
    }
    assert_eq!(story.said("intake-refused", "code"), "consent-missing");
    assert_eq!(story.said("deliver-refused", "code"), "consent-withdrawn");
}

fn everything_verifies(story: &Story) {
    let key = story.said("verify", "log_key");
    let kept = story.bundles();
    assert_eq!(kept.len(), BUNDLES.len());
    for (name, beat) in BUNDLES {
        let bundle = story.folder().join(name);
        let (status, said) = ledger_audit(&["verify", bundle.to_str().unwrap(), "--log-key", key, "--json"]);
        assert_eq!(status, 0, "{name}: {said}");
        let report: Value = serde_json::from_str(&said).unwrap();
        let told = story.beats.iter().find(|line| line["beat"] == beat).unwrap();
        assert_eq!(
            report["details"]["leaf_index"], told["leaf_index"],
            "{name} is not the proof of `{beat}`"
        );
    }
    let (status, said) = ledger_audit(&[
        "verify",
        story.folder().join("release").to_str().unwrap(),
        "--log-key",
        key,
    ]);
    assert_eq!(status, 0, "{said}");
    let (status, said) = audit_log(story, &story.folder().join("ledger"), &[]);
    assert_eq!(status, 0, "{said}");
    assert!(
        !said.contains("no part of a log"),
        "foreign files in the ledger: {said}"
    );
    let ledger = story.folder().join("ledger");
    let (status, said) = ledger_audit(&[
        "log",
        ledger.to_str().unwrap(),
        "--log-key",
        key,
        "--dpo-key",
        key,
    ]);
    assert_eq!(
        status, 1,
        "an erasure was accepted from somebody else than the officer: {said}"
    );
}

/// `ledger-audit log` with the keys of the story pinned.
fn audit_log(story: &Story, ledger: &std::path::Path, arguments: &[&str]) -> (i32, String) {
    let pinned = [
        "log",
        ledger.to_str().unwrap(),
        "--log-key",
        story.said("verify", "log_key"),
        "--dpo-key",
        story.said("verify", "officer_key"),
    ];
    ledger_audit(&[&pinned, arguments].concat())
}

/// A copy of the ledger in which files can be changed.
fn copy_of_ledger(story: &Story, name: &str) -> std::path::PathBuf {
    let (from, to) = (story.folder().join("ledger"), story.aside(name));
    for path in audit_tests::story::files_below(&from) {
        let copy = to.join(path.strip_prefix(&from).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, fs::read(path).unwrap()).unwrap();
    }
    to
}
