//! The plaintext of a batch, version 1, integers big-endian:
//!
//! ```text
//! 01 || u16 labels || (u8 length || label)… || u32 readings || (i64 µs since 1970 || u16 label || i64 value)…
//! ```
//!
//! Labels ascend and each is used; readings ascend by instant, then label: a batch has exactly one encoding.
//! Every reading takes 18 bytes. A denser code, with differences in variable length, was rejected: the length of the
//! ciphertext is visible to whoever holds the database and would tell a quiet home from a busy one.

use std::collections::{BTreeMap, BTreeSet};

use broker_domain::intake::MAX_READINGS;
use broker_domain::reading::{Label, Reading};
use broker_domain::time::Instant;
use thiserror::Error;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const BYTES_PER_READING: usize = 18;

/// Why readings have no encoding, or bytes are not the encoding of readings. Says where, never what.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum InvalidPlaintext {
    /// An encoding that this program does not know.
    #[error("version is not 1")]
    Version,
    /// No reading, or more than a batch holds.
    #[error("a batch holds 1 to {MAX_READINGS} readings")]
    Count,
    /// The bytes end too early or go on too long.
    #[error("length does not fit the counts")]
    Length,
    /// A label that may not be stored, not in order, or not used.
    #[error("label table is not canonical")]
    Labels,
    /// A reading out of order, doubled, or outside the calendar.
    #[error("readings are not in strict order of time and label")]
    Order,
}

/// The one encoding of these readings.
pub(crate) fn encode(readings: &[Reading]) -> Result<Zeroizing<Vec<u8>>, InvalidPlaintext> {
    if readings.is_empty() || readings.len() > MAX_READINGS {
        return Err(InvalidPlaintext::Count);
    }
    let ascends = |(a, b): (&Reading, &Reading)| (a.at, &a.label) < (b.at, &b.label);
    if !readings.iter().zip(readings.iter().skip(1)).all(ascends) {
        return Err(InvalidPlaintext::Order);
    }
    let labels: BTreeSet<&Label> = readings.iter().map(|reading| &reading.label).collect();
    let numbers: BTreeMap<&Label, u16> = labels.into_iter().zip(0_u16..).collect();
    let table: usize = numbers.keys().map(|label| 1 + label.as_str().len()).sum();
    // In one piece: growing would leave copies of the plaintext behind.
    let mut out = Zeroizing::new(Vec::with_capacity(7 + table + readings.len() * BYTES_PER_READING));
    out.push(VERSION);
    out.extend_from_slice(
        &u16::try_from(numbers.len())
            .map_err(|_| InvalidPlaintext::Labels)?
            .to_be_bytes(),
    );
    for label in numbers.keys() {
        out.push(u8::try_from(label.as_str().len()).map_err(|_| InvalidPlaintext::Labels)?);
        out.extend_from_slice(label.as_str().as_bytes());
    }
    out.extend_from_slice(
        &u32::try_from(readings.len())
            .map_err(|_| InvalidPlaintext::Count)?
            .to_be_bytes(),
    );
    for reading in readings {
        let number = numbers.get(&reading.label).ok_or(InvalidPlaintext::Labels)?;
        out.extend_from_slice(&reading.at.as_micros().to_be_bytes());
        out.extend_from_slice(&number.to_be_bytes());
        out.extend_from_slice(&reading.value.to_be_bytes());
    }
    Ok(out)
}

/// The readings with this encoding.
pub(crate) fn decode(mut bytes: &[u8]) -> Result<Vec<Reading>, InvalidPlaintext> {
    let [version] = take(&mut bytes)?;
    if version != VERSION {
        return Err(InvalidPlaintext::Version);
    }
    let labels = decode_labels(&mut bytes)?;
    let count =
        usize::try_from(u32::from_be_bytes(take(&mut bytes)?)).map_err(|_| InvalidPlaintext::Count)?;
    if count == 0 || count > MAX_READINGS {
        return Err(InvalidPlaintext::Count);
    }
    if bytes.len() != count * BYTES_PER_READING {
        return Err(InvalidPlaintext::Length);
    }
    let mut readings: Vec<Reading> = Vec::with_capacity(count);
    let mut used = BTreeSet::new();
    while !bytes.is_empty() {
        let at = Instant::from_micros(i64::from_be_bytes(take(&mut bytes)?))
            .map_err(|_| InvalidPlaintext::Order)?;
        let number = usize::from(u16::from_be_bytes(take(&mut bytes)?));
        let label = labels.get(number).ok_or(InvalidPlaintext::Labels)?;
        let value = i64::from_be_bytes(take(&mut bytes)?);
        if readings
            .last()
            .is_some_and(|last| (last.at, &last.label) >= (at, label))
        {
            return Err(InvalidPlaintext::Order);
        }
        used.insert(number);
        readings.push(Reading {
            at,
            label: label.clone(),
            value,
        });
    }
    if used.len() == labels.len() {
        Ok(readings)
    } else {
        Err(InvalidPlaintext::Labels)
    }
}

