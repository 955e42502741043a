//! The three columns that say as whom: exactly one of them is filled.

use broker_domain::ids::{OfficerId, ParticipantId, ResearcherId};
use broker_store::{SessionRole, StoreError};
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::values::Statement;

/// Binds the three columns, in the order participant, researcher, officer.
pub(crate) fn bind_role(query: Statement, role: Option<SessionRole>) -> Statement {
    let (mut participant, mut researcher, mut officer) = (None, None, None);
    match role {
        Some(SessionRole::Participant(id)) => participant = Some(id.as_bytes().to_vec()),
        Some(SessionRole::Researcher(id)) => researcher = Some(id.as_bytes().to_vec()),
        Some(SessionRole::Officer(id)) => officer = Some(id.as_bytes().to_vec()),
        None => {}
    }
    query.bind(participant).bind(researcher).bind(officer)
}

/// The role in a row, if any of the columns is filled. `column` is named when more than one is.
pub(crate) fn role_or_none(row: &SqliteRow, column: &'static str) -> Result<Option<SessionRole>, StoreError> {
    let participant: Option<ParticipantId> = row.id_or_null("participant")?;
    let researcher: Option<ResearcherId> = row.id_or_null("researcher")?;
    let officer: Option<OfficerId> = row.id_or_null("officer")?;
    match (participant, researcher, officer) {
        (None, None, None) => Ok(None),
        (Some(id), None, None) => Ok(Some(SessionRole::Participant(id))),
        (None, Some(id), None) => Ok(Some(SessionRole::Researcher(id))),
        (None, None, Some(id)) => Ok(Some(SessionRole::Officer(id))),
        _ => Err(StoreError::Corrupt { column }),
    }
}

/// The role in a row that must have one.
pub(crate) fn role(row: &SqliteRow, column: &'static str) -> Result<SessionRole, StoreError> {
    role_or_none(row, column)?.ok_or(StoreError::Corrupt { column })
}
