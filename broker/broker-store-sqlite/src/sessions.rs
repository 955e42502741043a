//! Sessions.

use async_trait::async_trait;
use broker_domain::ids::{AccountId, SessionId, WayId};
use broker_domain::time::Instant;
use broker_store::{Proof, ProvedBy, SessionReads, SessionRow, SessionWrites, StoreError};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::roles::{bind_role, role};
use crate::row::Cells;
use crate::transaction::SqliteTx;
use crate::values::Statement;

#[async_trait]
impl SessionReads for SqliteTx {
    async fn session(&mut self, token_hash: [u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        let query = query(
            "SELECT token_hash, id, account, participant, researcher, officer, csrf, created_at_us, proved_at_us, \
             proved_by, proved_way, proved_issuer, proved_acr, last_seen_at_us, idle_end_at_us, expires_at_us, device \
             FROM session WHERE token_hash = ?1",
        );
        self.one(query.bind(token_hash.as_slice()), session).await
    }

    async fn sessions_of(&mut self, account: AccountId) -> Result<Vec<SessionRow>, StoreError> {
        let query = query(
            "SELECT token_hash, id, account, participant, researcher, officer, csrf, created_at_us, proved_at_us, \
             proved_by, proved_way, proved_issuer, proved_acr, last_seen_at_us, idle_end_at_us, expires_at_us, device \
             FROM session WHERE account = ?1 ORDER BY last_seen_at_us DESC, id",
        );
        self.all(query.bind(account.as_bytes().as_slice()), session).await
    }
}

#[async_trait]
impl SessionWrites for SqliteTx {
    async fn add_session(&mut self, row: &SessionRow, now: Instant) -> Result<(), StoreError> {
        let tidy = query("DELETE FROM session WHERE expires_at_us < ?1");
        self.change("session", tidy.bind(now.as_micros())).await?;
        let query = query(
            "INSERT INTO session (token_hash, id, account, participant, researcher, officer, csrf, created_at_us, \
             proved_at_us, proved_by, proved_way, proved_issuer, proved_acr, last_seen_at_us, idle_end_at_us, \
             expires_at_us, device) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17 \
             WHERE EXISTS (SELECT 1 FROM account_role WHERE account = ?3 \
             AND participant IS ?4 AND researcher IS ?5 AND officer IS ?6)",
        );
        self.change_one("session", bound(query, row)).await
    }

    async fn change_session(&mut self, token_hash: [u8; 32], row: &SessionRow) -> Result<(), StoreError> {
        let query = query(
            "UPDATE session SET token_hash = ?1, participant = ?4, researcher = ?5, officer = ?6, csrf = ?7, \
             created_at_us = ?8, proved_at_us = ?9, proved_by = ?10, proved_way = ?11, proved_issuer = ?12, \
             proved_acr = ?13, last_seen_at_us = ?14, idle_end_at_us = ?15, expires_at_us = ?16, device = ?17 \
             WHERE token_hash = ?18 AND id = ?2 AND account = ?3 \
             AND EXISTS (SELECT 1 FROM account_role WHERE account = ?3 \
             AND participant IS ?4 AND researcher IS ?5 AND officer IS ?6)",
        );
        let query = bound(query, row).bind(token_hash.to_vec());
        self.change_one("session", query).await
    }

    async fn touch_session(
        &mut self,
        token_hash: [u8; 32],
        seen_at: Instant,
        idle_until: Instant,
    ) -> Result<(), StoreError> {
        let query = query(
            "UPDATE session SET last_seen_at_us = ?2, idle_end_at_us = ?3 \
             WHERE token_hash = ?1 AND last_seen_at_us <= ?2",
        );
        let query = query
            .bind(token_hash.to_vec())
            .bind(seen_at.as_micros())
            .bind(idle_until.as_micros());
        self.change("session", query).await.map(|_| ())
    }

    async fn end_session(&mut self, token_hash: [u8; 32]) -> Result<(), StoreError> {
        let query = query("DELETE FROM session WHERE token_hash = ?1");
        self.change("session", query.bind(token_hash.as_slice()))
            .await
            .map(|_| ())
    }

    async fn end_session_of(&mut self, account: AccountId, id: SessionId) -> Result<(), StoreError> {
        let query = query("DELETE FROM session WHERE account = ?1 AND id = ?2");
        let query = query
            .bind(account.as_bytes().as_slice())
            .bind(id.as_bytes().as_slice());
        self.change_one("session", query).await
    }

    async fn end_sessions_of(
        &mut self,
        account: AccountId,
        but: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let query = query("DELETE FROM session WHERE account = ?1 AND id IS NOT ?2");
        let query = query
            .bind(account.as_bytes().as_slice())
            .bind(but.map(|id| id.as_bytes().to_vec()));
        self.change("session", query).await.map(|_| ())
    }
}

/// Binds the seventeen columns in the order of the table.
fn bound(query: Statement, row: &SessionRow) -> Statement {
    let (code, way, issuer, assurance) = match &row.proof.by {
        ProvedBy::Demonstration => ("demonstration", None, None, None),
        ProvedBy::Invitation => ("invitation", None, None, None),
        ProvedBy::Passkey { way } => ("passkey", Some(way), None, None),
        ProvedBy::Provider {
            way,
            issuer,
            assurance,
        } => ("provider", Some(way), Some(issuer), assurance.as_ref()),
        ProvedBy::Recovery => ("recovery", None, None, None),
    };
    let query = query
        .bind(row.token_hash.to_vec())
        .bind(row.id.as_bytes().to_vec())
        .bind(row.account.as_bytes().to_vec());
    bind_role(query, Some(row.role))
        .bind(row.csrf.to_vec())
        .bind(row.created_at.as_micros())
        .bind(row.proof.at.as_micros())
        .bind(code)
        .bind(way.map(|way| way.as_bytes().to_vec()))
        .bind(issuer.cloned())
        .bind(assurance.cloned())
        .bind(row.last_seen_at.as_micros())
        .bind(row.idle_until.as_micros())
        .bind(row.expires_at.as_micros())
        .bind(row.device.clone())
}

fn session(row: &SqliteRow) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        id: row.id("session.id")?,
        token_hash: row.array("session.token_hash")?,
        account: row.id("session.account")?,
        role: role(row, "session.participant")?,
        csrf: row.array("session.csrf")?,
        created_at: row.instant("session.created_at_us")?,
        proof: Proof {
            at: row.instant("session.proved_at_us")?,
            by: proved_by(row)?,
        },
        last_seen_at: row.instant("session.last_seen_at_us")?,
        idle_until: row.instant("session.idle_end_at_us")?,
        expires_at: row.instant("session.expires_at_us")?,
        device: row.text("session.device")?,
    })
}

fn proved_by(row: &SqliteRow) -> Result<ProvedBy, StoreError> {
    let column = "session.proved_by";
    let way: Option<WayId> = row.id_or_null("session.proved_way")?;
    let issuer: Option<String> = row.cell("session.proved_issuer")?;
    let assurance: Option<String> = row.cell("session.proved_acr")?;
    match (row.cell(column)?, way, issuer) {
        ("demonstration", None, None) => Ok(ProvedBy::Demonstration),
        ("invitation", None, None) => Ok(ProvedBy::Invitation),
        ("passkey", Some(way), None) => Ok(ProvedBy::Passkey { way }),
        ("provider", Some(way), Some(issuer)) => Ok(ProvedBy::Provider {
            way,
            issuer,
            assurance,
        }),
        ("recovery", None, None) => Ok(ProvedBy::Recovery),
        _ => Err(StoreError::Corrupt { column }),
    }
}
