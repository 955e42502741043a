//! Facts of every history that the broker could write.

use proptest::prelude::*;

use super::*;
use crate::consent::EventParts;
use crate::ids::ConsentId;

/// What somebody tries, so many hours after what was tried before.
#[derive(Debug, Clone, Copy)]
enum Try {
    Give,
    Refuse,
    Ask,
    Defer,
    Narrow { coarser: bool, days: i64 },
    Renew { days: i64 },
    Pause { hours: i64 },
    Resume,
    End { kind: u8, back: i64 },
}

fn any_try() -> impl Strategy<Value = Try> {
    prop_oneof![
        3 => Just(Try::Give),
        1 => Just(Try::Refuse),
        1 => Just(Try::Ask),
        1 => Just(Try::Defer),
        2 => (any::<bool>(), 0_i64..10).prop_map(|(coarser, days)| Try::Narrow { coarser, days }),
        2 => (1_i64..20).prop_map(|days| Try::Renew { days }),
        2 => (0_i64..200).prop_map(|hours| Try::Pause { hours }),
        1 => Just(Try::Resume),
        1 => (0_u8..6, 0_i64..200).prop_map(|(kind, back)| Try::End { kind, back }),
    ]
}

fn hours(from: Instant, count: i64) -> Instant {
    from.plus_seconds(count * 3_600)
}

fn attempt(subject: &Consent, step: Try, now: Instant) -> (EventKind, Instant) {
    let terms = subject.terms_now(now);
    let ending_at = |moved: i64| {
        let end = hours(terms.data.end(), moved * 24);
        Interval::new(terms.data.start(), end).unwrap_or(terms.data)
    };
    let kind = match step {
        Try::Give => EventKind::Given,
        Try::Refuse => EventKind::Refused,
        Try::Ask => EventKind::Requested,
        Try::Defer => EventKind::Deferred,
        Try::Narrow { coarser, days } => EventKind::Narrowed(Terms {
            step: if coarser { Step::DAY } else { terms.step },
            data: ending_at(-days),
            ..terms
        }),
        Try::Renew { days } => EventKind::Renewed(Terms {
            data: ending_at(days),
            ..terms
        }),
        Try::Pause { hours: length } => EventKind::Paused {
            until: hours(now, length),
        },
        Try::Resume => EventKind::Resumed,
        Try::End { kind, back } => {
            let kind = match kind {
                0 => EventKind::Revoked,
                1 => EventKind::Invalidated,
                2 => EventKind::Suspended,
                3 => EventKind::Superseded {
                    by: ConsentId::from_bytes([9; 16]),
                },
                4 => return (EventKind::Expired, terms.data.end().min(now)),
                _ => EventKind::Withdrawn,
            };
            return (kind, hours(now, -back));
        }
    };
    (kind, now)
}

/// A history as the broker writes one: what is not admitted is left out.
fn any_history() -> impl Strategy<Value = Consent> {
    prop::collection::vec((any_try(), 0_i64..100), 1..12).prop_map(|tries| {
        let mut subject = consent(vec![]);
        let mut now = at(1);
        for (step, later) in tries {
            now = hours(now, later);
            let (kind, effective) = attempt(&subject, step, now);
            if subject.admits(kind, effective, now).is_ok() {
                let next = subject.dated_event(kind, effective, now, Digest([7; 32]));
                subject.events.extend(next);
            }
        }
        subject
    })
}

fn any_instant() -> impl Strategy<Value = Instant> {
    (-48_i64..1_500).prop_map(|count| hours(at(0), count))
}

proptest! {
    #[test]
    fn an_end_is_an_end_for_every_later_instant_and_knowledge(
        subject in any_history(), then in any_instant(), known in any_instant(), later in 0_i64..2_000, more in 0_i64..2_000
    ) {
        if subject.state_at(then, known).ended_at().is_some_and(|end| end <= then) {
            let after = subject.state_at(hours(then, later), hours(known, more));
            // A later end of the terms may become known (a renewal recorded in time), so expiry alone is not for ever.
            let expired = matches!(subject.state_at(then, known), State::Expired { .. });
            prop_assert!(expired || !after.is_given(), "{after:?}");
        }
    }

    #[test]
    fn what_is_known_later_changes_no_answer_of_before(
        subject in any_history(), then in any_instant(), known in any_instant()
    ) {
        let mut ignorant = subject.clone();
        ignorant.events.retain(|event| event.recorded_at <= known);
        prop_assert_eq!(subject.state_at(then, known), ignorant.state_at(then, known));
        prop_assert_eq!(subject.terms_at(then, known), ignorant.terms_at(then, known));
    }

    #[test]
    fn at_the_present_both_clocks_agree_with_the_decision(subject in any_history(), later in 0_i64..2_000) {
        let newest = subject.events.iter().map(|event| event.recorded_at).max().unwrap_or(at(1));
        let now = hours(newest, later);
        prop_assert_eq!(subject.state(now), subject.state_at(now, now));
        prop_assert_eq!(subject.terms_now(now), subject.terms_at(now, now));
    }

    #[test]
    fn nothing_is_covered_at_or_after_an_end_that_is_known(subject in any_history(), now in any_instant()) {
        let end = subject.events.iter().find(|event| event.kind.may_be_dated_back());
        let covered = covers(std::slice::from_ref(&subject), &ask(), now);
        prop_assert!(end.is_none() || covered.is_err(), "{covered:?}");
        if let Ok(covered) = covered {
            prop_assert!(now < covered.valid().end());
            prop_assert!(subject.pause(now).is_none());
            prop_assert!(subject.pauses().all(|pause| !pause.overlaps(&ask().interval)));
        }
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_back(subject in any_history(), now in any_instant()) {
        if let Ok(covered) = covers(std::slice::from_ref(&subject), &ask(), now) {
            prop_assert_eq!(covered.consented_step(), subject.last_terms().step);
            prop_assert!(subject.last_terms().data.encloses(&covered.valid()));
            let ahead = |event: &ConsentEvent| matches!(event.kind, EventKind::Paused { .. }) && now < event.effective_at;
            prop_assert!(!subject.events.iter().any(ahead));
        }
    }

    #[test]
    fn narrowing_only_takes_away(
        coarser in any::<bool>(), until in 2_i64..30, now in 2_i64..40, step in 0_usize..3, start in 0_i64..30, days in 1_i64..5
    ) {
        let narrow = terms(if coarser { Step::DAY } else { Step::HALF_HOUR }, until);
        let (before, after) = (given([]), given([event(1, EventKind::Narrowed(narrow), 2)]));
        let ask = Ask {
            step: [Step::TEN_MINUTES, Step::HALF_HOUR, Step::DAY][step],
            interval: Interval::new(at(start), at(start + days)).unwrap(),
            ..ask()
        };
        if covers(&[after], &ask, at(now)).is_ok() {
            prop_assert!(covers(&[before], &ask, at(now)).is_ok());
        }
    }

    #[test]
    fn a_kind_survives_its_parts(subject in any_history()) {
        for event in &subject.events {
            prop_assert_eq!(EventKind::from_parts(event.kind.code(), event.kind.parts()), Some(event.kind));
            let other = EventParts { until: Some(at(1)), by: Some(ConsentId::from_bytes([1; 16])), ..event.kind.parts() };
            prop_assert_eq!(EventKind::from_parts(event.kind.code(), other), None);
        }
    }
}
