//! Facts about transactions and views.

use std::time::Duration;

use super::samples::{assert_conflict, furnish, id, notice, officer};
use crate::{Read, Store, StoreError};

async fn officers(view: &mut dyn Read) -> usize {
    view.officers().await.unwrap().len()
}

async fn officers_in(store: &dyn Store) -> usize {
    officers(&mut *store.read().await.unwrap()).await
}

/// What a transaction wrote is there once `commit` returned.
pub async fn a_commit_is_visible_to_every_later_read(store: &dyn Store) {
    let mut tx = store.begin("add officer").await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(officers_in(store).await, 1);
}

/// Rollback needs no call.
pub async fn a_dropped_transaction_leaves_no_trace(store: &dyn Store) {
    let mut tx = store.begin("add officer").await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    drop(tx);
    assert_eq!(officers_in(store).await, 0);
    let mut tx = store.begin("look").await.unwrap();
    assert_eq!(tx.officers().await.unwrap().len(), 0);
}

/// Decisions inside a transaction see what it did so far.
pub async fn a_transaction_reads_its_own_writes(store: &dyn Store) {
    let mut tx = store.begin("add officer").await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    assert_eq!(tx.officer(id(1)).await.unwrap(), Some(officer(1)));
}

/// Isolation.
pub async fn nobody_else_sees_an_open_transaction(store: &dyn Store) {
    let mut tx = store.begin("add officer").await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    assert_eq!(officers_in(store).await, 0);
    tx.commit().await.unwrap();
}

/// A view is one snapshot from its first read on.
pub async fn a_view_does_not_change_while_others_commit(store: &dyn Store) {
    let mut view = store.read().await.unwrap();
    assert_eq!(officers(&mut *view).await, 0);
    let mut tx = store.begin("add officer").await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(officers(&mut *view).await, 0);
    drop(view);
    assert_eq!(officers_in(store).await, 1);
}

/// One writer at a time, in turn.
pub async fn a_second_transaction_waits_for_the_first(store: &dyn Store) {
    let mut first = store.begin("first").await.unwrap();
    let waiting = store.begin("second");
    tokio::pin!(waiting);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), &mut waiting)
            .await
            .is_err()
    );
    first.add_officer(&officer(1)).await.unwrap();
    first.commit().await.unwrap();
    let mut second = waiting.await.unwrap();
    assert_eq!(second.officer(id(1)).await.unwrap(), Some(officer(1)));
}

/// One failed job leaves no trace in a group of others.
pub async fn going_back_undoes_what_came_after_the_mark(store: &dyn Store) {
    let mut tx = store.begin("group").await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    tx.mark().await.unwrap();
    tx.add_officer(&officer(2)).await.unwrap();
    tx.back_to_mark().await.unwrap();
    tx.add_officer(&officer(3)).await.unwrap();
    tx.commit().await.unwrap();
    let kept = store.read().await.unwrap().officers().await.unwrap();
    assert_eq!(kept, [officer(1), officer(3)]);
}

/// The mark stays after going back.
pub async fn going_back_twice_returns_to_the_same_mark(store: &dyn Store) {
    let mut tx = store.begin("group").await.unwrap();
    tx.mark().await.unwrap();
    for number in [1, 2] {
        tx.add_officer(&officer(number)).await.unwrap();
        tx.back_to_mark().await.unwrap();
    }
    assert_eq!(tx.officers().await.unwrap().len(), 0);
}

/// Marks do not nest: the next one accepts what came before.
pub async fn a_new_mark_keeps_what_came_before_it(store: &dyn Store) {
    let mut tx = store.begin("group").await.unwrap();
    tx.mark().await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    tx.mark().await.unwrap();
    tx.add_officer(&officer(2)).await.unwrap();
    tx.back_to_mark().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        store.read().await.unwrap().officers().await.unwrap(),
        [officer(1)]
    );
}

/// Going back without a mark would otherwise undo other people's jobs.
pub async fn going_back_without_a_mark_is_a_fault(store: &dyn Store) {
    let mut tx = store.begin("group").await.unwrap();
    assert!(matches!(tx.back_to_mark().await, Err(StoreError::Fault { .. })));
}

/// What came before a mark that was given up stays, and there is no way back to it.
pub async fn a_mark_that_was_given_up_is_none(store: &dyn Store) {
    let mut tx = store.begin("group").await.unwrap();
    tx.mark().await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    tx.forget_mark().await.unwrap();
    tx.forget_mark().await.unwrap();
    assert!(matches!(tx.back_to_mark().await, Err(StoreError::Fault { .. })));
    tx.mark().await.unwrap();
    tx.add_officer(&officer(2)).await.unwrap();
    tx.back_to_mark().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(officers_in(store).await, 1);
}

/// A job may meet a conflict, decide again and go on.
pub async fn a_conflict_leaves_the_rest_of_the_transaction_alive(store: &dyn Store) {
    let mut tx = store.begin("group").await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    assert_conflict(tx.add_officer(&officer(1)).await, "officer");
    tx.add_officer(&officer(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(officers_in(store).await, 2);
}

/// Scrubbing rewrites files, not rows; and the store goes on afterwards.
pub async fn a_scrub_changes_no_value(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("erase").await.unwrap();
    tx.erase_participant(id(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.read().await.unwrap().scrub_is_due().await.unwrap());
    store.scrub().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert!(!view.scrub_is_due().await.unwrap());
    assert_eq!(view.notice(notice(1).digest).await.unwrap(), Some(notice(1)));
    assert_eq!(view.leaves(0, u64::MAX).await.unwrap().len(), 24);
    drop(view);
    let mut tx = store.begin("after").await.unwrap();
    tx.add_officer(&officer(7)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(officers_in(store).await, 2);
}
