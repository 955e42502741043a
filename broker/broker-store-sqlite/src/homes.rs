//! The other adults of a home.

use async_trait::async_trait;
use broker_domain::household::{
    CapacityEnd, Household, HouseholdCaseKind, Minors, OtherAdults, StandstillCause,
};
use broker_domain::ids::{ConsentId, ParticipantId, PointId, RightsRequestId};
use broker_domain::time::Instant;
use broker_store::{
    CapacityRow, HomeCodeRow, HomeReads, HomeRow, HomeWrites, HouseholdCaseRow, StandstillRow, StoreError,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl HomeReads for SqliteTx {
    async fn home(&mut self, point: PointId) -> Result<Option<HomeRow>, StoreError> {
        let query = query(
            "SELECT point, adults, minors, said_at_us, code_hash, code_epoch, code_sealed, code_at_us \
             FROM home WHERE point = ?1",
        );
        self.one(query.bind(point.as_bytes().to_vec()), home).await
    }

    async fn home_by_code(&mut self, hash: [u8; 32]) -> Result<Option<HomeRow>, StoreError> {
        let query = query(
            "SELECT point, adults, minors, said_at_us, code_hash, code_epoch, code_sealed, code_at_us \
             FROM home WHERE code_hash = ?1",
        );
        self.one(query.bind(hash.to_vec()), home).await
    }

    async fn household_case(
        &mut self,
        request: RightsRequestId,
    ) -> Result<Option<HouseholdCaseRow>, StoreError> {
        let query = query(
            "SELECT request, point, kind, code_hash, epoch, contact_sealed FROM household_case \
             WHERE request = ?1",
        );
        self.one(query.bind(request.as_bytes().to_vec()), case).await
    }

    async fn household_case_by_code(
        &mut self,
        hash: [u8; 32],
    ) -> Result<Option<HouseholdCaseRow>, StoreError> {
        let query = query(
            "SELECT request, point, kind, code_hash, epoch, contact_sealed FROM household_case \
             WHERE code_hash = ?1",
        );
        self.one(query.bind(hash.to_vec()), case).await
    }

    async fn household_cases_of(
        &mut self,
        who: ParticipantId,
        limit: u32,
    ) -> Result<Vec<HouseholdCaseRow>, StoreError> {
        let query = query(
            "SELECT c.request, c.point, c.kind, c.code_hash, c.epoch, c.contact_sealed \
             FROM household_case AS c JOIN rights_request AS q ON q.id = c.request \
             WHERE q.participant = ?1 ORDER BY q.received_at_us DESC, c.request LIMIT ?2",
        );
        let query = query.bind(who.as_bytes().to_vec()).bind(limit);
        self.all(query, case).await
    }

    async fn age_stated_at(&mut self, who: ParticipantId) -> Result<Option<Instant>, StoreError> {
        let query = query("SELECT at_us FROM age_statement WHERE participant = ?1");
        let query = query.bind(who.as_bytes().to_vec());
        self.one(query, |row| row.instant("age_statement.at_us")).await
    }

    async fn capacity_end(&mut self, who: ParticipantId) -> Result<Option<CapacityRow>, StoreError> {
        let query = query(
            "SELECT participant, cause, since_us, recorded_at_us, request, closed_at_us, undone_at_us \
             FROM capacity_end WHERE participant = ?1 AND undone_at_us IS NULL",
        );
        self.one(query.bind(who.as_bytes().to_vec()), capacity).await
    }

    async fn capacity_ends(&mut self, limit: u32) -> Result<Vec<CapacityRow>, StoreError> {
        let query = query(
            "SELECT participant, cause, since_us, recorded_at_us, request, closed_at_us, undone_at_us \
             FROM capacity_end ORDER BY recorded_at_us DESC, participant LIMIT ?1",
        );
        self.all(query.bind(limit), capacity).await
    }

    async fn capacity_ends_due(&mut self, limit: u32) -> Result<Vec<CapacityRow>, StoreError> {
        let query = query(
            "SELECT participant, cause, since_us, recorded_at_us, request, closed_at_us, undone_at_us \
             FROM capacity_end WHERE closed_at_us IS NULL AND undone_at_us IS NULL \
             ORDER BY recorded_at_us, participant LIMIT ?1",
        );
        self.all(query.bind(limit), capacity).await
    }

    async fn standstills_of(&mut self, consent: ConsentId) -> Result<Vec<StandstillRow>, StoreError> {
        let query = query(
            "SELECT consent, cause, request, began_at_us, ended_at_us FROM standstill \
             WHERE consent = ?1 ORDER BY began_at_us",
        );
        self.all(query.bind(consent.as_bytes().to_vec()), standstill)
            .await
    }

    async fn standstills_without_case(&mut self, limit: u32) -> Result<Vec<StandstillRow>, StoreError> {
        let query = query(
            "SELECT consent, cause, request, began_at_us, ended_at_us FROM standstill \
             WHERE request IS NULL AND ended_at_us IS NULL AND cause = 'not-me' \
             ORDER BY began_at_us, consent LIMIT ?1",
        );
        self.all(query.bind(limit), standstill).await
    }

    async fn standstills_of_case(&mut self, case: RightsRequestId) -> Result<Vec<StandstillRow>, StoreError> {
        let query = query(
            "SELECT consent, cause, request, began_at_us, ended_at_us FROM standstill \
             WHERE request = ?1 ORDER BY began_at_us",
        );
        self.all(query.bind(case.as_bytes().to_vec()), standstill).await
    }
}

#[async_trait]
impl HomeWrites for SqliteTx {
    async fn set_household(
        &mut self,
        point: PointId,
        household: Household,
        at: Instant,
    ) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO home (point, adults, minors, said_at_us) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (point) DO UPDATE SET adults = ?2, minors = ?3, said_at_us = ?4",
        );
        let query = query
            .bind(point.as_bytes().to_vec())
            .bind(household.adults.number())
            .bind(matches!(household.minors, Minors::Present))
            .bind(at.as_micros());
        self.change_one("home", query).await
    }

    async fn set_home_code(&mut self, point: PointId, code: &HomeCodeRow) -> Result<(), StoreError> {
        let query = query(
            "UPDATE home SET code_hash = ?2, code_epoch = ?3, code_sealed = ?4, code_at_us = ?5 \
             WHERE point = ?1",
        );
        let query = query
            .bind(point.as_bytes().to_vec())
            .bind(code.hash.to_vec())
            .bind(code.epoch)
            .bind(code.sealed.clone())
            .bind(code.made_at.as_micros());
        self.change_one("home", query).await
    }

    async fn state_age(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError> {
        let query = query("INSERT INTO age_statement (participant, at_us) VALUES (?1, ?2)");
        let query = query.bind(who.as_bytes().to_vec()).bind(at.as_micros());
        self.change_one("age_statement", query).await
    }

    async fn add_capacity_end(&mut self, row: &CapacityRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO capacity_end (participant, cause, since_us, recorded_at_us, request) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        let query = query
            .bind(row.participant.as_bytes().to_vec())
            .bind(row.end.code())
            .bind(row.since.as_micros())
            .bind(row.recorded_at.as_micros())
            .bind(row.case.as_bytes().to_vec());
        self.change_one("capacity_end", query).await
    }

    async fn close_capacity_end(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE capacity_end SET closed_at_us = ?2 \
             WHERE participant = ?1 AND closed_at_us IS NULL AND undone_at_us IS NULL",
        );
        let query = query.bind(who.as_bytes().to_vec()).bind(at.as_micros());
        self.change_one("capacity_end", query).await
    }

    async fn undo_capacity_end(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE capacity_end SET undone_at_us = ?2 WHERE participant = ?1 AND undone_at_us IS NULL",
        );
        let query = query.bind(who.as_bytes().to_vec()).bind(at.as_micros());
        self.change_one("capacity_end", query).await
    }

    async fn add_household_case(&mut self, row: &HouseholdCaseRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO household_case (request, point, kind, code_hash, epoch, contact_sealed) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        );
        let (epoch, contact) = row.contact.clone().unzip();
        let query = query
            .bind(row.request.as_bytes().to_vec())
            .bind(row.point.as_bytes().to_vec())
            .bind(row.kind.code())
            .bind(row.code_hash.to_vec())
            .bind(epoch)
            .bind(contact);
        self.change_one("household_case", query).await
    }

    async fn add_standstill(&mut self, row: &StandstillRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO standstill (consent, cause, request, began_at_us, ended_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        let query = query
            .bind(row.consent.as_bytes().to_vec())
            .bind(row.cause.code())
            .bind(row.case.map(|case| case.as_bytes().to_vec()))
            .bind(row.began_at.as_micros())
            .bind(row.ended_at.map(Instant::as_micros));
        self.change_one("standstill", query).await
    }

    async fn tie_standstills(&mut self, consent: ConsentId, case: RightsRequestId) -> Result<(), StoreError> {
        let query = query(
            "UPDATE standstill SET request = ?2 \
             WHERE consent = ?1 AND request IS NULL AND ended_at_us IS NULL",
        );
        let query = query
            .bind(consent.as_bytes().to_vec())
            .bind(case.as_bytes().to_vec());
        self.change("standstill", query).await.map(|_| ())
    }

    async fn end_standstill(
        &mut self,
        consent: ConsentId,
        began_at: Instant,
        at: Instant,
    ) -> Result<(), StoreError> {
        let query = query(
            "UPDATE standstill SET ended_at_us = max(?3, began_at_us) \
             WHERE consent = ?1 AND began_at_us = ?2 AND ended_at_us IS NULL",
        );
        let query = query
            .bind(consent.as_bytes().to_vec())
            .bind(began_at.as_micros())
            .bind(at.as_micros());
        self.change_one("standstill", query).await
    }
}

