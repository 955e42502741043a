//! Sessions of people signed in to the pages.

use std::fmt;

use async_trait::async_trait;
use broker_domain::ids::{OfficerId, ParticipantId, ResearcherId};
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

/// A session. The cookie's token is not stored, its hash is.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the cookie's token.
    pub token_hash: [u8; 32],
    /// As whom.
    pub role: SessionRole,
    /// Secret that each form must carry back.
    pub csrf: [u8; 32],
    /// Until when.
    pub expires_at: Instant,
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
}

/// Writing sessions.
#[async_trait]
pub trait SessionWrites {
    /// Adds a session and removes those that ended before `now`.
    async fn add_session(&mut self, row: &SessionRow, now: Instant) -> Result<(), StoreError>;
    /// Ends a session; ending one that does not exist is fine.
    async fn end_session(&mut self, token_hash: [u8; 32]) -> Result<(), StoreError>;
}
