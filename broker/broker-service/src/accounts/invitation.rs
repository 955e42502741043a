//! Invitations: made by the operator or an officer, opened once by whoever brings the code.

use broker_domain::ids::{AccountId, EnrolmentFormId, OfficerId, ParticipantId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::{Clock, Entropy, EntropyUnavailable, Instant};
use broker_store::{AttemptKind, InvitationKind, InvitationRow, OfficerRow, SessionRole, Store, StoreError};
use broker_vault::{IndexKey, SignInValue, sign_in_index};
use thiserror::Error;

use super::{SignInRefusal, codes};
use crate::broker::Broker;
use crate::enrol::{JoinRefusal, Newcomer};
use crate::failure::{Failure, Fault};

/// How long an invitation is good for, in seconds. Participants get theirs by letter, and go on holiday; staff get theirs
/// from a colleague, and it opens more.
const PARTICIPANT_SECONDS: i64 = 14 * 86_400;
const STAFF_SECONDS: i64 = 3 * 86_400;
/// How often an invitation may be opened: enough for somebody who tries on three devices, too few to try things out on.
const OPENINGS: u32 = 30;
/// How long the same form gives another code, in seconds: a day.
const FORM_SECONDS: i64 = 86_400;

/// An invitation just made. The code is shown now and not kept; it has no `Debug`.
#[derive(Clone)]
pub struct Invitation {
    /// What its bearer types: `ABCD-EFGH-JKMN`.
    pub code: String,
    /// Until when.
    pub expires_at: Instant,
}

/// What an invitation says to whoever opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedInvitation {
    /// As whom its bearer will sign in.
    pub role: SessionRole,
    /// Whether she comes for the first time.
    pub kind: InvitationKind,
    /// Until when.
    pub expires_at: Instant,
}

/// A participant just enrolled, with her invitation.
pub struct InvitedParticipant {
    /// The participant.
    pub participant: ParticipantId,
    /// What she is given.
    pub invitation: Invitation,
}

/// Why nobody is invited.
#[derive(Debug, Error)]
pub enum InviteRefusal {
    /// Nobody has the role.
    #[error("nobody is known under this identifier")]
    Unknown,
    /// She signs in already.
    #[error("this person has an account already; only somebody who lost the way in is invited again")]
    HasAccount,
    /// She never did.
    #[error("this person has no account yet; invite her for the first time")]
    HasNoAccount,
    /// The form was sent before by somebody else, with another meter, or long ago.
    #[error("this form was sent before; open a new one")]
    SentBefore,
    /// The policies say no.
    #[error("only an officer invites")]
    NotAllowed,
    /// She cannot be enrolled.
    #[error(transparent)]
    Join(#[from] JoinRefusal),
    /// The officer's session does not reach that far.
    #[error(transparent)]
    SignIn(SignInRefusal),
}

/// Makes invitations on a store, beside a broker that may be running on it or not.
///
/// Nothing of it touches the ledger, which only the running broker may write: it adds rows in one transaction of its own.
pub struct Inviting<'a> {
    /// Where rows live.
    pub store: &'a dyn Store,
    /// The key under which codes are recognised.
    pub key: &'a IndexKey,
    /// The present.
    pub clock: &'a dyn Clock,
    /// Chance.
    pub entropy: &'a dyn Entropy,
}