fn home(row: &SqliteRow) -> Result<HomeRow, StoreError> {
    let column = "home.adults";
    let minors: i64 = row.cell("home.minors")?;
    let hash: Option<[u8; 32]> = row.array_or_null("home.code_hash")?;
    let code = match hash {
        None => None,
        Some(hash) => Some(HomeCodeRow {
            hash,
            epoch: row.number("home.code_epoch")?,
            sealed: row.bytes("home.code_sealed")?,
            made_at: row.instant("home.code_at_us")?,
        }),
    };
    Ok(HomeRow {
        point: row.id("home.point")?,
        household: Household {
            adults: OtherAdults::new(row.number(column)?).ok_or(StoreError::Corrupt { column })?,
            minors: if minors == 0 {
                Minors::Absent
            } else {
                Minors::Present
            },
        },
        said_at: row.instant("home.said_at_us")?,
        code,
    })
}

fn case(row: &SqliteRow) -> Result<HouseholdCaseRow, StoreError> {
    let epoch: Option<u32> = row.number_or_null("household_case.epoch")?;
    let sealed: Option<&[u8]> = row.cell("household_case.contact_sealed")?;
    Ok(HouseholdCaseRow {
        request: row.id("household_case.request")?,
        point: row.id("household_case.point")?,
        kind: row.code("household_case.kind", HouseholdCaseKind::from_code)?,
        code_hash: row.array("household_case.code_hash")?,
        contact: epoch.zip(sealed.map(<[u8]>::to_vec)),
    })
}

fn capacity(row: &SqliteRow) -> Result<CapacityRow, StoreError> {
    Ok(CapacityRow {
        participant: row.id("capacity_end.participant")?,
        end: row.code("capacity_end.cause", CapacityEnd::from_code)?,
        since: row.instant("capacity_end.since_us")?,
        recorded_at: row.instant("capacity_end.recorded_at_us")?,
        case: row.id("capacity_end.request")?,
        closed_at: row.instant_or_null("capacity_end.closed_at_us")?,
        undone_at: row.instant_or_null("capacity_end.undone_at_us")?,
    })
}

fn standstill(row: &SqliteRow) -> Result<StandstillRow, StoreError> {
    Ok(StandstillRow {
        consent: row.id("standstill.consent")?,
        cause: row.code("standstill.cause", StandstillCause::from_code)?,
        case: row.id_or_null("standstill.request")?,
        began_at: row.instant("standstill.began_at_us")?,
        ended_at: row.instant_or_null("standstill.ended_at_us")?,
    })
}
