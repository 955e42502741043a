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
    // Sent again, as browsers do when a page is loaded again: nobody is enrolled twice, and the code is not lost.
    let twice = officer.submit(&page, PATH, &fields).await;
    assert_eq!(twice.status, 200);
    let newer = fact(&twice.body, "Code d'accès".replace('\'', "&#39;").as_str());
    assert_ne!(newer, code);
    assert_eq!(
        house
            .broker
            .read()
            .await
            .unwrap()
            .participant_count()
            .await
            .unwrap(),
        3
    );
    // Another form with the same meter.
    let other = officer.open(PATH).await;
    let taken = officer.submit(&other, PATH, &fields).await;
    assert_eq!(taken.status, 422);
    assert!(
        taken.text().contains("Ce compteur est déjà inscrit"),
        "{}",
        taken.text()
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
        assert_eq!(visitor.post(PATH, &csrf).await.status, 403);
    }
}
