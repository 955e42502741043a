//! Facts about notices, offers and consents.

use broker_domain::consent::{Consent, EventKind};
use broker_domain::ids::{Digest, Purpose};

use super::samples::{assert_conflict, consent, event, furnish, id, notice, offer, organisation, purpose};
use crate::{Notice, Store};

/// A notice is its text: adding it again is no conflict.
pub async fn the_same_notice_twice_is_one(store: &dyn Store) {
    let mut tx = store.begin("notice").await.unwrap();
    tx.add_notice(&notice(1)).await.unwrap();
    let later = Notice {
        title: "Another title".into(),
        ..notice(1)
    };
    tx.add_notice(&later).await.unwrap();
    assert_eq!(tx.notice(Digest([1; 32])).await.unwrap(), Some(notice(1)));
    assert_eq!(tx.notice(Digest([2; 32])).await.unwrap(), None);
}

/// And each comes back by its identifier.
pub async fn offers_come_in_order_of_identifier(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("offer").await.unwrap();
    for number in [3, 1, 2] {
        tx.add_offer(&offer(number)).await.unwrap();
    }
    assert_eq!(tx.offers().await.unwrap(), [offer(1), offer(2), offer(3)]);
    assert_eq!(tx.offer(id(2)).await.unwrap(), Some(offer(2)));
    assert_eq!(tx.offer(id(9)).await.unwrap(), None);
    assert_conflict(tx.add_offer(&offer(1)).await, "offer");
}

/// Events are added apart; what `add_consent` is given of them is ignored.
pub async fn a_consent_comes_back_with_its_events_in_order(store: &dyn Store) {
    furnish(store).await;
    let (given, withdrawn) = (event(0, EventKind::Given, 3), event(1, EventKind::Withdrawn, 4));
    let with_events = Consent {
        events: vec![given.event, withdrawn.event],
        ..consent(1, 1)
    };
    let mut tx = store.begin("grant").await.unwrap();
    tx.add_consent(&with_events).await.unwrap();
    assert_eq!(tx.consent(id(1)).await.unwrap(), Some(consent(1, 1)));
    tx.add_consent_event(id(1), &given).await.unwrap();
    tx.add_consent_event(id(1), &withdrawn).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.consent(id(1)).await.unwrap(), Some(with_events));
    assert_eq!(view.recorded_events(id(1)).await.unwrap(), [given, withdrawn]);
    assert_eq!(view.consent(id(9)).await.unwrap(), None);
    assert_eq!(view.recorded_events(id(9)).await.unwrap(), []);
}

/// Two withdrawals at once: one of them must read again.
pub async fn an_event_number_that_is_taken_or_leaves_a_gap_is_a_conflict(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("grant").await.unwrap();
    tx.add_consent(&consent(1, 1)).await.unwrap();
    assert_conflict(tx.add_consent(&consent(1, 1)).await, "consent");
    assert_conflict(
        tx.add_consent_event(id(1), &event(1, EventKind::Given, 3)).await,
        "consent_event",
    );
    tx.add_consent_event(id(1), &event(0, EventKind::Given, 3))
        .await
        .unwrap();
    assert_conflict(
        tx.add_consent_event(id(1), &event(0, EventKind::Refused, 4))
            .await,
        "consent_event",
    );
    assert_conflict(
        tx.add_consent_event(id(1), &event(2, EventKind::Withdrawn, 4))
            .await,
        "consent_event",
    );
    assert_conflict(
        tx.add_consent_event(id(9), &event(0, EventKind::Given, 4)).await,
        "consent_event",
    );
    tx.add_consent_event(id(1), &event(1, EventKind::Withdrawn, 4))
        .await
        .unwrap();
}

/// Each list has each consent once, with its own events, in order of identifier.
pub async fn consents_are_found_by_person_and_by_recipient(store: &dyn Store) {
    furnish(store).await;
    let other = Purpose::parse("advice").unwrap();
    let (given, refused) = (event(0, EventKind::Given, 3), event(0, EventKind::Refused, 4));
    let one = consent(1, 1);
    let two = consent(2, 2);
    let three = Consent {
        recipient: id(2),
        ..consent(3, 1)
    };
    let four = Consent {
        purpose: other.clone(),
        ..consent(4, 1)
    };
    let mut tx = store.begin("grant").await.unwrap();
    tx.add_organisation(&organisation(2)).await.unwrap();
    for row in [&four, &three, &two, &one] {
        tx.add_consent(row).await.unwrap();
    }
    tx.add_consent_event(id(2), &refused).await.unwrap();
    tx.add_consent_event(id(1), &given).await.unwrap();
    let one = Consent {
        events: vec![given.event],
        ..one
    };
    let two = Consent {
        events: vec![refused.event],
        ..two
    };
    assert_eq!(
        tx.consents_of(id(1)).await.unwrap(),
        [one.clone(), three.clone(), four.clone()]
    );
    assert_eq!(tx.consents_of(id(9)).await.unwrap(), []);
    assert_eq!(tx.consents_to(id(1), &purpose()).await.unwrap(), [one, two]);
    assert_eq!(tx.consents_to(id(2), &purpose()).await.unwrap(), [three]);
    assert_eq!(tx.consents_to(id(1), &other).await.unwrap(), [four]);
    assert_eq!(tx.consents_to(id(2), &other).await.unwrap(), []);
}

/// Whatever the store keeps in memory: what one call after another says is what a view would show, through every change.
pub async fn a_consent_now_is_what_a_view_shows(store: &dyn Store) {
    furnish(store).await;
    let same = async || {
        let now = store.consent_now(id(1)).await.unwrap();
        let shown = store.read().await.unwrap().consent(id(1)).await.unwrap();
        assert_eq!(now.as_deref(), shown.as_ref());
        now.map(|consent| consent.events.len())
    };
    assert_eq!(same().await, None);
    let mut tx = store.begin("grant").await.unwrap();
    tx.add_consent(&consent(1, 1)).await.unwrap();
    tx.add_consent_event(id(1), &event(0, EventKind::Given, 3))
        .await
        .unwrap();
    assert_eq!(same().await, None);
    tx.commit().await.unwrap();
    assert_eq!((same().await, same().await), (Some(1), Some(1)));

    let withdrawn = event(1, EventKind::Withdrawn, 4);
    let mut undone = store.begin("withdraw").await.unwrap();
    undone.add_consent_event(id(1), &withdrawn).await.unwrap();
    drop(undone);
    assert_eq!(same().await, Some(1));
    let mut tx = store.begin("withdraw").await.unwrap();
    tx.add_consent_event(id(1), &withdrawn).await.unwrap();
    assert_eq!(same().await, Some(1));
    tx.commit().await.unwrap();
    assert_eq!((same().await, same().await), (Some(2), Some(2)));

    let mut tx = store.begin("erase").await.unwrap();
    tx.erase_participant(id(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((same().await, same().await), (None, None));
}
