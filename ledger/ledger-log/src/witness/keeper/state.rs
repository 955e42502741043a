//! What is known of the witnesses, for whoever shows it or waits for it.

use std::{sync::Arc, time::Duration};

use ledger_core::{
    checkpoint::SignedCheckpoint,
    cosignature::PosixSeconds,
    note::KeyName,
    policy::{Freshness, MAX_AHEAD_SECONDS, NotMet, Policy, Quorum},
    tree::{LeafIndex, TreeSize},
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::KeeperClock;
use crate::witness::{Finding, WitnessReport};

/// A checkpoint whose quorum was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessedHead {
    /// The checkpoint, with the cosignatures.
    pub checkpoint: Arc<SignedCheckpoint>,
    /// The newest of their times.
    pub at: PosixSeconds,
    /// Names of the keys that cosigned.
    pub by: Vec<KeyName>,
}

/// How a witness took part in the last question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// It was not asked yet, or has no address.
    NotAsked,
    /// It cosigned.
    Cosigned,
    /// It had not answered when the question was over.
    Late,
    /// It could not be reached, or was overloaded.
    Unavailable,
    /// It does not know this log or its key.
    NotKnown,
    /// It answered something that cannot be true.
    Faulty,
    /// It contradicts this log without showing why.
    Contradicts,
}

/// One witness of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Name of its key.
    pub name: KeyName,
    /// Size of the last checkpoint that we know it to have cosigned, and when it did.
    pub cosigned: Option<(TreeSize, PosixSeconds)>,
    /// How it took part in the last question.
    pub answering: Answering,
}

/// The public checkpoint and what the witnesses made of it.
#[derive(Clone, Debug)]
pub struct WitnessState {
    /// What the file `checkpoint` holds.
    pub public: Arc<SignedCheckpoint>,
    /// The last checkpoint whose quorum was met, which may be smaller.
    pub witnessed: Option<WitnessedHead>,
    /// What the last question that was decided came to; `None` before the first was.
    pub quorum: Option<Quorum>,
    /// Every witness of the policy, in its order.
    pub standings: Vec<Standing>,
    /// Whether the last question is undecided, because witnesses are still at it with whose word the quorum would be met.
    pub awaited: bool,
}

/// What a witness said after its question was over, and what that comes to.
pub(super) struct Late<'a> {
    /// The checkpoint that it was asked about, with every cosignature that came for it.
    pub theirs: &'a Arc<SignedCheckpoint>,
    /// Whether these are enough.
    pub quorum: &'a Quorum,
    /// What it said.
    pub reports: &'a [WitnessReport],
    /// Whether that is the question whose end is awaited.
    pub is_awaited: bool,
    /// What the file holds now.
    pub public: &'a Arc<SignedCheckpoint>,
}

/// Why a record is not, or not any more, vouched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwitnessed {
    /// The witnesses are being asked for the first time.
    #[error("the witnesses have not answered yet")]
    NotAsked,
    /// The last question brought no quorum.
    #[error(transparent)]
    NotMet(#[from] NotMet),
    /// What was witnessed is too long ago.
    #[error("the newest cosignature is of {newest}, {max_age_seconds} s or more ago")]
    Stale {
        /// Its time.
        newest: PosixSeconds,
        /// Oldest that it may be.
        max_age_seconds: u64,
    },
    /// The record is newer than what was witnessed.
    #[error("{witnessed} leaves are witnessed, the record is leaf {leaf}")]
    NotCovered {
        /// Leaves of the checkpoint that was witnessed last.
        witnessed: TreeSize,
        /// Index of the record's leaf.
        leaf: LeafIndex,
    },
}

impl WitnessState {
    /// Nobody was asked yet; the file may hold cosignatures from before the start.
    pub(super) fn at_start(public: Arc<SignedCheckpoint>, policy: &Policy, now: PosixSeconds) -> Self {
        let blank = policy.witnesses().iter().map(|witness| Standing {
            name: witness.key.name().clone(),
            cosigned: None,
            answering: Answering::NotAsked,
        });
        let mut state = Self {
            standings: blank.collect(),
            witnessed: None,
            quorum: None,
            public,
            awaited: false,
        };
        // Whether that is fresh is judged each time it matters.
        if policy.quorum(&state.public, Freshness::Ignored) == Ok(Quorum::Met) {
            state.witnessed = head(policy, &state.public, now);
        }
        let public = Arc::clone(&state.public);
        state.note_cosignatures(policy, &public);
        state
    }

