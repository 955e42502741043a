//! Unusual use of sharings, and breaches with those they concern.

use async_trait::async_trait;
use broker_domain::breach::{AuthorityTold, Breach, BreachFacts, Nature, PeopleTold, Scope, Severity};
use broker_domain::ids::{BreachId, ConsentId, OfficerId, ParticipantId};
use broker_domain::time::{Instant, Interval};
use broker_domain::volume::{DayOfUse, Unusual};
use broker_store::{
    BreachCounts, ConcernedRow, Serial, StoreError, UnusualRow, WatchReads, WatchWrites, scope_code,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::{Cells, stored};
use crate::transaction::SqliteTx;
use crate::values::Statement;

/// The columns of a breach, and what the statement goes on with.
macro_rules! breaches {
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT b.id, b.recorded_by, b.recorded_at_us, b.known_at_us, b.nature, b.severity, b.scope, b.subject, \
                 b.from_at_us, b.until_at_us, b.happened, b.data_kinds, b.consequences, b.measures, b.contact, \
                 b.text_fr, b.text_en, b.text_nl, b.authority_at_us, b.authority_reference, b.authority_late, \
                 b.people_at_us, b.people_by, b.people, b.untold_reason",
            $more,
            " FROM breach AS b ",
            $rest
        )
    };
}

/// Those a breach concerns, by its scope: each time as `SELECT` of `participant`. `?1` is the subject, `?2` and `?3` bound the span.
///
/// Of a recipient: those of whom it received a curve then, and those in a release to one of its researchers then.
macro_rules! concerned {
    ($scope:expr, $before:literal, $after:literal) => {
        match $scope {
            Scope::All => concat!(
                $before,
                "SELECT id AS participant FROM participant WHERE ?1 IS NULL AND ?2 <= ?3",
                $after
            ),
            Scope::Recipient(_) => concat!(
                $before,
                "SELECT participant FROM transfer WHERE direction = 'out' AND refusal IS NULL AND recipient = ?1 \
                     AND at_us >= ?2 AND at_us < ?3 \
                 UNION SELECT d.participant FROM disclosure AS d JOIN release AS l ON l.id = d.release \
                     JOIN access_request AS q ON q.id = l.request \
                     WHERE q.organisation = ?1 AND l.at_us >= ?2 AND l.at_us < ?3",
                $after
            ),
            Scope::Consent(_) => concat!(
                $before,
                "SELECT participant FROM consent WHERE id = ?1 AND ?2 <= ?3",
                $after
            ),
            Scope::Gateway(_) => concat!(
                $before,
                "SELECT participant FROM gateway WHERE id = ?1 AND ?2 <= ?3",
                $after
            ),
            Scope::Erased => concat!(
                $before,
                "SELECT id AS participant FROM participant WHERE FALSE AND ?1 IS NULL AND ?2 <= ?3",
                $after
            ),
        }
    };
}

#[async_trait]
impl WatchReads for SqliteTx {
    async fn busy_sharings(
        &mut self,
        span: &Interval,
        least: DayOfUse,
        after: Option<ConsentId>,
        limit: u32,
    ) -> Result<Vec<(ConsentId, DayOfUse)>, StoreError> {
        let query = query(
            "SELECT consent, COUNT(*) AS transfers, MAX(span_end_at_us - span_start_at_us) AS longest \
             FROM transfer WHERE direction = 'out' AND refusal IS NULL AND at_us >= ?1 AND at_us < ?2 \
                 AND consent IS NOT NULL AND (?5 IS NULL OR consent > ?5) \
             GROUP BY consent HAVING transfers >= ?3 OR longest >= ?4 ORDER BY consent LIMIT ?6",
        );
        let query = query
            .bind(span.start().as_micros())
            .bind(span.end().as_micros())
            .bind(least.transfers)
            .bind(least.longest_s.saturating_mul(1_000_000))
            .bind(after.map(|id| id.as_bytes().to_vec()))
            .bind(limit);
        self.all(query, |row| Ok((row.id("transfer.consent")?, use_of(row)?)))
            .await
    }

