//! Accounts, their roles, and the ways that lead to them.

use async_trait::async_trait;
use broker_domain::identity::Passkey;
use broker_domain::ids::{AccountId, WayId};
use broker_domain::time::Instant;
use broker_store::{
    AccountReads, AccountRow, AccountWrites, IdentityRow, PasskeyRow, RecoveryCodeRow, SessionRole,
    StoreError,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::roles::{bind_role, role};
use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl AccountReads for SqliteTx {
    async fn account(&mut self, id: AccountId) -> Result<Option<AccountRow>, StoreError> {
        let query = query("SELECT id, created_at_us, frozen_at_us FROM account WHERE id = ?1");
        self.one(query.bind(id.as_bytes().as_slice()), account).await
    }

    async fn account_of(&mut self, role: SessionRole) -> Result<Option<AccountRow>, StoreError> {
        // One statement a column, so that each finds its index.
        let query = match role {
            SessionRole::Participant(id) => query(
                "SELECT id, created_at_us, frozen_at_us FROM account \
                 WHERE id = (SELECT account FROM account_role WHERE participant = ?1)",
            )
            .bind(id.as_bytes().to_vec()),
            SessionRole::Researcher(id) => query(
                "SELECT id, created_at_us, frozen_at_us FROM account \
                 WHERE id = (SELECT account FROM account_role WHERE researcher = ?1)",
            )
            .bind(id.as_bytes().to_vec()),
            SessionRole::Officer(id) => query(
                "SELECT id, created_at_us, frozen_at_us FROM account \
                 WHERE id = (SELECT account FROM account_role WHERE officer = ?1)",
            )
            .bind(id.as_bytes().to_vec()),
        };
        self.one(query, account).await
    }

    async fn roles_of(&mut self, account: AccountId) -> Result<Vec<SessionRole>, StoreError> {
        let query = query(
            "SELECT participant, researcher, officer FROM account_role WHERE account = ?1 \
             ORDER BY participant IS NULL, researcher IS NULL, participant, researcher, officer",
        );
        self.all(query.bind(account.as_bytes().as_slice()), |row| {
            role(row, "account_role.participant")
        })
        .await
    }

    async fn passkeys_of(&mut self, account: AccountId) -> Result<Vec<PasskeyRow>, StoreError> {
        let query = query(
            "SELECT id, account, credential, state, public_key, model, may_be_copied, name, added_at_us, \
             last_used_at_us, frozen_at_us, revoked_at_us FROM passkey WHERE account = ?1 ORDER BY added_at_us, id",
        );
        self.all(query.bind(account.as_bytes().as_slice()), passkey).await
    }

    async fn passkey_named(&mut self, credential: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
        let query = query(
            "SELECT id, account, credential, state, public_key, model, may_be_copied, name, added_at_us, \
             last_used_at_us, frozen_at_us, revoked_at_us FROM passkey WHERE credential = ?1",
        );
        self.one(query.bind(credential.to_vec()), passkey).await
    }

    async fn identities_of(&mut self, account: AccountId) -> Result<Vec<IdentityRow>, StoreError> {
        let query = query(
            "SELECT id, account, provider, issuer, subject, added_at_us, last_used_at_us, frozen_at_us \
             FROM provider_identity WHERE account = ?1 ORDER BY added_at_us, id",
        );
        self.all(query.bind(account.as_bytes().as_slice()), identity)
            .await
    }

    async fn identity(&mut self, issuer: &str, subject: [u8; 32]) -> Result<Option<IdentityRow>, StoreError> {
        let query = query(
            "SELECT id, account, provider, issuer, subject, added_at_us, last_used_at_us, frozen_at_us \
             FROM provider_identity WHERE issuer = ?1 AND subject = ?2",
        );
        self.one(query.bind(issuer.to_owned()).bind(subject.to_vec()), identity)
            .await
    }

    async fn recovery_code(&mut self, hash: [u8; 32]) -> Result<Option<RecoveryCodeRow>, StoreError> {
        let query = query("SELECT hash, account, used_at_us FROM recovery_code WHERE hash = ?1");
        self.one(query.bind(hash.to_vec()), |row| {
            Ok(RecoveryCodeRow {
                hash: row.array("recovery_code.hash")?,
                account: row.id("recovery_code.account")?,
                used_at: row.instant_or_null("recovery_code.used_at_us")?,
            })
        })
        .await
    }

    async fn recovery_codes_left(&mut self, account: AccountId) -> Result<u32, StoreError> {
        let query =
            query("SELECT COUNT(*) AS n FROM recovery_code WHERE account = ?1 AND used_at_us IS NULL");
        let query = query.bind(account.as_bytes().as_slice());
        let left = self.one(query, |row| row.number("recovery_code.n")).await?;
        Ok(left.unwrap_or_default())
    }
}

#[async_trait]
impl AccountWrites for SqliteTx {
    async fn add_account(&mut self, row: &AccountRow) -> Result<(), StoreError> {
        let query = query("INSERT INTO account (id, created_at_us, frozen_at_us) VALUES (?1, ?2, ?3)");
        let query = query
            .bind(row.id.as_bytes().as_slice())
            .bind(row.created_at.as_micros())
            .bind(row.frozen_at.map(Instant::as_micros));
        self.change_one("account", query).await
    }

    async fn add_role(&mut self, account: AccountId, role: SessionRole) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO account_role (account, participant, researcher, officer) SELECT ?1, ?2, ?3, ?4 \
             WHERE EXISTS (SELECT 1 FROM account WHERE id = ?1) \
             AND (EXISTS (SELECT 1 FROM participant WHERE id = ?2) \
             OR EXISTS (SELECT 1 FROM researcher WHERE id = ?3) OR EXISTS (SELECT 1 FROM officer WHERE id = ?4))",
        );
        let query = query.bind(account.as_bytes().to_vec());
        self.change_one("account_role", bind_role(query, Some(role)))
            .await
    }

    async fn set_frozen(&mut self, account: AccountId, since: Option<Instant>) -> Result<(), StoreError> {
        let query = query("UPDATE account SET frozen_at_us = ?2 WHERE id = ?1");
        let query = query
            .bind(account.as_bytes().as_slice())
            .bind(since.map(Instant::as_micros));
        self.change_one("account", query).await
    }

    async fn freeze_ways(
        &mut self,
        account: AccountId,
        keep: Option<WayId>,
        at: Instant,
    ) -> Result<(), StoreError> {
        let freeze = [
            (
                "passkey",
                "UPDATE passkey SET frozen_at_us = ?3 WHERE account = ?1 AND id IS NOT ?2 AND frozen_at_us IS NULL",
            ),
            (
                "provider_identity",
                "UPDATE provider_identity SET frozen_at_us = ?3 \
                 WHERE account = ?1 AND id IS NOT ?2 AND frozen_at_us IS NULL",
            ),
        ];
        for (table, statement) in freeze {
            let query = query(statement)
                .bind(account.as_bytes().to_vec())
                .bind(keep.map(|way| way.as_bytes().to_vec()))
                .bind(at.as_micros());
            self.change(table, query).await?;
        }
        Ok(())
    }

    async fn thaw_way(&mut self, account: AccountId, way: WayId) -> Result<(), StoreError> {
        let mut opened = 0_u64;
        let thaw = [
            (
                "passkey",
                "UPDATE passkey SET frozen_at_us = NULL WHERE account = ?1 AND id = ?2 AND frozen_at_us IS NOT NULL",
            ),
            (
                "provider_identity",
                "UPDATE provider_identity SET frozen_at_us = NULL \
                 WHERE account = ?1 AND id = ?2 AND frozen_at_us IS NOT NULL",
            ),
        ];
        for (table, statement) in thaw {
            let query = query(statement)
                .bind(account.as_bytes().to_vec())
                .bind(way.as_bytes().to_vec());
            opened = opened.saturating_add(self.change(table, query).await?);
        }
        match opened {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table: "passkey" }),
        }
    }

    async fn add_passkey(&mut self, row: &PasskeyRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO passkey (id, account, credential, state, public_key, model, may_be_copied, name, added_at_us, \
             last_used_at_us, frozen_at_us, revoked_at_us) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 \
             WHERE EXISTS (SELECT 1 FROM account WHERE id = ?2)",
        );
        let query = query
            .bind(row.id.as_bytes().to_vec())
            .bind(row.account.as_bytes().to_vec())
            .bind(row.passkey.credential.clone())
            .bind(row.passkey.state.clone())
            .bind(row.passkey.public_key.clone())
            .bind(row.passkey.model.to_vec())
            .bind(i64::from(row.passkey.may_be_copied))
            .bind(row.name.clone())
            .bind(row.added_at.as_micros())
            .bind(row.last_used_at.map(Instant::as_micros))
            .bind(row.frozen_at.map(Instant::as_micros))
            .bind(row.revoked_at.map(Instant::as_micros));
        self.change_one("passkey", query).await
    }

    async fn use_passkey(&mut self, id: WayId, state: Option<&[u8]>, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE passkey SET state = COALESCE(?2, state), last_used_at_us = ?3 \
             WHERE id = ?1 AND revoked_at_us IS NULL AND frozen_at_us IS NULL",
        );
        let query = query
            .bind(id.as_bytes().to_vec())
            .bind(state.map(<[u8]>::to_vec))
            .bind(at.as_micros());
        self.change_one("passkey", query).await
    }

    async fn name_passkey(&mut self, account: AccountId, id: WayId, name: &str) -> Result<(), StoreError> {
        let query =
            query("UPDATE passkey SET name = ?3 WHERE account = ?1 AND id = ?2 AND revoked_at_us IS NULL");
        let query = query
            .bind(account.as_bytes().to_vec())
            .bind(id.as_bytes().to_vec())
            .bind(name.to_owned());
        self.change_one("passkey", query).await
    }

    async fn revoke_passkey(&mut self, account: AccountId, id: WayId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE passkey SET revoked_at_us = ?3 WHERE account = ?1 AND id = ?2 AND revoked_at_us IS NULL",
        );
        let query = query
            .bind(account.as_bytes().to_vec())
            .bind(id.as_bytes().to_vec())
            .bind(at.as_micros());
        self.change_one("passkey", query).await
    }

    async fn add_identity(&mut self, row: &IdentityRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO provider_identity (id, account, provider, issuer, subject, added_at_us, last_used_at_us, \
             frozen_at_us) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM account WHERE id = ?2)",
        );
        let query = query
            .bind(row.id.as_bytes().to_vec())
            .bind(row.account.as_bytes().to_vec())
            .bind(row.provider.as_str().to_owned())
            .bind(row.issuer.clone())
            .bind(row.subject.to_vec())
            .bind(row.added_at.as_micros())
            .bind(row.last_used_at.map(Instant::as_micros))
            .bind(row.frozen_at.map(Instant::as_micros));
        self.change_one("provider_identity", query).await
    }

    async fn use_identity(&mut self, id: WayId, at: Instant) -> Result<(), StoreError> {
        let query =
            query("UPDATE provider_identity SET last_used_at_us = ?2 WHERE id = ?1 AND frozen_at_us IS NULL");
        self.change_one(
            "provider_identity",
            query.bind(id.as_bytes().to_vec()).bind(at.as_micros()),
        )
        .await
    }

    async fn remove_identity(&mut self, account: AccountId, id: WayId) -> Result<(), StoreError> {
        let query = query("DELETE FROM provider_identity WHERE account = ?1 AND id = ?2");
        let query = query
            .bind(account.as_bytes().to_vec())
            .bind(id.as_bytes().to_vec());
        self.change_one("provider_identity", query).await
    }

    async fn replace_recovery_codes(
        &mut self,
        account: AccountId,
        hashes: &[[u8; 32]],
    ) -> Result<(), StoreError> {
        let old = query("DELETE FROM recovery_code WHERE account = ?1");
        self.change("recovery_code", old.bind(account.as_bytes().to_vec()))
            .await?;
        for hash in hashes {
            let new = query("INSERT INTO recovery_code (hash, account, used_at_us) VALUES (?1, ?2, NULL)");
            let new = new.bind(hash.to_vec()).bind(account.as_bytes().to_vec());
            self.change_one("recovery_code", new).await?;
        }
        Ok(())
    }

    async fn use_recovery_code(&mut self, hash: [u8; 32], at: Instant) -> Result<(), StoreError> {
        let query = query("UPDATE recovery_code SET used_at_us = ?2 WHERE hash = ?1 AND used_at_us IS NULL");
        self.change_one("recovery_code", query.bind(hash.to_vec()).bind(at.as_micros()))
            .await
    }
}

