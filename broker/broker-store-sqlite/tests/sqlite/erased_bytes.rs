//! Erasure reaches the bytes of the files.

use broker_store::contract::samples::{
    account, at, batch, ceremony, disclosure, files, furnish, id, identity, invitation, key, manifest,
    membership, participant, passkey, point, record, release, request, session, transfer, transfer_in,
};
use broker_store::{
    BatchRow, DisclosureRow, ParticipantRow, PointRow, RecordRow, SessionRole, SessionRow, Store,
    TransferRow, Tx, WrappedKeyRow,
};
use broker_store_sqlite::{Create, SqliteStore};

use crate::raw::files_with;

const WHO: u8 = 7;
/// Each value that erasure must reach carries one of these; the number keeps them apart.
const MARKS: std::ops::Range<u8> = 0..17;

fn mark(number: u8) -> Vec<u8> {
    format!("<erase me {number}>").into_bytes()
}

fn marked<const N: usize>(number: u8) -> [u8; N] {
    let mut bytes = [number; N];
    let mark = mark(number);
    bytes[..mark.len()].copy_from_slice(&mark);
    bytes
}

async fn live(store: &SqliteStore) {
    let mut tx = store.begin("live").await.unwrap();
    tx.add_subject(id(WHO), [WHO; 32]).await.unwrap();
    tx.add_records(&[RecordRow {
        salt: marked(0),
        record: mark(1).repeat(2_000),
        ..record(WHO, 1, 50)
    }])
    .await
    .unwrap();
    tx.add_participant(&ParticipantRow {
        profile_sealed: mark(2),
        ..participant(WHO)
    })
    .await
    .unwrap();
    tx.add_key(&WrappedKeyRow {
        wrapped: mark(3),
        ..key(WHO, 1)
    })
    .await
    .unwrap();
    tx.add_point(&PointRow {
        number_sealed: mark(4),
        ..point(WHO)
    })
    .await
    .unwrap();
    let mut gateway = broker_store::contract::samples::gateway(WHO);
    gateway.gateway.public_key = marked(5);
    tx.add_gateway(&gateway).await.unwrap();
    tx.add_transfer(&transfer_in(5, WHO)).await.unwrap();
    tx.add_batch(&BatchRow {
        sealed: mark(6).repeat(5_000),
        ..batch(5, WHO, 0, 60)
    })
    .await
    .unwrap();
    tx.add_transfer(&TransferRow {
        sealed: mark(7),
        ..transfer(6, WHO)
    })
    .await
    .unwrap();
    released(&mut *tx).await;
    ways_in(&mut *tx).await;
    tx.add_session(
        &SessionRow {
            csrf: [WHO; 32],
            ..session(WHO, SessionRole::Participant(id(WHO)), 600)
        },
        at(0),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// By which she signs in.
async fn ways_in(tx: &mut dyn Tx) {
    tx.add_account(&account(WHO)).await.unwrap();
    let role = SessionRole::Participant(id(WHO));
    tx.add_role(id(WHO), role).await.unwrap();
    let mut key = passkey(WHO, WHO);
    key.passkey.credential = mark(10);
    key.passkey.public_key = mark(11);
    key.passkey.state = mark(12);
    tx.add_passkey(&key).await.unwrap();
    let mut at_provider = identity(WHO, WHO);
    at_provider.subject = marked(13);
    tx.add_identity(&at_provider).await.unwrap();
    tx.replace_recovery_codes(id(WHO), &[marked(14)]).await.unwrap();
    let mut asked = ceremony(WHO, WHO);
    asked.keep = mark(15);
    tx.add_ceremony(&asked, at(0)).await.unwrap();
    let mut code = invitation(WHO, role);
    code.hash = marked(16);
    tx.add_invitation(&code, at(0)).await.unwrap();
}

/// A release with a row of hers and one of a neighbour.
async fn released(tx: &mut dyn Tx) {
    tx.add_request(&request(3)).await.unwrap();
    tx.add_release(&release(3), &files(3), &membership(3))
        .await
        .unwrap();
    let own = DisclosureRow {
        subject_salt: marked(8),
        scope_salt: marked(9),
        ..disclosure(7, WHO, 3)
    };
    tx.add_manifest(&manifest(3, 2), b"rows", &[own, disclosure(8, 1, 3)])
        .await
        .unwrap();
}

#[tokio::test]
async fn no_erased_byte_is_left_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    furnish(&store).await;
    live(&store).await;
    for number in MARKS {
        assert_ne!(
            files_with(folder.path(), &mark(number)),
            [""; 0],
            "mark {number} was never written"
        );
    }
    // A page that was moved, a row that was rewritten, an older state in the log: all copies must go.
    let mut tx = store.begin("touch").await.unwrap();
    tx.touch_gateway(id(WHO), at(9)).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.begin("erase").await.unwrap();
    assert_eq!(tx.erase_subject(id(WHO)).await.unwrap(), 1);
    tx.erase_participant(id(WHO)).await.unwrap();
    tx.commit().await.unwrap();
    store.scrub().await.unwrap();

    for number in MARKS {
        assert_eq!(
            files_with(folder.path(), &mark(number)),
            [""; 0],
            "mark {number} is still there"
        );
    }
    // The neighbours are not: the search does find what stays.
    assert_eq!(
        files_with(folder.path(), &participant(1).profile_sealed),
        ["store.db"]
    );
}

#[tokio::test]
async fn a_scrub_waits_for_open_views_and_later_ones_wait_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    furnish(&store).await;
    let mut view = store.read().await.unwrap();
    view.officers().await.unwrap();
    let scrub = store.scrub();
    tokio::pin!(scrub);
    let patience = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(patience, &mut scrub).await.is_err());
    drop(view);
    scrub.await.unwrap();
    assert_eq!(store.read().await.unwrap().officers().await.unwrap().len(), 1);
    let log = std::fs::metadata(folder.path().join("store.db-wal")).unwrap();
    assert_eq!(log.len(), 0);
}
