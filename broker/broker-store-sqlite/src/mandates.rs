//! Mandates, what was done under them, and for whom a session acts.

use async_trait::async_trait;
use broker_domain::ids::{ConsentId, Digest, MandateId, ParticipantId, PointId, SessionId};
use broker_domain::mandate::{Capacity, Ended, GrantRule, Held, Joint, Mandate, Powers, Side};
use broker_store::{
    DelegatedAct, DelegatedRow, MandateReads, MandateRow, MandateWrites, SealedNames, Serial, StoreError,
};
use jiff::civil::Date;
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::{Cells, stored};
use crate::transaction::SqliteTx;

/// Mandates with every column.
macro_rules! mandates {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.participant, m.delegate, m.capacity, m.powers, m.starts_at_us, m.ends_at_us, m.basis, \
                 m.given_at_us, m.open_until_us, m.accepted_at_us, m.ended_at_us, m.ended_by, m.code_hash, m.newcomer, \
                 m.names_epoch, m.names_sealed, m.delegate_epoch, m.delegate_sealed, \
                 j.point, j.rule, j.asked, j.asked_by \
             FROM mandate AS m LEFT JOIN joint_holding AS j ON j.mandate = m.id ",
            $rest
        )
    };
}

#[async_trait]
impl MandateReads for SqliteTx {
    async fn mandate(&mut self, id: MandateId) -> Result<Option<MandateRow>, StoreError> {
        let query = query(mandates!("WHERE m.id = ?1"));
        self.one(query.bind(id.as_bytes().as_slice()), row).await
    }

    async fn mandate_of_code(&mut self, code_hash: [u8; 32]) -> Result<Option<MandateRow>, StoreError> {
        let query = query(mandates!("WHERE m.code_hash = ?1"));
        self.one(query.bind(code_hash.as_slice()), row).await
    }

    async fn mandates_given(
        &mut self,
        person: ParticipantId,
        limit: u32,
    ) -> Result<Vec<MandateRow>, StoreError> {
        let query = query(mandates!(
            "WHERE m.participant = ?1 ORDER BY m.given_at_us DESC, m.id LIMIT ?2"
        ));
        self.all(query.bind(person.as_bytes().as_slice()).bind(limit), row)
            .await
    }

    async fn mandates_held(
        &mut self,
        delegate: ParticipantId,
        limit: u32,
    ) -> Result<Vec<MandateRow>, StoreError> {
        let query = query(mandates!(
            "WHERE m.delegate = ?1 OR (m.newcomer = ?1 AND m.delegate IS NULL) \
             ORDER BY m.given_at_us DESC, m.id LIMIT ?2"
        ));
        self.all(query.bind(delegate.as_bytes().as_slice()).bind(limit), row)
            .await
    }

    async fn holders_of(&mut self, point: PointId) -> Result<Vec<MandateRow>, StoreError> {
        let query = query(mandates!(
            "WHERE j.point = ?1 ORDER BY m.given_at_us DESC, m.id LIMIT 100"
        ));
        self.all(query.bind(point.as_bytes().as_slice()), row).await
    }

    async fn mandate_looks(&mut self, id: MandateId, limit: u32) -> Result<Vec<Date>, StoreError> {
        let query = query("SELECT day FROM mandate_look WHERE mandate = ?1 ORDER BY day DESC LIMIT ?2");
        let column = "mandate_look.day";
        self.all(query.bind(id.as_bytes().as_slice()).bind(limit), |row| {
            row.text(column)?
                .parse()
                .map_err(|_| StoreError::Corrupt { column })
        })
        .await
    }

    async fn delegated_events(&mut self, consent: ConsentId) -> Result<Vec<DelegatedRow>, StoreError> {
        let query = query(
            "SELECT seq, mandate, delegate, capacity FROM delegated_event WHERE consent = ?1 ORDER BY seq",
        );
        self.all(query.bind(consent.as_bytes().as_slice()), |row| {
            Ok(DelegatedRow {
                seq: row.number("delegated_event.seq")?,
                mandate: row.id("delegated_event.mandate")?,
                delegate: row.id("delegated_event.delegate")?,
                capacity: row.code("delegated_event.capacity", Capacity::from_code)?,
            })
        })
        .await
    }

