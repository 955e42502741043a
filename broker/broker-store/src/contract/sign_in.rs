//! Facts about invitations, ceremonies, the list of sign-ins and failed attempts.

use super::samples::{STAFF, assert_conflict, at, ceremony, furnish, id, invitation, sign_in};
use crate::{
    AttemptKind, Attempts, CeremonyOwner, InvitationKind, InvitationRow, SessionRole, SignInKind, SignInRow,
    Store,
};

/// In each role.
pub async fn an_invitation_comes_back_and_is_used_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("invite").await.unwrap();
    let roles = [
        SessionRole::Participant(id(1)),
        SessionRole::Researcher(id(1)),
        SessionRole::Officer(id(1)),
    ];
    for (number, role) in (1..).zip(roles) {
        let row = InvitationRow {
            kind: if number == 2 {
                InvitationKind::Again
            } else {
                InvitationKind::First
            },
            ..invitation(number, role)
        };
        tx.add_invitation(&row, at(0)).await.unwrap();
        assert!(tx.invitation([number; 32]).await.unwrap() == Some(row));
    }
    tx.open_invitation([1; 32]).await.unwrap();
    tx.open_invitation([1; 32]).await.unwrap();
    tx.use_invitation([1; 32], at(9)).await.unwrap();
    let used = tx.invitation([1; 32]).await.unwrap().unwrap();
    assert_eq!((used.attempts, used.used_at), (2, Some(at(9))));
    assert_conflict(tx.use_invitation([1; 32], at(9)).await, "invitation");
    assert_conflict(tx.open_invitation([9; 32]).await, "invitation");
    let nobody = invitation(8, SessionRole::Officer(id(9)));
    assert_conflict(tx.add_invitation(&nobody, at(0)).await, "invitation");
}

/// A code that went astray ends with the next one.
pub async fn a_role_has_one_open_invitation(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("invite").await.unwrap();
    let role = SessionRole::Participant(id(1));
    tx.add_invitation(&invitation(1, role), at(0)).await.unwrap();
    tx.use_invitation([1; 32], at(1)).await.unwrap();
    tx.add_invitation(&invitation(2, role), at(2)).await.unwrap();
    let neighbour = SessionRole::Participant(id(2));
    tx.add_invitation(&invitation(3, neighbour), at(3)).await.unwrap();
    tx.add_invitation(&invitation(4, role), at(4)).await.unwrap();
    // Used ones stay until they expire; the neighbour's is not touched.
    assert!(tx.invitation([1; 32]).await.unwrap().is_some());
    assert!(tx.invitation([2; 32]).await.unwrap().is_none());
    assert!(tx.invitation([3; 32]).await.unwrap().is_some());
    let later = InvitationRow {
        expires_at: at(9_000),
        ..invitation(5, role)
    };
    tx.add_invitation(&later, at(5_000)).await.unwrap();
    assert!(tx.invitation([1; 32]).await.unwrap().is_none());
    assert!(tx.invitation([3; 32]).await.unwrap().is_none());
}

/// A second answer meets no question.
pub async fn a_ceremony_is_taken_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("ask").await.unwrap();
    tx.add_ceremony(&ceremony(1, 1), at(0)).await.unwrap();
    // About an account that does not exist yet.
    tx.add_ceremony(&ceremony(2, 50), at(0)).await.unwrap();
    assert_conflict(tx.add_ceremony(&ceremony(1, 1), at(0)).await, "ceremony");
    assert!(tx.take_ceremony([1; 32]).await.unwrap() == Some(ceremony(1, 1)));
    assert!(tx.take_ceremony([1; 32]).await.unwrap().is_none());
    assert!(tx.take_ceremony([9; 32]).await.unwrap().is_none());
    let mut later = ceremony(3, 1);
    (later.account, later.invitation, later.session, later.state) = (None, None, None, None);
    later.expires_at = at(5_000);
    tx.add_ceremony(&later, at(4_000)).await.unwrap();
    assert!(tx.take_ceremony([2; 32]).await.unwrap().is_none());
    assert!(tx.take_ceremony([3; 32]).await.unwrap() == Some(later));
}

