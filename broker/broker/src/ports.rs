//! The only places that read the system's clock and its randomness.

use std::sync::{Mutex, PoisonError};
use std::time::Instant as Stopwatch;

use broker_domain::time::{Clock, Entropy, EntropyUnavailable, Instant};
use ring::rand::{SecureRandom, SystemRandom};

/// The system's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        #[expect(clippy::disallowed_methods, reason = "this is the port")]
        let now = jiff::Timestamp::now();
        // A timestamp of jiff is always an instant of ours: both have the calendar's range.
        Instant::from_micros(now.as_microsecond()).unwrap_or_else(|_| epoch())
    }

    fn jumped(&self) -> Option<i64> {
        let now = Reading {
            shown: self.now().as_micros(),
            elapsed: since_boot(),
        };
        let mut trusted = TRUSTED.lock().unwrap_or_else(PoisonError::into_inner);
        let jump = now.ahead_of((*trusted).get_or_insert(now));
        if jump.abs() <= MOST_JUMP_MICROS {
            // Small corrections add up over months.
            *trusted = Some(now);
        }
        (jump > MOST_JUMP_MICROS).then_some(jump / 1_000_000)
    }
}

/// A clock that is set forward by more than this while the process runs is not believed: 5 minutes.
const MOST_JUMP_MICROS: i64 = 300_000_000;

/// The last reading that was believed, of this process: all its clocks are one.
static TRUSTED: Mutex<Option<Reading>> = Mutex::new(None);

/// What the clock shows, and the time since the machine was started, which nobody sets and which goes on while it sleeps.
#[derive(Debug, Clone, Copy)]
struct Reading {
    shown: i64,
    elapsed: i64,
}

impl Reading {
    /// How much more time the clock says has passed than has, in microseconds.
    const fn ahead_of(self, before: &Self) -> i64 {
        let shown = self.shown.saturating_sub(before.shown);
        shown.saturating_sub(self.elapsed.saturating_sub(before.elapsed))
    }
}

fn since_boot() -> i64 {
    let at = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    at.tv_sec
        .saturating_mul(1_000_000)
        .saturating_add(at.tv_nsec / 1_000)
}

fn epoch() -> Instant {
    Instant::from_micros(0).unwrap_or_else(|_| SystemClock.now())
}

/// A clock that a story sets by hand and that runs on from there; once released it follows the system's. Demo and
/// benchmarks only.
#[derive(Debug)]
pub struct StoryClock(Mutex<Hands>);

#[derive(Debug, Clone, Copy)]
enum Hands {
    Set { at: Instant, since: Stopwatch },
    Released,
}

impl StoryClock {
    /// A clock that shows this instant now.
    #[must_use]
    pub fn at(instant: Instant) -> Self {
        Self(Mutex::new(Hands::Set {
            at: instant,
            since: Stopwatch::now(),
        }))
    }

    /// Sets the clock. Going back is possible, and then the ledger refuses to record: that is its job.
    pub fn set(&self, instant: Instant) {
        self.turn(Hands::Set {
            at: instant,
            since: Stopwatch::now(),
        });
    }

    /// Lets it follow the system's clock from now on.
    pub fn release(&self) {
        self.turn(Hands::Released);
    }

    fn turn(&self, hands: Hands) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = hands;
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Instant {
        let hands = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match hands {
            Hands::Released => SystemClock.now(),
            Hands::Set { at, since } => {
                let elapsed = i64::try_from(since.elapsed().as_micros()).unwrap_or(i64::MAX);
                Instant::from_micros(at.as_micros().saturating_add(elapsed)).unwrap_or(at)
            }
        }
    }
}

/// The system's random generator.
#[derive(Debug)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    /// Opens it.
    #[must_use]
    pub fn open() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the port")]
        let random = SystemRandom::new();
        Self(random)
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        self.0.fill(bytes).map_err(|_| EntropyUnavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_of_the_clock_is_a_jump() {
        let at = |shown, elapsed| Reading { shown, elapsed };
        let before = at(1_000, 50);
        assert_eq!(at(1_400, 450).ahead_of(&before), 0, "time went by");
        assert_eq!(at(9_400, 450).ahead_of(&before), 8_000);
        assert_eq!(at(0, 450).ahead_of(&before), -1_400);
        assert_eq!(at(i64::MAX, 0).ahead_of(&at(i64::MIN, 0)), i64::MAX);
        // The clock of this machine, with nobody who sets it.
        assert_eq!(SystemClock.jumped(), None);
        assert_eq!(SystemClock.jumped(), None);
    }
}
