//! Facts about batches, leaves, tiles, subjects and records.

use super::samples::{LEAVES, LOG, assert_conflict, furnish, id, leaf, record, segment};
use crate::{HeadRow, LeafRow, SegmentRow, Serial, Store, SubjectRow, Tx};

/// Appends batches that end at these sizes.
async fn grow(tx: &mut dyn Tx, sizes: &[u64]) {
    let mut first = 0;
    for size in sizes {
        tx.add_segment(&segment(first, *size)).await.unwrap();
        first = *size;
    }
}

/// Nothing is found in an empty log.
pub async fn an_empty_log_has_no_head(store: &dyn Store) {
    let mut view = store.read().await.unwrap();
    assert_eq!(view.newest_head().await.unwrap(), None);
    assert_eq!(view.head_covering(0).await.unwrap(), None);
    assert_eq!(view.leaves(0, u64::MAX).await.unwrap(), []);
    assert_eq!(view.record(u64::MAX).await.unwrap(), None);
}

/// Size, root, peaks, instant and serials come back as they were given.
pub async fn the_newest_head_is_that_of_the_last_batch(store: &dyn Store) {
    let mut tx = store.begin("batches").await.unwrap();
    grow(&mut *tx, &[3, 10]).await;
    assert_eq!(tx.newest_head().await.unwrap(), Some(segment(3, 10).head));
}

/// The log only grows, by whole batches, from where it ends.
pub async fn a_batch_that_does_not_begin_at_the_end_is_a_conflict(store: &dyn Store) {
    let mut tx = store.begin("batches").await.unwrap();
    assert_conflict(tx.add_segment(&segment(1, 2)).await, "segment");
    grow(&mut *tx, &[3]).await;
    for (first, size) in [(0, 3), (0, 5), (2, 5), (4, 5), (3, 3)] {
        assert_conflict(tx.add_segment(&segment(first, size)).await, "segment");
    }
    let cut_short = SegmentRow {
        leaves: vec![leaf(3).bytes],
        ..segment(3, 5)
    };
    assert_conflict(tx.add_segment(&cut_short).await, "segment");
    assert_eq!(tx.newest_head().await.unwrap(), Some(segment(0, 3).head));
}

/// A serial names one record for ever.
pub async fn serials_never_go_back(store: &dyn Store) {
    let mut tx = store.begin("batches").await.unwrap();
    grow(&mut *tx, &[3]).await;
    let mut back = segment(3, 5);
    back.head.next_serial = Serial(2);
    assert_conflict(tx.add_segment(&back).await, "segment");
    back.head.next_serial = Serial(3);
    tx.add_segment(&back).await.unwrap();
}

/// A receipt names the same head however often it is asked for.
pub async fn the_head_of_its_batch_covers_a_leaf(store: &dyn Store) {
    let mut tx = store.begin("batches").await.unwrap();
    grow(&mut *tx, &[1, 4, 9]).await;
    for (index, size) in [(0, 1), (1, 4), (3, 4), (4, 9), (8, 9)] {
        let head: Option<HeadRow> = tx.head_covering(index).await.unwrap();
        assert_eq!(head.map(|head| head.size), Some(size));
    }
    assert_eq!(tx.head_covering(9).await.unwrap(), None);
    assert_eq!(tx.head_covering(u64::MAX).await.unwrap(), None);
}

/// Order, bounds and bytes are kept, across batches and whatever the length.
pub async fn leaves_come_back_in_order_and_byte_for_byte(store: &dyn Store) {
    let mut tx = store.begin("batches").await.unwrap();
    grow(&mut *tx, &[2]).await;
    let odd = SegmentRow {
        leaves: vec![(0..=255).collect(), Vec::new(), vec![7; 65_535]],
        ..segment(2, 5)
    };
    tx.add_segment(&odd).await.unwrap();
    tx.add_segment(&segment(5, 605)).await.unwrap();
    let row = |index: u64, bytes: &[u8]| LeafRow {
        index,
        bytes: bytes.to_vec(),
    };
    let expected = [
        leaf(1),
        row(2, &odd.leaves[0]),
        row(3, &odd.leaves[1]),
        row(4, &odd.leaves[2]),
        leaf(5),
    ];
    assert_eq!(tx.leaves(1, 6).await.unwrap(), expected);
    assert_eq!(tx.leaves(3, 4).await.unwrap(), [row(3, b"")]);
    assert_eq!(tx.leaves(604, u64::MAX).await.unwrap(), [leaf(604)]);
    assert_eq!(tx.leaves(605, 700).await.unwrap(), []);
    assert_eq!(tx.leaves(4, 4).await.unwrap(), []);
    assert_eq!(tx.leaves(0, 605).await.unwrap().len(), 605);
}

/// What a C2SP bundle cannot carry does not get into the log.
pub async fn a_leaf_that_is_too_long_is_refused(store: &dyn Store) {
    let mut tx = store.begin("batches").await.unwrap();
    let long = SegmentRow {
        leaves: vec![vec![7; 65_536]],
        ..segment(0, 1)
    };
    assert!(tx.add_segment(&long).await.is_err());
}

