//! Companies and public bodies: what they are, their places, and what makes a consent of theirs a permission.

use async_trait::async_trait;
use broker_domain::ids::{ConsentId, Digest, GrantId, ParticipantId, PointId};
use broker_domain::legal::{LegalKind, Shows};
use broker_domain::time::Instant;

use crate::{PointRow, StoreError};

/// What makes a participant a legal person.
#[derive(Clone, PartialEq, Eq)]
pub struct LegalPersonRow {
    /// Which.
    pub participant: ParticipantId,
    /// What it is.
    pub kind: LegalKind,
    /// Keyed hash of its number in the register of companies.
    pub number_index: [u8; 32],
    /// That number, sealed under its data key.
    pub number_sealed: Vec<u8>,
    /// When it was enrolled.
    pub added_at: Instant,
}

/// The place of a point of a legal person.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteRow {
    /// The point.
    pub point: PointRow,
    /// What the place is called, sealed under the data key.
    pub name_sealed: Vec<u8>,
    /// Whose life the point shows.
    pub shows: Shows,
}

/// What makes a consent a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PermissionRow {
    /// The act in which it was given.
    pub grant: GrantId,
    /// Digest of the list of its points.
    pub list: Digest,
    /// How many they were.
    pub points: u32,
}

/// Reading legal persons.
#[async_trait]
pub trait LegalReads {
    /// What makes a participant a legal person; `None` for a person.
    async fn legal_person(&mut self, who: ParticipantId) -> Result<Option<LegalPersonRow>, StoreError>;
    /// Whoever has this number in the register.
    async fn legal_person_of_number(&mut self, index: [u8; 32]) -> Result<Option<ParticipantId>, StoreError>;
    /// Those that were enrolled before an instant, newest first, at most `limit`.
    async fn legal_persons(&mut self, before: Instant, limit: u32)
    -> Result<Vec<LegalPersonRow>, StoreError>;
    /// The places of a legal person, oldest first.
    async fn sites_of(&mut self, who: ParticipantId) -> Result<Vec<SiteRow>, StoreError>;
    /// One place.
    async fn site(&mut self, point: PointId) -> Result<Option<SiteRow>, StoreError>;
    /// What makes a consent a permission; `None` for the consent of a person.
    async fn permission(&mut self, consent: ConsentId) -> Result<Option<PermissionRow>, StoreError>;
    /// For which points the terms of this value wait, with the consents they would make; empty for terms about one point.
    async fn intent_list(&mut self, nonce: [u8; 32]) -> Result<Vec<(ConsentId, PointId)>, StoreError>;
}

/// Writing legal persons.
#[async_trait]
pub trait LegalWrites {
    /// Makes a participant a legal person. Twice, or a number that is known, is a conflict.
    async fn add_legal_person(&mut self, row: &LegalPersonRow) -> Result<(), StoreError>;
    /// Adds a point that is the legal person's no more from the start, because it shows the life of a person: whoever lives there may
    /// have enrolled it.
    async fn add_point_aside(&mut self, row: &PointRow, at: Instant) -> Result<(), StoreError>;
    /// Adds the place of a point that was added before; `row.point` tells which.
    async fn add_site(&mut self, row: &SiteRow) -> Result<(), StoreError>;
    /// Says that a point shows the life of a person. One that does already is a conflict.
    async fn set_site_aside(&mut self, point: PointId) -> Result<(), StoreError>;
    /// Makes a consent a permission. Twice is a conflict.
    async fn add_permission(&mut self, consent: ConsentId, row: PermissionRow) -> Result<(), StoreError>;
    /// Adds the points of terms that wait, with the consents they would make; not empty.
    async fn add_intent_list(
        &mut self,
        nonce: [u8; 32],
        list: &[(ConsentId, PointId)],
    ) -> Result<(), StoreError>;
}
