//! How many files are made at once for one person, and how many days at a time for all.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use broker_domain::ids::ParticipantId;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::failure::Fault;

/// Days that are opened and written at the same time, for all copies together.
const DAYS_AT_ONCE: usize = 2;

/// Whose files are being made. Each holds a view of the log or of a day for as long as its reader takes.
pub(crate) struct Turns {
    most: u8,
    people: Mutex<BTreeMap<ParticipantId, u8>>,
    days: Semaphore,
}

impl Turns {
    /// Turns of at most so many files of one person at once.
    pub fn of(most: u8) -> Arc<Self> {
        Arc::new(Self {
            most,
            people: Mutex::default(),
            days: Semaphore::new(DAYS_AT_ONCE),
        })
    }

    /// A file of a person, until it is dropped. `None` while she has as many as one may have.
    pub fn begin(self: &Arc<Self>, who: ParticipantId) -> Option<Running> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let running = people.entry(who).or_default();
        if *running >= self.most {
            return None;
        }
        *running = running.saturating_add(1);
        Some(Running {
            turns: Arc::clone(self),
            who,
        })
    }
}

/// A file under way.
pub(crate) struct Running {
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
        if let Entry::Occupied(mut running) = people.entry(self.who) {
            *running.get_mut() = running.get().saturating_sub(1);
            if *running.get() == 0 {
                running.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_person_has_few_files_at_a_time_and_all_share_few_days() {
        let turns = Turns::of(1);
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
        let turns = Turns::of(2);
        let both = [turns.begin(anna), turns.begin(anna)];
        assert!(both.iter().all(Option::is_some) && turns.begin(anna).is_none());
        let [one, other] = both;
        drop(one);
        assert!(turns.begin(anna).is_some() && other.is_some());
    }
}
