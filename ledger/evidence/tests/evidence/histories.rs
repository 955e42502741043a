//! The file of everything about one subject: what is complete verifies, and whatever is kept back shows.

use std::sync::LazyLock;

use evidence::{
    bundle::KeySource,
    history::{History, HistoryError, Remembered},
};
use ledger_core::{
    checkpoint::SignedCheckpoint,
    leaf::{Hour, RestoreLeaf, UnsignedKeyChange},
    map::PrunedMapError,
    note::NoteSigner,
    tree::{LeafIndex, ProofError, TreeSize},
};
use proptest::prelude::*;

use crate::log::{Log, lose, to_bytes};
use crate::samples::{all, log_signer, record_pair, signed};

/// Three people with the records of all types, interleaved, in batches of four.
pub fn town() -> Log {
    let mut log = Log::new(3, record_pair().1);
    more(&mut log);
    log
}

pub fn more(log: &mut Log) {
    for (i, record) in all().iter().enumerate() {
        for person in 0..3 {
            if (i + person) % 3 != 2 {
                log.record(person, record, signed(record));
            }
        }
        if i % 4 == 3 {
            log.close();
        }
    }
    log.close();
}

#[test]
fn a_complete_list_verifies_and_reads_back() {
    let mut log = town();
    for person in 0..3 {
        let history = log.history(person, None);
        let bytes = to_bytes(&history);
        let read = History::parse(&bytes).unwrap();
        assert_eq!(to_bytes(&read), bytes);
        let verified = read.verify(Some(log.signer.vkey()), None).unwrap();
        assert_eq!(verified.records.len(), history.entries.len());
        assert_eq!(verified.log_key, KeySource::Pinned);
        assert_eq!(verified.remember, log.remember(person));
    }
}

#[test]
fn the_newest_record_kept_back_shows() {
    let mut log = town();
    let honest = log.history(0, None);
    let mut short = honest.clone();
    short.entries.pop();
    let all = u64::try_from(honest.entries.len()).unwrap();
    assert!(matches!(
        History::parse(&to_bytes(&short)),
        Err(HistoryError::Numbers { newest, records }) if (newest, records) == (all, honest.entries.len() - 1)
    ));
    short.header.newest = short.entries.last().unwrap().n;
    assert!(matches!(
        short.verify(None, None),
        Err(HistoryError::Inclusion(_))
    ));
}

#[test]
fn a_liar_with_matching_proofs_is_caught_by_the_map() {
    let mut log = town();
    let honest = log.history(0, None);
    // The liar proves the shorter list in the tree as it should be done, and only the map is left to find out.
    let mut short = log.history(0, None);
    short.entries.pop();
    short.header.newest = short.entries.last().unwrap().n;
    short.proofs.log = log.prove(&short.entries);
    let refused = short.verify(None, None);
    assert!(
        matches!(
            refused,
            Err(HistoryError::Map(
                PrunedMapError::Present | PrunedMapError::Missing | PrunedMapError::NotFolded
            ))
        ),
        "{refused:?}"
    );
    honest.verify(None, None).unwrap();
}

/// The list of the first person after a restore that lost the details of two records.
pub fn with_two_lost() -> History {
    let mut log = town();
    let before = log.history(0, None);
    let (two, five) = (before.entries[1].index.get(), before.entries[4].index.get());
    log.restore(two, 1);
    log.restore(five, 1);
    log.close();
    let mut history = log.history(0, None);
    lose(&mut history, 2);
    lose(&mut history, 5);
    history
}

#[test]
fn lost_details_are_counted_and_named() {
    let history = with_two_lost();
    let read = History::parse(&to_bytes(&history)).unwrap();
    assert_eq!(to_bytes(&read), to_bytes(&history));
    let verified = read.verify(None, None).unwrap();
    let lost: Vec<_> = verified.lost.iter().map(|one| one.n.get()).collect();
    assert_eq!(lost, [2, 5]);
    assert_eq!(
        verified.records.len() + 2,
        usize::try_from(verified.remember.newest.get()).unwrap()
    );
}

