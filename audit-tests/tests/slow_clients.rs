//! Clients that take their time, at the public door of a real broker: they are cut off, and everybody else is served.
//!
//! These tests wait for real timeouts: a quarter of a minute, mostly asleep.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use audit_tests::server::Server;
use audit_tests::town::Town;

/// What the broker allows for a header (docs/OPERATING.md), and what a busy machine may add.
const HEADER_TIME: Duration = Duration::from_secs(10);
const SLACK: Duration = Duration::from_secs(8);
/// More connections than the broker serves at once.
const CROWD: usize = 540;

/// Whether the other side has closed, without waiting for it.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut bytes = [0; 512];
    match stream.read(&mut bytes) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn a_client_that_dribbles_its_header_is_cut_off_while_others_are_served() {
    let town = Town::found(1);
    let server = Server::start(&town);
    let mut dribbling = TcpStream::connect(server.address).unwrap();
    let mut silent = TcpStream::connect(server.address).unwrap();
    let started = Instant::now();
    dribbling
        .write_all(b"GET /api/v1/health HTTP/1.1\r\nhost: x\r\nx-slow: ")
        .unwrap();
    let (mut cut, mut quiet) = (None, None);
    while cut.is_none() || quiet.is_none() {
        assert!(
            started.elapsed() < HEADER_TIME + SLACK,
            "a client that never ends its header is still connected: dribbling {cut:?}, silent {quiet:?}"
        );
        // A byte now and then never makes a header, and does not buy time either.
        if cut.is_none() && (dribbling.write_all(b"a").is_err() || is_closed(&mut dribbling)) {
            cut = Some(started.elapsed());
        }
        if quiet.is_none() && is_closed(&mut silent) {
            quiet = Some(started.elapsed());
        }
        assert_eq!(server.get("/api/v1/health").status, 200);
        thread::sleep(Duration::from_millis(300));
    }
    for after in [cut.unwrap(), quiet.unwrap()] {
        assert!(
            after > HEADER_TIME / 2,
            "cut off after {after:?}: a slow line must do"
        );
    }
    let log = server.stop();
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn a_crowd_of_silent_connections_shuts_nobody_out_for_long() {
    let town = Town::found(1);
    let server = Server::start(&town);
    let crowd: Vec<_> = (0..CROWD)
        .map(|_| TcpStream::connect(server.address).unwrap())
        .collect();
    let asked = Instant::now();
    assert_eq!(server.get("/api/v1/health").status, 200);
    let waited = asked.elapsed();
    assert!(waited < HEADER_TIME + SLACK, "waited {waited:?}");
    // All places were taken: whoever is served at once shows that there is no bound.
    assert!(
        waited > Duration::from_secs(2),
        "{CROWD} connections were served at once"
    );
    drop(crowd);
    assert_eq!(server.get("/api/v1/health").status, 200);
}

#[test]
fn an_open_connection_does_not_keep_the_broker_from_ending() {
    let town = Town::found(1);
    let server = Server::start(&town);
    let mut half = TcpStream::connect(server.address).unwrap();
    half.write_all(b"GET /api/v1/health HTTP/1.1\r\nhost: x\r\n")
        .unwrap();
    assert_eq!(server.get("/api/v1/health").status, 200);
    let told = Instant::now();
    let log = server.stop();
    assert!(
        told.elapsed() < Duration::from_secs(15),
        "took {:?}",
        told.elapsed()
    );
    assert!(!log.contains("ERROR"), "{log}");
}
