//! The second officer: confirms, or sends back.

use async_trait::async_trait;
use broker_domain::entered::{CannotConfirm, Counts, EnteredAct, EnteredState, Entry, Seen};
use broker_domain::ids::{EnteredId, OfficerId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{DecidedSteps, EnteredRow, MessageKind, SealedReason, Serial, SessionRole, StopCodeRow};
use broker_vault::ProfileField;
use evidence::record::EnteredStep;
use ledger_core::leaf::ActorClass;

use super::{EnteredRefusal, MAX_ENTERED_REASON, officer};
use crate::accounts::draw_code;
use crate::broker::Broker;
use crate::consents::{AddConsent, Answer, Choice};
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::household::{EndCapacity, SayOfAge};
use crate::lifecycle::{AddChange, write_all};
use crate::telling;

/// What the second officer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is right. `Seen`: whether this officer saw the person too; counts for a code alone.
    Confirm(Seen),
    /// It is wrong, and why.
    SendBack(String),
}

impl Broker {
    /// Decides what another officer entered: two persons with two accounts, and the second one proved in the last ten minutes
    /// who she is. What was wrongly taken away does not come back: the person is told, and agrees anew or not.
    ///
    /// # Errors
    /// See [`EnteredRefusal`].
    pub async fn decide_act(
        &self,
        token: &[u8; 32],
        id: EnteredId,
        decision: &Decision,
    ) -> Result<EnteredRow, Failure<EnteredRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(EnteredRefusal::SignIn))?;
        let by = officer(&session)?;
        let now = self.clock.now();
        let row = self.store.read().await?.entered(id).await?;
        let row = row.ok_or(Failure::Refused(EnteredRefusal::Unknown))?;
        let before_restore = self.is_before_restore(&row).await?;
        let act = row.act;
        self.are_two(&act, by).await?;
        let query = Query {
            principal: Principal::Officer(by),
            action: Action::ConfirmAct,
            resource: Resource::Entered { act: id, by: act.by },
            now,
        };
        let permit = Permit::ask(&*self.policy, query);
        let beat = match decision {
            Decision::Confirm(_) if before_restore && act.entry.counts() == Counts::Confirmed => {
                return Err(Failure::Refused(EnteredRefusal::BeforeRestore));
            }
            Decision::Confirm(seen) => {
                let act = act.confirmed(by, *seen, now).map_err(EnteredRefusal::from);
                self.confirmation(act.map_err(Failure::Refused)?, now).await?
            }
            Decision::SendBack(words) => {
                let act = act.sent_back(by, now).map_err(EnteredRefusal::from);
                self.return_of(act.map_err(Failure::Refused)?, words.trim(), now)
                    .await?
            }
        };
        // After the domain, which says why; before anything is written.
        permit.map_err(|_| Failure::Refused(EnteredRefusal::NotAllowed))?;
        self.commit(beat).await?;
        let row = self.store.read().await?.entered(id).await?;
        let row = row.ok_or(Fault::SubjectErased)?;
        if let (Entry::Capacity { .. }, EnteredState::Confirmed { .. }) = (row.act.entry, row.act.state) {
            self.close_capacity_soon(row.act.participant).await;
        }
        Ok(row)
    }

    /// One person with two officers' roles counts once.
    async fn are_two(&self, act: &EnteredAct, by: OfficerId) -> Result<(), Failure<EnteredRefusal>> {
        let mut read = self.store.read().await?;
        let first = read.account_of(SessionRole::Officer(act.by)).await?;
        let second = read.account_of(SessionRole::Officer(by)).await?;
        let same = first
            .zip(second)
            .is_some_and(|(first, second)| first.id == second.id);
        match same {
            true => Err(Failure::Refused(CannotConfirm::SamePerson.into())),
            false => Ok(()),
        }
    }

    async fn confirmation(&self, act: EnteredAct, now: Instant) -> Result<Decide, Failure<EnteredRefusal>> {
        let effect = match act.entry {
            Entry::Grant { offer, point, notice } => {
                let choice = Choice {
                    offer,
                    point,
                    notice,
                    answer: Answer::Agree,
                    proved_at: None,
                };
                let beat = self
                    .paper_grant(act.participant, &choice, act.sheet.signed_on, now)
                    .await;
                let grant = beat.map_err(|failure| failure.map_refusal(EnteredRefusal::Choice))?;
                let age = self.age_beat(act.participant, ActorClass::Dpo, now).await?;
                Effect::Grant(Box::new(grant), age.map(Box::new))
            }
            Entry::Code { .. } => {
                let kind = MessageKind::CodePrepared;
                Effect::Code(Box::new(self.stop_row(&act, kind).await?))
            }
            Entry::Capacity { .. } => match self.capacity_beat(&act, now).await? {
                Some(beat) => Effect::Capacity(Box::new(beat)),
                None => Effect::Nothing,
            },
            Entry::Withdraw { .. } | Entry::Freeze { .. } | Entry::Ask { .. } => Effect::Nothing,
        };
        let step = (EnteredStep::Confirmed, decider(&act));
        let draft = self.entered_draft(&act, step, None, ActorClass::Dpo, now)?;
        Ok(Decide {
            act,
            draft,
            reason: None,
            effect,
        })
    }

    async fn return_of(
        &self,
        act: EnteredAct,
        words: &str,
        now: Instant,
    ) -> Result<Decide, Failure<EnteredRefusal>> {
        if words.is_empty() || words.chars().count() > MAX_ENTERED_REASON {
            return Err(Failure::Refused(EnteredRefusal::Reason));
        }
        let wrapped = self.store.read().await?.newest_key(act.participant).await?;
        let wrapped = wrapped.ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let field = ProfileField::EnteredReason(act.id);
        let reason = SealedReason {
            epoch: wrapped.epoch,
            sealed: self.vault.seal_text(&key, field, words, &*self.entropy)?,
        };
        let step = (EnteredStep::SentBack, decider(&act));
        let draft = self.entered_draft(&act, step, Some(words), ActorClass::Dpo, now)?;
        let effect = match act.entry {
            Entry::Capacity { .. } => Effect::Lift(self.lifts_of(&act, now).await?),
            _ => Effect::Nothing,
        };
        Ok(Decide {
            act,
            draft,
            reason: Some(reason),
            effect,
        })
    }

    /// The code by which the person stops it, for the message and the letter.
    pub(crate) async fn stop_row(&self, act: &EnteredAct, kind: MessageKind) -> Result<StopCodeRow, Fault> {
        let wrapped = self.store.read().await?.newest_key(act.participant).await?;
        let wrapped = wrapped.ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let code = draw_code(&*self.entropy)?;
        Ok(StopCodeRow {
            act: act.id,
            hash: self.vault.stop_code(&code),
            epoch: wrapped.epoch,
            sealed: self
                .vault
                .seal_text(&key, ProfileField::StopCode, &code, &*self.entropy)?,
            message: telling::message_about(act, kind),
        })
    }
}

