//! The ways to sign in, as their owner sees them; naming, revoking and unlinking them.

use async_trait::async_trait;
use broker_domain::identity::ProviderId;
use broker_domain::ids::{AccountId, SessionId, WayId};
use broker_domain::time::Instant;
use broker_store::{ProvedBy, SessionRow, SignInKind, SignInRow, Tx};
use evidence::record::PasskeyAction;

use super::keys::KeyDrafts;
use super::passkeys::passkey_name;
use super::{Browser, SignInRefusal, device, note};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};

/// A passkey, without what recognises it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyView {
    /// Identifier.
    pub id: WayId,
    /// What its owner calls it.
    pub name: String,
    /// Model of the authenticator; all zero when it does not say.
    pub model: [u8; 16],
    /// Whether it may be on several of her devices.
    pub may_be_copied: bool,
    /// When it was registered.
    pub added_at: Instant,
    /// When it last signed her in.
    pub last_used_at: Option<Instant>,
    /// Since when it signs nobody in.
    pub frozen_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
}

/// An identity at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityView {
    /// Identifier.
    pub id: WayId,
    /// The provider's short name when it was linked.
    pub provider: ProviderId,
    /// The provider.
    pub issuer: String,
    /// When it was linked.
    pub added_at: Instant,
    /// When it last signed her in.
    pub last_used_at: Option<Instant>,
    /// Since when it signs nobody in.
    pub frozen_at: Option<Instant>,
}

/// How a person signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways {
    /// Her passkeys, oldest first, revoked ones among them.
    pub passkeys: Vec<PasskeyView>,
    /// Her identities at providers, oldest first.
    pub identities: Vec<IdentityView>,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
    /// Since when the account is frozen.
    pub frozen_at: Option<Instant>,
}

impl Broker {
    /// How the person signs in.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`].
    pub async fn ways(&self, token: &[u8; 32]) -> Result<Ways, Failure<SignInRefusal>> {
        let account = self.signed_in(token).await?.account;
        let mut read = self.store.read().await?;
        let passkeys = read.passkeys_of(account).await?.into_iter();
        let identities = read.identities_of(account).await?.into_iter();
        Ok(Ways {
            passkeys: passkeys
                .map(|row| PasskeyView {
                    id: row.id,
                    name: row.name,
                    model: row.passkey.model,
                    may_be_copied: row.passkey.may_be_copied,
                    added_at: row.added_at,
                    last_used_at: row.last_used_at,
                    frozen_at: row.frozen_at,
                    revoked_at: row.revoked_at,
                })
                .collect(),
            identities: identities
                .map(|row| IdentityView {
                    id: row.id,
                    provider: row.provider,
                    issuer: row.issuer,
                    added_at: row.added_at,
                    last_used_at: row.last_used_at,
                    frozen_at: row.frozen_at,
                })
                .collect(),
            recovery_codes: read.recovery_codes_left(account).await?,
            frozen_at: read.account(account).await?.and_then(|row| row.frozen_at),
        })
    }

    /// Names a passkey.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`], [`SignInRefusal::WithdrawingOnly`], [`SignInRefusal::Name`];
    /// [`Failure::Conflict`] for one that was revoked or is not hers.
    pub async fn name_passkey(
        &self,
        token: &[u8; 32],
        way: WayId,
        name: &str,
    ) -> Result<(), Failure<SignInRefusal>> {
        let session = self.able(token).await?;
        let name = passkey_name(name)?;
        let mut tx = self.store.begin("name passkey").await?;
        tx.name_passkey(session.account, way, &name).await?;
        Ok(tx.commit().await?)
    }

    /// Revokes a passkey for ever, records it in the person's list, and ends the other sessions that it opened. What it
    /// signed before stays verifiable. Gives the line in her list.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`], [`SignInRefusal::WithdrawingOnly`], [`SignInRefusal::ProveAgain`],
    /// [`SignInRefusal::NotYours`], [`SignInRefusal::LastWay`], [`SignInRefusal::Frozen`].
    pub async fn revoke_passkey(
        &self,
        token: &[u8; 32],
        way: WayId,
        browser: Browser<'_>,
    ) -> Result<SignInRow, Failure<SignInRefusal>> {
        let session = self.fresh(token).await?;
        let now = self.clock.now();
        let (row, roles) = {
            let mut read = self.store.read().await?;
            let rows = read.passkeys_of(session.account).await?;
            let row = rows
                .into_iter()
                .find(|row| row.id == way && row.revoked_at.is_none());
            (row, read.roles_of(session.account).await?)
        };
        let row = row.ok_or(Failure::Refused(SignInRefusal::NotYours))?;
        let device = device::label(browser.agent);
        let line = self.line(
            session.account,
            Some(session.role),
            SignInKind::PasskeyRevoked,
            device,
            now,
        )?;
        let drafts =
            self.passkey_drafts(&roles, &row.passkey, PasskeyAction::Revoked, &session.proof, now)?;
        self.commit(Revoke {
            way,
            session: session.id,
            line: line.clone(),
            drafts,
        })
        .await?;
        Ok(line)
    }

