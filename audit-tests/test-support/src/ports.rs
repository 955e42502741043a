//! The only places of the tests that read the system's clock and its randomness.

use std::time::Instant as Stopwatch;

use broker_domain::time::{Clock, Entropy, EntropyUnavailable, Instant};
use ring::rand::{SecureRandom as _, SystemRandom};

/// A clock that starts at some instant and runs on.
#[derive(Debug, Clone, Copy)]
pub struct RunningClock {
    at: Instant,
    since: Stopwatch,
}

impl RunningClock {
    /// A clock that shows this instant now.
    #[must_use]
    pub fn starting(at: Instant) -> Self {
        Self {
            at,
            since: Stopwatch::now(),
        }
    }

    /// What the system's clock shows.
    #[must_use]
    pub fn system() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "this is the port")]
        let now = jiff::Timestamp::now();
        Instant::from_micros(now.as_microsecond()).unwrap()
    }
}

impl Clock for RunningClock {
    fn now(&self) -> Instant {
        let elapsed = i64::try_from(self.since.elapsed().as_micros()).unwrap();
        Instant::from_micros(self.at.as_micros() + elapsed).unwrap()
    }
}

/// The system's random generator.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        #[expect(clippy::disallowed_methods, reason = "this is the port")]
        let system = SystemRandom::new();
        system.fill(bytes).map_err(|_| EntropyUnavailable)
    }
}

/// Random bytes.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemEntropy.fill(&mut bytes).unwrap();
    bytes
}
