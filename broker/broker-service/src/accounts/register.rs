//! A new way to sign in: with an invitation the first one, in a fresh session any further one. Way, account, session,
//! list and the record of a passkey are committed together or not at all.

use async_trait::async_trait;
use broker_domain::identity::Passkey;
use broker_domain::ids::{AccountId, SessionId, WayId};
use broker_domain::time::Instant;
use broker_store::{
    AccountRow, CeremonyRow, IdentityRow, InvitationKind, PasskeyRow, Proof, ProvedBy, SessionRole,
    SessionRow, SignInKind, SignInRow, Tx,
};
use evidence::record::PasskeyAction;

use super::keys::KeyDrafts;
use super::{Browser, SignInRefusal, SignedIn, device, note};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};
use crate::sessions::{LiveSession, powers, sha256};

/// A way that was registered.
pub struct Registration {
    /// The way.
    pub way: WayId,
    /// The line in the person's list: worth a message.
    pub line: SignInRow,
    /// Her session, when the invitation let her in. Otherwise she is signed in already.
    pub signed_in: Option<SignedIn>,
}

/// What is registered.
#[derive(Clone)]
pub(super) enum NewWay {
    Passkey { passkey: Passkey, name: String },
    Identity(IdentityRow),
}

impl NewWay {
    const fn kind(&self) -> SignInKind {
        match self {
            Self::Passkey { .. } => SignInKind::PasskeyAdded,
            Self::Identity(_) => SignInKind::ProviderLinked,
        }
    }
}

/// By what right.
enum Right {
    Invitation {
        hash: [u8; 32],
        role: SessionRole,
        session: Box<SessionRow>,
    },
    Session {
        id: SessionId,
        token_hash: [u8; 32],
    },
}

impl Broker {
    /// Registers a way under the invitation or the session in which the question was begun.
    pub(super) async fn register(
        &self,
        ceremony: &CeremonyRow,
        way: NewWay,
        browser: Browser<'_>,
    ) -> Result<Registration, Failure<SignInRefusal>> {
        let expired = Failure::Refused(SignInRefusal::Expired);
        let account = ceremony.account.ok_or(Failure::Refused(SignInRefusal::Expired))?;
        match (ceremony.invitation, ceremony.session) {
            (Some(hash), None) => self.register_invited(account, hash, way, browser).await,
            (None, Some(id)) => {
                let token = browser.session.ok_or(expired)?;
                let session = self.may_register(token).await?;
                if session.id != id || session.account != account {
                    return Err(Failure::Refused(SignInRefusal::Expired));
                }
                self.register_in(&session, sha256(token), way, browser).await
            }
            _ => Err(expired),
        }
    }

    /// A session in which a way may be registered: fresh, and good for everything or opened with a recovery code.
    pub(super) async fn may_register(&self, token: &[u8; 32]) -> Result<LiveSession, Failure<SignInRefusal>> {
        let session = self.signed_in(token).await?;
        if session.proof.by == ProvedBy::Recovery {
            return match session.is_fresh(self.clock.now()) {
                true => Ok(session),
                false => Err(Failure::Refused(SignInRefusal::ProveAgain)),
            };
        }
        self.fresh(token).await
    }

    async fn register_invited(
        &self,
        account: AccountId,
        hash: [u8; 32],
        way: NewWay,
        browser: Browser<'_>,
    ) -> Result<Registration, Failure<SignInRefusal>> {
        let now = self.clock.now();
        let row = self.store.read().await?.invitation(hash).await?;
        let role = row.ok_or(Failure::Refused(SignInRefusal::Invitation))?.role;
        let proof = Proof {
            at: now,
            by: ProvedBy::Invitation,
        };
        let device = device::label(browser.agent);
        let (opened, session) = self.draw_session(account, role, proof.clone(), device.clone(), now)?;
        let beat = self.beat(
            account,
            way,
            &[role],
            &proof,
            Right::Invitation {
                hash,
                role,
                session: Box::new(session),
            },
            self.line(account, Some(role), SignInKind::SignedIn, device, now)?,
        )?;
        let registration = self.write(beat).await?;
        if let Some(token) = browser.session {
            self.close_session(token).await?;
        }
        let roles = self.store.read().await?.roles_of(account).await?;
        Ok(Registration {
            signed_in: Some(SignedIn {
                session: opened,
                role,
                roles,
                line: None,
            }),
            ..registration
        })
    }

    async fn register_in(
        &self,
        session: &LiveSession,
        token_hash: [u8; 32],
        way: NewWay,
        browser: Browser<'_>,
    ) -> Result<Registration, Failure<SignInRefusal>> {
        let now = self.clock.now();
        let roles = self.store.read().await?.roles_of(session.account).await?;
        let device = device::label(browser.agent);
        let beat = self.beat(
            session.account,
            way,
            &roles,
            &session.proof,
            Right::Session {
                id: session.id,
                token_hash,
            },
            self.line(
                session.account,
                Some(session.role),
                SignInKind::SignedIn,
                device,
                now,
            )?,
        )?;
        self.write(beat).await
    }

