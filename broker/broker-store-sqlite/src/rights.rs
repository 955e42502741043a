//! Requests about rights, and looks at one's own readings.

use async_trait::async_trait;
use broker_domain::ids::{OfficerId, ParticipantId, RightsRequestId};
use broker_domain::rights::{Author, Right, RightsRequest, RightsState, WordKind};
use broker_domain::time::Instant;
use broker_store::{OwnScope, RightsReads, RightsRow, RightsWordsRow, RightsWrites, Serial, StoreError};
use jiff::civil::Date;
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::{Cells, stored};
use crate::transaction::SqliteTx;

/// Requests with the leaves of their steps.
macro_rules! requests {
    ($rest:literal) => {
        concat!(
            "SELECT q.id, q.participant, q.asked, q.words, q.received_at_us, q.due_on, q.taken_by, q.taken_at_us, \
                 q.answered_by, q.answered_at_us, q.answer, q.extended_at_us, q.paused_at_us, q.paused_days, r.leaf_index AS received_leaf, \
                 t.leaf_index AS taken_leaf, a.leaf_index AS answered_leaf \
             FROM rights_request AS q \
             INNER JOIN record AS r ON r.serial = q.serial \
             LEFT JOIN record AS t ON t.serial = q.taken_serial \
             LEFT JOIN record AS a ON a.serial = q.answered_serial ",
            $rest
        )
    };
}

#[async_trait]
impl RightsReads for SqliteTx {
    async fn rights_request(&mut self, id: RightsRequestId) -> Result<Option<RightsRow>, StoreError> {
        let query = query(requests!("WHERE q.id = ?1"));
        self.one(query.bind(id.as_bytes().as_slice()), request).await
    }

    async fn rights_requests_of(
        &mut self,
        who: ParticipantId,
        limit: u32,
    ) -> Result<Vec<RightsRow>, StoreError> {
        let query = query(requests!(
            "WHERE q.participant = ?1 ORDER BY q.received_at_us DESC, q.id LIMIT ?2"
        ));
        self.all(query.bind(who.as_bytes().as_slice()).bind(limit), request)
            .await
    }

    async fn rights_requests_open(&mut self, limit: u32) -> Result<Vec<RightsRow>, StoreError> {
        let query = query(requests!(
            "WHERE q.answered_by IS NULL ORDER BY q.due_on, q.received_at_us, q.id LIMIT ?1"
        ));
        self.all(query.bind(limit), request).await
    }

    async fn rights_requests_answered(&mut self, limit: u32) -> Result<Vec<RightsRow>, StoreError> {
        let query = query(requests!(
            "WHERE q.answered_by IS NOT NULL ORDER BY q.answered_at_us DESC, q.id LIMIT ?1"
        ));
        self.all(query.bind(limit), request).await
    }

    async fn rights_words(&mut self, id: RightsRequestId) -> Result<Vec<RightsWordsRow>, StoreError> {
        let query = query(
            "SELECT w.place, w.author, w.kind, w.at_us, w.epoch, w.sealed, r.leaf_index \
             FROM rights_words AS w JOIN record AS r ON r.serial = w.serial WHERE w.request = ?1 ORDER BY w.place",
        );
        self.all(query.bind(id.as_bytes().as_slice()), |row| {
            Ok(RightsWordsRow {
                place: row.number("rights_words.place")?,
                author: row.code("rights_words.author", Author::from_code)?,
                kind: row.code("rights_words.kind", WordKind::from_code)?,
                at: row.instant("rights_words.at_us")?,
                epoch: row.number("rights_words.epoch")?,
                sealed: row.bytes("rights_words.sealed")?,
                leaf: row.number("record.leaf_index")?,
            })
        })
        .await
    }

    async fn rights_in_clear(&mut self, limit: u32) -> Result<Vec<RightsRow>, StoreError> {
        let query = query(requests!(
            "WHERE q.words <> '' OR q.answer <> '' ORDER BY q.id LIMIT ?1"
        ));
        self.all(query.bind(limit), request).await
    }

    async fn own_access_noted(
        &mut self,
        who: ParticipantId,
        scope: OwnScope,
        day: Date,
    ) -> Result<bool, StoreError> {
        let query = query("SELECT serial FROM own_access WHERE participant = ?1 AND scope = ?2 AND day = ?3");
        let query = query
            .bind(who.as_bytes().as_slice())
            .bind(scope.code())
            .bind(day.to_string());
        let noted: Option<i64> = self.one(query, |row| row.number("own_access.serial")).await?;
        Ok(noted.is_some())
    }
}

