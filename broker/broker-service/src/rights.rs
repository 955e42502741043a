//! What people ask about their rights: sent, taken up, answered. Each step is a record in the person's own list.
//!
//! What it deliberately does not: carry an answer out. An erasure, a rectification or a copy is done where it is done for
//! everybody, and the officer says so in the answer.

use async_trait::async_trait;
use broker_domain::deadline::{Country, one_month_after};
use broker_domain::ids::{OfficerId, ParticipantId, RightsRequestId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::rights::{CannotAnswer, Right, RightsRequest, RightsState};
use broker_domain::time::Instant;
use broker_store::{RightsRow, Serial};
use evidence::record::{self as wire, Record, RightsStep, RightsStepKind};
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::own::OwnRefusal;
use crate::own_data::local_day;
use crate::records;

/// Longest words of a request or an answer, in characters.
pub const MAX_RIGHTS_WORDS: usize = 4_000;
/// Requests of one person that may wait for an answer at once: nobody needs more, and the officer's list stays readable.
const MOST_OPEN: usize = 20;
/// Requests that one list shows.
const MOST_SHOWN: u32 = 200;
/// LIMIT: the controller's holidays are those of France, as its zone is that of [`crate::ZONE`]; a Belgian controller may
/// be answered for some days earlier or later than its own calendar says.
const COUNTRY: Country = Country::France;

/// Why a request cannot be sent.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum AskRefusal {
    /// Only about oneself.
    #[error("a request is about one's own data only")]
    NotYours,
    /// This right needs words.
    #[error("say in words what this request is about")]
    NoWords,
    /// Too many words.
    #[error("at most {MAX_RIGHTS_WORDS} characters")]
    TooLong,
    /// Too many requests wait.
    #[error("{MOST_OPEN} requests wait for an answer already")]
    TooMany,
    /// The form was sent before, and says something else now.
    #[error("this form was sent before, with other words; send these as a new request")]
    SentBefore,
}

/// Why an officer cannot take a step.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum AnswerRefusal {
    /// No such request.
    #[error("this request does not exist")]
    Unknown,
    /// The policies say no.
    #[error("only a data-protection officer answers requests")]
    NotAllowed,
    /// Too many words.
    #[error("at most {MAX_RIGHTS_WORDS} characters")]
    TooLong,
    /// See the domain's reasons.
    #[error(transparent)]
    Cannot(CannotAnswer),
}

/// What an officer sees of all requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsDesk {
    /// Those that wait, the earliest due first.
    pub open: Vec<RightsRow>,
    /// Those that were answered, the newest answer first.
    pub answered: Vec<RightsRow>,
}

/// A step that an officer takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RightsAction {
    /// Takes the request up.
    TakeUp,
    /// Answers it in words.
    Answer(String),
}

