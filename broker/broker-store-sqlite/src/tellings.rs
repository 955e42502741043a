//! What recipients and staff are told and need not answer.

use async_trait::async_trait;
use broker_domain::ids::{ApplicationId, NoticeId, OfficerId, OrganisationId, ParticipantId};
use broker_domain::time::Instant;
use broker_store::{
    Addressee, Channel, StoreError, StuckRow, TellingBody, TellingCounts, TellingEnd, TellingReads,
    TellingRow, TellingWrites,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl TellingReads for SqliteTx {
    async fn telling(&mut self, id: NoticeId) -> Result<Option<TellingRow>, StoreError> {
        let query = query(
            "SELECT id, participant, organisation, application, body, queued_at_us, due_at_us, attempts \
             FROM telling WHERE id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), telling).await
    }

    async fn tellings_due(
        &mut self,
        channel: Channel,
        now: Instant,
        each: u32,
        limit: u32,
    ) -> Result<Vec<TellingRow>, StoreError> {
        let query = query(
            "SELECT id, participant, organisation, application, body, queued_at_us, due_at_us, attempts \
             FROM telling WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER \
                     (PARTITION BY organisation, application ORDER BY queued_at_us, id) AS place \
                 FROM telling WHERE ended IS NULL AND due_at_us <= ?1 AND (application IS NULL) = ?2) \
                 WHERE place <= ?3) \
             ORDER BY queued_at_us, id LIMIT ?4",
        );
        let query = query
            .bind(now.as_micros())
            .bind(channel == Channel::Letter)
            .bind(each)
            .bind(limit);
        self.all(query, telling).await
    }

    async fn tellings_begun(
        &mut self,
        after: Option<NoticeId>,
        limit: u32,
    ) -> Result<Vec<(NoticeId, u32)>, StoreError> {
        let query = query(
            "SELECT id, attempts FROM telling WHERE attempts > 0 AND application IS NULL \
                 AND (?1 IS NULL OR id > ?1) \
             ORDER BY id LIMIT ?2",
        );
        let query = query.bind(after.map(|id| id.as_bytes().to_vec())).bind(limit);
        self.all(query, |row| {
            Ok((row.id("telling.id")?, row.number("telling.attempts")?))
        })
        .await
    }

    async fn tellings_stuck(&mut self, attempts: u32, limit: u32) -> Result<Vec<StuckRow>, StoreError> {
        let query = query(
            "SELECT id, participant, organisation, application, body, queued_at_us, due_at_us, attempts, ended_at_us \
             FROM telling WHERE participant IS NULL AND organisation IS NOT NULL AND handled_at_us IS NULL \
                 AND (ended = 'given-up' OR (ended IS NULL AND attempts >= ?1)) AND body <> x'' \
             ORDER BY queued_at_us, id LIMIT ?2",
        );
        self.all(query.bind(attempts).bind(limit), |row| {
            Ok(StuckRow {
                telling: telling(row)?,
                given_up_at: row.instant_or_null("telling.ended_at_us")?,
            })
        })
        .await
    }

    async fn telling_counts(&mut self) -> Result<TellingCounts, StoreError> {
        let query = query(
            "SELECT COUNT(*) FILTER (WHERE ended IS NULL AND attempts = 0) AS waiting, \
                    COUNT(*) FILTER (WHERE ended IS NULL AND attempts > 0) AS retrying, \
                    COUNT(*) FILTER (WHERE ended = 'given-up') AS given_up, \
                    COUNT(*) FILTER (WHERE ended = 'told') AS told \
             FROM telling WHERE organisation IS NOT NULL",
        );
        let counts = self.one(query, |row| {
            Ok(TellingCounts {
                waiting: row.number("telling.waiting")?,
                retrying: row.number("telling.retrying")?,
                given_up: row.number("telling.given_up")?,
                told: row.number("telling.told")?,
            })
        });
        Ok(counts.await?.unwrap_or_default())
    }
}

#[async_trait]
impl TellingWrites for SqliteTx {
    async fn add_telling(&mut self, row: &TellingRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO telling (id, participant, organisation, application, body, queued_at_us, due_at_us, \
                 attempts, ended, ended_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, NULL) ON CONFLICT (id) DO NOTHING",
        );
        let (about, body) = match &row.body {
            TellingBody::About(who, body) => (Some(who.as_bytes().to_vec()), body),
            TellingBody::Sealed(body) => (None, body),
        };
        let (organisation, application) = match row.to {
            Addressee::Application(organisation, application) => (Some(organisation), Some(application)),
            Addressee::Organisation(organisation) => (Some(organisation), None),
            Addressee::Staff => (None, None),
        };
        let query = query
            .bind(row.id.as_bytes().as_slice())
            .bind(about)
            .bind(organisation.map(|id| id.as_bytes().to_vec()))
            .bind(application.map(|id| id.as_bytes().to_vec()))
            .bind(body)
            .bind(row.queued_at.as_micros())
            .bind(row.due_at.as_micros())
            .bind(row.attempts);
        self.change("telling", query).await.map(|_| ())
    }

    async fn begin_telling(&mut self, id: NoticeId, retry_at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE telling SET attempts = attempts + 1, due_at_us = ?2 WHERE id = ?1 AND ended IS NULL",
        );
        let query = query.bind(id.as_bytes().as_slice()).bind(retry_at.as_micros());
        self.change_one("telling", query).await
    }

    async fn end_telling(&mut self, id: NoticeId, end: TellingEnd, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE telling SET ended = ?2, ended_at_us = ?3, \
                 body = CASE WHEN participant IS NULL AND organisation IS NOT NULL AND ?2 = 'given-up' \
                     THEN body ELSE x'' END \
             WHERE id = ?1 AND ended IS NULL",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(end.code())
            .bind(at.as_micros());
        self.change_one("telling", query).await
    }

    async fn handle_telling(&mut self, id: NoticeId, by: OfficerId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE telling SET handled_at_us = ?3, handled_by = ?2, body = x'', \
                 ended = COALESCE(ended, 'given-up'), ended_at_us = COALESCE(ended_at_us, ?3) \
             WHERE id = ?1 AND participant IS NULL AND organisation IS NOT NULL AND handled_at_us IS NULL \
                 AND (ended IS NULL OR ended = 'given-up')",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(by.as_bytes().as_slice())
            .bind(at.as_micros());
        self.change_one("telling", query).await
    }

    async fn drop_tellings(&mut self, before: Instant) -> Result<(), StoreError> {
        // What waits for an officer still has its body.
        let query = query("DELETE FROM telling WHERE ended IS NOT NULL AND ended_at_us < ?1 AND body = x''");
        self.change("telling", query.bind(before.as_micros()))
            .await
            .map(|_| ())
    }
}

fn telling(row: &SqliteRow) -> Result<TellingRow, StoreError> {
    let about: Option<ParticipantId> = row.id_or_null("telling.participant")?;
    let organisation: Option<OrganisationId> = row.id_or_null("telling.organisation")?;
    let application: Option<ApplicationId> = row.id_or_null("telling.application")?;
    let body = row.bytes("telling.body")?;
    Ok(TellingRow {
        id: row.id("telling.id")?,
        to: match (organisation, application) {
            (Some(organisation), Some(application)) => Addressee::Application(organisation, application),
            (Some(organisation), None) => Addressee::Organisation(organisation),
            (None, _) => Addressee::Staff,
        },
        body: match about {
            Some(who) => TellingBody::About(who, body),
            None => TellingBody::Sealed(body),
        },
        queued_at: row.instant("telling.queued_at_us")?,
        due_at: row.instant("telling.due_at_us")?,
        attempts: row.number("telling.attempts")?,
    })
}
