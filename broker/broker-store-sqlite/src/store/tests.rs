use rusqlite::types::Value;

use super::*;

async fn fresh() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("store.db"), Create::IfMissing)
        .await
        .unwrap();
    (folder, store)
}

async fn pragma(pool: &Pool, sql: &'static str) -> String {
    let lease = pool.lease().await.unwrap();
    let value: Value = lease
        .connection()
        .unwrap()
        .query_row(sql, [], |row| row.get(0))
        .unwrap();
    match value {
        Value::Integer(value) => value.to_string(),
        Value::Text(value) => value,
        other => panic!("{sql}: {other:?}"),
    }
}

#[tokio::test]
async fn every_connection_is_durable_strict_and_wipes_what_it_deletes() {
    let (_folder, store) = fresh().await;
    for pool in [&store.writer, &store.readers] {
        assert_eq!(pragma(pool, "PRAGMA journal_mode").await, "wal");
        // 2 is FULL.
        assert_eq!(pragma(pool, "PRAGMA synchronous").await, "2");
        assert_eq!(pragma(pool, "PRAGMA foreign_keys").await, "1");
        assert_eq!(pragma(pool, "PRAGMA secure_delete").await, "1");
        assert_eq!(pragma(pool, "PRAGMA busy_timeout").await, "5000");
        assert_eq!(pragma(pool, "PRAGMA trusted_schema").await, "0");
        assert_eq!(pragma(pool, "PRAGMA cell_size_check").await, "1");
        // 2 is MEMORY.
        assert_eq!(pragma(pool, "PRAGMA temp_store").await, "2");
    }
    assert_eq!(pragma(&store.readers, "PRAGMA query_only").await, "1");
    // One writing connection: while it is out, nobody gets another.
    let one = store.writer.lease().await.unwrap();
    let another = timeout(Duration::from_millis(20), store.writer.lease()).await;
    assert!(another.is_err());
    drop(one);
    store.scrub().await.unwrap();
    assert_eq!(pragma(&store.writer, "PRAGMA temp_store").await, "2");
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_itself_does_not_block_the_next() {
    let (_folder, store) = fresh().await;
    // What SQLite does on its own when the disk is full.
    let mut lease = store.writer.lease().await.unwrap();
    lease.begin_immediate().await.unwrap();
    run(lease.connection().unwrap(), "ROLLBACK").unwrap();
    drop(lease);
    store.begin("next").await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn a_value_that_nobody_wrote_is_corrupt() {
    let (_folder, store) = fresh().await;
    // Seven seconds do not divide a day.
    let lease = store.writer.lease().await.unwrap();
    run(
        lease.connection().unwrap(),
        "PRAGMA foreign_keys = OFF;
         INSERT INTO dataset (id, recipient, purpose, step_s, title_fr, title_en, summary_fr, summary_en)
         VALUES (zeroblob(16), zeroblob(16), 'a', 7, '', '', '', '');",
    )
    .unwrap();
    drop(lease);
    let found = store.read().await.unwrap().datasets().await;
    assert!(matches!(
        found,
        Err(StoreError::Corrupt {
            column: "dataset.step_s"
        })
    ));
}

#[tokio::test]
async fn the_readers_refuse_to_write() {
    let (_folder, store) = fresh().await;
    let lease = store.readers.lease().await.unwrap();
    let refused = run(
        lease.connection().unwrap(),
        "INSERT INTO officer (id, name) VALUES (zeroblob(16), '')",
    );
    assert!(refused.is_err());
}

#[tokio::test]
async fn lists_are_read_from_indexes_without_sorting() {
    let (_folder, store) = fresh().await;
    let plans = [
        "EXPLAIN QUERY PLAN SELECT t.id, r.leaf_index FROM transfer AS t CROSS JOIN record AS r ON r.serial = t.serial \
         WHERE t.participant = ?1 AND t.serial < COALESCE( \
             (SELECT serial FROM record WHERE leaf_index >= ?2 ORDER BY leaf_index LIMIT 1), 1) \
         ORDER BY t.serial DESC LIMIT 10",
        "EXPLAIN QUERY PLAN SELECT t.id, r.leaf_index FROM transfer AS t CROSS JOIN record AS r ON r.serial = t.serial \
         WHERE t.direction = 'in' AND t.refusal IS NULL AND t.serial < ?1 ORDER BY t.serial DESC LIMIT 10",
        "EXPLAIN QUERY PLAN SELECT t.id FROM transfer AS t WHERE t.refusal IS NOT NULL AND t.serial < ?1 \
         ORDER BY t.serial DESC LIMIT 10",
        "EXPLAIN QUERY PLAN SELECT record FROM record WHERE subject = ?1 AND n < ?2 ORDER BY n DESC LIMIT 10",
        "EXPLAIN QUERY PLAN SELECT COUNT(*), MAX(at_us) FROM transfer WHERE consent = ?1 AND refusal IS NULL",
        "EXPLAIN QUERY PLAN SELECT first, root FROM segment WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
        // What SQLite asks when a record is deleted.
        "EXPLAIN QUERY PLAN SELECT 1 FROM transfer WHERE recipient_serial = ?1",
    ];
    for sql in plans {
        let lease = store.readers.lease().await.unwrap();
        let mut plan: Vec<String> = Vec::new();
        let values = sql.matches('?').count();
        (0..values)
            .fold(query(sql), |query, _| query.bind(0_i64))
            .for_each(lease.connection().unwrap(), |row| {
                plan.push(row.get("detail")?);
                Ok::<_, rusqlite::Error>(())
            })
            .unwrap();
        let plan = plan.join("; ");
        assert!(
            !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
            "{sql}: {plan}"
        );
    }
}
