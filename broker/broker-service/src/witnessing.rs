//! Witnesses of the ledger: looked at before the start, asked while it runs, and the condition of every hand-over where
//! the operator says so (invariant I6).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use broker_domain::time::{Clock, Instant};
use broker_store::Store;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::cosignature::PosixSeconds;
use ledger_core::tree::{Hash, LeafIndex, ProofPlan, TreeSize, leaf_hash, verify_inclusion};
use ledger_log::{
    Answering, Handover, Keeper, KeeperClock, KeeperConfig, KeeperStop, ProofSource, Publisher, RecoverError,
    Standing, Stop, StoreFault, Stores, Unwitnessed, WitnessView, Witnesses,
};
use tokio::task::JoinHandle;

use crate::broker::Broker;
use crate::committer::tile_nodes;
use crate::failure::Fault;
use crate::receipts::{Proven, Receipt};
use crate::stopped::{Clerk, StopShelf};

/// The witnesses of a broker.
pub struct WitnessParts {
    /// Who they are, and the quorum.
    pub witnesses: Witnesses,
    /// How often they are asked.
    pub keeper: KeeperConfig,
    /// What depends on them.
    pub demand: Demand,
}

/// What depends on the quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: checkpoints without quorum are shown as such.
    Shown,
    /// Nothing leaves for an application or a researcher before its record is witnessed.
    Required {
        /// How long a hand-over waits for that, before it is refused.
        wait: Duration,
    },
}

/// What is known of the witnesses at this moment. Names of witnesses are public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessing {
    /// The public checkpoint as witnessed, if the quorum stands now.
    pub stands: Option<Vouched>,
    /// What depends on it.
    pub demand: Demand,
    /// Each witness of the policy, in its order.
    pub witnesses: Vec<Vouching>,
}

/// A checkpoint that enough witnesses vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// Its number of leaves.
    pub size: u64,
    /// The newest time that a witness stated.
    pub at: Instant,
    /// Names of the witnesses' keys.
    pub by: Vec<String>,
}

/// How a witness stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouching {
    /// Name of its key.
    pub name: String,
    /// Leaves of the last checkpoint that we know it to have vouched for, and when it did.
    pub cosigned: Option<(u64, Instant)>,
    /// How it took part in the last question.
    pub answering: Answering,
}

/// The running end of [`WitnessParts`].
#[derive(Clone)]
pub(crate) struct Gate {
    view: WitnessView,
    demand: Demand,
}

/// Witnesses that were looked at and will be asked once the ledger is taken up.
pub(crate) struct Prepared(Option<(Keeper, Handover, Demand)>);

/// Looks at what the witnesses show of this log, before anything is signed, and takes step 7 from the publisher.
pub(crate) async fn prepare(
    parts: Option<WitnessParts>,
    ledger: Stores,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    shelf: Arc<dyn StopShelf>,
) -> Result<(Stores, Prepared), RecoverError> {
    let Some(parts) = parts else {
        return Ok((ledger, Prepared(None)));
    };
    let clerk = Clerk {
        shelf,
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        log_key: ledger.signer.vkey().clone(),
    };
    let keeper = Keeper::new(
        parts.witnesses,
        Arc::new(StoreProofs(Arc::clone(store))),
        Arc::new(Present(Arc::clone(clock))),
        Arc::new(clerk),
        ledger.signer.vkey().clone(),
        parts.keeper,
    );
    keeper.look(&Publisher::locked(&ledger).await?).await?;
    let (ledger, handover) = ledger.hand_over();
    Ok((ledger, Prepared(Some((keeper, handover, parts.demand)))))
}

impl Prepared {
    /// Begins to ask. The handle given back ends when the ledger stops, whoever stopped it.
    pub async fn begin(
        self,
        latest: Arc<SignedCheckpoint>,
        writer: JoinHandle<Result<(), Stop>>,
    ) -> Result<(Option<Gate>, JoinHandle<Result<(), Stop>>), KeeperStop> {
        let Some((keeper, handover, demand)) = self.0 else {
            return Ok((None, writer));
        };
        let (view, kept) = keeper.start(handover, latest).await?;
        Ok((Some(Gate { view, demand }), Keeper::beside(writer, kept)))
    }
}

impl Broker {
    /// What is known of the witnesses; `None` for a broker without any.
    #[must_use]
    pub fn witnessing(&self) -> Option<Witnessing> {
        let gate = self.gate.as_ref()?;
        let head = gate.view.stands().ok();
        Some(Witnessing {
            stands: head.and_then(|head| {
                Some(Vouched {
                    size: head.checkpoint.size().get(),
                    at: instant(head.at)?,
                    by: head.by.iter().map(ToString::to_string).collect(),
                })
            }),
            demand: gate.demand,
            witnesses: gate.view.state().standings.iter().map(vouching).collect(),
        })
    }

    /// The checkpoint that everybody is shown: the newest, or while witnesses are being asked the one before it.
    #[must_use]
    pub fn public_checkpoint(&self) -> Arc<SignedCheckpoint> {
        match &self.gate {
            None => self.latest_checkpoint(),
            Some(gate) => Arc::clone(&gate.view.state().public),
        }
    }

