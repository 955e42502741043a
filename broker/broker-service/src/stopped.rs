//! A witness proved that this log was rolled back or forked. The proof is kept beyond the end of the process, and as long
//! as it stands nothing is signed; it is cleared up only by putting back what the witness saw.

use std::sync::Arc;

use async_trait::async_trait;
use broker_domain::time::{Clock, Instant};
use broker_store::{Serial, Store};
use evidence::jcs;
use evidence::split_view::{Growth, SplitView};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::leaf::{Hour, ResumptionLeaf};
use ledger_core::note::Vkey;
use ledger_core::tree::{Frontier, Hash, TreeSize};
use ledger_log::{ProofSource as _, RecoverError, Stop, StopKeeper, StoreFault, WitnessStop};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::broker::{Broker, Parts};
use crate::committer::tile_nodes;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};
use crate::sessions::sha256;
use crate::witnessing::StoreProofs;

/// The format of the file of evidence.
const FORMAT: &str = "fiducie-witness-stop/1";

/// What a witness showed, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopEvidence {
    /// Name of the witness's key.
    pub witness: String,
    /// When it was found.
    pub found_at: Instant,
    /// The newest checkpoint of the log then: a signed note.
    pub ours: SignedCheckpoint,
    /// The checkpoint that the witness showed: signed by the same log, and not in its past.
    pub theirs: SignedCheckpoint,
    /// The key that signed both.
    pub log_key: Vkey,
    /// `fiducie-split-view/1`, which convicts the log by itself: two histories were signed. `None` when the witness's is
    /// the larger one, which may be the future of ours: that the log was rolled back is known to its operator alone.
    pub split_view: Option<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    format: String,
    found_at_us: i64,
    log_key: String,
    ours: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    split_view: Option<String>,
    theirs: String,
    witness: String,
}

impl StopEvidence {
    /// The bytes of the file: canonical JSON.
    ///
    /// # Errors
    /// [`StoreFault`], which does not happen for notes that were read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StoreFault> {
        let raw = Raw {
            format: FORMAT.to_owned(),
            found_at_us: self.found_at.as_micros(),
            log_key: self.log_key.to_string(),
            ours: self.ours.note().to_string(),
            split_view: self
                .split_view
                .clone()
                .map(String::from_utf8)
                .transpose()
                .map_err(StoreFault::new)?,
            theirs: self.theirs.note().to_string(),
            witness: self.witness.clone(),
        };
        jcs::to_bytes(&raw).map_err(StoreFault::new)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`StoreFault`] when it is damaged: the log stays stopped.
    pub fn parse(bytes: &[u8]) -> Result<Self, StoreFault> {
        let raw: Raw = jcs::parse(bytes).map_err(StoreFault::new)?;
        if raw.format != FORMAT {
            return Err(StoreFault::new("the evidence of a witness has another format"));
        }
        let log_key: Vkey = raw.log_key.parse().map_err(StoreFault::new)?;
        let open = |note: &str| SignedCheckpoint::open(note.as_bytes(), &log_key).map_err(StoreFault::new);
        Ok(Self {
            witness: raw.witness,
            found_at: Instant::from_micros(raw.found_at_us).map_err(StoreFault::new)?,
            ours: open(&raw.ours)?,
            theirs: open(&raw.theirs)?,
            split_view: raw.split_view.map(String::into_bytes),
            log_key,
        })
    }

    /// SHA-256 of the file, by which a person names it and the log remembers it.
    ///
    /// # Errors
    /// As [`Self::to_bytes`].
    pub fn digest(&self) -> Result<Hash, StoreFault> {
        Ok(Hash::new(sha256(&self.to_bytes()?)))
    }

    /// Why nothing is signed while it stands.
    #[must_use]
    pub fn refusal(&self) -> RecoverError {
        RecoverError::StopStands {
            witness: self.witness.clone(),
            found_at: self.found_at.to_string(),
            ours: self.ours.size(),
            theirs: self.theirs.size(),
        }
    }
}

/// Where evidence is kept. One at most stands.
#[async_trait]
pub trait StopShelf: Send + Sync {
    /// What stands.
    ///
    /// # Errors
    /// [`StoreFault`] when it cannot be read, also when it is damaged: nothing may be signed then either.
    async fn standing(&self) -> Result<Option<StopEvidence>, StoreFault>;

    /// Keeps it. Durable and whole when it returns; the first one stays.
    ///
    /// # Errors
    /// [`StoreFault`]; nothing of it stands, or all.
    async fn keep(&self, evidence: &StopEvidence) -> Result<(), StoreFault>;
}

/// Puts what a witness showed on the shelf, with the proof that can be made of it.
pub(crate) struct Clerk {
    pub shelf: Arc<dyn StopShelf>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub log_key: Vkey,
}

#[async_trait]
impl StopKeeper for Clerk {
    async fn keep(&self, stop: &WitnessStop) -> Result<(), StoreFault> {
        let open =
            |note: &str| SignedCheckpoint::open(note.as_bytes(), &self.log_key).map_err(StoreFault::new);
        let (ours, theirs) = (open(&stop.our_note)?, open(&stop.evidence)?);
        let split_view = self.split_view(&ours, &theirs).await.unwrap_or_else(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "no proof of two histories could be made of what the witness shows"
            );
            None
        });
        let evidence = StopEvidence {
            witness: stop.witness.as_str().to_owned(),
            found_at: self.clock.now(),
            ours,
            theirs,
            log_key: self.log_key.clone(),
            split_view,
        };
        self.shelf.keep(&evidence).await
    }
}

