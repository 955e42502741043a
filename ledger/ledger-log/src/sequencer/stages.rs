//! The three stages of the sequencer, each with its task: commit, sign, show.
//!
//! Each stage mostly waits for a disk. Apart from each other, their waits overlap; and what was signed while the last
//! files were written is shown together.

use std::{error::Error, sync::Arc, time::Duration};

use ledger_core::{checkpoint::SignedCheckpoint, tile::FULL, tree::TreeSize};
use tokio::{
    sync::{
        mpsc::{self, OwnedPermit},
        watch,
    },
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    Caller, CommitFault, Committed, Committer, Published, Request, SequencerConfig, Stop, SubmitError,
};
use crate::publisher::{Publisher, Signed, Stores};

const MAX_LINGER: Duration = Duration::from_millis(200);

/// Committed batches that may wait while one is being signed. Their callers wait with them; after a crash they are
/// leaves without signature, which recovery signs for.
const COMMITTED_AHEAD: usize = 1;

/// Signed batches that may wait while others are being shown; then they are shown together. After a crash they are in
/// the lock store and not public, and recovery shows them.
const SIGNED_AHEAD: usize = 4;

/// Batches that may be signed and not shown when the process dies: those being shown together, those that wait, and the
/// one that is swapped in or has nowhere to go yet.
pub const UNSHOWN: usize = 2 * SIGNED_AHEAD + 1;

/// Batches under way behind one that is closed before it is full. With none, nothing would be committed while a batch is
/// shown unless the callers fill a batch: slower where committing costs more than the disk.
const COMPANY: usize = 1;

/// Runs the stages beside each other. Ends when no more jobs can come, or when one of them stops; what was committed or
/// signed before an earlier stage stopped is still published.
pub async fn run<C: Committer>(
    committing: Committing<C>,
    signing: Signing,
    showing: Showing,
) -> Result<(), Stop> {
    let (commit, committed) = mpsc::channel(COMMITTED_AHEAD);
    let (sign, signed) = mpsc::channel(SIGNED_AHEAD);
    // Dropped with this future, which ends them as a crash would.
    let mut stages = JoinSet::new();
    stages.spawn(async move { (2, committing.run(commit).await) });
    stages.spawn(async move { (1, signing.run(committed, sign).await) });
    stages.spawn(async move { (0, showing.run::<C>(signed).await) });
    let mut stops = Vec::new();
    while let Some(ended) = stages.join_next().await {
        match ended {
            Ok((stage, outcome)) => stops.extend(outcome.err().map(|stop| (stage, stop))),
            Err(died) => match died.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => break,
            },
        }
    }
    // A batch that could not be shown stops the stages before it too; that they stopped says less than why.
    let Some((_, stop)) = stops.into_iter().min_by_key(|(stage, _)| *stage) else {
        return Ok(());
    };
    tracing::error!(error = &stop as &dyn Error, "the ledger has stopped");
    Err(stop)
}

/// Steps 1 and 2.
pub struct Committing<C: Committer> {
    committer: C,
    jobs: mpsc::Receiver<Request<C>>,
    config: SequencerConfig,
    /// Leaves after the last batch.
    size: TreeSize,
    /// The batch that is being gathered.
    gathered: Vec<Request<C>>,
    /// A job that did not fit in the last batch.
    carried: Option<Request<C>>,
    /// Batches on their way through the stages behind.
    under_way: watch::Sender<usize>,
}

