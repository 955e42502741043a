//! Consents in memory while others commit: never older than the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use broker_domain::consent::{Consent, EventKind};
use broker_store::Store as _;
use broker_store::contract::samples::{consent, event, furnish, id};
use broker_store_sqlite::{Create, SqliteStore};
use tempfile::TempDir;

/// Consents of the test.
const CONSENTS: u8 = 40;

async fn store_with_consents() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("store.db"), Create::IfMissing)
        .await
        .unwrap();
    furnish(&store).await;
    let mut tx = store.begin("grant").await.unwrap();
    for number in 1..=CONSENTS {
        tx.add_consent(&consent(number, 1)).await.unwrap();
        tx.add_consent_event(id(number), &event(0, EventKind::Given, 3))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    (folder, store)
}

fn is_withdrawn(consent: &Consent) -> bool {
    consent
        .events
        .iter()
        .any(|event| event.kind == EventKind::Withdrawn)
}

#[tokio::test]
async fn all_consents_are_learnt_in_the_background() {
    let (_folder, store) = store_with_consents().await;
    let store = store.remembering(1_000);
    assert_eq!(store.remembered().await, usize::from(CONSENTS));
    let (_folder, store) = store_with_consents().await;
    assert_eq!(store.remembering(7).remembered().await, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_answered_what_stood_before_a_withdrawal_that_a_view_shows() {
    let (_folder, store) = store_with_consents().await;
    // Learning goes on while others withdraw and ask.
    let store = Arc::new(store.remembering(1_000));
    let over = Arc::new(AtomicBool::new(false));
    let askers: Vec<_> = (0..3)
        .map(|_| {
            let (store, over) = (Arc::clone(&store), Arc::clone(&over));
            tokio::spawn(async move {
                let mut asked = 0_u32;
                while !over.load(Ordering::Acquire) {
                    for number in 1..=CONSENTS {
                        let shown = store
                            .read()
                            .await
                            .unwrap()
                            .consent(id(number))
                            .await
                            .unwrap()
                            .unwrap();
                        let now = store.consent_now(id(number)).await.unwrap().unwrap();
                        assert!(
                            is_withdrawn(&now) || !is_withdrawn(&shown),
                            "consent {number} is stale"
                        );
                        asked += 1;
                    }
                }
                asked
            })
        })
        .collect();
    for number in 1..=CONSENTS {
        assert!(!is_withdrawn(
            &store.consent_now(id(number)).await.unwrap().unwrap()
        ));
        let mut tx = store.begin("withdraw").await.unwrap();
        tx.add_consent_event(id(number), &event(1, EventKind::Withdrawn, 4))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(is_withdrawn(
            &store.consent_now(id(number)).await.unwrap().unwrap()
        ));
    }
    over.store(true, Ordering::Release);
    for asker in askers {
        assert!(asker.await.unwrap() > 0);
    }
}
