//! Leaves, nodes, heads, subjects and records.

use async_trait::async_trait;
use broker_domain::ids::SubjectId;
use broker_store::{HeadRow, LeafRow, LedgerReads, LedgerWrites, RecordRow, StoreError, SubjectRow};

use crate::row::{Cells, bound, stored};
use crate::sql::{Row, query};
use crate::transaction::SqliteTx;

#[async_trait]
impl LedgerReads for SqliteTx {
    async fn newest_head(&mut self) -> Result<Option<HeadRow>, StoreError> {
        let query = query("SELECT size, root, at_us FROM head ORDER BY size DESC LIMIT 1");
        self.one(query, head)
    }

    async fn leaves(&mut self, from: u64, to: u64) -> Result<Vec<LeafRow>, StoreError> {
        let query = query(
            "SELECT leaf_index, tag, bytes FROM leaf \
             WHERE leaf_index >= ?1 AND leaf_index < ?2 ORDER BY leaf_index",
        );
        self.all(query.bind(bound(from)).bind(bound(to)), leaf)
    }

    async fn node(&mut self, level: u8, index: u64) -> Result<Option<[u8; 32]>, StoreError> {
        let query = query("SELECT hash FROM tree_node WHERE level = ?1 AND node_index = ?2");
        self.one(query.bind(level).bind(bound(index)), |row| {
            row.array("tree_node.hash")
        })
    }

    async fn nodes(&mut self, level: u8, from: u64, to: u64) -> Result<Vec<[u8; 32]>, StoreError> {
        let query = query(
            "SELECT hash FROM tree_node \
             WHERE level = ?1 AND node_index >= ?2 AND node_index < ?3 ORDER BY node_index",
        );
        let query = query.bind(level).bind(bound(from)).bind(bound(to));
        self.all(query, |row| row.array("tree_node.hash"))
    }

    async fn subject(&mut self, id: SubjectId) -> Result<Option<SubjectRow>, StoreError> {
        let query = query("SELECT subject, newest, subject_key FROM subject_key WHERE subject = ?1");
        self.one(query.bind(id.as_bytes().as_slice()), subject)
    }

    async fn record(&mut self, leaf_index: u64) -> Result<Option<RecordRow>, StoreError> {
        let query = query(
            "SELECT leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record \
             FROM record WHERE leaf_index = ?1",
        );
        self.one(query.bind(bound(leaf_index)), record)
    }

    async fn records_of(
        &mut self,
        subject: SubjectId,
        before_n: u64,
        limit: u32,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let query = query(
            "SELECT leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record \
             FROM record WHERE subject = ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3",
        );
        let query = query
            .bind(subject.as_bytes().as_slice())
            .bind(bound(before_n))
            .bind(limit);
        self.all(query, record)
    }

    async fn head_covering(&mut self, leaf_index: u64) -> Result<Option<HeadRow>, StoreError> {
        let query = query("SELECT size, root, at_us FROM head WHERE size > ?1 ORDER BY size LIMIT 1");
        self.one(query.bind(bound(leaf_index)), head)
    }
}

#[async_trait]
impl LedgerWrites for SqliteTx {
    async fn add_subject(&mut self, id: SubjectId, key: [u8; 32]) -> Result<(), StoreError> {
        let query = query("INSERT INTO subject_key (subject, newest, subject_key) VALUES (?1, 0, ?2)");
        let query = query.bind(id.as_bytes().as_slice()).bind(key.as_slice());
        self.change_one("subject_key", query)
    }

    async fn next_number(&mut self, id: SubjectId) -> Result<Option<(u64, [u8; 32])>, StoreError> {
        let query = query(
            "UPDATE subject_key SET newest = newest + 1 \
             WHERE subject = ?1 AND subject_key IS NOT NULL \
             RETURNING newest, subject_key",
        );
        self.one(query.bind(id.as_bytes().as_slice()), |row| {
            Ok((
                row.number("subject_key.newest")?,
                row.array("subject_key.subject_key")?,
            ))
        })
    }

