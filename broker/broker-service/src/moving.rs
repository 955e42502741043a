//! Moving out: a person says when she leaves the home of her meter, or an officer records what the contract tells.
//!
//! The date alone closes: each decision looks at it (`broker_domain::consent::Occupancy`). What follows is done by
//! [`Broker::close_departures`]: the events, the switches of gateways. Whoever lives there next enrols the same meter and gets a
//! point of her own, so that nothing of the one before is ever hers.

mod close;
mod contract;

use async_trait::async_trait;
use broker_domain::consent::{Departure, Method, Occupancy};
use broker_domain::ids::{ParticipantId, PointId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{MessageKind, PointRow, Serial};
use evidence::record::{self as wire, OccupancyStep, OccupancyStepKind, Record};
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::receipts::Receipt;
use crate::records;
use crate::telling;

pub use contract::FoundMeter;

/// How far ahead a departure may be planned, in seconds: a year.
pub const LATEST_DEPARTURE_SECONDS: i64 = 366 * 86_400;
/// How long before the meter was enrolled a departure may lie, in seconds: the day on which it was enrolled is the first one, and
/// a local day has up to 25 hours.
const DAY_SECONDS: i64 = 25 * 3_600;

/// Why an occupancy is not changed.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum MoveRefusal {
    /// No such meter, or somebody else's, or somebody who may not.
    #[error("this meter is not one of yours")]
    NotYours,
    /// A day before the meter was enrolled, or more than a year ahead.
    #[error("choose a day between the enrolment of the meter and a year from now")]
    DayOutOfReach,
    /// The departure has come: it is a fact now.
    #[error("this home was left already; nothing of it is shared any more")]
    AlreadyLeft,
    /// The departure is no plan of the person's, so she neither takes it back nor moves it to later.
    #[error(
        "this date comes from the contract of the meter; write to the data protection officer if it is wrong"
    )]
    FromContract,
    /// There is no departure to take back.
    #[error("no departure is planned for this home")]
    NotPlanned,
    /// Nobody asked whether she still lives there.
    #[error("nothing is to be confirmed for this home")]
    NotAsked,
    /// The contract change is known, or the person leaves anyway.
    #[error("this change is known already; the person was asked")]
    KnownAlready,
}

/// A departure that was recorded.
#[derive(Debug, Clone)]
pub struct HomeLeft {
    /// From when on.
    pub departure: Departure,
    /// The proof.
    pub receipt: Receipt,
}

impl Broker {
    /// Records that a participant leaves the home of her meter at an instant, past, present or ahead. From then on nothing is
    /// shared; what was shared before stays hers.
    ///
    /// # Errors
    /// See [`MoveRefusal`].
    pub async fn leave_home(
        &self,
        who: ParticipantId,
        point: PointId,
        at: Instant,
    ) -> Result<HomeLeft, Failure<MoveRefusal>> {
        let now = self.clock.now();
        let row = self.own_point(who, point).await?;
        self.may(Principal::Participant(who), Action::EndOccupancy, &row, now)?;
        self.end_occupancy(row, at, (Method::Web, ActorClass::Participant), now)
            .await
    }

    /// Takes back a departure that has not come: sharings go on as they were.
    ///
    /// # Errors
    /// See [`MoveRefusal`].
    pub async fn stay_home(
        &self,
        who: ParticipantId,
        point: PointId,
    ) -> Result<Receipt, Failure<MoveRefusal>> {
        self.say_of_home(who, point, OccupancyStepKind::Stays).await
    }

    /// Records that a person still lives where the contract of her meter changed: sharings go on.
    ///
    /// # Errors
    /// See [`MoveRefusal`].
    pub async fn confirm_home(
        &self,
        who: ParticipantId,
        point: PointId,
    ) -> Result<Receipt, Failure<MoveRefusal>> {
        self.say_of_home(who, point, OccupancyStepKind::Confirmed).await
    }

