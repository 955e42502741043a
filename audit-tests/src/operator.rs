//! What an operator does to a broker: commands, backups, and mishaps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use serde_json::Value;

use crate::programs::{programs, text};
use crate::story::files_below;
use crate::town::Town;

/// What SQLite keeps beside a database.
const SIDE_FILES: [&str; 3] = ["", "-wal", "-shm"];

/// Runs a command of `fiducie` on the town's configuration: exit status, and everything it said.
#[must_use]
pub fn fiducie(town: &Town, arguments: &[&str]) -> (i32, String) {
    let output = command(town, arguments).output().unwrap();
    let said = text(&[output.stdout, output.stderr].concat());
    (output.status.code().unwrap_or(-1), said)
}

/// The command, not run yet, its input closed.
#[must_use]
pub fn command(town: &Town, arguments: &[&str]) -> Command {
    let mut command = Command::new(&programs().fiducie);
    command.args(arguments).args(town.config()).stdin(Stdio::null());
    command
}

/// `fiducie ledger status --json`, with these arguments besides: exit status and the object.
#[must_use]
pub fn status(town: &Town, arguments: &[&str]) -> (i32, Value) {
    let all = [&["ledger", "status", "--json"], arguments].concat();
    let output = command(town, &all).output().unwrap();
    let object = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}{}", text(&output.stdout), text(&output.stderr)));
    (output.status.code().unwrap(), object)
}

/// Copies the database of a broker that is stopped or was killed, with its log, and gives the copy.
#[must_use]
pub fn backup(town: &Town, name: &str) -> PathBuf {
    let copy = town.aside(name);
    for ending in ["", "-wal"] {
        let from = beside(&town.data().join("broker.db"), ending);
        if from.exists() {
            fs::copy(from, beside(&copy, ending)).unwrap();
        }
    }
    copy
}

/// Puts a copy in the place of a database, as somebody who read no guide would.
pub fn put_back(copy: &Path, database: &Path) {
    for ending in SIDE_FILES {
        let _ = fs::remove_file(beside(database, ending));
        if beside(copy, ending).exists() {
            fs::copy(beside(copy, ending), beside(database, ending)).unwrap();
        }
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

/// Every file below a folder with its bytes, but the shared memory of SQLite, which is no record.
///
/// SQLite removes its side files when it closes a database, and the log renames what it staged: where a file went
/// between listing and reading, the folder is read again, so that nothing is missed under its new name.
#[must_use]
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    loop {
        let files = files_below(folder).into_iter();
        let read = files
            .filter(|path| !path.to_string_lossy().ends_with("-shm"))
            .map(|path| fs::read(&path).map(|bytes| (path, bytes)))
            .collect::<io::Result<_>>();
        match read {
            Ok(contents) => return contents,
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}"),
        }
    }
}
