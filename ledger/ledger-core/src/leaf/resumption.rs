//! The resumption leaf (kind 0x47): a witness had stopped the log, and it goes on.

use super::{ActorClass, Header, Hour, LeafError, SystemKind, SystemLeaf};
use crate::tree::Hash;

/// A witness showed a checkpoint of this log that was not in its past, the log stopped, and goes on since what was shown
/// is in its past again: the newest data were put back.
///
/// ```text
/// header[8] || SHA-256 of the evidence that was kept[32]
/// ```
///
/// The actor is always the broker: exactly one spelling of one resumption. What was shown stands in the evidence, which
/// its operator keeps and hands out; the leaf keeps it from being denied or exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumptionLeaf {
    /// When, in whole hours.
    pub hour: Hour,
    /// SHA-256 of the file of evidence.
    pub evidence: Hash,
}

impl ResumptionLeaf {
    /// Length in bytes.
    pub const LEN: usize = 40;

    /// The 40 bytes that stand in the log.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            kind: SystemKind::Resumption.number(),
            actor: ActorClass::Broker.number(),
            hour: self.hour,
        };
        [header.to_bytes().as_slice(), self.evidence.as_bytes()].concat()
    }

    /// Reads a resumption leaf strictly.
    ///
    /// # Errors
    /// [`LeafError`]; [`LeafError::UnknownKind`] also for all other leaves, [`LeafError::UnknownActor`] for any actor
    /// but the broker.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let (hour, body) = Header::split_of(bytes, SystemKind::Resumption, ActorClass::Broker.number())?;
        Ok(Self {
            hour,
            evidence: Hash::from_slice(body).ok_or(LeafError::WrongLength { len: bytes.len() })?,
        })
    }
}

impl TryFrom<&SystemLeaf> for ResumptionLeaf {
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
        let leaf = ResumptionLeaf {
            hour: Hour::new(490_896),
            evidence: Hash::new(std::array::from_fn(|i| u8::try_from(i).unwrap())),
        };
        let bytes = leaf.to_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "0147050000077d90000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        );
        assert_eq!(ResumptionLeaf::parse(&bytes), Ok(leaf));
        let Ok(Leaf::System(system)) = Leaf::parse(&bytes) else {
            panic!("not a system leaf");
        };
        assert_eq!(ResumptionLeaf::try_from(&system), Ok(leaf));
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = ResumptionLeaf {
            hour: Hour::new(1),
            evidence: Hash::new([9; 32]),
        }
        .to_bytes();
        for len in 8..bytes.len() {
            let cut = ResumptionLeaf::parse(&bytes[..len]);
            assert_eq!(cut, Err(LeafError::WrongLength { len }));
            assert!(Leaf::parse(&bytes[..len]).is_err());
        }
        assert!(Leaf::parse(&[bytes.as_slice(), &[0]].concat()).is_err());
        for actor in [0, 3] {
            let mut acted = bytes.clone();
            acted[2] = actor;
            assert_eq!(Leaf::parse(&acted), Err(LeafError::UnknownActor { actor }));
        }
    }
}
