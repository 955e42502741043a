//! Looking at a log without taking it up: what the three stores hold, and which row of the recovery table applies.

use std::fmt;

use ledger_core::{
    checkpoint::SignedCheckpoint,
    note::Vkey,
    tile::Resource,
    tree::{Hash, TreeSize},
};

use super::recover::{self, RecoverError};
use crate::{
    edge::Edge,
    map::MapFault,
    ports::{DataHead, LockStore, LogData, LogId, PublicFault, PublicStore, UnixMicros},
};

/// A row of the recovery table (`ledger.md` §12): what a start would find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Data, lock store and public files agree.
    Ready,
    /// Public files are older than the lock store, or some are absent.
    Unpublished,
    /// The data store has leaves that nothing was signed for: a crash came between.
    Unsigned,
    /// The lock store has no row for this log, or is not there.
    LockMissing,
    /// A log was to be made where there is one.
    AlreadyExists,
    /// The checkpoint in the lock store is not of this key and origin.
    ForeignLock,
    /// The public checkpoint is not of this key and origin, or is no checkpoint.
    ForeignPublic,
    /// The data store lacks leaves that were signed for.
    DataBehindLock,
    /// The public checkpoint is newer than the lock store's.
    PublicAheadOfLock,
    /// A root is another than was signed.
    RootMismatch,
    /// Leaves and stored hashes of the data store do not belong together.
    Contradiction,
    /// The map made from the leaves is not the one that they name.
    MapDiffers,
    /// The clock shows a time before the last head.
    ClockBehind,
    /// The clock shows a time so long after the last head that a person must confirm it.
    ClockAhead,
    /// A public file has other bytes than it must have.
    PublicChanged,
    /// A store cannot be read or written.
    StoreFailed,
    /// A witness holds a newer checkpoint signed by this log: everything here was put back, or a second log signs.
    WitnessAhead,
    /// A witness stopped the log before, and nobody has cleared it up since.
    Stopped,
    /// Publishing what a crash left undone failed.
    PublishFailed,
}

impl State {
    /// Every row, those first that need nobody.
    pub const ALL: [Self; 19] = [
        Self::Ready,
        Self::Unpublished,
        Self::Unsigned,
        Self::DataBehindLock,
        Self::LockMissing,
        Self::PublicAheadOfLock,
        Self::ForeignLock,
        Self::ForeignPublic,
        Self::PublicChanged,
        Self::RootMismatch,
        Self::Contradiction,
        Self::MapDiffers,
        Self::ClockBehind,
        Self::ClockAhead,
        Self::WitnessAhead,
        Self::Stopped,
        Self::StoreFailed,
        Self::PublishFailed,
        Self::AlreadyExists,
    ];