    /// The state after a question.
    pub(super) fn after(
        &self,
        policy: &Policy,
        public: &Arc<SignedCheckpoint>,
        quorum: Quorum,
        reports: &[WitnessReport],
        now: PosixSeconds,
    ) -> Self {
        let mut next = Self {
            standings: self.standings.clone(),
            witnessed: self.witnessed.clone(),
            quorum: self.quorum.clone(),
            public: Arc::clone(public),
            awaited: false,
        };
        if quorum == Quorum::Met {
            next.witnessed = head(policy, public, now);
        }
        next.note_cosignatures(policy, public);
        for (standing, witness) in next.standings.iter_mut().zip(policy.witnesses()) {
            let report = reports
                .iter()
                .rfind(|report| report.witness == *witness.key.name());
            standing.answering = match (report, &witness.url) {
                (_, None) => Answering::NotAsked,
                (None, Some(_)) => Answering::Late,
                (Some(report), Some(_)) => Answering::of(&report.finding),
            };
        }
        next.settle(policy, quorum);
        next
    }

    /// The state after a witness answered late. `theirs` is the checkpoint that it was asked about, with every cosignature
    /// that came for it; `public` is what the file holds now.
    pub(super) fn after_late(&self, policy: &Policy, late: &Late<'_>, now: PosixSeconds) -> Self {
        let mut next = Self {
            public: Arc::clone(late.public),
            ..self.clone()
        };
        let theirs = late.theirs;
        let known = self.witnessed.as_ref();
        let known = known.map_or(TreeSize::ZERO, |head| head.checkpoint.size());
        if *late.quorum == Quorum::Met && theirs.size() >= known {
            next.witnessed = head(policy, theirs, now);
        }
        next.note_cosignatures(policy, theirs);
        for report in late.reports {
            let standing = next.standings.iter_mut().find(|one| one.name == report.witness);
            // What it answered since then says more.
            if let Some(standing) = standing.filter(|one| one.answering == Answering::Late) {
                standing.answering = Answering::of(&report.finding);
            }
        }
        if late.is_awaited {
            next.settle(policy, late.quorum.clone());
        }
        next
    }

    /// The same with another checkpoint in the file, about which nobody was asked.
    pub(super) fn showing(&self, public: Arc<SignedCheckpoint>) -> Self {
        Self {
            public,
            ..self.clone()
        }
    }

    /// Takes what a question has come to; as long as witnesses are still at it with whose word the quorum would be met,
    /// nothing is decided, and what was decided before stands.
    fn settle(&mut self, policy: &Policy, quorum: Quorum) {
        let enough = |hopeful: &[Answering]| {
            let standings = self.standings.iter().zip(policy.witnesses());
            let hopeful = standings.filter(|(standing, _)| hopeful.contains(&standing.answering));
            policy.would_be_met_by(hopeful.map(|(_, witness)| &witness.key))
        };
        // Enough of them, and no quorum: their times are too far from ours, and waiting does not mend that.
        self.awaited = quorum != Quorum::Met
            && !enough(&[Answering::Cosigned])
            && enough(&[Answering::Cosigned, Answering::Late]);
        if !self.awaited {
            self.quorum = Some(quorum);
        }
    }

    fn note_cosignatures(&mut self, policy: &Policy, checkpoint: &SignedCheckpoint) {
        let keys = policy.witness_keys();
        for one in checkpoint.cosignatures(&keys).unwrap_or_default() {
            let standing = self
                .standings
                .iter_mut()
                .find(|known| known.name == *one.key.name());
            if let Some((standing, at)) = standing.zip(one.cosigned_at) {
                let seen = (checkpoint.size(), at);
                // A late word about an older checkpoint takes nothing back.
                standing.cosigned = standing.cosigned.max(Some(seen));
            }
        }
    }
}

