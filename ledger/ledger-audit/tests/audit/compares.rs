//! `ledger-audit compare` and `ledger-audit split-view`.

use std::fs;

use ledger_core::note::NoteSigner;

use crate::sample::{Log, audit, audit_json, log_signer, put, serve, signer, text};

#[test]
fn two_checkpoints_are_compared_by_a_proof_from_the_tiles() {
    let log = Log::of_transfers(600);
    let folder = log.write(&[256, 300, 600]);
    // Once the tile is full its partial ones may go.
    fs::remove_dir_all(folder.path().join("tile/0/001.p")).unwrap();
    let put_checkpoint = |name: &str, log: &Log, size: u64| {
        put(
            folder.path(),
            name,
            log.checkpoint(size).note().to_string().as_bytes(),
        )
    };
    let source = text(folder.path());
    for (old, new) in [
        (0, 600),
        (1, 600),
        (100, 256),
        (256, 300),
        (300, 600),
        (599, 600),
        (600, 600),
    ] {
        let (old_file, new_file) = (put_checkpoint("old", &log, old), put_checkpoint("new", &log, new));
        let (status, said) = audit(&["compare", text(&old_file), text(&new_file), source]);
        assert_eq!(status, 0, "{old} {new}: {said}");
        if old < new {
            let (status, said) = audit(&["compare", text(&new_file), text(&old_file), source]);
            assert_eq!(status, 1, "{said}");
        }
    }
    let mut forked = Log::of_transfers(299);
    forked.push_record(&crate::sample::transfer(999), 999);
    let (fork, new) = (
        put_checkpoint("fork", &forked, 300),
        put_checkpoint("new", &log, 600),
    );
    let (status, said) = audit(&["compare", text(&fork), text(&new), source]);
    assert!(status == 1 && said.contains("older root"), "{said}");
    let same = put_checkpoint("same", &log, 300);
    let (status, said) = audit(&["compare", text(&fork), text(&same), source]);
    assert!(status == 1 && said.contains("two different logs"), "{said}");
}

/// Sizes on both sides of a power of two: there the older root is itself the first hash of the proof.
#[test]
fn a_split_view_leaves_evidence_that_a_stranger_verifies() {
    let log = Log::of_transfers(600);
    let folder = log.write(&[600]);
    let aside = tempfile::TempDir::new().unwrap();
    let key = log_signer().vkey().to_string();
    let out = aside.path().join("evidence");
    for old in [1, 2, 255, 256, 257, 599, 600] {
        let mut forked = Log::of_transfers(0);
        (900..900 + old).for_each(|n| forked.push_record(&crate::sample::transfer(n), n));
        let fork = forked.checkpoint(old).note().to_string();
        let fork = put(aside.path(), "fork", fork.as_bytes());
        let kept = ["--evidence", text(&out), "--log-key", &key];
        let asked = [&["compare", text(&fork), text(folder.path())], &kept[..]].concat();
        let (status, said) = audit_json(&asked);
        assert_eq!(
            (status, said["split_view"].as_bool()),
            (1, Some(true)),
            "{old}: {said}"
        );
        assert_eq!(said["evidence"], text(&out));

        let (status, said) = audit_json(&["split-view", text(&out), "--log-key", &key]);
        assert_eq!(
            (status, said["details"]["old_size"].as_u64()),
            (0, Some(old)),
            "{said}"
        );
        let (status, said) = audit(&["split-view", text(&out)]);
        assert!(status == 0 && said.contains("taken from the evidence"), "{said}");
        let other = signer(crate::sample::ORIGIN, 7).vkey().to_string();
        assert_eq!(audit(&["split-view", text(&out), "--log-key", &other]).0, 1);
        fs::remove_file(&out).unwrap();
    }
}

#[test]
fn nobody_is_convicted_who_signed_one_history() {
    let log = Log::of_transfers(600);
    let folder = log.write(&[600]);
    let aside = tempfile::TempDir::new().unwrap();
    let key = log_signer().vkey().to_string();
    let out = aside.path().join("evidence");
    let tiles = text(folder.path());
    // A stranger's checkpoint, tiles of another log, and a log that only grew leave no evidence.
    let note = |log: &Log, size| log.checkpoint(size).note().to_string();
    let mut other = Log::of_transfers(0);
    (900..1500).for_each(|n| other.push_record(&crate::sample::transfer(n), n));
    let wrong_tiles = other.write(&[600]);
    let old = put(aside.path(), "old", note(&log, 300).as_bytes());
    let new = put(aside.path(), "new", note(&log, 600).as_bytes());
    let compare = |source: &str| {
        let asked = ["compare", text(&old), text(&new), source, "--log-key", &key];
        audit(&[&asked[..], &["--evidence", text(&out)]].concat())
    };
    let (status, said) = compare(text(wrong_tiles.path()));
    assert!(
        status == 1 && said.contains("proves nothing against the log"),
        "{said}"
    );
    assert_eq!(compare(tiles).0, 0);
    assert!(!out.exists());

    // Evidence that someone doctored: an older note that is in the newer log, a proof cut short, a proof from nothing.
    let fork = put(aside.path(), "fork", note(&other, 300).as_bytes());
    let asked = ["compare", text(&fork), tiles, "--log-key", &key];
    assert_eq!(audit(&[&asked[..], &["--evidence", text(&out)]].concat()).0, 1);
    let real = fs::read_to_string(&out).unwrap();
    assert_eq!(audit(&["split-view", text(&out)]).0, 0);
    let escaped = |note: String| serde_json::to_string(&note).unwrap();
    let doctored = [
        real.replace(&escaped(note(&other, 300)), &escaped(note(&log, 300))),
        real.replace(&escaped(note(&other, 300)), &escaped(note(&other, 299))),
        real.replace(&escaped(note(&other, 300)), &escaped(note(&log, 0))),
        real.replace(&escaped(note(&log, 600)), &escaped(note(&log, 599))),
        real.replace("\"proof\":\"", "\"proof\":\"AAAA"),
        real.replace("split-view/1", "split-view/2"),
        format!("{real}\n"),
    ];
    for wrong in doctored {
        assert_ne!(wrong, real);
        fs::write(&out, wrong).unwrap();
        assert_eq!(audit(&["split-view", text(&out)]).0, 1);
    }
    for place in (0..real.len()).step_by(3) {
        let mut flipped = real.clone().into_bytes();
        flipped[place] ^= 1;
        fs::write(&out, flipped).unwrap();
        assert_eq!(audit(&["split-view", text(&out)]).0, 1, "byte {place}");
    }
    assert_eq!(audit(&["split-view", "/nowhere"]).0, 2);
}

#[test]
fn checkpoints_are_compared_wherever_they_are() {
    let log = Log::of_transfers(600);
    let (then, now) = (log.write(&[300]), log.write(&[600]));
    let url = serve(now.path().to_path_buf());
    let older = text(then.path());
    for newer in [text(now.path()), &url, &format!("{url}/")] {
        let (status, said) = audit(&["compare", older, newer]);
        assert_eq!(status, 0, "{newer}: {said}");
    }
    let address = format!("{url}/checkpoint");
    assert_eq!(audit(&["compare", older, &address, &url]).0, 0);
    // A bare address names no tiles, and a file no key.
    assert_eq!(audit(&["compare", older, &address]).0, 2);
    let file = then.path().join("checkpoint");
    assert_eq!(audit(&["compare", text(&file), text(&file)]).0, 2);
    let key = log_signer().vkey().to_string();
    let (status, said) = audit(&["compare", text(&file), text(&file), "--log-key", &key]);
    assert!(status == 0 && said.contains("one size"), "{said}");
}