    /// Unlinks an identity, and ends the other sessions that it opened. Gives the line in the person's list.
    ///
    /// # Errors
    /// As [`Broker::revoke_passkey`].
    pub async fn unlink_provider(
        &self,
        token: &[u8; 32],
        way: WayId,
        browser: Browser<'_>,
    ) -> Result<SignInRow, Failure<SignInRefusal>> {
        let session = self.fresh(token).await?;
        let device = device::label(browser.agent);
        let line = self.line(
            session.account,
            Some(session.role),
            SignInKind::ProviderUnlinked,
            device,
            self.clock.now(),
        )?;
        let mut tx = self.store.begin("unlink provider").await?;
        let rows = tx.identities_of(session.account).await?;
        if rows.iter().all(|row| row.id != way) {
            return Err(Failure::Refused(SignInRefusal::NotYours));
        }
        may_go(&mut *tx, session.account, way)
            .await?
            .map_err(Failure::Refused)?;
        tx.remove_identity(session.account, way).await?;
        end_sessions_by(&mut *tx, session.account, way, session.id).await?;
        note(&mut *tx, &line).await?;
        tx.commit().await?;
        Ok(line)
    }
}

/// Whether the account can still be reached without a way, and may be changed at all.
async fn may_go(tx: &mut dyn Tx, account: AccountId, way: WayId) -> Result<Result<(), SignInRefusal>, Fault> {
    let row = tx.account(account).await?;
    if row.is_none_or(|row| row.frozen_at.is_some()) {
        return Ok(Err(SignInRefusal::Frozen));
    }
    let passkeys = tx.passkeys_of(account).await?;
    let mut others = passkeys
        .iter()
        .filter(|row| row.id != way && row.revoked_at.is_none() && row.frozen_at.is_none());
    let identities = tx.identities_of(account).await?;
    let mut elsewhere = identities
        .iter()
        .filter(|row| row.id != way && row.frozen_at.is_none());
    let reachable =
        others.next().is_some() || elsewhere.next().is_some() || tx.recovery_codes_left(account).await? > 0;
    Ok(if reachable {
        Ok(())
    } else {
        Err(SignInRefusal::LastWay)
    })
}

/// A way that is gone leaves no session behind but the one that asked.
async fn end_sessions_by(
    tx: &mut dyn Tx,
    account: AccountId,
    way: WayId,
    but: SessionId,
) -> Result<(), Fault> {
    let opened_by = |row: &SessionRow| match row.proof.by {
        ProvedBy::Passkey { way: by } | ProvedBy::Provider { way: by, .. } => by == way,
        ProvedBy::Demonstration | ProvedBy::Invitation | ProvedBy::Recovery => false,
    };
    for row in tx.sessions_of(account).await? {
        if row.id != but && opened_by(&row) {
            tx.end_session_of(account, row.id).await?;
        }
    }
    Ok(())
}

struct Revoke {
    way: WayId,
    session: SessionId,
    line: SignInRow,
    drafts: KeyDrafts,
}

#[async_trait]
impl Commit for Revoke {
    type Answer = ();
    type Refusal = SignInRefusal;
    const NAME: &'static str = "revoke passkey";

    fn leaves(&self) -> usize {
        self.drafts.leaves()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), SignInRefusal>, Fault> {
        let account = self.line.account;
        if let Err(refusal) = may_go(&mut *group.tx, account, self.way).await? {
            return Ok(Err(refusal));
        }
        group.tx.revoke_passkey(account, self.way, self.line.at).await?;
        end_sessions_by(&mut *group.tx, account, self.way, self.session).await?;
        note(&mut *group.tx, &self.line).await?;
        self.drafts.append(group).await?;
        Ok(Ok(()))
    }
}
