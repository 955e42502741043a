//! The ports through which the broker stores and reads, and their contract suite.
//!
//! [`Store::begin`] opens the one writing transaction and names it after its use case; the name stands in the rows it
//! writes. What a transaction wrote is durable when [`Tx::commit`] returns and visible to every later read. A dropped
//! transaction leaves no trace. Not found is `Ok(None)`; the caller decides what that means.
//!
//! What this crate deliberately does not: SQL (see the implementations), encryption (readings arrive sealed), or
//! decisions (see `broker-domain`).

mod accounts;
mod consents;
#[cfg(feature = "contract")]
pub mod contract;
mod disclosures;
mod dossiers;
mod entered;
mod error;
mod gateways;
mod homes;
mod households;
mod intake;
mod ledger;
mod legal;
mod mandates;
mod members;
mod messages;
mod participants;
mod phones;
mod projects;
mod research;
mod restore;
mod rights;
mod sessions;
mod sign_in;
mod summaries;
mod tellings;
mod transfers;
mod watched;

use std::sync::Arc;

use async_trait::async_trait;
use broker_domain::consent::Consent;
use broker_domain::ids::ConsentId;

pub use accounts::{AccountReads, AccountRow, AccountWrites, IdentityRow, PasskeyRow, RecoveryCodeRow};
pub use consents::{
    ActRow, ConsentReads, ConsentWrites, IntentRow, Notice, OfferRow, RecordedEvent, ServedRow,
};
pub use disclosures::{Disclosed, DisclosureReads, DisclosureRow, DisclosureWrites, ManifestRow};
pub use dossiers::{AnswerRow, DossierReads, DossierRow, DossierWrites, Duty, NoticeRow, PastData, RouteRow};
pub use entered::{
    DecidedSteps, EnrolmentFormRow, EnteredReads, EnteredRow, EnteredWrites, SealedReason, StopCodeRow,
};
pub use error::StoreError;
pub use gateways::{EnrolmentCode, GatewayReads, GatewayRow, GatewayWrites};
pub use homes::{CapacityRow, HomeCodeRow, HomeReads, HomeRow, HomeWrites, HouseholdCaseRow, StandstillRow};
pub use households::{HouseholdReads, HouseholdWrites, OccupancyRow};
pub use intake::{InboundRow, IntakeReads, IntakeWrites};
// The lock store is a port of the ledger; a backend brings both.
pub use ledger_log::{LockStore, LogId, StoreFault, Swap};

pub use ledger::{HeadRow, LeafRow, LedgerReads, LedgerWrites, RecordRow, SegmentRow, Serial, SubjectRow};
pub use legal::{LegalPersonRow, LegalReads, LegalWrites, PermissionRow, SiteRow};
pub use mandates::{DelegatedAct, DelegatedRow, MandateReads, MandateRow, MandateWrites, SealedNames};
pub use members::{ApplicationRow, MemberReads, MemberWrites, OfficerRow, OrganisationRow, ResearcherRow};
pub use messages::{
    MailAddressRow, MailPendingRow, MessageCounts, MessageEnd, MessageKind, MessageReads, MessageRow,
    MessageWrites,
};
pub use participants::{ParticipantReads, ParticipantRow, ParticipantWrites, PointRow, WrappedKeyRow};
pub use phones::{PhonePendingRow, PhoneReads, PhoneRow, PhoneWrites};
pub use projects::{ProjectReads, ProjectScope, ProjectWrites, ToldUpto, UntoldMember};
pub use research::{DatasetRow, MembershipRow, ReleaseFiles, ReleaseRow, ResearchReads, ResearchWrites};
pub use restore::{RestoreReads, RestoreWrites};
pub use rights::{OwnScope, RightsReads, RightsRow, RightsWordsRow, RightsWrites};
pub use sessions::{Proof, ProvedBy, SessionReads, SessionRole, SessionRow, SessionWrites};
pub use sign_in::{
    AttemptKind, Attempts, CeremonyKind, CeremonyOwner, CeremonyRow, InvitationKind, InvitationRow,
    OpenCeremonies, SignInKind, SignInReads, SignInRow, SignInWrites,
};
pub use summaries::{ObjectionRow, SummaryReads, SummaryWrites};
pub use tellings::{
    Addressee, Channel, StuckRow, TellingBody, TellingCounts, TellingEnd, TellingReads, TellingRow,
    TellingWrites,
};
pub use transfers::{
    BatchRow, Direction, FlowFilter, Outcome, Page, TransferReads, TransferRow, TransferWrites,
};
pub use watched::{BreachCounts, ConcernedRow, UnusualRow, WatchReads, WatchWrites, scope_code};

