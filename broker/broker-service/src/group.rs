//! The commit beat: jobs run one after the other inside the writing transaction, and draft their records there.
//!
//! A job does not learn where its leaves will stand: they are shuffled when the group closes. Its rows name records by
//! their serials, and its caller is told the places afterwards.

mod carrier;
mod close;
mod serials;
mod stock;

use std::collections::HashMap;

use broker_domain::ids::{Digest, GatewayId, SubjectId};
use broker_domain::time::{Entropy, Instant};
use broker_store::{HeadRow, InboundRow, RecordRow, Serial, StoreError, Tx};
use evidence::bundle::leaf_of;
use evidence::jws::Jws;
use evidence::record::Record;
use ledger_core::leaf::{ActorClass, ErasureHandle, RecordNumber, Salt, SubjectKey};

use crate::failure::Fault;
pub(crate) use carrier::{Carrier, Commit, Halt, Job, Places, Recorded, Shown, Verdict};
use serials::Serials;
pub(crate) use stock::Footprint;
use stock::Stock;

/// A use case appended more leaves than it had said.
const MORE_THAN_SAID: Fault = Fault::Corrupt {
    what: "number of leaves of a job",
};

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

/// The writing transaction of a group, and what its jobs have drafted so far.
pub(crate) struct Group<'a> {
    pub tx: &'a mut dyn Tx,
    pub now: Instant,
    name: &'static str,
    entropy: &'a dyn Entropy,
    serials: Serials,
    drafted: Vec<Drafted>,
    /// The subjects that the group has drafted records of, with the numbers those took.
    subjects: HashMap<SubjectId, Numbers>,
    /// Details that the running job erased, with their places among the drafts: given back if the job is undone.
    erased: Vec<(usize, RecordRow)>,
    /// Rows read ahead for the intakes that run now.
    stock: Option<Stock>,
    /// What intakes came to, not written yet.
    inbound: Vec<InboundRow>,
    seen: Vec<(GatewayId, Instant)>,
}

/// A leaf without a place.
struct Drafted {
    serial: Serial,
    bytes: Vec<u8>,
    /// The erasable detail, without the place; `None` for leaves of the log itself, and when its subject was erased
    /// later in the same group.
    detail: Option<RecordRow>,
}

/// Key and numbers of a subject, read once a group.
struct Numbers {
    key: SubjectKey,
    newest: u64,
}

/// Where a group stood before a job, to come back to when the job fails.
pub(crate) struct Mark {
    drafted: usize,
    serials: usize,
    inbound: usize,
    seen: usize,
}

impl<'a> Group<'a> {
    /// A group that appends at most `leaves` leaves after `head`.
    ///
    /// # Errors
    /// When there is no randomness to shuffle with.
    pub fn new(
        tx: &'a mut dyn Tx,
        entropy: &'a dyn Entropy,
        now: Instant,
        head: Option<&HeadRow>,
        leaves: usize,
    ) -> Result<Self, Fault> {
        let first = head.map_or(Serial(0), |head| head.next_serial);
        Ok(Self {
            tx,
            now,
            name: "",
            entropy,
            serials: Serials::shuffled(first, leaves, entropy)?,
            drafted: Vec::new(),
            subjects: HashMap::new(),
            erased: Vec::new(),
            stock: None,
            inbound: Vec::new(),
            seen: Vec::new(),
        })
    }

    /// Marks a place to come back to and names the job that starts here.
    pub async fn mark(&mut self, name: &'static str) -> Result<Mark, StoreError> {
        self.tx.mark().await?;
        self.name = name;
        self.erased.clear();
        Ok(Mark {
            drafted: self.drafted.len(),
            serials: self.serials.taken(),
            inbound: self.inbound.len(),
            seen: self.seen.len(),
        })
    }

