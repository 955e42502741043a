//! Facts about accounts and the ways that lead to them.

use super::samples::{STAFF, account, assert_conflict, at, furnish, id, identity, passkey};
use crate::{AccountRow, SessionRole, Store};

/// In the order in which pages offer them.
pub async fn an_account_comes_back_with_its_roles(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("account").await.unwrap();
    let roles = [SessionRole::Researcher(id(1)), SessionRole::Officer(id(1))];
    assert_eq!(tx.roles_of(id(STAFF)).await.unwrap(), roles);
    for role in roles {
        assert_eq!(tx.account_of(role).await.unwrap(), Some(account(STAFF)));
    }
    let participant = SessionRole::Participant(id(2));
    assert_eq!(tx.account_of(participant).await.unwrap(), Some(account(2)));
    assert_eq!(tx.account(id(9)).await.unwrap(), None);
    assert_eq!(tx.account_of(SessionRole::Officer(id(9))).await.unwrap(), None);
    tx.set_frozen(id(2), Some(at(9))).await.unwrap();
    let frozen = AccountRow {
        frozen_at: Some(at(9)),
        ..account(2)
    };
    assert_eq!(tx.account(id(2)).await.unwrap(), Some(frozen));
    tx.set_frozen(id(2), None).await.unwrap();
    assert_eq!(tx.account(id(2)).await.unwrap(), Some(account(2)));
    assert_conflict(tx.set_frozen(id(9), None).await, "account");
}

/// Otherwise two people could act as one.
pub async fn a_role_belongs_to_one_account(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("account").await.unwrap();
    tx.add_account(&account(9)).await.unwrap();
    assert_conflict(tx.add_account(&account(9)).await, "account");
    for role in [
        SessionRole::Participant(id(1)),
        SessionRole::Researcher(id(1)),
        SessionRole::Officer(id(1)),
    ] {
        assert_conflict(tx.add_role(id(9), role).await, "account_role");
    }
    // Of nobody, and for nobody.
    let nobody = SessionRole::Participant(id(9));
    assert_conflict(tx.add_role(id(9), nobody).await, "account_role");
    assert_conflict(tx.add_role(id(8), nobody).await, "account_role");
}

/// A credential says which account comes.
pub async fn a_passkey_comes_back_and_is_registered_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("passkey").await.unwrap();
    tx.add_passkey(&passkey(2, 1)).await.unwrap();
    tx.add_passkey(&passkey(1, 1)).await.unwrap();
    tx.add_passkey(&passkey(3, 2)).await.unwrap();
    assert!(tx.passkeys_of(id(1)).await.unwrap() == [passkey(1, 1), passkey(2, 1)]);
    let mut twin = passkey(4, 2);
    twin.passkey.credential = passkey(1, 1).passkey.credential;
    assert_conflict(tx.add_passkey(&twin).await, "passkey");
    assert_conflict(tx.add_passkey(&passkey(5, 9)).await, "passkey");
    tx.use_passkey(id(1), None, at(50)).await.unwrap();
    tx.use_passkey(id(1), Some(b"newer"), at(60)).await.unwrap();
    let used = tx.passkeys_of(id(1)).await.unwrap().swap_remove(0);
    assert_eq!(used.passkey.state, b"newer");
    assert_eq!(used.last_used_at, Some(at(60)));
    assert_eq!(used.passkey.public_key, passkey(1, 1).passkey.public_key);
}

/// What it signed before must stay verifiable, so its key stays.
pub async fn a_revoked_passkey_stays_and_is_used_no_more(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("passkey").await.unwrap();
    tx.add_passkey(&passkey(1, 1)).await.unwrap();
    tx.revoke_passkey(id(1), id(1), at(70)).await.unwrap();
    let rows = tx.passkeys_of(id(1)).await.unwrap();
    assert_eq!(rows[0].revoked_at, Some(at(70)));
    assert!(rows[0].passkey == passkey(1, 1).passkey);
    assert_conflict(tx.revoke_passkey(id(1), id(1), at(71)).await, "passkey");
    assert_conflict(tx.use_passkey(id(1), None, at(71)).await, "passkey");
    assert_conflict(tx.name_passkey(id(1), id(1), "x").await, "passkey");
    assert_conflict(tx.add_passkey(&passkey(1, 2)).await, "passkey");
}

