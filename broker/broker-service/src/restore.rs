//! Restoring an older copy of the database beside a log that went on without it (`ledger.md` §11, restore-replay).
//!
//! Everything happens in **one** transaction: the leaves that the copy lacks come back from the public files, numbers
//! that were given are skipped, erasures are carried out again, consents of people who lost records are suspended, and
//! the restore leaf is appended. Before it commits the copy is behind the log and no broker starts on it; after it, the
//! copy is ahead by one batch, which the ordinary start signs as it signs what a crash left. So a power cut at any
//! moment leaves a state that a start or a second run finishes, and nothing is read or signed in between.

mod erasures;
mod import;
mod suspend;

use std::sync::Arc;

use broker_domain::ids::{ParticipantId, SubjectId};
use broker_domain::time::Instant;
use broker_store::{HeadRow, Store, StoreError, Tx};
use ledger_core::checkpoint::{CheckpointError, SignedCheckpoint};
use ledger_core::leaf::{ErasureHandle, Hour, RecordNumber, RestoreLeaf, SubjectKey};
use ledger_core::tile::{BundleError, Resource};
use ledger_log::{LogId, LogMap, MapConfig, MapFault, MapSnapshot, StoreFault, Stores};
use thiserror::Error;

use crate::broker::{Parts, RecordPen};
use crate::committer::DataView;
use crate::failure::Fault;
use crate::group::{Group, Halt};
use erasures::Erasures;
use import::{MissingLeaves, WholeLog};

/// Subjects read at once.
const PAGE: u32 = 256;
/// How many numbers behind the first absent one must be absent too (`ledger.md` §11).
const WINDOW: u64 = 16;

/// What a restore did. Counts only: who is concerned stands in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Leaves that the copy had.
    pub known: u64,
    /// Leaves that came back from the public files.
    pub imported: u64,
    /// Subjects that the copy still had, and that were erased again.
    pub erased: u32,
    /// Subjects of which records were lost.
    pub subjects: u64,
    /// Their records whose details are lost; their numbers are not given again.
    pub records: u64,
    /// Records in the imported leaves that belong to nobody in the copy: to people who joined after it was made or who
    /// were erased. Nothing links these leaves to anybody any more.
    pub strangers: u64,
    /// Consents that were suspended.
    pub suspended: u64,
    /// Size of the log with the restore.
    pub size: u64,
}

/// Why a copy was not taken. Nothing was changed.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The copy is not behind.
    #[error("nothing is missing: the database has {data} leaves, and {signed} were signed for")]
    NothingMissing {
        /// Leaves in the database.
        data: u64,
        /// Leaves of the checkpoint in the lock store.
        signed: u64,
    },
    /// The lock store has no row of this log.
    #[error(
        "the lock store does not know this log; without it nobody can say up to where leaves are missing"
    )]
    LockMissing,
    /// The checkpoint in the lock store is of another key.
    #[error("the checkpoint in the lock store is not one of this key")]
    ForeignCheckpoint(#[source] CheckpointError),
    /// Leaves that the copy lacks are not in the public folder.
    #[error("`{resource}` is not in the public folder, and the leaves in it stand nowhere else")]
    LeavesMissing {
        /// The bundle.
        resource: Resource,
    },
    /// A public file is no bundle.
    #[error("`{resource}` is damaged")]
    LeavesDamaged {
        /// The bundle.
        resource: Resource,
        /// How.
        #[source]
        cause: BundleError,
    },
    /// Leaves of the copy and leaves of the public folder together do not give the root that was signed.
    #[error(
        "the copy and the public files do not make the log that was signed: the copy is of another log, or files were \
         changed"
    )]
    OtherLog,
    /// Leaves and heads of the copy do not belong together.
    #[error("the copy contradicts itself: its leaves do not have the root that it says")]
    Contradiction,
    /// A public leaf is no leaf.
    #[error("leaf {index} is malformed")]
    Leaf {
        /// Where.
        index: u64,
    },
    /// The map cannot be made.
    #[error("the map of tags does not fit the log")]
    Map(#[from] MapFault),
    /// Numbers were given with a gap.
    #[error("the log holds records of a subject behind a number that was never given")]
    Gap,
    /// A single record was erased.
    #[error(
        "the log holds the erasure of a single record that the copy still has; this program cannot carry it out again"
    )]
    RecordErasure,
    /// The clock shows a time before the newest leaf.
    #[error("it is {now}, before the newest leaf; set the clock")]
    ClockBehind {
        /// The clock.
        now: Instant,
    },
    /// The store failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// The lock store or the public folder failed.
    #[error("the lock store or the public folder failed")]
    Files(#[from] StoreFault),
    /// Something else of ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Halt> for RestoreError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Group(fault) | Halt::Ledger(fault) => Self::Fault(fault),
        }
    }
}

