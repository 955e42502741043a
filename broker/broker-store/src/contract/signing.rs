//! Facts about what was shown, what waits for a signature, and how events came about.

use broker_domain::consent::{EvidenceLevel, How};
use broker_domain::ids::Digest;

use super::samples::{assert_conflict, at, consent, furnish, id, offer};
use crate::{ActRow, IntentRow, Store, Tx};

const LONG_AGO: i64 = -1_000_000;

fn intent(number: u8, who: u8, expires_s: i64) -> IntentRow {
    IntentRow {
        nonce: [number; 32],
        participant: id(who),
        consent: id(number),
        offer: id(1),
        point: id(who),
        notice: Digest([1; 32]),
        asked_at: at(0),
        drafted_at: at(1),
        intent: b"{}".to_vec(),
        draft: vec![number],
        expires_at: at(expires_s),
        used_at: None,
    }
}

async fn begin(store: &dyn Store) -> Box<dyn Tx + '_> {
    furnish(store).await;
    let mut tx = store.begin("sign").await.unwrap();
    tx.add_offer(&offer(1)).await.unwrap();
    tx
}

/// And a clock's act has no level.
pub async fn an_act_says_how_once(store: &dyn Store) {
    let mut tx = begin(store).await;
    tx.add_consent(&consent(1, 1)).await.unwrap();
    let given = ActRow {
        seq: 0,
        how: How::on_a_page(EvidenceLevel::L2),
    };
    let ended = ActRow {
        seq: 1,
        how: How::BY_CLOCK,
    };
    tx.add_consent_act(id(1), ended).await.unwrap();
    tx.add_consent_act(id(1), given).await.unwrap();
    assert_conflict(tx.add_consent_act(id(1), given).await, "consent_act");
    assert_eq!(tx.consent_acts(id(1)).await.unwrap(), [given, ended]);
    assert_eq!(tx.consent_acts(id(2)).await.unwrap(), []);
    assert_eq!(tx.consent_asked_at(id(1)).await.unwrap(), None);
    tx.add_consent_request(id(1), at(7)).await.unwrap();
    assert_conflict(tx.add_consent_request(id(1), at(8)).await, "consent_request");
    assert_eq!(tx.consent_asked_at(id(1)).await.unwrap(), Some(at(7)));
}

/// The first time is what counts as the request; the last one moves with each visit.
pub async fn a_notice_was_served_first_and_last(store: &dyn Store) {
    let mut tx = begin(store).await;
    let notice = Digest([1; 32]);
    assert_eq!(tx.notice_served(id(1), id(1), notice).await.unwrap(), None);
    for seconds in [100, 130, 400] {
        tx.serve_notice(id(1), id(1), notice, at(seconds)).await.unwrap();
    }
    let served = tx.notice_served(id(1), id(1), notice).await.unwrap().unwrap();
    assert_eq!((served.first_at, served.last_at), (at(100), at(400)));
    assert_eq!(tx.notice_served(id(2), id(1), notice).await.unwrap(), None);
}

/// A second answer is a conflict, whatever came between.
pub async fn terms_wait_for_one_signature(store: &dyn Store) {
    let mut tx = begin(store).await;
    let row = intent(1, 1, 300);
    tx.add_consent_intent(&row, at(LONG_AGO), 5).await.unwrap();
    assert_eq!(tx.consent_intent([1; 32]).await.unwrap(), Some(row.clone()));
    tx.use_consent_intent([1; 32], at(9)).await.unwrap();
    let used = IntentRow {
        used_at: Some(at(9)),
        ..row
    };
    assert_eq!(tx.consent_intent([1; 32]).await.unwrap(), Some(used));
    assert_conflict(tx.use_consent_intent([1; 32], at(10)).await, "consent_intent");
    assert_conflict(tx.use_consent_intent([9; 32], at(10)).await, "consent_intent");
}

/// Nobody fills the table by asking again and again.
pub async fn terms_that_ran_out_or_are_too_many_are_forgotten(store: &dyn Store) {
    let mut tx = begin(store).await;
    for number in 1..=4 {
        let row = intent(number, 1, 300 + i64::from(number));
        tx.add_consent_intent(&row, at(LONG_AGO), 3).await.unwrap();
    }
    tx.add_consent_intent(&intent(9, 2, 900), at(303), 3)
        .await
        .unwrap();
    let mut left = Vec::new();
    for number in [1, 2, 3, 4, 9] {
        left.push(tx.consent_intent([number; 32]).await.unwrap().is_some());
    }
    assert_eq!(left, [false, false, true, true, true]);
}

/// Invariant I3.
pub async fn erasing_a_person_takes_what_she_was_shown_along(store: &dyn Store) {
    let mut tx = begin(store).await;
    let notice = Digest([1; 32]);
    let act = ActRow {
        seq: 0,
        how: How::BY_CLOCK,
    };
    for who in [1, 2] {
        tx.add_consent(&consent(who, who)).await.unwrap();
        tx.add_consent_act(id(who), act).await.unwrap();
        tx.add_consent_request(id(who), at(7)).await.unwrap();
        tx.serve_notice(id(who), id(1), notice, at(1)).await.unwrap();
        let row = intent(who, who, 300);
        tx.add_consent_intent(&row, at(LONG_AGO), 5).await.unwrap();
    }
    tx.erase_participant(id(1)).await.unwrap();
    for (who, stays) in [(1, false), (2, true)] {
        assert_eq!(tx.consent_acts(id(who)).await.unwrap().is_empty(), !stays);
        assert_eq!(tx.consent_asked_at(id(who)).await.unwrap().is_some(), stays);
        let served = tx.notice_served(id(who), id(1), notice).await.unwrap();
        assert_eq!(served.is_some(), stays);
        assert_eq!(tx.consent_intent([who; 32]).await.unwrap().is_some(), stays);
    }
}
