//! `ledger-audit log` and `ledger-audit mirror`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ledger_core::{
    leaf::{Hour, Leaf, RestoreLeaf, map_root_leaf},
    note::NoteSigner,
    tree::{LeafIndex, leaf_hash},
};

use crate::sample::{Log, audit, audit_json, log_signer, officer, put, serve, signer, text};

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_whole_log_verifies() {
    for sizes in [[0, 0], [0, 1], [255, 256], [100, 300]] {
        let folder = Log::of_transfers(sizes[1]).write(&sizes);
        let (status, said) = audit_json(&["log", text(folder.path())]);
        assert_eq!(
            (status, said["details"]["size"].as_u64()),
            (0, Some(sizes[1])),
            "{said}"
        );
        assert_eq!(said["details"]["log_key_source"], "log");
    }
    let folder = Log::of_transfers(3).write(&[3]);
    let (_, said) = audit(&["log", text(folder.path())]);
    assert!(said.contains("the key was taken from the log itself"), "{said}");
    let (status, said) = audit(&[
        "log",
        text(folder.path()),
        "--log-key",
        &log_signer().vkey().to_string(),
    ]);
    assert!(status == 0 && said.contains("the key you gave"), "{said}");
}

#[test]
fn one_flipped_byte_in_any_file_is_refused() {
    let folder = Log::of_transfers(300).write(&[100, 300]);
    let files = files_below(folder.path());
    assert_eq!(files.len(), 9, "{files:?}");
    for path in files {
        let bytes = fs::read(&path).unwrap();
        for place in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 2] {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1;
            fs::write(&path, flipped).unwrap();
            let (status, said) = audit(&["log", text(folder.path())]);
            assert_eq!(status, 1, "byte {place} of {}: {said}", path.display());
        }
        for wrong in [&bytes[..bytes.len() - 1], &[bytes.as_slice(), b"\n"].concat()] {
            fs::write(&path, wrong).unwrap();
            let (status, said) = audit(&["log", text(folder.path())]);
            assert_eq!(status, 1, "length of {}: {said}", path.display());
        }
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(audit(&["log", text(folder.path())]).0, 0);
}

#[test]
fn a_missing_tile_is_refused_and_a_full_one_stands_in_for_a_partial_one() {
    let folder = Log::of_transfers(300).write(&[100, 300]);
    fs::write(
        folder.path().join("checkpoint"),
        Log::of_transfers(300).checkpoint(100).note().to_string(),
    )
    .unwrap();
    fs::remove_dir_all(folder.path().join("tile/0/000.p")).unwrap();
    fs::remove_dir_all(folder.path().join("tile/entries/000.p")).unwrap();
    let (status, said) = audit(&["log", text(folder.path())]);
    assert_eq!(status, 0, "{said}");
    fs::remove_file(folder.path().join("tile/0/000")).unwrap();
    let (status, said) = audit(&["log", text(folder.path())]);
    assert_eq!(status, 1);
    assert!(said.contains("`tile/0/000.p/100`, which is missing"), "{said}");
}

#[test]
fn an_older_checkpoint_is_held_against_the_log() {
    let log = Log::of_transfers(300);
    let folder = log.write(&[300]);
    let other = tempfile::TempDir::new().unwrap();
    let put_checkpoint = |name: &str, log: &Log, size: u64| {
        put(
            other.path(),
            name,
            log.checkpoint(size).note().to_string().as_bytes(),
        )
    };
    for size in [0, 1, 100, 256, 300] {
        let old = put_checkpoint("old", &log, size);
        let (status, said) = audit(&["log", text(folder.path()), "--old-checkpoint", text(&old)]);
        assert_eq!(status, 0, "{size}: {said}");
    }
    let mut rewritten = Log::of_transfers(0);
    (500..800).for_each(|n| rewritten.push_record(&crate::sample::transfer(n), n));
    let forked = put_checkpoint("forked", &rewritten, 100);
    let (status, said) = audit(&["log", text(folder.path()), "--old-checkpoint", text(&forked)]);
    assert!(status == 1 && said.contains("rewritten"), "{said}");

    // The log shows an older checkpoint as its newest.
    let seen = put_checkpoint("seen", &log, 300);
    put(
        folder.path(),
        "checkpoint",
        log.checkpoint(100).note().to_string().as_bytes(),
    );
    let (status, said) = audit(&["log", text(folder.path()), "--old-checkpoint", text(&seen)]);
    assert!(status == 1 && said.contains("rewound"), "{said}");
    assert_eq!(
        audit(&["log", text(folder.path()), "--old-checkpoint", "/nowhere"]).0,
        2
    );
}

