//! Facts about requests about rights, and about looks at one's own readings.

use broker_domain::rights::{Author, Right, RightsRequest, RightsState, WordKind};
use jiff::civil::date;

use super::samples::{assert_conflict, at, furnish, id};
use crate::{OwnScope, RightsRow, RightsWordsRow, Serial, Store};

/// A request of participant 1 or 2 that is due `number` days after the samples begin.
pub(super) fn rights_request(number: u8, who: u8) -> RightsRequest {
    RightsRequest {
        id: id(number),
        participant: id(who),
        right: Right::Rectification,
        words: "Mon adresse".into(),
        received_at: at(i64::from(number)),
        due_on: date(2026, 12, i8::try_from(number).unwrap()),
        extended_at: None,
        paused_at: None,
        paused_days: 0,
        state: RightsState::Received,
    }
}

fn words(place: u32, kind: WordKind) -> RightsWordsRow {
    RightsWordsRow {
        place,
        author: Author::Person,
        kind,
        at: at(i64::from(place)),
        epoch: 1,
        sealed: vec![7; 64],
        leaf: 3,
    }
}

/// In order, one a place; and words in clear are sealed once.
pub async fn words_of_a_request_come_back_in_order(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("ask").await.unwrap();
    tx.add_rights_request(&rights_request(3, 1), Serial(3))
        .await
        .unwrap();
    assert_eq!(tx.rights_in_clear(9).await.unwrap().len(), 1);
    let asked = words(0, WordKind::Asked);
    tx.seal_rights_words(id(3), std::slice::from_ref(&asked))
        .await
        .unwrap();
    assert!(tx.rights_in_clear(9).await.unwrap().is_empty());
    let row = tx.rights_request(id(3)).await.unwrap().unwrap();
    assert_eq!(row.request.words, "");
    let message = words(1, WordKind::Message);
    tx.add_rights_words(id(3), &message, Serial(3)).await.unwrap();
    assert_eq!(tx.rights_words(id(3)).await.unwrap(), [asked, message]);
    assert!(tx.rights_words(id(4)).await.unwrap().is_empty());
    let again = tx
        .add_rights_words(id(3), &words(1, WordKind::Message), Serial(3))
        .await;
    assert_conflict(again, "rights_words");
}

/// Of two officers at once one moves it.
pub async fn the_clock_of_a_request_moves_from_where_it_was(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("ask").await.unwrap();
    let before = rights_request(3, 1);
    tx.add_rights_request(&before, Serial(3)).await.unwrap();
    let paused = RightsRequest {
        paused_at: Some(at(20)),
        ..before.clone()
    };
    tx.set_rights_clock(&before, &paused).await.unwrap();
    assert_conflict(tx.set_rights_clock(&before, &paused).await, "rights_request");
    let after = RightsRequest {
        due_on: date(2027, 2, 3),
        extended_at: Some(at(30)),
        paused_at: None,
        paused_days: 4,
        ..before
    };
    tx.set_rights_clock(&paused, &after).await.unwrap();
    assert_eq!(tx.rights_request(id(3)).await.unwrap().unwrap().request, after);
    tx.advance_rights_request(id(3), &answered(60), Serial(6))
        .await
        .unwrap();
    assert_conflict(tx.set_rights_clock(&after, &after).await, "rights_request");
}

fn taken() -> RightsState {
    RightsState::InProgress {
        by: id(1),
        at: at(50),
    }
}

fn answered(seconds: i64) -> RightsState {
    RightsState::Answered {
        by: id(1),
        at: at(seconds),
        answer: "C’est fait.".into(),
    }
}

/// Each step with its own leaf.
pub async fn a_rights_request_comes_back_with_its_steps(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("ask").await.unwrap();
    tx.add_rights_request(&rights_request(3, 1), Serial(3))
        .await
        .unwrap();
    assert_conflict(
        tx.add_rights_request(&rights_request(3, 1), Serial(4)).await,
        "rights_request",
    );
    tx.advance_rights_request(id(3), &taken(), Serial(5))
        .await
        .unwrap();
    tx.advance_rights_request(id(3), &answered(60), Serial(6))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let expected = RightsRow {
        request: RightsRequest {
            state: answered(60),
            ..rights_request(3, 1)
        },
        received_leaf: 3,
        taken_leaf: Some(5),
        answered_leaf: Some(6),
    };
    let mut view = store.read().await.unwrap();
    assert_eq!(view.rights_request(id(3)).await.unwrap(), Some(expected));
    assert_eq!(view.rights_request(id(9)).await.unwrap(), None);
}

/// Two officers at once: the second must read again.
pub async fn a_rights_request_advances_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("ask").await.unwrap();
    tx.add_rights_request(&rights_request(3, 1), Serial(3))
        .await
        .unwrap();
    let back = RightsState::Received;
    assert_conflict(
        tx.advance_rights_request(id(3), &back, Serial(4)).await,
        "rights_request",
    );
    tx.advance_rights_request(id(3), &taken(), Serial(5))
        .await
        .unwrap();
    assert_conflict(
        tx.advance_rights_request(id(3), &taken(), Serial(6)).await,
        "rights_request",
    );
    tx.advance_rights_request(id(3), &answered(60), Serial(7))
        .await
        .unwrap();
    for state in [taken(), answered(70)] {
        assert_conflict(
            tx.advance_rights_request(id(3), &state, Serial(8)).await,
            "rights_request",
        );
    }
}

/// What is urgent first; answered ones by themselves, the newest answer first.
pub async fn requests_that_wait_come_by_due_date(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("ask").await.unwrap();
    for (number, who) in [(5, 1), (4, 2), (6, 1), (7, 2)] {
        tx.add_rights_request(&rights_request(number, who), Serial(u64::from(number)))
            .await
            .unwrap();
    }
    tx.advance_rights_request(id(5), &answered(60), Serial(8))
        .await
        .unwrap();
    tx.advance_rights_request(id(7), &answered(70), Serial(9))
        .await
        .unwrap();
    let numbers =
        |rows: Vec<RightsRow>| -> Vec<u8> { rows.iter().map(|row| row.request.id.as_bytes()[0]).collect() };
    assert_eq!(numbers(tx.rights_requests_open(9).await.unwrap()), [4, 6]);
    assert_eq!(numbers(tx.rights_requests_open(1).await.unwrap()), [4]);
    assert_eq!(numbers(tx.rights_requests_answered(9).await.unwrap()), [7, 5]);
    assert_eq!(numbers(tx.rights_requests_of(id(1), 9).await.unwrap()), [6, 5]);
}

/// By person, way and day.
pub async fn a_look_is_noted_once_a_day(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("look").await.unwrap();
    let (first, second) = (date(2026, 11, 21), date(2026, 11, 22));
    tx.note_own_access(id(1), OwnScope::Look, first, Serial(3))
        .await
        .unwrap();
    assert_conflict(
        tx.note_own_access(id(1), OwnScope::Look, first, Serial(4)).await,
        "own_access",
    );
    for (who, scope, day, noted) in [
        (1, OwnScope::Look, first, true),
        (1, OwnScope::Copy, first, false),
        (1, OwnScope::Look, second, false),
        (2, OwnScope::Look, first, false),
    ] {
        assert_eq!(
            tx.own_access_noted(id(who), scope, day).await.unwrap(),
            noted,
            "{who} {day}"
        );
    }
}