    /// The proof of one record against the newest witnessed checkpoint, with its cosignatures. Unlike
    /// [`Broker::receipt`] it changes with the ledger. `None` while the quorum does not stand or does not cover the record.
    ///
    /// # Errors
    /// [`Fault::SubjectErased`] when the detail was erased.
    pub async fn witnessed_receipt(&self, leaf_index: u64) -> Result<Option<Receipt>, Fault> {
        let index = LeafIndex::new(leaf_index).ok_or(Fault::Corrupt { what: "log size" })?;
        let head = self.gate.as_ref().and_then(|gate| gate.view.stands().ok());
        let Some(head) = head.filter(|head| leaf_index < head.checkpoint.size().get()) else {
            return Ok(None);
        };
        let (size, root) = (head.checkpoint.size(), head.checkpoint.root());
        let mut read = self.store.read().await?;
        let row = read.record(leaf_index).await?.ok_or(Fault::SubjectErased)?;
        let leaf = read.leaves(leaf_index, leaf_index + 1).await?.pop();
        let leaf = leaf.ok_or(Fault::Corrupt { what: "segment" })?.bytes;
        let wrong = |_| Fault::Corrupt { what: "tile_root" };
        let plan = ProofPlan::inclusion(index, size).map_err(wrong)?;
        let tiles = tile_nodes(&mut *read, size, plan.nodes()).await?;
        let path = plan
            .build(&tiles)
            .map_err(|_| Fault::Corrupt { what: "tile_root" })?;
        // Tiles are never trusted, also our own.
        verify_inclusion(index, size, &leaf_hash(&leaf), &path, &root).map_err(wrong)?;
        let proven = Proven {
            leaf,
            size,
            root,
            path,
        };
        self.bundle(row, index, proven, &head.checkpoint).map(Some)
    }

    /// The proof with the witnesses' word where there is one, otherwise as it is: whoever keeps it can hold it to the
    /// policy without asking anybody.
    ///
    /// # Errors
    /// [`Fault::SubjectErased`] when the detail was erased.
    pub async fn best_receipt(&self, receipt: Receipt) -> Result<Receipt, Fault> {
        let witnessed = self.witnessed_receipt(receipt.leaf_index).await?;
        Ok(witnessed.unwrap_or(receipt))
    }

    /// Before anything is opened for somebody else: whether the quorum stands, where it is required.
    pub(crate) async fn quorum_stands(&self) -> Result<(), Fault> {
        let Some((gate, wait)) = self.required() else {
            return Ok(());
        };
        let stands = gate.view.standing(wait).await;
        stands.map(|_| ()).map_err(|why| not_witnessed(&why))
    }

    /// Before anything is handed over: waits until its record is witnessed, where that is required. The record stands
    /// whatever comes of it, and the same request finds it again.
    pub(crate) async fn quorum_covers(&self, leaf_index: u64) -> Result<(), Fault> {
        let Some((gate, wait)) = self.required() else {
            return Ok(());
        };
        let leaf = LeafIndex::new(leaf_index).ok_or(Fault::Corrupt { what: "log size" })?;
        let covered = gate.view.covering(leaf, wait).await;
        covered.map(|_| ()).map_err(|why| not_witnessed(&why))
    }

    fn required(&self) -> Option<(&Gate, Duration)> {
        let gate = self.gate.as_ref()?;
        match gate.demand {
            Demand::Shown => None,
            Demand::Required { wait } => Some((gate, wait)),
        }
    }
}

fn vouching(standing: &Standing) -> Vouching {
    Vouching {
        name: standing.name.to_string(),
        cosigned: standing
            .cosigned
            .and_then(|(size, at)| Some((size.get(), instant(at)?))),
        answering: standing.answering,
    }
}

/// `None` for a time that the calendar does not have: a witness may state any.
fn instant(at: PosixSeconds) -> Option<Instant> {
    let seconds = i64::try_from(at.get()).ok()?;
    Instant::from_micros(seconds.checked_mul(1_000_000)?).ok()
}

fn not_witnessed(why: &Unwitnessed) -> Fault {
    tracing::warn!(cause = %why, "nothing is handed over: the ledger is not witnessed");
    Fault::NotWitnessed
}

/// Consistency proofs from the tiles in the store.
pub(crate) struct StoreProofs(pub Arc<dyn Store>);

#[async_trait]
impl ProofSource for StoreProofs {
    async fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, StoreFault> {
        let plan = ProofPlan::consistency(old, new).map_err(StoreFault::new)?;
        let mut read = self.0.read().await.map_err(StoreFault::new)?;
        let tiles = tile_nodes(&mut *read, new, plan.nodes()).await;
        plan.build(&tiles.map_err(StoreFault::new)?)
            .map_err(StoreFault::new)
    }
}

/// The broker's clock in whole seconds.
struct Present(Arc<dyn Clock>);

impl KeeperClock for Present {
    fn now(&self) -> PosixSeconds {
        let seconds = self.0.now().as_micros().div_euclid(1_000_000);
        // A clock before 1970 makes every cosignature one from the future, which does not count.
        let at_least_one = u64::try_from(seconds).unwrap_or_default().max(1);
        PosixSeconds::new(at_least_one).unwrap_or(PosixSeconds::FIRST)
    }
}