#[test]
fn malformed_leaves_and_repeated_tags_are_refused() {
    let mut log = Log::of_transfers(3);
    log.push_record(&crate::sample::transfer(9), 2);
    let (status, said) = audit(&["log", text(log.write(&[4]).path())]);
    assert!(
        status == 1 && said.contains("entries 1 and 3 have the same tag"),
        "{said}"
    );
    let mut log = Log::of_transfers(3);
    log.push(b"not a leaf".to_vec());
    let (status, said) = audit(&["log", text(log.write(&[4]).path())]);
    assert!(status == 1 && said.contains("entry 3 is not a leaf"), "{said}");
}

#[test]
fn a_map_root_that_is_not_that_of_the_entries_is_refused() {
    let honest = Log::of_transfers(12);
    let Ok(Leaf::System(last)) = Leaf::parse(honest.leaves.last().unwrap()) else {
        panic!("the log does not end in a system leaf");
    };
    let stated = last.map_root().unwrap();
    let lies = [
        (stated.covers, stated.entries, leaf_hash(b"another map")),
        (stated.covers, stated.entries - 1, stated.root),
        (LeafIndex::new(3).unwrap(), stated.entries, stated.root),
    ];
    for (covers, entries, root) in lies {
        let mut log = Log::of_transfers(12);
        log.leaves.pop();
        let mut liar = Log::of_transfers(0);
        log.leaves.into_iter().for_each(|leaf| liar.push(leaf));
        liar.push(map_root_leaf(last.hour, covers, entries, root).to_bytes());
        let (status, said) = audit(&["log", text(liar.write(&[12]).path())]);
        assert!(status == 1 && said.contains("the map root at entry 11"), "{said}");
    }
    let mut open = Log::of_transfers(12);
    open.push_record(&crate::sample::transfer(50), 50);
    let (status, said) = audit(&["log", text(open.write(&[13]).path())]);
    assert!(status == 1 && said.contains("not the root of its map"), "{said}");
}

#[test]
fn erasures_are_checked_with_the_officers_key_given_or_beside_the_log() {
    let mut log = Log::of_transfers(3);
    log.push_erasure(&officer());
    log.close();
    let folder = log.write(&[5]);
    let (status, said) = audit(&["log", text(folder.path())]);
    assert!(
        status == 0 && said.contains("Who ordered the 1 erasures"),
        "{said}"
    );
    let (status, said) = audit(&[
        "log",
        text(folder.path()),
        "--dpo-key",
        &officer().vkey().to_string(),
    ]);
    assert!(
        status == 0 && said.contains("All 1 erasures are signed"),
        "{said}"
    );
    let other = signer("broker.example/dpo", 3).vkey().to_string();
    let (status, said) = audit(&["log", text(folder.path()), "--dpo-key", &other]);
    assert!(status == 1 && said.contains("the erasure at entry 3"), "{said}");

    let beside = folder.path().join("officer.vkey");
    for (key, passes) in [(officer().vkey().to_string(), true), (other, false)] {
        fs::write(&beside, format!("{key}\n")).unwrap();
        let url = serve(folder.path().to_path_buf());
        for source in [text(folder.path()), &url] {
            let (status, said) = audit(&["log", source]);
            let expected = if passes {
                "Whether that key is the officer's"
            } else {
                "the erasure at entry 3"
            };
            assert!(status == i32::from(!passes) && said.contains(expected), "{said}");
        }
    }
}

#[test]
fn a_forged_erasure_is_refused_in_a_folder_and_over_http() {
    // The officer's key id over somebody else's signature: the name is right, the hand is not.
    let mut forger = Log::of_transfers(3);
    forger.push_erasure(&officer());
    let mut leaf = forger.leaves.pop().unwrap();
    let last = leaf.len() - 1;
    leaf[last] ^= 1;
    let mut log = Log::of_transfers(3);
    log.push(leaf);
    log.close();
    let folder = log.write(&[5]);
    let url = serve(folder.path().to_path_buf());
    let key = officer().vkey().to_string();
    for source in [text(folder.path()), &url] {
        let (status, said) = audit(&["log", source, "--dpo-key", &key]);
        assert!(status == 1 && said.contains("the erasure at entry 3"), "{said}");
    }
    // Without its signature it is no leaf at all.
    let mut log = Log::of_transfers(3);
    log.push_erasure(&officer());
    let unsigned = log.leaves.pop().unwrap();
    let mut log = Log::of_transfers(3);
    log.push(unsigned[..unsigned.len() - 64].to_vec());
    log.close();
    let folder = log.write(&[5]);
    let url = serve(folder.path().to_path_buf());
    for source in [text(folder.path()), &url] {
        let (status, said) = audit(&["log", source]);
        assert!(status == 1 && said.contains("entry 3 is not a leaf"), "{said}");
    }
}

