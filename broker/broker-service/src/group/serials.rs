//! The shuffle: serials drawn at random from a block, so that the order of requests does not show in the log.

use broker_domain::time::Entropy;
use broker_store::Serial;

use crate::failure::Fault;

/// A block of serials in random order. The leaves of a group stand in the log in the order of their serials: the first
/// to ask may get any place.
///
/// Drawn over the *most* leaves that the group may append: the jobs say how many before they run. Whatever part of the
/// block is used, its ranks are in uniformly random order.
pub(super) struct Serials {
    shuffled: Vec<Serial>,
    taken: usize,
}

impl Serials {
    /// The serials `[first, first + count)`, shuffled (Fisher and Yates).
    pub fn shuffled(first: Serial, count: usize, entropy: &dyn Entropy) -> Result<Self, Fault> {
        let too_many = || Fault::LogFull;
        let end = u64::try_from(count)
            .ok()
            .and_then(|count| first.0.checked_add(count))
            .ok_or_else(too_many)?;
        let mut shuffled: Vec<_> = (first.0..end).map(Serial).collect();
        let mut chance = vec![0_u8; count.checked_mul(8).ok_or_else(too_many)?];
        entropy.fill(&mut chance)?;
        for (last, chance) in chance.as_chunks::<8>().0.iter().enumerate().skip(1) {
            // 64 bits for at most some thousand places: the bias is below 2^-50.
            let range = u64::try_from(last).map_err(|_| too_many())? + 1;
            let chosen = u64::from_be_bytes(*chance) % range;
            shuffled.swap(last, usize::try_from(chosen).map_err(|_| too_many())?);
        }
        Ok(Self { shuffled, taken: 0 })
    }

    /// The next serial; `None` when the group appended more than its jobs had said.
    pub fn next(&mut self) -> Option<Serial> {
        let serial = self.shuffled.get(self.taken).copied()?;
        self.taken += 1;
        Some(serial)
    }

    /// How many are taken.
    pub const fn taken(&self) -> usize {
        self.taken
    }

    /// Takes back all but the first `taken`.
    pub const fn give_back(&mut self, taken: usize) {
        self.taken = taken;
    }
}

#[cfg(test)]
mod tests {
    use broker_domain::time::EntropyUnavailable;

    use super::*;

    /// Counts up: not random, but another sequence for each seed.
    struct Counting(std::sync::Mutex<u64>);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
            let mut state = self.0.lock().unwrap();
            for byte in bytes {
                // Knuth's multiplier of a linear congruential generator.
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = state.to_be_bytes()[0];
            }
            Ok(())
        }
    }

    fn draw(seed: u64, first: u64, count: usize) -> Vec<u64> {
        let mut serials = Serials::shuffled(Serial(first), count, &Counting(seed.into())).unwrap();
        std::iter::from_fn(|| serials.next().map(|serial| serial.0)).collect()
    }

    #[test]
    fn each_serial_of_the_block_is_drawn_once() {
        for count in [0, 1, 2, 256, 1_000] {
            let mut drawn = draw(7, 100, count);
            drawn.sort_unstable();
            let end = 100 + u64::try_from(count).unwrap();
            assert_eq!(drawn, (100..end).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_place_is_as_likely_for_the_first_request() {
        let mut hits = [0_u32; 4];
        for seed in 0..4_000 {
            hits[usize::try_from(draw(seed, 0, 4)[0]).unwrap()] += 1;
        }
        // 1000 each; six standard deviations are 164.
        assert!(hits.iter().all(|hits| hits.abs_diff(1_000) < 164), "{hits:?}");
    }

    #[test]
    fn what_was_given_back_is_given_again() {
        let mut serials = Serials::shuffled(Serial(0), 3, &Counting(1.into())).unwrap();
        let first = serials.next();
        let second = serials.next();
        serials.give_back(1);
        assert_ne!(first, second);
        assert_eq!(serials.next(), second);
    }
}
