//! `fiducie serve` on a real port, and a small HTTP client that can also misbehave.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::process::{PATIENCE, Process};
use crate::programs::{programs, text};
use crate::town::{Town, random};

/// A broker that runs.
pub struct Server {
    process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Status line and headers, as sent.
    pub head: String,
    /// Body.
    pub body: Vec<u8>,
}

impl Server {
    /// Starts a broker on the town's folder, with every log line there is, and waits until it listens.
    #[must_use]
    pub fn start(town: &Town) -> Self {
        Self::try_start(town).unwrap_or_else(|said| panic!("the broker did not start:\n{said}"))
    }

    /// The same; when the broker ends instead of listening, what it said.
    ///
    /// # Errors
    /// When it refuses to start.
    pub fn try_start(town: &Town) -> Result<Self, String> {
        let log = town.aside(&format!("serve-{}.log", hex::encode(random::<4>())));
        let mut serve = Command::new(&programs().fiducie);
        serve.arg("serve").args(town.config()).env("RUST_LOG", "trace");
        let mut process = Process::start(&mut serve, log);
        let address = process.until(listens)?;
        Ok(Self { process, address })
    }

    /// What it logged until now.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Ends the process as a power cut would: nothing of it runs again.
    pub fn kill(self) {
        self.process.kill();
    }

    /// Asks it to stop, as an operator does, and returns what it logged.
    #[must_use]
    pub fn stop(mut self) -> String {
        self.process.signal("TERM");
        let status = self.process.wait();
        let log = self.process.log();
        assert!(status.success(), "the broker stopped with {status}:\n{log}");
        log
    }

    /// Waits until it gives up by itself, and returns what it logged.
    #[must_use]
    pub fn gives_up(mut self) -> String {
        let status = self.process.wait();
        let log = self.process.log();
        assert!(
            !status.success(),
            "the broker ended as if nothing were wrong:\n{log}"
        );
        log
    }

    /// Hands in an envelope.
    #[must_use]
    pub fn intake(&self, envelope: &[u8]) -> Answer {
        self.post("/api/v1/intake", "application/vnd.fiducie.envelope", envelope)
    }

    /// Posts a body.
    #[must_use]
    pub fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        self.ask("POST", path, &[("content-type", content_type)], body)
    }

    /// Fetches something.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    /// Sends a request and reads the answer.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        ask(self.address, method, path, headers, body).unwrap()
    }

    /// Sends a request and leaves the answer unread.
    #[must_use]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        send(self.address, method, path, headers, body).unwrap()
    }

    /// Number of leaves in the newest published checkpoint.
    #[must_use]
    pub fn tree_size(&self) -> u64 {
        self.get("/api/v1/health").json()["tree_size"].as_u64().unwrap()
    }
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", text(&self.body)))
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Where a broker that said this listens.
#[must_use]
pub fn listens(said: &str) -> Option<SocketAddr> {
    let line = said.lines().find(|line| line.contains("the broker listens"))?;
    let address = line.split("listen=").nth(1)?.split_whitespace().next()?;
    address.parse().ok()
}

/// One request on a connection of its own.
///
/// # Errors
/// When the connection is refused or ends before a whole answer.
pub fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    read(send(address, method, path, headers, body)?)
}

/// Hands in an envelope to a broker that may have been broken: waits no longer than this for anything.
///
/// # Errors
/// When no whole answer came in time.
pub fn hand_in_within(limit: Duration, address: SocketAddr, envelope: &[u8]) -> std::io::Result<Answer> {
    let headers = [("content-type", "application/vnd.fiducie.envelope")];
    let stream = send(address, "POST", "/api/v1/intake", &headers, envelope)?;
    stream.set_read_timeout(Some(limit))?;
    read(stream)
}

fn read(mut stream: TcpStream) -> std::io::Result<Answer> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16_384]);
    loop {
        let read = stream.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..read]);
        // Not every server closes the connection that it was asked to close.
        match parse(&bytes) {
            Some(answer) if read == 0 || answer.header("content-length").is_some() => return Ok(answer),
            None if read == 0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            _ => {}
        }
    }
}

fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(&[head.as_bytes(), body].concat())?;
    Ok(stream)
}

/// A whole answer, or nothing.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = text(&bytes[..end]);
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let answer = Answer {
        status,
        head,
        body: bytes[end + 4..].to_vec(),
    };
    let length = answer
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok());
    (length.is_none_or(|length| length == answer.body.len())).then_some(answer)
}
