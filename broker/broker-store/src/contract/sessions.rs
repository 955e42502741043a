//! Facts about sessions.

use super::samples::{STAFF, assert_conflict, at, furnish, id, session};
use crate::{Proof, ProvedBy, SessionRole, SessionRow, Store};

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

/// Even if a caller mixed two people up.
pub async fn a_session_is_of_a_role_that_its_account_holds(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("sign in").await.unwrap();
    let role = SessionRole::Participant(id(1));
    let foreign = SessionRow {
        account: id(2),
        ..session(1, role, 600)
    };
    assert_conflict(tx.add_session(&foreign, at(0)).await, "session");
    tx.add_session(&session(1, role, 600), at(0)).await.unwrap();
    let promoted = SessionRow {
        role: SessionRole::Officer(id(1)),
        ..session(1, role, 600)
    };
    assert_conflict(tx.change_session([1; 32], &promoted).await, "session");
}

/// Its identifier stays, its old token is worth nothing any more.
pub async fn a_session_may_change_token_role_and_proof(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("step up").await.unwrap();
    let first = session(1, SessionRole::Researcher(id(1)), 600);
    tx.add_session(&first, at(0)).await.unwrap();
    let proofs = [
        ProvedBy::Demonstration,
        ProvedBy::Invitation,
        ProvedBy::Passkey { way: id(3) },
        ProvedBy::Provider {
            way: id(4),
            issuer: "https://provider.example".into(),
            assurance: None,
        },
        ProvedBy::Provider {
            way: id(4),
            issuer: "https://provider.example".into(),
            assurance: Some("eidas2".into()),
        },
        ProvedBy::Recovery,
    ];
    let mut token = [1; 32];
    for (number, by) in (11..).zip(proofs) {
        let next = SessionRow {
            token_hash: [number; 32],
            csrf: [number + 100; 32],
            role: SessionRole::Officer(id(1)),
            proof: Proof { at: at(50), by },
            ..first.clone()
        };
        tx.change_session(token, &next).await.unwrap();
        assert_eq!(tx.session(token).await.unwrap(), None);
        assert_eq!(tx.session([number; 32]).await.unwrap(), Some(next.clone()));
        assert_conflict(tx.change_session(token, &next).await, "session");
        token = [number; 32];
    }
    assert_eq!(tx.sessions_of(id(STAFF)).await.unwrap().len(), 1);
}

/// A touch that was under way when a session ended must not bring it back.
pub async fn a_touched_session_lives_on_and_an_ended_one_does_not(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("look").await.unwrap();
    let row = session(1, SessionRole::Participant(id(1)), 600);
    tx.add_session(&row, at(0)).await.unwrap();
    tx.touch_session([1; 32], at(90), at(700)).await.unwrap();
    // An older one comes late.
    tx.touch_session([1; 32], at(80), at(690)).await.unwrap();
    let touched = tx.session([1; 32]).await.unwrap().unwrap();
    assert_eq!((touched.last_seen_at, touched.idle_until), (at(90), at(700)));
    assert_eq!(touched.expires_at, row.expires_at);
    tx.end_session([1; 32]).await.unwrap();
    tx.touch_session([1; 32], at(95), at(705)).await.unwrap();
    assert_eq!(tx.session([1; 32]).await.unwrap(), None);
}

/// Devices that somebody lost, or all of them.
pub async fn sessions_of_an_account_end_one_by_one_or_together(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("devices").await.unwrap();
    let role = SessionRole::Participant(id(1));
    for number in 1..=4 {
        tx.add_session(&session(number, role, 600), at(0)).await.unwrap();
    }
    let neighbour = session(9, SessionRole::Participant(id(2)), 600);
    tx.add_session(&neighbour, at(0)).await.unwrap();
    let ids = |rows: Vec<SessionRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(
        ids(tx.sessions_of(id(1)).await.unwrap()),
        [id(4), id(3), id(2), id(1)]
    );
    tx.end_session_of(id(1), id(4)).await.unwrap();
    assert_conflict(tx.end_session_of(id(1), id(4)).await, "session");
    assert_conflict(tx.end_session_of(id(1), id(9)).await, "session");
    tx.end_sessions_of(id(1), Some(id(2))).await.unwrap();
    assert_eq!(ids(tx.sessions_of(id(1)).await.unwrap()), [id(2)]);
    tx.end_sessions_of(id(1), None).await.unwrap();
    assert_eq!(tx.sessions_of(id(1)).await.unwrap(), []);
    assert_eq!(tx.sessions_of(id(2)).await.unwrap(), [neighbour]);
}
