//! Rules of the list and the card of a sharing (P-01 to P-10), one test a rule.

use crate::house::House;

#[tokio::test]
async fn p_01_my_sharings_are_one_click_from_every_page_and_withdrawal_is_two_from_sign_in() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    for path in [
        "/moi",
        "/moi/donnees",
        "/moi/demandes",
        "/moi/historique",
        "/moi/inscriptions",
        "/moi/effacement",
        "/preuves",
    ] {
        let page = anna.open(path).await;
        assert_eq!(page.link("/moi/partages"), "/moi/partages", "{path}");
    }
    // The first click leads to the page whose only button is the second.
    let home = anna.open("/moi").await;
    let confirm = anna.open(&home.link("/retrait")).await;
    let action = confirm.action(&format!("/moi/partages/{consent}/retrait"));
    let done = anna.submit(&confirm, &action, &[]).await;
    assert!(
        anna.open(&done.header("location"))
            .await
            .text()
            .contains("retiré")
    );
}

#[tokio::test]
async fn p_02_home_counts_what_is_active_ends_soon_and_waits_for_an_answer() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let counts = |body: &str| -> Vec<String> {
        let list = body.split("class=\"counts\"").nth(1).unwrap();
        let numbers = list.split("</ul>").next().unwrap().split("<strong>").skip(1);
        numbers
            .map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(counts(&anna.open("/moi").await.body), ["0", "0", "1"]);
    house.granted(&house.anna).await;
    assert_eq!(counts(&anna.open("/moi").await.body), ["1", "0", "0"]);
    // Twenty days before its end, a year later.
    house.set_clock("2027-10-30T11:00:00Z");
    let mut anna = house.as_anna().await;
    assert_eq!(counts(&anna.open("/moi").await.body), ["1", "1", "0"]);
}

#[tokio::test]
async fn p_03_the_list_is_filtered_and_what_ended_stays_with_date_and_cause() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let list = anna.open("/moi/partages").await;
    let card = format!("id=\"sharing-{consent}\"");
    assert!(list.body.contains(&card));
    for (name, value) in [
        ("organisation", house.offer.offer.recipient.to_string()),
        ("compteur", house.anna.point.to_string()),
        ("finalite", house.offer.offer.purpose.to_string()),
    ] {
        assert!(list.body.contains(&format!("name=\"{name}\"")) && list.body.contains(&value));
        let kept = anna.open(&format!("/moi/partages?{name}={value}")).await;
        assert!(
            kept.body.contains(&card) && kept.body.contains("selected"),
            "{name}"
        );
        // Filters keep what the list was narrowed down to.
        assert!(kept.link("filtre=termines").contains(&format!("{name}={value}")));
    }
    assert!(
        !anna
            .open("/moi/partages?filtre=en-pause")
            .await
            .body
            .contains(&card)
    );
    let confirm = anna.open(&format!("/moi/partages/{consent}/retrait")).await;
    let action = confirm.action("/retrait");
    anna.submit(&confirm, &action, &[]).await;
    let ended = anna.open("/moi/partages?filtre=termines").await;
    assert!(ended.body.contains(&card));
    assert!(ended.text().contains("19 novembre 2026"), "{}", ended.text());
    assert!(ended.text().contains("Accord retiré"), "{}", ended.text());
}

/// What the card of one sharing says.
async fn card() -> String {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    assert!(house.delivered(consent).await);
    let mut anna = house.as_anna().await;
    anna.open(&format!("/moi/partages/{consent}")).await.text()
}

#[tokio::test]
async fn p_04_a_card_says_who_receives() {
    let card = card().await;
    for words in [
        "Labo Énergie",
        "Belgique",
        "dpo@labo.example",
        "membre de la fédération",
    ] {
        assert!(card.contains(words), "{words}: {card}");
    }
}

#[tokio::test]
async fn p_05_a_card_says_what_and_what_its_granularity_reveals() {
    let card = card().await;
    for words in ["une valeur par demi-heure", "Compteur 1"] {
        assert!(card.contains(words), "{words}: {card}");
    }
}

#[tokio::test]
async fn p_06_a_card_says_why_and_on_which_ground() {
    let card = card().await;
    for words in [crate::house::TITLE_FR, "votre accord"] {
        assert!(card.contains(words), "{words}: {card}");
    }
}

#[tokio::test]
async fn p_07_a_card_says_when_it_was_given_by_whom_and_for_which_time() {
    let card = card().await;
    for words in ["19 novembre 2026 à 12 h", "par moi", "→"] {
        assert!(card.contains(words), "{words}: {card}");
    }
}

#[tokio::test]
async fn p_08_transfers_are_counted_listed_and_downloaded_as_csv() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    for _ in 0..3 {
        assert!(house.delivered(consent).await);
    }
    let mut anna = house.as_anna().await;
    let page = anna.open(&format!("/moi/partages/{consent}")).await;
    assert!(page.text().contains("3 transferts"), "{}", page.text());
    let file = anna.get(&page.link("transferts.csv")).await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(file.body.lines().count(), 4, "{}", file.body);
    assert_eq!(
        file.body
            .matches(",out,done,,\"Labo Énergie\",load-curve-research,")
            .count(),
        3
    );
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let foreign = format!("/moi/partages/{consent}/transferts.csv");
    assert_eq!(bruno.get(&foreign).await.status, 404);
}

#[tokio::test]
async fn p_09_a_card_says_which_research_used_the_data() {
    assert!(card().await.contains("Aucune recherche ne les a utilisées."));
}

#[tokio::test]
async fn p_10_a_card_has_its_history_its_receipts_and_the_proof_in_words() {
    let card = card().await;
    for words in ["Accord donné le", "Télécharger la preuve", "Inscrit au registre"] {
        assert!(card.contains(words), "{words}: {card}");
    }
}
