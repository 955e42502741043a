//! The ledger alone: leaves in, receipts out.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use broker_domain::time::{Clock, Instant};
use broker_service::{Batch, DataView, Growth};
use broker_store::{HeadRow, Serial, Store};
use broker_store_sqlite::{Create, SqliteLockStore, SqliteStore};
use ledger_core::note::{Ed25519Signer, KeyName};
use ledger_core::proof::TlogProof;
use ledger_core::tree::{LeafIndex, TreeSize};
use ledger_log::{
    CommitFault, Committed, Committer, FolderStore, LogData, LogMap, MapConfig, Publisher, Rotation,
    Sequencer, SequencerConfig, Stores, UnixMicros,
};
use serde::Serialize;
use tokio::task::JoinSet;

use super::ceilings::{self, LedgerCeilings};
use super::{cpu_time, milliseconds, per_second, percentile};
use crate::assemble::Home;
use crate::cli::LedgerArgs;
use crate::ports::SystemClock;

/// What the ledger benchmark measured.
#[derive(Debug, Serialize)]
struct Figures {
    /// Leaves a second, each durable, signed for and public before its receipt was made.
    appends_per_second: f64,
    /// Median time from hand-in to receipt.
    p50_ms: f64,
    /// 99th percentile.
    p99_ms: f64,
    /// Processor time of the whole process for each append, all cores together.
    cpu_us: f64,
    /// Leaves of callers in a batch, on average.
    batch: f64,
    /// Leaves appended while the clock ran.
    appends: usize,
    /// Leaves that stood in the log before.
    preloaded: u64,
    /// One leaf hashed into the map of tags and into the tree.
    growth_us: f64,
    /// One receipt made (inclusion proof and checkpoint, C2SP tlog-proof), included in the figures above.
    receipt_us: f64,
    /// From closed files to a log that takes leaves again.
    restart_ms: f64,
    /// PyPI `aics-tlog` in batches of 256, in the same run; absent when it was not asked for.
    peer: Option<Peer>,
    /// What the machine does at most, measured in the same run.
    ceilings: LedgerCeilings,
}

/// What a peer without a map does in a second.
#[derive(Debug, Serialize)]
struct Peer {
    /// Tiles and an unsigned root: nobody gets an answer that can be verified.
    bare_appends_per_second: f64,
    /// The same with what our figure holds: a signed checkpoint a batch and a proof an entry, by the peer's own functions.
    appends_with_receipts_per_second: f64,
}

/// Measures durable appends with receipts.
///
/// # Errors
/// When the log cannot be made or stops.
pub async fn run(args: &LedgerArgs) -> Result<()> {
    let folder = super::folder(args.folder.as_deref())?;
    let home = Home::at(folder.path());
    Log::create(&home).await?;
    let Log {
        store,
        map,
        mut publisher,
    } = Log::open(&home).await?;
    let spent = Arc::new(Spent::default());
    let mut leaves = Leaves {
        store,
        map,
        head: None,
        spent: Arc::clone(&spent),
    };
    preload(&mut leaves, &mut publisher, args.preload).await?;
    spent.forget();
    let timed = hand_in(leaves, publisher, &spent, args).await?;

    let restart = Stopwatch::now();
    let again = Log::open(&home).await?;
    let restart_ms = milliseconds(restart.elapsed());
    ensure!(
        again.publisher.latest().size() == timed.size,
        "the log lost leaves"
    );
    drop(again);
    let peer = args.peer.as_deref().map(|python| peer(python, folder.path()));
    let mut latencies = timed.latencies;
    latencies.sort_unstable();
    let count = f64::from(u32::try_from(latencies.len().max(1))?);
    let figures = Figures {
        appends_per_second: per_second(latencies.len(), timed.elapsed),
        p50_ms: milliseconds(percentile(&latencies, 50)),
        p99_ms: milliseconds(percentile(&latencies, 99)),
        cpu_us: milliseconds(timed.cpu) * 1_000.0 / count,
        batch: count / f64::from(u32::try_from(spent.batches.load(Ordering::Relaxed).max(1))?),
        appends: latencies.len(),
        preloaded: args.preload,
        growth_us: microseconds(&spent.growth_ns) / count,
        receipt_us: microseconds(&spent.receipt_ns) / count,
        restart_ms,
        peer: peer.transpose()?,
        ceilings: ceilings::measure_ledger(folder.path())?,
    };
    show(&figures, args.json)
}

/// A log with its stores, and nothing running.
struct Log {
    store: Arc<dyn Store>,
    map: LogMap,
    publisher: Publisher,
}

impl Log {
    async fn create(home: &Home) -> Result<()> {
        std::fs::create_dir_all(home.folder())?;
        SqliteStore::open(&home.database(), Create::IfMissing)
            .await?
            .close()
            .await;
        let lock = SqliteLockStore::create(&home.lock()).await?;
        Ok(Publisher::initialise(&stores(home, lock).await?).await?)
    }

