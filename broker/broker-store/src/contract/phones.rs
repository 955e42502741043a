//! Facts about telephone numbers, and about the channels that people chose.

use broker_domain::consent::EventKind;
use broker_domain::telling::{Channels, MessageChannel};

use super::messages::message;
use super::samples::{assert_conflict, at, consent, event, furnish, id};
use crate::{MessageCounts, MessageEnd, MessageKind, MessageRow, PhonePendingRow, PhoneRow, Store};

/// The number of participant `who`.
pub fn phone(who: u8, byte: u8) -> PhoneRow {
    PhoneRow {
        participant: id(who),
        epoch: 1,
        sealed: vec![byte; 64],
        set_at: at(5),
    }
}

/// One that waits, with its code in message 1.
pub fn phone_pending(who: u8) -> PhonePendingRow {
    PhonePendingRow {
        participant: id(who),
        epoch: 1,
        sealed: vec![who; 64],
        message: id(1),
        code_sealed: vec![9; 64],
        code_hash: [who; 32],
        expires_at: at(90),
        attempts_left: 5,
    }
}

/// The last one given counts, and its code is gone once it was sent.
pub async fn a_number_is_set_replaced_and_forgotten(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("set number").await.unwrap();
    assert_eq!(tx.phone(id(1)).await.unwrap(), None);
    for byte in [1, 2] {
        tx.set_phone(&phone(1, byte)).await.unwrap();
        assert_eq!(tx.phone(id(1)).await.unwrap(), Some(phone(1, byte)));
    }
    for _ in 0..2 {
        tx.forget_phone(id(1)).await.unwrap();
        assert_eq!(tx.phone(id(1)).await.unwrap(), None);
    }
    let newer = PhonePendingRow {
        message: id(7),
        ..phone_pending(1)
    };
    for row in [phone_pending(1), newer.clone()] {
        tx.set_phone_pending(&row).await.unwrap();
        assert_eq!(tx.phone_pending(id(1)).await.unwrap(), Some(row));
    }
    tx.forget_phone_code(id(1)).await.unwrap();
    assert_eq!(tx.phone_pending(id(1)).await.unwrap(), Some(newer));
    tx.forget_phone_code(id(7)).await.unwrap();
    let spent = tx.phone_pending(id(1)).await.unwrap().unwrap();
    assert!(spent.code_sealed.is_empty());
    tx.forget_phone_pending(id(1)).await.unwrap();
    assert_eq!(tx.phone_pending(id(1)).await.unwrap(), None);
    assert_conflict(tx.set_phone(&phone(99, 1)).await, "phone_number");
    assert_conflict(tx.set_phone_pending(&phone_pending(99)).await, "phone_pending");
}

/// By e-mail until something else was chosen, and again once that is forgotten.
pub async fn channels_are_email_until_others_are_chosen(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("choose").await.unwrap();
    assert_eq!(tx.channels(id(1)).await.unwrap(), Channels::default());
    for chosen in [
        Channels::new([MessageChannel::Sms, MessageChannel::Post]).unwrap(),
        Channels::new(MessageChannel::ALL).unwrap(),
        Channels::new([MessageChannel::Post]).unwrap(),
    ] {
        tx.set_channels(id(1), &chosen).await.unwrap();
        assert_eq!(tx.channels(id(1)).await.unwrap(), chosen);
    }
    assert_eq!(tx.channels(id(2)).await.unwrap(), Channels::default());
    tx.forget_channels(id(1)).await.unwrap();
    assert_eq!(tx.channels(id(1)).await.unwrap(), Channels::default());
    assert_conflict(
        tx.set_channels(id(99), &Channels::default()).await,
        "message_channel",
    );
}

/// A gateway that is down keeps no e-mail back; letters wait for an officer and are no part of the queue's counts.
pub async fn each_channel_has_a_queue_of_its_own(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("queue").await.unwrap();
    let by = |number: u8, channel| MessageRow {
        channel,
        ..message(number)
    };
    for (number, channel) in (10..).zip(MessageChannel::ALL) {
        tx.add_message(&by(number, channel)).await.unwrap();
    }
    for (number, channel) in (10..).zip(MessageChannel::ALL) {
        let due = tx.messages_due(channel, at(99), 9).await.unwrap();
        assert_eq!(due, [by(number, channel)]);
    }
    let counts = MessageCounts {
        waiting: 2,
        ..MessageCounts::default()
    };
    assert_eq!(tx.message_counts().await.unwrap(), counts);
    assert_eq!(tx.letter_to_post(id(10)).await.unwrap(), None);
    let letter = tx.letter_to_post(id(12)).await.unwrap();
    assert_eq!(letter, Some(by(12, MessageChannel::Post)));
    tx.set_phone(&phone(1, 1)).await.unwrap();
    for number in [11, 12] {
        tx.end_message(id(number), MessageEnd::Failed, at(20))
            .await
            .unwrap();
    }
    assert_eq!(tx.letter_to_post(id(12)).await.unwrap(), None);
    assert_eq!(tx.failed_texts_to(id(1)).await.unwrap(), 1);
    assert_eq!(tx.failed_messages_to(id(1)).await.unwrap(), 0);
    let all = tx.messages_to(id(1), 9).await.unwrap();
    let ends: Vec<_> = all.iter().map(|(row, ended)| (row.channel, *ended)).collect();
    let failed = Some((MessageEnd::Failed, at(20)));
    assert_eq!(
        ends,
        [
            (MessageChannel::Email, None),
            (MessageChannel::Sms, failed),
            (MessageChannel::Post, failed)
        ]
    );
    assert_eq!(tx.messages_to(id(2), 9).await.unwrap(), []);
}

/// Who chose a letter or a short message is reminded too, without a mail address.
pub async fn an_end_is_told_to_whoever_a_message_reaches(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("queue").await.unwrap();
    tx.add_consent(&consent(10, 1)).await.unwrap();
    tx.add_consent_event(id(10), &event(0, EventKind::Given, 0))
        .await
        .unwrap();
    let end = consent(10, 1).data.end();
    let (kind, before) = (MessageKind::EndsInSeven, end.plus_seconds(-1));
    assert_eq!(tx.ends_untold(kind, before, end, 9).await.unwrap(), []);
    for channel in [MessageChannel::Post, MessageChannel::Sms] {
        let chosen = Channels::new([channel]).unwrap();
        tx.set_channels(id(1), &chosen).await.unwrap();
        assert_eq!(tx.ends_untold(kind, before, end, 9).await.unwrap(), [id(10)]);
    }
    tx.set_channels(id(1), &Channels::default()).await.unwrap();
    assert_eq!(tx.ends_untold(kind, before, end, 9).await.unwrap(), []);
}
