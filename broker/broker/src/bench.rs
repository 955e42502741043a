//! Benchmarks: each prints its figure beside the ceilings measured in the same run.

mod ceilings;
pub mod decide;
pub mod ledger;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, Result, ensure};
use broker_domain::time::{Clock, Entropy, Instant};
use broker_service::{Broker, News, SignInParts};
use gateway_simulator::Street;
use jiff::tz::TimeZone;
use ledger_log::SequencerConfig;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::assemble::{self, Home, Setting};
use crate::cli::IntakeArgs;
use crate::demo::cast;
use crate::demo::script::{ORIGIN, days};
use crate::demo::street;
use crate::ports::{StoryClock, SystemEntropy};
use ceilings::Ceilings;

/// What the intake benchmark measured.
#[derive(Debug, Serialize)]
struct Figures {
    /// Durable mediated intakes a second.
    intakes_per_second: f64,
    /// Median time from hand-in to receipt.
    p50_ms: f64,
    /// 99th percentile.
    p99_ms: f64,
    /// Processor time of the whole process for each intake, all cores together.
    cpu_us: f64,
    /// Batches handed in, all stored.
    batches: usize,
    /// Gateways that handed in at the same time.
    gateways: usize,
    /// Bytes of one envelope, on average.
    envelope_bytes: usize,
    /// What the machine does at most, measured in the same run.
    ceilings: Ceilings,
}

/// Measures durable mediated intakes.
///
/// # Errors
/// When the broker cannot be put together, or refuses a batch.
pub async fn intake(args: &IntakeArgs) -> Result<()> {
    let folder = folder(args.folder.as_deref())?;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::open());
    let (broker, envelopes) = prepare(folder.path(), args, &entropy).await?;
    let envelope_bytes = envelopes.iter().map(Vec::len).sum::<usize>() / envelopes.len().max(1);
    let cpu_before = cpu_time();
    let (elapsed, mut latencies) = hand_in(&broker, envelopes, args.gateways).await?;
    let cpu = cpu_time().saturating_sub(cpu_before);
    latencies.sort_unstable();
    let figures = Figures {
        intakes_per_second: per_second(latencies.len(), elapsed),
        p50_ms: milliseconds(percentile(&latencies, 50)),
        p99_ms: milliseconds(percentile(&latencies, 99)),
        cpu_us: milliseconds(cpu) * 1_000.0 / f64::from(u32::try_from(latencies.len().max(1))?),
        batches: latencies.len(),
        gateways: args.gateways,
        envelope_bytes,
        ceilings: ceilings::measure(folder.path(), &*entropy)?,
    };
    show(&figures, args.json)
}

/// A folder that is removed at the end, on the disk to measure.
fn folder(parent: Option<&Path>) -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("fiducie-bench-");
    Ok(match parent {
        Some(parent) => builder.tempdir_in(parent)?,
        None => builder.tempdir()?,
    })
}

/// A broker with consenting households, and signed envelopes that it has not seen.
async fn prepare(
    folder: &Path,
    args: &IntakeArgs,
    entropy: &Arc<dyn Entropy>,
) -> Result<(Arc<Broker>, Vec<Vec<u8>>)> {
    let [first, _, today] = days()?;
    let clock = Arc::new(StoryClock::at(first.plus_seconds(-3_600)));
    let home = Home::at(folder);
    assemble::create(&home, ORIGIN, &**entropy).await?;
    let setting = Setting {
        home: &home,
        origin: ORIGIN,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        entropy: Arc::clone(entropy),
        sequencer: SequencerConfig::default(),
        witnesses: None,
        sign_in: SignInParts::default(),
        site: assemble::demo_site(assemble::NO_PAGES),
    };
    let running = assemble::start(setting).await?;
    let broker = running.broker;
    let cast = cast::enrol(&broker, &**entropy).await?;
    let opened = first
        .to_timestamp()
        .to_zoned(TimeZone::get(broker_service::ZONE)?)
        .date()
        .yesterday()?;
    let homes = u32::try_from(args.gateways.clamp(1, 500))?;
    let street = Street::opened_on(1, homes, opened)?;
    let mut residents = street::join_all(&broker, street.households(), entropy, 1).await?;
    let [offer, ..] = &cast.offers;
    for resident in &residents {
        street::agree(&broker, resident, offer).await?;
    }
    clock.set(today);
    let mut envelopes = Vec::with_capacity(args.batches);
    let mut until: Instant = first;
    while envelopes.len() < args.batches && until < today {
        // One batch a home and half hour: two frames' worth, like a gateway that hands in often.
        until = until.plus_seconds(1_800);
        for resident in &mut residents {
            envelopes.extend(resident.listen(until)?);
        }
    }
    envelopes.truncate(args.batches);
    ensure!(!envelopes.is_empty(), "no envelope was made");
    Ok((broker, envelopes))
}

/// Hands envelopes in, `width` at a time. Returns the time it took and each one's latency.
async fn hand_in(
    broker: &Arc<Broker>,
    envelopes: Vec<Vec<u8>>,
    width: usize,
) -> Result<(Duration, Vec<Duration>)> {
    let count = envelopes.len();
    let queue = Arc::new(std::sync::Mutex::new(envelopes));
    let started = Stopwatch::now();
    let mut gateways = JoinSet::new();
    for _ in 0..width.max(1) {
        let (broker, queue) = (Arc::clone(broker), Arc::clone(&queue));
        gateways.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let next = queue
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .pop();
                let Some(envelope) = next else {
                    return Ok(latencies);
                };
                let began = Stopwatch::now();
                let taken = broker.intake(&envelope).await.context("a batch was refused")?;
                ensure!(taken.news == News::Stored, "a batch was known before");
                latencies.push(began.elapsed());
            }
        });
    }
    let mut latencies = Vec::with_capacity(count);
    while let Some(done) = gateways.join_next().await {
        latencies.extend(done??);
    }
    Ok((started.elapsed(), latencies))
}

/// Processor time that this process has used.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

/// Events per second of a stretch of time.
pub(crate) fn per_second(events: usize, elapsed: Duration) -> f64 {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    f64::from(events) / elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[expect(clippy::print_stdout, reason = "standard output is the benchmark's product")]
fn show(figures: &Figures, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(figures)?);
        return Ok(());
    }
    let ceilings = &figures.ceilings;
    println!(
        "durable intakes      {:>10.0} /s   ({} batches, {} gateways at once)",
        figures.intakes_per_second, figures.batches, figures.gateways
    );
    println!("  latency p50        {:>10.1} ms", figures.p50_ms);
    println!("  latency p99        {:>10.1} ms", figures.p99_ms);
    println!("  processor time     {:>10.0} us each, all cores", figures.cpu_us);
    println!("ceilings of this run");
    println!(
        "  fsync              {:>10.0} /s   (one 4 KiB write each)",
        ceilings.fsync_per_second
    );
    println!(
        "  Ed25519 verify     {:>10.0} /s   (one core)",
        ceilings.ed25519_verify_per_second
    );
    println!(
        "  Ed25519 sign       {:>10.0} /s   (one core)",
        ceilings.ed25519_sign_per_second
    );
    println!(
        "  AES-256-GCM seal   {:>10.0} /s   (1 KiB, one core)",
        ceilings.aead_seal_per_second
    );
    Ok(())
}
