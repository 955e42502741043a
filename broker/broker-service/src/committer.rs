//! Runs the transaction of a group, and gives recovery its view of the data store.

mod view;

use std::sync::Arc;

use async_trait::async_trait;
use broker_domain::time::{Clock, Entropy, Instant};
use broker_store::{HeadRow, Store, StoreError};
use ledger_log::{Appended, CommitFault, Committed, Committer, LogMap};
use tokio::runtime::Handle;

use crate::batch::Recent;
use crate::failure::Fault;
use crate::group::{Group, Halt, Job, Verdict};
pub use view::DataView;
pub(crate) use view::tile_nodes;

/// The writer's view: one store, one clock, one source of salts, and the map that grows with the log.
pub(crate) struct GroupCommitter {
    writing: Option<Writing>,
}

/// What the writer's thread holds while it works.
struct Writing {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    recent: Arc<Recent>,
    map: LogMap,
}

/// What a group came to.
type Outcome = Result<(Verdict, Option<Appended>), CommitFault>;

impl GroupCommitter {
    /// A committer over a map that has seen the whole log.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        recent: Arc<Recent>,
        map: LogMap,
    ) -> Self {
        Self {
            writing: Some(Writing {
                store,
                clock,
                entropy,
                recent,
                map,
            }),
        }
    }
}

#[async_trait]
impl Committer for GroupCommitter {
    type Job = Box<dyn Job>;
    type Answer = Verdict;

    /// The map root.
    const OWN_LEAVES: usize = 1;

    fn records(job: &Self::Job) -> usize {
        job.leaves()
    }

    async fn commit(&mut self, mut jobs: Vec<Self::Job>) -> Result<Committed<Verdict>, CommitFault> {
        let gone = || CommitFault::Unknown("the writer's thread died".into());
        let mut writing = self.writing.take().ok_or_else(gone)?;
        let runtime = Handle::current();
        // A group keeps a thread busy for milliseconds with statements and hashes: not one that answers requests.
        let worked = tokio::task::spawn_blocking(move || {
            let outcome = runtime.block_on(writing.commit(&mut jobs));
            (writing, jobs.len(), outcome)
        });
        let (writing, count, outcome) = worked.await.map_err(|_| gone())?;
        self.writing = Some(writing);
        let (verdict, appended) = outcome?;
        Ok(Committed {
            answers: vec![verdict; count],
            appended,
        })
    }
}

impl Writing {
    /// Commits the jobs. When the group fails although its jobs each ran, those that make a group fail on their own are
    /// told so and left out, and the others are tried again without them.
    async fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Outcome {
        let all: Vec<usize> = (0..jobs.len()).collect();
        let failed = match self.run(jobs, &all, Ending::Commit).await {
            Err(CommitFault::NotCommitted(cause)) if jobs.len() > 1 => cause,
            other => return other,
        };
        let mut sound = Vec::new();
        for place in all {
            match self.run(jobs, &[place], Ending::Rehearse).await {
                Ok(_) => sound.push(place),
                Err(CommitFault::NotCommitted(_)) => {}
                Err(unknown) => return Err(unknown),
            }
        }
        if sound.is_empty() || sound.len() == jobs.len() {
            // Not a matter of single jobs: the clock, the disk.
            return Err(CommitFault::NotCommitted(failed));
        }
        tracing::error!(
            error = &*failed as &dyn std::error::Error,
            left_out = jobs.len() - sound.len(),
            "a group was not committed; some of its requests are left out"
        );
        let outcome = self.run(jobs, &sound, Ending::Commit).await?;
        for (place, job) in jobs.iter_mut().enumerate() {
            if !sound.contains(&place) {
                job.leave_out();
            }
        }
        Ok(outcome)
    }

    async fn run(&mut self, jobs: &mut [Box<dyn Job>], chosen: &[usize], ending: Ending) -> Outcome {
        let store = Arc::clone(&self.store);
        let mut tx = store.begin("commit group").await.map_err(not_committed)?;
        let head = tx.newest_head().await.map_err(not_committed)?;
        let now = self.present(head.as_ref())?;
        if self.map.size().get() != head.as_ref().map_or(0, |head| head.size) {
            // Somebody else writes to this log.
            return Err(CommitFault::Unknown(
                "the log has grown without this writer".into(),
            ));
        }

        let most = chosen
            .iter()
            .filter_map(|place| jobs.get(*place))
            .map(|job| job.leaves());
        let mut group =
            Group::new(&mut *tx, &*self.entropy, now, head.as_ref(), most.sum()).map_err(not_committed)?;
        for (number, place) in chosen.iter().enumerate() {
            let to_come = chosen.iter().skip(number).filter_map(|place| jobs.get(*place));
            let footprints = to_come.map(|job| job.footprint());
            group
                .prepare(footprints)
                .await
                .map_err(|error| halted(error.into()))?;
            if let Some(job) = jobs.get_mut(*place) {
                job.run(&mut group).await.map_err(halted)?;
            }
        }
        let closed = group.close(head.as_ref(), &self.map).await.map_err(halted)?;
        if ending == Ending::Rehearse {
            tx.check().await.map_err(not_committed)?;
            return Ok((Verdict::default(), None));
        }
        match tx.commit().await {
            Ok(()) => {}
            Err(error @ StoreError::Conflict { .. }) => return Err(not_committed(error)),
            Err(error) => return Err(CommitFault::Unknown(Box::new(error))),
        }
        // Jobs without leaves (an application, an offer) still wrote rows.
        let Some(closed) = closed else {
            return Ok((Verdict::default(), None));
        };
        self.map
            .apply(closed.map)
            .map_err(|error| CommitFault::Unknown(Box::new(error)))?;
        self.recent.push(Arc::clone(&closed.batch), self.map.snapshot());
        let verdict = Verdict::of(closed.batch, closed.details);
        Ok((verdict, Some(closed.appended)))
    }

    /// The instant of a group: the clock's, or the first after the last head when two groups fall into one microsecond.
    fn present(&self, head: Option<&HeadRow>) -> Result<Instant, CommitFault> {
        if let Some(seconds) = self.clock.jumped() {
            // A record from a future that is none would keep every later one out (invariant I6).
            return Err(CommitFault::NotCommitted(
                format!(
                    "the clock was set forward by {seconds} s while the broker ran; set it right, or start the broker again"
                )
                .into(),
            ));
        }
        let now = self.clock.now();
        let Some(head) = head else { return Ok(now) };
        if now < head.at {
            // No clock progress, no record (invariant I6).
            return Err(CommitFault::NotCommitted(
                "the clock is behind the newest record".into(),
            ));
        }
        if now > head.at {
            return Ok(now);
        }
        Instant::from_micros(now.as_micros().saturating_add(1))
            .map_err(|error| CommitFault::NotCommitted(error.into()))
    }
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// For good.
    Commit,
    /// Rolled back: only to see whether it would pass.
    Rehearse,
}

fn not_committed(error: impl Into<Fault>) -> CommitFault {
    CommitFault::NotCommitted(Box::new(error.into()))
}

fn halted(halt: Halt) -> CommitFault {
    match halt {
        Halt::Group(fault) => CommitFault::NotCommitted(Box::new(fault)),
        // The state is not what this program thinks: sign nothing, let recovery and a person decide.
        Halt::Ledger(fault) => CommitFault::Unknown(Box::new(fault)),
    }
}

#[cfg(test)]
mod tests;
