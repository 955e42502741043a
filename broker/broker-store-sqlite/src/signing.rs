//! What was shown, what waits for a signature, and how each event of a consent came about.

use broker_domain::consent::{EvidenceLevel, How, Method};
use broker_domain::ids::{ConsentId, Digest, OfferId, ParticipantId};
use broker_domain::time::Instant;
use broker_store::{ActRow, IntentRow, ServedRow, StoreError};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

/// How close two visits are one, in microseconds: a page that is looked at again and again writes once a minute.
const ONE_VISIT_US: i64 = 60_000_000;

impl SqliteTx {
    pub(crate) async fn acts_of(&mut self, id: ConsentId) -> Result<Vec<ActRow>, StoreError> {
        let query = query("SELECT seq, method, level FROM consent_act WHERE consent = ?1 ORDER BY seq");
        self.all(query.bind(id.as_bytes().as_slice()), act).await
    }

    pub(crate) async fn asked_at(&mut self, id: ConsentId) -> Result<Option<Instant>, StoreError> {
        let query = query("SELECT asked_at_us FROM consent_request WHERE consent = ?1");
        self.one(query.bind(id.as_bytes().as_slice()), |row| {
            row.instant("consent_request.asked_at_us")
        })
        .await
    }

    pub(crate) async fn served(
        &mut self,
        participant: ParticipantId,
        offer: OfferId,
        notice: Digest,
    ) -> Result<Option<ServedRow>, StoreError> {
        let query = query(
            "SELECT first_at_us, last_at_us FROM notice_served \
             WHERE participant = ?1 AND offer = ?2 AND notice = ?3",
        );
        let query = query
            .bind(participant.as_bytes().as_slice())
            .bind(offer.as_bytes().as_slice())
            .bind(notice.0.as_slice());
        self.one(query, |row| {
            Ok(ServedRow {
                participant,
                offer,
                notice,
                first_at: row.instant("notice_served.first_at_us")?,
                last_at: row.instant("notice_served.last_at_us")?,
            })
        })
        .await
    }

    pub(crate) async fn intent(&mut self, nonce: [u8; 32]) -> Result<Option<IntentRow>, StoreError> {
        let query = query(
            "SELECT nonce, participant, consent, offer, point, notice, asked_at_us, drafted_at_us, intent, draft, \
                 expires_at_us, used_at_us \
             FROM consent_intent WHERE nonce = ?1",
        );
        self.one(query.bind(nonce.as_slice()), intent).await
    }

    pub(crate) async fn add_act(&mut self, id: ConsentId, act: ActRow) -> Result<(), StoreError> {
        let query = query("INSERT INTO consent_act (consent, seq, method, level) VALUES (?1, ?2, ?3, ?4)");
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(act.seq)
            .bind(act.how.method.code())
            .bind(act.how.level.map(EvidenceLevel::code));
        self.change_one("consent_act", query).await
    }

    pub(crate) async fn add_request(&mut self, id: ConsentId, asked_at: Instant) -> Result<(), StoreError> {
        let query = query("INSERT INTO consent_request (consent, asked_at_us) VALUES (?1, ?2)");
        let query = query.bind(id.as_bytes().as_slice()).bind(asked_at.as_micros());
        self.change_one("consent_request", query).await
    }

    pub(crate) async fn serve(
        &mut self,
        participant: ParticipantId,
        offer: OfferId,
        notice: Digest,
        at: Instant,
    ) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO notice_served (participant, offer, notice, first_at_us, last_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?4) \
             ON CONFLICT (participant, offer, notice) DO UPDATE SET last_at_us = ?4 \
             WHERE ?4 > notice_served.last_at_us + ?5",
        );
        let query = query
            .bind(participant.as_bytes().as_slice())
            .bind(offer.as_bytes().as_slice())
            .bind(notice.0.as_slice())
            .bind(at.as_micros())
            .bind(ONE_VISIT_US);
        self.change("notice_served", query).await.map(|_| ())
    }

    pub(crate) async fn add_intent(
        &mut self,
        row: &IntentRow,
        forget: Instant,
        most: u32,
    ) -> Result<(), StoreError> {
        let old = query("DELETE FROM consent_intent WHERE expires_at_us < ?1").bind(forget.as_micros());
        self.change("consent_intent", old).await?;
        let many = query(
            "DELETE FROM consent_intent WHERE participant = ?1 AND nonce NOT IN \
                 (SELECT nonce FROM consent_intent WHERE participant = ?1 \
                  ORDER BY expires_at_us DESC, nonce LIMIT ?2)",
        );
        let many = many
            .bind(row.participant.as_bytes().as_slice())
            .bind(most.saturating_sub(1));
        self.change("consent_intent", many).await?;
        let query = query(
            "INSERT INTO consent_intent (nonce, participant, consent, offer, point, notice, asked_at_us, drafted_at_us, \
                 intent, draft, expires_at_us, used_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        );
        let query = query
            .bind(row.nonce.as_slice())
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.consent.as_bytes().as_slice())
            .bind(row.offer.as_bytes().as_slice())
            .bind(row.point.as_bytes().as_slice())
            .bind(row.notice.0.as_slice())
            .bind(row.asked_at.as_micros())
            .bind(row.drafted_at.as_micros())
            .bind(row.intent.as_slice())
            .bind(row.draft.as_slice())
            .bind(row.expires_at.as_micros())
            .bind(row.used_at.map(Instant::as_micros));
        self.change_one("consent_intent", query).await
    }

    pub(crate) async fn use_intent(&mut self, nonce: [u8; 32], at: Instant) -> Result<(), StoreError> {
        let query =
            query("UPDATE consent_intent SET used_at_us = ?2 WHERE nonce = ?1 AND used_at_us IS NULL");
        self.change_one(
            "consent_intent",
            query.bind(nonce.as_slice()).bind(at.as_micros()),
        )
        .await
    }
}

fn act(row: &SqliteRow) -> Result<ActRow, StoreError> {
    const LEVEL: &str = "consent_act.level";
    let level: Option<String> = row.cell(LEVEL)?;
    let level = level
        .map(|code| EvidenceLevel::from_code(&code).ok_or(StoreError::Corrupt { column: LEVEL }))
        .transpose()?;
    Ok(ActRow {
        seq: row.number("consent_act.seq")?,
        how: How {
            method: row.code("consent_act.method", Method::from_code)?,
            level,
        },
    })
}

fn intent(row: &SqliteRow) -> Result<IntentRow, StoreError> {
    Ok(IntentRow {
        nonce: row.array("consent_intent.nonce")?,
        participant: row.id("consent_intent.participant")?,
        consent: row.id("consent_intent.consent")?,
        offer: row.id("consent_intent.offer")?,
        point: row.id("consent_intent.point")?,
        notice: row.digest("consent_intent.notice")?,
        asked_at: row.instant("consent_intent.asked_at_us")?,
        drafted_at: row.instant("consent_intent.drafted_at_us")?,
        intent: row.bytes("consent_intent.intent")?,
        draft: row.bytes("consent_intent.draft")?,
        expires_at: row.instant("consent_intent.expires_at_us")?,
        used_at: row.instant_or_null("consent_intent.used_at_us")?,
    })
}
