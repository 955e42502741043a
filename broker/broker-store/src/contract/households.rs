//! Who lives where a meter is.

use broker_domain::consent::{Departure, Method, Occupancy};

use super::samples::{assert_conflict, at, batch, consent, furnish, id, point, transfer_in};
use crate::{PointRow, Store};

fn departure(at_second: i64, known: i64) -> Departure {
    Departure {
        at: at(at_second),
        known_at: at(known),
    }
}

/// Every reader of a consent sees the departure, also one who had the consent by heart.
pub async fn a_departure_changes_the_consents_of_its_point(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("add").await.unwrap();
    tx.add_consent(&consent(10, 1)).await.unwrap();
    tx.commit().await.unwrap();
    let before = store.consent_now(id(10)).await.unwrap().unwrap();
    assert_eq!(before.occupancy, Occupancy::default());
    let mut tx = store.begin("leave").await.unwrap();
    tx.set_departure(id(1), departure(50, 40), Method::Web)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let after = store.consent_now(id(10)).await.unwrap().unwrap();
    assert_eq!(after.occupancy.departure, Some(departure(50, 40)));
    let mut view = store.read().await.unwrap();
    let occupancy = after.occupancy;
    assert_eq!(view.point(id(1)).await.unwrap().unwrap().occupancy, occupancy);
    for consents in [
        view.consents_of(id(1)).await.unwrap(),
        view.consents_of_all(&[id(1)]).await.unwrap(),
    ] {
        assert_eq!(consents[0].occupancy, occupancy);
    }
}

/// Plans change until the day; then they are facts.
pub async fn a_departure_to_come_moves_and_is_taken_back_one_that_came_does_not(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("leave").await.unwrap();
    let one = id(1);
    tx.set_departure(one, departure(50, 10), Method::Web)
        .await
        .unwrap();
    tx.set_departure(one, departure(60, 20), Method::Web)
        .await
        .unwrap();
    tx.cancel_departure(one, at(59)).await.unwrap();
    assert_conflict(tx.cancel_departure(one, at(59)).await, "point");
    tx.set_departure(one, departure(60, 20), Method::Upstream)
        .await
        .unwrap();
    assert_conflict(tx.cancel_departure(one, at(60)).await, "point");
    assert_conflict(
        tx.set_departure(one, departure(70, 60), Method::Web).await,
        "point",
    );
    assert_eq!(tx.departures_due(at(59), 9).await.unwrap(), []);
    assert_eq!(tx.departures_due(at(60), 9).await.unwrap().len(), 1);
    assert_conflict(tx.close_occupancy(one, at(59)).await, "point");
    tx.close_occupancy(one, at(61)).await.unwrap();
    assert_conflict(tx.close_occupancy(one, at(62)).await, "point");
    assert_eq!(tx.departures_due(at(99), 9).await.unwrap(), []);
}

/// What the contract tells is no plan of the person's; and a contract that ended earlier moves also what came.
pub async fn what_the_contract_told_moves_to_earlier_only(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("leave").await.unwrap();
    let one = id(1);
    tx.set_departure(one, departure(50, 10), Method::Upstream)
        .await
        .unwrap();
    assert_conflict(tx.cancel_departure(one, at(20)).await, "point");
    let later = tx.set_departure(one, departure(60, 20), Method::Web).await;
    assert_conflict(later, "point");
    tx.set_departure(one, departure(45, 20), Method::Web)
        .await
        .unwrap();
    assert_eq!(tx.departure_method(one).await.unwrap(), Some(Method::Upstream));
    assert_conflict(tx.cancel_departure(one, at(20)).await, "point");
    tx.close_occupancy(one, at(46)).await.unwrap();
    for (moved, method) in [(45, Method::Upstream), (46, Method::Upstream), (44, Method::Web)] {
        let refused = tx.set_departure(one, departure(moved, 47), method).await;
        assert_conflict(refused, "point");
    }
    tx.set_departure(one, departure(30, 47), Method::Upstream)
        .await
        .unwrap();
    assert_eq!(
        tx.departures_due(at(48), 9).await.unwrap().len(),
        1,
        "to be closed again"
    );
    tx.close_occupancy(one, at(48)).await.unwrap();
}

/// One lives there at a time; the points stay apart.
pub async fn a_meter_that_was_left_is_lived_at_by_the_next(store: &dyn Store) {
    furnish(store).await;
    let next = PointRow {
        id: id(9),
        participant: id(2),
        ..point(1)
    };
    let mut tx = store.begin("move").await.unwrap();
    assert_conflict(tx.add_point(&next).await, "point");
    tx.set_departure(id(1), departure(50, 40), Method::Web)
        .await
        .unwrap();
    tx.add_point(&next).await.unwrap();
    assert_conflict(tx.cancel_departure(id(1), at(45)).await, "point");
    let points = tx.points_of_number(point(1).number_index).await.unwrap();
    assert_eq!(
        points.iter().map(|row| row.id).collect::<Vec<_>>(),
        [id(1), id(9)]
    );
    assert_eq!(tx.points_of_number([77; 32]).await.unwrap(), []);
}

/// A question waits once, and a departure answers it.
pub async fn a_hold_begins_and_ends_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("hold").await.unwrap();
    let one = id(1);
    assert_conflict(tx.set_hold(one, None).await, "point");
    tx.set_hold(one, Some(at(5))).await.unwrap();
    assert_conflict(tx.set_hold(one, Some(at(6))).await, "point");
    assert_eq!(
        tx.point(one).await.unwrap().unwrap().occupancy.held_since,
        Some(at(5))
    );
    tx.set_hold(one, None).await.unwrap();
    tx.set_hold(one, Some(at(7))).await.unwrap();
    tx.set_departure(one, departure(50, 40), Method::Web)
        .await
        .unwrap();
    assert_eq!(tx.point(one).await.unwrap().unwrap().occupancy.held_since, None);
    assert_conflict(tx.set_hold(one, Some(at(8))).await, "point");
}

/// What the officer is shown: how much, never what.
pub async fn what_lies_beyond_a_departure_is_counted(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("leave").await.unwrap();
    for row in [batch(3, 1, 200, 300), batch(4, 1, 0, 100)] {
        let number = u8::try_from(row.leaf_index).unwrap();
        tx.add_transfer(&transfer_in(number, 1)).await.unwrap();
        tx.add_batch(&row).await.unwrap();
    }
    tx.set_departure(id(1), departure(150, 400), Method::Upstream)
        .await
        .unwrap();
    tx.set_hold(id(2), Some(at(9))).await.unwrap();
    let rows = tx.occupancies(9).await.unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.point.id, row.method, row.quarantined, row.overtaken))
        .collect();
    assert_eq!(told, [(id(2), None, 0, 0), (id(1), Some(Method::Upstream), 1, 0)]);
}
