//! Facts about sessions.

use super::samples::{assert_conflict, at, furnish, id, session};
use crate::{SessionRole, Store};

/// And a token is used once.
pub async fn a_session_comes_back_in_each_role(store: &dyn Store) {
    furnish(store).await;
    let roles = [
        SessionRole::Participant(id(1)),
        SessionRole::Researcher(id(1)),
        SessionRole::Officer(id(1)),
    ];
    let mut tx = store.begin("sign in").await.unwrap();
    for (number, role) in (1..).zip(roles) {
        let row = session(number, role, 600);
        tx.add_session(&row, at(0)).await.unwrap();
        assert_eq!(tx.session([number; 32]).await.unwrap(), Some(row.clone()));
        assert_conflict(tx.add_session(&row, at(0)).await, "session");
    }
    assert_eq!(tx.session([9; 32]).await.unwrap(), None);
}

/// Signing out twice is fine.
pub async fn an_ended_session_is_gone(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("sign out").await.unwrap();
    tx.add_session(&session(1, SessionRole::Officer(id(1)), 600), at(0))
        .await
        .unwrap();
    tx.end_session([1; 32]).await.unwrap();
    tx.end_session([1; 32]).await.unwrap();
    assert_eq!(tx.session([1; 32]).await.unwrap(), None);
}

/// So that the table does not grow for ever.
pub async fn old_sessions_are_removed_when_one_is_added(store: &dyn Store) {
    furnish(store).await;
    let role = SessionRole::Participant(id(1));
    let mut tx = store.begin("sign in").await.unwrap();
    tx.add_session(&session(1, role, 100), at(0)).await.unwrap();
    tx.add_session(&session(2, role, 300), at(0)).await.unwrap();
    // Expired but not yet removed: the caller sees it and decides.
    assert!(tx.session([1; 32]).await.unwrap().is_some());
    tx.add_session(&session(3, role, 900), at(200)).await.unwrap();
    assert!(tx.session([1; 32]).await.unwrap().is_none());
    assert!(tx.session([2; 32]).await.unwrap().is_some());
}
