//! From many households to a file that only the researcher opens.

use std::sync::Arc;

use broker_service::{Failure, Fault, ReleaseRefusal};
use disclosure_manifest::{DeliveryProof, Manifest, RowFile};

use crate::browser::Browser;
use crate::house::{House, join};
use crate::readings::Meter;

const HOMES: u32 = 110;

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_downloaded_with_its_proof() {
    let house = measured_street(House::build().await).await;
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
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo").await;
    let answer = officer
        .submit(&desk, &desk.action("/decision"), &[("decision", "approve")])
        .await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let decided = officer.open(&answer.header("location")).await;
    assert_eq!(officer.get(&decided.link("/dpo/preuves/")).await.status, 200);

    let list = rachel.open("/recherche/demandes").await;
    let file = rachel.get(&list.link("/recherche/livraisons/")).await;
    assert_eq!(
        (file.status, file.header("content-type")),
        (200, "application/octet-stream".into())
    );
    assert!(file.header("content-disposition").ends_with(".age\""));
    assert!(!age::decrypt(&house.identity, &file.bytes).unwrap().is_empty());
    let proof = rachel.get(&list.link("/recherche/preuves/")).await;
    assert_eq!(
        (proof.status, proof.header("content-type")),
        (200, "application/json".into())
    );

    let mut anna = house.as_anna().await;
    each_gets_her_part_of_the_manifest(&mut anna, &mut officer, &mut rachel).await;
    assert_eq!(anna.get(&list.link("/recherche/livraisons/")).await.status, 403);
    let catalogue = anna.open("/recherche").await;
    assert!(
        catalogue.text().contains("au moins 100 d'accord"),
        "{}",
        catalogue.text()
    );
    // The agreements of the 19th at noon cover whole days from the 20th on.
    assert!(catalogue.body.contains("datetime=\"2026-11-20\""));

    // A release that exists is given again only while the policies allow it.
    let request = house.broker.read().await.unwrap().requests(1).await.unwrap()[0].id;
    let again = house.broker.release(house.officer, request).await.unwrap();
    assert_eq!(again.households, HOMES);
    house.forbid_everything();
    assert!(matches!(
        house.broker.release(house.officer, request).await,
        Err(Failure::Refused(ReleaseRefusal::NotAllowed { .. }))
    ));
}

/// P-18: an objection holds in the release builder, and for nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn p_18_a_release_is_made_without_whoever_objects_to_its_project() {
    let house = measured_street(House::build().await).await;
    let mut rachel = house.as_researcher().await;
    let page = rachel.open(&format!("/recherche/jeux/{}", house.dataset)).await;
    let fields = [
        ("justification", "thèse"),
        ("from", "2026-11-21"),
        ("until", "2026-11-21"),
    ];
    let asked = rachel.submit(&page, &page.action("/demande"), &fields).await;
    assert_eq!(asked.status, 303);
    let mut anna = house.as_anna().await;
    let projects = anna.open("/moi/recherches").await;
    let action = projects.action("/opposition");
    assert_eq!(anna.submit(&projects, &action, &[]).await.status, 303);
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo").await;
    let approve = [("decision", "approve")];
    let answer = officer.submit(&desk, &desk.action("/decision"), &approve).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let mut read = house.broker.read().await.unwrap();
    let request = read.requests(1).await.unwrap()[0].id;
    let release = read.release_of(request).await.unwrap().unwrap();
    assert_eq!(release.households, HOMES - 1);
    assert_eq!(read.disclosed(house.anna.id, release.id).await.unwrap(), None);
    drop(read);
    let page = anna.open("/moi/recherches").await;
    assert!(page.text().contains("sans votre foyer"), "{}", page.text());
    let none = anna.open("/moi/livraisons").await;
    assert!(
        none.text().contains("Aucune livraison ne vous compte"),
        "{}",
        none.text()
    );
}

