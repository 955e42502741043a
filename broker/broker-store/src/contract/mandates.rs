//! Who may act for whom.

use broker_domain::consent::EventKind;
use broker_domain::ids::SessionId;
use broker_domain::mandate::{Capacity, Ended, Held, Mandate, Power, Powers, Side};

use super::samples::{self, assert_conflict, at, consent, event, furnish, id, span};
use crate::{DelegatedRow, MandateRow, SealedNames, Serial, SessionRole, Store};

/// What participant 1 lets somebody do, with the code of that number.
fn mandate(number: u8) -> MandateRow {
    MandateRow {
        mandate: Mandate {
            id: id(number),
            person: id(1),
            capacity: Capacity::Delegate,
            powers: Powers::of(&[Power::View, Power::Grant]).unwrap(),
            span: span(100, 9_000),
            basis: None,
            given_at: at(i64::from(number)),
            open_until: at(500),
            held: None,
            ended: None,
            joint: None,
        },
        code_hash: Some([number; 32]),
        newcomer: None,
        names: name(1),
        delegate_name: None,
    }
}

fn name(number: u8) -> SealedNames {
    SealedNames {
        epoch: 1,
        sealed: vec![number; 40],
    }
}

fn by(who: u8) -> Held {
    Held {
        by: id(who),
        since: at(60),
    }
}

/// One side gives, the other accepts, once.
pub async fn a_mandate_is_accepted_once_and_its_code_is_gone(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("give").await.unwrap();
    tx.add_mandate(&mandate(7)).await.unwrap();
    let mut twin = mandate(8);
    twin.code_hash = Some([7; 32]);
    assert_conflict(tx.add_mandate(&twin).await, "mandate");
    let found = tx.mandate_of_code([7; 32]).await.unwrap();
    assert!(found == Some(mandate(7)));
    assert_conflict(tx.accept_mandate(id(7), by(1), &name(1)).await, "mandate");
    tx.accept_mandate(id(7), by(2), &name(2)).await.unwrap();
    assert_conflict(tx.accept_mandate(id(7), by(2), &name(2)).await, "mandate");
    assert!(tx.mandate_of_code([7; 32]).await.unwrap().is_none());
    let held = tx.mandate(id(7)).await.unwrap().unwrap();
    assert_eq!(held.mandate.held, Some(by(2)));
    assert!(held.code_hash.is_none() && held.delegate_name == Some(name(2)));
    assert!(tx.mandates_given(id(1), 9).await.unwrap() == [held.clone()]);
    assert!(tx.mandates_held(id(2), 9).await.unwrap() == [held]);
    assert!(tx.mandates_held(id(1), 9).await.unwrap().is_empty());
}

/// Either side, also before anybody holds it.
pub async fn a_mandate_ends_once(store: &dyn Store) {
    furnish(store).await;
    let ended = Ended {
        at: at(70),
        by: Side::Person,
    };
    let mut tx = store.begin("end").await.unwrap();
    tx.add_mandate(&mandate(7)).await.unwrap();
    tx.end_mandate(id(7), ended).await.unwrap();
    assert_conflict(tx.end_mandate(id(7), ended).await, "mandate");
    assert_conflict(tx.accept_mandate(id(7), by(2), &name(2)).await, "mandate");
    assert!(tx.mandate_of_code([7; 32]).await.unwrap().is_none());
    let found = tx.mandate(id(7)).await.unwrap().unwrap();
    assert_eq!(found.mandate.ended, Some(ended));
    assert_conflict(tx.end_mandate(id(9), ended).await, "mandate");
}

/// Whoever was enrolled with a code is the one who accepts.
pub async fn a_mandate_is_kept_for_whoever_was_enrolled_with_its_code(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("keep").await.unwrap();
    tx.add_mandate(&mandate(7)).await.unwrap();
    tx.keep_mandate_for(id(7), id(2)).await.unwrap();
    assert_conflict(tx.keep_mandate_for(id(7), id(3)).await, "mandate");
    assert_conflict(tx.accept_mandate(id(7), by(3), &name(3)).await, "mandate");
    tx.accept_mandate(id(7), by(2), &name(2)).await.unwrap();
}

