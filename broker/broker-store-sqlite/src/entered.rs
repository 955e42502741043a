//! Acts that officers enter for people, and the forms by which they enrol them.

use async_trait::async_trait;
use broker_domain::consent::Method;
use broker_domain::entered::{EnteredAct, EnteredState, Entry, Seen, Sheet, WAITS_SECONDS};
use broker_domain::household::CapacityEnd;
use broker_domain::ids::{Digest, EnrolmentFormId, EnteredId, MessageId, OfficerId, ParticipantId};
use broker_domain::rights::Right;
use broker_domain::time::Instant;
use broker_store::{
    DecidedSteps, EnrolmentFormRow, EnteredReads, EnteredRow, EnteredWrites, SealedReason, Serial,
    StopCodeRow, StoreError,
};
use jiff::civil::Date;
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::{Cells, stored};
use crate::transaction::SqliteTx;

/// Acts with the leaves of their steps.
macro_rules! acts {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.participant, e.entry, e.offer, e.point, e.notice, e.consent, e.request, e.asked, e.seen, \
                 e.cause, e.since_us, e.method, e.form, e.signed_on, e.arrived_on, e.scan, e.entered_by, e.entered_at_us, e.outcome, \
                 e.decided_by, e.decided_at_us, e.decided_seen, e.reason_epoch, e.reason_sealed, e.invitation, \
                 e.posted_by, e.posted_at_us, r.leaf_index AS leaf, f.leaf_index AS effect_leaf, \
                 d.leaf_index AS decided_leaf \
             FROM entered_act AS e \
             INNER JOIN record AS r ON r.serial = e.serial \
             LEFT JOIN record AS f ON f.serial = e.effect_serial \
             LEFT JOIN record AS d ON d.serial = e.decided_serial ",
            $rest
        )
    };
}

#[async_trait]
impl EnteredReads for SqliteTx {
    async fn entered(&mut self, id: EnteredId) -> Result<Option<EnteredRow>, StoreError> {
        let query = query(acts!("WHERE e.id = ?1"));
        self.one(query.bind(id.as_bytes().to_vec()), row).await
    }

    async fn entered_waiting(&mut self, now: Instant, limit: u32) -> Result<Vec<EnteredRow>, StoreError> {
        // What counts only once it is confirmed expires (`Entry::counts`, `EnteredAct::standing`): it would fill the list for ever.
        let query = query(acts!(
            "WHERE e.outcome IS NULL AND (e.entry NOT IN ('grant', 'new-code', 'end-capacity') OR e.entered_at_us > ?1) \
             ORDER BY e.entered_at_us, e.id LIMIT ?2"
        ));
        let query = query
            .bind(now.plus_seconds(-WAITS_SECONDS).as_micros())
            .bind(limit);
        self.all(query, row).await
    }

    async fn entered_decided(&mut self, limit: u32) -> Result<Vec<EnteredRow>, StoreError> {
        let query = query(acts!(
            "WHERE e.outcome IS NOT NULL ORDER BY e.decided_at_us DESC, e.id LIMIT ?1"
        ));
        self.all(query.bind(limit), row).await
    }

    async fn entered_to_post(&mut self, limit: u32) -> Result<Vec<EnteredRow>, StoreError> {
        let query = query(acts!(
            "WHERE e.posted_at_us IS NULL AND e.outcome IS NOT 'stopped' \
                 AND (e.outcome IS NOT NULL OR e.entry NOT IN ('grant', 'new-code')) \
             ORDER BY e.entered_at_us, e.id LIMIT ?1"
        ));
        self.all(query.bind(limit), row).await
    }

    async fn entered_of(&mut self, who: ParticipantId, limit: u32) -> Result<Vec<EnteredRow>, StoreError> {
        let query = query(acts!(
            "WHERE e.participant = ?1 ORDER BY e.entered_at_us DESC, e.id LIMIT ?2"
        ));
        let query = query.bind(who.as_bytes().to_vec()).bind(limit);
        self.all(query, row).await
    }

    async fn capacity_entered(
        &mut self,
        who: ParticipantId,
        now: Instant,
    ) -> Result<Option<EnteredRow>, StoreError> {
        let query = query(acts!(
            "WHERE e.participant = ?1 AND e.entry = 'end-capacity' AND e.outcome IS NULL AND e.entered_at_us > ?2 \
             ORDER BY e.entered_at_us DESC, e.id LIMIT 1"
        ));
        let query = query
            .bind(who.as_bytes().to_vec())
            .bind(now.plus_seconds(-WAITS_SECONDS).as_micros());
        self.one(query, row).await
    }

