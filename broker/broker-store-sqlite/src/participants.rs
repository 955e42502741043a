//! People, their points and their wrapped keys.

use async_trait::async_trait;
use broker_domain::consent::{Departure, Occupancy};
use broker_domain::ids::{ParticipantId, PointId};
use broker_store::{
    ParticipantReads, ParticipantRow, ParticipantWrites, PointRow, StoreError, WrappedKeyRow,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

/// The columns of a point, and what the statement goes on with.
macro_rules! points {
    ($rest:literal) => {
        concat!(
            "SELECT id, participant, created_at_us, number_index, number_sealed, left_at_us, left_known_at_us, \
                 held_since_us \
             FROM point ",
            $rest
        )
    };
}

pub(crate) use points;

#[async_trait]
impl ParticipantReads for SqliteTx {
    async fn participant(&mut self, id: ParticipantId) -> Result<Option<ParticipantRow>, StoreError> {
        let query = query(
            "SELECT ordinal, id, language, created_at_us, profile_sealed \
             FROM participant WHERE id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), participant).await
    }

    async fn participants(&mut self, after: u32, limit: u32) -> Result<Vec<ParticipantRow>, StoreError> {
        let query = query(
            "SELECT ordinal, id, language, created_at_us, profile_sealed \
             FROM participant WHERE ordinal > ?1 ORDER BY ordinal LIMIT ?2",
        );
        self.all(query.bind(after).bind(limit), participant).await
    }

    async fn participant_count(&mut self) -> Result<u32, StoreError> {
        let query = query("SELECT count(*) AS n FROM participant");
        let count = self.one(query, |row| row.number("participant.n")).await?;
        Ok(count.unwrap_or_default())
    }

    async fn point(&mut self, id: PointId) -> Result<Option<PointRow>, StoreError> {
        let query = query(points!("WHERE id = ?1"));
        self.one(query.bind(id.as_bytes().as_slice()), point).await
    }

    async fn points_of(&mut self, participant: ParticipantId) -> Result<Vec<PointRow>, StoreError> {
        let query = query(points!("WHERE participant = ?1 ORDER BY created_at_us, id"));
        self.all(query.bind(participant.as_bytes().as_slice()), point)
            .await
    }

    async fn newest_key(&mut self, participant: ParticipantId) -> Result<Option<WrappedKeyRow>, StoreError> {
        let query = query(
            "SELECT participant, epoch, wrapped FROM wrapped_key \
             WHERE participant = ?1 ORDER BY epoch DESC LIMIT 1",
        );
        self.one(query.bind(participant.as_bytes().as_slice()), wrapped_key)
            .await
    }

    async fn key(
        &mut self,
        participant: ParticipantId,
        epoch: u32,
    ) -> Result<Option<WrappedKeyRow>, StoreError> {
        let query = query(
            "SELECT participant, epoch, wrapped FROM wrapped_key WHERE participant = ?1 AND epoch = ?2",
        );
        self.one(
            query.bind(participant.as_bytes().as_slice()).bind(epoch),
            wrapped_key,
        )
        .await
    }
}

#[async_trait]
impl ParticipantWrites for SqliteTx {
    async fn add_participant(&mut self, row: &ParticipantRow) -> Result<u32, StoreError> {
        let next = query(
            "INSERT INTO counter (name, newest) VALUES ('ordinal', 1) \
             ON CONFLICT (name) DO UPDATE SET newest = newest + 1",
        );
        self.change_one("counter", next).await?;
        let given = query("SELECT newest FROM counter WHERE name = 'ordinal'");
        let ordinal: u32 = self
            .one(given, |row| row.number("counter.newest"))
            .await?
            .ok_or(StoreError::Conflict { table: "counter" })?;
        let add = query(
            "INSERT INTO participant (ordinal, id, language, created_at_us, profile_sealed) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        let add = add
            .bind(ordinal)
            .bind(row.id.as_bytes().as_slice())
            .bind(&row.language)
            .bind(row.created_at.as_micros())
            .bind(&row.profile_sealed);
        self.change_one("participant", add).await?;
        Ok(ordinal)
    }

    async fn add_point(&mut self, row: &PointRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO point (id, participant, created_at_us, number_index, number_sealed) \
             SELECT ?1, ?2, ?3, ?4, ?5 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?2)",
        );
        let query = query
            .bind(row.id.as_bytes().as_slice())
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.created_at.as_micros())
            .bind(row.number_index.as_slice())
            .bind(&row.number_sealed);
        self.change_one("point", query).await
    }

    async fn add_key(&mut self, row: &WrappedKeyRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO wrapped_key (participant, epoch, wrapped) \
             SELECT ?1, ?2, ?3 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?1)",
        );
        let query = query
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.epoch)
            .bind(&row.wrapped);
        self.change_one("wrapped_key", query).await
    }

    async fn erase_participant(&mut self, id: ParticipantId) -> Result<(), StoreError> {
        self.erase(id).await
    }
}

fn participant(row: &SqliteRow) -> Result<ParticipantRow, StoreError> {
    Ok(ParticipantRow {
        id: row.id("participant.id")?,
        ordinal: row.number("participant.ordinal")?,
        language: row.text("participant.language")?,
        profile_sealed: row.bytes("participant.profile_sealed")?,
        created_at: row.instant("participant.created_at_us")?,
    })
}

pub(crate) fn point(row: &SqliteRow) -> Result<PointRow, StoreError> {
    Ok(PointRow {
        id: row.id("point.id")?,
        participant: row.id("point.participant")?,
        number_index: row.array("point.number_index")?,
        number_sealed: row.bytes("point.number_sealed")?,
        created_at: row.instant("point.created_at_us")?,
        occupancy: occupancy(row)?,
    })
}

/// What is known of the end of an occupancy; the table sees to it that a departure has both its instants.
pub(crate) fn occupancy(row: &SqliteRow) -> Result<Occupancy, StoreError> {
    let departure = match row.instant_or_null("point.left_at_us")? {
        None => None,
        Some(at) => Some(Departure {
            at,
            known_at: row.instant("point.left_known_at_us")?,
        }),
    };
    Ok(Occupancy {
        departure,
        held_since: row.instant_or_null("point.held_since_us")?,
    })
}

pub(crate) fn wrapped_key(row: &SqliteRow) -> Result<WrappedKeyRow, StoreError> {
    Ok(WrappedKeyRow {
        participant: row.id("wrapped_key.participant")?,
        epoch: row.number("wrapped_key.epoch")?,
        wrapped: row.bytes("wrapped_key.wrapped")?,
    })
}
