//! `kill -9` at any moment of an intake loses no acknowledged batch, and the log stays one log.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says how many rounds there were"
)]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use audit_tests::programs::ledger_audit;
use audit_tests::server::{self, Answer, Server};
use audit_tests::town::{Resident, Town, half_hour, random};
use evidence::bundle::Bundle;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::tile::{self, Resource, TileId, parse_entries};
use ledger_core::tree::TreeSize;

/// How often the broker is killed, unless `FIDUCIE_KILL_ROUNDS` says otherwise.
const ROUNDS: u64 = 60;
/// How long it lives after the first batch of a round, at most. Shorter lives are as likely as longer ones.
const LONGEST_LIFE_MS: u64 = 500;
/// Gateways that hand in at the same time. With several, one group is committed while the one before it is published, so
/// that a kill leaves up to two groups in the database that nothing was signed for.
const GATEWAYS: u32 = 6;
/// Old receipts asked for again after each restart, besides all of the round before.
const SAMPLE: usize = 25;

/// One household's gateway with its spool: it forgets a batch only when it has the receipt.
struct Feeder<'a> {
    resident: &'a Resident,
    sent: i64,
    /// Sent, no receipt seen.
    open: Option<Vec<u8>>,
    /// Sent again after a kill, and found to have been committed before it: the answer alone was lost.
    lost_answers: usize,
    /// Acknowledged: the envelope and its receipt.
    kept: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Feeder<'_> {
    fn next(&mut self) -> Vec<u8> {
        self.sent += 1;
        let at = half_hour(48).plus_seconds(self.sent).as_micros();
        self.resident.gateway.envelope(&[("east", at, 4_711_042)])
    }

    /// Hands in until the broker is gone.
    fn feed(&mut self, address: SocketAddr, gone: &AtomicBool) {
        loop {
            let open = self.open.take();
            let is_retry = open.is_some();
            let envelope = open.unwrap_or_else(|| self.next());
            let Some(answer) = hand_in(address, &envelope) else {
                self.open = Some(envelope);
                assert!(
                    gone.load(Ordering::SeqCst),
                    "the broker broke a connection and was not killed"
                );
                return;
            };
            self.acknowledge(envelope, answer, is_retry);
        }
    }

    fn acknowledge(&mut self, envelope: Vec<u8>, answer: Answer, is_retry: bool) {
        match answer.status {
            201 => {}
            200 if is_retry => self.lost_answers += 1,
            _ => panic!("{}", answer.head),
        }
        self.kept.push((envelope, answer.body));
    }
}

/// The answer, when it arrived whole.
fn hand_in(address: SocketAddr, envelope: &[u8]) -> Option<Answer> {
    let headers = [("content-type", "application/vnd.fiducie.envelope")];
    server::ask(address, "POST", "/api/v1/intake", &headers, envelope).ok()
}

