//! Transfers and batches.

use async_trait::async_trait;
use broker_domain::ids::{BatchId, ConsentId, GatewayId, ParticipantId, PointId, TransferId};
use broker_domain::time::{Instant, Interval};
use broker_store::{
    BatchRow, Direction, FlowFilter, Outcome, Page, Serial, StoreError, TransferReads, TransferRow,
    TransferWrites,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::{Cells, bound, stored};
use crate::transaction::SqliteTx;

/// The columns of a transfer with the places of its leaves, and what the statement goes on with.
macro_rules! transfers {
    ($rest:literal) => {
        concat!(
            "SELECT t.serial, t.id, t.direction, t.participant, t.point, t.recipient, t.recipient_serial, t.purpose, \
                 t.consent, t.refusal, t.span_start_at_us, t.span_end_at_us, t.step_s, t.value_count, t.at_us, \
                 t.sealed, r.leaf_index, c.leaf_index AS recipient_leaf \
             FROM transfer AS t \
             CROSS JOIN record AS r ON r.serial = t.serial \
             LEFT JOIN record AS c ON c.serial = t.recipient_serial ",
            $rest
        )
    };
}

/// The columns of a batch with its transfer and the place of its leaf.
macro_rules! batches {
    ($rest:literal) => {
        concat!(
            "SELECT b.serial, b.gateway, b.id, b.participant, b.point, b.span_start_at_us, b.span_end_at_us, \
                 b.epoch, b.envelope, b.sealed, t.id AS transfer, r.leaf_index \
             FROM batch AS b \
             CROSS JOIN transfer AS t ON t.serial = b.serial \
             CROSS JOIN record AS r ON r.serial = b.serial ",
            $rest
        )
    };
}

pub(crate) use batches;

// Serials are in the order of the leaves, so a page that ends before a leaf ends before the first record from there on.
#[async_trait]
impl TransferReads for SqliteTx {
    async fn batch(&mut self, gateway: GatewayId, id: BatchId) -> Result<Option<BatchRow>, StoreError> {
        let query = query(batches!("WHERE b.gateway = ?1 AND b.id = ?2"));
        let query = query
            .bind(gateway.as_bytes().as_slice())
            .bind(id.as_bytes().as_slice());
        self.one(query, batch).await
    }

    /// LIMIT: reads the index from the start of the span to the present, so the oldest days of a point cost most.
    async fn batches_of(&mut self, point: PointId, span: &Interval) -> Result<Vec<BatchRow>, StoreError> {
        let query = query(batches!(
            "WHERE b.point = ?1 AND b.span_end_at_us > ?2 AND b.span_start_at_us < ?3 AND b.sealed <> x'' \
             ORDER BY b.span_start_at_us, b.serial"
        ));
        let query = query
            .bind(point.as_bytes().as_slice())
            .bind(span.start().as_micros())
            .bind(span.end().as_micros());
        self.all(query, batch).await
    }

    async fn transfer(&mut self, id: TransferId) -> Result<Option<TransferRow>, StoreError> {
        let query = query(transfers!("WHERE t.id = ?1"));
        self.one(query.bind(id.as_bytes().as_slice()), transfer).await
    }

    async fn transfer_at(&mut self, leaf_index: u64) -> Result<Option<TransferRow>, StoreError> {
        let query = query(transfers!(
            "WHERE t.serial = (SELECT serial FROM record WHERE leaf_index = ?1)"
        ));
        self.one(query.bind(bound(leaf_index)), transfer).await
    }

    async fn transfers_of(&mut self, who: ParticipantId, page: Page) -> Result<Vec<TransferRow>, StoreError> {
        let query = query(transfers!(
            "WHERE t.participant = ?1 AND t.serial < COALESCE( \
                 (SELECT serial FROM record WHERE leaf_index >= ?2 ORDER BY leaf_index LIMIT 1), \
                 9223372036854775807) \
             ORDER BY t.serial DESC LIMIT ?3"
        ));
        let query = query
            .bind(who.as_bytes().as_slice())
            .bind(bound(page.before_leaf))
            .bind(page.limit);
        self.all(query, transfer).await
    }

    async fn flows(&mut self, filter: FlowFilter, page: Page) -> Result<Vec<TransferRow>, StoreError> {
        // Each filter is a statement of its own, so that each walks its own partial index.
        let query = query(match filter {
            FlowFilter::All => transfers!(
                "WHERE t.serial < COALESCE( \
                     (SELECT serial FROM record WHERE leaf_index >= ?1 ORDER BY leaf_index LIMIT 1), \
                     9223372036854775807) \
                 ORDER BY t.serial DESC LIMIT ?2"
            ),
            FlowFilter::In => transfers!(
                "WHERE t.direction = 'in' AND t.refusal IS NULL AND t.serial < COALESCE( \
                     (SELECT serial FROM record WHERE leaf_index >= ?1 ORDER BY leaf_index LIMIT 1), \
                     9223372036854775807) \
                 ORDER BY t.serial DESC LIMIT ?2"
            ),
            FlowFilter::Out => transfers!(
                "WHERE t.direction = 'out' AND t.refusal IS NULL AND t.serial < COALESCE( \
                     (SELECT serial FROM record WHERE leaf_index >= ?1 ORDER BY leaf_index LIMIT 1), \
                     9223372036854775807) \
                 ORDER BY t.serial DESC LIMIT ?2"
            ),
            FlowFilter::Refused => transfers!(
                "WHERE t.refusal IS NOT NULL AND t.serial < COALESCE( \
                     (SELECT serial FROM record WHERE leaf_index >= ?1 ORDER BY leaf_index LIMIT 1), \
                     9223372036854775807) \
                 ORDER BY t.serial DESC LIMIT ?2"
            ),
        });
        self.all(query.bind(bound(page.before_leaf)).bind(page.limit), transfer)
            .await
    }

    async fn was_used(&mut self, consent: ConsentId) -> Result<bool, StoreError> {
        let query = query("SELECT 1 AS used FROM transfer WHERE consent = ?1 AND refusal IS NULL LIMIT 1");
        let query = query.bind(consent.as_bytes().as_slice());
        let used: Option<i64> = self.one(query, |row| row.number("transfer.used")).await?;
        Ok(used.is_some())
    }

    async fn uses_of(&mut self, consent: ConsentId) -> Result<(u64, Option<Instant>), StoreError> {
        let query = query(
            "SELECT COUNT(*) AS uses, MAX(at_us) AS at_us FROM transfer \
             WHERE consent = ?1 AND refusal IS NULL",
        );
        let uses = self
            .one(query.bind(consent.as_bytes().as_slice()), |row| {
                Ok((
                    row.number("transfer.uses")?,
                    row.instant_or_null("transfer.at_us")?,
                ))
            })
            .await?;
        Ok(uses.unwrap_or((0, None)))
    }
}

#[async_trait]
impl TransferWrites for SqliteTx {
    async fn add_transfer(&mut self, row: &TransferRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO transfer (serial, id, direction, participant, point, recipient, recipient_serial, \
                 purpose, consent, refusal, span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?4)",
        );
        let refusal = match &row.outcome {
            Outcome::Done => None,
            Outcome::Refused { code } => Some(code),
        };
        let query = query
            .bind(stored(row.serial.0)?)
            .bind(row.id.as_bytes().as_slice())
            .bind(direction_code(row.direction))
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.point.as_bytes().as_slice())
            .bind(row.recipient.as_ref().map(|id| id.as_bytes().as_slice()))
            .bind(row.recipient_serial.map(|serial| stored(serial.0)).transpose()?)
            .bind(row.purpose.as_ref().map(|purpose| purpose.as_str()))
            .bind(row.consent.as_ref().map(|id| id.as_bytes().as_slice()))
            .bind(refusal)
            .bind(row.span.start().as_micros())
            .bind(row.span.end().as_micros())
            .bind(row.step.map(broker_domain::time::Step::seconds))
            .bind(row.rows)
            .bind(row.at.as_micros())
            .bind(&row.sealed);
        self.change_one("transfer", query).await
    }

    async fn add_batch(&mut self, row: &BatchRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO batch (serial, gateway, id, participant, point, span_start_at_us, span_end_at_us, epoch, \
                 envelope, sealed) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?4)",
        );
        let query = query
            .bind(stored(row.serial.0)?)
            .bind(row.gateway.as_bytes().as_slice())
            .bind(row.id.as_bytes().as_slice())
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.point.as_bytes().as_slice())
            .bind(row.span.start().as_micros())
            .bind(row.span.end().as_micros())
            .bind(row.epoch)
            .bind(row.envelope.0.as_slice())
            .bind(&row.sealed);
        self.change_one("batch", query).await
    }
}