    fn beat(
        &self,
        account: AccountId,
        way: NewWay,
        roles: &[SessionRole],
        proof: &Proof,
        right: Right,
        line: SignInRow,
    ) -> Result<Register, Fault> {
        let now = line.at;
        let drafts = match &way {
            NewWay::Passkey { passkey, .. } => {
                self.passkey_drafts(roles, passkey, PasskeyAction::Registered, proof, now)?
            }
            NewWay::Identity(_) => KeyDrafts::none(),
        };
        Ok(Register {
            id: WayId::random(&*self.entropy)?,
            account,
            line: SignInRow {
                kind: way.kind(),
                ..line
            },
            way,
            right,
            drafts,
            now,
        })
    }

    async fn write(&self, beat: Register) -> Result<Registration, Failure<SignInRefusal>> {
        let (way, line) = (beat.id, beat.line.clone());
        match self.try_commit(beat).await {
            Ok(Ok(())) => Ok(Registration {
                way,
                line,
                signed_in: None,
            }),
            Ok(Err(refusal)) => Err(Failure::Refused(refusal)),
            Err(Fault::Conflict {
                table: "passkey" | "provider_identity",
            }) => Err(Failure::Refused(SignInRefusal::Taken)),
            Err(Fault::Conflict { table: "invitation" }) => Err(Failure::Refused(SignInRefusal::Invitation)),
            Err(fault) => Err(fault.into()),
        }
    }
}

struct Register {
    id: WayId,
    account: AccountId,
    way: NewWay,
    right: Right,
    drafts: KeyDrafts,
    line: SignInRow,
    now: Instant,
}

impl Register {
    /// Whether the right still stands, now that nothing else can change. Makes the account that an invitation is for.
    async fn stands(&self, tx: &mut dyn Tx) -> Result<Result<(), SignInRefusal>, Fault> {
        match &self.right {
            Right::Invitation { hash, role, .. } => self.invited(tx, *hash, *role).await,
            Right::Session { id, token_hash } => {
                let session = tx.session(*token_hash).await?.filter(|row| row.id == *id);
                if session.is_none_or(|row| powers(&row, self.now).is_none()) {
                    return Ok(Err(SignInRefusal::SignedOut));
                }
                let account = tx.account(self.account).await?;
                Ok(match account.is_some_and(|row| row.frozen_at.is_none()) {
                    true => Ok(()),
                    false => Err(SignInRefusal::Frozen),
                })
            }
        }
    }

    async fn invited(
        &self,
        tx: &mut dyn Tx,
        hash: [u8; 32],
        role: SessionRole,
    ) -> Result<Result<(), SignInRefusal>, Fault> {
        let row = tx.invitation(hash).await?;
        let Some(row) = row.filter(|row| row.used_at.is_none() && self.now < row.expires_at) else {
            return Ok(Err(SignInRefusal::Invitation));
        };
        tx.use_invitation(hash, self.now).await?;
        match (tx.account_of(role).await?, row.kind) {
            (None, _) => {
                let account = AccountRow {
                    id: self.account,
                    created_at: self.now,
                    frozen_at: None,
                };
                tx.add_account(&account).await?;
                tx.add_role(self.account, role).await?;
            }
            (Some(account), InvitationKind::Again) if account.id == self.account => {
                // Whoever took the account over may hold the codes. The ways stay frozen: she opens those that are hers.
                tx.set_frozen(account.id, None).await?;
                tx.replace_recovery_codes(account.id, &[]).await?;
                // Until here sessions of before stood. Her keys stay: if this was not her, she comes back with one of them.
                tx.end_sessions_of(account.id, None).await?;
            }
            (Some(_), _) => return Ok(Err(SignInRefusal::Invitation)),
        }
        Ok(Ok(()))
    }
}

#[async_trait]
impl Commit for Register {
    type Answer = ();
    type Refusal = SignInRefusal;
    const NAME: &'static str = "register way to sign in";

    fn leaves(&self) -> usize {
        self.drafts.leaves()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), SignInRefusal>, Fault> {
        if let Err(refusal) = self.stands(&mut *group.tx).await? {
            return Ok(Err(refusal));
        }
        match &self.way {
            NewWay::Passkey { passkey, name } => {
                let row = PasskeyRow {
                    id: self.id,
                    account: self.account,
                    passkey: passkey.clone(),
                    name: name.clone(),
                    added_at: self.now,
                    last_used_at: None,
                    frozen_at: None,
                    revoked_at: None,
                };
                group.tx.add_passkey(&row).await?;
            }
            NewWay::Identity(row) => {
                let row = IdentityRow {
                    id: self.id,
                    account: self.account,
                    ..row.clone()
                };
                group.tx.add_identity(&row).await?;
            }
        }
        if let Right::Invitation { session, .. } = &self.right {
            group.tx.add_session(session, self.now).await?;
        }
        note(&mut *group.tx, &self.line).await?;
        self.drafts.append(group).await?;
        Ok(Ok(()))
    }
}
