//! What nobody can do on the pages of sign-in and of the account.

use broker_store::SessionRole;

use crate::browser::Browser;
use crate::house::House;
use crate::ways::{answer, between, csrf, ways};

/// Forms of the account.
const FORMS: [&str; 8] = [
    "/compte/cles/nom",
    "/compte/cles/retrait",
    "/compte/fournisseurs/retrait",
    "/compte/deblocage",
    "/compte/codes",
    "/compte/appareils/fin",
    "/compte/appareils/tous",
    "/compte/role",
];

async fn house() -> House {
    House::build_signing_in(ways()).await
}

fn anna(house: &House) -> SessionRole {
    SessionRole::Participant(house.anna.id)
}

#[tokio::test]
async fn the_account_is_for_whoever_is_signed_in() {
    let house = house().await;
    let mut nobody = Browser::new(house.serve(), None);
    for path in ["/compte", "/compte/preuve", "/compte/role", "/moi", "/dpo"] {
        let answer = nobody.get(path).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, "/connexion?fait=connexion".into()),
            "{path}"
        );
    }
    assert_eq!(
        nobody.get("/invitation/acces").await.header("location"),
        "/invitation"
    );
    for path in FORMS {
        assert_eq!(nobody.post(path, &[("csrf", "x")]).await.status, 401, "{path}");
    }
    let (mut anna, _) = house.come_in(anna(&house), "one").await;
    assert_eq!(anna.get("/dpo").await.status, 403);
    let (mut officer, _) = house.come_in(SessionRole::Officer(house.officer), "two").await;
    assert_eq!(officer.get("/dpo").await.status, 200);
    assert_eq!(officer.get("/moi").await.status, 403);
    assert_eq!(officer.get("/compte").await.status, 200);
    let line = anna.open("/compte").await.link("/compte/pas-moi/");
    assert_eq!(officer.get(&line).await.status, 404, "a line of somebody else");
    let page = anna.open("/compte").await;
    let role = [("csrf", csrf(&page)), ("role", "officer".into())];
    let role = role.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(anna.post("/compte/role", &role).await.status, 403);
}

#[tokio::test]
async fn a_form_of_the_account_needs_the_token_and_our_own_page() {
    let house = house().await;
    let (mut anna, _) = house.come_in(anna(&house), "one").await;
    let page = anna.open("/compte").await;
    for path in FORMS {
        for fields in [[].as_slice(), &[("csrf", "x")]] {
            assert_eq!(anna.post(path, fields).await.status, 403, "{path}");
        }
    }
    anna.origin = Some("http://elsewhere.example".into());
    let answer = anna.submit(&page, "/compte/appareils/tous", &[]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(anna.get("/moi").await.status, 200, "still signed in");
}

#[tokio::test]
async fn codes_and_answers_come_from_our_own_pages_only() {
    let house = house().await;
    let code = house.invited(anna(&house)).await;
    for origin in [Some("http://elsewhere.example"), Some("null"), None] {
        let mut browser = Browser::new(house.serve(), None);
        browser.origin = origin.map(str::to_owned);
        for path in ["/invitation", "/connexion/secours"] {
            let answer = browser.post(path, &[("code", &code)]).await;
            assert_eq!(answer.status, 403, "{path} {origin:?}");
        }
        for path in ["/connexion/cle/question", "/invitation/cle/question"] {
            let answer = browser.post_json(path, "{\"csrf\":\"\"}").await;
            assert_eq!(answer.status, 403, "{path} {origin:?}");
        }
        assert!(browser.cookies.is_empty());
    }
    // With a session, the question needs its token too.
    let (mut anna, _) = house.come_in(anna(&house), "one").await;
    for path in ["/connexion/cle/question", "/compte/cles/question"] {
        let answer = anna.post_json(path, "{\"csrf\":\"x\"}").await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains("sentence"), "{}", answer.body);
    }
    assert_eq!(anna.post_json("/connexion/cle/question", "{}").await.status, 422);
}

#[tokio::test]
async fn a_question_is_answered_once_and_in_time() {
    let house = house().await;
    let (_, account) = house.come_in(anna(&house), "one").await;
    let mut browser = Browser::new(house.serve(), None);
    let asked = browser
        .post_json("/connexion/cle/question", "{\"csrf\":\"\"}")
        .await;
    let waiting = browser.cookies.clone();
    let body = answer(&asked, "one", &account, "");
    let done = browser.post_json("/connexion/cle/reponse", &body).await;
    assert_eq!(done.status, 200, "{}", done.body);
    browser.cookies = waiting;
    let again = browser.post_json("/connexion/cle/reponse", &body).await;
    assert_eq!(again.status, 410, "{}", again.body);
    assert!(!browser.cookies.contains_key("fiducie"));

    let asked = browser
        .post_json("/connexion/cle/question", "{\"csrf\":\"\"}")
        .await;
    // Ten minutes later.
    house.set_clock("2026-11-19T11:10:30Z");
    let late = browser
        .post_json("/connexion/cle/reponse", &answer(&asked, "one", &account, ""))
        .await;
    assert_eq!(late.status, 410, "{}", late.body);
    let without = Browser::new(house.serve(), None)
        .post_json("/connexion/cle/reponse", &body)
        .await;
    assert_eq!(without.status, 410);
}

