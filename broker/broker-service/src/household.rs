//! The other adults of a home, who have no account (`gdpr-kit.md` P-32): the person whose meter it is says how many they are and
//! has a notice for them with a code; with it they see what is shared from the home, object, and ask.
//!
//! What it deliberately does not: ask who they are. A code is of a home, a case has one of its own, and no name is kept. What
//! they write is for the officer: the person whose meter it is learns that somebody wrote, and what stands still, not what.

mod age;
mod capacity;
mod decide;
mod visit;

use async_trait::async_trait;
use broker_domain::household::{Household, HouseholdCaseKind, Minors};
use broker_domain::ids::{ConsentId, ParticipantId, PointId, RightsRequestId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::rights::{RightsRequest, RightsState};
use broker_domain::time::Instant;
use broker_store::{HomeCodeRow, PointRow, Serial};
use broker_vault::{ProfileField, SealedText};
use evidence::record::{HouseholdStep, HouseholdStepKind, Record, RightsStepKind};
use jiff::civil::Date;
use ledger_core::leaf::ActorClass;
use secrecy::ExposeSecret as _;
use thiserror::Error;

use crate::accounts::{draw_code, shown};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::moving::has_left;
use crate::records;

pub(crate) use age::SayOfAge;
pub(crate) use capacity::EndCapacity;
pub use capacity::{CapacityEnded, CapacityRefusal, FoundPerson, RecordedEnd};
pub use decide::HouseholdCase;
pub use visit::{AskedFromHome, DrawnCase, HomeAsk, HomeSharing, HomeVisit, ReadCase};

/// Cases that one person's page lists.
const MOST_CASES: u32 = 200;

/// Why something about a home is not done.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum HomeRefusal {
    /// No such meter, or somebody else's.
    #[error("this meter is not one of yours")]
    NotYours,
    /// The person lives there no more.
    #[error("you left the home of this meter; there is nothing to tell the others any more")]
    HomeLeft,
    /// Nobody said how many others live there.
    #[error("say first how many other adults live there")]
    NobodySaid,
    /// No such code, or one that ended.
    #[error("this code is unknown or has ended; ask for the notice again")]
    CodeUnknown,
    /// Too many wrong codes.
    #[error("too many codes were tried; try again after {until}")]
    TooMany {
        /// When.
        until: Instant,
    },
    /// No words.
    #[error("say in words what this is about")]
    NoWords,
    /// Too many words.
    #[error("this text is too long")]
    TooLong,
    /// Too many cases of this home wait.
    #[error("several messages of this home wait for an answer already")]
    TooManyCases,
    /// An objection to nothing.
    #[error("choose what you object to")]
    NothingChosen,
    /// The form was sent before, and says something else now.
    #[error("this form was sent before, with other words; send these as a new message")]
    SentBefore,
}

/// What a person sees of one of her homes.
#[derive(Clone)]
pub struct OwnHome {
    /// Who else lives there, once she said so.
    pub household: Option<Household>,
    /// The code of the notice, in groups, and when it was made.
    pub code: Option<(String, Instant)>,
    /// What other adults brought before the officer, newest first: that they did, never what they wrote.
    pub cases: Vec<OwnHomeCase>,
}

/// A case of another adult as the person whose meter it is sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnHomeCase {
    /// What it is.
    pub kind: HouseholdCaseKind,
    /// When it arrived.
    pub received_at: Instant,
    /// The last day of an answer in time.
    pub due_on: Date,
    /// When it was answered.
    pub answered_at: Option<Instant>,
    /// The sharings that it stopped and that still stand still.
    pub standing: Vec<ConsentId>,
}

