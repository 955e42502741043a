//! Proofs that a tag stands in the map, and that it does not.
//!
//! ```text
//! step     = B u8 || sibling[32]                        from the leaf upwards, B strictly decreasing
//! presence = 01 || step ...
//! absence  = 02                                         of any tag in the empty map
//!          | 03 || other tag[32] || other value[40] || step ...
//! ```
//!
//! In text a proof is the standard base64 of these bytes. Every proof has exactly one encoding; B takes one byte, so a
//! bit beyond 255 cannot be written.

use super::{MAP_VALUE_LEN, MapEntry, MapValue, Side, empty_map_root, inner_hash};
use crate::{leaf::Tag, tree::Hash};

const PRESENCE: u8 = 0x01;
const ABSENCE_IN_THE_EMPTY_MAP: u8 = 0x02;
const ABSENCE: u8 = 0x03;

/// Length of a step in bytes.
const STEP_LEN: usize = 33;

/// One fork on the way from an entry to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapStep {
    /// The first bit where the two sides of the fork differ.
    pub bit: u8,
    /// Hash of the side the path does not take.
    pub sibling: Hash,
}

/// A proof about one tag, not verified; it does not name the tag. Its bits are strictly decreasing by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapProof(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Presence(Vec<MapStep>),
    AbsenceInTheEmptyMap,
    /// The tag's path ends at another entry.
    Absence(MapEntry, Vec<MapStep>),
}

/// Why a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapProofError {
    /// The first byte names no kind of proof.
    #[error("map proof of kind {kind:#04x} is unknown")]
    UnknownKind {
        /// The byte found.
        kind: u8,
    },
    /// The bytes end inside the proof.
    #[error("the map proof is cut short")]
    CutShort,
    /// Bytes follow the proof.
    #[error("the map proof has surplus bytes")]
    Surplus,
    /// The other entry stands at an index no log reaches.
    #[error("the map proof names leaf {index}, which no log has")]
    IndexTooLarge {
        /// The index found.
        index: u64,
    },
    /// The bits of the path must become smaller towards the root.
    #[error("bit {bit} of the map proof is not below bit {before}")]
    NotDecreasing {
        /// The bit found.
        bit: u8,
        /// The bit one step nearer to the leaf.
        before: u8,
    },
    /// A proof of presence was asked for, and this is one of absence.
    #[error("the map proof is one of absence")]
    NotPresence,
    /// A proof of absence was asked for, and this is one of presence.
    #[error("the map proof is one of presence")]
    NotAbsence,
    /// The tag is the one of the other entry: it is present.
    #[error("the tag stands in the map")]
    Present,
    /// The other entry is not where the tag's path ends.
    #[error("the tag and the other entry of the map proof differ at bit {bit} of the path")]
    OtherPath {
        /// Where they part.
        bit: u8,
    },
    /// The empty map was claimed, and this is another.
    #[error("the map is not empty")]
    NotEmpty,
    /// The path leads to another root.
    #[error("the map proof leads to another root")]
    OtherRoot,
}

impl MapProof {
    /// That a tag stands in the map; steps from the leaf upwards, none for a map of one entry.
    ///
    /// # Errors
    /// [`MapProofError::NotDecreasing`].
    pub fn presence(steps: Vec<MapStep>) -> Result<Self, MapProofError> {
        check_decreasing(&steps)?;
        Ok(Self(Kind::Presence(steps)))
    }

    /// That a tag does not stand in the empty map.
    pub const fn absence_in_the_empty_map() -> Self {
        Self(Kind::AbsenceInTheEmptyMap)
    }

    /// That a tag does not stand in the map: its path, steps from the leaf upwards, ends at another entry.
    ///
    /// # Errors
    /// [`MapProofError::NotDecreasing`].
    pub fn absence(other: MapEntry, steps: Vec<MapStep>) -> Result<Self, MapProofError> {
        check_decreasing(&steps)?;
        Ok(Self(Kind::Absence(other, steps)))
    }

    /// What a walk down a well-formed map found: `end` is the entry at the end of the tag's path.
    pub(super) fn of_walk(tag: &Tag, end: Option<MapEntry>, steps: Vec<MapStep>) -> Self {
        Self(match end {
            None => Kind::AbsenceInTheEmptyMap,
            Some(end) if end.tag == *tag => Kind::Presence(steps),
            Some(other) => Kind::Absence(other, steps),
        })
    }

