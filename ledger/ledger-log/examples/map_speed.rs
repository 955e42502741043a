//! How fast the map grows, restarts and proves, and what it costs in memory and on disk.
//!
//! `cargo run --release -p ledger-log --example map_speed [entries]`; 10 million entries need about 1.5 GB of
//! free disk and 1 GB of memory. Tags are SHA-256 of a counter. Every batch has 256 leaves and its map-root leaf, as in the log, and a reader holds the
//! latest snapshot.
#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measuring program, run by hand"
)]

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use ledger_core::{
    leaf::{ActorClass, Commitment, Hour, SubjectKind, SubjectLeaf, Tag, map_root_leaf},
    tree::{LeafIndex, TreeSize, leaf_hash},
};
use ledger_log::{LogMap, MapConfig};
use ring::digest::{SHA256, digest};

const BATCH: u64 = 256;
const HOUR: Hour = Hour::new(490_896);

fn tag(counter: u64) -> Tag {
    let digest = digest(&SHA256, &counter.to_be_bytes());
    Tag::new(digest.as_ref().try_into().unwrap())
}

/// The leaf at this index; the last of every 257 leaves is a map root (its content does not matter to a replay).
fn leaf(index: u64) -> Vec<u8> {
    if index % (BATCH + 1) == BATCH {
        let place = LeafIndex::new(index).unwrap();
        return map_root_leaf(HOUR, place, 0, leaf_hash(b"")).to_bytes();
    }
    let leaf = SubjectLeaf {
        kind: SubjectKind::Transfer,
        actor: ActorClass::Gateway,
        hour: HOUR,
        tag: tag(index),
        commitment: Commitment::new([7; 32]),
    };
    leaf.to_bytes().to_vec()
}

fn leaves(from: u64, to: u64) -> Vec<Vec<u8>> {
    (from..to).map(leaf).collect()
}

fn feed(map: &mut LogMap, to: u64, page: u64) -> Duration {
    let mut spent = Duration::ZERO;
    while map.size().get() < to {
        let first = map.size().get();
        let leaves = leaves(first, to.min(first + page));
        let start = Instant::now();
        map.replay(LeafIndex::new(first).unwrap(), &leaves).unwrap();
        spent += start.elapsed();
    }
    spent
}

/// Appends whole batches; the size of the log is at the start of one. Making the leaves is left out of the times of
/// batches, and is in the processor time.
fn append(map: &mut LogMap, batches: u64) -> (Vec<Duration>, Duration) {
    let (mut times, before) = (Vec::new(), processor_time());
    for _ in 0..batches {
        let first = map.size().get();
        let leaves = leaves(first, first + BATCH);
        let reader = map.snapshot();
        let start = Instant::now();
        let staged = map.stage(LeafIndex::new(first).unwrap(), &leaves).unwrap();
        map.apply(staged).unwrap();
        times.push(start.elapsed());
        drop(reader);
    }
    (times, processor_time() - before)
}

fn report(what: &str, (mut times, processor): (Vec<Duration>, Duration)) {
    let total: Duration = times.iter().sum();
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    let entries = times.len() as f64 * BATCH as f64;
    println!(
        "{what}: {:.0} inserts/s, {:.2} us of processor time each on all threads, in batches of {BATCH}; \
         a batch p50 {:.2?}, p99 {:.2?}, most {:.2?}",
        entries / total.as_secs_f64(),
        processor.as_secs_f64() * 1e6 / entries,
        at(50),
        at(99),
        at(100),
    );
}

/// Time all threads have run, those of merges too, to 10 ms: other programs on the machine do not count.
fn processor_time() -> Duration {
    let line = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold spaces; user and system time are the 12th and 13th figures behind it (proc(5)).
    let figures = line.rsplit(')').next().unwrap_or_default();
    let hundredths = figures.split_whitespace().skip(11).take(2);
    Duration::from_millis(
        hundredths
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum::<u64>()
            * 10,
    )
}

fn resident_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kb.unwrap_or(0) / 1024
}

