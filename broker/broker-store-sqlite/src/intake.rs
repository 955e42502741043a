//! What the intakes of a group read and write, in few statements.

use async_trait::async_trait;
use broker_domain::consent::Consent;
use broker_domain::ids::{BatchId, GatewayId, ParticipantId, SubjectId};
use broker_domain::time::Instant;
use broker_store::{
    BatchRow, Direction, GatewayRow, InboundRow, IntakeReads, IntakeWrites, Outcome, StoreError, SubjectRow,
    WrappedKeyRow,
};
use sqlx::query;

use crate::consents::consents;
use crate::gateways::gateway;
use crate::ledger::subject;
use crate::participants::wrapped_key;
use crate::row::stored;
use crate::transaction::SqliteTx;
use crate::transfers::{batch, batches};
use crate::values::{eight, sizes};

// SQLite takes no list as a parameter: identifiers go in as one JSON array of hexadecimal text.
#[async_trait]
impl IntakeReads for SqliteTx {
    async fn gateways(&mut self, ids: &[GatewayId]) -> Result<Vec<GatewayRow>, StoreError> {
        let query = query(
            "SELECT g.id, g.participant, g.point, g.public_key, g.settings_version, g.measuring, g.fields, g.step_s, \
                 g.enrolled_at_us, g.last_seen_at_us \
             FROM json_each(?1) AS asked CROSS JOIN gateway AS g ON g.id = unhex(asked.value)",
        );
        self.all(query.bind(list(ids.iter().map(GatewayId::as_bytes))), gateway)
            .await
    }

    async fn consents_of_all(&mut self, participants: &[ParticipantId]) -> Result<Vec<Consent>, StoreError> {
        let query = query(consents!(
            "WHERE c.participant IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY c.id, e.seq"
        ));
        self.consents(query.bind(list(participants.iter().map(ParticipantId::as_bytes))))
            .await
    }

    async fn newest_keys(
        &mut self,
        participants: &[ParticipantId],
    ) -> Result<Vec<WrappedKeyRow>, StoreError> {
        let query = query(
            "SELECT k.participant, k.epoch, k.wrapped \
             FROM json_each(?1) AS asked CROSS JOIN wrapped_key AS k ON k.participant = unhex(asked.value) \
             WHERE k.epoch = (SELECT MAX(epoch) FROM wrapped_key WHERE participant = k.participant)",
        );
        let query = query.bind(list(participants.iter().map(ParticipantId::as_bytes)));
        self.all(query, wrapped_key).await
    }

    async fn batches(&mut self, names: &[(GatewayId, BatchId)]) -> Result<Vec<BatchRow>, StoreError> {
        // Both identifiers side by side, 32 characters each.
        let query = query(batches!(
            "WHERE (b.gateway, b.id) IN \
                 (SELECT unhex(substr(value, 1, 32)), unhex(substr(value, 33)) FROM json_each(?1))"
        ));
        let names = names
            .iter()
            .map(|(gateway, id)| [gateway.as_bytes().as_slice(), id.as_bytes()].concat());
        self.all(query.bind(list(names)), batch).await
    }

    async fn subjects(&mut self, ids: &[SubjectId]) -> Result<Vec<SubjectRow>, StoreError> {
        let query = query(
            "SELECT s.subject, s.newest, s.subject_key \
             FROM json_each(?1) AS asked CROSS JOIN subject_key AS s ON s.subject = unhex(asked.value)",
        );
        self.all(query.bind(list(ids.iter().map(SubjectId::as_bytes))), subject)
            .await
    }
}

/// Adds transfers in.
macro_rules! add_transfers {
    ($values:expr) => {
        concat!(
            "INSERT INTO transfer (serial, id, direction, participant, point, refusal, span_start_at_us, \
                 span_end_at_us, step_s, value_count, at_us, sealed) VALUES ",
            $values
        )
    };
}

