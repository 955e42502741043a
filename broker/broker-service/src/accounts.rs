//! Sign-in: who comes, by which way, and what she may change about that.
//!
//! A browser is asked in two halves. What the second half needs waits in a row that is found by a random value in the
//! browser's cookie, is taken once, and expires: an answer that was seen elsewhere, comes twice or comes late finds
//! nothing. Nobody registers alone: the first way in needs an invitation, each further one a proof younger than ten
//! minutes.

mod attempts;
mod codes;
mod device;
mod freeze;
mod invitation;
mod keys;
mod passkeys;
mod providers;
mod recovery;
mod register;
mod ways;

use std::sync::Arc;

use broker_domain::identity::{IdentityProviders, PasskeyRefusal, Passkeys, ProviderRefusal};
use broker_domain::ids::{AccountId, SessionId, SignInId, WayId};
use broker_domain::time::Instant;
use broker_store::{CeremonyKind, CeremonyOwner, CeremonyRow, Proof, SessionRole, SignInKind, SignInRow, Tx};
use evidence::passkey::RelyingParty;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::sessions::{OpenedSession, powers, sha256};
use crate::telling;

pub(crate) use codes::{draw_code, shown, typed};
pub use invitation::{Invitation, InviteRefusal, InvitedParticipant, Inviting, OpenedInvitation};
pub use passkeys::Begun;
pub use providers::{Arrived, Back, Departed};
pub use register::Registration;
pub use ways::{IdentityView, PasskeyView, Ways};

/// How long a proof is fresh enough to change how one signs in, in seconds: as long as somebody needs for it who does it
/// for the first time, and short beside a session.
pub(crate) const FRESH_SECONDS: i64 = 600;
/// How long a browser may take to answer, in seconds.
const CEREMONY_SECONDS: i64 = 600;
/// The list of sign-ins: at most so many lines,
const LIST_LINES: u32 = 100;
/// of at most so many seconds: a year.
const LIST_SECONDS: i64 = 366 * 86_400;

/// By which ways people may sign in here. Without any the broker starts, and nobody can.
#[derive(Clone, Default)]
pub struct SignInParts {
    /// OpenID Connect providers.
    pub providers: Option<Arc<dyn IdentityProviders>>,
    /// Passkeys.
    pub passkeys: Option<Arc<dyn Passkeys>>,
    /// Who asks for signatures over terms, where passkeys can sign them.
    pub signing: Option<RelyingParty>,
}

/// The browser that somebody sits at.
#[derive(Clone, Copy, Default)]
pub struct Browser<'a> {
    /// The token of its session cookie, if it has one.
    pub session: Option<&'a [u8; 32]>,
    /// Its `User-Agent`. Only a coarse name of it is kept.
    pub agent: &'a str,
}

/// Somebody who is signed in from now on.
pub struct SignedIn {
    /// Her session.
    pub session: OpenedSession,
    /// As whom.
    pub role: SessionRole,
    /// As whom she may go on, this one among them.
    pub roles: Vec<SessionRole>,
    /// The line in her list; `None` when she only proved herself again. What it says beside `SignedIn` deserves a message.
    pub line: Option<SignInRow>,
}

/// Why somebody is not signed in, or may not change how she signs in.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum SignInRefusal {
    /// No port for it.
    #[error("this way of signing in is not offered here; choose another one")]
    NotOffered,
    /// No such question waits for this browser.
    #[error("this step has expired, was done before, or was begun in another browser; start it again")]
    Expired,
    /// No such invitation.
    #[error("this invitation is unknown, used or expired; ask for a new one")]
    Invitation,
    /// The person did not say that she is of age.
    #[error("whoever holds a meter here is of age; open the invitation again and say so")]
    AgeUnsaid,
    /// No such recovery code.
    #[error("this recovery code is unknown or was used; try another one")]
    RecoveryCode,
    /// Too many failed.
    #[error("too many codes were wrong, or too many sign-ins begun; try again after {until}")]
    TooMany {
        /// From when on it may be tried again.
        until: Instant,
    },
    /// The authenticator's answer is not believed.
    #[error(transparent)]
    Passkey(#[from] PasskeyRefusal),
    /// The provider's answer is not believed.
    #[error(transparent)]
    Provider(#[from] ProviderRefusal),
    /// The provider knows the person, and nobody here is linked to her.
    #[error(
        "nobody here signs in this way; open your invitation first, or sign in another way and link this one"
    )]
    Stranger,
    /// Somebody else signs in with it, or it is linked already.
    #[error("this is a way to sign in already; use it, or choose another one")]
    Taken,
    /// The account or the way is frozen.
    #[error("this account was closed by its owner; use a recovery code, or ask for a new invitation")]
    Frozen,
    /// No session.
    #[error("you are not signed in")]
    SignedOut,
    /// The session was idle too long, or came from a recovery code.
    #[error("this session can only look and withdraw; sign in again to do more")]
    WithdrawingOnly,
    /// The proof is too old.
    #[error("prove that it is you again, then repeat this step")]
    ProveAgain,
    /// The account could not be reached any more.
    #[error("this is the last way in; add another one or make recovery codes first")]
    LastWay,
    /// Somebody else's, or nobody's.
    #[error("this is not one of yours")]
    NotYours,
    /// The name of a passkey.
    #[error("a name has 1 to 60 characters")]
    Name,
}

/// A question about to be asked.
struct Question {
    kind: CeremonyKind,
    account: Option<AccountId>,
    invitation: Option<[u8; 32]>,
    session: Option<SessionId>,
    state: Option<[u8; 32]>,
    keep: Vec<u8>,
}

