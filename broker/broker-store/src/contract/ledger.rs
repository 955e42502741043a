//! Facts about leaves, nodes, heads, subjects and records.

use super::samples::{assert_conflict, at, furnish, id, leaf, record};
use crate::{HeadRow, LeafRow, Store, SubjectRow};

fn head(size: u64) -> HeadRow {
    HeadRow {
        size,
        root: [7; 32],
        at: at(i64::try_from(size).unwrap()),
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

/// Heads are ordered by size.
pub async fn the_newest_head_is_the_largest(store: &dyn Store) {
    let mut tx = store.begin("heads").await.unwrap();
    tx.add_head(&head(3)).await.unwrap();
    tx.add_head(&head(10)).await.unwrap();
    assert_eq!(tx.newest_head().await.unwrap(), Some(head(10)));
}

/// The log only grows.
pub async fn a_head_that_does_not_grow_is_a_conflict(store: &dyn Store) {
    let mut tx = store.begin("heads").await.unwrap();
    tx.add_head(&head(3)).await.unwrap();
    assert_conflict(tx.add_head(&head(3)).await, "head");
    assert_conflict(tx.add_head(&head(2)).await, "head");
    assert_eq!(tx.newest_head().await.unwrap(), Some(head(3)));
}

/// A receipt names the same head however often it is asked for.
pub async fn the_first_head_after_a_leaf_covers_it(store: &dyn Store) {
    let mut tx = store.begin("heads").await.unwrap();
    for size in [1, 4, 9] {
        tx.add_head(&head(size)).await.unwrap();
    }
    for (index, size) in [(0, 1), (1, 4), (3, 4), (4, 9), (8, 9)] {
        assert_eq!(tx.head_covering(index).await.unwrap(), Some(head(size)));
    }
    assert_eq!(tx.head_covering(9).await.unwrap(), None);
    assert_eq!(tx.head_covering(u64::MAX).await.unwrap(), None);
}

/// Order, bounds, bytes and absent tags are kept.
pub async fn leaves_come_back_in_order_and_byte_for_byte(store: &dyn Store) {
    let mut tx = store.begin("leaves").await.unwrap();
    let system = LeafRow {
        tag: None,
        bytes: (0..=255).collect(),
        ..leaf(2)
    };
    for row in [&leaf(0), &leaf(1), &system, &leaf(3)] {
        tx.add_leaf(row).await.unwrap();
    }
    assert_eq!(tx.leaves(1, 3).await.unwrap(), [leaf(1), system]);
    assert_eq!(tx.leaves(3, u64::MAX).await.unwrap(), [leaf(3)]);
    assert_eq!(tx.leaves(2, 2).await.unwrap(), []);
}

/// Two writers cannot both append, and nothing is skipped.
pub async fn a_leaf_at_another_index_than_the_next_is_a_conflict(store: &dyn Store) {
    let mut tx = store.begin("leaves").await.unwrap();
    assert_conflict(tx.add_leaf(&leaf(1)).await, "leaf");
    tx.add_leaf(&leaf(0)).await.unwrap();
    let again = LeafRow { tag: None, ..leaf(0) };
    assert_conflict(tx.add_leaf(&again).await, "leaf");
    assert_conflict(tx.add_leaf(&leaf(2)).await, "leaf");
    tx.add_leaf(&leaf(1)).await.unwrap();
}

/// `ledger.md` §10: tags are unique in the log.
pub async fn a_tag_is_unique_in_the_log(store: &dyn Store) {
    let mut tx = store.begin("leaves").await.unwrap();
    tx.add_leaf(&leaf(0)).await.unwrap();
    let twin = LeafRow {
        tag: leaf(0).tag,
        ..leaf(1)
    };
    assert_conflict(tx.add_leaf(&twin).await, "leaf");
    for index in [1, 2] {
        let system = LeafRow {
            tag: None,
            ..leaf(index)
        };
        tx.add_leaf(&system).await.unwrap();
    }
}

/// Any order in, right place out, over several levels at once.
pub async fn nodes_come_back_by_level_and_index(store: &dyn Store) {
    let hash = |level: u8, index: u8| [level * 100 + index; 32];
    let mut nodes = Vec::new();
    for index in (0..=20).rev() {
        for level in [0_u8, 2, 1] {
            nodes.push((level, u64::from(index), hash(level, index)));
        }
    }
    nodes.push((1, 40, hash(1, 40)));
    let mut tx = store.begin("nodes").await.unwrap();
    tx.add_nodes(&nodes).await.unwrap();
    tx.add_nodes(&[]).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    for (level, index, hash) in nodes {
        assert_eq!(view.node(level, index).await.unwrap(), Some(hash));
    }
    assert_eq!(view.nodes(2, 3, 5).await.unwrap(), [hash(2, 3), hash(2, 4)]);
    assert_eq!(view.nodes(0, 20, u64::MAX).await.unwrap(), [hash(0, 20)]);
    assert_eq!(view.nodes(3, 0, 9).await.unwrap(), [[0; 32]; 0]);
    assert_eq!(view.node(1, 41).await.unwrap(), None);
    assert_eq!(view.node(1, u64::MAX).await.unwrap(), None);
}

/// A complete node never changes.
pub async fn a_node_that_exists_is_a_conflict(store: &dyn Store) {
    let mut tx = store.begin("nodes").await.unwrap();
    tx.add_nodes(&[(0, 0, [1; 32])]).await.unwrap();
    assert_conflict(tx.add_nodes(&[(0, 0, [2; 32])]).await, "tree_node");
    assert_eq!(tx.node(0, 0).await.unwrap(), Some([1; 32]));
}

/// 1, 2, 3, … for each subject alone, across transactions.
pub async fn numbers_have_no_gap_and_no_reuse(store: &dyn Store) {
    furnish(store).await;
    for n in 1..=3 {
        let mut tx = store.begin("number").await.unwrap();
        assert_eq!(tx.next_number(id(1)).await.unwrap(), Some((n, [1; 32])));
        tx.commit().await.unwrap();
    }
    let mut tx = store.begin("number").await.unwrap();
    assert_eq!(tx.next_number(id(2)).await.unwrap(), Some((1, [2; 32])));
    let expected = SubjectRow {
        id: id(1),
        key: Some([1; 32]),
        newest: 3,
    };
    assert_eq!(tx.subject(id(1)).await.unwrap(), Some(expected));
}

/// A number that was never written is not missing later.
pub async fn numbers_of_an_undone_job_are_given_again(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("dropped").await.unwrap();
    tx.next_number(id(1)).await.unwrap();
    drop(tx);
    let mut tx = store.begin("group").await.unwrap();
    tx.mark().await.unwrap();
    assert_eq!(tx.next_number(id(1)).await.unwrap(), Some((1, [1; 32])));
    tx.back_to_mark().await.unwrap();
    assert_eq!(tx.next_number(id(1)).await.unwrap(), Some((1, [1; 32])));
}

/// Not found is `None`.
pub async fn an_unknown_subject_has_no_number(store: &dyn Store) {
    let mut tx = store.begin("number").await.unwrap();
    assert_eq!(tx.next_number(id(1)).await.unwrap(), None);
    assert_eq!(tx.subject(id(1)).await.unwrap(), None);
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
    let mut row = record(1, 1, 5);
    row.record = (0..=255).collect();
    row.kind = u8::MAX;
    let mut tx = store.begin("record").await.unwrap();
    tx.next_number(id(1)).await.unwrap();
    tx.add_record(&row).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.record(5).await.unwrap(), Some(row));
    assert_eq!(view.record(6).await.unwrap(), None);
}

/// Numbers come from the store only, each for one record.
pub async fn a_record_needs_a_number_that_was_given(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("record").await.unwrap();
    assert_conflict(tx.add_record(&record(1, 1, 5)).await, "record");
    tx.next_number(id(1)).await.unwrap();
    tx.add_record(&record(1, 1, 5)).await.unwrap();
    assert_conflict(tx.add_record(&record(1, 1, 6)).await, "record");
    assert_conflict(tx.add_record(&record(1, 2, 6)).await, "record");
    tx.next_number(id(2)).await.unwrap();
    assert_conflict(tx.add_record(&record(2, 1, 5)).await, "record");
}

/// Every record once, newest first, of one subject only.
pub async fn records_come_in_pages_newest_first(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("records").await.unwrap();
    for n in 1..=5 {
        for who in [1, 2] {
            tx.next_number(id(who)).await.unwrap();
            tx.add_record(&record(who, n, 2 * n + u64::from(who)))
                .await
                .unwrap();
        }
    }
    let mut before = u64::MAX;
    let mut seen = Vec::new();
    loop {
        let page = tx.records_of(id(1), before, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        before = last.n;
        seen.extend(page);
    }
    let expected: Vec<_> = (1..=5).rev().map(|n| record(1, n, 2 * n + 1)).collect();
    assert_eq!(seen, expected);
}
