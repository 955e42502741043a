//! Trunks that are written while others are read.
//!
//! A snapshot holds a trunk, which then must not change. The writer keeps the trunks of a few batches ago; one that no
//! snapshot holds any more is brought up to date and becomes the newest. Each change is written twice, and nothing is
//! copied unless readers hold all of them.

use std::sync::Arc;

use super::trunk::{Change, Trunk};

/// Trunks kept beside the newest (4.5 MB each at ten million entries; their groups are shared). So many may be held by
/// readers that take their time before one is copied.
const MOST: usize = 4;
/// A trunk that is further behind is not waited for.
const MOST_MISSING: usize = 64;

/// Older trunks, and what they miss.
#[derive(Debug, Default)]
pub struct Copies(Vec<Copy>);

#[derive(Debug)]
struct Copy {
    trunk: Arc<Trunk>,
    missing: Vec<Arc<Change>>,
}

impl Copies {
    /// Puts the trunk with the change in the place of `newest`, on which it was staged. Whoever holds that one keeps it.
    pub fn advance(&mut self, newest: &mut Arc<Trunk>, change: Change) {
        let change = Arc::new(change);
        for copy in &mut self.0 {
            copy.missing.push(Arc::clone(&change));
        }
        if let Some(trunk) = Arc::get_mut(newest) {
            trunk.apply(&change);
            return;
        }
        let next = self.unread().unwrap_or_else(|| {
            let mut copy = Trunk::clone(newest);
            copy.apply(&change);
            Arc::new(copy)
        });
        let trunk = std::mem::replace(newest, next);
        self.0.push(Copy {
            trunk,
            missing: vec![change],
        });
        self.0.retain(|copy| copy.missing.len() <= MOST_MISSING);
        if self.0.len() > MOST {
            self.0.remove(0);
        }
    }

    /// One that nobody reads, with everything it missed.
    fn unread(&mut self) -> Option<Arc<Trunk>> {
        let place = self
            .0
            .iter_mut()
            .position(|copy| Arc::get_mut(&mut copy.trunk).is_some())?;
        let Copy { mut trunk, missing } = self.0.remove(place);
        let unread = Arc::get_mut(&mut trunk)?;
        missing.iter().for_each(|change| unread.apply(change));
        Some(trunk)
    }
}
