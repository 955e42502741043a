//! The gateway as a process, against a broker that fails, delays and forgets to answer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[path = "gateway/support.rs"]
mod support;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meter_core::envelope::Envelope;
use meter_core::measurement::{Quantity, Register, measurements_of_payload};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;
use support::{
    Answer, FakeBroker, GATEWAY_ID, Gateway, JSON, METER, POINT_ID, capture, ok, problem, receipt, settings,
    stored,
};
use uuid::Uuid;

const QUICK: [&str; 4] = ["--speed", "0", "--every", "5"];

fn accepting() -> FakeBroker {
    FakeBroker::start(|_, request| stored(request))
}

fn public_key(broker: &FakeBroker) -> Vec<u8> {
    let requests = broker.requests.lock().unwrap();
    let enrol: Value = serde_json::from_slice(&requests[0].body).unwrap();
    URL_SAFE_NO_PAD
        .decode(enrol["public_key"].as_str().unwrap())
        .unwrap()
}

/// Base indices of a batch, in order, its signature checked.
fn indices(bytes: &[u8], public_key: &[u8]) -> Vec<i64> {
    let envelope = Envelope::parse(bytes).unwrap();
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    assert!(envelope.verify(|message, signature| key.verify(message, signature).is_ok()));
    assert_eq!(
        envelope.header.gateway_id,
        Uuid::try_parse(GATEWAY_ID).unwrap().into_bytes()
    );
    let point = Uuid::try_parse(POINT_ID).unwrap().into_bytes();
    assert_eq!(envelope.header.point_id, point);
    measurements_of_payload(envelope.payload, &point)
        .unwrap()
        .iter()
        .filter(|m| {
            m.quantity
                == Quantity::EnergyIndexWh {
                    register: Register::Base,
                }
        })
        .map(|m| m.value)
        .collect()
}

#[test]
fn enrolment_proves_possession_of_a_key_only_its_owner_can_read() {
    let broker = accepting();
    let gateway = Gateway::enrolled(&broker);
    let request = broker.requests.lock().unwrap()[0].clone();
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/api/v1/gateways/enrol")
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let key = URL_SAFE_NO_PAD
        .decode(body["public_key"].as_str().unwrap())
        .unwrap();
    let signature = URL_SAFE_NO_PAD
        .decode(body["signature"].as_str().unwrap())
        .unwrap();
    let message = [b"fiducie-enrol/v1\0", &b"ABCD-1234"[..], &[0], &key].concat();
    assert!(
        UnparsedPublicKey::new(&ED25519, &key)
            .verify(&message, &signature)
            .is_ok()
    );
    let path = gateway.state().join("device.key");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);

    let again = gateway.enrol(&broker);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("already enrolled"));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let mut child = gateway.replay(&capture(1), &QUICK);
    assert!(!child.wait().unwrap().success());
    assert!(
        gateway.log().contains("can be read by others"),
        "{}",
        gateway.log()
    );
    assert!(broker.batches().is_empty());
}

#[test]
fn a_capture_is_delivered_signed_in_order_and_leaves_no_trace_in_the_log() {
    let broker = accepting();
    let gateway = Gateway::enrolled(&broker);
    let status = gateway.replay(&capture(40), &QUICK).wait().unwrap();
    assert!(status.success(), "{}", gateway.log());
    let key = public_key(&broker);
    let batches = broker.batches();
    assert!(batches.len() >= 5, "{}", batches.len());
    let all: Vec<_> = batches.iter().flat_map(|batch| indices(batch, &key)).collect();
    // One frame takes less than a second on the wire and the step is a second: some steps have two frames.
    assert!(
        all.len() >= 35 && all.windows(2).all(|pair| pair[0] < pair[1]),
        "{all:?}"
    );
    let sequences: Vec<_> = batches
        .iter()
        .map(|b| Envelope::parse(b).unwrap().header.sequence)
        .collect();
    assert!(
        sequences.windows(2).all(|pair| pair[0] < pair[1]),
        "{sequences:?}"
    );
    assert!(gateway.files("spool").is_empty());
    for secret in [METER, "7000000", "7000020", "00660"] {
        assert!(!gateway.log().contains(secret), "{secret}");
        assert!(
            !batches
                .iter()
                .any(|b| b.windows(METER.len()).any(|window| window == METER.as_bytes()))
        );
    }
}

