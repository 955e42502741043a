//! Which details a reader believes to be lost: those of the leaves that a restore leaf of the log names, and no others.

use ledger_core::{
    leaf::{RecordNumber, RestoreLeaf},
    tree::LeafIndex,
};

use super::HistoryError;

/// The restore leaves of a file, each where it says that it stands. That they stand there is for the inclusion proof.
#[derive(Clone, Copy)]
pub(crate) struct Restores<'a>(&'a [(LeafIndex, RestoreLeaf)]);

impl<'a> Restores<'a> {
    /// Takes them in the order of the log, so that a file has one spelling; each stands behind all leaves it speaks of.
    pub(crate) fn read(restores: &'a [(LeafIndex, RestoreLeaf)]) -> Result<Self, HistoryError> {
        let mut before = None;
        for (index, leaf) in restores {
            let behind = leaf.lost().is_some_and(|lost| lost.end <= index.get());
            if !behind || before >= Some(*index) {
                return Err(HistoryError::Restore { index: *index });
            }
            before = Some(*index);
        }
        Ok(Self(restores))
    }

    /// Refuses a record without its detail unless a restore lost it.
    pub(crate) fn check_lost(self, n: RecordNumber, index: LeafIndex) -> Result<(), HistoryError> {
        let mut lost = self.0.iter().filter_map(|(_, leaf)| leaf.lost());
        if lost.any(|lost| lost.contains(&index.get())) {
            Ok(())
        } else {
            Err(HistoryError::NotLost { n: n.get() })
        }
    }

    /// The leaves, for the proof.
    pub(crate) fn leaves(self) -> impl Iterator<Item = &'a (LeafIndex, RestoreLeaf)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use ledger_core::leaf::Hour;

    use super::*;

    fn restore(at: u64, known: u64, imported: u64) -> (LeafIndex, RestoreLeaf) {
        let leaf = RestoreLeaf {
            hour: Hour::new(490_896),
            known,
            imported,
            erasures: 0,
        };
        (LeafIndex::new(at).unwrap(), leaf)
    }

    #[test]
    fn only_what_came_back_without_detail_is_lost() {
        let two = [restore(20, 10, 5), restore(40, 30, 8)];
        let restores = Restores::read(&two).unwrap();
        let n = RecordNumber::new(1).unwrap();
        let lost: Vec<_> = (0..50)
            .filter(|at| restores.check_lost(n, LeafIndex::new(*at).unwrap()).is_ok())
            .collect();
        let expected: Vec<_> = (10..15).chain(30..38).collect();
        assert_eq!(lost, expected);
    }

    #[test]
    fn a_restore_of_what_comes_after_it_or_out_of_order_is_refused() {
        for wrong in [
            vec![restore(14, 10, 5)],
            vec![restore(20, u64::MAX, 5)],
            vec![restore(20, 10, 5), restore(20, 10, 5)],
            vec![restore(40, 30, 8), restore(20, 10, 5)],
        ] {
            assert!(matches!(
                Restores::read(&wrong),
                Err(HistoryError::Restore { .. })
            ));
        }
        assert!(Restores::read(&[restore(15, 10, 5)]).is_ok());
    }
}
