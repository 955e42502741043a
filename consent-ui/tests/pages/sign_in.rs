//! Ways in and out, and the language.

use std::net::SocketAddr;

use crate::browser::Browser;
use crate::house::House;

fn local() -> Option<SocketAddr> {
    Some(SocketAddr::from(([127, 0, 0, 1], 50_000)))
}

async fn try_sign_in(house: &House, browser: &mut Browser) -> u16 {
    let subject = house.anna.id.to_string();
    let status = browser
        .post("/demo/sign-in", &[("role", "participant"), ("subject", &subject)])
        .await
        .status;
    assert_eq!(status == 303, browser.cookies.contains_key("fiducie"));
    status
}

#[tokio::test]
async fn a_broker_that_serves_people_has_no_one_click_sign_in() {
    let house = House::build().await;
    let mut browser = Browser::new(house.serve(), local());
    assert_eq!(try_sign_in(&house, &mut browser).await, 404);
    let home = browser.open("/").await;
    assert!(!home.body.contains("/demo/sign-in"));
    assert!(
        home.text().contains("Aucun service de connexion"),
        "{}",
        home.text()
    );
}

#[tokio::test]
async fn only_this_machine_signs_in_with_one_click() {
    let house = House::build().await;
    for (peer, host, header, expected) in [
        (local(), "127.0.0.1:8080", None, 303),
        (local(), "localhost:8080", None, 303),
        (Some("[::1]:50000".parse().unwrap()), "[::1]:8080", None, 303),
        (
            Some("192.168.1.20:50000".parse().unwrap()),
            "127.0.0.1:8080",
            None,
            403,
        ),
        (None, "127.0.0.1:8080", None, 403),
        (local(), "fiducie.example", None, 403),
        (local(), "localhost.example:8080", None, 403),
        (
            local(),
            "127.0.0.1:8080",
            Some(("x-forwarded-for", "203.0.113.9")),
            403,
        ),
    ] {
        let mut browser = Browser::new(house.demo(), peer);
        browser.host = host.into();
        browser.origin = Some(format!("http://{host}"));
        browser
            .headers
            .extend(header.map(|(name, value): (&str, &str)| (name.to_owned(), value.to_owned())));
        assert_eq!(
            try_sign_in(&house, &mut browser).await,
            expected,
            "{peer:?} {host} {header:?}"
        );
        assert_eq!(
            browser.open("/").await.body.contains("/demo/sign-in"),
            expected == 303
        );
    }
}

#[tokio::test]
async fn no_other_site_signs_anybody_in() {
    let house = House::build().await;
    for origin in [Some("http://elsewhere.example"), Some("null"), None] {
        let mut browser = house.browser();
        browser.origin = origin.map(str::to_owned);
        assert_eq!(try_sign_in(&house, &mut browser).await, 403, "{origin:?}");
    }
}

#[tokio::test]
async fn only_people_of_the_demonstration_are_let_in_and_only_as_themselves() {
    let house = House::build().await;
    let (anna, officer) = (house.anna.id.to_string(), house.officer.to_string());
    for (role, subject) in [
        ("officer", anna.as_str()),
        ("participant", officer.as_str()),
        ("participant", "00000000-0000-4000-8000-000000000000"),
        ("", ""),
    ] {
        let mut browser = house.browser();
        let answer = browser
            .post("/demo/sign-in", &[("role", role), ("subject", subject)])
            .await;
        assert_eq!(answer.status, 403, "{role} {subject}");
        assert!(browser.cookies.is_empty());
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let stolen = anna.cookies.clone();
    let page = anna.open("/moi").await;
    assert!(page.text().contains("Anna Tilleul"));
    let answer = anna.submit(&page, "/deconnexion", &[]).await;
    assert!(
        anna.open(&answer.header("location"))
            .await
            .text()
            .contains("Vous êtes déconnecté.")
    );
    anna.cookies = stolen;
    assert_eq!(anna.get("/moi").await.status, 303);
}

#[tokio::test]
async fn a_session_that_was_left_withdraws_until_it_ends_by_itself() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let page = anna.open("/moi").await;
    // Twelve hours without use: she sees, and takes back (invariant I5), and does nothing else.
    house.set_clock("2026-11-19T23:00:30Z");
    assert_eq!(anna.get("/moi").await.status, 200);
    let account = anna.open("/compte").await;
    let refused = anna.submit(&account, "/compte/codes", &[]).await;
    assert_eq!(refused.status, 403);
    let path = format!("/moi/partages/{consent}/retrait");
    let form = anna.open(&path).await;
    assert_eq!(anna.submit(&form, &path, &[]).await.status, 303);
    assert!(!house.delivered(consent).await, "withdrawn");
    // Thirty days: it is over.
    house.set_clock("2026-12-19T11:00:30Z");
    assert_eq!(anna.get("/moi").await.header("location"), "/?fait=connexion");
    assert_eq!(anna.submit(&page, "/deconnexion", &[]).await.status, 401);
}

#[tokio::test]
async fn the_language_is_chosen_kept_and_guessed() {
    let house = House::build().await;
    let mut browser = house.browser();
    assert!(browser.open("/").await.body.contains("<html lang=\"fr\">"));
    browser
        .headers
        .push(("accept-language".into(), "en-GB,en;q=0.9".into()));
    let home = browser.open("/recherche?x=1").await;
    assert!(home.body.contains("<html lang=\"en\">"));
    let mut belgian = house.browser();
    belgian
        .headers
        .push(("accept-language".into(), "nl-BE,nl;q=0.9,fr;q=0.8".into()));
    assert!(belgian.open("/").await.body.contains("<html lang=\"nl\">"));

    let answer = browser.get(&home.link("lang=fr")).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/recherche?x=1".into())
    );
    assert!(
        browser.open("/").await.body.contains("<html lang=\"fr\">"),
        "the cookie wins over the browser"
    );
    let answer = browser.get("//elsewhere.example/?lang=en").await;
    assert_eq!(answer.header("location"), "/", "never to another site");
}