/// Until they are answered or over.
pub async fn open_ceremonies_are_counted_by_whose_they_are(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("ask").await.unwrap();
    let ending = |number: u8, seconds: i64| {
        let mut row = ceremony(number, 1);
        row.expires_at = at(seconds);
        row
    };
    let mut stranger = ending(3, 40);
    (stranger.account, stranger.invitation, stranger.session) = (None, None, None);
    let mut proving = ending(4, 45);
    (proving.account, proving.invitation, proving.session) = (None, None, Some(id(7)));
    let mut hers = ending(1, 60);
    hers.session = None;
    let mut early = ending(2, 30);
    early.session = None;
    for row in [hers, early, stranger, proving] {
        tx.add_ceremony(&row, at(0)).await.unwrap();
    }
    let mut open = async |owner, seconds: i64| {
        let open = tx.open_ceremonies(owner, at(seconds)).await.unwrap();
        (open.count, open.first_ends)
    };
    let account = CeremonyOwner::Account(id(1));
    assert_eq!(open(account, 0).await, (2, Some(at(30))));
    assert_eq!(open(account, 30).await, (1, Some(at(60))));
    assert_eq!(open(CeremonyOwner::Account(id(9)), 0).await, (0, None));
    assert_eq!(open(CeremonyOwner::Stranger, 0).await, (1, Some(at(40))));
    assert_eq!(open(CeremonyOwner::Session(id(7)), 0).await, (1, Some(at(45))));
    tx.take_ceremony([3; 32]).await.unwrap();
    let left = tx.open_ceremonies(CeremonyOwner::Stranger, at(0)).await.unwrap();
    assert_eq!(left.count, 0);
}

/// By number and by age, each account for itself.
pub async fn the_list_of_sign_ins_is_kept_short(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("sign in").await.unwrap();
    for kind in (1..).zip(SignInKind::ALL) {
        let row = SignInRow {
            kind: kind.1,
            role: Some(SessionRole::Officer(id(1))),
            ..sign_in(100 + kind.0, STAFF, i64::from(kind.0))
        };
        tx.add_sign_in(&row, at(0), 100).await.unwrap();
        assert_eq!(tx.sign_ins_of(id(STAFF), 1).await.unwrap(), [row]);
    }
    for number in 1..=5_u8 {
        let row = sign_in(number, 1, 10 * i64::from(number));
        tx.add_sign_in(&row, at(0), 3).await.unwrap();
    }
    let ids = |rows: Vec<SignInRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(
        ids(tx.sign_ins_of(id(1), 9).await.unwrap()),
        [id(5), id(4), id(3)]
    );
    assert_eq!(ids(tx.sign_ins_of(id(1), 2).await.unwrap()), [id(5), id(4)]);
    tx.add_sign_in(&sign_in(6, 1, 60), at(45), 100).await.unwrap();
    assert_eq!(ids(tx.sign_ins_of(id(1), 9).await.unwrap()), [id(6), id(5)]);
    assert_eq!(
        tx.sign_ins_of(id(STAFF), 99).await.unwrap().len(),
        SignInKind::ALL.len()
    );
    assert_conflict(tx.add_sign_in(&sign_in(7, 9, 0), at(0), 9).await, "sign_in");
}

/// Of the service, of an account, of each kind of code.
pub async fn failed_attempts_are_counted_apart(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("fail").await.unwrap();
    let count = |failed| Attempts { since: at(5), failed };
    let places = [
        (AttemptKind::Recovery, None),
        (AttemptKind::Recovery, Some(id(1))),
        (AttemptKind::Invitation, None),
        (AttemptKind::Invitation, Some(id(1))),
        (AttemptKind::Stop, None),
        (AttemptKind::Home, None),
    ];
    for (failed, (kind, account)) in (1..).zip(places) {
        assert_eq!(tx.attempts(kind, account).await.unwrap(), None);
        tx.set_attempts(kind, account, count(0)).await.unwrap();
        tx.set_attempts(kind, account, count(failed)).await.unwrap();
    }
    for (failed, (kind, account)) in (1..).zip(places) {
        assert_eq!(tx.attempts(kind, account).await.unwrap(), Some(count(failed)));
    }
}
