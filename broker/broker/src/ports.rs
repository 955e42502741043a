//! The only places that read the system's clock and its randomness.

use std::sync::atomic::{AtomicI64, Ordering};

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

/// A clock that a story sets by hand, and that follows the system's once released. Demo and tests only.
#[derive(Debug)]
pub struct StoryClock {
    set_us: AtomicI64,
}

const RELEASED: i64 = i64::MIN;

impl StoryClock {
    /// A clock that shows this instant until it is set again.
    #[must_use]
    pub const fn at(instant: Instant) -> Self {
        Self { set_us: AtomicI64::new(instant.as_micros()) }
    }

    /// Sets the clock. Going back is possible, and then the ledger refuses to record: that is its job.
    pub fn set(&self, instant: Instant) {
        self.set_us.store(instant.as_micros(), Ordering::SeqCst);
    }

    /// Lets it follow the system's clock from now on.
    pub fn release(&self) {
        self.set_us.store(RELEASED, Ordering::SeqCst);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Instant {
        match self.set_us.load(Ordering::SeqCst) {
            RELEASED => SystemClock.now(),
            micros => Instant::from_micros(micros).unwrap_or_else(|_| SystemClock.now()),
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
