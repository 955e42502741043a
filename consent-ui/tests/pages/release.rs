//! From many households to a file that only the researcher opens.

use std::sync::Arc;

use broker_service::{Failure, ReleaseRefusal};

use crate::house::{House, join};
use crate::readings::Meter;

const HOMES: u32 = 110;

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_downloaded_with_its_proof() {
    let house = measured_street().await;
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

/// A street whose homes agreed and were measured for a day.
async fn measured_street() -> Arc<House> {
    let house = Arc::new(House::build().await);
    let mut people = Vec::new();
    for number in 0..HOMES {
        let house = Arc::clone(&house);
        people.push(tokio::spawn(async move {
            let person = join(&house.broker, "Foyer", &format!("3{number:013}")).await;
            house.granted(&person).await;
            Meter::installed(&house, &person).await
        }));
    }
    let mut homes = Vec::new();
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
