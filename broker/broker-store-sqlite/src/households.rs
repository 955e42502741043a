//! Who lives where a meter is, and until when.

use async_trait::async_trait;
use broker_domain::consent::{Departure, Method};
use broker_domain::ids::{ConsentId, PointId};
use broker_domain::time::Instant;
use broker_store::{HouseholdReads, HouseholdWrites, OccupancyRow, PointRow, StoreError};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, query};

use crate::participants::{point, points};
use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl HouseholdReads for SqliteTx {
    async fn points_of_number(&mut self, number_index: [u8; 32]) -> Result<Vec<PointRow>, StoreError> {
        let query = query(points!("WHERE number_index = ?1 ORDER BY created_at_us, id"));
        self.all(query.bind(number_index.to_vec()), point).await
    }

    async fn departures_due(&mut self, now: Instant, limit: u32) -> Result<Vec<PointRow>, StoreError> {
        let query = query(points!(
            "WHERE left_at_us <= ?1 AND closed_at_us IS NULL ORDER BY left_at_us, id LIMIT ?2"
        ));
        self.all(query.bind(now.as_micros()).bind(limit), point).await
    }

    async fn departure_method(&mut self, point: PointId) -> Result<Option<Method>, StoreError> {
        let query = query("SELECT left_method FROM point WHERE id = ?1");
        Ok(self
            .one(query.bind(point.as_bytes().to_vec()), method)
            .await?
            .flatten())
    }

    async fn occupancies(&mut self, limit: u32) -> Result<Vec<OccupancyRow>, StoreError> {
        // A span ends just after its last reading: the index at the very instant of leaving is the person's own.
        let query = query(
            "SELECT p.id, p.participant, p.created_at_us, p.number_index, p.number_sealed, p.left_at_us, \
                 p.left_known_at_us, p.held_since_us, p.left_method, p.closed_at_us, \
                 (SELECT COUNT(*) FROM batch AS b WHERE b.point = p.id AND b.sealed <> x'' \
                      AND b.span_end_at_us > p.left_at_us + 1) AS quarantined, \
                 (SELECT COUNT(*) FROM transfer AS t WHERE t.participant = p.participant AND t.point = p.id \
                      AND t.direction = 'out' AND t.refusal IS NULL AND t.span_end_at_us > p.left_at_us) AS overtaken \
             FROM point AS p WHERE p.left_at_us IS NOT NULL OR p.held_since_us IS NOT NULL \
             ORDER BY p.held_since_us IS NULL, p.left_at_us DESC, p.id LIMIT ?1",
        );
        self.all(query.bind(limit), occupancy_row).await
    }
}

#[async_trait]
impl HouseholdWrites for SqliteTx {
    async fn set_departure(
        &mut self,
        point: PointId,
        departure: Departure,
        method: Method,
    ) -> Result<(), StoreError> {
        // What the contract told stays what the contract told, also where the person leaves earlier: or she could move it
        // back in a second step. One that moves to earlier is to be closed once more.
        let query = query(
            "UPDATE point SET left_at_us = ?2, left_known_at_us = ?3, held_since_us = NULL, closed_at_us = NULL, \
                 left_method = CASE WHEN left_method = 'upstream' THEN left_method ELSE ?4 END \
             WHERE id = ?1 AND (left_at_us IS NULL \
                 OR (closed_at_us IS NULL AND left_at_us > ?3 \
                     AND (left_method <> 'upstream' OR ?4 = 'upstream' OR ?2 <= left_at_us)) \
                 OR (?4 = 'upstream' AND ?2 < left_at_us))",
        );
        let query = query
            .bind(point.as_bytes().to_vec())
            .bind(departure.at.as_micros())
            .bind(departure.known_at.as_micros())
            .bind(method.code());
        self.change_point(point, query).await
    }

    async fn cancel_departure(&mut self, point: PointId, now: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE point SET left_at_us = NULL, left_known_at_us = NULL, left_method = NULL \
             WHERE id = ?1 AND closed_at_us IS NULL AND left_at_us > ?2 AND left_method <> 'upstream'",
        );
        let query = query.bind(point.as_bytes().to_vec()).bind(now.as_micros());
        self.change_point(point, query).await
    }

    async fn close_occupancy(&mut self, point: PointId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE point SET closed_at_us = ?2 WHERE id = ?1 AND closed_at_us IS NULL AND left_at_us <= ?2",
        );
        let query = query.bind(point.as_bytes().to_vec()).bind(at.as_micros());
        self.change_one("point", query).await
    }

    async fn set_hold(&mut self, point: PointId, since: Option<Instant>) -> Result<(), StoreError> {
        let query = query(
            "UPDATE point SET held_since_us = ?2 \
             WHERE id = ?1 AND left_at_us IS NULL AND (held_since_us IS NULL) = (?2 IS NOT NULL)",
        );
        let query = query
            .bind(point.as_bytes().to_vec())
            .bind(since.map(Instant::as_micros));
        self.change_point(point, query).await
    }
}

impl SqliteTx {
    /// Changes the occupancy of a point. Every consent of the point is another one then, also for whoever knows it by heart.
    async fn change_point(
        &mut self,
        point: PointId,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<(), StoreError> {
        let consents = sqlx::query("SELECT id FROM consent WHERE point = ?1");
        let consents: Vec<ConsentId> = self
            .all(consents.bind(point.as_bytes().to_vec()), |row| {
                row.id("consent.id")
            })
            .await?;
        match self.change_consents_of_point(&consents, query).await? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table: "point" }),
        }
    }
}

fn occupancy_row(row: &SqliteRow) -> Result<OccupancyRow, StoreError> {
    Ok(OccupancyRow {
        point: point(row)?,
        method: method(row)?,
        closed_at: row.instant_or_null("point.closed_at_us")?,
        quarantined: row.number("point.quarantined")?,
        overtaken: row.number("point.overtaken")?,
    })
}

fn method(row: &SqliteRow) -> Result<Option<Method>, StoreError> {
    let column = "point.left_method";
    let code: Option<&str> = row.cell(column)?;
    code.map(|code| Method::from_code(code).ok_or(StoreError::Corrupt { column }))
        .transpose()
}
