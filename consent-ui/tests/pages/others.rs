//! P-32: the other adults of a home are told, may object and ask, without an account.

use broker_domain::consent::State;
use broker_domain::ids::ConsentId;
use broker_domain::time::Instant;
use broker_service::{Failure, SignInRefusal};
use broker_store::SessionRole;

use consent_ui::pages::Square;

use crate::browser::{Answer, Browser};
use crate::changes::{asked_now, consent};
use crate::house::House;

const NUMBER: &str = "11111111111111";

/// The notice of Anna's home: what she sees of it, and its code.
async fn noticed(house: &House) -> (Browser, Answer, String) {
    let mut anna = house.as_anna().await;
    let homes = anna.open("/moi/logement").await;
    let action = homes.action("/foyer");
    let said = anna
        .submit(&homes, &action, &[("adultes", "1"), ("mineurs", "oui")])
        .await;
    assert_eq!(said.status, 303, "{}", said.body);
    let (notice, code) = code_made(&mut anna).await;
    (anna, notice, code)
}

async fn code_made(anna: &mut Browser) -> (Answer, String) {
    let homes = anna.open("/moi/logement").await;
    let notice = anna.open(&homes.link("/notice")).await;
    let made = anna.submit(&notice, &notice.action("/code"), &[]).await;
    assert_eq!(made.status, 303, "{}", made.body);
    let notice = anna.open(&made.header("location")).await;
    let code = code_in(&notice);
    (notice, code)
}

/// The code on a page: three groups of four.
fn code_in(page: &Answer) -> String {
    let codes = page.body.split("<code>").skip(1);
    let codes = codes.map(|rest| rest.split('<').next().unwrap().to_owned());
    codes
        .into_iter()
        .find(|code| code.len() == 14 && code.matches('-').count() == 2)
        .unwrap_or_else(|| panic!("no code in {}", page.body))
}

