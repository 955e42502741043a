//! A person died, or cannot decide any more: an officer records it on a document (`consent.md` §8). Her agreements stop holding from
//! the date on, nobody signs in in her place, and a case stays open for whoever acts for her.

use async_trait::async_trait;
use broker_domain::consent::{EventKind, How};
use broker_domain::gateway::Measuring;
use broker_domain::household::{CapacityEnd, HouseholdCaseKind};
use broker_domain::ids::{OfficerId, ParticipantId, RightsRequestId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::rights::{Author, Right, RightsRequest, RightsState, WordKind};
use broker_domain::time::Instant;
use broker_store::{CapacityRow, HouseholdCaseRow, PointRow, RightsWordsRow, SessionRole};
use evidence::record::{CapacityStep, CapacityStepKind, HouseholdStepKind, Record};
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use super::{DrawnCase, Said};
use crate::accounts::{shown, typed};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::lifecycle::Next;
use crate::records;
use crate::rights::{MAX_RIGHTS_WORDS, due_on};

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
    /// Whether it is recorded of her already.
    pub ended: Option<CapacityRow>,
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

/// What came of it.
#[derive(Clone)]
pub struct RecordedEnd {
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
        let ended = self.store.read().await?.capacity_end(who).await?;
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

    /// Records that a person died or cannot decide any more: her way in closes with it, and what follows is done at once. The
    /// same form sent twice is one act.
    ///
    /// # Errors
    /// See [`CapacityRefusal`].
    pub async fn record_capacity_end(
        &self,
        officer: OfficerId,
        ended: &CapacityEnded,
    ) -> Result<RecordedEnd, Failure<CapacityRefusal>> {
        let (now, who) = (self.clock.now(), ended.participant);
        self.may_end_capacity(officer, who)?;
        if now < ended.since {
            return Err(Failure::Refused(CapacityRefusal::DayOutOfReach));
        }
        let words = ended.directives.trim();
        if MAX_RIGHTS_WORDS < words.chars().count() {
            return Err(Failure::Refused(CapacityRefusal::TooLong));
        }
        let (point, known) = {
            let mut read = self.store.read().await?;
            (
                read.points_of(who).await?.into_iter().next_back(),
                read.capacity_end(who).await?,
            )
        };
        let point = point.ok_or(Failure::Refused(CapacityRefusal::Unknown))?;
        let code = shown(&typed(&ended.drawn.code));
        if let Some(known) = known {
            return self.recorded_before(known, ended, code).await;
        }
        let beat = self.end_beat(ended, words, &point, now).await?;
        let due_on = beat.request.due_on;
        self.commit(beat).await?;
        // Her way in is closed; the clock of duties comes back to what fails here.
        if let Err(fault) = self.close_capacity_end(who).await {
            let error: &dyn std::error::Error = &fault;
            tracing::error!(
                error,
                "what follows from the end of a capacity is not done yet; it is tried again"
            );
        }
        Ok(RecordedEnd { code, due_on })
    }

    async fn recorded_before(
        &self,
        known: CapacityRow,
        ended: &CapacityEnded,
        code: String,
    ) -> Result<RecordedEnd, Failure<CapacityRefusal>> {
        let mut read = self.store.read().await?;
        let case = read.household_case(ended.drawn.id).await?;
        let hash = self.vault.case_code(&typed(&ended.drawn.code));
        let same = known.case == ended.drawn.id && case.is_some_and(|case| case.code_hash == hash);
        let request = read.rights_request(known.case).await?;
        match request.filter(|_| same) {
            None => Err(Failure::Refused(CapacityRefusal::RecordedAlready)),
            Some(row) => Ok(RecordedEnd {
                code,
                due_on: row.request.due_on,
            }),
        }
    }

    async fn end_beat(
        &self,
        ended: &CapacityEnded,
        words: &str,
        point: &PointRow,
        now: Instant,
    ) -> Result<EndCapacity, Fault> {
        let request = RightsRequest {
            id: ended.drawn.id,
            participant: ended.participant,
            right: Right::Access,
            words: String::new(),
            received_at: now,
            due_on: due_on(now)?,
            extended_at: None,
            paused_at: None,
            paused_days: 0,
            state: RightsState::Received,
        };
        let step = match ended.end {
            CapacityEnd::Died => CapacityStepKind::Died,
            CapacityEnd::Incapable => CapacityStepKind::Incapable,
        };
        let represented = Said::Case(&request, HouseholdStepKind::Represented);
        let directives = (Author::Officer, WordKind::Message);
        Ok(EndCapacity {
            row: CapacityRow {
                participant: ended.participant,
                end: ended.end,
                since: ended.since,
                recorded_at: now,
                case: request.id,
                closed_at: None,
                undone_at: None,
            },
            case: HouseholdCaseRow {
                request: request.id,
                point: point.id,
                kind: HouseholdCaseKind::Represented,
                code_hash: self.vault.case_code(&typed(&ended.drawn.code)),
                contact: None,
            },
            words: self.sealed_words(&request, 0, directives, words, now).await?,
            opened: self.household_draft(point, represented, ActorClass::Dpo, now)?,
            ended: self.capacity_draft(ended.participant, (step, Some(ended.since)), request.id, now)?,
            request,
        })
    }

    /// Records that it was a mistake, and why: she signs in again. Her sharings stay ended, because only she gives new ones.
    ///
    /// # Errors
    /// See [`CapacityRefusal`].
    pub async fn undo_capacity_end(
        &self,
        officer: OfficerId,
        who: ParticipantId,
        reason: &str,
    ) -> Result<(), Failure<CapacityRefusal>> {
        let now = self.clock.now();
        self.may_end_capacity(officer, who)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Failure::Refused(CapacityRefusal::NoWords));
        }
        if MAX_RIGHTS_WORDS < reason.chars().count() {
            return Err(Failure::Refused(CapacityRefusal::TooLong));
        }
        let (known, request, place) = {
            let mut read = self.store.read().await?;
            let known = read.capacity_end(who).await?;
            let known = known.ok_or(Failure::Refused(CapacityRefusal::NotRecorded))?;
            let request = read.rights_request(known.case).await?;
            let request = request.ok_or(Fault::SubjectErased)?.request;
            (known, request, read.rights_words(known.case).await?.len())
        };
        let place = u32::try_from(place).map_err(|_| Fault::Corrupt { what: "words" })?;
        let why = (Author::Officer, WordKind::Message);
        let beat = UndoCapacity {
            who,
            case: known.case,
            words: self.sealed_words(&request, place, why, reason, now).await?,
            draft: self.capacity_draft(who, (CapacityStepKind::Mistaken, None), known.case, now)?,
        };
        self.commit(beat).await
    }

    /// Does what follows from ends that were recorded. To be called by a clock.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_capacity_ends(&self) -> Result<(), Fault> {
        let due = self.store.read().await?.capacity_ends_due(PAGE).await?;
        for row in due {
            if let Err(fault) = self.close_capacity_end(row.participant).await {
                let error: &dyn std::error::Error = &fault;
                // Not whose: a log outlives an erasure.
                tracing::error!(
                    error,
                    "what follows from the end of a capacity could not be done; it is tried again"
                );
            }
        }
        Ok(())
    }

    async fn close_capacity_end(&self, who: ParticipantId) -> Result<(), Fault> {
        let now = self.clock.now();
        let (row, consents) = {
            let mut read = self.store.read().await?;
            // Undone or erased meanwhile.
            let Some(row) = read.capacity_end(who).await? else {
                return Ok(());
            };
            (row, read.consents_of(who).await?)
        };
        for consent in consents {
            let mut events = consent.events.iter();
            let given = events.find(|event| event.kind == EventKind::Given);
            let Some(given_at) = given.map(|event| event.effective_at) else {
                continue;
            };
            // Also what ended otherwise since: its recipients learn from when on it held nothing.
            let ended = consent.state(now).ended_at();
            if ended.is_some_and(|ended| ended <= row.since.max(given_at)) {
                continue;
            }
            let next = Next {
                kind: EventKind::Invalidated,
                // What somebody agreed to in her name afterwards never held: it was nothing before it was given.
                effective_at: row.since.max(given_at),
                now,
                how: How::BY_CLOCK,
                acting: None,
            };
            match self.append(consent, next, ActorClass::Dpo).await {
                Ok(_) => {}
                // It ended already: that it cannot be dated back keeps no other sharing open.
                Err(Failure::Refused(_)) if ended.is_some() => {}
                // Changed at the last moment: the next round looks again.
                Err(Failure::Conflict | Failure::Refused(_)) => {
                    return Err(Fault::Conflict {
                        table: "consent_event",
                    });
                }
                Err(Failure::Fault(Fault::SubjectErased)) => return Ok(()),
                Err(Failure::Fault(fault)) => return Err(fault),
            }
        }
        match self.commit(CloseCapacity { who }).await {
            Ok(()) | Err(Failure::Conflict | Failure::Refused(_)) => Ok(()),
            Err(Failure::Fault(fault)) => Err(fault),
        }
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

struct EndCapacity {
    row: CapacityRow,
    request: RightsRequest,
    case: HouseholdCaseRow,
    words: Option<RightsWordsRow>,
    ended: Draft,
    opened: Draft,
}

#[async_trait]
impl Commit for EndCapacity {
    type Answer = ();
    type Refusal = CapacityRefusal;
    // The way back of migration 0015 looks for this name.
    const NAME: &'static str = "record the end of a capacity";

    fn leaves(&self) -> usize {
        2
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), CapacityRefusal>, Fault> {
        let who = self.row.participant;
        if group.tx.capacity_end(who).await?.is_some() {
            return Ok(Err(CapacityRefusal::RecordedAlready));
        }
        group.append(&self.ended).await?;
        let serial = group.append(&self.opened).await?;
        group.tx.add_rights_request(&self.request, serial).await?;
        if let Some(words) = &self.words {
            group.tx.add_rights_words(self.request.id, words, serial).await?;
        }
        group.tx.add_household_case(&self.case).await?;
        group.tx.add_capacity_end(&self.row).await?;
        if let Some(account) = group.tx.account_of(SessionRole::Participant(who)).await? {
            group.tx.end_sessions_of(account.id, None).await?;
        }
        // Nobody writes to a person who cannot read it, nor to whoever reads her mail.
        group.tx.forget_mail_address(who).await?;
        group.tx.forget_mail_pending(who).await?;
        group.tx.forget_phone(who).await?;
        group.tx.forget_phone_pending(who).await?;
        group.tx.forget_channels(who).await?;
        group.tx.end_messages_to(who, group.now).await?;
        group.tx.close_invitations(who).await?;
        Ok(Ok(()))
    }
}

struct UndoCapacity {
    who: ParticipantId,
    case: RightsRequestId,
    words: Option<RightsWordsRow>,
    draft: Draft,
}

#[async_trait]
impl Commit for UndoCapacity {
    type Answer = ();
    type Refusal = CapacityRefusal;
    const NAME: &'static str = "undo the end of a capacity";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), CapacityRefusal>, Fault> {
        if group.tx.capacity_end(self.who).await?.is_none() {
            return Ok(Err(CapacityRefusal::NotRecorded));
        }
        let serial = group.append(&self.draft).await?;
        if let Some(words) = &self.words {
            group.tx.add_rights_words(self.case, words, serial).await?;
        }
        group.tx.undo_capacity_end(self.who, group.now).await?;
        Ok(Ok(()))
    }
}

struct CloseCapacity {
    who: ParticipantId,
}

#[async_trait]
impl Commit for CloseCapacity {
    type Answer = ();
    type Refusal = CapacityRefusal;
    const NAME: &'static str = "close what a capacity held";

    fn leaves(&self) -> usize {
        0
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), CapacityRefusal>, Fault> {
        let consents = group.tx.consents_of(self.who).await?;
        if consents.iter().any(|consent| consent.state(group.now).is_given()) {
            return Err(Fault::Conflict {
                table: "consent_event",
            });
        }
        for gateway in group.tx.gateways_of(self.who).await? {
            let settings = &gateway.gateway.settings;
            if settings.measuring == Measuring::On {
                let off = settings.clone().switched(Measuring::Off);
                group.tx.set_gateway_settings(gateway.gateway.id, &off).await?;
            }
        }
        group.tx.close_capacity_end(self.who, group.now).await?;
        Ok(Ok(()))
    }
}
