//! Sessions of people signed in to the pages.

use std::fmt;

use async_trait::async_trait;
use broker_domain::ids::{AccountId, OfficerId, ParticipantId, ResearcherId, SessionId, WayId};
use broker_domain::time::Instant;

use crate::StoreError;

/// As whom somebody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionRole {
    /// A participant.
    Participant(ParticipantId),
    /// A researcher.
    Researcher(ResearcherId),
    /// An officer.
    Officer(OfficerId),
}

/// How a person proved who she is, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// When.
    pub at: Instant,
    /// How.
    pub by: ProvedBy,
}

/// How a person proved who she is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProvedBy {
    /// Not at all: the demonstration lets everybody in.
    Demonstration,
    /// With the code of an invitation.
    Invitation,
    /// With a passkey.
    Passkey {
        /// Which.
        way: WayId,
    },
    /// At a provider.
    Provider {
        /// Which identity.
        way: WayId,
        /// `iss`.
        issuer: String,
        /// `acr`, when the provider stated it.
        assurance: Option<String>,
    },
    /// With a recovery code.
    Recovery,
}

/// A session. The cookie's token is not stored, its hash is.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Identifier, for the list of devices.
    pub id: SessionId,
    /// SHA-256 of the cookie's token.
    pub token_hash: [u8; 32],
    /// Whose.
    pub account: AccountId,
    /// As whom.
    pub role: SessionRole,
    /// Secret that each form must carry back.
    pub csrf: [u8; 32],
    /// When it was opened.
    pub created_at: Instant,
    /// How the person proved herself last.
    pub proof: Proof,
    /// When it was last used, to the minute.
    pub last_seen_at: Instant,
    /// Until when, unless it is used before.
    pub idle_until: Instant,
    /// Until when at most.
    pub expires_at: Instant,
    /// Coarse name of browser and system; empty when they did not say.
    pub device: String,
}

impl fmt::Debug for SessionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRow")
            .field("role", &self.role)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Reading sessions.
#[async_trait]
pub trait SessionReads {
    /// A session by the hash of its token, expired or not.
    async fn session(&mut self, token_hash: [u8; 32]) -> Result<Option<SessionRow>, StoreError>;
    /// The sessions of an account, the one used last first, expired ones among them.
    async fn sessions_of(&mut self, account: AccountId) -> Result<Vec<SessionRow>, StoreError>;
}

/// Writing sessions.
#[async_trait]
pub trait SessionWrites {
    /// Adds a session and removes those that ended before `now`. A role that its account does not hold is a conflict.
    async fn add_session(&mut self, row: &SessionRow, now: Instant) -> Result<(), StoreError>;
    /// Replaces a session, token and all, by what it becomes; the identifier stays. An ended one is a conflict.
    async fn change_session(&mut self, token_hash: [u8; 32], row: &SessionRow) -> Result<(), StoreError>;
    /// Notes that a session was used; one that ended meanwhile stays ended.
    async fn touch_session(
        &mut self,
        token_hash: [u8; 32],
        seen_at: Instant,
        idle_until: Instant,
    ) -> Result<(), StoreError>;
    /// Ends a session; ending one that does not exist is fine.
    async fn end_session(&mut self, token_hash: [u8; 32]) -> Result<(), StoreError>;
    /// Ends one session of an account. Somebody else's is a conflict.
    async fn end_session_of(&mut self, account: AccountId, id: SessionId) -> Result<(), StoreError>;
    /// Ends all sessions of an account but one.
    async fn end_sessions_of(&mut self, account: AccountId, but: Option<SessionId>)
    -> Result<(), StoreError>;
}
