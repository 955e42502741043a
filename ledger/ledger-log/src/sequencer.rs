//! Group commit: many callers, one transaction, one checkpoint. While one batch is made public, the next is signed and
//! the one after it committed.

mod stages;

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use ledger_core::{checkpoint::SignedCheckpoint, tree::TreeSize};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    publisher::{Appended, PublishFault, Publisher},
    witness::KeeperStop,
};
pub(crate) use stages::UNSHOWN;
use stages::{Committing, Showing, Signing};

/// Runs the transaction of a batch. Implemented by the service over its store.
#[async_trait]
pub trait Committer: Send + 'static {
    /// A request, with its idempotency key.
    type Job: Send + 'static;
    /// What the caller is told, including a refusal of its own request.
    type Answer: Send + 'static;

    /// Leaves that a batch appends beside those of its jobs.
    const OWN_LEAVES: usize = 0;

    /// About how many records a job appends; a batch is closed at [`SequencerConfig::max_records`].
    fn records(_job: &Self::Job) -> usize {
        1
    }

    /// Decides and commits the jobs in **one** durable transaction, in their order.
    ///
    /// Called by one task only, never again before it returned. A job that is refused, or that repeats an earlier
    /// one, appends nothing and has its answer among the others.
    ///
    /// # Errors
    /// [`CommitFault::NotCommitted`] fails this batch only, [`CommitFault::Unknown`] stops the log.
    async fn commit(&mut self, jobs: Vec<Self::Job>) -> Result<Committed<Self::Answer>, CommitFault>;
}

/// A committed batch.
#[derive(Debug)]
pub struct Committed<A> {
    /// One answer for each job, in the order of the jobs.
    pub answers: Vec<A>,
    /// What was appended; `None` when no job appended a leaf.
    pub appended: Option<Appended>,
}

/// Why a transaction gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CommitFault {
    /// It was rolled back, or never begun: nothing of it stands.
    #[error("the transaction was not committed")]
    NotCommitted(#[source] Box<dyn Error + Send + Sync>),
    /// The commit itself failed: it may stand or not.
    #[error("the transaction may or may not be committed")]
    Unknown(#[source] Box<dyn Error + Send + Sync>),
}

/// An answer, and the signed checkpoint in whose tree the caller's leaves stand.
#[derive(Clone, Debug)]
pub struct Published<A> {
    /// What the committer answered.
    pub answer: A,
    /// Signed, durable and public.
    pub checkpoint: Arc<SignedCheckpoint>,
}

/// Why a job has no published answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubmitError {
    /// The queue is full: try again later (503 with Retry-After). Nothing was written.
    #[error("the queue of the ledger is full")]
    Full,
    /// The transaction of the batch failed. Nothing was written.
    #[error("the batch was not committed")]
    NotCommitted(#[source] Arc<CommitFault>),
    /// The log has stopped. Nothing was written.
    #[error("the ledger has stopped")]
    Stopped,
    /// The log stopped while this job was under way. It may stand: ask again, with the same idempotency key, after
    /// the restart.
    #[error("the ledger stopped before it could answer")]
    Unanswered,
}

/// Sizes and delays of the sequencer.
#[derive(Clone, Copy, Debug)]
pub struct SequencerConfig {
    /// Jobs that may wait (4096).
    pub queue: usize,
    /// Records after which a batch is closed (256), or before, where a tile is full. A single larger job makes a batch of
    /// its own.
    pub max_records: usize,
    /// How long the first job of a batch waits for company when the queue is empty (5 ms, at most 200 ms). Jobs
    /// that queued up during the batch before are taken without waiting.
    pub linger: Duration,
}

impl Default for SequencerConfig {
    fn default() -> Self {
        Self {
            queue: 4096,
            max_records: 256,
            linger: Duration::from_millis(5),
        }
    }
}

/// Why the task of a sequencer ended before its callers did. The process must exit and recover.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// A batch could not be published.
    #[error("a batch could not be published")]
    Publish(#[from] PublishFault),
    /// A transaction ended in doubt.
    #[error("a transaction ended in doubt")]
    Commit(#[source] Arc<CommitFault>),
    /// The committer did not answer every job.
    #[error("the committer gave {answers} answers to {jobs} jobs")]
    Answers {
        /// Answers given.
        answers: usize,
        /// Jobs of the batch.
        jobs: usize,
    },
    /// A witness proved that nothing more may be signed, or the public checkpoint could not be kept.
    #[error(transparent)]
    Keeper(#[from] KeeperStop),
}

/// The way to the one writer of the log; clones share the queue.
#[derive(Debug)]
pub struct Sequencer<C: Committer> {
    queue: mpsc::Sender<Request<C>>,
    latest: watch::Receiver<Arc<SignedCheckpoint>>,
}

impl<C: Committer> Clone for Sequencer<C> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            latest: self.latest.clone(),
        }
    }
}

impl<C: Committer> Sequencer<C> {
    /// Starts the writer's task. It ends with `Ok` once every clone of the sequencer is dropped and the queue is
    /// empty, and with [`Stop`] at the first fault that leaves the state in doubt; its owner awaits the handle.
    pub fn start(
        committer: C,
        publisher: Publisher,
        config: SequencerConfig,
    ) -> (Self, JoinHandle<Result<(), Stop>>) {
        let (queue, jobs) = mpsc::channel(config.queue.max(1));
        let (show, latest) = watch::channel(publisher.latest());
        let showing = Showing::new(publisher.stores(), show);
        let signing = Signing::new(publisher);
        let committing = Committing::new(committer, jobs, config, signing.size());
        (
            Self { queue, latest },
            tokio::spawn(stages::run(committing, signing, showing)),
        )
    }

    /// Hands a job in and waits until its records are committed, signed and public.
    ///
    /// Dropping the future does not take the job back.
    ///
    /// # Errors
    /// [`SubmitError`]; only [`SubmitError::Unanswered`] leaves open whether the records stand.
    pub async fn submit(&self, job: C::Job) -> Result<Published<C::Answer>, SubmitError> {
        let (answer, answered) = oneshot::channel();
        self.queue
            .try_send(Request { job, answer })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => SubmitError::Full,
                mpsc::error::TrySendError::Closed(_) => SubmitError::Stopped,
            })?;
        answered.await.unwrap_or(Err(SubmitError::Unanswered))
    }

    /// The last published checkpoint.
    pub fn latest(&self) -> Arc<SignedCheckpoint> {
        Arc::clone(&self.latest.borrow())
    }

    /// Waits until a published checkpoint has at least this size, and gives it; `None` when the log stopped before.
    ///
    /// A record is in the data store a moment before its checkpoint is signed. Whoever finds it there, rather than by
    /// [`Self::submit`], asks here before telling anybody about it: a head that was never swapped into the lock store
    /// must not be signed for.
    pub async fn published(&self, size: TreeSize) -> Option<Arc<SignedCheckpoint>> {
        let mut latest = self.latest.clone();
        let reached = latest
            .wait_for(|checkpoint| checkpoint.size() >= size)
            .await
            .ok()?;
        Some(Arc::clone(&reached))
    }

    /// Whether the writer still takes jobs.
    pub fn is_running(&self) -> bool {
        !self.queue.is_closed()
    }
}

struct Request<C: Committer> {
    job: C::Job,
    answer: Caller<C>,
}

type Caller<C> = oneshot::Sender<Result<Published<<C as Committer>::Answer>, SubmitError>>;