impl Inviting<'_> {
    /// Adds an officer, with an invitation.
    ///
    /// # Errors
    /// When the store or the random generator fails.
    pub async fn officer(&self, name: &str) -> Result<(OfficerId, Invitation), Failure<InviteRefusal>> {
        let id = OfficerId::random(self.entropy)?;
        let (invitation, row) = self.draw(SessionRole::Officer(id), InvitationKind::First)?;
        let mut tx = self.store.begin("invite officer").await?;
        let officer = OfficerRow {
            id,
            name: name.to_owned(),
        };
        tx.add_officer(&officer).await?;
        tx.add_invitation(&row, self.clock.now()).await?;
        tx.commit().await?;
        Ok((id, invitation))
    }

    /// Invites whoever has a role: for the first time, or again after she lost the way in. An earlier invitation that
    /// was not used ends.
    ///
    /// # Errors
    /// [`InviteRefusal::Unknown`], [`InviteRefusal::HasAccount`], [`InviteRefusal::HasNoAccount`].
    pub async fn invite(
        &self,
        role: SessionRole,
        kind: InvitationKind,
    ) -> Result<Invitation, Failure<InviteRefusal>> {
        let (invitation, row) = self.draw(role, kind)?;
        let mut tx = self.store.begin("invite").await?;
        match (tx.account_of(role).await?, kind) {
            (Some(_), InvitationKind::First) => return Err(Failure::Refused(InviteRefusal::HasAccount)),
            (None, InvitationKind::Again) => return Err(Failure::Refused(InviteRefusal::HasNoAccount)),
            (Some(_), InvitationKind::Again) | (None, InvitationKind::First) => {}
        }
        match tx.add_invitation(&row, self.clock.now()).await {
            Err(StoreError::Conflict { .. }) => return Err(Failure::Refused(InviteRefusal::Unknown)),
            added => added?,
        }
        tx.commit().await?;
        Ok(invitation)
    }

    pub(crate) fn draw(
        &self,
        role: SessionRole,
        kind: InvitationKind,
    ) -> Result<(Invitation, InvitationRow), EntropyUnavailable> {
        let code = codes::draw_code(self.entropy)?;
        let lifetime = match role {
            SessionRole::Participant(_) => PARTICIPANT_SECONDS,
            SessionRole::Researcher(_) | SessionRole::Officer(_) => STAFF_SECONDS,
        };
        let expires_at = self.clock.now().plus_seconds(lifetime);
        let row = InvitationRow {
            hash: sign_in_index(self.key, SignInValue::Invitation { code: &code }),
            role,
            kind,
            expires_at,
            attempts: 0,
            used_at: None,
        };
        let invitation = Invitation {
            code: codes::shown(&code),
            expires_at,
        };
        Ok((invitation, row))
    }
}

