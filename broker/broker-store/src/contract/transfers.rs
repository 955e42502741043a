//! Facts about transfers and batches.

use super::samples::{
    LEAVES, assert_conflict, at, batch, consent, furnish, id, refused, span, transfer, transfer_in,
};
use crate::{BatchRow, FlowFilter, Page, Serial, Store, StoreError, TransferRow};

const FIRST: Page = Page {
    before_leaf: u64::MAX,
    limit: 10,
};

/// All three kinds, with every optional value present and absent.
pub async fn a_transfer_comes_back_by_id_and_by_leaf(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("transfer").await.unwrap();
    tx.add_consent(&consent(1, 1)).await.unwrap();
    let under_consent = TransferRow {
        consent: Some(id(1)),
        ..transfer(3, 1)
    };
    for row in [&under_consent, &transfer_in(4, 1), &refused(5, 2)] {
        tx.add_transfer(row).await.unwrap();
        assert_eq!(tx.transfer(row.id).await.unwrap().as_ref(), Some(row));
        assert_eq!(tx.transfer_at(row.leaf_index).await.unwrap().as_ref(), Some(row));
    }
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.transfer(id(9)).await.unwrap(), None);
    assert_eq!(view.transfer_at(9).await.unwrap(), None);
    assert_eq!(view.transfer_at(u64::MAX).await.unwrap(), None);
}

/// The recipient's copy stands where its own record says, which need not be beside the person's.
pub async fn a_transfer_knows_the_recipients_copy(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("transfer").await.unwrap();
    let row = TransferRow {
        recipient_serial: Some(Serial(2)),
        recipient_leaf: Some(2),
        ..transfer(17, 1)
    };
    tx.add_transfer(&row).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.transfer(row.id).await.unwrap(), Some(row));
}

/// Which makes a repeated request safe; and a record is of one transfer.
pub async fn a_transfer_id_is_used_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("transfer").await.unwrap();
    tx.add_transfer(&transfer(3, 1)).await.unwrap();
    let same_id = TransferRow {
        serial: Serial(4),
        ..transfer(3, 2)
    };
    assert_conflict(tx.add_transfer(&same_id).await, "transfer");
    let same_record = TransferRow {
        serial: Serial(3),
        ..transfer(4, 2)
    };
    assert_conflict(tx.add_transfer(&same_record).await, "transfer");
}

/// Invariant I2: a refusal is recorded as it was asked.
pub async fn a_refusal_may_name_an_unknown_point(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("transfer").await.unwrap();
    let row = TransferRow {
        point: id(99),
        ..refused(3, 1)
    };
    tx.add_transfer(&row).await.unwrap();
    tx.commit().await.unwrap();
}

/// Invariant I2: no transfer without a record.
pub async fn a_transfer_cannot_be_committed_without_its_record(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("transfer").await.unwrap();
    let row = TransferRow {
        serial: Serial(LEAVES),
        ..transfer(3, 1)
    };
    // An implementation may refuse at once or at the commit.
    let outcome = match tx.add_transfer(&row).await {
        Ok(()) => tx.commit().await,
        refused => refused,
    };
    // Surely not written: so the other jobs of a group can be tried again without it.
    assert!(matches!(outcome, Err(StoreError::Conflict { .. })));
    assert_eq!(store.read().await.unwrap().transfer(id(3)).await.unwrap(), None);
    let tx = store.begin("after").await.unwrap();
    tx.commit().await.unwrap();
}

fn leaves(rows: &[TransferRow]) -> Vec<u64> {
    rows.iter().map(|row| row.leaf_index).collect()
}

/// Every transfer once, of one person only.
pub async fn transfers_come_in_pages_newest_first(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("transfer").await.unwrap();
    for number in [3, 5, 4, 9, 7] {
        tx.add_transfer(&transfer(number, 1)).await.unwrap();
    }
    tx.add_transfer(&transfer(6, 2)).await.unwrap();
    let page = |before_leaf, limit| Page { before_leaf, limit };
    assert_eq!(
        leaves(&tx.transfers_of(id(1), FIRST).await.unwrap()),
        [9, 7, 5, 4, 3]
    );
    assert_eq!(
        leaves(&tx.transfers_of(id(1), page(u64::MAX, 2)).await.unwrap()),
        [9, 7]
    );
    assert_eq!(leaves(&tx.transfers_of(id(1), page(7, 2)).await.unwrap()), [5, 4]);
    assert_eq!(leaves(&tx.transfers_of(id(1), page(4, 2)).await.unwrap()), [3]);
    assert_eq!(leaves(&tx.transfers_of(id(1), page(3, 2)).await.unwrap()), [0; 0]);
    assert_eq!(leaves(&tx.transfers_of(id(2), FIRST).await.unwrap()), [6]);
}

