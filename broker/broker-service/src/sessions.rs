//! Sessions of the pages: opened by a sign-in, found by a cookie, ended on demand.

use broker_domain::time::Instant;
use broker_store::{SessionRole, SessionRow};
use ring::digest;

use crate::broker::Broker;
use crate::failure::Fault;

/// How long a session lasts, in seconds.
const LIFETIME_SECONDS: i64 = 8 * 3_600;

/// A session just opened: the token goes into the cookie and nowhere else.
pub struct OpenedSession {
    /// 32 random bytes.
    pub token: [u8; 32],
    /// Until when.
    pub expires_at: Instant,
}

impl Broker {
    /// Opens a session.
    ///
    /// # Errors
    /// When the store or the random generator fails.
    pub async fn open_session(&self, role: SessionRole) -> Result<OpenedSession, Fault> {
        let now = self.clock.now();
        let (mut token, mut csrf) = ([0_u8; 32], [0_u8; 32]);
        self.entropy.fill(&mut token)?;
        self.entropy.fill(&mut csrf)?;
        let expires_at = now.plus_seconds(LIFETIME_SECONDS);
        let mut tx = self.store.begin("open session").await?;
        tx.add_session(
            &SessionRow {
                token_hash: sha256(&token),
                role,
                csrf,
                expires_at,
            },
            now,
        )
        .await?;
        tx.commit().await?;
        Ok(OpenedSession { token, expires_at })
    }

    /// The live session behind a cookie's token.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn session(&self, token: &[u8; 32]) -> Result<Option<SessionRow>, Fault> {
        let row = self.store.read().await?.session(sha256(token)).await?;
        Ok(row.filter(|row| self.clock.now() < row.expires_at))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_session(&self, token: &[u8; 32]) -> Result<(), Fault> {
        let mut tx = self.store.begin("close session").await?;
        tx.end_session(sha256(token)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// SHA-256 as an array.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0_u8; 32];
    out.iter_mut()
        .zip(digest::digest(&digest::SHA256, bytes).as_ref())
        .for_each(|(to, from)| *to = *from);
    out
}
