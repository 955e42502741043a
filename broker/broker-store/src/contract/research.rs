//! Facts about datasets, requests and releases.

use broker_domain::research::{AccessRequest, RequestState};

use super::samples::{
    assert_conflict, at, dataset, files, furnish, id, membership, release, request, researcher,
};
use crate::{MembershipRow, ReleaseRow, Serial, Store};

/// In order of identifier.
pub async fn a_dataset_comes_back(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("dataset").await.unwrap();
    tx.add_dataset(&dataset(3)).await.unwrap();
    tx.add_dataset(&dataset(2)).await.unwrap();
    assert_conflict(tx.add_dataset(&dataset(2)).await, "dataset");
    assert_eq!(tx.datasets().await.unwrap(), [dataset(1), dataset(2), dataset(3)]);
    assert_eq!(tx.dataset(id(3)).await.unwrap(), Some(dataset(3)));
    assert_eq!(tx.dataset(id(9)).await.unwrap(), None);
}

/// Two officers at once: the second must read again.
pub async fn a_request_is_decided_once(store: &dyn Store) {
    furnish(store).await;
    let approved = RequestState::Approved {
        by: id(1),
        at: at(50),
    };
    let declined = RequestState::Declined {
        by: id(1),
        at: at(60),
        reason: "trop large".into(),
    };
    let mut tx = store.begin("decide").await.unwrap();
    tx.add_request(&request(1)).await.unwrap();
    tx.add_request(&request(2)).await.unwrap();
    assert_conflict(tx.add_request(&request(1)).await, "access_request");
    assert_eq!(tx.request(id(1)).await.unwrap(), Some(request(1)));
    tx.decide_request(id(1), &approved).await.unwrap();
    tx.decide_request(id(2), &declined).await.unwrap();
    assert_conflict(tx.decide_request(id(1), &declined).await, "access_request");
    assert_conflict(tx.decide_request(id(9), &approved).await, "access_request");
    assert_eq!(tx.request(id(1)).await.unwrap().unwrap().state, approved);
    assert_eq!(tx.request(id(2)).await.unwrap().unwrap().state, declined);
    assert_eq!(tx.request(id(9)).await.unwrap(), None);
}

/// All of them, or one researcher's, at most so many.
pub async fn requests_come_newest_first(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("request").await.unwrap();
    tx.add_researcher(&researcher(2)).await.unwrap();
    for number in [2, 4, 3] {
        tx.add_request(&request(number)).await.unwrap();
    }
    let others = AccessRequest {
        researcher: id(2),
        ..request(5)
    };
    tx.add_request(&others).await.unwrap();
    assert_eq!(
        tx.requests(3).await.unwrap(),
        [others.clone(), request(4), request(3)]
    );
    assert_eq!(tx.requests_of(id(1), 2).await.unwrap(), [request(4), request(3)]);
    assert_eq!(tx.requests_of(id(2), 2).await.unwrap(), [others]);
    assert_eq!(tx.requests_of(id(9), 2).await.unwrap(), []);
}

/// By identifier, by request, and for the differencing audit.
pub async fn a_release_comes_back_with_who_was_in_it(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("release").await.unwrap();
    tx.add_request(&request(3)).await.unwrap();
    assert_eq!(tx.release_of(id(3)).await.unwrap(), None);
    tx.add_release(&release(3), &files(3), &membership(3))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.release(id(3)).await.unwrap(), Some(release(3)));
    assert_eq!(view.release_of(id(3)).await.unwrap(), Some(release(3)));
    assert_eq!(view.memberships(id(1)).await.unwrap(), [membership(3)]);
    assert_eq!(view.memberships(id(2)).await.unwrap(), []);
    assert_eq!(view.release(id(9)).await.unwrap(), None);
    assert_eq!(view.release_files(id(3)).await.unwrap(), Some(files(3)));
    assert_eq!(view.release_files(id(9)).await.unwrap(), None);
}

/// The second leaves nothing, its membership included.
pub async fn a_request_has_one_release(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("release").await.unwrap();
    tx.add_request(&request(3)).await.unwrap();
    tx.add_release(&release(3), &files(3), &membership(3))
        .await
        .unwrap();
    let second = ReleaseRow {
        id: id(4),
        serial: Serial(4),
        leaf_index: 4,
        ..release(3)
    };
    let members = MembershipRow {
        release: id(4),
        ..membership(3)
    };
    assert_conflict(tx.add_release(&second, &files(4), &members).await, "release");
    assert_eq!(tx.memberships(id(1)).await.unwrap(), [membership(3)]);
}
