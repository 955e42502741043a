//! Transfers and batches.

use async_trait::async_trait;
use broker_domain::ids::{BatchId, ConsentId, GatewayId, ParticipantId, PointId, TransferId};
use broker_domain::time::{Instant, Interval};
use broker_store::{
    BatchRow, Direction, FlowFilter, Outcome, Page, StoreError, TransferReads, TransferRow, TransferWrites,
};

use crate::row::{Cells, bound, stored};
use crate::sql::{Row, query};
use crate::transaction::SqliteTx;

#[async_trait]
impl TransferReads for SqliteTx {
    async fn batch(&mut self, gateway: GatewayId, id: BatchId) -> Result<Option<BatchRow>, StoreError> {
        let query = query(
            "SELECT leaf_index, gateway, id, transfer, participant, point, span_start_at_us, span_end_at_us, \
                 epoch, envelope, sealed \
             FROM batch WHERE gateway = ?1 AND id = ?2",
        );
        let query = query
            .bind(gateway.as_bytes().as_slice())
            .bind(id.as_bytes().as_slice());
        self.one(query, batch)
    }

    /// LIMIT: reads the index from the start of the span to the present, so the oldest days of a point cost most.
    async fn batches_of(&mut self, point: PointId, span: &Interval) -> Result<Vec<BatchRow>, StoreError> {
        let query = query(
            "SELECT leaf_index, gateway, id, transfer, participant, point, span_start_at_us, span_end_at_us, \
                 epoch, envelope, sealed \
             FROM batch \
             WHERE point = ?1 AND span_end_at_us > ?2 AND span_start_at_us < ?3 AND sealed <> x'' \
             ORDER BY span_start_at_us, leaf_index",
        );
        let query = query
            .bind(point.as_bytes().as_slice())
            .bind(span.start().as_micros())
            .bind(span.end().as_micros());
        self.all(query, batch)
    }

