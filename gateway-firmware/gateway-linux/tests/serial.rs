//! The gateway on a serial port: a pseudo-terminal whose other end is a meter that speaks at the pace of the wire.
//!
//! LIMIT: a pseudo-terminal has neither bit rate nor parity bit. What the kernel does with a damaged byte of a real port
//! (NUL in its place) is tested with the decoder.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and a skipped one says so"
)]

#[path = "gateway/support.rs"]
mod support;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use meter_core::envelope::Envelope;
use meter_core::measurement::{Quantity, Register, measurements_of_payload};
use meter_core::tic::checksum_standard;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::{FakeBroker, Gateway, METER, capture, stored};

/// The customer output of a meter, and the path of the port it is wired to.
struct Wire {
    meter: File,
    port: PathBuf,
}

impl Wire {
    /// `None`, after saying so, where there are no pseudo-terminals. On a build server that is a failure.
    fn new() -> Option<Self> {
        match Self::open() {
            Ok(wire) => Some(wire),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "no pseudo-terminal: {error}");
                println!("SKIPPED: this machine gives no pseudo-terminal: {error}");
                None
            }
        }
    }

    fn open() -> io::Result<Self> {
        let meter = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&meter)?;
        unlockpt(&meter)?;
        let name = ptsname(&meter, Vec::new())?.into_string();
        Ok(Self {
            meter: meter.into(),
            port: name.map_err(io::Error::other)?.into(),
        })
    }

    /// Sends bytes as a meter does: 10 bits each, never early.
    fn send(&mut self, bytes: &[u8], baud: u32) {
        let began = Instant::now();
        for (n, byte) in (1..).zip(bytes) {
            let due = Duration::from_secs(10) * n / baud;
            sleep(due.saturating_sub(began.elapsed()));
            self.meter.write_all(&[*byte]).unwrap();
        }
    }
}

fn accepting() -> FakeBroker {
    FakeBroker::start(|_, request| stored(request))
}

/// Values of one register in what the broker got, with their times.
fn indices(broker: &FakeBroker, register: Register) -> Vec<(i64, i64)> {
    let batches = broker.batches();
    let measurements = batches.iter().flat_map(|batch| {
        let envelope = Envelope::parse(batch).unwrap();
        measurements_of_payload(envelope.payload, &envelope.header.point_id).unwrap()
    });
    measurements
        .filter(|m| m.quantity == Quantity::EnergyIndexWh { register })
        .map(|m| (m.value, m.at_us))
        .collect()
}

fn wait_for(gateway: &Gateway, condition: impl Fn() -> bool) {
    for _ in 0..400 {
        if condition() {
            return;
        }
        sleep(Duration::from_millis(25));
    }
    panic!("waited in vain: {}", gateway.log());
}

fn stop(child: &mut Child, gateway: &Gateway) {
    let stopped = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    assert!(child.wait().unwrap().success(), "{}", gateway.log());
}

/// A standard frame of every second of a minute in January 2026.
fn standard(second: u32) -> Vec<u8> {
    let mut frame = vec![0x02];
    for zone in [
        format!("ADSC\t{METER}\t"),
        "VTIC\t02\t".to_owned(),
        format!("DATE\tH2601100830{second:02}\t\t"),
        format!("EAST\t{:09}\t", 31_000_000 + second),
        format!("EASF01\t{:09}\t", 31_000_000 + second),
        "PREF\t06\t".to_owned(),
        "SINSTS\t00660\t".to_owned(),
        "NTARF\t01\t".to_owned(),
    ] {
        let checksum = char::from(checksum_standard(zone.as_bytes()));
        frame.extend(format!("\n{zone}{checksum}\r").bytes());
    }
    frame.push(0x03);
    frame
}

