//! One officer enters that a person died or cannot decide any more: her sharings stand still, a case opens for whoever acts for her,
//! and another officer decides (`docs/decisions/0043`).

use async_trait::async_trait;
use broker_domain::consent::{Consent, EventKind, How, Method};
use broker_domain::entered::{EnteredAct, EnteredState, Entry, Sheet};
use broker_domain::household::HouseholdCaseKind;
use broker_domain::ids::{ConsentId, EnteredId, OfficerId, ParticipantId};
use broker_domain::rights::{Author, Right, RightsRequest, RightsState, WordKind};
use broker_domain::time::Instant;
use broker_store::{HouseholdCaseRow, MessageKind, PointRow, RightsWordsRow, StopCodeRow};
use evidence::record::{EnteredStep, HouseholdStepKind};
use ledger_core::leaf::ActorClass;

use super::{CapacityEnded, CapacityRefusal, RecordedEnd};
use crate::accounts::{shown, typed};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::household::Said;
use crate::lifecycle::{AddChange, ChangeRefusal, Next, write_all};
use crate::own_data::local_day;
use crate::rights::{MAX_RIGHTS_WORDS, due_on};
use crate::telling;

/// How often it is tried that another act of the person was faster than.
const TRIES: u32 = 4;

impl Broker {
    /// Enters that a person died or cannot decide any more, on a document that was shown. From then on nothing of hers moves,
    /// until another officer confirms it or sends it back, she stops it, or nobody looked at it in seven days. She is told by
    /// message and letter, with the code that stops it. The same form sent twice is one act.
    ///
    /// # Errors
    /// See [`CapacityRefusal`].
    pub async fn enter_capacity_end(
        &self,
        officer: OfficerId,
        ended: &CapacityEnded,
    ) -> Result<RecordedEnd, Failure<CapacityRefusal>> {
        for _ in 1..TRIES {
            match self.enter_end(officer, ended).await {
                Err(Failure::Conflict) => {}
                done => return done,
            }
        }
        self.enter_end(officer, ended).await
    }

    async fn enter_end(
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
        let act = entered_end(officer, ended, now)?;
        let (point, known, recorded, waiting) = {
            let mut read = self.store.read().await?;
            (
                read.points_of(who).await?.into_iter().next_back(),
                read.entered(act.id).await?,
                read.capacity_end(who).await?,
                read.capacity_entered(who, now).await?,
            )
        };
        let point = point.ok_or(Failure::Refused(CapacityRefusal::Unknown))?;
        let code = shown(&typed(&ended.drawn.code));
        if let Some(known) = known {
            let same =
                known.act.participant == who && known.act.by == officer && known.act.entry == act.entry;
            return match same {
                true => self.entered_before(ended, code).await,
                false => Err(Failure::Refused(CapacityRefusal::RecordedAlready)),
            };
        }
        if recorded.is_some() || waiting.is_some() {
            return Err(Failure::Refused(CapacityRefusal::RecordedAlready));
        }
        let beat = self.entry_beat(act, ended, words, &point).await?;
        let (due_on, act) = (beat.request.due_on, beat.act.id);
        self.commit(beat).await?;
        Ok(RecordedEnd { act, code, due_on })
    }

    async fn entered_before(
        &self,
        ended: &CapacityEnded,
        code: String,
    ) -> Result<RecordedEnd, Failure<CapacityRefusal>> {
        let mut read = self.store.read().await?;
        let case = read.household_case(ended.drawn.id).await?;
        let hash = self.vault.case_code(&typed(&ended.drawn.code));
        let same = case.is_some_and(|case| case.code_hash == hash);
        let request = read.rights_request(ended.drawn.id).await?;
        match request.filter(|_| same) {
            None => Err(Failure::Refused(CapacityRefusal::RecordedAlready)),
            Some(row) => Ok(RecordedEnd {
                act: of_form(ended),
                code,
                due_on: row.request.due_on,
            }),
        }
    }

    async fn entry_beat(
        &self,
        act: EnteredAct,
        ended: &CapacityEnded,
        words: &str,
        point: &PointRow,
    ) -> Result<EnterCapacity, Failure<CapacityRefusal>> {
        let now = act.at;
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
        let represented = Said::Case(&request, HouseholdStepKind::Represented);
        let directives = (Author::Officer, WordKind::Message);
        let given = self.given_by(act.participant, now).await?;
        let mut stops = Vec::new();
        for consent in &given {
            stops.extend(self.stop_until(consent, act.expires_at(), now).await?);
        }
        let draft = self.entered_draft(&act, (EnteredStep::Entered, None), None, ActorClass::Dpo, now)?;
        Ok(EnterCapacity {
            case: HouseholdCaseRow {
                request: request.id,
                point: point.id,
                kind: HouseholdCaseKind::Represented,
                code_hash: self.vault.case_code(&typed(&ended.drawn.code)),
                contact: None,
            },
            words: self.sealed_words(&request, 0, directives, words, now).await?,
            opened: self.household_draft(point, represented, ActorClass::Dpo, now)?,
            given: given.iter().map(|consent| consent.id).collect(),
            stop_code: self.stop_row(&act, MessageKind::CapacityEntered).await?,
            stops,
            draft,
            act,
            request,
        })
    }

