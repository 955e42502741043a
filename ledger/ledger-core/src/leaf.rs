//! Leaves of our log: nothing in them is readable, and after erasure nothing links them to a person.
//!
//! Every leaf starts with eight bytes: `version 01 || kind u8 || actor class u8 || 00 || hour u32be`. Kinds 0x01 to
//! 0x3f are about a subject (72 bytes, [`SubjectLeaf`]), kinds from 0x40 on are the log's own ([`SystemLeaf`]).
//! A leaf never holds names, identifiers, exact times or ciphertext.

mod delivery;
mod erasure;
mod key_change;
mod kind;
mod restore;
mod resumption;
mod secret;
mod system;
mod timestamp;

pub use delivery::{DeliveryLeaf, ManifestEncoding};
pub use erasure::{ErasureLeaf, UnsignedErasure};
pub use key_change::{KeyChange, UnsignedKeyChange};
pub use kind::{ActorClass, Hour, SubjectKind, SystemKind};
pub use restore::RestoreLeaf;
pub use resumption::ResumptionLeaf;
pub use secret::{Commitment, ErasureHandle, RecordNumber, Salt, SubjectKey, Tag};
pub use system::{MapRoot, SystemLeaf, map_root_leaf};
pub use timestamp::TimestampLeaf;

/// Length of a subject leaf in bytes.
pub const SUBJECT_LEAF_LEN: usize = 72;

const VERSION: u8 = 0x01;

/// One record about one subject: anyone or anything with a right to a complete list.
///
/// ```text
/// version 01 || kind u8 || actor class u8 || 00 || hour u32be || tag(s,n)[32] || commitment[32]
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubjectLeaf {
    /// Coarse family of the event; the precise one stands inside the commitment.
    pub kind: SubjectKind,
    /// Who acted.
    pub actor: ActorClass,
    /// When, in whole hours: coarse on purpose.
    pub hour: Hour,
    /// Pseudonym of (subject, number), used once.
    pub tag: Tag,
    /// Hides and binds the record.
    pub commitment: Commitment,
}

/// Any leaf of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Kinds 0x01 to 0x0a.
    Subject(SubjectLeaf),
    /// Kind 0x41.
    Erasure(ErasureLeaf),
    /// The other kinds from 0x40 on.
    System(SystemLeaf),
}

/// Why bytes are not a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Another length than the kind demands.
    #[error("a leaf of this kind does not have {len} bytes")]
    WrongLength {
        /// Length found.
        len: usize,
    },
    /// A version we do not know.
    #[error("leaf version {version} is unknown")]
    UnknownVersion {
        /// First byte.
        version: u8,
    },
    /// A kind we do not know.
    #[error("leaf kind {kind:#04x} is unknown")]
    UnknownKind {
        /// Second byte.
        kind: u8,
    },
    /// A class we do not know.
    #[error("actor class {actor} is unknown")]
    UnknownActor {
        /// Third byte.
        actor: u8,
    },
    /// The fourth byte must be zero.
    #[error("the reserved byte is not zero")]
    ReservedNotZero,
    /// A map root covers an index that no log reaches.
    #[error("no log has a leaf {index}")]
    NoSuchPlace {
        /// The index found.
        index: u64,
    },
    /// A delivery in an encoding we do not know.
    #[error("manifest encoding {encoding} is unknown")]
    UnknownEncoding {
        /// Last byte of the leaf.
        encoding: u8,
    },
    /// A change of something we do not know.
    #[error("change {change} is unknown")]
    UnknownChange {
        /// What changes, or the type of a key.
        change: u8,
    },
    /// A delivery about nobody.
    #[error("a delivery has at least one row")]
    NoRows,
}

/// The first eight bytes of every leaf, split but not interpreted.
struct Header {
    kind: u8,
    actor: u8,
    hour: Hour,
}

impl Header {
    fn to_bytes(&self) -> [u8; 8] {
        let [a, b, c, d] = self.hour.get().to_be_bytes();
        [VERSION, self.kind, self.actor, 0, a, b, c, d]
    }

    /// Hour and body of a system leaf that one actor only may write: exactly one spelling of one event.
    fn split_of(bytes: &[u8], kind: SystemKind, actor: u8) -> Result<(Hour, &[u8]), LeafError> {
        let (header, body) = Self::split(bytes)?;
        if header.kind != kind.number() {
            return Err(LeafError::UnknownKind { kind: header.kind });
        }
        if header.actor != actor {
            return Err(LeafError::UnknownActor { actor: header.actor });
        }
        Ok((header.hour, body))
    }

    fn split(leaf: &[u8]) -> Result<(Self, &[u8]), LeafError> {
        let (header, body) = leaf
            .split_first_chunk::<8>()
            .ok_or(LeafError::WrongLength { len: leaf.len() })?;
        let [version, kind, actor, reserved, a, b, c, d] = *header;
        if version != VERSION {
            return Err(LeafError::UnknownVersion { version });
        }
        if reserved != 0 {
            return Err(LeafError::ReservedNotZero);
        }
        Ok((
            Self {
                kind,
                actor,
                hour: Hour::new(u32::from_be_bytes([a, b, c, d])),
            },
            body,
        ))
    }
}

impl SubjectLeaf {
    /// The 72 bytes that stand in the log.
    pub fn to_bytes(&self) -> [u8; SUBJECT_LEAF_LEN] {
        let header = Header {
            kind: self.kind.number(),
            actor: self.actor.number(),
            hour: self.hour,
        };
        let mut bytes = [0; SUBJECT_LEAF_LEN];
        let parts = header
            .to_bytes()
            .into_iter()
            .chain(*self.tag.as_bytes())
            .chain(*self.commitment.as_bytes());
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    /// Reads a subject leaf strictly.
    ///
    /// # Errors
    /// [`LeafError`]; [`LeafError::UnknownKind`] also for system leaves.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let (header, body) = Header::split(bytes)?;
        let kind =
            SubjectKind::from_number(header.kind).ok_or(LeafError::UnknownKind { kind: header.kind })?;
        let actor =
            ActorClass::from_number(header.actor).ok_or(LeafError::UnknownActor { actor: header.actor })?;
        let wrong_length = LeafError::WrongLength { len: bytes.len() };
        let (tag, rest) = body.split_first_chunk::<32>().ok_or(wrong_length)?;
        let commitment: &[u8; 32] = rest.try_into().map_err(|_| wrong_length)?;
        Ok(Self {
            kind,
            actor,
            hour: header.hour,
            tag: Tag::new(*tag),
            commitment: Commitment::new(*commitment),
        })
    }
}

impl Leaf {
    /// Reads any leaf strictly: unknown versions, kinds and actor classes, a reserved byte that is not zero and
    /// wrong lengths are errors.
    ///
    /// # Errors
    /// [`LeafError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let (header, _) = Header::split(bytes)?;
        if header.kind < SystemKind::FIRST {
            return SubjectLeaf::parse(bytes).map(Self::Subject);
        }
        if header.kind == SystemKind::Erasure.number() {
            return ErasureLeaf::parse(bytes).map(Self::Erasure);
        }
        SystemLeaf::parse(bytes).map(Self::System)
    }

    /// The hour the leaf states.
    pub const fn hour(&self) -> Hour {
        match self {
            Self::Subject(leaf) => leaf.hour,
            Self::Erasure(leaf) => leaf.hour(),
            Self::System(leaf) => leaf.hour,
        }
    }
}