    /// A stable name for machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Unpublished => "unpublished",
            Self::Unsigned => "unsigned",
            Self::LockMissing => "lock-missing",
            Self::AlreadyExists => "already-exists",
            Self::ForeignLock => "foreign-lock",
            Self::ForeignPublic => "foreign-public",
            Self::DataBehindLock => "data-behind-lock",
            Self::PublicAheadOfLock => "public-ahead-of-lock",
            Self::RootMismatch => "root-mismatch",
            Self::Contradiction => "contradiction",
            Self::MapDiffers => "map-differs",
            Self::ClockBehind => "clock-behind",
            Self::ClockAhead => "clock-ahead",
            Self::PublicChanged => "public-changed",
            Self::StoreFailed => "store-failed",
            Self::WitnessAhead => "witness-ahead",
            Self::Stopped => "stopped",
            Self::PublishFailed => "publish-failed",
        }
    }

    /// Whether a start puts it in order by itself.
    pub const fn heals(self) -> bool {
        matches!(self, Self::Ready | Self::Unpublished | Self::Unsigned)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl RecoverError {
    /// The row of the table that this refusal belongs to.
    pub const fn state(&self) -> State {
        match self {
            Self::LockMissing => State::LockMissing,
            Self::AlreadyExists => State::AlreadyExists,
            Self::ForeignCheckpoint { place, .. } => match place.as_bytes() {
                b"lock store" => State::ForeignLock,
                _ => State::ForeignPublic,
            },
            Self::DataBehindLock { .. } => State::DataBehindLock,
            Self::PublicAheadOfLock { .. } => State::PublicAheadOfLock,
            Self::RootMismatch { .. } => State::RootMismatch,
            Self::Contradiction { .. } => State::Contradiction,
            Self::Map(MapFault::Store(_) | MapFault::Io(_)) | Self::Store(_) => State::StoreFailed,
            Self::Map(_) => State::MapDiffers,
            Self::ClockBehind { .. } => State::ClockBehind,
            Self::ClockAhead { .. } => State::ClockAhead,
            Self::Public(PublicFault::Different { .. }) => State::PublicChanged,
            Self::Public(PublicFault::Store(_)) => State::StoreFailed,
            Self::Witness(_) => State::WitnessAhead,
            Self::StopStands { .. } => State::Stopped,
            Self::Keeper(_) => State::StoreFailed,
            Self::Publish(_) => State::PublishFailed,
        }
    }
}

/// What was found, place by place.
#[derive(Debug)]
pub struct Survey {
    /// The checkpoint in the lock store, when there is one of this log's keys.
    pub locked: Option<SignedCheckpoint>,
    /// The public checkpoint, when there is one of this log's keys.
    pub public: Option<SignedCheckpoint>,
    /// The head of the data store.
    pub data: Option<DataHead>,
    /// What a start would do, or why it would refuse.
    pub verdict: Result<State, RecoverError>,
}

impl Survey {
    /// Looks, and writes nothing. Everything on the right edge is recomputed; what lies further left is a full check's.
    ///
    /// While a broker writes, the three stores are read one after the other and may lie a batch apart: that shows as
    /// [`State::Unsigned`] or [`State::Unpublished`] and means nothing.
    ///
    /// `key` is the one that signs; `others` those whose checkpoints a start takes for this log's as well
    /// ([`Rotation`](crate::Rotation)): the next, while both sign, and those given up.
    pub async fn of(
        key: &Vkey,
        others: &[Vkey],
        lock: &dyn LockStore,
        public: &dyn PublicStore,
        data: &dyn LogData,
        now: UnixMicros,
    ) -> Self {
        let mut survey = Self {
            locked: None,
            public: None,
            data: None,
            verdict: Ok(State::Ready),
        };
        // The data store last: it is ahead of the others while a broker runs, never behind.
        let keys: Vec<_> = std::iter::once(key).chain(others).cloned().collect();
        survey.verdict = survey
            .look(LogId::of_origin(key.name()), &keys, lock, public, data, now)
            .await;
        survey
    }

    async fn look(
        &mut self,
        log: LogId,
        keys: &[Vkey],
        lock: &dyn LockStore,
        public: &dyn PublicStore,
        data: &dyn LogData,
        now: UnixMicros,
    ) -> Result<State, RecoverError> {
        let open = |note: &[u8], place| {
            SignedCheckpoint::open_any(note, keys)
                .map_err(|cause| RecoverError::ForeignCheckpoint { place, cause })
        };
        let shown = public.read(Resource::Checkpoint).await;
        let locked = lock.load(log).await;
        let head = data.head().await;
        // Everything is noted before anything is judged: a person wants to see all three.
        let shown = shown?.map(|note| open(&note, "public folder"));
        let locked = locked?
            .ok_or(RecoverError::LockMissing)
            .and_then(|note| open(&note, "lock store"));
        if let Some(Ok(shown)) = &shown {
            self.public = Some(shown.clone());
        }
        if let Ok(locked) = &locked {
            self.locked = Some(locked.clone());
        }
        self.data = head?;
        let (locked, shown) = (locked?, shown.transpose()?);
        recover::check_order(&locked, shown.as_ref(), self.data, now)?;

        let size = shown.as_ref().map_or(TreeSize::ZERO, SignedCheckpoint::size);
        let edge = Edge::load(size, data).await?;
        agrees(
            "public folder",
            size,
            shown.as_ref().map(SignedCheckpoint::root),
            &edge,
        )?;
        let whole = is_whole(public, &edge).await?;
        let edge = Edge::load(locked.size(), data).await?;
        agrees("lock store", locked.size(), Some(locked.root()), &edge)?;
        let Some(head) = self.data else {
            return Ok(State::Ready);
        };
        let edge = Edge::load(head.size, data).await?;
        agrees("head of the data store", head.size, Some(head.root), &edge)?;
        Ok(if head.size > locked.size() {
            State::Unsigned
        } else if shown.as_ref().map(SignedCheckpoint::checkpoint) != Some(locked.checkpoint()) || !whole {
            // Other signature lines (grease, witnesses) make no other checkpoint.
            State::Unpublished
        } else {
            State::Ready
        })
    }
}

fn agrees(place: &'static str, size: TreeSize, root: Option<Hash>, edge: &Edge) -> Result<(), RecoverError> {
    match root {
        Some(root) if root != edge.root() => Err(RecoverError::RootMismatch { place, size }),
        _ => Ok(()),
    }
}

/// Whether all files on the edge are there; those that are must be right.
async fn is_whole(public: &dyn PublicStore, edge: &Edge) -> Result<bool, RecoverError> {
    let mut whole = true;
    for file in edge.files()? {
        match public.read(file.resource).await? {
            None => whole = false,
            Some(bytes) if bytes == file.bytes => {}
            Some(_) => {
                let resource = file.resource;
                return Err(PublicFault::Different { resource }.into());
            }
        }
    }
    Ok(whole)
}
