//! Facts about reading and writing for many intakes at once: each call equals the calls for one row.

use super::samples::{
    LEAVES, LOG, assert_conflict, at, batch, consent, event, furnish, gateway, id, key, record, transfer_in,
};
use crate::{BatchRow, InboundRow, Outcome, Serial, Store, TransferRow};
use broker_domain::consent::EventKind;

/// The inbound row of that number.
fn inbound(number: u8, who: u8) -> InboundRow {
    InboundRow {
        transfer: transfer_in(number, who),
        batch: batch(number, who, i64::from(number) * 60, i64::from(number) * 60 + 60),
    }
}

/// Gateways, keys, consents and subjects: found together as one by one, the unknown left out.
pub async fn many_are_found_as_one_by_one(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("keys").await.unwrap();
    tx.add_key(&key(1, 2)).await.unwrap();
    tx.add_consent(&consent(3, 1)).await.unwrap();
    tx.add_consent(&consent(4, 2)).await.unwrap();
    for (number, kind) in [EventKind::Given, EventKind::Withdrawn].into_iter().enumerate() {
        let seq = u32::try_from(number).unwrap();
        tx.add_consent_event(id(3), &event(seq, kind, 1 + u64::from(seq)))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let mut gateways = view.gateways(&[id(2), id(99), id(1)]).await.unwrap();
    gateways.sort_by_key(|row| row.gateway.id);
    assert_eq!(gateways, [gateway(1), gateway(2)]);
    let mut keys = view.newest_keys(&[id(1), id(2), id(99)]).await.unwrap();
    keys.sort_by_key(|row| row.participant);
    assert_eq!(keys, [key(1, 2), key(2, 1)]);
    let mut subjects = view.subjects(&[id(1), id(2), id(99)]).await.unwrap();
    subjects.sort_by_key(|row| row.id);
    let one_by_one = [
        view.subject(id(1)).await.unwrap(),
        view.subject(id(2)).await.unwrap(),
    ];
    assert_eq!(subjects.into_iter().map(Some).collect::<Vec<_>>(), one_by_one);
    let mut expected = view.consents_of(id(1)).await.unwrap();
    assert_eq!(expected[0].events.len(), 2);
    expected.extend(view.consents_of(id(2)).await.unwrap());
    let mut consents = view.consents_of_all(&[id(2), id(1), id(99)]).await.unwrap();
    consents.sort_by_key(|one| one.id);
    assert_eq!(consents, expected);
}

/// Of nothing, nothing.
pub async fn no_intake_is_no_row(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("nothing").await.unwrap();
    assert_eq!(tx.gateways(&[]).await.unwrap(), []);
    assert_eq!(tx.consents_of_all(&[]).await.unwrap(), []);
    assert_eq!(tx.newest_keys(&[]).await.unwrap(), []);
    assert_eq!(tx.batches(&[]).await.unwrap(), []);
    assert_eq!(tx.subjects(&[]).await.unwrap(), []);
    tx.add_inbound(&[]).await.unwrap();
    tx.touch_gateways(&[]).await.unwrap();
}

/// Stored, refused, and more of them than fit into one statement.
pub async fn what_came_in_comes_back(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("intake").await.unwrap();
    let mut rows: Vec<_> = (3..20).map(|number| inbound(number, 1 + number % 2)).collect();
    rows[4].transfer.outcome = Outcome::Refused {
        code: "no-consent".into(),
    };
    (rows[4].transfer.rows, rows[4].batch.sealed) = (0, Vec::new());
    tx.add_inbound(&rows).await.unwrap();
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    for InboundRow { transfer, batch } in &rows {
        assert_eq!(view.transfer(transfer.id).await.unwrap().as_ref(), Some(transfer));
        let found = view.batch(batch.gateway, batch.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(batch));
    }
    let name = |row: &InboundRow| (row.batch.gateway, row.batch.id);
    let names = [name(&rows[0]), (id(1), id(99)), name(&rows[1])];
    let mut found = view.batches(&names).await.unwrap();
    found.sort_by_key(|row| row.serial);
    assert_eq!(found, [rows[0].batch.clone(), rows[1].batch.clone()]);
}

/// As for one row: an id of a gateway twice, a transfer id twice, a row of its own that does not fit its transfer.
pub async fn what_came_in_twice_is_a_conflict(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("intake").await.unwrap();
    tx.add_inbound(&[inbound(3, 1)]).await.unwrap();
    let same_batch = InboundRow {
        batch: BatchRow {
            id: id(3),
            ..inbound(4, 1).batch
        },
        ..inbound(4, 1)
    };
    assert_conflict(tx.add_inbound(&[inbound(5, 1), same_batch]).await, "batch");
    let same_transfer = InboundRow {
        transfer: TransferRow {
            id: id(3),
            ..inbound(6, 1).transfer
        },
        ..inbound(6, 1)
    };
    assert_conflict(tx.add_inbound(&[same_transfer]).await, "transfer");
    let apart = InboundRow {
        batch: BatchRow {
            serial: Serial(8),
            ..inbound(7, 1).batch
        },
        ..inbound(7, 1)
    };
    assert_conflict(tx.add_inbound(&[apart]).await, "batch");
}

/// The newest sight counts, and an unknown gateway is a conflict.
pub async fn gateways_are_seen_together(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("touch").await.unwrap();
    tx.touch_gateways(&[(id(1), at(9)), (id(2), at(5)), (id(1), at(7))])
        .await
        .unwrap();
    tx.touch_gateways(&[(id(2), at(3))]).await.unwrap();
    let seen = async |tx: &mut dyn crate::Tx, number: u8| {
        tx.gateway(id(number)).await.unwrap().unwrap().last_seen_at
    };
    assert_eq!(seen(&mut *tx, 1).await, Some(at(9)));
    assert_eq!(seen(&mut *tx, 2).await, Some(at(5)));
    assert_conflict(
        tx.touch_gateways(&[(id(1), at(9)), (id(99), at(9))]).await,
        "gateway",
    );
}

/// One call for the whole group: each subject's numbers follow its own.
pub async fn records_of_several_subjects_are_added_together(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("records").await.unwrap();
    let rows = [
        record(1, 1, 30),
        record(1, 2, 31),
        record(2, 1, 32),
        record(LOG, LEAVES + 1, 33),
    ];
    tx.add_records(&rows).await.unwrap();
    for (who, newest) in [(1, 2), (2, 1), (LOG, LEAVES + 1)] {
        assert_eq!(tx.subject(id(who)).await.unwrap().unwrap().newest, newest);
    }
    // Those of one subject stand side by side, or their numbers are not looked at together.
    let apart = [record(1, 3, 40), record(2, 2, 41), record(1, 4, 42)];
    assert_conflict(tx.add_records(&apart).await, "subject_key");
}
