//! Files that a crash or a disk left wrong: the map is built again, and never has a wrong root.

use std::fs;

use ledger_core::{map::empty_map_root, tree::TreeSize};
use ledger_log::{LogMap, MapFault};
use proptest::{prelude::*, sample::Index};
use tempfile::{TempDir, tempdir};

use super::support::{Log, NO_MERGES, SMALL, place, subject, tag};

/// A log of 60 entries with a base of the first 40.
fn with_base() -> (TempDir, Log) {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), NO_MERGES);
    log.append(&mut map, &(0..40).map(tag).collect::<Vec<_>>());
    map.write_base().unwrap();
    log.append(&mut map, &(40..60).map(tag).collect::<Vec<_>>());
    (folder, log)
}

#[test]
fn a_whole_base_is_used() {
    let (folder, mut log) = with_base();
    let mut map = LogMap::open(folder.path(), NO_MERGES, log.size()).unwrap();
    assert_eq!(map.size(), TreeSize::new(41).unwrap());
    log.feed(&mut map);
    log.check(&map.snapshot());
}

#[test]
fn every_changed_byte_is_found() {
    let (folder, log) = with_base();
    let path = folder.path().join("map.base");
    let good = fs::read(&path).unwrap();
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1 << (place % 8);
        fs::write(&path, bad).unwrap();
        let map = LogMap::open(folder.path(), NO_MERGES, log.size()).unwrap();
        assert_eq!(
            (map.size(), map.root()),
            (TreeSize::ZERO, empty_map_root()),
            "{place}"
        );
    }
    let map = log.open(folder.path(), NO_MERGES);
    assert_eq!(map.root(), { log }.tree.root());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_truncated_or_longer_base_is_found(keep in any::<Index>(), surplus in 1_usize..200) {
        let (folder, mut log) = with_base();
        let path = folder.path().join("map.base");
        let good = fs::read(&path).unwrap();
        let mut cut = good.clone();
        cut.truncate(keep.index(good.len()));
        let longer = [good.as_slice(), &vec![0; surplus]].concat();
        for bad in [cut, longer] {
            fs::write(&path, bad).unwrap();
            let map = log.open(folder.path(), SMALL);
            prop_assert_eq!(map.root(), log.tree.root());
        }
    }
}

/// A crash after the new base was written and before it was renamed.
#[test]
fn an_unfinished_base_is_removed_and_the_old_one_used() {
    let (folder, mut log) = with_base();
    let (path, staged) = (folder.path().join("map.base"), folder.path().join("map.base.new"));
    let old = fs::read(&path).unwrap();
    let mut map = log.open(folder.path(), NO_MERGES);
    map.write_base().unwrap();
    drop(map);
    let whole = fs::read(&path).unwrap();
    for len in [0, 100, whole.len() / 2, whole.len()] {
        fs::write(&staged, &whole[..len]).unwrap();
        fs::write(&path, &old).unwrap();
        let mut map = LogMap::open(folder.path(), NO_MERGES, log.size()).unwrap();
        assert_eq!(map.size(), TreeSize::new(41).unwrap());
        assert!(!staged.exists());
        log.feed(&mut map);
        log.check(&map.snapshot());
    }
}

#[test]
fn a_base_newer_than_the_log_is_left_aside() {
    let (folder, log) = with_base();
    let map = LogMap::open(folder.path(), NO_MERGES, TreeSize::new(40).unwrap()).unwrap();
    assert_eq!(map.size(), TreeSize::ZERO);
    let map = LogMap::open(folder.path(), NO_MERGES, log.size()).unwrap();
    assert_eq!(map.size(), TreeSize::new(41).unwrap());
}

/// The base was whole when it was opened, and the disk spoils it later.
#[test]
fn damage_while_running_fails_the_batch_and_changes_nothing() {
    use std::os::unix::fs::FileExt;
    let (folder, log) = with_base();
    let map = log.open(folder.path(), NO_MERGES);
    let (root, path) = (map.root(), folder.path().join("map.base"));
    let file = fs::File::options().write(true).open(path).unwrap();
    let buckets = vec![0xff; 40 * 104 - 16 * 32];
    file.write_all_at(&buckets, 0).unwrap();
    let batch: Vec<_> = (100..200).map(|i| subject(tag(i))).collect();
    let failed = map.stage(place(log.size().get()), &batch);
    assert!(matches!(failed, Err(MapFault::Damaged { .. })));
    assert!(matches!(
        map.snapshot().prove(&log.tags[0]),
        Err(MapFault::Damaged { .. })
    ));
    assert_eq!(map.root(), root);
}

#[test]
fn a_merge_that_fails_leaves_the_map_as_it_is() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = log.open(folder.path(), SMALL);
    // A folder stands where the new base is to be written.
    fs::create_dir(folder.path().join("map.base.new")).unwrap();
    for batch in 0..10 {
        log.append(
            &mut map,
            &(batch * 10..batch * 10 + 10).map(tag).collect::<Vec<_>>(),
        );
    }
    map.settle();
    log.check(&map.snapshot());
    assert!(!folder.path().join("map.base").exists());
    fs::remove_dir(folder.path().join("map.base.new")).unwrap();
    for batch in 10..20 {
        log.append(
            &mut map,
            &(batch * 10..batch * 10 + 10).map(tag).collect::<Vec<_>>(),
        );
        map.settle();
    }
    assert!(folder.path().join("map.base").exists());
    log.check(&map.snapshot());
}
