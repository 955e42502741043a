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

/// What the form of the page holds, to be sent again and again.
async fn say_again(anna: &mut Browser, form: &crate::browser::Answer, id: ConsentId, words: &str) -> u16 {
    let action = format!("/moi/partages/{id}/pas-moi");
    anna.submit(form, &action, &[("objet", words)]).await.status
}

#[tokio::test]
async fn p_19_the_same_form_after_a_lift_leaves_no_freeze_without_its_case() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let form = anna.open(&format!("/moi/partages/{id}/pas-moi")).await;
    assert_eq!(say_again(&mut anna, &form, id, "").await, 303);
    let proved = Some(house.broker.now());
    house.broker.end_pause(house.anna.id, id, proved).await.unwrap();
    assert_eq!(say_again(&mut anna, &form, id, "").await, 303);
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    // The officer who answers decides about it, and may not answer without.
    assert_eq!(answer(&house, &[]).await.status, 422);
    assert_eq!(answer(&house, &[("issue", "reprise")]).await.status, 303);
    assert_ne!(asked_now(&house, id).await, "consent-paused");
    // That case is answered: the same form opens another one, once.
    for _ in 0..2 {
        assert_eq!(say_again(&mut anna, &form, id, "").await, 303);
    }
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    let desk = house.broker.rights_desk(house.officer).await.unwrap();
    assert_eq!((desk.open.len(), desk.answered.len()), (1, 1));
    assert_eq!(answer(&house, &[("issue", "fin")]).await.status, 303);
    assert!(matches!(
        consent(&house, id).await.state(house.broker.now()),
        State::Invalidated { .. }
    ));
}

#[tokio::test]
async fn p_19_a_freeze_whose_words_were_refused_is_on_the_officers_desk() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let form = anna.open(&format!("/moi/partages/{id}/pas-moi")).await;
    assert_eq!(say_again(&mut anna, &form, id, &"x".repeat(4_100)).await, 422);
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    let action = format!("/dpo/droits/gels/{id}");
    // Not for others.
    assert_eq!(anna.forge(&form, &action).await.status, 403);
    house.set_clock("2026-11-25T11:00:00Z");
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo/droits").await;
    assert!(
        desk.text().contains("Partages arrêtés sans demande"),
        "{}",
        desk.text()
    );
    assert_eq!(officer.submit(&desk, &action, &[]).await.status, 303);
    // Two officers at once open one.
    assert_eq!(officer.submit(&desk, &action, &[]).await.status, 409);
    let rights = house.broker.rights_desk(house.officer).await.unwrap();
    let [case] = rights.open.as_slice() else {
        panic!("{rights:?}")
    };
    assert_eq!(
        case.row.request.due_on.to_string(),
        "2026-12-21",
        "a month from the stop, past the weekend"
    );
    let desk = officer.open("/dpo/droits").await;
    assert!(
        !desk.text().contains("Partages arrêtés sans demande"),
        "{}",
        desk.text()
    );
    let hers = house.as_anna().await.open("/moi/demandes").await;
    assert!(hers.text().contains("Geler"), "{}", hers.text());
    assert_eq!(answer(&house, &[("issue", "reprise")]).await.status, 303);
    assert_ne!(asked_now(&house, id).await, "consent-paused");
}