    async fn open(home: &Home) -> Result<Self> {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&home.database(), Create::Never).await?);
        let data = DataView(Arc::clone(&store));
        let size = data.head().await?.map_or(TreeSize::ZERO, |head| head.size);
        let map = LogMap::recover(home.map(), MapConfig::default(), &data, size).await?;
        let lock = SqliteLockStore::open_existing(&home.lock()).await?;
        let now = UnixMicros(SystemClock.now().as_micros());
        let publisher = Publisher::recover(stores(home, lock).await?, &data, now).await?;
        Ok(Self {
            store,
            map,
            publisher,
        })
    }
}

async fn stores(home: &Home, lock: SqliteLockStore) -> Result<Stores> {
    let name = KeyName::new("bench.example/ledger").context("the name of the log")?;
    let signer = Ed25519Signer::from_seed(name, &[7; 32]).context("the key of the log")?;
    Ok(Stores {
        signer: Arc::new(signer),
        rotation: Rotation::default(),
        lock: Arc::new(lock),
        public: Arc::new(FolderStore::open(home.ledger()).await?),
    })
}

/// Commits leaves and nothing else: what the ledger costs without records.
struct Leaves {
    store: Arc<dyn Store>,
    map: LogMap,
    head: Option<HeadRow>,
    spent: Arc<Spent>,
}

/// Time spent in parts of the work.
#[derive(Debug, Default)]
struct Spent {
    batches: AtomicU64,
    growth_ns: AtomicU64,
    receipt_ns: AtomicU64,
}