    async fn use_of(&mut self, consent: ConsentId, span: &Interval) -> Result<DayOfUse, StoreError> {
        let query = query(
            "SELECT COUNT(*) AS transfers, COALESCE(MAX(span_end_at_us - span_start_at_us), 0) AS longest \
             FROM transfer WHERE consent = ?1 AND refusal IS NULL AND at_us >= ?2 AND at_us < ?3 \
                 AND direction = 'out'",
        );
        let query = query
            .bind(consent.as_bytes().as_slice())
            .bind(span.start().as_micros())
            .bind(span.end().as_micros());
        Ok(self.one(query, use_of).await?.unwrap_or_default())
    }

    async fn accesses_of(&mut self, consent: ConsentId, limit: u32) -> Result<Vec<Instant>, StoreError> {
        let query = query(
            "SELECT at_us FROM transfer WHERE consent = ?1 AND refusal IS NULL AND direction = 'out' \
             ORDER BY at_us DESC LIMIT ?2",
        );
        let query = query.bind(consent.as_bytes().as_slice()).bind(limit);
        self.all(query, |row| row.instant("transfer.at_us")).await
    }

    async fn unusual_of(&mut self, consent: ConsentId) -> Result<Vec<UnusualRow>, StoreError> {
        let query = query(
            "SELECT consent, day_at_us, kind, found, usual, noticed_at_us FROM unusual_use \
             WHERE consent = ?1 ORDER BY day_at_us DESC, kind",
        );
        self.all(query.bind(consent.as_bytes().as_slice()), unusual).await
    }

    async fn unusual(&mut self, limit: u32) -> Result<Vec<(ParticipantId, UnusualRow)>, StoreError> {
        let query = query(
            "SELECT u.consent, u.day_at_us, u.kind, u.found, u.usual, u.noticed_at_us, c.participant \
             FROM unusual_use AS u CROSS JOIN consent AS c ON c.id = u.consent \
             ORDER BY u.noticed_at_us DESC, u.consent, u.kind LIMIT ?1",
        );
        self.all(query.bind(limit), |row| {
            Ok((row.id("consent.participant")?, unusual(row)?))
        })
        .await
    }

    async fn breach(&mut self, id: BreachId) -> Result<Option<Breach>, StoreError> {
        let query = query(breaches!("", "WHERE b.id = ?1"));
        self.one(query.bind(id.as_bytes().as_slice()), breach).await
    }

    async fn breaches(&mut self, limit: u32) -> Result<Vec<Breach>, StoreError> {
        let query = query(breaches!("", "ORDER BY b.recorded_at_us DESC, b.id LIMIT ?1"));
        self.all(query.bind(limit), breach).await
    }

    async fn concerned(&mut self, facts: &BreachFacts) -> Result<BreachCounts, StoreError> {
        let sql = concerned!(
            facts.scope,
            "SELECT COUNT(*) AS people, 0 AS told, \
                 COUNT(*) FILTER (WHERE a.participant IS NULL AND COALESCE(w.sms + w.post, 0) = 0) AS without_address FROM (",
            ") AS p LEFT JOIN mail_address AS a USING (participant) LEFT JOIN message_channel AS w USING (participant)"
        );
        let counts = self.one(within(query(sql), facts), counts).await?;
        Ok(counts.unwrap_or_default())
    }

    async fn breach_counts(&mut self, id: BreachId) -> Result<BreachCounts, StoreError> {
        let query = query(
            "SELECT COUNT(*) AS people, COUNT(*) FILTER (WHERE p.told_at_us IS NOT NULL) AS told, \
                 COUNT(*) FILTER (WHERE a.participant IS NULL AND COALESCE(w.sms + w.post, 0) = 0) AS without_address \
             FROM breach_person AS p LEFT JOIN mail_address AS a USING (participant) \
                 LEFT JOIN message_channel AS w USING (participant) WHERE p.breach = ?1",
        );
        let query = query.bind(id.as_bytes().as_slice());
        Ok(self.one(query, counts).await?.unwrap_or_default())
    }

