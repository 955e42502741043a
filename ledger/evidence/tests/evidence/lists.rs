//! The list without records: what is complete verifies, and whatever is kept back shows.

use std::sync::LazyLock;

use evidence::{
    bundle::KeySource,
    history::{HistoryError, Remembered},
    list::{Detail, List, is_list},
};
use ledger_core::{
    leaf::{Commitment, RecordNumber},
    note::NoteSigner,
    tree::{Hash, TreeSize},
};
use proptest::prelude::*;

use crate::compact::list_of;
use crate::histories::{more, town, with_two_lost};
use crate::log::Log;
use crate::samples::log_signer;

fn list(log: &mut Log, person: usize, since: Option<TreeSize>) -> List {
    list_of(&log.history(person, since))
}

#[test]
fn a_complete_list_verifies_and_reads_back() {
    let mut log = town();
    for person in 0..3 {
        let history = log.history(person, None);
        let bytes = list_of(&history).to_bytes().unwrap();
        assert!(is_list(&bytes) && !is_list(&crate::log::to_bytes(&history)));
        let read = List::parse(&bytes).unwrap();
        assert_eq!(read.to_bytes().unwrap(), bytes);
        let verified = read.verify(Some(log.signer.vkey()), None).unwrap();
        assert_eq!(verified.log_key, KeySource::Pinned);
        assert_eq!(verified.remember, log.remember(person));
        // What it says of each record is what the record opens.
        for (listed, entry) in verified.records.iter().zip(&history.entries) {
            let text = entry.record.as_str().as_bytes();
            let opened = Commitment::of(&entry.salt, listed.leaf.kind, listed.n, &listed.leaf.tag, text);
            assert_eq!((listed.n, listed.index), (entry.n, entry.index));
            assert_eq!(listed.leaf.commitment, opened);
        }
        assert_eq!(verified.records.len(), history.entries.len());
    }
}

/// The bytes of version 1 are frozen: if this fails, the code is to be mended and not the file.
#[test]
fn the_bytes_of_version_1_are_frozen() {
    let golden: Vec<u8> = include_str!("list.golden")
        .lines()
        .flat_map(|line| line.as_bytes().chunks(2))
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
        .collect();
    let read = List::parse(&golden).unwrap();
    assert_eq!(read.to_bytes().unwrap(), golden);
    let verified = read.verify(Some(log_signer(1).vkey()), None).unwrap();
    assert_eq!((verified.key_changes, verified.records.len()), (1, 14));
    assert!(read.header.consistency.is_some());
}

#[test]
fn lost_details_are_counted_over_the_whole_list_and_believed_where_a_restore_lost_them() {
    let list = list_of(&with_two_lost());
    let read = List::parse(&list.to_bytes().unwrap()).unwrap();
    assert_eq!(read.to_bytes().unwrap(), list.to_bytes().unwrap());
    let verified = read.verify(None, None).unwrap();
    let lost = verified.records.iter().filter(|one| one.detail == Detail::Lost);
    assert_eq!(lost.map(|one| one.n.get()).collect::<Vec<_>>(), [2, 5]);

    let mut more = list.clone();
    more.items[2].detail = Detail::Lost;
    assert!(matches!(
        more.verify(None, None),
        Err(HistoryError::NotLost { n: 3 })
    ));
    assert!(refused(&more));
    let mut silent = list.clone();
    silent.header.restores.clear();
    assert!(refused(&silent));
    let mut whole = LIST.clone();
    whole.items[0].detail = Detail::Lost;
    assert!(matches!(
        whole.verify(None, None),
        Err(HistoryError::NotLost { n: 1 })
    ));
}

#[test]
fn a_stale_map_root_or_map_is_refused() {
    let mut log = town();
    let then = list(&mut log, 1, None);
    more(&mut log);
    let now = list(&mut log, 1, None);
    let mut stale = now.clone();
    stale.header.map_root.clone_from(&then.header.map_root);
    assert!(matches!(stale.verify(None, None), Err(HistoryError::NoMapRoot)));
    let mut old_map = now.clone();
    old_map.map = then.map.clone();
    assert!(matches!(old_map.verify(None, None), Err(HistoryError::Map(_))));
    // A liar with a proof in the log that fits the shorter list: only the map is left to find out.
    let mut short = log.history(1, None);
    short.entries.pop();
    short.header.newest = short.entries.last().unwrap().n;
    short.proofs.log = log.prove(&short.entries);
    assert!(matches!(
        list_of(&short).verify(None, None),
        Err(HistoryError::Map(_))
    ));
}

