//! `--policy`: the quorum, offline.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use evidence::history::History;
use ledger_core::{
    checkpoint::SignedCheckpoint,
    cosignature::{Cosigner, PosixSeconds},
    note::{KeyName, NoteSigner, Vkey},
};
use tempfile::TempDir;

use crate::{
    history,
    sample::{Log, audit, audit_json, log_signer, put, record_key, sign, signer, text, transfer},
};

const NAMES: [&str; 2] = ["one.example/w", "two.example/w"];

fn witness(i: usize) -> Cosigner {
    Cosigner::from_seed(KeyName::new(NAMES[i]).unwrap(), &[40 + i as u8; 32]).unwrap()
}

/// A policy for this log that needs both witnesses.
fn policy(folder: &Path, log: &Vkey) -> PathBuf {
    let (one, two) = (witness(0), witness(1));
    let policy = format!(
        "log {log}\nwitness one {}\nwitness two {}\ngroup both all one two\nquorum both\n",
        one.vkey(),
        two.vkey()
    );
    put(folder, "policy", policy.as_bytes())
}

#[allow(
    clippy::disallowed_methods,
    reason = "the program under test reads the clock too"
)]
fn ago(seconds: u64) -> PosixSeconds {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    PosixSeconds::new(now.as_secs() - seconds).unwrap()
}

/// The checkpoint with the lines of these witnesses.
fn cosigned(checkpoint: &SignedCheckpoint, by: &[usize], at: PosixSeconds) -> SignedCheckpoint {
    let lines: Vec<_> = by.iter().map(|i| witness(*i).cosign(checkpoint, at)).collect();
    let keys = [0, 1].map(|i| witness(i).vkey().clone());
    checkpoint.with_cosignatures(&lines, &keys).0
}

#[test]
fn a_log_is_witnessed_or_refused() {
    let log = Log::of_transfers(7);
    let (folder, aside) = (log.write(&[7]), TempDir::new().unwrap());
    let policy = policy(aside.path(), log_signer().vkey());
    let checked = ["log", text(folder.path()), "--policy", text(&policy)];
    let fresh = [checked.as_slice(), &["--max-age", "60"]].concat();
    let show = |by: &[usize], at| {
        let note = cosigned(&log.checkpoint(7), by, at).note().to_string();
        put(folder.path(), "checkpoint", note.as_bytes());
    };

    let (status, said) = audit(&checked);
    assert!(
        status == 1 && said.contains("not witnessed: `both` needs 2, has 0"),
        "{said}"
    );
    show(&[0], ago(0));
    let (status, said) = audit(&checked);
    assert!(status == 1 && said.contains("lacks `two`"), "{said}");
    show(&[0, 1], ago(5));
    let (status, said) = audit_json(&fresh);
    assert_eq!(status, 0, "{said}");
    assert_eq!(said["details"]["witnesses"][1]["name"], NAMES[1]);
    assert_eq!(said["details"]["log_key_source"], "given");
    // What was witnessed stays witnessed, but is no longer the newest.
    show(&[0, 1], ago(600));
    assert_eq!(audit(&checked).0, 0);
    let (status, said) = audit(&fresh);
    assert!(status == 1 && said.contains("older than"), "{said}");
    // Without a policy cosignatures are lines of unknown keys.
    assert_eq!(audit(&["log", text(folder.path())]).0, 0);
}

#[test]
fn a_forged_line_and_a_foreign_log_are_refused() {
    let log = Log::of_transfers(7);
    let (folder, aside) = (log.write(&[7]), TempDir::new().unwrap());
    let trusting = policy(aside.path(), log_signer().vkey());
    let note = cosigned(&log.checkpoint(7), &[0, 1], ago(5)).note().to_string();
    let line = note.lines().last().unwrap();
    let elsewhere = cosigned(&log.checkpoint(6), &[0, 1], ago(5)).note().to_string();
    let forged = note.replace(line, elsewhere.lines().last().unwrap());
    assert_ne!(note, forged);
    put(folder.path(), "checkpoint", forged.as_bytes());
    let (status, said) = audit(&["log", text(folder.path()), "--policy", text(&trusting)]);
    assert!(status == 1 && said.contains("does not verify"), "{said}");

    put(folder.path(), "checkpoint", note.as_bytes());
    let other = policy(aside.path(), signer("log.example/consent", 9).vkey());
    let (status, said) = audit(&["log", text(folder.path()), "--policy", text(&other)]);
    assert!(status == 1 && said.contains("does not accept the log"), "{said}");
    let (status, said) = audit(&["log", text(folder.path()), "--policy", "no-such-file"]);
    assert_eq!(status, 2, "{said}");
}