impl Clerk {
    /// A file that convicts the log by itself, when theirs is no larger than ours and still not in its past.
    async fn split_view(
        &self,
        ours: &SignedCheckpoint,
        theirs: &SignedCheckpoint,
    ) -> Result<Option<Vec<u8>>, StoreFault> {
        if theirs.size() > ours.size() {
            return Ok(None);
        }
        let growth = if theirs.size() == ours.size() {
            None
        } else {
            let proofs = StoreProofs(Arc::clone(&self.store));
            let root = root_at(&*self.store, theirs.size())
                .await
                .map_err(StoreFault::new)?;
            Some(Growth {
                root: root.ok_or_else(|| StoreFault::new("the log has fewer leaves than it signed for"))?,
                proof: proofs.consistency(theirs.size(), ours.size()).await?,
            })
        };
        let split = SplitView {
            older: theirs.note().to_string(),
            older_key: self.log_key.clone(),
            newer: ours.note().to_string(),
            newer_key: self.log_key.clone(),
            growth,
        };
        split
            .verify(std::slice::from_ref(&self.log_key))
            .map_err(StoreFault::new)?;
        split.to_bytes().map(Some).map_err(StoreFault::new)
    }
}

/// The root that the log in the store had at a size; `None` when it has fewer leaves.
async fn root_at(store: &dyn Store, size: TreeSize) -> Result<Option<Hash>, Fault> {
    let mut read = store.read().await?;
    if read.newest_head().await?.map_or(0, |head| head.size) < size.get() {
        return Ok(None);
    }
    let tiles = tile_nodes(&mut *read, size, Frontier::nodes(size).into_iter()).await?;
    let frontier = Frontier::read(size, &tiles).map_err(|_| Fault::Corrupt { what: "tile_root" })?;
    Ok(Some(frontier.root()))
}

/// Why a stopped log does not go on. Nothing was signed.
#[derive(Debug, Error)]
pub enum ResumeError {
    /// There is nothing to clear up.
    #[error("no witness stopped this ledger; there is nothing to acknowledge")]
    NothingStands,
    /// Another evidence was named.
    #[error("the evidence that stands is {digest}, another was named: read it first")]
    OtherEvidence {
        /// In hexadecimal.
        digest: String,
    },
    /// What the witness saw is not here.
    #[error(
        "the checkpoint of {theirs} leaves that `{witness}` holds is not in the past of this database, which has {has}: it \
         cannot go on; put the newest `data` back, or the log ends here"
    )]
    NotContained {
        /// The witness.
        witness: String,
        /// Leaves of its checkpoint.
        theirs: TreeSize,
        /// Leaves of the database.
        has: u64,
    },
    /// It cannot be taken up for another reason.
    #[error("the ledger refuses to be taken up")]
    Recover(#[from] RecoverError),
    /// The leaf was not written.
    #[error("the leaf that says so was not written")]
    Leaf(#[source] Failure<std::convert::Infallible>),
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A broker that goes on after a stop, the place of the leaf that says so, and the handle of its writer.
pub type Resumed = (Arc<Broker>, u64, JoinHandle<Result<(), Stop>>);

impl Broker {
    /// Takes up a log that a witness stopped, when what the witness saw is in its past again, and says so in a leaf. The
    /// evidence still stands when it returns: the caller puts it aside once the log was closed well. A witness that
    /// still holds something else against it stops it again.
    ///
    /// `acknowledged` are the first digits of the digest of the evidence, 16 at least, in hexadecimal.
    ///
    /// # Errors
    /// [`ResumeError`]: nothing was signed, unless it is [`ResumeError::Leaf`].
    pub async fn resume(parts: Parts, acknowledged: &str) -> Result<Resumed, ResumeError> {
        let stands = parts.stops.standing().await.map_err(RecoverError::from)?;
        let stands = stands.ok_or(ResumeError::NothingStands)?;
        let digest = stands.digest().map_err(RecoverError::from)?;
        let named = digest.to_string();
        if acknowledged.len() < 16 || !named.starts_with(acknowledged) {
            return Err(ResumeError::OtherEvidence { digest: named });
        }
        let theirs = stands.theirs.size();
        if root_at(&*parts.store, theirs).await? != Some(stands.theirs.root()) {
            let mut read = parts.store.read().await.map_err(Fault::from)?;
            let head = read.newest_head().await.map_err(Fault::from)?;
            return Err(ResumeError::NotContained {
                witness: stands.witness,
                theirs,
                has: head.map_or(0, |head| head.size),
            });
        }
        let (broker, writer) = Self::take_up(parts).await?;
        let leaf = LogResumption { evidence: digest };
        let entry = broker.commit(leaf).await.map_err(ResumeError::Leaf)?;
        Ok((broker, entry, writer))
    }
}

struct LogResumption {
    evidence: Hash,
}

#[async_trait]
impl Commit for LogResumption {
    type Answer = Serial;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "log resumption";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, Self::Refusal>, Fault> {
        let leaf = ResumptionLeaf {
            hour: Hour::new(group.now.hour()),
            evidence: self.evidence,
        };
        Ok(Ok(group.append_leaf(leaf.to_bytes())?))
    }
}
