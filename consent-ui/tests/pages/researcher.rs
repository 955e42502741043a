//! What a researcher does up to the decision.

use crate::house::{House, TITLE_FR};

#[tokio::test]
async fn the_catalogue_is_open_to_everybody() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    house.set_clock("2026-11-21T09:00:00Z");
    let mut nobody = house.browser();
    let catalogue = nobody.open("/recherche").await;
    assert!(catalogue.text().contains("Courbe moyenne de la rue"));
    let page = nobody.open(&catalogue.link("/recherche/jeux/")).await;
    assert!(page.text().contains(TITLE_FR), "{}", page.text());
    assert!(page.text().contains("moins de 100 d'accord"), "{}", page.text());
    assert!(!page.body.contains("<textarea"));
    assert_eq!(
        nobody
            .get("/recherche/jeux/00000000-0000-4000-8000-000000000000")
            .await
            .status,
        404
    );
}

/// Differencing: whoever reads the public pages before and after learns nothing about the household in between.
#[tokio::test]
async fn nobody_sees_one_household_come_or_go() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    house.set_clock("2026-11-21T09:00:00Z");
    let mut nobody = house.browser();
    let path = format!("/recherche/jeux/{}", house.dataset);
    let before = [nobody.open("/recherche").await, nobody.open(&path).await];
    let consent = house.granted(&house.bruno).await;
    let with = [nobody.open("/recherche").await, nobody.open(&path).await];
    house.broker.withdraw(house.bruno.id, consent).await.unwrap();
    let after = [nobody.open("/recherche").await, nobody.open(&path).await];
    for ((before, with), after) in before.iter().zip(&with).zip(&after) {
        assert_eq!(before.text(), with.text());
        assert_eq!(before.text(), after.text());
    }
}

#[tokio::test]
async fn a_request_says_why_and_for_which_days() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    house.set_clock("2026-11-22T09:00:00Z");
    let mut rachel = house.as_researcher().await;
    let path = format!("/recherche/jeux/{}", house.dataset);
    let page = rachel.open(&path).await;
    assert!(
        page.body.contains("value=\"2026-11-21\""),
        "yesterday is proposed"
    );
    let action = page.action("/demande");
    for (words, from, until, told) in [
        ("", "2026-11-21", "2026-11-21", "Expliquez pourquoi"),
        ("thèse", "", "2026-11-21", "Indiquez une date."),
        ("thèse", "2026-02-30", "2026-11-21", "qui existe"),
        (
            "thèse",
            "2026-11-21",
            "2026-11-20",
            "La fin doit venir après le début.",
        ),
        ("thèse", "2026-11-21", "2026-11-22", "ne couvre pas cette période"),
        (&"x".repeat(4_001), "2026-11-21", "2026-11-21", "trop long"),
    ] {
        let back = rachel
            .submit(
                &page,
                &action,
                &[("justification", words), ("from", from), ("until", until)],
            )
            .await;
        assert_eq!(back.status, 422, "{told}");
        assert!(back.text().contains(told), "{told}: {}", back.text());
    }
    let fields = [
        ("justification", "thèse <b>"),
        ("from", "2026-11-20"),
        ("until", "2026-11-21"),
    ];
    let answer = rachel.submit(&page, &action, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let list = rachel.open(&answer.header("location")).await;
    assert!(list.text().contains("Votre demande est envoyée."));
    assert!(list.text().contains("thèse <b>") && !list.body.contains("thèse <b>"));
    assert!(list.body.contains("datetime=\"2026-11-20\"") && list.body.contains("datetime=\"2026-11-21\""));

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
    assert_eq!(anna.post(&action, &[("csrf", csrf)]).await.status, 403);
}
