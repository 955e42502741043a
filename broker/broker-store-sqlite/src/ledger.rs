//! Batches with their leaves, roots of full tiles, subjects and records.

use async_trait::async_trait;
use broker_domain::ids::SubjectId;
use broker_store::{
    HeadRow, LeafRow, LedgerReads, LedgerWrites, RecordRow, SegmentRow, Serial, StoreError, SubjectRow,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::intake::{array, hex};
use crate::row::{Cells, bound, stored};
use crate::transaction::SqliteTx;
use crate::values::{eight, sizes};

#[async_trait]
impl LedgerReads for SqliteTx {
    async fn newest_head(&mut self) -> Result<Option<HeadRow>, StoreError> {
        let query = query(
            "SELECT first, size_after, next_serial, at_us, root, peaks FROM segment ORDER BY first DESC LIMIT 1",
        );
        self.one(query, head).await
    }

    async fn head_covering(&mut self, leaf_index: u64) -> Result<Option<HeadRow>, StoreError> {
        let query = query(
            "SELECT first, size_after, next_serial, at_us, root, peaks FROM segment \
             WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
        );
        let head = self.one(query.bind(bound(leaf_index)), head).await?;
        Ok(head.filter(|head| head.size > leaf_index))
    }

    async fn leaves(&mut self, from: u64, to: u64) -> Result<Vec<LeafRow>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        // The first segment may begin before `from`.
        let query = query(
            "SELECT first, size_after, leaves FROM segment \
             WHERE first >= COALESCE((SELECT MAX(first) FROM segment WHERE first <= ?1), 0) AND first < ?2 \
             ORDER BY first",
        );
        let segments = self.all(query.bind(bound(from)).bind(bound(to)), leaves).await?;
        let mut leaves: Vec<_> = segments.into_iter().flatten().collect();
        leaves.retain(|leaf| (from..to).contains(&leaf.index));
        Ok(leaves)
    }

    async fn tile_roots(&mut self, level: u8, from: u64, to: u64) -> Result<Vec<[u8; 32]>, StoreError> {
        let query = query(
            "SELECT hash FROM tile_root \
             WHERE level = ?1 AND node_index >= ?2 AND node_index < ?3 ORDER BY node_index",
        );
        let query = query.bind(level).bind(bound(from)).bind(bound(to));
        self.all(query, |row| row.array("tile_root.hash")).await
    }

    async fn subject(&mut self, id: SubjectId) -> Result<Option<SubjectRow>, StoreError> {
        let query = query("SELECT subject, newest, subject_key FROM subject_key WHERE subject = ?1");
        self.one(query.bind(id.as_bytes().as_slice()), subject).await
    }

    async fn record(&mut self, leaf_index: u64) -> Result<Option<RecordRow>, StoreError> {
        let query = query(
            "SELECT serial, leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record \
             FROM record WHERE leaf_index = ?1",
        );
        self.one(query.bind(bound(leaf_index)), record).await
    }

    async fn records_of(
        &mut self,
        subject: SubjectId,
        before_n: u64,
        limit: u32,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let query = query(
            "SELECT serial, leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record \
             FROM record WHERE subject = ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3",
        );
        let query = query
            .bind(subject.as_bytes().as_slice())
            .bind(bound(before_n))
            .bind(limit);
        self.all(query, record).await
    }
}

#[async_trait]
impl LedgerWrites for SqliteTx {
    async fn add_subject(&mut self, id: SubjectId, key: [u8; 32]) -> Result<(), StoreError> {
        let query = query("INSERT INTO subject_key (subject, newest, subject_key) VALUES (?1, 0, ?2)");
        let query = query.bind(id.as_bytes().as_slice()).bind(key.as_slice());
        self.change_one("subject_key", query).await
    }

    async fn add_records(&mut self, rows: &[RecordRow]) -> Result<(), StoreError> {
        let mut taken = Vec::new();
        for of_one in rows.chunk_by(|one, next| one.subject == next.subject) {
            let Some((first, last)) = of_one.first().zip(of_one.last()) else {
                continue;
            };
            let in_order = of_one.windows(2).all(|pair| match pair {
                [one, next] => Some(next.n) == one.n.checked_add(1),
                _ => true,
            });
            if !in_order {
                return Err(StoreError::Conflict { table: "record" });
            }
            let subject = hex(first.subject.as_bytes());
            taken.push(format!(
                "[\"{subject}\",{},{}]",
                stored(first.n)?,
                stored(last.n)?
            ));
        }
        if taken.is_empty() {
            return Ok(());
        }
        let subjects = taken.len();
        let numbers = query(
            "UPDATE subject_key SET newest = taken.last \
             FROM (SELECT unhex(value ->> 0) AS subject, value ->> 1 AS first, value ->> 2 AS last \
                 FROM json_each(?1)) AS taken \
             WHERE subject_key.subject = taken.subject AND subject_key.newest = taken.first - 1",
        );
        let numbered = self
            .change("subject_key", numbers.bind(array(taken.into_iter())))
            .await?;
        if !usize::try_from(numbered).is_ok_and(|numbered| numbered == subjects) {
            return Err(StoreError::Conflict { table: "subject_key" });
        }
        self.in_pieces("record", &ADD_RECORDS, rows, |mut query, rows| {
            for row in rows {
                query = query
                    .bind(stored(row.serial.0)?)
                    .bind(stored(row.leaf_index)?)
                    .bind(row.subject.as_bytes().to_vec())
                    .bind(stored(row.n)?)
                    .bind(row.kind)
                    .bind(row.written_by.clone())
                    .bind(row.recorded_at.as_micros())
                    .bind(row.salt.to_vec())
                    .bind(row.record.clone());
            }
            Ok(query)
        })
        .await
    }