/// By level and place; a full tile never changes.
pub async fn tile_roots_come_back_by_level_and_place(store: &dyn Store) {
    let hash = |level: u8, index: u8| [level * 100 + index; 32];
    let mut batch = segment(0, 3);
    for index in 0..3 {
        batch.tile_roots.push((1, u64::from(index), hash(1, index)));
    }
    batch.tile_roots.push((2, 0, hash(2, 0)));
    let mut tx = store.begin("tiles").await.unwrap();
    tx.add_segment(&batch).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.tile_roots(1, 1, 3).await.unwrap(), [hash(1, 1), hash(1, 2)]);
    assert_eq!(view.tile_roots(2, 0, u64::MAX).await.unwrap(), [hash(2, 0)]);
    assert_eq!(view.tile_roots(3, 0, 9).await.unwrap(), [[0; 32]; 0]);
    drop(view);
    let mut tx = store.begin("again").await.unwrap();
    let again = SegmentRow {
        tile_roots: vec![(1, 0, [9; 32])],
        ..segment(3, 4)
    };
    assert_conflict(tx.add_segment(&again).await, "tile_root");
}

/// 1, 2, 3, … for each subject alone, across transactions.
pub async fn numbers_have_no_gap_and_no_reuse(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("records").await.unwrap();
    tx.add_records(&[record(1, 1, 30), record(1, 2, 31)])
        .await
        .unwrap();
    tx.add_records(&[record(2, 1, 32)]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin("records").await.unwrap();
    for wrong in [1, 2, 4] {
        assert_conflict(tx.add_records(&[record(1, wrong, 40)]).await, "subject_key");
    }
    assert_conflict(
        tx.add_records(&[record(1, 3, 40), record(1, 5, 41)]).await,
        "record",
    );
    tx.mark().await.unwrap();
    assert_conflict(
        tx.add_records(&[record(1, 3, 40), record(2, 4, 41)]).await,
        "subject_key",
    );
    tx.back_to_mark().await.unwrap();
    tx.add_records(&[record(1, 3, 40)]).await.unwrap();
    tx.add_records(&[]).await.unwrap();
    let expected = SubjectRow {
        id: id(1),
        key: [1; 32],
        newest: 3,
    };
    assert_eq!(tx.subject(id(1)).await.unwrap(), Some(expected));
}

/// A number that was never written is not missing later.
pub async fn numbers_of_an_undone_job_are_given_again(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("dropped").await.unwrap();
    tx.add_records(&[record(1, 1, 30)]).await.unwrap();
    drop(tx);
    let mut tx = store.begin("group").await.unwrap();
    tx.mark().await.unwrap();
    tx.add_records(&[record(1, 1, 30)]).await.unwrap();
    tx.back_to_mark().await.unwrap();
    tx.add_records(&[record(1, 1, 30)]).await.unwrap();
}

/// Not found is `None`.
pub async fn an_unknown_subject_has_no_number(store: &dyn Store) {
    let mut tx = store.begin("number").await.unwrap();
    assert_eq!(tx.subject(id(1)).await.unwrap(), None);
    assert_conflict(tx.add_records(&[record(1, 1, 0)]).await, "subject_key");
}

/// A second key would unlink the records under the first.
pub async fn a_subject_is_added_once(store: &dyn Store) {
    let mut tx = store.begin("subject").await.unwrap();
    tx.add_subject(id(1), [1; 32]).await.unwrap();
    assert_conflict(tx.add_subject(id(1), [2; 32]).await, "subject_key");
}

/// Stored bytes are verified bytes.
pub async fn a_record_comes_back_byte_for_byte(store: &dyn Store) {
    furnish(store).await;
    let mut row = record(1, 1, 35);
    row.serial = Serial(99);
    row.record = (0..=255).collect();
    row.kind = u8::MAX;
    let mut tx = store.begin("record").await.unwrap();
    tx.add_records(&[row.clone()]).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.record(35).await.unwrap(), Some(row));
    assert_eq!(view.record(36).await.unwrap(), None);
}

/// One record a leaf and a serial.
pub async fn a_leaf_and_a_serial_have_one_record(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("record").await.unwrap();
    tx.mark().await.unwrap();
    let same_leaf = crate::RecordRow {
        serial: Serial(99),
        ..record(1, 1, 5)
    };
    assert_conflict(tx.add_records(&[same_leaf]).await, "record");
    tx.back_to_mark().await.unwrap();
    let same_serial = crate::RecordRow {
        serial: Serial(5),
        ..record(1, 1, 99)
    };
    assert_conflict(tx.add_records(&[same_serial]).await, "record");
}

/// Every record once, newest first, of one subject only.
pub async fn records_come_in_pages_newest_first(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("records").await.unwrap();
    let of = |who: u8| -> Vec<_> {
        (1..=5)
            .map(|n| record(who, n, LEAVES + 2 * n + u64::from(who)))
            .collect()
    };
    tx.add_records(&of(1)).await.unwrap();
    tx.add_records(&of(2)).await.unwrap();
    let mut before = u64::MAX;
    let mut seen = Vec::new();
    loop {
        let page = tx.records_of(id(1), before, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        before = last.n;
        seen.extend(page);
    }
    let expected: Vec<_> = of(1).into_iter().rev().collect();
    assert_eq!(seen, expected);
    assert_eq!(tx.records_of(id(LOG), 2, 9).await.unwrap(), [record(LOG, 1, 0)]);
}