impl Broker {
    pub(crate) fn inviting(&self) -> Inviting<'_> {
        Inviting {
            store: &*self.store,
            key: self.vault.index_key(),
            clock: &*self.clock,
            entropy: &*self.entropy,
        }
    }

    fn may_invite(&self, officer: OfficerId) -> Result<(), Failure<InviteRefusal>> {
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::Invite,
            resource: Resource::Panel,
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query)
            .map(|_| ())
            .map_err(|_| Failure::Refused(InviteRefusal::NotAllowed))
    }

    /// Enrols a participant, with an invitation, for the operator: who stands at the machine is asked nothing more.
    ///
    /// # Errors
    /// [`InviteRefusal::Join`].
    pub async fn join_invited(
        &self,
        newcomer: &Newcomer,
    ) -> Result<InvitedParticipant, Failure<InviteRefusal>> {
        // The participant is not known before she is drawn, so her invitation is drawn where she is.
        let drawn = |participant: ParticipantId| {
            self.inviting()
                .draw(SessionRole::Participant(participant), InvitationKind::First)
        };
        let (joined, invitation) = self
            .join_with(newcomer, None, drawn)
            .await
            .map_err(|failure| failure.map_refusal(InviteRefusal::Join))?;
        Ok(InvitedParticipant {
            participant: joined.participant,
            invitation,
        })
    }

    /// A fresh identifier for the form by which somebody is enrolled.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn fresh_enrolment_form(&self) -> Result<EnrolmentFormId, Fault> {
        Ok(EnrolmentFormId::random(&*self.entropy)?)
    }

    /// Enrols a participant, with an invitation, for an officer who proved in the last ten minutes who she is. Both or neither.
    ///
    /// The same form sent again by the same officer within a day enrols nobody twice: until the person made her way in it gives
    /// another code and ends the one before, so that a double click or a lost page loses nothing.
    ///
    /// # Errors
    /// [`InviteRefusal::SignIn`], [`InviteRefusal::NotAllowed`], [`InviteRefusal::SentBefore`], [`InviteRefusal::Join`].
    pub async fn invite_participant(
        &self,
        token: &[u8; 32],
        form: EnrolmentFormId,
        newcomer: &Newcomer,
    ) -> Result<InvitedParticipant, Failure<InviteRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(InviteRefusal::SignIn))?;
        let SessionRole::Officer(officer) = session.role else {
            return Err(Failure::Refused(InviteRefusal::NotAllowed));
        };
        self.may_invite(officer)?;
        if let Some(again) = self.invited_before((form, officer), newcomer).await? {
            return Ok(again);
        }
        let drawn = |participant: ParticipantId| {
            self.inviting()
                .draw(SessionRole::Participant(participant), InvitationKind::First)
        };
        match self.join_with(newcomer, Some((form, officer)), drawn).await {
            Ok((joined, invitation)) => Ok(InvitedParticipant {
                participant: joined.participant,
                invitation,
            }),
            // Of two clicks at once the second meets the first.
            Err(failure) => match self.invited_before((form, officer), newcomer).await? {
                Some(again) => Ok(again),
                None => Err(failure.map_refusal(InviteRefusal::Join)),
            },
        }
    }

    async fn invited_before(
        &self,
        (form, officer): (EnrolmentFormId, OfficerId),
        newcomer: &Newcomer,
    ) -> Result<Option<InvitedParticipant>, Failure<InviteRefusal>> {
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let Some(row) = read.enrolment_form(form).await? else {
            return Ok(None);
        };
        let index = self.vault.point_index(&newcomer.meter_number);
        let points = read.points_of(row.participant).await?;
        drop(read);
        let same = row.officer == officer
            && now < row.at.plus_seconds(FORM_SECONDS)
            && points.iter().any(|point| point.number_index == index);
        if !same {
            return Err(Failure::Refused(InviteRefusal::SentBefore));
        }
        let role = SessionRole::Participant(row.participant);
        let invitation = self.inviting().invite(role, InvitationKind::First).await?;
        Ok(Some(InvitedParticipant {
            participant: row.participant,
            invitation,
        }))
    }

    /// What an invitation says.
    ///
    /// # Errors
    /// [`SignInRefusal::Invitation`], [`SignInRefusal::TooMany`].
    pub async fn open_invitation(&self, code: &str) -> Result<OpenedInvitation, Failure<SignInRefusal>> {
        let row = self.invitation(code).await?;
        Ok(OpenedInvitation {
            role: row.role,
            kind: row.kind,
            expires_at: row.expires_at,
        })
    }

    /// The invitation behind a code, and the account that its bearer will have: one that exists, or a new identifier.
    pub(super) async fn invited_account(
        &self,
        code: &str,
    ) -> Result<([u8; 32], AccountId), Failure<SignInRefusal>> {
        let row = self.invitation(code).await?;
        if let SessionRole::Participant(who) = row.role
            && self.store.read().await?.capacity_end(who).await?.is_some()
        {
            return Err(Failure::Refused(SignInRefusal::Invitation));
        }
        if let SessionRole::Participant(who) = row.role
            && !self.is_of_age(who).await?
        {
            return Err(Failure::Refused(SignInRefusal::AgeUnsaid));
        }
        let account = self.store.read().await?.account_of(row.role).await?;
        let account = match (account, row.kind) {
            (None, _) => AccountId::random(&*self.entropy)?,
            (Some(account), InvitationKind::Again) => account.id,
            (Some(_), InvitationKind::First) => {
                return Err(Failure::Refused(SignInRefusal::Invitation));
            }
        };
        Ok((row.hash, account))
    }

    /// Looks a code up by its digest, which takes as long for a wrong one as for a right one, and counts.
    async fn invitation(&self, code: &str) -> Result<InvitationRow, Failure<SignInRefusal>> {
        self.may_try(AttemptKind::Invitation, None).await?;
        let now = self.clock.now();
        let hash = self.vault.invitation_code(&codes::typed(code));
        let row = self.store.read().await?.invitation(hash).await?;
        let good = row.filter(|row| row.used_at.is_none() && now < row.expires_at && row.attempts < OPENINGS);
        let Some(row) = good else {
            self.count_failure(AttemptKind::Invitation, None).await?;
            return Err(Failure::Refused(SignInRefusal::Invitation));
        };
        let mut tx = self.store.begin("open invitation").await?;
        tx.open_invitation(hash).await?;
        tx.commit().await?;
        Ok(row)
    }
}
