//! Batches, snapshots, merges and restarts.

use ledger_core::{
    leaf::{LeafError, Tag},
    map::{MapEntry, PrunedMapWriter, empty_map_root},
    tree::{Hash, TreeSize},
};
use ledger_log::{LogMap, MapConfig, MapFault, MapSnapshot};
use proptest::{collection::vec, prelude::*};
use tempfile::tempdir;

use super::support::{Log, NO_MERGES, SMALL, place, subject, tag};

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<[u8; 32]>),
    Roll,
    Settle,
    Write,
    Restart,
}

/// Even tags; tags that share a bucket, whatever its bits; and tags with long common beginnings, which leave nearly
/// all buckets empty.
fn any_tag() -> impl Strategy<Value = [u8; 32]> {
    prop_oneof![
        4 => any::<[u8; 32]>(),
        2 => any::<[u8; 2]>().prop_map(|end| {
            let mut tag = [0xa7; 32];
            tag[30..].copy_from_slice(&end);
            tag
        }),
        2 => (0..256_usize).prop_map(|bit| {
            let mut tag = [0; 32];
            tag[bit / 8] = 0x80 >> (bit % 8);
            tag
        }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => vec(any_tag(), 0..30).prop_map(Step::Append),
        1 => Just(Step::Roll),
        1 => Just(Step::Settle),
        1 => Just(Step::Write),
        1 => Just(Step::Restart),
    ];
    vec(step, 1..16)
}

fn run(steps: Vec<Step>, config: MapConfig) {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), config);
    for step in steps {
        match step {
            Step::Append(mut tags) => {
                tags.sort_unstable();
                tags.dedup();
                tags.retain(|tag| !log.tags.iter().any(|known| known.as_bytes() == tag));
                // Not in the order of the tags.
                tags.sort_by_key(|tag| tag[31] ^ tag[0]);
                log.append(&mut map, &tags);
            }
            Step::Roll => {
                let before = map.root();
                drop(map.stage(place(log.size().get()), &[subject(tag(77))]).unwrap());
                assert_eq!(map.root(), before);
            }
            Step::Settle => map.settle(),
            Step::Write => map.write_base().unwrap(),
            Step::Restart => {
                drop(map);
                map = log.open(folder.path(), config);
            }
        }
        assert_eq!((map.root(), map.size()), (log.tree.root(), log.size()));
    }
    log.check(&map.snapshot());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_map_is_that_of_the_log_whatever_happened(steps in steps()) {
        run(steps, SMALL);
    }

    #[test]
    fn the_number_of_buckets_changes_no_root(steps in steps(), least_bits in 4_u8..12) {
        run(steps, MapConfig { least_bits, ..SMALL });
    }
}

#[test]
fn buckets_are_split_as_the_map_grows() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), SMALL);
    for batch in 0..40 {
        let tags: Vec<_> = (batch * 50..batch * 50 + 50).map(tag).collect();
        log.append(&mut map, &tags);
    }
    // 2,000 entries: at least 2^6 buckets where there were 2^4.
    map.write_base().unwrap();
    log.check(&map.snapshot());
    let again = LogMap::open(folder.path(), SMALL, log.size()).unwrap();
    assert_eq!((again.size(), again.root()), (log.size(), log.tree.root()));
    log.check(&again.snapshot());
}

#[test]
fn a_large_batch_is_spread_over_threads() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), NO_MERGES);
    let tags: Vec<_> = (0..20_000).map(tag).collect();
    log.append(&mut map, &tags);
    assert_eq!(map.root(), log.tree.root());
}

#[test]
fn the_empty_map_is_empty() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), SMALL);
    assert_eq!(map.root(), empty_map_root());
    map.write_base().unwrap();
    // A batch of the log's own leaves alone adds nothing.
    log.append(&mut map, &[]);
    assert_eq!((map.root(), map.entries()), (empty_map_root(), 0));
    map.write_base().unwrap();
    log.check(&map.snapshot());
    log.check(&log.open(folder.path(), SMALL).snapshot());
}

