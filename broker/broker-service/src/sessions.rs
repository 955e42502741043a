//! Sessions of the pages: opened by a sign-in, found by a cookie, ended on demand.

use broker_domain::ids::{AccountId, SessionId};
use broker_domain::time::Instant;
use broker_store::{AccountRow, Proof, ProvedBy, SessionRole, SessionRow, Tx};
use ring::digest;

use crate::accounts::{FRESH_SECONDS, SignInRefusal};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long a session lasts, in seconds.
struct Limits {
    /// Without being used.
    idle: i64,
    /// At most.
    absolute: i64,
}

/// Staff see what is about others, so theirs are those of NIST SP 800-63B §4.2.3 (assurance level 2: twelve hours, thirty
/// minutes). A participant sees her own: thirty days at most (§4.1.3, level 1), and she need not sign in again in the
/// evening of a day on which she looked in the morning.
const fn limits(role: SessionRole) -> Limits {
    match role {
        SessionRole::Participant(_) => Limits {
            idle: 12 * HOUR,
            absolute: 30 * DAY,
        },
        SessionRole::Researcher(_) | SessionRole::Officer(_) => Limits {
            idle: 30 * MINUTE,
            absolute: 12 * HOUR,
        },
    }
}

/// A session just opened: the token goes into the cookie and nowhere else.
pub struct OpenedSession {
    /// 32 random bytes.
    pub token: [u8; 32],
    /// Until when at most.
    pub expires_at: Instant,
}

/// What a session is good for. Every one can withdraw (invariant I5): there is none that grants and does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Powers {
    /// Everything of its role.
    Everything,
    /// Looking, withdrawing, ending sessions, saying "this was not me". It was not used for too long, or opened with a
    /// recovery code, which may besides register a new way to sign in.
    Withdrawing,
}

/// A session that lives. Holds the secret of its forms, so it has no `Debug`.
#[derive(Clone)]
pub struct LiveSession {
    /// Identifier, for the list of devices.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// As whom.
    pub role: SessionRole,
    /// Secret that each form must carry back.
    pub csrf: [u8; 32],
    /// What it is good for.
    pub powers: Powers,
    /// How the person proved herself last.
    pub proof: Proof,
    /// Until when at most.
    pub expires_at: Instant,
}

impl LiveSession {
    /// Whether the person proved herself in the last ten minutes.
    #[must_use]
    pub fn is_fresh(&self, now: Instant) -> bool {
        now < self.proof.at.plus_seconds(FRESH_SECONDS)
    }
}

/// One of the places where a person is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The session.
    pub id: SessionId,
    /// Coarse name of browser and system; empty when they did not say.
    pub name: String,
    /// As whom.
    pub role: SessionRole,
    /// Since when.
    pub opened_at: Instant,
    /// When it was last used, to the minute.
    pub last_seen_at: Instant,
    /// Whether this is the one that asks.
    pub place: Place,
}

/// Whether a device is the one that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// It is.
    Here,
    /// It is not.
    Elsewhere,
}

/// What a session is good for now; `None` when it is over.
pub(crate) fn powers(row: &SessionRow, now: Instant) -> Option<Powers> {
    if now >= row.expires_at {
        return None;
    }
    if now >= row.idle_until {
        // Staff have nothing to withdraw.
        return matches!(row.role, SessionRole::Participant(_)).then_some(Powers::Withdrawing);
    }
    Some(match row.proof.by {
        ProvedBy::Recovery => Powers::Withdrawing,
        ProvedBy::Demonstration
        | ProvedBy::Invitation
        | ProvedBy::Passkey { .. }
        | ProvedBy::Provider { .. } => Powers::Everything,
    })
}

fn live(row: &SessionRow, now: Instant) -> Option<LiveSession> {
    Some(LiveSession {
        id: row.id,
        account: row.account,
        role: row.role,
        csrf: row.csrf,
        powers: powers(row, now)?,
        proof: row.proof.clone(),
        expires_at: row.expires_at,
    })
}

impl Broker {
    /// Opens a session without any proof: the one click of the demonstration. Whoever has no account gets one.
    ///
    /// # Errors
    /// When the store or the random generator fails.
    pub async fn open_session(&self, role: SessionRole) -> Result<OpenedSession, Fault> {
        let now = self.clock.now();
        let drawn = AccountId::random(&*self.entropy)?;
        let mut tx = self.store.begin("open session").await?;
        let account = match tx.account_of(role).await? {
            Some(account) => account.id,
            None => new_account(&mut *tx, drawn, role, now).await?,
        };
        let proof = Proof {
            at: now,
            by: ProvedBy::Demonstration,
        };
        let (opened, row) = self.draw_session(account, role, proof, String::new(), now)?;
        tx.add_session(&row, now).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// The session behind a cookie's token, when it is good for everything of its role.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn session(&self, token: &[u8; 32]) -> Result<Option<LiveSession>, Fault> {
        let session = self.any_session(token).await?;
        Ok(session.filter(|session| session.powers == Powers::Everything))
    }

