//! Clock and randomness, the only two things this program takes from nowhere.

use anyhow::anyhow;
use ring::rand::{SecureRandom as _, SystemRandom};

/// Tells the time.
pub(crate) trait Clock {
    /// UTC microseconds.
    fn now_us(&self) -> i64;
}

/// Draws randomness.
pub(crate) trait Entropy {
    /// Bytes nobody can guess.
    ///
    /// # Errors
    /// When the system has none to give.
    fn bytes_16(&self) -> anyhow::Result<[u8; 16]>;
}

/// The real ones.
#[derive(Debug)]
pub(crate) struct System {
    random: SystemRandom,
}

impl System {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    pub(crate) fn new() -> Self {
        Self {
            random: SystemRandom::new(),
        }
    }

    /// For `ring`, which draws keys itself.
    pub(crate) const fn random(&self) -> &SystemRandom {
        &self.random
    }
}

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    fn now_us(&self) -> i64 {
        jiff::Timestamp::now().as_microsecond()
    }
}

impl Entropy for System {
    fn bytes_16(&self) -> anyhow::Result<[u8; 16]> {
        let mut bytes = [0; 16];
        self.random
            .fill(&mut bytes)
            .map_err(|_| anyhow!("the system gives no randomness"))?;
        Ok(bytes)
    }
}