    async fn breach_untold(
        &mut self,
        after: Option<(BreachId, ParticipantId)>,
        limit: u32,
    ) -> Result<Vec<(BreachId, ParticipantId)>, StoreError> {
        let query = query(
            "SELECT breach, participant FROM breach_person \
             WHERE told_at_us IS NULL AND (breach, participant) > (?1, ?2) \
             ORDER BY breach, participant LIMIT ?3",
        );
        // Nothing is smaller than no bytes, and no identifier is that.
        let (breach, who) = after.map_or_else(Default::default, |(breach, who)| {
            (breach.as_bytes().to_vec(), who.as_bytes().to_vec())
        });
        self.all(query.bind(breach).bind(who).bind(limit), |row| {
            Ok((
                row.id("breach_person.breach")?,
                row.id("breach_person.participant")?,
            ))
        })
        .await
    }

    async fn breaches_of(&mut self, who: ParticipantId) -> Result<Vec<ConcernedRow>, StoreError> {
        let query = query(breaches!(
            ", p.told_at_us, r.leaf_index",
            "JOIN breach_person AS p ON p.breach = b.id CROSS JOIN record AS r ON r.serial = p.serial \
             WHERE p.participant = ?1 ORDER BY p.told_at_us DESC, b.id"
        ));
        self.all(query.bind(who.as_bytes().as_slice()), |row| {
            Ok(ConcernedRow {
                breach: breach(row)?,
                told_at: row.instant("breach_person.told_at_us")?,
                leaf_index: row.number("record.leaf_index")?,
            })
        })
        .await
    }
}

#[async_trait]
impl WatchWrites for SqliteTx {
    async fn note_unusual(&mut self, row: &UnusualRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO unusual_use (consent, day_at_us, kind, found, usual, noticed_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (consent, day_at_us, kind) DO UPDATE SET found = MAX(found, excluded.found)",
        );
        let (kind, found, usual) = match row.unusual {
            Unusual::Transfers { found, usual } => ("transfers", i64::from(found), i64::from(usual)),
            Unusual::Span { found_s, usual_s } => ("span", found_s, usual_s),
        };
        let query = query
            .bind(row.consent.as_bytes().as_slice())
            .bind(row.day.as_micros())
            .bind(kind)
            .bind(found)
            .bind(usual)
            .bind(row.noticed_at.as_micros());
        self.change_one("unusual_use", query).await
    }