#[tokio::test]
async fn an_invitation_is_used_once_whoever_opened_it() {
    let house = house().await;
    let code = house.invited(anna(&house)).await;
    let mut second = house.at_the_door(&code).await;
    let mut first = house.at_the_door(&code).await;
    for (browser, key, status) in [(&mut first, "one", 200), (&mut second, "two", 410)] {
        let asked = browser
            .post_json("/invitation/cle/question", "{\"csrf\":\"\"}")
            .await;
        assert_eq!(asked.status, status, "{}", asked.body);
        if status == 200 {
            let account = between(&asked.body, "\"account\":\"", "\"").to_owned();
            let body = answer(&asked, key, &account, "");
            assert_eq!(
                browser.post_json("/invitation/cle/reponse", &body).await.status,
                200
            );
        }
    }
    let mut third = Browser::new(house.serve(), None);
    let page = third.post("/invitation", &[("code", &code)]).await;
    assert_eq!(page.status, 422);
}

#[tokio::test]
async fn an_answer_of_a_provider_belongs_to_its_browser_its_address_and_its_question() {
    let house = house().await;
    let mut browser = house.at_the_door(&house.invited(anna(&house)).await).await;
    let away = browser.get("/invitation/aupres/mairie").await;
    let state = between(&away.header("location"), "state=", "&").to_owned();
    let back = |provider: &str, state: &str| format!("/connexion/retour/{provider}?code=anna&state={state}");
    let mut other = Browser::new(house.serve(), None);
    assert_eq!(other.get(&back("mairie", &state)).await.status, 410);
    assert_eq!(browser.get(&back("absent", &state)).await.status, 410);
    // One wrong return spends the question.
    assert_eq!(browser.get(&back("mairie", &state)).await.status, 410);
    assert_eq!(browser.get("/connexion/retour/nobody?state=x").await.status, 410);
    assert_eq!(browser.get("/connexion/aupres/nobody").await.status, 404);
    let away = browser.get("/connexion/aupres/mairie").await;
    let state = between(&away.header("location"), "state=", "&").to_owned();
    let stranger = browser.get(&back("mairie", &state)).await;
    assert_eq!(stranger.status, 403);
    assert!(stranger.text().contains("n'est relié à personne"));
    // What the provider put into the address stands on no page, whence a click could carry it on.
    assert!(!stranger.text().contains("code=anna") && !stranger.text().contains(&state));
    let declined = browser.get("/connexion/aupres/mairie").await;
    let state = between(&declined.header("location"), "state=", "&").to_owned();
    let declined = browser
        .get(&format!(
            "/connexion/retour/mairie?error=access_denied&state={state}"
        ))
        .await;
    assert_eq!(declined.status, 403);
}

#[tokio::test]
async fn scripts_run_only_where_an_authenticator_is_asked() {
    let house = house().await;
    let (mut anna, _) = house.come_in(anna(&house), "one").await;
    for path in ["/connexion", "/compte", "/compte/preuve"] {
        let page = anna.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self'"), "{path}: {policy}");
        assert!(page.body.contains("/assets/passkey.js"), "{path}");
        assert!(page.body.contains("<noscript>"), "{path}");
    }
    for path in ["/invitation", "/compte/role", "/moi"] {
        let page = anna.get(path).await;
        assert!(
            !page.header("content-security-policy").contains("script-src"),
            "{path}"
        );
        assert!(!page.body.contains("<script"), "{path}");
    }
    // A form that comes back with an error holds the same script, and lets it run.
    for (path, field) in [("/connexion/secours", "code"), ("/compte/cles/nom", "nom")] {
        let account = anna.open("/compte").await;
        let key = between(&account.body, "name=\"moyen\" value=\"", "\"").to_owned();
        let token = csrf(&account);
        let fields = [("csrf", token.as_str()), ("moyen", key.as_str()), (field, " ")];
        let page = anna.post(path, &fields).await;
        assert_eq!(page.status, 422, "{path}");
        assert!(page.body.contains("/assets/passkey.js"), "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self'"), "{path}: {policy}");
    }
}
