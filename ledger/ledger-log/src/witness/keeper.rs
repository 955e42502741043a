//! Steps 6 and 7 for a log that has witnesses: a task of its own keeps the public checkpoint.
//!
//! The publisher hands each checkpoint over ([`Stores::hand_over`]) instead of replacing the file, and goes on: whoever
//! records something never waits for a witness. The [`Keeper`] asks about the newest, and replaces the file when the
//! quorum is met, or when the time limit is over with the cosignatures that came: recorded, not yet witnessed. The file
//! never goes back to a smaller tree, and no line in it is lost while the tree stays the same.
//!
//! It keeps no state of its own: what was witnessed before a start stands in the file.

mod state;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ledger_core::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    cosignature::PosixSeconds,
    note::Vkey,
    policy::Quorum,
    tile::Resource,
};
use tokio::{
    sync::watch,
    task::{JoinError, JoinHandle},
    time::{Instant, sleep_until},
};

use super::{ProofSource, StopKeeper, WitnessStop, Witnessed, Witnesses};
use crate::{
    ports::{PublicFault, PublicFile, PublicStore, StoreFault},
    publisher::Stores,
    sequencer::Stop,
};

use state::Late;
pub use state::{Answering, Standing, Unwitnessed, WitnessState, WitnessView, WitnessedHead};

/// How often witnesses are asked.
#[derive(Clone, Copy, Debug)]
pub struct KeeperConfig {
    /// An unchanged checkpoint is handed in again after this long, so that freshness does not depend on traffic (60 s).
    pub refresh: Duration,
    /// Least time between the beginnings of two questions (100 ms): checkpoints in between are passed over.
    pub pause: Duration,
    /// The same after a question that brought no quorum (1 s).
    pub retry: Duration,
}

impl Default for KeeperConfig {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(60),
            pause: Duration::from_millis(100),
            retry: Duration::from_secs(1),
        }
    }
}

