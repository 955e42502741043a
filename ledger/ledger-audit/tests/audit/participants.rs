//! `ledger-audit participant`.

use std::{fs, path::PathBuf};

use ledger_core::note::NoteSigner;
use tempfile::TempDir;

use crate::{
    compact::list_of,
    history::{Log, lose, to_bytes},
    sample::{audit, audit_json, record_key, sign, signer, text, transfer},
};

/// A log of two people, with this many records of the first.
fn town(records: u64) -> Log {
    let mut log = Log::new(2, record_key().1);
    for n in 1..=records {
        let record = transfer(n);
        log.record(1, &record, sign(&record));
        log.record(0, &record, sign(&record));
        if n % 5 == 0 {
            log.close();
        }
    }
    log.close();
    log
}

fn put(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_complete_list_verifies_offline() {
    let folder = TempDir::new().unwrap();
    let mut log = town(12);
    let key = log.signer.vkey().to_string();
    let file = put(&folder, "mine.ndjson", &to_bytes(&log.history(0, None)));
    let (status, said) = audit_json(&["participant", text(&file), "--log-key", &key, "--records"]);
    assert_eq!(status, 0, "{said}");
    assert_eq!(said["details"]["newest"], 12);
    assert_eq!(said["details"]["kinds"]["transfer-out/1"], 12);
    assert_eq!(said["details"]["records"][11]["n"], 12);
    let (status, said) = audit(&["participant", text(&file)]);
    assert!(
        status == 0 && said.contains("The 12 records of the file are all"),
        "{said}"
    );
    let other = signer("log.example/consent", 9).vkey().to_string();
    let (status, said) = audit(&["participant", text(&file), "--log-key", &other]);
    assert!(status == 1 && said.contains("another log"), "{said}");
}

/// The list without records goes the same way, and is told from the file by its first line.
#[test]
fn a_list_without_records_verifies_offline() {
    let folder = TempDir::new().unwrap();
    let mut log = town(12);
    let then = log.head().0;
    let memory = folder.path().join("memory.json");
    let check =
        |file: &PathBuf| audit_json(&["participant", text(file), "--records", "--memory", text(&memory)]);
    let bytes = list_of(&log.history(0, None)).to_bytes().unwrap();
    let older = put(&folder, "mine.list", &bytes);
    let (status, said) = check(&older);
    assert_eq!(status, 0, "{said}");
    assert_eq!(said["details"]["newest"], 12);
    assert_eq!(said["details"]["kinds"]["transfer"], 12);
    assert_eq!(said["details"]["records"][11]["n"], 12);

    let record = transfer(99);
    log.record(0, &record, sign(&record));
    log.close();
    // Either format goes on where the other left off.
    let newer = put(&folder, "newer.ndjson", &to_bytes(&log.history(0, Some(then))));
    assert_eq!(check(&newer).0, 0);
    let (status, said) = check(&older);
    assert_eq!(status, 1, "{said}");
    for at in [bytes.len() / 3, bytes.len() - 1] {
        let cut = put(&folder, "cut.list", &bytes[..at]);
        assert_eq!(check(&cut).0, 1);
    }
}

/// In both formats: lost details are told apart from withheld ones by what stands in the log.
#[test]
fn a_lost_detail_is_told_and_a_withheld_one_refused() {
    let folder = TempDir::new().unwrap();
    let files = |history: &evidence::history::History| {
        [
            put(&folder, "mine.ndjson", &to_bytes(history)),
            put(&folder, "mine.list", &list_of(history).to_bytes().unwrap()),
        ]
    };
    let mut log = town(12);
    let mut withheld = log.history(0, None);
    let at = withheld.entries[6].index.get();
    lose(&mut withheld, 7);
    for file in files(&withheld) {
        let (status, said) = audit(&["participant", text(&file)]);
        assert!(
            status == 1 && said.contains("record 7") && said.contains("it is withheld"),
            "{said}"
        );
    }
    log.restore(at, 1);
    log.close();
    let mut lost = log.history(0, None);
    lose(&mut lost, 7);
    for file in files(&lost) {
        let (status, said) = audit_json(&["participant", text(&file)]);
        assert_eq!((status, said["details"]["lost"].as_u64()), (0, Some(1)), "{said}");
        let (_, said) = audit(&["participant", text(&file)]);
        assert!(
            said.contains("at the numbers 7: their details were lost"),
            "{said}"
        );
    }
}

#[test]
fn what_was_seen_is_remembered_and_an_older_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut log = town(10);
    let then = log.head().0;
    let older = put(&folder, "older.ndjson", &to_bytes(&log.history(0, None)));
    let memory = folder.path().join("memory.json");
    let check = |file: &PathBuf| audit(&["participant", text(file), "--memory", text(&memory)]);
    assert_eq!(check(&older).0, 0);
    let first = fs::read(&memory).unwrap();

    let record = transfer(99);
    log.record(0, &record, sign(&record));
    log.close();
    let silent = put(&folder, "silent.ndjson", &to_bytes(&log.history(0, None)));
    let (status, said) = check(&silent);
    assert!(
        status == 1 && said.contains("does not prove that the log only grew"),
        "{said}"
    );
    assert_eq!(
        fs::read(&memory).unwrap(),
        first,
        "a refused file must not be remembered"
    );
    let newer = put(&folder, "newer.ndjson", &to_bytes(&log.history(0, Some(then))));
    let (status, said) = check(&newer);
    assert!(status == 0 && said.contains("both have only grown"), "{said}");
    let (status, said) = check(&older);
    assert!(status == 1 && said.contains("it was rewound"), "{said}");
}

