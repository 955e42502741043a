//! Mishaps at one named moment: two groups committed and none signed for, a clock that cannot be believed, a restore that
//! was cut in its middle, two commands at once (`ledger.md` §12).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and reads the day from the machine"
)]

#[path = "ledger_mishaps/clock.rs"]
mod clock;
#[path = "ledger_mishaps/restore.rs"]
mod restore;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use audit_tests::operator::{self, fiducie, status};
use audit_tests::process::PATIENCE;
use audit_tests::programs::{has_tool, ledger_audit, text, workspace};
use audit_tests::server::{self, Answer, Server, hand_in_within};
use audit_tests::town::{self, Town, half_hour};
use serde_json::Value;

/// What one record adds to the log: its leaf, and the root of the map that ends its batch.
const ONE_RECORD: u64 = 2;

fn envelope(town: &Town, n: i64) -> Vec<u8> {
    let at = half_hour(40).plus_seconds(n).as_micros();
    town.residents[0].gateway.envelope(&[("east", at, 4_711_042)])
}

fn feed(server: &Server, town: &Town, numbers: std::ops::Range<i64>) {
    for n in numbers {
        let answer = server.intake(&envelope(town, n));
        assert_eq!(answer.status, 201, "{}", answer.head);
    }
}

fn size(object: &Value, place: &str) -> u64 {
    object[place]["size"].as_u64().unwrap()
}

fn until(mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "it does not come to that");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Somebody who holds the lock store, so that nothing can be signed for; lets go when dropped.
struct Holder(Child);

const HOLD: &str = "
import sqlite3, sys
lock = sqlite3.connect(sys.argv[1], isolation_level=None)
lock.execute('BEGIN IMMEDIATE')
print('held', flush=True)
sys.stdin.read()
";