    async fn add_segment(&mut self, row: &SegmentRow) -> Result<(), StoreError> {
        let head = &row.head;
        let count = u64::try_from(row.leaves.len()).ok();
        if row.leaves.is_empty() || head.first.checked_add(count.unwrap_or(u64::MAX)) != Some(head.size) {
            return Err(StoreError::Conflict { table: "segment" });
        }
        let query = query(
            "INSERT INTO segment (first, size_after, next_serial, at_us, root, peaks, leaves) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 \
             WHERE ?1 = COALESCE((SELECT size_after FROM segment ORDER BY first DESC LIMIT 1), 0) \
                 AND ?3 >= COALESCE((SELECT next_serial FROM segment ORDER BY first DESC LIMIT 1), 0)",
        );
        let query = query
            .bind(stored(head.first)?)
            .bind(stored(head.size)?)
            .bind(stored(head.next_serial.0)?)
            .bind(head.at.as_micros())
            .bind(head.root.as_slice())
            .bind(head.peaks.concat())
            .bind(joined(&row.leaves)?);
        self.change_one("segment", query).await?;
        for (level, index, hash) in &row.tile_roots {
            let query = sqlx::query("INSERT INTO tile_root (level, node_index, hash) VALUES (?1, ?2, ?3)")
                .bind(*level)
                .bind(stored(*index)?)
                .bind(hash.as_slice());
            self.change_one("tile_root", query).await?;
        }
        Ok(())
    }

    async fn erase_subject(&mut self, id: SubjectId) -> Result<u64, StoreError> {
        let delete = query("DELETE FROM record WHERE subject = ?1");
        let deleted = self
            .change("record", delete.bind(id.as_bytes().as_slice()))
            .await?;
        let forget = query("DELETE FROM subject_key WHERE subject = ?1");
        self.change_one("subject_key", forget.bind(id.as_bytes().as_slice()))
            .await?;
        Ok(deleted)
    }
}

/// Adds records with these values.
macro_rules! add_records {
    ($values:expr) => {
        concat!(
            "INSERT INTO record (serial, leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record) \
             VALUES ",
            $values
        )
    };
}

const ADD_RECORDS: [(usize, &str); 3] = sizes!(add_records, "(?, ?, ?, ?, ?, ?, ?, ?, ?)");

/// For each entry its length as big-endian u16, then the entry: a C2SP entry bundle of any width.
fn joined(leaves: &[Vec<u8>]) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(leaves.iter().map(|leaf| leaf.len() + 2).sum());
    for leaf in leaves {
        let length =
            u16::try_from(leaf.len()).map_err(crate::row::fault("storing a leaf above 65,535 bytes"))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(leaf);
    }
    Ok(bytes)
}

/// The leaves of a segment; their number must be the one that its columns say.
fn leaves(row: &SqliteRow) -> Result<Vec<LeafRow>, StoreError> {
    let corrupt = StoreError::Corrupt {
        column: "segment.leaves",
    };
    let (first, size): (u64, u64) = (row.number("segment.first")?, row.number("segment.size_after")?);
    let mut rest: &[u8] = row.cell("segment.leaves")?;
    let mut leaves = Vec::new();
    for index in first..size {
        let entry = rest
            .split_first_chunk::<2>()
            .and_then(|(length, rest)| rest.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let Some((bytes, after)) = entry else {
            return Err(corrupt);
        };
        leaves.push(LeafRow {
            index,
            bytes: bytes.to_vec(),
        });
        rest = after;
    }
    if rest.is_empty() { Ok(leaves) } else { Err(corrupt) }
}

fn head(row: &SqliteRow) -> Result<HeadRow, StoreError> {
    let (peaks, surplus) = row.cell::<&[u8]>("segment.peaks")?.as_chunks::<32>();
    if !surplus.is_empty() {
        return Err(StoreError::Corrupt {
            column: "segment.peaks",
        });
    }
    Ok(HeadRow {
        first: row.number("segment.first")?,
        size: row.number("segment.size_after")?,
        root: row.array("segment.root")?,
        peaks: peaks.to_vec(),
        at: row.instant("segment.at_us")?,
        next_serial: Serial(row.number("segment.next_serial")?),
    })
}

pub(crate) fn subject(row: &SqliteRow) -> Result<SubjectRow, StoreError> {
    Ok(SubjectRow {
        id: row.id("subject_key.subject")?,
        key: row.array("subject_key.subject_key")?,
        newest: row.number("subject_key.newest")?,
    })
}

fn record(row: &SqliteRow) -> Result<RecordRow, StoreError> {
    Ok(RecordRow {
        serial: Serial(row.number("record.serial")?),
        leaf_index: row.number("record.leaf_index")?,
        subject: row.id("record.subject")?,
        n: row.number("record.n")?,
        kind: row.number("record.kind")?,
        record: row.bytes("record.record")?,
        salt: row.array("record.salt")?,
        written_by: row.text("record.written_by")?,
        recorded_at: row.instant("record.recorded_at_us")?,
    })
}
