//! Letting people in: the officer's forms, and what the person gets.

use crate::house::House;

const PATH: &str = "/dpo/invitations";

/// The answer to a label of the list of facts.
fn fact(body: &str, label: &str) -> String {
    let (_, after) = body.split_once(&format!("<dt>{label}</dt><dd>")).expect(label);
    let (value, _) = after.split_once("</dd>").unwrap();
    value.replace("<code>", "").replace("</code>", "")
}

#[tokio::test]
async fn an_officer_lets_a_person_in_with_a_code_that_is_shown_once() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo").await;
    let page = officer.open(&desk.link(PATH)).await;
    let fields = [
        ("nom", "Chloé <Martin>"),
        ("adresse", "3 rue des Tilleuls"),
        ("compteur", "3333 3333 333333"),
        ("langue", "nl"),
    ];
    let made = officer.submit(&page, PATH, &fields).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(made.text().contains("Chloé <Martin>"), "{}", made.text());
    assert_eq!(made.header("cache-control"), "no-store");
    let code = fact(&made.body, "Code d'accès".replace('\'', "&#39;").as_str());
    assert!(!officer.open(PATH).await.body.contains(&code));

    let mut stranger = house.browser();
    let invitation = stranger.open("/invitation").await;
    let opened = stranger
        .submit(&invitation, "/invitation", &[("code", &code), ("majeur", "oui")])
        .await;
    assert_eq!(opened.header("location"), "/invitation/acces", "{}", opened.body);
    // Sent again, as browsers do when a page is loaded again: nobody is enrolled twice.
    let twice = officer.submit(&page, PATH, &fields).await;
    assert_eq!(twice.status, 422);
    assert!(
        twice.text().contains("Ce compteur est déjà inscrit"),
        "{}",
        twice.text()
    );
}

#[tokio::test]
async fn what_is_missing_is_said_beside_its_field_and_what_was_typed_stays() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let page = officer.open(PATH).await;
    let size = house.broker.latest_checkpoint().size();
    let long = "x".repeat(201);
    for (fields, words) in [
        (
            [("nom", ""), ("adresse", "rue"), ("compteur", "1")],
            "Donnez un nom",
        ),
        (
            [("nom", "A"), ("adresse", ""), ("compteur", "1")],
            "Indiquez l'adresse postale",
        ),
        (
            [("nom", "A"), ("adresse", long.as_str()), ("compteur", "1")],
            "trop long",
        ),
        (
            [("nom", "A"), ("adresse", "rue"), ("compteur", "1234")],
            "14 chiffres",
        ),
    ] {
        let refused = officer.submit(&page, PATH, &fields).await;
        assert_eq!(refused.status, 422, "{words}");
        assert!(refused.text().contains(words), "{words}: {}", refused.text());
        assert!(refused.body.contains("value=\"A\"") || fields[0].1.is_empty());
    }
    assert_eq!(house.broker.latest_checkpoint().size(), size);
}

#[tokio::test]
async fn whoever_lost_her_way_in_gets_a_code_from_an_officer_who_proved_who_he_is() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let page = officer.open(PATH).await;
    let action = "/dpo/invitations/encore";
    let anna = house.anna.id.to_string();
    let made = officer.submit(&page, action, &[("personne", &anna)]).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(
        !made.text().contains("Anna"),
        "officers see no names: {}",
        made.text()
    );
    for unknown in ["", "anna", "1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31"] {
        let refused = officer.submit(&page, action, &[("personne", unknown)]).await;
        assert_eq!(refused.status, 422, "{unknown}");
        assert!(
            refused.text().contains("Personne n'est connu"),
            "{}",
            refused.text()
        );
    }
    // Eleven minutes later.
    house.set_clock("2026-11-20T09:11:00Z");
    let mut late = house.as_officer().await;
    let page = late.open(PATH).await;
    house.set_clock("2026-11-20T09:22:00Z");
    let first = late.submit(&page, action, &[("personne", &anna)]).await;
    assert_eq!(
        first.header("location").split('?').next(),
        Some("/compte/preuve"),
        "{}",
        first.body
    );
}

#[tokio::test]
async fn nobody_else_lets_people_in() {
    let house = House::build().await;
    for mut visitor in [house.as_anna().await, house.as_researcher().await] {
        assert_eq!(visitor.open(PATH).await.status, 403);
        let own = visitor.open("/compte").await;
        let csrf = own.hidden_fields("/compte/codes");
        let csrf: Vec<_> = csrf
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        for path in [PATH, "/dpo/invitations/encore"] {
            assert_eq!(visitor.post(path, &csrf).await.status, 403, "{path}");
        }
    }
}