/// Who cosigned a checkpoint, times ahead of the present left out; `None` when nobody did.
fn head(policy: &Policy, checkpoint: &Arc<SignedCheckpoint>, now: PosixSeconds) -> Option<WitnessedHead> {
    let keys = policy.witness_keys();
    let by: Vec<_> = checkpoint
        .cosignatures(&keys)
        .ok()?
        .into_iter()
        .filter_map(|one| Some((one.key.name().clone(), one.cosigned_at?)))
        .filter(|(_, at)| at.get() <= now.get().saturating_add(MAX_AHEAD_SECONDS))
        .collect();
    Some(WitnessedHead {
        checkpoint: Arc::clone(checkpoint),
        at: by.iter().map(|(_, at)| *at).max()?,
        by: by.into_iter().map(|(name, _)| name).collect(),
    })
}

impl Answering {
    const fn of(finding: &Finding) -> Self {
        match finding {
            Finding::Cosigned => Self::Cosigned,
            Finding::Unavailable { .. } => Self::Unavailable,
            Finding::NotKnown => Self::NotKnown,
            Finding::Faulty { .. } => Self::Faulty,
            Finding::Alarm { .. } | Finding::Stop(_) => Self::Contradicts,
            // Our own store gave no proof, so it was not asked.
            Finding::NoProof { .. } => Self::NotAsked,
        }
    }
}

/// The state as it is now, and a way to wait for a better one. Cheap to clone.
#[derive(Clone)]
pub struct WitnessView {
    state: watch::Receiver<Arc<WitnessState>>,
    clock: Arc<dyn KeeperClock>,
    max_age_seconds: u64,
}

impl WitnessView {
    pub(super) fn new(
        state: watch::Receiver<Arc<WitnessState>>,
        clock: Arc<dyn KeeperClock>,
        max_age_seconds: u64,
    ) -> Self {
        Self {
            state,
            clock,
            max_age_seconds,
        }
    }

    /// The state.
    pub fn state(&self) -> Arc<WitnessState> {
        Arc::clone(&self.state.borrow())
    }

    /// Whether the quorum stands at this moment: the last question that was decided met it, and that is not too long ago.
    ///
    /// # Errors
    /// [`Unwitnessed`], why not.
    pub fn stands(&self) -> Result<WitnessedHead, Unwitnessed> {
        self.judge(&self.state.borrow(), None)
    }

    /// The same, after the first question since the start has ended, which is waited for up to `limit`.
    ///
    /// # Errors
    /// [`Unwitnessed`], why not.
    pub async fn standing(&self, limit: Duration) -> Result<WitnessedHead, Unwitnessed> {
        let waits = |why: &Unwitnessed| *why == Unwitnessed::NotAsked;
        self.wait(None, limit, waits).await
    }

    /// Waits up to `limit` until the quorum stands and its checkpoint covers a leaf.
    ///
    /// # Errors
    /// [`Unwitnessed`], why not.
    pub async fn covering(&self, leaf: LeafIndex, limit: Duration) -> Result<WitnessedHead, Unwitnessed> {
        self.wait(Some(leaf), limit, |_| true).await
    }

    async fn wait(
        &self,
        leaf: Option<LeafIndex>,
        limit: Duration,
        worth_it: impl Fn(&Unwitnessed) -> bool,
    ) -> Result<WitnessedHead, Unwitnessed> {
        let mut state = self.state.clone();
        let end = Instant::now() + limit;
        loop {
            let found = self.judge(&state.borrow_and_update(), leaf);
            match found {
                Err(why) if worth_it(&why) => {
                    let Ok(Ok(())) = timeout_at(end, state.changed()).await else {
                        return Err(why);
                    };
                }
                decided => return decided,
            }
        }
    }

    fn judge(&self, state: &WitnessState, leaf: Option<LeafIndex>) -> Result<WitnessedHead, Unwitnessed> {
        match &state.quorum {
            None => return Err(Unwitnessed::NotAsked),
            Some(Quorum::NotMet(why)) => return Err(why.clone().into()),
            Some(Quorum::Met) => {}
        }
        // A policy that asks for no witness is met by none.
        let head = state.witnessed.clone().ok_or(Unwitnessed::NotAsked)?;
        let oldest_allowed = self.clock.now().get().saturating_sub(self.max_age_seconds);
        if head.at.get() < oldest_allowed {
            return Err(Unwitnessed::Stale {
                newest: head.at,
                max_age_seconds: self.max_age_seconds,
            });
        }
        match leaf {
            Some(leaf) if leaf.get() >= head.checkpoint.size().get() => Err(Unwitnessed::NotCovered {
                witnessed: head.checkpoint.size(),
                leaf,
            }),
            _ => Ok(head),
        }
    }
}
