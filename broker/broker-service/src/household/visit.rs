//! What another adult of a home does without an account: sees what is shared from it, objects or asks, and reads the answer.

use async_trait::async_trait;
use broker_domain::consent::Consent;
use broker_domain::household::{HouseholdCaseKind, Minors, StandstillCause};
use broker_domain::ids::{ConsentId, PointId, RightsRequestId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::rights::{Author, Right, RightsRequest, RightsState, WordKind};
use broker_domain::time::Instant;
use broker_store::{AttemptKind, HouseholdCaseRow, MessageKind, PointRow, RightsWordsRow};
use broker_vault::ProfileField;
use evidence::record::RightsStepKind;
use jiff::civil::Date;
use ledger_core::leaf::ActorClass;

use super::{HomeRefusal, MOST_CASES, Said, step_of};
use crate::accounts::{SignInRefusal, draw_code, shown, typed};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::lifecycle::ChangeRefusal;
use crate::moving::has_left;
use crate::rights::{MAX_RIGHTS_WORDS, RightsWords, due_on};
use crate::standstill::{Stop, under_way};
use crate::telling;

/// Cases of one home that may wait for an answer at once.
const MOST_OPEN: usize = 10;
/// Longest contact, in characters.
const MAX_CONTACT: usize = 200;
/// How often a case is tried that another act on one of its sharings was faster than.
const TRIES: u32 = 8;

/// What whoever has the code of a home may see: no name, no number, no value.
#[derive(Debug, Clone)]
pub struct HomeVisit {
    /// Whether minors live there, as the person whose meter it is said.
    pub minors: Minors,
    /// What is shared from it now.
    pub sharings: Vec<HomeSharing>,
    owner: PointRow,
}

/// One sharing of a home.
#[derive(Debug, Clone)]
pub struct HomeSharing {
    /// The consent.
    pub consent: Consent,
    /// Whether it stands still until an officer answered an objection.
    pub stands_still: bool,
}

/// What a fresh form holds: the case it will make and the code that reads its answer. Sent twice, it is one case.
#[derive(Clone)]
pub struct DrawnCase {
    /// The case.
    pub id: RightsRequestId,
    /// Its code, in groups.
    pub code: String,
}

/// What another adult sends.
#[derive(Clone)]
pub struct HomeAsk {
    /// The form.
    pub drawn: DrawnCase,
    /// What it is.
    pub kind: HouseholdCaseKind,
    /// What she objects to; empty for a question.
    pub about: Vec<ConsentId>,
    /// Her words.
    pub words: String,
    /// Where she can be reached; may be empty.
    pub contact: String,
}

/// What became of it.
#[derive(Clone)]
pub struct AskedFromHome {
    /// The last day of an answer in time.
    pub due_on: Date,
    /// How many sharings stand still until then.
    pub stopped: usize,
    /// The code that reads the answer, in groups.
    pub code: String,
}

/// A case as whoever has its code reads it.
#[derive(Debug, Clone)]
pub struct ReadCase {
    /// What it is.
    pub kind: HouseholdCaseKind,
    /// When it arrived.
    pub received_at: Instant,
    /// The last day of an answer in time.
    pub due_on: Date,
    /// When it was answered.
    pub answered_at: Option<Instant>,
    /// What was written in it, in order: her own words first, the answer last.
    pub words: Vec<RightsWords>,
    /// How many of the sharings that it stopped stand still.
    pub standing: usize,
}

impl Broker {
    /// What is shared from the home of a code.
    ///
    /// # Errors
    /// [`HomeRefusal::CodeUnknown`], also for a home that was left; [`HomeRefusal::TooMany`].
    pub async fn visit_home(&self, code: &str) -> Result<HomeVisit, Failure<HomeRefusal>> {
        self.may_try_home().await?;
        let now = self.clock.now();
        let hash = self.vault.home_code(&typed(code));
        let found = {
            let mut read = self.store.read().await?;
            match read.home_by_code(hash).await? {
                None => None,
                Some(home) => read.point(home.point).await?.map(|point| (home, point)),
            }
        };
        // The notice ends with the occupancy: whoever lives there next has nothing to do with it.
        let Some((home, point)) = found.filter(|(_, point)| !has_left(point.occupancy, now)) else {
            self.count_failure(AttemptKind::Home, None).await?;
            return Err(Failure::Refused(HomeRefusal::CodeUnknown));
        };
        let query = Query {
            principal: Principal::Cohabitant(point.id),
            action: Action::Object,
            resource: Resource::Point {
                point: point.id,
                owner: point.participant,
            },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(HomeRefusal::CodeUnknown))?;
        let mut read = self.store.read().await?;
        let mut sharings = Vec::new();
        for consent in read.consents_of(point.participant).await? {
            if consent.point != point.id || !consent.state(now).is_given() {
                continue;
            }
            let still = under_way(&mut *read, consent.id).await?;
            sharings.push(HomeSharing {
                stands_still: still.iter().any(|row| row.cause == StandstillCause::Objection),
                consent,
            });
        }
        Ok(HomeVisit {
            minors: home.household.minors,
            sharings,
            owner: point,
        })
    }

    /// What a fresh form holds.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn draw_case(&self) -> Result<DrawnCase, Fault> {
        Ok(DrawnCase {
            id: RightsRequestId::random(&*self.entropy)?,
            code: shown(&draw_code(&*self.entropy)?),
        })
    }

    /// Opens a case of another adult before the officer; its due date starts now. What she objects to stands still at once,
    /// unless an officer has decided about an objection to the same sharing before.
    ///
    /// # Errors
    /// See [`HomeRefusal`].
    pub async fn ask_from_home(
        &self,
        code: &str,
        ask: &HomeAsk,
    ) -> Result<AskedFromHome, Failure<HomeRefusal>> {
        let words = ask.words.trim();
        if ask.kind == HouseholdCaseKind::Question && words.is_empty() {
            return Err(Failure::Refused(HomeRefusal::NoWords));
        }
        let long = MAX_RIGHTS_WORDS < words.chars().count() || MAX_CONTACT < ask.contact.chars().count();
        if long {
            return Err(Failure::Refused(HomeRefusal::TooLong));
        }
        for _ in 1..TRIES {
            match self.asked(code, ask, words).await {
                Err(Failure::Conflict) => {}
                done => return done,
            }
        }
        self.asked(code, ask, words).await
    }

    async fn asked(
        &self,
        code: &str,
        ask: &HomeAsk,
        words: &str,
    ) -> Result<AskedFromHome, Failure<HomeRefusal>> {
        let now = self.clock.now();
        let visit = self.visit_home(code).await?;
        if let Some(done) = self.asked_before(&visit, ask, words).await? {
            return Ok(done);
        }
        let about = match ask.kind {
            HouseholdCaseKind::Question | HouseholdCaseKind::Represented => Vec::new(),
            HouseholdCaseKind::Objection => visit.chosen(&ask.about)?,
        };
        let request = RightsRequest {
            id: ask.drawn.id,
            participant: visit.owner.participant,
            right: match ask.kind {
                HouseholdCaseKind::Objection => Right::Objection,
                HouseholdCaseKind::Question | HouseholdCaseKind::Represented => Right::Access,
            },
            words: String::new(),
            received_at: now,
            due_on: due_on(now)?,
            extended_at: None,
            paused_at: None,
            paused_days: 0,
            state: RightsState::Received,
        };
        let mut stops = Vec::with_capacity(about.len());
        for consent in about {
            stops.push(self.stop_for(consent, request.id, now).await?);
        }
        let beat = self
            .ask_beat((ask, words), &visit.owner, request, stops, now)
            .await?;
        let (due_on, stopped) = (beat.request.due_on, beat.stopped());
        self.commit(beat).await?;
        Ok(AskedFromHome {
            due_on,
            stopped,
            code: shown(&typed(&ask.drawn.code)),
        })
    }

    async fn ask_beat(
        &self,
        (ask, words): (&HomeAsk, &str),
        owner: &PointRow,
        request: RightsRequest,
        stops: Vec<Stop>,
        now: Instant,
    ) -> Result<AskFromHome, Failure<HomeRefusal>> {
        let step = step_of(RightsStepKind::Received, ask.kind);
        let draft = self.household_draft(owner, Said::Case(&request, step), ActorClass::Broker, now)?;
        let asked = (Author::Person, WordKind::Asked);
        let case = HouseholdCaseRow {
            request: request.id,
            point: owner.id,
            kind: ask.kind,
            code_hash: self.vault.case_code(&typed(&ask.drawn.code)),
            contact: self.sealed_contact(&request, ask.contact.trim()).await?,
        };
        Ok(AskFromHome {
            words: self.sealed_words(&request, 0, asked, words, now).await?,
            request,
            case,
            stops,
            draft,
        })
    }

    /// What stops a sharing for a case; nothing, where an officer decided about one objection to it before: a second one waits
    /// for the officer, or objecting again and again would end what somebody else agreed to.
    async fn stop_for(
        &self,
        consent: &Consent,
        case: RightsRequestId,
        now: Instant,
    ) -> Result<Stop, Failure<HomeRefusal>> {
        let before = self.store.read().await?.standstills_of(consent.id).await?;
        let decided = before.iter().any(|row| {
            row.cause == StandstillCause::Objection && row.ended_at.is_some_and(|ended| row.began_at < ended)
        });
        let cause = (StandstillCause::Objection, Some(case));
        let stop = self.stop(consent, cause, ActorClass::Broker, now).await;
        let mut stop = stop.map_err(|failure| match failure {
            // It ended, or was changed, since it was read.
            Failure::Refused(_) | Failure::Conflict => Failure::<HomeRefusal>::Conflict,
            Failure::Fault(fault) => Failure::Fault(fault),
        })?;
        if decided {
            stop.change = None;
            stop.row.ended_at = Some(stop.row.began_at);
        }
        Ok(stop)
    }

    async fn sealed_contact(
        &self,
        request: &RightsRequest,
        contact: &str,
    ) -> Result<Option<(u32, Vec<u8>)>, Fault> {
        if contact.is_empty() {
            return Ok(None);
        }
        let wrapped = self.store.read().await?.newest_key(request.participant).await?;
        let wrapped = wrapped.ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let field = ProfileField::CaseContact(request.id);
        let sealed = self.vault.seal_text(&key, field, contact, &*self.entropy)?;
        Ok(Some((wrapped.epoch, sealed)))
    }

    /// The case that this form made before, if it did.
    async fn asked_before(
        &self,
        visit: &HomeVisit,
        ask: &HomeAsk,
        words: &str,
    ) -> Result<Option<AskedFromHome>, Failure<HomeRefusal>> {
        let (row, case, still) = {
            let mut read = self.store.read().await?;
            let Some(row) = read.rights_request(ask.drawn.id).await? else {
                return Ok(None);
            };
            let case = read.household_case(ask.drawn.id).await?;
            (row, case, read.standstills_of_case(ask.drawn.id).await?)
        };
        let hash = self.vault.case_code(&typed(&ask.drawn.code));
        let same = case.is_some_and(|case| {
            case.point == visit.owner.id && case.code_hash == hash && case.kind == ask.kind
        });
        if !same {
            return Err(Failure::Refused(HomeRefusal::SentBefore));
        }
        let row = self.opened(row).await?.row;
        if row.request.words != words {
            return Err(Failure::Refused(HomeRefusal::SentBefore));
        }
        Ok(Some(AskedFromHome {
            due_on: row.request.due_on,
            stopped: still.iter().filter(|row| row.ended_at.is_none()).count(),
            code: shown(&typed(&ask.drawn.code)),
        }))
    }

    /// A case for whoever has its code. It is read also once the home was left.
    ///
    /// # Errors
    /// [`HomeRefusal::CodeUnknown`], [`HomeRefusal::TooMany`].
    pub async fn read_home_case(&self, code: &str) -> Result<ReadCase, Failure<HomeRefusal>> {
        self.may_try_home().await?;
        let hash = self.vault.case_code(&typed(code));
        let found = {
            let mut read = self.store.read().await?;
            match read.household_case_by_code(hash).await? {
                None => None,
                Some(case) => {
                    let still = read.standstills_of_case(case.request).await?;
                    let row = read.rights_request(case.request).await?;
                    row.map(|row| (case, row, still))
                }
            }
        };
        let Some((case, row, still)) = found else {
            self.count_failure(AttemptKind::Home, None).await?;
            return Err(Failure::Refused(HomeRefusal::CodeUnknown));
        };
        let thread = self.opened(row).await?;
        Ok(ReadCase {
            kind: case.kind,
            received_at: thread.row.request.received_at,
            due_on: thread.row.request.due_on,
            answered_at: match thread.row.request.state {
                RightsState::Answered { at, .. } => Some(at),
                RightsState::Received | RightsState::InProgress { .. } => None,
            },
            words: thread.words,
            standing: still.iter().filter(|row| row.ended_at.is_none()).count(),
        })
    }

    /// Wrong codes of homes and of cases count apart: whoever floods this page keeps nobody from another one.
    async fn may_try_home(&self) -> Result<(), Failure<HomeRefusal>> {
        let tried = self.may_try(AttemptKind::Home, None).await;
        tried.map_err(|failure| {
            failure.map_refusal(|refusal| match refusal {
                SignInRefusal::TooMany { until } => HomeRefusal::TooMany { until },
                _ => HomeRefusal::CodeUnknown,
            })
        })
    }
}