#[test]
fn a_persons_file_is_witnessed_or_refused() {
    let folder = TempDir::new().unwrap();
    let mut log = history::Log::new(1, record_key().1);
    let record = transfer(1);
    log.record(0, &record, sign(&record));
    log.close();
    let trusting = policy(folder.path(), log.signer.vkey());
    let mut mine = log.history(0, None);
    let verified = |mine: &History| {
        let file = put(folder.path(), "mine.ndjson", &history::to_bytes(mine));
        audit(&["participant", text(&file), "--policy", text(&trusting)])
    };
    let (status, said) = verified(&mine);
    assert!(status == 1 && said.contains("not witnessed"), "{said}");
    let signed = SignedCheckpoint::open(mine.header.checkpoint.as_bytes(), log.signer.vkey()).unwrap();
    mine.header.checkpoint = cosigned(&signed, &[0, 1], ago(5)).note().to_string();
    let (status, said) = verified(&mine);
    assert!(status == 0 && said.contains("one.example/w at "), "{said}");
    assert!(fs::exists(folder.path().join("mine.ndjson")).unwrap());
}

#[test]
fn a_mirror_under_a_policy_follows_only_what_is_witnessed() {
    let log = Log::of_transfers(207);
    let (folder, aside) = (log.write(&[100, 207]), TempDir::new().unwrap());
    let policy = policy(aside.path(), log_signer().vkey());
    let copy = aside.path().join("copy");
    let show = |size: u64, by: &[usize], at| {
        let note = cosigned(&log.checkpoint(size), by, at).note().to_string();
        put(folder.path(), "checkpoint", note.as_bytes());
    };
    let plain = ["mirror", text(folder.path()), text(&copy)];
    let asked = [&plain[..], &["--policy", text(&policy)]].concat();
    show(100, &[0, 1], ago(600));
    let (status, said) = audit(&asked);
    assert!(status == 0 && said.contains("one.example/w at "), "{said}");
    let kept = || fs::read(copy.join("checkpoint")).unwrap();
    let before = kept();
    for by in [&[][..], &[0]] {
        show(207, by, ago(0));
        let (status, said) = audit_json(&asked);
        assert_eq!((status, said["result"].as_str()), (1, Some("refused")), "{said}");
        assert!(
            said["reason"]
                .as_str()
                .unwrap()
                .contains("recorded, but not witnessed"),
            "{said}"
        );
        assert!(kept() == before, "the copy followed");
    }
    show(207, &[0, 1], ago(600));
    let (status, said) = audit(&[&asked[..], &["--max-age", "60"]].concat());
    assert!(status == 1 && said.contains("older than"), "{said}");
    assert!(kept() == before);
    assert_eq!(audit(&asked).0, 0);
    assert!(kept() != before);
    let foreign = self::policy(aside.path(), signer("log.example/consent", 9).vkey());
    let (status, said) = audit(&[&plain[..], &["--policy", text(&foreign)]].concat());
    assert!(status == 1 && said.contains("does not accept the log"), "{said}");
    // Without a policy the report says what that leaves open.
    show(207, &[], ago(0));
    let (status, said) = audit(&plain);
    assert!(status == 0 && said.contains("--policy"), "{said}");
}

#[test]
fn a_comparison_under_a_policy_names_a_checkpoint_without_quorum() {
    let log = Log::of_transfers(9);
    let (folder, aside) = (log.write(&[4, 9]), TempDir::new().unwrap());
    let policy = policy(aside.path(), log_signer().vkey());
    let write = |name: &str, checkpoint: &SignedCheckpoint| {
        put(aside.path(), name, checkpoint.note().to_string().as_bytes())
    };
    let old = write("old", &log.checkpoint(4));
    let compare = |new: &Path| {
        let asked = [
            "compare",
            text(&old),
            text(new),
            text(folder.path()),
            "--policy",
            text(&policy),
        ];
        audit_json(&asked)
    };
    let (status, said) = compare(&write("new", &cosigned(&log.checkpoint(9), &[1], ago(5))));
    assert_eq!((status, said["result"].as_str()), (1, Some("refused")), "{said}");
    let reason = said["reason"].as_str().unwrap();
    assert!(
        reason.contains("not witnessed") && reason.contains("lacks `one`"),
        "{said}"
    );
    // The keys of the log are the policy's.
    let (status, said) = compare(&write("new", &cosigned(&log.checkpoint(9), &[0, 1], ago(5))));
    assert_eq!(
        (status, said["details"]["log_key_source"].as_str()),
        (0, Some("given")),
        "{said}"
    );
    assert_eq!(said["details"]["witnesses"][0]["name"], NAMES[0]);
    // Two histories are told although nobody vouches for either.
    let mut fork = Log::of_transfers(3);
    fork.push_record(&transfer(77), 77);
    let fork = write("fork", &fork.checkpoint(4));
    let asked = ["compare", text(&fork), text(&old), "--policy", text(&policy)];
    let (status, said) = audit_json(&asked);
    assert_eq!((status, said["split_view"].as_bool()), (1, Some(true)), "{said}");
    let foreign = self::policy(aside.path(), signer("log.example/consent", 9).vkey());
    let asked = ["compare", text(&old), text(&old), "--policy", text(&foreign)];
    let (status, said) = audit(&asked);
    assert_eq!(status, 1, "{said}");
}
