//! Sign-in and the account, page by page.

use broker_domain::lang::Lang;
use broker_store::SessionRole;

use crate::browser::{Answer, Browser};
use crate::house::House;
use crate::ways::{answer, between, csrf, ways};

async fn house() -> House {
    House::build_signing_in(ways()).await
}

fn anna(house: &House) -> SessionRole {
    SessionRole::Participant(house.anna.id)
}

/// In which language the browser asks.
fn speak(browser: &mut Browser, lang: Lang) {
    browser.cookies.insert("fiducie-langue".into(), lang.tag().into());
}

fn codes(page: &Answer) -> Vec<String> {
    let items = page.body.split("<li><code>").skip(1);
    items
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_page_of_sign_in_is_there_in_every_language() {
    let house = house().await;
    let code = house.invited(SessionRole::Officer(house.officer)).await;
    let (mut anna, _) = house.come_in(anna(&house), "one").await;
    let account = anna.open("/compte").await;
    let not_me = account.link("/compte/pas-moi/");
    let mut door = house.at_the_door(&code).await;
    let mut spoken: Vec<Vec<String>> = Vec::new();
    for lang in Lang::ALL {
        speak(&mut anna, lang);
        speak(&mut door, lang);
        let token = csrf(&anna.open("/compte").await);
        let mut pages = Vec::new();
        for path in ["/connexion", "/invitation", "/invitation/acces"] {
            pages.push(door.get(path).await);
        }
        pages.push(door.post("/invitation", &[("code", "x")]).await);
        pages.push(door.post("/connexion/secours", &[("code", "x")]).await);
        pages.push(door.get("/connexion/aupres/absent").await);
        for path in ["/compte", "/compte/preuve", "/compte/role", &not_me] {
            pages.push(anna.get(path).await);
        }
        pages.push(anna.post("/compte/codes", &[("csrf", &token)]).await);
        let key = between(&account.body, "name=\"moyen\" value=\"", "\"");
        let unnamed = [("csrf", token.as_str()), ("moyen", key), ("nom", " ")];
        pages.push(anna.post("/compte/cles/nom", &unnamed).await);
        let statuses: Vec<u16> = pages.iter().map(|page| page.status).collect();
        assert_eq!(
            statuses,
            [200, 200, 200, 422, 422, 503, 200, 200, 200, 200, 200, 422],
            "{lang:?}"
        );
        for page in &pages {
            assert!(page.body.contains(&format!("<html lang=\"{}\">", lang.tag())));
            assert!(!page.body.contains('⟦'), "{}", page.text());
        }
        spoken.push(pages.iter().map(Answer::text).collect());
    }
    for (one, another) in spoken[0].iter().zip(&spoken[1]) {
        assert_ne!(one, another);
    }
    for (one, another) in spoken[1].iter().zip(&spoken[2]) {
        assert_ne!(one, another);
    }
}

#[tokio::test]
async fn an_invitation_leads_to_the_first_page_of_its_role() {
    let house = house().await;
    let mut browser = house.at_the_door(&house.invited(anna(&house)).await).await;
    let asked = browser
        .post_json("/invitation/cle/question", "{\"csrf\":\"\"}")
        .await;
    assert_eq!(asked.header("cache-control"), "no-store");
    let account = between(&asked.body, "\"account\":\"", "\"").to_owned();
    let done = browser
        .post_json("/invitation/cle/reponse", &answer(&asked, "one", &account, ""))
        .await;
    assert_eq!((done.status, done.body.as_str()), (200, "{\"onward\":\"/moi\"}"));
    assert!(
        !browser.cookies.contains_key("fiducie-invitation"),
        "the code is forgotten"
    );
    assert!(browser.open("/moi").await.text().contains("Anna Tilleul"));
}

#[tokio::test]
async fn somebody_of_two_providers_is_sent_away_and_back() {
    let house = house().await;
    let mut browser = house.at_the_door(&house.invited(anna(&house)).await).await;
    let choice = browser.get("/invitation/acces").await;
    assert!(choice.text().contains("Continuer avec Ma mairie"));
    let away = browser.get("/invitation/aupres/mairie").await;
    let state = between(&away.header("location"), "state=", "&").to_owned();
    let back = format!("/connexion/retour/mairie?code=anna&state={state}");
    let done = browser.get(&back).await;
    assert_eq!((done.status, done.header("location")), (303, "/moi".into()));

    let mut again = Browser::new(house.serve(), None);
    let away = again.get("/connexion/aupres/mairie").await;
    let state = between(&away.header("location"), "state=", "&").to_owned();
    let back = format!("/connexion/retour/mairie?code=anna&state={state}");
    assert_eq!(again.get(&back).await.header("location"), "/moi");
    assert_eq!(again.get(&back).await.status, 410, "an answer is taken once");
    // The provider does not say when she proved herself: long ago, for whatever needs a fresh proof.
    let page = again.open("/compte").await;
    let asked = again.submit(&page, "/compte/codes", &[]).await.header("location");
    assert_eq!(asked, "/compte/preuve?fait=preuve");
}

#[tokio::test]
async fn a_recovery_session_leads_to_the_account_and_agrees_to_nothing() {
    let house = house().await;
    let consent = house.granted(&house.anna).await;
    let (mut anna, _) = house.come_in(anna(&house), "one").await;
    let page = anna.open("/compte").await;
    let shown = anna.submit(&page, "/compte/codes", &[]).await;
    assert_eq!(shown.header("cache-control"), "no-store");
    let codes = codes(&shown);
    assert_eq!(codes.len(), 10);

    let mut lost = Browser::new(house.serve(), None);
    let done = lost.post("/connexion/secours", &[("code", &codes[0])]).await;
    assert_eq!(done.header("location"), "/compte?fait=secours");
    let account = lost.open("/compte?fait=secours").await;
    assert!(
        account.text().contains("entré avec un code de secours"),
        "{}",
        account.text()
    );
    let offer = lost
        .open(&format!("/moi/partages/nouveau/{}", house.offer.offer.id))
        .await;
    let refused = lost
        .post(
            &format!("/moi/partages/nouveau/{}", house.offer.offer.id),
            &[("csrf", &csrf(&offer))],
        )
        .await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("permet de voir et de retirer"));
    let refused = lost.submit(&account, "/compte/codes", &[]).await;
    assert_eq!(refused.status, 403, "codes make no codes");

    let path = format!("/moi/partages/{consent}/retrait");
    let page = lost.open(&path).await;
    assert_eq!(lost.submit(&page, &path, &[]).await.status, 303);
    assert!(!house.delivered(consent).await, "withdrawn");

    // Used codes shut the account for a while, and say so.
    let mut thief = Browser::new(house.serve(), None);
    for _ in 0..5 {
        let page = thief.post("/connexion/secours", &[("code", &codes[0])]).await;
        assert!(page.text().contains("a déjà servi"), "{}", page.text());
    }
    let page = thief.post("/connexion/secours", &[("code", &codes[1])]).await;
    assert!(page.text().contains("Trop d'essais"), "{}", page.text());
}

#[tokio::test]
async fn this_was_not_me_closes_everything() {
    let house = house().await;
    let (mut anna, account) = house.come_in(anna(&house), "one").await;
    let mut elsewhere = house.with_key("one", &account).await;
    let page = anna.open("/compte").await;
    let path = page.link("/compte/pas-moi/");
    let asks = anna.open(&path).await;
    assert!(!asks.body.contains("checked"));
    // A way may be kept only by whoever has just proved to hold it, which an invitation does not.
    let key = between(&asks.body, "name=\"moyen\" value=\"", "\"");
    let key = if key.is_empty() {
        between(&asks.body, "id=\"keep-none\"", "</fieldset>")
            .split("value=\"")
            .nth(2)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
    } else {
        key
    };
    let kept = anna.submit(&asks, &path, &[("moyen", key)]).await;
    assert_eq!(kept.header("location"), "/compte/preuve?fait=preuve");
    let done = anna.submit(&asks, &path, &[("moyen", "")]).await;
    assert_eq!(done.header("location"), "/connexion?fait=compte-bloque");
    for browser in [&mut anna, &mut elsewhere] {
        assert_eq!(
            browser.get("/moi").await.header("location"),
            "/connexion?fait=connexion"
        );
    }
}