    async fn given_by(&self, who: ParticipantId, now: Instant) -> Result<Vec<Consent>, Fault> {
        let mut consents = self.store.read().await?.consents_of(who).await?;
        consents.retain(|consent| consent.state(now).is_given());
        Ok(consents)
    }

    /// The pause of a sharing while it waits; none where one lasts as long.
    async fn stop_until(
        &self,
        consent: &Consent,
        until: Instant,
        now: Instant,
    ) -> Result<Option<AddChange>, Failure<CapacityRefusal>> {
        if consent.pause(now).is_some_and(|pause| until <= pause.until) {
            return Ok(None);
        }
        let next = Next {
            how: How::BY_CLOCK,
            ..Next::at_once(EventKind::Paused { until }, now)
        };
        let drafted = self.drafted(consent, next, ActorClass::Dpo).await;
        drafted.map(Some).map_err(changed)
    }

    /// Lets the sharings go on that stood still because of an entry that came to nothing; what she paused herself stays paused.
    pub(crate) async fn lifts_of(&self, act: &EnteredAct, now: Instant) -> Result<Vec<AddChange>, Fault> {
        let mut lifts = Vec::new();
        for consent in self.given_by(act.participant, now).await? {
            let until = act.expires_at();
            if consent.pause(now).is_none_or(|pause| pause.until != until) {
                continue;
            }
            let kind = match consent.paused_beside(&[act.at], now) {
                Some(until) => EventKind::Paused { until },
                None => EventKind::Resumed,
            };
            let next = Next {
                how: How::BY_CLOCK,
                ..Next::at_once(kind, now)
            };
            match self.drafted(&consent, next, ActorClass::Dpo).await {
                Ok(change) => lifts.push(change),
                // It changed meanwhile, and is looked at again with the act.
                Err(Failure::Refused(_) | Failure::Conflict) => {
                    return Err(Fault::Conflict {
                        table: "consent_event",
                    });
                }
                Err(Failure::Fault(fault)) => return Err(fault),
            }
        }
        Ok(lifts)
    }
}

fn changed(failure: Failure<ChangeRefusal>) -> Failure<CapacityRefusal> {
    match failure {
        Failure::Refused(_) | Failure::Conflict => Failure::Conflict,
        Failure::Fault(fault) => Failure::Fault(fault),
    }
}

/// The act of a form: the same form is the same act.
const fn of_form(ended: &CapacityEnded) -> EnteredId {
    EnteredId::from_bytes(*ended.drawn.id.as_bytes())
}

fn entered_end(officer: OfficerId, ended: &CapacityEnded, now: Instant) -> Result<EnteredAct, Fault> {
    Ok(EnteredAct {
        id: of_form(ended),
        participant: ended.participant,
        entry: Entry::Capacity {
            end: ended.end,
            since: ended.since,
            case: ended.drawn.id,
        },
        method: Method::Paper,
        sheet: Sheet {
            arrived_on: Some(local_day(now)?),
            ..Sheet::default()
        },
        by: officer,
        at: now,
        state: EnteredState::Waiting,
    })
}

struct EnterCapacity {
    act: EnteredAct,
    draft: Draft,
    request: RightsRequest,
    case: HouseholdCaseRow,
    words: Option<RightsWordsRow>,
    opened: Draft,
    /// What she shared when this was drafted,
    given: Vec<ConsentId>,
    /// and what stops it.
    stops: Vec<AddChange>,
    stop_code: StopCodeRow,
}

#[async_trait]
impl Commit for EnterCapacity {
    type Answer = ();
    type Refusal = CapacityRefusal;
    // The way back of migration 0019 looks for this name.
    const NAME: &'static str = "enter the end of a capacity";

    fn leaves(&self) -> usize {
        self.stops.len().saturating_add(2)
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), CapacityRefusal>, Fault> {
        let who = self.act.participant;
        let waits = group.tx.capacity_entered(who, group.now).await?;
        if waits.is_some() || group.tx.capacity_end(who).await?.is_some() {
            return Ok(Err(CapacityRefusal::RecordedAlready));
        }
        let consents = group.tx.consents_of(who).await?;
        let given = consents
            .iter()
            .filter(|consent| consent.state(group.now).is_given());
        if !given.map(|consent| consent.id).eq(self.given.iter().copied()) {
            // What she agreed to at the last moment stands still too.
            return Err(Fault::Conflict { table: "consent" });
        }
        let serial = group.append(&self.opened).await?;
        group.tx.add_rights_request(&self.request, serial).await?;
        if let Some(words) = &self.words {
            group.tx.add_rights_words(self.request.id, words, serial).await?;
        }
        group.tx.add_household_case(&self.case).await?;
        write_all(group, &self.stops).await?;
        let entered = group.append(&self.draft).await?;
        group.tx.add_entered(&self.act, entered, Some(serial)).await?;
        group.tx.add_stop_code(&self.stop_code).await?;
        telling::about_an_entry(group, &self.act, MessageKind::CapacityEntered).await?;
        Ok(Ok(()))
    }
}