#[test]
fn a_lost_detail_is_still_a_leaf_of_this_number_in_the_log() {
    let honest = with_two_lost();
    let mut hidden = honest.clone();
    hidden.lost.pop();
    assert!(matches!(
        History::parse(&to_bytes(&hidden)),
        Err(HistoryError::Numbers { .. })
    ));
    assert!(hidden.verify(None, None).is_err());
    let mut swapped = honest.clone();
    let (a, b) = (swapped.lost[0].leaf, swapped.lost[1].leaf);
    (swapped.lost[0].leaf, swapped.lost[1].leaf) = (b, a);
    assert!(matches!(
        swapped.verify(None, None),
        Err(HistoryError::OtherRecord { n: 2 })
    ));
    let mut other_kind = honest.clone();
    other_kind.lost[0].leaf[1] ^= 1;
    assert!(other_kind.verify(None, None).is_err());
    let mut elsewhere = honest;
    elsewhere.lost[0].index = elsewhere.lost[1].index;
    assert!(matches!(
        elsewhere.verify(None, None),
        Err(HistoryError::SameLeaf)
    ));
}

/// A broker that will not show what a record says cannot call it lost: the log would have to say so to everybody.
#[test]
fn a_detail_is_lost_only_where_a_restore_in_the_log_lost_it() {
    let mut log = town();
    let mut withheld = log.history(0, None);
    lose(&mut withheld, 3);
    let refused = |history: &History| {
        let read = History::parse(&to_bytes(history)).unwrap();
        read.verify(None, None).unwrap_err()
    };
    assert!(matches!(refused(&withheld), HistoryError::NotLost { n: 3 }));

    // A restore that is in no log.
    let mut made_up = withheld.clone();
    let at = made_up.lost[0].index.get();
    let place = |index| LeafIndex::new(index).unwrap();
    let restore = RestoreLeaf {
        hour: Hour::new(490_896),
        known: at,
        imported: 1,
        erasures: 0,
    };
    let unused = (at + 1..)
        .map(place)
        .find(|index| made_up.entries.iter().all(|entry| entry.index != *index));
    made_up.proofs.restores = vec![(unused.unwrap(), restore)];
    assert!(matches!(refused(&made_up), HistoryError::Inclusion(_)));

    // One in the log that lost other leaves; the record stands just before and just behind them.
    for (known, imported) in [(at + 1, 1), (at - 1, 1), (at, 0)] {
        let mut log = town();
        log.restore(known, imported);
        log.close();
        let mut other = log.history(0, None);
        other.verify(None, None).unwrap();
        lose(&mut other, 3);
        assert!(matches!(refused(&other), HistoryError::NotLost { n: 3 }));
    }

    // The one in the log, kept back, widened, told twice or before its time.
    let honest = with_two_lost();
    let mut silent = honest.clone();
    silent.proofs.restores.pop();
    assert!(matches!(refused(&silent), HistoryError::Inclusion(_)));
    let mut wider = honest.clone();
    lose(&mut wider, 3);
    assert!(matches!(refused(&wider), HistoryError::NotLost { n: 3 }));
    wider.proofs.restores[0].1.imported += 100;
    assert!(matches!(
        refused(&wider),
        HistoryError::Restore { .. } | HistoryError::Inclusion(_)
    ));
    let mut twice = honest.clone();
    twice.proofs.restores.push(honest.proofs.restores[1]);
    assert!(matches!(refused(&twice), HistoryError::Restore { .. }));
    let mut early = honest;
    early.proofs.restores[0].0 = place(0);
    assert!(matches!(refused(&early), HistoryError::Restore { .. }));
}

#[test]
fn what_was_remembered_may_only_grow() {
    let mut log = town();
    let then = log.remember(1);
    more(&mut log);
    let now = log.history(1, Some(then.size));
    let verified = now.verify(None, Some(&then)).unwrap();
    assert_eq!(verified.remember, log.remember(1));

    let silent = log.history(1, None);
    assert!(matches!(
        silent.verify(None, Some(&then)),
        Err(HistoryError::NoConsistency { .. })
    ));
    let rewound = Remembered {
        size: TreeSize::new(verified.remember.size.get() + 1).unwrap(),
        ..verified.remember
    };
    assert!(matches!(
        now.verify(None, Some(&rewound)),
        Err(HistoryError::Rewound { .. })
    ));
    let other_past = Remembered {
        root: verified.remember.root,
        ..then
    };
    assert!(matches!(
        now.verify(None, Some(&other_past)),
        // Which of the two roots does not fit depends on whether the old size is a power of two.
        Err(HistoryError::Inconsistent(
            ProofError::OldRootMismatch | ProofError::RootMismatch
        ))
    ));
    let more_then = Remembered {
        newest: ledger_core::leaf::RecordNumber::new(1_000).unwrap(),
        ..then
    };
    assert!(matches!(
        now.verify(None, Some(&more_then)),
        Err(HistoryError::FewerRecords { .. })
    ));
    // The same visit again needs no proof.
    silent.verify(None, Some(&verified.remember)).unwrap();
}

