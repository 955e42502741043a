//! Notices, offers, consents and their events.

use async_trait::async_trait;
use broker_domain::consent::{Consent, ConsentEvent, EventKind, EventParts, EvidenceLevel, Offer, Terms};
use broker_domain::ids::{ConsentId, Digest, OfferId, OrganisationId, ParticipantId, Purpose};
use broker_domain::time::Instant;
use broker_store::{
    ActRow, ConsentReads, ConsentWrites, IntentRow, Notice, OfferRow, RecordedEvent, Serial, ServedRow,
    StoreError,
};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, query};

use crate::participants::occupancy;
use crate::row::{Cells, stored};
use crate::transaction::SqliteTx;

/// The columns of a consent and of its events, and what the statement goes on with.
macro_rules! consents {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.participant, c.point, c.recipient, c.purpose, c.step_s, c.data_start_at_us, \
                 c.data_end_at_us, c.terms, c.notice, e.seq, e.kind, e.effective_at_us, e.recorded_at_us, e.record, \
                 e.new_step_s, e.new_start_at_us, e.new_end_at_us, e.new_terms, e.new_notice, e.pause_until_at_us, \
                 e.superseded_by, p.left_at_us, p.left_known_at_us, p.held_since_us \
             FROM consent AS c INNER JOIN point AS p ON p.id = c.point \
             LEFT JOIN consent_event AS e ON e.consent = c.id ",
            $rest
        )
    };
}

pub(crate) use consents;

#[async_trait]
impl ConsentReads for SqliteTx {
    async fn notice(&mut self, digest: Digest) -> Result<Option<Notice>, StoreError> {
        let query = query("SELECT digest, language, title, text FROM notice WHERE digest = ?1");
        self.one(query.bind(digest.0.as_slice()), notice).await
    }

    async fn offers(&mut self) -> Result<Vec<OfferRow>, StoreError> {
        let query = query(
            "SELECT id, recipient, purpose, step_s, days, notice, notice_en, notice_nl, evidence FROM offer ORDER BY id",
        );
        self.all(query, offer).await
    }

