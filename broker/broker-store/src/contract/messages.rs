//! Facts about messages to people.

use broker_domain::consent::EventKind;
use broker_domain::telling::MessageChannel;

use super::samples::{assert_conflict, at, consent, event, furnish, id};
use crate::{MailAddressRow, MessageCounts, MessageEnd, MessageKind, MessageRow, Store};

fn address(who: u8, byte: u8) -> MailAddressRow {
    MailAddressRow {
        participant: id(who),
        epoch: 1,
        sealed: vec![byte; 64],
        set_at: at(5),
    }
}

/// Message `number` to participant 1, due at `number` seconds.
pub fn message(number: u8) -> MessageRow {
    MessageRow {
        id: id(number),
        participant: id(1),
        channel: MessageChannel::Email,
        kind: MessageKind::NewDevice,
        consent: None,
        ends_at: None,
        epoch: 1,
        to_sealed: vec![number; 64],
        queued_at: at(5),
        due_at: at(number.into()),
        attempts: 0,
    }
}

/// The last one given counts.
pub async fn an_address_is_set_replaced_and_forgotten(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("set address").await.unwrap();
    assert_eq!(tx.mail_address(id(1)).await.unwrap(), None);
    for byte in [1, 2] {
        tx.set_mail_address(&address(1, byte)).await.unwrap();
        assert_eq!(tx.mail_address(id(1)).await.unwrap(), Some(address(1, byte)));
    }
    tx.forget_mail_address(id(1)).await.unwrap();
    tx.forget_mail_address(id(1)).await.unwrap();
    assert_eq!(tx.mail_address(id(1)).await.unwrap(), None);
    assert_conflict(tx.set_mail_address(&address(99, 1)).await, "mail_address");
}

/// The second time it stays as it was.
pub async fn an_occasion_is_queued_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("queue").await.unwrap();
    tx.add_message(&message(1)).await.unwrap();
    tx.begin_message(id(1), at(90)).await.unwrap();
    tx.add_message(&message(1)).await.unwrap();
    let found = tx.message(id(1)).await.unwrap().unwrap();
    assert_eq!((found.attempts, found.due_at), (1, at(90)));
    tx.unbegin_message(id(1), at(91)).await.unwrap();
    let found = tx.message(id(1)).await.unwrap().unwrap();
    assert_eq!((found.attempts, found.due_at), (0, at(91)));
    assert_conflict(tx.unbegin_message(id(1), at(92)).await, "message");
    assert_eq!(tx.message(id(2)).await.unwrap(), None);
}

/// In order, not before its time, and no more once it ended.
pub async fn a_message_is_due_until_it_ended(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("queue").await.unwrap();
    for number in [30, 10, 20] {
        tx.add_message(&message(number)).await.unwrap();
    }
    tx.set_mail_address(&address(1, 1)).await.unwrap();
    let due = tx.messages_due(MessageChannel::Email, at(20), 9).await.unwrap();
    assert_eq!(due, [message(10), message(20)]);
    assert_eq!(
        tx.messages_due(MessageChannel::Email, at(99), 1).await.unwrap(),
        [message(10)]
    );
    tx.begin_message(id(10), at(60)).await.unwrap();
    assert_eq!(
        tx.messages_due(MessageChannel::Email, at(59), 1).await.unwrap(),
        [message(20)]
    );
    tx.end_message(id(20), MessageEnd::Sent, at(21)).await.unwrap();
    tx.end_message(id(30), MessageEnd::Failed, at(31)).await.unwrap();
    assert!(
        tx.messages_due(MessageChannel::Email, at(59), 9)
            .await
            .unwrap()
            .is_empty()
    );
    let again = tx.end_message(id(20), MessageEnd::Failed, at(22)).await;
    assert_conflict(again, "message");
    assert_conflict(tx.begin_message(id(20), at(9)).await, "message");
    assert_conflict(tx.unbegin_message(id(20), at(9)).await, "message");
    assert!(tx.message(id(20)).await.unwrap().unwrap().to_sealed.is_empty());
    let counts = MessageCounts {
        waiting: 0,
        retrying: 1,
        failed: 1,
        sent: 1,
    };
    assert_eq!(tx.message_counts().await.unwrap(), counts);
    assert_eq!(tx.failed_messages_to(id(1)).await.unwrap(), 1);
    assert_eq!(tx.failed_messages_to(id(2)).await.unwrap(), 0);
}

/// By its end, once a kind and end, to people with an address only.
pub async fn an_end_is_told_once_and_not_after_it_was_withdrawn(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("queue").await.unwrap();
    tx.set_mail_address(&address(1, 1)).await.unwrap();
    for (number, who) in [(10, 1), (11, 1), (12, 2)] {
        tx.add_consent(&consent(number, who)).await.unwrap();
    }
    tx.add_consent_event(id(10), &event(0, EventKind::Given, 0))
        .await
        .unwrap();
    tx.add_consent_event(id(11), &event(0, EventKind::Given, 1))
        .await
        .unwrap();
    let end = consent(10, 1).data.end();
    let kind = MessageKind::EndsInSeven;
    let before = end.plus_seconds(-1);
    let both = tx.ends_untold(kind, before, end, 9).await.unwrap();
    assert_eq!(both, [id(10), id(11)]);
    assert!(
        tx.ends_untold(kind, end, end.plus_seconds(9), 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(tx.ends_untold(kind, before, before, 9).await.unwrap().is_empty());
    tx.add_consent_event(id(11), &event(1, EventKind::Withdrawn, 2))
        .await
        .unwrap();
    assert_eq!(tx.ends_untold(kind, before, end, 9).await.unwrap(), [id(10)]);
    let told = MessageRow {
        kind,
        consent: Some(id(10)),
        ends_at: Some(end),
        ..message(1)
    };
    tx.add_message(&told).await.unwrap();
    tx.end_message(id(1), MessageEnd::Sent, at(9)).await.unwrap();
    assert!(tx.ends_untold(kind, before, end, 9).await.unwrap().is_empty());
    let other = tx
        .ends_untold(MessageKind::EndsTomorrow, before, end, 9)
        .await
        .unwrap();
    assert_eq!(other, [id(10)]);
}

/// Those that wait stay.
pub async fn messages_that_ended_are_dropped_later(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("queue").await.unwrap();
    for number in [1, 2, 3] {
        tx.add_message(&message(number)).await.unwrap();
    }
    tx.end_message(id(1), MessageEnd::Sent, at(10)).await.unwrap();
    tx.end_message(id(2), MessageEnd::Overtaken, at(20))
        .await
        .unwrap();
    tx.drop_messages(at(20)).await.unwrap();
    let mut left = Vec::new();
    for number in [1, 2, 3] {
        left.push(tx.message(id(number)).await.unwrap().is_some());
    }
    assert_eq!(left, [false, true, true]);
}
