//! Consents by heart: exactly as fresh as the file, or silent (docs/decisions/0031).
//!
//! A commit that changes a consent first raises a doubt: the consent is forgotten, and nothing is remembered of it until
//! the outcome of the commit is known. So from the moment at which a withdrawal may be visible to a view, nobody is
//! answered from here what stood before. What is read to be remembered carries a ticket from before the view was opened,
//! and is dropped if a doubt was raised or settled since: the view may be older than that commit.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use broker_domain::consent::Consent;
use broker_domain::ids::{ConsentId, Purpose};

/// Number of shelves. A doubt voids the tickets of one shelf only, and few deciders meet at one lock.
const SHELVES: usize = 64;

/// Remembered consents.
#[derive(Debug)]
pub(crate) struct ConsentMemory {
    shelves: [RwLock<Shelf>; SHELVES],
    /// Picks the shelf; keyed at random, although identifiers are random already.
    hasher: std::hash::RandomState,
    purposes: RwLock<HashSet<Purpose>>,
    /// How many are remembered. May lag behind by as many as are being remembered at once.
    kept: AtomicUsize,
    most: usize,
}

#[derive(Debug, Default)]
struct Shelf {
    known: HashMap<ConsentId, Arc<Consent>>,
    /// Commits under way that change a consent, by consent.
    doubted: HashMap<ConsentId, usize>,
    /// Commits under way that may change any.
    all_doubted: usize,
    /// Counts doubts raised and settled.
    turn: u64,
}

/// What the memory says of a consent.
#[derive(Debug)]
pub(crate) enum Recall {
    /// It stands like this.
    Known(Arc<Consent>),
    /// Ask the file; with the ticket, the answer may be remembered.
    Unknown(Ticket),
}

/// The turn of a shelf before a view was opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket(u64);

/// The turns of all shelves before a view was opened.
#[derive(Debug)]
pub(crate) struct Tickets([u64; SHELVES]);

/// The consents that a transaction changed.
#[derive(Debug, Default)]
pub(crate) enum Touched {
    /// None.
    #[default]
    Nothing,
    /// These, some perhaps more than once.
    These(Vec<ConsentId>),
    /// Perhaps any.
    Everything,
}

impl Touched {
    pub(crate) fn these(&mut self, ids: &[ConsentId]) {
        match self {
            Self::Everything => {}
            Self::These(touched) => touched.extend_from_slice(ids),
            Self::Nothing if ids.is_empty() => {}
            Self::Nothing => *self = Self::These(ids.to_vec()),
        }
    }

    pub(crate) fn everything(&mut self) {
        *self = Self::Everything;
    }
}

/// A commit under way. Dropped without being settled it stands for ever, and the file answers instead.
#[derive(Debug)]
#[must_use = "an unsettled doubt stands for ever"]
pub(crate) struct Doubt {
    memory: Arc<ConsentMemory>,
    touched: Touched,
}

impl Doubt {
    /// The commit is over, and what it did is visible to every view opened from now on.
    pub(crate) fn settle(self) {
        self.memory.mark(&self.touched, Mark::Settled);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Raised,
    Settled,
}

impl ConsentMemory {
    /// An empty memory for `most` consents.
    pub(crate) fn of(most: usize) -> Self {
        Self {
            shelves: std::array::from_fn(|_| RwLock::default()),
            hasher: std::hash::RandomState::new(),
            purposes: RwLock::default(),
            kept: AtomicUsize::new(0),
            most,
        }
    }

    /// What is known of a consent. To be called before a view is opened to look it up.
    pub(crate) fn recall(&self, id: ConsentId) -> Recall {
        let shelf = self.reading(id);
        match shelf.known.get(&id) {
            Some(consent) => Recall::Known(Arc::clone(consent)),
            None => Recall::Unknown(Ticket(shelf.turn)),
        }
    }

    /// Remembers what a view showed, unless it may have changed since the ticket was given or there is no more room.
    pub(crate) fn keep(&self, ticket: Ticket, consent: Consent) -> Arc<Consent> {
        let consent = Arc::new(self.sharing(consent));
        self.put(self.place(consent.id), ticket.0, &consent);
        consent
    }

    /// The turns of all shelves. To be called before a view is opened to read many.
    pub(crate) fn tickets(&self) -> Tickets {
        let mut turns = self.shelves.iter().map(|shelf| read(shelf).turn);
        Tickets(std::array::from_fn(|_| turns.next().unwrap_or_default()))
    }