    async fn acts_under(&mut self, id: MandateId, limit: u32) -> Result<Vec<DelegatedAct>, StoreError> {
        let query = query(
            "SELECT d.consent, d.seq, e.recorded_at_us, e.record FROM delegated_event AS d \
             JOIN consent_event AS e ON e.consent = d.consent AND e.seq = d.seq \
             WHERE d.mandate = ?1 ORDER BY e.recorded_at_us DESC, d.consent, d.seq DESC LIMIT ?2",
        );
        self.all(query.bind(id.as_bytes().as_slice()).bind(limit), |row| {
            Ok(DelegatedAct {
                consent: row.id("delegated_event.consent")?,
                seq: row.number("delegated_event.seq")?,
                at: row.instant("consent_event.recorded_at_us")?,
                record: row.digest("consent_event.record")?,
            })
        })
        .await
    }

    async fn acting(&mut self, session: SessionId) -> Result<Option<MandateRow>, StoreError> {
        let query = query(mandates!(
            "JOIN session_acting AS a ON a.mandate = m.id WHERE a.session = ?1"
        ));
        self.one(query.bind(session.as_bytes().as_slice()), row).await
    }
}

#[async_trait]
impl MandateWrites for SqliteTx {
    async fn add_mandate(&mut self, row: &MandateRow) -> Result<(), StoreError> {
        let mandate = &row.mandate;
        let query = query(
            "INSERT INTO mandate (id, participant, capacity, powers, starts_at_us, ends_at_us, basis, given_at_us, \
                 open_until_us, code_hash, names_epoch, names_sealed) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        );
        let query = query
            .bind(mandate.id.as_bytes().to_vec())
            .bind(mandate.person.as_bytes().to_vec())
            .bind(mandate.capacity.code())
            .bind(mandate.powers.code())
            .bind(mandate.span.start().as_micros())
            .bind(mandate.span.end().as_micros())
            .bind(mandate.basis.map(|digest| digest.0.to_vec()))
            .bind(mandate.given_at.as_micros())
            .bind(mandate.open_until.as_micros())
            .bind(row.code_hash.map(|hash| hash.to_vec()))
            .bind(row.names.epoch)
            .bind(row.names.sealed.clone());
        self.change_one("mandate", query).await?;
        let Some(joint) = mandate.joint else { return Ok(()) };
        let query = sqlx::query("INSERT INTO joint_holding (mandate, point, rule) VALUES (?1, ?2, ?3)")
            .bind(mandate.id.as_bytes().to_vec())
            .bind(joint.point.as_bytes().to_vec())
            .bind(joint.rule.code());
        self.change_one("joint_holding", query).await
    }

    async fn set_joint_rule(&mut self, id: MandateId, joint: &Joint) -> Result<(), StoreError> {
        let query = query(
            "UPDATE joint_holding SET rule = ?2, asked = ?3, asked_by = ?4 WHERE mandate = ?1 AND point = ?5",
        );
        let query = query
            .bind(id.as_bytes().to_vec())
            .bind(joint.rule.code())
            .bind(joint.asked.map(|(rule, _)| rule.code()))
            .bind(joint.asked.map(|(_, side)| side_code(side)))
            .bind(joint.point.as_bytes().to_vec());
        self.change_one("joint_holding", query).await
    }

    async fn accept_mandate(
        &mut self,
        id: MandateId,
        held: Held,
        name: &SealedNames,
    ) -> Result<(), StoreError> {
        let query = query(
            "UPDATE mandate SET delegate = ?2, accepted_at_us = ?3, delegate_epoch = ?4, delegate_sealed = ?5, \
                 code_hash = NULL \
             WHERE id = ?1 AND delegate IS NULL AND ended_at_us IS NULL AND participant <> ?2 \
                 AND (newcomer IS NULL OR newcomer = ?2)",
        );
        let query = query
            .bind(id.as_bytes().to_vec())
            .bind(held.by.as_bytes().to_vec())
            .bind(held.since.as_micros())
            .bind(name.epoch)
            .bind(name.sealed.clone());
        self.change_one("mandate", query).await
    }

    async fn end_mandate(&mut self, id: MandateId, ended: Ended) -> Result<(), StoreError> {
        let query = query(
            "UPDATE mandate SET ended_at_us = ?2, ended_by = ?3, code_hash = NULL \
             WHERE id = ?1 AND ended_at_us IS NULL",
        );
        let query = query
            .bind(id.as_bytes().to_vec())
            .bind(ended.at.as_micros())
            .bind(side_code(ended.by));
        self.change_one("mandate", query).await
    }

    async fn keep_mandate_for(&mut self, id: MandateId, newcomer: ParticipantId) -> Result<(), StoreError> {
        let query = query(
            "UPDATE mandate SET newcomer = ?2 \
             WHERE id = ?1 AND newcomer IS NULL AND delegate IS NULL AND ended_at_us IS NULL",
        );
        let query = query
            .bind(id.as_bytes().to_vec())
            .bind(newcomer.as_bytes().to_vec());
        self.change_one("mandate", query).await
    }

    async fn note_look(&mut self, id: MandateId, day: Date, serial: Serial) -> Result<(), StoreError> {
        let query = query("INSERT INTO mandate_look (mandate, day, serial) VALUES (?1, ?2, ?3)");
        let query = query
            .bind(id.as_bytes().to_vec())
            .bind(day.to_string())
            .bind(stored(serial.0)?);
        self.change_one("mandate_look", query).await
    }

    async fn add_delegated_event(&mut self, consent: ConsentId, row: DelegatedRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO delegated_event (consent, seq, mandate, delegate, capacity) VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        let query = query
            .bind(consent.as_bytes().to_vec())
            .bind(row.seq)
            .bind(row.mandate.as_bytes().to_vec())
            .bind(row.delegate.as_bytes().to_vec())
            .bind(row.capacity.code());
        self.change_one("delegated_event", query).await
    }

    async fn set_acting(&mut self, session: SessionId, id: Option<MandateId>) -> Result<(), StoreError> {
        let session = session.as_bytes().to_vec();
        let gone = query("DELETE FROM session_acting WHERE session = ?1");
        self.change("session_acting", gone.bind(session.clone())).await?;
        let Some(id) = id else { return Ok(()) };
        let query =
            query("INSERT INTO session_acting (session, mandate) SELECT id, ?2 FROM session WHERE id = ?1");
        let query = query.bind(session).bind(id.as_bytes().to_vec());
        self.change_one("session_acting", query).await
    }
}

const fn side_code(side: Side) -> &'static str {
    match side {
        Side::Person => "person",
        Side::Delegate => "delegate",
    }
}

