//! Objecting to one project of research (GDPR art. 21(6); P-18): its releases are made without her, and the sharing goes on for
//! others. A release that was made stays: it is an aggregate, and she is told so before.

use async_trait::async_trait;
use broker_domain::ids::{OfficerId, ParticipantId, RequestId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::research::{AccessRequest, RequestState};
use broker_domain::time::Instant;
use broker_store::{DatasetRow, ReleaseRow, Serial};
use evidence::record::{Objection, Record};
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::own::OwnRefusal;
use crate::receipts::Receipt;
use crate::records;

/// How many projects are looked at: the newest.
const MOST: u32 = 500;

/// A project of research that may use what a person shares.
#[derive(Debug, Clone)]
pub struct Project {
    /// The request.
    pub request: AccessRequest,
    /// What it asks for.
    pub dataset: DatasetRow,
    /// The name of the body that the researcher works for.
    pub organisation: String,
    /// Who ever joined and signed, since when, and until when if it is over; in order of when they were added.
    pub members: Vec<(String, Instant, Option<Instant>)>,
    /// Its release, if one was made.
    pub release: Option<ReleaseRow>,
    /// Whether that release holds her.
    pub holds_her: bool,
    /// When she objected, and the leaf that says so.
    pub objection: Option<(Instant, u64)>,
}

/// Why nothing is recorded.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum ObjectionRefusal {
    /// No such project, or none that could use what she shares.
    #[error("no project of this name can use what you share")]
    Unknown,
    /// She objected before.
    #[error("you object to this project already")]
    Already,
}

impl Broker {
    /// The projects that use or may use what a person shares now, or to which she objects; newest first. Declined ones are none.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn projects_of(&self, who: ParticipantId) -> Result<Vec<Project>, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let consents = read.consents_of(who).await?;
        let objections = read.objections_of(who).await?;
        let mut projects = Vec::new();
        for request in read.requests(MOST).await? {
            if matches!(request.state, RequestState::Declined { .. }) {
                continue;
            }
            let dataset = read.dataset(request.dataset).await?;
            let dataset = dataset.ok_or(Fault::Corrupt {
                what: "request.dataset",
            })?;
            let terms = &dataset.dataset;
            let release = read.release_of(request.id).await?;
            let holds_her = match &release {
                Some(row) => read.disclosed(who, row.id).await?.is_some(),
                None => false,
            };
            let objection = objections.iter().find(|row| row.request == request.id);
            let may_use = consents.iter().any(|consent| {
                consent.recipient == terms.recipient
                    && consent.purpose == terms.purpose
                    && consent.state(now).is_given()
            });
            if !may_use && !holds_her && objection.is_none() {
                continue;
            }
            let organisation = read.organisation(request.organisation).await?;
            let mut members = Vec::new();
            for member in read.project_members(request.id).await? {
                if let Some((since, until)) = member.standing.membership()
                    && let Some(row) = read.researcher(member.researcher).await?
                {
                    members.push((row.name, since, until));
                }
            }
            projects.push(Project {
                members,
                objection: objection.map(|row| (row.at, row.leaf_index)),
                organisation: organisation.map(|row| row.name).unwrap_or_default(),
                request,
                dataset,
                release,
                holds_her,
            });
        }
        Ok(projects)
    }

    /// Records an objection to a project: its later releases are made without her.
    ///
    /// # Errors
    /// See [`ObjectionRefusal`].
    pub async fn object_to_project(
        &self,
        who: ParticipantId,
        project: RequestId,
    ) -> Result<Receipt, Failure<ObjectionRefusal>> {
        let now = self.clock.now();
        let unknown = || Failure::Refused(ObjectionRefusal::Unknown);
        // Taking something back: every session of hers may.
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::AskRight,
            resource: Resource::Person { owner: who },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| unknown())?;
        let projects = match self.projects_of(who).await {
            Ok(projects) => projects,
            Err(Failure::Refused(OwnRefusal::NotYours)) => return Err(unknown()),
            Err(Failure::Conflict) => return Err(Failure::Conflict),
            Err(Failure::Fault(fault)) => return Err(Failure::Fault(fault)),
        };
        let found = projects.iter().find(|one| one.request.id == project);
        if found.ok_or_else(unknown)?.objection.is_some() {
            return Err(Failure::Refused(ObjectionRefusal::Already));
        }
        let record = Record::Objection(Objection {
            participant: records::id(&who)?,
            project: records::id(&project)?,
            at: records::at(now)?,
        });
        let draft = Draft {
            subject: who.into(),
            actor: ActorClass::Participant,
            signed: self.sign(record)?,
        };
        let beat = Object { who, project, draft };
        let leaf_index = self.commit(beat).await?;
        Ok(self.receipt(leaf_index).await?)
    }

    /// How many object to a project, for an officer. Not who.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody else.
    pub async fn objections_to(
        &self,
        officer: OfficerId,
        project: RequestId,
    ) -> Result<u64, Failure<OwnRefusal>> {
        self.may_watch(officer, self.clock.now())?;
        let objectors = self.store.read().await?.objectors(project).await?;
        Ok(u64::try_from(objectors.len()).unwrap_or(u64::MAX))
    }
}

struct Object {
    who: ParticipantId,
    project: RequestId,
    draft: Draft,
}

#[async_trait]
impl Commit for Object {
    type Answer = Serial;
    type Refusal = ObjectionRefusal;
    const NAME: &'static str = "object to a project";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, ObjectionRefusal>, Fault> {
        // Two clicks at once are one objection.
        if group.tx.objectors(self.project).await?.contains(&self.who) {
            return Ok(Err(ObjectionRefusal::Already));
        }
        let serial = group.append(&self.draft).await?;
        group
            .tx
            .add_objection(self.who, self.project, group.now, serial)
            .await?;
        Ok(Ok(serial))
    }
}
