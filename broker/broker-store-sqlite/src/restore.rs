//! What only a restore reads and writes.

use async_trait::async_trait;
use broker_domain::ids::SubjectId;
use broker_store::{RestoreReads, RestoreWrites, StoreError, SubjectRow};
use sqlx::query;

use crate::ledger::subject;
use crate::row::{Cells, stored};
use crate::transaction::SqliteTx;

#[async_trait]
impl RestoreReads for SqliteTx {
    async fn all_subjects(
        &mut self,
        after: Option<SubjectId>,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError> {
        // Every identifier is larger than the empty one.
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let query = query(
            "SELECT subject, newest, subject_key FROM subject_key WHERE subject > ?1 ORDER BY subject LIMIT ?2",
        );
        self.all(query.bind(after).bind(limit), subject).await
    }

    async fn restores(&mut self) -> Result<Vec<u64>, StoreError> {
        let query = query("SELECT segment FROM restore ORDER BY segment");
        self.all(query, |row| row.number("restore.segment")).await
    }
}

#[async_trait]
impl RestoreWrites for SqliteTx {
    async fn skip_numbers(&mut self, id: SubjectId, newest: u64) -> Result<(), StoreError> {
        let query = query("UPDATE subject_key SET newest = ?2 WHERE subject = ?1 AND newest < ?2");
        let query = query.bind(id.as_bytes().as_slice()).bind(stored(newest)?);
        self.change_one("subject_key", query).await
    }

    async fn add_restore(&mut self, first: u64) -> Result<(), StoreError> {
        let query = query("INSERT INTO restore (segment) VALUES (?1)").bind(stored(first)?);
        self.change_one("restore", query).await
    }

    async fn close_doors(&mut self) -> Result<(), StoreError> {
        for (table, statement) in CLOSING {
            self.change(table, query(statement)).await?;
        }
        Ok(())
    }
}

/// Gateways take only settings of a higher version than theirs: the step is larger than any household has clicked in
/// the life of a backup.
const CLOSING: [(&str, &str); 3] = [
    ("session", "DELETE FROM session"),
    ("enrolment_code", "DELETE FROM enrolment_code"),
    (
        "gateway",
        "UPDATE gateway SET measuring = 'off', settings_version = settings_version + 1000000",
    ),
];
