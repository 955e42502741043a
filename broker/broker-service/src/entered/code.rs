//! A new code for somebody's account: handed out by one of the two officers, not before its time.

use async_trait::async_trait;
use broker_domain::entered::{CodeWindow, EnteredAct, EnteredState, Entry};
use broker_domain::ids::{EnteredId, ParticipantId};
use broker_domain::time::Instant;
use broker_store::{EnteredRow, InvitationKind, InvitationRow, MessageKind, Serial, SessionRole};
use evidence::record::EnteredStep;
use ledger_core::leaf::ActorClass;

use super::{EnteredRefusal, MOST_SHOWN, officer};
use crate::accounts::Invitation;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::telling;

impl Broker {
    /// Makes the code of an act that two officers agreed on, for one of the two. Asked again, it makes another one and ends the
    /// one before, so that nothing is lost when a page is.
    ///
    /// # Errors
    /// [`EnteredRefusal::CodeNotNow`], also before she was told; [`EnteredRefusal::BeforeRestore`], [`EnteredRefusal::CodeUsed`],
    /// and those about the session.
    pub async fn make_account_code(
        &self,
        token: &[u8; 32],
        id: EnteredId,
    ) -> Result<Invitation, Failure<EnteredRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(EnteredRefusal::SignIn))?;
        let by = officer(&session)?;
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let row = read.entered(id).await?;
        let row = row.ok_or(Failure::Refused(EnteredRefusal::Unknown))?;
        let role = SessionRole::Participant(row.act.participant);
        let kind = match read.account_of(role).await? {
            Some(_) => InvitationKind::Again,
            None => InvitationKind::First,
        };
        drop(read);
        self.may_enter(by, row.act.participant, now)?;
        let EnteredState::Confirmed { by: second, .. } = row.act.state else {
            return Err(Failure::Refused(EnteredRefusal::CodeNotNow));
        };
        if ![row.act.by, second].contains(&by) {
            return Err(Failure::Refused(EnteredRefusal::NotAllowed));
        }
        if self.is_before_restore(&row).await? {
            return Err(Failure::Refused(EnteredRefusal::BeforeRestore));
        }
        let until = match self.code_window(&row).await? {
            Some(CodeWindow::Known { from, until }) if from <= now && now < until => until,
            _ => return Err(Failure::Refused(EnteredRefusal::CodeNotNow)),
        };
        let (mut invitation, mut drawn) = self.inviting().draw(role, kind)?;
        // Not longer than her own page says.
        drawn.expires_at = drawn.expires_at.min(until);
        invitation.expires_at = drawn.expires_at;
        let step = (EnteredStep::CodeMade, Some(by));
        let draft = self.entered_draft(&row.act, step, None, ActorClass::Dpo, now)?;
        let beat = MakeCode {
            act: row.act,
            draft,
            drawn,
        };
        self.commit(beat).await?;
        Ok(invitation)
    }

    /// When the code of an act may be handed out: unless both officers saw her, not before she was told by message or letter.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn code_window(&self, row: &EnteredRow) -> Result<Option<CodeWindow>, Fault> {
        let EnteredState::Confirmed { at, .. } = row.act.state else {
            return Ok(None);
        };
        let message = telling::message_about(&row.act, MessageKind::CodePrepared);
        let sent = self.store.read().await?.message_sent(message).await?;
        let posted: Option<Instant> = row
            .posted
            .map(|(_, posted)| posted)
            .filter(|posted| at <= *posted);
        Ok(row.act.code_window(sent.into_iter().chain(posted).min()))
    }

    /// Whether an act was entered before the newest restore. What became of it after the copy was made is unknown: she may have
    /// stopped it.
    pub(super) async fn is_before_restore(&self, row: &EnteredRow) -> Result<bool, Fault> {
        let restores = self.store.read().await?.restores().await?;
        Ok(restores.last().is_some_and(|first| row.leaf < *first))
    }

    /// What a person can stop on her own pages: new codes for her account that wait or may be handed out, and an end of her capacity
    /// that waits.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn codes_on_the_way(&self, who: ParticipantId) -> Result<Vec<EnteredRow>, Fault> {
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let mut open = Vec::new();
        for row in read.entered_of(who, MOST_SHOWN).await? {
            let stands = match row.act.state {
                EnteredState::Waiting => now < row.act.expires_at(),
                EnteredState::Confirmed { .. } => row.act.code_from().is_some_and(|(_, until)| now < until),
                EnteredState::SentBack { .. } | EnteredState::Stopped { .. } => false,
            };
            let stoppable = match row.act.entry {
                Entry::Code { .. } => true,
                Entry::Capacity { .. } => row.act.state == EnteredState::Waiting,
                _ => false,
            };
            if stoppable && stands {
                open.push(row);
            }
        }
        Ok(open)
    }
}

/// Whether the newest code of an act was used.
pub(super) async fn is_used(group: &mut Group<'_>, act: EnteredId) -> Result<bool, Fault> {
    let row = group.tx.entered(act).await?;
    let Some(hash) = row.and_then(|row| row.invitation) else {
        return Ok(false);
    };
    let invitation = group.tx.invitation(hash).await?;
    Ok(invitation.is_some_and(|row| row.used_at.is_some()))
}

struct MakeCode {
    act: EnteredAct,
    draft: Draft,
    drawn: InvitationRow,
}

#[async_trait]
impl Commit for MakeCode {
    type Answer = Serial;
    type Refusal = EnteredRefusal;
    const NAME: &'static str = "make account code";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, EnteredRefusal>, Fault> {
        if is_used(group, self.act.id).await? {
            return Ok(Err(EnteredRefusal::CodeUsed));
        }
        if group.tx.capacity_end(self.act.participant).await?.is_some() {
            return Ok(Err(EnteredRefusal::CodeNotNow));
        }
        let serial = group.append(&self.draft).await?;
        group.tx.add_invitation(&self.drawn, group.now).await?;
        // One that was stopped meanwhile is a conflict.
        group.tx.note_invitation(self.act.id, self.drawn.hash).await?;
        Ok(Ok(serial))
    }
}