fn account(row: &SqliteRow) -> Result<AccountRow, StoreError> {
    Ok(AccountRow {
        id: row.id("account.id")?,
        created_at: row.instant("account.created_at_us")?,
        frozen_at: row.instant_or_null("account.frozen_at_us")?,
    })
}

fn passkey(row: &SqliteRow) -> Result<PasskeyRow, StoreError> {
    Ok(PasskeyRow {
        id: row.id("passkey.id")?,
        account: row.id("passkey.account")?,
        passkey: Passkey {
            credential: row.bytes("passkey.credential")?,
            state: row.bytes("passkey.state")?,
            public_key: row.bytes("passkey.public_key")?,
            model: row.array("passkey.model")?,
            may_be_copied: row.number::<u8>("passkey.may_be_copied")? == 1,
        },
        name: row.text("passkey.name")?,
        added_at: row.instant("passkey.added_at_us")?,
        last_used_at: row.instant_or_null("passkey.last_used_at_us")?,
        frozen_at: row.instant_or_null("passkey.frozen_at_us")?,
        revoked_at: row.instant_or_null("passkey.revoked_at_us")?,
    })
}

fn identity(row: &SqliteRow) -> Result<IdentityRow, StoreError> {
    Ok(IdentityRow {
        id: row.id("provider_identity.id")?,
        account: row.id("provider_identity.account")?,
        provider: row.code("provider_identity.provider", |text| text.parse().ok())?,
        issuer: row.text("provider_identity.issuer")?,
        subject: row.array("provider_identity.subject")?,
        added_at: row.instant("provider_identity.added_at_us")?,
        last_used_at: row.instant_or_null("provider_identity.last_used_at_us")?,
        frozen_at: row.instant_or_null("provider_identity.frozen_at_us")?,
    })
}
