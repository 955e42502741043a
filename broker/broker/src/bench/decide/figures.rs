//! What the decision benchmark measured, and how it is shown.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::microseconds;
use crate::bench::{per_second, percentile};

/// What the decision benchmark measured.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Participants, with a point each.
    pub participants: usize,
    /// Consents of all of them.
    pub consents: usize,
    /// Orders decided, drawn at random: application × consent (point, purpose, recipient) × day.
    pub decisions: usize,
    /// How many of them were allowed.
    pub allowed: usize,
    /// One after the other.
    pub one_thread: Pace,
    /// The same orders by two at a time.
    pub two_threads: Pace,
    /// What a withdrawal came to.
    pub withdrawal: Withdrawal,
    /// The participant's home page.
    pub home: HomePage,
    /// What keeping the consents in memory costs.
    pub memory: Memory,
    /// What the parts take alone, measured in the same run.
    pub ceilings: Ceilings,
    /// Seconds in which the city was written.
    pub written_in_s: f64,
    /// What about this data set is not as in a broker that serves people.
    pub synthetic: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Pace {
    pub p50_us: f64,
    pub p99_us: f64,
    pub p999_us: f64,
    pub decisions_per_second: f64,
}

#[derive(Debug, Serialize)]
pub struct Withdrawal {
    /// Withdrawals committed while somebody went on asking.
    pub withdrawals: usize,
    /// Decisions that were begun after the withdrawal had returned and still allowed. Anything but 0 is a fault.
    pub allowed_afterwards: usize,
    /// The very next decision after the withdrawal returned: always a refusal.
    pub next_decision_p50_us: f64,
    pub next_decision_p99_us: f64,
    /// From the call to the answer: committed, durable, published, with its receipt.
    pub withdrawal_p50_ms: f64,
}

#[derive(Debug, Serialize)]
pub struct HomePage {
    pub requests: usize,
    pub requests_per_second: u32,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub page_bytes: usize,
}

#[derive(Debug, Serialize)]
pub struct Memory {
    /// Growth of the process's resident memory for each consent, page cache of one connection included.
    pub bytes_per_consent: f64,
    /// From an empty memory to a full one, in the background of a start.
    pub learnt_in_ms: f64,
}

#[derive(Debug, Serialize)]
pub struct Ceilings {
    /// The policies alone: identifiers, facts and policies evaluated, for a transfer.
    pub policy_p50_us: f64,
    /// Of it, Cedar's evaluation of a request that was prepared before.
    pub cedar_p50_us: f64,
    /// The coverage check alone.
    pub coverage_p50_us: f64,
    /// One consent read from SQLite by its key, in a view of its own.
    pub sqlite_read_p50_us: f64,
    pub sqlite_read_p99_us: f64,
}

impl Pace {
    /// Of measured times, which are put in order.
    pub fn of(times: &mut [Duration], elapsed: Duration) -> Self {
        times.sort_unstable();
        let last = times.len() - times.len() / 1_000;
        Self {
            p50_us: microseconds(percentile(times, 50)),
            p99_us: microseconds(percentile(times, 99)),
            p999_us: microseconds(times.get(last.saturating_sub(1)).copied().unwrap_or_default()),
            decisions_per_second: per_second(times.len(), elapsed),
        }
    }
}

/// Prints the figures.
#[expect(clippy::print_stdout, reason = "standard output is the benchmark's product")]
pub fn show(figures: &Figures, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(figures)?);
        return Ok(());
    }
    println!(
        "{} participants, {} consents; {} decisions, {} allowed",
        figures.participants, figures.consents, figures.decisions, figures.allowed
    );
    pace("decision, one thread", &figures.one_thread);
    pace("  two threads", &figures.two_threads);
    show_people(figures);
    show_parts(figures);
    println!(
        "synthetic: {} (written in {:.0} s)",
        figures.synthetic, figures.written_in_s
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "standard output is the benchmark's product")]
fn pace(what: &str, pace: &Pace) {
    println!(
        "{what:<21}{:>10.1} us p50{:>10.1} us p99{:>10.1} us p99.9{:>10.0} /s",
        pace.p50_us, pace.p99_us, pace.p999_us, pace.decisions_per_second
    );
}

#[expect(clippy::print_stdout, reason = "standard output is the benchmark's product")]
fn line(what: &str, figure: f64, unit: &str) {
    println!("{what:<21}{figure:>10.1} {unit}");
}

/// What people notice: a withdrawal, and their first page.
#[expect(clippy::print_stdout, reason = "standard output is the benchmark's product")]
fn show_people(figures: &Figures) {
    let withdrawal = &figures.withdrawal;
    println!(
        "withdrawal           {:>10} withdrawn, {} allowed afterwards",
        withdrawal.withdrawals, withdrawal.allowed_afterwards
    );
    line(
        "  next decision p50",
        withdrawal.next_decision_p50_us,
        "us (a refusal)",
    );
    line("  next decision p99", withdrawal.next_decision_p99_us, "us");
    line(
        "  withdrawing p50",
        withdrawal.withdrawal_p50_ms,
        "ms (with receipt)",
    );
    let home = &figures.home;
    println!(
        "home page            {:>10} requests at {}/s, {} bytes",
        home.requests, home.requests_per_second, home.page_bytes
    );
    line("  server time p50", home.p50_ms, "ms");
    line("  server time p95", home.p95_ms, "ms");
    line("  server time p99", home.p99_ms, "ms");
}

/// What the decision is made of, and what it costs to be quick.
#[expect(clippy::print_stdout, reason = "standard output is the benchmark's product")]
fn show_parts(figures: &Figures) {
    line("memory", figures.memory.bytes_per_consent, "bytes a consent");
    line(
        "  learnt in",
        figures.memory.learnt_in_ms,
        "ms, in the background of a start",
    );
    println!("the parts alone, in this run");
    let ceilings = &figures.ceilings;
    line("  policies", ceilings.policy_p50_us, "us p50");
    line(
        "  of it Cedar",
        ceilings.cedar_p50_us,
        "us p50 (request prepared)",
    );
    line("  coverage", ceilings.coverage_p50_us, "us p50");
    line(
        "  SQLite read",
        ceilings.sqlite_read_p50_us,
        "us p50 (one consent by key)",
    );
    line("  SQLite read", ceilings.sqlite_read_p99_us, "us p99");
}
