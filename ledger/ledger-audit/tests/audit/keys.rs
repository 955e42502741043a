//! `ledger-audit log` and `mirror` on a log that changed its key.

use std::fs;

use ledger_core::{
    checkpoint::SignedCheckpoint,
    note::{Ed25519Signer, NoteSigner},
};

use crate::sample::{Log, ORIGIN, audit, audit_json, log_signer, put, serve, signer, text};

fn next(seed: u8) -> Ed25519Signer {
    signer(ORIGIN, seed)
}

/// Three records, the change, a map root, and so on for each key after the first.
fn changed(keys: &[u8]) -> Log {
    let mut log = Log::of_transfers(4);
    let mut old = log_signer();
    for seed in keys {
        log.push_key_change(&old, &next(*seed));
        log.close();
        old = next(*seed);
    }
    log
}

fn signed(log: &Log, size: u64, by: &[&Ed25519Signer]) -> Vec<u8> {
    let head = log.checkpoint(size).checkpoint().clone();
    let by: Vec<&dyn NoteSigner> = by.iter().map(|one| *one as &dyn NoteSigner).collect();
    let signed = SignedCheckpoint::sign_all(head, &by).unwrap();
    signed.note().to_string().into_bytes()
}

#[test]
fn an_auditor_who_knows_the_first_key_follows_it_to_the_last() {
    let log = changed(&[21, 22]);
    let folder = log.write(&[4, 8]);
    let url = serve(folder.path().to_path_buf());
    put(folder.path(), "checkpoint", &signed(&log, 8, &[&next(22)]));
    let first = log_signer().vkey().to_string();
    for source in [text(folder.path()), &url] {
        let (status, said) = audit_json(&["log", source, "--log-key", &first]);
        assert_eq!(status, 0, "{said}");
        assert_eq!(said["details"]["key_changes"], 2);
        assert_eq!(said["details"]["newest_log_key"], next(22).vkey().to_string());
    }
    // The newest key alone verifies too, and tells what it cannot vouch for.
    let newest = next(22).vkey().to_string();
    let (status, said) = audit(&["log", text(folder.path()), "--log-key", &newest]);
    assert!(
        status == 0 && said.contains("The 2 key changes before your key"),
        "{said}"
    );

    // A checkpoint from before the change, kept with the key of then.
    let aside = tempfile::TempDir::new().unwrap();
    let kept = put(aside.path(), "kept", &signed(&log, 4, &[&log_signer()]));
    let asked = [
        "log",
        text(folder.path()),
        "--log-key",
        &first,
        "--old-checkpoint",
        text(&kept),
    ];
    assert_eq!(audit(&asked).0, 0);
    put(aside.path(), "kept", &signed(&log, 4, &[&next(21)]));
    assert_eq!(audit(&asked).0, 1, "no key signs before its time");
}

#[test]
fn a_key_given_up_or_never_named_signs_nothing() {
    let log = changed(&[21]);
    let folder = log.write(&[6]);
    let first = log_signer().vkey().to_string();
    let look = || audit(&["log", text(folder.path()), "--log-key", &first]);
    for (by, expected) in [
        (vec![&log_signer()], 1),
        (vec![&log_signer(), &next(21)], 0),
        (vec![&next(21), &log_signer()], 0),
        (vec![&next(21)], 0),
        (vec![&next(66)], 1),
    ] {
        put(folder.path(), "checkpoint", &signed(&log, 6, &by));
        let (status, said) = look();
        assert_eq!(status, expected, "{said}");
    }
    put(folder.path(), "checkpoint", &signed(&log, 6, &[&log_signer()]));
    assert!(look().1.contains("signs from 5 entries on"), "{}", look().1);
}

#[test]
fn a_change_that_the_old_key_did_not_sign_is_refused() {
    let mut log = Log::of_transfers(4);
    log.push_key_change(&next(66), &next(67));
    log.close();
    let folder = log.write(&[6]);
    let first = log_signer().vkey().to_string();
    let (status, said) = audit(&["log", text(folder.path()), "--log-key", &first]);
    assert!(
        status == 1 && said.contains("the key change at entry 4"),
        "{said}"
    );
    // Moved to another place.
    let mut moved = Log::of_transfers(4);
    moved.push_key_change(&log_signer(), &next(21));
    let leaf = moved.leaves.pop().unwrap();
    let mut log = Log::of_transfers(5);
    log.push(leaf);
    log.close();
    let folder = log.write(&[7]);
    put(folder.path(), "checkpoint", &signed(&log, 7, &[&next(21)]));
    let (status, said) = audit(&["log", text(folder.path()), "--log-key", &first]);
    assert!(status == 1 && said.contains("not from where it stands"), "{said}");
}

#[test]
fn a_mirror_follows_a_log_through_the_change_of_its_key() {
    let log = changed(&[21]);
    let mirror = tempfile::TempDir::new().unwrap();
    let copy = text(mirror.path());
    let served = |size: u64, by: &[&Ed25519Signer]| {
        let folder = log.write(&[size]);
        put(folder.path(), "checkpoint", &signed(&log, size, by));
        serve(folder.keep())
    };
    assert_eq!(audit(&["mirror", &served(4, &[&log_signer()]), copy]).0, 0);
    let stolen = served(6, &[&log_signer()]);
    assert_eq!(audit(&["mirror", &stolen, copy]).0, 1);
    let changed = served(6, &[&next(21)]);
    for _ in 0..2 {
        let (status, said) = audit_json(&["mirror", &changed, copy]);
        assert_eq!(
            (status, said["details"]["key_changes"].as_u64()),
            (0, Some(1)),
            "{said}"
        );
    }
    // The copy keeps the key that it began with, and verifies with it.
    let kept = fs::read_to_string(mirror.path().join("log.vkey")).unwrap();
    assert_eq!(kept, format!("{}\n", log_signer().vkey()));
    assert_eq!(audit(&["log", copy]).0, 0);
}
