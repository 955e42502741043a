//! What a data-protection officer does.

use broker_anonymiser::{HouseholdCount, Reason};
use broker_domain::ids::ResearcherId;
use broker_service::{Failure, FeasibilityRefusal, ReleaseRefusal};

use crate::browser::Browser;
use crate::house::House;

async fn requested(house: &House) -> Browser {
    house.set_clock("2026-11-22T09:00:00Z");
    let mut rachel = house.as_researcher().await;
    let page = rachel.open(&format!("/recherche/jeux/{}", house.dataset)).await;
    let fields = [
        ("justification", "thèse"),
        ("from", "2026-11-21"),
        ("until", "2026-11-21"),
    ];
    assert_eq!(
        rachel
            .submit(&page, &page.action("/demande"), &fields)
            .await
            .status,
        303
    );
    rachel
}

/// Invariant I2: a release that the policies do not allow is in the researcher's list, once.
#[tokio::test]
async fn a_forbidden_release_is_recorded_once() {
    let house = House::build().await;
    let _rachel = requested(&house).await;
    let request = house.broker.read().await.unwrap().requests(1).await.unwrap()[0].id;
    let attempt = || async {
        match house.broker.release(house.officer, request).await {
            Err(Failure::Refused(ReleaseRefusal::NotAllowed { leaf_index })) => leaf_index,
            other => panic!("an undecided request was released: {other:?}"),
        }
    };
    let before = house.broker.latest_checkpoint().size().get();
    assert_eq!(attempt().await, before);
    assert_eq!(attempt().await, before);
    // The record, and the root of the map that ends its batch.
    assert_eq!(house.broker.latest_checkpoint().size().get(), before + 2);
    let receipt = house.broker.researcher_receipt(house.researcher, before).await;
    assert!(!receipt.unwrap().bundle.is_empty());

    // The page says no more than before, and adds no record either.
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo").await;
    let hidden = desk.hidden_fields(&desk.action("/decision"));
    let hidden: Vec<_> = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let action = format!("/dpo/demandes/{request}/livraison");
    assert_eq!(officer.post(&action, &hidden).await.status, 403);
    assert_eq!(house.broker.latest_checkpoint().size().get(), before + 2);
}

/// The number of households that agree is exact on the officer's desk, so nobody else may see it.
#[tokio::test]
async fn the_checks_of_a_request_are_for_whom_the_policies_allow() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let _rachel = requested(&house).await;
    let request = house.broker.read().await.unwrap().requests(1).await.unwrap()[0].id;
    let found = house.broker.feasibility(house.officer, request).await.unwrap();
    assert_eq!(found.households, 1);
    // Its researcher learns why, and not how many.
    let told = house.broker.obstacles(house.researcher, request).await.unwrap();
    let reasons = told.unwrap().reasons;
    assert!(
        matches!(
            reasons[..],
            [Reason::TooFewHouseholds {
                found: HouseholdCount(0),
                ..
            }]
        ),
        "{reasons:?}"
    );
    let stranger = ResearcherId::random(&test_support::SystemEntropy).unwrap();
    assert!(matches!(
        house.broker.obstacles(stranger, request).await,
        Err(Failure::Refused(FeasibilityRefusal::Unknown))
    ));

    house.forbid_everything();
    assert!(matches!(
        house.broker.feasibility(house.officer, request).await,
        Err(Failure::Refused(FeasibilityRefusal::NotAllowed))
    ));
    assert!(matches!(
        house.broker.obstacles(house.researcher, request).await,
        Err(Failure::Refused(FeasibilityRefusal::NotAllowed))
    ));
}

#[tokio::test]
async fn a_refusal_needs_its_reason_and_tells_it() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let mut rachel = requested(&house).await;
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo").await;
    assert!(desk.text().contains("Rachel, Labo Énergie"));
    assert!(desk.text().contains("1 foyer d'accord"), "{}", desk.text());
    let action = desk.action("/decision");
    for (fields, told) in [
        ([("decision", "refuse")].as_slice(), "Donnez le motif"),
        (
            &[("reason", "non")],
            "Choisissez d'accepter ou de refuser la demande.",
        ),
    ] {
        let back = officer.submit(&desk, &action, fields).await;
        assert_eq!(back.status, 422);
        assert!(back.text().contains(told), "{}", back.text());
    }
    let answer = officer
        .submit(
            &desk,
            &action,
            &[("decision", "refuse"), ("reason", "But trop vague")],
        )
        .await;
    assert!(
        officer
            .open(&answer.header("location"))
            .await
            .text()
            .contains("Votre refus est inscrit")
    );
    assert!(
        rachel
            .open("/recherche/demandes")
            .await
            .text()
            .contains("But trop vague")
    );
    let again = officer.submit(&desk, &action, &[("decision", "approve")]).await;
    assert_eq!(again.status, 409, "decided once");
}