    async fn offer(&mut self, id: OfferId) -> Result<Option<OfferRow>, StoreError> {
        let query = query(
            "SELECT id, recipient, purpose, step_s, days, notice, notice_en, notice_nl, evidence FROM offer WHERE id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), offer).await
    }

    async fn consent(&mut self, id: ConsentId) -> Result<Option<Consent>, StoreError> {
        let query = query(consents!("WHERE c.id = ?1 ORDER BY e.seq"));
        let query = query.bind(id.as_bytes().as_slice());
        Ok(self.consents(query).await?.pop())
    }

    async fn consents_of(&mut self, participant: ParticipantId) -> Result<Vec<Consent>, StoreError> {
        let query = query(consents!("WHERE c.participant = ?1 ORDER BY c.id, e.seq"));
        self.consents(query.bind(participant.as_bytes().as_slice())).await
    }

    async fn consents_to(
        &mut self,
        recipient: OrganisationId,
        purpose: &Purpose,
    ) -> Result<Vec<Consent>, StoreError> {
        let query = query(consents!(
            "WHERE c.recipient = ?1 AND c.purpose = ?2 ORDER BY c.id, e.seq"
        ));
        let query = query
            .bind(recipient.as_bytes().as_slice())
            .bind(purpose.as_str().to_owned());
        self.consents(query).await
    }

    async fn unannounced_ends(
        &mut self,
        now: Instant,
        after: Option<ConsentId>,
        limit: u32,
    ) -> Result<Vec<Consent>, StoreError> {
        // The terms that hold last stand in the newest event that brought some.
        let query = query(consents!(
            "WHERE c.id IN (SELECT o.id FROM consent AS o WHERE o.id > ?1 \
                 AND EXISTS (SELECT 1 FROM consent_event WHERE consent = o.id AND kind = 'given') \
                 AND NOT EXISTS (SELECT 1 FROM consent_event WHERE consent = o.id AND kind IN ('withdrawn', \
                     'revoked', 'expired', 'invalidated', 'superseded', 'suspended')) \
                 AND COALESCE((SELECT new_end_at_us FROM consent_event WHERE consent = o.id \
                     AND new_end_at_us IS NOT NULL ORDER BY seq DESC LIMIT 1), o.data_end_at_us) <= ?2 \
                 ORDER BY o.id LIMIT ?3) \
             ORDER BY c.id, e.seq"
        ));
        // Every identifier is larger than the empty one.
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        self.consents(query.bind(after).bind(now.as_micros()).bind(limit))
            .await
    }

    async fn reminders_of(
        &mut self,
        participant: ParticipantId,
    ) -> Result<Vec<(OfferId, Instant)>, StoreError> {
        let query = query("SELECT offer, at_us FROM reminder WHERE participant = ?1 ORDER BY offer");
        self.all(query.bind(participant.as_bytes().as_slice()), |row| {
            Ok((row.id("reminder.offer")?, row.instant("reminder.at_us")?))
        })
        .await
    }

    async fn recorded_events(&mut self, id: ConsentId) -> Result<Vec<RecordedEvent>, StoreError> {
        let query = query(
            "SELECT e.seq, e.kind, e.effective_at_us, e.recorded_at_us, e.record, e.new_step_s, e.new_start_at_us, \
                 e.new_end_at_us, e.new_terms, e.new_notice, e.pause_until_at_us, e.superseded_by, e.serial, \
                 r.leaf_index \
             FROM consent_event AS e LEFT JOIN record AS r ON r.serial = e.serial \
             WHERE e.consent = ?1 ORDER BY e.seq",
        );
        self.all(query.bind(id.as_bytes().as_slice()), |row| {
            Ok(RecordedEvent {
                event: event(row)?,
                serial: row.number_or_null("consent_event.serial")?.map(Serial),
                leaf_index: row.number_or_null("record.leaf_index")?,
            })
        })
        .await
    }

    async fn consent_acts(&mut self, id: ConsentId) -> Result<Vec<ActRow>, StoreError> {
        self.acts_of(id).await
    }

    async fn consent_asked_at(&mut self, id: ConsentId) -> Result<Option<Instant>, StoreError> {
        self.asked_at(id).await
    }

    async fn notice_served(
        &mut self,
        participant: ParticipantId,
        offer: OfferId,
        notice: Digest,
    ) -> Result<Option<ServedRow>, StoreError> {
        self.served(participant, offer, notice).await
    }

    async fn consent_intent(&mut self, nonce: [u8; 32]) -> Result<Option<IntentRow>, StoreError> {
        self.intent(nonce).await
    }
}

#[async_trait]
impl ConsentWrites for SqliteTx {
    async fn add_notice(&mut self, notice: &Notice) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO notice (digest, language, title, text) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (digest) DO NOTHING",
        );
        let query = query
            .bind(notice.digest.0.as_slice())
            .bind(&notice.language)
            .bind(&notice.title)
            .bind(&notice.text);
        self.change("notice", query).await.map(|_| ())
    }

    async fn add_offer(&mut self, row: &OfferRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO offer (id, recipient, purpose, step_s, days, notice, notice_en, notice_nl, evidence) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        );
        let query = query
            .bind(row.offer.id.as_bytes().as_slice())
            .bind(row.offer.recipient.as_bytes().as_slice())
            .bind(row.offer.purpose.as_str().to_owned())
            .bind(row.offer.step.seconds())
            .bind(row.offer.days)
            .bind(row.offer.notice.0.as_slice())
            .bind(row.notice_en.0.as_slice())
            .bind(row.notice_nl.0.as_slice())
            .bind(row.evidence.code());
        self.change_one("offer", query).await
    }

    async fn add_consent(&mut self, consent: &Consent) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO consent (id, participant, point, recipient, purpose, step_s, data_start_at_us, \
                 data_end_at_us, terms, notice) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?2)",
        );
        let query = query
            .bind(consent.id.as_bytes().as_slice())
            .bind(consent.participant.as_bytes().as_slice())
            .bind(consent.point.as_bytes().as_slice())
            .bind(consent.recipient.as_bytes().as_slice())
            .bind(consent.purpose.as_str().to_owned())
            .bind(consent.step.seconds())
            .bind(consent.data.start().as_micros())
            .bind(consent.data.end().as_micros())
            .bind(consent.terms.0.as_slice())
            .bind(consent.notice.0.as_slice());
        self.change_consent(consent.id, "consent", query).await
    }

    async fn add_consent_event(&mut self, id: ConsentId, event: &RecordedEvent) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO consent_event (consent, seq, kind, effective_at_us, recorded_at_us, record, \
                 serial, new_step_s, new_start_at_us, new_end_at_us, new_terms, new_notice, pause_until_at_us, \
                 superseded_by) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14 \
             WHERE EXISTS (SELECT 1 FROM consent WHERE id = ?1) \
                 AND ?2 = (SELECT COALESCE(MAX(seq) + 1, 0) FROM consent_event WHERE consent = ?1)",
        );
        let EventParts { terms, until, by } = event.event.kind.parts();
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(event.event.seq)
            .bind(event.event.kind.code())
            .bind(event.event.effective_at.as_micros())
            .bind(event.event.recorded_at.as_micros())
            .bind(event.event.record.0.as_slice())
            .bind(event.serial.map(|serial| stored(serial.0)).transpose()?)
            .bind(terms.map(|terms| terms.step.seconds()))
            .bind(terms.map(|terms| terms.data.start().as_micros()))
            .bind(terms.map(|terms| terms.data.end().as_micros()))
            .bind(terms.map(|terms| terms.digest.0.to_vec()))
            .bind(terms.map(|terms| terms.notice.0.to_vec()))
            .bind(until.map(Instant::as_micros))
            .bind(by.map(|by| by.as_bytes().to_vec()));
        self.change_consent(id, "consent_event", query).await
    }

    async fn set_reminder(
        &mut self,
        participant: ParticipantId,
        offer: OfferId,
        at: Instant,
    ) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO reminder (participant, offer, at_us) SELECT ?1, ?2, ?3 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?1) \
             ON CONFLICT (participant, offer) DO UPDATE SET at_us = excluded.at_us",
        );
        let query = query
            .bind(participant.as_bytes().as_slice())
            .bind(offer.as_bytes().as_slice())
            .bind(at.as_micros());
        self.change_one("reminder", query).await
    }

    async fn forget_reminder(
        &mut self,
        participant: ParticipantId,
        offer: OfferId,
    ) -> Result<(), StoreError> {
        let query = query("DELETE FROM reminder WHERE participant = ?1 AND offer = ?2");
        let query = query
            .bind(participant.as_bytes().as_slice())
            .bind(offer.as_bytes().as_slice());
        self.change("reminder", query).await.map(|_| ())
    }

    async fn add_consent_act(&mut self, id: ConsentId, act: ActRow) -> Result<(), StoreError> {
        self.add_act(id, act).await
    }

    async fn add_consent_request(&mut self, id: ConsentId, asked_at: Instant) -> Result<(), StoreError> {
        self.add_request(id, asked_at).await
    }

    async fn serve_notice(
        &mut self,
        participant: ParticipantId,
        offer: OfferId,
        notice: Digest,
        at: Instant,
    ) -> Result<(), StoreError> {
        self.serve(participant, offer, notice, at).await
    }

    async fn add_consent_intent(
        &mut self,
        row: &IntentRow,
        forget: Instant,
        most: u32,
    ) -> Result<(), StoreError> {
        self.add_intent(row, forget, most).await
    }

    async fn use_consent_intent(&mut self, nonce: [u8; 32], at: Instant) -> Result<(), StoreError> {
        self.use_intent(nonce, at).await
    }
}

