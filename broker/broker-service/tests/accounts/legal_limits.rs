//! Companies and communes: two at once, an erasure, and two thousand points.

use broker_domain::legal::read_list;
use broker_domain::mandate::MandateState;
use broker_domain::policy::Principal;
use broker_service::{ChoiceRefusal, Claim, Failure};

use crate::legal::{Commune, bruno, list, newcomer};

#[tokio::test]
async fn legal_person_of_two_acts_at_once_one_counts() {
    let commune = Commune::build(5).await;
    let (broker, mayor) = (&commune.told.scene.broker, commune.mayor().await);
    let order = commune.order(commune.points().await);
    let (one, other) = tokio::join!(
        broker.permit_points(mayor, &order),
        broker.permit_points(mayor, &order)
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(commune.given().await.len(), 5);
    let ids: Vec<_> = commune.given().await.iter().map(|consent| consent.id).collect();
    let (one, other) = tokio::join!(
        broker.withdraw_points(mayor, &ids),
        broker.withdraw_points(mayor, &ids)
    );
    assert!(one.is_ok() || other.is_ok(), "{one:?} {other:?}");
    assert!(commune.given().await.is_empty());
    // Two codes at once: whoever accepts last of the two is the one.
    let (first, second) = (commune.named().await, commune.named().await);
    let bruno = bruno(&commune.told).await;
    let (one, other) = tokio::join!(
        broker.accept_mandate(&bruno.token, Claim::Code(&first.code)),
        broker.accept_mandate(&commune.told.person.token, Claim::Code(&second.code))
    );
    assert!(other.is_ok() || one.is_ok());
    let all = broker
        .representatives(commune.told.scene.officer, commune.id)
        .await
        .unwrap();
    let living = all
        .iter()
        .filter(|view| view.state == MandateState::InForce)
        .count();
    assert!(living <= 1, "{living}");
}

#[tokio::test]
async fn legal_person_that_is_erased_leaves_nothing_and_frees_its_points() {
    let commune = Commune::build(3).await;
    let (broker, mayor) = (&commune.told.scene.broker, commune.mayor().await);
    broker
        .permit_points(mayor, &commune.order(commune.points().await))
        .await
        .unwrap();
    let officer = commune.told.scene.officer;
    broker
        .erase(Principal::Officer(officer), commune.id)
        .await
        .unwrap();
    assert_eq!(broker.is_legal_person(commune.id).await.unwrap(), None);
    assert!(commune.hand(commune.told.person.participant).await.is_none());
    let gone = broker.permit_points(mayor, &commune.order(Vec::new())).await;
    assert!(matches!(gone, Err(Failure::Refused(ChoiceRefusal::NotYours))));
    // The same number and the same points are enrolled anew.
    let desk = commune.told.scene.desk(officer).await;
    let form = broker.fresh_enrolment_form().unwrap();
    let again = broker
        .enrol_legal_person(&desk, form, &newcomer("217500016"))
        .await
        .unwrap();
    let lines = read_list(list(0, 3).as_bytes()).unwrap();
    assert_eq!(broker.add_points(&desk, again, &lines).await.unwrap().total, 3);
}

/// The size that the rule names: two thousand points in one act, and out again.
#[tokio::test]
async fn commune_of_two_thousand_points_permits_and_withdraws_in_one_act() {
    let commune = Commune::build(2_000).await;
    let (broker, mayor) = (&commune.told.scene.broker, commune.mayor().await);
    let order = commune.order(commune.points().await);
    let begun = std::time::Instant::now();
    let done = broker.permit_points(mayor, &order).await.unwrap();
    let permitted = begun.elapsed();
    assert_eq!(done.points, 2_000);
    let ids: Vec<_> = commune.given().await.iter().map(|consent| consent.id).collect();
    let begun = std::time::Instant::now();
    assert_eq!(broker.withdraw_points(mayor, &ids).await.unwrap(), 2_000);
    println!(
        "2,000 points: permitted in {permitted:?}, withdrawn in {:?}",
        begun.elapsed()
    );
}
