//! Canonical JSON (RFC 8785), with the numbers our records may hold: integers below 2^53.
//!
//! `serde_json` keeps the last of two equal keys without a word, and the canonicaliser rounds large integers. Both are
//! harmless only because every reader demands that the bytes equal `JCS(parse(bytes))`, and that numbers are small.

use std::cmp::Ordering;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Number, Value};

/// 2^53: from here on a JavaScript reader would see another number.
const LIMIT: u64 = 1 << 53;

/// Why JSON was refused.
#[derive(Debug, thiserror::Error)]
pub enum JcsError {
    /// Not JSON, or not of the expected form.
    #[error("not JSON of the expected form")]
    Malformed(#[from] serde_json::Error),
    /// Another spelling than the canonical one: white space, order of keys, duplicate keys, escapes.
    #[error("the JSON is not canonical (RFC 8785)")]
    NotCanonical,
    /// A fraction, an exponent, or an integer of 2^53 or more.
    #[error("a number is not an integer below 2^53")]
    NumberNotAllowed,
}

/// Room for most records.
const ROOM: usize = 1_024;

/// The canonical bytes of a value.
///
/// # Errors
/// [`JcsError::NumberNotAllowed`], or [`JcsError::Malformed`] when the value has no JSON form.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, JcsError> {
    canonical(&serde_json::to_value(value)?)
}

/// Reads bytes that are canonical, both as JSON and as this type: an absent member written as `null` is refused too.
///
/// # Errors
/// Any [`JcsError`].
pub fn parse<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, JcsError> {
    let value: Value = serde_json::from_slice(bytes)?;
    if canonical(&value)? != bytes {
        return Err(JcsError::NotCanonical);
    }
    let typed: T = serde_json::from_value(value)?;
    if to_bytes(&typed)? == bytes {
        Ok(typed)
    } else {
        Err(JcsError::NotCanonical)
    }
}

fn canonical(value: &Value) -> Result<Vec<u8>, JcsError> {
    let mut bytes = Vec::with_capacity(ROOM);
    write(value, &mut bytes)?;
    Ok(bytes)
}

/// Written here and not by `serde_json_canonicalizer`, which takes three times as long: every intake makes two such texts.
/// A property holds the two against each other.
fn write(value: &Value, bytes: &mut Vec<u8>) -> Result<(), JcsError> {
    match value {
        // RFC 8785 §3.2.2.1 and §3.2.2.2: `serde_json` escapes what must be and nothing else, `\u00xx` in lower case.
        Value::Null | Value::Bool(_) | Value::String(_) => serde_json::to_writer(&mut *bytes, value)?,
        Value::Number(number) => {
            check(number)?;
            serde_json::to_writer(&mut *bytes, number)?;
        }
        Value::Array(items) => {
            bytes.push(b'[');
            for (place, item) in items.iter().enumerate() {
                separate(place, bytes);
                write(item, bytes)?;
            }
            bytes.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by(|(a, _), (b, _)| order(a, b));
            bytes.push(b'{');
            for (place, (name, member)) in members.into_iter().enumerate() {
                separate(place, bytes);
                serde_json::to_writer(&mut *bytes, name)?;
                bytes.push(b':');
                write(member, bytes)?;
            }
            bytes.push(b'}');
        }
    }
    Ok(())
}

fn separate(place: usize, bytes: &mut Vec<u8>) {
    if place > 0 {
        bytes.push(b',');
    }
}

/// By UTF-16 code units (RFC 8785 §3.2.3), which for ASCII is the order of the bytes.
fn order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        a.cmp(b)
    } else {
        a.encode_utf16().cmp(b.encode_utf16())
    }
}

/// Integers below 2^53 are written by `serde_json` as RFC 8785 §3.2.2.3 writes them; others are not allowed.
fn check(number: &Number) -> Result<(), JcsError> {
    match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) if positive < LIMIT => Ok(()),
        (None, Some(negative)) if negative.unsigned_abs() < LIMIT => Ok(()),
        _ => Err(JcsError::NumberNotAllowed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any text, and often characters that UTF-16 and UTF-8 put in another order, or that need escapes.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[\u{1}-\u{7f}\u{e9}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{1f600}]{0,4}"
        ]
    }

    fn json() -> impl Strategy<Value = Value> {
        let limit = i64::try_from(LIMIT).unwrap();
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (1 - limit..limit).prop_map(Value::from),
            text().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::vec((text(), inner), 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_another_canonicaliser(value in json()) {
            let bytes = to_bytes(&value).unwrap();
            prop_assert_eq!(&bytes, &serde_json_canonicalizer::to_vec(&value).unwrap());
            prop_assert_eq!(parse::<Value>(&bytes).unwrap(), value);
        }
    }

    #[test]
    fn members_stand_in_the_order_of_utf_16() {
        // RFC 8785 §3.2.3: U+1F600 is written D83D DE00 and comes before U+FB33.
        let text =
            "{\"\\r\":0,\"1\":0,\"\u{80}\":0,\"\u{f6}\":0,\"\u{20ac}\":0,\"\u{1f600}\":0,\"\u{fb33}\":0}";
        let value: Value = parse(text.as_bytes()).unwrap();
        assert_eq!(to_bytes(&value).unwrap(), text.as_bytes());
    }

    #[test]
    fn canonical_json_reads_back() {
        for text in [r#"{"a":1,"b":[-2,9007199254740991],"é":"\n"}"#, "[]", r#""€""#] {
            let value: Value = parse(text.as_bytes()).unwrap();
            assert_eq!(to_bytes(&value).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            r#"{"b":1,"a":2}"#,
            r#"{"a":1, "b":2}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"a":2}"#,
            "[]\n",
            " []",
            r#""\u0041""#,
            r#""\/""#,
        ] {
            assert!(
                matches!(parse::<Value>(text.as_bytes()), Err(JcsError::NotCanonical)),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_a_browser_would_change_are_refused() {
        for text in [
            "9007199254740992",
            "-9007199254740992",
            "1.5",
            "1.0",
            "1e3",
            "-0",
            "18446744073709551616",
        ] {
            assert!(
                matches!(parse::<Value>(text.as_bytes()), Err(JcsError::NumberNotAllowed)),
                "{text}"
            );
        }
        assert!(matches!(
            to_bytes(&(1_u64 << 53)),
            Err(JcsError::NumberNotAllowed)
        ));
        assert!(matches!(to_bytes(&0.5), Err(JcsError::NumberNotAllowed)));
    }
}