impl SqliteTx {
    /// Consents after an identifier, in order, at most `limit`: to learn them all by heart, page by page.
    pub(crate) async fn consents_after(
        &mut self,
        after: Option<ConsentId>,
        limit: u32,
    ) -> Result<Vec<Consent>, StoreError> {
        let query = query(consents!(
            "WHERE c.id IN (SELECT id FROM consent WHERE id > ?1 ORDER BY id LIMIT ?2) ORDER BY c.id, e.seq"
        ));
        // Every identifier is larger than the empty one.
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        self.consents(query.bind(after).bind(limit)).await
    }

    /// The consents of a participant, by identifier.
    pub(crate) async fn consent_ids_of(
        &mut self,
        participant: ParticipantId,
    ) -> Result<Vec<ConsentId>, StoreError> {
        let query = query("SELECT id FROM consent WHERE participant = ?1");
        self.all(query.bind(participant.as_bytes().as_slice()), |row| {
            row.id("consent.id")
        })
        .await
    }

    /// Consents with their events, from one row an event. One statement and not two: each intake asks for them twice.
    pub(crate) async fn consents(
        &mut self,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<Vec<Consent>, StoreError> {
        let rows = self
            .all(query, |row| Ok((consent(row)?, event_if_any(row)?)))
            .await?;
        let mut consents: Vec<Consent> = Vec::new();
        for (next, event) in rows {
            match consents.last_mut().filter(|last| last.id == next.id) {
                Some(last) => last.events.extend(event),
                None => consents.push(Consent {
                    events: Vec::from_iter(event),
                    ..next
                }),
            }
        }
        Ok(consents)
    }
}

fn notice(row: &SqliteRow) -> Result<Notice, StoreError> {
    Ok(Notice {
        digest: row.digest("notice.digest")?,
        language: row.text("notice.language")?,
        title: row.text("notice.title")?,
        text: row.text("notice.text")?,
    })
}

fn offer(row: &SqliteRow) -> Result<OfferRow, StoreError> {
    Ok(OfferRow {
        offer: Offer {
            id: row.id("offer.id")?,
            recipient: row.id("offer.recipient")?,
            purpose: row.purpose("offer.purpose")?,
            step: row.step("offer.step_s")?,
            days: row.number("offer.days")?,
            notice: row.digest("offer.notice")?,
        },
        notice_en: row.digest("offer.notice_en")?,
        notice_nl: row.digest("offer.notice_nl")?,
        evidence: row.code("offer.evidence", EvidenceLevel::from_code)?,
    })
}

fn consent(row: &SqliteRow) -> Result<Consent, StoreError> {
    Ok(Consent {
        id: row.id("consent.id")?,
        participant: row.id("consent.participant")?,
        point: row.id("consent.point")?,
        recipient: row.id("consent.recipient")?,
        purpose: row.purpose("consent.purpose")?,
        step: row.step("consent.step_s")?,
        data: row.interval("consent.data_start_at_us", "consent.data_end_at_us")?,
        terms: row.digest("consent.terms")?,
        notice: row.digest("consent.notice")?,
        occupancy: occupancy(row)?,
        events: Vec::new(),
    })
}

/// The event of a row; none in the row of a consent without events.
fn event_if_any(row: &SqliteRow) -> Result<Option<ConsentEvent>, StoreError> {
    let seq: Option<i64> = row.cell("consent_event.seq")?;
    seq.map(|_| event(row)).transpose()
}

fn event(row: &SqliteRow) -> Result<ConsentEvent, StoreError> {
    let code: &str = row.cell("consent_event.kind")?;
    let parts = parts(code, row)?;
    Ok(ConsentEvent {
        seq: row.number("consent_event.seq")?,
        kind: EventKind::from_parts(code, parts).ok_or(StoreError::Corrupt {
            column: "consent_event.kind",
        })?,
        effective_at: row.instant("consent_event.effective_at_us")?,
        recorded_at: row.instant("consent_event.recorded_at_us")?,
        record: row.digest("consent_event.record")?,
    })
}

/// What an event holds beside its kind. Most hold nothing, and the table sees to it: their cells are not looked at.
fn parts(code: &str, row: &SqliteRow) -> Result<EventParts, StoreError> {
    let mut parts = EventParts::default();
    match code {
        "narrowed" | "renewed" => {
            parts.terms = Some(new_terms(row)?);
        }
        "agreed" => {
            parts.until = Some(row.instant("consent_event.pause_until_at_us")?);
            let step: Option<i64> = row.cell("consent_event.new_step_s")?;
            parts.terms = step.map(|_| new_terms(row)).transpose()?;
        }
        "paused" => parts.until = Some(row.instant("consent_event.pause_until_at_us")?),
        "superseded" => parts.by = Some(row.id("consent_event.superseded_by")?),
        _ => {}
    }
    Ok(parts)
}

fn new_terms(row: &SqliteRow) -> Result<Terms, StoreError> {
    Ok(Terms {
        step: row.step("consent_event.new_step_s")?,
        data: row.interval("consent_event.new_start_at_us", "consent_event.new_end_at_us")?,
        digest: row.digest("consent_event.new_terms")?,
        notice: row.digest("consent_event.new_notice")?,
    })
}