/// Adds batches.
macro_rules! add_batches {
    ($values:expr) => {
        concat!(
            "INSERT INTO batch (serial, gateway, id, participant, point, span_start_at_us, span_end_at_us, epoch, \
                 envelope, sealed) VALUES ",
            $values
        )
    };
}

const ADD_TRANSFERS: [(usize, &str); 3] = sizes!(add_transfers, "(?, ?, 'in', ?, ?, ?, ?, ?, ?, ?, ?, x'')");
const ADD_BATCHES: [(usize, &str); 3] = sizes!(add_batches, "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

#[async_trait]
impl IntakeWrites for SqliteTx {
    async fn add_inbound(&mut self, rows: &[InboundRow]) -> Result<(), StoreError> {
        if rows.iter().any(|row| {
            let InboundRow { transfer, batch } = row;
            transfer.direction != Direction::In
                || transfer.serial != batch.serial
                || transfer.participant != batch.participant
                || !transfer.sealed.is_empty()
        }) {
            return Err(StoreError::Conflict { table: "batch" });
        }
        self.in_pieces("transfer", &ADD_TRANSFERS, rows, |mut query, rows| {
            for InboundRow { transfer: row, .. } in rows {
                let refusal = match &row.outcome {
                    Outcome::Done => None,
                    Outcome::Refused { code } => Some(code.clone()),
                };
                query = query
                    .bind(stored(row.serial.0)?)
                    .bind(row.id.as_bytes().to_vec())
                    .bind(row.participant.as_bytes().to_vec())
                    .bind(row.point.as_bytes().to_vec())
                    .bind(refusal)
                    .bind(row.span.start().as_micros())
                    .bind(row.span.end().as_micros())
                    .bind(row.step.map(broker_domain::time::Step::seconds))
                    .bind(row.rows)
                    .bind(row.at.as_micros());
            }
            Ok(query)
        })
        .await?;
        self.in_pieces("batch", &ADD_BATCHES, rows, |mut query, rows| {
            for InboundRow { batch: row, .. } in rows {
                query = query
                    .bind(stored(row.serial.0)?)
                    .bind(row.gateway.as_bytes().to_vec())
                    .bind(row.id.as_bytes().to_vec())
                    .bind(row.participant.as_bytes().to_vec())
                    .bind(row.point.as_bytes().to_vec())
                    .bind(row.span.start().as_micros())
                    .bind(row.span.end().as_micros())
                    .bind(row.epoch)
                    .bind(row.envelope.0.to_vec())
                    .bind(row.sealed.clone());
            }
            Ok(query)
        })
        .await
    }

    async fn touch_gateways(&mut self, seen: &[(GatewayId, Instant)]) -> Result<(), StoreError> {
        let query = query(
            "UPDATE gateway SET last_seen_at_us = MAX(COALESCE(last_seen_at_us, seen.at_us), seen.at_us) \
             FROM (SELECT unhex(value ->> 0) AS id, MAX(value ->> 1) AS at_us FROM json_each(?1) GROUP BY 1) AS seen \
             WHERE gateway.id = seen.id",
        );
        let rows = seen
            .iter()
            .map(|(id, at)| format!("[\"{}\",{}]", hex(id.as_bytes()), at.as_micros()));
        let mut ids: Vec<_> = seen.iter().map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        let touched = self.change("gateway", query.bind(array(rows))).await?;
        if usize::try_from(touched).is_ok_and(|touched| touched == ids.len()) {
            Ok(())
        } else {
            Err(StoreError::Conflict { table: "gateway" })
        }
    }
}

/// A JSON array of hexadecimal text.
fn list<B: AsRef<[u8]>>(items: impl Iterator<Item = B>) -> String {
    array(items.map(|item| format!("\"{}\"", hex(item.as_ref()))))
}

/// A JSON array of JSON values.
pub(crate) fn array(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    format!("[{}]", items.join(","))
}

/// Two lower-case digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
