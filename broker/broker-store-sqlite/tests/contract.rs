//! The contract of a store, shown for SQLite.

#![allow(clippy::unwrap_used, reason = "tests")]

use broker_store::Store;
use broker_store_sqlite::{Create, SqliteStore};

struct Fresh {
    store: SqliteStore,
    _folder: tempfile::TempDir,
}

impl Fresh {
    fn store(&self) -> &dyn Store {
        &self.store
    }
}

async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("store.db"), Create::IfMissing)
        .await
        .unwrap();
    Fresh {
        store,
        _folder: folder,
    }
}

broker_store::contract_tests!(crate::fresh);

/// The same store with consents in memory: nobody can tell the difference.
mod remembering {
    use super::{Fresh, fresh};

    async fn remembering() -> Fresh {
        let Fresh { store, _folder } = fresh().await;
        Fresh {
            store: store.remembering(1_000),
            _folder,
        }
    }

    broker_store::contract_tests!(crate::remembering::remembering);
}
