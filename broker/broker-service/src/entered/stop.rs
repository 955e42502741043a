//! The person stops what was entered for her: a new code, a grant on paper that waits, or an end of her capacity that waits.

use async_trait::async_trait;
use broker_domain::entered::{EnteredAct, EnteredState, Entry, Standing};
use broker_domain::ids::{EnteredId, OrganisationId, ParticipantId};
use broker_store::{AttemptKind, EnteredRow, Serial, SessionRole};
use evidence::record::EnteredStep;
use ledger_core::leaf::ActorClass;

use super::code::is_used;
use super::{EnteredRefusal, MOST_SHOWN};
use crate::accounts::typed;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::lifecycle::{AddChange, Together, write_all};

/// How often a grant is stopped that something came between.
const ATTEMPTS: usize = 3;

/// A grant on paper that waits for another officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingGrant {
    /// The act.
    pub row: EnteredRow,
    /// Who would receive.
    pub recipient: OrganisationId,
}

impl Broker {
    /// Grants on paper that wait: they would count once another officer confirms them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn waiting_grants(
        &self,
        who: ParticipantId,
        which: Together,
    ) -> Result<Vec<WaitingGrant>, Fault> {
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let mut waiting = Vec::new();
        for row in read.entered_of(who, MOST_SHOWN).await? {
            let Entry::Grant { offer, .. } = row.act.entry else {
                continue;
            };
            if row.act.standing(now) != Standing::Waiting {
                continue;
            }
            let offer = read.offer(offer).await?;
            let offer = offer.ok_or(Fault::Corrupt { what: "offer" })?;
            let recipient = offer.offer.recipient;
            if which.is_with(recipient) {
                waiting.push(WaitingGrant { row, recipient });
            }
        }
        Ok(waiting)
    }

    /// Stops them, as she withdraws everything: what waits must not come into force afterwards.
    pub(crate) async fn stop_waiting_grants(
        &self,
        who: ParticipantId,
        which: Together,
    ) -> Result<(), Failure<EnteredRefusal>> {
        for _ in 1..ATTEMPTS {
            match self.stop_grants(who, which).await {
                Err(Failure::Conflict | Failure::Fault(Fault::Conflict { .. })) => {}
                done => return done,
            }
        }
        self.stop_grants(who, which).await
    }

    async fn stop_grants(&self, who: ParticipantId, which: Together) -> Result<(), Failure<EnteredRefusal>> {
        for grant in self.waiting_grants(who, which).await? {
            self.stop_entered(grant.row).await?;
        }
        Ok(())
    }

    /// The person stops a new code from any session of hers: it was not her. What was handed out and not used is worth nothing
    /// from now on.
    ///
    /// # Errors
    /// [`EnteredRefusal::Unknown`] for another person's, [`EnteredRefusal::CodeUsed`], and those about the session.
    pub async fn stop_code_in(&self, token: &[u8; 32], id: EnteredId) -> Result<(), Failure<EnteredRefusal>> {
        let session = self.signed_in(token).await;
        let session = session.map_err(|failure| failure.map_refusal(EnteredRefusal::SignIn))?;
        let row = self.store.read().await?.entered(id).await?;
        let row = row.filter(|row| session.role == SessionRole::Participant(row.act.participant));
        let row = row.ok_or(Failure::Refused(EnteredRefusal::Unknown))?;
        self.stop_entered(row).await
    }

    /// The same by the code of the message or letter, for whoever has no way in: it stops, and can do nothing else.
    ///
    /// # Errors
    /// [`EnteredRefusal::Unknown`] for no such code, [`EnteredRefusal::CodeUsed`], [`EnteredRefusal::SignIn`] after too many.
    pub async fn stop_code_by(&self, code: &str) -> Result<(), Failure<EnteredRefusal>> {
        let tried = self.may_try(AttemptKind::Stop, None).await;
        tried.map_err(|failure| failure.map_refusal(EnteredRefusal::SignIn))?;
        let hash = self.vault.stop_code(&typed(code));
        let mut read = self.store.read().await?;
        let row = match read.stop_code(hash).await? {
            Some(stop) => read.entered(stop.act).await?,
            None => None,
        };
        drop(read);
        let Some(row) = row else {
            self.count_failure(AttemptKind::Stop, None).await?;
            return Err(Failure::Refused(EnteredRefusal::Unknown));
        };
        self.stop_entered(row).await
    }

    async fn stop_entered(&self, row: EnteredRow) -> Result<(), Failure<EnteredRefusal>> {
        let now = self.clock.now();
        if matches!(row.act.state, EnteredState::Stopped { .. }) {
            // The same wish twice.
            return Ok(());
        }
        let act = row.act.stopped(now);
        let act = act.ok_or(Failure::Refused(EnteredRefusal::CodeNotNow))?;
        let step = (EnteredStep::Stopped, None);
        let draft = self.entered_draft(&act, step, None, ActorClass::Participant, now)?;
        let lifts = match act.entry {
            Entry::Capacity { .. } => self.lifts_of(&act, now).await?,
            _ => Vec::new(),
        };
        self.commit(Stop { act, draft, lifts }).await.map(|_| ())
    }
}

struct Stop {
    act: EnteredAct,
    draft: Draft,
    /// What stood still because of it goes on.
    lifts: Vec<AddChange>,
}

#[async_trait]
impl Commit for Stop {
    type Answer = Serial;
    type Refusal = EnteredRefusal;
    // The way back of migration 0016 looks for this name.
    const NAME: &'static str = "stop account code";

    fn leaves(&self) -> usize {
        self.lifts.len().saturating_add(1)
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, EnteredRefusal>, Fault> {
        let code = matches!(self.act.entry, Entry::Code { .. });
        if code && is_used(group, self.act.id).await? {
            return Ok(Err(EnteredRefusal::CodeUsed));
        }
        write_all(group, &self.lifts).await?;
        let serial = group.append(&self.draft).await?;
        // One that was confirmed at the last moment is looked at again: it is hers to withdraw now.
        if !code
            && group
                .tx
                .entered(self.act.id)
                .await?
                .is_none_or(|row| row.act.state != EnteredState::Waiting)
        {
            return Err(Fault::Conflict { table: "entered_act" });
        }
        group.tx.stop_entered(&self.act, serial).await?;
        if code {
            group.tx.close_invitations(self.act.participant).await?;
        }
        Ok(Ok(serial))
    }
}