#[test]
fn kill_9_at_any_moment_loses_no_acknowledged_batch() {
    let town = Town::found(GATEWAYS);
    let mut feeders: Vec<Feeder<'_>> = town.residents[..GATEWAYS as usize]
        .iter()
        .map(|resident| Feeder {
            resident,
            sent: 0,
            open: None,
            lost_answers: 0,
            kept: Vec::new(),
        })
        .collect();
    let mut sure = vec![0; feeders.len()];
    let (mut checkpoints, rounds) = (Vec::new(), rounds());

    for round in 0..rounds {
        let server = Server::start(&town);
        for (feeder, sure) in feeders.iter().zip(&mut sure) {
            recheck(&server, feeder, *sure, round);
            *sure = feeder.kept.len();
        }
        checkpoints.push(keep_checkpoint(&town, round));
        let gone = AtomicBool::new(false);
        thread::scope(|scope| {
            for feeder in &mut feeders {
                let (address, gone) = (server.address, &gone);
                scope.spawn(move || feeder.feed(address, gone));
            }
            let life = Duration::from_micros(u64::from_be_bytes(random()) % (LONGEST_LIFE_MS * 1_000));
            thread::sleep(life);
            gone.store(true, Ordering::SeqCst);
            server.kill();
        });
    }

    let server = Server::start(&town);
    for feeder in &mut feeders {
        settle_open(&server, feeder);
        recheck(&server, feeder, 0, rounds);
    }
    let size = server.tree_size();
    let log = server.stop();
    assert!(!log.contains("ERROR"), "{log}");
    let acknowledged: usize = feeders.iter().map(|feeder| feeder.kept.len()).sum();
    let lost: usize = feeders.iter().map(|feeder| feeder.lost_answers).sum();
    eprintln!(
        "{rounds} kills, {acknowledged} batches acknowledged, {lost} of them committed before a kill that took the answer; {size} leaves"
    );
    let least = usize::try_from(rounds * 4).unwrap();
    assert!(
        acknowledged > least,
        "only {acknowledged} batches were handed in: the test did not strain anything"
    );
    assert!(lost > 0, "no kill fell between a commit and its answer");

    the_log_is_one_log(&town, &checkpoints);
    receipts_verify(&town, &feeders);
    // One leaf a batch, besides those of the founding and the map roots: nothing was recorded twice.
    let founding = size - map_roots(&town, size) - u64::try_from(acknowledged).unwrap();
    assert_eq!(
        founding,
        founding_leaves(),
        "leaves and acknowledged batches differ"
    );
}

fn rounds() -> u64 {
    let asked = std::env::var_os("FIDUCIE_KILL_ROUNDS");
    asked.map_or(ROUNDS, |rounds| rounds.to_str().unwrap().parse().unwrap())
}

/// Each of these receipts is given again, byte for byte.
fn recheck(server: &Server, feeder: &Feeder<'_>, sure: usize, round: u64) {
    let sample = (0..SAMPLE.min(sure)).map(|_| {
        let index = u64::from_be_bytes(random()) % u64::try_from(sure).unwrap();
        usize::try_from(index).unwrap()
    });
    for index in sample.chain(sure..feeder.kept.len()) {
        let (envelope, receipt) = &feeder.kept[index];
        let again = server.intake(envelope);
        assert_eq!(again.status, 200, "round {round}: an acknowledged batch was lost");
        assert!(
            again.body == *receipt,
            "round {round}: another receipt for the same batch"
        );
    }
}

/// The last batch of each gateway is handed in until it has a receipt, as a gateway does.
fn settle_open(server: &Server, feeder: &mut Feeder<'_>) {
    if let Some(envelope) = feeder.open.take() {
        let answer = server.intake(&envelope);
        feeder.acknowledge(envelope, answer, true);
    }
}

fn keep_checkpoint(town: &Town, round: u64) -> String {
    let path = town.aside(&format!("checkpoint-{round}"));
    fs::copy(town.ledger().join("checkpoint"), &path).unwrap();
    path.display().to_string()
}

fn the_log_is_one_log(town: &Town, checkpoints: &[String]) {
    let (ledger, key) = (town.ledger().display().to_string(), town.log_key().to_string());
    for old in checkpoints {
        let (status, said) = ledger_audit(&["log", &ledger, "--log-key", &key, "--old-checkpoint", old]);
        assert_eq!(status, 0, "{said}");
    }
}