#[test]
fn an_old_meter_at_1200_baud_is_read_signed_and_delivered() {
    let Some(mut wire) = Wire::new() else { return };
    let broker = accepting();
    let gateway = Gateway::enrolled(&broker);
    let mut child = gateway.run("--serial", &wire.port, &["--baud", "1200", "--every", "1"]);
    wait_for(&gateway, || gateway.log().contains("started"));
    // Begins in the middle of a frame, as whoever plugs in a gateway does.
    let frames = capture(4);
    let (_, from_the_middle) = frames.split_at(40);
    wire.send(from_the_middle, 1200);
    wait_for(&gateway, || indices(&broker, Register::Base).len() >= 2);
    stop(&mut child, &gateway);

    let read = indices(&broker, Register::Base);
    let values: Vec<i64> = read.iter().map(|(value, _)| *value).collect();
    assert!(
        values.len() >= 2 && values.windows(2).all(|pair| pair.first() < pair.last()),
        "{values:?}"
    );
    assert!(
        values.iter().all(|value| (7_000_001..=7_000_003).contains(value)),
        "{values:?}"
    );
    // Dated by reception: frames begin 0.97 s apart on the wire, and a busy machine reads late.
    let span_us = read.last().unwrap().1 - read.first().unwrap().1;
    assert!((500_000..4_000_000).contains(&span_us), "{span_us}");
    assert!(!gateway.log().contains(METER) && !gateway.log().contains("700000"));
}

#[test]
fn a_linky_is_heard_without_being_told_the_bit_rate_and_dated_by_its_own_clock() {
    let Some(mut wire) = Wire::new() else { return };
    let broker = accepting();
    let gateway = Gateway::enrolled(&broker);
    let mut child = gateway.run("--serial", &wire.port, &["--every", "1"]);
    wait_for(&gateway, || gateway.log().contains("started"));
    for second in 0..8 {
        wire.send(&standard(second), 9600);
    }
    wait_for(&gateway, || {
        gateway.log().contains("the meter was heard baud=9600")
    });
    stop(&mut child, &gateway);
    let delivered = || indices(&broker, Register::Total);
    if delivered().len() < 8 {
        // What was still in the spool leaves at the next start.
        assert!(gateway.replay(&[], &["--speed", "0"]).wait().unwrap().success());
    }
    // 2026-01-10T07:30:00Z and the seconds after.
    let expected: Vec<(i64, i64)> = (0..8)
        .map(|second| (31_000_000 + second, (1_768_030_200 + second) * 1_000_000))
        .collect();
    assert_eq!(delivered(), expected, "{}", gateway.log());
}

#[test]
fn a_port_that_goes_away_does_not_end_the_gateway() {
    let Some(mut wire) = Wire::new() else { return };
    let broker = accepting();
    let gateway = Gateway::enrolled(&broker);
    let arguments = ["--baud", "9600", "--every", "3600"];
    let mut child = gateway.run("--serial", &wire.port, &arguments);
    wait_for(&gateway, || gateway.log().contains("started"));
    wire.send(&standard(0), 9600);
    // What a port still held when it went is lost with it; the frame before was read by then.
    wire.send(&standard(1), 1200);
    // The far end of a pseudo-terminal closed is a USB adapter pulled out.
    drop(wire);
    wait_for(&gateway, || gateway.log().contains("the serial port was lost"));
    sleep(Duration::from_millis(1500));
    assert!(child.try_wait().unwrap().is_none(), "{}", gateway.log());
    stop(&mut child, &gateway);
    let waiting = gateway.files("spool").len() + broker.batches().len();
    assert_eq!(waiting, 1, "what was read before is lost: {}", gateway.log());
}

#[test]
fn a_port_that_is_not_there_is_told_at_once() {
    let broker = accepting();
    let gateway = Gateway::enrolled(&broker);
    let nowhere = gateway.state().join("no-such-port");
    let status = gateway.run("--serial", &nowhere, &[]).wait().unwrap();
    assert!(!status.success());
    assert!(gateway.log().contains("cannot be opened"), "{}", gateway.log());
}
