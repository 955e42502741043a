//! The other adults of a home: how many, the code of the notice for them, their cases, and what stands still meanwhile.

use async_trait::async_trait;
use broker_domain::household::{CapacityEnd, Household, HouseholdCaseKind, StandstillCause};
use broker_domain::ids::{ConsentId, ParticipantId, PointId, RightsRequestId};
use broker_domain::time::Instant;

use crate::StoreError;

/// Who else lives in the home of a point, and the code of its notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeRow {
    /// The point.
    pub point: PointId,
    /// Who.
    pub household: Household,
    /// When the person said so.
    pub said_at: Instant,
    /// The code of the notice, once she had one made.
    pub code: Option<HomeCodeRow>,
}

/// The code of the notice for a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeCodeRow {
    /// Keyed hash, by which it is found.
    pub hash: [u8; 32],
    /// Epoch of the data key.
    pub epoch: u32,
    /// The code, sealed under the data key of the person: she prints the notice again.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub made_at: Instant,
}

/// A request about rights that comes from another adult of a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdCaseRow {
    /// The request. Its participant is the person whose meter it is, who must not read its words.
    pub request: RightsRequestId,
    /// The point of the home.
    pub point: PointId,
    /// What it is.
    pub kind: HouseholdCaseKind,
    /// Keyed hash of the code by which the other adult reads the answer.
    pub code_hash: [u8; 32],
    /// Where she can be reached, if she said so: epoch of the data key, and the words sealed under it.
    pub contact: Option<(u32, Vec<u8>)>,
}

/// A sharing that stands still until an officer looked into it, or once did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandstillRow {
    /// The sharing.
    pub consent: ConsentId,
    /// Why.
    pub cause: StandstillCause,
    /// The case about it; `None` where none could be opened.
    pub case: Option<RightsRequestId>,
    /// Since when.
    pub began_at: Instant,
    /// Until when; as it began, where a case names a sharing that it does not stop.
    pub ended_at: Option<Instant>,
}

/// That a person died or cannot decide any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapacityRow {
    /// Who.
    pub participant: ParticipantId,
    /// Which of both.
    pub end: CapacityEnd,
    /// From when on her agreements do not hold.
    pub since: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The case for whoever acts for her.
    pub case: RightsRequestId,
    /// When all that follows from it was done.
    pub closed_at: Option<Instant>,
    /// When it was found to be a mistake.
    pub undone_at: Option<Instant>,
}

/// Reading homes.
#[async_trait]
pub trait HomeReads {
    /// Who else lives at a point; `None` where nobody said.
    async fn home(&mut self, point: PointId) -> Result<Option<HomeRow>, StoreError>;
    /// The home whose notice has this code.
    async fn home_by_code(&mut self, hash: [u8; 32]) -> Result<Option<HomeRow>, StoreError>;
    /// What makes a request one of another adult; `None` for a person's own.
    async fn household_case(
        &mut self,
        request: RightsRequestId,
    ) -> Result<Option<HouseholdCaseRow>, StoreError>;
    /// The case that is read with this code.
    async fn household_case_by_code(
        &mut self,
        hash: [u8; 32],
    ) -> Result<Option<HouseholdCaseRow>, StoreError>;
    /// The cases of all homes of a person, newest first, at most `limit`.
    async fn household_cases_of(
        &mut self,
        who: ParticipantId,
        limit: u32,
    ) -> Result<Vec<HouseholdCaseRow>, StoreError>;
    /// When a person said that she is of age.
    async fn age_stated_at(&mut self, who: ParticipantId) -> Result<Option<Instant>, StoreError>;
    /// What stands recorded of the end of a person's capacity, and is no mistake.
    async fn capacity_end(&mut self, who: ParticipantId) -> Result<Option<CapacityRow>, StoreError>;
    /// Everything that was ever recorded of it, newest first, at most `limit`.
    async fn capacity_ends(&mut self, limit: u32) -> Result<Vec<CapacityRow>, StoreError>;
    /// What is no mistake and from which not all followed yet, at most `limit`.
    async fn capacity_ends_due(&mut self, limit: u32) -> Result<Vec<CapacityRow>, StoreError>;
    /// Whenever a sharing stood still, in order.
    async fn standstills_of(&mut self, consent: ConsentId) -> Result<Vec<StandstillRow>, StoreError>;
    /// Those under way because a person said that it was not her, and that no case is about; the oldest first, at most `limit`.
    async fn standstills_without_case(&mut self, limit: u32) -> Result<Vec<StandstillRow>, StoreError>;
    /// The sharings that a case is about, in order.
    async fn standstills_of_case(&mut self, case: RightsRequestId) -> Result<Vec<StandstillRow>, StoreError>;
}

/// Writing homes.
#[async_trait]
pub trait HomeWrites {
    /// Says who else lives at a point. The code stays.
    async fn set_household(
        &mut self,
        point: PointId,
        household: Household,
        at: Instant,
    ) -> Result<(), StoreError>;
    /// Sets the code of a home. Where nobody said who lives there it is a conflict, and so is a code that is taken.
    async fn set_home_code(&mut self, point: PointId, code: &HomeCodeRow) -> Result<(), StoreError>;
    /// Notes that a person said that she is of age. Twice is a conflict.
    async fn state_age(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError>;
    /// Records the end of a person's capacity. One that stands already is a conflict.
    async fn add_capacity_end(&mut self, row: &CapacityRow) -> Result<(), StoreError>;
    /// Notes that all that follows from it was done. Twice is a conflict.
    async fn close_capacity_end(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError>;
    /// Notes that it was a mistake. None that stands is a conflict.
    async fn undo_capacity_end(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError>;
    /// Marks a request as one of another adult.
    async fn add_household_case(&mut self, row: &HouseholdCaseRow) -> Result<(), StoreError>;
    /// Notes that a sharing stands still. Two of one instant are a conflict.
    async fn add_standstill(&mut self, row: &StandstillRow) -> Result<(), StoreError>;
    /// Ties those that are under way without a case to one.
    async fn tie_standstills(&mut self, consent: ConsentId, case: RightsRequestId) -> Result<(), StoreError>;
    /// Ends the one of a sharing that began then. One that is over, or none, is a conflict.
    async fn end_standstill(
        &mut self,
        consent: ConsentId,
        began_at: Instant,
        at: Instant,
    ) -> Result<(), StoreError>;
}
