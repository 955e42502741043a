//! Datasets, requests, releases.

use async_trait::async_trait;
use broker_domain::ids::{DatasetId, OfficerId, ReleaseId, RequestId, ResearcherId};
use broker_domain::research::{AccessRequest, Dataset, RequestState};
use broker_domain::time::Instant;
use broker_store::{
    DatasetRow, MembershipRow, ReleaseFiles, ReleaseRow, ResearchReads, ResearchWrites, Serial, StoreError,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::{Cells, stored};
use crate::transaction::SqliteTx;

#[async_trait]
impl ResearchReads for SqliteTx {
    async fn datasets(&mut self) -> Result<Vec<DatasetRow>, StoreError> {
        let query = query(
            "SELECT id, recipient, purpose, step_s, title_fr, title_en, title_nl, summary_fr, summary_en, \
                 summary_nl \
             FROM dataset ORDER BY id",
        );
        self.all(query, dataset).await
    }

    async fn dataset(&mut self, id: DatasetId) -> Result<Option<DatasetRow>, StoreError> {
        let query = query(
            "SELECT id, recipient, purpose, step_s, title_fr, title_en, title_nl, summary_fr, summary_en, \
                 summary_nl \
             FROM dataset WHERE id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), dataset).await
    }

    async fn request(&mut self, id: RequestId) -> Result<Option<AccessRequest>, StoreError> {
        let query = query(
            "SELECT id, researcher, organisation, dataset, period_start_at_us, period_end_at_us, \
                 justification, submitted_at_us, state, decided_by, decided_at_us, decline_reason \
             FROM access_request WHERE id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), request).await
    }

    async fn requests(&mut self, limit: u32) -> Result<Vec<AccessRequest>, StoreError> {
        let query = query(
            "SELECT id, researcher, organisation, dataset, period_start_at_us, period_end_at_us, \
                 justification, submitted_at_us, state, decided_by, decided_at_us, decline_reason \
             FROM access_request ORDER BY submitted_at_us DESC, id LIMIT ?1",
        );
        self.all(query.bind(limit), request).await
    }

    async fn requests_of(&mut self, who: ResearcherId, limit: u32) -> Result<Vec<AccessRequest>, StoreError> {
        let query = query(
            "SELECT id, researcher, organisation, dataset, period_start_at_us, period_end_at_us, \
                 justification, submitted_at_us, state, decided_by, decided_at_us, decline_reason \
             FROM access_request WHERE researcher = ?1 ORDER BY submitted_at_us DESC, id LIMIT ?2",
        );
        self.all(query.bind(who.as_bytes().as_slice()).bind(limit), request)
            .await
    }

    async fn release(&mut self, id: ReleaseId) -> Result<Option<ReleaseRow>, StoreError> {
        let query = query(
            "SELECT l.id, l.request, l.researcher, l.households, l.manifest, l.ciphertext, l.serial, l.at_us, \
                 r.leaf_index \
             FROM release AS l INNER JOIN record AS r ON r.serial = l.serial WHERE l.id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), release).await
    }

    async fn release_of(&mut self, request: RequestId) -> Result<Option<ReleaseRow>, StoreError> {
        let query = query(
            "SELECT l.id, l.request, l.researcher, l.households, l.manifest, l.ciphertext, l.serial, l.at_us, \
                 r.leaf_index \
             FROM release AS l INNER JOIN record AS r ON r.serial = l.serial WHERE l.request = ?1",
        );
        self.one(query.bind(request.as_bytes().as_slice()), release).await
    }

    async fn release_files(&mut self, id: ReleaseId) -> Result<Option<ReleaseFiles>, StoreError> {
        let query = query("SELECT sealed, vault_copy FROM release WHERE id = ?1");
        self.one(query.bind(id.as_bytes().as_slice()), release_files)
            .await
    }

    async fn memberships(&mut self, dataset: DatasetId) -> Result<Vec<MembershipRow>, StoreError> {
        let query = query(
            "SELECT release, dataset, period_start_at_us, period_end_at_us, step_s, members \
             FROM release_membership WHERE dataset = ?1 ORDER BY release",
        );
        self.all(query.bind(dataset.as_bytes().as_slice()), membership)
            .await
    }
}

#[async_trait]
impl ResearchWrites for SqliteTx {
    async fn add_dataset(&mut self, row: &DatasetRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO dataset (id, recipient, purpose, step_s, title_fr, title_en, title_nl, summary_fr, \
                 summary_en, summary_nl) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        );
        let query = query
            .bind(row.dataset.id.as_bytes().as_slice())
            .bind(row.dataset.recipient.as_bytes().as_slice())
            .bind(row.dataset.purpose.as_str().to_owned())
            .bind(row.dataset.step.seconds())
            .bind(&row.title_fr)
            .bind(&row.title_en)
            .bind(&row.title_nl)
            .bind(&row.summary_fr)
            .bind(&row.summary_en)
            .bind(&row.summary_nl);
        self.change_one("dataset", query).await
    }

    async fn add_request(&mut self, request: &AccessRequest) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO access_request (id, researcher, organisation, dataset, period_start_at_us, \
                 period_end_at_us, justification, submitted_at_us, state, decided_by, decided_at_us, \
                 decline_reason) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        );
        let state = StateCells::from(&request.state);
        let query = query
            .bind(request.id.as_bytes().as_slice())
            .bind(request.researcher.as_bytes().as_slice())
            .bind(request.organisation.as_bytes().as_slice())
            .bind(request.dataset.as_bytes().as_slice())
            .bind(request.period.start().as_micros())
            .bind(request.period.end().as_micros())
            .bind(&request.justification)
            .bind(request.submitted_at.as_micros())
            .bind(state.code)
            .bind(state.by)
            .bind(state.at)
            .bind(state.reason);
        self.change_one("access_request", query).await
    }

    async fn decide_request(&mut self, id: RequestId, state: &RequestState) -> Result<(), StoreError> {
        let query = query(
            "UPDATE access_request \
             SET state = ?2, decided_by = ?3, decided_at_us = ?4, decline_reason = ?5 \
             WHERE id = ?1 AND state = 'submitted'",
        );
        let state = StateCells::from(state);
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(state.code)
            .bind(state.by)
            .bind(state.at)
            .bind(state.reason);
        self.change_one("access_request", query).await
    }

    async fn add_release(
        &mut self,
        row: &ReleaseRow,
        files: &ReleaseFiles,
        members: &MembershipRow,
    ) -> Result<(), StoreError> {
        let release = query(
            "INSERT INTO release (id, request, researcher, households, manifest, ciphertext, serial, \
                 at_us, sealed, vault_copy) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        );
        let release = release
            .bind(row.id.as_bytes().as_slice())
            .bind(row.request.as_bytes().as_slice())
            .bind(row.researcher.as_bytes().as_slice())
            .bind(row.households)
            .bind(row.manifest.0.as_slice())
            .bind(row.ciphertext.0.as_slice())
            .bind(stored(row.serial.0)?)
            .bind(row.at.as_micros())
            .bind(&files.sealed)
            .bind(&files.vault_copy);
        self.change_one("release", release).await?;
        let membership = query(
            "INSERT INTO release_membership (release, dataset, period_start_at_us, period_end_at_us, \
                 step_s, members) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        );
        let membership = membership
            .bind(members.release.as_bytes().as_slice())
            .bind(members.dataset.as_bytes().as_slice())
            .bind(members.period.start().as_micros())
            .bind(members.period.end().as_micros())
            .bind(members.step.seconds())
            .bind(&members.members);
        self.change_one("release_membership", membership).await
    }
}

/// The four columns that hold a request's state.
struct StateCells {
    code: &'static str,
    by: Option<Vec<u8>>,
    at: Option<i64>,
    reason: Option<String>,
}

impl From<&RequestState> for StateCells {
    fn from(state: &RequestState) -> Self {
        let decided = |code, by: &OfficerId, at: &Instant, reason| Self {
            code,
            by: Some(by.as_bytes().to_vec()),
            at: Some(at.as_micros()),
            reason,
        };
        match state {
            RequestState::Submitted => Self {
                code: "submitted",
                by: None,
                at: None,
                reason: None,
            },
            RequestState::Approved { by, at } => decided("approved", by, at, None),
            RequestState::Declined { by, at, reason } => decided("declined", by, at, Some(reason.clone())),
        }
    }
}

fn dataset(row: &SqliteRow) -> Result<DatasetRow, StoreError> {
    Ok(DatasetRow {
        dataset: Dataset {
            id: row.id("dataset.id")?,
            recipient: row.id("dataset.recipient")?,
            purpose: row.purpose("dataset.purpose")?,
            step: row.step("dataset.step_s")?,
        },
        title_fr: row.text("dataset.title_fr")?,
        title_en: row.text("dataset.title_en")?,
        title_nl: row.text("dataset.title_nl")?,
        summary_fr: row.text("dataset.summary_fr")?,
        summary_en: row.text("dataset.summary_en")?,
        summary_nl: row.text("dataset.summary_nl")?,
    })
}

fn request(row: &SqliteRow) -> Result<AccessRequest, StoreError> {
    Ok(AccessRequest {
        id: row.id("access_request.id")?,
        researcher: row.id("access_request.researcher")?,
        organisation: row.id("access_request.organisation")?,
        dataset: row.id("access_request.dataset")?,
        period: row.interval(
            "access_request.period_start_at_us",
            "access_request.period_end_at_us",
        )?,
        justification: row.text("access_request.justification")?,
        submitted_at: row.instant("access_request.submitted_at_us")?,
        state: state(row)?,
    })
}

fn state(row: &SqliteRow) -> Result<RequestState, StoreError> {
    match row.cell("access_request.state")? {
        "submitted" => Ok(RequestState::Submitted),
        "approved" => Ok(RequestState::Approved {
            by: row.id("access_request.decided_by")?,
            at: row.instant("access_request.decided_at_us")?,
        }),
        "declined" => Ok(RequestState::Declined {
            by: row.id("access_request.decided_by")?,
            at: row.instant("access_request.decided_at_us")?,
            reason: row.text("access_request.decline_reason")?,
        }),
        _ => Err(StoreError::Corrupt {
            column: "access_request.state",
        }),
    }
}

fn release(row: &SqliteRow) -> Result<ReleaseRow, StoreError> {
    Ok(ReleaseRow {
        id: row.id("release.id")?,
        request: row.id("release.request")?,
        researcher: row.id("release.researcher")?,
        households: row.number("release.households")?,
        manifest: row.digest("release.manifest")?,
        ciphertext: row.digest("release.ciphertext")?,
        serial: Serial(row.number("release.serial")?),
        leaf_index: row.number("record.leaf_index")?,
        at: row.instant("release.at_us")?,
    })
}

fn release_files(row: &SqliteRow) -> Result<ReleaseFiles, StoreError> {
    Ok(ReleaseFiles {
        sealed: row.bytes("release.sealed")?,
        vault_copy: row.bytes("release.vault_copy")?,
    })
}

fn membership(row: &SqliteRow) -> Result<MembershipRow, StoreError> {
    Ok(MembershipRow {
        release: row.id("release_membership.release")?,
        dataset: row.id("release_membership.dataset")?,
        period: row.interval(
            "release_membership.period_start_at_us",
            "release_membership.period_end_at_us",
        )?,
        step: row.step("release_membership.step_s")?,
        members: row.bytes("release_membership.members")?,
    })
}
