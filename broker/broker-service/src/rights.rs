//! What people ask about their rights: sent, taken up, answered. Each step is a record in the person's own list.
//!
//! The words of both sides are sealed under the person's data key: they go when she is erased.
//!
//! What it deliberately does not: carry an answer out. An erasure, a rectification or a copy is done where it is done for
//! everybody, and the officer says so in the answer.

mod ask;
mod beats;
mod draft;
mod frozen;
mod words;

use broker_domain::deadline::{Country, due_after, one_month_after};
use broker_domain::ids::{OfficerId, ParticipantId, RightsRequestId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::rights::{Author, CannotAnswer, RightsRequest, WordKind};
use broker_domain::time::Instant;
use broker_store::RightsRow;
use evidence::record::RightsStepKind;
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::own_data::local_day;
pub(crate) use beats::AddRightsRequest;
use beats::AdvanceRightsRequest;
use draft::without_answer;
pub use frozen::FrozenWithoutCase;
pub use words::{RightsThread, RightsWords};

/// Longest words of a request or an answer, in characters.
pub const MAX_RIGHTS_WORDS: usize = 4_000;
/// Requests of one person that may wait for an answer at once: nobody needs more, and the officer's list stays readable.
const MOST_OPEN: usize = 20;
/// Messages in one request.
const MOST_WORDS: u32 = 100;
/// Months for an answer once it was extended: one, and two further ones (GDPR art. 12(3)).
const EXTENDED_MONTHS: i8 = 3;
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
    /// It was answered: what comes after is a request of its own.
    #[error("this request was answered; send a new one")]
    Answered,
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
    /// Sharings stand still because of it, and the officer did not say whether they end or go on.
    #[error("say whether the sharings that stand still end or go on")]
    OutcomeMissing,
    /// A day before the sharing was given, or one to come.
    #[error("choose a day between the one on which it was given and today")]
    DayOutOfReach,
    /// Too many messages in one request.
    #[error("{MOST_WORDS} messages stand in this request already; answer it")]
    TooMany,
    /// See the domain's reasons.
    #[error(transparent)]
    Cannot(CannotAnswer),
}

/// What an officer sees of all requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsDesk {
    /// Those that wait, the earliest due first.
    pub open: Vec<RightsThread>,
    /// Those that were answered, the newest answer first.
    pub answered: Vec<RightsThread>,
}

/// A step that an officer takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RightsAction {
    /// Takes the request up.
    TakeUp,
    /// Answers it in words.
    Answer(String),
    /// Writes to the person.
    Write(String),
    /// Takes two further months, with the reason.
    Extend(String),
    /// Stops the clock until it is clear who asks, with the reason.
    Pause(String),
    /// Lets it run again.
    Resume,
}

impl RightsAction {
    fn words(&self) -> &str {
        match self {
            Self::TakeUp | Self::Resume => "",
            Self::Answer(words) | Self::Write(words) | Self::Extend(words) | Self::Pause(words) => {
                words.trim()
            }
        }
    }
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

