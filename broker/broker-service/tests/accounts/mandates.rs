//! P-30 without pages: both sides are told, and two at once meet each other.

use broker_domain::mandate::{Hand, MandateState, Power, Powers};
use broker_domain::time::Interval;
use broker_service::{ActingNow, Claim, Failure, GivenMandate, MandateOrder, MandateRefusal, SignInRefusal};
use broker_store::{MessageKind, SessionRole};

use crate::scene::{Person, Scene};
use crate::telling::{DAY, Telling};

fn order(told: &Telling, powers: &[Power]) -> MandateOrder {
    let now = told.scene.broker.now();
    MandateOrder {
        label: "Mon voisin".into(),
        powers: Powers::of(powers).unwrap(),
        span: Interval::new(now, now.plus_seconds(100 * DAY)).unwrap(),
        basis: None,
    }
}

async fn given(told: &Telling, powers: &[Power]) -> GivenMandate {
    let order = order(told, powers);
    let given = told.scene.broker.give_mandate(&told.person.token, &order).await;
    given.unwrap()
}

async fn neighbour(scene: &Scene) -> Person {
    scene.registered("22222222222222", "tablet").await
}

/// The subjects of what an address got.
fn got(told: &Telling, address: &str) -> Vec<String> {
    let letters = told.letters.sent.lock().unwrap();
    let hers = letters.iter().filter(|letter| letter.to.as_str() == address);
    hers.map(|letter| letter.subject.clone()).collect()
}

#[tokio::test]
async fn p_30_both_sides_are_told_of_acceptance_act_and_end() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let bruno = neighbour(&told.scene).await;
    told.confirm(&bruno.token, "bruno@home.example").await;
    told.letters.sent.lock().unwrap().clear();
    let mandate = given(&told, &[Power::Withdraw]).await;
    broker
        .accept_mandate(&bruno.token, Claim::Code(&mandate.code))
        .await
        .unwrap();
    let consent = told.agree().await;
    let own = broker.own_mandates(bruno.participant).await.unwrap();
    let acting = own.held[0].mandate.acting(bruno.participant, broker.now());
    broker
        .withdraw(Hand::from(acting.unwrap()), consent)
        .await
        .unwrap();
    broker.end_mandate(bruno.participant, mandate.id).await.unwrap();
    told.round().await;
    let (hers, his) = (got(&told, "anna@home.example"), got(&told, "bruno@home.example"));
    for subject in [
        "Un mandat est accepté",
        "Un acte a été fait avec un mandat",
        "Un mandat est terminé",
    ] {
        for (who, letters) in [("hers", &hers), ("his", &his)] {
            let times = letters.iter().filter(|one| *one == subject).count();
            assert_eq!(times, 1, "{who} {subject}: {letters:?}");
        }
    }
    assert!(hers.contains(&"Vous autorisez quelqu'un à agir pour vous".to_owned()));
    assert!(hers.contains(&"Votre retrait est enregistré".to_owned()));
    assert!(
        !his.contains(&"Votre retrait est enregistré".to_owned()),
        "it is not his"
    );
    assert_eq!(
        MessageKind::from_code("delegate-acted"),
        Some(MessageKind::DelegateActed)
    );
}

#[tokio::test]
async fn p_30_of_two_who_accept_or_end_at_once_one_does() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let bruno = neighbour(&told.scene).await;
    let clara = told.scene.registered("33333333333333", "laptop").await;
    let mandate = given(&told, &[Power::View]).await;
    let claim = Claim::Code(&mandate.code);
    let (one, other) = tokio::join!(
        broker.accept_mandate(&bruno.token, claim),
        broker.accept_mandate(&clara.token, claim)
    );
    assert!(one.is_ok() != other.is_ok());
    let own = broker.own_mandates(told.person.participant).await.unwrap();
    let holder = own.given[0].mandate.held.unwrap().by;
    let (one, other) = tokio::join!(
        broker.end_mandate(holder, mandate.id),
        broker.end_mandate(told.person.participant, mandate.id)
    );
    assert!(one.is_ok() != other.is_ok());
    let own = broker.own_mandates(told.person.participant).await.unwrap();
    assert!(matches!(own.given[0].state, MandateState::Ended(_)));
    let again = broker.end_mandate(holder, mandate.id).await;
    assert!(matches!(again, Err(Failure::Refused(MandateRefusal::Over))));
    let stranger = broker.end_mandate(clara.participant, mandate.id).await;
    let stranger_is_holder = holder == clara.participant;
    assert!(stranger_is_holder || matches!(stranger, Err(Failure::Refused(MandateRefusal::NotYours))));
}

#[tokio::test]
async fn p_30_giving_takes_a_fresh_proof_and_a_code_has_its_time() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let bruno = neighbour(&told.scene).await;
    let mandate = given(&told, &[Power::View]).await;
    for _ in 1..10 {
        given(&told, &[Power::View]).await;
    }
    let eleventh = broker
        .give_mandate(&told.person.token, &order(&told, &[Power::View]))
        .await;
    assert!(matches!(eleventh, Err(Failure::Refused(MandateRefusal::TooMany))));
    told.scene.clock.turn(700);
    let stale = broker
        .give_mandate(&told.person.token, &order(&told, &[Power::View]))
        .await;
    assert!(matches!(
        stale,
        Err(Failure::Refused(MandateRefusal::SignIn(
            SignInRefusal::ProveAgain
        )))
    ));
    told.scene.clock.turn(14 * DAY);
    let tablet = told.scene.sign_in(bruno.account, "tablet", "").await.unwrap();
    let late = broker
        .accept_mandate(&tablet.session.token, Claim::Code(&mandate.code))
        .await;
    assert!(matches!(late, Err(Failure::Refused(MandateRefusal::Code))));
}

#[tokio::test]
async fn p_30_a_new_sign_in_begins_for_herself() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let bruno = neighbour(&told.scene).await;
    let mandate = given(&told, &[Power::View]).await;
    broker
        .accept_mandate(&bruno.token, Claim::Code(&mandate.code))
        .await
        .unwrap();
    broker.act_for(&bruno.token, Some(mandate.id)).await.unwrap();
    let session = broker.session(&bruno.token).await.unwrap().unwrap();
    assert!(matches!(
        broker.acting_now(&session).await.unwrap(),
        ActingNow::For { .. }
    ));
    let again = told.scene.sign_in(bruno.account, "tablet", "").await.unwrap();
    let again = broker.session(&again.session.token).await.unwrap().unwrap();
    assert_eq!(broker.acting_now(&again).await.unwrap(), ActingNow::Herself);
    assert_eq!(again.role, SessionRole::Participant(bruno.participant));
    // Somebody else's mandate is none to act under.
    let hers = broker.act_for(&told.person.token, Some(mandate.id)).await;
    assert!(matches!(hers, Err(Failure::Refused(MandateRefusal::NotYours))));
    broker
        .end_mandate(told.person.participant, mandate.id)
        .await
        .unwrap();
    assert_eq!(broker.acting_now(&session).await.unwrap(), ActingNow::Over);
}
