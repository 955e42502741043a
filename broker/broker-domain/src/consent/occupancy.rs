//! How long a person lives where a meter is: a consent attaches to person, point and occupancy (`consent.md` §8).
//!
//! A point of ours is one occupancy of one meter. Whoever lives there next gets a point of her own, so that nothing of the
//! one before is ever hers. What is known of the end of an occupancy stands beside the consents of its point, and each
//! decision looks at it: no job has to run on the day somebody moves.

use super::lifecycle::Standing;
use super::{Consent, EventKind, State};
use crate::time::{Instant, Interval};

/// What is known of the end of an occupancy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Occupancy {
    /// When the person leaves or left, once that is known.
    pub departure: Option<Departure>,
    /// Since when a change of supplier waits for the person's word whether she still lives there: nothing moves meanwhile,
    /// and nothing is ended, because it may be no more than a change of supplier.
    pub held_since: Option<Instant>,
}

/// The end of an occupancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Departure {
    /// The first instant at which the person does not live there any more. May lie ahead.
    pub at: Instant,
    /// When we knew.
    pub known_at: Instant,
}

impl Departure {
    /// Whether it has taken effect, for a decision: once that was known, a clock that goes back gives nothing back.
    #[must_use]
    pub fn has_come(&self, now: Instant) -> bool {
        self.at <= now.max(self.known_at)
    }
}

impl Standing {
    /// The standing once the person has left the home: of what is in force, nothing is any more.
    pub(super) fn left(self, departure: Option<Departure>) -> Self {
        let before_end = departure.filter(|departure| departure.at < self.terms.data.end());
        match before_end {
            Some(Departure { at, .. }) if self.state.is_given() => self.in_state(State::Invalidated { at }),
            _ => self,
        }
    }
}

impl Consent {
    /// When a departure ended it, where that has no event yet: it is announced like the end that the clock brings.
    #[must_use]
    pub fn unannounced_departure(&self, now: Instant) -> Option<Instant> {
        let departure = self
            .occupancy
            .departure
            .filter(|departure| departure.has_come(now))?;
        let given = self.events.iter().any(|event| event.kind == EventKind::Given);
        let ended = self.by_events(now, now).state.ended_at();
        (given && ended.is_none_or(|ended| departure.at < ended)).then_some(departure.at)
    }

    /// The departure, if it has taken effect by an instant as known at another.
    pub(super) fn departed(&self, instant: Instant, known: Instant) -> Option<Departure> {
        self.occupancy
            .departure
            .filter(|departure| departure.at <= instant && departure.known_at <= known)
    }

