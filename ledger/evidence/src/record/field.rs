//! Members of records, each in one spelling.

use std::fmt;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::base64url;

/// A member does not have its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct FieldError {
    expected: &'static str,
}

/// An opaque identifier: 1 to 128 ASCII letters, digits and `-._:/`, such as a UUID or the name of a purpose.
///
/// Fourteen or eighteen digits and nothing else are refused: that is a French delivery point or an EAN, and those have
/// no place in evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

impl Id {
    /// Checks and wraps an identifier.
    ///
    /// # Errors
    /// [`FieldError`] for another length or character, or something that looks like a meter number.
    pub fn new(text: impl Into<String>) -> Result<Self, FieldError> {
        let text = text.into();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/".contains(&byte);
        let meter_number = matches!(text.len(), 14 | 18) && text.bytes().all(|byte| byte.is_ascii_digit());
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) && !meter_number {
            Ok(Self(text))
        } else {
            Err(FieldError {
                expected: "an opaque identifier",
            })
        }
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A reason in a person's words: 1 to 1000 characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(String);

impl Text {
    /// Checks and wraps a text.
    ///
    /// # Errors
    /// [`FieldError`] for another length or control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, FieldError> {
        let text = text.into();
        if (1..=1000).contains(&text.chars().count()) && !text.contains(char::is_control) {
            Ok(Self(text))
        } else {
            Err(FieldError {
                expected: "a text of 1 to 1000 characters",
            })
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A SHA-256 digest, base64url in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps 32 bytes that are already a digest.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// `SHA-256(bytes)`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut to = [0; 32];
        to.iter_mut()
            .zip(digest(&SHA256, bytes).as_ref())
            .for_each(|(to, from)| *to = *from);
        Self(to)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The root of a disclosure manifest (Keccak-256), in JSON as its own tools print it: `0x` and 64 lowercase digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ManifestRoot([u8; 32]);

impl ManifestRoot {
    /// Wraps 32 bytes that are already a root.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ManifestRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ManifestRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A number of seconds: the step of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);

/// An instant from 1970 to 9999, in JSON exactly `2026-01-01T00:00:00.000000Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Instant(i64);

impl Instant {
    const SECOND: i64 = 1_000_000;
    const DAY: i64 = 86_400 * Self::SECOND;
    /// 10000-01-01T00:00Z.
    const END: i64 = 253_402_300_800 * Self::SECOND;

    /// Microseconds since 1970-01-01T00:00Z; `None` before 1970 and after 9999.
    pub const fn from_unix_micros(micros: i64) -> Option<Self> {
        if micros >= 0 && micros < Self::END {
            Some(Self(micros))
        } else {
            None
        }
    }

    /// Microseconds since 1970-01-01T00:00Z.
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = text
                .get(from..to)
                .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse().ok()
        };
        let days = days_from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let seconds = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
        let instant = Self::from_unix_micros(days * Self::DAY + seconds * Self::SECOND + number(20, 26)?)?;
        // Months of 13, days of 32, leap seconds and other separators do not print as they were written.
        (instant.to_string() == text).then_some(instant)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0 / Self::DAY);
        let micros = self.0 % Self::DAY;
        let seconds = micros / Self::SECOND;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let fraction = micros % Self::SECOND;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z"
        )
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, “chrono-compatible low-level date
/// algorithms”). Written out so that the offline verifier needs no calendar crate.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

macro_rules! as_string {
    ($name:ident, $read:expr, $write:expr) => {
        impl TryFrom<String> for $name {
            type Error = FieldError;

            fn try_from(text: String) -> Result<Self, FieldError> {
                $read(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                $write(value)
            }
        }
    };
}

as_string!(Id, Id::new, |id: Id| id.0);
as_string!(Text, Text::new, |text: Text| text.0);
as_string!(
    Digest,
    |text: String| {
        let bytes = base64url::decode(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Digest).ok_or(FieldError {
            expected: "a SHA-256 digest",
        })
    },
    |digest: Digest| digest.to_string()
);
as_string!(
    ManifestRoot,
    |text: String| {
        let read = || {
            let (pairs, rest) = text.strip_prefix("0x")?.as_bytes().as_chunks::<2>();
            let digit = |byte: u8| {
                char::from(byte)
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            };
            let bytes = pairs
                .iter()
                .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
                .collect::<Option<Vec<u8>>>()?;
            rest.is_empty().then_some(ManifestRoot(bytes.try_into().ok()?))
        };
        // Capital digits do not print as they were written.
        read().filter(|root| root.to_string() == text).ok_or(FieldError {
            expected: "the root of a disclosure manifest",
        })
    },
    |root: ManifestRoot| root.to_string()
);
as_string!(
    Instant,
    |text: String| Instant::parse(&text).ok_or(FieldError {
        expected: "a UTC instant with microseconds"
    }),
    |instant: Instant| instant.to_string()
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn instants_have_one_spelling() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_767_225_600_000_000, "2026-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Instant::from_unix_micros(micros).unwrap().to_string(), text);
            assert_eq!(Instant::parse(text).unwrap().unix_micros(), micros);
        }
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.000Z",
            "2026-01-01T00:00:00.000000",
            "2026-01-01T00:00:00.000000+00:00",
            "2026-01-01 00:00:00.000000Z",
            "2026-13-01T00:00:00.000000Z",
            "2026-02-29T00:00:00.000000Z",
            "2026-01-01T24:00:00.000000Z",
            "2026-01-01T00:00:60.000000Z",
            "1969-12-31T23:59:59.999999Z",
            "+026-01-01T00:00:00.000000Z",
            "2026-01-01t00:00:00.000000z",
            "2026-00-01T00:00:00.000000Z",
            "2026-01-00T00:00:00.000000Z",
            "２026-01-01T00:00:00.000000",
        ] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }

    #[test]
    fn roots_have_one_spelling() {
        let text = format!("0x{}", "0f".repeat(32));
        assert_eq!(
            ManifestRoot::try_from(text.clone()).unwrap(),
            ManifestRoot::new([15; 32])
        );
        assert_eq!(String::from(ManifestRoot::new([15; 32])), text);
        for wrong in [
            text.to_uppercase(),
            text.replace("0f", "0F"),
            text.replacen("0x", "", 1),
            format!("{text}0"),
            format!("{text}00"),
            text.replacen("0f", "+f", 1),
            "0x".to_owned(),
        ] {
            assert!(ManifestRoot::try_from(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn identifiers_do_not_look_like_meters() {
        for wrong in [
            "",
            "a b",
            "é",
            "12345678901234",
            "541234567890123456",
            "a\n",
            "<a>",
            &"a".repeat(129),
        ] {
            assert!(Id::new(wrong).is_err(), "{wrong}");
        }
        for right in [
            "g-1",
            "9c0e51d4-6a5b-4b9e-8f43-1d2f7c3a5b60",
            "urn:x:1",
            "1234567890123",
            &"1".repeat(32),
        ] {
            assert_eq!(Id::new(right).unwrap().as_str(), right);
        }
    }

    proptest! {
        #[test]
        fn instants_read_back(micros in 0..Instant::END) {
            let instant = Instant::from_unix_micros(micros).unwrap();
            prop_assert_eq!(Instant::parse(&instant.to_string()), Some(instant));
        }

        #[test]
        fn any_text_is_read_without_panic(text in "[0-9TZ:.-]{0,30}|\\PC{0,30}") {
            if let Some(instant) = Instant::parse(&text) {
                prop_assert_eq!(instant.to_string(), text);
            }
        }
    }
}
