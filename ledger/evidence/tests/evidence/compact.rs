//! From the file of everything to the list without records.

use evidence::{
    history::History,
    list::{Detail, Header, Item, List},
};
use ledger_core::leaf::{Commitment, SubjectLeaf};

/// The list of the same head, as an honest broker makes it.
pub fn list_of(history: &History) -> List {
    let key = &history.header.subject_key;
    let known = history.entries.iter().map(|entry| {
        let tag = key.tag(entry.n);
        let bytes = [&entry.header[..], tag.as_bytes(), &[0; 32]].concat();
        let leaf = SubjectLeaf::parse(&bytes).unwrap();
        let text = entry.record.as_str().as_bytes();
        let commitment = Commitment::of(&entry.salt, leaf.kind, entry.n, &tag, text);
        (
            entry.n,
            entry.index,
            SubjectLeaf { commitment, ..leaf },
            Detail::Kept,
        )
    });
    let lost = history.lost.iter().map(|lost| {
        let leaf = SubjectLeaf::parse(&lost.leaf).unwrap();
        (lost.n, lost.index, leaf, Detail::Lost)
    });
    let mut leaves: Vec<_> = known.chain(lost).collect();
    leaves.sort_by_key(|(n, ..)| *n);
    let item = |(_, index, leaf, detail): &(_, _, SubjectLeaf, _)| Item {
        index: *index,
        kind: leaf.kind,
        actor: leaf.actor,
        hour: leaf.hour,
        commitment: leaf.commitment,
        detail: *detail,
    };
    List {
        header: Header {
            log_key: history.header.log_key.clone(),
            checkpoint: history.header.checkpoint.clone(),
            map_root: history.header.map_root.clone(),
            subject_key: key.clone(),
            newest: history.header.newest,
            key_changes: history.proofs.key_changes.clone(),
            restores: history.proofs.restores.clone(),
            consistency: history.proofs.consistency.clone(),
        },
        items: leaves.iter().map(item).collect(),
        log: history.proofs.log.clone(),
        map: history.proofs.map.clone(),
    }
}
