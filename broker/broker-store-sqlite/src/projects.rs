//! Members of projects of research.

use async_trait::async_trait;
use broker_domain::ids::{ParticipantId, RequestId, ResearcherId};
use broker_domain::research::{AddedBy, MemberStanding, ProjectMember};
use broker_domain::time::Instant;
use broker_store::{ProjectReads, ProjectScope, ProjectWrites, StoreError, ToldUpto, UntoldMember};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl ProjectReads for SqliteTx {
    async fn project_members(&mut self, project: RequestId) -> Result<Vec<ProjectMember>, StoreError> {
        let query = query(
            "SELECT request, researcher, added_by, added_at_us, signed_at_us, ended_at_us \
             FROM project_member WHERE request = ?1 ORDER BY added_at_us, researcher",
        );
        self.all(query.bind(project.as_bytes().as_slice()), member).await
    }

    async fn projects_joined(&mut self, who: ResearcherId) -> Result<Vec<ProjectMember>, StoreError> {
        let query = query(
            "SELECT request, researcher, added_by, added_at_us, signed_at_us, ended_at_us \
             FROM project_member WHERE researcher = ?1 ORDER BY added_at_us DESC, request",
        );
        self.all(query.bind(who.as_bytes().as_slice()), member).await
    }

    async fn member_untold(&mut self) -> Result<Option<UntoldMember>, StoreError> {
        let query = query(
            "SELECT request, researcher, added_by, added_at_us, signed_at_us, ended_at_us, told_upto \
             FROM project_member WHERE signed_at_us IS NOT NULL AND told_at_us IS NULL \
             ORDER BY signed_at_us, request, researcher LIMIT 1",
        );
        self.one(query, |row| {
            Ok(UntoldMember {
                member: member(row)?,
                told_upto: row.id_or_null("project_member.told_upto")?,
            })
        })
        .await
    }

    async fn people_of_project(
        &mut self,
        scope: &ProjectScope,
        after: Option<ParticipantId>,
        limit: u32,
    ) -> Result<Vec<ParticipantId>, StoreError> {
        let query = query(
            "SELECT participant FROM (SELECT participant FROM consent WHERE recipient = ?1 AND purpose = ?2 \
                 UNION SELECT d.participant FROM disclosure AS d JOIN release AS l ON l.id = d.release \
                     WHERE l.request = ?3) AS p \
             WHERE participant > ?4 ORDER BY participant LIMIT ?5",
        );
        // Nothing is smaller than no bytes, and no identifier is that.
        let after = after.map_or_else(Vec::new, |who| who.as_bytes().to_vec());
        let query = query
            .bind(scope.recipient.as_bytes().as_slice())
            .bind(scope.purpose.as_str())
            .bind(scope.request.as_bytes().as_slice())
            .bind(after)
            .bind(limit);
        self.all(query, |row| row.id("consent.participant")).await
    }
}

#[async_trait]
impl ProjectWrites for SqliteTx {
    async fn add_project_member(&mut self, member: &ProjectMember) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO project_member (request, researcher, added_by, added_at_us) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (request, researcher) DO NOTHING",
        );
        let officer = match member.added_by {
            AddedBy::Officer(officer) => Some(officer.as_bytes().to_vec()),
            AddedBy::Lead => None,
        };
        let query = query
            .bind(member.request.as_bytes().as_slice())
            .bind(member.researcher.as_bytes().as_slice())
            .bind(officer)
            .bind(member.added_at.as_micros());
        self.change_one("project_member", query).await
    }

    async fn sign_project_member(
        &mut self,
        project: RequestId,
        who: ResearcherId,
        at: Instant,
    ) -> Result<(), StoreError> {
        let query = query(
            "UPDATE project_member SET signed_at_us = ?3 \
             WHERE request = ?1 AND researcher = ?2 AND signed_at_us IS NULL AND ended_at_us IS NULL",
        );
        let query = query
            .bind(project.as_bytes().as_slice())
            .bind(who.as_bytes().as_slice())
            .bind(at.as_micros());
        self.change_one("project_member", query).await
    }

    async fn end_project_member(
        &mut self,
        project: RequestId,
        who: ResearcherId,
        at: Instant,
    ) -> Result<(), StoreError> {
        let query = query(
            "UPDATE project_member SET ended_at_us = ?3 \
             WHERE request = ?1 AND researcher = ?2 AND ended_at_us IS NULL",
        );
        let query = query
            .bind(project.as_bytes().as_slice())
            .bind(who.as_bytes().as_slice())
            .bind(at.as_micros());
        self.change_one("project_member", query).await
    }

    async fn member_told(&mut self, member: &ProjectMember, upto: ToldUpto) -> Result<(), StoreError> {
        let query = query(
            "UPDATE project_member SET told_upto = ?3, told_at_us = ?4 \
             WHERE request = ?1 AND researcher = ?2 AND signed_at_us IS NOT NULL AND told_at_us IS NULL",
        );
        let (person, at) = match upto {
            ToldUpto::Person(who) => (Some(who.as_bytes().to_vec()), None),
            ToldUpto::Everybody(at) => (None, Some(at.as_micros())),
        };
        let query = query
            .bind(member.request.as_bytes().as_slice())
            .bind(member.researcher.as_bytes().as_slice())
            .bind(person)
            .bind(at);
        self.change_one("project_member", query).await
    }
}

fn member(row: &SqliteRow) -> Result<ProjectMember, StoreError> {
    let signed = row.instant_or_null("project_member.signed_at_us")?;
    let ended = row.instant_or_null("project_member.ended_at_us")?;
    let officer = row.id_or_null("project_member.added_by")?;
    Ok(ProjectMember {
        request: row.id("project_member.request")?,
        researcher: row.id("project_member.researcher")?,
        added_by: officer.map_or(AddedBy::Lead, AddedBy::Officer),
        added_at: row.instant("project_member.added_at_us")?,
        standing: match (signed, ended) {
            (signed_at, Some(at)) => MemberStanding::Ended { signed_at, at },
            (Some(at), None) => MemberStanding::Signed { at },
            (None, None) => MemberStanding::Added,
        },
    })
}
