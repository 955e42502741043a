//! How many commits a second this disk takes, beside how many flushes.
//!
//! `cargo run -p broker-store-sqlite --example commit_speed -- FOLDER [SECONDS]`
//!
//! All figures come from one run on one disk: an append of 4 KiB with `fdatasync`, which is the ceiling of any durable
//! store; transactions of one record; groups of 256 records, as the ledger's sequencer makes them. A record is what an
//! intake writes: record, transfer, sealed batch; each group adds its segment.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measuring program")]
#![allow(clippy::print_stdout, reason = "a measuring program")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use broker_domain::ids::BatchId;
use broker_store::contract::samples::{LEAVES, batch, furnish, id, record, segment, transfer_in};
use broker_store::{BatchRow, Serial, Store, TransferRow};
use broker_store_sqlite::{Create, SqliteStore};

const GROUP: u64 = 256;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        println!("name an empty folder on the disk to measure");
        return;
    };
    let seconds = arguments
        .next()
        .and_then(|text| text.to_str()?.parse().ok())
        .unwrap_or(5);
    let long = Duration::from_secs(seconds);
    let path = folder.join("commit_speed.db");
    let store = SqliteStore::open(&path, Create::IfMissing).await.unwrap();
    furnish(&store).await;

    let flushes = flushes(&folder.join("commit_speed.raw"), long);
    println!("4 KiB appends with fdatasync   {flushes:>10.0} /s");
    let mut next = LEAVES;
    let (single, p50, p99) = commits(&store, &mut next, 1, long).await;
    println!("transactions of 1 record       {single:>10.0} /s   p50 {p50:.2} ms   p99 {p99:.2} ms");
    let (groups, p50, p99) = commits(&store, &mut next, GROUP, long).await;
    println!("groups of {GROUP} records          {groups:>10.1} /s   p50 {p50:.2} ms   p99 {p99:.2} ms");
    println!(
        "records in groups              {:>10.0} /s",
        groups * GROUP as f64
    );
    let again = self::flushes(&folder.join("commit_speed.raw"), long);
    println!("4 KiB appends with fdatasync   {again:>10.0} /s   (again, at the end)");
    store.close().await;
}

fn flushes(path: &Path, long: Duration) -> f64 {
    let mut file = std::fs::File::create(path).unwrap();
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < long {
        file.write_all(&[0xa5; 4_096]).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

/// Commits a second, and median and 99th percentile of their duration in milliseconds.
async fn commits(store: &SqliteStore, next: &mut u64, size: u64, long: Duration) -> (f64, f64, f64) {
    let started = Instant::now();
    let mut durations = Vec::new();
    while started.elapsed() < long {
        let one = Instant::now();
        commit(store, *next, size).await;
        *next += size;
        durations.push(one.elapsed().as_secs_f64() * 1_000.0);
    }
    let rate = durations.len() as f64 / started.elapsed().as_secs_f64();
    durations.sort_by(f64::total_cmp);
    let at = |hundredths: usize| durations[(durations.len() - 1) * hundredths / 100];
    (rate, at(50), at(99))
}

async fn commit(store: &SqliteStore, first: u64, size: u64) {
    let mut tx = store.begin("commit speed").await.unwrap();
    let newest = tx.subject(id(1)).await.unwrap().unwrap().newest;
    let mut records = Vec::new();
    for (n, index) in (newest + 1..).zip(first..first + size) {
        tx.mark().await.unwrap();
        let mut row = record(1, n, index);
        row.record = vec![0x5a; 900];
        records.push(row);
        let mut bytes = [0x77; 16];
        bytes[..8].copy_from_slice(&index.to_be_bytes());
        tx.add_transfer(&TransferRow {
            id: bytes.into(),
            serial: Serial(index),
            ..transfer_in(1, 1)
        })
        .await
        .unwrap();
        tx.add_batch(&BatchRow {
            id: BatchId::from_bytes(bytes),
            serial: Serial(index),
            sealed: vec![0x5a; 1_500],
            ..batch(1, 1, 0, 600)
        })
        .await
        .unwrap();
    }
    tx.add_records(&records).await.unwrap();
    tx.add_segment(&segment(first, first + size)).await.unwrap();
    tx.commit().await.unwrap();
}
