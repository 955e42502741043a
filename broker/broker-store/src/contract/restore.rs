//! Facts about restoring.

use super::samples::{LEAVES, assert_conflict, at, enrolment_code, furnish, gateway, id, record, session};
use crate::{SessionRole, Store};

/// Subjects come in pages, in order of identifier.
pub async fn subjects_come_in_pages(store: &dyn Store) {
    furnish(store).await;
    let mut view = store.read().await.unwrap();
    let all = view.all_subjects(None, 1_000).await.unwrap();
    assert!(all.len() > 2);
    assert!(all.is_sorted_by_key(|row| row.id));
    let first = view.all_subjects(None, 1).await.unwrap();
    assert_eq!(first[..], all[..1]);
    let rest = view.all_subjects(Some(first[0].id), 1_000).await.unwrap();
    assert_eq!(rest[..], all[1..]);
}

/// Lost numbers are never given again, and numbers never go back.
pub async fn numbers_that_were_skipped_are_not_given_again(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("restore").await.unwrap();
    let newest = tx.subject(id(1)).await.unwrap().unwrap().newest;
    tx.skip_numbers(id(1), newest + 3).await.unwrap();
    assert_conflict(tx.skip_numbers(id(1), newest + 3).await, "subject_key");
    assert_conflict(tx.skip_numbers(id(1), newest).await, "subject_key");
    assert_conflict(tx.skip_numbers(id(250), 9).await, "subject_key");
    assert_conflict(
        tx.add_records(&[record(1, newest + 3, LEAVES)]).await,
        "subject_key",
    );
    tx.add_records(&[record(1, newest + 4, LEAVES)]).await.unwrap();
}

/// A restore is found again by its batch.
pub async fn restores_are_kept_with_their_batches(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("restore").await.unwrap();
    assert_eq!(tx.restores().await.unwrap(), []);
    let first = tx.newest_head().await.unwrap().unwrap().first;
    tx.add_restore(first).await.unwrap();
    assert!(tx.add_restore(first).await.is_err());
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.restores().await.unwrap(), [first]);
}

/// Who was signed in must sign in again, and gateways wait for their household.
pub async fn closed_doors_are_closed(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("live").await.unwrap();
    tx.add_enrolment_code(&enrolment_code(1)).await.unwrap();
    tx.add_session(&session(1, SessionRole::Participant(id(1)), 600), at(0))
        .await
        .unwrap();
    tx.close_doors().await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.session([1; 32]).await.unwrap(), None);
    assert_eq!(view.enrolment_code([1; 32]).await.unwrap(), None);
    let before = gateway(1).gateway.settings;
    let after = view.gateway(id(1)).await.unwrap().unwrap().gateway.settings;
    assert!(after.version > before.version + 1_000);
    assert_eq!(after.measuring, broker_domain::gateway::Measuring::Off);
}
