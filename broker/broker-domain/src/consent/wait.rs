//! Agreements that several people make: what one of them agreed to waits for the others (gdpr-kit.md P-31).
//!
//! A wait is computed from the events, ends by itself, and covers nothing. Once all agreed, readings count from then on:
//! those of the wait never pass.

use super::lifecycle::Standing;
use super::{Consent, EventKind, State, Terms};
use crate::time::{Instant, Interval};

/// How long an agreement waits for the others, in seconds: 30 days. Whoever still wants it then says so anew.
pub const WAIT_SECONDS: i64 = 30 * 86_400;

/// A later end that one of several holders agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal {
    /// Since when it waits.
    pub since: Instant,
    /// Until when.
    pub until: Instant,
    /// What would hold then.
    pub terms: Terms,
}

impl Standing {
    /// One of several agreed. Another who does changes neither since when it waits nor until when.
    pub(super) fn agreed(self, at: Instant, until: Instant, renewal: Option<Terms>) -> Self {
        match (self.state, renewal) {
            (State::Given { .. }, Some(terms)) => Self {
                proposal: Some(self.proposal.unwrap_or(Proposal {
                    since: at,
                    until,
                    terms,
                })),
                ..self
            },
            (State::Given { .. } | State::Waiting { .. }, _) => self,
            _ => self.in_state(State::Waiting { since: at, until }),
        }
    }

    /// What waited does so no more. A consent in force stays in force.
    pub(super) fn declined(self) -> Self {
        match self.state {
            State::Waiting { .. } => self.in_state(State::Refused),
            _ => self,
        }
    }
}

/// The terms of a consent that counts since an instant later than its first reading.
pub(super) fn began(terms: Terms, waited: Option<Instant>) -> Option<Terms> {
    let Some(since) = waited else { return Some(terms) };
    let data = Interval::new(terms.data.start().max(since), terms.data.end()).ok()?;
    Some(Terms { data, ..terms })
}

impl Consent {
    /// The later end that waits for others at `now`.
    #[must_use]
    pub fn proposal(&self, now: Instant) -> Option<Proposal> {
        let standing = self.standing(now);
        standing.proposal.filter(|_| standing.state.is_given())
    }

    /// The numbers of the events by which somebody agreed to what waits at `now`; empty when nothing waits.
    #[must_use]
    pub fn agreed_so_far(&self, now: Instant) -> Vec<u32> {
        let since = match (self.standing(now).state, self.proposal(now)) {
            (State::Waiting { since, .. }, _) => since,
            (_, Some(proposal)) => proposal.since,
            _ => return Vec::new(),
        };
        let agreed = self
            .events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::Agreed { .. }) && since <= event.effective_at);
        agreed.map(|event| event.seq).collect()
    }

    /// Whether it waited for others and nothing came of it: one of them said no, or the time was over. It was never in force.
    #[must_use]
    pub fn came_to_nothing(&self, now: Instant) -> bool {
        let waited = self
            .events
            .iter()
            .any(|event| matches!(event.kind, EventKind::Agreed { renewal: None, .. }));
        waited && self.state(now) == State::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ask, at, consent, event};
    use super::super::{NotAdmitted, Refusal, covers, covers_intake};
    use super::*;

    fn agreed(seq: u32, day: i64) -> super::super::ConsentEvent {
        let kind = EventKind::Agreed {
            until: at(day + 5),
            renewal: None,
        };
        event(seq, kind, day)
    }

    fn refusal(subject: &Consent, now: i64) -> Option<Refusal> {
        covers(std::slice::from_ref(subject), &ask(), at(now)).err()
    }

    #[test]
    fn what_waits_covers_nothing_and_ends_by_itself() {
        let subject = consent(vec![agreed(0, 1)]);
        let (since, until) = (at(1), at(6));
        assert_eq!(subject.state(at(5)), State::Waiting { since, until });
        assert_eq!(refusal(&subject, 5), Some(Refusal::NoConsent));
        assert_eq!(subject.state(at(6)), State::Refused);
        assert!(subject.came_to_nothing(at(6)) && subject.may_be_asked_again(at(6), 1_000));
        assert!(
            subject.admits(EventKind::Given, at(6), at(6)).is_err(),
            "too late"
        );
    }

    #[test]
    fn once_the_last_agreed_it_counts_from_then_on() {
        let subject = consent(vec![agreed(0, 1), event(1, EventKind::Given, 3)]);
        assert_eq!(subject.state(at(3)), State::Given { since: at(3) });
        let found = |from, until| {
            let span = Interval::new(at(from), at(until)).unwrap();
            let (who, point) = (subject.participant, subject.point);
            covers_intake(std::slice::from_ref(&subject), who, point, &span, at(10))
        };
        assert!(found(1, 2).is_err(), "measured while it waited");
        assert_eq!(found(2, 4).unwrap().spans()[0].start(), at(3));
    }

    #[test]
    fn a_no_ends_the_wait_also_when_the_clock_goes_back() {
        let subject = consent(vec![agreed(0, 1), event(1, EventKind::Declined, 3)]);
        for now in [2, 3, 9] {
            assert_eq!(subject.state(at(now)), State::Refused, "{now}");
        }
        assert_eq!(
            subject.admits(EventKind::Given, at(4), at(4)),
            Err(NotAdmitted::Order)
        );
    }

    #[test]
    fn a_renewal_that_waits_changes_nothing_and_any_change_ends_it() {
        let old = consent(Vec::new()).first_terms();
        let longer = Terms {
            data: Interval::new(old.data.start(), at(90)).unwrap(),
            ..old
        };
        let proposed = EventKind::Agreed {
            until: at(9),
            renewal: Some(longer),
        };
        let mut subject = consent(vec![event(0, EventKind::Given, 1), event(1, proposed, 3)]);
        assert_eq!(subject.terms_now(at(4)), old);
        assert_eq!(subject.proposal(at(4)).unwrap().terms, longer);
        assert_eq!(subject.agreed_so_far(at(4)), [1]);
        assert_eq!(subject.proposal(at(9)), None);
        assert_eq!(subject.admits(EventKind::Declined, at(4), at(4)), Ok(()));
        subject
            .events
            .push(event(2, EventKind::Paused { until: at(8) }, 4));
        assert_eq!(subject.proposal(at(5)), None);
        assert_eq!(
            subject.admits(EventKind::Declined, at(5), at(5)),
            Err(NotAdmitted::Order)
        );
    }
}
