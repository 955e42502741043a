//! One frame against the trusted one before.

use super::Implausible;
use crate::tic::frame::Frame;
use crate::tic::label::{Label, Mode};

/// Registers have nine digits and start over.
const REGISTER: u32 = 1_000_000_000;

/// Standard mode has 20 registers, historique at most 7.
const REGISTERS: usize = 24;

/// The largest power of a low-voltage connection without a transformer of its own, VA.
const LARGEST_POWER_VA: u32 = 36_000;

/// Data may be as old as one frame, and several frames may have waited in a buffer.
const LEAST_ELAPSED_S: u64 = 10;

/// A meter's clock is set by its grid operator at most by so much at once, seconds.
const CLOCK_STEP_S: i64 = 3600;

/// What is kept of a frame for judging the next one.
#[derive(Debug)]
pub(super) struct Snapshot {
    meter: [u8; 12],
    meter_clock_us: Option<i64>,
    received_at_us: i64,
    registers: [Option<(&'static Label, u32)>; REGISTERS],
    /// EAST − ΣEASF modulo 10⁹, when both are there.
    unassigned: Option<u32>,
    power_va: u32,
}

impl Snapshot {
    pub(super) fn of(frame: &Frame, meter_clock_us: Option<i64>, received_at_us: i64) -> Self {
        let mut registers = [None; REGISTERS];
        for (place, register) in registers.iter_mut().zip(frame.registers()) {
            *place = Some(register);
        }
        Self {
            meter: address(frame),
            meter_clock_us,
            received_at_us,
            registers,
            unassigned: unassigned(frame),
            power_va: breaking_power_va(frame),
        }
    }

    /// Takes the place of `older`. A frame without registers (three-phase short frame, standby) proves nothing about
    /// them and leaves the older one in place.
    pub(super) fn replace(&self, older: &mut Option<Self>) {
        if older.is_none() || self.registers().next().is_some() {
            *older = Some(Self {
                registers: self.registers,
                ..*self
            });
        }
    }

    /// The only thing that can be asked of a first frame: the supplier registers add up to the total. A meter whose
    /// registers do not, because its supplier's calendar was changed, is believed once several frames agree.
    pub(super) fn stands_alone(&self) -> Result<(), Implausible> {
        match self.unassigned {
            Some(rest) if apart(rest, 0) > self.tolerance_wh() => Err(Implausible::SumDisagrees),
            _ => Ok(()),
        }
    }

    /// Whether this frame can come after `last`.
    pub(super) fn follows(&self, last: &Self) -> Result<(), Implausible> {
        if self.meter != last.meter {
            return Err(Implausible::OtherMeter);
        }
        let elapsed_s = self.elapsed_s(last)?;
        for (label, value) in self.registers() {
            // Labels are places of one static table: the same address is the same label.
            let is_it = |(other, _): &(&'static Label, u32)| core::ptr::eq(*other, label);
            let Some((_, before)) = last.registers().find(is_it) else {
                continue;
            };
            let moved = (value + REGISTER - before) % REGISTER;
            if moved > REGISTER / 2 {
                return Err(Implausible::WentBack { label: label.name });
            }
            if u64::from(moved) > self.allowance(label, last, elapsed_s) {
                return Err(Implausible::Jumped { label: label.name });
            }
        }
        match (self.unassigned, last.unassigned) {
            (Some(now), Some(before)) if apart(now, before) > self.tolerance_wh() => {
                Err(Implausible::SumDisagrees)
            }
            (Some(_), None) => self.stands_alone(),
            _ => Ok(()),
        }
    }

    /// Seconds since `last`, by the meter's clock if both dates are good, else by ours.
    fn elapsed_s(&self, last: &Self) -> Result<u64, Implausible> {
        let here_us = self.received_at_us.saturating_sub(last.received_at_us).max(0);
        let elapsed_us = match (self.meter_clock_us, last.meter_clock_us) {
            (Some(now), Some(before)) if now < before => return Err(Implausible::DateWentBack),
            (Some(now), Some(before)) => {
                if now - before > here_us.saturating_add(CLOCK_STEP_S * 1_000_000) {
                    return Err(Implausible::DateJumped);
                }
                now - before
            }
            _ => here_us,
        };
        Ok(u64::try_from(elapsed_us / 1_000_000)
            .unwrap_or(0)
            .max(LEAST_ELAPSED_S))
    }

    /// What a register may move by, Wh or varh. Twice the breaking power, because the breaker lets an overload pass
    /// for a while; what is injected, and reactive energy, is not held back by the subscribed power.
    fn allowance(&self, label: &Label, last: &Self, elapsed_s: u64) -> u64 {
        let power_va = if label.name.starts_with("EAS") || label.mode == Mode::Historique {
            self.power_va.max(last.power_va)
        } else {
            LARGEST_POWER_VA
        };
        (2 * u64::from(power_va) * elapsed_s).div_ceil(3600) + 2
    }

    /// The registers of one frame are read within two seconds of each other.
    fn tolerance_wh(&self) -> u32 {
        self.power_va.div_ceil(1800) + 1
    }

    fn registers(&self) -> impl Iterator<Item = (&'static Label, u32)> {
        self.registers.iter().copied().flatten()
    }
}

fn address(frame: &Frame) -> [u8; 12] {
    let group = frame.group("ADSC").or_else(|| frame.group("ADCO"));
    group
        .and_then(|group| group.data.as_bytes().try_into().ok())
        .unwrap_or([0; 12])
}

fn unassigned(frame: &Frame) -> Option<u32> {
    let total = frame.number("EAST")?;
    let mut sum = None;
    for index in frame.numbers_of("EASF") {
        sum = Some((sum.unwrap_or(0) + index?) % REGISTER);
    }
    Some((total + REGISTER - sum?) % REGISTER)
}

/// PCOUP or PREF in standard; in historique ISOUSC, a current per phase at 200 V by convention (02E).
fn breaking_power_va(frame: &Frame) -> u32 {
    let standard = frame
        .number("PCOUP")
        .max(frame.number("PREF"))
        .map(|kva| kva * 1000);
    let phases = if frame.group("IINST1").is_some() { 3 } else { 1 };
    let historique = frame.number("ISOUSC").map(|amperes| amperes * 200 * phases);
    standard
        .or(historique)
        .filter(|power| *power > 0)
        .unwrap_or(LARGEST_POWER_VA)
}

/// Distance on the circle of nine-digit registers.
fn apart(a: u32, b: u32) -> u32 {
    let forward = (a + REGISTER - b) % REGISTER;
    forward.min(REGISTER - forward)
}
