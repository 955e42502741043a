//! P-19: "this was not me": what stands still until somebody decides, and what becomes of it.

use broker_domain::consent::State;
use broker_domain::ids::ConsentId;
use broker_service::{Answer as Word, ChangeRefusal, Choice, ChoiceRefusal, Failure};

use crate::browser::Browser;
use crate::changes::{asked_now, consent};
use crate::house::House;
use crate::others::answer;

/// Anna says that it was not her.
async fn frozen(house: &House) -> (Browser, ConsentId) {
    let id = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let action = format!("/moi/partages/{id}/pas-moi");
    let form = anna.open(&action).await;
    assert_eq!(anna.submit(&form, &action, &[]).await.status, 303);
    (anna, id)
}

#[tokio::test]
async fn p_19_a_freeze_is_lifted_after_a_fresh_proof_only_and_never_ends_by_itself() {
    let house = House::build().await;
    let (mut anna, id) = frozen(&house).await;
    let action = format!("/moi/partages/{id}/reprise");
    let page = anna.open(&action).await;
    let refused = anna.submit(&page, &action, &[]).await;
    assert!(
        refused.header("location").starts_with("/compte/preuve"),
        "{}",
        refused.body
    );
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    // A later end would be free of it.
    house.set_clock("2027-11-10T11:00:00Z");
    let renewed = house.broker.renewal(house.anna.id, id).await;
    assert!(
        matches!(renewed, Err(Failure::Refused(ChangeRefusal::NotInForce))),
        "{renewed:?}"
    );
    // As long as the agreement lasts; not a day less.
    let end = consent(&house, id).await.data.end();
    let before = end.plus_seconds(-60).to_string();
    house.set_clock(&before);
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    let who = house.anna.id;
    let lifted = house.broker.end_pause(who, id, Some(house.broker.now())).await;
    lifted.unwrap();
    assert_ne!(asked_now(&house, id).await, "consent-paused");
}

#[tokio::test]
async fn p_19_an_officer_ends_as_invalid_what_nobody_agreed_to() {
    let house = House::build().await;
    let (mut anna, id) = frozen(&house).await;
    let given = consent(&house, id).await.data.start();
    assert_eq!(
        answer(&house, &[("issue", "fin"), ("date", "2020-01-01")])
            .await
            .status,
        422
    );
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    assert_eq!(answer(&house, &[("issue", "fin")]).await.status, 303);
    let now = house.broker.now();
    let state = consent(&house, id).await.state(now);
    assert_eq!(state, State::Invalidated { at: given });
    let sharing = anna.open(&format!("/moi/partages/{id}")).await;
    assert!(
        !sharing.text().contains("ne vient pas de vous. Rien ne part"),
        "{}",
        sharing.text()
    );
    let case = anna.open("/moi/demandes").await;
    assert!(
        case.text().contains("Répondue") || case.text().contains("pond"),
        "{}",
        case.text()
    );
}

#[tokio::test]
async fn p_19_what_she_withdrew_meanwhile_is_ended_as_invalid_all_the_same() {
    let house = House::build().await;
    let (_, id) = frozen(&house).await;
    let given = consent(&house, id).await.data.start();
    house.broker.withdraw(house.anna.id, id).await.unwrap();
    assert_eq!(answer(&house, &[("issue", "fin")]).await.status, 303);
    let state = consent(&house, id).await.state(house.broker.now());
    assert_eq!(state, State::Invalidated { at: given });
}

#[tokio::test]
async fn p_19_withdrawing_and_agreeing_again_does_not_pass_a_freeze_by() {
    let house = House::build().await;
    let (_, id) = frozen(&house).await;
    house.broker.withdraw(house.anna.id, id).await.unwrap();
    let choice = Choice {
        offer: house.offer.offer.id,
        point: house.anna.point,
        notice: house.offer.notices()[0],
        answer: Word::Agree,
        proved_at: None,
    };
    let click = house.broker.choose(house.anna.id, choice).await;
    assert!(
        matches!(click, Err(Failure::Refused(ChoiceRefusal::TooWeak { .. }))),
        "{click:?}"
    );
    let proved = Choice {
        proved_at: Some(house.broker.now()),
        ..choice
    };
    house.broker.choose(house.anna.id, proved).await.unwrap();
}

#[tokio::test]
async fn p_19_an_officer_lets_a_sharing_go_on_with_a_reason() {
    let house = House::build().await;
    let (_, id) = frozen(&house).await;
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo/droits").await;
    let action = desk.action("/dpo/droits/");
    let silent = [("geste", "repondre"), ("issue", "reprise")];
    assert_eq!(
        officer.submit(&desk, &action, &silent).await.status,
        422,
        "a reason"
    );
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    assert_eq!(answer(&house, &[("issue", "reprise")]).await.status, 303);
    assert_ne!(asked_now(&house, id).await, "consent-paused");
    // Somebody who is no officer decides nothing.
    let mut anna = house.as_anna().await;
    let hidden = desk.hidden_fields(&action);
    let typed: Vec<_> = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(anna.post(&action, &typed).await.status, 403);
}