/// One record a day, and what was done by whom.
pub async fn looks_and_acts_under_a_mandate_are_listed(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("act").await.unwrap();
    tx.add_mandate(&mandate(7)).await.unwrap();
    tx.accept_mandate(id(7), by(2), &name(2)).await.unwrap();
    let days = ["2026-11-21".parse().unwrap(), "2026-11-22".parse().unwrap()];
    tx.note_look(id(7), days[0], Serial(0)).await.unwrap();
    tx.note_look(id(7), days[1], Serial(1)).await.unwrap();
    assert_conflict(tx.note_look(id(7), days[1], Serial(2)).await, "mandate_look");
    assert_eq!(tx.mandate_looks(id(7), 9).await.unwrap(), [days[1], days[0]]);
    assert_eq!(tx.mandate_looks(id(7), 1).await.unwrap(), [days[1]]);

    tx.add_consent(&consent(10, 1)).await.unwrap();
    let given = event(0, EventKind::Given, 3);
    tx.add_consent_event(id(10), &given).await.unwrap();
    let row = DelegatedRow {
        seq: 0,
        mandate: id(7),
        delegate: id(2),
        capacity: Capacity::Delegate,
    };
    tx.add_delegated_event(id(10), row).await.unwrap();
    assert_conflict(tx.add_delegated_event(id(10), row).await, "delegated_event");
    assert_eq!(tx.delegated_events(id(10)).await.unwrap(), [row]);
    let acts = tx.acts_under(id(7), 9).await.unwrap();
    assert_eq!((acts.len(), acts[0].consent, acts[0].seq), (1, id(10), 0));
    assert_eq!(acts[0].record, given.event.record);
    assert_eq!(tx.acts_under(id(8), 9).await.unwrap(), []);
}

/// The choice goes with the session.
pub async fn a_session_acts_under_one_mandate_until_it_ends(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("choose").await.unwrap();
    let role = SessionRole::Participant(id(2));
    let session = samples::session(2, role, 900);
    tx.add_session(&session, at(1)).await.unwrap();
    tx.add_mandate(&mandate(7)).await.unwrap();
    tx.add_mandate(&mandate(8)).await.unwrap();
    assert!(tx.acting(session.id).await.unwrap().is_none());
    tx.set_acting(session.id, Some(id(7))).await.unwrap();
    tx.set_acting(session.id, Some(id(8))).await.unwrap();
    assert!(tx.acting(session.id).await.unwrap() == Some(mandate(8)));
    tx.set_acting(session.id, None).await.unwrap();
    assert!(tx.acting(session.id).await.unwrap().is_none());
    tx.set_acting(session.id, Some(id(7))).await.unwrap();
    tx.end_session(session.token_hash).await.unwrap();
    assert!(tx.acting(session.id).await.unwrap().is_none());
    let nobody: SessionId = id(99);
    assert_conflict(tx.set_acting(nobody, Some(id(7))).await, "session_acting");
}

/// With either side.
pub async fn a_mandate_goes_with_either_of_its_sides(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("give").await.unwrap();
    for number in [7, 8] {
        tx.add_mandate(&mandate(number)).await.unwrap();
    }
    tx.accept_mandate(id(7), by(2), &name(2)).await.unwrap();
    tx.note_look(id(7), "2026-11-21".parse().unwrap(), Serial(0))
        .await
        .unwrap();
    tx.erase_participant(id(2)).await.unwrap();
    assert!(tx.mandate(id(7)).await.unwrap().is_none());
    assert!(tx.mandate(id(8)).await.unwrap().is_some());
    tx.erase_participant(id(1)).await.unwrap();
    assert!(tx.mandate(id(8)).await.unwrap().is_none());
    tx.commit().await.unwrap();
}