#[test]
fn sequence_numbers_grow_from_one_run_to_the_next_although_the_spool_was_empty() {
    let broker = accepting();
    let gateway = Gateway::enrolled(&broker);
    for _ in 0..3 {
        assert!(gateway.replay(&capture(20), &QUICK).wait().unwrap().success());
        assert!(gateway.files("spool").is_empty());
    }
    let sequences: Vec<_> = broker
        .batches()
        .iter()
        .map(|b| Envelope::parse(b).unwrap().header.sequence)
        .collect();
    assert!(
        sequences.len() >= 9 && sequences.windows(2).all(|pair| pair[0] < pair[1]),
        "{sequences:?}"
    );
}

#[test]
fn a_broker_that_fails_delays_and_forgets_gets_every_batch() {
    let broker = FakeBroker::start(|before, request| match before {
        0 => problem(500, "fault"),
        1 => Answer::Silence,
        2 => Answer::Status(429, "retry-after: 1\r\n", "{}".to_owned()),
        3 => Answer::Late(Duration::from_millis(300), Box::new(Answer::Silence)),
        4 => problem(408, "timeout"),
        5 => Answer::Status(503, "", "<html>".to_owned()),
        7 => Answer::Status(302, "location: http://127.0.0.1:1/\r\n", String::new()),
        _ => stored(request),
    });
    let gateway = Gateway::enrolled(&broker);
    let began = Instant::now();
    let status = gateway.replay(&capture(30), &QUICK).wait().unwrap();
    assert!(status.success(), "{}", gateway.log());
    assert!(
        began.elapsed() >= Duration::from_secs(1),
        "Retry-After was not honoured"
    );
    let mut by_id: HashMap<_, Vec<u8>> = HashMap::new();
    for batch in broker.kept() {
        let id = Envelope::parse(&batch).unwrap().header.batch_id;
        let known = by_id.entry(id).or_insert_with(|| batch.clone());
        assert_eq!(*known, batch, "a batch changed between two attempts");
    }
    let key = public_key(&broker);
    let total: usize = by_id.values().map(|batch| indices(batch, &key).len()).sum();
    assert!(total >= 26, "{total}");
    assert!(gateway.files("spool").is_empty());
    assert!(gateway.files("refused").is_empty());
}

#[test]
fn without_consent_nothing_is_kept_and_the_rest_goes_on() {
    let broker = FakeBroker::start(|before, request| {
        if before == 0 {
            problem(403, "consent-missing")
        } else {
            stored(request)
        }
    });
    let gateway = Gateway::enrolled(&broker);
    assert!(gateway.replay(&capture(20), &QUICK).wait().unwrap().success());
    assert!(gateway.files("spool").is_empty() && gateway.files("refused").is_empty());
    assert!(
        gateway.log().contains("batches.without_consent=1"),
        "{}",
        gateway.log()
    );
    let ids: Vec<_> = broker
        .batches()
        .iter()
        .map(|b| Envelope::parse(b).unwrap().header.batch_id)
        .collect();
    assert_eq!(
        ids.iter().filter(|id| **id == ids[0]).count(),
        1,
        "a batch without consent was sent again"
    );
}

#[test]
fn a_batch_refused_for_good_leaves_a_note_without_readings() {
    let broker = FakeBroker::start(|before, request| {
        if before == 0 {
            problem(422, "index-went-back")
        } else {
            stored(request)
        }
    });
    let gateway = Gateway::enrolled(&broker);
    assert!(gateway.replay(&capture(20), &QUICK).wait().unwrap().success());
    assert!(gateway.files("spool").is_empty());
    let notes = gateway.files("refused");
    assert_eq!(notes.len(), 1);
    let note = fs::read_to_string(gateway.state().join("refused").join(&notes[0])).unwrap();
    assert!(
        note.contains("code: index-went-back") && note.len() < 200,
        "{note}"
    );
}