/// Why the keeper ended before the log did. The log must stop with it.
#[derive(Debug, thiserror::Error)]
pub enum KeeperStop {
    /// A witness holds a checkpoint of this log that is not in its past.
    #[error(transparent)]
    Witness(#[from] WitnessStop),
    /// The public checkpoint could not be read or replaced.
    #[error("the public checkpoint could not be read or replaced")]
    Public(#[from] StoreFault),
    /// A checkpoint is not one of this log's key.
    #[error("the public checkpoint is not one of this key")]
    Checkpoint(#[from] CheckpointError),
    /// Its task died.
    #[error("the task that asks the witnesses died")]
    Died,
}

/// The receiving end of [`Stores::hand_over`].
pub struct Handover {
    public: Arc<dyn PublicStore>,
    handed: watch::Receiver<Vec<u8>>,
}

impl Stores {
    /// Leaves the file `checkpoint` to a keeper: what the publisher would put there is handed over, and the tiles are
    /// written as before. The end of the publisher is the end of the keeper.
    pub fn hand_over(self) -> (Self, Handover) {
        let (hand, handed) = watch::channel(Vec::new());
        let public = Arc::clone(&self.public);
        let handing = Handing {
            public: Arc::clone(&public),
            hand,
        };
        let stores = Self {
            public: Arc::new(handing),
            ..self
        };
        (stores, Handover { public, handed })
    }
}

/// The public store as the publisher sees it: `checkpoint` is somebody else's.
struct Handing {
    public: Arc<dyn PublicStore>,
    hand: watch::Sender<Vec<u8>>,
}

#[async_trait]
impl PublicStore for Handing {
    async fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, StoreFault> {
        self.public.read(resource).await
    }

    async fn write(&self, files: Vec<PublicFile>) -> Result<(), PublicFault> {
        self.public.write(files).await
    }

    /// Not durable when it returns, and need not be: the lock store has it, and a start publishes what the lock has.
    async fn replace_checkpoint(&self, note: Vec<u8>) -> Result<(), StoreFault> {
        self.hand.send_replace(note);
        Ok(())
    }
}

/// What reads the present for the keeper: whole seconds.
pub trait KeeperClock: Send + Sync {
    /// The present.
    fn now(&self) -> PosixSeconds;
}

/// Asks the witnesses of a log as long as it runs, and keeps its public checkpoint.
pub struct Keeper {
    witnesses: Witnesses,
    proofs: Arc<dyn ProofSource>,
    clock: Arc<dyn KeeperClock>,
    stops: Arc<dyn StopKeeper>,
    log_key: Vkey,
    config: KeeperConfig,
}

impl Keeper {
    /// A keeper for the log with this key. What a witness proves against it is kept in `stops` before anything ends.
    pub fn new(
        witnesses: Witnesses,
        proofs: Arc<dyn ProofSource>,
        clock: Arc<dyn KeeperClock>,
        stops: Arc<dyn StopKeeper>,
        log_key: Vkey,
        config: KeeperConfig,
    ) -> Self {
        Self {
            witnesses,
            proofs,
            clock,
            stops,
            log_key,
            config,
        }
    }

    /// Looks at what the witnesses show of this log, before anything is signed. `ours` is the checkpoint in the lock
    /// store.
    ///
    /// # Errors
    /// [`WitnessStop`]: this log was rolled back, or a second one runs with its key.
    pub async fn look(&self, ours: &SignedCheckpoint) -> Result<(), WitnessStop> {
        let looked = self.witnesses.look(ours, Arc::clone(&self.proofs)).await;
        if let Err(stop) = &looked {
            self.keep(stop).await;
        }
        looked
    }

    /// The proof must outlive this process: a start that no witness answers would sign again.
    async fn keep(&self, stop: &WitnessStop) {
        if let Err(error) = self.stops.keep(stop).await {
            // Stopping is all that is left; the evidence stands in the log.
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the evidence of a witness could not be kept: do not start this ledger again before a person has looked"
            );
        }
    }

    /// Begins. `latest` is what the publisher was taken up with. The handle ends with `Ok` some seconds at most after
    /// the publisher was dropped, see [`Self::beside`].
    ///
    /// # Errors
    /// [`KeeperStop::Public`] or [`KeeperStop::Checkpoint`] when the public checkpoint cannot be read.
    pub async fn start(
        self,
        handover: Handover,
        latest: Arc<SignedCheckpoint>,
    ) -> Result<(WitnessView, JoinHandle<Result<(), KeeperStop>>), KeeperStop> {
        let shown = match handover.public.read(Resource::Checkpoint).await? {
            None => Arc::clone(&latest),
            Some(note) => Arc::new(SignedCheckpoint::open(&note, &self.log_key)?),
        };
        let max_age = self.witnesses.config.max_age_seconds;
        let state = WitnessState::at_start(shown, self.witnesses.policy(), self.clock.now());
        let (show, watched) = watch::channel(Arc::new(state));
        let view = WitnessView::new(watched, Arc::clone(&self.clock), max_age);
        let keeping = Keeping {
            keeper: self,
            handover,
            asked: Arc::clone(&latest),
            newest: latest,
            show,
        };
        Ok((view, tokio::spawn(keeping.run())))
    }

    /// One handle for the writer and its keeper: when either stops, so does the other, and when the writer comes to its
    /// end the keeper finishes its last question.
    pub fn beside(
        mut writer: JoinHandle<Result<(), Stop>>,
        mut keeper: JoinHandle<Result<(), KeeperStop>>,
    ) -> JoinHandle<Result<(), Stop>> {
        tokio::spawn(async move {
            tokio::select! {
                biased;
                kept = &mut keeper => match flat(kept) {
                    // It ends in peace only when the publisher is gone.
                    Ok(()) => written(writer.await),
                    Err(stop) => {
                        tracing::error!(error = &stop as &dyn std::error::Error, "the ledger must sign nothing more");
                        // As a crash would: what was begun is finished, or not, by the next start.
                        writer.abort();
                        let _ = writer.await;
                        Err(stop.into())
                    }
                },
                ended = &mut writer => match written(ended) {
                    Ok(()) => Ok(flat(keeper.await)?),
                    Err(stop) => {
                        keeper.abort();
                        Err(stop)
                    }
                },
            }
        })
    }
}

fn flat(kept: Result<Result<(), KeeperStop>, JoinError>) -> Result<(), KeeperStop> {
    kept.unwrap_or(Err(KeeperStop::Died))
}

fn written(ended: Result<Result<(), Stop>, JoinError>) -> Result<(), Stop> {
    ended.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // Nobody but the keeper's own stop aborts the writer.
        Err(_) => Ok(()),
    })
}