impl Holder {
    fn of(lock: &Path) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", HOLD])
            .arg(lock)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert_eq!(said, "held\n");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn two_groups_that_a_crash_left_each_get_the_checkpoint_their_receipts_name() {
    if !has_tool("python3") {
        return;
    }
    let town = Town::found(1);
    let server = Server::start(&town);
    feed(&server, &town, 0..3);
    let before = server.tree_size();
    let holder = Holder::of(&town.data().join("lock.db"));
    let address = server.address;
    let envelopes = [envelope(&town, 10), envelope(&town, 11)];
    thread::scope(|scope| {
        for (envelope, leaves) in envelopes.iter().zip([ONE_RECORD, 2 * ONE_RECORD]) {
            scope.spawn(move || hand_in_within(Duration::from_secs(20), address, envelope));
            // One group each: the second is committed while the first waits for its signature.
            until(|| size(&status(&town, &[]).1, "database") == before + leaves);
        }
        server.kill();
    });
    drop(holder);
    let (code, object) = status(&town, &[]);
    assert_eq!(
        (code, object["state"].as_str()),
        (0, Some("unsigned")),
        "{object}"
    );
    assert_eq!(size(&object, "lock_store"), before);
    assert_eq!(size(&object, "database"), before + 2 * ONE_RECORD);

    let server = Server::start(&town);
    for (envelope, size) in envelopes
        .iter()
        .zip([before + ONE_RECORD, before + 2 * ONE_RECORD])
    {
        for name in ["tile/0/000.p", "tile/entries/000.p"] {
            let path = town.ledger().join(format!("{name}/{size}"));
            assert!(path.exists(), "{} is not there", path.display());
        }
        let again = server.intake(envelope);
        assert_eq!(again.status, 200, "{}", again.head);
        let receipt = town.aside("receipt.json");
        fs::write(&receipt, &again.body).unwrap();
        let proof = text(&again.body);
        let named = format!("{}\\n{size}\\n", town::ORIGIN);
        assert!(
            proof.contains(&named),
            "the receipt does not name {size} leaves: {proof}"
        );
        let (code, said) = ledger_audit(&["verify", receipt.to_str().unwrap()]);
        assert_eq!(code, 0, "{said}");
    }
    let _ = server.stop();
    operator_is_content(&town);
}

/// A record is in the database a moment before anything is signed for it. Whoever repeats the request finds it there, and
/// is told nothing, neither a receipt nor a refusal, before it stands under a public checkpoint: it may yet become another.
#[test]
fn nobody_is_told_of_a_record_that_is_not_public() {
    if !has_tool("python3") {
        return;
    }
    let town = Town::found(1);
    let server = Server::start(&town);
    feed(&server, &town, 0..2);
    let before = server.tree_size();
    let taken = envelope(&town, 20);
    // A refusal: more than 31 days at once.
    let order = serde_json::json!({
        "transfer": "0a0b0c0d-0102-4304-8506-0708090a0b0c",
        "authorisation": town.residents[0].consent.unwrap().to_string(),
        "from": half_hour(24 * 40).to_string(),
        "until": half_hour(4).to_string(),
        "step_s": 1_800,
    })
    .to_string();
    let credential = format!("Bearer {}", town.application.credential);
    let headers = [
        ("content-type", "application/json"),
        ("authorization", credential.as_str()),
    ];
    let address = server.address;
    let asks = || server::ask(address, "POST", "/api/v1/deliveries", &headers, order.as_bytes()).unwrap();
    let hands_in = || hand_in_within(Duration::from_secs(20), address, &taken).unwrap();
    let answered = AtomicUsize::new(0);
    let counted = |answer: Answer| {
        answered.fetch_add(1, Ordering::SeqCst);
        answer
    };
    let holder = Holder::of(&town.data().join("lock.db"));
    thread::scope(|scope| {
        // Half of the broker's patience with a lock store is 2.5 s: all of this is over before.
        let refusal = scope.spawn(|| counted(asks()));
        until(|| size(&status(&town, &[]).1, "database") > before);
        let committed = size(&status(&town, &[]).1, "database");
        let receipt = scope.spawn(|| counted(hands_in()));
        until(|| size(&status(&town, &[]).1, "database") > committed);
        let (refusal_again, receipt_again) = (
            scope.spawn(|| counted(asks())),
            scope.spawn(|| counted(hands_in())),
        );
        thread::sleep(Duration::from_millis(600));
        assert_eq!(
            answered.load(Ordering::SeqCst),
            0,
            "told of a record that nothing was signed for"
        );
        drop(holder);
        let (refusal, again) = (refusal.join().unwrap(), refusal_again.join().unwrap());
        assert_eq!(
            (refusal.status, again.status),
            (422, 403),
            "{} {}",
            refusal.head,
            again.head
        );
        assert_eq!(refusal.json()["leaf_index"], again.json()["leaf_index"]);
        let (receipt, again) = (receipt.join().unwrap(), receipt_again.join().unwrap());
        assert_eq!((receipt.status, again.status), (201, 200));
        assert!(receipt.body == again.body);
    });
}

fn operator_is_content(town: &Town) {
    let (code, said) = fiducie(town, &["check", "--full"]);
    assert_eq!(code, 0, "{said}");
    let (ledger, key) = (town.ledger().display().to_string(), town.log_key().to_string());
    let (code, said) = ledger_audit(&["log", &ledger, "--log-key", &key]);
    assert_eq!(code, 0, "{said}");
}

/// With a section for timestamps, which `ledger timestamp` asks for before anything else.
fn with_timestamps(town: &Town) {
    let path = town.aside("fiducie.toml");
    let config = fs::read_to_string(&path).unwrap();
    let section = "\n[timestamps]\nurl = \"http://127.0.0.1:1/\"\nroots = \"/dev/null\"\n";
    fs::write(path, config + section).unwrap();
}

#[test]
fn keys_and_stamps_are_for_one_process_at_a_time() {
    if !has_tool("python3") {
        return;
    }
    let town = Town::found(1);
    with_timestamps(&town);
    let server = Server::start(&town);
    let commands = [
        &["ledger", "rotate-key"][..],
        &["ledger", "rotate-key", "--finish"],
        &["ledger", "timestamp"],
    ];
    for command in commands {
        let (code, said) = fiducie(&town, command);
        assert!(
            code == 2 && said.contains("another process uses the data folder"),
            "{said}"
        );
    }
    assert!(!town.data().join("keys/checkpoint-next.key").exists());
    let _ = server.stop();

    // And the other way round: while the key changes, nobody else has the folder.
    let holder = Holder::of(&town.data().join("lock.db"));
    let log = fs::File::create(town.aside("rotate.log")).unwrap();
    let mut rotate = operator::command(&town, &["ledger", "rotate-key"])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let changes = town.data().join("keys/checkpoint-changes");
    until(|| changes.exists());
    assert_eq!(status(&town, &[]).1["in_use"], true);
    let Err(said) = Server::try_start(&town) else {
        panic!("a broker started while the key changed");
    };
    assert!(said.contains("another process uses the data folder"), "{said}");
    drop(holder);
    let ended = rotate.wait().unwrap();
    // Whether it had its turn in time or not, it can be run again.
    let (code, said) = fiducie(&town, &["ledger", "rotate-key"]);
    assert_eq!(code, 0, "{ended}: {said}");
}

#[test]
fn a_broker_without_the_next_key_that_its_log_names_signs_nothing() {
    let town = Town::found(1);
    let (code, said) = fiducie(&town, &["ledger", "rotate-key"]);
    assert_eq!(code, 0, "{said}");
    let next = town.data().join("keys/checkpoint-next.key");
    let kept = fs::read(&next).unwrap();
    let before = fs::read(town.ledger().join("checkpoint")).unwrap();
    fs::remove_file(&next).unwrap();
    for command in [
        &["serve"][..],
        &["check"],
        &["ledger", "repair", "--do", "publish"],
    ] {
        let (code, said) = fiducie(&town, command);
        assert!(code == 2 && said.contains("restore the folder `keys`"), "{said}");
    }
    assert_eq!(fs::read(town.ledger().join("checkpoint")).unwrap(), before);
    fs::write(&next, kept).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&next, private).unwrap();
    let _ = Server::start(&town).stop();
}