    async fn add_leaf(&mut self, leaf: &LeafRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO leaf (leaf_index, tag, bytes) \
             SELECT ?1, ?2, ?3 WHERE ?1 = (SELECT COALESCE(MAX(leaf_index) + 1, 0) FROM leaf)",
        );
        let query = query
            .bind(stored(leaf.index)?)
            .bind(leaf.tag.map(Vec::from))
            .bind(leaf.bytes.clone());
        self.change_one("leaf", query)
    }

    async fn add_nodes(&mut self, nodes: &[(u8, u64, [u8; 32])]) -> Result<(), StoreError> {
        // Neighbours of one level go in as one statement: a group of leaves makes about twice as many nodes as leaves,
        // in as many runs as the tree has levels.
        let mut sorted = nodes.to_vec();
        sorted.sort_unstable_by_key(|(level, index, _)| (*level, *index));
        let mut rest = sorted.as_slice();
        while let Some((level, first, _)) = rest.first() {
            let expected = (*first..).map(|index| (*level, index));
            let length = rest
                .iter()
                .zip(expected)
                .take_while(|(node, expected)| (node.0, node.1) == *expected)
                .count();
            let Some((run, after)) = rest.split_at_checked(length) else {
                break;
            };
            self.add_run(*level, *first, run)?;
            rest = after;
        }
        Ok(())
    }

    async fn add_record(&mut self, row: &RecordRow) -> Result<(), StoreError> {
        // Only a number that `next_number` gave, and only while the subject has a key.
        let query = query(
            "INSERT INTO record (leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS ( \
                 SELECT 1 FROM subject_key \
                 WHERE subject = ?2 AND newest >= ?3 AND subject_key IS NOT NULL)",
        );
        let query = query
            .bind(stored(row.leaf_index)?)
            .bind(row.subject.as_bytes().as_slice())
            .bind(stored(row.n)?)
            .bind(row.kind)
            .bind(&row.written_by)
            .bind(row.recorded_at.as_micros())
            .bind(row.salt.as_slice())
            .bind(&row.record);
        self.change_one("record", query)
    }

    async fn add_head(&mut self, head: &HeadRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO head (size, root, at_us) \
             SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM head WHERE size >= ?1)",
        );
        let query = query
            .bind(stored(head.size)?)
            .bind(head.root.as_slice())
            .bind(head.at.as_micros());
        self.change_one("head", query)
    }

    async fn erase_subject(&mut self, id: SubjectId) -> Result<u64, StoreError> {
        let delete = query("DELETE FROM record WHERE subject = ?1");
        let deleted = self.change("record", delete.bind(id.as_bytes().as_slice()))?;
        let forget = query("UPDATE subject_key SET subject_key = NULL WHERE subject = ?1");
        self.change_one("subject_key", forget.bind(id.as_bytes().as_slice()))?;
        Ok(deleted)
    }
}

impl SqliteTx {
    /// Adds nodes that stand side by side in one level, starting at `first`.
    fn add_run(&mut self, level: u8, first: u64, run: &[(u8, u64, [u8; 32])]) -> Result<(), StoreError> {
        let hashes: Vec<u8> = run.iter().flat_map(|(_, _, hash)| *hash).collect();
        let query = query(
            "WITH RECURSIVE slot (place) AS ( \
                 SELECT 0 UNION ALL SELECT place + 1 FROM slot WHERE place + 1 < length(?3) / 32) \
             INSERT INTO tree_node (level, node_index, hash) \
             SELECT ?1, ?2 + place, substr(?3, place * 32 + 1, 32) FROM slot",
        );
        let query = query.bind(level).bind(stored(first)?).bind(hashes);
        self.change("tree_node", query).map(|_| ())
    }
}

fn head(row: &Row<'_>) -> Result<HeadRow, StoreError> {
    Ok(HeadRow {
        size: row.number("head.size")?,
        root: row.array("head.root")?,
        at: row.instant("head.at_us")?,
    })
}

fn leaf(row: &Row<'_>) -> Result<LeafRow, StoreError> {
    Ok(LeafRow {
        index: row.number("leaf.leaf_index")?,
        bytes: row.bytes("leaf.bytes")?,
        tag: row.array_or_null("leaf.tag")?,
    })
}

fn subject(row: &Row<'_>) -> Result<SubjectRow, StoreError> {
    Ok(SubjectRow {
        id: row.id("subject_key.subject")?,
        key: row.array_or_null("subject_key.subject_key")?,
        newest: row.number("subject_key.newest")?,
    })
}

fn record(row: &Row<'_>) -> Result<RecordRow, StoreError> {
    Ok(RecordRow {
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