fn row(row: &SqliteRow) -> Result<MandateRow, StoreError> {
    let delegate: Option<ParticipantId> = row.id_or_null("mandate.delegate")?;
    let accepted = row.instant_or_null("mandate.accepted_at_us")?;
    let ended_by = side(row, "mandate.ended_by")?;
    let ended = row.instant_or_null("mandate.ended_at_us")?.zip(ended_by);
    let epoch: Option<u32> = row.number_or_null("mandate.delegate_epoch")?;
    let sealed: Option<&[u8]> = row.cell("mandate.delegate_sealed")?;
    Ok(MandateRow {
        mandate: Mandate {
            id: row.id("mandate.id")?,
            person: row.id("mandate.participant")?,
            capacity: row.code("mandate.capacity", Capacity::from_code)?,
            powers: row.code("mandate.powers", Powers::from_code)?,
            span: row.interval("mandate.starts_at_us", "mandate.ends_at_us")?,
            basis: row.array_or_null("mandate.basis")?.map(Digest),
            given_at: row.instant("mandate.given_at_us")?,
            open_until: row.instant("mandate.open_until_us")?,
            held: delegate.zip(accepted).map(|(by, since)| Held { by, since }),
            ended: ended.map(|(at, by)| Ended { at, by }),
            joint: joint(row)?,
        },
        code_hash: row.array_or_null("mandate.code_hash")?,
        newcomer: row.id_or_null("mandate.newcomer")?,
        names: SealedNames {
            epoch: row.number("mandate.names_epoch")?,
            sealed: row.bytes("mandate.names_sealed")?,
        },
        delegate_name: epoch.zip(sealed).map(|(epoch, sealed)| SealedNames {
            epoch,
            sealed: sealed.to_vec(),
        }),
    })
}

fn side(row: &SqliteRow, column: &'static str) -> Result<Option<Side>, StoreError> {
    let code: Option<&str> = row.cell(column)?;
    code.map(|code| match code {
        "person" => Ok(Side::Person),
        "delegate" => Ok(Side::Delegate),
        _ => Err(StoreError::Corrupt { column }),
    })
    .transpose()
}

fn joint(row: &SqliteRow) -> Result<Option<Joint>, StoreError> {
    let Some(point) = row.id_or_null("joint_holding.point")? else {
        return Ok(None);
    };
    let asked: Option<&str> = row.cell("joint_holding.asked")?;
    let asked = asked.map(|code| {
        GrantRule::from_code(code).ok_or(StoreError::Corrupt {
            column: "joint_holding.asked",
        })
    });
    Ok(Some(Joint {
        point,
        rule: row.code("joint_holding.rule", GrantRule::from_code)?,
        asked: asked.transpose()?.zip(side(row, "joint_holding.asked_by")?),
    }))
}