/// `StartLimit…` belongs into `[Unit]`: in `[Service]` systemd ignores it with a warning, and a ledger that must be looked at
/// is started for ever.
#[test]
fn the_unit_stops_starting_a_ledger_that_stops() {
    let unit = fs::read_to_string(workspace().join("deploy/systemd/fiducie.service")).unwrap();
    let mut section = "";
    let mut found = Vec::new();
    for line in unit.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once('=') {
            Some((name, value)) => found.push((section, name, value)),
            None => section = line,
        }
    }
    let value = |section, name| {
        let values: Vec<_> = found
            .iter()
            .filter(|one| (one.0, one.1) == (section, name))
            .collect();
        assert_eq!(values.len(), 1, "{section} {name}");
        values[0].2
    };
    let burst: u64 = value("[Unit]", "StartLimitBurst").parse().unwrap();
    let interval: u64 = value("[Unit]", "StartLimitIntervalSec").parse().unwrap();
    let pause: u64 = value("[Service]", "RestartSec").parse().unwrap();
    assert!(burst * pause < interval, "the limit would never be reached");
    assert_eq!(value("[Service]", "Restart"), "on-failure");
    assert_eq!(value("[Service]", "UMask"), "0077");
    assert!(
        !found
            .iter()
            .any(|one| one.0 != "[Unit]" && one.1.starts_with("StartLimit"))
    );
    // Where the tool is, it agrees.
    if let Ok(output) = Command::new("systemd-analyze")
        .args(["verify", "--recursive-errors=no"])
        .arg(workspace().join("deploy/systemd/fiducie.service"))
        .output()
    {
        let said = text(&output.stderr);
        assert!(!said.contains("Unknown"), "{said}");
    }
}