    /// One request of hers, with what was written in it.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for every other, and for one that does not exist.
    pub async fn own_rights_request(
        &self,
        who: ParticipantId,
        id: RightsRequestId,
    ) -> Result<RightsThread, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let row = self.store.read().await?.rights_request(id).await?;
        let row = row.and_then(|row| Self::hers(row, who));
        if self.is_of_another(id).await? {
            return Err(Failure::Refused(OwnRefusal::NotYours));
        }
        Ok(self
            .opened(row.ok_or(Failure::Refused(OwnRefusal::NotYours))?)
            .await?)
    }

    /// Her requests, newest first.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] when the policies do not let her.
    pub async fn own_rights_requests(
        &self,
        who: ParticipantId,
    ) -> Result<Vec<RightsThread>, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let rows = self
            .store
            .read()
            .await?
            .rights_requests_of(who, MOST_SHOWN)
            .await?;
        let others = self.of_other_adults(who).await?;
        let own = rows.into_iter().filter(|row| !others.contains(&row.request.id));
        Ok(self.all_opened(own.collect()).await?)
    }

    /// Everybody's requests, for an officer.
    ///
    /// # Errors
    /// [`AnswerRefusal::NotAllowed`] for anybody else.
    pub async fn rights_desk(&self, who: OfficerId) -> Result<RightsDesk, Failure<AnswerRefusal>> {
        self.may_answer(who, self.clock.now())?;
        let mut read = self.store.read().await?;
        let open = read.rights_requests_open(MOST_SHOWN).await?;
        let answered = read.rights_requests_answered(MOST_SHOWN).await?;
        drop(read);
        Ok(RightsDesk {
            open: self.all_opened(open).await?,
            answered: self.all_opened(answered).await?,
        })
    }

    /// Writes in one of her requests. A clock that stood still, because it was not clear who asks, runs again: what she was
    /// asked for is here now, and the officer who needs more says so.
    ///
    /// # Errors
    /// See [`AskRefusal`].
    pub async fn write_right(
        &self,
        who: ParticipantId,
        id: RightsRequestId,
        words: &str,
    ) -> Result<(), Failure<AskRefusal>> {
        let now = self.clock.now();
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::AskRight,
            resource: Resource::Person { owner: who },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(AskRefusal::NotYours))?;
        let words = words.trim();
        if words.is_empty() {
            return Err(Failure::Refused(AskRefusal::NoWords));
        }
        if words.chars().count() > MAX_RIGHTS_WORDS {
            return Err(Failure::Refused(AskRefusal::TooLong));
        }
        let row = self.store.read().await?.rights_request(id).await?;
        if self.is_of_another(id).await? {
            return Err(Failure::Refused(AskRefusal::NotYours));
        }
        let before = row.and_then(|row| Self::hers(row, who));
        let before = before.ok_or(Failure::Refused(AskRefusal::NotYours))?.request;
        let after = match before.paused_at {
            Some(_) => self.resumed(&before, now)?,
            None => before.clone().written(),
        };
        let after = after.map_err(|_| Failure::Refused(AskRefusal::Answered))?;
        let step = match before.paused_at {
            Some(_) => RightsStepKind::Resumed,
            None => RightsStepKind::Message,
        };
        let beat = self
            .advance(
                (before, after),
                step,
                (Author::Person, WordKind::Message),
                words,
                now,
            )
            .await?;
        let advanced = self.commit(beat).await;
        advanced.map_err(|failure| failure.map_refusal(|_| AskRefusal::TooMany))
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
        let before = row.ok_or(Failure::Refused(AnswerRefusal::Unknown))?.request;
        let words = action.words();
        if matches!(action, RightsAction::Answer(_)) {
            let still = self.store.read().await?.standstills_of_case(id).await?;
            if still.iter().any(|row| row.ended_at.is_none()) {
                return Err(Failure::Refused(AnswerRefusal::OutcomeMissing));
            }
        }
        if words.chars().count() > MAX_RIGHTS_WORDS {
            return Err(Failure::Refused(AnswerRefusal::TooLong));
        }
        let after = self.after(before.clone(), who, action, now)?;
        let after = after.map_err(|cannot| Failure::Refused(AnswerRefusal::Cannot(cannot)))?;
        let (step, kind) = match action {
            RightsAction::TakeUp => (RightsStepKind::InProgress, WordKind::Message),
            RightsAction::Answer(_) => (RightsStepKind::Answered, WordKind::Answer),
            RightsAction::Write(_) => (RightsStepKind::Message, WordKind::Message),
            RightsAction::Extend(_) => (RightsStepKind::Extended, WordKind::Extension),
            RightsAction::Pause(_) => (RightsStepKind::Paused, WordKind::Pause),
            RightsAction::Resume => (RightsStepKind::Resumed, WordKind::Message),
        };
        let beat = self
            .advance((before, after), step, (Author::Officer, kind), words, now)
            .await?;
        self.commit(beat).await
    }

    /// The request after an officer's step.
    fn after(
        &self,
        before: RightsRequest,
        who: OfficerId,
        action: &RightsAction,
        now: Instant,
    ) -> Result<Result<RightsRequest, CannotAnswer>, Fault> {
        let wordless = action.words().is_empty();
        Ok(match action {
            RightsAction::TakeUp => before.taken(who, now),
            RightsAction::Answer(words) => before.answered(who, now, words),
            RightsAction::Resume => self.resumed(&before, now)?,
            RightsAction::Write(_) | RightsAction::Extend(_) | RightsAction::Pause(_) if wordless => {
                Err(CannotAnswer::NoWords)
            }
            RightsAction::Write(_) => before.written(),
            RightsAction::Extend(_) => {
                let received = local_day(before.received_at)?;
                let due_on = due_after(received, EXTENDED_MONTHS, before.paused_days, COUNTRY);
                let due_on = due_on.ok_or(Fault::Corrupt { what: "due date" })?;
                before.extended(now, local_day(now)?, due_on)
            }
            RightsAction::Pause(_) => before.paused(now),
        })
    }

    /// The request once its clock runs again: as many days later as it stood still.
    fn resumed(
        &self,
        before: &RightsRequest,
        now: Instant,
    ) -> Result<Result<RightsRequest, CannotAnswer>, Fault> {
        let since = local_day(before.paused_at.unwrap_or(now))?;
        let days = broker_domain::deadline::days_left(since, local_day(now)?);
        let days = u16::try_from(days.max(0)).unwrap_or(u16::MAX);
        let paused_days = before.paused_days.saturating_add(days);
        let months = match before.extended_at {
            Some(_) => EXTENDED_MONTHS,
            None => 1,
        };
        let due_on = due_after(local_day(before.received_at)?, months, paused_days, COUNTRY);
        let due_on = due_on.ok_or(Fault::Corrupt { what: "due date" })?;
        Ok(before.clone().resumed(paused_days, due_on))
    }

    async fn advance(
        &self,
        (before, after): (RightsRequest, RightsRequest),
        step: RightsStepKind,
        (author, kind): (Author, WordKind),
        words: &str,
        now: Instant,
    ) -> Result<AdvanceRightsRequest, Fault> {
        self.seal_words_of(&before).await?;
        let place = self.store.read().await?.rights_words(before.id).await?.len();
        let place = u32::try_from(place).map_err(|_| Fault::Corrupt { what: "words" })?;
        let actor = match author {
            Author::Person => ActorClass::Participant,
            Author::Officer => ActorClass::Dpo,
        };
        let draft = self.case_draft(&after, step, actor, now).await?;
        Ok(AdvanceRightsRequest {
            of_her_own: draft.is_none(),
            draft: match draft {
                Some(draft) => draft,
                None => self.rights_draft(&after, step, words, actor, now)?,
            },
            words: self
                .sealed_words(&after, place, (author, kind), words, now)
                .await?,
            before,
            after: without_answer(after),
            place,
        })
    }

    fn hers(row: RightsRow, who: ParticipantId) -> Option<RightsRow> {
        Some(row).filter(|row| row.request.participant == who)
    }

    pub(crate) fn may_answer(&self, who: OfficerId, now: Instant) -> Result<Permit, Failure<AnswerRefusal>> {
        let query = Query {
            principal: Principal::Officer(who),
            action: Action::AnswerRight,
            resource: Resource::Panel,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(AnswerRefusal::NotAllowed))
    }
}

/// The last day of an answer in time to what arrives now.
pub(crate) fn due_on(now: Instant) -> Result<jiff::civil::Date, Fault> {
    one_month_after(local_day(now)?, COUNTRY).ok_or(Fault::Corrupt { what: "due date" })
}
