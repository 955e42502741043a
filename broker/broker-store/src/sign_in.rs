//! What passes while people sign in: invitations, questions that wait for a browser, what happened, and failed attempts.
//!
//! Rows that hold secrets have no `Debug`.

use async_trait::async_trait;
use broker_domain::ids::{AccountId, SessionId, SignInId};
use broker_domain::time::Instant;

use crate::{SessionRole, StoreError};

/// An invitation. The code itself is shown once and not kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InvitationRow {
    /// HMAC of the code under a key of the broker.
    pub hash: [u8; 32],
    /// As whom the bearer will sign in.
    pub role: SessionRole,
    /// For somebody new, or for somebody who lost the way in.
    pub kind: InvitationKind,
    /// Until when.
    pub expires_at: Instant,
    /// How often it was opened.
    pub attempts: u32,
    /// When it was used.
    pub used_at: Option<Instant>,
}

/// What an invitation does beside letting somebody register a way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvitationKind {
    /// Nothing: the first one of a role.
    First,
    /// Opens a frozen account again and ends its recovery codes: the operator has made sure who she is.
    Again,
}

/// A question that waits for the answer of one browser.
#[derive(Clone, PartialEq, Eq)]
pub struct CeremonyRow {
    /// SHA-256 of the random value in the browser's cookie.
    pub hash: [u8; 32],
    /// What was asked, and for what.
    pub kind: CeremonyKind,
    /// The account it is about; for a first registration one that may not exist yet. `None`: whoever comes.
    pub account: Option<AccountId>,
    /// The invitation behind it.
    pub invitation: Option<[u8; 32]>,
    /// The session in which it was begun.
    pub session: Option<SessionId>,
    /// SHA-256 of `state`, for a provider's.
    pub state: Option<[u8; 32]>,
    /// What the port needs to go on. Secret.
    pub keep: Vec<u8>,
    /// Until when.
    pub expires_at: Instant,
}

/// Whose ceremonies are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CeremonyOwner {
    /// Whoever comes: nobody knows who.
    Stranger,
    /// An account, also one that may not exist yet.
    Account(AccountId),
    /// A session.
    Session(SessionId),
}

/// Ceremonies that wait for their answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenCeremonies {
    /// How many.
    pub count: u64,
    /// When the first of them ends.
    pub first_ends: Option<Instant>,
}

/// What was asked, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CeremonyKind {
    /// A passkey, to sign in or to prove oneself again.
    PasskeySignIn,
    /// A new passkey.
    PasskeyRegistration,
    /// An identity at a provider, to sign in or to prove oneself again.
    ProviderSignIn,
    /// An identity at a provider that is new here.
    ProviderRegistration,
}

/// One line of an account's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRow {
    /// Identifier.
    pub id: SignInId,
    /// Whose.
    pub account: AccountId,
    /// In which role, for what is about one.
    pub role: Option<SessionRole>,
    /// When.
    pub at: Instant,
    /// What happened.
    pub kind: SignInKind,
    /// Coarse name of browser and system; empty when they did not say.
    pub device: String,
}

/// What happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignInKind {
    /// Signed in on a device that was seen before.
    SignedIn,
    /// Signed in on a device that was not.
    NewDevice,
    /// Signed in with a recovery code.
    Recovered,
    /// A passkey was registered.
    PasskeyAdded,
    /// A passkey was revoked.
    PasskeyRevoked,
    /// An identity at a provider was linked.
    ProviderLinked,
    /// An identity at a provider was unlinked.
    ProviderUnlinked,
    /// New recovery codes were made.
    CodesMade,
    /// The owner said that it was not her.
    Frozen,
    /// Opened again.
    Reopened,
}

impl SignInKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::SignedIn,
        Self::NewDevice,
        Self::Recovered,
        Self::PasskeyAdded,
        Self::PasskeyRevoked,
        Self::ProviderLinked,
        Self::ProviderUnlinked,
        Self::CodesMade,
        Self::Frozen,
        Self::Reopened,
    ];

    /// The code in rows and pages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::NewDevice => "new-device",
            Self::Recovered => "recovered",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRevoked => "passkey-revoked",
            Self::ProviderLinked => "provider-linked",
            Self::ProviderUnlinked => "provider-unlinked",
            Self::CodesMade => "codes-made",
            Self::Frozen => "frozen",
            Self::Reopened => "reopened",
        }
    }
}

/// What failed attempts are counted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptKind {
    /// Codes of invitations.
    Invitation,
    /// Recovery codes.
    Recovery,
    /// Codes that stop a new code for an account.
    Stop,
    /// Codes of homes and of their cases.
    Home,
}

/// How many attempts failed since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Since when they are counted.
    pub since: Instant,
    /// How many.
    pub failed: u32,
}

/// Reading what passes.
#[async_trait]
pub trait SignInReads {
    /// An invitation by its hash, used, expired or neither.
    async fn invitation(&mut self, hash: [u8; 32]) -> Result<Option<InvitationRow>, StoreError>;
    /// The list of an account, newest first, at most `limit` lines.
    async fn sign_ins_of(&mut self, account: AccountId, limit: u32) -> Result<Vec<SignInRow>, StoreError>;
    /// The ceremonies of an owner that wait for their answer at `now`.
    async fn open_ceremonies(
        &mut self,
        owner: CeremonyOwner,
        now: Instant,
    ) -> Result<OpenCeremonies, StoreError>;
    /// Failed attempts on one account, or on the whole service.
    async fn attempts(
        &mut self,
        kind: AttemptKind,
        account: Option<AccountId>,
    ) -> Result<Option<Attempts>, StoreError>;
}

/// Writing what passes.
#[async_trait]
pub trait SignInWrites {
    /// Adds an invitation, and removes those of the same role that were not used and those that expired before `now`:
    /// one door at a time. A role of nobody is a conflict.
    async fn add_invitation(&mut self, row: &InvitationRow, now: Instant) -> Result<(), StoreError>;
    /// Counts that an invitation was opened. An unknown one is a conflict.
    async fn open_invitation(&mut self, hash: [u8; 32]) -> Result<(), StoreError>;
    /// Marks an invitation as used. Used twice is a conflict.
    async fn use_invitation(&mut self, hash: [u8; 32], at: Instant) -> Result<(), StoreError>;
    /// Adds a ceremony and removes those that expired before `now`.
    async fn add_ceremony(&mut self, row: &CeremonyRow, now: Instant) -> Result<(), StoreError>;
    /// Gives a ceremony and removes it: nobody gets it twice. It may have expired; the caller decides.
    async fn take_ceremony(&mut self, hash: [u8; 32]) -> Result<Option<CeremonyRow>, StoreError>;
    /// Adds a line to an account's list, and removes those older than `keep_since` and all but the newest `keep`.
    async fn add_sign_in(
        &mut self,
        row: &SignInRow,
        keep_since: Instant,
        keep: u32,
    ) -> Result<(), StoreError>;
    /// Replaces the count of failed attempts.
    async fn set_attempts(
        &mut self,
        kind: AttemptKind,
        account: Option<AccountId>,
        attempts: Attempts,
    ) -> Result<(), StoreError>;
}
