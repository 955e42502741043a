//! Each system call of a broker that starts and appends fails once, or is its last (`ledger.md` §15 item 5, after
//! Tessera's POSIX fault test): whatever was acknowledged stands, and the log stays whole.
//!
//! `strace` counts the calls of each thread by itself, so "the third `fsync`" is the third of every thread that makes three.
//! LIMIT: in an ordinary run only some of the calls are tried, evenly spread; `FIDUCIE_FAULT_RUNS=10000` tries all.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says how much it tried"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use audit_tests::keeper::Keeper;
use audit_tests::process::Process;
use audit_tests::programs::{has_tool, programs};
use audit_tests::server::listens;
use audit_tests::town::Town;

/// Everything that leaves something on a disk.
const CALLS: &str = "openat,link,linkat,rename,renameat,renameat2,mkdir,mkdirat,write,writev,pwrite64,fsync,fdatasync,\
                     ftruncate,unlink,unlinkat,chmod,fchmod,close";
/// Faults tried in an ordinary run, of each kind.
const RUNS: usize = 36;
/// Batches handed in while a fault is waiting.
const BATCHES: usize = 3;
/// A broker whose threads were hit may never answer; then it is killed.
const LIMIT: Duration = Duration::from_secs(3);

/// A broker under `strace`, which is its child and not its parent: what is killed is the broker.
struct Traced {
    process: Process,
    /// `None` when it ended, or hung, before it listened.
    address: Option<SocketAddr>,
}

impl Traced {
    fn start(town: &Town, name: &str, inject: Option<&str>) -> Self {
        let mut command = Command::new("strace");
        command.args(["-D", "-f"]);
        // Quicker; but a signal cannot be sent where the kernel's filter stops a call.
        if inject.is_none_or(|inject| inject.contains("error=")) {
            command.arg("--seccomp-bpf");
        }
        command.arg("-o");
        command.arg(town.aside(&format!("{name}.trace")));
        command.args(["-e", &format!("trace={CALLS}")]);
        if let Some(inject) = inject {
            command.args(["-e", &format!("inject={inject}")]);
        }
        command.arg(&programs().fiducie).arg("serve").args(town.config());
        command.env("RUST_LOG", "info");
        let log = town.aside(&format!("{name}.log"));
        // What an earlier broker said is not where this one listens.
        let _ = fs::remove_file(&log);
        let mut process = Process::start(&mut command, log);
        let started = Instant::now();
        let mut address = None;
        while address.is_none() && !process.has_ended() && started.elapsed() < 2 * LIMIT {
            thread::sleep(Duration::from_millis(5));
            address = listens(&process.log());
        }
        Self { process, address }
    }
}

/// One round: a start, some batches, the end. How many were acknowledged, and whether it listened at all.
fn round(town: &Town, keeper: &mut Keeper, name: &str, inject: Option<&str>) -> (usize, bool) {
    let traced = Traced::start(town, name, inject);
    let mut acknowledged = 0;
    if let Some(address) = traced.address {
        for _ in 0..BATCHES {
            acknowledged += usize::from(keeper.hand_in(town, address, LIMIT));
        }
    }
    traced.process.kill();
    (acknowledged, traced.address.is_some())
}

/// For each call, how often the thread that makes it most makes it.
fn counted(trace: &Path) -> BTreeMap<String, usize> {
    let mut by_thread: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in fs::read_to_string(trace).unwrap().lines() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        if let Some((call, _)) = rest.trim_start().split_once('(')
            && call.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            *by_thread.entry((call.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((call, _), count) in by_thread {
        let known: &mut usize = most.entry(call).or_default();
        *known = count.max(*known);
    }
    most
}

/// The calls to be hit: what there is, or an even choice of it.
fn choice(counts: &BTreeMap<String, usize>) -> (Vec<(String, usize)>, usize) {
    let all: Vec<_> = counts
        .iter()
        .flat_map(|(call, count)| (1..=*count).map(|which| (call.clone(), which)))
        .collect();
    let asked = env::var_os("FIDUCIE_FAULT_RUNS");
    let runs = asked.map_or(RUNS, |runs| runs.to_str().unwrap().parse().unwrap());
    let runs = runs.min(all.len());
    let chosen = (0..runs).map(|run| all[run * all.len() / runs].clone()).collect();
    (chosen, all.len())
}

fn survives(what: &str, fault: &str) {
    if !has_tool("strace") {
        return;
    }
    let town = Town::found(1);
    let mut keeper = Keeper::default();
    let (acknowledged, _) = round(&town, &mut keeper, "count", None);
    if acknowledged < BATCHES {
        // Some containers forbid one process to trace another.
        let said = fs::read_to_string(town.aside("count.log")).unwrap();
        assert!(said.contains("ptrace"), "{said}");
        eprintln!("SKIPPED: processes may not be traced here");
        return;
    }
    let counts = counted(&town.aside("count.trace"));
    for needed in ["openat", "rename", "fsync", "write", "pwrite64", "close"] {
        assert!(counts.contains_key(needed), "no `{needed}` among {counts:?}");
    }
    keeper.all_is_well(&town, "the run that counts");
    let (chosen, all) = choice(&counts);
    let (mut hit, mut at_start, mut answered) = (0, 0, 0);
    for (call, which) in &chosen {
        let inject = format!("{call}:{fault}:when={which}");
        let (acknowledged, listened) = round(&town, &mut keeper, "fault", Some(&inject));
        keeper.all_is_well(&town, &inject);
        let trace = fs::read_to_string(town.aside("fault.trace")).unwrap();
        // A call that was killed leaves no line that says so.
        hit += usize::from(trace.contains("(INJECTED)") || !listened || acknowledged < BATCHES);
        at_start += usize::from(!listened);
        answered += acknowledged;
    }
    eprintln!(
        "{what}: {} of {all} calls tried, {hit} hit, {at_start} before the broker listened; {answered} batches \
         acknowledged on the way, {} in all",
        chosen.len(),
        keeper.promised()
    );
    assert!(
        answered > 0 && at_start < chosen.len(),
        "no fault fell between the start and the last batch"
    );
    assert!(
        hit * 2 > chosen.len(),
        "{hit} of {} faults took place",
        chosen.len()
    );
}

#[test]
fn an_error_of_any_one_system_call_loses_no_acknowledged_batch() {
    survives("EIO", "error=EIO");
}

#[test]
fn an_end_at_any_one_system_call_loses_no_acknowledged_batch() {
    survives("KILL", "signal=KILL");
}
