//! Group commit: many callers, one transaction, one checkpoint. While one batch is published, the next is committed.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use ledger_core::{checkpoint::SignedCheckpoint, tree::TreeSize};
use tokio::{
    sync::{
        mpsc::{self, OwnedPermit},
        oneshot, watch,
    },
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{
    publisher::{Appended, PublishFault, Publisher},
    witness::KeeperStop,
};

/// Runs the transaction of a batch. Implemented by the service over its store.
#[async_trait]
pub trait Committer: Send + 'static {
    /// A request, with its idempotency key.
    type Job: Send + 'static;
    /// What the caller is told, including a refusal of its own request.
    type Answer: Send + 'static;

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
    /// Records after which a batch is closed (256). A single larger job makes a batch of its own.
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

const MAX_LINGER: Duration = Duration::from_millis(200);

/// Committed batches that may wait while one is being published. Their callers wait with them; after a crash they are
/// leaves without signature, which recovery signs for.
const COMMITTED_AHEAD: usize = 1;

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
        let (hand_over, committed) = mpsc::channel(COMMITTED_AHEAD);
        let committing = Committing {
            committer,
            jobs,
            hand_over,
            config,
            gathered: Vec::new(),
            carried: None,
        };
        let publishing = Publishing {
            publisher,
            committed,
            show,
        };
        (Self { queue, latest }, tokio::spawn(run(committing, publishing)))
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

#[derive(Debug)]
struct Request<C: Committer> {
    job: C::Job,
    answer: oneshot::Sender<Result<Published<C::Answer>, SubmitError>>,
}

/// Steps 3 to 8 of one batch while steps 1 and 2 of the next are under way. Ends when no more jobs can come, or when
/// either stops; what was committed before the committer stopped is still published.
async fn run<C: Committer>(mut committing: Committing<C>, mut publishing: Publishing<C>) -> Result<(), Stop> {
    let publish = async {
        let outcome = publishing.run().await;
        // Tells the committing side at once that nothing will be published any more.
        publishing.committed.close();
        // Callers whose records are committed and not published: unanswered.
        while publishing.committed.try_recv().is_ok() {}
        outcome
    };
    let (committed, published) = tokio::join!(committing.run(), publish);
    // A batch that could not be published stops the committer too; that it stopped says less than why.
    let outcome = published.and(committed);
    if let Err(stop) = &outcome {
        tracing::error!(error = stop as &dyn Error, "the ledger has stopped");
    }
    committing.refuse_the_rest();
    outcome
}

/// Steps 1 and 2.
struct Committing<C: Committer> {
    committer: C,
    jobs: mpsc::Receiver<Request<C>>,
    hand_over: mpsc::Sender<Batch<C>>,
    config: SequencerConfig,
    /// The batch that is being gathered.
    gathered: Vec<Request<C>>,
    /// A job that did not fit in the last batch.
    carried: Option<Request<C>>,
}

/// A committed batch on its way to be published.
struct Batch<C: Committer> {
    began: Instant,
    callers: Vec<oneshot::Sender<Result<Published<C::Answer>, SubmitError>>>,
    committed: Committed<C::Answer>,
}

impl<C: Committer> Committing<C> {
    async fn run(&mut self) -> Result<(), Stop> {
        let outcome = self.run_until_closed().await;
        // The publishing side ends when it has published what it was given.
        (self.hand_over, _) = mpsc::channel(1);
        outcome
    }

    async fn run_until_closed(&mut self) -> Result<(), Stop> {
        while let Some(room) = self.gather().await {
            if let Some(batch) = self.commit().await? {
                room.send(batch);
            }
        }
        Ok(())
    }

    /// Step 1: a batch that holds at least one job, and room for it on the publishing side. `None` when no more jobs can
    /// come, or when publishing has stopped.
    ///
    /// A batch is closed when it is full, or when its first job has waited long enough *and* the batch could go on at
    /// once: while the publishing side is busy, more company costs nobody anything.
    async fn gather(&mut self) -> Option<OwnedPermit<Batch<C>>> {
        let publishing = self.hand_over.clone();
        let first = match self.carried.take() {
            Some(carried) => carried,
            None => tokio::select! {
                biased;
                () = publishing.closed() => return None,
                request = self.jobs.recv() => request?,
            },
        };
        let deadline = Instant::now() + self.config.linger.min(MAX_LINGER);
        let mut records = C::records(&first.job);
        self.gathered.push(first);
        let waited = sleep_until(deadline);
        // One reservation only: a second would queue up behind the first, which nobody polls any more.
        let room = publishing.reserve_owned();
        tokio::pin!(waited, room);
        while records < self.config.max_records {
            let next = tokio::select! {
                biased;
                Some(request) = self.jobs.recv() => request,
                room = &mut room, if waited.is_elapsed() => return room.ok(),
                () = &mut waited, if !waited.is_elapsed() => continue,
            };
            records = records.saturating_add(C::records(&next.job));
            if records > self.config.max_records {
                self.carried = Some(next);
                break;
            }
            self.gathered.push(next);
        }
        room.await.ok()
    }

    /// Step 2: `None` when the batch was not committed and its callers know.
    async fn commit(&mut self) -> Result<Option<Batch<C>>, Stop> {
        let began = Instant::now();
        let gathered = std::mem::take(&mut self.gathered);
        let (jobs, callers): (Vec<_>, Vec<_>) = gathered.into_iter().map(|one| (one.job, one.answer)).unzip();
        let fault = match self.committer.commit(jobs).await {
            Ok(committed) if committed.answers.len() == callers.len() => {
                return Ok(Some(Batch {
                    began,
                    callers,
                    committed,
                }));
            }
            Ok(committed) => {
                return Err(Stop::Answers {
                    answers: committed.answers.len(),
                    jobs: callers.len(),
                });
            }
            Err(fault) => Arc::new(fault),
        };
        let in_doubt = matches!(*fault, CommitFault::Unknown(_));
        for caller in callers {
            let error = if in_doubt {
                SubmitError::Unanswered
            } else {
                SubmitError::NotCommitted(Arc::clone(&fault))
            };
            // A caller that has gone away is no concern of ours.
            let _ = caller.send(Err(error));
        }
        if in_doubt {
            Err(Stop::Commit(fault))
        } else {
            Ok(None)
        }
    }

    /// Jobs that were never begun are told so, which is more than their callers would guess.
    fn refuse_the_rest(&mut self) {
        self.jobs.close();
        let begun = self.gathered.drain(..).chain(self.carried.take());
        for request in begun.chain(std::iter::from_fn(|| self.jobs.try_recv().ok())) {
            let _ = request.answer.send(Err(SubmitError::Stopped));
        }
    }
}

/// Steps 3 to 8.
struct Publishing<C: Committer> {
    publisher: Publisher,
    committed: mpsc::Receiver<Batch<C>>,
    show: watch::Sender<Arc<SignedCheckpoint>>,
}

impl<C: Committer> Publishing<C> {
    async fn run(&mut self) -> Result<(), Stop> {
        while let Some(batch) = self.committed.recv().await {
            self.publish(batch).await?;
        }
        Ok(())
    }

    async fn publish(&mut self, batch: Batch<C>) -> Result<(), Stop> {
        let Batch {
            began,
            callers,
            committed: Committed { answers, appended },
        } = batch;
        let jobs = answers.len();
        let leaves = appended.as_ref().map_or(0, |appended| appended.leaves.len());
        // Dropping `callers` on the way out tells each of them that its job is unanswered.
        let checkpoint = match appended {
            None => self.publisher.latest(),
            Some(appended) => self.publisher.publish(appended).await?,
        };
        self.show.send_replace(Arc::clone(&checkpoint));
        for (caller, answer) in callers.into_iter().zip(answers) {
            let _ = caller.send(Ok(Published {
                answer,
                checkpoint: Arc::clone(&checkpoint),
            }));
        }
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(
            jobs,
            leaves,
            ledger.size = checkpoint.size().get(),
            duration_ms,
            "batch published"
        );
        Ok(())
    }
}
