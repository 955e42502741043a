//! What nobody can do, and the headers of every page.

use crate::house::House;

const OPEN: [&str; 5] = ["/", "/preuves", "/accessibilite", "/recherche", "/nulle-part"];
const PARTICIPANT: [&str; 5] = [
    "/moi",
    "/moi/partages",
    "/moi/partages/nouveau",
    "/moi/historique",
    "/moi/effacement",
];
const OFFICER: [&str; 3] = ["/dpo", "/dpo/transferts", "/dpo/registre"];
const RESEARCHER: [&str; 1] = ["/recherche/demandes"];

#[tokio::test]
async fn every_page_forbids_scripts_frames_and_leaks() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    for path in OPEN
        .iter()
        .chain(&PARTICIPANT)
        .chain(&OFFICER)
        .chain(&["/moi?lang=en"])
    {
        let answer = anna.get(path).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(answer.header("permissions-policy").contains("geolocation=()"));
        assert!(
            !answer.body.contains("<script") && !answer.body.contains(" style="),
            "{path}"
        );
    }
    assert_eq!(
        house.browser().get("/").await.header("cache-control"),
        "private, no-cache"
    );
    let sheet = anna.get("/assets/fiducie.css").await;
    assert_eq!(
        (sheet.status, sheet.header("content-type")),
        (200, "text/css; charset=utf-8".into())
    );
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let house = House::build().await;
    let mut browser = house.browser();
    let subject = house.anna.id.to_string();
    let answer = browser
        .post("/demo/sign-in", &[("role", "participant"), ("subject", &subject)])
        .await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("fiducie=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    assert!(cookie.contains("Path=/"));
}

#[tokio::test]
async fn pages_of_a_role_are_for_that_role() {
    let house = House::build().await;
    let mut nobody = house.browser();
    let mut anna = house.as_anna().await;
    let mut officer = house.as_officer().await;
    let mut researcher = house.as_researcher().await;
    for path in PARTICIPANT.iter().chain(&OFFICER).chain(&RESEARCHER) {
        let answer = nobody.get(path).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, "/?fait=connexion".into()),
            "{path}"
        );
        let allowed = |own: &[&str]| if own.contains(path) { 200 } else { 403 };
        assert_eq!(anna.get(path).await.status, allowed(&PARTICIPANT), "{path}");
        assert_eq!(officer.get(path).await.status, allowed(&OFFICER), "{path}");
        assert_eq!(researcher.get(path).await.status, allowed(&RESEARCHER), "{path}");
    }
}

#[tokio::test]
async fn nobody_reaches_what_is_somebody_elses() {
    let house = House::build().await;
    let consent = house.granted(&house.bruno).await;
    house.delivered(consent).await;
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let page = bruno.open(&format!("/moi/partages/{consent}")).await;
    let proof = page.link("/moi/preuves/");
    let mut anna = house.as_anna().await;
    let own = anna.open("/moi/effacement").await;
    let csrf = own
        .body
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    for path in [
        format!("/moi/partages/{consent}"),
        format!("/moi/partages/{consent}/retrait"),
        format!("/moi/partages/{consent}/reponse"),
        proof,
        "/moi/preuves/999999".into(),
        "/moi/preuves/x".into(),
        "/moi/partages/x".into(),
    ] {
        let answer = anna.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("Bruno"));
    }
    assert_eq!(
        anna.post(&format!("/moi/partages/{consent}/retrait"), &[("csrf", csrf)])
            .await
            .status,
        404
    );
    assert!(house.delivered(consent).await, "nothing was withdrawn");
}

#[tokio::test]
async fn a_form_without_the_token_of_the_session_does_nothing() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let path = format!("/moi/partages/{consent}/retrait");
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let foreign = bruno.open("/moi/effacement").await;
    let foreign = foreign
        .body
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let mut anna = house.as_anna().await;
    for fields in [[].as_slice(), &[("csrf", "")], &[("csrf", foreign)]] {
        let answer = anna.post(&path, fields).await;
        assert_eq!(answer.status, 403);
        assert!(
            answer.text().contains("Ce formulaire a expiré"),
            "{}",
            answer.text()
        );
    }
    let page = anna.open(&path).await;
    anna.origin = Some("http://elsewhere.example".into());
    assert_eq!(
        anna.submit(&page, &path, &[]).await.status,
        403,
        "the right token from another site"
    );
    assert!(house.delivered(consent).await, "nothing was withdrawn");
}

#[tokio::test]
async fn what_cannot_be_read_is_a_page_with_a_reference() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let lost = anna.get("/nulle-part").await;
    assert_eq!(lost.status, 404);
    assert!(
        lost.text().contains("Page introuvable") && lost.text().contains("Référence à citer"),
        "{}",
        lost.text()
    );
    assert_eq!(anna.get("/deconnexion").await.status, 404);
    let large = anna
        .post_raw("/deconnexion", format!("csrf={}", "x".repeat(70_000)))
        .await;
    assert_eq!(large.status, 413);
    assert!(large.text().contains("Envoi trop volumineux"), "{}", large.text());
    anna.headers
        .push(("content-type".into(), "application/json".into()));
    assert_eq!(anna.post_raw("/deconnexion", "{}".into()).await.status, 422);
}
