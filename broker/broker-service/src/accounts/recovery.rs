//! Recovery codes: ten, shown once, each good once.

use broker_store::{AttemptKind, Proof, ProvedBy, SignInKind};

use super::{Browser, SignInRefusal, SignedIn, codes, device, note};
use crate::broker::Broker;
use crate::failure::Failure;
use crate::sessions::sha256;

/// Codes made at once.
const CODES: usize = 10;

impl Broker {
    /// Makes ten codes and ends those made before. They are shown now and not kept.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`], [`SignInRefusal::WithdrawingOnly`], [`SignInRefusal::ProveAgain`],
    /// [`SignInRefusal::Frozen`].
    pub async fn make_recovery_codes(
        &self,
        token: &[u8; 32],
        browser: Browser<'_>,
    ) -> Result<Vec<String>, Failure<SignInRefusal>> {
        let session = self.fresh(token).await?;
        let now = self.clock.now();
        let mut drawn = Vec::with_capacity(CODES);
        for _ in 0..CODES {
            drawn.push(codes::draw_code(&*self.entropy)?);
        }
        let hashes: Vec<[u8; 32]> = drawn.iter().map(|code| self.vault.recovery_code(code)).collect();
        let device = device::label(browser.agent);
        let line = self.line(
            session.account,
            Some(session.role),
            SignInKind::CodesMade,
            device,
            now,
        )?;
        let mut tx = self.store.begin("make recovery codes").await?;
        let account = tx.account(session.account).await?;
        if account.is_none_or(|account| account.frozen_at.is_some()) {
            return Err(Failure::Refused(SignInRefusal::Frozen));
        }
        tx.replace_recovery_codes(session.account, &hashes).await?;
        note(&mut *tx, &line).await?;
        tx.commit().await?;
        Ok(drawn.iter().map(|code| codes::shown(code)).collect())
    }

    /// Signs in with a recovery code. The session may register a new way to sign in and do whatever withdraws, and an
    /// account that its owner froze is open again; ways that are frozen stay so until she opens them.
    ///
    /// # Errors
    /// [`SignInRefusal::RecoveryCode`], [`SignInRefusal::TooMany`].
    pub async fn recover(
        &self,
        code: &str,
        browser: Browser<'_>,
    ) -> Result<SignedIn, Failure<SignInRefusal>> {
        self.may_try(AttemptKind::Recovery, None).await?;
        let hash = self.vault.recovery_code(&codes::typed(code));
        let Some(row) = self.store.read().await?.recovery_code(hash).await? else {
            self.count_failure(AttemptKind::Recovery, None).await?;
            return Err(Failure::Refused(SignInRefusal::RecoveryCode));
        };
        self.may_try(AttemptKind::Recovery, Some(row.account)).await?;
        if row.used_at.is_some() {
            // Somebody has a list of hers: nobody gets on with it for a while after a few tries.
            self.count_failure(AttemptKind::Recovery, Some(row.account))
                .await?;
            return Err(Failure::Refused(SignInRefusal::RecoveryCode));
        }
        let now = self.clock.now();
        let device = device::label(browser.agent);
        let mut tx = self.store.begin("recover").await?;
        tx.use_recovery_code(hash, now).await?;
        let roles = tx.roles_of(row.account).await?;
        let role = roles.first().copied();
        let role = role.ok_or(Failure::Refused(SignInRefusal::Stranger))?;
        let account = tx.account(row.account).await?;
        if account.is_some_and(|account| account.frozen_at.is_some()) {
            tx.set_frozen(row.account, None).await?;
            let reopened = self.line(row.account, None, SignInKind::Reopened, device.clone(), now)?;
            note(&mut *tx, &reopened).await?;
        }
        let proof = Proof {
            at: now,
            by: ProvedBy::Recovery,
        };
        let (session, next) = self.draw_session(row.account, role, proof, device.clone(), now)?;
        if let Some(token) = browser.session {
            tx.end_session(sha256(token)).await?;
        }
        tx.add_session(&next, now).await?;
        let line = self.line(row.account, Some(role), SignInKind::Recovered, device, now)?;
        note(&mut *tx, &line).await?;
        tx.commit().await?;
        Ok(SignedIn {
            session,
            role,
            roles,
            line: Some(line),
        })
    }
}
