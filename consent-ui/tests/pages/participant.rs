//! What a participant does.

use evidence::bundle::Bundle;
use ledger_core::proof::TlogProof;
use ledger_core::receipt::{InclusionReceipt, ReceiptKey};
use ledger_core::tree::leaf_hash;

use crate::browser::{Answer, Browser};
use crate::house::{House, NOTICE_FR, TITLE_EN, TITLE_FR};

async fn open_offer(browser: &mut Browser) -> (Answer, String) {
    let list = browser.open("/moi/partages/nouveau").await;
    let offer = browser.open(&list.link("/moi/partages/nouveau/")).await;
    let action = offer.action("/moi/partages/nouveau/");
    (offer, action)
}

fn field(house: &House) -> String {
    format!("answer-{}", house.offer.offer.id)
}

#[tokio::test]
async fn agreeing_is_recorded_with_its_proof() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let (offer, action) = open_offer(&mut anna).await;
    let answer = anna.submit(&offer, &action, &[(&field(&house), "accept")]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let done = anna.open(&answer.header("location")).await;
    assert!(done.text().contains("Accepté"), "{}", done.text());

    let proof = done.link("/moi/preuves/");
    let file = anna.get(&proof).await;
    let leaf: u64 = proof.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(file.bytes, house.broker.receipt(leaf).await.unwrap().bundle);
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"fiducie-preuve-{leaf}.json\"")
    );
    assert_eq!(file.header("cache-control"), "no-store");

    let sharings = anna.open("/moi/partages").await;
    assert!(sharings.text().contains("Labo Énergie"));
    assert!(sharings.text().contains(TITLE_FR));
    assert!(sharings.text().contains("une valeur par demi-heure"));
}

#[tokio::test]
async fn refusing_is_an_answer_like_any_other() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    assert!(
        anna.open("/moi/partages")
            .await
            .body
            .contains("/moi/partages/nouveau/")
    );
    let (offer, action) = open_offer(&mut anna).await;
    let answer = anna.submit(&offer, &action, &[(&field(&house), "refuse")]).await;
    let done = anna.open(&answer.header("location")).await;
    assert!(done.text().contains("Refusé"), "{}", done.text());
    assert!(done.text().contains("Non inscrit au registre"), "{}", done.text());

    // Not asked again, still to be found.
    let sharings = anna.open("/moi/partages").await;
    assert!(
        !sharings.body.contains("/moi/partages/nouveau/"),
        "{}",
        sharings.body
    );
    assert!(
        anna.open("/moi/partages?filtre=termines")
            .await
            .text()
            .contains(TITLE_FR)
    );
    assert!(
        anna.open("/moi/partages/nouveau")
            .await
            .body
            .contains("/moi/partages/nouveau/")
    );
}

#[tokio::test]
async fn a_sharing_is_withdrawn_in_two_clicks() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    assert!(house.delivered(consent).await);
    let mut anna = house.as_anna().await;
    let first = anna.open("/moi").await;

    let confirm = anna.open(&first.link("/retrait")).await;
    assert!(confirm.text().contains("Rien ne change pour vous."));
    let answer = anna.submit(&confirm, &confirm.action("/retrait"), &[]).await;

    assert_eq!(answer.status, 303, "{}", answer.body);
    let done = anna.open(&answer.header("location")).await;
    assert!(done.text().contains("Labo Énergie"));
    let receipt = done.link("/moi/preuves/");
    assert_eq!(anna.get(&receipt).await.status, 200);
    assert!(
        !house.delivered(consent).await,
        "the very next transfer is refused"
    );
    let history = anna.open("/moi/historique").await;
    assert!(history.text().contains("retiré"), "{}", history.text());
}

#[tokio::test]
async fn a_proof_comes_in_the_formats_of_others_too() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let history = anna.open("/moi/inscriptions").await;
    assert_eq!(history.status, 200);
    // Her enrolment: record 1, the first leaf about her.
    let own = (0..8).map(|leaf| format!("/moi/preuves/{leaf}"));
    let mut mine = Vec::new();
    for path in own {
        if anna.get(&path).await.status == 200 {
            mine.push(path);
        }
    }
    let path = mine.first().unwrap();
    let bundle = Bundle::parse(&anna.get(path).await.bytes).unwrap();
    let entry = bundle.leaf.to_bytes();

    let proof = anna.get(&format!("{path}/tlog-proof")).await;
    assert_eq!(proof.header("content-type"), "text/plain; charset=utf-8");
    assert!(proof.header("content-disposition").ends_with(".tlog-proof\""));
    let proof: TlogProof = proof.body.parse().unwrap();
    let head = proof.verify(&leaf_hash(&entry), house.broker.log_key()).unwrap();
    assert_eq!(proof.index(), bundle.proof.index());
    assert_eq!(head.size(), house.broker.latest_checkpoint().size(), "the newest");
    assert!(
        proof
            .verify(&leaf_hash(b"another"), house.broker.log_key())
            .is_err()
    );

    let receipt = anna.get(&format!("{path}/receipt")).await;
    assert_eq!(receipt.header("content-type"), "application/scitt-receipt+cose");
    assert!(receipt.header("content-disposition").ends_with(".receipt\""));
    let read = InclusionReceipt::parse(&receipt.bytes).unwrap();
    assert_eq!(read.subject(), "urn:fiducie:record");
    let root = read.verify(&entry, house.broker.receipt_key()).unwrap();
    let signed = bundle.verify(None, None).unwrap().checkpoint;
    assert_eq!((root, read.size()), (signed.root(), signed.size()));
    let checkpoint_key = ReceiptKey::new(
        house.broker.log_key().name().clone(),
        *house.broker.log_key().public(),
    );
    assert!(read.verify(&entry, &checkpoint_key).is_err(), "a key of its own");
    assert_eq!(anna.get(&format!("{path}/receipt")).await.bytes, receipt.bytes);

    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    for format in ["tlog-proof", "receipt"] {
        assert_eq!(
            bruno.get(&format!("{path}/{format}")).await.status,
            404,
            "{format}"
        );
    }
    assert_eq!(anna.get(&format!("{path}/pdf")).await.status, 404);
}