    /// Gives again what was stopped or was to stop: policies ask for what granting needs.
    async fn say_of_home(
        &self,
        who: ParticipantId,
        point: PointId,
        step: OccupancyStepKind,
    ) -> Result<Receipt, Failure<MoveRefusal>> {
        let now = self.clock.now();
        let row = self.own_point(who, point).await?;
        self.may(Principal::Participant(who), Action::Grant, &row, now)?;
        standing(row.occupancy, step, now).map_err(Failure::Refused)?;
        let draft = self.occupancy_draft(&row, (step, None), Method::Web, ActorClass::Participant, now)?;
        let leaf_index = self.commit(Occupy { point, step, draft }).await?;
        Ok(self.receipt(leaf_index).await?)
    }

    async fn end_occupancy(
        &self,
        row: PointRow,
        at: Instant,
        (method, actor): (Method, ActorClass),
        now: Instant,
    ) -> Result<HomeLeft, Failure<MoveRefusal>> {
        if at <= earliest(&row) || now.plus_seconds(LATEST_DEPARTURE_SECONDS) < at {
            return Err(Failure::Refused(MoveRefusal::DayOutOfReach));
        }
        let departure = Departure { at, known_at: now };
        let step = (OccupancyStepKind::Departure, Some(at));
        let leave = Leave {
            point: row.id,
            departure,
            method,
            draft: self.occupancy_draft(&row, step, method, actor, now)?,
        };
        let leaf_index = self.commit(leave).await?;
        if departure.has_come(now) {
            // Nothing waits for it: the date closes already, and the clock of duties comes back to what fails here.
            if let Err(fault) = self.close_departure(row.id).await {
                let error: &dyn std::error::Error = &fault;
                tracing::error!(
                    error,
                    "what follows from a departure is not done yet; it is tried again"
                );
            }
        }
        Ok(HomeLeft {
            departure,
            receipt: self.receipt(leaf_index).await?,
        })
    }

    async fn own_point(&self, who: ParticipantId, point: PointId) -> Result<PointRow, Failure<MoveRefusal>> {
        let row = self.store.read().await?.point(point).await?;
        row.filter(|row| row.participant == who)
            .ok_or(Failure::Refused(MoveRefusal::NotYours))
    }

    fn may(
        &self,
        principal: Principal,
        action: Action,
        row: &PointRow,
        now: Instant,
    ) -> Result<Permit, Failure<MoveRefusal>> {
        let query = Query {
            principal,
            action,
            resource: Resource::Point {
                point: row.id,
                owner: row.participant,
            },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(MoveRefusal::NotYours))
    }

    fn occupancy_draft(
        &self,
        row: &PointRow,
        (step, leaves_at): (OccupancyStepKind, Option<Instant>),
        method: Method,
        actor: ActorClass,
        now: Instant,
    ) -> Result<Draft, Fault> {
        let record = Record::Occupancy(OccupancyStep {
            participant: records::id(&row.participant)?,
            point: records::id(&row.id)?,
            step,
            leaves_at: leaves_at.map(records::at).transpose()?,
            method: match method {
                Method::Upstream => wire::Method::Upstream,
                _ => wire::Method::Web,
            },
            at: records::at(now)?,
        });
        Ok(Draft {
            subject: row.participant.into(),
            actor,
            signed: self.sign(record)?,
        })
    }
}

/// Whether the person lives there no more.
pub(crate) fn has_left(occupancy: Occupancy, now: Instant) -> bool {
    occupancy
        .departure
        .is_some_and(|departure| departure.has_come(now))
}

/// The instant after which a departure from a point may lie.
fn earliest(row: &PointRow) -> Instant {
    row.created_at.plus_seconds(-DAY_SECONDS)
}