    /// The session behind a cookie's token, whatever it is good for: for pages that withdraw, end sessions, and let
    /// people prove themselves again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn any_session(&self, token: &[u8; 32]) -> Result<Option<LiveSession>, Fault> {
        let now = self.clock.now();
        let token_hash = sha256(token);
        let row = self.store.read().await?.session(token_hash).await?;
        let Some((row, session)) = row.and_then(|row| live(&row, now).map(|session| (row, session))) else {
            return Ok(None);
        };
        // Whoever signs in as a person who died or cannot decide any more is not she: whichever way she came in.
        if let SessionRole::Participant(who) = row.role
            && self.store.read().await?.capacity_end(who).await?.is_some()
        {
            return Ok(None);
        }
        // One durable write a minute, not one a page. A session that was idle for too long is not brought back by use.
        if now >= row.last_seen_at.plus_seconds(MINUTE) && now < row.idle_until {
            let idle_until = now.plus_seconds(limits(row.role).idle).min(row.expires_at);
            if let Err(fault) = self.touch(token_hash, now, idle_until).await {
                // It then ends early; a page that only looks must not fail for it.
                let error: &dyn std::error::Error = &fault;
                tracing::warn!(error, "the use of a session could not be noted");
            }
        }
        Ok(Some(session))
    }

    /// Whether the session behind a token would live, had nobody recorded that its person died or cannot decide any more: whoever
    /// signed in is told so, and where to object.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_closed_by_capacity(&self, token: &[u8; 32]) -> Result<bool, Fault> {
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let row = read.session(sha256(token)).await?;
        let Some(row) = row.filter(|row| live(row, now).is_some()) else {
            return Ok(false);
        };
        let SessionRole::Participant(who) = row.role else {
            return Ok(false);
        };
        Ok(read.capacity_end(who).await?.is_some())
    }

    async fn touch(&self, token_hash: [u8; 32], now: Instant, idle_until: Instant) -> Result<(), Fault> {
        let mut tx = self.store.begin("touch session").await?;
        tx.touch_session(token_hash, now, idle_until).await?;
        Ok(tx.commit().await?)
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

    /// Where the person is signed in, the place used last first.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`].
    pub async fn devices(&self, token: &[u8; 32]) -> Result<Vec<Device>, Failure<SignInRefusal>> {
        let session = self.signed_in(token).await?;
        let now = self.clock.now();
        let rows = self.store.read().await?.sessions_of(session.account).await?;
        let living = rows.into_iter().filter(|row| powers(row, now).is_some());
        Ok(living
            .map(|row| Device {
                id: row.id,
                place: if row.id == session.id {
                    Place::Here
                } else {
                    Place::Elsewhere
                },
                name: row.device,
                role: row.role,
                opened_at: row.created_at,
                last_seen_at: row.last_seen_at,
            })
            .collect())
    }

    /// Ends one of the person's sessions.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`]; [`Failure::Conflict`] when it ended meanwhile or is not hers.
    pub async fn end_device(
        &self,
        token: &[u8; 32],
        device: SessionId,
    ) -> Result<(), Failure<SignInRefusal>> {
        let session = self.signed_in(token).await?;
        let mut tx = self.store.begin("end device").await?;
        tx.end_session_of(session.account, device).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all of the person's sessions, this one too.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`].
    pub async fn end_all_devices(&self, token: &[u8; 32]) -> Result<(), Failure<SignInRefusal>> {
        let session = self.signed_in(token).await?;
        let mut tx = self.store.begin("end all devices").await?;
        tx.end_sessions_of(session.account, None).await?;
        Ok(tx.commit().await?)
    }

    /// The roles among which the person may choose.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`].
    pub async fn own_roles(&self, token: &[u8; 32]) -> Result<Vec<SessionRole>, Failure<SignInRefusal>> {
        let session = self.signed_in(token).await?;
        Ok(self.store.read().await?.roles_of(session.account).await?)
    }

    /// Goes on in another role of the same account, under a new token.
    ///
    /// # Errors
    /// [`SignInRefusal::SignedOut`], [`SignInRefusal::WithdrawingOnly`], [`SignInRefusal::NotYours`] for a role that is
    /// not the account's, and [`SignInRefusal::ProveAgain`] for staff's after ten minutes.
    pub async fn choose_role(
        &self,
        token: &[u8; 32],
        role: SessionRole,
    ) -> Result<OpenedSession, Failure<SignInRefusal>> {
        let session = self.able(token).await?;
        let now = self.clock.now();
        let staff = !matches!(role, SessionRole::Participant(_));
        if staff && !session.is_fresh(now) {
            return Err(Failure::Refused(SignInRefusal::ProveAgain));
        }
        let token_hash = sha256(token);
        let mut tx = self.store.begin("choose role").await?;
        if !tx.roles_of(session.account).await?.contains(&role) {
            return Err(Failure::Refused(SignInRefusal::NotYours));
        }
        let old = tx.session(token_hash).await?;
        let old = old.ok_or(Failure::Refused(SignInRefusal::SignedOut))?;
        let (opened, next) = self.renewed(&old, role, old.proof.clone(), now)?;
        tx.change_session(token_hash, &next).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// A session, not stored yet.
    pub(crate) fn draw_session(
        &self,
        account: AccountId,
        role: SessionRole,
        proof: Proof,
        device: String,
        now: Instant,
    ) -> Result<(OpenedSession, SessionRow), Fault> {
        let (mut token, mut csrf) = ([0_u8; 32], [0_u8; 32]);
        self.entropy.fill(&mut token)?;
        self.entropy.fill(&mut csrf)?;
        let Limits { idle, absolute } = limits(role);
        let row = SessionRow {
            id: SessionId::random(&*self.entropy)?,
            token_hash: sha256(&token),
            account,
            role,
            csrf,
            created_at: now,
            proof,
            last_seen_at: now,
            idle_until: now.plus_seconds(idle),
            expires_at: now.plus_seconds(absolute),
            device,
        };
        let opened = OpenedSession {
            token,
            expires_at: row.expires_at,
        };
        Ok((opened, row))
    }

    /// The same session under a new token, in this role and with this proof. Its end moves on only with a new proof.
    pub(crate) fn renewed(
        &self,
        old: &SessionRow,
        role: SessionRole,
        proof: Proof,
        now: Instant,
    ) -> Result<(OpenedSession, SessionRow), Fault> {
        let (mut opened, mut next) = self.draw_session(old.account, role, proof, old.device.clone(), now)?;
        next.id = old.id;
        next.created_at = old.created_at;
        let latest = next.proof.at.plus_seconds(limits(role).absolute);
        next.expires_at = next.expires_at.min(latest);
        next.idle_until = next.idle_until.min(next.expires_at);
        opened.expires_at = next.expires_at;
        Ok((opened, next))
    }

    /// Whoever is signed in, whatever the session is good for.
    pub(crate) async fn signed_in(&self, token: &[u8; 32]) -> Result<LiveSession, Failure<SignInRefusal>> {
        let session = self.any_session(token).await?;
        session.ok_or(Failure::Refused(SignInRefusal::SignedOut))
    }

    /// Whoever is signed in and may change things.
    pub(crate) async fn able(&self, token: &[u8; 32]) -> Result<LiveSession, Failure<SignInRefusal>> {
        let session = self.signed_in(token).await?;
        match session.powers {
            Powers::Everything => Ok(session),
            Powers::Withdrawing => Err(Failure::Refused(SignInRefusal::WithdrawingOnly)),
        }
    }

    /// Whether whoever acts proved in the last ten minutes who she is, for what cannot be undone.
    ///
    /// # Errors
    /// See [`SignInRefusal`].
    pub async fn proved_lately(&self, token: &[u8; 32]) -> Result<(), Failure<SignInRefusal>> {
        self.fresh(token).await.map(drop)
    }

    /// Whoever may change how she signs in: proved in the last ten minutes.
    pub(crate) async fn fresh(&self, token: &[u8; 32]) -> Result<LiveSession, Failure<SignInRefusal>> {
        let session = self.able(token).await?;
        if session.is_fresh(self.clock.now()) {
            Ok(session)
        } else {
            Err(Failure::Refused(SignInRefusal::ProveAgain))
        }
    }
}

/// Makes an account that holds a role.
pub(crate) async fn new_account(
    tx: &mut dyn Tx,
    id: AccountId,
    role: SessionRole,
    now: Instant,
) -> Result<AccountId, Fault> {
    tx.add_account(&AccountRow {
        id,
        created_at: now,
        frozen_at: None,
    })
    .await?;
    tx.add_role(id, role).await?;
    Ok(id)
}

/// SHA-256 as an array.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0_u8; 32];
    out.iter_mut()
        .zip(digest::digest(&digest::SHA256, bytes).as_ref())
        .for_each(|(to, from)| *to = *from);
    out
}
