//! Starting from the data store.

use std::fs;

use ledger_core::{leaf::Hour, leaf::map_root_leaf, tree::leaf_hash};
use ledger_log::{LogMap, MapFault};
use tempfile::tempdir;

use super::support::{Log, NO_MERGES, SMALL, place, recover, subject, tag};

fn log(tags: std::ops::Range<u64>) -> Log {
    let mut log = Log::default();
    for number in tags {
        log.commit(&[subject(tag(number))]);
    }
    log
}

#[tokio::test]
async fn the_map_of_a_log_is_recovered_with_and_without_a_base() {
    let folder = tempdir().unwrap();
    let mut log = log(0..50);
    let mut map = recover(&log, folder.path(), NO_MERGES).await.unwrap();
    log.check(&map.snapshot());
    map.write_base().unwrap();
    drop(map);
    for number in 50..70 {
        log.commit(&[subject(tag(number))]);
    }
    let mut map = recover(&log, folder.path(), NO_MERGES).await.unwrap();
    log.check(&map.snapshot());
    log.append(&mut map, &[tag(1000)]);
    log.check(&map.snapshot());
}

#[tokio::test]
async fn an_empty_log_has_an_empty_map() {
    let folder = tempdir().unwrap();
    let mut log = Log::default();
    let mut map = recover(&log, folder.path(), SMALL).await.unwrap();
    log.append(&mut map, &[tag(1)]);
    log.check(&map.snapshot());
}

#[tokio::test]
async fn after_a_rebuild_the_base_is_there_again() {
    let folder = tempdir().unwrap();
    let log = log(0..50);
    drop(recover(&log, folder.path(), SMALL).await.unwrap());
    let path = folder.path().join("map.base");
    fs::write(&path, b"not a base").unwrap();
    drop(recover(&log, folder.path(), SMALL).await.unwrap());
    let map = LogMap::open(folder.path(), SMALL, log.size()).unwrap();
    assert_eq!(map.size(), log.size());
}

#[tokio::test]
async fn the_base_of_another_log_is_left_aside() {
    let folder = tempdir().unwrap();
    let (other, mut log) = (log(500..550), log(0..60));
    let mut map = recover(&other, folder.path(), NO_MERGES).await.unwrap();
    map.write_base().unwrap();
    let map = recover(&log, folder.path(), NO_MERGES).await.unwrap();
    log.check(&map.snapshot());
}

#[tokio::test]
async fn a_log_that_states_another_root_is_refused() {
    let folder = tempdir().unwrap();
    let mut log = log(0..50);
    let index = log.size().get() - 1;
    for (covers, entries, root) in [
        (place(index), 50, leaf_hash(b"another root")),
        (place(index), 49, log.tree.root()),
        (place(index - 1), 50, log.tree.root()),
    ] {
        let leaf = map_root_leaf(Hour::new(490_896), covers, entries, root);
        *log.leaves.last_mut().unwrap() = leaf.to_bytes();
        let refused = recover(&log, folder.path(), SMALL).await;
        assert!(matches!(refused, Err(MapFault::OtherRoot { index: i }) if i == index));
    }
}

#[tokio::test]
async fn a_log_that_repeats_a_tag_is_refused() {
    let folder = tempdir().unwrap();
    let mut log = log(0..50);
    log.leaves.push(subject(tag(7)));
    let refused = recover(&log, folder.path(), SMALL).await;
    assert!(matches!(
        refused,
        Err(MapFault::Repeated {
            first: 14,
            again: 100
        })
    ));
}

#[tokio::test]
async fn a_log_from_before_the_map_is_taken_as_it_is() {
    let folder = tempdir().unwrap();
    let mut log = log(0..50);
    log.leaves.pop();
    let map = recover(&log, folder.path(), SMALL).await.unwrap();
    assert_eq!(map.root(), log.tree.root());
}
