//! What to do at a start, by what is found in the three stores.

use std::{ops::Range, sync::Arc};

use ledger_core::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    tile::Resource,
    tree::{TreeSize, empty_root},
};

use super::{Appended, PublishFault, Publisher, Stores, show, sign};
use crate::{
    edge::{Edge, EdgeError},
    map::MapFault,
    ports::{DataHead, LogData, PublicFault, PublicFile, PublicStore, StoreFault, Swap, UnixMicros},
    sequencer::UNSHOWN,
    witness::{KeeperStop, WitnessStop},
};

/// Leaves read at once while tiles are rewritten: some full tiles, and little memory.
const CHUNK: u64 = 4096;

/// Why a log may not be taken up. None of these heals by trying again.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The lock store has no row for this log.
    #[error("the lock store does not know this log")]
    LockMissing,
    /// A new log was asked for where there is one.
    #[error("the log exists already")]
    AlreadyExists,
    /// A stored checkpoint is not signed by this key.
    #[error("the checkpoint in the {place} is not one of this key")]
    ForeignCheckpoint {
        /// Lock store or public folder.
        place: &'static str,
        /// Why.
        #[source]
        cause: CheckpointError,
    },
    /// The data store lost leaves that were signed for: restored from a backup?
    #[error("the data store has {data} leaves, {signed} were signed for")]
    DataBehindLock {
        /// Leaves in the data store.
        data: TreeSize,
        /// Leaves of the checkpoint in the lock store.
        signed: TreeSize,
    },
    /// The lock store lost a checkpoint that is public: restored from a backup?
    #[error("the public checkpoint has {public} leaves, the lock store {signed}")]
    PublicAheadOfLock {
        /// Leaves of the public checkpoint.
        public: TreeSize,
        /// Leaves of the checkpoint in the lock store.
        signed: TreeSize,
    },
    /// The leaves in the data store are not those that were signed for.
    #[error("the data store does not have the root of the checkpoint in the {place} at {size} leaves")]
    RootMismatch {
        /// Lock store, public folder or head of the data store.
        place: &'static str,
        /// Size at which the roots differ.
        size: TreeSize,
    },
    /// Leaves and hashes of the data store do not belong together.
    #[error("the data store contradicts itself: {what}")]
    Contradiction {
        /// Which.
        what: String,
    },
    /// The map of tags cannot be made from the leaves, or is not the one that the last map-root leaf names.
    #[error("the map of tags does not fit the log")]
    Map(#[from] MapFault),
    /// The clock shows a time before the last head.
    #[error("it is {now:?}, before the last head at {head:?}")]
    ClockBehind {
        /// Time of the last head.
        head: UnixMicros,
        /// The clock.
        now: UnixMicros,
    },
    /// The clock shows a time so long after the last head that a person must confirm it.
    #[error("it is {now}, {days} days after the last head at {head}, and nobody confirmed that")]
    ClockAhead {
        /// Time of the last head.
        head: String,
        /// The clock.
        now: String,
        /// How far it is ahead, in whole days.
        days: i64,
    },
    /// A witness holds a checkpoint of this log that is not in its past.
    #[error(transparent)]
    Witness(#[from] WitnessStop),
    /// A witness proved that before, and nobody has cleared it up since.
    #[error(
        "`{witness}` showed on {found_at} a checkpoint of {theirs} leaves signed by this log, which had {ours}: rolled back \
         or second log; the evidence is kept in the folder `stopped`"
    )]
    StopStands {
        /// Name of the witness's key.
        witness: String,
        /// When it did.
        found_at: String,
        /// Our size then.
        ours: TreeSize,
        /// The size that stands against it.
        theirs: TreeSize,
    },
    /// The keeper of the public checkpoint could not begin.
    #[error(transparent)]
    Keeper(#[from] KeeperStop),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A public file was changed, or could not be written.
    #[error("the public files are wrong or could not be written")]
    Public(#[from] PublicFault),
    /// Publishing what was left undone failed.
    #[error(transparent)]
    Publish(#[from] PublishFault),
}

impl From<EdgeError> for RecoverError {
    fn from(error: EdgeError) -> Self {
        match error {
            EdgeError::Store(fault) => Self::Store(fault),
            other => Self::Contradiction {
                what: other.to_string(),
            },
        }
    }
}

pub(super) async fn initialise(stores: &Stores) -> Result<(), RecoverError> {
    let locked = stores.lock.load(stores.log_id()).await?;
    let public = stores.public.read(Resource::Checkpoint).await?;
    if locked.is_some() || public.is_some() {
        return Err(RecoverError::AlreadyExists);
    }
    let signed = sign(stores, TreeSize::ZERO, empty_root()).map_err(PublishFault::from)?;
    match stores
        .lock
        .create(stores.log_id(), signed.note().to_string().as_bytes())
        .await?
    {
        Swap::Conflict => Err(RecoverError::AlreadyExists),
        Swap::Done => Ok(show(stores, Vec::new(), &signed).await?),
    }
}

pub(super) async fn recover(
    stores: Stores,
    data: &dyn LogData,
    now: UnixMicros,
) -> Result<Publisher, RecoverError> {
    let locked = locked(&stores).await?;
    let public = match stores.public.read(Resource::Checkpoint).await? {
        None => None,
        Some(bytes) => Some(open(&stores, &bytes, "public folder")?),
    };
    let head = data.head().await?;
    check_order(&locked, public.as_ref(), head, now)?;

    // Take the tree up where the public files end: from there on they are rewritten from the data.
    let shown = public.as_ref().map_or(TreeSize::ZERO, SignedCheckpoint::size);
    let mut edge = Edge::load(shown, data).await?;
    if let Some(public) = &public
        && public.root() != edge.root()
    {
        return Err(RecoverError::RootMismatch {
            place: "public folder",
            size: shown,
        });
    }
    // A changed file on the edge is found here, and a lost one restored.
    stores.public.write(edge.files()?).await?;
    // Nothing is written from leaves that were not signed for: public files are never written over.
    grow(data, &mut edge.clone(), &locked, None).await?;
    let partials = grow(data, &mut edge, &locked, Some(&*stores.public)).await?;
    // Other signature lines (grease, witnesses) make no other checkpoint.
    if public.as_ref().map(SignedCheckpoint::checkpoint) != Some(locked.checkpoint()) {
        show(&stores, partials, &locked).await?;
    }
    let last_at = head.map(|head| head.at);
    let mut publisher = Publisher {
        stores,
        edge,
        last: Arc::new(locked),
        last_at,
        stopped: false,
    };
    finish(&mut publisher, data, head).await?;
    tracing::info!(ledger.size = publisher.last.size().get(), "ledger taken up");
    Ok(publisher)
}

pub(super) async fn locked(stores: &Stores) -> Result<SignedCheckpoint, RecoverError> {
    let locked = stores.lock.load(stores.log_id()).await?;
    open(stores, &locked.ok_or(RecoverError::LockMissing)?, "lock store")
}

fn open(stores: &Stores, note: &[u8], place: &'static str) -> Result<SignedCheckpoint, RecoverError> {
    SignedCheckpoint::open_any(note, &stores.keys())
        .map_err(|cause| RecoverError::ForeignCheckpoint { place, cause })
}

/// The rows of the recovery table that need no tree: sizes must not shrink from data to lock to public.
pub(super) fn check_order(
    locked: &SignedCheckpoint,
    public: Option<&SignedCheckpoint>,
    head: Option<DataHead>,
    now: UnixMicros,
) -> Result<(), RecoverError> {
    let (data, signed) = (head.map_or(TreeSize::ZERO, |head| head.size), locked.size());
    if data < signed {
        return Err(RecoverError::DataBehindLock { data, signed });
    }
    if let Some(public) = public {
        if public.size() > signed {
            return Err(RecoverError::PublicAheadOfLock {
                public: public.size(),
                signed,
            });
        }
        if public.size() == signed && public.root() != locked.root() {
            return Err(RecoverError::RootMismatch {
                place: "public folder",
                size: signed,
            });
        }
    }
    match head {
        Some(head) if now < head.at => Err(RecoverError::ClockBehind { head: head.at, now }),
        _ => Ok(()),
    }
}

/// Step 5 for leaves that were signed for: writes the full tiles and bundles up to the locked checkpoint, to `public` if
/// there is one, and gives the partial ones of every checkpoint that a receipt may name and that was not shown.
///
/// A crash leaves at most [`UNSHOWN`] of those. Where there seem to be more, the public checkpoint was lost or put back, or
/// waits for its witnesses: the older ones were shown, and what is rewritten of them are the full files. Whoever misses a
/// partial one asks for those (C2SP tlog-tiles, Partial Tiles).
async fn grow(
    data: &dyn LogData,
    edge: &mut Edge,
    locked: &SignedCheckpoint,
    public: Option<&dyn PublicStore>,
) -> Result<Vec<PublicFile>, RecoverError> {
    let shown = edge.size();
    let mut partials = Vec::new();
    if shown < locked.size() {
        let heads = data.heads_up_to(locked.size(), UNSHOWN).await?;
        for head in heads
            .into_iter()
            .filter(|head| (shown..locked.size()).contains(&head.size))
        {
            let before = edge.size();
            rewrite(data, edge, head.size, public).await?;
            partials.extend(edge.partials(before)?);
        }
    }
    let before = edge.size();
    rewrite(data, edge, locked.size(), public).await?;
    if edge.root() != locked.root() {
        return Err(RecoverError::RootMismatch {
            place: "lock store",
            size: locked.size(),
        });
    }
    partials.extend(edge.partials(before)?);
    Ok(partials)
}

async fn rewrite(
    data: &dyn LogData,
    edge: &mut Edge,
    size: TreeSize,
    public: Option<&dyn PublicStore>,
) -> Result<(), RecoverError> {
    while edge.size() < size {
        let from = edge.size().get();
        let mut files = Vec::new();
        for leaf in leaves(data, from..size.get().min(from.saturating_add(CHUNK))).await? {
            files.extend(edge.push(leaf)?);
        }
        if let Some(public) = public {
            public.write(files).await?;
        }
    }
    Ok(())
}

/// A crash between steps 2 and 4 left committed leaves unsigned, of at most two batches. Nothing was promised: sign, swap,
/// go on. Each batch gets its own checkpoint, one after the other, as it would have got: its receipts name that, and the
/// tiles of every checkpoint that was signed must be there (C2SP tlog-tiles).
async fn finish(
    publisher: &mut Publisher,
    data: &dyn LogData,
    head: Option<DataHead>,
) -> Result<(), RecoverError> {
    let Some(head) = head else { return Ok(()) };
    let heads = data.heads_since(publisher.edge.size()).await?;
    let Some(last) = heads.last() else {
        return if head.size == publisher.edge.size() && head.root == publisher.last.root() {
            Ok(())
        } else {
            Err(RecoverError::RootMismatch {
                place: "head of the data store",
                size: head.size,
            })
        };
    };
    if *last != head {
        return Err(RecoverError::Contradiction {
            what: "its heads do not lead to its last head".into(),
        });
    }
    for head in heads {
        let from = publisher.edge.size().get();
        if head.size.get() <= from {
            return Err(RecoverError::Contradiction {
                what: "its heads do not grow".into(),
            });
        }
        let unsigned = leaves(data, from..head.size.get()).await?;
        tracing::warn!(
            records = unsigned.len(),
            ledger.size = head.size.get(),
            "signing for leaves that a crash left unsigned"
        );
        publisher
            .advance(Appended {
                head,
                leaves: unsigned,
            })
            .await?;
    }
    Ok(())
}

/// The leaves of a range, some thousands at once.
async fn leaves(data: &dyn LogData, range: Range<u64>) -> Result<Vec<Vec<u8>>, RecoverError> {
    let mut leaves = Vec::new();
    let mut next = range.start;
    while next < range.end {
        let end = range.end.min(next.saturating_add(CHUNK));
        let chunk = data.leaves(next..end).await?;
        if u64::try_from(chunk.len()) != Ok(end - next) {
            return Err(RecoverError::Contradiction {
                what: "it gave another number of leaves than it was asked for".into(),
            });
        }
        leaves.extend(chunk);
        next = end;
    }
    Ok(leaves)
}
