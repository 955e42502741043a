//! Members of a project of research: added by an officer or by whoever asked, bound by an undertaking of their own, and told to the
//! people whose sharing the project uses (P-27, "new member of a project").

mod tell;

use async_trait::async_trait;
use broker_domain::ids::{Digest, RequestId, ResearcherId};
use broker_domain::lang::Lang;
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::research::{AccessRequest, AddedBy, MemberStanding, ProjectMember, RequestState};
use broker_domain::time::Instant;
use broker_store::{ResearcherRow, Serial, SessionRole};
use evidence::record as wire;
use evidence::record::{MemberActor, MemberStep, Record};
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::accounts::SignInRefusal;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::receipts::Receipt;
use crate::records;
use crate::research::request_resource;
use crate::sessions::sha256;

/// What members sign, in French, English and Dutch.
const UNDERTAKINGS: [&str; 3] = [
    include_str!("../undertakings/fr.txt"),
    include_str!("../undertakings/en.txt"),
    include_str!("../undertakings/nl.txt"),
];
/// Most members of a project, those who left included.
const MOST_MEMBERS: usize = 50;

/// What a member signs, and what names it: SHA-256 of its UTF-8.
#[must_use]
pub fn undertaking(lang: Lang) -> (&'static str, Digest) {
    let text = lang.pick(UNDERTAKINGS);
    (text, Digest(sha256(text.as_bytes())))
}

/// Why a project does not get, keep or lose a member.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ProjectRefusal {
    /// No such project, or not for whoever asks.
    #[error("no project of this name is yours to change")]
    Unknown,
    /// Nobody decided, or it was declined.
    #[error("the request is not approved; members are added to approved ones")]
    NotApproved,
    /// Nobody of this name works for the body that people agreed to.
    #[error("choose a researcher of the body that people agreed to")]
    NotOfThisBody,
    /// Whoever asked, or somebody who was added before.
    #[error("this person works on the project already, or left it")]
    Already,
    /// Enough.
    #[error("a project has at most {MOST_MEMBERS} members")]
    TooMany,
    /// The text changed while she read it.
    #[error("the undertaking is another one now; read it again")]
    AnotherText,
    /// The session.
    #[error(transparent)]
    SignIn(#[from] SignInRefusal),
}

/// A project as those see it who work on it, and officers.
#[derive(Debug, Clone)]
pub struct ProjectView {
    /// The request.
    pub request: AccessRequest,
    /// Who asked.
    pub lead: ResearcherRow,
    /// Everybody who was added, in that order.
    pub members: Vec<(ProjectMember, String)>,
    /// Who can be added by whoever looks, by name; nobody, when she may not add.
    pub candidates: Vec<ResearcherRow>,
    /// Whether she has an undertaking to sign.
    pub to_sign: bool,
}

/// Who acts on a project.
#[derive(Clone, Copy)]
enum Actor {
    Chief(AddedBy),
    Member(ResearcherId),
}

impl Broker {
    /// A project, for its researcher, its members and officers.
    ///
    /// # Errors
    /// See [`ProjectRefusal`].
    pub async fn project(
        &self,
        role: SessionRole,
        id: RequestId,
    ) -> Result<ProjectView, Failure<ProjectRefusal>> {
        let (request, actor) = self.acting_on(role, id).await?;
        let mut read = self.store.read().await?;
        let lead = read.researcher(request.researcher).await?;
        let lead = lead.ok_or(Fault::Corrupt {
            what: "request.researcher",
        })?;
        let researchers = read.researchers().await?;
        let rows = read.project_members(id).await?;
        drop(read);
        let name = |who: ResearcherId| {
            let row = researchers.iter().find(|row| row.id == who);
            row.map(|row| row.name.clone()).unwrap_or_default()
        };
        let free = |row: &&ResearcherRow| {
            row.organisation == request.organisation
                && row.id != lead.id
                && rows.iter().all(|member| member.researcher != row.id)
        };
        let candidates = match actor {
            Actor::Chief(_) if request.is_approved() => researchers.iter().filter(free).cloned().collect(),
            Actor::Chief(_) | Actor::Member(_) => Vec::new(),
        };
        let to_sign = match actor {
            Actor::Member(who) => rows
                .iter()
                .any(|row| row.researcher == who && row.standing == MemberStanding::Added),
            Actor::Chief(_) => false,
        };
        Ok(ProjectView {
            members: rows
                .into_iter()
                .map(|row| (row.clone(), name(row.researcher)))
                .collect(),
            request,
            lead,
            candidates,
            to_sign,
        })
    }

