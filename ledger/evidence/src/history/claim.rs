//! What a history and a list both claim: these leaves, and no others, are this subject's. Steps 1 to 6 of `ledger.md`
//! §11, but for the opening of records.

use ledger_core::{
    checkpoint::SignedCheckpoint,
    key_chain::KeyChain,
    leaf::{KeyChange, Leaf, MapRoot, RecordNumber, RestoreLeaf, SubjectKey},
    map::{MapEntry, PrunedMap},
    note::Vkey,
    tree::{Hash, LeafIndex, leaf_hash, verify_consistency, verify_inclusion_of_many},
};

use super::{Consistency, HistoryError, Remembered, restores::Restores, verify::window};
use crate::bundle::KeySource;

/// The small members of a file, whichever its format.
pub(crate) struct Claim<'a> {
    pub(crate) log_key: &'a Vkey,
    pub(crate) checkpoint: &'a str,
    pub(crate) map_root: &'a [u8],
    pub(crate) subject_key: &'a SubjectKey,
    pub(crate) newest: RecordNumber,
    pub(crate) key_changes: &'a [(LeafIndex, KeyChange)],
    pub(crate) restores: &'a [(LeafIndex, RestoreLeaf)],
    pub(crate) consistency: Option<&'a Consistency>,
}

/// A claim whose head is the log's, and no older than what the reader remembers.
pub(crate) struct Headed<'a> {
    claim: &'a Claim<'a>,
    map_root: (LeafIndex, MapRoot),
    restores: Restores<'a>,
    pub(crate) checkpoint: SignedCheckpoint,
    pub(crate) log_key: KeySource,
    pub(crate) key_changes: usize,
}

impl Claim<'_> {
    /// Steps 1, 2, 3 and 6.
    pub(crate) fn head(
        &self,
        expected_log_key: Option<&Vkey>,
        remembered: Option<&Remembered>,
    ) -> Result<Headed<'_>, HistoryError> {
        let chain = self.chain(expected_log_key.unwrap_or(self.log_key))?;
        let checkpoint = chain.open(self.checkpoint.as_bytes())?;
        if let Some(remembered) = remembered {
            self.check_memory(&checkpoint, remembered)?;
        }
        Ok(Headed {
            claim: self,
            map_root: self.map_root(&checkpoint)?,
            restores: Restores::read(self.restores)?,
            checkpoint,
            log_key: match expected_log_key {
                None => KeySource::Evidence,
                Some(_) => KeySource::Pinned,
            },
            key_changes: chain.changes(),
        })
    }

    /// Step 1: from the key that the reader trusts to the key of the file. That the changes stand in the log is proven
    /// with the records.
    fn chain(&self, trusted: &Vkey) -> Result<KeyChain, HistoryError> {
        let chain = KeyChain::follow(trusted, self.key_changes)?;
        if chain.newest() == self.log_key {
            Ok(chain)
        } else {
            Err(HistoryError::OtherLog)
        }
    }

    /// Steps 2 and 6: the log and the list only ever grow.
    fn check_memory(&self, now: &SignedCheckpoint, then: &Remembered) -> Result<(), HistoryError> {
        if now.size() < then.size {
            return Err(HistoryError::Rewound {
                size: now.size(),
                remembered: then.size,
            });
        }
        if self.newest < then.newest {
            return Err(HistoryError::FewerRecords {
                newest: self.newest.get(),
                remembered: then.newest.get(),
            });
        }
        let no_proof = HistoryError::NoConsistency { size: then.size };
        let hashes = match self.consistency {
            Some(proof) if proof.size == then.size => proof.hashes.as_slice(),
            _ if now.size() == then.size => &[],
            _ => return Err(no_proof),
        };
        verify_consistency(then.size, now.size(), &then.root, &now.root(), hashes)
            .map_err(HistoryError::Inconsistent)
    }

    /// Step 3: the last leaf is a map root that covers everything before it.
    fn map_root(&self, checkpoint: &SignedCheckpoint) -> Result<(LeafIndex, MapRoot), HistoryError> {
        let at = checkpoint.size().last_index().ok_or(HistoryError::NoMapRoot)?;
        match Leaf::parse(self.map_root) {
            Ok(Leaf::System(leaf)) => leaf
                .map_root()
                .filter(|root| root.covers == at)
                .map(|root| (at, root))
                .ok_or(HistoryError::NoMapRoot),
            _ => Err(HistoryError::NoMapRoot),
        }
    }
}

impl Headed<'_> {
    /// Steps 4 and 5: `present` are all in the log and in its map, and the next numbers are not; the details of the
    /// `lost` ones among them were lost in a restore that stands in the log.
    pub(crate) fn check(
        &self,
        present: &[MapEntry],
        lost: impl IntoIterator<Item = (RecordNumber, LeafIndex)>,
        log: &[Hash],
        map: &PrunedMap,
    ) -> Result<(), HistoryError> {
        self.check_inclusion(present, log)?;
        let absent: Vec<_> = window(self.claim.newest)
            .map(|n| self.claim.subject_key.tag(n))
            .collect();
        map.verify(present, &absent, &self.map_root.1.root)
            .map_err(HistoryError::Map)?;
        lost.into_iter()
            .try_for_each(|(n, index)| self.restores.check_lost(n, index))
    }

    /// What to remember of a claim that held.
    pub(crate) fn remember(&self) -> Remembered {
        Remembered {
            size: self.checkpoint.size(),
            root: self.checkpoint.root(),
            newest: self.claim.newest,
        }
    }

    /// All leaves, the map root, the changes of the key and the restores stand in the tree of the checkpoint, each in a
    /// place of its own.
    fn check_inclusion(&self, present: &[MapEntry], log: &[Hash]) -> Result<(), HistoryError> {
        let mut leaves: Vec<_> = present
            .iter()
            .map(|entry| (entry.value.index, entry.value.leaf))
            .collect();
        leaves.push((self.map_root.0, leaf_hash(self.claim.map_root)));
        let changes = self.claim.key_changes.iter();
        leaves.extend(changes.map(|(index, change)| (*index, leaf_hash(&change.to_bytes()))));
        let restores = self.restores.leaves();
        leaves.extend(restores.map(|(index, restore)| (*index, leaf_hash(&restore.to_bytes()))));
        leaves.sort_unstable_by_key(|(index, _)| *index);
        if leaves
            .windows(2)
            .any(|pair| matches!(pair, [(a, _), (b, _)] if a == b))
        {
            return Err(HistoryError::SameLeaf);
        }
        let checkpoint = &self.checkpoint;
        verify_inclusion_of_many(&leaves, checkpoint.size(), log, &checkpoint.root())
            .map_err(HistoryError::Inclusion)
    }
}