fn transfer(row: &SqliteRow) -> Result<TransferRow, StoreError> {
    let refusal: Option<String> = row.cell("transfer.refusal")?;
    let has_purpose: Option<&str> = row.cell("transfer.purpose")?;
    Ok(TransferRow {
        id: row.id("transfer.id")?,
        direction: row.code("transfer.direction", direction)?,
        participant: row.id("transfer.participant")?,
        point: row.id("transfer.point")?,
        recipient: row.id_or_null("transfer.recipient")?,
        purpose: has_purpose.map(|_| row.purpose("transfer.purpose")).transpose()?,
        consent: row.id_or_null("transfer.consent")?,
        outcome: refusal.map_or(Outcome::Done, |code| Outcome::Refused { code }),
        span: row.interval("transfer.span_start_at_us", "transfer.span_end_at_us")?,
        step: row.step_or_null("transfer.step_s")?,
        rows: row.number("transfer.value_count")?,
        at: row.instant("transfer.at_us")?,
        serial: Serial(row.number("transfer.serial")?),
        recipient_serial: row.number_or_null("transfer.recipient_serial")?.map(Serial),
        leaf_index: row.number("record.leaf_index")?,
        recipient_leaf: row.number_or_null("record.recipient_leaf")?,
        sealed: row.bytes("transfer.sealed")?,
    })
}

pub(crate) fn batch(row: &SqliteRow) -> Result<BatchRow, StoreError> {
    Ok(BatchRow {
        id: row.id("batch.id")?,
        gateway: row.id("batch.gateway")?,
        serial: Serial(row.number("batch.serial")?),
        transfer: row.id("batch.transfer")?,
        participant: row.id("batch.participant")?,
        point: row.id("batch.point")?,
        span: row.interval("batch.span_start_at_us", "batch.span_end_at_us")?,
        epoch: row.number("batch.epoch")?,
        envelope: row.digest("batch.envelope")?,
        sealed: row.bytes("batch.sealed")?,
        leaf_index: row.number("record.leaf_index")?,
    })
}

const fn direction_code(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
    }
}

fn direction(code: &str) -> Option<Direction> {
    match code {
        "in" => Some(Direction::In),
        "out" => Some(Direction::Out),
        _ => None,
    }
}