fn hashing_rate() {
    let (mut message, rounds) = ([1_u8; 66], 3_000_000);
    let (start, before) = (Instant::now(), processor_time());
    for _ in 0..rounds {
        let hash = digest(&SHA256, &message);
        message[..32].copy_from_slice(hash.as_ref());
    }
    let rate = |time: Duration| f64::from(rounds) / time.as_secs_f64();
    println!(
        "SHA-256 of 66 bytes (two blocks), one thread: {:.0}/s, {:.0} per second of processor time",
        rate(start.elapsed()),
        rate(processor_time() - before),
    );
}

fn proofs(map: &LogMap, entries: u64) {
    let snapshot = map.snapshot();
    let root = snapshot.root();
    for (what, offset) in [("presence", 0), ("absence", u64::MAX / 2)] {
        let count = 20_000;
        // Random places, for neighbouring counters have unrelated tags.
        let tags: Vec<_> = (0..count)
            .map(|i| i * (entries / count))
            .filter(|i| i % (BATCH + 1) != BATCH)
            .map(|i| tag(i + offset))
            .collect();
        let start = Instant::now();
        let answers: Vec<_> = tags.iter().map(|tag| snapshot.prove(tag).unwrap()).collect();
        let made = start.elapsed();
        let bytes: usize = answers.iter().map(|answer| answer.proof.to_bytes().len()).sum();
        let start = Instant::now();
        for (tag, answer) in tags.iter().zip(&answers) {
            match answer.value {
                Some(value) => answer.proof.verify_presence(tag, &value, &root).unwrap(),
                None => answer.proof.verify_absence(tag, &root).unwrap(),
            }
        }
        let verified = start.elapsed();
        let each = |time: Duration| time.as_secs_f64() * 1e6 / tags.len() as f64;
        println!(
            "{what}: made in {:.1} us, verified in {:.1} us, {} bytes",
            each(made),
            each(verified),
            bytes / tags.len()
        );
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let entries: u64 = arguments.next().map_or(10_000_000, |n| n.parse().unwrap());
    if let (Some(folder), Some(end)) = (arguments.next(), arguments.next()) {
        return restart(Path::new(&folder), end.parse().unwrap());
    }
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let size = |leaves: u64| TreeSize::new(leaves).unwrap();
    let batches = |entries: u64| entries / BATCH * (BATCH + 1);
    hashing_rate();

    let mut map = LogMap::open(&folder.join("small"), MapConfig::default(), TreeSize::ZERO).unwrap();
    report("from empty", append(&mut map, 1_000));
    drop(map);

    let full = folder.join("full");
    let preload = batches(entries);
    let mut map = LogMap::open(&full, MapConfig::default(), size(preload)).unwrap();
    let spent = feed(&mut map, preload, 262_144);
    map.write_base().unwrap();
    println!(
        "rebuild of {} entries: {spent:.1?} without the last base",
        map.entries()
    );
    println!("base file: {} MB", base_mb(&full));
    proofs(&map, entries);

    report("with all loaded", append(&mut map, 1_000));
    report("on, across merges", append(&mut map, entries / 8 / BATCH * 2));
    map.settle();
    println!("root {}", map.root());
    let end = map.size().get().to_string();
    drop(map);
    // A process of its own: memory that was freed here would not show in its figures.
    let program = std::env::current_exe().unwrap();
    let again = Command::new(program).arg("0").arg(&full).arg(end).status();
    assert!(again.unwrap().success());
}

fn restart(folder: &Path, end: u64) {
    let before = resident_mb();
    let start = Instant::now();
    let mut map = LogMap::open(folder, MapConfig::default(), TreeSize::new(end).unwrap()).unwrap();
    let opened = start.elapsed();
    println!(
        "restart: base opened in {opened:.2?}; resident: {} MB more",
        resident_mb() - before
    );
    let behind = end - map.size().get();
    let fed = feed(&mut map, end, 262_144);
    println!(
        "restart: {behind} leaves fed in {fed:.2?} (reading them not counted); resident: {} MB more",
        resident_mb() - before
    );
    println!("root {}", map.root());
    report("after a restart", append(&mut map, 1_000));
    proofs(&map, end);
}

fn base_mb(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap();
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    bytes >> 20
}
