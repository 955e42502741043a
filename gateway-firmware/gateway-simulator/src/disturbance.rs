//! What goes wrong: silent hours and noise on the wire.

use std::ops::Range;

use crate::{
    calendar::{Day, MINUTE_US},
    random::{Random, Stream},
};

/// How clean the wire between meter and gateway is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Clean,
    /// A few frames in a hundred arrive with flipped bits.
    Noisy,
}

/// On 3 days in 100 the gateway is silent for one to nine hours (router off, flat super-capacitor). Microseconds UTC,
/// half-open, within the day.
pub(crate) fn silence(seed: u64, day: &Day) -> Option<Range<i64>> {
    let mut random = Random::keyed(seed, Stream::Silence, day.number);
    random.chance(30).then(|| {
        let length = random.between(60, 540);
        let from = random.between(0, day.minutes - length);
        day.starts_at_us + from * MINUTE_US..day.starts_at_us + (from + length) * MINUTE_US
    })
}

impl Wire {
    /// Flips one to three of the seven data bits of a frame now and then, as a receiver that ignores parity sees it.
    /// Some of these flips are invisible to the 6-bit checksum, on purpose.
    pub fn disturb(self, seed: u64, at_us: i64, bytes: &mut [u8]) {
        if self == Self::Clean {
            return;
        }
        let mut random = Random::keyed(seed, Stream::Noise, at_us);
        if !random.chance(80) {
            return;
        }
        let length = u32::try_from(bytes.len()).unwrap_or(0);
        for _ in 0..random.between(1, 3) {
            let place = usize::try_from(random.below(length)).unwrap_or(0);
            let bit = random.below(7);
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= 1 << bit;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn three_days_in_a_hundred_have_a_silence() {
        let day = Day::of(date(2026, 11, 10));
        let silent = (0..20_000).filter(|&seed| silence(seed, &day).is_some()).count();
        assert!((500..700).contains(&silent), "{silent} of 20000");
    }

    #[test]
    fn noise_never_touches_the_parity_bit() {
        for at_us in 0..500 {
            let mut bytes = [0x41; 200];
            Wire::Noisy.disturb(1, at_us, &mut bytes);
            assert!(bytes.iter().all(|&byte| byte < 0x80));
        }
    }
}
