//! Leaves of the log itself, other than erasures: recognised by their number, their bodies kept as bytes.

use super::{
    ActorClass, Header, Hour, KeyChange, LeafError, RestoreLeaf, ResumptionLeaf, SystemKind, TimestampLeaf,
};
use crate::{
    tile::MAX_ENTRY_LEN,
    tree::{Hash, LeafIndex},
};

/// Body of a map-root leaf (kind 0x40): `u64be covers || u64be entries || root[32]`.
///
/// It is the last leaf of every batch and covers its own index, so the checkpoint of size S has its map root at
/// S - 1: no searching, and none can be withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapRoot {
    /// The map is built from the leaves before this index.
    pub covers: LeafIndex,
    /// Number of entries: of subject leaves before that index.
    pub entries: u64,
    /// Root of the map.
    pub root: Hash,
}

/// The map-root leaf of a batch, written by the log itself (actor class 0).
pub fn map_root_leaf(hour: Hour, covers: LeafIndex, entries: u64, root: Hash) -> SystemLeaf {
    let (covers, entries) = (covers.get().to_be_bytes(), entries.to_be_bytes());
    SystemLeaf {
        kind: SystemKind::MapRoot,
        actor: None,
        hour,
        body: [covers.as_slice(), &entries, root.as_bytes()].concat(),
    }
}

impl MapRoot {
    fn parse(body: &[u8], actor: u8, len: usize) -> Result<Self, LeafError> {
        let wrong_length = LeafError::WrongLength { len };
        let (covers, rest) = body.split_first_chunk::<8>().ok_or(wrong_length)?;
        let (entries, root) = rest.split_first_chunk::<8>().ok_or(wrong_length)?;
        let root = Hash::from_slice(root).ok_or(wrong_length)?;
        // The log alone writes map roots; any other class would be a second encoding of the same statement.
        if actor != 0 {
            return Err(LeafError::UnknownActor { actor });
        }
        let covers = u64::from_be_bytes(*covers);
        let covers = LeafIndex::new(covers).ok_or(LeafError::NoSuchPlace { index: covers })?;
        Ok(Self {
            covers,
            entries: u64::from_be_bytes(*entries),
            root,
        })
    }
}

/// A leaf of kind 0x40 or 0x42 to 0x47.
///
/// Lengths are checked where the format fixes them: map root ([`MapRoot`]), key change ([`KeyChange`]), timestamp
/// ([`TimestampLeaf`]), restore ([`RestoreLeaf`]), resumption ([`ResumptionLeaf`]), delivery `manifest root[32] || u64be rows || u8 encoding id`.
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

    /// What a map-root leaf says; `None` for the other kinds.
    pub fn map_root(&self) -> Option<MapRoot> {
        let len = self.body.len();
        (self.kind == SystemKind::MapRoot)
            .then(|| MapRoot::parse(&self.body, 0, len).ok())
            .flatten()
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
            SystemKind::MapRoot => MapRoot::parse(body, header.actor, bytes.len()).map(|_| true)?,
            SystemKind::Delivery => body.len() == 41,
            SystemKind::Restore => RestoreLeaf::parse(bytes).map(|_| true)?,
            SystemKind::Change => KeyChange::parse(bytes).map(|_| true)?,
            SystemKind::Resumption => ResumptionLeaf::parse(bytes).map(|_| true)?,
            SystemKind::TimestampToken => TimestampLeaf::parse(bytes).map(|_| true)?,
            SystemKind::Reconciliation | SystemKind::Erasure => {
                !body.is_empty() && bytes.len() <= MAX_ENTRY_LEN
            }
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
