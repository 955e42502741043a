//! Facts about the life of consents, and about reminders.

use broker_domain::consent::{Consent, EventKind, Terms};
use broker_domain::ids::{ConsentId, Digest};
use broker_domain::time::Step;

use super::samples::{assert_conflict, at, consent, event, furnish, id, offer, span};
use crate::{RecordedEvent, Store};

fn ending_after(seconds: i64) -> Terms {
    Terms {
        step: Step::DAY,
        data: span(0, seconds),
        digest: Digest([3; 32]),
        notice: Digest([1; 32]),
    }
}

async fn added(store: &dyn Store, number: u8, events: &[RecordedEvent]) {
    let mut tx = store.begin("live").await.unwrap();
    tx.add_consent(&consent(number, 1)).await.unwrap();
    for event in events {
        tx.add_consent_event(id(number), event).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// With the terms, the end of the pause, and the consent that took its place.
pub async fn every_kind_of_event_comes_back(store: &dyn Store) {
    furnish(store).await;
    let kinds = [
        EventKind::Requested,
        EventKind::Deferred,
        EventKind::Given,
        EventKind::Narrowed(ending_after(7_200)),
        EventKind::Renewed(ending_after(9_000)),
        EventKind::Paused { until: at(4_000) },
        EventKind::Resumed,
        EventKind::Superseded { by: id(9) },
        EventKind::Withdrawn,
        EventKind::Revoked,
        EventKind::Expired,
        EventKind::Invalidated,
        EventKind::Suspended,
        EventKind::Refused,
    ];
    let events: Vec<_> = (0_u8..)
        .zip(kinds)
        .map(|(seq, kind)| event(u32::from(seq), kind, u64::from(seq)))
        .collect();
    added(store, 1, &events).await;
    let mut view = store.read().await.unwrap();
    assert_eq!(view.recorded_events(id(1)).await.unwrap(), events);
    let whole = Consent {
        events: events.iter().map(|event| event.event).collect(),
        ..consent(1, 1)
    };
    assert_eq!(view.consent(id(1)).await.unwrap(), Some(whole));
}

/// Only of what was given and has no end yet.
pub async fn an_end_is_listed_until_it_is_announced(store: &dyn Store) {
    furnish(store).await;
    let given = event(0, EventKind::Given, 3);
    added(store, 1, &[given]).await;
    added(store, 2, &[given, event(1, EventKind::Withdrawn, 4)]).await;
    added(store, 3, &[event(0, EventKind::Refused, 3)]).await;
    added(store, 4, &[given]).await;
    let due = async |now: i64, after: Option<ConsentId>, limit: u32| {
        let mut view = store.read().await.unwrap();
        let due = view.unannounced_ends(at(now), after, limit).await.unwrap();
        due.iter().map(|consent| consent.id).collect::<Vec<_>>()
    };
    assert_eq!(due(86_399, None, 9).await, []);
    assert_eq!(due(86_400, None, 9).await, [id(1), id(4)]);
    assert_eq!(due(86_400, None, 1).await, [id(1)]);
    assert_eq!(due(86_400, Some(id(1)), 9).await, [id(4)]);
    let mut tx = store.begin("announce").await.unwrap();
    let announced = event(1, EventKind::Expired, 4);
    tx.add_consent_event(id(1), &announced).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(due(86_400, None, 9).await, [id(4)]);
}

/// A shorter end counts, and the later one of a renewal after it.
pub async fn the_end_that_holds_last_counts(store: &dyn Store) {
    furnish(store).await;
    let given = event(0, EventKind::Given, 3);
    let narrowed = event(1, EventKind::Narrowed(ending_after(3_600)), 4);
    let renewed = event(2, EventKind::Renewed(ending_after(200_000)), 5);
    added(store, 1, &[given, narrowed]).await;
    added(store, 2, &[given, narrowed, renewed]).await;
    let mut view = store.read().await.unwrap();
    let early = view.unannounced_ends(at(3_600), None, 9).await.unwrap();
    assert_eq!(
        early.iter().map(|consent| consent.id).collect::<Vec<_>>(),
        [id(1)]
    );
    let late = view.unannounced_ends(at(200_000), None, 9).await.unwrap();
    assert_eq!(late.len(), 2);
}

/// Choosing another day replaces the first; nothing is left once it is forgotten, or the person erased.
pub async fn a_reminder_is_kept_once_and_forgotten(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("remind").await.unwrap();
    for number in [1, 2] {
        tx.add_offer(&offer(number)).await.unwrap();
    }
    tx.set_reminder(id(1), id(2), at(5)).await.unwrap();
    tx.set_reminder(id(1), id(2), at(7)).await.unwrap();
    tx.set_reminder(id(1), id(1), at(6)).await.unwrap();
    assert_conflict(tx.set_reminder(id(77), id(1), at(6)).await, "reminder");
    assert_eq!(
        tx.reminders_of(id(1)).await.unwrap(),
        [(id(1), at(6)), (id(2), at(7))]
    );
    tx.forget_reminder(id(1), id(2)).await.unwrap();
    tx.forget_reminder(id(1), id(2)).await.unwrap();
    assert_eq!(tx.reminders_of(id(1)).await.unwrap(), [(id(1), at(6))]);
    tx.erase_participant(id(1)).await.unwrap();
    assert_eq!(tx.reminders_of(id(1)).await.unwrap(), []);
}
