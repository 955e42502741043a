//! A person died, or cannot decide any more: an officer enters it on a document, another one confirms it (`consent.md` §8). Meanwhile
//! nothing of hers moves. Then her agreements stop holding from the date on, nobody signs in in her place, and a case stays open for
//! whoever acts for her.

mod close;
mod confirm;
mod enter;
mod undo;

use broker_domain::household::CapacityEnd;
use broker_domain::ids::{EnteredId, OfficerId, ParticipantId, RightsRequestId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::CapacityRow;
use evidence::record::{CapacityStep, CapacityStepKind, Record};
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use super::DrawnCase;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::Draft;
use crate::records;

pub(crate) use confirm::EndCapacity;

/// How many the desk shows, and how many one round closes.
const MOST_SHOWN: u32 = 200;
const PAGE: u32 = 64;

/// Why the end of a capacity is not recorded.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum CapacityRefusal {
    /// The policies say no.
    #[error("only a data-protection officer records this")]
    NotAllowed,
    /// Nobody has this meter or identifier, or she has no meter.
    #[error("nobody here has this meter or identifier")]
    Unknown,
    /// A day to come.
    #[error("choose a day that is over, or today")]
    DayOutOfReach,
    /// It is recorded.
    #[error("this is recorded already")]
    RecordedAlready,
    /// It is not.
    #[error("nothing is recorded of this person")]
    NotRecorded,
    /// A mistake without its reason.
    #[error("say why it was a mistake")]
    NoWords,
    /// Too many words.
    #[error("this text is too long")]
    TooLong,
}

/// Whom a meter or an identifier leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundPerson {
    /// Who.
    pub participant: ParticipantId,
    /// Whether it is recorded of her already, or entered and waiting for another officer.
    pub ended: bool,
}

/// What an officer records.
#[derive(Clone)]
pub struct CapacityEnded {
    /// Of whom.
    pub participant: ParticipantId,
    /// Which of both.
    pub end: CapacityEnd,
    /// From when on.
    pub since: Instant,
    /// The case for whoever acts for her, and its code.
    pub drawn: DrawnCase,
    /// What the person laid down about her data; may be empty.
    pub directives: String,
}

/// What came of entering it.
#[derive(Clone)]
pub struct RecordedEnd {
    /// The act that another officer decides.
    pub act: EnteredId,
    /// The code that reads the case, in groups.
    pub code: String,
    /// The last day of an answer in time.
    pub due_on: jiff::civil::Date,
}

impl Broker {
    /// Looks a person up for whom something is to be recorded: by the number of a meter at which she lives or last lived, or by
    /// her identifier.
    ///
    /// # Errors
    /// [`CapacityRefusal::NotAllowed`], [`CapacityRefusal::Unknown`].
    pub async fn find_person(
        &self,
        officer: OfficerId,
        said: &str,
    ) -> Result<FoundPerson, Failure<CapacityRefusal>> {
        let who = {
            let mut read = self.store.read().await?;
            match said.trim().parse::<ParticipantId>() {
                Ok(who) => read.participant(who).await?.map(|_| who),
                Err(_) => {
                    let number: String = said.split_whitespace().collect();
                    let rows = read.points_of_number(self.vault.point_index(&number)).await?;
                    // The newest occupancy: whoever lived there before moved away alive.
                    rows.last().map(|row| row.participant)
                }
            }
        };
        // Whom nobody knows is answered alike for whoever may not ask.
        let asked = who.unwrap_or(ParticipantId::from_bytes([0; 16]));
        self.may_end_capacity(officer, asked)?;
        let who = who.ok_or(Failure::Refused(CapacityRefusal::Unknown))?;
        let mut read = self.store.read().await?;
        let recorded = read.capacity_end(who).await?.is_some();
        let ended = recorded || read.capacity_entered(who, self.clock.now()).await?.is_some();
        Ok(FoundPerson {
            participant: who,
            ended,
        })
    }

    /// Everything that was ever recorded, for officers.
    ///
    /// # Errors
    /// [`CapacityRefusal::NotAllowed`].
    pub async fn capacity_desk(
        &self,
        officer: OfficerId,
    ) -> Result<Vec<CapacityRow>, Failure<CapacityRefusal>> {
        self.may_end_capacity(officer, ParticipantId::from_bytes([0; 16]))?;
        Ok(self.store.read().await?.capacity_ends(MOST_SHOWN).await?)
    }

    fn may_end_capacity(
        &self,
        officer: OfficerId,
        who: ParticipantId,
    ) -> Result<Permit, Failure<CapacityRefusal>> {
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::EndCapacity,
            resource: Resource::Person { owner: who },
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(CapacityRefusal::NotAllowed))
    }

    fn capacity_draft(
        &self,
        who: ParticipantId,
        (step, since): (CapacityStepKind, Option<Instant>),
        case: RightsRequestId,
        now: Instant,
    ) -> Result<Draft, Fault> {
        let record = Record::Capacity(CapacityStep {
            participant: records::id(&who)?,
            step,
            since: since.map(records::at).transpose()?,
            case: records::id(&case)?,
            at: records::at(now)?,
        });
        Ok(Draft {
            subject: who.into(),
            actor: ActorClass::Dpo,
            signed: self.sign(record)?,
        })
    }
}