/// Whether a departure may take the place of one that is known. The person moves a plan of her own; what the contract told she
/// moves to earlier only. What came is a fact, but for a contract that ended earlier than was known: what was measured in
/// between belongs to whoever lives there next.
fn replaces(
    leave: &Leave,
    occupancy: Occupancy,
    told: Option<Method>,
    now: Instant,
) -> Result<(), MoveRefusal> {
    let Some(known) = occupancy.departure else {
        return Ok(());
    };
    let at = leave.departure.at;
    match leave.method {
        Method::Upstream if known.has_come(now) && known.at <= at => Err(MoveRefusal::AlreadyLeft),
        Method::Upstream => Ok(()),
        _ if known.has_come(now) => Err(MoveRefusal::AlreadyLeft),
        _ if told == Some(Method::Upstream) && known.at < at => Err(MoveRefusal::FromContract),
        _ => Ok(()),
    }
}

/// Whether a step that gives again has something to give.
fn standing(occupancy: Occupancy, step: OccupancyStepKind, now: Instant) -> Result<(), MoveRefusal> {
    if has_left(occupancy, now) {
        return Err(MoveRefusal::AlreadyLeft);
    }
    match step {
        OccupancyStepKind::Stays if occupancy.departure.is_none() => Err(MoveRefusal::NotPlanned),
        OccupancyStepKind::Confirmed if occupancy.held_since.is_none() => Err(MoveRefusal::NotAsked),
        OccupancyStepKind::ContractChanged if occupancy != Occupancy::default() => {
            Err(MoveRefusal::KnownAlready)
        }
        _ => Ok(()),
    }
}

struct Leave {
    point: PointId,
    departure: Departure,
    method: Method,
    draft: Draft,
}

#[async_trait]
impl Commit for Leave {
    type Answer = Serial;
    type Refusal = MoveRefusal;
    // The way back of migration 0012 looks for this name.
    const NAME: &'static str = "leave a home";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, MoveRefusal>, Fault> {
        // Of two departures at once the second meets the first.
        let Some(row) = group.tx.point(self.point).await? else {
            return Ok(Err(MoveRefusal::NotYours));
        };
        let told = group.tx.departure_method(self.point).await?;
        if let Err(refusal) = replaces(self, row.occupancy, told, group.now) {
            return Ok(Err(refusal));
        }
        let serial = group.append(&self.draft).await?;
        group
            .tx
            .set_departure(self.point, self.departure, self.method)
            .await?;
        telling::occupancy_changed(group, row.participant, MessageKind::HomeLeft, self.point).await?;
        Ok(Ok(serial))
    }
}

/// A step that is no departure.
struct Occupy {
    point: PointId,
    step: OccupancyStepKind,
    draft: Draft,
}

#[async_trait]
impl Commit for Occupy {
    type Answer = Serial;
    type Refusal = MoveRefusal;
    // The way back of migration 0012 looks for this name.
    const NAME: &'static str = "say who lives there";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, MoveRefusal>, Fault> {
        let Some(row) = group.tx.point(self.point).await? else {
            return Ok(Err(MoveRefusal::NotYours));
        };
        if let Err(refusal) = standing(row.occupancy, self.step, group.now) {
            return Ok(Err(refusal));
        }
        let told = group.tx.departure_method(self.point).await?;
        if matches!(self.step, OccupancyStepKind::Stays) && told == Some(Method::Upstream) {
            return Ok(Err(MoveRefusal::FromContract));
        }
        let serial = group.append(&self.draft).await?;
        match self.step {
            OccupancyStepKind::Stays => group.tx.cancel_departure(self.point, group.now).await?,
            OccupancyStepKind::Confirmed => group.tx.set_hold(self.point, None).await?,
            OccupancyStepKind::ContractChanged => {
                group.tx.set_hold(self.point, Some(group.now)).await?;
                let kind = MessageKind::ContractChanged;
                telling::occupancy_changed(group, row.participant, kind, self.point).await?;
            }
            OccupancyStepKind::Departure => {
                return Err(Fault::Corrupt {
                    what: "occupancy step",
                });
            }
        }
        Ok(Ok(serial))
    }
}
