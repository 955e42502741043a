//! The restore leaf (kind 0x45): the detail store was put back from an older copy, and what that cost.

use std::ops::Range;

use super::{ActorClass, Header, Hour, LeafError, SystemKind, SystemLeaf};

/// A backup of the detail store was restored, the leaves it lacked taken back from the public log, and the erasures
/// carried out again.
///
/// ```text
/// header[8] || u64be leaves of the restored copy || u64be leaves imported || u32be subjects erased again
/// ```
///
/// The actor is always the broker: exactly one spelling of one restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoreLeaf {
    /// When, in whole hours.
    pub hour: Hour,
    /// Leaves that the restored copy had.
    pub known: u64,
    /// Leaves behind them that were taken from the public log. The details that belonged to them are lost.
    pub imported: u64,
    /// Subjects that were in the copy and had been erased since.
    pub erasures: u32,
}

impl RestoreLeaf {
    /// Length in bytes.
    pub const LEN: usize = 28;

    /// The 28 bytes that stand in the log.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            kind: SystemKind::Restore.number(),
            actor: ActorClass::Broker.number(),
            hour: self.hour,
        };
        [
            header.to_bytes().as_slice(),
            &self.known.to_be_bytes(),
            &self.imported.to_be_bytes(),
            &self.erasures.to_be_bytes(),
        ]
        .concat()
    }

    /// The leaves whose details it lost: those that came back from the public log. `None` where no log has so many.
    pub fn lost(&self) -> Option<Range<u64>> {
        Some(self.known..self.known.checked_add(self.imported)?)
    }

    /// Reads a restore leaf strictly.
    ///
    /// # Errors
    /// [`LeafError`]; [`LeafError::UnknownKind`] also for all other leaves, [`LeafError::UnknownActor`] for any actor
    /// but the broker.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let (hour, body) = Header::split_of(bytes, SystemKind::Restore, ActorClass::Broker.number())?;
        let wrong_length = LeafError::WrongLength { len: bytes.len() };
        let (known, rest) = body.split_first_chunk::<8>().ok_or(wrong_length)?;
        let (imported, rest) = rest.split_first_chunk::<8>().ok_or(wrong_length)?;
        let erasures: [u8; 4] = rest.try_into().map_err(|_| wrong_length)?;
        Ok(Self {
            hour,
            known: u64::from_be_bytes(*known),
            imported: u64::from_be_bytes(*imported),
            erasures: u32::from_be_bytes(erasures),
        })
    }
}

impl TryFrom<&SystemLeaf> for RestoreLeaf {
    type Error = LeafError;

    fn try_from(leaf: &SystemLeaf) -> Result<Self, LeafError> {
        Self::parse(&leaf.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::Leaf;

    const SAMPLE: RestoreLeaf = RestoreLeaf {
        hour: Hour::new(490_896),
        known: 0x0102_0304_0506_0708,
        imported: 513,
        erasures: 2,
    };

    #[test]
    fn the_bytes_are_frozen() {
        let hex: String = SAMPLE
            .to_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex, "0145050000077d900102030405060708000000000000020100000002");
    }

    #[test]
    fn a_restore_reads_back_alone_and_among_all_leaves() {
        let bytes = SAMPLE.to_bytes();
        assert_eq!(bytes.len(), RestoreLeaf::LEN);
        assert_eq!(RestoreLeaf::parse(&bytes), Ok(SAMPLE));
        let Ok(Leaf::System(leaf)) = Leaf::parse(&bytes) else {
            panic!("not a system leaf");
        };
        assert_eq!(RestoreLeaf::try_from(&leaf), Ok(SAMPLE));
    }

    #[test]
    fn what_came_back_is_lost() {
        assert_eq!(SAMPLE.lost(), Some(SAMPLE.known..SAMPLE.known + 513));
        let endless = RestoreLeaf {
            known: u64::MAX,
            ..SAMPLE
        };
        assert_eq!(endless.lost(), None);
    }

    #[test]
    fn other_bytes_are_refused() {
        let with = |at: usize, value: u8| {
            let mut bytes = SAMPLE.to_bytes();
            bytes[at] = value;
            (RestoreLeaf::parse(&bytes), Leaf::parse(&bytes).is_err())
        };
        let unknown_version = LeafError::UnknownVersion { version: 2 };
        assert_eq!(with(0, 2), (Err(unknown_version), true));
        assert_eq!(with(1, 0x46).0, Err(LeafError::UnknownKind { kind: 0x46 }));
        for actor in [0, 3] {
            assert_eq!(with(2, actor), (Err(LeafError::UnknownActor { actor }), true));
        }
        assert_eq!(with(3, 1), (Err(LeafError::ReservedNotZero), true));
        let bytes = SAMPLE.to_bytes();
        for len in 8..bytes.len() {
            let cut = RestoreLeaf::parse(&bytes[..len]);
            assert_eq!(cut, Err(LeafError::WrongLength { len }));
            assert!(Leaf::parse(&bytes[..len]).is_err());
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(
            RestoreLeaf::parse(&longer),
            Err(LeafError::WrongLength { len: 29 })
        );
    }
}