impl Question {
    fn of(kind: CeremonyKind, keep: Vec<u8>) -> Self {
        Self {
            kind,
            account: None,
            invitation: None,
            session: None,
            state: None,
            keep,
        }
    }
}

/// Somebody whom a port recognised.
struct Recognised {
    account: AccountId,
    proof: Proof,
    used: Used,
}

/// By what.
enum Used {
    Passkey { id: WayId, state: Option<Vec<u8>> },
    Identity { id: WayId },
}

/// Whose question it is.
fn question_owner(account: Option<AccountId>, session: Option<SessionId>) -> CeremonyOwner {
    match (account, session) {
        (Some(account), _) => CeremonyOwner::Account(account),
        (None, Some(session)) => CeremonyOwner::Session(session),
        (None, None) => CeremonyOwner::Stranger,
    }
}

impl Broker {
    /// Keeps a question and gives the value for the browser's cookie.
    async fn ask(&self, question: Question) -> Result<[u8; 32], Failure<SignInRefusal>> {
        let now = self.clock.now();
        let mut value = [0_u8; 32];
        self.entropy.fill(&mut value)?;
        let row = CeremonyRow {
            hash: sha256(&value),
            kind: question.kind,
            account: question.account,
            invitation: question.invitation,
            session: question.session,
            state: question.state,
            keep: question.keep,
            expires_at: now.plus_seconds(CEREMONY_SECONDS),
        };
        let mut tx = self.store.begin("begin sign-in").await?;
        attempts::may_begin(&mut *tx, question_owner(row.account, row.session), now).await?;
        tx.add_ceremony(&row, now).await?;
        tx.commit().await?;
        Ok(value)
    }

    /// Takes the question that waits for this browser: from here on it is answered, rightly or not.
    async fn take(
        &self,
        value: &[u8; 32],
        kinds: &[CeremonyKind],
    ) -> Result<CeremonyRow, Failure<SignInRefusal>> {
        let mut tx = self.store.begin("answer sign-in").await?;
        let row = tx.take_ceremony(sha256(value)).await?;
        tx.commit().await?;
        row.filter(|row| kinds.contains(&row.kind) && self.clock.now() < row.expires_at)
            .ok_or(Failure::Refused(SignInRefusal::Expired))
    }

    /// Lets somebody in: a new session, or the same one under a new token when she only proved herself again.
    async fn let_in(
        &self,
        who: Recognised,
        begun_in: Option<SessionId>,
        browser: Browser<'_>,
    ) -> Result<SignedIn, Failure<SignInRefusal>> {
        let now = self.clock.now();
        let mut tx = self.store.begin("sign in").await?;
        match &who.used {
            Used::Passkey { id, state } => tx.use_passkey(*id, state.as_deref(), now).await?,
            Used::Identity { id } => tx.use_identity(*id, now).await?,
        }
        let roles = tx.roles_of(who.account).await?;
        let old = match browser.session {
            Some(token) => tx.session(sha256(token)).await?,
            None => None,
        };
        let old = old.filter(|old| powers(old, now).is_some());
        let (session, role, line) = match (begun_in, old) {
            (Some(id), Some(old)) if old.id == id => {
                if old.account != who.account {
                    return Err(Failure::Refused(SignInRefusal::NotYours));
                }
                let (opened, next) = self.renewed(&old, old.role, who.proof, now)?;
                tx.change_session(old.token_hash, &next).await?;
                (opened, old.role, None)
            }
            (Some(_), _) => return Err(Failure::Refused(SignInRefusal::Expired)),
            (None, old) => {
                let before = old.filter(|old| old.account == who.account).map(|old| old.role);
                if let Some(token) = browser.session {
                    tx.end_session(sha256(token)).await?;
                }
                let role = before.or_else(|| roles.first().copied());
                let role = role.ok_or(Failure::Refused(SignInRefusal::Stranger))?;
                let device = device::label(browser.agent);
                let kind = seen_before(&mut *tx, who.account, &device).await?;
                let (opened, row) = self.draw_session(who.account, role, who.proof, device.clone(), now)?;
                tx.add_session(&row, now).await?;
                let line = self.line(who.account, Some(role), kind, device, now)?;
                note(&mut *tx, &line).await?;
                (opened, role, Some(line))
            }
        };
        tx.commit().await?;
        Ok(SignedIn {
            session,
            role,
            roles,
            line,
        })
    }

    /// A line for an account's list.
    fn line(
        &self,
        account: AccountId,
        role: Option<SessionRole>,
        kind: SignInKind,
        device: String,
        now: Instant,
    ) -> Result<SignInRow, Fault> {
        Ok(SignInRow {
            id: SignInId::random(&*self.entropy)?,
            account,
            role,
            at: now,
            kind,
            device,
        })
    }
}

/// Puts a line into its list.
async fn note(tx: &mut dyn Tx, line: &SignInRow) -> Result<(), Fault> {
    let since = line.at.plus_seconds(-LIST_SECONDS);
    tx.add_sign_in(line, since, LIST_LINES).await?;
    telling::signed_in(tx, line).await
}

/// Whether an account's list has a device already.
///
/// LIMIT: devices are told apart by coarse names only, so a stranger with the same browser on the same system counts as
/// seen before. A finer mark would follow people around, and would be worth stealing.
async fn seen_before(tx: &mut dyn Tx, account: AccountId, device: &str) -> Result<SignInKind, Fault> {
    let lines = tx.sign_ins_of(account, LIST_LINES).await?;
    let known = !device.is_empty() && lines.iter().any(|line| line.device == device);
    Ok(if known {
        SignInKind::SignedIn
    } else {
        SignInKind::NewDevice
    })
}