/// An identifier alone is no right.
pub async fn only_its_owner_changes_a_passkey(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("passkey").await.unwrap();
    tx.add_passkey(&passkey(1, 1)).await.unwrap();
    tx.add_identity(&identity(2, 1)).await.unwrap();
    assert_conflict(tx.name_passkey(id(2), id(1), "x").await, "passkey");
    assert_conflict(tx.revoke_passkey(id(2), id(1), at(1)).await, "passkey");
    assert_conflict(tx.remove_identity(id(2), id(2)).await, "provider_identity");
    tx.name_passkey(id(1), id(1), "Kitchen").await.unwrap();
    assert_eq!(tx.passkeys_of(id(1)).await.unwrap()[0].name, "Kitchen");
}

/// One person at a provider is one account here.
pub async fn an_identity_comes_back_and_is_linked_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("identity").await.unwrap();
    tx.add_identity(&identity(1, 1)).await.unwrap();
    let mut elsewhere = identity(2, 2);
    elsewhere.subject = [1; 32];
    assert_conflict(tx.add_identity(&elsewhere).await, "provider_identity");
    // The same subject at another provider is somebody else.
    elsewhere.issuer = "https://other.example".into();
    tx.add_identity(&elsewhere).await.unwrap();
    let found = tx.identity("https://provider.example", [1; 32]).await.unwrap();
    assert!(found == Some(identity(1, 1)));
    assert!(
        tx.identity("https://provider.example", [7; 32])
            .await
            .unwrap()
            .is_none()
    );
    tx.use_identity(id(1), at(9)).await.unwrap();
    assert_eq!(
        tx.identities_of(id(1)).await.unwrap()[0].last_used_at,
        Some(at(9))
    );
    tx.remove_identity(id(1), id(1)).await.unwrap();
    assert!(tx.identities_of(id(1)).await.unwrap().is_empty());
    assert_conflict(tx.use_identity(id(1), at(9)).await, "provider_identity");
}

/// Whoever took the account over may have added one of them.
pub async fn frozen_ways_are_opened_one_by_one(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("freeze").await.unwrap();
    for row in [passkey(1, 1), passkey(2, 1), passkey(3, 2)] {
        tx.add_passkey(&row).await.unwrap();
    }
    tx.add_identity(&identity(4, 1)).await.unwrap();
    tx.freeze_ways(id(1), Some(id(2)), at(9)).await.unwrap();
    let frozen = |rows: Vec<crate::PasskeyRow>| rows.iter().map(|row| row.frozen_at).collect::<Vec<_>>();
    assert_eq!(frozen(tx.passkeys_of(id(1)).await.unwrap()), [Some(at(9)), None]);
    assert_eq!(frozen(tx.passkeys_of(id(2)).await.unwrap()), [None]);
    assert_eq!(tx.identities_of(id(1)).await.unwrap()[0].frozen_at, Some(at(9)));
    tx.freeze_ways(id(1), None, at(20)).await.unwrap();
    assert_eq!(
        frozen(tx.passkeys_of(id(1)).await.unwrap()),
        [Some(at(9)), Some(at(20))]
    );
    assert_conflict(tx.use_passkey(id(1), None, at(21)).await, "passkey");
    assert_conflict(tx.use_identity(id(4), at(21)).await, "provider_identity");
    tx.thaw_way(id(1), id(4)).await.unwrap();
    assert_eq!(tx.identities_of(id(1)).await.unwrap()[0].frozen_at, None);
    assert_conflict(tx.thaw_way(id(1), id(4)).await, "passkey");
    assert_conflict(tx.thaw_way(id(2), id(1)).await, "passkey");
    tx.thaw_way(id(1), id(1)).await.unwrap();
    assert_eq!(frozen(tx.passkeys_of(id(1)).await.unwrap()), [None, Some(at(20))]);
}

/// And new ones end the old ones.
pub async fn a_recovery_code_is_used_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("codes").await.unwrap();
    tx.replace_recovery_codes(id(1), &[[1; 32], [2; 32]])
        .await
        .unwrap();
    assert_eq!(tx.recovery_codes_left(id(1)).await.unwrap(), 2);
    tx.use_recovery_code([1; 32], at(5)).await.unwrap();
    assert_eq!(tx.recovery_codes_left(id(1)).await.unwrap(), 1);
    let used = tx.recovery_code([1; 32]).await.unwrap().unwrap();
    assert_eq!((used.account, used.used_at), (id(1), Some(at(5))));
    assert_conflict(tx.use_recovery_code([1; 32], at(6)).await, "recovery_code");
    assert_conflict(tx.use_recovery_code([9; 32], at(6)).await, "recovery_code");
    tx.replace_recovery_codes(id(1), &[[3; 32]]).await.unwrap();
    assert!(tx.recovery_code([2; 32]).await.unwrap().is_none());
    assert_eq!(tx.recovery_codes_left(id(1)).await.unwrap(), 1);
    assert_eq!(tx.recovery_codes_left(id(2)).await.unwrap(), 0);
}
