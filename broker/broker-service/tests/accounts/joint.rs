//! P-31 without pages: both are told, what it takes, and a restart.

use broker_domain::consent::State;
use broker_domain::mandate::{GrantRule, Hand};
use broker_service::{Claim, Failure, GivenMandate, JointOrder, MandateRefusal, SignInRefusal};

use crate::scene::Person;
use crate::telling::Telling;

pub async fn offered(told: &Telling, rule: GrantRule) -> GivenMandate {
    let order = JointOrder {
        label: "Bruno".into(),
        point: told.point,
        rule,
    };
    let given = told.scene.broker.offer_joint(&told.person.token, &order).await;
    given.unwrap()
}

/// Bruno, who holds the contract of her meter too.
pub async fn holder(told: &Telling, rule: GrantRule) -> Person {
    let bruno = told.scene.registered("22222222222222", "tablet").await;
    told.confirm(&bruno.token, "bruno@home.example").await;
    let code = offered(told, rule).await.code;
    let claim = Claim::Code(&code);
    told.scene
        .broker
        .accept_mandate(&bruno.token, claim)
        .await
        .unwrap();
    told.round().await;
    told.letters.sent.lock().unwrap().clear();
    bruno
}

pub async fn hand(told: &Telling, who: &Person) -> Hand {
    let held = told.scene.broker.holdings_of(who.participant).await.unwrap();
    Hand::from(held[0].acting)
}

/// The subjects of what an address got.
fn got(told: &Telling, address: &str) -> Vec<String> {
    let letters = told.letters.sent.lock().unwrap();
    let hers = letters.iter().filter(|letter| letter.to.as_str() == address);
    hers.map(|letter| letter.subject.clone()).collect()
}

const WAITS: &str = "Un accord attend une deuxième réponse";
const CHANGED: &str = "Un partage d'un contrat à plusieurs a changé";

#[tokio::test]
async fn p_31_both_are_told_of_a_wait_a_grant_a_change_and_a_withdrawal() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let bruno = holder(&told, GrantRule::Both).await;
    let consent = told.agree().await;
    let his = hand(&told, &bruno).await;
    let notice = told.offer.offer.notice;
    broker.agree_too(his, consent, (notice, None)).await.unwrap();
    let until = broker.now().plus_seconds(3 * 86_400);
    broker.pause(his, consent, until).await.unwrap();
    broker.withdraw(told.person.participant, consent).await.unwrap();
    told.round().await;
    for address in ["anna@home.example", "bruno@home.example"] {
        let letters = got(&told, address);
        let times = |subject: &str| letters.iter().filter(|one| *one == subject).count();
        assert_eq!((times(WAITS), times(CHANGED)), (1, 3), "{address}: {letters:?}");
    }
}

#[tokio::test]
async fn p_31_a_wait_stands_in_the_file_and_needs_nothing_running() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let bruno = holder(&told, GrantRule::Both).await;
    let consent = told.agree().await;
    // Read anew each time: nothing is kept beside the events.
    let state = async || {
        let found = broker.read().await.unwrap().consent(consent).await.unwrap();
        found.unwrap().state(broker.now())
    };
    assert!(matches!(state().await, State::Waiting { .. }));
    told.scene.clock.turn(30 * 86_400);
    told.round().await;
    assert_eq!(state().await, State::Refused);
    let his = hand(&told, &bruno).await;
    let late = broker
        .agree_too(his, consent, (told.offer.offer.notice, None))
        .await;
    assert!(late.is_err());
    // Set back, the clock gives the time back and nothing more.
    let again = told.agree().await;
    assert_ne!(again, consent);
}

#[tokio::test]
async fn p_31_enrolling_and_accepting_take_a_fresh_proof() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let bruno = told.scene.registered("22222222222222", "tablet").await;
    let code = offered(&told, GrantRule::One).await.code;
    told.scene.clock.turn(700);
    let stale = broker.accept_mandate(&bruno.token, Claim::Code(&code)).await;
    let proof = |refused: &Failure<MandateRefusal>| {
        matches!(
            refused,
            Failure::Refused(MandateRefusal::SignIn(SignInRefusal::ProveAgain))
        )
    };
    assert!(stale.is_err_and(|refused| proof(&refused)));
    let order = JointOrder {
        label: "Bruno".into(),
        point: told.point,
        rule: GrantRule::One,
    };
    let stale = broker.offer_joint(&told.person.token, &order).await;
    assert!(stale.is_err_and(|refused| proof(&refused)));
}
