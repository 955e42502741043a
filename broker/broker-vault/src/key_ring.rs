use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use broker_domain::ids::ParticipantId;

use crate::error::VaultError;
use crate::key::{DataKey, Epoch};
use crate::wrap::{VaultIdentity, WrappedKey, unwrap};

/// Unwrapped data keys in memory, at most `capacity` of them: unwrapping costs far more than
/// sealing a batch.
///
/// It answers only to a caller who holds the wrapped key, so that a key whose row was deleted is not found through it.
/// Safe to share between threads; the lock is never held while unwrapping.
pub struct KeyRing {
    capacity: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: HashMap<(ParticipantId, Epoch), Place>,
    /// Grows with each use: the key used longest ago leaves first.
    uses: u64,
    /// Who was erased: a caller that read the wrapped key before the erasure may still open it, and must not bring it
    /// back into memory. 16 bytes a person, for as long as the process runs.
    erased: HashSet<ParticipantId>,
}

struct Place {
    key: Arc<DataKey>,
    used: u64,
}

impl KeyRing {
    /// An empty ring. A key takes about 150 bytes; a capacity of 0 keeps nothing.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            held: Mutex::new(Held::default()),
        }
    }

    /// The data key inside `wrapped`, from memory or unwrapped now (about 0.2 ms of CPU).
    ///
    /// # Errors
    /// Those of [`unwrap`].
    pub fn open(&self, wrapped: &WrappedKey, identity: &VaultIdentity) -> Result<Arc<DataKey>, VaultError> {
        let name = (wrapped.owner, wrapped.epoch);
        // A statement of its own: the lock must not be held while unwrapping.
        let known = self.lock().find(name);
        if let Some(key) = known {
            return Ok(key);
        }
        let key = Arc::new(unwrap(wrapped, identity)?);
        self.lock().keep(name, Arc::clone(&key), self.capacity);
        Ok(key)
    }

    /// Erases a person's keys from memory, in every epoch. Called in the erasure, after its transaction has deleted the
    /// wrapped keys. An operation under way keeps its own copy until it ends; no key of this person is kept again.
    pub fn forget(&self, participant: ParticipantId) {
        let mut held = self.lock();
        held.erased.insert(participant);
        held.keys.retain(|(owner, _), _| *owner != participant);
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // Nothing under the lock panics half-way through a change, so a poisoned ring is still whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn find(&mut self, name: (ParticipantId, Epoch)) -> Option<Arc<DataKey>> {
        self.uses = self.uses.wrapping_add(1);
        let uses = self.uses;
        let place = self.keys.get_mut(&name)?;
        place.used = uses;
        Some(Arc::clone(&place.key))
    }

    fn keep(&mut self, name: (ParticipantId, Epoch), key: Arc<DataKey>, capacity: usize) {
        if capacity == 0 || self.erased.contains(&name.0) {
            return;
        }
        if self.keys.len() >= capacity && !self.keys.contains_key(&name) {
            // A scan over the ring, beside an unwrapping that costs more for every size we plan for.
            let oldest = self
                .keys
                .iter()
                .min_by_key(|(_, place)| place.used)
                .map(|(name, _)| *name);
            if let Some(oldest) = oldest {
                self.keys.remove(&oldest);
            }
        }
        self.uses = self.uses.wrapping_add(1);
        self.keys.insert(name, Place { key, used: self.uses });
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{HER, NEIGHBOUR, identity, key};
    use crate::wrap::wrap;

    fn wrapped(owner: ParticipantId, epoch: u32) -> WrappedKey {
        wrap(&key(owner, epoch), &[identity(1).recipient()]).unwrap()
    }

    fn names(ring: &KeyRing) -> Vec<(ParticipantId, Epoch)> {
        let mut names: Vec<_> = ring.lock().keys.keys().copied().collect();
        names.sort();
        names
    }

    #[test]
    fn a_key_is_unwrapped_once() {
        let ring = KeyRing::with_capacity(2);
        let first = ring.open(&wrapped(HER, 1), &identity(1)).unwrap();
        // The stranger's identity opens nothing, so the second answer can only come from memory.
        let second = ring.open(&wrapped(HER, 1), &identity(2)).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn the_key_used_longest_ago_leaves_first() {
        let ring = KeyRing::with_capacity(2);
        for epoch in [1, 2, 1, 3] {
            ring.open(&wrapped(HER, epoch), &identity(1)).unwrap();
        }
        assert_eq!(names(&ring), [(HER, Epoch(1)), (HER, Epoch(3))]);
    }

    #[test]
    fn a_forgotten_person_is_gone_in_every_epoch_and_others_stay() {
        let ring = KeyRing::with_capacity(8);
        for (owner, epoch) in [(HER, 1), (HER, 2), (NEIGHBOUR, 1)] {
            ring.open(&wrapped(owner, epoch), &identity(1)).unwrap();
        }
        ring.forget(HER);
        assert_eq!(names(&ring), [(NEIGHBOUR, Epoch(1))]);
        assert_eq!(
            ring.open(&wrapped(HER, 1), &identity(2)).unwrap_err(),
            VaultError::NotAuthentic
        );
    }

    #[test]
    fn a_key_read_before_an_erasure_is_not_kept_after_it() {
        let ring = KeyRing::with_capacity(8);
        // Read from the database by somebody who was slow.
        let read = wrapped(HER, 1);
        ring.forget(HER);
        ring.open(&read, &identity(1)).unwrap();
        ring.open(&wrapped(NEIGHBOUR, 1), &identity(1)).unwrap();
        assert_eq!(names(&ring), [(NEIGHBOUR, Epoch(1))]);
    }

    #[test]
    fn a_ring_without_capacity_keeps_nothing() {
        let ring = KeyRing::with_capacity(0);
        ring.open(&wrapped(HER, 1), &identity(1)).unwrap();
        assert_eq!(names(&ring), []);
    }
}