    async fn stop_code(&mut self, hash: [u8; 32]) -> Result<Option<StopCodeRow>, StoreError> {
        let query = query("SELECT act, hash, epoch, sealed, message FROM stop_code WHERE hash = ?1");
        self.one(query.bind(hash.to_vec()), stop_code).await
    }

    async fn stop_code_of(&mut self, message: MessageId) -> Result<Option<StopCodeRow>, StoreError> {
        let query = query("SELECT act, hash, epoch, sealed, message FROM stop_code WHERE message = ?1");
        self.one(query.bind(message.as_bytes().to_vec()), stop_code).await
    }

    async fn enrolment_form(&mut self, id: EnrolmentFormId) -> Result<Option<EnrolmentFormRow>, StoreError> {
        let query = query("SELECT id, participant, officer, at_us FROM enrolment_form WHERE id = ?1");
        self.one(query.bind(id.as_bytes().to_vec()), |row| {
            Ok(EnrolmentFormRow {
                id: row.id("enrolment_form.id")?,
                participant: row.id("enrolment_form.participant")?,
                officer: row.id("enrolment_form.officer")?,
                at: row.instant("enrolment_form.at_us")?,
            })
        })
        .await
    }
}

#[async_trait]
impl EnteredWrites for SqliteTx {
    async fn add_entered(
        &mut self,
        act: &EnteredAct,
        serial: Serial,
        effect: Option<Serial>,
    ) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO entered_act (id, participant, entry, offer, point, notice, consent, request, asked, seen, \
                 method, form, signed_on, arrived_on, scan, entered_by, entered_at_us, serial, effect_serial, cause, \
                 since_us) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21 \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?2)",
        );
        let parts = Parts::of(act.entry);
        let query = query
            .bind(act.id.as_bytes().to_vec())
            .bind(act.participant.as_bytes().to_vec())
            .bind(act.entry.code())
            .bind(parts.offer)
            .bind(parts.point)
            .bind(parts.notice)
            .bind(parts.consent)
            .bind(parts.request)
            .bind(parts.asked)
            .bind(parts.seen)
            .bind(act.method.code())
            .bind(act.sheet.form.clone())
            .bind(act.sheet.signed_on.map(|day| day.to_string()))
            .bind(act.sheet.arrived_on.map(|day| day.to_string()))
            .bind(act.sheet.scan.map(|scan| scan.0.to_vec()))
            .bind(act.by.as_bytes().to_vec())
            .bind(act.at.as_micros())
            .bind(stored(serial.0)?)
            .bind(effect.map(|serial| stored(serial.0)).transpose()?)
            .bind(parts.cause)
            .bind(parts.since);
        self.change_one("entered_act", query).await
    }

    async fn decide_entered(
        &mut self,
        act: &EnteredAct,
        steps: DecidedSteps,
        reason: Option<&SealedReason>,
    ) -> Result<(), StoreError> {
        let (outcome, by, at, seen) = match act.state {
            EnteredState::Confirmed { by, at, seen } => ("confirmed", by, at, Some(seen)),
            EnteredState::SentBack { by, at } => ("sent-back", by, at, None),
            EnteredState::Waiting | EnteredState::Stopped { .. } => {
                return Err(StoreError::Conflict { table: "entered_act" });
            }
        };
        let query = query(
            "UPDATE entered_act SET outcome = ?2, decided_by = ?3, decided_at_us = ?4, decided_seen = ?5, \
                 decided_serial = ?6, effect_serial = COALESCE(?7, effect_serial), reason_epoch = ?8, \
                 reason_sealed = ?9, posted_by = CASE WHEN ?2 = 'sent-back' OR entry = 'end-capacity' THEN NULL ELSE posted_by END, \
                 posted_at_us = CASE WHEN ?2 = 'sent-back' OR entry = 'end-capacity' THEN NULL ELSE posted_at_us END \
             WHERE id = ?1 AND outcome IS NULL AND entered_by <> ?3",
        );
        let query = query
            .bind(act.id.as_bytes().to_vec())
            .bind(outcome)
            .bind(by.as_bytes().to_vec())
            .bind(at.as_micros())
            .bind(seen.map(seen_code))
            .bind(stored(steps.serial.0)?)
            .bind(steps.effect.map(|serial| stored(serial.0)).transpose()?)
            .bind(reason.map(|reason| reason.epoch))
            .bind(reason.map(|reason| reason.sealed.clone()));
        self.change_one("entered_act", query).await
    }

    async fn stop_entered(&mut self, act: &EnteredAct, serial: Serial) -> Result<(), StoreError> {
        let EnteredState::Stopped { at } = act.state else {
            return Err(StoreError::Conflict { table: "entered_act" });
        };
        // Who confirmed it before stays: the record of it does too.
        let query = query(
            "UPDATE entered_act SET outcome = 'stopped', decided_at_us = ?2, decided_serial = ?3 \
             WHERE id = ?1 AND (outcome IS NULL OR outcome = 'confirmed')",
        );
        let query = query
            .bind(act.id.as_bytes().to_vec())
            .bind(at.as_micros())
            .bind(stored(serial.0)?);
        self.change_one("entered_act", query).await
    }

    async fn note_invitation(&mut self, id: EnteredId, invitation: [u8; 32]) -> Result<(), StoreError> {
        let query = query("UPDATE entered_act SET invitation = ?2 WHERE id = ?1 AND outcome = 'confirmed'");
        let query = query.bind(id.as_bytes().to_vec()).bind(invitation.to_vec());
        self.change_one("entered_act", query).await
    }

    async fn close_invitations(&mut self, who: ParticipantId) -> Result<(), StoreError> {
        let query = query("DELETE FROM invitation WHERE participant = ?1 AND used_at_us IS NULL");
        let query = query.bind(who.as_bytes().to_vec());
        self.change("invitation", query).await.map(|_| ())
    }

    async fn post_entered(&mut self, act: &EnteredAct, by: OfficerId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE entered_act SET posted_by = ?2, posted_at_us = ?3 \
             WHERE id = ?1 AND posted_at_us IS NULL AND outcome IS ?4",
        );
        let query = query
            .bind(act.id.as_bytes().to_vec())
            .bind(by.as_bytes().to_vec())
            .bind(at.as_micros())
            .bind(act.state.outcome());
        self.change_one("entered_act", query).await
    }

    async fn add_stop_code(&mut self, row: &StopCodeRow) -> Result<(), StoreError> {
        let query =
            query("INSERT INTO stop_code (act, hash, epoch, sealed, message) VALUES (?1, ?2, ?3, ?4, ?5)");
        let query = query
            .bind(row.act.as_bytes().to_vec())
            .bind(row.hash.to_vec())
            .bind(row.epoch)
            .bind(row.sealed.clone())
            .bind(row.message.as_bytes().to_vec());
        self.change_one("stop_code", query).await
    }

    async fn forget_stop_code(&mut self, message: MessageId) -> Result<(), StoreError> {
        let query = query("UPDATE stop_code SET sealed = x'' WHERE message = ?1");
        let query = query.bind(message.as_bytes().to_vec());
        self.change("stop_code", query).await.map(|_| ())
    }

    async fn add_enrolment_form(&mut self, row: &EnrolmentFormRow) -> Result<(), StoreError> {
        let query =
            query("INSERT INTO enrolment_form (id, participant, officer, at_us) VALUES (?1, ?2, ?3, ?4)");
        let query = query
            .bind(row.id.as_bytes().to_vec())
            .bind(row.participant.as_bytes().to_vec())
            .bind(row.officer.as_bytes().to_vec())
            .bind(row.at.as_micros());
        self.change_one("enrolment_form", query).await
    }
}