#[test]
fn a_part_of_the_map_is_that_of_the_map_in_memory() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), SMALL);
    for round in 0..40 {
        let tags: Vec<_> = (round * 7..round * 7 + 7).map(tag).collect();
        log.append(&mut map, &tags);
        if round % 9 == 0 {
            map.settle();
        }
        let snapshot = map.snapshot();
        let present: Vec<_> = log.tags.iter().step_by(5).copied().collect();
        let absent: Vec<_> = (1_000..1_016).map(|number| Tag::new(tag(number))).collect();
        for (present, absent) in [
            (present.as_slice(), absent.as_slice()),
            (&present, &[]),
            (&[], &absent),
            (&log.tags, &absent),
        ] {
            let part = snapshot.prune(present, absent).unwrap();
            let mut sorted = present.to_vec();
            sorted.sort_unstable();
            let mut writer = PrunedMapWriter::default();
            log.tree.prune(&mut writer, &sorted, absent).unwrap();
            assert_eq!(part, writer.finish());
            let entries: Vec<_> = present
                .iter()
                .map(|tag| MapEntry {
                    tag: *tag,
                    value: log.tree.value(tag).unwrap(),
                })
                .collect();
            part.verify(&entries, absent, &snapshot.root()).unwrap();
        }
        assert!(snapshot.prune(&[], &present).is_err());
        assert!(snapshot.prune(&absent, &[]).is_err());
    }
}

#[test]
fn a_snapshot_stays_what_it_was() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), SMALL);
    let mut early = Log::default();
    let tags: Vec<_> = (0..40).map(tag).collect();
    log.append(&mut map, &tags);
    early.commit(&tags.into_iter().map(subject).collect::<Vec<_>>());
    map.write_base().unwrap();
    let snapshot = map.snapshot();
    for batch in 0..20 {
        let tags: Vec<_> = (1000 + batch * 10..1010 + batch * 10).map(tag).collect();
        log.append(&mut map, &tags);
    }
    map.write_base().unwrap();
    // The file it was taken from has been replaced, and removed under its name.
    early.check(&snapshot);
    assert_eq!(snapshot.size(), early.size());
    log.check(&map.snapshot());
}

/// More readers than there are trunks, readers that let go in any order, and readers that stay for a hundred batches.
#[test]
fn readers_who_take_their_time_each_keep_their_own_map() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), NO_MERGES);
    let mut held: Vec<(MapSnapshot, Hash, u64)> = Vec::new();
    for batch in 0_u64..150 {
        let tags: Vec<_> = (0..1 + batch % 5).map(|i| tag(batch * 8 + i)).collect();
        log.append(&mut map, &tags);
        held.push((map.snapshot(), map.root(), map.entries()));
        // The first stays to the end; of the others up to nine, of which any goes first.
        if held.len() as u64 > 2 + batch % 9 {
            held.remove(1 + (batch as usize * 7) % (held.len() - 1));
        }
        for (snapshot, root, entries) in &held {
            assert_eq!((snapshot.root(), snapshot.entries()), (*root, *entries));
            for number in [0, batch * 4, batch * 8] {
                let tag = Tag::new(tag(number));
                let answer = snapshot.prove(&tag).unwrap();
                match answer.value {
                    Some(value) => answer.proof.verify_presence(&tag, &value, root).unwrap(),
                    None => answer.proof.verify_absence(&tag, root).unwrap(),
                }
            }
        }
    }
    log.check(&map.snapshot());
}

#[test]
fn a_repeated_tag_changes_nothing() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), NO_MERGES);
    log.append(&mut map, &[tag(1), tag(2), tag(3)]);
    let refused = |map: &LogMap, tags: &[u64]| {
        let batch: Vec<_> = tags.iter().map(|i| subject(tag(*i))).collect();
        match map.stage(place(map.size().get()), &batch) {
            Err(MapFault::Repeated { first, again }) => (first, again),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&map, &[4, 2]), (1, 5));
    assert_eq!(refused(&map, &[9, 9]), (4, 5));
    map.write_base().unwrap();
    assert_eq!(refused(&map, &[5, 6, 3]), (2, 6));
    log.check(&map.snapshot());
    log.append(&mut map, &[tag(4)]);
    log.check(&map.snapshot());
}

#[test]
fn leaves_that_do_not_follow_are_refused() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), SMALL);
    log.append(&mut map, &[tag(1)]);
    for found in [0, 1, 3] {
        let result = map.stage(place(found), &[subject(tag(2))]);
        assert!(matches!(result, Err(MapFault::NotNext { expected: 2, found: f }) if f == found));
    }
    let mut malformed = subject(tag(2));
    malformed[3] = 1;
    let result = map.stage(place(2), &[subject(tag(3)), malformed]);
    let reason = LeafError::ReservedNotZero;
    assert!(matches!(result, Err(MapFault::Leaf { index: 3, source }) if source == reason));
    log.check(&map.snapshot());
}

#[test]
fn a_staged_change_is_applied_once_and_to_its_own_map() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), SMALL);
    log.append(&mut map, &[tag(1)]);
    let stale = map.stage(place(2), &[subject(tag(2))]).unwrap();
    log.append(&mut map, &[tag(3)]);
    assert!(matches!(map.apply(stale), Err(MapFault::Stale)));
    log.check(&map.snapshot());
    assert_eq!(map.size(), TreeSize::new(4).unwrap());
}
