use broker_domain::consent::{ConsentEvent, EventKind};
use broker_domain::ids::{Digest, OrganisationId, ParticipantId, PointId};
use broker_domain::time::{Instant, Interval, Step};
use proptest::prelude::*;

use super::*;

/// A consent with `events` events: its version.
fn consent(number: u8, events: u32) -> Consent {
    let at = Instant::parse("2026-11-21T12:00:00Z").unwrap();
    let event = |seq| ConsentEvent {
        seq,
        kind: EventKind::Given,
        effective_at: at,
        recorded_at: at,
        record: Digest([0; 32]),
    };
    Consent {
        id: ConsentId::from_bytes([number; 16]),
        participant: ParticipantId::from_bytes([1; 16]),
        point: PointId::from_bytes([2; 16]),
        recipient: OrganisationId::from_bytes([3; 16]),
        purpose: Purpose::parse("advice").unwrap(),
        step: Step::HALF_HOUR,
        data: Interval::new(at, at.plus_seconds(86_400)).unwrap(),
        terms: Digest([0; 32]),
        notice: Digest([0; 32]),
        occupancy: broker_domain::consent::Occupancy::default(),
        events: (0..events).map(event).collect(),
    }
}

fn version(consent: &Consent) -> usize {
    consent.events.len()
}

fn known(memory: &ConsentMemory, number: u8) -> Option<usize> {
    match memory.recall(ConsentId::from_bytes([number; 16])) {
        Recall::Known(consent) => Some(version(&consent)),
        Recall::Unknown(_) => None,
    }
}

fn learn(memory: &ConsentMemory, number: u8, events: u32) {
    match memory.recall(ConsentId::from_bytes([number; 16])) {
        Recall::Unknown(ticket) => {
            memory.keep(ticket, consent(number, events));
        }
        Recall::Known(_) => panic!("known already"),
    }
}

fn these(number: u8) -> Touched {
    let mut touched = Touched::default();
    touched.these(&[ConsentId::from_bytes([number; 16])]);
    touched
}

#[test]
fn what_is_in_doubt_is_not_answered_and_not_remembered() {
    let memory = Arc::new(ConsentMemory::of(10));
    learn(&memory, 1, 1);
    learn(&memory, 2, 1);
    let doubt = memory.doubt(these(1)).unwrap();
    assert_eq!((known(&memory, 1), known(&memory, 2)), (None, Some(1)));
    learn(&memory, 1, 1);
    assert_eq!(known(&memory, 1), None);
    doubt.settle();
    assert_eq!((known(&memory, 1), memory.len()), (None, 1));
    learn(&memory, 1, 2);
    assert_eq!((known(&memory, 1), memory.len()), (Some(2), 2));
}

#[test]
fn a_doubt_that_nobody_settles_stands_for_ever() {
    let memory = Arc::new(ConsentMemory::of(10));
    learn(&memory, 1, 1);
    drop(memory.doubt(these(1)));
    learn(&memory, 1, 1);
    assert_eq!(known(&memory, 1), None);
    // Another commit of the same consent does not settle the first.
    memory.doubt(these(1)).unwrap().settle();
    learn(&memory, 1, 1);
    assert_eq!(known(&memory, 1), None);
}

#[test]
fn a_change_of_unnamed_consents_forgets_all() {
    let memory = Arc::new(ConsentMemory::of(10));
    learn(&memory, 1, 1);
    let mut touched = these(2);
    touched.everything();
    touched.these(&[]);
    let doubt = memory.doubt(touched).unwrap();
    assert_eq!((known(&memory, 1), memory.len()), (None, 0));
    doubt.settle();
    learn(&memory, 1, 2);
    assert_eq!(known(&memory, 1), Some(2));
}

#[test]
fn a_full_memory_takes_no_more_and_a_transaction_without_consents_raises_no_doubt() {
    let memory = Arc::new(ConsentMemory::of(1));
    learn(&memory, 1, 1);
    learn(&memory, 2, 1);
    assert_eq!((known(&memory, 1), known(&memory, 2)), (Some(1), None));
    assert!(memory.doubt(Touched::default()).is_none());
}

#[test]
fn a_page_read_before_a_commit_is_not_remembered_where_the_commit_changed_it() {
    let memory = Arc::new(ConsentMemory::of(10));
    let tickets = memory.tickets();
    memory.doubt(these(1)).unwrap().settle();
    memory.keep_all(&tickets, vec![consent(1, 1)]);
    assert_eq!(known(&memory, 1), None);
    memory.keep_all(&memory.tickets(), vec![consent(1, 2)]);
    assert_eq!(known(&memory, 1), Some(2));
}

/// One step of somebody, in any order with the steps of others.
#[derive(Debug, Clone, Copy)]
enum Move {
    /// A reader takes a ticket, opens a view, or remembers what the view showed: whatever comes next.
    Read { reader: usize, consent: u8 },
    /// The writer raises a doubt, makes its change visible, or settles: whatever comes next.
    Write { consent: u8, named: bool },
    /// The commit ends without anybody knowing how.
    Crash,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let read = (0_usize..3, 0_u8..2).prop_map(|(reader, consent)| Move::Read { reader, consent });
    let write =
        (0_u8..2, prop::bool::weighted(0.8)).prop_map(|(consent, named)| Move::Write { consent, named });
    prop::collection::vec(prop_oneof![8 => read, 8 => write, 1 => Just(Move::Crash)], 0..200)
}

/// What a reader is about to do.
enum Reading {
    Ticket(u8, Ticket),
    View(u8, Ticket, u32),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_known_is_what_a_view_would_show_whatever_happens_in_between(moves in moves()) {
        let memory = Arc::new(ConsentMemory::of(10));
        let mut file = [1_u32; 2];
        let mut readers = [None, None, None];
        // The doubt, what changes, and whether it is visible already.
        let mut commit: Option<(Option<Doubt>, u8, bool)> = None;
        for step in moves {
            match step {
                Move::Read { reader, consent: number } => {
                    readers[reader] = match readers[reader].take() {
                        None => match memory.recall(ConsentId::from_bytes([number; 16])) {
                            Recall::Known(_) => None,
                            Recall::Unknown(ticket) => Some(Reading::Ticket(number, ticket)),
                        },
                        Some(Reading::Ticket(number, ticket)) => {
                            Some(Reading::View(number, ticket, file[usize::from(number)]))
                        }
                        Some(Reading::View(number, ticket, shown)) => {
                            memory.keep(ticket, consent(number, shown));
                            None
                        }
                    };
                }
                Move::Write { consent: number, named } => {
                    commit = match commit.take() {
                        None => {
                            let mut touched = these(number);
                            if !named {
                                touched.everything();
                            }
                            Some((memory.doubt(touched), number, false))
                        }
                        Some((doubt, number, false)) => {
                            file[usize::from(number)] += 1;
                            Some((doubt, number, true))
                        }
                        Some((doubt, _, true)) => {
                            if let Some(doubt) = doubt {
                                doubt.settle();
                            }
                            None
                        }
                    };
                }
                // It may still become visible later, or not.
                Move::Crash => if let Some((doubt, number, visible)) = commit.take() {
                    drop(doubt);
                    if !visible {
                        file[usize::from(number)] += 1;
                    }
                },
            }
            for number in 0..2_u8 {
                if let Some(version) = known(&memory, number) {
                    prop_assert_eq!(u32::try_from(version).unwrap(), file[usize::from(number)]);
                }
            }
        }
    }
}
