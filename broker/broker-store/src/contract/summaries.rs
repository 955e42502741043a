//! Facts about summaries of a year and objections to one project.

use super::samples::{assert_conflict, at, furnish, id, request, span};
use crate::{ObjectionRow, Serial, Store};

/// One that was made stays as it is; a wish is due until it is moved on or forgotten.
pub async fn summaries_come_back_and_wishes_come_due(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("summarise").await.unwrap();
    tx.add_summary(id(1), &span(0, 60)).await.unwrap();
    tx.add_summary(id(1), &span(30, 90)).await.unwrap();
    tx.add_summary(id(1), &span(10, 60)).await.unwrap();
    assert_eq!(tx.summaries_of(id(1)).await.unwrap(), [span(30, 90), span(0, 60)]);
    assert_eq!(tx.summaries_of(id(2)).await.unwrap(), []);
    assert_conflict(tx.add_summary(id(99), &span(0, 60)).await, "summary");
    tx.set_summary_due(id(2), at(60)).await.unwrap();
    tx.set_summary_due(id(1), at(50)).await.unwrap();
    tx.set_summary_due(id(1), at(70)).await.unwrap();
    assert_conflict(tx.set_summary_due(id(99), at(70)).await, "summary_wish");
    assert_eq!(tx.summary_due(id(1)).await.unwrap(), Some(at(70)));
    assert_eq!(tx.summaries_due(at(59), 9).await.unwrap(), []);
    assert_eq!(tx.summaries_due(at(60), 9).await.unwrap(), [(id(2), at(60))]);
    assert_eq!(tx.summaries_due(at(99), 1).await.unwrap(), [(id(2), at(60))]);
    tx.forget_summary_wish(id(2)).await.unwrap();
    tx.forget_summary_wish(id(2)).await.unwrap();
    assert_eq!(tx.summaries_due(at(99), 9).await.unwrap(), [(id(1), at(70))]);
}

/// And only by somebody who is there.
pub async fn an_objection_is_made_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("object").await.unwrap();
    tx.add_request(&request(3)).await.unwrap();
    tx.add_request(&request(4)).await.unwrap();
    tx.add_objection(id(2), id(3), at(5), Serial(5)).await.unwrap();
    tx.add_objection(id(1), id(3), at(6), Serial(6)).await.unwrap();
    tx.add_objection(id(1), id(4), at(7), Serial(7)).await.unwrap();
    assert_conflict(
        tx.add_objection(id(1), id(3), at(8), Serial(8)).await,
        "objection",
    );
    assert_conflict(
        tx.add_objection(id(99), id(3), at(8), Serial(8)).await,
        "objection",
    );
    assert_eq!(tx.objectors(id(3)).await.unwrap(), [id(1), id(2)]);
    assert_eq!(tx.objectors(id(9)).await.unwrap(), []);
    let newest = ObjectionRow {
        request: id(4),
        at: at(7),
        leaf_index: 7,
    };
    let own = tx.objections_of(id(1)).await.unwrap();
    assert_eq!((own.len(), own[0]), (2, newest));
}