const fn decider(act: &EnteredAct) -> Option<OfficerId> {
    match act.state {
        EnteredState::Confirmed { by, .. } | EnteredState::SentBack { by, .. } => Some(by),
        EnteredState::Waiting | EnteredState::Stopped { .. } => None,
    }
}

/// What a decision brings about.
enum Effect {
    Nothing,
    /// With the form's word that she is of age, where she had not said so before.
    Grant(Box<AddConsent>, Option<Box<SayOfAge>>),
    Code(Box<StopCodeRow>),
    Capacity(Box<EndCapacity>),
    /// What stood still goes on.
    Lift(Vec<AddChange>),
}

struct Decide {
    act: EnteredAct,
    draft: Draft,
    reason: Option<SealedReason>,
    effect: Effect,
}

#[async_trait]
impl Commit for Decide {
    type Answer = Serial;
    type Refusal = EnteredRefusal;
    const NAME: &'static str = "decide entered act";

    fn leaves(&self) -> usize {
        match &self.effect {
            Effect::Grant(beat, age) => 1 + beat.leaves() + age.as_ref().map_or(0, |age| age.leaves()),
            Effect::Capacity(beat) => 1 + beat.leaves(),
            Effect::Lift(changes) => changes.len().saturating_add(1),
            Effect::Nothing | Effect::Code(_) => 1,
        }
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, EnteredRefusal>, Fault> {
        let effect = match &mut self.effect {
            Effect::Grant(beat, age) => {
                let given = match beat.run(group).await? {
                    Ok(serial) => serial,
                    Err(refusal) => return Ok(Err(refusal.into())),
                };
                if let Some(age) = age {
                    age.write(group).await?;
                }
                Some(given)
            }
            Effect::Capacity(beat) => match beat.run(group).await? {
                Ok(serial) => Some(serial),
                // Recorded meanwhile by another act.
                Err(_) => return Ok(Err(CannotConfirm::Decided.into())),
            },
            Effect::Lift(changes) => {
                write_all(group, changes).await?;
                None
            }
            Effect::Nothing | Effect::Code(_) => None,
        };
        let serial = group.append(&self.draft).await?;
        // Of two decisions at once the second meets the first: a conflict.
        let steps = DecidedSteps { serial, effect };
        group
            .tx
            .decide_entered(&self.act, steps, self.reason.as_ref())
            .await?;
        match (&self.effect, self.act.state) {
            (Effect::Code(stop), _) => {
                group.tx.add_stop_code(stop).await?;
                telling::about_an_entry(group, &self.act, MessageKind::CodePrepared).await?;
            }
            (_, EnteredState::SentBack { .. }) => {
                telling::about_an_entry(group, &self.act, MessageKind::EnteredWrong).await?;
            }
            _ => {}
        }
        Ok(Ok(serial))
    }
}
