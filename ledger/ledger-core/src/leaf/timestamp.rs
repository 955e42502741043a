//! The timestamp leaf (kind 0x44): somebody else's clock said when a checkpoint existed.

use super::{Header, Hour, LeafError, SystemKind, SystemLeaf};
use crate::tree::Hash;

/// A time-stamp token (RFC 3161) was obtained over a checkpoint.
///
/// ```text
/// header[8] || SHA-256 of the token[32]
/// ```
///
/// The actor is the log itself (0). The token, which names its time and its authority, lies beside the log; the leaf
/// keeps it from being exchanged later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampLeaf {
    /// When it was logged, in whole hours.
    pub hour: Hour,
    /// SHA-256 of the token in DER.
    pub token: Hash,
}

impl TimestampLeaf {
    /// Length in bytes.
    pub const LEN: usize = 40;

    /// The 40 bytes that stand in the log.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            kind: SystemKind::TimestampToken.number(),
            actor: 0,
            hour: self.hour,
        };
        [header.to_bytes().as_slice(), self.token.as_bytes()].concat()
    }

    /// Reads a timestamp leaf strictly.
    ///
    /// # Errors
    /// [`LeafError`]; [`LeafError::UnknownKind`] also for all other leaves.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let (hour, body) = Header::split_of(bytes, SystemKind::TimestampToken, 0)?;
        Ok(Self {
            hour,
            token: Hash::from_slice(body).ok_or(LeafError::WrongLength { len: bytes.len() })?,
        })
    }
}

impl TryFrom<&SystemLeaf> for TimestampLeaf {
    type Error = LeafError;

    fn try_from(leaf: &SystemLeaf) -> Result<Self, LeafError> {
        Self::parse(&leaf.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::Leaf;

    #[test]
    fn the_bytes_are_frozen_and_read_back() {
        let leaf = TimestampLeaf {
            hour: Hour::new(490_896),
            token: Hash::new(std::array::from_fn(|i| u8::try_from(i).unwrap())),
        };
        let bytes = leaf.to_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "0144000000077d90000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        );
        assert_eq!(TimestampLeaf::parse(&bytes), Ok(leaf));
        let Ok(Leaf::System(system)) = Leaf::parse(&bytes) else {
            panic!("not a system leaf");
        };
        assert_eq!(TimestampLeaf::try_from(&system), Ok(leaf));
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = TimestampLeaf {
            hour: Hour::new(1),
            token: Hash::new([9; 32]),
        }
        .to_bytes();
        for len in 8..bytes.len() {
            let cut = TimestampLeaf::parse(&bytes[..len]);
            assert_eq!(cut, Err(LeafError::WrongLength { len }));
            assert!(Leaf::parse(&bytes[..len]).is_err());
        }
        assert!(Leaf::parse(&[bytes.as_slice(), &[0]].concat()).is_err());
        let mut acted = bytes;
        acted[2] = 5;
        assert_eq!(Leaf::parse(&acted), Err(LeafError::UnknownActor { actor: 5 }));
    }
}