#[tokio::test]
async fn an_unsafe_release_is_refused_in_words() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let mut rachel = requested(&house).await;
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo").await;
    let told = officer
        .submit(&desk, &desk.action("/decision"), &[("decision", "approve")])
        .await;
    assert_eq!(told.status, 200);
    assert!(
        told.text().contains("Trop peu de foyers consentent : 1 sur les"),
        "{}",
        told.text()
    );
    assert!(told.text().contains("Réunir au moins"));
    let waiting = rachel.open("/recherche/demandes").await;
    // The researcher learns why, and no number that one household changes.
    assert!(
        waiting
            .text()
            .contains("Trop peu de foyers ont donné leur accord."),
        "{}",
        waiting.text()
    );
    assert!(!waiting.text().contains("foyers consentent"));
    assert!(!waiting.body.contains("/recherche/livraisons/"));
    // The desk keeps the way to try again.
    let desk = officer.open("/dpo").await;
    let again = officer.submit(&desk, &desk.action("/livraison"), &[]).await;
    assert!(again.text().contains("Trop peu de foyers consentent"));
}

#[tokio::test]
async fn flows_show_pseudonyms_and_proofs_but_no_names() {
    let house = House::build().await;
    let consent = house.granted(&house.anna).await;
    house.delivered(consent).await;
    house.broker.withdraw(house.anna.id, consent).await.unwrap();
    house.delivered(consent).await;
    let mut officer = house.as_officer().await;
    let rows = |body: &str| body.matches("/dpo/preuves/").count();
    for (filter, expected) in [
        ("", 2),
        ("?filtre=sortants", 1),
        ("?filtre=refuses", 1),
        ("?filtre=entrants", 0),
    ] {
        let page = officer.open(&format!("/dpo/transferts{filter}")).await;
        assert_eq!(rows(&page.body), expected, "{filter}");
        assert!(!page.body.contains("Anna") && !page.body.contains("1111"));
        assert!(!page.body.contains(&house.anna.id.to_string()));
    }
    let page = officer.open("/dpo/transferts").await;
    assert!(page.body.contains(&house.anna.id.to_string()[..8]));
    assert_eq!(officer.get(&page.link("/dpo/preuves/")).await.status, 200);

    let mut anna = house.as_anna().await;
    let agreement = anna
        .open(&format!("/moi/partages/{consent}/reponse"))
        .await
        .link("/moi/preuves/");
    let leaf = agreement.rsplit('/').next().unwrap();
    assert_eq!(
        officer.get(&format!("/dpo/preuves/{leaf}")).await.status,
        404,
        "a consent is not a transfer"
    );
}

#[tokio::test]
async fn the_state_of_the_ledger_can_be_checked_elsewhere() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let page = anna.open("/moi/effacement").await;
    assert_eq!(
        anna.submit(&page, "/moi/effacement", &[("confirm", "yes")])
            .await
            .status,
        200
    );

    let mut officer = house.as_officer().await;
    let ledger = officer.open("/dpo/registre").await;
    let checkpoint = house.broker.latest_checkpoint();
    assert!(ledger.text().contains(&checkpoint.root().to_base64()));
    assert!(
        ledger.text().contains(&format!("{} lignes", checkpoint.size())),
        "{}",
        ledger.text()
    );
    let command = format!(
        "ledger-audit log http://127.0.0.1:8080/ledger --log-key '{}'",
        house.broker.log_key()
    );
    assert!(ledger.text().contains(&command), "{}", ledger.text());
    // Behind the erasure stands the root of the map, as at the end of every batch.
    let erasure = checkpoint.size().get() - 2;
    assert!(
        ledger.text().contains(&format!(" {erasure} ")),
        "the erasure is the last line but one: {}",
        ledger.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_the_ledger_names_who_vouches_for_it() {
    let alone = House::build().await;
    let page = alone.as_officer().await.open("/dpo/registre").await;
    assert!(
        page.text().contains("Aucun témoin n'est désigné"),
        "{}",
        page.text()
    );

    let house = House::build_witnessed().await;
    let vouchers = house.vouchers.as_ref().unwrap();
    let mut officer = house.as_officer().await;
    let said = page_until(&mut officer, "est attesté par").await;
    for name in test_support::WITNESSES {
        assert!(said.contains(name), "{said}");
    }
    assert!(said.contains("19 novembre 2026"), "{said}");
    vouchers.leave();
    house.granted(&house.anna).await;
    let said = page_until(&mut officer, "Enregistré, pas encore attesté").await;
    assert!(said.contains("injoignable"), "{said}");
    // A withdrawal asks no witness.
    let consent = house.granted(&house.bruno).await;
    house.broker.withdraw(house.bruno.id, consent).await.unwrap();
}

/// The text of the page once it says this.
async fn page_until(officer: &mut Browser, words: &str) -> String {
    let started = std::time::Instant::now();
    loop {
        let said = officer.open("/dpo/registre").await.text();
        if said.contains(words) {
            return said;
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{said}");
        tokio::task::yield_now().await;
    }
}
