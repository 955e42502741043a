//! Mandates: who may act for whom, what was done under them, and for whom a session acts.

use async_trait::async_trait;
use broker_domain::ids::{ConsentId, Digest, MandateId, ParticipantId, PointId, SessionId};
use broker_domain::mandate::{Acting, Capacity, Ended, Held, Joint, Mandate};
use broker_domain::time::Instant;
use jiff::civil::Date;

use crate::{Serial, StoreError};

/// A mandate with what only its two sides may read.
#[derive(Clone, PartialEq, Eq)]
pub struct MandateRow {
    /// The mandate.
    pub mandate: Mandate,
    /// Keyed hash of the code that accepts it; `None` once it was accepted or ended.
    pub code_hash: Option<[u8; 32]>,
    /// Who was enrolled with that code: nobody else accepts it then.
    pub newcomer: Option<ParticipantId>,
    /// What the person calls whoever acts, and her own name, under her data key.
    pub names: SealedNames,
    /// The name of whoever acts, under that one's data key; from the acceptance on.
    pub delegate_name: Option<SealedNames>,
}

/// A sealed text with the epoch of its key.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedNames {
    /// Epoch of the data key.
    pub epoch: u32,
    /// The text, sealed.
    pub sealed: Vec<u8>,
}

/// Who did the event of a consent in the person's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DelegatedRow {
    /// Number of the event.
    pub seq: u32,
    /// Under which mandate.
    pub mandate: MandateId,
    /// Who acted.
    pub delegate: ParticipantId,
    /// As what.
    pub capacity: Capacity,
}

impl DelegatedRow {
    /// That whoever acts did the event of this number.
    #[must_use]
    pub const fn of(acting: Acting, seq: u32) -> Self {
        Self {
            seq,
            mandate: acting.mandate(),
            delegate: acting.delegate(),
            capacity: acting.capacity(),
        }
    }
}

/// An event done under a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DelegatedAct {
    /// Of which consent.
    pub consent: ConsentId,
    /// Number of the event in it.
    pub seq: u32,
    /// When it was recorded.
    pub at: Instant,
    /// Digest of the record that it made.
    pub record: Digest,
}

/// Reading mandates.
#[async_trait]
pub trait MandateReads {
    /// One mandate.
    async fn mandate(&mut self, id: MandateId) -> Result<Option<MandateRow>, StoreError>;
    /// The mandate that a code accepts.
    async fn mandate_of_code(&mut self, code_hash: [u8; 32]) -> Result<Option<MandateRow>, StoreError>;
    /// Those that a person gave, newest first; at most `limit`.
    async fn mandates_given(
        &mut self,
        person: ParticipantId,
        limit: u32,
    ) -> Result<Vec<MandateRow>, StoreError>;
    /// Those that somebody holds, or that are kept for her, newest first; at most `limit`.
    async fn mandates_held(
        &mut self,
        delegate: ParticipantId,
        limit: u32,
    ) -> Result<Vec<MandateRow>, StoreError>;
    /// Those about a contract that several hold, newest first, over or not; at most 100.
    async fn holders_of(&mut self, point: PointId) -> Result<Vec<MandateRow>, StoreError>;
    /// The days on which somebody looked under a mandate, latest first; at most `limit`.
    async fn mandate_looks(&mut self, id: MandateId, limit: u32) -> Result<Vec<Date>, StoreError>;
    /// Which events of a consent somebody else did, in order.
    async fn delegated_events(&mut self, consent: ConsentId) -> Result<Vec<DelegatedRow>, StoreError>;
    /// What was done under a mandate, latest first; at most `limit`.
    async fn acts_under(&mut self, id: MandateId, limit: u32) -> Result<Vec<DelegatedAct>, StoreError>;
    /// The mandate under which a session acts, in force or not; `None` for whoever acts for herself.
    async fn acting(&mut self, session: SessionId) -> Result<Option<MandateRow>, StoreError>;
}

/// Writing mandates.
#[async_trait]
pub trait MandateWrites {
    /// Sets who must agree, and what was asked for, of one about this meter.
    async fn set_joint_rule(&mut self, id: MandateId, joint: &Joint) -> Result<(), StoreError>;
    /// Adds one that nobody holds. A code that is known already is a conflict.
    async fn add_mandate(&mut self, row: &MandateRow) -> Result<(), StoreError>;
    /// Says who holds it; its code is worth nothing from then on. One that is held or ended is a conflict, and so is one kept for
    /// somebody who was enrolled with its code, and one's own.
    async fn accept_mandate(
        &mut self,
        id: MandateId,
        held: Held,
        name: &SealedNames,
    ) -> Result<(), StoreError>;
    /// Ends it; its code is worth nothing from then on. Twice is a conflict.
    async fn end_mandate(&mut self, id: MandateId, ended: Ended) -> Result<(), StoreError>;
    /// Keeps one that nobody holds for somebody who was enrolled with its code. Twice is a conflict.
    async fn keep_mandate_for(&mut self, id: MandateId, newcomer: ParticipantId) -> Result<(), StoreError>;
    /// Notes that its holder looked on a day, with the record of it. Twice on one day is a conflict.
    async fn note_look(&mut self, id: MandateId, day: Date, serial: Serial) -> Result<(), StoreError>;
    /// Says who did an event of a consent.
    async fn add_delegated_event(&mut self, consent: ConsentId, row: DelegatedRow) -> Result<(), StoreError>;
    /// Has a session act under a mandate, or for its own person. An unknown session is a conflict.
    async fn set_acting(&mut self, session: SessionId, id: Option<MandateId>) -> Result<(), StoreError>;
}
