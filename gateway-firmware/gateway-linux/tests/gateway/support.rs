//! A broker on a real socket that misbehaves on demand, a meter made of bytes, and the gateway as a process.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meter_core::envelope::Envelope;
use meter_core::tic::checksum_historique;
use ring::digest::{SHA256, digest};
use serde_json::json;
use uuid::Uuid;

pub const GATEWAY_ID: &str = "0190b6a0-0000-7000-8000-000000000001";
pub const POINT_ID: &str = "0190b6a0-0000-7000-8000-000000000002";
pub const JSON: &str = "content-type: application/json\r\n";
pub const METER: &str = "021964910001";

#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub enum Answer {
    /// Status, header lines, body.
    Status(u16, &'static str, String),
    /// Reads the request, then closes without a word: the answer is lost.
    Silence,
    /// Answers so late that a kill falls in between.
    Late(Duration, Box<Answer>),
}

impl Answer {
    /// Whether the batch was taken: only a receipt says so.
    fn is_receipt(&self) -> bool {
        match self {
            Self::Status(200..=299, _, body) => body.contains("fiducie-evidence/1"),
            Self::Status(..) | Self::Silence => false,
            Self::Late(_, answer) => answer.is_receipt(),
        }
    }
}

pub fn ok(body: &str) -> Answer {
    Answer::Status(200, JSON, body.to_owned())
}

pub fn problem(status: u16, code: &str) -> Answer {
    Answer::Status(
        status,
        "content-type: application/problem+json\r\n",
        format!(
            r#"{{"type":"urn:fiducie:problem:{code}","title":"Refused","status":{status},"detail":"no","code":"{code}"}}"#
        ),
    )
}

/// A batch stored: its receipt.
pub fn stored(request: &Request) -> Answer {
    Answer::Status(201, JSON, receipt(&request.body))
}

/// A receipt of the shape a broker makes; its signatures and proofs are of no key.
pub fn receipt(envelope: &[u8]) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let sha256 = |bytes: &[u8]| encode(digest(&SHA256, bytes).as_ref());
    let header = Envelope::parse(envelope).unwrap().header;
    let record = json!({
        "at": "2026-01-10T08:30:00.250000Z",
        "batch": Uuid::from_bytes(header.batch_id),
        "ciphertext_sha256": sha256(b"ciphertext"),
        "consent": "57afeea0-56bf-4c63-a678-aee19253b7b7",
        "envelope_sha256": sha256(envelope),
        "first_at": "2026-01-10T08:00:00.000000Z",
        "gateway": GATEWAY_ID,
        "last_at": "2026-01-10T08:30:00.000000Z",
        "outcome": "stored",
        "participant": "a0cee2b7-0000-4000-8000-000000000000",
        "point": POINT_ID,
        "rows": 2,
        "transfer": "0190b6a0-0000-7000-8000-000000000003",
        "type": "transfer-in/1",
    });
    let head = encode(br#"{"alg":"EdDSA","kid":"k-1","typ":"fiducie-record+jws"}"#);
    let jws = format!(
        "{head}.{}.{}",
        encode(record.to_string().as_bytes()),
        encode(&[1; 64])
    );
    json!({
        "format": "fiducie-evidence/1",
        "leaf": encode(&[2; 72]),
        "log_key": "log.example+00000000+AA",
        "n": 7,
        "proof": "c2sp.org/tlog-proof@v1\nindex 1\n",
        "record": jws,
        "record_key": {"crv": "Ed25519", "kty": "OKP", "x": encode(&[3; 32])},
        "salt": encode(&[4; 64]),
    })
    .to_string()
}

pub fn settings(version: u64, measuring: &str) -> String {
    format!(
        r#"{{"version":{version},"measuring":"{measuring}","step_s":1,
            "fields":["energy_index","power","current","voltage","contract","condition"]}}"#
    )
}