impl Broker {
    /// What a person sees of one of her homes.
    ///
    /// # Errors
    /// [`HomeRefusal::NotYours`].
    pub async fn own_home(
        &self,
        who: ParticipantId,
        point: PointId,
    ) -> Result<OwnHome, Failure<HomeRefusal>> {
        self.home_of(who, point, Action::ReadOwn).await?;
        let mut read = self.store.read().await?;
        let home = read.home(point).await?;
        let mut cases = Vec::new();
        for row in read.household_cases_of(who, MOST_CASES).await? {
            let request = read.rights_request(row.request).await?;
            // What concerns whoever acts for her is not about the others in her home.
            let of_others = row.point == point && row.kind != HouseholdCaseKind::Represented;
            let Some(request) = request.filter(|_| of_others) else {
                continue;
            };
            let still = read.standstills_of_case(row.request).await?;
            cases.push(OwnHomeCase {
                kind: row.kind,
                received_at: request.request.received_at,
                due_on: request.request.due_on,
                answered_at: match request.request.state {
                    RightsState::Answered { at, .. } => Some(at),
                    RightsState::Received | RightsState::InProgress { .. } => None,
                },
                standing: still
                    .iter()
                    .filter(|row| row.ended_at.is_none())
                    .map(|row| row.consent)
                    .collect(),
            });
        }
        let code = match home.as_ref().and_then(|home| home.code.as_ref()) {
            None => None,
            Some(code) => {
                let wrapped = read.key(who, code.epoch).await?.ok_or(Fault::SubjectErased)?;
                let key = self.vault.data_key(&wrapped)?;
                let sealed = SealedText(code.sealed.clone());
                let text = broker_vault::open_home_code(&key, point, &sealed).map_err(|_| Fault::Crypto {
                    during: "open the code of a home",
                })?;
                Some((shown(text.expose_secret()), code.made_at))
            }
        };
        Ok(OwnHome {
            household: home.map(|home| home.household),
            code,
            cases,
        })
    }

    /// Records how many others live in a home, as its person says.
    ///
    /// # Errors
    /// [`HomeRefusal::NotYours`], [`HomeRefusal::HomeLeft`].
    pub async fn say_household(
        &self,
        who: ParticipantId,
        point: PointId,
        household: Household,
    ) -> Result<(), Failure<HomeRefusal>> {
        let row = self.home_of(who, point, Action::Configure).await?;
        let now = self.clock.now();
        let draft = self.household_draft(&row, Said::Told(household), ActorClass::Participant, now)?;
        let said = Say::Household(household);
        self.commit(SayHome { point, said, draft }).await
    }

    /// Makes the code of the notice for a home. One from before ends.
    ///
    /// # Errors
    /// [`HomeRefusal::NotYours`], [`HomeRefusal::HomeLeft`], [`HomeRefusal::NobodySaid`].
    pub async fn make_home_code(
        &self,
        who: ParticipantId,
        point: PointId,
    ) -> Result<(), Failure<HomeRefusal>> {
        let row = self.home_of(who, point, Action::Configure).await?;
        let now = self.clock.now();
        let code = draw_code(&*self.entropy)?;
        let wrapped = self.store.read().await?.newest_key(who).await?;
        let wrapped = wrapped.ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let code = HomeCodeRow {
            hash: self.vault.home_code(&code),
            epoch: wrapped.epoch,
            sealed: self
                .vault
                .seal_text(&key, ProfileField::HomeCode(point), &code, &*self.entropy)?,
            made_at: now,
        };
        let draft = self.household_draft(&row, Said::CodeMade, ActorClass::Participant, now)?;
        let said = Say::Code(code);
        self.commit(SayHome { point, said, draft }).await
    }

    /// A point of hers, once the policies allow the act. What is to be changed must be lived at.
    async fn home_of(
        &self,
        who: ParticipantId,
        point: PointId,
        action: Action,
    ) -> Result<PointRow, Failure<HomeRefusal>> {
        let now = self.clock.now();
        let row = self.store.read().await?.point(point).await?;
        let row = row.filter(|row| row.participant == who);
        let row = row.ok_or(Failure::Refused(HomeRefusal::NotYours))?;
        let query = Query {
            principal: Principal::Participant(who),
            action,
            resource: Resource::Point { point, owner: who },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(HomeRefusal::NotYours))?;
        match action {
            Action::Configure if has_left(row.occupancy, now) => Err(Failure::Refused(HomeRefusal::HomeLeft)),
            _ => Ok(row),
        }
    }

