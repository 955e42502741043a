//! Looking at a file past the store.

use std::path::Path;

use rusqlite::Connection;

/// A plain connection, as a stranger's tool would open one.
pub fn connect(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// Runs statements past the store.
pub fn run(path: &Path, sql: &str) {
    connect(path).execute_batch(sql).unwrap();
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