#[test]
fn another_log_another_person_or_another_record_is_refused() {
    let mut log = town();
    let honest = log.history(2, None);
    assert!(matches!(
        honest.verify(Some(log_signer(7).vkey()), None),
        Err(HistoryError::OtherLog)
    ));
    let mut foreign = honest.clone();
    foreign.header.subject_key = log.key(1).clone();
    assert!(foreign.verify(None, None).is_err());
    let mut swapped = honest.clone();
    let (a, b) = (
        swapped.entries[1].record.clone(),
        swapped.entries[2].record.clone(),
    );
    (swapped.entries[1].record, swapped.entries[2].record) = (b, a);
    assert!(swapped.verify(None, None).is_err());
    let mut unsigned = honest;
    unsigned.header.record_keys.clear();
    assert!(matches!(
        unsigned.verify(None, None),
        Err(HistoryError::Signature { n: 1, .. })
    ));
}

#[test]
fn a_log_that_does_not_end_in_its_map_root_is_refused() {
    let mut log = town();
    let record = &all()[0];
    log.record(0, record, signed(record));
    assert!(matches!(
        log.history(1, None).verify(None, None),
        Err(HistoryError::NoMapRoot)
    ));
}

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| to_bytes(&town().history(0, None)));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_changed_byte_anywhere_is_refused(at in any::<proptest::sample::Index>(), bit in 0..8) {
        let mut bytes = FILE.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        let read = History::parse(&bytes).and_then(|history| history.verify(None, None));
        prop_assert!(read.is_err(), "byte {}", at);
    }
}

/// Whoever remembers the first key follows the log to its newest, and only with the leaves that say so.
#[test]
fn a_changed_key_is_followed_with_its_leaves_and_refused_without() {
    let mut log = town();
    let first = log.signer.vkey().clone();
    let then = log.remember(1);
    for seed in [21, 22] {
        log.change_key(log_signer(seed));
        log.close();
    }
    more(&mut log);
    let now = log.history(1, Some(then.size));
    assert_eq!(
        History::parse(&to_bytes(&now)).unwrap().proofs.key_changes.len(),
        2
    );
    let verified = now.verify(Some(&first), Some(&then)).unwrap();
    assert_eq!((verified.key_changes, verified.log_key), (2, KeySource::Pinned));
    for (key, changes) in [(log_signer(21), 1), (log_signer(22), 0)] {
        assert_eq!(
            now.verify(Some(key.vkey()), Some(&then)).unwrap().key_changes,
            changes
        );
    }
    now.verify(None, None).unwrap();

    let mut silent = now.clone();
    silent.proofs.key_changes.clear();
    assert!(matches!(
        silent.verify(Some(&first), None),
        Err(HistoryError::OtherLog)
    ));
    let mut gap = now.clone();
    gap.proofs.key_changes.remove(0);
    assert!(matches!(
        gap.verify(Some(&first), None),
        Err(HistoryError::Keys(_))
    ));
    // A thief of the first key names a key of hers, in a leaf that is not in the log.
    let mut forged = now.clone();
    let thief = log_signer(66);
    let (place, real) = forged.proofs.key_changes[0].clone();
    let change = UnsignedKeyChange {
        new: *thief.vkey().public(),
        ..real.change().clone()
    };
    forged.proofs.key_changes = vec![(place, change.sign(&log_signer(1)))];
    forged.header.log_key = thief.vkey().clone();
    let claim = SignedCheckpoint::open(now.header.checkpoint.as_bytes(), log_signer(22).vkey()).unwrap();
    let signed = SignedCheckpoint::sign(claim.checkpoint().clone(), &thief).unwrap();
    forged.header.checkpoint = signed.note().to_string();
    let refused = forged.verify(Some(&first), Some(&then));
    assert!(matches!(refused, Err(HistoryError::Inclusion(_))), "{refused:?}");
    // The old key alone says nothing any more.
    let mut retired = now.clone();
    retired.header.log_key = first.clone();
    let signed = SignedCheckpoint::sign(claim.checkpoint().clone(), &log_signer(1)).unwrap();
    retired.header.checkpoint = signed.note().to_string();
    assert!(retired.verify(Some(&first), None).is_err());
}