/// What belongs to one kind of entry, in the columns of all.
#[derive(Default)]
struct Parts {
    offer: Option<Vec<u8>>,
    point: Option<Vec<u8>>,
    notice: Option<Vec<u8>>,
    consent: Option<Vec<u8>>,
    request: Option<Vec<u8>>,
    asked: Option<&'static str>,
    seen: Option<&'static str>,
    cause: Option<&'static str>,
    since: Option<i64>,
}

impl Parts {
    fn of(entry: Entry) -> Self {
        match entry {
            Entry::Grant { offer, point, notice } => Self {
                offer: Some(offer.as_bytes().to_vec()),
                point: Some(point.as_bytes().to_vec()),
                notice: Some(notice.0.to_vec()),
                ..Self::default()
            },
            Entry::Withdraw { consent } | Entry::Freeze { consent } => Self {
                consent: Some(consent.as_bytes().to_vec()),
                ..Self::default()
            },
            Entry::Ask { request, right } => Self {
                request: Some(request.as_bytes().to_vec()),
                asked: Some(right.code()),
                ..Self::default()
            },
            Entry::Code { seen } => Self {
                seen: Some(seen_code(seen)),
                ..Self::default()
            },
            Entry::Capacity { end, since, case } => Self {
                request: Some(case.as_bytes().to_vec()),
                cause: Some(end.code()),
                since: Some(since.as_micros()),
                ..Self::default()
            },
        }
    }
}