    /// The projects that a researcher was added to and did not leave, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn projects_joined(
        &self,
        who: ResearcherId,
    ) -> Result<Vec<(AccessRequest, ProjectMember)>, Fault> {
        let mut read = self.store.read().await?;
        let mut joined = Vec::new();
        for member in read.projects_joined(who).await? {
            if matches!(member.standing, MemberStanding::Ended { .. }) {
                continue;
            }
            let request = read.request(member.request).await?;
            let request = request.ok_or(Fault::Corrupt {
                what: "project_member.request",
            })?;
            joined.push((request, member));
        }
        Ok(joined)
    }

    /// Adds somebody to an approved project: an officer, or whoever asked. Nothing is released to her before she signed. Needs a
    /// proof of the last ten minutes.
    ///
    /// # Errors
    /// See [`ProjectRefusal`].
    pub async fn add_project_member(
        &self,
        token: &[u8; 32],
        id: RequestId,
        who: ResearcherId,
    ) -> Result<Receipt, Failure<ProjectRefusal>> {
        let (request, actor) = self.acting_freshly_on(token, id).await?;
        let Actor::Chief(added_by) = actor else {
            return Err(Failure::Refused(ProjectRefusal::Unknown));
        };
        if !request.is_approved() {
            return Err(Failure::Refused(ProjectRefusal::NotApproved));
        }
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let row = read.researcher(who).await?;
        let known = read.project_members(id).await?;
        drop(read);
        if row.is_none_or(|row| row.organisation != request.organisation) {
            return Err(Failure::Refused(ProjectRefusal::NotOfThisBody));
        }
        if who == request.researcher || known.iter().any(|member| member.researcher == who) {
            return Err(Failure::Refused(ProjectRefusal::Already));
        }
        if known.len() >= MOST_MEMBERS {
            return Err(Failure::Refused(ProjectRefusal::TooMany));
        }
        let member = ProjectMember {
            request: id,
            researcher: who,
            added_by,
            added_at: now,
            standing: MemberStanding::Added,
        };
        self.commit_member(member, MemberStep::Added, actor, None, now)
            .await
    }

    /// Takes the undertaking on, for the member who is signed in: from now on what is released for the project is hers too, and the
    /// people concerned are told. `text` is what she was shown. Needs a proof of the last ten minutes.
    ///
    /// # Errors
    /// See [`ProjectRefusal`].
    pub async fn sign_undertaking(
        &self,
        token: &[u8; 32],
        id: RequestId,
        text: Digest,
    ) -> Result<Receipt, Failure<ProjectRefusal>> {
        let (request, actor) = self.acting_freshly_on(token, id).await?;
        let unknown = || Failure::Refused(ProjectRefusal::Unknown);
        let Actor::Member(who) = actor else {
            return Err(unknown());
        };
        if !request.is_approved() {
            return Err(Failure::Refused(ProjectRefusal::NotApproved));
        }
        if !Lang::ALL.into_iter().any(|lang| undertaking(lang).1 == text) {
            return Err(Failure::Refused(ProjectRefusal::AnotherText));
        }
        let now = self.clock.now();
        let member = self.member_of(id, who).await?.ok_or_else(unknown)?;
        if member.standing != MemberStanding::Added {
            return Err(Failure::Refused(ProjectRefusal::Already));
        }
        self.commit_member(member, MemberStep::Signed, actor, Some(text), now)
            .await
    }

    /// Ends a membership: an officer, whoever asked, or the member herself. What she received stays with her, under her undertaking.
    ///
    /// # Errors
    /// See [`ProjectRefusal`].
    pub async fn end_project_member(
        &self,
        token: &[u8; 32],
        id: RequestId,
        who: ResearcherId,
    ) -> Result<Receipt, Failure<ProjectRefusal>> {
        let (_, actor) = self.acting_freshly_on(token, id).await?;
        let unknown = || Failure::Refused(ProjectRefusal::Unknown);
        if matches!(actor, Actor::Member(own) if own != who) {
            return Err(unknown());
        }
        let now = self.clock.now();
        let member = self.member_of(id, who).await?.ok_or_else(unknown)?;
        self.commit_member(member, MemberStep::Ended, actor, None, now)
            .await
    }

    async fn member_of(&self, id: RequestId, who: ResearcherId) -> Result<Option<ProjectMember>, Fault> {
        let rows = self.store.read().await?.project_members(id).await?;
        let standing = |row: &ProjectMember| !matches!(row.standing, MemberStanding::Ended { .. });
        Ok(rows
            .into_iter()
            .find(|row| row.researcher == who && standing(row)))
    }

    /// Whether what is released for a project is this researcher's too: she signed, did not leave, and works for the body still.
    pub(crate) async fn is_signed_member(
        &self,
        id: RequestId,
        researcher: &ResearcherRow,
    ) -> Result<bool, Fault> {
        let member = self.member_of(id, researcher.id).await?;
        let request = self.store.read().await?.request(id).await?;
        let of_body =
            request.is_some_and(|row| row.is_approved() && row.organisation == researcher.organisation);
        Ok(of_body && member.is_some_and(|row| matches!(row.standing, MemberStanding::Signed { .. })))
    }

    async fn acting_freshly_on(
        &self,
        token: &[u8; 32],
        id: RequestId,
    ) -> Result<(AccessRequest, Actor), Failure<ProjectRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(ProjectRefusal::SignIn))?;
        self.acting_on(session.role, id).await
    }

    /// The project, for whoever may see it; the policies are asked as for a request, or for deciding one.
    async fn acting_on(
        &self,
        role: SessionRole,
        id: RequestId,
    ) -> Result<(AccessRequest, Actor), Failure<ProjectRefusal>> {
        let unknown = || Failure::Refused(ProjectRefusal::Unknown);
        let mut read = self.store.read().await?;
        let request = read.request(id).await?.ok_or_else(unknown)?;
        let dataset = read.dataset(request.dataset).await?;
        let dataset = dataset.ok_or(Fault::Corrupt {
            what: "request.dataset",
        })?;
        let (principal, action, resource, actor) = match role {
            SessionRole::Officer(officer) => (
                Principal::Officer(officer),
                Action::Decide,
                request_resource(&request),
                Actor::Chief(AddedBy::Officer(officer)),
            ),
            SessionRole::Researcher(who) => {
                let row = read.researcher(who).await?.ok_or_else(unknown)?;
                let joined = read.projects_joined(who).await?;
                let works = |member: &ProjectMember| {
                    member.request == id && !matches!(member.standing, MemberStanding::Ended { .. })
                };
                let actor = match request.researcher == who {
                    true => Actor::Chief(AddedBy::Lead),
                    false if joined.iter().any(works) => Actor::Member(who),
                    false => return Err(unknown()),
                };
                let resource = Resource::Dataset {
                    dataset: dataset.dataset.id,
                    recipient: dataset.dataset.recipient,
                };
                (
                    Principal::Researcher(who, row.organisation),
                    Action::Request,
                    resource,
                    actor,
                )
            }
            SessionRole::Participant(_) => return Err(unknown()),
        };
        drop(read);
        let query = Query {
            principal,
            action,
            resource,
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| unknown())?;
        match request.state {
            RequestState::Declined { .. } => Err(unknown()),
            RequestState::Submitted | RequestState::Approved { .. } => Ok((request, actor)),
        }
    }

    async fn commit_member(
        &self,
        member: ProjectMember,
        step: MemberStep,
        actor: Actor,
        undertaking: Option<Digest>,
        now: Instant,
    ) -> Result<Receipt, Failure<ProjectRefusal>> {
        let (by, class) = match actor {
            Actor::Chief(AddedBy::Officer(_)) => (MemberActor::Officer, ActorClass::Dpo),
            Actor::Chief(AddedBy::Lead) => (MemberActor::Lead, ActorClass::Researcher),
            Actor::Member(_) => (MemberActor::Member, ActorClass::Researcher),
        };
        let record = Record::ProjectMember(wire::ProjectMember {
            project: records::id(&member.request)?,
            member: records::id(&member.researcher)?,
            step,
            by,
            undertaking_sha256: undertaking.map(|digest| wire::Digest::new(digest.0)),
            at: records::at(now)?,
        });
        let draft = Draft {
            subject: member.researcher.into(),
            actor: class,
            signed: self.sign(record)?,
        };
        let leaf_index = self.commit(Step { member, step, draft }).await?;
        Ok(self.receipt(leaf_index).await?)
    }
}

struct Step {
    member: ProjectMember,
    step: MemberStep,
    draft: Draft,
}

#[async_trait]
impl Commit for Step {
    type Answer = Serial;
    type Refusal = ProjectRefusal;
    const NAME: &'static str = "change members of a project";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, ProjectRefusal>, Fault> {
        let (project, who, now) = (self.member.request, self.member.researcher, group.now);
        let tx = &mut group.tx;
        // Two clicks at once: the second finds no row to change, and is a conflict.
        match self.step {
            MemberStep::Added => tx.add_project_member(&self.member).await?,
            MemberStep::Signed => tx.sign_project_member(project, who, now).await?,
            MemberStep::Ended => tx.end_project_member(project, who, now).await?,
        }
        Ok(Ok(group.append(&self.draft).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_undertaking_says_as_much_in_each_language_under_a_name_of_its_own() {
        let lines = Lang::ALL.map(|lang| undertaking(lang).0.lines().count());
        assert_eq!(lines, [6, 6, 6]);
        let names: std::collections::BTreeSet<_> = Lang::ALL.map(|lang| undertaking(lang).1.0).into();
        assert_eq!(names.len(), 3);
    }
}
