//! People, their delivery points, and their wrapped data keys.

use async_trait::async_trait;
use broker_domain::consent::Occupancy;
use broker_domain::ids::{ParticipantId, PointId};
use broker_domain::time::Instant;

use crate::StoreError;

/// A participant. Names stay sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantRow {
    /// Identifier.
    pub id: ParticipantId,
    /// Small number, given once, never reused: the position in membership bitmaps.
    pub ordinal: u32,
    /// Preferred language, `fr`, `en` or `nl`.
    pub language: String,
    /// Name and address, sealed under the participant's data key.
    pub profile_sealed: Vec<u8>,
    /// When the participant joined.
    pub created_at: Instant,
}

/// A delivery point: one occupancy of one meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointRow {
    /// Identifier.
    pub id: PointId,
    /// Whose.
    pub participant: ParticipantId,
    /// Keyed index of the meter number (HMAC-SHA-256): finds the point without storing the number.
    pub number_index: [u8; 32],
    /// The meter number, sealed under the participant's data key.
    pub number_sealed: Vec<u8>,
    /// When it was added.
    pub created_at: Instant,
    /// How long the person lives there, as far as is known.
    pub occupancy: Occupancy,
}

/// A data key, wrapped with `age`. Destroying every row of a participant is how readings are erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKeyRow {
    /// Whose.
    pub participant: ParticipantId,
    /// 1, 2, 3, …
    pub epoch: u32,
    /// The age file that holds the key.
    pub wrapped: Vec<u8>,
}

/// Reading people.
#[async_trait]
pub trait ParticipantReads {
    /// One participant; `None` also for an erased one.
    async fn participant(&mut self, id: ParticipantId) -> Result<Option<ParticipantRow>, StoreError>;
    /// Participants in order of their ordinal, after `after`, at most `limit`.
    async fn participants(&mut self, after: u32, limit: u32) -> Result<Vec<ParticipantRow>, StoreError>;
    /// How many participants are enrolled.
    async fn participant_count(&mut self) -> Result<u32, StoreError>;
    /// One point.
    async fn point(&mut self, id: PointId) -> Result<Option<PointRow>, StoreError>;
    /// The points of a participant, oldest first.
    async fn points_of(&mut self, participant: ParticipantId) -> Result<Vec<PointRow>, StoreError>;
    /// The newest data key of a participant.
    async fn newest_key(&mut self, participant: ParticipantId) -> Result<Option<WrappedKeyRow>, StoreError>;
    /// The data key of one epoch.
    async fn key(
        &mut self,
        participant: ParticipantId,
        epoch: u32,
    ) -> Result<Option<WrappedKeyRow>, StoreError>;
}

/// Writing people.
#[async_trait]
pub trait ParticipantWrites {
    /// Adds a participant and gives the ordinal; `row.ordinal` is ignored.
    async fn add_participant(&mut self, row: &ParticipantRow) -> Result<u32, StoreError>;
    /// Adds a point. The number of a meter where somebody lives, as far as is known, is a conflict.
    async fn add_point(&mut self, row: &PointRow) -> Result<(), StoreError>;
    /// Adds a data key.
    async fn add_key(&mut self, row: &WrappedKeyRow) -> Result<(), StoreError>;
    /// Deletes everything that links to the person, wrapped keys first: profile, points' numbers, batches, transfers,
    /// consents, gateways' keys, sessions, and the row itself; the ordinal is not given again. A scrub is due from then on.
    /// Records, salts and the subject key go with [`crate::LedgerWrites::erase_subject`]. An unknown person is a conflict.
    async fn erase_participant(&mut self, id: ParticipantId) -> Result<(), StoreError>;
}