    /// The one encoding of this proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (mut bytes, steps) = match &self.0 {
            Kind::Presence(steps) => (vec![PRESENCE], steps.as_slice()),
            Kind::AbsenceInTheEmptyMap => (vec![ABSENCE_IN_THE_EMPTY_MAP], [].as_slice()),
            Kind::Absence(other, steps) => {
                let value = other.value.to_bytes();
                let bytes = [[ABSENCE].as_slice(), other.tag.as_bytes(), &value].concat();
                (bytes, steps.as_slice())
            }
        };
        for step in steps {
            bytes.push(step.bit);
            bytes.extend_from_slice(step.sibling.as_bytes());
        }
        bytes
    }

    /// Reads a proof strictly.
    ///
    /// # Errors
    /// [`MapProofError`]: unknown kind, cut short, surplus bytes, an impossible index, bits that do not decrease.
    pub fn parse(bytes: &[u8]) -> Result<Self, MapProofError> {
        let (&kind, rest) = bytes.split_first().ok_or(MapProofError::CutShort)?;
        match kind {
            PRESENCE => Self::presence(parse_steps(rest)?),
            ABSENCE_IN_THE_EMPTY_MAP if rest.is_empty() => Ok(Self::absence_in_the_empty_map()),
            ABSENCE_IN_THE_EMPTY_MAP => Err(MapProofError::Surplus),
            ABSENCE => {
                let (tag, rest) = rest.split_first_chunk::<32>().ok_or(MapProofError::CutShort)?;
                let (value, rest) = rest
                    .split_first_chunk::<MAP_VALUE_LEN>()
                    .ok_or(MapProofError::CutShort)?;
                let other = MapEntry {
                    tag: Tag::new(*tag),
                    value: parse_value(value)?,
                };
                Self::absence(other, parse_steps(rest)?)
            }
            kind => Err(MapProofError::UnknownKind { kind }),
        }
    }

    /// Verifies that `tag` stands with `value` in the map with this root.
    ///
    /// # Errors
    /// [`MapProofError::NotPresence`], [`MapProofError::OtherRoot`].
    pub fn verify_presence(&self, tag: &Tag, value: &MapValue, root: &Hash) -> Result<(), MapProofError> {
        let Kind::Presence(steps) = &self.0 else {
            return Err(MapProofError::NotPresence);
        };
        let entry = MapEntry {
            tag: *tag,
            value: *value,
        };
        leads_to(&entry, steps, root)
    }

    /// Verifies that `tag` does not stand in the map with this root, **if the map was built correctly**: whoever
    /// builds a map can put an entry in a wrong place, where its absence is "proven". An auditor's replay finds that.
    ///
    /// # Errors
    /// [`MapProofError::NotAbsence`], [`MapProofError::Present`], [`MapProofError::OtherPath`],
    /// [`MapProofError::NotEmpty`], [`MapProofError::OtherRoot`].
    pub fn verify_absence(&self, tag: &Tag, root: &Hash) -> Result<(), MapProofError> {
        let (other, steps) = match &self.0 {
            Kind::Presence(_) => return Err(MapProofError::NotAbsence),
            Kind::AbsenceInTheEmptyMap if *root == empty_map_root() => return Ok(()),
            Kind::AbsenceInTheEmptyMap => return Err(MapProofError::NotEmpty),
            Kind::Absence(other, steps) => (other, steps),
        };
        if other.tag == *tag {
            return Err(MapProofError::Present);
        }
        // The tag's own path must lead to the other entry: bits that are not listed do not fork, so an agreement at
        // every listed bit is all that counts.
        let parting = steps
            .iter()
            .find(|step| Side::of(&other.tag, step.bit) != Side::of(tag, step.bit));
        if let Some(step) = parting {
            return Err(MapProofError::OtherPath { bit: step.bit });
        }
        leads_to(other, steps, root)
    }
}

fn leads_to(entry: &MapEntry, steps: &[MapStep], root: &Hash) -> Result<(), MapProofError> {
    let reached = steps
        .iter()
        .fold(entry.hash(), |hash, step| match Side::of(&entry.tag, step.bit) {
            Side::Left => inner_hash(step.bit, &hash, &step.sibling),
            Side::Right => inner_hash(step.bit, &step.sibling, &hash),
        });
    if reached == *root {
        Ok(())
    } else {
        Err(MapProofError::OtherRoot)
    }
}

fn check_decreasing(steps: &[MapStep]) -> Result<(), MapProofError> {
    let pairs = steps.iter().zip(steps.iter().skip(1));
    match pairs.into_iter().find(|(lower, upper)| upper.bit >= lower.bit) {
        None => Ok(()),
        Some((lower, upper)) => Err(MapProofError::NotDecreasing {
            bit: upper.bit,
            before: lower.bit,
        }),
    }
}

fn parse_steps(bytes: &[u8]) -> Result<Vec<MapStep>, MapProofError> {
    let (steps, rest) = bytes.as_chunks::<STEP_LEN>();
    if !rest.is_empty() {
        return Err(MapProofError::CutShort);
    }
    // A longer path cannot decrease at every step: refused before memory is spent on it.
    if let Some([bit, ..]) = steps.get(256) {
        return Err(MapProofError::NotDecreasing { bit: *bit, before: 0 });
    }
    let steps = steps.iter().map(|[bit, sibling @ ..]| MapStep {
        bit: *bit,
        sibling: Hash::new(*sibling),
    });
    Ok(steps.collect())
}

fn parse_value(bytes: &[u8; MAP_VALUE_LEN]) -> Result<MapValue, MapProofError> {
    MapValue::from_bytes(bytes).ok_or_else(|| {
        let index = bytes.first_chunk::<8>().copied().map_or(0, u64::from_be_bytes);
        MapProofError::IndexTooLarge { index }
    })
}