/// Somebody without an account who typed the code of a home.
async fn visiting(house: &House, code: &str) -> (Browser, Answer) {
    let mut other = house.browser();
    other
        .headers
        .push(("sec-fetch-site".into(), "same-origin".into()));
    let opened = other.post("/foyer", &[("code", code)]).await;
    assert_eq!(opened.status, 303, "{}", opened.body);
    assert!(
        !opened.header("location").contains(code),
        "no secret in an address"
    );
    let page = other.open(&opened.header("location")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    (other, page)
}

async fn object(other: &mut Browser, page: &Answer, to: ConsentId) -> Answer {
    let to = to.to_string();
    let typed = [
        ("nature", "opposition"),
        ("partage", to.as_str()),
        ("mots", "Je ne veux pas qu'on sache quand je dors."),
        ("contact", "06 00 00 00 00"),
    ];
    other.submit(page, "/foyer/demande", &typed).await
}

async fn read_case(other: &mut Browser, code: &str) -> Answer {
    other.post("/foyer/reponse", &[("code", code)]).await
}

/// The officer's answer to the first case on the desk.
pub async fn answer(house: &House, more: &[(&str, &str)]) -> Answer {
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo/droits").await;
    let action = desk.action("/dpo/droits/");
    let mut typed = vec![("geste", "repondre"), ("reponse", "Voici notre réponse motivée.")];
    typed.extend(more);
    officer.submit(&desk, &action, &typed).await
}

#[tokio::test]
async fn p_32_the_notice_says_who_receives_what_and_the_code_shows_it_without_an_account() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let (_, notice, code) = noticed(&house).await;
    let (_, page) = visiting(&house, &code.to_lowercase().replace('-', " ")).await;
    for shown in [&notice, &page] {
        for wanted in [
            "Labo Énergie",
            "Contribuer à la courbe moyenne",
            "Jusqu'au",
            "mineurs",
            "dpo@coop.example",
        ] {
            assert!(shown.text().contains(wanted), "no `{wanted}` in {}", shown.text());
        }
    }
    // For a telephone: the address alone, drawn in the page, which needs no script and no style of its own.
    let square = Square::of("http://127.0.0.1:8080/foyer").unwrap();
    assert!(notice.body.contains(&square.path), "{}", notice.body);
    assert!(!notice.body.contains("<path style") && !notice.body.contains("<svg style"));
    let label = notice.body.split("<svg class=\"qr\"").nth(1).unwrap();
    let label = label.split("</svg>").next().unwrap();
    assert!(!label.contains(&code), "the code stands in no address");
    for hidden in ["Tilleul", NUMBER, "1 rue des Essais"] {
        assert!(!page.body.contains(hidden), "{hidden}");
    }
    // Nobody can guess it, and the paper ends with the code after it.
    let mut stranger = house.browser();
    stranger
        .headers
        .push(("sec-fetch-site".into(), "same-origin".into()));
    let wrong = stranger.post("/foyer", &[("code", "AAAA-BBBB-CCCC")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("inconnu"), "{}", wrong.text());
    let (_, renewed) = code_made(&mut house.as_anna().await).await;
    assert_ne!(renewed, code);
    assert_eq!(stranger.post("/foyer", &[("code", &code)]).await.status, 422);
    assert_eq!(stranger.post("/foyer", &[("code", &renewed)]).await.status, 303);
}

#[tokio::test]
async fn p_32_an_objection_stops_the_sharing_until_the_officer_has_answered() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let (mut anna, _, code) = noticed(&house).await;
    let (mut other, page) = visiting(&house, &code).await;
    let nothing = other
        .submit(&page, "/foyer/demande", &[("nature", "opposition")])
        .await;
    assert_eq!(nothing.status, 422, "an objection says to what");
    let sent = object(&mut other, &page, id).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let case = code_in(&sent);
    assert_eq!(sent.header("cache-control"), "no-store");
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    // The same form again is the same case.
    assert_eq!(code_in(&object(&mut other, &page, id).await), case);

    she_learns_that_and_not_what(&mut anna).await;
    she_does_not_let_it_go_on(&house, &mut anna, id).await;
    the_officer_decides_with_the_answer(&house, &mut other, id, &case).await;

    // A second objection waits for the officer, and stops nothing by itself.
    let page = other.open("/foyer/partages").await;
    let again = object(&mut other, &page, id).await;
    assert_eq!(again.status, 200);
    assert_ne!(asked_now(&house, id).await, "consent-paused");
}

/// Neither in her pages nor in her file.
async fn she_learns_that_and_not_what(anna: &mut Browser) {
    let homes = anna.open("/moi/logement").await;
    assert!(homes.text().contains("Une opposition"), "{}", homes.text());
    for page in [
        "/moi/logement",
        "/moi/demandes",
        "/moi/historique",
        "/moi/inscriptions/fichier",
    ] {
        let page = anna.get(page).await;
        for secret in ["quand je dors", "06 00 00"] {
            assert!(!page.body.contains(secret), "{secret}");
        }
    }
    assert!(!anna.open("/moi/demandes").await.text().contains("Opposition"));
}

async fn she_does_not_let_it_go_on(house: &House, anna: &mut Browser, id: ConsentId) {
    let sharing = anna.open(&format!("/moi/partages/{id}")).await;
    assert!(sharing.text().contains("s'y est opposé"), "{}", sharing.text());
    let action = format!("/moi/partages/{id}/reprise");
    let resumption = anna.open(&action).await;
    assert_eq!(anna.submit(&resumption, &action, &[]).await.status, 409);
    assert_eq!(asked_now(house, id).await, "consent-paused");
}

async fn the_officer_decides_with_the_answer(house: &House, other: &mut Browser, id: ConsentId, case: &str) {
    let desk = house.as_officer().await.open("/dpo/droits").await;
    for wanted in ["autre adulte", "quand je dors", "06 00 00 00 00", "Labo Énergie"] {
        assert!(desk.text().contains(wanted), "no `{wanted}` in {}", desk.text());
    }
    let undecided = answer(house, &[]).await;
    assert_eq!(undecided.status, 422, "the answer says what becomes of it");
    assert!(
        read_case(other, case)
            .await
            .text()
            .contains("Pas encore de réponse")
    );
    let done = answer(house, &[("issue", "reprise")]).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_ne!(asked_now(house, id).await, "consent-paused");
    let read = read_case(other, case).await;
    assert!(
        read.text().contains("Voici notre réponse motivée."),
        "{}",
        read.text()
    );
}