/// A refused transfer is in `All` and `Refused` only.
pub async fn flows_are_filtered_and_paged(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("transfer").await.unwrap();
    let refused_in = TransferRow {
        outcome: refused(1, 1).outcome,
        ..transfer_in(8, 2)
    };
    let rows = [
        transfer(3, 1),
        transfer_in(4, 2),
        refused(5, 1),
        transfer(6, 2),
        transfer_in(7, 1),
    ];
    for row in rows.iter().chain([&refused_in]) {
        tx.add_transfer(row).await.unwrap();
    }
    assert_eq!(
        leaves(&tx.flows(FlowFilter::All, FIRST).await.unwrap()),
        [8, 7, 6, 5, 4, 3]
    );
    assert_eq!(leaves(&tx.flows(FlowFilter::In, FIRST).await.unwrap()), [7, 4]);
    assert_eq!(leaves(&tx.flows(FlowFilter::Out, FIRST).await.unwrap()), [6, 3]);
    assert_eq!(
        leaves(&tx.flows(FlowFilter::Refused, FIRST).await.unwrap()),
        [8, 5]
    );
    let second = Page {
        before_leaf: 7,
        limit: 1,
    };
    for (filter, leaf) in [
        (FlowFilter::All, 6),
        (FlowFilter::In, 4),
        (FlowFilter::Out, 6),
        (FlowFilter::Refused, 5),
    ] {
        assert_eq!(leaves(&tx.flows(filter, second).await.unwrap()), [leaf]);
    }
}

/// Refusals are no use, and the last use is the latest in time.
pub async fn uses_count_what_moved(store: &dyn Store) {
    assert!(!store.read().await.unwrap().was_used(id(1)).await.unwrap());
    furnish(store).await;
    let mut tx = store.begin("transfer").await.unwrap();
    tx.add_consent(&consent(1, 1)).await.unwrap();
    assert_eq!(tx.uses_of(id(1)).await.unwrap(), (0, None));
    let under = |row: TransferRow, seconds| TransferRow {
        consent: Some(id(1)),
        at: at(seconds),
        ..row
    };
    tx.add_transfer(&under(transfer(3, 1), 500)).await.unwrap();
    tx.add_transfer(&under(transfer(4, 1), 400)).await.unwrap();
    tx.add_transfer(&under(refused(5, 1), 900)).await.unwrap();
    tx.add_transfer(&transfer(6, 1)).await.unwrap();
    assert_eq!(tx.uses_of(id(1)).await.unwrap(), (2, Some(at(500))));
    assert_eq!(tx.uses_of(id(9)).await.unwrap(), (0, None));
}

/// Two gateways may choose the same identifier; one may not choose it twice.
pub async fn a_batch_comes_back_and_is_unique_for_its_gateway(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("intake").await.unwrap();
    for number in [3, 4, 5] {
        tx.add_transfer(&transfer_in(number, 1)).await.unwrap();
    }
    let same_id = |gateway: u8| BatchRow {
        id: id(3),
        gateway: id(gateway),
        ..batch(4, 1, 0, 60)
    };
    tx.add_batch(&batch(3, 1, 0, 60)).await.unwrap();
    assert_conflict(tx.add_batch(&same_id(1)).await, "batch");
    tx.add_batch(&same_id(2)).await.unwrap();
    assert_eq!(tx.batch(id(1), id(3)).await.unwrap(), Some(batch(3, 1, 0, 60)));
    assert_eq!(tx.batch(id(2), id(3)).await.unwrap(), Some(same_id(2)));
    assert_eq!(tx.batch(id(1), id(4)).await.unwrap(), None);
    tx.commit().await.unwrap();
}

/// Half-open: touching is not overlapping.
pub async fn batches_are_found_by_overlap_and_refused_ones_are_not(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("intake").await.unwrap();
    let refused = BatchRow {
        sealed: Vec::new(),
        ..batch(7, 1, 100, 200)
    };
    let rows = [
        batch(3, 1, 200, 300),
        batch(4, 1, 0, 1_000),
        batch(5, 1, 50, 100),
        batch(6, 2, 100, 200),
        refused.clone(),
        batch(8, 1, 150, 160),
    ];
    for row in &rows {
        let number = u8::try_from(row.leaf_index).unwrap();
        tx.add_transfer(&transfer_in(number, 1)).await.unwrap();
        tx.add_batch(row).await.unwrap();
    }
    let found = tx.batches_of(id(1), &span(100, 200)).await.unwrap();
    assert_eq!(found, [batch(4, 1, 0, 1_000), batch(8, 1, 150, 160)]);
    let found = tx.batches_of(id(1), &span(99, 201)).await.unwrap();
    assert_eq!(
        found.iter().map(|row| row.leaf_index).collect::<Vec<_>>(),
        [4, 5, 8, 3]
    );
    assert_eq!(tx.batches_of(id(1), &span(1_000, 2_000)).await.unwrap(), []);
    assert_eq!(tx.batch(id(1), id(7)).await.unwrap(), Some(refused));
}