fn decode_labels(bytes: &mut &[u8]) -> Result<Vec<Label>, InvalidPlaintext> {
    let count = usize::from(u16::from_be_bytes(take(bytes)?));
    let mut labels: Vec<Label> = Vec::new();
    for _ in 0..count {
        let [length] = take(bytes)?;
        let (text, rest) = bytes
            .split_at_checked(usize::from(length))
            .ok_or(InvalidPlaintext::Length)?;
        *bytes = rest;
        let label = std::str::from_utf8(text)
            .ok()
            .and_then(|text| Label::parse(text).ok())
            .ok_or(InvalidPlaintext::Labels)?;
        if labels.last().is_some_and(|last| *last >= label) {
            return Err(InvalidPlaintext::Labels);
        }
        labels.push(label);
    }
    Ok(labels)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], InvalidPlaintext> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(InvalidPlaintext::Length)?;
    *bytes = rest;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::reading;

    fn sample() -> Vec<Reading> {
        vec![
            reading(0, "east", 1_234_567),
            reading(0, "sinsts", 850),
            reading(600, "east", -1),
        ]
    }

    #[test]
    fn the_bytes_of_version_1_are_frozen() {
        // 2026-11-20T00:00:00Z is 1,795,132,800,000,000 µs = 0x000660a9ecde6000. A failure here means: fix the code,
        // or add a version 2 beside this one.
        let expected = concat!(
            "01",
            "0002",
            "04",
            "65617374",
            "06",
            "73696e737473",
            "00000003",
            "000660a9ecde6000",
            "0000",
            "000000000012d687",
            "000660a9ecde6000",
            "0001",
            "0000000000000352",
            "000660aa10a1a600",
            "0000",
            "ffffffffffffffff",
        );
        assert_eq!(hex::encode(encode(&sample()).unwrap()), expected);
        assert_eq!(decode(&hex::decode(expected).unwrap()), Ok(sample()));
    }

    #[test]
    fn readings_without_order_have_no_encoding() {
        let mut backwards = sample();
        backwards.reverse();
        assert_eq!(encode(&backwards).unwrap_err(), InvalidPlaintext::Order);
        let twice = [sample(), sample()].concat();
        assert_eq!(encode(&twice).unwrap_err(), InvalidPlaintext::Order);
        assert_eq!(encode(&[]).unwrap_err(), InvalidPlaintext::Count);
    }

    #[test]
    fn each_departure_from_the_one_encoding_is_refused() {
        let good = encode(&sample()).unwrap().to_vec();
        let changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            change(&mut bytes);
            decode(&bytes)
        };
        assert_eq!(changed(&|b| b[0] = 2), Err(InvalidPlaintext::Version));
        assert_eq!(changed(&|b| b.push(0)), Err(InvalidPlaintext::Length));
        assert_eq!(
            changed(&|b| b.truncate(b.len() - 1)),
            Err(InvalidPlaintext::Length)
        );
        // The label `east` becomes `zast`, after `sinsts`.
        assert_eq!(changed(&|b| b[4] = b'z'), Err(InvalidPlaintext::Labels));
        assert_eq!(changed(&|b| b[4] = b'E'), Err(InvalidPlaintext::Labels));
        // The second reading takes the label of the first, and so repeats it.
        assert_eq!(changed(&|b| b[46] = 0), Err(InvalidPlaintext::Order));
        assert_eq!(changed(&|b| b[46] = 9), Err(InvalidPlaintext::Labels));
        assert_eq!(changed(&|b| b[18] = 0), Err(InvalidPlaintext::Count));
        assert_eq!(decode(&[]), Err(InvalidPlaintext::Length));
    }

    prop_compose! {
        fn any_reading()(
            seconds in 0_i64..100_000, label in "[a-z]{1,12}", value in any::<i64>(),
        ) -> Option<Reading> {
            let label = Label::parse(&label).ok()?;
            Some(Reading { at: Instant::from_micros(seconds * 1_000_003).unwrap(), label, value })
        }
    }

    proptest! {
        #[test]
        fn readings_survive_their_encoding(readings in prop::collection::vec(any_reading(), 1..200)) {
            let mut readings: Vec<_> = readings.into_iter().flatten().collect();
            readings.sort_by(|a, b| (a.at, &a.label).cmp(&(b.at, &b.label)));
            readings.dedup_by(|a, b| a.at == b.at && a.label == b.label);
            prop_assume!(!readings.is_empty());
            prop_assert_eq!(decode(&encode(&readings).unwrap()), Ok(readings));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn whatever_decodes_is_the_one_encoding_of_itself(
            at in 0_usize..100, byte in any::<u8>(), cut in 0_usize..100,
        ) {
            let mut bytes = encode(&sample()).unwrap().to_vec();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut.saturating_sub(80)));
            if let Ok(readings) = decode(&bytes) {
                prop_assert_eq!(encode(&readings).unwrap().to_vec(), bytes);
            }
        }
    }
}
