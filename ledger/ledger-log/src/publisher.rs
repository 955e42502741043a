//! Steps 3 to 7 of the commit order: sign, swap, write, replace.

mod recover;
mod signed;
mod survey;

use std::sync::Arc;

use ledger_core::{
    checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint},
    note::{NoteSigner, Vkey},
    tree::{Hash, TreeSize},
};

use crate::{
    edge::{Edge, EdgeError},
    ports::{DataHead, LockStore, LogId, PublicFault, PublicFile, PublicStore, StoreFault, Swap, UnixMicros},
};

pub use recover::RecoverError;
pub(crate) use signed::Signed;
pub use survey::{State, Survey};

/// The key and the stores of one log. Its origin is the name of the signer's key.
#[derive(Clone)]
pub struct Stores {
    /// Signs checkpoints.
    pub signer: Arc<dyn NoteSigner>,
    /// The keys before and after it.
    pub rotation: Rotation,
    /// Keeps the last signed checkpoint.
    pub lock: Arc<dyn LockStore>,
    /// What everybody may read.
    pub public: Arc<dyn PublicStore>,
}

/// The other keys of a log that changes, or changed, its key. None, for most logs.
#[derive(Clone, Default)]
pub struct Rotation {
    /// The key that comes next: while both sign, a reader finds the line that she knows.
    pub next: Option<Arc<dyn NoteSigner>>,
    /// Keys given up. They sign nothing any more; a checkpoint that one of them signed is still this log's.
    pub earlier: Vec<Vkey>,
}

impl Stores {
    /// Every key whose checkpoints are this log's.
    fn keys(&self) -> Vec<Vkey> {
        let next = self.rotation.next.iter().map(|next| next.vkey().clone());
        let now = [self.signer.vkey().clone()];
        now.into_iter()
            .chain(next)
            .chain(self.rotation.earlier.iter().cloned())
            .collect()
    }

    fn log_id(&self) -> LogId {
        LogId::of_origin(self.signer.vkey().name())
    }
}

/// What a transaction appended to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The head the transaction wrote.
    pub head: DataHead,
    /// The leaves since the head before, in the order of their indexes.
    pub leaves: Vec<Vec<u8>>,
}