/// What ended the rest between two questions.
enum Rest {
    Over,
    LogEnded,
}

struct Keeping {
    keeper: Keeper,
    handover: Handover,
    /// The newest checkpoint handed over.
    newest: Arc<SignedCheckpoint>,
    /// The one that the last question was about.
    asked: Arc<SignedCheckpoint>,
    show: watch::Sender<Arc<WitnessState>>,
}

impl Keeping {
    async fn run(mut self) -> Result<(), KeeperStop> {
        let ended = self.keep_asking().await;
        if let Err(KeeperStop::Witness(stop)) = &ended {
            self.keeper.keep(stop).await;
        }
        ended
    }

    async fn keep_asking(&mut self) -> Result<(), KeeperStop> {
        loop {
            self.take()?;
            let asked_at = Instant::now();
            let quorum = self.question().await?;
            match self.rest(asked_at, &quorum).await? {
                Rest::Over => {}
                Rest::LogEnded => break,
            }
        }
        self.take()?;
        if self.shown().checkpoint() != self.newest.checkpoint() {
            self.question().await?;
        }
        Ok(())
    }

    fn shown(&self) -> Arc<SignedCheckpoint> {
        Arc::clone(&self.show.borrow().public)
    }

    /// Takes up what was handed over last.
    fn take(&mut self) -> Result<(), KeeperStop> {
        let note = self.handover.handed.borrow_and_update().clone();
        if note.is_empty() {
            return Ok(());
        }
        let handed = SignedCheckpoint::open(&note, &self.keeper.log_key)?;
        if handed.size() >= self.newest.size() {
            self.newest = Arc::new(handed);
        }
        Ok(())
    }

    /// Step 6 for the newest checkpoint, then step 7.
    async fn question(&mut self) -> Result<Quorum, KeeperStop> {
        self.asked = Arc::clone(&self.newest);
        let Keeper {
            witnesses,
            proofs,
            clock,
            ..
        } = &self.keeper;
        let shown = self.shown();
        // Lines that stand in the file already are kept: of the same tree the file only gains.
        let asked = if shown.checkpoint() == self.newest.checkpoint() {
            &shown
        } else {
            &self.newest
        };
        let now = clock.now();
        let Witnessed {
            checkpoint_with_cosignatures: cosigned,
            quorum,
            reports,
        } = witnesses.ask(asked, Arc::clone(proofs), now).await?;
        if cosigned.note() != shown.note() {
            let note = cosigned.note().to_string().into_bytes();
            self.handover.public.replace_checkpoint(note).await?;
        }
        let before = Arc::clone(&self.show.borrow());
        let cosigned = Arc::new(cosigned);
        let after = before.after(witnesses.policy(), &cosigned, quorum.clone(), &reports, now);
        if !after.awaited && before.quorum.as_ref() != Some(&quorum) {
            tell(&cosigned, &quorum);
        }
        self.show.send_replace(Arc::new(after));
        Ok(quorum)
    }

