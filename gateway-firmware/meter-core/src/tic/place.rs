//! Finds a label by its name in constant time, with a table the compiler computes.

use super::label::Label;
use super::labels::LABELS;

/// Rank of a label in [`LABELS`]. No name belongs to both modes, so a name has one place at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u8);

/// Twice as many slots as labels at least, so that a search meets an empty one soon.
const SLOTS: usize = 256;

const EMPTY: u8 = u8::MAX;

impl Place {
    /// The place of the label of that name, whatever its mode.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        let home = hash(name);
        // A slot after the other, around the table once at most; the loop ends at the first empty slot.
        let (before, from_home) = PLACES.split_at_checked(home)?;
        for place in from_home
            .iter()
            .chain(before)
            .take_while(|place| **place != EMPTY)
        {
            let place = Self(*place);
            if place.label()?.name.as_bytes() == name {
                return Some(place);
            }
        }
        None
    }

    /// The label there.
    pub(crate) fn label(self) -> Option<&'static Label> {
        LABELS.get(self.index())
    }

    /// The rank, below [`Place::COUNT`].
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    /// How many places there are.
    pub(super) const COUNT: usize = LABELS.len();
}

/// Open addressing with linear probing: each slot holds the rank of a label, or [`EMPTY`].
static PLACES: [u8; SLOTS] = places();

#[expect(
    clippy::indexing_slicing,
    reason = "runs at compile time, where a wrong index is a build error"
)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "runs at compile time, under the assertion before it"
)]
const fn places() -> [u8; SLOTS] {
    assert!(LABELS.len() < EMPTY as usize && LABELS.len() * 2 <= SLOTS);
    let mut places = [EMPTY; SLOTS];
    let mut rank = 0;
    while rank < LABELS.len() {
        let mut slot = hash(LABELS[rank].name.as_bytes());
        while places[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        places[slot] = rank as u8;
        rank += 1;
    }
    places
}

/// A slot, from all bytes of the name: FNV-1a, its bits mixed once more because the table uses few of them.
const fn hash(name: &[u8]) -> usize {
    let mut sum: u32 = 0x811C_9DC5;
    let mut rest = name;
    while let Some((byte, after)) = rest.split_first() {
        sum = (sum ^ *byte as u32).wrapping_mul(0x0100_0193);
        rest = after;
    }
    (sum ^ (sum >> 15)) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_found_at_its_rank() {
        for (rank, label) in LABELS.iter().enumerate() {
            let place = Place::of(label.name.as_bytes()).unwrap();
            assert_eq!((place.index(), place.label()), (rank, Some(label)));
        }
    }

    #[test]
    fn other_names_have_no_place() {
        for name in ["", "TENSION", "EAS", "EASF00", "EASF011", "SMAXSN1-2", "east"] {
            assert_eq!(Place::of(name.as_bytes()), None, "{name}");
        }
        for letters in 0..=u16::MAX {
            let [a, b] = letters.to_be_bytes();
            assert_eq!(Place::of(&[a, b]), None);
        }
    }

    #[test]
    fn searches_are_short() {
        let probes = |label: &Label| {
            let home = hash(label.name.as_bytes());
            let found = (0..SLOTS).find(|step| {
                LABELS
                    .get(usize::from(PLACES[(home + step) % SLOTS]))
                    .is_some_and(|other| other == label)
            });
            found.unwrap() + 1
        };
        let all: Vec<usize> = LABELS.iter().map(probes).collect();
        assert!(all.iter().sum::<usize>() <= 2 * all.len(), "{all:?}");
        assert!(all.iter().all(|probes| *probes <= 8), "{all:?}");
    }
}