/// The household its row, the officer all rows, the researcher where they stand in the ledger.
async fn each_gets_her_part_of_the_manifest(anna: &mut Browser, officer: &mut Browser, rachel: &mut Browser) {
    let page = anna.open("/moi/livraisons").await;
    assert!(page.text().contains("énergie soutirée"), "{}", page.text());
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'") && policy.contains("connect-src 'self'"),
        "{policy}"
    );
    let row_path = page.link("/moi/livraisons/");
    let row = anna.get(&row_path).await;
    assert!(row.header("content-disposition").contains("fiducie-ligne-"));
    let row = RowFile::parse(&row.bytes).unwrap();
    let proven = row.verify(None).unwrap();
    assert_eq!(proven.leaf.rows.get(), u64::from(HOMES));
    assert_eq!(row.opening.row().count, 48);

    let desk = officer.open("/dpo").await;
    let whole = officer.get(&desk.link("/dpo/manifestes/")).await;
    let manifest = Manifest::parse(&whole.bytes, &proven.leaf).unwrap();
    assert!(manifest.rows().any(|other| other == row.opening.row()));
    assert!(!whole.text().contains("salt"));
    let leaf = officer
        .get(&format!("{}/feuille", desk.link("/dpo/manifestes/")))
        .await;
    assert_eq!(DeliveryProof::parse(&leaf.bytes).unwrap().leaf, proven.leaf);

    let list = rachel.open("/recherche/demandes").await;
    let leaf_path = format!("{}/feuille", list.link("/recherche/livraisons/"));
    assert_eq!(rachel.get(&leaf_path).await.bytes, leaf.bytes);
    // Nobody gets another's part.
    assert_eq!(rachel.get(&row_path).await.status, 403);
    assert_eq!(anna.get(&leaf_path).await.status, 403);
    assert_eq!(anna.get(&desk.link("/dpo/manifestes/")).await.status, 403);
    assert_eq!(officer.get(&row_path).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_without_a_release_has_no_row() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let page = anna.open("/moi/livraisons").await;
    assert!(
        page.text().contains("Aucune livraison ne vous compte"),
        "{}",
        page.text()
    );
    let unknown = "/moi/livraisons/00000000-0000-4000-8000-000000000000/ligne";
    assert_eq!(anna.get(unknown).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_released_or_downloaded_without_witnesses() {
    let house = measured_street(House::build_witnessed().await).await;
    let vouchers = house.vouchers.as_ref().unwrap();
    let mut rachel = house.as_researcher().await;
    let page = rachel.open(&format!("/recherche/jeux/{}", house.dataset)).await;
    let fields = [
        ("justification", "thèse"),
        ("from", "2026-11-21"),
        ("until", "2026-11-21"),
    ];
    let asked = rachel.submit(&page, &page.action("/demande"), &fields).await;
    assert_eq!(asked.status, 303);

    vouchers.leave();
    unwitnessed(&house, "40000000000001").await;
    let mut officer = house.as_officer().await;
    let desk = officer.open("/dpo").await;
    // The decision is hers and is recorded; the release waits.
    let answer = officer
        .submit(&desk, &desk.action("/decision"), &[("decision", "approve")])
        .await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(
        answer.text().contains("En attente des témoins"),
        "{}",
        answer.text()
    );
    let request = house.broker.read().await.unwrap().requests(1).await.unwrap()[0].id;
    let before = house.broker.latest_checkpoint().size();
    assert!(matches!(
        house.broker.release(house.officer, request).await,
        Err(Failure::Fault(Fault::NotWitnessed))
    ));
    assert_eq!(
        house.broker.latest_checkpoint().size(),
        before,
        "nothing was opened or recorded"
    );

    vouchers.come_back();
    witnessed(&house).await;
    house.broker.release(house.officer, request).await.unwrap();
    let list = rachel.open("/recherche/demandes").await;
    let link = list.link("/recherche/livraisons/");
    assert_eq!(rachel.get(&link).await.status, 200);

    vouchers.leave();
    unwitnessed(&house, "40000000000002").await;
    let refused = rachel.get(&link).await;
    assert_eq!(refused.status, 503);
    assert!(
        refused.text().contains("En attente des témoins"),
        "{}",
        refused.text()
    );
    vouchers.come_back();
    witnessed(&house).await;
    assert_eq!(rachel.get(&link).await.status, 200);
}

/// Waits until the quorum is met again.
async fn witnessed(house: &House) {
    stands(house, true).await;
}

/// Waits until it is lost: what was witnessed already stays so, hence the new neighbour.
async fn unwitnessed(house: &House, meter: &str) {
    join(&house.broker, "Foyer", meter).await;
    stands(house, false).await;
}

async fn stands(house: &House, met: bool) {
    let so = async {
        while house.broker.witnessing().unwrap().stands.is_some() != met {
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, so).await.unwrap();
}

/// A street whose homes agreed and were measured for a day.
pub async fn measured_street(house: House) -> Arc<House> {
    let house = Arc::new(house);
    let mut people = Vec::new();
    house.granted(&house.anna).await;
    let anna = Meter::installed(&house, &house.anna).await;
    for number in 1..HOMES {
        let house = Arc::clone(&house);
        people.push(tokio::spawn(async move {
            let person = join(&house.broker, "Foyer", &format!("3{number:013}")).await;
            house.granted(&person).await;
            Meter::installed(&house, &person).await
        }));
    }
    let mut homes = vec![anna];
    for person in people {
        homes.push(person.await.unwrap());
    }
    house.set_clock("2026-11-22T09:00:00Z");
    for (number, gateway) in (0..).zip(&homes) {
        assert!(
            gateway
                .send(&house, "2026-11-20T23:00:00Z", 48, 200 + number)
                .await
        );
    }
    house
}