/// Counts a batch among those that were committed and not answered yet, until it is dropped.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn count(batches: &watch::Sender<usize>) -> Self {
        batches.send_modify(|count| *count = count.saturating_add(1));
        Self(batches.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// A committed batch on its way to be signed.
pub struct Batch<C: Committer> {
    began: Instant,
    callers: Vec<Caller<C>>,
    committed: Committed<C::Answer>,
    under_way: UnderWay,
}

impl<C: Committer> Committing<C> {
    pub fn new(
        committer: C,
        jobs: mpsc::Receiver<Request<C>>,
        config: SequencerConfig,
        size: TreeSize,
    ) -> Self {
        Self {
            committer,
            jobs,
            config,
            size,
            gathered: Vec::new(),
            carried: None,
            under_way: watch::Sender::new(0),
        }
    }

    async fn run(mut self, hand_over: mpsc::Sender<Batch<C>>) -> Result<(), Stop> {
        let outcome = self.run_until_closed(&hand_over).await;
        self.refuse_the_rest();
        // The next stage ends when it has done what it was given.
        outcome
    }

    async fn run_until_closed(&mut self, hand_over: &mpsc::Sender<Batch<C>>) -> Result<(), Stop> {
        while let Some(room) = self.gather(hand_over.clone()).await {
            if let Some(batch) = self.commit().await? {
                if let Some(appended) = &batch.committed.appended {
                    self.size = appended.head.size;
                }
                room.send(batch);
            }
        }
        Ok(())
    }

    /// Step 1: a batch that holds at least one job, and room for it in the next stage. `None` when no more jobs can come,
    /// or when the next stage has stopped.
    ///
    /// A batch is closed when it is full, or when its first job has waited long enough *and* no more than [`COMPANY`] is
    /// under way behind: each batch costs the same flushes however small it is, so many small ones in all stages keep
    /// each other waiting where a disk does one flush after the other.
    async fn gather(&mut self, hand_over: mpsc::Sender<Batch<C>>) -> Option<OwnedPermit<Batch<C>>> {
        let first = match self.carried.take() {
            Some(carried) => carried,
            None => tokio::select! {
                biased;
                () = hand_over.closed() => return None,
                request = self.jobs.recv() => request?,
            },
        };
        let linger = self.config.linger.min(MAX_LINGER);
        let most = self.most_records();
        let mut records = C::records(&first.job);
        self.gathered.push(first);
        let mut under_way = self.under_way.subscribe();
        let waited = async {
            sleep(linger).await;
            if *under_way.borrow_and_update() > COMPANY {
                // Also when the stages behind stop: they drop what they have.
                let _ = under_way.wait_for(|batches| *batches <= COMPANY).await;
                // Whoever was answered just now has the next job in a moment.
                sleep(linger).await;
            }
        };
        tokio::pin!(waited);
        while records < most {
            let next = tokio::select! {
                biased;
                Some(request) = self.jobs.recv() => request,
                () = &mut waited => break,
            };
            records = records.saturating_add(C::records(&next.job));
            if records > most {
                self.carried = Some(next);
                break;
            }
            self.gathered.push(next);
        }
        hand_over.reserve_owned().await.ok()
    }

    /// Records after which the batch is closed: where it fills a tile, if that is not too early.
    ///
    /// A batch that ends with a full tile leaves no partial tile and no partial bundle behind, which are half of the
    /// files of one that does not. Once there, a busy log stays there.
    fn most_records(&self) -> usize {
        let (most, full) = (self.config.max_records, u64::from(FULL));
        let missing = usize::try_from(full - self.size.get() % full).unwrap_or(most);
        let fills = missing.saturating_sub(C::OWN_LEAVES);
        if (most / 4..most).contains(&fills) {
            fills
        } else {
            most
        }
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
                    under_way: UnderWay::count(&self.under_way),
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

/// Steps 3 and 4.
pub struct Signing {
    publisher: Publisher,
}

/// A signed batch on its way to be shown. Dropped, it tells each of its callers that its job is unanswered.
pub struct Signature<C: Committer> {
    began: Instant,
    callers: Vec<Caller<C>>,
    answers: Vec<C::Answer>,
    /// `None` when nothing was appended.
    signed: Option<Signed>,
    under_way: UnderWay,
}

impl Signing {
    pub const fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Leaves that are signed for.
    pub fn size(&self) -> TreeSize {
        self.publisher.latest().size()
    }

    async fn run<C: Committer>(
        mut self,
        mut committed: mpsc::Receiver<Batch<C>>,
        hand_over: mpsc::Sender<Signature<C>>,
    ) -> Result<(), Stop> {
        loop {
            let batch = tokio::select! {
                biased;
                // The last stage has stopped and says why: nothing more is signed.
                () = hand_over.closed() => return Ok(()),
                batch = committed.recv() => batch,
            };
            let Some(batch) = batch else { return Ok(()) };
            let Batch {
                began,
                callers,
                committed: Committed { answers, appended },
                under_way,
            } = batch;
            let signed = match appended {
                None => None,
                Some(appended) => Some(self.publisher.sign(appended).await?),
            };
            let signature = Signature {
                began,
                callers,
                answers,
                signed,
                under_way,
            };
            // Not taken any more: dropped, it tells its callers.
            let _ = hand_over.send(signature).await;
        }
    }
}

/// Steps 5 to 8.
pub struct Showing {
    stores: Stores,
    show: watch::Sender<Arc<SignedCheckpoint>>,
}

impl Showing {
    pub const fn new(stores: Stores, show: watch::Sender<Arc<SignedCheckpoint>>) -> Self {
        Self { stores, show }
    }

    async fn run<C: Committer>(self, mut signed: mpsc::Receiver<Signature<C>>) -> Result<(), Stop> {
        let mut batches = Vec::new();
        while signed.recv_many(&mut batches, SIGNED_AHEAD).await > 0 {
            self.show(&mut batches).await?;
        }
        Ok(())
    }

    /// Shows batches together, then answers the callers of each with its own checkpoint.
    async fn show<C: Committer>(&self, batches: &mut Vec<Signature<C>>) -> Result<(), Stop> {
        let mut answered = Vec::new();
        let mut files = Vec::new();
        let mut checkpoint = self.show.borrow().clone();
        for batch in batches.drain(..) {
            if let Some(signed) = batch.signed {
                checkpoint = Arc::clone(signed.checkpoint());
                files.push(signed);
            }
            let at = (batch.began, Arc::clone(&checkpoint));
            answered.push((at, batch.callers, batch.answers, batch.under_way));
        }
        let shown_together = files.len();
        // Dropping `answered` on the way out tells each caller that its job is unanswered.
        Signed::show(files, &self.stores).await?;
        self.show.send_replace(checkpoint);
        for ((began, checkpoint), callers, answers, _under_way) in answered {
            let jobs = answers.len();
            for (caller, answer) in callers.into_iter().zip(answers) {
                let _ = caller.send(Ok(Published {
                    answer,
                    checkpoint: Arc::clone(&checkpoint),
                }));
            }
            let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(
                jobs,
                shown_together,
                ledger.size = checkpoint.size().get(),
                duration_ms,
                "batch published"
            );
        }
        Ok(())
    }
}
