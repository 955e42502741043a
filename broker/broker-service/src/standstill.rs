//! Sharings that stand still until an officer looked into them (`gdpr-kit.md` P-19, P-32).
//!
//! What stops a sharing is a pause of the consent that lasts as long as the consent itself: it needs no job to go on, and no
//! silence ends it. Beside it stands why, and which case is about it; that decides who may lift it.

use async_trait::async_trait;
use broker_domain::consent::{Consent, EventKind};
use broker_domain::household::StandstillCause;
use broker_domain::ids::{ConsentId, RightsRequestId};
use broker_domain::time::Instant;
use broker_store::{MessageKind, Read, StandstillRow, Tx};
use ledger_core::leaf::ActorClass;

use crate::broker::Broker;
use crate::consents::add_event_by;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};
use crate::lifecycle::{AddChange, ChangeRefusal, Next};
use crate::telling;

/// A sharing about to be stopped.
pub(crate) struct Stop {
    pub row: StandstillRow,
    /// The pause; `None` where one stands that lasts as long.
    pub change: Option<AddChange>,
}

impl Stop {
    /// The leaves it appends.
    pub fn leaves(&self) -> usize {
        usize::from(self.change.is_some())
    }

    pub async fn write(&self, group: &mut Group<'_>) -> Result<(), Fault> {
        if let Some(change) = &self.change {
            add_event_by(group, change.consent, change.event, change.how, &change.draft).await?;
        } else if self.row.ended_at.is_none() {
            // It rests on a pause that stood when this was drafted, and that may have been ended meanwhile.
            let consent = group.tx.consent(self.row.consent).await?;
            let consent = consent.ok_or(Fault::SubjectErased)?;
            let until = consent.terms_now(group.now).data.end();
            if consent.pause(group.now).is_none_or(|pause| pause.until < until) {
                return Err(Fault::Conflict { table: "standstill" });
            }
        }
        Ok(group.tx.add_standstill(&self.row).await?)
    }
}

impl Broker {
    /// Drafts what stops a sharing that is in force, for as long as it lasts.
    pub(crate) async fn stop(
        &self,
        consent: &Consent,
        (cause, case): (StandstillCause, Option<RightsRequestId>),
        actor: ActorClass,
        now: Instant,
    ) -> Result<Stop, Failure<ChangeRefusal>> {
        let until = consent.terms_now(now).data.end();
        let stands = consent.pause(now).is_some_and(|pause| until <= pause.until);
        let change = match stands {
            true => None,
            false => {
                let next = Next::at_once(EventKind::Paused { until }, now);
                Some(self.drafted(consent, next, actor).await?)
            }
        };
        let row = StandstillRow {
            consent: consent.id,
            cause,
            case,
            began_at: now,
            ended_at: None,
        };
        Ok(Stop { row, change })
    }
}

/// The standstills of a sharing that are under way.
pub(crate) async fn under_way<R: Read + ?Sized>(
    read: &mut R,
    consent: ConsentId,
) -> Result<Vec<StandstillRow>, Fault> {
    let mut rows = read.standstills_of(consent).await?;
    rows.retain(|row| row.ended_at.is_none());
    Ok(rows)
}

/// Stops a sharing for the person herself.
pub(crate) struct Freeze(pub Stop);

#[async_trait]
impl Commit for Freeze {
    type Answer = ();
    type Refusal = ChangeRefusal;
    const NAME: &'static str = "freeze a sharing";

    fn leaves(&self) -> usize {
        self.0.leaves()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), ChangeRefusal>, Fault> {
        self.0.write(group).await?;
        tell_of(&mut *group.tx, &self.0.row, MessageKind::SharingFrozen, group.now).await?;
        Ok(Ok(()))
    }
}

/// Tells the person what became of a sharing of hers.
pub(crate) async fn tell_of(
    tx: &mut dyn Tx,
    row: &StandstillRow,
    kind: MessageKind,
    now: Instant,
) -> Result<(), Fault> {
    let consent = tx.consent(row.consent).await?.ok_or(Fault::SubjectErased)?;
    let mark = row.began_at.as_micros().to_be_bytes();
    telling::about_a_sharing(tx, consent.participant, (kind, consent.id), &mark, now).await
}

/// Lets a sharing go on, for the person herself.
pub(crate) struct Lift {
    pub change: AddChange,
    /// What she was asked about, and proved herself for.
    pub known: Vec<StandstillRow>,
}

#[async_trait]
impl Commit for Lift {
    type Answer = broker_store::Serial;
    type Refusal = ChangeRefusal;
    const NAME: &'static str = "end a pause";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(
        &mut self,
        group: &mut Group<'_>,
    ) -> Result<Result<broker_store::Serial, ChangeRefusal>, Fault> {
        // Whoever stopped it meanwhile is not overrun.
        if under_way(&mut *group.tx, self.change.consent).await? != self.known {
            return Err(Fault::Conflict { table: "standstill" });
        }
        let change = &self.change;
        let consent = group
            .tx
            .consent(change.consent)
            .await?
            .ok_or(Fault::SubjectErased)?;
        let waits = group.tx.capacity_entered(consent.participant, group.now).await?;
        if waits.is_some() {
            return Ok(Err(ChangeRefusal::WithOfficer));
        }
        let serial = add_event_by(group, change.consent, change.event, change.how, &change.draft).await?;
        for row in &self.known {
            group
                .tx
                .end_standstill(row.consent, row.began_at, group.now)
                .await?;
            tell_of(&mut *group.tx, row, MessageKind::SharingLifted, group.now).await?;
        }
        Ok(Ok(serial))
    }
}
