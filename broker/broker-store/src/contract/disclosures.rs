//! Facts about disclosure manifests.

use super::samples::{
    assert_conflict, at, disclosure, files, furnish, id, manifest, membership, release, request, settle, span,
};
use crate::{Disclosed, DisclosureRow, Store, Tx};

/// Release `number` with the manifest of these rows.
async fn released(tx: &mut dyn Tx, number: u8, rows: &[DisclosureRow]) {
    tx.add_request(&request(number)).await.unwrap();
    tx.add_release(&release(number), &files(number), &membership(number))
        .await
        .unwrap();
    let count = u64::try_from(rows.len()).unwrap();
    tx.add_manifest(&manifest(number, count), b"rows", rows)
        .await
        .unwrap();
}

fn disclosed(row: DisclosureRow, number: u8, rows: u64) -> Disclosed {
    let (of, members) = (release(number), membership(number));
    Disclosed {
        leaf_index: row.serial.0,
        row,
        root: manifest(number, rows).root,
        rows,
        fields: manifest(number, rows).fields,
        dataset: members.dataset,
        period: members.period,
        step: members.step,
        at: of.at,
    }
}

/// The manifest by its release, a row by its household and release, with what the release says.
pub async fn a_manifest_and_its_rows_come_back(store: &dyn Store) {
    furnish(store).await;
    // More than one statement of any size takes.
    let rows: Vec<_> = [disclosure(4, 1, 3), disclosure(5, 2, 3)]
        .into_iter()
        .chain((6..17).map(|number| disclosure(number, u8::try_from(number).unwrap(), 3)))
        .collect();
    let mut tx = store.begin("release").await.unwrap();
    for number in 6..17 {
        settle(&mut *tx, number).await.unwrap();
    }
    released(&mut *tx, 3, &rows).await;
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.manifest_of(id(3)).await.unwrap(), Some(manifest(3, 13)));
    assert_eq!(view.manifest_file(id(3)).await.unwrap(), Some(b"rows".to_vec()));
    assert_eq!(view.manifest_of(id(9)).await.unwrap(), None);
    assert_eq!(view.manifest_file(id(9)).await.unwrap(), None);
    for row in rows {
        let found = view.disclosed(row.participant, id(3)).await.unwrap();
        assert_eq!(found, Some(disclosed(row, 3, 13)));
    }
    assert_eq!(view.disclosed(id(1), id(9)).await.unwrap(), None);
    assert_eq!(view.disclosed(id(3), id(3)).await.unwrap(), None);
    let one = view.disclosed(id(1), id(3)).await.unwrap().unwrap();
    assert_eq!((one.period, one.at), (span(0, 86_400), at(120)));
}

/// Of one household only.
pub async fn disclosures_come_in_pages_newest_first(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("release").await.unwrap();
    for (number, place) in [(3, 4), (4, 8), (5, 6)] {
        let rows = [disclosure(place, 1, number), disclosure(place + 1, 2, number)];
        released(&mut *tx, number, &rows).await;
    }
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    let mut places = async |before, limit| -> Vec<u64> {
        let page = view.disclosures_of(id(1), before, limit).await.unwrap();
        page.iter().map(|one| one.leaf_index).collect()
    };
    assert_eq!(places(u64::MAX, 2).await, [8, 6]);
    assert_eq!(places(6, 2).await, [4]);
    assert!(places(4, 2).await.is_empty());
}

/// A root names one delivery in the log.
pub async fn a_release_has_one_manifest_and_a_root_one_release(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("release").await.unwrap();
    released(&mut *tx, 3, &[disclosure(4, 1, 3)]).await;
    let second = tx.add_manifest(&manifest(3, 1), b"rows", &[]).await;
    assert_conflict(second, "release_manifest");
    tx.add_request(&request(4)).await.unwrap();
    tx.add_release(&release(4), &files(4), &membership(4))
        .await
        .unwrap();
    let mut same_root = manifest(4, 1);
    same_root.root = manifest(3, 1).root;
    assert_conflict(
        tx.add_manifest(&same_root, b"rows", &[]).await,
        "release_manifest",
    );
    // One household, two rows.
    let twice = [disclosure(5, 1, 4), disclosure(6, 1, 4)];
    assert_conflict(
        tx.add_manifest(&manifest(4, 2), b"rows", &twice).await,
        "disclosure",
    );
}

/// Nothing of it is kept.
pub async fn a_manifest_takes_no_row_of_another_release(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("release").await.unwrap();
    released(&mut *tx, 3, &[disclosure(4, 1, 3)]).await;
    tx.add_request(&request(4)).await.unwrap();
    tx.add_release(&release(4), &files(4), &membership(4))
        .await
        .unwrap();
    let stray = [disclosure(5, 2, 3)];
    assert_conflict(
        tx.add_manifest(&manifest(4, 1), b"rows", &stray).await,
        "disclosure",
    );
    assert_eq!(tx.manifest_of(id(4)).await.unwrap(), None);
}