#[tokio::test]
async fn p_32_an_objection_that_is_right_ends_the_sharing() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let (_, _, code) = noticed(&house).await;
    let (mut other, page) = visiting(&house, &code).await;
    assert_eq!(object(&mut other, &page, id).await.status, 200);
    assert_eq!(answer(&house, &[("issue", "fin")]).await.status, 303);
    assert!(matches!(
        consent(&house, id).await.state(house.broker.now()),
        State::Revoked { .. }
    ));
    assert_eq!(asked_now(&house, id).await, "consent-closed");
}

#[tokio::test]
async fn p_32_withdrawing_and_agreeing_again_does_not_pass_an_objection_by() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let (_, _, code) = noticed(&house).await;
    let (mut other, page) = visiting(&house, &code).await;
    assert_eq!(object(&mut other, &page, id).await.status, 200);
    house.broker.withdraw(house.anna.id, id).await.unwrap();
    let mut anna = house.as_anna().await;
    let offers = anna.open("/moi/partages/nouveau").await;
    let action = offers.link("/moi/partages/nouveau/");
    let form = anna.open(&action).await;
    let field = format!("choice-{}", action.rsplit('/').next().unwrap());
    let field = match form.body.contains(&field) {
        true => field,
        false => {
            let radio = form.body.split("type=\"radio\"").nth(1).unwrap();
            let name = radio.split("name=\"").nth(1).unwrap();
            name.split('"').next().unwrap().to_owned()
        }
    };
    let agreed = anna.submit(&form, &action, &[(field.as_str(), "accept")]).await;
    assert_eq!(agreed.status, 409, "{}", agreed.text());
    assert_eq!(house.consents(&house.anna).await, 1);
}

#[tokio::test]
async fn p_32_a_question_reaches_the_officer_and_changes_nothing() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let (_, _, code) = noticed(&house).await;
    let (mut other, page) = visiting(&house, &code).await;
    let empty = other
        .submit(&page, "/foyer/demande", &[("nature", "question")])
        .await;
    assert_eq!(empty.status, 422, "a question has words");
    let typed = [("nature", "question"), ("mots", "Qui voit mes douches ?")];
    let sent = other.submit(&page, "/foyer/demande", &typed).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    assert!(house.delivered(id).await);
    assert_eq!(answer(&house, &[]).await.status, 303);
    let read = read_case(&mut other, &code_in(&sent)).await;
    assert!(
        read.text().contains("Voici notre réponse motivée."),
        "{}",
        read.text()
    );
}

#[tokio::test]
async fn p_32_the_code_ends_with_the_occupancy_and_the_answer_stays_readable() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let (mut anna, _, code) = noticed(&house).await;
    let (mut other, page) = visiting(&house, &code).await;
    let case = code_in(&object(&mut other, &page, id).await);
    let action = format!("/moi/logement/{}/depart", house.anna.point);
    let leaving = anna.open(&format!("{action}?date=2026-11-19")).await;
    assert_eq!(anna.submit(&leaving, &action, &[]).await.status, 303);
    assert_eq!(other.post("/foyer", &[("code", &code)]).await.status, 422);
    assert_eq!(other.get("/foyer/partages").await.status, 303);
    assert_eq!(read_case(&mut other, &case).await.status, 200);
}

