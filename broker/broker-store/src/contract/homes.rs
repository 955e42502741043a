//! The other adults of a home.

use broker_domain::household::{
    CapacityEnd, Household, HouseholdCaseKind, Minors, OtherAdults, StandstillCause,
};
use broker_domain::ids::RightsRequestId;

use super::rights::rights_request;
use super::samples::{assert_conflict, at, consent, furnish, id};
use crate::{CapacityRow, HomeCodeRow, HouseholdCaseRow, Serial, StandstillRow, Store};

fn household(adults: u8, minors: Minors) -> Household {
    Household {
        adults: OtherAdults::new(adults).unwrap(),
        minors,
    }
}

fn code(number: u8, second: i64) -> HomeCodeRow {
    HomeCodeRow {
        hash: [number; 32],
        epoch: 1,
        sealed: vec![number],
        made_at: at(second),
    }
}

/// People move in and out; the paper on the kitchen table stays good.
pub async fn who_else_lives_there_is_said_again_and_the_code_stays(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("say").await.unwrap();
    assert_eq!(tx.home(id(1)).await.unwrap(), None);
    assert_conflict(tx.set_home_code(id(1), &code(1, 2)).await, "home");
    tx.set_household(id(1), household(2, Minors::Absent), at(1))
        .await
        .unwrap();
    tx.set_home_code(id(1), &code(1, 2)).await.unwrap();
    tx.set_household(id(1), household(0, Minors::Present), at(3))
        .await
        .unwrap();
    let home = tx.home(id(1)).await.unwrap().unwrap();
    assert_eq!(home.household, household(0, Minors::Present));
    assert_eq!((home.said_at, home.code), (at(3), Some(code(1, 2))));
}

/// The code that was renewed opens nothing.
pub async fn a_code_leads_to_one_home_and_ends_the_one_before(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("say").await.unwrap();
    for point in [1, 2] {
        tx.set_household(id(point), household(1, Minors::Absent), at(1))
            .await
            .unwrap();
        tx.set_home_code(id(point), &code(point, 2)).await.unwrap();
    }
    assert_conflict(tx.set_home_code(id(2), &code(1, 3)).await, "home");
    tx.set_home_code(id(1), &code(9, 3)).await.unwrap();
    assert_eq!(tx.home_by_code([1; 32]).await.unwrap(), None);
    assert_eq!(tx.home_by_code([9; 32]).await.unwrap().unwrap().point, id(1));
    assert_eq!(tx.home_by_code([2; 32]).await.unwrap().unwrap().point, id(2));
}

/// A request of hers is none of another adult.
pub async fn a_case_of_another_adult_is_found_by_its_code(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("ask").await.unwrap();
    for number in [5, 6] {
        let request = rights_request(number, 1);
        tx.add_rights_request(&request, Serial(u64::from(number)))
            .await
            .unwrap();
    }
    let case = |number: u8, contact| HouseholdCaseRow {
        request: id(number),
        point: id(1),
        kind: HouseholdCaseKind::Objection,
        code_hash: [number; 32],
        contact,
    };
    tx.add_household_case(&case(5, Some((1, vec![7])))).await.unwrap();
    let own: RightsRequestId = id(6);
    assert_eq!(tx.household_case(own).await.unwrap(), None);
    assert_conflict(tx.add_household_case(&case(5, None)).await, "household_case");
    let found = tx.household_case_by_code([5; 32]).await.unwrap();
    assert_eq!(found, Some(case(5, Some((1, vec![7])))));
    assert_eq!(tx.household_case_by_code([6; 32]).await.unwrap(), None);
    assert_eq!(tx.household_cases_of(id(1), 9).await.unwrap().len(), 1);
    assert_eq!(tx.household_cases_of(id(2), 9).await.unwrap(), []);
}

/// One case may end what it stopped, and leaves what another stopped.
pub async fn a_standstill_is_tied_to_its_case_and_ends(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("stop").await.unwrap();
    tx.add_consent(&consent(10, 1)).await.unwrap();
    for number in [5, 6] {
        let request = rights_request(number, 1);
        tx.add_rights_request(&request, Serial(u64::from(number)))
            .await
            .unwrap();
    }
    let row = |cause, case: Option<u8>, second| StandstillRow {
        consent: id(10),
        cause,
        case: case.map(id),
        began_at: at(second),
        ended_at: None,
    };
    tx.add_standstill(&row(StandstillCause::NotMe, None, 1))
        .await
        .unwrap();
    let alone = tx.standstills_without_case(9).await.unwrap();
    assert_eq!(alone, [row(StandstillCause::NotMe, None, 1)]);
    tx.tie_standstills(id(10), id(5)).await.unwrap();
    assert_eq!(tx.standstills_without_case(9).await.unwrap(), []);
    tx.add_standstill(&row(StandstillCause::Objection, Some(6), 2))
        .await
        .unwrap();
    let again = tx
        .add_standstill(&row(StandstillCause::Objection, Some(6), 2))
        .await;
    assert_conflict(again, "standstill");
    tx.end_standstill(id(10), at(1), at(9)).await.unwrap();
    assert_conflict(tx.end_standstill(id(10), at(1), at(10)).await, "standstill");
    let rows = tx.standstills_of(id(10)).await.unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| (row.case, row.ended_at))
            .collect::<Vec<_>>(),
        [(Some(id(5)), Some(at(9))), (Some(id(6)), None)]
    );
    tx.end_standstill(id(10), at(2), at(12)).await.unwrap();
    let rows = tx.standstills_of_case(id(6)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].ended_at, Some(at(12)));
}

/// Once is enough, and nobody says it for another.
pub async fn age_is_stated_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("say").await.unwrap();
    tx.state_age(id(1), at(4)).await.unwrap();
    assert_conflict(tx.state_age(id(1), at(5)).await, "age_statement");
    assert_eq!(tx.age_stated_at(id(1)).await.unwrap(), Some(at(4)));
    assert_eq!(tx.age_stated_at(id(2)).await.unwrap(), None);
}

/// Once at a time; what was a mistake may be recorded again.
pub async fn a_capacity_ends_once_and_a_mistake_is_undone(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("record").await.unwrap();
    let request = rights_request(5, 1);
    tx.add_rights_request(&request, Serial(5)).await.unwrap();
    let row = CapacityRow {
        participant: id(1),
        end: CapacityEnd::Died,
        since: at(1),
        recorded_at: at(3),
        case: id(5),
        closed_at: None,
        undone_at: None,
    };
    tx.add_capacity_end(&row).await.unwrap();
    let again = CapacityRow {
        recorded_at: at(4),
        end: CapacityEnd::Incapable,
        ..row
    };
    assert_conflict(tx.add_capacity_end(&again).await, "capacity_end");
    assert_eq!(tx.capacity_ends_due(9).await.unwrap(), [row]);
    tx.close_capacity_end(id(1), at(5)).await.unwrap();
    assert_conflict(tx.close_capacity_end(id(1), at(6)).await, "capacity_end");
    assert_eq!(tx.capacity_ends_due(9).await.unwrap(), []);
    tx.undo_capacity_end(id(1), at(7)).await.unwrap();
    assert_conflict(tx.undo_capacity_end(id(1), at(8)).await, "capacity_end");
    assert_eq!(tx.capacity_end(id(1)).await.unwrap(), None);
    tx.add_capacity_end(&again).await.unwrap();
    assert_eq!(tx.capacity_end(id(1)).await.unwrap(), Some(again));
    assert_eq!(tx.capacity_ends(9).await.unwrap().len(), 2);
}
