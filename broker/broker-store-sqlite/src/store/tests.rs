use sqlx::Row;

use super::*;

async fn fresh() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("store.db"), Create::IfMissing)
        .await
        .unwrap();
    (folder, store)
}

async fn pragma(pool: &SqlitePool, sql: &'static str) -> String {
    let row = sqlx::query(sql).fetch_one(pool).await.unwrap();
    row.try_get::<String, _>(0)
        .or_else(|_| row.try_get::<i64, _>(0).map(|value| value.to_string()))
        .unwrap()
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
    assert_eq!(store.writer.options().get_max_connections(), 1);
    store.scrub().await.unwrap();
    assert_eq!(pragma(&store.writer, "PRAGMA temp_store").await, "2");
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_itself_does_not_block_the_next() {
    let (_folder, store) = fresh().await;
    // What SQLite does on its own when the disk is full.
    let mut tx = store.writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::raw_sql("ROLLBACK").execute(&mut *tx).await.unwrap();
    drop(tx);
    store.begin("next").await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn a_value_that_nobody_wrote_is_corrupt() {
    let (_folder, store) = fresh().await;
    // Seven seconds do not divide a day.
    sqlx::raw_sql(
        "PRAGMA foreign_keys = OFF;
         INSERT INTO dataset (id, recipient, purpose, step_s, title_fr, title_en, title_nl,
             summary_fr, summary_en, summary_nl)
         VALUES (zeroblob(16), zeroblob(16), 'a', 7, '', '', '', '', '', '');",
    )
    .execute(&store.writer)
    .await
    .unwrap();
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
    let refused = sqlx::query("INSERT INTO officer (id, name) VALUES (zeroblob(16), '')")
        .execute(&store.readers)
        .await;
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
        let rows = sqlx::query(sql).fetch_all(&store.readers).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        let plan = plan.join("; ");
        assert!(
            !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
            "{sql}: {plan}"
        );
    }
}

#[tokio::test]
async fn plans_do_not_depend_on_bound_values() {
    let (_folder, store) = fresh().await;
    let rows = sqlx::query("PRAGMA compile_options")
        .fetch_all(&store.readers)
        .await
        .unwrap();
    let options: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(options.contains(&"ENABLE_QPSG".to_owned()), "{options:?}");
}

#[tokio::test]
async fn connections_share_no_page_cache() {
    let (_folder, store) = fresh().await;
    let rows = sqlx::query("PRAGMA compile_options")
        .fetch_all(&store.readers)
        .await
        .unwrap();
    let options: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(options.contains(&"DEFAULT_MEMSTATUS=0".to_owned()), "{options:?}");
    assert!(
        !options.contains(&"ENABLE_MEMORY_MANAGEMENT".to_owned()),
        "{options:?}"
    );
}

#[tokio::test]
async fn records_are_added_whole_however_many_they_are() {
    use broker_store::contract::samples::{furnish, id, record};

    let (_folder, store) = fresh().await;
    furnish(&store).await;
    // One, eight and sixty-four go into a statement; the first record has its own.
    for count in [1, 2, 9, 65, 74, 138] {
        let mut tx = store.begin("many").await.unwrap();
        let rows: Vec<_> = (1..=count).map(|n| record(2, n, 1_000 + n)).collect();
        tx.add_records(&rows).await.unwrap();
        let mut found = tx.records_of(id(2), u64::MAX, u32::MAX).await.unwrap();
        found.reverse();
        assert_eq!(found, rows);
        assert_eq!(tx.subject(id(2)).await.unwrap().unwrap().newest, count);
    }
    // A record whose leaf is taken: the one in the middle of a statement is found as well.
    let mut tx = store.begin("taken").await.unwrap();
    let mut rows: Vec<_> = (1..=70).map(|n| record(2, n, 1_000 + n)).collect();
    rows[33].leaf_index = 1_001;
    let refused = tx.add_records(&rows).await;
    assert!(matches!(refused, Err(StoreError::Conflict { table: "record" })));
}
