//! The catalogue, a researcher's request, and the officer's decision.

use async_trait::async_trait;
use broker_domain::ids::{DatasetId, OfficerId, RequestId, ResearcherId};
use broker_domain::policy::{Action, Approval, Permit, Principal, Query, Resource};
use broker_domain::research::{AccessRequest, CannotDecide, Decision, RequestState};
use broker_domain::time::Interval;
use broker_store::Serial;
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::receipts::Receipt;
use crate::records;

/// What a researcher asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Which dataset.
    pub dataset: DatasetId,
    /// Of which period.
    pub period: Interval,
    /// Why, in words.
    pub justification: String,
}

/// Longest justification, in characters.
const MAX_JUSTIFICATION: usize = 4_000;

/// Why a request cannot be made.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum RequestRefusal {
    /// No such dataset.
    #[error("this dataset is not in the catalogue")]
    UnknownDataset,
    /// No such researcher, or one of another laboratory.
    #[error("this dataset is meant for another laboratory; ask the officer for a habilitation")]
    NotForYou,
    /// Without words nobody can decide.
    #[error("say in words what you need the data for, in at most {MAX_JUSTIFICATION} characters")]
    Justification,
    /// A period that has not ended cannot be released.
    #[error("the period must have ended; choose an earlier day")]
    PeriodNotOver,
}

/// Why a decision cannot be recorded.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum DecisionRefusal {
    /// No such request.
    #[error("this request does not exist")]
    Unknown,
    /// The policies say no.
    #[error("only a data-protection officer decides requests")]
    NotAllowed,
    /// See the domain's reasons.
    #[error(transparent)]
    Cannot(CannotDecide),
}

impl Broker {
    /// Records a researcher's request.
    ///
    /// # Errors
    /// See [`RequestRefusal`].
    pub async fn request_dataset(
        &self,
        who: ResearcherId,
        application: Application,
    ) -> Result<(RequestId, Receipt), Failure<RequestRefusal>> {
        let now = self.clock.now();
        let (researcher, row) = {
            let mut read = self.store.read().await?;
            let researcher = read
                .researcher(who)
                .await?
                .ok_or(Failure::Refused(RequestRefusal::NotForYou))?;
            let row = read.dataset(application.dataset).await?;
            (
                researcher,
                row.ok_or(Failure::Refused(RequestRefusal::UnknownDataset))?,
            )
        };

        let principal = Principal::Researcher(who, researcher.organisation);
        let resource = Resource::Dataset {
            dataset: row.dataset.id,
            recipient: row.dataset.recipient,
        };
        let query = Query {
            principal,
            action: Action::Request,
            resource,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(RequestRefusal::NotForYou))?;
        let words = application.justification.trim();
        if words.is_empty() || words.chars().count() > MAX_JUSTIFICATION {
            return Err(Failure::Refused(RequestRefusal::Justification));
        }
        if application.period.end() > now {
            return Err(Failure::Refused(RequestRefusal::PeriodNotOver));
        }

        let request = AccessRequest {
            id: RequestId::random(&*self.entropy)?,
            researcher: who,
            organisation: researcher.organisation,
            dataset: row.dataset.id,
            period: application.period,
            justification: words.to_owned(),
            submitted_at: now,
            state: RequestState::Submitted,
        };
        let signed = self.sign(records::request_step(&request, now)?)?;
        let draft = Draft {
            subject: who.into(),
            actor: ActorClass::Researcher,
            signed,
        };

        let id = request.id;
        let leaf_index = self.commit(AddRequest { request, draft }).await?;
        Ok((id, self.receipt(leaf_index).await?))
    }

    /// Records an officer's decision on a request.
    ///
    /// # Errors
    /// See [`DecisionRefusal`].
    pub async fn decide(
        &self,
        who: OfficerId,
        id: RequestId,
        decision: Decision,
    ) -> Result<Receipt, Failure<DecisionRefusal>> {
        let now = self.clock.now();
        let request = self.store.read().await?.request(id).await?;
        let request = request.ok_or(Failure::Refused(DecisionRefusal::Unknown))?;

        let query = Query {
            principal: Principal::Officer(who),
            action: Action::Decide,
            resource: request_resource(&request),
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(DecisionRefusal::NotAllowed))?;
        let decided = request
            .decided(who, decision, now)
            .map_err(|cannot| Failure::Refused(DecisionRefusal::Cannot(cannot)))?;

        let signed = self.sign(records::request_step(&decided, now)?)?;
        let draft = Draft {
            subject: decided.researcher.into(),
            actor: ActorClass::Dpo,
            signed,
        };

        let leaf_index = self
            .commit(SetDecision {
                request: decided,
                draft,
            })
            .await?;
        Ok(self.receipt(leaf_index).await?)
    }
}

/// A request as the policies see it.
pub(crate) const fn request_resource(request: &AccessRequest) -> Resource {
    Resource::Request {
        request: request.id,
        researcher: request.researcher,
        organisation: request.organisation,
        approval: if request.is_approved() {
            Approval::Granted
        } else {
            Approval::Missing
        },
    }
}

struct AddRequest {
    request: AccessRequest,
    draft: Draft,
}

#[async_trait]
impl Commit for AddRequest {
    type Answer = Serial;
    type Refusal = RequestRefusal;
    const NAME: &'static str = "request a dataset";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, RequestRefusal>, Fault> {
        group.tx.add_request(&self.request).await?;
        Ok(Ok(group.append(&self.draft).await?))
    }
}

struct SetDecision {
    request: AccessRequest,
    draft: Draft,
}

#[async_trait]
impl Commit for SetDecision {
    type Answer = Serial;
    type Refusal = DecisionRefusal;
    const NAME: &'static str = "decide a request";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, DecisionRefusal>, Fault> {
        group
            .tx
            .decide_request(self.request.id, &self.request.state)
            .await?;
        Ok(Ok(group.append(&self.draft).await?))
    }
}
