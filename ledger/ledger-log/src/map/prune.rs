//! Part of the map with the paths to many tags, made in one walk.

use ledger_core::{
    leaf::Tag,
    map::{PrunedMap, PrunedMapError, PrunedMapWriter, Side, sent},
    tree::Hash,
};

use super::{
    MapFault, MapSnapshot,
    base::Base,
    bucket::{Bucket, Scratch},
    damaged,
    trunk::{GROUP, GROUP_BITS, Group, HEAP, Place, Trunk},
};

impl MapSnapshot {
    /// The part of the map that shows that all of `present` are there and none of `absent`; it verifies against
    /// [`Self::root`]. Each touched bucket of the base file is read once.
    ///
    /// # Errors
    /// [`MapFault::Question`] when the map says otherwise; [`MapFault::Damaged`] or [`MapFault::Io`] when the base file
    /// can no longer be read.
    pub fn prune(&self, present: &[Tag], absent: &[Tag]) -> Result<PrunedMap, MapFault> {
        let mut present = present.to_vec();
        present.sort_unstable();
        let mut pruner = Pruner {
            base: &self.base,
            writer: PrunedMapWriter::default(),
            scratch: Scratch::default(),
        };
        if self.tip().is_some() {
            pruner.trunk(&self.trunk, Place::ROOT, &present, absent)?;
        } else if !present.is_empty() {
            return Err(PrunedMapError::Missing.into());
        }
        Ok(pruner.writer.finish())
    }
}

struct Pruner<'a> {
    base: &'a Base,
    writer: PrunedMapWriter,
    scratch: Scratch,
}

impl Pruner<'_> {
    /// The part of the trunk from this place down.
    fn trunk(&mut self, trunk: &Trunk, at: Place, present: &[Tag], absent: &[Tag]) -> Result<(), MapFault> {
        if present.is_empty() && absent.is_empty() {
            return self.folded(trunk.at(at.node));
        }
        if trunk.is_group(at) {
            let group = trunk.group(at).ok_or(damaged("a group has no place"))?;
            return self.group(group, 0, at.number, present, absent);
        }
        let (left, right) = (at.left(), at.right());
        // Where one side is empty the map has no fork: all tags go on in the other, whatever their bits.
        match (trunk.at(left.node), trunk.at(right.node)) {
            (Some(_), Some(_)) => {
                self.writer.fork(at.depth);
                for (side, below) in [(Side::Left, left), (Side::Right, right)] {
                    let (present, absent) = (sent(present, at.depth, side), sent(absent, at.depth, side));
                    self.trunk(trunk, below, &present, &absent)?;
                }
                Ok(())
            }
            (Some(_), None) => self.trunk(trunk, left, present, absent),
            (None, Some(_)) => self.trunk(trunk, right, present, absent),
            (None, None) => Err(damaged("a fork of the map has no side")),
        }
    }

    /// A node of a group's heap.
    fn group(
        &mut self,
        group: &Group,
        node: usize,
        number: u32,
        present: &[Tag],
        absent: &[Tag],
    ) -> Result<(), MapFault> {
        if present.is_empty() && absent.is_empty() {
            return self.folded(group.at(node));
        }
        if node >= HEAP - GROUP {
            return self.bucket(group, number, present, absent);
        }
        let (left, right) = (2 * node + 1, 2 * node + 2);
        match (group.at(left), group.at(right)) {
            (Some(_), Some(_)) => {
                // The root of the heap has level 0, its children level 1, and so on.
                let level = u8::try_from((node + 1).ilog2()).unwrap_or(GROUP_BITS);
                let bit = self.base.bits() - GROUP_BITS + level;
                self.writer.fork(bit);
                for (side, below, last) in [(Side::Left, left, 0), (Side::Right, right, 1)] {
                    let (present, absent) = (sent(present, bit, side), sent(absent, bit, side));
                    self.group(group, below, (number << 1) | last, &present, &absent)?;
                }
                Ok(())
            }
            (Some(_), None) => self.group(group, left, number << 1, present, absent),
            (None, Some(_)) => self.group(group, right, (number << 1) | 1, present, absent),
            (None, None) => Err(damaged("a group of the map is empty")),
        }
    }

    fn bucket(
        &mut self,
        group: &Group,
        number: u32,
        present: &[Tag],
        absent: &[Tag],
    ) -> Result<(), MapFault> {
        let stored = self.base.bucket(number, &mut self.scratch.bytes)?;
        let newer = group.newer(number, self.base.bits());
        let bucket = Bucket::merge(stored, newer, &mut self.scratch.slots)?;
        bucket.prune(&mut self.writer, present, absent)
    }

    fn folded(&mut self, hash: Option<Hash>) -> Result<(), MapFault> {
        let hash = hash.ok_or(damaged("a subtree of the map has no hash"))?;
        self.writer.folded(&hash);
        Ok(())
    }
}