    /// Undoes everything since the mark.
    pub async fn back_to(&mut self, mark: &Mark) -> Result<(), StoreError> {
        self.tx.back_to_mark().await?;
        let undone = self.drafted.split_off(mark.drafted);
        self.serials.give_back(mark.serials);
        self.inbound.truncate(mark.inbound);
        self.seen.truncate(mark.seen);
        for (place, row) in self.erased.drain(..) {
            if let Some(one) = self.drafted.get_mut(place) {
                one.detail = Some(row);
            }
        }
        // The job may have taken numbers of subjects: look those up again. Subjects that it added are among them, or
        // were never looked up; those that it erased are forgotten already.
        for row in undone.iter().filter_map(|one| one.detail.as_ref()) {
            self.subjects.remove(&row.subject);
        }
        Ok(())
    }

    /// Drafts one subject leaf and its erasable detail.
    ///
    /// # Errors
    /// [`Fault::SubjectErased`] when the subject is unknown or erased, [`Fault::Store`] when the store fails.
    pub async fn append(&mut self, draft: &Draft) -> Result<Serial, Fault> {
        if !self.subjects.contains_key(&draft.subject) {
            let row = self.tx.subject(draft.subject).await?;
            let row = row.ok_or(Fault::SubjectErased)?;
            // Only after a job was undone are there drafts of a subject that was not looked up.
            let drafted = self.drafted.iter().filter_map(|one| one.detail.as_ref());
            let drafted = drafted
                .filter(|one| one.subject == draft.subject)
                .map(|one| one.n);
            let numbers = Numbers {
                key: SubjectKey::new(row.key),
                newest: drafted.max().unwrap_or(row.newest),
            };
            self.subjects.insert(draft.subject, numbers);
        }
        let numbers = self.subjects.get_mut(&draft.subject);
        let numbers = numbers.ok_or(Fault::SubjectErased)?;
        let number = numbers.newest.checked_add(1).ok_or(Fault::LogFull)?;
        let n = RecordNumber::new(number).ok_or(Fault::LogFull)?;
        let mut salt = [0_u8; 64];
        self.entropy.fill(&mut salt)?;
        let SignedRecord { record, jws } = &draft.signed;
        let leaf = leaf_of(record, jws, draft.actor, &numbers.key, n, &Salt::new(salt));
        let leaf = leaf.ok_or(Fault::Corrupt {
            what: "record instant",
        })?;
        let serial = self.serials.next().ok_or(MORE_THAN_SAID)?;
        numbers.newest = number;
        self.drafted.push(Drafted {
            serial,
            bytes: leaf.to_bytes().to_vec(),
            detail: Some(RecordRow {
                serial,
                leaf_index: 0,
                subject: draft.subject,
                n: number,
                kind: leaf.kind.number(),
                record: jws.as_str().as_bytes().to_vec(),
                salt,
                written_by: self.name.to_owned(),
                recorded_at: self.now,
            }),
        });
        Ok(serial)
    }

    /// Drafts a leaf of the log itself.
    pub fn append_leaf(&mut self, bytes: Vec<u8>) -> Result<Serial, Fault> {
        let serial = self.serials.next().ok_or(MORE_THAN_SAID)?;
        self.drafted.push(Drafted {
            serial,
            bytes,
            detail: None,
        });
        Ok(serial)
    }

    /// The erasure handle of a subject, while its key exists.
    pub async fn erasure_handle(&mut self, subject: SubjectId) -> Result<Option<ErasureHandle>, StoreError> {
        let row = self.tx.subject(subject).await?;
        Ok(row.map(|row| SubjectKey::new(row.key).erasure_handle()))
    }

    /// Deletes records, salts and key of a subject, also of records that this very group has drafted: their leaves
    /// stay, as everybody's do. Gives the number of records erased.
    pub async fn erase_subject(&mut self, subject: SubjectId) -> Result<u64, Fault> {
        let mut erased = self.tx.erase_subject(subject).await?;
        for (place, one) in self.drafted.iter_mut().enumerate() {
            if let Some(row) = one.detail.take_if(|row| row.subject == subject) {
                erased = erased.saturating_add(1);
                self.erased.push((place, row));
            }
        }
        self.subjects.remove(&subject);
        Ok(erased)
    }
}
