//! Reading everything without writing anything.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use async_trait::async_trait;
use broker_domain::time::{Clock as _, Instant};
use broker_service::{Details, StopEvidence, check_details, log_view};
use broker_store::{LockStore, LogId, Store, StoreFault, Swap};
use broker_store_sqlite::{LockError, OpenError, SqliteLockStore, SqliteStore};
use ledger_core::note::Vkey;
use ledger_core::tree::{Hash, NodeId, TreeSize};
use ledger_log::{
    DataHead, FolderStore, FullCheck, LogData, RecoverError, State, Stated, Survey, UnixMicros, full_check,
};

use super::leftovers::Leftovers;
use crate::assemble::{self, Home};
use crate::clock_watch;
use crate::config::Config;
use crate::in_use::InUse;
use crate::ports::SystemClock;
use crate::stopped::StopFolder;

/// Everything that was seen.
pub struct Found {
    pub origin: String,
    pub key: Vkey,
    pub in_use: bool,
    pub now: Instant,
    pub survey: Survey,
    /// What the stores alone say, where something else keeps the ledger from being taken up.
    pub beneath: Option<State>,
    /// What a witness proved against the ledger.
    pub stop: Option<StopEvidence>,
    /// What restores left behind.
    pub leftovers: Leftovers,
    /// Bytes of the map's cache.
    pub map_bytes: Option<u64>,
    pub full: Option<Full>,
}

/// What a full check found.
pub struct Full {
    pub log: FullCheck,
    pub details: Details,
}

impl Full {
    pub fn is_clean(&self) -> bool {
        let details = &self.details;
        self.log.is_clean()
            && details.unopened.is_none()
            && details.wrong_head.is_none()
            && details.missing == 0
    }

    /// What is wrong, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.log.wrong.iter().map(ToString::to_string).collect();
        if self.log.more > 0 {
            lines.push(format!("and {} more", self.log.more));
        }
        let details = &self.details;
        lines.extend(
            details
                .unopened
                .map(|leaf| format!("the stored record of leaf {leaf} does not open it")),
        );
        if details.missing > 0 {
            lines.push(format!(
                "{} records are missing, and no restore lost them",
                details.missing
            ));
        }
        lines.extend(details.wrong_head.map(|leaf| {
            format!("the stored head of the batch from leaf {leaf} on is not that of its leaves")
        }));
        lines
    }

    /// What was checked, in a line.
    pub fn summary(&self) -> String {
        format!(
            "{} leaves, {} public files, {} map roots, {} batches and {} records recomputed; {} details lost in restores",
            self.log.leaves,
            self.log.files,
            self.log.map_roots,
            self.details.batches,
            self.details.records,
            self.details.lost
        )
    }
}

/// Looks at the broker of a configuration.
///
/// # Errors
/// When the key of the ledger cannot be read: then nothing can be told from a forgery.
pub async fn look(config: &Config, full: bool) -> Result<Found> {
    let home = Home::at(&config.data);
    let key = assemble::log_key(&home, &config.origin)?;
    let others = assemble::other_log_keys(&home, &config.origin, &key)?;
    let in_use = InUse::is_taken(home.folder()).context("the data folder cannot be opened")?;
    let now = SystemClock.now();
    let public = FolderStore::existing(home.ledger());
    let store = SqliteStore::inspect(&home.database()).await;
    let data: Arc<dyn LogData> = match &store {
        Ok(_) => {
            let again = SqliteStore::inspect(&home.database()).await?;
            log_view(Arc::new(again))
        }
        Err(OpenError::Missing { .. }) => Arc::new(NoData(None)),
        Err(error) => Arc::new(NoData(Some(chain(error)))),
    };
    let lock = lock(&home.lock()).await;
    let mut survey = Survey::of(
        &key,
        &others,
        &*lock,
        &public,
        &*data,
        UnixMicros(now.as_micros()),
    )
    .await;
    let stop = StopFolder::of(home.folder()).read();
    let newest = survey.data.and_then(|head| Instant::from_micros(head.at.0).ok());
    let silence = clock_watch::check(home.folder(), newest, now).err();
    let (stop, refusal) = match stop {
        Err(error) => (None, Some(error.into())),
        Ok(Some(stop)) => (Some(stop.clone()), Some(stop.refusal())),
        // A silence counts only where nothing worse does.
        Ok(None) => (None, silence.filter(|_| survey.verdict.is_ok())),
    };
    let beneath = refusal.is_some().then(|| match &survey.verdict {
        Ok(state) => *state,
        Err(error) => error.state(),
    });
    if let Some(refusal) = refusal {
        survey.verdict = Err(refusal);
    }
    let full = match (full, &store) {
        (true, Ok(store)) => Some(full_report(&survey, store, &*data, &public).await?),
        _ => None,
    };
    Ok(Found {
        origin: config.origin.clone(),
        key,
        in_use,
        now,
        survey,
        beneath,
        stop,
        leftovers: Leftovers::of(&home),
        map_bytes: bytes_below(&home.map()),
        full,
    })
}

