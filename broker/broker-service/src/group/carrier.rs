//! Commit beats on their way through the sequencer, and their answers on the way back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use broker_store::{RecordRow, Serial, StoreError};

use super::{Footprint, Group};
use crate::batch::Batch;
use crate::failure::Fault;

/// A use case's commit beat. Runs inside the transaction; checks that must hold there are made there.
///
/// It may run more than once, each time in a transaction that knows nothing of the earlier one.
#[async_trait]
pub(crate) trait Commit: Send + 'static {
    /// What the caller learns when it is committed.
    type Answer: Shown + Send + 'static;
    /// What the caller learns when a check made inside the transaction fails: then nothing of it is written.
    type Refusal: Send + 'static;

    /// Name of the use case: stands in the rows it writes.
    const NAME: &'static str;

    /// How many leaves it will append at most.
    fn leaves(&self) -> usize;

    /// Which rows it looks at and changes.
    fn footprint(&self) -> Footprint {
        Footprint::Anything
    }

    /// Checks and writes.
    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Self::Answer, Self::Refusal>, Fault>;
}

/// Where the leaves of a group stand, once it is closed.
pub(crate) trait Places {
    /// The index of the leaf of this record.
    fn leaf_index(&self, serial: Serial) -> Option<u64>;
    /// What opens it; `None` when it was erased in the same group.
    fn detail(&self, serial: Serial) -> Option<&RecordRow>;
}

/// An answer that names records: its caller is told the places of their leaves.
pub(crate) trait Shown {
    /// The answer with places.
    type View;
    /// Looks the places up; `None` when the group does not know a serial.
    fn shown(self, places: &dyn Places) -> Option<Self::View>;
}

impl Shown for () {
    type View = ();
    fn shown(self, _: &dyn Places) -> Option<()> {
        Some(())
    }
}

impl Shown for Serial {
    type View = u64;
    fn shown(self, places: &dyn Places) -> Option<u64> {
        places.leaf_index(self)
    }
}

/// A record whose caller wants its proof at once: it is told the detail too, and need not read it back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded(pub Serial);

impl Shown for Recorded {
    type View = Result<RecordRow, Fault>;
    fn shown(self, places: &dyn Places) -> Option<Self::View> {
        places.leaf_index(self.0)?;
        Some(places.detail(self.0).cloned().ok_or(Fault::SubjectErased))
    }
}

impl<A: Shown, B: Shown> Shown for (A, B) {
    type View = (A::View, B::View);
    fn shown(self, places: &dyn Places) -> Option<Self::View> {
        Some((self.0.shown(places)?, self.1.shown(places)?))
    }
}

/// What became of a group, told to the callers of its jobs after it is durable and published. Held no longer than until
/// they have their answers: what opens a record is kept in the database alone, where an erasure takes it away.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict(Option<Arc<Outcome>>);

#[derive(Debug)]
struct Outcome {
    batch: Arc<Batch>,
    details: HashMap<Serial, RecordRow>,
}

impl Verdict {
    /// Of a group that appended this batch, with the details of its records.
    pub fn of(batch: Arc<Batch>, details: Vec<RecordRow>) -> Self {
        let details = details.into_iter().map(|row| (row.serial, row)).collect();
        Self(Some(Arc::new(Outcome { batch, details })))
    }
}

impl Places for Verdict {
    fn leaf_index(&self, serial: Serial) -> Option<u64> {
        self.0.as_ref()?.batch.leaf_at(serial)
    }

    fn detail(&self, serial: Serial) -> Option<&RecordRow> {
        self.0.as_ref()?.details.get(&serial)
    }
}

/// Why a whole group cannot go on.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The transaction is gone: nothing of the group stands.
    Group(Fault),
    /// The ledger's tables are not what this program wrote: nothing may be signed any more.
    Ledger(Fault),
}

/// Tables that only the committer writes. A conflict there is no competition between requests.
const LEDGER_TABLES: [&str; 4] = ["segment", "tile_root", "record", "subject_key"];

impl Halt {
    /// A fault outside any job.
    pub fn of(fault: impl Into<Fault>) -> Self {
        match fault.into() {
            fault @ Fault::Conflict { table } if LEDGER_TABLES.contains(&table) => Self::Ledger(fault),
            fault => Self::Group(fault),
        }
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::of(error)
    }
}

/// A commit beat without its types, as the sequencer carries it.
#[async_trait]
pub(crate) trait Job: Send {
    /// How many leaves it will append at most.
    fn leaves(&self) -> usize;
    /// Which rows it looks at and changes.
    fn footprint(&self) -> Footprint;
    /// Runs it. What concerns this job alone is undone and told to its caller; the group goes on.
    async fn run(&mut self, group: &mut Group<'_>) -> Result<(), Halt>;
    /// Tells the caller that it was left out because it would make a group fail.
    fn leave_out(&mut self);
}

type Slot<C> = Arc<Mutex<Option<Result<Result<<C as Commit>::Answer, <C as Commit>::Refusal>, Fault>>>>;

/// Carries a commit beat through the sequencer and its answer back.
pub(crate) struct Carrier<C: Commit> {
    beat: C,
    slot: Slot<C>,
}

/// The caller's end of a [`Carrier`].
pub(crate) struct Claim<C: Commit>(Slot<C>);

impl<C: Commit> Claim<C> {
    /// The answer, once the sequencer has told that the group is published.
    pub fn redeem(self, verdict: &Verdict) -> Result<Result<<C::Answer as Shown>::View, C::Refusal>, Fault> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match slot.take().unwrap_or(Err(Fault::Stopped))? {
            Ok(answer) => answer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let shown = answer.shown(verdict);
        shown.map(Ok).ok_or(Fault::Corrupt { what: "serial" })
    }
}

impl<C: Commit> Carrier<C> {
    pub fn load(beat: C) -> (Box<dyn Job>, Claim<C>) {
        let slot: Slot<C> = Arc::new(Mutex::new(None));
        (
            Box::new(Self {
                beat,
                slot: Arc::clone(&slot),
            }),
            Claim(slot),
        )
    }

    fn answer(&self, answer: Result<Result<C::Answer, C::Refusal>, Fault>) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }
}

#[async_trait]
impl<C: Commit> Job for Carrier<C> {
    fn leaves(&self) -> usize {
        self.beat.leaves()
    }

    fn footprint(&self) -> Footprint {
        self.beat.footprint()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<(), Halt> {
        let mark = group.mark(C::NAME).await?;
        let result = self.beat.run(group).await;
        if !matches!(&result, Ok(Ok(_))) {
            // A conflict in a table of the ledger is nobody's own.
            if let Err(Fault::Conflict { table }) = &result
                && LEDGER_TABLES.contains(table)
            {
                return Err(Halt::Ledger(Fault::Conflict { table }));
            }
            // If the database itself is failing, going back fails too, and with it the group.
            group.back_to(&mark).await.map_err(Halt::of)?;
        }
        self.answer(result);
        Ok(())
    }

    fn leave_out(&mut self) {
        self.answer(Err(Fault::NotCommitted));
    }
}
