//! Withdrawals told to recipients: what each was told, and what it answered.

use async_trait::async_trait;
use broker_domain::ids::{ApplicationId, ConsentId, DossierId, NoticeId, OrganisationId, ParticipantId};
use broker_domain::time::Instant;

use crate::{Channel, StoreError};

/// What a recipient must do with data it received before (GDPR art. 4(7), 4(8), 17, 28(3)(g)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// A processor deletes, and attests it by a date.
    Delete,
    /// A controller deletes by a date, or keeps and states on which basis.
    DeleteOrState,
}

impl Duty {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Delete, Self::DeleteOrState];

    /// The code: the role of the recipient.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Delete => "processor",
            Self::DeleteOrState => "controller",
        }
    }

    /// The duty of this role.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|duty| duty.code() == code)
    }
}

/// How an application is told about withdrawals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRow {
    /// Which.
    pub application: ApplicationId,
    /// Where its webhook is.
    pub webhook_url: String,
    /// The key that its answers are verified with: a public JWK, Ed25519 or P-256.
    pub signing_jwk: String,
    /// What it must do.
    pub duty: Duty,
}

/// What is done about one withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DossierRow {
    /// Identifier.
    pub id: DossierId,
    /// The sharing that was withdrawn.
    pub consent: ConsentId,
    /// Whose.
    pub participant: ParticipantId,
    /// Who received.
    pub recipient: OrganisationId,
    /// When it was withdrawn.
    pub withdrawn_at: Instant,
    /// When the person asked that data received before be deleted.
    pub deletion_asked_at: Option<Instant>,
}

/// One recipient told about one withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// Identifier.
    pub id: NoticeId,
    /// About what.
    pub dossier: DossierRow,
    /// The application whose webhook is called; `None`: a letter goes to the organisation's contact.
    pub application: Option<ApplicationId>,
    /// What the recipient must do.
    pub duty: Duty,
    /// Until when it is to be acknowledged.
    pub acknowledge_by: Instant,
    /// When it is tried next; `None` when there is nothing to send.
    pub due_at: Option<Instant>,
    /// How often it was begun to be sent.
    pub attempts: u32,
    /// When it first reached the recipient.
    pub told_at: Option<Instant>,
    /// What the recipient answered.
    pub answer: Option<AnswerRow>,
    /// When the recipient attested that it deleted.
    pub attested_at: Option<Instant>,
}

/// What happens to data received before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastData {
    /// Deleted, at the latest then.
    Delete {
        /// When.
        by: Instant,
    },
    /// Kept, on this basis, in the recipient's words.
    Keep {
        /// The basis.
        basis: String,
    },
}

/// An acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// When it came.
    pub at: Instant,
    /// What it says.
    pub past_data: PastData,
    /// SHA-256 of the exact JWS.
    pub digest: [u8; 32],
}

/// Reading dossiers.
#[async_trait]
pub trait DossierReads {
    /// How an application is told, if it has a webhook.
    async fn route(&mut self, application: ApplicationId) -> Result<Option<RouteRow>, StoreError>;
    /// The routes of the applications of an organisation, in order of application.
    async fn routes_of(&mut self, organisation: OrganisationId) -> Result<Vec<RouteRow>, StoreError>;
    /// Everybody told in a dossier.
    async fn notices_in(&mut self, dossier: DossierId) -> Result<Vec<NoticeRow>, StoreError>;
    /// Everybody told about a sharing that was withdrawn.
    async fn notices_about(&mut self, consent: ConsentId) -> Result<Vec<NoticeRow>, StoreError>;
    /// Notices to be sent by `now` on one way, those due first first, at most `each` of one application or of the letters
    /// to one organisation, and at most `limit` in all.
    async fn notices_due(
        &mut self,
        channel: Channel,
        now: Instant,
        each: u32,
        limit: u32,
    ) -> Result<Vec<NoticeRow>, StoreError>;
    /// Notices that were begun to be sent, and how often, in order of identifier after `after`, at most `limit`.
    async fn notices_begun(
        &mut self,
        after: Option<NoticeId>,
        limit: u32,
    ) -> Result<Vec<(NoticeId, u32)>, StoreError>;
    /// Notices that wait for the recipient and whose time is over: not acknowledged in time, or a promised deletion that
    /// nobody attested. Oldest withdrawal first, at most `limit`.
    async fn notices_overdue(&mut self, now: Instant, limit: u32) -> Result<Vec<NoticeRow>, StoreError>;
    /// The exact JWS of an acknowledgement and of an attestation.
    async fn notice_proofs(
        &mut self,
        notice: NoticeId,
    ) -> Result<(Option<String>, Option<String>), StoreError>;
}

/// Writing dossiers.
#[async_trait]
pub trait DossierWrites {
    /// Sets or replaces how an application is told. An unknown application is a conflict.
    async fn set_route(&mut self, row: &RouteRow) -> Result<(), StoreError>;
    /// Opens a dossier. A sharing has one: a second is a conflict.
    async fn add_dossier(&mut self, row: &DossierRow) -> Result<(), StoreError>;
    /// Notes that the person asks for deletion. One asked before is a conflict.
    async fn ask_deletion(&mut self, dossier: DossierId, at: Instant) -> Result<(), StoreError>;
    /// Adds a recipient to be told.
    async fn add_notice_to(&mut self, row: &NoticeRow) -> Result<(), StoreError>;
    /// Notes that an attempt begins: one more, and the next not before `retry_at`; none, if that was the last.
    async fn begin_notice(&mut self, id: NoticeId, retry_at: Option<Instant>) -> Result<(), StoreError>;
    /// Notes that the recipient was reached, and when it is reminded unless it answers. The first time stays.
    async fn notice_told(
        &mut self,
        id: NoticeId,
        at: Instant,
        remind_at: Option<Instant>,
    ) -> Result<(), StoreError>;
    /// Keeps an acknowledgement; nothing is sent any more. A second one is a conflict.
    async fn acknowledge_notice(
        &mut self,
        id: NoticeId,
        answer: &AnswerRow,
        jws: &str,
    ) -> Result<(), StoreError>;
    /// Keeps an attestation. A second one is a conflict.
    async fn attest_notice(&mut self, id: NoticeId, at: Instant, jws: &str) -> Result<(), StoreError>;
}