    /// Counts what witnesses said that were too slow for their question. Of the checkpoint that the file holds, it goes
    /// into the file, as long as the quorum lacks it; of an older one, it makes that the one that is witnessed.
    ///
    /// LIMIT: an older checkpoint does not come back into the file. While every witness of a quorum is slower than the
    /// time limit and the log grows all the time, the file shows checkpoints that are not witnessed yet; receipts with
    /// the witnesses' word carry the older one.
    async fn hear(&self) -> Result<(), KeeperStop> {
        let now = self.keeper.clock.now();
        let witnesses = &self.keeper.witnesses;
        for late in witnesses.late_answers(now)? {
            let before = Arc::clone(&self.show.borrow());
            let theirs = Arc::new(late.checkpoint_with_cosignatures);
            let is_awaited = before.awaited && theirs.checkpoint() == self.asked.checkpoint();
            // Whoever is not needed for the quorum is asked again in time: a file for each of them is not written.
            let public = if is_awaited && theirs.checkpoint() == before.public.checkpoint() {
                let note = theirs.note().to_string().into_bytes();
                self.handover.public.replace_checkpoint(note).await?;
                Arc::clone(&theirs)
            } else {
                Arc::clone(&before.public)
            };
            if is_awaited && before.quorum.as_ref() != Some(&late.quorum) {
                tell(&theirs, &late.quorum);
            }
            let after = before.after_late(
                witnesses.policy(),
                &Late {
                    theirs: &theirs,
                    quorum: &late.quorum,
                    reports: &late.reports,
                    is_awaited,
                    public: &public,
                },
                now,
            );
            // An answer about something else says that its witness is free for the newest.
            self.show.send_replace(Arc::new(WitnessState {
                awaited: after.awaited && is_awaited,
                ..after
            }));
        }
        Ok(())
    }

    /// Waits until the next question is due: soon when something new was handed over or the quorum is missing, otherwise
    /// for the sake of freshness.
    async fn rest(&mut self, asked_at: Instant, quorum: &Quorum) -> Result<Rest, KeeperStop> {
        let KeeperConfig {
            refresh,
            pause,
            retry,
        } = self.keeper.config;
        // Witnesses that are still at it are asked nothing newer meanwhile, nor are the others: asked one by one, each
        // would vouch for another checkpoint, and none would ever have its quorum.
        let mut awaited = self.show.borrow().awaited;
        let patience = self.keeper.witnesses.config.late_limit;
        let (earliest, mut due) = match quorum {
            Quorum::Met => (asked_at + pause, asked_at + refresh),
            Quorum::NotMet(_) if awaited => (asked_at + retry, asked_at + patience),
            Quorum::NotMet(_) => (asked_at + retry, asked_at + retry),
        };
        loop {
            tokio::select! {
                handed = self.handover.handed.changed() => match handed {
                    Ok(()) if awaited => self.show_as_it_is().await?,
                    Ok(()) => due = earliest,
                    Err(_) => return Ok(Rest::LogEnded),
                },
                () = self.keeper.witnesses.heard_late() => {
                    self.hear().await?;
                    if awaited && !self.show.borrow().awaited {
                        awaited = false;
                        due = earliest;
                    }
                }
                () = sleep_until(due) => return Ok(Rest::Over),
            }
        }
    }

    /// Publishes what was handed over without asking about it: recorded, not yet witnessed.
    async fn show_as_it_is(&mut self) -> Result<(), KeeperStop> {
        self.take()?;
        let before = Arc::clone(&self.show.borrow());
        if self.newest.checkpoint() == before.public.checkpoint() {
            return Ok(());
        }
        let note = self.newest.note().to_string().into_bytes();
        self.handover.public.replace_checkpoint(note).await?;
        self.show
            .send_replace(Arc::new(before.showing(Arc::clone(&self.newest))));
        Ok(())
    }
}

fn tell(cosigned: &SignedCheckpoint, quorum: &Quorum) {
    let size = cosigned.size().get();
    match quorum {
        Quorum::Met => tracing::info!(ledger.size = size, "the ledger is witnessed"),
        Quorum::NotMet(why) => tracing::warn!(
            ledger.size = size,
            cause = %why,
            "the ledger is recorded but not witnessed"
        ),
    }
}
