//! What is out of the ordinary: unusual use of a sharing, and breaches with those they concern.

use async_trait::async_trait;
use broker_domain::breach::{AuthorityTold, Breach, BreachFacts, Scope};
use broker_domain::ids::{BreachId, ConsentId, OfficerId, ParticipantId};
use broker_domain::time::{Instant, Interval};
use broker_domain::volume::{DayOfUse, Unusual};

use crate::{Serial, StoreError};

/// A day on which something unusual was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnusualRow {
    /// Under which sharing.
    pub consent: ConsentId,
    /// The start of the day.
    pub day: Instant,
    /// What was unusual.
    pub unusual: Unusual,
    /// When it was noticed.
    pub noticed_at: Instant,
}

/// Where telling the people of a breach stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BreachCounts {
    /// Concerned and still known; whoever was erased is not counted any more.
    pub people: u64,
    /// Told so far: in their lists, and queued where they have an address.
    pub told: u64,
    /// Without an address: they learn it when they sign in, or by post.
    pub without_address: u64,
}

/// A breach as it concerns one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConcernedRow {
    /// The breach.
    pub breach: Breach,
    /// When she was told.
    pub told_at: Instant,
    /// Index of her record's leaf.
    pub leaf_index: u64,
}

/// Reading what is watched.
#[async_trait]
pub trait WatchReads {
    /// What was sent under each sharing in a span: those with so many transfers, or with so long a span of data in one of them, at
    /// least; in order of identifier after `after`, at most `limit`.
    async fn busy_sharings(
        &mut self,
        span: &Interval,
        least: DayOfUse,
        after: Option<ConsentId>,
        limit: u32,
    ) -> Result<Vec<(ConsentId, DayOfUse)>, StoreError>;
    /// What was sent under a sharing in a span.
    async fn use_of(&mut self, consent: ConsentId, span: &Interval) -> Result<DayOfUse, StoreError>;
    /// The instants of the newest transfers made under a sharing, newest first, at most `limit`.
    async fn accesses_of(&mut self, consent: ConsentId, limit: u32) -> Result<Vec<Instant>, StoreError>;
    /// What was unusual under a sharing, newest day first.
    async fn unusual_of(&mut self, consent: ConsentId) -> Result<Vec<UnusualRow>, StoreError>;
    /// What was unusual, newest first, at most `limit`, with whose sharing it is.
    async fn unusual(&mut self, limit: u32) -> Result<Vec<(ParticipantId, UnusualRow)>, StoreError>;
    /// A breach.
    async fn breach(&mut self, id: BreachId) -> Result<Option<Breach>, StoreError>;
    /// The register, newest first, at most `limit`.
    async fn breaches(&mut self, limit: u32) -> Result<Vec<Breach>, StoreError>;
    /// How many people a breach of this scope concerns, as far as is known now, and how many of them have no address.
    async fn concerned(&mut self, facts: &BreachFacts) -> Result<BreachCounts, StoreError>;
    /// Where telling them stands.
    async fn breach_counts(&mut self, id: BreachId) -> Result<BreachCounts, StoreError>;
    /// Whom nobody told yet, in order of both identifiers after `after`, at most `limit`.
    async fn breach_untold(
        &mut self,
        after: Option<(BreachId, ParticipantId)>,
        limit: u32,
    ) -> Result<Vec<(BreachId, ParticipantId)>, StoreError>;
    /// The breaches that a person was told of, newest first.
    async fn breaches_of(&mut self, who: ParticipantId) -> Result<Vec<ConcernedRow>, StoreError>;
}

/// Writing what is watched.
#[async_trait]
pub trait WatchWrites {
    /// Notes something unusual. Noted again, what was found grows and nothing else changes.
    async fn note_unusual(&mut self, row: &UnusualRow) -> Result<(), StoreError>;
    /// Writes a breach down.
    async fn add_breach(&mut self, breach: &Breach) -> Result<(), StoreError>;
    /// Changes what was written. Once people are told, a conflict.
    async fn set_breach(&mut self, id: BreachId, facts: &BreachFacts) -> Result<(), StoreError>;
    /// Notes what the authority was told; a second time is a conflict.
    async fn set_authority_told(&mut self, id: BreachId, told: &AuthorityTold) -> Result<(), StoreError>;
    /// Decides that people are told: keeps whom, and gives how many. Decided so before, a conflict; why they were not told at first
    /// stays.
    async fn begin_breach_notice(
        &mut self,
        id: BreachId,
        by: OfficerId,
        at: Instant,
    ) -> Result<u64, StoreError>;
    /// Decides that people are not told. Decided before, a conflict.
    async fn leave_untold(&mut self, id: BreachId, reason: &str) -> Result<(), StoreError>;
    /// Notes that a person was told, by this record. Told before, or erased meanwhile, a conflict.
    async fn breach_told(
        &mut self,
        id: BreachId,
        who: ParticipantId,
        at: Instant,
        serial: Serial,
    ) -> Result<(), StoreError>;
}

/// The code of a scope in the database.
#[must_use]
pub const fn scope_code(scope: Scope) -> &'static str {
    match scope {
        Scope::All => "all",
        Scope::Recipient(_) => "recipient",
        Scope::Consent(_) | Scope::Erased => "consent",
        Scope::Gateway(_) => "gateway",
    }
}