#[test]
fn a_file_with_a_hole_or_a_changed_line_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut log = town(8);
    let bytes = to_bytes(&log.history(0, None));
    let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let without = |gone: usize| {
        let kept = lines.iter().enumerate().filter(|(i, _)| *i != gone);
        kept.flat_map(|(_, line)| line.to_vec()).collect::<Vec<u8>>()
    };
    for gone in 0..lines.len() {
        let file = put(&folder, "hole.ndjson", &without(gone));
        let (status, said) = audit(&["participant", text(&file)]);
        assert_eq!(status, 1, "line {gone}: {said}");
    }
    let (status, said) = audit(&["participant", text(&folder.path().join("nowhere"))]);
    assert!(status == 2 && said.contains("cannot read"), "{said}");
}

#[test]
fn a_changed_key_is_followed_from_the_one_remembered() {
    let folder = TempDir::new().unwrap();
    let mut log = town(10);
    let (then, first) = (log.head().0, log.signer.vkey().to_string());
    let memory = folder.path().join("memory.json");
    let check = |file: &PathBuf| audit_json(&["participant", text(file), "--memory", text(&memory)]);
    let older = put(&folder, "older.ndjson", &to_bytes(&log.history(0, None)));
    assert_eq!(check(&older).0, 0);

    log.change_key(signer("log.example/consent", 21));
    log.close();
    let mut history = log.history(0, Some(then));
    let file = put(&folder, "newer.ndjson", &to_bytes(&history));
    history.proofs.key_changes.clear();
    let silent = put(&folder, "silent.ndjson", &to_bytes(&history));
    assert_eq!(check(&silent).0, 1);
    let (status, said) = check(&file);
    assert_eq!(
        (status, said["details"]["key_changes"].as_u64()),
        (0, Some(1)),
        "{said}"
    );
    assert_eq!(audit(&["participant", text(&file), "--log-key", &first]).0, 0);
    // From now on the new key is the one remembered.
    let (status, said) = check(&file);
    assert_eq!(
        (status, said["details"]["key_changes"].as_u64()),
        (0, Some(0)),
        "{said}"
    );
    assert_eq!(check(&older).0, 1);
}
