//! P-35 and P-34: somebody died, or cannot decide any more.

use broker_domain::consent::State;
use broker_domain::ids::ConsentId;
use broker_domain::time::Instant;
use broker_service::{ChangeRefusal, ChoiceRefusal, Failure};

use crate::browser::{Answer, Browser};
use crate::changes::{asked_now, consent};
use crate::house::House;

/// The number of Anna's meter.
const NUMBER: &str = "1111 1111 111111";
const WISHES: &str = "Que tout soit effacé.";

/// The page before the act.
pub async fn found(officer: &mut Browser, person: &str, cause: &str, date: &str) -> Answer {
    let desk = officer.open("/dpo/personnes").await;
    let typed = [("personne", person), ("cause", cause), ("date", date)];
    officer.submit(&desk, "/dpo/personnes/recherche", &typed).await
}

/// Anna shared on the 19th, and on the 25th an officer enters her death as of the 21st.
async fn entered(house: &House) -> (ConsentId, Browser, Answer) {
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

/// The same, and another officer confirmed it.
async fn recorded(house: &House) -> (ConsentId, Browser, Answer) {
    let (id, officer, done) = entered(house).await;
    confirmed(house, &done).await;
    (id, officer, done)
}

/// A colleague looks at what the page leads to, and confirms it.
pub async fn confirmed(house: &House, done: &Answer) {
    let mut colleague = house.as_colleague().await;
    let act = colleague.open(&done.link("/dpo/saisies/acte/")).await;
    let action = act.action("/confirmation");
    let answer = colleague.submit(&act, &action, &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
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
    // Neither with the session she had nor with a new one; whoever signs in is told why, and where to object.
    assert_eq!(anna.get("/moi").await.status, 303);
    let closed = house.as_anna().await.get("/moi").await;
    assert_eq!(closed.status, 403);
    assert!(closed.text().contains("deux délégués"), "{}", closed.text());
    assert!(
        closed.body.contains("href=\"/deces-incapacite\""),
        "{}",
        closed.body
    );
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
    let done = officer.submit(&page, &action, &[]).await;
    confirmed(&house, &done).await;
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
    let done = officer.submit(&page, &action, &[]).await;
    assert_eq!(done.status, 200);
    let choice = broker_service::Choice {
        offer: house.offer.offer.id,
        point: house.anna.point,
        notice: house.offer.offer.notice,
        answer: broker_service::Answer::Agree,
        proved_at: None,
    };
    let waits = house.broker.choose(house.anna.id, choice).await;
    assert!(
        matches!(waits, Err(Failure::Refused(ChoiceRefusal::CapacityWaits))),
        "{waits:?}"
    );
    confirmed(&house, &done).await;
    let ended = house.broker.choose(house.anna.id, choice).await;
    assert!(
        matches!(ended, Err(Failure::Refused(ChoiceRefusal::NotYours))),
        "{ended:?}"
    );
    // Whom to tell, without an account.
    let route = house.browser().open("/deces-incapacite").await;
    assert!(route.text().contains("acte de décès"), "{}", route.text());
}

#[tokio::test]
async fn p_35_one_officer_enters_nothing_flows_and_another_one_decides() {
    let house = House::build().await;
    let (id, mut officer, done) = entered(&house).await;
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    assert!(consent(&house, id).await.state(house.broker.now()).is_given());
    // The first officer cannot confirm it, and nobody enters it twice.
    let own = officer.open(&done.link("/dpo/saisies/acte/")).await;
    assert!(!own.body.contains("/confirmation"), "{}", own.body);
    let person = house.anna.id.to_string();
    let again = found(&mut officer, &person, "deces", "2026-11-21").await;
    assert_eq!(again.status, 409);
    assert!(again.text().contains("déjà saisi"), "{}", again.text());
    // She signs in as before, and nobody starts her sharing again in passing.
    let mut anna = house.as_anna().await;
    assert_eq!(anna.get("/moi").await.status, 200);
    let proved = Some(house.broker.now());
    let lifted = house.broker.end_pause(house.anna.id, id, proved).await;
    assert!(
        matches!(lifted, Err(Failure::Refused(ChangeRefusal::WithOfficer))),
        "{lifted:?}"
    );
    house.broker.withdraw(house.anna.id, id).await.unwrap();
    confirmed(&house, &done).await;
    let state = consent(&house, id).await.state(house.broker.now());
    assert!(matches!(state, State::Invalidated { .. }), "{state:?}");
}

#[tokio::test]
async fn p_35_whoever_lives_stops_the_entry_from_her_account() {
    let house = House::build().await;
    let (id, _, done) = entered(&house).await;
    let mut anna = house.as_anna().await;
    let account = anna.open("/compte").await;
    assert!(account.text().contains("vous êtes décédé"), "{}", account.text());
    let action = account.action("/compte/pas-moi/code/");
    assert_eq!(anna.submit(&account, &action, &[]).await.status, 303);
    assert_ne!(asked_now(&house, id).await, "consent-paused", "it goes on");
    let mut colleague = house.as_colleague().await;
    let act = colleague.open(&done.link("/dpo/saisies/acte/")).await;
    assert!(!act.body.contains("/confirmation"), "{}", act.body);
    assert!(house.delivered(id).await);
}

#[tokio::test]
async fn p_35_what_is_sent_back_or_forgotten_stops_nothing_any_more() {
    let house = House::build().await;
    let (id, mut officer, done) = entered(&house).await;
    let mut colleague = house.as_colleague().await;
    let act = colleague.open(&done.link("/dpo/saisies/acte/")).await;
    let back = act.action("/renvoi");
    let answer = colleague.submit(&act, &back, &[("motif", "Un homonyme.")]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_ne!(asked_now(&house, id).await, "consent-paused");
    // Entered anew, and nobody looks at it.
    let page = found(&mut officer, NUMBER, "deces", "2026-11-21").await;
    let action = format!("/dpo/personnes/{}", house.anna.id);
    let again = officer.submit(&page, &action, &[]).await;
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    house.set_clock("2026-12-02T12:00:00Z");
    assert_ne!(asked_now(&house, id).await, "consent-paused");
    let mut colleague = house.as_colleague().await;
    let act = colleague.open(&again.link("/dpo/saisies/acte/")).await;
    assert!(!act.body.contains("/confirmation"), "{}", act.body);
}

#[tokio::test]
async fn p_35_the_letters_before_and_after_say_how_to_object() {
    let house = House::build().await;
    let (_, mut officer, done) = entered(&house).await;
    let page = officer.open(&done.link("/dpo/saisies/acte/")).await;
    let letter = officer.submit(&page, &page.action("/courrier"), &[]).await;
    assert!(letter.text().contains("Anna Tilleul"), "{}", letter.text());
    let code = letter.body.split("<strong><code>").nth(1).unwrap();
    let code = code.split('<').next().unwrap().to_owned();
    assert_eq!(
        officer.submit(&page, &page.action("/postee"), &[]).await.status,
        303
    );
    confirmed(&house, &done).await;
    let page = officer.open(&done.link("/dpo/saisies/acte/")).await;
    let after = officer.submit(&page, &page.action("/courrier"), &[]).await;
    assert!(after.text().contains("rouvre"), "{}", after.text());
    assert!(!after.body.contains(&code), "nothing is left to stop");
    let mut stranger = house.browser();
    let stop = stranger.open("/connexion/arret").await;
    let late = stranger
        .submit(&stop, "/connexion/arret", &[("code", &code)])
        .await;
    assert_eq!(late.status, 422);
}
