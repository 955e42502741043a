//! `kill -9` while committing.
//!
//! LIMIT: killing a process loses nothing that the kernel holds, so this shows atomicity and recovery, not that the
//! disk was told to write; for that, see the pragma test and the flushes per second in `examples/commit_speed.rs`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use broker_store::contract::samples::{furnish, id, record, segment};
use broker_store::{Store, SubjectRow};
use broker_store_sqlite::{Create, SqliteStore};

/// Names the file of the child; its presence makes this process the child.
const CHILD: &str = "FIDUCIE_TEST_CRASH_CHILD";
const KILLS: usize = 24;

async fn commit_next(store: &SqliteStore) -> u64 {
    let mut tx = store.begin("append").await.unwrap();
    let index = tx.newest_head().await.unwrap().unwrap().size;
    let n = tx.subject(id(1)).await.unwrap().unwrap().newest + 1;
    tx.add_records(&[record(1, n, index)]).await.unwrap();
    tx.add_segment(&segment(index, index + 1)).await.unwrap();
    tx.commit().await.unwrap();
    n
}

/// Does nothing unless it was started by the test below: then it commits until it is killed, and says each number on
/// its standard output once it is committed.
#[tokio::test]
async fn child_that_commits_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let store = SqliteStore::open(Path::new(&path), Create::Never).await.unwrap();
    loop {
        let n = commit_next(&store).await;
        let mut out = std::io::stdout().lock();
        writeln!(out, "committed {n}").unwrap();
        out.flush().unwrap();
    }
}

/// Runs the child, kills it after `lines` acknowledgements, and gives the last number it acknowledged.
fn acknowledged_before_kill(path: &Path, lines: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "crash::child_that_commits_until_it_is_killed",
            "--nocapture",
        ])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut last = None;
    let mut seen = 0;
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let number = |line: std::io::Result<String>| {
        let line = line.unwrap();
        line.rsplit_once("committed ")
            .map(|(_, n)| n.parse::<u64>().unwrap())
    };
    while seen < lines {
        if let Some(n) = number(output.next().expect("the child ended on its own")) {
            (last, seen) = (Some(n), seen + 1);
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said between our last look and its end counts as well.
    let rest = output.filter_map(number).last();
    rest.or(last).unwrap()
}

#[tokio::test]
async fn killing_the_process_loses_no_acknowledged_commit_and_halves_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    furnish(&store).await;
    store.close().await;
    for kill in 0..KILLS {
        let acknowledged = acknowledged_before_kill(&path, 1 + kill % 7);
        let store = SqliteStore::open(&path, Create::Never).await.unwrap();
        let mut view = store.read().await.unwrap();
        let Some(SubjectRow { newest, .. }) = view.subject(id(1)).await.unwrap() else {
            panic!("the subject is gone");
        };
        // One more may be there: committed, and killed before it was said.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&newest),
            "{acknowledged} said, {newest} found"
        );
        let records = view.records_of(id(1), u64::MAX, u32::MAX).await.unwrap();
        let numbers: Vec<u64> = records.iter().rev().map(|row| row.n).collect();
        assert_eq!(numbers, (1..=newest).collect::<Vec<_>>());
        let leaves = view.leaves(0, u64::MAX).await.unwrap();
        assert_eq!(leaves.len() as u64, 24 + newest);
        drop(view);
        store.close().await;
    }
}