#[tokio::test]
async fn p_32_nobody_but_she_says_who_lives_in_her_home_and_no_foreign_form_objects() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let (_, _, code) = noticed(&house).await;
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let homes = bruno.open("/moi/logement").await;
    let hidden = homes.hidden_fields(&homes.action("/foyer"));
    let token = hidden[0].1.as_str();
    for path in ["foyer", "code"] {
        let path = format!("/moi/logement/{}/{path}", house.anna.point);
        let typed = [("csrf", token), ("adultes", "9"), ("mineurs", "non")];
        assert_eq!(bruno.post(&path, &typed).await.status, 404);
    }
    let path = format!("/moi/logement/{}/notice", house.anna.point);
    assert_eq!(bruno.get(&path).await.status, 404);
    let mut read = house.broker.read().await.unwrap();
    let home = read.home(house.anna.point).await.unwrap().unwrap();
    assert_eq!(home.household.adults.number(), 1);
    drop(read);
    let (mut other, page) = visiting(&house, &code).await;
    other.headers.retain(|(name, _)| name != "sec-fetch-site");
    other.headers.push(("sec-fetch-site".into(), "cross-site".into()));
    assert_eq!(object(&mut other, &page, id).await.status, 403);
    assert!(house.delivered(id).await);
    let mut anna = house.as_anna().await;
    let homes = anna.open("/moi/logement").await;
    let action = homes.action("/foyer");
    let refused = anna.submit(&homes, &action, &[("adultes", "200")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("entre 0 et 20"), "{}", refused.text());
}

#[tokio::test]
async fn p_12_what_she_paused_herself_stays_paused_when_an_officer_lets_it_go_on() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let until = house.broker.now().plus_seconds(30 * 86_400);
    house.broker.pause(house.anna.id, id, until).await.unwrap();
    let (_, _, code) = noticed(&house).await;
    let (mut other, page) = visiting(&house, &code).await;
    house.set_clock(&house.broker.now().plus_seconds(60).to_string());
    assert_eq!(object(&mut other, &page, id).await.status, 200);
    assert!(until < pause_of(&house, id).await.unwrap());
    assert_eq!(answer(&house, &[("issue", "reprise")]).await.status, 303);
    assert_eq!(pause_of(&house, id).await, Some(until));
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    house.set_clock(&until.to_string());
    assert_ne!(asked_now(&house, id).await, "consent-paused");
}

async fn pause_of(house: &House, id: ConsentId) -> Option<Instant> {
    let pause = consent(house, id).await.pause(house.broker.now());
    pause.map(|pause| pause.until)
}

#[tokio::test]
async fn p_34_whoever_opens_an_invitation_says_that_she_is_of_age_before_any_way_in() {
    let house = House::build_signing_in(crate::ways::ways()).await;
    let anna = house.anna.id;
    let code = house.invited(SessionRole::Participant(anna)).await;
    let mut browser = Browser::new(house.serve(), None);
    let page = browser.open("/invitation").await;
    let silent = browser.submit(&page, "/invitation", &[("code", &code)]).await;
    assert_eq!(silent.status, 422);
    assert!(silent.text().contains("majeur"), "{}", silent.text());
    assert!(silent.body.contains(&code), "the code need not be typed again");
    assert_eq!(
        browser.get("/invitation/acces").await.header("location"),
        "/invitation"
    );
    assert!(!house.broker.is_of_age(anna).await.unwrap());
    // Nor by another door: the code alone registers nothing.
    let begun = house.broker.begin_passkey_by_invitation(&code, "Anna").await;
    assert!(matches!(begun, Err(Failure::Refused(SignInRefusal::AgeUnsaid))));
    let minors = browser.open(&page.link("/mineurs")).await;
    assert!(minors.text().contains("parent"), "{}", minors.text());
    let said = [("code", code.as_str()), ("majeur", "oui")];
    let opened = browser.submit(&page, "/invitation", &said).await;
    assert_eq!(opened.header("location"), "/invitation/acces");
    assert!(house.broker.is_of_age(anna).await.unwrap());
    // Said once, and in her list; staff say nothing of their age.
    assert_eq!(
        browser
            .submit(&page, "/invitation", &[("code", &code)])
            .await
            .status,
        303
    );
    let code = house.invited(SessionRole::Officer(house.officer)).await;
    assert_eq!(
        browser
            .submit(&page, "/invitation", &[("code", &code)])
            .await
            .status,
        303
    );
}
