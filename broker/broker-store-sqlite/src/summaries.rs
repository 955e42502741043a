//! Summaries of a year, and objections to one project of research.

use async_trait::async_trait;
use broker_domain::ids::{ParticipantId, RequestId};
use broker_domain::time::{Instant, Interval};
use broker_store::{ObjectionRow, Serial, StoreError, SummaryReads, SummaryWrites};
use sqlx::query;

use crate::row::{Cells, stored};
use crate::transaction::SqliteTx;

#[async_trait]
impl SummaryReads for SqliteTx {
    async fn summaries_of(&mut self, who: ParticipantId) -> Result<Vec<Interval>, StoreError> {
        let query = query(
            "SELECT from_at_us, until_at_us FROM summary WHERE participant = ?1 ORDER BY until_at_us DESC",
        );
        self.all(query.bind(who.as_bytes().as_slice()), |row| {
            row.interval("summary.from_at_us", "summary.until_at_us")
        })
        .await
    }

    async fn summary_due(&mut self, who: ParticipantId) -> Result<Option<Instant>, StoreError> {
        let query = query("SELECT due_at_us FROM summary_wish WHERE participant = ?1");
        self.one(query.bind(who.as_bytes().as_slice()), |row| {
            row.instant("summary_wish.due_at_us")
        })
        .await
    }

    async fn summaries_due(
        &mut self,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<(ParticipantId, Instant)>, StoreError> {
        let query = query(
            "SELECT participant, due_at_us FROM summary_wish WHERE due_at_us <= ?1 \
             ORDER BY due_at_us, participant LIMIT ?2",
        );
        self.all(query.bind(now.as_micros()).bind(limit), |row| {
            Ok((
                row.id("summary_wish.participant")?,
                row.instant("summary_wish.due_at_us")?,
            ))
        })
        .await
    }

    async fn objections_of(&mut self, who: ParticipantId) -> Result<Vec<ObjectionRow>, StoreError> {
        let query = query(
            "SELECT o.request, o.at_us, r.leaf_index FROM objection AS o \
             CROSS JOIN record AS r ON r.serial = o.serial \
             WHERE o.participant = ?1 ORDER BY o.at_us DESC, o.request",
        );
        self.all(query.bind(who.as_bytes().as_slice()), |row| {
            Ok(ObjectionRow {
                request: row.id("objection.request")?,
                at: row.instant("objection.at_us")?,
                leaf_index: row.number("record.leaf_index")?,
            })
        })
        .await
    }

    async fn objectors(&mut self, request: RequestId) -> Result<Vec<ParticipantId>, StoreError> {
        let query = query("SELECT participant FROM objection WHERE request = ?1 ORDER BY participant");
        self.all(query.bind(request.as_bytes().as_slice()), |row| {
            row.id("objection.participant")
        })
        .await
    }
}

#[async_trait]
impl SummaryWrites for SqliteTx {
    async fn add_summary(&mut self, who: ParticipantId, span: &Interval) -> Result<(), StoreError> {
        // Touches one row whether it was there or not; none, where the person is not known.
        let query = query(
            "INSERT INTO summary (participant, until_at_us, from_at_us) \
             SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?1) \
             ON CONFLICT (participant, until_at_us) DO UPDATE SET from_at_us = from_at_us",
        );
        let query = query
            .bind(who.as_bytes().as_slice())
            .bind(span.end().as_micros())
            .bind(span.start().as_micros());
        self.change_one("summary", query).await
    }

    async fn set_summary_due(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO summary_wish (participant, due_at_us) \
             SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?1) \
             ON CONFLICT (participant) DO UPDATE SET due_at_us = excluded.due_at_us",
        );
        let query = query.bind(who.as_bytes().as_slice()).bind(at.as_micros());
        self.change_one("summary_wish", query).await
    }

    async fn forget_summary_wish(&mut self, who: ParticipantId) -> Result<(), StoreError> {
        let query = query("DELETE FROM summary_wish WHERE participant = ?1");
        let query = query.bind(who.as_bytes().as_slice());
        self.change("summary_wish", query).await.map(|_| ())
    }

    async fn add_objection(
        &mut self,
        who: ParticipantId,
        request: RequestId,
        at: Instant,
        serial: Serial,
    ) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO objection (participant, request, at_us, serial) \
             SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?1)",
        );
        let query = query
            .bind(who.as_bytes().as_slice())
            .bind(request.as_bytes().as_slice())
            .bind(at.as_micros())
            .bind(stored(serial.0)?);
        self.change_one("objection", query).await
    }
}