impl HomeVisit {
    /// What she chose of what is shared. What ended since is left out; what was never of this home is too.
    fn chosen(&self, about: &[ConsentId]) -> Result<Vec<&Consent>, HomeRefusal> {
        let all = self.sharings.iter().map(|sharing| &sharing.consent);
        let chosen: Vec<_> = all.filter(|consent| about.contains(&consent.id)).collect();
        match chosen.is_empty() {
            true => Err(HomeRefusal::NothingChosen),
            false => Ok(chosen),
        }
    }
}

impl From<HomeRefusal> for Failure<HomeRefusal> {
    fn from(refusal: HomeRefusal) -> Self {
        Self::Refused(refusal)
    }
}

struct AskFromHome {
    request: RightsRequest,
    case: HouseholdCaseRow,
    words: Option<RightsWordsRow>,
    stops: Vec<Stop>,
    draft: Draft,
}

impl AskFromHome {
    fn stopped(&self) -> usize {
        let open = self.stops.iter().filter(|stop| stop.row.ended_at.is_none());
        open.count()
    }
}

#[async_trait]
impl Commit for AskFromHome {
    type Answer = ();
    type Refusal = HomeRefusal;
    // The way back of migration 0015 looks for this name.
    const NAME: &'static str = "ask from a home";

    fn leaves(&self) -> usize {
        1 + self.stops.iter().map(Stop::leaves).sum::<usize>()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), HomeRefusal>, Fault> {
        let who = self.request.participant;
        let mut open = 0;
        for case in group.tx.household_cases_of(who, MOST_CASES).await? {
            let request = group.tx.rights_request(case.request).await?;
            let waits =
                |row: &broker_store::RightsRow| !matches!(row.request.state, RightsState::Answered { .. });
            if case.point == self.case.point && request.is_some_and(|row| waits(&row)) {
                open += 1;
            }
        }
        if MOST_OPEN <= open {
            return Ok(Err(HomeRefusal::TooManyCases));
        }
        let serial = group.append(&self.draft).await?;
        group.tx.add_rights_request(&self.request, serial).await?;
        if let Some(words) = &self.words {
            group.tx.add_rights_words(self.request.id, words, serial).await?;
        }
        group.tx.add_household_case(&self.case).await?;
        for stop in &self.stops {
            stop.write(group).await?;
        }
        // A question changes nothing for the person whose meter it is; her list says that there was one.
        if self.case.kind == HouseholdCaseKind::Objection {
            let mark = self.request.id.as_bytes().as_slice();
            telling::about_a_request(&mut *group.tx, who, MessageKind::HouseholdSpoke, mark, group.now)
                .await?;
        }
        Ok(Ok(()))
    }
}

impl ReadCase {
    /// The answer, once there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&RightsWords> {
        self.words.iter().rfind(|one| one.kind == WordKind::Answer)
    }
}

/// The point of a case's home, for its records.
pub(super) async fn home_of_case(broker: &Broker, point: PointId) -> Result<PointRow, Fault> {
    let row = broker.store.read().await?.point(point).await?;
    row.ok_or(Fault::SubjectErased)
}

/// Refusals of the acts that a decision is made of: the sharing changed meanwhile.
pub(super) fn changed_meanwhile<R>(failure: Failure<ChangeRefusal>) -> Failure<R> {
    match failure {
        Failure::Refused(_) | Failure::Conflict => Failure::Conflict,
        Failure::Fault(fault) => Failure::Fault(fault),
    }
}
