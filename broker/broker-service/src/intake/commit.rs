//! The commit beats of an intake.

use async_trait::async_trait;
use broker_domain::consent::{CoveredIntake, Refusal, covers_intake};
use broker_domain::gateway::Measuring;
use broker_domain::time::{Instant, Interval};
use broker_store::{BatchRow, InboundRow, Serial, TransferRow};

use super::IntakeRefusal;
use crate::failure::Fault;
use crate::group::{Commit, Draft, Footprint, Group, Recorded};

/// Stores a batch that is covered by consents.
pub(super) struct StoreBatch {
    pub row: BatchRow,
    pub transfer: TransferRow,
    pub draft: Draft,
    pub covered: CoveredIntake,
    pub span: Interval,
    pub at: Instant,
}

#[async_trait]
impl Commit for StoreBatch {
    type Answer = Recorded;
    type Refusal = Refusal;
    const NAME: &'static str = "intake";

    fn leaves(&self) -> usize {
        1
    }

    fn footprint(&self) -> Footprint {
        footprint(&self.row)
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Recorded, Refusal>, Fault> {
        // A withdrawal or the household's switch may have been committed since the decision: both are looked at again
        // here, as of now, where nobody can come between.
        let now = self.at.max(group.now);
        let gateway = group.gateway(self.row.gateway);
        if gateway.is_none_or(|row| row.gateway.settings.measuring == Measuring::Off) {
            return Err(Fault::Conflict { table: "gateway" });
        }
        let consents = group.consents_of(self.row.participant);
        match covers_intake(consents, self.row.participant, self.row.point, &self.span, now) {
            Ok(covered) if covered.same_terms(&self.covered) => {}
            Ok(_) => return Err(Fault::Conflict { table: "consent" }),
            Err(refusal) => return Ok(Err(refusal)),
        }
        let serial = store_inbound(group, &self.row, &self.transfer, &self.draft, Some(self.at)).await?;
        Ok(Ok(Recorded(serial)))
    }
}

/// Records that a batch was refused.
pub(super) struct NoteRefusal {
    pub row: BatchRow,
    pub transfer: TransferRow,
    pub draft: Draft,
}

#[async_trait]
impl Commit for NoteRefusal {
    type Answer = Serial;
    type Refusal = IntakeRefusal;
    const NAME: &'static str = "refuse intake";

    fn leaves(&self) -> usize {
        1
    }

    fn footprint(&self) -> Footprint {
        footprint(&self.row)
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, IntakeRefusal>, Fault> {
        let serial = store_inbound(group, &self.row, &self.transfer, &self.draft, None).await?;
        Ok(Ok(serial))
    }
}

const fn footprint(row: &BatchRow) -> Footprint {
    Footprint::Intake {
        gateway: row.gateway,
        participant: row.participant,
        batch: row.id,
    }
}

/// `seen` is when the gateway handed it in, if that shall be noted.
async fn store_inbound(
    group: &mut Group<'_>,
    batch: &BatchRow,
    transfer: &TransferRow,
    draft: &Draft,
    seen: Option<Instant>,
) -> Result<Serial, Fault> {
    let serial = group.append(draft).await?;
    let row = InboundRow {
        transfer: TransferRow {
            serial,
            ..transfer.clone()
        },
        batch: BatchRow {
            serial,
            ..batch.clone()
        },
    };
    group.store_inbound(row, seen)?;
    Ok(serial)
}
