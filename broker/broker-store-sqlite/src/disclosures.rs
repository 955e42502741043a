//! Disclosure manifests.

use async_trait::async_trait;
use broker_domain::ids::{ParticipantId, ReleaseId};
use broker_store::{
    Disclosed, DisclosureReads, DisclosureRow, DisclosureWrites, ManifestRow, Serial, StoreError,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::{Cells, bound, stored};
use crate::transaction::SqliteTx;

#[async_trait]
impl DisclosureReads for SqliteTx {
    async fn manifest_of(&mut self, release: ReleaseId) -> Result<Option<ManifestRow>, StoreError> {
        let query = query("SELECT release, root, row_count, fields FROM release_manifest WHERE release = ?1");
        self.one(query.bind(release.as_bytes().as_slice()), manifest)
            .await
    }

    async fn manifest_file(&mut self, release: ReleaseId) -> Result<Option<Vec<u8>>, StoreError> {
        let query = query("SELECT manifest FROM release_manifest WHERE release = ?1");
        let query = query.bind(release.as_bytes().as_slice());
        self.one(query, |row| row.bytes("release_manifest.manifest"))
            .await
    }

    async fn disclosed(
        &mut self,
        participant: ParticipantId,
        release: ReleaseId,
    ) -> Result<Option<Disclosed>, StoreError> {
        let query = query(
            "SELECT d.participant, d.release, d.serial, d.step_count, d.subject_salt, d.scope_salt, d.proof, \
                 r.leaf_index, m.root, m.row_count, m.fields, b.dataset, b.period_start_at_us, b.period_end_at_us, \
                 b.step_s, l.at_us \
             FROM disclosure AS d \
             INNER JOIN record AS r ON r.serial = d.serial \
             INNER JOIN release_manifest AS m ON m.release = d.release \
             INNER JOIN release_membership AS b ON b.release = d.release \
             INNER JOIN release AS l ON l.id = d.release \
             WHERE d.participant = ?1 AND d.release = ?2",
        );
        let query = query
            .bind(participant.as_bytes().as_slice())
            .bind(release.as_bytes().as_slice());
        self.one(query, disclosed).await
    }

    async fn disclosures_of(
        &mut self,
        participant: ParticipantId,
        before_leaf: u64,
        limit: u32,
    ) -> Result<Vec<Disclosed>, StoreError> {
        let query = query(
            "SELECT d.participant, d.release, d.serial, d.step_count, d.subject_salt, d.scope_salt, d.proof, \
                 r.leaf_index, m.root, m.row_count, m.fields, b.dataset, b.period_start_at_us, b.period_end_at_us, \
                 b.step_s, l.at_us \
             FROM disclosure AS d \
             INNER JOIN record AS r ON r.serial = d.serial \
             INNER JOIN release_manifest AS m ON m.release = d.release \
             INNER JOIN release_membership AS b ON b.release = d.release \
             INNER JOIN release AS l ON l.id = d.release \
             WHERE d.participant = ?1 AND r.leaf_index < ?2 ORDER BY r.leaf_index DESC LIMIT ?3",
        );
        let query = query
            .bind(participant.as_bytes().as_slice())
            .bind(bound(before_leaf))
            .bind(limit);
        self.all(query, disclosed).await
    }
}

#[async_trait]
impl DisclosureWrites for SqliteTx {
    async fn add_manifest(
        &mut self,
        row: &ManifestRow,
        file: &[u8],
        rows: &[DisclosureRow],
    ) -> Result<(), StoreError> {
        if rows.iter().any(|one| one.release != row.release) {
            return Err(StoreError::Conflict { table: "disclosure" });
        }
        let query = query(
            "INSERT INTO release_manifest (release, root, row_count, fields, manifest) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        let query = query
            .bind(row.release.as_bytes().as_slice())
            .bind(row.root.as_slice())
            .bind(stored(row.rows)?)
            .bind(row.fields.join(" "))
            .bind(file.to_vec());
        self.change_one("release_manifest", query).await?;
        let mut rest = rows;
        for (size, sql) in ADD_DISCLOSURES {
            while let Some((some, others)) = rest.split_at_checked(size) {
                self.add_disclosures(sql, some).await?;
                rest = others;
            }
        }
        Ok(())
    }
}

/// The values of one row.
macro_rules! one {
    () => {
        "(?, ?, ?, ?, ?, ?, ?)"
    };
}

/// The same values eight times.
macro_rules! eight {
    ($of:expr) => {
        concat!(
            $of, ", ", $of, ", ", $of, ", ", $of, ", ", $of, ", ", $of, ", ", $of, ", ", $of
        )
    };
}

/// Adds rows with these values, except those of people who are not there.
macro_rules! add_disclosures {
    ($values:expr) => {
        concat!(
            "WITH own (participant, release, serial, step_count, subject_salt, scope_salt, proof) AS (VALUES ",
            $values,
            ") INSERT INTO disclosure (participant, release, serial, step_count, subject_salt, scope_salt, proof) \
             SELECT participant, release, serial, step_count, subject_salt, scope_salt, proof FROM own \
             WHERE EXISTS (SELECT 1 FROM participant WHERE id = own.participant)"
        )
    };
}

/// How many rows a statement adds, the largest first: a release to a city has 100,000.
const ADD_DISCLOSURES: [(usize, &str); 3] = [
    (64, add_disclosures!(eight!(eight!(one!())))),
    (8, add_disclosures!(eight!(one!()))),
    (1, add_disclosures!(one!())),
];

impl SqliteTx {
    /// Adds as many rows as the statement has room for.
    async fn add_disclosures(&mut self, sql: &'static str, rows: &[DisclosureRow]) -> Result<(), StoreError> {
        let mut query = query(sql);
        for row in rows {
            query = query
                .bind(row.participant.as_bytes().as_slice())
                .bind(row.release.as_bytes().as_slice())
                .bind(stored(row.serial.0)?)
                .bind(stored(row.steps)?)
                .bind(row.subject_salt.as_slice())
                .bind(row.scope_salt.as_slice())
                .bind(row.proof.concat());
        }
        let added = self.change("disclosure", query).await?;
        if usize::try_from(added).is_ok_and(|added| added == rows.len()) {
            Ok(())
        } else {
            Err(StoreError::Conflict { table: "disclosure" })
        }
    }
}

fn manifest(row: &SqliteRow) -> Result<ManifestRow, StoreError> {
    Ok(ManifestRow {
        release: row.id("release_manifest.release")?,
        root: row.array("release_manifest.root")?,
        rows: row.number("release_manifest.row_count")?,
        fields: fields(row)?,
    })
}

fn disclosed(row: &SqliteRow) -> Result<Disclosed, StoreError> {
    let (proof, surplus) = row.cell::<&[u8]>("disclosure.proof")?.as_chunks::<32>();
    if !surplus.is_empty() {
        return Err(StoreError::Corrupt {
            column: "disclosure.proof",
        });
    }
    Ok(Disclosed {
        row: DisclosureRow {
            participant: row.id("disclosure.participant")?,
            release: row.id("disclosure.release")?,
            serial: Serial(row.number("disclosure.serial")?),
            steps: row.number("disclosure.step_count")?,
            subject_salt: row.array("disclosure.subject_salt")?,
            scope_salt: row.array("disclosure.scope_salt")?,
            proof: proof.to_vec(),
        },
        leaf_index: row.number("record.leaf_index")?,
        root: row.array("release_manifest.root")?,
        rows: row.number("release_manifest.row_count")?,
        fields: fields(row)?,
        dataset: row.id("release_membership.dataset")?,
        period: row.interval(
            "release_membership.period_start_at_us",
            "release_membership.period_end_at_us",
        )?,
        step: row.step("release_membership.step_s")?,
        at: row.instant("release.at_us")?,
    })
}

fn fields(row: &SqliteRow) -> Result<Vec<String>, StoreError> {
    let text: &str = row.cell("release_manifest.fields")?;
    Ok(text.split(' ').map(str::to_owned).collect())
}
