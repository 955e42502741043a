//! Makes the file of a person with many records in a log of other people's, verifies it, and prints sizes and times.
//!
//! ```text
//! cargo run --release -p evidence --example history_speed -- [RECORDS] [OTHERS] [FILE]
//! ```
//!
//! With FILE the bytes are written there, for the script of the page (`consent-ui/assets/history.js`) or `ledger-audit`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement on the command line"
)]
#![allow(dead_code, reason = "the samples are shared with the tests")]

#[path = "../tests/evidence/log.rs"]
mod log;
#[path = "../tests/evidence/samples.rs"]
mod samples;

use std::{env, fs, time::Instant};

use evidence::{
    history::History,
    record::{Id, Record},
};

use crate::{
    log::{Log, to_bytes},
    samples::{digest, record_pair, signed, transfer_in},
};

fn main() {
    let mut arguments = env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (records, others) = (number(20_000), number(80_000));
    let mut log = Log::new(2, record_pair().1);
    let all = records + others;
    for i in 0..all {
        // Spread evenly: the other people's records are the siblings that a proof must carry.
        let person = usize::from(i * records / all == (i + 1) * records / all);
        let mut record = transfer_in();
        record.transfer = Id::new(format!("transfer-{i:020}")).unwrap();
        record.batch = Id::new(format!("batch-{i:020}")).unwrap();
        record.envelope_sha256 = digest(&format!("envelope {i}"));
        record.ciphertext_sha256 = Some(digest(&format!("sealed {i}")));
        let record = Record::TransferIn(record);
        let jws = signed(&record);
        log.record(person, &record, jws);
        if i % 256 == 255 {
            log.close();
        }
    }
    log.close();
    let started = Instant::now();
    let history = log.history(0, None);
    let proven = started.elapsed();
    let bytes = to_bytes(&history);
    let started = Instant::now();
    let read = History::parse(&bytes).unwrap();
    let parsed = started.elapsed();
    let started = Instant::now();
    read.verify(None, None).unwrap();
    println!(
        "{} records in a log of {}: file {:.1} MB ({} bytes a record; log proof {} B, map {} B a record), proofs made in \
         {proven:.1?}, parsed in {parsed:.1?}, verified with signatures in {:.1?}",
        read.entries.len(),
        log.head().0,
        bytes.len() as f64 / 1e6,
        bytes.len() / read.entries.len(),
        read.proofs.log.len() * 32 / read.entries.len(),
        read.proofs.map.as_bytes().len() / read.entries.len(),
        started.elapsed()
    );
    if let Some(path) = arguments.next() {
        fs::write(path, bytes).unwrap();
    }
}