#[test]
fn strangers_who_answer_for_the_broker_cost_no_batch() {
    const HTML: &str = "content-type: text/html\r\n";
    let portal = "<html>Sign in to this network</html>";
    let other = Mutex::new(None);
    let broker = FakeBroker::start(move |before, request| match before {
        0 => Answer::Status(200, HTML, portal.to_owned()),
        1 => ok("{}"),
        2 => {
            *other.lock().unwrap() = Some(receipt(&request.body));
            problem(409, "conflict")
        }
        3 => ok(other.lock().unwrap().as_ref().unwrap()),
        4 => Answer::Status(413, HTML, "<h1>Request Entity Too Large".to_owned()),
        5 => Answer::Status(400, JSON, r#"{"code":"oversized"}"#.to_owned()),
        6 => problem(401, "gateway-unknown"),
        7 => problem(422, "future-dated"),
        8 => Answer::Status(404, HTML, String::new()),
        _ => stored(request),
    });
    let gateway = Gateway::enrolled(&broker);
    assert!(gateway.replay(&capture(60), &QUICK).wait().unwrap().success());
    let ids = |batches: Vec<Vec<u8>>| -> BTreeSet<[u8; 16]> {
        batches
            .iter()
            .map(|batch| Envelope::parse(batch).unwrap().header.batch_id)
            .collect()
    };
    let sent = broker.batches()[9..].to_vec();
    assert_eq!(ids(broker.batches()), ids(sent), "a batch was given up");
    assert!(gateway.files("spool").is_empty() && gateway.files("refused").is_empty());
    let log = gateway.log();
    for line in [
        "status 200 without a receipt for this batch; something else answers",
        "status 413; this is not the broker's own answer",
        "status 401 gateway-unknown; the broker does not know this gateway",
        "status 422 future-dated; set the clock",
        "batches.refused=0",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
}

#[test]
fn one_batch_that_is_never_taken_lets_the_others_pass_and_stays() {
    let bad = Mutex::new(None);
    let broker = FakeBroker::start(move |_, request| {
        let id = Envelope::parse(&request.body).unwrap().header.batch_id;
        if *bad.lock().unwrap().get_or_insert(id) == id {
            Answer::Status(500, "retry-after: 1\r\n", String::new())
        } else {
            stored(request)
        }
    });
    let gateway = Gateway::enrolled(&broker);
    let mut child = gateway.replay(&capture(60), &QUICK);
    wait_for(
        || broker.kept().len() >= 8 && gateway.files("spool").len() == 1,
        &gateway,
    );
    let kept = gateway.files("spool");
    wait_for(|| gateway.log().matches("batch kept").count() >= 3, &gateway);
    assert_eq!(gateway.files("spool"), kept);
    assert!(
        child.try_wait().unwrap().is_none(),
        "a replay ends when all is delivered"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_switch_is_obeyed_signed_for_and_not_turned_back_by_an_older_version() {
    let broker = accepting();
    let gateway = Gateway::enrolled(&broker);
    *broker.settings.lock().unwrap() = settings(5, "off");
    let mut child = gateway.replay(&capture(10), &["--speed", "0", "--keep-running"]);
    wait_for(|| gateway.log().contains("new settings"), &gateway);
    child.kill().unwrap();
    child.wait().unwrap();
    let auth = {
        let requests = broker.requests.lock().unwrap();
        let asked = requests.iter().find(|request| request.method == "GET").unwrap();
        assert_eq!(asked.path, format!("/api/v1/gateways/{GATEWAY_ID}/settings"));
        asked.header("fiducie-gateway-auth").unwrap().to_owned()
    };
    let (seconds, signature) = auth.split_once('.').unwrap();
    let id = Uuid::try_parse(GATEWAY_ID).unwrap();
    let message = [b"fiducie-settings/v1\0", &id.as_bytes()[..], seconds.as_bytes()].concat();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert!(
        UnparsedPublicKey::new(&ED25519, public_key(&broker))
            .verify(&message, &signature)
            .is_ok()
    );

    *broker.settings.lock().unwrap() = settings(4, "on");
    assert!(gateway.replay(&capture(30), &QUICK).wait().unwrap().success());
    assert!(broker.batches().is_empty(), "measured although switched off");
    *broker.settings.lock().unwrap() = settings(6, "on");
    assert!(gateway.replay(&capture(30), &QUICK).wait().unwrap().success());
    assert!(!broker.batches().is_empty(), "{}", gateway.log());
}

#[test]
fn a_stop_writes_the_open_batch_to_the_spool() {
    let broker = FakeBroker::start(|_, _| problem(503, "away"));
    let gateway = Gateway::enrolled(&broker);
    let mut child = gateway.replay(&capture(1000), &["--speed", "50", "--every", "3600"]);
    wait_for(|| gateway.log().contains("started"), &gateway);
    sleep(Duration::from_millis(500));
    let stopped = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    assert!(child.wait().unwrap().success(), "{}", gateway.log());
    assert_eq!(gateway.files("spool").len(), 1, "{}", gateway.log());
}

#[test]
fn kill_9_at_any_moment_loses_no_batch_that_was_spooled() {
    let broker = FakeBroker::start(|before, request| match before % 9 {
        0 => Answer::Status(200, JSON, receipt(&request.body)),
        1 => Answer::Silence,
        2 => Answer::Late(Duration::from_millis(60), Box::new(stored(request))),
        3 => problem(500, "fault"),
        _ => stored(request),
    });
    let gateway = Gateway::enrolled(&broker);
    let capture = capture(3000);
    // A fixed series, so that a failure can be seen again.
    let mut random: u32 = 12_345;
    for _ in 0..14 {
        let mut child = gateway.replay(&capture, &["--speed", "150", "--every", "1"]);
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        sleep(Duration::from_millis(u64::from(60 + (random >> 16) % 400)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(
        gateway.replay(&[], &QUICK).wait().unwrap().success(),
        "{}",
        gateway.log()
    );
    assert!(gateway.files("spool").is_empty());
    assert_all_arrived(&gateway.log(), &broker);
}

/// Every batch the log calls spooled was acknowledged, under one id and one sequence number each.
fn assert_all_arrived(log: &str, broker: &FakeBroker) {
    let spooled: Vec<_> = log
        .lines()
        .filter(|line| line.contains("batch spooled"))
        .map(|line| {
            line.split("batch.id=")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(
        spooled.len() > 100,
        "only {} batches: the test proves nothing",
        spooled.len()
    );
    let mut arrived: HashMap<String, (u64, Vec<u8>)> = HashMap::new();
    for batch in broker.kept() {
        let header = Envelope::parse(&batch).unwrap().header;
        let id = Uuid::from_bytes(header.batch_id).to_string();
        let known = arrived
            .entry(id)
            .or_insert_with(|| (header.sequence, batch.clone()));
        assert_eq!(known.1, batch, "one batch id for two contents");
    }
    for id in &spooled {
        assert!(
            arrived.contains_key(id),
            "batch {id} was spooled and never arrived"
        );
    }
    let mut sequences: Vec<_> = arrived.values().map(|(sequence, _)| *sequence).collect();
    sequences.sort_unstable();
    assert!(
        sequences.windows(2).all(|pair| pair[0] < pair[1]),
        "a sequence number was used twice"
    );
}

fn wait_for(condition: impl Fn() -> bool, gateway: &Gateway) {
    for _ in 0..400 {
        if condition() {
            return;
        }
        sleep(Duration::from_millis(25));
    }
    panic!("waited in vain: {}", gateway.log());
}
