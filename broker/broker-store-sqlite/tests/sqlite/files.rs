//! Files and who opens them.

use std::os::unix::fs::PermissionsExt;

use broker_store::Store;
use broker_store::contract::samples::{officer, organisation};
use broker_store_sqlite::{Create, OpenError, SqliteStore};

#[tokio::test]
async fn commits_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let mut tx = store.begin("add").await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;

    let store = SqliteStore::open(&path, Create::Never).await.unwrap();
    assert_eq!(
        store.read().await.unwrap().officers().await.unwrap(),
        [officer(1)]
    );
}

#[tokio::test]
async fn a_missing_file_is_not_made_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let refused = SqliteStore::open(&path, Create::Never).await;
    assert!(matches!(refused, Err(OpenError::Missing { .. })));
    assert!(!path.exists());
}

#[tokio::test]
async fn every_file_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    std::fs::write(&path, b"").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let mut tx = store.begin("add").await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    tx.commit().await.unwrap();
    let mut modes = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        modes.push((entry.file_name().into_string().unwrap(), mode));
    }
    modes.sort();
    let expected = ["store.db", "store.db-shm", "store.db-wal"].map(|name| (name.to_owned(), 0o600));
    assert_eq!(modes, expected);
}

#[tokio::test]
async fn two_openers_take_turns_and_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let one = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    let two = SqliteStore::open(&path, Create::Never).await.unwrap();
    let mut first = one.begin("first").await.unwrap();
    first.add_officer(&officer(1)).await.unwrap();
    let second = async {
        // Waits in SQLite for the other opener's lock.
        let mut second = two.begin("second").await.unwrap();
        assert_eq!(second.officers().await.unwrap(), [officer(1)]);
        second.add_organisation(&organisation(1)).await.unwrap();
        second.commit().await.unwrap();
    };
    let first = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        first.commit().await.unwrap();
    };
    tokio::join!(second, first);
    assert_eq!(
        one.read()
            .await
            .unwrap()
            .organisation(organisation(1).id)
            .await
            .unwrap(),
        Some(organisation(1))
    );
}