#[test]
fn what_was_remembered_may_only_grow() {
    let mut log = town();
    let then = log.remember(1);
    more(&mut log);
    let now = list(&mut log, 1, Some(then.size));
    let verified = now.verify(None, Some(&then)).unwrap();
    assert_eq!(verified.remember, log.remember(1));
    now.verify(None, Some(&verified.remember)).unwrap();
    assert!(matches!(
        list(&mut log, 1, None).verify(None, Some(&then)),
        Err(HistoryError::NoConsistency { .. })
    ));
    let later = Remembered {
        size: TreeSize::new(verified.remember.size.get() + 1).unwrap(),
        ..then
    };
    assert!(matches!(
        now.verify(None, Some(&later)),
        Err(HistoryError::Rewound { .. })
    ));
    let other_past = Remembered {
        root: Hash::new([7; 32]),
        ..then
    };
    assert!(matches!(
        now.verify(None, Some(&other_past)),
        Err(HistoryError::Inconsistent(_))
    ));
    let more_then = Remembered {
        newest: RecordNumber::new(1_000).unwrap(),
        ..then
    };
    assert!(matches!(
        now.verify(None, Some(&more_then)),
        Err(HistoryError::FewerRecords { .. })
    ));
}

#[test]
fn a_changed_key_is_followed_with_its_leaves_and_refused_without() {
    let mut log = town();
    let first = log.signer.vkey().clone();
    let then = log.remember(1);
    log.change_key(log_signer(21));
    more(&mut log);
    let now = list(&mut log, 1, Some(then.size));
    assert_eq!(now.verify(Some(&first), Some(&then)).unwrap().key_changes, 1);
    let mut silent = now.clone();
    silent.header.key_changes.clear();
    assert!(matches!(
        silent.verify(Some(&first), None),
        Err(HistoryError::OtherLog)
    ));
    assert!(matches!(
        now.verify(Some(log_signer(66).vkey()), None),
        Err(HistoryError::OtherLog | HistoryError::Keys(_))
    ));
}

static LIST: LazyLock<List> = LazyLock::new(|| list(&mut town(), 0, None));
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| LIST.to_bytes().unwrap());

fn refused(list: &List) -> bool {
    // Whether it is written and read again or not.
    let bytes = list.to_bytes().unwrap();
    let read = List::parse(&bytes).and_then(|list| list.verify(None, None));
    list.verify(None, None).is_err() && read.is_err()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_changed_byte_anywhere_is_refused(at in any::<proptest::sample::Index>(), bit in 0..8) {
        let mut bytes = FILE.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        let read = List::parse(&bytes).and_then(|list| list.verify(None, None));
        prop_assert!(read.is_err(), "byte {}", at);
    }

    #[test]
    fn a_cut_or_lengthened_file_is_refused(at in any::<proptest::sample::Index>(), more in proptest::collection::vec(any::<u8>(), 1..40)) {
        let at = at.index(FILE.len());
        let check = |bytes: &[u8]| List::parse(bytes).and_then(|list| list.verify(None, None));
        prop_assert!(check(&FILE[..at]).is_err());
        prop_assert!(check(&[&FILE[..], &more[..]].concat()).is_err());
    }

    #[test]
    fn a_hidden_repeated_swapped_or_changed_record_is_refused(
        one in any::<proptest::sample::Index>(),
        other in any::<proptest::sample::Index>(),
        byte in 0_usize..32,
    ) {
        let (one, other) = (one.index(LIST.items.len()), other.index(LIST.items.len()));
        let fewer = RecordNumber::new(LIST.header.newest.get() - 1).unwrap();
        let further = RecordNumber::new(LIST.header.newest.get() + 1).unwrap();

        let mut hidden = LIST.clone();
        hidden.items.remove(one);
        prop_assert!(refused(&hidden));
        hidden.header.newest = fewer;
        prop_assert!(refused(&hidden));

        let mut repeated = LIST.clone();
        repeated.items.insert(other, LIST.items[one]);
        prop_assert!(refused(&repeated));
        repeated.header.newest = further;
        prop_assert!(refused(&repeated));

        let mut swapped = LIST.clone();
        swapped.items.swap(one, other);
        prop_assert_eq!(refused(&swapped), one != other);

        let mut changed = LIST.clone();
        let mut commitment = *changed.items[one].commitment.as_bytes();
        commitment[byte] ^= 1;
        changed.items[one].commitment = Commitment::new(commitment);
        prop_assert!(refused(&changed));
    }
}
