//! What recipients and our own staff are told and need not answer: a change of a sharing, an erasure, a request that is
//! due. What must be answered is in [`crate::dossiers`].

use async_trait::async_trait;
use broker_domain::ids::{ApplicationId, NoticeId, OfficerId, OrganisationId, ParticipantId};
use broker_domain::time::Instant;

use crate::StoreError;

/// By which way recipients are told. Each has a queue of its own: a mail server that hangs holds up no webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// By its webhook.
    Webhook,
    /// By a letter.
    Letter,
}

/// To whom something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Addressee {
    /// The webhook of an application of this organisation.
    Application(OrganisationId, ApplicationId),
    /// The contact of an organisation, by letter.
    Organisation(OrganisationId),
    /// Our own officers, by letter.
    Staff,
}

/// What is told.
#[derive(Clone, PartialEq, Eq)]
pub enum TellingBody {
    /// Of a person, and erased with her.
    About(ParticipantId, Vec<u8>),
    /// Of nobody. Sealed to the broker itself: what it names is read when it is sent, and in no file before.
    Sealed(Vec<u8>),
}

impl std::fmt::Debug for TellingBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::About(..) => "About(hidden)",
            Self::Sealed(_) => "Sealed(hidden)",
        })
    }
}

/// One telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TellingRow {
    /// Identifier. One that follows from the occasion is queued once; of an erasure it is drawn.
    pub id: NoticeId,
    /// To whom.
    pub to: Addressee,
    /// What; empty once it ended. Sealed and given up, it stays until an officer has seen to it.
    pub body: TellingBody,
    /// When it was queued.
    pub queued_at: Instant,
    /// When it is tried next.
    pub due_at: Instant,
    /// How often it was begun to be sent.
    pub attempts: u32,
}

/// Something about an erasure that a recipient was not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckRow {
    /// The telling.
    pub telling: TellingRow,
    /// When it was given up; `None`: it is still tried.
    pub given_up_at: Option<Instant>,
}

/// How a telling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TellingEnd {
    /// The recipient, or a mail server, took it.
    Told,
    /// Tried too often.
    GivenUp,
}

impl TellingEnd {
    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::GivenUp => "given-up",
        }
    }
}

/// The state of this queue, for the officer. Staff are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TellingCounts {
    /// Waiting, the first attempt to come.
    pub waiting: u64,
    /// Waiting after a failed attempt.
    pub retrying: u64,
    /// Given up.
    pub given_up: u64,
    /// Told.
    pub told: u64,
}

/// Reading tellings.
#[async_trait]
pub trait TellingReads {
    /// One telling, whatever became of it.
    async fn telling(&mut self, id: NoticeId) -> Result<Option<TellingRow>, StoreError>;
    /// Tellings to be tried by `now` on one way, those queued first first, at most `each` to one addressee and at most
    /// `limit` in all.
    async fn tellings_due(
        &mut self,
        channel: Channel,
        now: Instant,
        each: u32,
        limit: u32,
    ) -> Result<Vec<TellingRow>, StoreError>;
    /// Tellings that were begun to be sent, and how often, in order of identifier after `after`, at most `limit`.
    async fn tellings_begun(
        &mut self,
        after: Option<NoticeId>,
        limit: u32,
    ) -> Result<Vec<(NoticeId, u32)>, StoreError>;
    /// Sealed tellings that were given up, or begun so often at least, until an officer has seen to them: those queued first
    /// first, at most `limit`.
    async fn tellings_stuck(&mut self, attempts: u32, limit: u32) -> Result<Vec<StuckRow>, StoreError>;
    /// The state of the queue.
    async fn telling_counts(&mut self) -> Result<TellingCounts, StoreError>;
}

/// Writing tellings.
#[async_trait]
pub trait TellingWrites {
    /// Queues a telling. One that is known already stays as it is.
    async fn add_telling(&mut self, row: &TellingRow) -> Result<(), StoreError>;
    /// Notes that an attempt begins: one more, and the next not before `retry_at`. One that ended is a conflict.
    async fn begin_telling(&mut self, id: NoticeId, retry_at: Instant) -> Result<(), StoreError>;
    /// Notes how a telling ended; its body is emptied, unless it is sealed and given up: then an officer has to see to it. One
    /// that ended before is a conflict.
    async fn end_telling(&mut self, id: NoticeId, end: TellingEnd, at: Instant) -> Result<(), StoreError>;
    /// Notes that an officer has seen to a sealed telling: it ends, if it had not, and its body is emptied. One that was told,
    /// or seen to before, is a conflict.
    async fn handle_telling(&mut self, id: NoticeId, by: OfficerId, at: Instant) -> Result<(), StoreError>;
    /// Deletes tellings that ended before `before`, but for those that wait for an officer.
    async fn drop_tellings(&mut self, before: Instant) -> Result<(), StoreError>;
}
