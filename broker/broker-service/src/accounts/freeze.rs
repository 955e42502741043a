//! "This was not me": everything is closed but the way that the person proves to hold.

use broker_domain::ids::{SignInId, WayId};
use broker_store::{ProvedBy, SignInKind, SignInRow};

use super::{Browser, LIST_LINES, SignInRefusal, device, note};
use crate::broker::Broker;
use crate::failure::Failure;

impl Broker {
    /// What happened to the person's account, newest first: at most a hundred lines of a year.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`].
    pub async fn sign_ins(&self, token: &[u8; 32]) -> Result<Vec<SignInRow>, Failure<SignInRefusal>> {
        let session = self.signed_in(token).await?;
        let lines = self
            .store
            .read()
            .await?
            .sign_ins_of(session.account, LIST_LINES)
            .await?;
        Ok(lines)
    }

    /// Says that a line of the list was somebody else, and freezes the account as [`Broker::freeze`] does.
    ///
    /// # Errors
    /// [`SignInRefusal::NotYours`] for a line of another list, and those of [`Broker::freeze`].
    pub async fn not_me(
        &self,
        token: &[u8; 32],
        line: SignInId,
        keep: Option<WayId>,
        browser: Browser<'_>,
    ) -> Result<(), Failure<SignInRefusal>> {
        let lines = self.sign_ins(token).await?;
        if lines.iter().all(|known| known.id != line) {
            return Err(Failure::Refused(SignInRefusal::NotYours));
        }
        self.freeze(token, keep, browser).await
    }

    /// Ends all sessions and freezes every way to sign in but `keep`. From then on nothing about signing in can be
    /// changed until a recovery code or a new invitation opens the account again.
    ///
    /// Any session may do this, also one that only withdraws: whoever stole it gains nothing. But a way is kept only if
    /// the person proved in the last ten minutes that she holds it, or a thief would keep the own one and lock her out.
    ///
    /// LIMIT: without a recovery code she then needs the operator, also to withdraw: by telephone or on paper.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`]; [`SignInRefusal::ProveAgain`] when `keep` is not the way of a fresh proof.
    pub async fn freeze(
        &self,
        token: &[u8; 32],
        keep: Option<WayId>,
        browser: Browser<'_>,
    ) -> Result<(), Failure<SignInRefusal>> {
        let session = self.signed_in(token).await?;
        let now = self.clock.now();
        let held = match session.proof.by {
            ProvedBy::Passkey { way } | ProvedBy::Provider { way, .. } => Some(way),
            ProvedBy::Demonstration | ProvedBy::Invitation | ProvedBy::Recovery => None,
        };
        if keep.is_some() && (keep != held || !session.is_fresh(now)) {
            return Err(Failure::Refused(SignInRefusal::ProveAgain));
        }
        let device = device::label(browser.agent);
        let line = self.line(
            session.account,
            Some(session.role),
            SignInKind::Frozen,
            device,
            now,
        )?;
        let mut tx = self.store.begin("freeze account").await?;
        tx.set_frozen(session.account, Some(now)).await?;
        tx.freeze_ways(session.account, keep, now).await?;
        tx.end_sessions_of(session.account, None).await?;
        note(&mut *tx, &line).await?;
        Ok(tx.commit().await?)
    }

    /// Opens one frozen way again, once the account is open.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`], [`SignInRefusal::WithdrawingOnly`], [`SignInRefusal::ProveAgain`],
    /// [`SignInRefusal::Frozen`]; [`Failure::Conflict`] when it is not frozen or not hers.
    pub async fn thaw(&self, token: &[u8; 32], way: WayId) -> Result<(), Failure<SignInRefusal>> {
        let session = self.fresh(token).await?;
        let mut tx = self.store.begin("thaw way").await?;
        let account = tx.account(session.account).await?;
        if account.is_none_or(|account| account.frozen_at.is_some()) {
            return Err(Failure::Refused(SignInRefusal::Frozen));
        }
        tx.thaw_way(session.account, way).await?;
        Ok(tx.commit().await?)
    }
}
