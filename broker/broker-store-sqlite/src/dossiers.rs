//! What is done about withdrawals.

use async_trait::async_trait;
use broker_domain::ids::{ApplicationId, ConsentId, DossierId, NoticeId, OrganisationId};
use broker_domain::time::Instant;
use broker_store::{
    AnswerRow, Channel, DossierReads, DossierRow, DossierWrites, Duty, NoticeRow, PastData, RouteRow,
    StoreError,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

/// The columns of a notice and of its dossier, and what the statement goes on with.
macro_rules! notices {
    ($rest:literal) => {
        concat!(
            "SELECT n.id, n.dossier, d.consent, d.participant, d.recipient, d.withdrawn_at_us, d.deletion_asked_at_us, n.application, \
                 n.duty, n.acknowledge_by_at_us, n.due_at_us, n.attempts, n.told_at_us, n.answered_at_us, \
                 n.delete_by_at_us, n.basis, n.answer_digest, n.attested_at_us \
             FROM dossier_notice AS n JOIN dossier AS d ON d.id = n.dossier ",
            $rest
        )
    };
}

#[async_trait]
impl DossierReads for SqliteTx {
    async fn route(&mut self, application: ApplicationId) -> Result<Option<RouteRow>, StoreError> {
        let query =
            query("SELECT application, webhook_url, signing_jwk, duty FROM route WHERE application = ?1");
        self.one(query.bind(application.as_bytes().as_slice()), route)
            .await
    }

    async fn routes_of(&mut self, organisation: OrganisationId) -> Result<Vec<RouteRow>, StoreError> {
        let query = query(
            "SELECT r.application, r.webhook_url, r.signing_jwk, r.duty \
             FROM application AS a JOIN route AS r ON r.application = a.id \
             WHERE a.organisation = ?1 ORDER BY r.application",
        );
        self.all(query.bind(organisation.as_bytes().as_slice()), route)
            .await
    }

    async fn notices_in(&mut self, dossier: DossierId) -> Result<Vec<NoticeRow>, StoreError> {
        let query = query(notices!("WHERE n.dossier = ?1 ORDER BY n.id"));
        self.all(query.bind(dossier.as_bytes().as_slice()), notice).await
    }

    async fn notices_about(&mut self, consent: ConsentId) -> Result<Vec<NoticeRow>, StoreError> {
        let query = query(notices!("WHERE d.consent = ?1 ORDER BY n.id"));
        self.all(query.bind(consent.as_bytes().as_slice()), notice).await
    }

    async fn notices_due(
        &mut self,
        channel: Channel,
        now: Instant,
        each: u32,
        limit: u32,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let query = query(notices!(
            "WHERE n.id IN (SELECT id FROM (SELECT m.id AS id, ROW_NUMBER() OVER \
                     (PARTITION BY o.recipient, m.application ORDER BY m.due_at_us, m.id) AS place \
                 FROM dossier_notice AS m JOIN dossier AS o ON o.id = m.dossier WHERE m.due_at_us <= ?1 \
                     AND (m.application IS NULL) = ?4) \
                 WHERE place <= ?2) \
             ORDER BY n.due_at_us, n.id LIMIT ?3"
        ));
        let query = query
            .bind(now.as_micros())
            .bind(each)
            .bind(limit)
            .bind(channel == Channel::Letter);
        self.all(query, notice).await
    }

    async fn notices_begun(
        &mut self,
        after: Option<NoticeId>,
        limit: u32,
    ) -> Result<Vec<(NoticeId, u32)>, StoreError> {
        let query = query(
            "SELECT id, attempts FROM dossier_notice WHERE attempts > 0 AND (?1 IS NULL OR id > ?1) \
             ORDER BY id LIMIT ?2",
        );
        let query = query.bind(after.map(|id| id.as_bytes().to_vec())).bind(limit);
        self.all(query, |row| {
            Ok((
                row.id("dossier_notice.id")?,
                row.number("dossier_notice.attempts")?,
            ))
        })
        .await
    }

    async fn notices_overdue(&mut self, now: Instant, limit: u32) -> Result<Vec<NoticeRow>, StoreError> {
        let query = query(notices!(
            "WHERE (n.answered_at_us IS NULL AND n.acknowledge_by_at_us <= ?1) \
                OR (n.delete_by_at_us <= ?1 AND n.attested_at_us IS NULL) \
             ORDER BY d.withdrawn_at_us, n.id LIMIT ?2"
        ));
        self.all(query.bind(now.as_micros()).bind(limit), notice).await
    }

    async fn notice_proofs(
        &mut self,
        notice: NoticeId,
    ) -> Result<(Option<String>, Option<String>), StoreError> {
        let query = query("SELECT answer, attestation FROM dossier_notice WHERE id = ?1");
        let found = self.one(query.bind(notice.as_bytes().as_slice()), |row| {
            Ok((
                row.cell("dossier_notice.answer")?,
                row.cell("dossier_notice.attestation")?,
            ))
        });
        Ok(found.await?.unwrap_or_default())
    }
}

#[async_trait]
impl DossierWrites for SqliteTx {
    async fn set_route(&mut self, row: &RouteRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO route (application, webhook_url, signing_jwk, duty) \
             SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM application WHERE id = ?1) \
             ON CONFLICT (application) DO UPDATE SET webhook_url = ?2, signing_jwk = ?3, duty = ?4",
        );
        let query = query
            .bind(row.application.as_bytes().as_slice())
            .bind(&row.webhook_url)
            .bind(&row.signing_jwk)
            .bind(row.duty.code());
        self.change_one("route", query).await
    }

    async fn add_dossier(&mut self, row: &DossierRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO dossier (id, consent, participant, recipient, withdrawn_at_us, deletion_asked_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        );
        let query = query
            .bind(row.id.as_bytes().as_slice())
            .bind(row.consent.as_bytes().as_slice())
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.recipient.as_bytes().as_slice())
            .bind(row.withdrawn_at.as_micros())
            .bind(row.deletion_asked_at.map(Instant::as_micros));
        self.change_one("dossier", query).await
    }

    async fn ask_deletion(&mut self, dossier: DossierId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE dossier SET deletion_asked_at_us = ?2 WHERE id = ?1 AND deletion_asked_at_us IS NULL",
        );
        let query = query.bind(dossier.as_bytes().as_slice()).bind(at.as_micros());
        self.change_one("dossier", query).await
    }

    async fn add_notice_to(&mut self, row: &NoticeRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO dossier_notice (id, dossier, application, duty, acknowledge_by_at_us, due_at_us, attempts) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        );
        let query = query
            .bind(row.id.as_bytes().as_slice())
            .bind(row.dossier.id.as_bytes().as_slice())
            .bind(row.application.map(|id| id.as_bytes().to_vec()))
            .bind(row.duty.code())
            .bind(row.acknowledge_by.as_micros())
            .bind(row.due_at.map(Instant::as_micros))
            .bind(row.attempts);
        self.change_one("dossier_notice", query).await
    }

    async fn begin_notice(&mut self, id: NoticeId, retry_at: Option<Instant>) -> Result<(), StoreError> {
        let query = query(
            "UPDATE dossier_notice SET attempts = attempts + 1, due_at_us = ?2 \
             WHERE id = ?1 AND answered_at_us IS NULL",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(retry_at.map(Instant::as_micros));
        self.change_one("dossier_notice", query).await
    }

    async fn notice_told(
        &mut self,
        id: NoticeId,
        at: Instant,
        remind_at: Option<Instant>,
    ) -> Result<(), StoreError> {
        // The recipient may acknowledge before its webhook has answered: then nothing more is sent.
        let query = query(
            "UPDATE dossier_notice SET told_at_us = COALESCE(told_at_us, ?2), \
                 due_at_us = CASE WHEN answered_at_us IS NULL THEN ?3 END \
             WHERE id = ?1",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(at.as_micros())
            .bind(remind_at.map(Instant::as_micros));
        self.change_one("dossier_notice", query).await
    }

    async fn acknowledge_notice(
        &mut self,
        id: NoticeId,
        answer: &AnswerRow,
        jws: &str,
    ) -> Result<(), StoreError> {
        let query = query(
            "UPDATE dossier_notice SET answered_at_us = ?2, delete_by_at_us = ?3, basis = ?4, answer = ?5, \
                 answer_digest = ?6, told_at_us = COALESCE(told_at_us, ?2), due_at_us = NULL \
             WHERE id = ?1 AND answered_at_us IS NULL",
        );
        let (delete_by, basis) = match &answer.past_data {
            PastData::Delete { by } => (Some(by.as_micros()), None),
            PastData::Keep { basis } => (None, Some(basis.clone())),
        };
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(answer.at.as_micros())
            .bind(delete_by)
            .bind(basis)
            .bind(jws.to_owned())
            .bind(answer.digest.as_slice());
        self.change_one("dossier_notice", query).await
    }

    async fn attest_notice(&mut self, id: NoticeId, at: Instant, jws: &str) -> Result<(), StoreError> {
        let query = query(
            "UPDATE dossier_notice SET attested_at_us = ?2, attestation = ?3 \
             WHERE id = ?1 AND delete_by_at_us IS NOT NULL AND attested_at_us IS NULL",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(at.as_micros())
            .bind(jws.to_owned());
        self.change_one("dossier_notice", query).await
    }
}

fn route(row: &SqliteRow) -> Result<RouteRow, StoreError> {
    Ok(RouteRow {
        application: row.id("route.application")?,
        webhook_url: row.text("route.webhook_url")?,
        signing_jwk: row.text("route.signing_jwk")?,
        duty: row.code("route.duty", Duty::from_code)?,
    })
}

fn notice(row: &SqliteRow) -> Result<NoticeRow, StoreError> {
    Ok(NoticeRow {
        id: row.id("dossier_notice.id")?,
        dossier: DossierRow {
            id: row.id("dossier_notice.dossier")?,
            consent: row.id("dossier.consent")?,
            participant: row.id("dossier.participant")?,
            recipient: row.id("dossier.recipient")?,
            withdrawn_at: row.instant("dossier.withdrawn_at_us")?,
            deletion_asked_at: row.instant_or_null("dossier.deletion_asked_at_us")?,
        },
        application: row.id_or_null("dossier_notice.application")?,
        duty: row.code("dossier_notice.duty", Duty::from_code)?,
        acknowledge_by: row.instant("dossier_notice.acknowledge_by_at_us")?,
        due_at: row.instant_or_null("dossier_notice.due_at_us")?,
        attempts: row.number("dossier_notice.attempts")?,
        told_at: row.instant_or_null("dossier_notice.told_at_us")?,
        answer: answer(row)?,
        attested_at: row.instant_or_null("dossier_notice.attested_at_us")?,
    })
}

fn answer(row: &SqliteRow) -> Result<Option<AnswerRow>, StoreError> {
    let Some(at) = row.instant_or_null("dossier_notice.answered_at_us")? else {
        return Ok(None);
    };
    let past_data = match row.instant_or_null("dossier_notice.delete_by_at_us")? {
        Some(by) => PastData::Delete { by },
        None => PastData::Keep {
            basis: row.text("dossier_notice.basis")?,
        },
    };
    Ok(Some(AnswerRow {
        at,
        past_data,
        digest: row.array("dossier_notice.answer_digest")?,
    }))
}