    async fn transfer(&mut self, id: TransferId) -> Result<Option<TransferRow>, StoreError> {
        let query = query(
            "SELECT leaf_index, id, direction, participant, point, recipient, purpose, consent, refusal, \
                 span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed \
             FROM transfer WHERE id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), transfer)
    }

    async fn transfer_at(&mut self, leaf_index: u64) -> Result<Option<TransferRow>, StoreError> {
        let query = query(
            "SELECT leaf_index, id, direction, participant, point, recipient, purpose, consent, refusal, \
                 span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed \
             FROM transfer WHERE leaf_index = ?1",
        );
        self.one(query.bind(bound(leaf_index)), transfer)
    }

    async fn transfers_of(&mut self, who: ParticipantId, page: Page) -> Result<Vec<TransferRow>, StoreError> {
        let query = query(
            "SELECT leaf_index, id, direction, participant, point, recipient, purpose, consent, refusal, \
                 span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed \
             FROM transfer WHERE participant = ?1 AND leaf_index < ?2 ORDER BY leaf_index DESC LIMIT ?3",
        );
        let query = query
            .bind(who.as_bytes().as_slice())
            .bind(bound(page.before_leaf))
            .bind(page.limit);
        self.all(query, transfer)
    }

    async fn flows(&mut self, filter: FlowFilter, page: Page) -> Result<Vec<TransferRow>, StoreError> {
        // Each filter is a statement of its own, so that each walks its own partial index.
        let query = match filter {
            FlowFilter::All => query(
                "SELECT leaf_index, id, direction, participant, point, recipient, purpose, consent, refusal, \
                     span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed \
                 FROM transfer WHERE leaf_index < ?1 ORDER BY leaf_index DESC LIMIT ?2",
            ),
            FlowFilter::In => query(
                "SELECT leaf_index, id, direction, participant, point, recipient, purpose, consent, refusal, \
                     span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed \
                 FROM transfer WHERE direction = 'in' AND refusal IS NULL AND leaf_index < ?1 \
                 ORDER BY leaf_index DESC LIMIT ?2",
            ),
            FlowFilter::Out => query(
                "SELECT leaf_index, id, direction, participant, point, recipient, purpose, consent, refusal, \
                     span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed \
                 FROM transfer WHERE direction = 'out' AND refusal IS NULL AND leaf_index < ?1 \
                 ORDER BY leaf_index DESC LIMIT ?2",
            ),
            FlowFilter::Refused => query(
                "SELECT leaf_index, id, direction, participant, point, recipient, purpose, consent, refusal, \
                     span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed \
                 FROM transfer WHERE refusal IS NOT NULL AND leaf_index < ?1 \
                 ORDER BY leaf_index DESC LIMIT ?2",
            ),
        };
        self.all(query.bind(bound(page.before_leaf)).bind(page.limit), transfer)
    }

    async fn uses_of(&mut self, consent: ConsentId) -> Result<(u64, Option<Instant>), StoreError> {
        let query = query(
            "SELECT COUNT(*) AS uses, MAX(at_us) AS at_us FROM transfer \
             WHERE consent = ?1 AND refusal IS NULL",
        );
        let uses = self.one(query.bind(consent.as_bytes().as_slice()), |row| {
            Ok((
                row.number("transfer.uses")?,
                row.instant_or_null("transfer.at_us")?,
            ))
        })?;
        Ok(uses.unwrap_or((0, None)))
    }
}

#[async_trait]
impl TransferWrites for SqliteTx {
    async fn add_transfer(&mut self, row: &TransferRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO transfer (leaf_index, id, direction, participant, point, recipient, purpose, \
                 consent, refusal, span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?4 AND erased_at_us IS NULL)",
        );
        let refusal = match &row.outcome {
            Outcome::Done => None,
            Outcome::Refused { code } => Some(code.clone()),
        };
        let query = query
            .bind(stored(row.leaf_index)?)
            .bind(row.id.as_bytes().as_slice())
            .bind(direction_code(row.direction))
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.point.as_bytes().as_slice())
            .bind(row.recipient.map(|id| id.as_bytes().to_vec()))
            .bind(row.purpose.as_ref().map(|purpose| purpose.as_str().to_owned()))
            .bind(row.consent.map(|id| id.as_bytes().to_vec()))
            .bind(refusal)
            .bind(row.span.start().as_micros())
            .bind(row.span.end().as_micros())
            .bind(row.step.map(broker_domain::time::Step::seconds))
            .bind(row.rows)
            .bind(row.at.as_micros())
            .bind(&row.sealed);
        self.change_one("transfer", query)
    }

    async fn add_batch(&mut self, row: &BatchRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO batch (leaf_index, gateway, id, transfer, participant, point, span_start_at_us, \
                 span_end_at_us, epoch, envelope, sealed) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?5 AND erased_at_us IS NULL)",
        );
        let query = query
            .bind(stored(row.leaf_index)?)
            .bind(row.gateway.as_bytes().as_slice())
            .bind(row.id.as_bytes().as_slice())
            .bind(row.transfer.as_bytes().as_slice())
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.point.as_bytes().as_slice())
            .bind(row.span.start().as_micros())
            .bind(row.span.end().as_micros())
            .bind(row.epoch)
            .bind(row.envelope.0.as_slice())
            .bind(&row.sealed);
        self.change_one("batch", query)
    }
}

fn transfer(row: &Row<'_>) -> Result<TransferRow, StoreError> {
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
        leaf_index: row.number("transfer.leaf_index")?,
        sealed: row.bytes("transfer.sealed")?,
    })
}

fn batch(row: &Row<'_>) -> Result<BatchRow, StoreError> {
    Ok(BatchRow {
        id: row.id("batch.id")?,
        gateway: row.id("batch.gateway")?,
        transfer: row.id("batch.transfer")?,
        participant: row.id("batch.participant")?,
        point: row.id("batch.point")?,
        span: row.interval("batch.span_start_at_us", "batch.span_end_at_us")?,
        epoch: row.number("batch.epoch")?,
        envelope: row.digest("batch.envelope")?,
        sealed: row.bytes("batch.sealed")?,
        leaf_index: row.number("batch.leaf_index")?,
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
