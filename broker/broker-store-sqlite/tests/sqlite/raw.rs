//! Looking at a file past the store.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};

/// A plain connection, as a stranger's tool would open one.
pub async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap()
}

/// Runs statements past the store.
pub async fn run(path: &Path, sql: &'static str) {
    sqlx::raw_sql(sql)
        .execute(&mut connect(path).await)
        .await
        .unwrap();
}

/// Names of the files in a folder whose bytes contain the needle.
pub fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let bytes = std::fs::read(entry.path()).unwrap();
        if bytes.windows(needle.len()).any(|window| window == needle) {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found.sort();
    found
}
