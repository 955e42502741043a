//! Group commit: many callers, one transaction, one checkpoint.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use ledger_core::{checkpoint::SignedCheckpoint, tree::TreeSize};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, timeout_at},
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
        let writer = Writer {
            committer,
            publisher,
            jobs,
            show,
            config,
            carried: None,
        };
        (Self { queue, latest }, tokio::spawn(writer.run()))
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

struct Writer<C: Committer> {
    committer: C,
    publisher: Publisher,
    jobs: mpsc::Receiver<Request<C>>,
    show: watch::Sender<Arc<SignedCheckpoint>>,
    config: SequencerConfig,
    /// A job that did not fit in the last batch.
    carried: Option<Request<C>>,
}

impl<C: Committer> Writer<C> {
    async fn run(mut self) -> Result<(), Stop> {
        while let Some(batch) = self.collect().await {
            if let Err(stop) = self.process(batch).await {
                tracing::error!(error = &stop as &dyn Error, "the ledger has stopped");
                self.refuse_the_rest();
                return Err(stop);
            }
        }
        Ok(())
    }

    /// Step 1: a batch that holds at least one job; `None` when no more can come.
    async fn collect(&mut self) -> Option<Vec<Request<C>>> {
        let first = match self.carried.take() {
            Some(carried) => carried,
            None => self.jobs.recv().await?,
        };
        let deadline = Instant::now() + self.config.linger.min(MAX_LINGER);
        let mut records = C::records(&first.job);
        let mut batch = vec![first];
        while records < self.config.max_records {
            let next = match self.jobs.try_recv() {
                Ok(request) => request,
                Err(_) => match timeout_at(deadline, self.jobs.recv()).await {
                    Ok(Some(request)) => request,
                    Ok(None) | Err(_) => break,
                },
            };
            records = records.saturating_add(C::records(&next.job));
            if records > self.config.max_records {
                self.carried = Some(next);
                break;
            }
            batch.push(next);
        }
        Some(batch)
    }

    /// Steps 2 to 8.
    async fn process(&mut self, batch: Vec<Request<C>>) -> Result<(), Stop> {
        let started = Instant::now();
        let (jobs, callers): (Vec<_>, Vec<_>) = batch.into_iter().map(|one| (one.job, one.answer)).unzip();
        let count = jobs.len();
        let committed = match self.committer.commit(jobs).await {
            Ok(committed) => committed,
            Err(fault) => {
                let fault = Arc::new(fault);
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
                return if in_doubt {
                    Err(Stop::Commit(fault))
                } else {
                    Ok(())
                };
            }
        };
        let Committed { answers, appended } = committed;
        let leaves = appended.as_ref().map_or(0, |appended| appended.leaves.len());
        // Dropping `callers` on the way out tells each of them that its job is unanswered.
        let checkpoint = match appended {
            None => self.publisher.latest(),
            Some(appended) => self.publisher.publish(appended).await?,
        };
        if answers.len() != count {
            return Err(Stop::Answers {
                answers: answers.len(),
                jobs: count,
            });
        }
        self.show.send_replace(Arc::clone(&checkpoint));
        for (caller, answer) in callers.into_iter().zip(answers) {
            let _ = caller.send(Ok(Published {
                answer,
                checkpoint: Arc::clone(&checkpoint),
            }));
        }
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(
            jobs = count,
            leaves,
            ledger.size = checkpoint.size().get(),
            duration_ms,
            "batch published"
        );
        Ok(())
    }

    /// Jobs that were never begun are told so, which is more than their callers would guess.
    fn refuse_the_rest(&mut self) {
        self.jobs.close();
        let carried = self.carried.take().into_iter();
        for request in carried.chain(std::iter::from_fn(|| self.jobs.try_recv().ok())) {
            let _ = request.answer.send(Err(SubmitError::Stopped));
        }
    }
}
