//! Numbers of SenML: exact integers as long as it is possible.

/// A finite number. Integers stay exact; readings of a meter never pass through a binary fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Exact.
    Integer(i64),
    /// A binary approximation, always finite.
    Float(f64),
}

/// Integers up to here are exact in a binary64.
const EXACT: i64 = 1 << 53;

impl Number {
    /// The float, unless it is infinite or not a number.
    #[must_use]
    pub fn finite(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self::Float(value))
    }

    /// The nearest binary64.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "asking for a float asks for its precision"
    )]
    pub const fn to_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// The integer this number is exactly, if it is one.
    #[must_use]
    pub fn to_integer(self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(value),
            Self::Float(value) => {
                let integer = truncate(value)?;
                (Self::Integer(integer).to_f64() == value).then_some(integer)
            }
        }
    }

    /// Seconds as microseconds, rounded to the nearest.
    #[must_use]
    pub fn to_microseconds(self) -> Option<i64> {
        match self {
            Self::Integer(seconds) => seconds.checked_mul(1_000_000),
            Self::Float(seconds) => {
                let scaled = seconds * 1e6;
                truncate(if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 })
            }
        }
    }

    /// Microseconds as seconds: an integer when whole, else the nearest binary64.
    #[must_use]
    pub fn from_microseconds(microseconds: i64) -> Self {
        let seconds = microseconds.div_euclid(1_000_000);
        match microseconds.rem_euclid(1_000_000) {
            0 => Self::Integer(seconds),
            rest => Self::Float(Self::Integer(seconds).to_f64() + Self::Integer(rest).to_f64() / 1e6),
        }
    }

    /// The sum, exact if both are integers and it fits; `None` if it is not finite.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if let (Self::Integer(a), Self::Integer(b)) = (self, other)
            && let Some(sum) = a.checked_add(b)
        {
            return Some(Self::Integer(sum));
        }
        Self::finite(self.to_f64() + other.to_f64())
    }
}

/// Towards zero, within the range where integers are exact.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range was checked; the fraction is meant to go"
)]
fn truncate(value: f64) -> Option<i64> {
    let limit = Number::Integer(EXACT).to_f64();
    (-limit..=limit).contains(&value).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_add_exactly() {
        let big = Number::Integer(9_007_199_254_740_993);
        assert_eq!(
            big.plus(Number::Integer(1)),
            Some(Number::Integer(9_007_199_254_740_994))
        );
    }

    #[test]
    fn microseconds_survive_seconds() {
        for microseconds in [0, 1, -1, 999_999, 1_768_030_200_123_457, -1_768_030_200_123_457] {
            assert_eq!(
                Number::from_microseconds(microseconds).to_microseconds(),
                Some(microseconds)
            );
        }
    }

    #[test]
    fn a_fraction_is_not_an_integer() {
        assert_eq!(Number::Float(12.5).to_integer(), None);
        assert_eq!(Number::Float(12.0).to_integer(), Some(12));
        assert_eq!(Number::Float(1e300).to_integer(), None);
        assert_eq!(Number::Float(1e300).to_microseconds(), None);
    }

    #[test]
    fn a_sum_that_is_not_finite_is_none() {
        assert_eq!(Number::Float(f64::MAX).plus(Number::Float(f64::MAX)), None);
    }
}
