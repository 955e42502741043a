//! The keys of a log one after the other, as the log itself tells them in its key-change leaves.
//!
//! Whoever holds one key of the log follows the changes after it without asking anybody. What this proves is that the
//! holder of each key named the next one: a thief of a key can name a key too, in a log of her own. That such a log is
//! not the one others see is what remembered checkpoints and witnesses are for.

use crate::{
    checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint},
    leaf::KeyChange,
    note::{Note, NoteError, Vkey},
    tree::{LeafIndex, TreeSize},
};

/// The keys of a log from one that the reader trusts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChain {
    /// The trusted key, and the smallest tree that it signs for.
    first: (TreeSize, Vkey),
    /// Those after it; sizes ascend.
    later: Vec<(TreeSize, Vkey)>,
    /// Changes before the trusted key, which nothing here vouches for.
    skipped: usize,
}

/// Why the keys of a log cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyChainError {
    /// Somebody else wrote it.
    #[error("the key change at entry {index} is not signed by the key before it")]
    Unsigned {
        /// Place of the leaf.
        index: LeafIndex,
    },
    /// It states another place than its own.
    #[error("the key change at entry {index} is valid from entry {stated}, not from where it stands")]
    Misplaced {
        /// Place of the leaf.
        index: LeafIndex,
        /// What it states.
        stated: LeafIndex,
    },
    /// The key had been given up.
    #[error(
        "the checkpoint of {size} entries is not signed by the key {key} that signs from {from} entries on"
    )]
    Retired {
        /// Entries of the checkpoint.
        size: TreeSize,
        /// Id of the key that should have signed.
        key: String,
        /// The smallest tree that it signs for.
        from: TreeSize,
    },
    /// The trusted key came later.
    #[error("the checkpoint of {size} entries is older than the key, which signs from {from} entries on")]
    Earlier {
        /// Entries of the checkpoint.
        size: TreeSize,
        /// The smallest tree that the key signs for.
        from: TreeSize,
    },
    /// Malformed, or not signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl KeyChain {
    /// Follows all key changes of a log, in their order, from the trusted key on. Changes up to the one that brought
    /// the trusted key are skipped: their old keys are not known.
    ///
    /// # Errors
    /// [`KeyChainError::Unsigned`], [`KeyChainError::Misplaced`].
    pub fn follow(trusted: &Vkey, changes: &[(LeafIndex, KeyChange)]) -> Result<Self, KeyChainError> {
        let brought = changes
            .iter()
            .rposition(|(_, change)| change.change().new == *trusted.public());
        let skipped = brought.map_or(0, |at| at + 1);
        let from = brought.and_then(|at| changes.get(at));
        let from = from.map_or(TreeSize::ZERO, |(index, _)| index.smallest_tree());
        let mut later = Vec::new();
        let mut current = trusted.clone();
        for (index, change) in changes.iter().skip(skipped) {
            let stated = change.change().valid_from;
            let unsigned = KeyChainError::Unsigned { index: *index };
            current = change.next(&current).ok_or(unsigned)?;
            if stated != *index {
                return Err(KeyChainError::Misplaced {
                    index: *index,
                    stated,
                });
            }
            later.push((index.smallest_tree(), current.clone()));
        }
        Ok(Self {
            first: (from, trusted.clone()),
            later,
            skipped,
        })
    }

    /// The newest key.
    pub fn newest(&self) -> &Vkey {
        let (_, newest) = self.later.last().unwrap_or(&self.first);
        newest
    }

    /// How many changes came after the trusted key.
    pub const fn changes(&self) -> usize {
        self.later.len()
    }

    /// How many changes came before it, and were not verified.
    pub const fn skipped(&self) -> usize {
        self.skipped
    }

    /// Reads a checkpoint that must be signed by the key of its size: one that was given up signs nothing any more,
    /// and a new one nothing before.
    ///
    /// # Errors
    /// [`KeyChainError::Retired`], [`KeyChainError::Earlier`], [`KeyChainError::Checkpoint`].
    pub fn open(&self, bytes: &[u8]) -> Result<SignedCheckpoint, KeyChainError> {
        let note = Note::parse(bytes).map_err(CheckpointError::from)?;
        let claim: Checkpoint = note.text().parse()?;
        let size = claim.size();
        let later = self.later.iter().rfind(|(from, _)| *from <= size);
        let (from, key) = later.unwrap_or(&self.first);
        if size < *from {
            return Err(KeyChainError::Earlier { size, from: *from });
        }
        match SignedCheckpoint::verify(note, std::slice::from_ref(key)) {
            Err(CheckpointError::Note(NoteError::NoKnownKey)) if self.changes() > 0 => {
                Err(KeyChainError::Retired {
                    size,
                    key: key.id().to_string(),
                    from: *from,
                })
            }
            other => Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        leaf::{Hour, UnsignedKeyChange},
        note::{Ed25519Signer, KeyName, NoteSigner},
        tree::leaf_hash,
    };

    fn signer(seed: u8) -> Ed25519Signer {
        Ed25519Signer::from_seed(KeyName::new("log.example").unwrap(), &[seed; 32]).unwrap()
    }

    fn change(old: u8, new: u8, at: u64) -> (LeafIndex, KeyChange) {
        let valid_from = LeafIndex::new(at).unwrap();
        let unsigned = UnsignedKeyChange {
            hour: Hour::new(1),
            new: *signer(new).vkey().public(),
            valid_from,
        };
        (valid_from, unsigned.sign(&signer(old)))
    }

    fn signed(by: &[u8], size: u64) -> Vec<u8> {
        let size = TreeSize::new(size).unwrap();
        let head = Checkpoint::new("log.example", size, leaf_hash(b"x")).unwrap();
        let signers: Vec<_> = by.iter().map(|seed| signer(*seed)).collect();
        let signers: Vec<&dyn NoteSigner> = signers.iter().map(|one| one as &dyn NoteSigner).collect();
        let signed = SignedCheckpoint::sign_all(head, &signers).unwrap();
        signed.note().to_string().into_bytes()
    }

    #[test]
    fn the_first_key_leads_to_the_last() {
        let changes = [change(1, 2, 10), change(2, 3, 20)];
        let chain = KeyChain::follow(signer(1).vkey(), &changes).unwrap();
        assert_eq!((chain.newest(), chain.changes()), (signer(3).vkey(), 2));
        for (by, size, opens) in [
            (1, 10, true),
            (2, 10, false),
            (1, 11, false),
            (2, 11, true),
            (2, 20, true),
            (3, 20, false),
            (2, 21, false),
            (3, 21, true),
            (9, 21, false),
        ] {
            assert_eq!(chain.open(&signed(&[by], size)).is_ok(), opens, "{by} at {size}");
        }
        // While both sign, each reader finds the line she knows.
        assert!(chain.open(&signed(&[1, 2], 15)).is_ok());
        let none = KeyChain::follow(signer(1).vkey(), &[]).unwrap();
        assert!(none.open(&signed(&[1, 2], 15)).is_ok());
    }

    #[test]
    fn a_later_key_begins_where_it_began() {
        let changes = [change(1, 2, 10), change(2, 3, 20)];
        let chain = KeyChain::follow(signer(2).vkey(), &changes).unwrap();
        assert_eq!(
            (chain.newest(), chain.changes(), chain.skipped()),
            (signer(3).vkey(), 1, 1)
        );
        let earlier = chain.open(&signed(&[2], 10));
        assert!(
            matches!(earlier, Err(KeyChainError::Earlier { .. })),
            "{earlier:?}"
        );
    }

    #[test]
    fn a_change_by_anybody_else_or_from_elsewhere_breaks_the_chain() {
        let first = signer(1);
        let unsigned = |changes: &[_]| {
            let followed = KeyChain::follow(first.vkey(), changes);
            matches!(followed, Err(KeyChainError::Unsigned { .. }))
        };
        assert!(unsigned(&[change(5, 2, 10)]));
        assert!(unsigned(&[change(1, 2, 10), change(1, 3, 20)]), "given up");
        assert!(unsigned(&[change(1, 2, 10), change(1, 2, 10), change(2, 3, 20)]));
        let (_, moved) = change(1, 2, 10);
        let moved = KeyChain::follow(first.vkey(), &[(LeafIndex::new(11).unwrap(), moved)]);
        assert!(matches!(moved, Err(KeyChainError::Misplaced { .. })), "{moved:?}");
    }
}
