//! A capture, at the pace of the wire or faster.

use std::time::{Duration, Instant};

use gateway_device::Parity;

use super::{Looked, Source};

/// 1 start, 7 data, 1 parity, 1 stop.
const BITS_PER_BYTE: i64 = 10;

/// Bytes given at a time: 20 ms of standard mode, so that an STX is dated closely.
const CHUNK: usize = 16;

/// Longest wait of one look.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Plays the bytes of a file. Its clock is virtual: it starts where it was told and moves with the bytes.
pub(crate) struct Replay {
    bytes: Vec<u8>,
    place: usize,
    baud: i64,
    speed: f64,
    parity: Parity,
    start_us: i64,
    began: Instant,
}

impl Replay {
    /// `speed` 0 does not wait. Without `start_us`, the virtual clock reaches the real one at the end, so that nothing is
    /// dated in the future.
    pub(crate) fn new(
        bytes: Vec<u8>,
        baud: Option<u32>,
        speed: f64,
        parity: Parity,
        start_us: Option<i64>,
        now_us: i64,
    ) -> Self {
        let baud = i64::from(baud.unwrap_or_else(|| baud_of(&bytes)));
        let wire_us = wire_us(bytes.len(), baud);
        let real_us = pace(Duration::from_micros(u64::try_from(wire_us).unwrap_or(0)), speed);
        let real_us = i64::try_from(real_us.as_micros()).unwrap_or(i64::MAX);
        let start_us = start_us.unwrap_or_else(|| now_us.min(now_us.saturating_add(real_us) - wire_us));
        Self {
            bytes,
            place: 0,
            baud,
            speed,
            parity,
            start_us,
            began: Instant::now(),
        }
    }
}

impl Source for Replay {
    fn look(&mut self, _now_us: i64) -> anyhow::Result<Looked<'_>> {
        let offset_us = wire_us(self.place, self.baud);
        let at_us = self.start_us.saturating_add(offset_us);
        let due = pace(
            Duration::from_micros(u64::try_from(offset_us).unwrap_or(0)),
            self.speed,
        );
        let wait = due.saturating_sub(self.began.elapsed());
        if wait > Duration::ZERO {
            std::thread::sleep(wait.min(LONGEST_WAIT));
        }
        if wait > LONGEST_WAIT {
            return Ok(Looked::Read { bytes: &[], at_us });
        }
        let rest = self.bytes.get(self.place..).unwrap_or_default();
        // A chunk never runs past an STX, which dates its frame.
        let next_start = rest
            .iter()
            .skip(1)
            .position(|byte| byte & 0x7F == 0x02)
            .map_or(CHUNK, |i| i + 1);
        let Some(bytes) = rest
            .get(..rest.len().min(CHUNK).min(next_start))
            .filter(|chunk| !chunk.is_empty())
        else {
            return Ok(Looked::Ended);
        };
        self.place += bytes.len();
        Ok(Looked::Read { bytes, at_us })
    }

    fn parity(&self) -> Parity {
        self.parity
    }
}

/// Standard mode has tabulations, with or without their parity bit.
fn baud_of(bytes: &[u8]) -> u32 {
    if bytes.iter().any(|byte| byte & 0x7F == 0x09) {
        9600
    } else {
        1200
    }
}

fn wire_us(bytes: usize, baud: i64) -> i64 {
    i64::try_from(bytes)
        .unwrap_or(i64::MAX)
        .saturating_mul(BITS_PER_BYTE * 1_000_000)
        / baud
}

fn pace(wire: Duration, speed: f64) -> Duration {
    if speed > 0.0 {
        Duration::try_from_secs_f64(wire.as_secs_f64() / speed).unwrap_or(Duration::MAX)
    } else {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(mut replay: Replay) -> (Vec<u8>, Vec<i64>) {
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        while let Looked::Read { bytes: chunk, at_us } = replay.look(0).unwrap() {
            if chunk.first() == Some(&0x02) {
                starts.push(at_us);
            }
            bytes.extend(chunk);
        }
        (bytes, starts)
    }

    #[test]
    fn every_byte_is_played_once_and_each_start_has_its_instant() {
        let capture = [vec![0x02; 1], vec![b'A'; 119], vec![0x02; 1], vec![b'B'; 30]].concat();
        let replay = Replay::new(
            capture.clone(),
            Some(1200),
            0.0,
            Parity::Stripped,
            Some(1_000_000),
            0,
        );
        assert_eq!(play(replay), (capture, vec![1_000_000, 2_000_000]));
    }

    #[test]
    fn without_a_start_nothing_is_dated_in_the_future() {
        for speed in [0.0, 1.0, 10.0] {
            let replay = Replay::new(
                vec![0x02; 120],
                Some(1200),
                speed,
                Parity::Stripped,
                None,
                50_000_000,
            );
            assert!(replay.start_us <= 50_000_000);
            let end_us = replay.start_us + 1_000_000;
            assert!(speed == 1.0 || end_us <= 50_100_000, "{speed}: {end_us}");
        }
    }

    #[test]
    fn the_bit_rate_is_that_of_the_mode() {
        assert_eq!(baud_of(b"\x02\nADCO 0"), 1200);
        assert_eq!(baud_of(b"\x02\nADSC\t0"), 9600);
    }
}
