//! Invitations, ceremonies, the list of sign-ins, and failed attempts.

use async_trait::async_trait;
use broker_domain::ids::AccountId;
use broker_domain::time::Instant;
use broker_store::{
    AttemptKind, Attempts, CeremonyKind, CeremonyOwner, CeremonyRow, InvitationKind, InvitationRow,
    OpenCeremonies, SignInKind, SignInReads, SignInRow, SignInWrites, StoreError,
};
use sqlx::query;

use crate::roles::{bind_role, role, role_or_none};
use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl SignInReads for SqliteTx {
    async fn invitation(&mut self, hash: [u8; 32]) -> Result<Option<InvitationRow>, StoreError> {
        let query = query(
            "SELECT hash, participant, researcher, officer, kind, expires_at_us, attempts, used_at_us \
             FROM invitation WHERE hash = ?1",
        );
        self.one(query.bind(hash.to_vec()), |row| {
            Ok(InvitationRow {
                hash: row.array("invitation.hash")?,
                role: role(row, "invitation.participant")?,
                kind: row.code("invitation.kind", invitation_kind)?,
                expires_at: row.instant("invitation.expires_at_us")?,
                attempts: row.number("invitation.attempts")?,
                used_at: row.instant_or_null("invitation.used_at_us")?,
            })
        })
        .await
    }

    async fn sign_ins_of(&mut self, account: AccountId, limit: u32) -> Result<Vec<SignInRow>, StoreError> {
        let query = query(
            "SELECT id, account, participant, researcher, officer, at_us, kind, device \
             FROM sign_in WHERE account = ?1 ORDER BY at_us DESC, id LIMIT ?2",
        );
        let query = query.bind(account.as_bytes().to_vec()).bind(limit);
        self.all(query, |row| {
            Ok(SignInRow {
                id: row.id("sign_in.id")?,
                account: row.id("sign_in.account")?,
                role: role_or_none(row, "sign_in.participant")?,
                at: row.instant("sign_in.at_us")?,
                kind: row.code("sign_in.kind", sign_in_kind)?,
                device: row.text("sign_in.device")?,
            })
        })
        .await
    }

    async fn open_ceremonies(
        &mut self,
        owner: CeremonyOwner,
        now: Instant,
    ) -> Result<OpenCeremonies, StoreError> {
        let (sql, id) = match owner {
            CeremonyOwner::Stranger => (
                "SELECT COUNT(*) AS count, MIN(expires_at_us) AS first_ends FROM ceremony \
                 WHERE expires_at_us > ?1 AND account IS ?2 AND session IS NULL",
                None,
            ),
            CeremonyOwner::Account(id) => (
                "SELECT COUNT(*) AS count, MIN(expires_at_us) AS first_ends FROM ceremony \
                 WHERE expires_at_us > ?1 AND account = ?2",
                Some(id.as_bytes().to_vec()),
            ),
            CeremonyOwner::Session(id) => (
                "SELECT COUNT(*) AS count, MIN(expires_at_us) AS first_ends FROM ceremony \
                 WHERE expires_at_us > ?1 AND session = ?2",
                Some(id.as_bytes().to_vec()),
            ),
        };
        let open = self.one(query(sql).bind(now.as_micros()).bind(id), |row| {
            Ok(OpenCeremonies {
                count: row.number("ceremony.count")?,
                first_ends: row.instant_or_null("ceremony.first_ends")?,
            })
        });
        Ok(open.await?.unwrap_or_default())
    }

    async fn attempts(
        &mut self,
        kind: AttemptKind,
        account: Option<AccountId>,
    ) -> Result<Option<Attempts>, StoreError> {
        let query = query("SELECT since_at_us, failed FROM attempt WHERE account = ?1 AND kind = ?2");
        let query = query.bind(whose(account)).bind(attempt_code(kind));
        self.one(query, |row| {
            Ok(Attempts {
                since: row.instant("attempt.since_at_us")?,
                failed: row.number("attempt.failed")?,
            })
        })
        .await
    }
}

#[async_trait]
impl SignInWrites for SqliteTx {
    async fn add_invitation(&mut self, row: &InvitationRow, now: Instant) -> Result<(), StoreError> {
        let tidy = query(
            "DELETE FROM invitation WHERE expires_at_us < ?1 OR (used_at_us IS NULL \
             AND participant IS ?2 AND researcher IS ?3 AND officer IS ?4)",
        );
        let tidy = bind_role(tidy.bind(now.as_micros()), Some(row.role));
        self.change("invitation", tidy).await?;
        let add = query(
            "INSERT INTO invitation (hash, participant, researcher, officer, kind, expires_at_us, attempts, used_at_us) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?2) \
             OR EXISTS (SELECT 1 FROM researcher WHERE id = ?3) OR EXISTS (SELECT 1 FROM officer WHERE id = ?4)",
        );
        let add = bind_role(add.bind(row.hash.to_vec()), Some(row.role))
            .bind(match row.kind {
                InvitationKind::First => "first",
                InvitationKind::Again => "again",
            })
            .bind(row.expires_at.as_micros())
            .bind(row.attempts)
            .bind(row.used_at.map(Instant::as_micros));
        self.change_one("invitation", add).await
    }

    async fn open_invitation(&mut self, hash: [u8; 32]) -> Result<(), StoreError> {
        let query = query("UPDATE invitation SET attempts = attempts + 1 WHERE hash = ?1");
        self.change_one("invitation", query.bind(hash.to_vec())).await
    }

