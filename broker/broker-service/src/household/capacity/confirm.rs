//! Another officer confirms it: her way in closes with the word of the second one.

use async_trait::async_trait;
use broker_domain::entered::{EnteredAct, Entry};
use broker_domain::household::CapacityEnd;
use broker_domain::time::Instant;
use broker_store::{CapacityRow, MessageKind, Serial, SessionRole};
use evidence::record::CapacityStepKind;

use super::CapacityRefusal;
use crate::broker::Broker;
use crate::failure::Fault;
use crate::group::{Commit, Draft, Group};
use crate::mandates::{EndListed, HoldingsEnd};
use crate::telling;

impl Broker {
    /// What confirming brings about; `None` for an act that is about something else.
    pub(crate) async fn capacity_beat(
        &self,
        act: &EnteredAct,
        now: Instant,
    ) -> Result<Option<EndCapacity>, Fault> {
        let Entry::Capacity { end, since, case } = act.entry else {
            return Ok(None);
        };
        let step = match end {
            CapacityEnd::Died => CapacityStepKind::Died,
            CapacityEnd::Incapable => CapacityStepKind::Incapable,
        };
        Ok(Some(EndCapacity {
            row: CapacityRow {
                participant: act.participant,
                end,
                since,
                recorded_at: now,
                case,
                closed_at: None,
                undone_at: None,
            },
            ended: self.capacity_draft(act.participant, (step, Some(since)), case, now)?,
            holdings: self.holdings_end(act.participant, EndListed::Both, now).await?,
            act: act.clone(),
        }))
    }
}

/// Records the end of a capacity.
pub(crate) struct EndCapacity {
    act: EnteredAct,
    row: CapacityRow,
    ended: Draft,
    /// What made her a holder of contracts with others.
    holdings: HoldingsEnd,
}

#[async_trait]
impl Commit for EndCapacity {
    type Answer = Serial;
    type Refusal = CapacityRefusal;
    // The way back of migration 0015 looks for this name.
    const NAME: &'static str = "record the end of a capacity";

    fn leaves(&self) -> usize {
        self.holdings.leaves().saturating_add(1)
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, CapacityRefusal>, Fault> {
        let who = self.row.participant;
        if group.tx.capacity_end(who).await?.is_some() {
            return Ok(Err(CapacityRefusal::RecordedAlready));
        }
        let serial = group.append(&self.ended).await?;
        group.tx.add_capacity_end(&self.row).await?;
        self.holdings.write(group).await?;
        if let Some(account) = group.tx.account_of(SessionRole::Participant(who)).await? {
            group.tx.end_sessions_of(account.id, None).await?;
        }
        // Nobody writes to a person who cannot read it, nor to whoever reads her mail; but for the one message that says what
        // happened, and where to object.
        group.tx.end_messages_to(who, group.now).await?;
        telling::about_an_entry(group, &self.act, MessageKind::CapacityRecorded).await?;
        group.tx.forget_mail_address(who).await?;
        group.tx.forget_mail_pending(who).await?;
        group.tx.forget_phone(who).await?;
        group.tx.forget_phone_pending(who).await?;
        group.tx.forget_channels(who).await?;
        group.tx.close_invitations(who).await?;
        Ok(Ok(serial))
    }
}