    async fn add_breach(&mut self, breach: &Breach) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO breach (known_at_us, nature, severity, scope, subject, from_at_us, until_at_us, happened, \
                 data_kinds, consequences, measures, contact, text_fr, text_en, text_nl, id, recorded_by, \
                 recorded_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        );
        let query = facts_of(query, &breach.facts)
            .bind(breach.id.as_bytes().as_slice())
            .bind(breach.recorded_by.as_bytes().as_slice())
            .bind(breach.recorded_at.as_micros());
        self.change_one("breach", query).await
    }

    async fn set_breach(&mut self, id: BreachId, facts: &BreachFacts) -> Result<(), StoreError> {
        let query = query(
            "UPDATE breach SET known_at_us = ?1, nature = ?2, severity = ?3, scope = ?4, subject = ?5, \
                 from_at_us = ?6, until_at_us = ?7, happened = ?8, data_kinds = ?9, consequences = ?10, \
                 measures = ?11, contact = ?12, text_fr = ?13, text_en = ?14, text_nl = ?15 \
             WHERE id = ?16 AND people_at_us IS NULL",
        );
        let query = facts_of(query, facts).bind(id.as_bytes().as_slice());
        self.change_one("breach", query).await
    }

    async fn set_authority_told(&mut self, id: BreachId, told: &AuthorityTold) -> Result<(), StoreError> {
        let query = query(
            "UPDATE breach SET authority_at_us = ?2, authority_reference = ?3, authority_late = ?4 \
             WHERE id = ?1 AND authority_at_us IS NULL",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(told.at.as_micros())
            .bind(&told.reference)
            .bind(&told.late);
        self.change_one("breach", query).await
    }

    async fn begin_breach_notice(
        &mut self,
        id: BreachId,
        by: OfficerId,
        at: Instant,
    ) -> Result<u64, StoreError> {
        let conflict = StoreError::Conflict { table: "breach" };
        let breach = self.breach(id).await?;
        let facts = match breach {
            Some(breach) if !matches!(breach.people, PeopleTold::Telling { .. }) => breach.facts,
            _ => return Err(conflict),
        };
        let sql = concerned!(
            facts.scope,
            "INSERT INTO breach_person (breach, participant) SELECT ?4, participant FROM (",
            ")"
        );
        let people = within(query(sql), &facts).bind(id.as_bytes().as_slice());
        let people = self.change("breach_person", people).await?;
        let query = query(
            "UPDATE breach SET people_at_us = ?2, people_by = ?3, people = ?4 \
             WHERE id = ?1 AND people_at_us IS NULL",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(at.as_micros())
            .bind(by.as_bytes().as_slice())
            .bind(stored(people)?);
        self.change_one("breach", query).await?;
        Ok(people)
    }

    async fn leave_untold(&mut self, id: BreachId, reason: &str) -> Result<(), StoreError> {
        let query = query(
            "UPDATE breach SET untold_reason = ?2 \
             WHERE id = ?1 AND people_at_us IS NULL AND untold_reason IS NULL",
        );
        let query = query.bind(id.as_bytes().as_slice()).bind(reason.to_owned());
        self.change_one("breach", query).await
    }

    async fn breach_told(
        &mut self,
        id: BreachId,
        who: ParticipantId,
        at: Instant,
        serial: Serial,
    ) -> Result<(), StoreError> {
        let query = query(
            "UPDATE breach_person SET told_at_us = ?3, serial = ?4 \
             WHERE breach = ?1 AND participant = ?2 AND told_at_us IS NULL",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(who.as_bytes().as_slice())
            .bind(at.as_micros())
            .bind(stored(serial.0)?);
        self.change_one("breach_person", query).await
    }
}

/// Binds what finds those concerned.
fn within(query: Statement, facts: &BreachFacts) -> Statement {
    query
        .bind(subject(facts.scope))
        .bind(facts.from.map_or(i64::MIN, Instant::as_micros))
        .bind(facts.until.map_or(i64::MAX, Instant::as_micros))
}

fn subject(scope: Scope) -> Option<Vec<u8>> {
    match scope {
        Scope::All | Scope::Erased => None,
        Scope::Recipient(id) => Some(id.as_bytes().to_vec()),
        Scope::Consent(id) => Some(id.as_bytes().to_vec()),
        Scope::Gateway(id) => Some(id.as_bytes().to_vec()),
    }
}

fn facts_of(query: Statement, facts: &BreachFacts) -> Statement {
    let nature: Vec<&str> = facts.nature.iter().map(|nature| nature.code()).collect();
    let [french, english, dutch] = &facts.texts;
    query
        .bind(facts.known_at.as_micros())
        .bind(nature.join(" "))
        .bind(facts.severity.code())
        .bind(scope_code(facts.scope))
        .bind(subject(facts.scope))
        .bind(facts.from.map(Instant::as_micros))
        .bind(facts.until.map(Instant::as_micros))
        .bind(facts.happened.clone())
        .bind(facts.data_kinds.clone())
        .bind(facts.consequences.clone())
        .bind(facts.measures.clone())
        .bind(facts.contact.clone())
        .bind(french.clone())
        .bind(english.clone())
        .bind(dutch.clone())
}

fn use_of(row: &SqliteRow) -> Result<DayOfUse, StoreError> {
    let longest: i64 = row.number("transfer.longest")?;
    Ok(DayOfUse {
        transfers: row.number("transfer.transfers")?,
        longest_s: longest / 1_000_000,
    })
}

fn counts(row: &SqliteRow) -> Result<BreachCounts, StoreError> {
    Ok(BreachCounts {
        people: row.number("breach_person.people")?,
        told: row.number("breach_person.told")?,
        without_address: row.number("breach_person.without_address")?,
    })
}

fn unusual(row: &SqliteRow) -> Result<UnusualRow, StoreError> {
    let column = "unusual_use.kind";
    let unusual = match row.text(column)?.as_str() {
        "transfers" => Unusual::Transfers {
            found: row.number("unusual_use.found")?,
            usual: row.number("unusual_use.usual")?,
        },
        "span" => Unusual::Span {
            found_s: row.number("unusual_use.found")?,
            usual_s: row.number("unusual_use.usual")?,
        },
        _ => return Err(StoreError::Corrupt { column }),
    };
    Ok(UnusualRow {
        consent: row.id("unusual_use.consent")?,
        day: row.instant("unusual_use.day_at_us")?,
        unusual,
        noticed_at: row.instant("unusual_use.noticed_at_us")?,
    })
}

fn scope(row: &SqliteRow) -> Result<Scope, StoreError> {
    let (scope, subject) = ("breach.scope", "breach.subject");
    match row.text(scope)?.as_str() {
        "all" => Ok(Scope::All),
        "recipient" => row.id(subject).map(Scope::Recipient),
        "consent" => Ok(row.id_or_null(subject)?.map_or(Scope::Erased, Scope::Consent)),
        "gateway" => Ok(row.id_or_null(subject)?.map_or(Scope::Erased, Scope::Gateway)),
        _ => Err(StoreError::Corrupt { column: scope }),
    }
}

fn facts(row: &SqliteRow) -> Result<BreachFacts, StoreError> {
    let column = "breach.nature";
    let nature = row.text(column)?;
    let nature = nature
        .split(' ')
        .map(Nature::from_code)
        .collect::<Option<Vec<_>>>();
    Ok(BreachFacts {
        known_at: row.instant("breach.known_at_us")?,
        nature: nature.ok_or(StoreError::Corrupt { column })?,
        severity: row.code("breach.severity", Severity::from_code)?,
        scope: scope(row)?,
        from: row.instant_or_null("breach.from_at_us")?,
        until: row.instant_or_null("breach.until_at_us")?,
        happened: row.text("breach.happened")?,
        data_kinds: row.text("breach.data_kinds")?,
        consequences: row.text("breach.consequences")?,
        measures: row.text("breach.measures")?,
        contact: row.text("breach.contact")?,
        texts: [
            row.text("breach.text_fr")?,
            row.text("breach.text_en")?,
            row.text("breach.text_nl")?,
        ],
    })
}

fn breach(row: &SqliteRow) -> Result<Breach, StoreError> {
    let authority = match row.instant_or_null("breach.authority_at_us")? {
        Some(at) => Some(AuthorityTold {
            at,
            reference: row.text("breach.authority_reference")?,
            late: row.cell("breach.authority_late")?,
        }),
        None => None,
    };
    let untold: Option<String> = row.cell("breach.untold_reason")?;
    let people = match (row.instant_or_null("breach.people_at_us")?, untold) {
        (Some(at), despite) => PeopleTold::Telling {
            at,
            by: row.id("breach.people_by")?,
            people: row.number("breach.people")?,
            despite,
        },
        (None, Some(reason)) => PeopleTold::Not { reason },
        (None, None) => PeopleTold::Undecided,
    };
    Ok(Breach {
        id: row.id("breach.id")?,
        recorded_by: row.id("breach.recorded_by")?,
        recorded_at: row.instant("breach.recorded_at_us")?,
        facts: facts(row)?,
        authority,
        people,
    })
}