impl Spent {
    fn forget(&self) {
        for counter in [&self.batches, &self.growth_ns, &self.receipt_ns] {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

fn microseconds(nanoseconds: &AtomicU64) -> f64 {
    milliseconds(Duration::from_nanos(nanoseconds.load(Ordering::Relaxed))) * 1_000.0
}

fn add(counter: &AtomicU64, since: Stopwatch) {
    let spent = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
    counter.fetch_add(spent, Ordering::Relaxed);
}

#[async_trait]
impl Committer for Leaves {
    type Job = Vec<u8>;
    type Answer = (LeafIndex, Arc<Batch>);

    /// The map root.
    const OWN_LEAVES: usize = 1;

    async fn commit(&mut self, jobs: Vec<Vec<u8>>) -> Result<Committed<Self::Answer>, CommitFault> {
        let unknown = |error: anyhow::Error| CommitFault::Unknown(error.into());
        self.append(jobs).await.map_err(unknown)
    }
}

impl Leaves {
    async fn append(&mut self, leaves: Vec<Vec<u8>>) -> Result<Committed<(LeafIndex, Arc<Batch>)>> {
        let first = self.head.as_ref().map_or(0, |head| head.size);
        let serial = self.head.as_ref().map_or(0, |head| head.next_serial.0);
        let count = u64::try_from(leaves.len())?;
        let serials = (serial..serial + count).map(Serial).collect();
        let now = SystemClock.now();
        let at = match &self.head {
            Some(head) if head.at >= now => Instant::from_micros(head.at.as_micros() + 1)?,
            _ => now,
        };
        // Hashing 256 leaves into the map takes milliseconds: the threads that answer callers go on meanwhile.
        let growth = tokio::task::block_in_place(|| {
            let began = Stopwatch::now();
            let growth = Growth::by(leaves, serials, self.head.as_ref(), &self.map, at);
            add(&self.spent.growth_ns, began);
            growth
        })?;
        let mut tx = self.store.begin("bench").await?;
        tx.add_segment(&growth.segment).await?;
        tx.commit().await?;
        let appended = growth.appended();
        self.map.apply(growth.map)?;
        self.head = Some(growth.segment.head);
        self.spent.batches.fetch_add(1, Ordering::Relaxed);
        let answers = (first..first + count)
            .filter_map(LeafIndex::new)
            .map(|index| (index, Arc::clone(&growth.batch)))
            .collect();
        Ok(Committed {
            answers,
            appended: Some(appended),
        })
    }
}

/// How many leaves a batch of the preload holds.
const PRELOAD_BATCH: u64 = 8_192;

/// Fills the log in large batches, in the same tables, tiles and map.
async fn preload(leaves: &mut Leaves, publisher: &mut Publisher, count: u64) -> Result<()> {
    let mut random = Random(1);
    let mut left = count;
    while left > 0 {
        let some = left.min(PRELOAD_BATCH);
        let batch = (0..some).map(|_| random.leaf()).collect();
        let committed = leaves.append(batch).await?;
        let appended = committed.appended.context("nothing was appended")?;
        publisher.publish(appended).await?;
        left -= some;
        if left.is_multiple_of(PRELOAD_BATCH * 128) {
            tracing::info!(left, "filling the log");
        }
    }
    Ok(())
}

/// What was measured while the clock ran.
struct Timed {
    elapsed: Duration,
    cpu: Duration,
    latencies: Vec<Duration>,
    size: TreeSize,
}

/// Hands leaves in, `args.appenders` at a time, and makes the receipt of each.
async fn hand_in(
    leaves: Leaves,
    publisher: Publisher,
    spent: &Arc<Spent>,
    args: &LedgerArgs,
) -> Result<Timed> {
    let (sequencer, writer) = Sequencer::start(leaves, publisher, SequencerConfig::default());
    let each = args.appends.div_ceil(args.appenders.max(1));
    let (started, cpu_before) = (Stopwatch::now(), cpu_time());
    let mut appenders = JoinSet::new();
    for number in 0..args.appenders.max(1) {
        let (sequencer, spent) = (sequencer.clone(), Arc::clone(spent));
        // Far apart, so that no two appenders draw the same tags.
        let mut random = Random(u64::try_from(number)?.wrapping_add(1) << 40);
        appenders.spawn(async move {
            let mut latencies = Vec::with_capacity(each);
            for _ in 0..each {
                let began = Stopwatch::now();
                let published = sequencer.submit(random.leaf()).await?;
                let proving = Stopwatch::now();
                let (index, batch) = published.answer;
                let path = batch.path(index).context("a leaf without a path")?;
                let receipt = TlogProof::new(index, path, &published.checkpoint).to_string();
                std::hint::black_box(receipt);
                add(&spent.receipt_ns, proving);
                latencies.push(began.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::with_capacity(args.appends);
    while let Some(done) = appenders.join_next().await {
        latencies.extend(done??);
    }
    let (elapsed, cpu) = (started.elapsed(), cpu_time().saturating_sub(cpu_before));
    let size = sequencer.latest().size();
    drop(sequencer);
    writer.await??;
    Ok(Timed {
        elapsed,
        cpu,
        latencies,
        size,
    })
}

/// Lets `aics-tlog` append for some seconds; `python` is an interpreter that has it.
fn peer(python: &Path, folder: &Path) -> Result<Peer> {
    let mut child = std::process::Command::new(python)
        .args(["-c", include_str!("peer.py")])
        .arg(folder.join("peer"))
        .args(["256", "3"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` cannot be run", python.display()))?;
    let mut said = String::new();
    if let Some(output) = &mut child.stdout {
        output.read_to_string(&mut said)?;
    }
    ensure!(
        child.wait()?.success(),
        "aics-tlog did not run; make an environment with `python3 -m venv DIR` and `DIR/bin/pip install aics-tlog`"
    );
    let mut rates = said.lines().map(str::parse);
    let mut rate = || {
        rates
            .next()
            .context("aics-tlog gave no figure")?
            .context("its figure")
    };
    Ok(Peer {
        bare_appends_per_second: rate()?,
        appends_with_receipts_per_second: rate()?,
    })
}

/// Random leaves of subjects: tags are pseudorandom and unique, as HMACs are.
struct Random(u64);

impl Random {
    fn leaf(&mut self) -> Vec<u8> {
        // version, kind 04, actor 4, 0, hour (`ledger.md` §10).
        let mut leaf = vec![1, 4, 4, 0, 0, 7, 125, 144];
        for _ in 0..8 {
            leaf.extend_from_slice(&self.next().to_be_bytes());
        }
        leaf
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[expect(clippy::print_stdout, reason = "standard output is the benchmark's product")]
fn show(figures: &Figures, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(figures)?);
        return Ok(());
    }
    let line = |what: &str, figure: f64, unit: &str| println!("{what:<21}{figure:>10.0} {unit}");
    let fine = |what: &str, figure: f64, unit: &str| println!("{what:<21}{figure:>10.1} {unit}");
    line(
        "appends",
        figures.appends_per_second,
        "/s   (durable, with receipt)",
    );
    if let Some(peer) = &figures.peer {
        let rate = peer.appends_with_receipts_per_second;
        line(
            "  aics-tlog",
            rate,
            "/s   (batches of 256, fsync, with receipt, no map)",
        );
        let bare = peer.bare_appends_per_second;
        line(
            "  aics-tlog, bare",
            bare,
            "/s   (batches of 256, fsync, no receipt, no map)",
        );
    }
    fine("  latency p50", figures.p50_ms, "ms");
    fine("  latency p99", figures.p99_ms, "ms");
    fine("  processor time", figures.cpu_us, "us each, all cores");
    fine("  of it tree and map", figures.growth_us, "us");
    fine("  of it receipt", figures.receipt_us, "us");
    line("  leaves a batch", figures.batch, "");
    println!("  log before it      {:>10} leaves", figures.preloaded);
    line("restart", figures.restart_ms, "ms");
    println!("ceilings of this run");
    let ceilings = &figures.ceilings;
    line(
        "  fsync",
        ceilings.fsync_per_second,
        "/s   (one 4 KiB write each)",
    );
    line(
        "  SHA-256",
        ceilings.sha256_per_second,
        "/s   (one leaf of 72 bytes each, one core)",
    );
    line(
        "  SHA-256",
        ceilings.sha256_mb_per_second,
        "MB/s (in bulk, one core)",
    );
    Ok(())
}
