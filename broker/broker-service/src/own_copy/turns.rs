//! How many copies are made at once: one of each person, and few days at a time of all.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use broker_domain::ids::ParticipantId;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::failure::Fault;

/// Days that are opened and written at the same time, for all copies together.
const DAYS_AT_ONCE: usize = 2;

/// Whose copies are being made.
pub(crate) struct Turns {
    people: Mutex<BTreeSet<ParticipantId>>,
    days: Semaphore,
}

impl Turns {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            people: Mutex::default(),
            days: Semaphore::new(DAYS_AT_ONCE),
        })
    }

    /// The one copy of a person, until it is dropped. `None` while there is one.
    pub(super) fn begin(self: &Arc<Self>, who: ParticipantId) -> Option<Running> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.insert(who).then(|| Running {
            turns: Arc::clone(self),
            who,
        })
    }
}

/// A copy under way.
pub(super) struct Running {
    turns: Arc<Turns>,
    who: ParticipantId,
}

impl Running {
    /// Waits for its turn to write a day. Held for that day only: a reader that is slow keeps nobody waiting.
    pub async fn day(&self) -> Result<SemaphorePermit<'_>, Fault> {
        self.turns.days.acquire().await.map_err(|_| Fault::Stopped)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut people = self.turns.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.remove(&self.who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_person_has_one_copy_at_a_time_and_all_share_few_days() {
        let turns = Turns::new();
        let [anna, bela, carl] = [1, 2, 3].map(|number| ParticipantId::from_bytes([number; 16]));
        let first = turns.begin(anna).unwrap();
        assert!(turns.begin(anna).is_none());
        let (second, third) = (turns.begin(bela).unwrap(), turns.begin(carl).unwrap());
        let day = first.day().await.unwrap();
        let _other = second.day().await.unwrap();
        assert_eq!(turns.days.available_permits(), 0);
        drop(day);
        assert!(third.day().await.is_ok(), "a day that is written makes room");
        drop(first);
        assert!(turns.begin(anna).is_some(), "released when it ends");
    }
}
