//! What people ask about their rights, and the days on which they looked at or took their own readings.

use async_trait::async_trait;
use broker_domain::ids::{ParticipantId, RightsRequestId};
use broker_domain::rights::{Author, RightsRequest, RightsState, WordKind};
use broker_domain::time::Instant;
use jiff::civil::Date;

use crate::{Serial, StoreError};

/// A request with the leaves of its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsRow {
    /// The request.
    pub request: RightsRequest,
    /// Index of the leaf that says when it arrived.
    pub received_leaf: u64,
    /// Index of the leaf that says that it was taken up.
    pub taken_leaf: Option<u64>,
    /// Index of the leaf that says that it was answered.
    pub answered_leaf: Option<u64>,
}

/// Something written in a request, sealed under the data key of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsWordsRow {
    /// Its place: 0, 1, 2, … without a gap.
    pub place: u32,
    /// Who wrote it.
    pub author: Author,
    /// What it is.
    pub kind: WordKind,
    /// When.
    pub at: Instant,
    /// Epoch of the data key.
    pub epoch: u32,
    /// The words.
    pub sealed: Vec<u8>,
    /// Index of the leaf that says that they were written; 0 when they are added.
    pub leaf: u64,
}

/// How a person came to her own readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnScope {
    /// She looked at them.
    Look,
    /// She took a copy.
    Copy,
}

impl OwnScope {
    /// The scope in records and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Look => "own-readings",
            Self::Copy => "own-copy",
        }
    }
}

/// Reading requests and looks.
#[async_trait]
pub trait RightsReads {
    /// What was written in a request, in order.
    async fn rights_words(&mut self, id: RightsRequestId) -> Result<Vec<RightsWordsRow>, StoreError>;
    /// Requests whose words still stand in clear, from before they were sealed, at most `limit`.
    async fn rights_in_clear(&mut self, limit: u32) -> Result<Vec<RightsRow>, StoreError>;
    /// One request.
    async fn rights_request(&mut self, id: RightsRequestId) -> Result<Option<RightsRow>, StoreError>;
    /// A person's requests, newest first, at most `limit`.
    async fn rights_requests_of(
        &mut self,
        who: ParticipantId,
        limit: u32,
    ) -> Result<Vec<RightsRow>, StoreError>;
    /// Requests that wait for an answer, the earliest due first, at most `limit`.
    async fn rights_requests_open(&mut self, limit: u32) -> Result<Vec<RightsRow>, StoreError>;
    /// Requests that were answered, the newest answer first, at most `limit`.
    async fn rights_requests_answered(&mut self, limit: u32) -> Result<Vec<RightsRow>, StoreError>;
    /// Whether it is noted that she came to her readings in this way on this day of the place.
    async fn own_access_noted(
        &mut self,
        who: ParticipantId,
        scope: OwnScope,
        day: Date,
    ) -> Result<bool, StoreError>;
}

/// Writing requests and looks.
#[async_trait]
pub trait RightsWrites {
    /// Adds words to a request, with the record that says so. A place that is taken is a conflict.
    async fn add_rights_words(
        &mut self,
        id: RightsRequestId,
        row: &RightsWordsRow,
        serial: Serial,
    ) -> Result<(), StoreError>;
    /// Sets the clock of a request that was not answered, if it still is as `before`. Otherwise a conflict.
    async fn set_rights_clock(
        &mut self,
        before: &RightsRequest,
        after: &RightsRequest,
    ) -> Result<(), StoreError>;
    /// Seals words that stood in clear: adds them, and empties what stood there. `serial` is that of each one's own step.
    async fn seal_rights_words(
        &mut self,
        id: RightsRequestId,
        rows: &[RightsWordsRow],
    ) -> Result<(), StoreError>;
    /// Adds a request that was just received, with its record.
    async fn add_rights_request(&mut self, request: &RightsRequest, serial: Serial)
    -> Result<(), StoreError>;
    /// Moves a request to a later state, with the record of that step. A state that is not later is a conflict: so of
    /// two officers at once the second must read again.
    async fn advance_rights_request(
        &mut self,
        id: RightsRequestId,
        state: &RightsState,
        serial: Serial,
    ) -> Result<(), StoreError>;
    /// Notes that she came to her readings. Twice on one day in one way is a conflict.
    async fn note_own_access(
        &mut self,
        who: ParticipantId,
        scope: OwnScope,
        day: Date,
        serial: Serial,
    ) -> Result<(), StoreError>;
}
