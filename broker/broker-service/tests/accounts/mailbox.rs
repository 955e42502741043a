//! An address counts once its code was typed.

use broker_service::{Failure, MailboxRefusal};

use crate::telling::{DAY, Telling};

const NEW: &str = "anna@elsewhere.example";

fn refused(outcome: Result<(), Failure<MailboxRefusal>>) -> MailboxRefusal {
    match outcome {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn to(told: &Telling, address: &str) -> Vec<String> {
    let sent = told.letters.sent.lock().unwrap();
    let hers = sent.iter().filter(|letter| letter.to.as_str() == address);
    hers.map(|letter| letter.subject.clone()).collect()
}

#[tokio::test]
async fn until_its_code_is_typed_the_old_address_stays_in_force_and_is_told() {
    let told = Telling::scene().await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    broker.set_mailbox(token, NEW).await.unwrap();
    let consent = told.agree().await;
    told.round().await;
    assert_eq!(to(&told, NEW), ["Votre code pour confirmer cette adresse"]);
    let mut old = to(&told, "anna@home.example");
    old.sort();
    assert_eq!(
        old,
        [
            "Une autre adresse a été indiquée pour vos messages",
            "Votre accord est enregistré"
        ]
    );
    let mailbox = broker.mailbox(told.person.participant).await.unwrap();
    assert_eq!(mailbox.address.unwrap().as_str(), "anna@home.example");
    assert_eq!(mailbox.pending.unwrap().address.as_str(), NEW);

    let code = told.code_for(NEW).to_lowercase().replace('-', " ");
    broker.confirm_mailbox(token, &code).await.unwrap();
    assert_eq!(
        refused(broker.confirm_mailbox(token, &code).await),
        MailboxRefusal::CodeOver,
        "once"
    );
    told.withdraw(consent).await;
    told.round().await;
    assert_eq!(to(&told, NEW)[1..], ["Votre retrait est enregistré"]);
    let old = to(&told, "anna@home.example");
    assert_eq!(old.last().unwrap(), "Votre adresse de messages a changé");
    let mailbox = broker.mailbox(told.person.participant).await.unwrap();
    assert_eq!(mailbox.address.unwrap().as_str(), NEW);
    assert_eq!(mailbox.pending, None);
}

#[tokio::test]
async fn a_code_is_taken_for_half_an_hour_and_from_its_own_person() {
    let told = Telling::scene().await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    let other = told.scene.registered("22222222222222", "other").await;
    broker.set_mailbox(token, NEW).await.unwrap();
    told.round().await;
    let code = told.code_for(NEW);
    assert_eq!(
        refused(broker.confirm_mailbox(&other.token, &code).await),
        MailboxRefusal::CodeOver
    );
    broker.set_mailbox(&other.token, NEW).await.unwrap();
    assert!(matches!(
        refused(broker.confirm_mailbox(&other.token, &code).await),
        MailboxRefusal::CodeWrong { left: 4 }
    ));
    told.scene.clock.turn(1_801);
    assert_eq!(
        refused(broker.confirm_mailbox(token, &code).await),
        MailboxRefusal::CodeOver
    );
    let mailbox = broker.mailbox(told.person.participant).await.unwrap();
    assert_eq!(mailbox.pending, None, "the page asks for the address again");
}

#[tokio::test]
async fn five_wrong_codes_end_it_and_a_newer_code_replaces_the_older() {
    let told = Telling::scene().await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    broker.set_mailbox(token, NEW).await.unwrap();
    told.round().await;
    let first = told.code_for(NEW);
    told.scene.clock.turn(DAY);
    let again = told
        .scene
        .sign_in(told.person.account, "phone", crate::scene::TELEPHONE)
        .await;
    let token = &again.unwrap().session.token;
    for _ in 0..2 {
        broker.set_mailbox(token, NEW).await.unwrap();
    }
    told.round().await;
    for left in [4, 3, 2, 1] {
        assert_eq!(
            refused(broker.confirm_mailbox(token, &first).await),
            MailboxRefusal::CodeWrong { left }
        );
    }
    assert_eq!(
        refused(broker.confirm_mailbox(token, "").await),
        MailboxRefusal::CodeOver
    );
    let right = told.code_for(NEW);
    assert_eq!(
        refused(broker.confirm_mailbox(token, &right).await),
        MailboxRefusal::CodeOver
    );
}

#[tokio::test]
async fn three_codes_a_day_and_no_more() {
    let told = Telling::scene().await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    // One was asked for already, for the first address.
    for _ in 0..2 {
        broker.set_mailbox(token, NEW).await.unwrap();
    }
    assert_eq!(
        refused(broker.set_mailbox(token, NEW).await),
        MailboxRefusal::TooOften
    );
    // A code whose address was replaced before it left is not sent.
    told.round().await;
    assert_eq!(to(&told, NEW).len(), 1);
}
