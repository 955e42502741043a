//! P-35 and P-34: somebody died, or cannot decide any more.

use broker_domain::consent::State;
use broker_domain::ids::ConsentId;
use broker_domain::time::Instant;

use crate::browser::{Answer, Browser};
use crate::changes::{asked_now, consent};
use crate::house::House;

/// The number of Anna's meter.
const NUMBER: &str = "1111 1111 111111";
const WISHES: &str = "Que tout soit effacé.";

/// The page before the act.
async fn found(officer: &mut Browser, person: &str, cause: &str, date: &str) -> Answer {
    let desk = officer.open("/dpo/personnes").await;
    let typed = [("personne", person), ("cause", cause), ("date", date)];
    officer.submit(&desk, "/dpo/personnes/recherche", &typed).await
}

/// Anna shared on the 19th, and on the 25th her death is recorded as of the 21st.
async fn recorded(house: &House) -> (ConsentId, Browser, Answer) {
    let id = house.granted(&house.anna).await;
    house.set_clock("2026-11-25T11:00:00Z");
    let mut officer = house.as_officer().await;
    let page = found(&mut officer, NUMBER, "deces", "2026-11-21").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.text().contains("prennent fin depuis cette date"),
        "{}",
        page.text()
    );
    assert_eq!(consent(house, id).await.events.len(), 1, "nothing yet");
    let action = format!("/dpo/personnes/{}", house.anna.id);
    let done = officer.submit(&page, &action, &[("directives", WISHES)]).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let twice = officer.submit(&page, &action, &[("directives", WISHES)]).await;
    assert_eq!(code_in(&twice), code_in(&done), "the same form is one act");
    (id, officer, done)
}

fn code_in(page: &Answer) -> String {
    let code = page.body.split("<code>").nth(1).unwrap();
    code.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn p_35_a_death_ends_every_sharing_from_its_date_and_closes_sign_in() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let (id, mut officer, _) = recorded(&house).await;
    let since = Instant::parse("2026-11-20T23:00:00Z").unwrap();
    let state = consent(&house, id).await.state(house.broker.now());
    assert_eq!(state, State::Invalidated { at: since });
    assert_eq!(asked_now(&house, id).await, "consent-closed");
    // Neither with the session she had nor with a new one.
    assert_eq!(anna.get("/moi").await.status, 303);
    assert_eq!(house.as_anna().await.get("/moi").await.status, 303);
    let desk = officer.open("/dpo/personnes").await;
    assert!(desk.text().contains("Tout est clos depuis"), "{}", desk.text());
    for hidden in ["Tilleul", "11111111111111"] {
        assert!(!desk.body.contains(hidden), "{hidden}");
    }
    // A second record of the same person is none.
    let again = found(
        &mut officer,
        &house.anna.id.to_string(),
        "incapacite",
        "2026-11-18",
    )
    .await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn p_35_what_was_agreed_to_in_her_name_after_her_death_never_held() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let given = consent(&house, id).await.data.start();
    let mut officer = house.as_officer().await;
    let page = found(&mut officer, NUMBER, "deces", "2026-11-01").await;
    let action = format!("/dpo/personnes/{}", house.anna.id);
    assert_eq!(officer.submit(&page, &action, &[]).await.status, 200);
    let state = consent(&house, id).await.state(house.broker.now());
    assert_eq!(state, State::Invalidated { at: given });
    assert_eq!(asked_now(&house, id).await, "consent-closed");
    // All is done: nothing is tried again for ever.
    let desk = officer.open("/dpo/personnes").await;
    assert!(desk.text().contains("Tout est clos depuis"), "{}", desk.text());
}

#[tokio::test]
async fn p_35_heirs_read_their_case_with_a_code_and_the_officer_answers_it() {
    let house = House::build().await;
    let (_, mut officer, done) = recorded(&house).await;
    let code = code_in(&done);
    let mut heir = house.browser();
    let read = heir.post("/foyer/reponse", &[("code", &code)]).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert!(read.text().contains(WISHES), "{}", read.text());
    let desk = officer.open("/dpo/droits").await;
    assert!(desk.text().contains("décédée ou protégée"), "{}", desk.text());
    let action = desk.action("/dpo/droits/");
    let typed = [("geste", "repondre"), ("reponse", "Tout est effacé.")];
    assert_eq!(officer.submit(&desk, &action, &typed).await.status, 303);
    let read = heir.post("/foyer/reponse", &[("code", &code)]).await;
    assert!(read.text().contains("Tout est effacé."), "{}", read.text());
}

#[tokio::test]
async fn p_35_a_mistake_opens_sign_in_again_and_gives_no_sharing_back() {
    let house = House::build().await;
    let (id, mut officer, _) = recorded(&house).await;
    let desk = officer.open("/dpo/personnes").await;
    let action = desk.action("/erreur");
    let silent = officer.submit(&desk, &action, &[]).await;
    assert_eq!(silent.status, 422, "a mistake has its reason");
    let undone = officer.submit(&desk, &action, &[("motif", "Un homonyme.")]).await;
    assert_eq!(undone.status, 303, "{}", undone.body);
    assert_eq!(house.as_anna().await.get("/moi").await.status, 200);
    assert_eq!(asked_now(&house, id).await, "consent-closed");
    let again = house.granted(&house.anna).await;
    assert!(house.delivered(again).await, "she gives a new one");
}

#[tokio::test]
async fn p_34_who_cannot_decide_any_more_agrees_to_nothing_and_only_officers_say_so() {
    let house = House::build().await;
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    assert_eq!(bruno.get("/dpo/personnes").await.status, 403);
    let token = bruno.open("/moi/logement").await;
    let token = token.hidden_fields(&token.action("/foyer"));
    let forged = [
        ("csrf", token[0].1.as_str()),
        ("personne", NUMBER),
        ("cause", "deces"),
        ("date", "2026-11-18"),
    ];
    assert_eq!(bruno.post("/dpo/personnes/recherche", &forged).await.status, 403);
    let mut officer = house.as_officer().await;
    for (person, cause, date) in [
        ("99999999999999", "incapacite", "2026-11-18"),
        (NUMBER, "", "2026-11-18"),
        (NUMBER, "incapacite", "2030-01-01"),
        (NUMBER, "incapacite", ""),
    ] {
        assert_eq!(
            found(&mut officer, person, cause, date).await.status,
            422,
            "{date}"
        );
    }
    let page = found(&mut officer, NUMBER, "incapacite", "2026-11-18").await;
    let action = format!("/dpo/personnes/{}", house.anna.id);
    assert_eq!(officer.submit(&page, &action, &[]).await.status, 200);
    let choice = broker_service::Choice {
        offer: house.offer.offer.id,
        point: house.anna.point,
        notice: house.offer.offer.notice,
        answer: broker_service::Answer::Agree,
        proved_at: None,
    };
    assert!(house.broker.choose(house.anna.id, choice).await.is_err());
    // Whom to tell, without an account.
    let route = house.browser().open("/deces-incapacite").await;
    assert!(route.text().contains("acte de décès"), "{}", route.text());
}