    /// The record of what happens between a home and its other adults, in the list of the person whose meter it is.
    pub(crate) fn household_draft(
        &self,
        row: &PointRow,
        said: Said<'_>,
        actor: ActorClass,
        now: Instant,
    ) -> Result<Draft, Fault> {
        let household = match said {
            Said::Told(household) => Some(household),
            Said::CodeMade | Said::OfAge | Said::Case(..) => None,
        };
        let (step, case) = match said {
            Said::Told(_) => (HouseholdStepKind::Told, None),
            Said::CodeMade => (HouseholdStepKind::CodeMade, None),
            Said::OfAge => (HouseholdStepKind::OfAge, None),
            Said::Case(request, step) => (step, Some(request)),
        };
        let record = Record::Household(HouseholdStep {
            participant: records::id(&row.participant)?,
            point: records::id(&row.id)?,
            step,
            adults: household.map(|household| household.adults.number()),
            minors: household.map(|household| household.minors == Minors::Present),
            case: case.map(|request| records::id(&request.id)).transpose()?,
            due: case.map(|request| records::id(&request.due_on)).transpose()?,
            at: records::at(now)?,
        });
        Ok(Draft {
            subject: row.participant.into(),
            actor,
            signed: self.sign(record)?,
        })
    }

    /// Whether a request is one that another adult sent, or whoever acts for the person: not hers to read.
    pub(crate) async fn is_of_another(&self, id: RightsRequestId) -> Result<bool, Fault> {
        Ok(self.store.read().await?.household_case(id).await?.is_some())
    }

    /// Such requests of a person's list, the newest.
    pub(crate) async fn of_other_adults(&self, who: ParticipantId) -> Result<Vec<RightsRequestId>, Fault> {
        let cases = self
            .store
            .read()
            .await?
            .household_cases_of(who, MOST_CASES)
            .await?;
        Ok(cases.into_iter().map(|row| row.request).collect())
    }
}

/// What a record of a home says.
#[derive(Clone, Copy)]
pub(crate) enum Said<'a> {
    Told(Household),
    CodeMade,
    OfAge,
    Case(&'a RightsRequest, HouseholdStepKind),
}

/// The step of a case as records of homes call it; its first step says what it is.
pub(crate) const fn step_of(step: RightsStepKind, kind: HouseholdCaseKind) -> HouseholdStepKind {
    match (step, kind) {
        (RightsStepKind::Received, HouseholdCaseKind::Objection) => HouseholdStepKind::Objected,
        (RightsStepKind::Received, HouseholdCaseKind::Question) => HouseholdStepKind::Asked,
        (RightsStepKind::Received, HouseholdCaseKind::Represented) => HouseholdStepKind::Represented,
        (RightsStepKind::InProgress, _) => HouseholdStepKind::InProgress,
        (RightsStepKind::Message, _) => HouseholdStepKind::Message,
        (RightsStepKind::Extended, _) => HouseholdStepKind::Extended,
        (RightsStepKind::Paused, _) => HouseholdStepKind::Paused,
        (RightsStepKind::Resumed, _) => HouseholdStepKind::Resumed,
        (RightsStepKind::Answered, _) => HouseholdStepKind::Answered,
    }
}

enum Say {
    Household(Household),
    Code(HomeCodeRow),
}

struct SayHome {
    point: PointId,
    said: Say,
    draft: Draft,
}

#[async_trait]
impl Commit for SayHome {
    type Answer = ();
    type Refusal = HomeRefusal;
    // The way back of migration 0015 looks for this name.
    const NAME: &'static str = "say who lives in a home";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), HomeRefusal>, Fault> {
        if matches!(self.said, Say::Code(_)) && group.tx.home(self.point).await?.is_none() {
            return Ok(Err(HomeRefusal::NobodySaid));
        }
        let _: Serial = group.append(&self.draft).await?;
        match &self.said {
            Say::Household(household) => {
                group.tx.set_household(self.point, *household, group.now).await?;
            }
            Say::Code(code) => group.tx.set_home_code(self.point, code).await?,
        }
        Ok(Ok(()))
    }
}
