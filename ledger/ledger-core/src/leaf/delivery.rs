//! The delivery leaf (kind 0x46): which rows a delivery to researchers holds, by the root of its manifest.

use std::num::NonZeroU64;

use super::{ActorClass, Header, Hour, LeafError, SystemKind, SystemLeaf};

/// How the rows of a manifest became the leaves of its tree. The numbers are frozen.
///
/// The root of such a tree commits neither to the types of the columns nor to the number of rows, so the leaf names
/// both, and a verifier takes them from here and from nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManifestEncoding {
    /// 1: OpenZeppelin StandardMerkleTree over `["string", "string", "uint256"]`: hexadecimal subject commitment,
    /// hexadecimal scope commitment, count.
    SubjectScopeCount,
}

impl ManifestEncoding {
    /// The number in the leaf.
    pub const fn number(self) -> u8 {
        match self {
            Self::SubjectScopeCount => 1,
        }
    }

    /// `None` for a number without meaning.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::SubjectScopeCount),
            _ => None,
        }
    }
}

/// A delivery was made.
///
/// ```text
/// header[8] || manifest root[32] || u64be rows || u8 encoding id
/// ```
///
/// The actor is always the broker: exactly one spelling of one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryLeaf {
    /// When, in whole hours.
    pub hour: Hour,
    /// Root of the manifest's tree.
    pub root: [u8; 32],
    /// Number of its rows.
    pub rows: NonZeroU64,
    /// How rows become leaves.
    pub encoding: ManifestEncoding,
}

impl DeliveryLeaf {
    /// Length in bytes.
    pub const LEN: usize = 49;

    /// The 49 bytes that stand in the log.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            kind: SystemKind::Delivery.number(),
            actor: ActorClass::Broker.number(),
            hour: self.hour,
        };
        [
            header.to_bytes().as_slice(),
            &self.root,
            &self.rows.get().to_be_bytes(),
            &[self.encoding.number()],
        ]
        .concat()
    }

    /// Reads a delivery leaf strictly.
    ///
    /// # Errors
    /// [`LeafError`]; [`LeafError::UnknownKind`] also for all other leaves, [`LeafError::UnknownActor`] for any actor
    /// but the broker.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let (hour, body) = Header::split_of(bytes, SystemKind::Delivery, ActorClass::Broker.number())?;
        let wrong_length = LeafError::WrongLength { len: bytes.len() };
        let (root, rest) = body.split_first_chunk::<32>().ok_or(wrong_length)?;
        let (rows, rest) = rest.split_first_chunk::<8>().ok_or(wrong_length)?;
        let [encoding] = rest.try_into().map_err(|_| wrong_length)?;
        Ok(Self {
            hour,
            root: *root,
            rows: NonZeroU64::new(u64::from_be_bytes(*rows)).ok_or(LeafError::NoRows)?,
            encoding: ManifestEncoding::from_number(encoding)
                .ok_or(LeafError::UnknownEncoding { encoding })?,
        })
    }
}

impl TryFrom<&SystemLeaf> for DeliveryLeaf {
    type Error = LeafError;

    fn try_from(leaf: &SystemLeaf) -> Result<Self, LeafError> {
        Self::parse(&leaf.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::Leaf;

    fn sample() -> DeliveryLeaf {
        DeliveryLeaf {
            hour: Hour::new(490_896),
            root: std::array::from_fn(|i| u8::try_from(i).unwrap()),
            rows: NonZeroU64::new(3).unwrap(),
            encoding: ManifestEncoding::SubjectScopeCount,
        }
    }

    #[test]
    fn the_bytes_are_frozen() {
        let hex: String = sample()
            .to_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "0146050000077d90000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f000000000000000301"
        );
    }

    #[test]
    fn a_delivery_reads_back_alone_and_among_all_leaves() {
        let bytes = sample().to_bytes();
        assert_eq!(bytes.len(), DeliveryLeaf::LEN);
        assert_eq!(DeliveryLeaf::parse(&bytes), Ok(sample()));
        let Ok(Leaf::System(leaf)) = Leaf::parse(&bytes) else {
            panic!("not a system leaf");
        };
        assert_eq!(DeliveryLeaf::try_from(&leaf), Ok(sample()));
    }

    #[test]
    fn other_bytes_are_refused() {
        let with = |at: usize, value: u8| {
            let mut bytes = sample().to_bytes();
            bytes[at] = value;
            DeliveryLeaf::parse(&bytes)
        };
        assert_eq!(with(0, 2), Err(LeafError::UnknownVersion { version: 2 }));
        assert_eq!(with(1, 0x40), Err(LeafError::UnknownKind { kind: 0x40 }));
        assert_eq!(with(2, 0), Err(LeafError::UnknownActor { actor: 0 }));
        assert_eq!(with(2, 3), Err(LeafError::UnknownActor { actor: 3 }));
        assert_eq!(with(3, 1), Err(LeafError::ReservedNotZero));
        assert_eq!(with(47, 0), Err(LeafError::NoRows));
        for encoding in [0, 2, 255] {
            assert_eq!(with(48, encoding), Err(LeafError::UnknownEncoding { encoding }));
        }
        let bytes = sample().to_bytes();
        for len in 8..bytes.len() {
            let cut = DeliveryLeaf::parse(&bytes[..len]);
            assert_eq!(cut, Err(LeafError::WrongLength { len }));
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(
            DeliveryLeaf::parse(&longer),
            Err(LeafError::WrongLength { len: 50 })
        );
    }
}
