//! The only source of chance: SplitMix64, keyed by what is being drawn.

/// A small repeatable generator: SplitMix64 (Steele, Lea, Flood, “Fast splittable pseudorandom number
/// generators”, 2014): `state += 0x9E3779B97F4A7C15`, then two xor-multiply rounds.
///
/// For simulation only: its output is predictable from one value and protects nothing.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// What a number is drawn for. Each use has its own stream, so that a change in one part of the model does not
/// move the numbers of the others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Household = 1,
    Stratum = 2,
    Profile = 3,
    Temperature = 4,
    Sky = 5,
    Colour = 6,
    Routine = 7,
    Holiday = 8,
    Appliances = 9,
    Background = 10,
    Voltage = 11,
    Heating = 12,
    Silence = 13,
    Noise = 14,
    Batch = 15,
}

impl Random {
    /// Starts from a seed.
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator of one stream at one place (a day number, an index): the same for equal arguments.
    pub(crate) fn keyed(seed: u64, stream: Stream, place: i64) -> Self {
        let keyed = mix(seed ^ mix(stream as u64));
        Self(mix(keyed ^ mix(place.cast_unsigned())))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A whole number in `0..bound`; 0 when `bound` is 0. The bias is below 2⁻³² (multiply and shift).
    pub fn below(&mut self, bound: u32) -> u32 {
        let wide = (self.bits() >> 32) * u64::from(bound);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// A whole number from `lowest` to `highest`, both included; `lowest` when they cross.
    pub fn between(&mut self, lowest: i64, highest: i64) -> i64 {
        let width = u32::try_from(highest.saturating_sub(lowest).saturating_add(1)).unwrap_or(0);
        lowest + i64::from(self.below(width))
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// A bell-shaped number around `middle`, never further than `reach` (sum of four uniform draws).
    pub fn bell(&mut self, middle: i64, reach: i64) -> i64 {
        let sum: i64 = (0..4).map(|_| self.between(-reach, reach)).sum();
        middle + sum / 4
    }

    /// One of `choices`.
    pub fn pick<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let count = u32::try_from(others.len()).unwrap_or(0).saturating_add(1);
        let place = usize::try_from(self.below(count)).unwrap_or(0);
        place
            .checked_sub(1)
            .and_then(|place| others.get(place))
            .copied()
            .unwrap_or(first)
    }
}

/// The finaliser of SplitMix64, also used to spread keys.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// `-1000..=1000` for `-1..=1`: Bhaskara's approximation of the sine, whose error stays under 0.2 %. `angle` is in
/// tenths of a degree. Integers keep the street identical on every processor.
pub(crate) const fn sine_per_mille(angle: i64) -> i64 {
    let angle = angle.rem_euclid(3600);
    let half = angle % 1800;
    let product = half * (1800 - half);
    let value = 4000 * product / (4_050_000 - product);
    if angle < 1800 { value } else { -value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_gives_the_published_sequence() {
        // First outputs for seed 1234567, from the reference C code by Sebastiano Vigna.
        let mut random = Random::from_seed(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.bits()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn sine_is_right_at_the_corners() {
        let corners = [0, 300, 900, 1800, 2700, 3600].map(sine_per_mille);
        assert_eq!(corners, [0, 500, 1000, 0, -1000, 0]);
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut random = Random::from_seed(7);
        let drawn: Vec<i64> = (0..400).map(|_| random.between(-2, 2)).collect();
        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&2));
    }
}