/// Why a batch was not published. The writer must stop: only [`Publisher::recover`] knows what stands.
#[derive(Debug, thiserror::Error)]
pub enum PublishFault {
    /// An earlier batch failed.
    #[error("the log stopped after an earlier fault")]
    Stopped,
    /// The head is not later than the one before.
    #[error("time went from {before:?} to {now:?}: the clock must move forward")]
    ClockWentBack {
        /// Time of the last head.
        before: UnixMicros,
        /// Time of this head.
        now: UnixMicros,
    },
    /// The leaves do not lead to the head that the transaction wrote.
    #[error("the committed head is not that of the appended leaves")]
    HeadMismatch,
    /// The lock store holds another checkpoint: a second writer is at work.
    #[error("the lock store holds another checkpoint: a second writer is at work")]
    LockConflict,
    /// The lock store failed: the new checkpoint may or may not be there.
    #[error("the lock store failed")]
    Lock(#[source] StoreFault),
    /// Tiles, bundles or the checkpoint could not be written.
    #[error("the public files could not be written")]
    Public(#[from] PublicFault),
    /// The checkpoint could not be made.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The leaves do not fit in the log.
    #[error("the appended leaves do not fit in the log")]
    Leaves {
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The one writer of a log.
pub struct Publisher {
    stores: Stores,
    edge: Edge,
    last: Arc<SignedCheckpoint>,
    last_at: Option<UnixMicros>,
    stopped: bool,
}

impl Publisher {
    /// Makes a new, empty log: its row in the lock store, then its public checkpoint of size 0. To be run once, by
    /// hand or by an installer, never at every start: a log whose lock row vanished must not start again at 0.
    ///
    /// # Errors
    /// [`RecoverError::AlreadyExists`] when the lock store or the public folder knows the log already.
    pub async fn initialise(stores: &Stores) -> Result<(), RecoverError> {
        recover::initialise(stores).await
    }

    /// The checkpoint in the lock store, to be held against what witnesses show before anything is signed.
    ///
    /// # Errors
    /// [`RecoverError::LockMissing`], [`RecoverError::ForeignCheckpoint`] or [`RecoverError::Store`].
    pub async fn locked(stores: &Stores) -> Result<SignedCheckpoint, RecoverError> {
        recover::locked(stores).await
    }

    /// Takes a log up after a start: finishes what a crash interrupted, or refuses to sign.
    ///
    /// Also checks that the public tiles on the right edge are those of the data, and writes missing ones.
    ///
    /// # Errors
    /// Every [`RecoverError`] means: do not write, call a person.
    pub async fn recover(
        stores: Stores,
        data: &dyn crate::LogData,
        now: UnixMicros,
    ) -> Result<Self, RecoverError> {
        recover::recover(stores, data, now).await
    }

    /// The last checkpoint that was signed; public too, unless its batch is on its way there.
    pub fn latest(&self) -> Arc<SignedCheckpoint> {
        Arc::clone(&self.last)
    }

    /// Publishes what a transaction appended; when it returns, the checkpoint is signed, durable and public.
    ///
    /// # Errors
    /// After any [`PublishFault`] this publisher is stopped for good.
    pub async fn publish(&mut self, appended: Appended) -> Result<Arc<SignedCheckpoint>, PublishFault> {
        let signed = self.sign(appended).await?;
        // Set first, so that a future dropped half way stops the log as an error does.
        self.stopped = true;
        let checkpoint = Signed::show(vec![signed], &self.stores).await?;
        self.stopped = false;
        Ok(checkpoint.unwrap_or_else(|| self.latest()))
    }

    /// Steps 3 and 4: when it returns, the batch is signed for and in the lock store; it is not public yet.
    pub(crate) async fn sign(&mut self, appended: Appended) -> Result<Signed, PublishFault> {
        if self.stopped {
            return Err(PublishFault::Stopped);
        }
        self.stopped = true;
        if let Some(before) = self.last_at.filter(|before| appended.head.at <= *before) {
            return Err(PublishFault::ClockWentBack {
                before,
                now: appended.head.at,
            });
        }
        let signed = self.swap(appended).await?;
        self.stopped = false;
        Ok(signed)
    }

    /// Steps 3 (without the clock) to 7, for a batch that a crash left unsigned.
    async fn advance(&mut self, appended: Appended) -> Result<Arc<SignedCheckpoint>, PublishFault> {
        let signed = self.swap(appended).await?;
        Signed::show(vec![signed], &self.stores).await?;
        Ok(self.latest())
    }

    /// Steps 3 (without the clock) and 4.
    async fn swap(&mut self, appended: Appended) -> Result<Signed, PublishFault> {
        let Appended { head, leaves } = appended;
        let before = self.edge.size();
        let mut full = Vec::new();
        for leaf in leaves {
            full.extend(self.edge.push(leaf)?);
        }
        // Recomputed here from the leaves, so that a wrong hash in the data store is never signed.
        if self.edge.size() != head.size || self.edge.root() != head.root {
            return Err(PublishFault::HeadMismatch);
        }
        let partial = self.edge.partials(before)?;
        let signed = sign(&self.stores, head.size, head.root)?;
        let (old, new) = (self.last.note().to_string(), signed.note().to_string());
        let lock = &self.stores.lock;
        match lock
            .swap(self.stores.log_id(), old.as_bytes(), new.as_bytes())
            .await
        {
            Ok(Swap::Done) => {}
            Ok(Swap::Conflict) => return Err(PublishFault::LockConflict),
            Err(fault) => return Err(PublishFault::Lock(fault)),
        }
        self.last = Arc::new(signed);
        self.last_at = Some(head.at);
        Ok(Signed::new(full, partial, self.latest()))
    }

    /// The stores that signed batches are shown in.
    pub(crate) fn stores(&self) -> Stores {
        self.stores.clone()
    }
}

fn sign(stores: &Stores, size: TreeSize, root: Hash) -> Result<SignedCheckpoint, CheckpointError> {
    let origin = stores.signer.vkey().name().as_str();
    let next = stores.rotation.next.as_deref();
    let signers: Vec<&dyn NoteSigner> = std::iter::once(&*stores.signer).chain(next).collect();
    SignedCheckpoint::sign_all(Checkpoint::new(origin, size, root)?, &signers)
}

/// Steps 5 and 7, in normal running and in recovery.
async fn show(stores: &Stores, files: Vec<PublicFile>, signed: &SignedCheckpoint) -> Result<(), PublicFault> {
    // Readers that choke on signatures of unknown keys must be found before a witness or a second key of ours is one.
    let note = signed.note().clone().sometimes_greased();
    stores.public.show(files, note.to_string().into_bytes()).await
}

impl From<EdgeError> for PublishFault {
    fn from(cause: EdgeError) -> Self {
        Self::Leaves {
            cause: Box::new(cause),
        }
    }
}