/// A subject of the copy with more records in the log than the copy knows.
struct Loser {
    id: SubjectId,
    known: u64,
    newest: u64,
}

/// Replays an older copy of the database, which stands in its place already. Start the broker afterwards: that signs
/// the restore leaf and scrubs the bytes of those who were erased again.
///
/// # Errors
/// See [`RestoreError`]; nothing was changed then.
pub async fn restore(parts: &Parts) -> Result<Restored, RestoreError> {
    let locked = locked(&parts.ledger).await?;
    let head = parts.store.read().await?.newest_head().await?;
    let known = head.as_ref().map_or(0, |head| head.size);
    if known >= locked.size().get() {
        return Err(RestoreError::NothingMissing {
            data: known,
            signed: locked.size().get(),
        });
    }
    let missing = MissingLeaves::new(Arc::clone(&parts.ledger.public), known, locked.size().get());
    let log = WholeLog::new(DataView(Arc::clone(&parts.store)), missing.clone(), &locked);
    let erasures = Erasures::of(&log, head.as_ref(), &locked).await?;
    let map = LogMap::recover(parts.map.clone(), MapConfig::default(), &log, locked.size()).await?;

    let mut tx = parts.store.begin("restore").await?;
    let head = import::import(&mut *tx, head, &missing, &locked).await?;
    let now = after(&head, parts.clock.now(), erasures.newest_hour)?;
    let replay = replay(&mut *tx, &erasures, &map.snapshot()).await?;
    tx.close_doors().await?;

    let pen = RecordPen::new(Arc::clone(&parts.record_signer))?;
    let suspensions = suspend::decide(&mut *tx, &replay.losers, &pen, &parts.site, now).await?;
    let suspended = suspensions.len();
    let mut group = Group::new(&mut *tx, &*parts.entropy, now, Some(&head), suspended + 1)?;
    group.mark("restore").await?;
    let leaf = RestoreLeaf {
        hour: Hour::new(now.hour()),
        known,
        imported: missing.count(),
        erasures: replay.erased,
    };
    group.append_leaf(leaf.to_bytes())?;
    for suspension in suspensions {
        suspension.write(&mut group).await?;
    }
    let size = group.close(Some(&head), &map).await?;
    tx.add_restore(head.size).await?;
    tx.commit().await?;

    let records = replay.losers.iter().map(|one| one.newest - one.known).sum();
    Ok(Restored {
        known,
        imported: missing.count(),
        erased: replay.erased,
        subjects: count(replay.losers.len()),
        records,
        strangers: erasures.imported_records.saturating_sub(records),
        suspended: count(suspended),
        size: size.map_or(0, |closed| closed.appended.head.size.get()),
    })
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

async fn locked(ledger: &Stores) -> Result<SignedCheckpoint, RestoreError> {
    let vkey = ledger.signer.vkey();
    let row = ledger.lock.load(LogId::of_origin(vkey.name())).await?;
    let row = row.ok_or(RestoreError::LockMissing)?;
    SignedCheckpoint::open(&row, vkey).map_err(RestoreError::ForeignCheckpoint)
}

/// The instant of the restore: after everything that is known of the past.
///
/// LIMIT: the instants of the imported batches are lost but for their hours, so a clock that went back within the hour of
/// the newest leaf is not noticed.
fn after(head: &HeadRow, now: Instant, newest_hour: u32) -> Result<Instant, RestoreError> {
    if now <= head.at || now.hour() < newest_hour {
        return Err(RestoreError::ClockBehind { now });
    }
    Ok(now)
}

/// What became of the subjects of the copy.
struct Replay {
    erased: u32,
    losers: Vec<Loser>,
}

/// Erases again whom the log says was erased, and skips the numbers that were given since the copy was made.
async fn replay(tx: &mut dyn Tx, erasures: &Erasures, map: &MapSnapshot) -> Result<Replay, RestoreError> {
    let mut done = Replay {
        erased: 0,
        losers: Vec::new(),
    };
    let mut after = None;
    loop {
        let page = tx.all_subjects(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after = Some(last.id);
        let (mut erased, mut living) = (Vec::new(), Vec::new());
        for row in page {
            let key = SubjectKey::new(row.key);
            if erasures.contains(&key.erasure_handle()) {
                erased.push(row.id);
            } else {
                living.push((row.id, key, row.newest));
            }
        }
        for id in erased {
            erase(tx, id).await?;
            done.erased = done.erased.saturating_add(1);
        }
        // Hashes, and a file that may have to be read: on a thread that may block.
        let (handles, map) = (erasures.handles(), map.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let lookup =
                |(id, key, known): (SubjectId, SubjectKey, u64)| look(id, &key, known, &handles, &map);
            living.into_iter().map(lookup).collect::<Result<Vec<_>, _>>()
        });
        let looked = looked.await.map_err(|_| MapFault::Thread)??;
        for loser in looked.into_iter().flatten() {
            tx.skip_numbers(loser.id, loser.newest).await?;
            done.losers.push(loser);
        }
    }
}

/// The same deletions as an erasure makes. Its leaf stands in the log already.
async fn erase(tx: &mut dyn Tx, id: SubjectId) -> Result<(), RestoreError> {
    tx.erase_subject(id).await?;
    let person = ParticipantId::from_bytes(*id.as_bytes());
    if tx.participant(person).await?.is_some() {
        tx.erase_participant(person).await?;
    }
    Ok(())
}

/// How far the numbers of a subject go in the log; `None` when the copy knows all of them.
fn look(
    id: SubjectId,
    key: &SubjectKey,
    known: u64,
    erasures: &std::collections::BTreeSet<ErasureHandle>,
    map: &MapSnapshot,
) -> Result<Option<Loser>, RestoreError> {
    let stands = |n: u64| -> Result<bool, RestoreError> {
        let Some(n) = RecordNumber::new(n) else {
            return Ok(false);
        };
        Ok(map.value(&key.tag(n))?.is_some())
    };
    let mut newest = known;
    while stands(newest.saturating_add(1))? {
        newest += 1;
    }
    for beyond in 2..=WINDOW {
        if stands(newest.saturating_add(beyond))? {
            return Err(RestoreError::Gap);
        }
    }
    if !erasures.is_empty() {
        let mut numbers = (1..=newest).filter_map(RecordNumber::new);
        if numbers.any(|n| erasures.contains(&key.record_erasure_handle(n))) {
            return Err(RestoreError::RecordErasure);
        }
    }
    Ok((newest > known).then_some(Loser { id, known, newest }))
}

/// What a start reads of the log in this store, for programs that look at it without starting a broker.
#[must_use]
pub fn log_view(store: Arc<dyn Store>) -> Arc<dyn ledger_log::LogData> {
    Arc::new(DataView(store))
}
