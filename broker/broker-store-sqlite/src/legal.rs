//! Companies and public bodies.

use async_trait::async_trait;
use broker_domain::ids::{ConsentId, GrantId, ParticipantId, PointId};
use broker_domain::legal::{LegalKind, Shows};
use broker_domain::time::Instant;
use broker_store::{LegalPersonRow, LegalReads, LegalWrites, PermissionRow, PointRow, SiteRow, StoreError};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::participants::point;
use crate::row::Cells;
use crate::transaction::SqliteTx;

/// Places with every column.
macro_rules! sites {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.participant, p.created_at_us, p.number_index, p.number_sealed, p.left_at_us, \
                 p.left_known_at_us, p.held_since_us, s.name_sealed, s.shows \
             FROM site AS s JOIN point AS p ON p.id = s.point ",
            $rest
        )
    };
}

#[async_trait]
impl LegalReads for SqliteTx {
    async fn legal_person(&mut self, who: ParticipantId) -> Result<Option<LegalPersonRow>, StoreError> {
        let query = query(
            "SELECT participant, kind, number_index, number_sealed, added_at_us FROM legal_person \
             WHERE participant = ?1",
        );
        self.one(query.bind(who.as_bytes().as_slice()), legal_person)
            .await
    }

    async fn legal_person_of_number(&mut self, index: [u8; 32]) -> Result<Option<ParticipantId>, StoreError> {
        let query = query("SELECT participant FROM legal_person WHERE number_index = ?1");
        self.one(query.bind(index.as_slice()), |row| {
            row.id("legal_person.participant")
        })
        .await
    }

    async fn legal_persons(
        &mut self,
        before: Instant,
        limit: u32,
    ) -> Result<Vec<LegalPersonRow>, StoreError> {
        let query = query(
            "SELECT participant, kind, number_index, number_sealed, added_at_us FROM legal_person \
             WHERE added_at_us < ?1 ORDER BY added_at_us DESC, participant LIMIT ?2",
        );
        self.all(query.bind(before.as_micros()).bind(limit), legal_person)
            .await
    }

    async fn sites_of(&mut self, who: ParticipantId) -> Result<Vec<SiteRow>, StoreError> {
        let query = query(sites!("WHERE p.participant = ?1 ORDER BY p.created_at_us, p.id"));
        self.all(query.bind(who.as_bytes().as_slice()), site).await
    }

    async fn site(&mut self, point: PointId) -> Result<Option<SiteRow>, StoreError> {
        let query = query(sites!("WHERE s.point = ?1"));
        self.one(query.bind(point.as_bytes().as_slice()), site).await
    }

    async fn permission(&mut self, consent: ConsentId) -> Result<Option<PermissionRow>, StoreError> {
        let query = query("SELECT grant_id, list, points FROM permission WHERE consent = ?1");
        self.one(query.bind(consent.as_bytes().as_slice()), |row| {
            Ok(PermissionRow {
                grant: row.id::<GrantId>("permission.grant_id")?,
                list: row.digest("permission.list")?,
                points: row.number("permission.points")?,
            })
        })
        .await
    }

    async fn intent_list(&mut self, nonce: [u8; 32]) -> Result<Vec<(ConsentId, PointId)>, StoreError> {
        let query = query("SELECT ids FROM intent_list WHERE nonce = ?1");
        let column = "intent_list.ids";
        let ids = self
            .one(query.bind(nonce.as_slice()), |row| row.bytes(column))
            .await?
            .unwrap_or_default();
        let (ids, rest) = ids.as_chunks::<16>();
        let (pairs, odd) = ids.as_chunks::<2>();
        if !rest.is_empty() || !odd.is_empty() {
            return Err(StoreError::Corrupt { column });
        }
        let pair = |[consent, point]: &[[u8; 16]; 2]| (ConsentId::from(*consent), PointId::from(*point));
        Ok(pairs.iter().map(pair).collect())
    }
}

#[async_trait]
impl LegalWrites for SqliteTx {
    async fn add_legal_person(&mut self, row: &LegalPersonRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO legal_person (participant, kind, number_index, number_sealed, added_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        let query = query
            .bind(row.participant.as_bytes().to_vec())
            .bind(row.kind.code())
            .bind(row.number_index.to_vec())
            .bind(row.number_sealed.clone())
            .bind(row.added_at.as_micros());
        self.change_one("legal_person", query).await
    }

    async fn add_point_aside(&mut self, row: &PointRow, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO point (id, participant, created_at_us, number_index, number_sealed, left_at_us, left_known_at_us, \
                 left_method, closed_at_us) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 'web', ?6)",
        );
        let query = query
            .bind(row.id.as_bytes().to_vec())
            .bind(row.participant.as_bytes().to_vec())
            .bind(row.created_at.as_micros())
            .bind(row.number_index.to_vec())
            .bind(row.number_sealed.clone())
            .bind(at.as_micros());
        self.change_one("point", query).await
    }

    async fn add_site(&mut self, row: &SiteRow) -> Result<(), StoreError> {
        let query = query("INSERT INTO site (point, name_sealed, shows) VALUES (?1, ?2, ?3)");
        let query = query
            .bind(row.point.id.as_bytes().to_vec())
            .bind(row.name_sealed.clone())
            .bind(code(row.shows));
        self.change_one("site", query).await
    }

    async fn set_site_aside(&mut self, point: PointId) -> Result<(), StoreError> {
        let query = query("UPDATE site SET shows = 'person' WHERE point = ?1 AND shows = 'body'");
        self.change_one("site", query.bind(point.as_bytes().to_vec()))
            .await
    }

    async fn add_permission(&mut self, consent: ConsentId, row: PermissionRow) -> Result<(), StoreError> {
        let query = query("INSERT INTO permission (consent, grant_id, list, points) VALUES (?1, ?2, ?3, ?4)");
        let query = query
            .bind(consent.as_bytes().to_vec())
            .bind(row.grant.as_bytes().to_vec())
            .bind(row.list.0.to_vec())
            .bind(row.points);
        self.change_one("permission", query).await
    }

    async fn add_intent_list(
        &mut self,
        nonce: [u8; 32],
        list: &[(ConsentId, PointId)],
    ) -> Result<(), StoreError> {
        let mut ids = Vec::with_capacity(list.len().saturating_mul(32));
        for (consent, point) in list {
            ids.extend_from_slice(consent.as_bytes());
            ids.extend_from_slice(point.as_bytes());
        }
        let query = query("INSERT INTO intent_list (nonce, ids) VALUES (?1, ?2)");
        self.change_one("intent_list", query.bind(nonce.to_vec()).bind(ids))
            .await
    }
}

const fn code(shows: Shows) -> &'static str {
    match shows {
        Shows::Body => "body",
        Shows::Person => "person",
    }
}

fn legal_person(row: &SqliteRow) -> Result<LegalPersonRow, StoreError> {
    Ok(LegalPersonRow {
        participant: row.id("legal_person.participant")?,
        kind: row.code("legal_person.kind", LegalKind::from_code)?,
        number_index: row.array("legal_person.number_index")?,
        number_sealed: row.bytes("legal_person.number_sealed")?,
        added_at: row.instant("legal_person.added_at_us")?,
    })
}

fn site(row: &SqliteRow) -> Result<SiteRow, StoreError> {
    let shows = |code: &str| match code {
        "body" => Some(Shows::Body),
        "person" => Some(Shows::Person),
        _ => None,
    };
    Ok(SiteRow {
        point: point(row)?,
        name_sealed: row.bytes("site.name_sealed")?,
        shows: row.code("site.shows", shows)?,
    })
}