/// Everything that can be read.
#[async_trait]
pub trait Read:
    AccountReads
    + ConsentReads
    + DisclosureReads
    + DossierReads
    + EnteredReads
    + GatewayReads
    + HomeReads
    + HouseholdReads
    + IntakeReads
    + LedgerReads
    + LegalReads
    + MandateReads
    + MemberReads
    + MessageReads
    + ParticipantReads
    + PhoneReads
    + ProjectReads
    + ResearchReads
    + RestoreReads
    + RightsReads
    + SessionReads
    + SignInReads
    + SummaryReads
    + TellingReads
    + TransferReads
    + WatchReads
    + Send
{
    /// Whether something was erased whose bytes may still stand in files: [`Store::scrub`] is to be called.
    ///
    /// # Errors
    /// When the store fails.
    async fn scrub_is_due(&mut self) -> Result<bool, StoreError>;
}

/// A named transaction: reads see its own writes, nobody else does before [`Tx::commit`].
#[async_trait]
pub trait Tx:
    Read
    + AccountWrites
    + ConsentWrites
    + DisclosureWrites
    + DossierWrites
    + EnteredWrites
    + GatewayWrites
    + HomeWrites
    + HouseholdWrites
    + IntakeWrites
    + LedgerWrites
    + LegalWrites
    + MandateWrites
    + MemberWrites
    + MessageWrites
    + ParticipantWrites
    + PhoneWrites
    + ProjectWrites
    + ResearchWrites
    + RestoreWrites
    + RightsWrites
    + SessionWrites
    + SignInWrites
    + SummaryWrites
    + TellingWrites
    + TransferWrites
    + WatchWrites
    + Send
{
    /// Marks a place to come back to. Marks do not nest.
    ///
    /// # Errors
    /// When the store fails.
    async fn mark(&mut self) -> Result<(), StoreError>;

    /// Undoes everything since the mark: one failed job leaves no trace in a group of others.
    ///
    /// # Errors
    /// When the store fails.
    async fn back_to_mark(&mut self) -> Result<(), StoreError>;

    /// Gives the mark up: what follows is undone with the whole transaction only, and need not be kept undoable.
    ///
    /// # Errors
    /// When the store fails.
    async fn forget_mark(&mut self) -> Result<(), StoreError>;

    /// Whether the rows fit together, as [`Tx::commit`] would look.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when they do not.
    async fn check(&mut self) -> Result<(), StoreError>;

    /// Makes everything durable and visible.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when rows do not fit together: then nothing was written, surely. Any other error leaves
    /// open whether it was; the next read tells.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// One backend.
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a consistent view for reading.
    ///
    /// # Errors
    /// When the store fails.
    async fn read(&self) -> Result<Box<dyn Read + '_>, StoreError>;

    /// A consent as a view opened now would show it: what every transfer is decided by.
    ///
    /// A backend may answer from memory, if the answer is never older than the newest commit that was visible to a view
    /// when the call began: a withdrawal that was committed is seen by the very next call (invariant I5).
    ///
    /// # Errors
    /// When the store fails.
    async fn consent_now(&self, id: ConsentId) -> Result<Option<Arc<Consent>>, StoreError> {
        Ok(self.read().await?.consent(id).await?.map(Arc::new))
    }

    /// Opens the writing transaction; waits while another is open.
    ///
    /// # Errors
    /// When the store fails.
    async fn begin(&self, name: &'static str) -> Result<Box<dyn Tx + '_>, StoreError>;

    /// Makes erased bytes unreadable in files: empties the log of the database and rewrites its free pages.
    /// [`Read::scrub_is_due`] from the erasure until this has returned, also across a crash.
    ///
    /// # Errors
    /// When the store fails; erasure is then not complete and must be repeated.
    async fn scrub(&self) -> Result<(), StoreError>;
}
