//! Versions of the schema.

use broker_store_sqlite::{Create, NEWEST_SCHEMA, OpenError, SqliteStore, migrate};

use crate::raw::{connect, run};

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    migrate(&path, NEWEST_SCHEMA).await.unwrap();
    run(
        &path,
        "INSERT INTO schema_version (version, name) VALUES (999, 'from the future')",
    );
    for create in [Create::Never, Create::IfMissing] {
        let refused = SqliteStore::open(&path, create).await;
        let Err(error @ OpenError::Newer { found: 999, .. }) = refused else {
            panic!("opened a newer file: {refused:?}");
        };
        assert!(error.to_string().ends_with("install the newer version"));
    }
    assert!(matches!(migrate(&path, 0).await, Err(OpenError::Newer { .. })));
}

#[tokio::test]
async fn an_older_file_is_not_migrated_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    migrate(&path, 0).await.unwrap();
    let refused = SqliteStore::open(&path, Create::Never).await;
    assert!(matches!(refused, Err(OpenError::Older { found: 0, .. })));
    SqliteStore::open(&path, Create::IfMissing)
        .await
        .unwrap()
        .close()
        .await;
    SqliteStore::open(&path, Create::Never).await.unwrap();
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    run(&path, "CREATE TABLE songs (title TEXT)");
    let refused = SqliteStore::open(&path, Create::IfMissing).await;
    assert!(matches!(refused, Err(OpenError::Foreign { .. })));
}

#[tokio::test]
async fn each_migration_can_be_taken_back_and_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    for _ in 0..2 {
        migrate(&path, NEWEST_SCHEMA).await.unwrap();
        migrate(&path, 0).await.unwrap();
        let left: i64 = connect(&path)
            .query_row("SELECT COUNT(*) AS things FROM sqlite_schema", [], |row| {
                row.get("things")
            })
            .unwrap();
        assert_eq!(left, 0);
    }
}

#[test]
fn every_column_says_what_it_holds() {
    let sql = include_str!("../../migrations/0001_first_light.up.sql");
    let mut inside = false;
    for line in sql.lines() {
        let text = line.trim_start();
        if text.starts_with("CREATE TABLE") {
            inside = true;
        } else if text.starts_with(')') {
            assert!(text.starts_with(") STRICT"), "a table is not STRICT");
            inside = false;
        } else if inside && text.starts_with(|first: char| first.is_ascii_lowercase()) {
            assert!(text.contains(" -- "), "no comment on: {text}");
        }
    }
}