/// Receipts given in the middle of the storm convince a stranger like any other.
fn receipts_verify(town: &Town, feeders: &[Feeder<'_>]) {
    every_checkpoint_has_its_files(town, feeders);
    let key = town.log_key().to_string();
    let path = town.aside("receipt.json");
    for feeder in feeders {
        let every = feeder.kept.len().div_ceil(20);
        for (_, receipt) in feeder.kept.iter().step_by(every) {
            fs::write(&path, receipt).unwrap();
            let (status, said) = ledger_audit(&["verify", path.to_str().unwrap(), "--log-key", &key]);
            assert_eq!(status, 0, "{said}");
        }
    }
}

/// The head that a receipt names is one that somebody holds: its tiles and bundles are there, or the full ones that they
/// became (C2SP tlog-tiles).
fn every_checkpoint_has_its_files(town: &Town, feeders: &[Feeder<'_>]) {
    let receipts = feeders.iter().flat_map(|feeder| &feeder.kept);
    let sizes: BTreeSet<TreeSize> = receipts
        .map(|(_, receipt)| {
            let bundle = Bundle::parse(receipt).unwrap();
            let note = bundle.proof.checkpoint().to_string();
            let signed = SignedCheckpoint::open(note.as_bytes(), &bundle.log_key);
            signed.unwrap().size()
        })
        .collect();
    let stands = |resource: Resource| town.ledger().join(resource.to_string()).exists();
    for size in sizes {
        for tile in tile::tiles(size) {
            let full = TileId::new(tile.level(), tile.span().to_full()).unwrap();
            assert!(
                stands(Resource::Tile(tile)) || stands(Resource::Tile(full)),
                "{tile:?} of {size}"
            );
        }
        for span in tile::bundles(size) {
            let full = span.to_full();
            assert!(
                stands(Resource::Entries(span)) || stands(Resource::Entries(full)),
                "{span:?} of {size}"
            );
        }
    }
}

/// How many leaves of the log are roots of the map: one ends each group.
fn map_roots(town: &Town, size: u64) -> u64 {
    let mut roots = 0;
    for bundle in 0..size.div_ceil(256) {
        let width = (size - bundle * 256).min(256);
        let part = if width < 256 {
            format!(".p/{width}")
        } else {
            String::new()
        };
        let path = town.ledger().join(format!("tile/entries/{bundle:03}{part}"));
        let bytes = fs::read(path).unwrap();
        let entries = parse_entries(&bytes, u16::try_from(width).unwrap()).unwrap();
        // Second byte: the kind.
        roots += entries.iter().filter(|entry| entry[1] == 0x40).count();
    }
    u64::try_from(roots).unwrap()
}

/// One organisation, and for each household its enrolment and its gateway's; a consent for those that agreed.
fn founding_leaves() -> u64 {
    u64::from(1 + 2 * (GATEWAYS + 1) + GATEWAYS)
}

/// Invariant I8: what was acknowledged by either of two brokers on one folder stands in one log.
#[test]
fn a_second_broker_on_the_same_folder_does_not_fork_the_log() {
    let town = Town::found(1);
    let first = Server::start(&town);
    let envelope = |n: i64| {
        let at = half_hour(5).plus_seconds(n).as_micros();
        town.residents[0].gateway.envelope(&[("east", at, 4_711_042)])
    };
    let early = envelope(1);
    let receipt = first.intake(&early);
    assert_eq!(receipt.status, 201);
    let mut acknowledged = vec![(early, receipt.body)];
    // Somebody starts a second one by mistake. Whatever each answers, the log must not have two histories.
    let second = Server::try_start(&town);
    let started = Instant::now();
    let mut n = 2;
    while started.elapsed() < Duration::from_millis(600) {
        for server in second.iter().chain([&first]) {
            let envelope = envelope(n);
            if let Some(answer) = hand_in(server.address, &envelope) {
                assert!([201, 500, 503].contains(&answer.status), "{}", answer.head);
                if answer.status == 201 {
                    acknowledged.push((envelope, answer.body));
                }
            }
            n += 1;
        }
    }
    drop((first, second));
    let server = Server::start(&town);
    for (envelope, receipt) in &acknowledged {
        let again = server.intake(envelope);
        assert_eq!((again.status, &again.body), (200, receipt));
    }
    drop(server);
    the_log_is_one_log(&town, &[keep_checkpoint(&town, 0)]);
}
