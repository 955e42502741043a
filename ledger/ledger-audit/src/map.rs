//! The map built again from the entries, compared with every map root that stands among them.

use ledger_core::{
    leaf::{Leaf, MapRoot},
    map::{MapEntry, MapError, MapTree},
    tree::LeafIndex,
};

use crate::report::{Failure, Report, refused};

/// The map of the entries taken so far.
#[derive(Default)]
pub struct MapAudit {
    tree: MapTree,
    roots: u64,
    newest: Option<LeafIndex>,
}

impl MapAudit {
    /// Takes the next entry of the log.
    ///
    /// # Errors
    /// A tag that was used before, or a map root that is not that of the entries before it.
    pub fn take(&mut self, index: LeafIndex, leaf: &Leaf, bytes: &[u8]) -> Result<(), Failure> {
        if let Some(entry) = MapEntry::of_leaf(index, bytes).map_err(refused)? {
            return self.tree.insert(entry).map_err(|error| match error {
                MapError::Repeated { first, again } => {
                    Failure::Refused(format!("entries {first} and {again} have the same tag"))
                }
                full @ MapError::Full => refused(full),
            });
        }
        match leaf {
            Leaf::System(system) => system
                .map_root()
                .map_or(Ok(()), |root| self.compare(index, &root)),
            Leaf::Subject(_) | Leaf::Erasure(_) => Ok(()),
        }
    }

    fn compare(&mut self, index: LeafIndex, stated: &MapRoot) -> Result<(), Failure> {
        let refuse = |what: &str| Err(Failure::Refused(format!("the map root at entry {index} {what}")));
        if stated.covers != index {
            return refuse("does not cover exactly the entries before it");
        }
        if u64::try_from(self.tree.len()) != Ok(stated.entries) {
            return refuse("counts another number of entries about subjects");
        }
        if self.tree.root() != stated.root {
            return refuse("is not that of the entries before it: somebody can be shown an incomplete list");
        }
        self.roots += 1;
        self.newest = Some(index);
        Ok(())
    }

    /// Checks that the log ends in a map root, and says what was found.
    ///
    /// # Errors
    /// Entries after the last map root: no list can be proven complete under this checkpoint.
    pub fn conclude(&self, report: &mut Report, last: Option<LeafIndex>) -> Result<(), Failure> {
        if self.newest != last {
            return Err(Failure::Refused(
                "the last entry of the log is not the root of its map".to_owned(),
            ));
        }
        let (entries, roots) = (self.tree.len(), self.roots);
        report.check(format!(
            "Every entry is a well-formed leaf; {entries} are about subjects, and no tag is used twice."
        ));
        report.check(format!(
            "All {roots} map roots were recomputed from the entries before them, and the log ends in one."
        ));
        report.detail("subject_leaves", entries);
        report.detail("map_roots", roots);
        Ok(())
    }
}