#[async_trait]
impl RightsWrites for SqliteTx {
    async fn add_rights_request(
        &mut self,
        request: &RightsRequest,
        serial: Serial,
    ) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO rights_request (id, participant, asked, words, received_at_us, due_on, serial) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        );
        let query = query
            .bind(request.id.as_bytes().as_slice())
            .bind(request.participant.as_bytes().as_slice())
            .bind(request.right.code())
            .bind(&request.words)
            .bind(request.received_at.as_micros())
            .bind(request.due_on.to_string())
            .bind(stored(serial.0)?);
        self.change_one("rights_request", query).await
    }

    async fn advance_rights_request(
        &mut self,
        id: RightsRequestId,
        state: &RightsState,
        serial: Serial,
    ) -> Result<(), StoreError> {
        let query = match state {
            RightsState::Received => {
                return Err(StoreError::Conflict {
                    table: "rights_request",
                });
            }
            RightsState::InProgress { by, at } => query(
                "UPDATE rights_request SET taken_by = ?2, taken_at_us = ?3, taken_serial = ?4 \
                 WHERE id = ?1 AND taken_by IS NULL AND answered_by IS NULL",
            )
            .bind(id.as_bytes().to_vec())
            .bind(by.as_bytes().to_vec())
            .bind(at.as_micros())
            .bind(stored(serial.0)?),
            RightsState::Answered { by, at, answer } => query(
                "UPDATE rights_request \
                 SET answered_by = ?2, answered_at_us = ?3, answered_serial = ?4, answer = ?5 \
                 WHERE id = ?1 AND answered_by IS NULL",
            )
            .bind(id.as_bytes().to_vec())
            .bind(by.as_bytes().to_vec())
            .bind(at.as_micros())
            .bind(stored(serial.0)?)
            .bind(answer.clone()),
        };
        self.change_one("rights_request", query).await
    }

    async fn add_rights_words(
        &mut self,
        id: RightsRequestId,
        row: &RightsWordsRow,
        serial: Serial,
    ) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO rights_words (request, place, author, kind, at_us, epoch, sealed, serial) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(row.place)
            .bind(row.author.code())
            .bind(row.kind.code())
            .bind(row.at.as_micros())
            .bind(row.epoch)
            .bind(&row.sealed)
            .bind(stored(serial.0)?);
        self.change_one("rights_words", query).await
    }

    async fn set_rights_clock(
        &mut self,
        before: &RightsRequest,
        after: &RightsRequest,
    ) -> Result<(), StoreError> {
        let query = query(
            "UPDATE rights_request SET due_on = ?2, extended_at_us = ?3, paused_at_us = ?4, paused_days = ?5 \
             WHERE id = ?1 AND answered_by IS NULL AND extended_at_us IS ?6 AND paused_at_us IS ?7",
        );
        let query = query
            .bind(after.id.as_bytes().as_slice())
            .bind(after.due_on.to_string())
            .bind(after.extended_at.map(Instant::as_micros))
            .bind(after.paused_at.map(Instant::as_micros))
            .bind(after.paused_days)
            .bind(before.extended_at.map(Instant::as_micros))
            .bind(before.paused_at.map(Instant::as_micros));
        self.change_one("rights_request", query).await
    }

    async fn seal_rights_words(
        &mut self,
        id: RightsRequestId,
        rows: &[RightsWordsRow],
    ) -> Result<(), StoreError> {
        for row in rows {
            let query = query(
                "INSERT INTO rights_words (request, place, author, kind, at_us, epoch, sealed, serial) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, \
                     CASE WHEN ?4 = 'answer' THEN q.answered_serial ELSE q.serial END \
                 FROM rights_request AS q WHERE q.id = ?1",
            );
            let query = query
                .bind(id.as_bytes().as_slice())
                .bind(row.place)
                .bind(row.author.code())
                .bind(row.kind.code())
                .bind(row.at.as_micros())
                .bind(row.epoch)
                .bind(&row.sealed);
            self.change_one("rights_words", query).await?;
        }
        let query = query(
            "UPDATE rights_request SET words = '', answer = CASE WHEN answer IS NULL THEN NULL ELSE '' END \
             WHERE id = ?1",
        );
        self.change_one("rights_request", query.bind(id.as_bytes().as_slice()))
            .await
    }

    async fn note_own_access(
        &mut self,
        who: ParticipantId,
        scope: OwnScope,
        day: Date,
        serial: Serial,
    ) -> Result<(), StoreError> {
        let query = query("INSERT INTO own_access (participant, scope, day, serial) VALUES (?1, ?2, ?3, ?4)");
        let query = query
            .bind(who.as_bytes().as_slice())
            .bind(scope.code())
            .bind(day.to_string())
            .bind(stored(serial.0)?);
        self.change_one("own_access", query).await
    }
}

fn request(row: &SqliteRow) -> Result<RightsRow, StoreError> {
    let taken: Option<OfficerId> = row.id_or_null("rights_request.taken_by")?;
    let answered: Option<OfficerId> = row.id_or_null("rights_request.answered_by")?;
    let state = match (answered, taken) {
        (Some(by), _) => RightsState::Answered {
            by,
            at: row.instant("rights_request.answered_at_us")?,
            answer: row.text("rights_request.answer")?,
        },
        (None, Some(by)) => RightsState::InProgress {
            by,
            at: row.instant("rights_request.taken_at_us")?,
        },
        (None, None) => RightsState::Received,
    };
    Ok(RightsRow {
        request: RightsRequest {
            id: row.id("rights_request.id")?,
            participant: row.id("rights_request.participant")?,
            right: row.code("rights_request.asked", Right::from_code)?,
            words: row.text("rights_request.words")?,
            received_at: row.instant("rights_request.received_at_us")?,
            due_on: row.code("rights_request.due_on", |text| text.parse().ok())?,
            extended_at: row.instant_or_null("rights_request.extended_at_us")?,
            paused_at: row.instant_or_null("rights_request.paused_at_us")?,
            paused_days: row.number("rights_request.paused_days")?,
            state,
        },
        received_leaf: row.number("record.received_leaf")?,
        taken_leaf: row.number_or_null("record.taken_leaf")?,
        answered_leaf: row.number_or_null("record.answered_leaf")?,
    })
}
