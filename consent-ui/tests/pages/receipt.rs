//! A receipt of each act, in words and as a PDF (kit document K05).

use broker_domain::ids::ConsentId;
use broker_domain::policy::Principal;

use crate::browser::{Answer, Browser};
use crate::house::{House, TITLE_FR};

async fn change(browser: &mut Browser, id: ConsentId, what: &str, typed: &[(&str, &str)]) {
    let path = format!("/moi/partages/{id}/{what}");
    let page = browser.open(&path).await;
    let answer = browser.submit(&page, &path, typed).await;
    assert_eq!(answer.status, 303, "{what}: {}", answer.text());
}

/// The newest receipt of a sharing, and its number.
pub async fn newest(browser: &mut Browser, id: ConsentId) -> (Answer, String) {
    let link = browser
        .open(&format!("/moi/partages/{id}"))
        .await
        .link("/moi/recus/");
    let leaf = link.rsplit('/').next().unwrap().to_owned();
    (browser.open(&link).await, leaf)
}

#[tokio::test]
async fn every_act_has_a_receipt_in_words_and_as_a_pdf() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let acts = [
        ("", Vec::new(), "Accord donné le"),
        (
            "pause",
            vec![("reprise", "2026-11-24")],
            "Partage mis en pause le",
        ),
        ("reprise", Vec::new(), "Partage repris le"),
        (
            "reduction",
            vec![("pas", "3600"), ("fin", "")],
            "Partage réduit le",
        ),
        ("retrait", Vec::new(), "Accord retiré le"),
    ];
    for (what, typed, said) in acts {
        if !what.is_empty() {
            change(&mut anna, id, what, &typed).await;
        }
        let (page, leaf) = newest(&mut anna, id).await;
        let text = page.text();
        for wanted in [said, TITLE_FR, "Labo Énergie", "Belgique", "APD-GBA", "log.vkey"] {
            assert!(text.contains(wanted), "no `{wanted}` after `{what}`: {text}");
        }
        let pdf = anna.get(&format!("/moi/recus/{leaf}/pdf")).await;
        assert_eq!(pdf.status, 200, "{what}");
        assert_eq!(pdf.header("content-type"), "application/pdf");
        assert!(pdf.bytes.starts_with(b"%PDF-1.7"));
        // What is offered beside it is there.
        let file = anna.get(&page.link("/moi/preuves/")).await;
        assert_eq!(file.status, 200, "{what}");
    }
}

#[tokio::test]
async fn what_was_narrowed_is_told_as_it_is_now() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let (before, _) = newest(&mut anna, id).await;
    assert!(
        before.text().contains("une valeur par demi-heure"),
        "{}",
        before.text()
    );
    change(&mut anna, id, "reduction", &[("pas", "3600"), ("fin", "")]).await;
    let (after, _) = newest(&mut anna, id).await;
    assert!(
        !after.text().contains("une valeur par demi-heure"),
        "{}",
        after.text()
    );
    // The first receipt stays what it was.
    house.set_clock("2026-11-29T11:00:00Z");
    change(&mut anna, id, "retrait", &[]).await;
    let page = anna.open(&format!("/moi/partages/{id}")).await;
    let first = page.body.rmatch_indices("/moi/recus/").next().unwrap().0;
    let link = page.body[first..].split('"').next().unwrap().to_owned();
    let again = anna.open(&link).await;
    assert!(
        again.text().contains("une valeur par demi-heure"),
        "{}",
        again.text()
    );
}

#[tokio::test]
async fn receipts_are_the_persons_own_and_of_consents_only() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    assert!(house.delivered(id).await);
    let mut anna = house.as_anna().await;
    let (_, leaf) = newest(&mut anna, id).await;
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let mut officer = house.as_officer().await;
    let mut nobody = house.browser();
    for path in [format!("/moi/recus/{leaf}"), format!("/moi/recus/{leaf}/pdf")] {
        assert_eq!(anna.get(&path).await.status, 200);
        assert_eq!(bruno.get(&path).await.status, 404, "{path}");
        assert!(matches!(officer.get(&path).await.status, 403 | 404), "{path}");
        assert_ne!(nobody.get(&path).await.status, 200, "{path}");
    }
    // A transfer has a proof and is no agreement.
    let page = anna.open(&format!("/moi/partages/{id}")).await;
    let transfer = page.link("/moi/preuves/").rsplit('/').next().unwrap().to_owned();
    assert_eq!(anna.get(&format!("/moi/preuves/{transfer}")).await.status, 200);
    for path in [
        format!("/moi/recus/{transfer}"),
        "/moi/recus/99999999".into(),
        "/moi/recus/x".into(),
    ] {
        assert_eq!(anna.get(&path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn an_erased_persons_receipt_is_gone_from_here() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let (_, leaf) = newest(&mut anna, id).await;
    let who = house.anna.id;
    house
        .broker
        .erase(Principal::Participant(who), who)
        .await
        .unwrap();
    for path in [format!("/moi/recus/{leaf}"), format!("/moi/recus/{leaf}/pdf")] {
        assert_ne!(anna.get(&path).await.status, 200, "{path}");
    }
}