    /// The same as [`Self::keep`] for many.
    pub(crate) fn keep_all(&self, tickets: &Tickets, consents: Vec<Consent>) {
        for consent in consents {
            let place = self.place(consent.id);
            if let Some(turn) = tickets.0.get(place) {
                self.put(place, *turn, &Arc::new(self.sharing(consent)));
            }
        }
    }

    /// Forgets what a transaction changed and remembers nothing of it until the doubt is settled. To be called before
    /// the commit. `None` when it changed nothing.
    pub(crate) fn doubt(self: &Arc<Self>, touched: Touched) -> Option<Doubt> {
        if matches!(touched, Touched::Nothing) {
            return None;
        }
        self.mark(&touched, Mark::Raised);
        Some(Doubt {
            memory: Arc::clone(self),
            touched,
        })
    }

    /// How many are remembered.
    pub(crate) fn len(&self) -> usize {
        self.kept.load(Ordering::Relaxed)
    }

    /// Whether more may be remembered.
    pub(crate) fn has_room(&self) -> bool {
        self.len() < self.most
    }

    fn put(&self, place: usize, turn: u64, consent: &Arc<Consent>) {
        let Some(shelf) = self.shelves.get(place) else {
            return;
        };
        let mut shelf = write(shelf);
        let id = consent.id;
        let certain = shelf.turn == turn && shelf.all_doubted == 0 && !shelf.doubted.contains_key(&id);
        if certain && self.has_room() && shelf.known.insert(id, Arc::clone(consent)).is_none() {
            self.kept.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn mark(&self, touched: &Touched, mark: Mark) {
        match touched {
            Touched::Nothing => {}
            Touched::These(ids) => {
                for id in ids {
                    let forgotten = write(self.shelf(*id)).mark_one(*id, mark);
                    self.kept.fetch_sub(forgotten, Ordering::Relaxed);
                }
            }
            Touched::Everything => {
                for shelf in &self.shelves {
                    let forgotten = write(shelf).mark_all(mark);
                    self.kept.fetch_sub(forgotten, Ordering::Relaxed);
                }
            }
        }
    }

    /// The consent with the text of its purpose shared by all that have the same.
    fn sharing(&self, mut consent: Consent) -> Consent {
        let known = read(&self.purposes).get(&consent.purpose).cloned();
        match known {
            Some(purpose) => consent.purpose = purpose,
            None => {
                write(&self.purposes).insert(consent.purpose.clone());
            }
        }
        consent
    }

    fn place(&self, id: ConsentId) -> usize {
        let shelves = u64::try_from(SHELVES).unwrap_or(u64::MAX);
        usize::try_from(self.hasher.hash_one(id) % shelves).unwrap_or_default()
    }

    fn shelf(&self, id: ConsentId) -> &RwLock<Shelf> {
        let [first, ..] = &self.shelves;
        // A place is below the number of shelves; the fallback is never taken.
        self.shelves.get(self.place(id)).unwrap_or(first)
    }

    fn reading(&self, id: ConsentId) -> RwLockReadGuard<'_, Shelf> {
        read(self.shelf(id))
    }
}

impl Shelf {
    /// The number of consents forgotten.
    fn mark_one(&mut self, id: ConsentId, mark: Mark) -> usize {
        self.turn = self.turn.wrapping_add(1);
        match mark {
            Mark::Raised => *self.doubted.entry(id).or_default() += 1,
            Mark::Settled => {
                let standing = self.doubted.get_mut(&id).map(|count| {
                    *count = count.saturating_sub(1);
                    *count
                });
                if standing == Some(0) {
                    self.doubted.remove(&id);
                }
            }
        }
        usize::from(self.known.remove(&id).is_some())
    }

    /// The number of consents forgotten.
    fn mark_all(&mut self, mark: Mark) -> usize {
        self.turn = self.turn.wrapping_add(1);
        self.all_doubted = match mark {
            Mark::Raised => self.all_doubted.saturating_add(1),
            Mark::Settled => self.all_doubted.saturating_sub(1),
        };
        let forgotten = self.known.len();
        self.known.clear();
        forgotten
    }
}

// A thread that panicked with the lock held has left the shelf whole: each change above is made of steps that do not
// panic.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
