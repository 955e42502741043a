//! What no use case does to a database, and a disk or a person with a tool may.

use std::path::Path;

use broker_domain::ids::ParticipantId;
use broker_store::Store as _;
use broker_store_sqlite::{Create, SqliteStore};

/// Deletes the details of somebody's records, and leaves her key and her numbers: the log stands, and no restore lost
/// anything. No broker may run on the folder.
pub async fn withhold_details(data: &Path, who: ParticipantId) {
    let store = SqliteStore::open(&data.join("broker.db"), Create::Never)
        .await
        .unwrap();
    let mut tx = store.begin("withhold").await.unwrap();
    let subject = tx.subject(who.into()).await.unwrap().unwrap();
    tx.erase_subject(subject.id).await.unwrap();
    tx.erase_participant(who).await.unwrap();
    tx.add_subject(subject.id, subject.key).await.unwrap();
    tx.skip_numbers(subject.id, subject.newest).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
}