    /// What is left of a span of readings: none is covered from the departure on. `None` when nothing is left.
    pub(super) fn while_living_there(&self, span: Interval) -> Option<Interval> {
        match self.occupancy.departure {
            None => Some(span),
            Some(departure) => Interval::new(span.start(), span.end().min(departure.at)).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ask, at, consent, event};
    use super::super::{Ask, Refusal, covers, covers_intake};
    use super::*;

    fn leaving(at_second: i64, known: i64, events: Vec<super::super::ConsentEvent>) -> Consent {
        let mut subject = consent(events);
        subject.occupancy.departure = Some(Departure {
            at: at(at_second),
            known_at: at(known),
        });
        subject
    }

    fn given() -> super::super::ConsentEvent {
        event(0, EventKind::Given, 1)
    }

    fn refusal(subject: &Consent, now: i64) -> Refusal {
        covers(std::slice::from_ref(subject), &ask(), at(now)).unwrap_err()
    }

    #[test]
    fn a_departure_ends_a_consent_on_its_day_and_no_job_has_to_run() {
        let day = 12;
        let subject = leaving(day, 5, vec![given()]);
        assert!(subject.state(at(day - 1)).is_given());
        assert_eq!(subject.state(at(day)), State::Invalidated { at: at(day) });
        assert_eq!(refusal(&subject, day), Refusal::Closed { at: at(day) });
        // A clock that goes back behind a departure that was known to have come gives nothing back.
        let past = leaving(3, day, vec![given()]);
        assert_eq!(past.state(at(2)), State::Invalidated { at: at(3) });
    }

    #[test]
    fn readings_after_a_departure_to_come_are_covered_for_nobody() {
        let subject = leaving(12, 5, vec![given()]);
        let late = Interval::new(at(12), at(13)).unwrap();
        let found = covers_intake(
            std::slice::from_ref(&subject),
            subject.participant,
            subject.point,
            &late,
            at(10),
        );
        assert!(matches!(found, Err(Refusal::OutsidePeriod { until, .. }) if until == at(12)));
    }

    #[test]
    fn recipients_learn_no_departure_to_come_and_no_date_of_a_contract() {
        let agreed = Refusal::OutsidePeriod {
            from: at(0),
            until: at(30),
        };
        let late = Ask {
            interval: Interval::new(at(12), at(13)).unwrap(),
            ..ask()
        };
        let subject = leaving(12, 5, vec![given()]);
        assert_eq!(covers(std::slice::from_ref(&subject), &late, at(10)), Err(agreed));
        // Also where the departure comes before all that was agreed.
        let mut later = leaving(12, 5, vec![given()]);
        later.data = Interval::new(at(20), at(30)).unwrap();
        let agreed = Refusal::OutsidePeriod {
            from: at(20),
            until: at(30),
        };
        assert_eq!(covers(std::slice::from_ref(&later), &late, at(10)), Err(agreed));
        let held = Refusal::Held { since: at(5) }.to_string();
        assert!(!held.contains("2026"), "{held}");
    }

    #[test]
    fn an_auditor_sees_when_a_departure_was_known() {
        let subject = leaving(10, 26, vec![given()]);
        assert!(subject.state_at(at(20), at(25)).is_given(), "nobody knew");
        assert_eq!(
            subject.state_at(at(20), at(26)),
            State::Invalidated { at: at(10) }
        );
        assert!(subject.overtaken(at(20), at(26)));
        assert!(!subject.overtaken(at(9), at(26)));
    }

    #[test]
    fn what_was_withdrawn_before_the_departure_stays_withdrawn() {
        let subject = leaving(26, 27, vec![given(), event(1, EventKind::Withdrawn, 20)]);
        assert_eq!(subject.state(at(28)), State::Withdrawn { at: at(20) });
        assert_eq!(subject.unannounced_departure(at(28)), None);
    }

    #[test]
    fn a_departure_is_announced_once_and_nothing_follows_it() {
        let mut subject = leaving(26, 27, vec![given()]);
        assert_eq!(subject.unannounced_departure(at(28)), Some(at(26)));
        assert_eq!(subject.admits(EventKind::Invalidated, at(26), at(28)), Ok(()));
        assert!(subject.admits(EventKind::Resumed, at(28), at(28)).is_err());
        subject.events.push(super::super::ConsentEvent {
            recorded_at: at(28),
            ..event(1, EventKind::Invalidated, 26)
        });
        assert_eq!(subject.unannounced_departure(at(29)), None);
        assert!(subject.admits(EventKind::Invalidated, at(26), at(29)).is_err());
        assert_eq!(subject.state(at(29)), State::Invalidated { at: at(26) });
    }

    #[test]
    fn a_departure_that_moves_to_earlier_is_announced_once_more() {
        let mut subject = leaving(20, 27, vec![given()]);
        subject.events.push(super::super::ConsentEvent {
            recorded_at: at(28),
            ..event(1, EventKind::Invalidated, 26)
        });
        assert_eq!(subject.unannounced_departure(at(29)), Some(at(20)));
        assert_eq!(subject.admits(EventKind::Invalidated, at(20), at(29)), Ok(()));
        subject.events.push(super::super::ConsentEvent {
            recorded_at: at(29),
            ..event(2, EventKind::Invalidated, 20)
        });
        assert_eq!(subject.unannounced_departure(at(29)), None);
        assert_eq!(subject.state(at(29)), State::Invalidated { at: at(20) });
    }

    #[test]
    fn a_consent_given_after_a_departure_that_became_known_later_never_stood() {
        let subject = leaving(0, 27, vec![given()]);
        assert!(subject.state(at(28)).ended_at().is_some());
        assert_eq!(subject.unannounced_departure(at(28)), Some(at(0)));
        assert_eq!(subject.admits(EventKind::Invalidated, at(0), at(28)), Ok(()));
    }

    #[test]
    fn a_change_of_supplier_holds_and_ends_nothing() {
        let mut subject = consent(vec![given()]);
        subject.occupancy.held_since = Some(at(5));
        assert!(subject.state(at(10)).is_given());
        assert_eq!(refusal(&subject, 10), Refusal::Held { since: at(5) });
        subject.occupancy.held_since = None;
        assert!(subject.in_force(at(10)).is_ok());
    }
}