impl Broker {
    /// A fresh identifier for a form: a form that is sent twice makes one request.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn fresh_rights_request(&self) -> Result<RightsRequestId, Fault> {
        Ok(RightsRequestId::random(&*self.entropy)?)
    }

    /// Until when a request that is sent now is answered; `None` at the very end of the calendar.
    #[must_use]
    pub fn rights_due_today(&self) -> Option<jiff::civil::Date> {
        one_month_after(local_day(self.clock.now()).ok()?, COUNTRY)
    }

    /// Sends a request about one's rights; the clock starts now (GDPR art. 12(3)). `id` is of the form that was filled
    /// in; sent again, it answers with the request that is there, unless it says something else now.
    ///
    /// # Errors
    /// See [`AskRefusal`].
    pub async fn ask_right(
        &self,
        who: ParticipantId,
        id: RightsRequestId,
        right: Right,
        words: &str,
    ) -> Result<RightsRow, Failure<AskRefusal>> {
        let now = self.clock.now();
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::AskRight,
            resource: Resource::Person { owner: who },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(AskRefusal::NotYours))?;
        let words = words.trim();
        if right.needs_words() && words.is_empty() {
            return Err(Failure::Refused(AskRefusal::NoWords));
        }
        if words.chars().count() > MAX_RIGHTS_WORDS {
            return Err(Failure::Refused(AskRefusal::TooLong));
        }
        if let Some(row) = self.store.read().await?.rights_request(id).await? {
            let row = Self::hers(row, who).ok_or(Failure::Refused(AskRefusal::NotYours))?;
            return Self::said_before(row, right, words).map_err(Failure::Refused);
        }
        let due_on = one_month_after(local_day(now)?, COUNTRY).ok_or(Fault::Corrupt { what: "due date" })?;
        let request = RightsRequest {
            id,
            participant: who,
            right,
            words: words.to_owned(),
            received_at: now,
            due_on,
            state: RightsState::Received,
        };
        let draft = self.rights_draft(&request, ActorClass::Participant, now)?;
        self.commit(AddRightsRequest { request, draft }).await?;
        let row = self.store.read().await?.rights_request(id).await?;
        Ok(row.ok_or(Fault::SubjectErased)?)
    }

    /// One request of hers.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for every other, and for one that does not exist.
    pub async fn own_rights_request(
        &self,
        who: ParticipantId,
        id: RightsRequestId,
    ) -> Result<RightsRow, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let row = self.store.read().await?.rights_request(id).await?;
        row.and_then(|row| Self::hers(row, who))
            .ok_or(Failure::Refused(OwnRefusal::NotYours))
    }

    /// Her requests, newest first.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] when the policies do not let her.
    pub async fn own_rights_requests(
        &self,
        who: ParticipantId,
    ) -> Result<Vec<RightsRow>, Failure<OwnRefusal>> {
        self.read_own(who)?;
        Ok(self
            .store
            .read()
            .await?
            .rights_requests_of(who, MOST_SHOWN)
            .await?)
    }

    /// Everybody's requests, for an officer.
    ///
    /// # Errors
    /// [`AnswerRefusal::NotAllowed`] for anybody else.
    pub async fn rights_desk(&self, who: OfficerId) -> Result<RightsDesk, Failure<AnswerRefusal>> {
        self.may_answer(who, self.clock.now())?;
        let mut read = self.store.read().await?;
        Ok(RightsDesk {
            open: read.rights_requests_open(MOST_SHOWN).await?,
            answered: read.rights_requests_answered(MOST_SHOWN).await?,
        })
    }

    /// Takes a step on a request, and records it in the person's list.
    ///
    /// # Errors
    /// See [`AnswerRefusal`].
    pub async fn advance_right(
        &self,
        who: OfficerId,
        id: RightsRequestId,
        action: &RightsAction,
    ) -> Result<(), Failure<AnswerRefusal>> {
        let now = self.clock.now();
        self.may_answer(who, now)?;
        let row = self.store.read().await?.rights_request(id).await?;
        let request = row.ok_or(Failure::Refused(AnswerRefusal::Unknown))?.request;
        let advanced = match action {
            RightsAction::TakeUp => request.taken(who, now),
            RightsAction::Answer(words) if words.chars().count() > MAX_RIGHTS_WORDS => {
                return Err(Failure::Refused(AnswerRefusal::TooLong));
            }
            RightsAction::Answer(words) => request.answered(who, now, words),
        };
        let request = advanced.map_err(|cannot| Failure::Refused(AnswerRefusal::Cannot(cannot)))?;
        let draft = self.rights_draft(&request, ActorClass::Dpo, now)?;
        self.commit(AdvanceRightsRequest { request, draft }).await
    }

    /// The request that is there, if it is this one: words that were changed since must not pass for sent.
    fn said_before(row: RightsRow, right: Right, words: &str) -> Result<RightsRow, AskRefusal> {
        if row.request.right == right && row.request.words == words {
            return Ok(row);
        }
        Err(AskRefusal::SentBefore)
    }

    fn hers(row: RightsRow, who: ParticipantId) -> Option<RightsRow> {
        Some(row).filter(|row| row.request.participant == who)
    }

    fn may_answer(&self, who: OfficerId, now: Instant) -> Result<Permit, Failure<AnswerRefusal>> {
        let query = Query {
            principal: Principal::Officer(who),
            action: Action::AnswerRight,
            resource: Resource::Panel,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(AnswerRefusal::NotAllowed))
    }

    fn rights_draft(&self, request: &RightsRequest, actor: ActorClass, now: Instant) -> Result<Draft, Fault> {
        let (step, words) = match &request.state {
            RightsState::Received => (RightsStepKind::Received, request.words.as_str()),
            RightsState::InProgress { .. } => (RightsStepKind::InProgress, ""),
            RightsState::Answered { answer, .. } => (RightsStepKind::Answered, answer.as_str()),
        };
        let record = Record::RightsStep(RightsStep {
            request: records::id(&request.id)?,
            participant: records::id(&request.participant)?,
            right: right(request.right),
            step,
            due: records::id(&request.due_on)?,
            words_sha256: (!words.is_empty()).then(|| wire::Digest::of(words.as_bytes())),
            at: records::at(now)?,
        });
        Ok(Draft {
            subject: request.participant.into(),
            actor,
            signed: self.sign(record)?,
        })
    }
}

const fn right(right: Right) -> wire::Right {
    match right {
        Right::Access => wire::Right::Access,
        Right::Portability => wire::Right::Portability,
        Right::Rectification => wire::Right::Rectify,
        Right::Erasure => wire::Right::Erase,
        Right::Restriction => wire::Right::Restrict,
        Right::Objection => wire::Right::Object,
    }
}

struct AddRightsRequest {
    request: RightsRequest,
    draft: Draft,
}

#[async_trait]
impl Commit for AddRightsRequest {
    type Answer = Serial;
    type Refusal = AskRefusal;
    const NAME: &'static str = "ask about one's rights";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, AskRefusal>, Fault> {
        let of = self.request.participant;
        let rows = group.tx.rights_requests_of(of, MOST_SHOWN).await?;
        let open = rows
            .iter()
            .filter(|row| !matches!(row.request.state, RightsState::Answered { .. }));
        if open.count() >= MOST_OPEN {
            return Ok(Err(AskRefusal::TooMany));
        }
        let serial = group.append(&self.draft).await?;
        group.tx.add_rights_request(&self.request, serial).await?;
        Ok(Ok(serial))
    }
}

struct AdvanceRightsRequest {
    request: RightsRequest,
    draft: Draft,
}

#[async_trait]
impl Commit for AdvanceRightsRequest {
    type Answer = ();
    type Refusal = AnswerRefusal;
    const NAME: &'static str = "answer a request about rights";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), AnswerRefusal>, Fault> {
        let serial = group.append(&self.draft).await?;
        group
            .tx
            .advance_rights_request(self.request.id, &self.request.state, serial)
            .await?;
        Ok(Ok(()))
    }
}
