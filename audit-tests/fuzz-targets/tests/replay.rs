//! What the fuzzers found interesting, in every run of the tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use fuzz_targets::{run, targets};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn every_input_of_the_corpus_is_still_read_without_a_panic_and_in_one_spelling() {
    let mut replayed = 0;
    for (name, _) in targets() {
        for input in names(&corpus().join(name)) {
            let bytes = fs::read(corpus().join(name).join(&input)).unwrap();
            let outcome = catch_unwind(|| run(name, &bytes));
            assert!(outcome.is_ok(), "{name}: fuzz/corpus/{name}/{input}");
            replayed += 1;
        }
    }
    assert!(replayed > 500, "the corpus has {replayed} inputs only");
}

#[test]
fn every_target_has_a_fuzzer_and_a_corpus_and_every_corpus_a_target() {
    let known: BTreeSet<String> = targets().iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&corpus()), known);
    let manifest = fs::read_to_string(corpus().join("../Cargo.toml")).unwrap();
    for name in &known {
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "no fuzzer `{name}`"
        );
    }
}

/// A target that refuses whatever it is given would find nothing.
#[test]
fn the_corpus_of_every_target_holds_more_than_one_kind_of_outcome() {
    for (name, _) in targets() {
        assert!(names(&corpus().join(name)).len() >= 3, "{name}");
    }
}