/// Answers enrolments and settings; `intake` decides about batches, given how many came before.
pub struct FakeBroker {
    pub url: String,
    pub requests: Arc<Mutex<Vec<Request>>>,
    pub settings: Arc<Mutex<String>>,
    /// Batches that were answered with a receipt: a broker that fails has kept nothing.
    kept: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl FakeBroker {
    pub fn start(intake: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let broker = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            requests: Arc::default(),
            settings: Arc::new(Mutex::new(settings(1, "on"))),
            kept: Arc::default(),
        };
        let (requests, settings) = (Arc::clone(&broker.requests), Arc::clone(&broker.settings));
        let kept = Arc::clone(&broker.kept);
        let intake = Arc::new(intake);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (requests, settings) = (Arc::clone(&requests), Arc::clone(&settings));
                let (intake, kept) = (Arc::clone(&intake), Arc::clone(&kept));
                thread::spawn(move || {
                    let mut stream = stream;
                    let Some(request) = read_request(&mut stream) else {
                        return;
                    };
                    let before = {
                        let mut requests = requests.lock().unwrap();
                        let before = requests.iter().filter(|r| r.path == "/api/v1/intake").count();
                        requests.push(request.clone());
                        before
                    };
                    let answer = match request.path.as_str() {
                        "/api/v1/gateways/enrol" => enrolled(&settings.lock().unwrap()),
                        "/api/v1/intake" => intake(before, &request),
                        _ => ok(&settings.lock().unwrap()),
                    };
                    if request.path == "/api/v1/intake" && answer.is_receipt() {
                        kept.lock().unwrap().push(request.body);
                    }
                    reply(&mut stream, answer);
                });
            }
        });
        broker
    }

    /// Bodies of the batches acknowledged, in order; the acknowledgement may have been lost.
    pub fn kept(&self) -> Vec<Vec<u8>> {
        self.kept.lock().unwrap().clone()
    }

    /// Bodies of the batches received, in order, repeats included.
    pub fn batches(&self) -> Vec<Vec<u8>> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|r| r.path == "/api/v1/intake")
            .map(|r| r.body.clone())
            .collect()
    }
}

fn enrolled(settings: &str) -> Answer {
    let body = format!(
        r#"{{"gateway_id":"{GATEWAY_ID}","delivery_point_id":"{POINT_ID}","settings":{settings},
            "server_time_us":1768030200000000}}"#
    );
    Answer::Status(201, JSON, body)
}

fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let mut words = head.split_whitespace();
            let mut request = Request {
                method: words.next()?.to_owned(),
                path: words.next()?.to_owned(),
                head: head.clone(),
                body: bytes[end + 4..].to_vec(),
            };
            let length = request
                .header("content-length")
                .map_or(0, |length| length.parse().unwrap());
            while request.body.len() < length {
                let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
                request.body.extend(&chunk[..count]);
            }
            return Some(request);
        }
        let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
        bytes.extend(&chunk[..count]);
    }
}

fn reply(stream: &mut TcpStream, answer: Answer) {
    match answer {
        Answer::Silence => {}
        Answer::Late(delay, answer) => {
            thread::sleep(delay);
            reply(stream, *answer);
        }
        Answer::Status(status, headers, body) => {
            let head = format!(
                "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n",
                body.len()
            );
            // The gateway may have been killed meanwhile.
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body.as_bytes()));
        }
    }
}

/// A capture of `frames` historique frames of a single-phase meter. Each takes 0.97 s on the wire.
pub fn capture(frames: u32) -> Vec<u8> {
    let mut capture = Vec::new();
    for n in 0..frames {
        capture.push(0x02);
        for zone in [
            format!("ADCO {METER}"),
            "OPTARIF BASE".to_owned(),
            "ISOUSC 45".to_owned(),
            format!("BASE {:09}", 7_000_000 + n),
            "PTEC TH..".to_owned(),
            "IINST 003".to_owned(),
            "PAPP 00660".to_owned(),
        ] {
            let checksum = char::from(checksum_historique(zone.as_bytes()));
            capture.extend(format!("\n{zone} {checksum}\r").bytes());
        }
        capture.push(0x03);
    }
    capture
}

/// A gateway with its own state folder.
pub struct Gateway {
    pub folder: tempfile::TempDir,
}

impl Gateway {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn enrolled(broker: &FakeBroker) -> Self {
        let gateway = Self::new();
        let output = gateway.enrol(broker);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        gateway
    }

    pub fn enrol(&self, broker: &FakeBroker) -> Output {
        self.command("enrol")
            .args(["--broker", &broker.url, "--code", "ABCD-1234"])
            .output()
            .unwrap()
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fiducie-gateway"));
        command.arg(verb).arg("--state").arg(self.state());
        command
    }

    /// `run` with quick retries, its log going to the end of a file.
    pub fn replay(&self, capture: &[u8], arguments: &[&str]) -> Child {
        let path = self.folder.path().join("capture.bin");
        fs::write(&path, capture).unwrap();
        self.run("--replay", &path, arguments)
    }

    /// The same, from that source.
    pub fn run(&self, source: &str, path: &Path, arguments: &[&str]) -> Child {
        let log = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.log_path())
            .unwrap();
        self.command("run")
            .arg(source)
            .arg(path)
            .args(["--retry-ms", "20", "--settings-ms", "200"])
            .args(arguments)
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap()
    }

    pub fn files(&self, folder: &str) -> Vec<String> {
        names(&self.state().join(folder))
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect()
}