#[tokio::test]
async fn withdrawing_twice_shows_the_same_receipt() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let path = format!("/moi/partages/{consent}/retrait");
    let confirm = anna.open(&path).await;
    let mut receipts = Vec::new();
    for _ in 0..2 {
        let answer = anna.submit(&confirm, &path, &[]).await;
        assert_eq!(answer.status, 303);
        receipts.push(anna.open(&answer.header("location")).await.link("/moi/preuves/"));
    }
    assert_eq!(receipts[0], receipts[1]);
}

#[tokio::test]
async fn nothing_is_selected_before_the_person_answers() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let (offer, action) = open_offer(&mut anna).await;
    assert!(!offer.body.contains(" checked"));

    let back = anna.submit(&offer, &action, &[]).await;
    assert_eq!(back.status, 422);
    assert!(
        back.text().contains("Choisissez d'accepter ou de refuser."),
        "{}",
        back.text()
    );
    assert!(
        back.body.contains(&format!("href=\"#{}\"", field(&house))),
        "the summary leads to the field"
    );
    assert!(!back.body.contains(" checked"));
    assert_eq!(house.consents(&house.anna).await, 0);
}

#[tokio::test]
async fn an_answer_is_bound_to_the_notice_shown() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let (offer, action) = open_offer(&mut anna).await;
    let csrf = offer
        .body
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let point = house.anna.point.to_string();
    let old = "0".repeat(64);
    let fields = [
        ("csrf", csrf),
        ("notice", &*old),
        ("meter", &point),
        (&field(&house), "accept"),
    ];
    let back = anna.post(&action, &fields).await;
    assert_eq!(back.status, 422);
    assert!(
        back.text().contains("Le texte de la notice a changé."),
        "{}",
        back.text()
    );
    assert!(!back.body.contains(" checked"));
    assert_eq!(house.consents(&house.anna).await, 0);
}

#[tokio::test]
async fn the_meter_of_somebody_else_is_refused() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let (offer, action) = open_offer(&mut anna).await;
    let csrf = offer
        .body
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let (point, notice) = (
        house.bruno.point.to_string(),
        house.offer.offer.notice.to_string(),
    );
    let fields = [
        ("csrf", csrf),
        ("notice", &*notice),
        ("meter", &point),
        (&field(&house), "accept"),
    ];
    assert_eq!(anna.post(&action, &fields).await.status, 404);
    assert_eq!(
        house.consents(&house.bruno).await + house.consents(&house.anna).await,
        0
    );
}

#[tokio::test]
async fn every_letter_of_the_notice_is_shown() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let (offer, _) = open_offer(&mut anna).await;
    let letters = |text: &str| {
        text.chars()
            .filter(|letter| !letter.is_whitespace())
            .collect::<String>()
    };
    assert!(
        letters(&offer.text()).contains(&letters(NOTICE_FR)),
        "{}",
        offer.text()
    );
    assert!(offer.body.contains(&house.offer.offer.notice.to_string()));
    let english = anna.open(&offer.link("lang=en")).await;
    assert!(english.text().contains(TITLE_EN));
    assert!(english.body.contains(&house.offer.notice_en.to_string()));
}

#[tokio::test]
async fn the_history_is_paged_from_the_newest_back() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    for _ in 0..53 {
        assert!(house.delivered(consent).await);
    }
    let mut anna = house.as_anna().await;
    let rows = |page: &Answer| page.body.matches("/moi/preuves/").count();
    let newest = anna.open("/moi/historique").await;
    assert_eq!(rows(&newest), 50);
    let older = anna.open(&newest.link("avant=")).await;
    assert_eq!(rows(&older), 3);
    assert!(!older.body.contains("rel=\"next\""));

    let sharing = anna.open(&format!("/moi/partages/{consent}")).await;
    assert_eq!(
        rows(&sharing),
        52,
        "fifty transfers, and the receipt of the agreement in two forms"
    );
    assert_eq!(rows(&anna.open(&sharing.link("avant=")).await), 5);
}

#[tokio::test]
async fn erasing_everything_ends_the_session() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    let page = anna.open("/moi/effacement").await;
    let unticked = anna.submit(&page, "/moi/effacement", &[]).await;
    assert_eq!(unticked.status, 422);
    assert!(unticked.text().contains("Cochez la case"), "{}", unticked.text());

    let erased = anna.submit(&page, "/moi/effacement", &[("confirm", "yes")]).await;
    assert_eq!(erased.status, 200, "{}", erased.body);
    assert!(erased.text().contains("Vos données sont effacées"));
    assert!(!erased.body.contains("Anna"));
    assert!(anna.cookies.is_empty());
    assert!(!house.broker.participant_exists(house.anna.id).await.unwrap());
    assert!(anna.open("/moi").await.text().contains("Connectez-vous d'abord"));
}