    async fn use_invitation(&mut self, hash: [u8; 32], at: Instant) -> Result<(), StoreError> {
        let query = query("UPDATE invitation SET used_at_us = ?2 WHERE hash = ?1 AND used_at_us IS NULL");
        self.change_one("invitation", query.bind(hash.to_vec()).bind(at.as_micros()))
            .await
    }

    async fn add_ceremony(&mut self, row: &CeremonyRow, now: Instant) -> Result<(), StoreError> {
        let tidy = query("DELETE FROM ceremony WHERE expires_at_us < ?1");
        self.change("ceremony", tidy.bind(now.as_micros())).await?;
        let add = query(
            "INSERT INTO ceremony (hash, kind, account, invitation, session, state_hash, keep, expires_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        );
        let add = add
            .bind(row.hash.to_vec())
            .bind(ceremony_code(row.kind))
            .bind(row.account.map(|id| id.as_bytes().to_vec()))
            .bind(row.invitation.map(|hash| hash.to_vec()))
            .bind(row.session.map(|id| id.as_bytes().to_vec()))
            .bind(row.state.map(|hash| hash.to_vec()))
            .bind(row.keep.clone())
            .bind(row.expires_at.as_micros());
        self.change_one("ceremony", add).await
    }

    async fn take_ceremony(&mut self, hash: [u8; 32]) -> Result<Option<CeremonyRow>, StoreError> {
        let found = query(
            "SELECT hash, kind, account, invitation, session, state_hash, keep, expires_at_us \
             FROM ceremony WHERE hash = ?1",
        );
        let found = self
            .one(found.bind(hash.to_vec()), |row| {
                Ok(CeremonyRow {
                    hash: row.array("ceremony.hash")?,
                    kind: row.code("ceremony.kind", ceremony_kind)?,
                    account: row.id_or_null("ceremony.account")?,
                    invitation: row.array_or_null("ceremony.invitation")?,
                    session: row.id_or_null("ceremony.session")?,
                    state: row.array_or_null("ceremony.state_hash")?,
                    keep: row.bytes("ceremony.keep")?,
                    expires_at: row.instant("ceremony.expires_at_us")?,
                })
            })
            .await?;
        // Nobody else writes while this transaction is open.
        let taken = query("DELETE FROM ceremony WHERE hash = ?1");
        self.change("ceremony", taken.bind(hash.to_vec())).await?;
        Ok(found)
    }

    async fn add_sign_in(
        &mut self,
        row: &SignInRow,
        keep_since: Instant,
        keep: u32,
    ) -> Result<(), StoreError> {
        let add = query(
            "INSERT INTO sign_in (id, account, participant, researcher, officer, at_us, kind, device) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM account WHERE id = ?2)",
        );
        let add = add
            .bind(row.id.as_bytes().to_vec())
            .bind(row.account.as_bytes().to_vec());
        let add = bind_role(add, row.role)
            .bind(row.at.as_micros())
            .bind(row.kind.code())
            .bind(row.device.clone());
        self.change_one("sign_in", add).await?;
        let tidy = query(
            "DELETE FROM sign_in WHERE account = ?1 AND (at_us < ?2 OR id IN \
             (SELECT id FROM sign_in WHERE account = ?1 ORDER BY at_us DESC, id LIMIT -1 OFFSET ?3))",
        );
        let tidy = tidy
            .bind(row.account.as_bytes().to_vec())
            .bind(keep_since.as_micros())
            .bind(keep);
        self.change("sign_in", tidy).await.map(|_| ())
    }

    async fn set_attempts(
        &mut self,
        kind: AttemptKind,
        account: Option<AccountId>,
        attempts: Attempts,
    ) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO attempt (account, kind, since_at_us, failed) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (account, kind) DO UPDATE SET since_at_us = ?3, failed = ?4",
        );
        let query = query
            .bind(whose(account))
            .bind(attempt_code(kind))
            .bind(attempts.since.as_micros())
            .bind(attempts.failed);
        self.change_one("attempt", query).await
    }
}

/// The key of a count: no bytes for the whole service.
fn whose(account: Option<AccountId>) -> Vec<u8> {
    account.map_or_else(Vec::new, |id| id.as_bytes().to_vec())
}

fn invitation_kind(code: &str) -> Option<InvitationKind> {
    match code {
        "first" => Some(InvitationKind::First),
        "again" => Some(InvitationKind::Again),
        _ => None,
    }
}

fn ceremony_code(kind: CeremonyKind) -> &'static str {
    match kind {
        CeremonyKind::PasskeySignIn => "passkey-sign-in",
        CeremonyKind::PasskeyRegistration => "passkey-registration",
        CeremonyKind::ProviderSignIn => "provider-sign-in",
        CeremonyKind::ProviderRegistration => "provider-registration",
    }
}

fn ceremony_kind(code: &str) -> Option<CeremonyKind> {
    let known = [
        CeremonyKind::PasskeySignIn,
        CeremonyKind::PasskeyRegistration,
        CeremonyKind::ProviderSignIn,
        CeremonyKind::ProviderRegistration,
    ];
    known.into_iter().find(|kind| ceremony_code(*kind) == code)
}

fn sign_in_kind(code: &str) -> Option<SignInKind> {
    SignInKind::ALL.into_iter().find(|kind| kind.code() == code)
}

const fn attempt_code(kind: AttemptKind) -> &'static str {
    match kind {
        AttemptKind::Invitation => "invitation",
        AttemptKind::Recovery => "recovery",
        AttemptKind::Stop => "stop",
        AttemptKind::Home => "home",
    }
}
