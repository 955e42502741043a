//! Leaves of the log itself, other than erasures: recognised by their number, their bodies kept as bytes.

use super::{ActorClass, Header, Hour, LeafError, SystemKind};
use crate::tile::MAX_ENTRY_LEN;

/// A leaf of kind 0x40 or 0x42 to 0x46.
///
/// Lengths are checked where the format fixes them: map root
/// `u64be covers || u64be entries || root[32]`, delivery `manifest root[32] || u64be rows || u8 encoding id`.
/// LIMIT: the bodies of the other kinds are defined when something writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemLeaf {
    /// Which kind.
    pub kind: SystemKind,
    /// Who acted; `None` is the log itself.
    pub actor: Option<ActorClass>,
    /// When, in whole hours.
    pub hour: Hour,
    body: Vec<u8>,
}

impl SystemLeaf {
    /// The bytes after the header.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The bytes that stand in the log.
    pub fn to_bytes(&self) -> Vec<u8> {
        let actor = self.actor.map_or(0, ActorClass::number);
        let header = Header {
            kind: self.kind.number(),
            actor,
            hour: self.hour,
        };
        [header.to_bytes().as_slice(), &self.body].concat()
    }

    /// Reads a system leaf strictly.
    ///
    /// # Errors
    /// [`LeafError`]; [`LeafError::UnknownKind`] also for subject and erasure leaves.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let (header, body) = Header::split(bytes)?;
        let kind = SystemKind::from_number(header.kind)
            .filter(|kind| *kind != SystemKind::Erasure)
            .ok_or(LeafError::UnknownKind { kind: header.kind })?;
        let actor = match header.actor {
            0 => None,
            number => Some(ActorClass::from_number(number).ok_or(LeafError::UnknownActor { actor: number })?),
        };
        let right_length = match kind {
            SystemKind::MapRoot => body.len() == 48,
            SystemKind::Delivery => body.len() == 41,
            SystemKind::Change
            | SystemKind::Reconciliation
            | SystemKind::TimestampToken
            | SystemKind::Restore
            | SystemKind::Erasure => !body.is_empty() && bytes.len() <= MAX_ENTRY_LEN,
        };
        if !right_length {
            return Err(LeafError::WrongLength { len: bytes.len() });
        }
        Ok(Self {
            kind,
            actor,
            hour: header.hour,
            body: body.to_vec(),
        })
    }
}
