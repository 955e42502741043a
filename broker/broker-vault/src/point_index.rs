use std::fmt;

use ring::hmac::{HMAC_SHA256, Key, sign};
use zeroize::Zeroizing;

/// The broker's key for meter numbers.
pub struct IndexKey(Zeroizing<[u8; 32]>);

impl IndexKey {
    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKey(hidden)")
    }
}

/// A keyed digest by which a meter number is found without being stored in clear.
///
/// LIMIT: meter numbers have 14 digits, so whoever holds the index key can try them all. The index is personal data;
/// its rows are deleted with the person, and the key lives apart from the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointIndex([u8; 32]);

impl PointIndex {
    /// `HMAC-SHA-256(key, "point-index/v1" || 00 || meter number)`, the number without spaces.
    #[must_use]
    pub fn of(key: &IndexKey, meter_number: &str) -> Self {
        let label = b"point-index/v1\0";
        let mut message = Zeroizing::new(Vec::with_capacity(label.len() + meter_number.len()));
        message.extend_from_slice(label);
        message.extend(meter_number.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        let tag = sign(&Key::new(HMAC_SHA256, key.0.as_ref()), &message);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        Self(bytes)
    }

    /// The bytes, as stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PointIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PointIndex(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(key: u8, number: &str) -> PointIndex {
        PointIndex::of(&IndexKey::from_bytes(Zeroizing::new([key; 32])), number)
    }

    #[test]
    fn the_index_is_frozen_and_ignores_spaces() {
        // Computed apart with Python's hmac.
        let expected = "447ad0c5bce60d0945a21b3291ca678f0539053a747eb76c71f6ae35f5d24118";
        assert_eq!(hex::encode(index(7, "12345678901234").as_bytes()), expected);
        assert_eq!(index(7, "12 345 678 901 234"), index(7, "12345678901234"));
    }

    #[test]
    fn another_number_or_key_gives_another_index() {
        assert_ne!(index(7, "12345678901234"), index(7, "12345678901235"));
        assert_ne!(index(7, "12345678901234"), index(8, "12345678901234"));
    }
}
