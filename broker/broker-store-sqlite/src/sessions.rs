//! Sessions.

use async_trait::async_trait;
use broker_domain::ids::{OfficerId, ParticipantId, ResearcherId};
use broker_domain::time::Instant;
use broker_store::{SessionReads, SessionRole, SessionRow, SessionWrites, StoreError};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl SessionReads for SqliteTx {
    async fn session(&mut self, token_hash: [u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        let query = query(
            "SELECT token_hash, participant, researcher, officer, expires_at_us, csrf \
             FROM session WHERE token_hash = ?1",
        );
        self.one(query.bind(token_hash.as_slice()), session).await
    }
}

#[async_trait]
impl SessionWrites for SqliteTx {
    async fn add_session(&mut self, row: &SessionRow, now: Instant) -> Result<(), StoreError> {
        let tidy = query("DELETE FROM session WHERE expires_at_us < ?1");
        self.change("session", tidy.bind(now.as_micros())).await?;
        let (mut participant, mut researcher, mut officer) = (None, None, None);
        match row.role {
            SessionRole::Participant(id) => participant = Some(id.as_bytes().to_vec()),
            SessionRole::Researcher(id) => researcher = Some(id.as_bytes().to_vec()),
            SessionRole::Officer(id) => officer = Some(id.as_bytes().to_vec()),
        }
        let query = query(
            "INSERT INTO session (token_hash, participant, researcher, officer, expires_at_us, csrf) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 \
             WHERE ?2 IS NULL OR EXISTS (SELECT 1 FROM participant WHERE id = ?2)",
        );
        let query = query
            .bind(row.token_hash.as_slice())
            .bind(participant)
            .bind(researcher)
            .bind(officer)
            .bind(row.expires_at.as_micros())
            .bind(row.csrf.as_slice());
        self.change_one("session", query).await
    }

    async fn end_session(&mut self, token_hash: [u8; 32]) -> Result<(), StoreError> {
        let query = query("DELETE FROM session WHERE token_hash = ?1");
        self.change("session", query.bind(token_hash.as_slice()))
            .await
            .map(|_| ())
    }
}

fn session(row: &SqliteRow) -> Result<SessionRow, StoreError> {
    let participant: Option<ParticipantId> = row.id_or_null("session.participant")?;
    let researcher: Option<ResearcherId> = row.id_or_null("session.researcher")?;
    let officer: Option<OfficerId> = row.id_or_null("session.officer")?;
    let role = match (participant, researcher, officer) {
        (Some(id), None, None) => SessionRole::Participant(id),
        (None, Some(id), None) => SessionRole::Researcher(id),
        (None, None, Some(id)) => SessionRole::Officer(id),
        _ => {
            return Err(StoreError::Corrupt {
                column: "session.participant",
            });
        }
    };
    Ok(SessionRow {
        token_hash: row.array("session.token_hash")?,
        role,
        csrf: row.array("session.csrf")?,
        expires_at: row.instant("session.expires_at_us")?,
    })
}
