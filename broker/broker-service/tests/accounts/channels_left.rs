//! P-27: that a choice of channels leaves a way to the person, whatever a thief or a gateway did.

use broker_domain::telling::{Channels, MessageChannel, PostFailure};
use broker_service::ReachRefusal;

use crate::channels::{NUMBER, choosing, code, letters, reached, refused, texts};
use crate::telling::Telling;

fn by<const N: usize>(channels: [MessageChannel; N]) -> Option<Channels> {
    Channels::new(channels)
}

/// Gives a number and types its code.
async fn number(told: &Telling, number: &str) {
    let (broker, token) = (&told.scene.broker, &told.person.token);
    broker.set_phone(token, number).await.unwrap();
    told.round().await;
    broker.confirm_phone(token, &code(told, number)).await.unwrap();
}

#[tokio::test]
async fn p_27_a_choice_that_reaches_nobody_is_refused_and_letters_are_left() {
    let told = choosing(&[MessageChannel::Sms]).await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    broker.set_mailbox(token, "").await.unwrap();
    let email = by([MessageChannel::Email]);
    let nowhere = broker.choose_channels(token, email.clone()).await;
    assert_eq!(refused(nowhere), ReachRefusal::AddressMissing);
    assert_eq!(
        reached(&told).await.channels,
        by([MessageChannel::Sms]).unwrap(),
        "nothing changed"
    );
    let both = by([MessageChannel::Email, MessageChannel::Sms]);
    broker.choose_channels(token, both).await.unwrap();
    broker.set_phone(token, "").await.unwrap();
    let left = reached(&told).await;
    assert_eq!(left.channels, by([MessageChannel::Post]).unwrap());
    let before = letters(&told).await.len();
    told.agree().await;
    told.round().await;
    assert_eq!(letters(&told).await.len(), before + 1);
    let nowhere = broker.choose_channels(token, email.clone()).await;
    assert_eq!(refused(nowhere), ReachRefusal::AddressMissing);
    told.confirm(token, "anna@elsewhere.example").await;
    broker.choose_channels(token, email).await.unwrap();
}

#[tokio::test]
async fn p_27_a_forgotten_number_leaves_email_to_whoever_has_an_address_or_chose_nothing() {
    let told = choosing(&[MessageChannel::Sms]).await;
    told.scene.broker.set_phone(&told.person.token, "").await.unwrap();
    assert_eq!(reached(&told).await.channels, Channels::default());

    let told = Telling::scene().await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    number(&told, NUMBER).await;
    broker.set_mailbox(token, "").await.unwrap();
    broker.set_phone(token, "").await.unwrap();
    let left = reached(&told).await;
    assert_eq!((left.channels, left.number), (Channels::default(), None));
}

#[tokio::test]
async fn p_27_a_gateway_that_refuses_the_broker_is_called_once_a_round_and_costs_no_message_an_attempt() {
    let told = choosing(&[MessageChannel::Sms]).await;
    let consent = told.agree().await;
    told.withdraw(consent).await;
    *told.shorts.fails.lock().unwrap() = Some(PostFailure::Barred);
    *told.shorts.calls.lock().unwrap() = 0;
    // More often than all attempts of both.
    for round in 1..=24 {
        told.round().await;
        assert_eq!(*told.shorts.calls.lock().unwrap(), round, "not once a message");
        told.scene.clock.turn(301);
    }
    assert!(texts(&told, NUMBER).is_empty());
    *told.shorts.fails.lock().unwrap() = None;
    told.round().await;
    assert_eq!(texts(&told, NUMBER).len(), 2, "agreed and withdrawn");
    assert_eq!(reached(&told).await.failed, 0);
}

#[tokio::test]
async fn p_27_a_thief_who_used_up_the_changes_of_the_day_keeps_no_number_on() {
    let told = Telling::scene().await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    for thief in ["+33612345671", "+33612345672", "+33612345673"] {
        number(&told, thief).await;
    }
    let (sms, post) = (by([MessageChannel::Sms]), by([MessageChannel::Post]));
    for chosen in [&sms, &post, &sms] {
        broker.choose_channels(token, chosen.clone()).await.unwrap();
    }
    let more = broker.choose_channels(token, post.clone()).await;
    assert_eq!(refused(more), ReachRefusal::TooOften);
    told.round().await;
    told.subjects();
    // The owner gets her e-mail back, takes the number off, and adds letters.
    let mine = by([MessageChannel::Email, MessageChannel::Sms]);
    broker.choose_channels(token, mine).await.unwrap();
    broker.set_phone(token, "").await.unwrap();
    let left = reached(&told).await;
    assert_eq!((left.channels, left.number), (Channels::default(), None));
    told.round().await;
    assert_eq!(told.subjects().len(), 1, "that the number is forgotten is told");
    let safer = by([MessageChannel::Email, MessageChannel::Post]);
    broker.choose_channels(token, safer).await.unwrap();
    let fewer = broker.choose_channels(token, post).await;
    assert_eq!(
        refused(fewer),
        ReachRefusal::TooOften,
        "taking away stays limited"
    );
}