/// Recomputes everything from the database, and compares every public file.
///
/// # Errors
/// When something cannot be read.
async fn full_report(
    survey: &Survey,
    store: &dyn Store,
    data: &dyn LogData,
    public: &FolderStore,
) -> Result<Full> {
    let checkpoint = |place, found: &Option<ledger_core::checkpoint::SignedCheckpoint>| {
        found.as_ref().map(|found| Stated {
            place,
            size: found.size(),
            root: found.root(),
        })
    };
    let head = survey.data.map(|head| Stated {
        place: "newest head",
        size: head.size,
        root: head.root,
    });
    let data_size = survey.data.map_or(TreeSize::ZERO, |head| head.size);
    // What the database does not have cannot be recomputed from it: the survey says that it is behind.
    let stated: Vec<Stated> = [
        checkpoint("lock store", &survey.locked),
        checkpoint("public checkpoint", &survey.public),
        head,
    ]
    .into_iter()
    .flatten()
    .filter(|one| one.size <= data_size)
    .collect();
    let published = survey.public.as_ref().map_or(TreeSize::ZERO, |one| one.size());
    let scratch = tempfile::tempdir().context("no temporary folder for the map")?;
    let files = public.files().await?;
    let scratch_path = scratch.path().to_owned();
    let log = full_check(
        data,
        public,
        &stated,
        published.min(data_size),
        &files,
        scratch_path,
    )
    .await?;
    let details = check_details(store).await?;
    Ok(Full { log, details })
}

async fn lock(path: &Path) -> Box<dyn LockStore> {
    match SqliteLockStore::inspect(path).await {
        Ok(lock) => Box::new(lock),
        Err(LockError::Missing { .. }) => Box::new(NoLock(None)),
        Err(error) => Box::new(NoLock(Some(chain(&error)))),
    }
}

/// An error with its causes, on one line.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

/// Why the verdict is what it is; empty when nothing is wrong.
pub fn cause(verdict: &Result<State, RecoverError>) -> Option<String> {
    verdict.as_ref().err().map(|error| chain(error))
}

fn bytes_below(folder: &Path) -> Option<u64> {
    let entries = std::fs::read_dir(folder).ok()?;
    let sizes = entries.flatten().filter_map(|entry| entry.metadata().ok());
    Some(
        sizes
            .filter(std::fs::Metadata::is_file)
            .map(|file| file.len())
            .sum(),
    )
}

/// In the place of a database that is not there (no leaf), or that cannot be opened.
struct NoData(Option<String>);

#[async_trait]
impl LogData for NoData {
    async fn head(&self) -> Result<Option<DataHead>, StoreFault> {
        match &self.0 {
            None => Ok(None),
            Some(error) => Err(StoreFault::new(error.clone())),
        }
    }

    async fn heads_since(&self, _: TreeSize) -> Result<Vec<DataHead>, StoreFault> {
        self.head().await.map(|head| head.into_iter().collect())
    }

    async fn heads_up_to(&self, _: TreeSize, _: usize) -> Result<Vec<DataHead>, StoreFault> {
        self.head().await.map(|head| head.into_iter().collect())
    }

    async fn nodes(&self, _: &[NodeId]) -> Result<Vec<Hash>, StoreFault> {
        Err(StoreFault::new("there is no database"))
    }

    async fn leaves(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreFault> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        Err(StoreFault::new("there is no database"))
    }
}

/// In the place of a lock store that is not there, or that cannot be opened.
struct NoLock(Option<String>);

#[async_trait]
impl LockStore for NoLock {
    async fn load(&self, _: LogId) -> Result<Option<Vec<u8>>, StoreFault> {
        match &self.0 {
            None => Ok(None),
            Some(error) => Err(StoreFault::new(error.clone())),
        }
    }

    async fn create(&self, _: LogId, _: &[u8]) -> Result<Swap, StoreFault> {
        Err(StoreFault::new("this is a look, not a change"))
    }

    async fn swap(&self, _: LogId, _: &[u8], _: &[u8]) -> Result<Swap, StoreFault> {
        Err(StoreFault::new("this is a look, not a change"))
    }
}
