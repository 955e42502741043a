//! The commit beat: jobs run one after the other inside the writing transaction, and append their leaves there.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use broker_domain::ids::{Digest, SubjectId};
use broker_domain::time::{Entropy, Instant};
use broker_store::{LeafRow, RecordRow, StoreError, Tx};
use evidence::bundle::leaf_of;
use evidence::jws::Jws;
use evidence::record::Record;
use ledger_core::leaf::{ActorClass, ErasureHandle, RecordNumber, Salt, SubjectKey};
use ledger_core::tree::{Frontier, StoredNode, leaf_hash};

use crate::failure::Fault;

/// A record about to be committed: one leaf for one subject.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// Whose record it is.
    pub subject: SubjectId,
    /// Who acted.
    pub actor: ActorClass,
    /// What is committed to.
    pub signed: SignedRecord,
}

/// A record and the exact bytes that are committed to.
#[derive(Debug, Clone)]
pub(crate) struct SignedRecord {
    pub record: Record,
    pub jws: Jws,
}

impl SignedRecord {
    /// SHA-256 of the ASCII bytes (`consent.md` §3, event digest).
    pub fn digest(&self) -> Digest {
        Digest(*self.jws.digest().as_bytes())
    }
}

/// The writing transaction of a group, and the growing edge of the tree.
pub(crate) struct Group<'a> {
    pub tx: &'a mut dyn Tx,
    pub now: Instant,
    name: &'static str,
    entropy: &'a dyn Entropy,
    frontier: Frontier,
    nodes: Vec<StoredNode>,
}

/// Where a group stood before a job, to come back to when the job fails.
pub(crate) struct Mark {
    frontier: Frontier,
    nodes: usize,
}

impl<'a> Group<'a> {
    pub fn new(tx: &'a mut dyn Tx, entropy: &'a dyn Entropy, now: Instant, frontier: Frontier) -> Self {
        Self {
            tx,
            now,
            name: "",
            entropy,
            frontier,
            nodes: Vec::new(),
        }
    }

    /// Number of leaves so far.
    pub const fn size(&self) -> u64 {
        self.frontier.size().get()
    }

    /// The tree's edge and the nodes completed by this group.
    pub fn finish(self) -> (Frontier, Vec<StoredNode>) {
        (self.frontier, self.nodes)
    }

    /// Marks a place to come back to and names the job that starts here.
    pub async fn mark(&mut self, name: &'static str) -> Result<Mark, StoreError> {
        self.tx.mark().await?;
        self.name = name;
        Ok(Mark {
            frontier: self.frontier.clone(),
            nodes: self.nodes.len(),
        })
    }

    /// Undoes everything since the mark.
    pub async fn back_to(&mut self, mark: Mark) -> Result<(), StoreError> {
        self.tx.back_to_mark().await?;
        self.frontier = mark.frontier;
        self.nodes.truncate(mark.nodes);
        Ok(())
    }

    /// Appends one subject leaf and keeps its erasable detail. Returns the index of the leaf.
    ///
    /// # Errors
    /// [`Fault::SubjectErased`] when the subject is unknown or erased, [`Fault::Store`] when the store fails.
    pub async fn append(&mut self, draft: &Draft) -> Result<u64, Fault> {
        let (number, key) = self
            .tx
            .next_number(draft.subject)
            .await?
            .ok_or(Fault::SubjectErased)?;
        let n = RecordNumber::new(number).ok_or(Fault::SubjectErased)?;
        let mut salt = [0_u8; 64];
        self.entropy.fill(&mut salt)?;
        let SignedRecord { record, jws } = &draft.signed;
        let leaf = leaf_of(
            record,
            jws,
            draft.actor,
            &SubjectKey::new(key),
            n,
            &Salt::new(salt),
        );
        let leaf = leaf.ok_or(Fault::Corrupt {
            what: "record instant",
        })?;
        let index = self
            .append_leaf(leaf.to_bytes().to_vec(), Some(*leaf.tag.as_bytes()))
            .await?;
        self.tx
            .add_record(&RecordRow {
                leaf_index: index,
                subject: draft.subject,
                n: number,
                kind: leaf.kind.number(),
                record: jws.as_str().as_bytes().to_vec(),
                salt,
                written_by: self.name.to_owned(),
                recorded_at: self.now,
            })
            .await?;
        Ok(index)
    }

    /// Appends a leaf of any kind. Returns its index.
    pub async fn append_leaf(&mut self, bytes: Vec<u8>, tag: Option<[u8; 32]>) -> Result<u64, Fault> {
        let index = self.size();
        let completed = self
            .frontier
            .append(leaf_hash(&bytes))
            .map_err(|_| Fault::LogFull)?;
        self.nodes.extend(completed);
        self.tx.add_leaf(&LeafRow { index, bytes, tag }).await?;
        Ok(index)
    }

    /// The erasure handle of a subject, while its key exists.
    pub async fn erasure_handle(&mut self, subject: SubjectId) -> Result<Option<ErasureHandle>, StoreError> {
        let key = self.tx.subject(subject).await?.and_then(|row| row.key);
        Ok(key.map(|key| SubjectKey::new(key).erasure_handle()))
    }
}

/// A use case's commit beat. Runs inside the transaction; checks that must hold there are made there.
#[async_trait]
pub(crate) trait Commit: Send + 'static {
    /// What the caller learns when it is committed.
    type Answer: Send + 'static;
    /// What the caller learns when a check made inside the transaction fails: then nothing of it is written.
    type Refusal: Send + 'static;

    /// Name of the use case: stands in the rows it writes.
    const NAME: &'static str;

    /// How many leaves it will append at most.
    fn leaves(&self) -> usize;

    /// Checks and writes.
    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Self::Answer, Self::Refusal>, Fault>;
}

/// What became of one job, told to its caller after the group is durable and published.
pub(crate) enum Verdict {
    /// Kept.
    Kept,
    /// Undone: refused by its own check, in conflict, or failed alone.
    Undone,
}

/// A commit beat without its types, as the sequencer carries it.
#[async_trait]
pub(crate) trait Job: Send {
    fn leaves(&self) -> usize;
    async fn run(&mut self, group: &mut Group<'_>) -> Result<Verdict, Fault>;
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
    pub fn redeem(self) -> Result<Result<C::Answer, C::Refusal>, Fault> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take().unwrap_or(Err(Fault::Stopped))
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
}

#[async_trait]
impl<C: Commit> Job for Carrier<C> {
    fn leaves(&self) -> usize {
        self.beat.leaves()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Verdict, Fault> {
        let mark = group.mark(C::NAME).await?;
        let result = self.beat.run(group).await;
        let verdict = match &result {
            Ok(Ok(_)) => Verdict::Kept,
            // A conflict or a refusal concerns this job alone; the database itself failing concerns the group.
            Ok(Err(_)) | Err(Fault::Conflict { .. } | Fault::SubjectErased) => Verdict::Undone,
            Err(_) => return result.map(|_| Verdict::Undone),
        };
        if matches!(verdict, Verdict::Undone) {
            group.back_to(mark).await?;
        }
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        Ok(verdict)
    }
}