const fn seen_code(seen: Seen) -> &'static str {
    match seen {
        Seen::InPerson => "in-person",
        Seen::FromAfar => "from-afar",
    }
}

fn seen(code: &str) -> Option<Seen> {
    [Seen::InPerson, Seen::FromAfar]
        .into_iter()
        .find(|seen| seen_code(*seen) == code)
}

fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    let column = "entered_act.entry";
    Ok(match row.cell::<&str>(column)? {
        "grant" => Entry::Grant {
            offer: row.id("entered_act.offer")?,
            point: row.id("entered_act.point")?,
            notice: row.digest("entered_act.notice")?,
        },
        "withdraw" => Entry::Withdraw {
            consent: row.id("entered_act.consent")?,
        },
        "freeze" => Entry::Freeze {
            consent: row.id("entered_act.consent")?,
        },
        "ask-right" => Entry::Ask {
            request: row.id("entered_act.request")?,
            right: row.code("entered_act.asked", Right::from_code)?,
        },
        "new-code" => Entry::Code {
            seen: row.code("entered_act.seen", seen)?,
        },
        "end-capacity" => Entry::Capacity {
            end: row.code("entered_act.cause", CapacityEnd::from_code)?,
            since: row.instant("entered_act.since_us")?,
            case: row.id("entered_act.request")?,
        },
        _ => return Err(StoreError::Corrupt { column }),
    })
}

fn state(row: &SqliteRow) -> Result<EnteredState, StoreError> {
    let column = "entered_act.outcome";
    let outcome: Option<&str> = row.cell(column)?;
    let Some(outcome) = outcome else {
        return Ok(EnteredState::Waiting);
    };
    let at = row.instant("entered_act.decided_at_us")?;
    Ok(match outcome {
        "confirmed" => EnteredState::Confirmed {
            by: row.id("entered_act.decided_by")?,
            at,
            seen: row.code("entered_act.decided_seen", seen)?,
        },
        "sent-back" => EnteredState::SentBack {
            by: row.id("entered_act.decided_by")?,
            at,
        },
        "stopped" => EnteredState::Stopped { at },
        _ => return Err(StoreError::Corrupt { column }),
    })
}

fn day(row: &SqliteRow, column: &'static str) -> Result<Option<Date>, StoreError> {
    let text: Option<&str> = row.cell(column)?;
    text.map(|text| text.parse().map_err(|_| StoreError::Corrupt { column }))
        .transpose()
}

fn row(row: &SqliteRow) -> Result<EnteredRow, StoreError> {
    let act = EnteredAct {
        id: row.id("entered_act.id")?,
        participant: row.id("entered_act.participant")?,
        entry: entry(row)?,
        method: row.code("entered_act.method", Method::from_code)?,
        sheet: Sheet {
            form: row.cell("entered_act.form")?,
            signed_on: day(row, "entered_act.signed_on")?,
            arrived_on: day(row, "entered_act.arrived_on")?,
            scan: row.array_or_null("entered_act.scan")?.map(Digest),
        },
        by: row.id("entered_act.entered_by")?,
        at: row.instant("entered_act.entered_at_us")?,
        state: state(row)?,
    };
    let reason_epoch: Option<u32> = row.number_or_null("entered_act.reason_epoch")?;
    let reason_sealed: Option<Vec<u8>> = row.cell("entered_act.reason_sealed")?;
    let posted_by: Option<OfficerId> = row.id_or_null("entered_act.posted_by")?;
    let posted_at: Option<Instant> = row.instant_or_null("entered_act.posted_at_us")?;
    Ok(EnteredRow {
        act,
        leaf: row.number("record.leaf")?,
        effect_leaf: row.number_or_null("record.effect_leaf")?,
        decided_leaf: row.number_or_null("record.decided_leaf")?,
        reason: reason_epoch
            .zip(reason_sealed)
            .map(|(epoch, sealed)| SealedReason { epoch, sealed }),
        invitation: row.array_or_null("entered_act.invitation")?,
        posted: posted_by.zip(posted_at),
    })
}

fn stop_code(row: &SqliteRow) -> Result<StopCodeRow, StoreError> {
    Ok(StopCodeRow {
        act: row.id("stop_code.act")?,
        hash: row.array("stop_code.hash")?,
        epoch: row.number("stop_code.epoch")?,
        sealed: row.bytes("stop_code.sealed")?,
        message: row.id("stop_code.message")?,
    })
}
