//! Gateways and enrolment codes.

use async_trait::async_trait;
use broker_domain::gateway::{FieldClass, Gateway, Measuring, Settings};
use broker_domain::ids::{GatewayId, ParticipantId};
use broker_domain::time::Instant;
use broker_store::{EnrolmentCode, GatewayReads, GatewayRow, GatewayWrites, StoreError};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl GatewayReads for SqliteTx {
    async fn gateway(&mut self, id: GatewayId) -> Result<Option<GatewayRow>, StoreError> {
        let query = query(
            "SELECT id, participant, point, public_key, settings_version, measuring, fields, step_s, \
                 enrolled_at_us, last_seen_at_us \
             FROM gateway WHERE id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), gateway).await
    }

    async fn gateways_of(&mut self, participant: ParticipantId) -> Result<Vec<GatewayRow>, StoreError> {
        let query = query(
            "SELECT id, participant, point, public_key, settings_version, measuring, fields, step_s, \
                 enrolled_at_us, last_seen_at_us \
             FROM gateway WHERE participant = ?1 ORDER BY enrolled_at_us, id",
        );
        self.all(query.bind(participant.as_bytes().as_slice()), gateway)
            .await
    }

    async fn enrolment_code(&mut self, code_hash: [u8; 32]) -> Result<Option<EnrolmentCode>, StoreError> {
        let query = query(
            "SELECT code_hash, participant, point, expires_at_us, used_by \
             FROM enrolment_code WHERE code_hash = ?1",
        );
        self.one(query.bind(code_hash.as_slice()), enrolment_code).await
    }
}

#[async_trait]
impl GatewayWrites for SqliteTx {
    async fn add_enrolment_code(&mut self, code: &EnrolmentCode) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO enrolment_code (code_hash, participant, point, expires_at_us, used_by) \
             SELECT ?1, ?2, ?3, ?4, ?5 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?2)",
        );
        let query = query
            .bind(code.code_hash.as_slice())
            .bind(code.participant.as_bytes().as_slice())
            .bind(code.point.as_bytes().as_slice())
            .bind(code.expires_at.as_micros())
            .bind(code.used_by.map(|id| id.as_bytes().to_vec()));
        self.change_one("enrolment_code", query).await
    }

    async fn use_enrolment_code(&mut self, code_hash: [u8; 32], by: GatewayId) -> Result<(), StoreError> {
        let query = query("UPDATE enrolment_code SET used_by = ?2 WHERE code_hash = ?1 AND used_by IS NULL");
        let query = query.bind(code_hash.as_slice()).bind(by.as_bytes().as_slice());
        self.change_one("enrolment_code", query).await
    }

    async fn add_gateway(&mut self, row: &GatewayRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO gateway (id, participant, point, public_key, settings_version, measuring, fields, \
                 step_s, enrolled_at_us, last_seen_at_us) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?2)",
        );
        let gateway = &row.gateway;
        let query = query
            .bind(gateway.id.as_bytes().as_slice())
            .bind(gateway.participant.as_bytes().as_slice())
            .bind(gateway.point.as_bytes().as_slice())
            .bind(gateway.public_key.as_slice())
            .bind(gateway.settings.version)
            .bind(measuring_code(gateway.settings.measuring))
            .bind(field_codes(&gateway.settings.fields))
            .bind(gateway.settings.step.seconds())
            .bind(row.enrolled_at.as_micros())
            .bind(row.last_seen_at.map(Instant::as_micros));
        self.change_one("gateway", query).await
    }

    async fn set_gateway_settings(&mut self, id: GatewayId, settings: &Settings) -> Result<(), StoreError> {
        let query = query(
            "UPDATE gateway SET settings_version = ?2, measuring = ?3, fields = ?4, step_s = ?5 \
             WHERE id = ?1 AND settings_version = ?2 - 1",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(settings.version)
            .bind(measuring_code(settings.measuring))
            .bind(field_codes(&settings.fields))
            .bind(settings.step.seconds());
        self.change_one("gateway", query).await
    }

    async fn touch_gateway(&mut self, id: GatewayId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE gateway SET last_seen_at_us = MAX(COALESCE(last_seen_at_us, ?2), ?2) WHERE id = ?1",
        );
        let query = query.bind(id.as_bytes().as_slice()).bind(at.as_micros());
        self.change_one("gateway", query).await
    }
}

pub(crate) fn gateway(row: &SqliteRow) -> Result<GatewayRow, StoreError> {
    Ok(GatewayRow {
        gateway: Gateway {
            id: row.id("gateway.id")?,
            participant: row.id("gateway.participant")?,
            point: row.id("gateway.point")?,
            public_key: row.array("gateway.public_key")?,
            settings: Settings {
                version: row.number("gateway.settings_version")?,
                measuring: row.code("gateway.measuring", measuring)?,
                fields: row.code("gateway.fields", fields)?,
                step: row.step("gateway.step_s")?,
            },
        },
        enrolled_at: row.instant("gateway.enrolled_at_us")?,
        last_seen_at: row.instant_or_null("gateway.last_seen_at_us")?,
    })
}

fn enrolment_code(row: &SqliteRow) -> Result<EnrolmentCode, StoreError> {
    Ok(EnrolmentCode {
        code_hash: row.array("enrolment_code.code_hash")?,
        participant: row.id("enrolment_code.participant")?,
        point: row.id("enrolment_code.point")?,
        expires_at: row.instant("enrolment_code.expires_at_us")?,
        used_by: row.id_or_null("enrolment_code.used_by")?,
    })
}

const fn measuring_code(measuring: Measuring) -> &'static str {
    match measuring {
        Measuring::On => "on",
        Measuring::Off => "off",
    }
}

fn measuring(code: &str) -> Option<Measuring> {
    match code {
        "on" => Some(Measuring::On),
        "off" => Some(Measuring::Off),
        _ => None,
    }
}

fn field_codes(fields: &[FieldClass]) -> String {
    let codes: Vec<&str> = fields.iter().map(|field| field.code()).collect();
    codes.join(",")
}

fn fields(codes: &str) -> Option<Vec<FieldClass>> {
    if codes.is_empty() {
        return Some(Vec::new());
    }
    codes.split(',').map(FieldClass::from_code).collect()
}