#[test]
fn a_repeated_tag_is_refused_over_http() {
    let mut log = Log::of_transfers(3);
    log.push_record(&crate::sample::transfer(9), 2);
    log.close();
    let url = serve(log.write(&[5]).keep());
    let (status, said) = audit(&["log", &url]);
    assert!(
        status == 1 && said.contains("entries 1 and 3 have the same tag"),
        "{said}"
    );
}

#[test]
fn without_any_key_the_log_is_not_judged() {
    let folder = Log::of_transfers(3).write(&[3]);
    fs::remove_file(folder.path().join("log.vkey")).unwrap();
    assert_eq!(audit(&["log", text(folder.path())]).0, 2);
    let other = signer(crate::sample::ORIGIN, 7).vkey().to_string();
    assert_eq!(audit(&["log", text(folder.path()), "--log-key", &other]).0, 1);
    assert_eq!(audit(&["log", "/nowhere"]).0, 2);
}

#[test]
fn a_log_on_a_web_server_verifies() {
    let folder = Log::of_transfers(300).write(&[300]);
    let url = serve(folder.path().to_path_buf());
    let (status, said) = audit_json(&["log", &url]);
    assert_eq!(
        (status, said["details"]["size"].as_u64()),
        (0, Some(300)),
        "{said}"
    );
    let path = folder.path().join("tile/entries/000");
    let mut bytes = fs::read(&path).unwrap();
    bytes[50] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(audit(&["log", &format!("{url}/")]).0, 1);
    fs::remove_file(path).unwrap();
    assert_eq!(audit(&["log", &url]).0, 1);
    assert_eq!(audit(&["log", "http://127.0.0.1:1/ledger"]).0, 2);
}

#[test]
fn a_mirror_follows_a_log_and_never_backwards() {
    let log = Log::of_transfers(600);
    let mirror = tempfile::TempDir::new().unwrap();
    let copy = text(mirror.path());
    let follow = |size: u64| {
        let url = serve(log.write(&[size]).keep());
        audit_json(&["mirror", &url, copy])
    };
    for size in [100, 300, 600, 600] {
        let (status, said) = follow(size);
        assert_eq!(
            (status, said["details"]["size"].as_u64()),
            (0, Some(size)),
            "{said}"
        );
        let (status, said) = audit(&["log", copy]);
        assert_eq!(status, 0, "{said}");
    }
    let (status, said) = follow(300);
    assert!(
        status == 1 && said["reason"].as_str().unwrap().contains("rewound"),
        "{said}"
    );
    let mut rewritten = Log::of_transfers(599);
    (700..710).for_each(|n| rewritten.push_record(&crate::sample::transfer(n), n));
    rewritten.close();
    let url = serve(rewritten.write(&[610]).keep());
    let (status, said) = audit(&["mirror", &url, copy]);
    assert_eq!(status, 1, "{said}");
    assert_eq!(audit(&["log", copy]).0, 0, "a refused log must not be copied");
}

#[test]
fn restores_are_told_to_everybody_and_none_speaks_of_the_future() {
    let with = |known, imported| {
        let mut log = Log::of_transfers(5);
        let leaf = RestoreLeaf {
            hour: Hour::new(490_896),
            known,
            imported,
            erasures: 2,
        };
        log.push(leaf.to_bytes());
        log.close();
        let count = log.leaves.len() as u64;
        let folder = log.write(&[count]);
        audit_json(&["log", text(folder.path())])
    };
    let (status, said) = with(3, 2);
    assert_eq!(status, 0, "{said}");
    let told = &said["details"]["restores"][0];
    assert_eq!(
        (told["first_lost"].as_u64(), told["lost"].as_u64()),
        (Some(3), Some(2))
    );
    for (known, imported) in [(3, 100), (u64::MAX, 2)] {
        let (status, said) = with(known, imported);
        assert_eq!(status, 1, "{said}");
    }
}
