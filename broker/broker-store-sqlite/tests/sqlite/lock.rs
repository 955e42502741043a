//! The lock store.

use broker_store::{LockStore, LogId, Swap};
use broker_store_sqlite::{LockError, SqliteLockStore};
use ledger_core::note::KeyName;

use crate::raw::run;

fn log(origin: &str) -> LogId {
    LogId::of_origin(&KeyName::new(origin).unwrap())
}

#[tokio::test]
async fn opening_never_makes_a_lock_store_and_making_never_replaces_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock.db");
    let missing = SqliteLockStore::open_existing(&path).await;
    assert!(matches!(missing, Err(LockError::Missing { .. })));
    assert!(!path.exists());
    SqliteLockStore::create(&path)
        .await
        .unwrap()
        .close()
        .await
        .unwrap();
    let again = SqliteLockStore::create(&path).await;
    assert!(matches!(again, Err(LockError::Exists { .. })));
    SqliteLockStore::open_existing(&path).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_lock_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock.db");
    std::fs::write(&path, b"").unwrap();
    assert!(SqliteLockStore::open_existing(&path).await.is_err());
    run(&path, "CREATE TABLE songs (title TEXT)").await;
    assert!(SqliteLockStore::open_existing(&path).await.is_err());
}

#[tokio::test]
async fn a_swap_needs_exactly_the_old_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock.db");
    let store = SqliteLockStore::create(&path).await.unwrap();
    let (ours, other) = (log("ours.example/log"), log("other.example/log"));
    assert_eq!(store.load(ours).await.unwrap(), None);
    assert_eq!(store.swap(ours, b"one", b"two").await.unwrap(), Swap::Conflict);
    assert_eq!(LockStore::create(&store, ours, b"one").await.unwrap(), Swap::Done);
    assert_eq!(
        LockStore::create(&store, ours, b"new").await.unwrap(),
        Swap::Conflict
    );
    assert_eq!(
        LockStore::create(&store, other, b"one").await.unwrap(),
        Swap::Done
    );
    assert_eq!(store.swap(ours, b"one ", b"two").await.unwrap(), Swap::Conflict);
    assert_eq!(store.swap(ours, b"one", b"two").await.unwrap(), Swap::Done);
    assert_eq!(store.swap(ours, b"one", b"three").await.unwrap(), Swap::Conflict);
    store.close().await.unwrap();

    let store = SqliteLockStore::open_existing(&path).await.unwrap();
    assert_eq!(store.load(ours).await.unwrap(), Some(b"two".to_vec()));
    assert_eq!(store.load(other).await.unwrap(), Some(b"one".to_vec()));
}

#[tokio::test]
async fn of_two_writers_with_the_same_old_bytes_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock.db");
    let one = SqliteLockStore::create(&path).await.unwrap();
    let two = SqliteLockStore::open_existing(&path).await.unwrap();
    let ours = log("ours.example/log");
    LockStore::create(&one, ours, b"0").await.unwrap();
    let (a, b) = tokio::join!(one.swap(ours, b"0", b"a"), two.swap(ours, b"0", b"b"));
    let winner: &[u8] = match (a.unwrap(), b.unwrap()) {
        (Swap::Done, Swap::Conflict) => b"a",
        (Swap::Conflict, Swap::Done) => b"b",
        both => panic!("{both:?}"),
    };
    assert_eq!(two.load(ours).await.unwrap().as_deref(), Some(winner));
}
