//! Companies and public bodies.

use broker_domain::legal::{LegalKind, Shows};

use super::samples::{assert_conflict, at, consent, furnish, id, notice, offer, point};
use crate::{IntentRow, LegalPersonRow, PermissionRow, SiteRow, Store};

/// Participant 1 as a commune.
pub(super) fn commune(who: u8) -> LegalPersonRow {
    LegalPersonRow {
        participant: id(who),
        kind: LegalKind::PublicBody,
        number_index: [who; 32],
        number_sealed: vec![who; 40],
        added_at: at(i64::from(who)),
    }
}

/// The place of the point of that number.
pub(super) fn school(number: u8) -> SiteRow {
    SiteRow {
        point: point(number),
        name_sealed: vec![number; 40],
        shows: Shows::Body,
    }
}

pub(super) const PERMITTED: PermissionRow = PermissionRow {
    grant: broker_domain::ids::GrantId::from_bytes([9; 16]),
    list: broker_domain::ids::Digest([8; 32]),
    points: 2,
};

/// A participant becomes one once, and no number is two.
pub async fn a_legal_person_is_found_by_its_number(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("enrol").await.unwrap();
    tx.add_legal_person(&commune(1)).await.unwrap();
    let mut twin = commune(2);
    twin.number_index = [1; 32];
    assert_conflict(tx.add_legal_person(&twin).await, "legal_person");
    tx.add_legal_person(&commune(2)).await.unwrap();
    assert_eq!(tx.legal_person_of_number([1; 32]).await.unwrap(), Some(id(1)));
    assert_eq!(tx.legal_person_of_number([7; 32]).await.unwrap(), None);
    assert!(tx.legal_person(id(1)).await.unwrap() == Some(commune(1)));
    assert!(tx.legal_persons(at(9), 9).await.unwrap() == [commune(2), commune(1)]);
    assert!(tx.legal_persons(at(2), 9).await.unwrap() == [commune(1)]);
}

/// A place is set aside once.
pub async fn a_place_is_set_aside_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("places").await.unwrap();
    tx.add_site(&school(1)).await.unwrap();
    assert_conflict(tx.add_site(&school(1)).await, "site");
    assert!(tx.sites_of(id(1)).await.unwrap() == [school(1)]);
    tx.set_site_aside(id(1)).await.unwrap();
    assert_conflict(tx.set_site_aside(id(1)).await, "site");
    let site = tx.site(id(1)).await.unwrap().unwrap();
    assert_eq!(site.shows, Shows::Person);
    assert!(tx.site(id(2)).await.unwrap().is_none());
}

/// A consent is a permission from its first event on, or never.
pub async fn a_permission_names_its_act_and_terms_their_points(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("permit").await.unwrap();
    tx.add_offer(&offer(1)).await.unwrap();
    tx.add_consent(&consent(10, 1)).await.unwrap();
    assert_eq!(tx.permission(id(10)).await.unwrap(), None);
    tx.add_permission(id(10), PERMITTED).await.unwrap();
    assert_conflict(tx.add_permission(id(10), PERMITTED).await, "permission");
    assert_eq!(tx.permission(id(10)).await.unwrap(), Some(PERMITTED));
    let waiting = IntentRow {
        nonce: [5; 32],
        participant: id(1),
        consent: id(9),
        offer: id(1),
        point: id(1),
        notice: notice(1).digest,
        asked_at: at(1),
        drafted_at: at(1),
        intent: b"{}".to_vec(),
        draft: b"list".to_vec(),
        expires_at: at(300),
        used_at: None,
    };
    tx.add_consent_intent(&waiting, at(0), 1).await.unwrap();
    let list = [(id(11), id(1)), (id(12), id(2))];
    tx.add_intent_list([5; 32], &list).await.unwrap();
    assert_eq!(tx.intent_list([5; 32]).await.unwrap(), list);
    assert_eq!(tx.intent_list([6; 32]).await.unwrap(), []);
    // The next question takes the place of this one, with its list.
    let next = IntentRow {
        nonce: [6; 32],
        ..waiting
    };
    tx.add_consent_intent(&next, at(0), 1).await.unwrap();
    assert_eq!(tx.intent_list([5; 32]).await.unwrap(), []);
}
