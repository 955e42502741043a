//! The log changes its key: the leaf that says so, and the changes that stand in the log already.

use std::sync::Arc;

use async_trait::async_trait;
use broker_store::{Serial, Store};
use ledger_core::leaf::{Hour, KeyChange, UnsignedKeyChange};
use ledger_core::note::NoteSigner;
use ledger_core::tree::LeafIndex;
use ledger_log::StoreFault;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};

/// Why the leaf was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyChangeRefusal {
    /// The log grew meanwhile: somebody else writes to it.
    #[error("the log does not end where the key change was to stand; is another broker running?")]
    Moved,
}

impl Broker {
    /// Appends the leaf in which the log's present key names the next one. `at` is the place where the leaf shall
    /// stand: the size of the log now. When it returns, the leaf is signed for and public.
    ///
    /// For a broker that serves nobody: with other records in its batch the leaf would stand elsewhere than it says.
    ///
    /// # Errors
    /// [`KeyChangeRefusal`]; a fault when the leaf was not committed.
    pub async fn change_log_key(&self, new: [u8; 32], at: u64) -> Result<u64, Failure<KeyChangeRefusal>> {
        let valid_from = LeafIndex::new(at).ok_or(Fault::LogFull)?;
        let beat = ChangeKey {
            new,
            valid_from,
            signer: Arc::clone(&self.log_signer),
        };
        self.commit(beat).await
    }

    /// The key change at a place of the log; `None` when something else or nothing stands there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn key_change_at(&self, index: u64) -> Result<Option<KeyChange>, Fault> {
        let leaf = self
            .store
            .read()
            .await?
            .leaves(index, index.saturating_add(1))
            .await?
            .pop();
        Ok(leaf.and_then(|leaf| KeyChange::parse(&leaf.bytes).ok()))
    }
}

/// Reads the changes that stand at these places.
pub(crate) async fn known_changes(
    store: &dyn Store,
    places: &[u64],
) -> Result<Vec<(LeafIndex, KeyChange)>, StoreFault> {
    let mut read = store.read().await.map_err(StoreFault::new)?;
    let mut changes = Vec::new();
    for place in places {
        let leaf = read.leaves(*place, place.saturating_add(1)).await;
        let leaf = leaf.map_err(StoreFault::new)?.pop();
        let change = leaf.and_then(|leaf| KeyChange::parse(&leaf.bytes).ok());
        let change = LeafIndex::new(*place).zip(change);
        changes.push(change.ok_or_else(|| {
            StoreFault::new(format!(
                "entry {place} is not the key change that the folder of keys speaks of"
            ))
        })?);
    }
    Ok(changes)
}

struct ChangeKey {
    new: [u8; 32],
    valid_from: LeafIndex,
    signer: Arc<dyn NoteSigner>,
}

#[async_trait]
impl Commit for ChangeKey {
    type Answer = Serial;
    type Refusal = KeyChangeRefusal;
    const NAME: &'static str = "change log key";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, KeyChangeRefusal>, Fault> {
        let size = group.tx.newest_head().await?.map_or(0, |head| head.size);
        if size != self.valid_from.get() {
            return Ok(Err(KeyChangeRefusal::Moved));
        }
        let unsigned = UnsignedKeyChange {
            hour: Hour::new(group.now.hour()),
            new: self.new,
            valid_from: self.valid_from,
        };
        let leaf = unsigned.sign(&*self.signer);
        Ok(Ok(group.append_leaf(leaf.to_bytes())?))
    }
}
