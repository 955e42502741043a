//! Summaries of a year, and objections to one project of research.

use async_trait::async_trait;
use broker_domain::ids::{ParticipantId, RequestId};
use broker_domain::time::{Instant, Interval};

use crate::{Serial, StoreError};

/// Somebody's objection to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectionRow {
    /// To which project.
    pub request: RequestId,
    /// When.
    pub at: Instant,
    /// Index of her record's leaf.
    pub leaf_index: u64,
}

/// Reading summaries and objections.
#[async_trait]
pub trait SummaryReads {
    /// The spans of a person's summaries, newest first.
    async fn summaries_of(&mut self, who: ParticipantId) -> Result<Vec<Interval>, StoreError>;
    /// When a person's next summary is due, where she wants one every year.
    async fn summary_due(&mut self, who: ParticipantId) -> Result<Option<Instant>, StoreError>;
    /// Whose summary is due by `now`, and since when; at most `limit`.
    async fn summaries_due(
        &mut self,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<(ParticipantId, Instant)>, StoreError>;
    /// The projects that a person objects to, newest first.
    async fn objections_of(&mut self, who: ParticipantId) -> Result<Vec<ObjectionRow>, StoreError>;
    /// Who objects to a project, in order of identifier.
    async fn objectors(&mut self, request: RequestId) -> Result<Vec<ParticipantId>, StoreError>;
}

/// Writing summaries and objections.
#[async_trait]
pub trait SummaryWrites {
    /// Adds a summary. One that ends at the same instant stays as it is. An unknown person is a conflict.
    async fn add_summary(&mut self, who: ParticipantId, span: &Interval) -> Result<(), StoreError>;
    /// Sets when the next one is due. An unknown person is a conflict.
    async fn set_summary_due(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError>;
    /// Forgets the wish for one every year; none is no conflict.
    async fn forget_summary_wish(&mut self, who: ParticipantId) -> Result<(), StoreError>;
    /// Adds an objection. A second one to the same project, or by somebody unknown, is a conflict.
    async fn add_objection(
        &mut self,
        who: ParticipantId,
        request: RequestId,
        at: Instant,
        serial: Serial,
    ) -> Result<(), StoreError>;
}
