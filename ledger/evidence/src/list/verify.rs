//! The participant check of `ledger.md` §11, without the opening of records.

use ledger_core::{
    checkpoint::SignedCheckpoint,
    leaf::{RecordNumber, SubjectLeaf},
    map::{MapEntry, MapValue},
    note::Vkey,
    tree::{LeafIndex, leaf_hash},
};

use super::{Detail, Item, List};
use crate::{
    bundle::KeySource,
    history::{HistoryError, Remembered, claim::Claim},
};

/// A list that verified: these leaves, and no others, are in the log for this subject.
#[derive(Clone, Debug)]
pub struct VerifiedList {
    /// The records, in the order of their numbers.
    pub records: Vec<ListedRecord>,
    /// Head of the log.
    pub checkpoint: SignedCheckpoint,
    /// Whose word the log's key is.
    pub log_key: KeySource,
    /// How often the log changed its key since the one expected, each time under the key before.
    pub key_changes: usize,
    /// What to remember for the next time.
    pub remember: Remembered,
}

/// A record of a list that verified: what a detail must open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedRecord {
    /// Its number.
    pub n: RecordNumber,
    /// Place of its leaf.
    pub index: LeafIndex,
    /// The leaf: kind, class, hour and commitment.
    pub leaf: SubjectLeaf,
    /// Whether it can be opened: lost ones are covered by a restore leaf of the log.
    pub detail: Detail,
}

impl List {
    /// Checks that these leaves, and no others, stand in the log for this subject (`ledger.md` §11). What they commit
    /// to is not looked at.
    ///
    /// # Errors
    /// Any [`HistoryError`].
    pub fn verify(
        &self,
        expected_log_key: Option<&Vkey>,
        remembered: Option<&Remembered>,
    ) -> Result<VerifiedList, HistoryError> {
        let claim = self.claim();
        let head = claim.head(expected_log_key, remembered)?;
        let records: Vec<_> = (1..=self.header.newest.get())
            .filter_map(RecordNumber::new)
            .zip(&self.items)
            .map(|(n, item)| self.listed(n, item))
            .collect();
        if u64::try_from(self.items.len()) != Ok(self.header.newest.get()) {
            return Err(HistoryError::Numbers {
                newest: self.header.newest.get(),
                records: self.items.len(),
            });
        }
        let present: Vec<_> = records.iter().map(entry).collect();
        let lost = records.iter().filter(|record| record.detail == Detail::Lost);
        let lost = lost.map(|record| (record.n, record.index));
        head.check(&present, lost, &self.log, &self.map)?;
        Ok(VerifiedList {
            records,
            remember: head.remember(),
            checkpoint: head.checkpoint,
            log_key: head.log_key,
            key_changes: head.key_changes,
        })
    }

    fn claim(&self) -> Claim<'_> {
        let header = &self.header;
        Claim {
            log_key: &header.log_key,
            checkpoint: &header.checkpoint,
            map_root: &header.map_root,
            subject_key: &header.subject_key,
            newest: header.newest,
            key_changes: &header.key_changes,
            restores: &header.restores,
            consistency: header.consistency.as_ref(),
        }
    }

    fn listed(&self, n: RecordNumber, item: &Item) -> ListedRecord {
        ListedRecord {
            n,
            index: item.index,
            detail: item.detail,
            leaf: SubjectLeaf {
                kind: item.kind,
                actor: item.actor,
                hour: item.hour,
                tag: self.header.subject_key.tag(n),
                commitment: item.commitment,
            },
        }
    }
}

fn entry(record: &ListedRecord) -> MapEntry {
    MapEntry {
        tag: record.leaf.tag,
        value: MapValue {
            index: record.index,
            leaf: leaf_hash(&record.leaf.to_bytes()),
        },
    }
}
