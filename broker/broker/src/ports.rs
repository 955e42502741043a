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
