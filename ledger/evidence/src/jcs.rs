//! Canonical JSON (RFC 8785), with the numbers our records may hold: integers below 2^53.
//!
//! `serde_json` keeps the last of two equal keys without a word, and the canonicaliser rounds large integers. Both are
//! harmless only because every reader demands that the bytes equal `JCS(parse(bytes))`, and that numbers are small.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

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

/// The canonical bytes of a value.
///
/// # Errors
/// [`JcsError::NumberNotAllowed`], or [`JcsError::Malformed`] when the value has no JSON form.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, JcsError> {
    let value = serde_json::to_value(value)?;
    check_numbers(&value)?;
    Ok(serde_json_canonicalizer::to_vec(&value)?)
}

/// Reads bytes that are canonical, both as JSON and as this type: an absent member written as `null` is refused too.
///
/// # Errors
/// Any [`JcsError`].
pub fn parse<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, JcsError> {
    let value: Value = serde_json::from_slice(bytes)?;
    check_numbers(&value)?;
    if serde_json_canonicalizer::to_vec(&value)? != bytes {
        return Err(JcsError::NotCanonical);
    }
    let typed: T = serde_json::from_value(value)?;
    if to_bytes(&typed)? == bytes {
        Ok(typed)
    } else {
        Err(JcsError::NotCanonical)
    }
}

fn check_numbers(value: &Value) -> Result<(), JcsError> {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(positive), _) if positive < LIMIT => Ok(()),
            (None, Some(negative)) if negative.unsigned_abs() < LIMIT => Ok(()),
            _ => Err(JcsError::NumberNotAllowed),
        },
        Value::Array(items) => items.iter().try_for_each(check_numbers),
        Value::Object(members) => members.values().try_for_each(check_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
