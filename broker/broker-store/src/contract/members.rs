//! Facts about members, researchers and officers.

use super::samples::{application, assert_conflict, id, officer, organisation, researcher};
use crate::{ApplicationRow, OfficerRow, ResearcherRow, Store};

/// And each is added once.
pub async fn members_come_back_as_added(store: &dyn Store) {
    let mut tx = store.begin("members").await.unwrap();
    tx.add_organisation(&organisation(1)).await.unwrap();
    tx.add_application(&application(1)).await.unwrap();
    tx.add_researcher(&researcher(1)).await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    assert_conflict(tx.add_organisation(&organisation(1)).await, "organisation");
    assert_conflict(tx.add_researcher(&researcher(1)).await, "researcher");
    assert_conflict(tx.add_officer(&officer(1)).await, "officer");
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.organisation(id(1)).await.unwrap(), Some(organisation(1)));
    assert_eq!(view.application(id(1)).await.unwrap(), Some(application(1)));
    assert_eq!(view.researcher(id(1)).await.unwrap(), Some(researcher(1)));
    assert_eq!(view.officer(id(1)).await.unwrap(), Some(officer(1)));
    assert_eq!(view.organisation(id(2)).await.unwrap(), None);
    assert_eq!(view.application(id(2)).await.unwrap(), None);
    assert_eq!(view.researcher(id(2)).await.unwrap(), None);
    assert_eq!(view.officer(id(2)).await.unwrap(), None);
}

/// Lists that people read.
pub async fn lists_of_members_are_in_order_of_name(store: &dyn Store) {
    let mut tx = store.begin("members").await.unwrap();
    tx.add_organisation(&organisation(1)).await.unwrap();
    for (number, name) in [(1, "Chloé"), (2, "Anne"), (3, "Bruno")] {
        let name = name.to_owned();
        tx.add_application(&ApplicationRow {
            name: name.clone(),
            ..application(number)
        })
        .await
        .unwrap();
        tx.add_researcher(&ResearcherRow {
            name: name.clone(),
            ..researcher(number)
        })
        .await
        .unwrap();
        tx.add_officer(&OfficerRow {
            name,
            ..officer(number)
        })
        .await
        .unwrap();
    }
    let applications = tx.applications().await.unwrap();
    assert_eq!(
        applications.iter().map(|row| row.id).collect::<Vec<_>>(),
        [id(2), id(3), id(1)]
    );
    let researchers = tx.researchers().await.unwrap();
    assert_eq!(
        researchers.iter().map(|row| row.id).collect::<Vec<_>>(),
        [id(2), id(3), id(1)]
    );
    let officers = tx.officers().await.unwrap();
    assert_eq!(
        officers.iter().map(|row| row.id).collect::<Vec<_>>(),
        [id(2), id(3), id(1)]
    );
}

/// Otherwise one could act as the other.
pub async fn a_credential_belongs_to_one_application(store: &dyn Store) {
    let mut tx = store.begin("members").await.unwrap();
    tx.add_organisation(&organisation(1)).await.unwrap();
    tx.add_application(&application(1)).await.unwrap();
    let twin = ApplicationRow {
        id: id(2),
        ..application(1)
    };
    assert_conflict(tx.add_application(&twin).await, "application");
    assert_eq!(
        tx.application_by_credential([1; 32]).await.unwrap(),
        Some(application(1))
    );
    assert_eq!(tx.application_by_credential([2; 32]).await.unwrap(), None);
}
