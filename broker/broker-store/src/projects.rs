//! Members of projects of research, and who is still to be told of them.

use async_trait::async_trait;
use broker_domain::ids::{OrganisationId, ParticipantId, Purpose, RequestId, ResearcherId};
use broker_domain::research::ProjectMember;
use broker_domain::time::Instant;

use crate::StoreError;

/// A new member of whom people are still to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntoldMember {
    /// The member.
    pub member: ProjectMember,
    /// The last person told, in order of identifier.
    pub told_upto: Option<ParticipantId>,
}

/// How far people were told of a new member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldUpto {
    /// Up to this person.
    Person(ParticipantId),
    /// Everybody, at this instant.
    Everybody(Instant),
}

/// Whom a project concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectScope {
    /// The project.
    pub request: RequestId,
    /// Who receives what people share.
    pub recipient: OrganisationId,
    /// What for.
    pub purpose: Purpose,
}

/// Reading members of projects.
#[async_trait]
pub trait ProjectReads {
    /// The members of a project, those who left too, in order of when they were added.
    async fn project_members(&mut self, project: RequestId) -> Result<Vec<ProjectMember>, StoreError>;
    /// The projects that somebody was added to, newest first.
    async fn projects_joined(&mut self, who: ResearcherId) -> Result<Vec<ProjectMember>, StoreError>;
    /// The member who signed first of those of whom people are still to be told; also one who left, since what she received
    /// stays with her.
    async fn member_untold(&mut self) -> Result<Option<UntoldMember>, StoreError>;
    /// People who agreed to the recipient and purpose of a project at any time or are in its release, behind `after` in order of
    /// identifier, at most `limit`.
    async fn people_of_project(
        &mut self,
        scope: &ProjectScope,
        after: Option<ParticipantId>,
        limit: u32,
    ) -> Result<Vec<ParticipantId>, StoreError>;
}

/// Writing members of projects.
#[async_trait]
pub trait ProjectWrites {
    /// Adds a member. One who is known is a conflict, also if she left.
    async fn add_project_member(&mut self, member: &ProjectMember) -> Result<(), StoreError>;
    /// Notes that a member signed. One who did before, or left, is a conflict.
    async fn sign_project_member(
        &mut self,
        project: RequestId,
        who: ResearcherId,
        at: Instant,
    ) -> Result<(), StoreError>;
    /// Ends a membership. One that ended before is a conflict. How far people were told of her stays.
    async fn end_project_member(
        &mut self,
        project: RequestId,
        who: ResearcherId,
        at: Instant,
    ) -> Result<(), StoreError>;
    /// Notes up to whom people were told of a member. One of whom everybody was told, or who
    /// never signed, is a conflict.
    async fn member_told(&mut self, member: &ProjectMember, upto: ToldUpto) -> Result<(), StoreError>;
}
