//! The life of a consent: which event may follow which, and what it was at any past instant, as known at any other.
//!
//! Two clocks (`consent.md` §2.2): `effective_at` says when something took effect, `recorded_at` when we knew. A withdrawal
//! that came by post takes effect on the day it arrived and is known on the day it is typed in; an auditor asks about both.

use thiserror::Error;

use super::wait::{Proposal, began};
use super::{Consent, ConsentEvent, EventKind, Pause, Refusal, State};
use crate::ids::Digest;
use crate::time::{Instant, Interval, Step};

/// What is agreed to, as it stands between two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// The finest step allowed.
    pub step: Step,
    /// The span of readings covered. Its end is the end of the consent.
    pub data: Interval,
    /// SHA-256 of the terms in their one spelling.
    pub digest: Digest,
    /// SHA-256 of the notice shown.
    pub notice: Digest,
}

/// Why an event may not be added.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum NotAdmitted {
    /// The consent is in a state that such an event does not follow.
    #[error("this does not follow the present state of the consent")]
    Order,
    /// It would take effect after now, or be recorded before what is known already.
    #[error("an event takes effect at the latest when it is recorded, and is recorded after those before it")]
    Clock,
    /// Only what ends a consent may take effect before it was known.
    #[error("only what ends a consent may be dated back")]
    Backdated,
    /// Not less than what was agreed, or not within it.
    #[error("narrowing leaves less: a coarser step, a shorter span, or both")]
    NotNarrower,
    /// Not a later end, or more than that.
    #[error("a renewal moves the end and nothing else; finer values or other data need a new consent")]
    NotLonger,
    /// A pause that ends before it begins.
    #[error("a pause ends after it begins")]
    NoPause,
    /// The announcement of an end that has not come.
    #[error("the end of the consent has not come")]
    NotOver,
}

/// What a row of events comes to.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    pub(super) state: State,
    pub(super) terms: Terms,
    pub(super) pause: Option<Pause>,
    /// A later end that one of several holders agreed to.
    pub(super) proposal: Option<Proposal>,
    /// Since when it counts, where it waited for others first: nothing measured in the wait passes.
    pub(super) waited: Option<Instant>,
}

impl Standing {
    /// The standing after one more event. Ends count whatever stood before (fail closed); anything else counts only where
    /// the table has it, so that nothing revives what ended.
    fn after(self, event: &ConsentEvent) -> Self {
        let at = event.effective_at;
        if let Some(end) = event.kind.end(at) {
            return Self {
                state: earlier_end(self.state, end),
                ..self
            };
        }
        if !event.kind.follows(self.at(at).state) {
            return self;
        }
        // What one agreed to was about the terms of then: whatever follows ends the wait for a later end.
        let standing = Self {
            proposal: None,
            ..self
        };
        match event.kind {
            EventKind::Requested => standing.in_state(State::Requested),
            EventKind::Deferred => standing.in_state(State::Deferred),
            EventKind::Refused => standing.in_state(State::Refused),
            EventKind::Given => Self {
                state: State::Given { since: at },
                waited: matches!(self.state, State::Waiting { .. }).then_some(at),
                ..standing
            },
            EventKind::Agreed { until, renewal } => self.agreed(at, until, renewal),
            EventKind::Declined => standing.declined(),
            EventKind::Narrowed(terms) | EventKind::Renewed(terms) => Self { terms, ..standing },
            EventKind::Paused { until } => Self {
                pause: Some(Pause { since: at, until }),
                ..standing
            },
            EventKind::Resumed => Self {
                pause: None,
                ..standing
            },
            // Ends, handled above.
            EventKind::Withdrawn
            | EventKind::Revoked
            | EventKind::Expired
            | EventKind::Invalidated
            | EventKind::Superseded { .. }
            | EventKind::Suspended => self,
        }
    }

    pub(super) const fn in_state(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// The standing at an instant: expiry and the end of a pause need no event.
    fn at(self, now: Instant) -> Self {
        let end = self.terms.data.end();
        Self {
            state: match self.state {
                State::Given { .. } if end <= now => State::Expired { at: end },
                // Nothing came of it, and nothing has to run for that.
                State::Waiting { until, .. } if until.min(end) <= now => State::Refused,
                state => state,
            },
            pause: self.pause.filter(|pause| now < pause.until),
            proposal: self.proposal.filter(|proposal| now < proposal.until),
            ..self
        }
    }
}

/// Of two ends the earlier is when it ended, and why. That what it stood on is gone is said of any consent.
fn earlier_end(before: State, end: State) -> State {
    match (before.ended_at(), end.ended_at()) {
        _ if matches!(before, State::Invalidated { .. }) && !matches!(end, State::Invalidated { .. }) => {
            before
        }
        _ if matches!(end, State::Invalidated { .. }) && !matches!(before, State::Invalidated { .. }) => end,
        (Some(first), Some(second)) if first <= second => before,
        _ => end,
    }
}

impl State {
    /// Whether transfers may take place, as far as the consent goes: a pause is looked at apart.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        matches!(self, Self::Given { .. })
    }

    /// When it ended, once it has.
    #[must_use]
    pub const fn ended_at(&self) -> Option<Instant> {
        match self {
            Self::Unknown
            | Self::Requested
            | Self::Deferred
            | Self::Waiting { .. }
            | Self::Given { .. }
            | Self::Refused => None,
            Self::Withdrawn { at }
            | Self::Revoked { at }
            | Self::Invalidated { at }
            | Self::Superseded { at, .. }
            | Self::Suspended { at }
            | Self::Expired { at } => Some(*at),
        }
    }
}

impl Consent {
    /// The state at `now`, for a decision: from the events that had taken effect by then. What ends, narrows or pauses counts
    /// as soon as it is known, and a clock that goes back behind it gives nothing back.
    #[must_use]
    pub fn state(&self, now: Instant) -> State {
        self.standing(now).state
    }

    /// The state at an instant, as known at another: what an auditor asks.
    #[must_use]
    pub fn state_at(&self, instant: Instant, known: Instant) -> State {
        self.standing_at(instant, known).state
    }

    /// The terms that hold at `now`; of an ended consent, those that held last.
    #[must_use]
    pub fn terms_now(&self, now: Instant) -> Terms {
        self.standing(now).terms
    }

    /// The terms that held at an instant, as known at another.
    #[must_use]
    pub fn terms_at(&self, instant: Instant, known: Instant) -> Terms {
        self.standing_at(instant, known).terms
    }

    /// The terms that the newest of the events brought, or the first ones.
    #[must_use]
    pub fn last_terms(&self) -> Terms {
        self.folded(|_| true).terms
    }

    /// The terms of the first agreement.
    #[must_use]
    pub const fn first_terms(&self) -> Terms {
        Terms {
            step: self.step,
            data: self.data,
            digest: self.terms,
            notice: self.notice,
        }
    }

    /// The pause under way at `now`, of a consent in force.
    #[must_use]
    pub fn pause(&self, now: Instant) -> Option<Pause> {
        let standing = self.standing(now);
        standing.pause.filter(|_| standing.state.is_given())
    }

    /// Whether something that happened at this instant was right by what was known then, and is not by what is known
    /// now: an end was dated back before it. Such transfers are flagged, and stay in the log.
    #[must_use]
    pub fn overtaken(&self, happened: Instant, known: Instant) -> bool {
        self.state_at(happened, happened).is_given() && !self.state_at(happened, known).is_given()
    }

    /// Whether the person may be asked again for the same: after an end she may always be, after a refusal not for
    /// `rest_seconds`.
    #[must_use]
    pub fn may_be_asked_again(&self, now: Instant, rest_seconds: i64) -> bool {
        match self.state(now) {
            State::Unknown
            | State::Requested
            | State::Deferred
            | State::Waiting { .. }
            | State::Given { .. } => false,
            State::Refused => self
                .events
                .iter()
                .rfind(|event| event.kind == EventKind::Refused)
                .is_none_or(|event| event.effective_at.plus_seconds(rest_seconds) <= now),
            _ => true,
        }
    }

    /// Whether an event may be added.
    ///
    /// # Errors
    /// See [`NotAdmitted`].
    pub fn admits(
        &self,
        kind: EventKind,
        effective_at: Instant,
        recorded_at: Instant,
    ) -> Result<(), NotAdmitted> {
        let newest = self.events.iter().map(|event| event.recorded_at).max();
        if recorded_at < effective_at || newest.is_some_and(|newest| recorded_at < newest) {
            return Err(NotAdmitted::Clock);
        }
        if effective_at < recorded_at && !kind.may_be_dated_back() {
            return Err(NotAdmitted::Backdated);
        }
        let then = match kind {
            // The announcement of what a departure brought about already.
            EventKind::Invalidated => self.by_events(effective_at, recorded_at),
            _ => self.standing_at(effective_at, recorded_at),
        };
        if !kind.follows(then.state) {
            return Err(NotAdmitted::Order);
        }
        match kind {
            EventKind::Narrowed(terms) if !terms.is_narrower_than(&then.terms) => {
                Err(NotAdmitted::NotNarrower)
            }
            EventKind::Renewed(terms) if !terms.only_ends_later_than(&then.terms) => {
                Err(NotAdmitted::NotLonger)
            }
            EventKind::Agreed {
                renewal: Some(terms), ..
            } if !terms.only_ends_later_than(&then.terms) => Err(NotAdmitted::NotLonger),
            EventKind::Agreed { until, .. } if until <= effective_at => Err(NotAdmitted::NoPause),
            EventKind::Declined if then.state.is_given() && then.proposal.is_none() => {
                Err(NotAdmitted::Order)
            }
            EventKind::Paused { until } if until <= effective_at => Err(NotAdmitted::NoPause),
            EventKind::Resumed if then.pause.is_none() => Err(NotAdmitted::Order),
            EventKind::Expired if effective_at != then.terms.data.end() => Err(NotAdmitted::NotOver),
            EventKind::Expired if self.is_announced() => Err(NotAdmitted::Order),
            _ => Ok(()),
        }
    }

    /// The terms in force at `now`, when transfers may take place.
    pub(super) fn in_force(&self, now: Instant) -> Result<Terms, Refusal> {
        let Standing {
            state,
            terms,
            pause,
            waited,
            ..
        } = self.standing(now);
        match state {
            State::Given { .. } => match (self.occupancy.held_since, pause) {
                (Some(since), _) => Err(Refusal::Held { since }),
                (None, Some(Pause { until, .. })) => Err(Refusal::Paused { until }),
                (None, None) => began(terms, waited).ok_or(Refusal::NoConsent),
            },
            State::Withdrawn { at } => Err(Refusal::Withdrawn { at }),
            State::Suspended { at } => Err(Refusal::Suspended { at }),
            State::Expired { at } => Err(Refusal::Expired { at }),
            State::Revoked { at } | State::Invalidated { at } | State::Superseded { at, .. } => {
                Err(Refusal::Closed { at })
            }
            State::Unknown | State::Requested | State::Deferred | State::Waiting { .. } | State::Refused => {
                Err(Refusal::NoConsent)
            }
        }
    }

    fn is_announced(&self) -> bool {
        self.events.iter().any(|event| event.kind == EventKind::Expired)
    }

    /// The standing for a decision. Whatever takes away counts whatever it says of when: the clock may have been set back.
    pub(super) fn standing(&self, now: Instant) -> Standing {
        let newest = self.events.iter().rfind(|event| event.kind.takes_away());
        self.folded(|event| {
            event.effective_at <= now
                || event.kind.takes_away()
                // A narrowing or a pause after the first end stands on the renewal before it, and would be skipped without.
                || matches!(event.kind, EventKind::Renewed(_)) && newest.is_some_and(|taken| event.seq < taken.seq)
        })
        .left(self.occupancy.departure.filter(|departure| departure.has_come(now)))
        .at(now)
    }

    fn standing_at(&self, instant: Instant, known: Instant) -> Standing {
        let standing = self.recorded(instant, known);
        standing.left(self.departed(instant, known)).at(instant)
    }

    /// The same by the events alone, whoever lives there.
    pub(super) fn by_events(&self, instant: Instant, known: Instant) -> Standing {
        self.recorded(instant, known).at(instant)
    }

    fn recorded(&self, instant: Instant, known: Instant) -> Standing {
        self.folded(|event| event.effective_at <= instant && event.recorded_at <= known)
    }

    fn folded(&self, counts: impl Fn(&ConsentEvent) -> bool) -> Standing {
        let start = Standing {
            state: State::Unknown,
            terms: self.first_terms(),
            pause: None,
            proposal: None,
            waited: None,
        };
        self.events
            .iter()
            .filter(|event| counts(event))
            .fold(start, Standing::after)
    }
}

impl Terms {
    /// Whether it leaves less: within the span, on the grid of the step, under the same notice, and not the same.
    #[must_use]
    pub fn is_narrower_than(&self, old: &Self) -> bool {
        let within = old.data.encloses(&self.data) && self.step.is_multiple_of(old.step);
        within && self.notice == old.notice && (self.data != old.data || self.step != old.step)
    }

    /// Whether it moves the end to later, and nothing else but the notice.
    #[must_use]
    pub fn only_ends_later_than(&self, old: &Self) -> bool {
        self.step == old.step && self.data.start() == old.data.start() && old.data.end() < self.data.end()
    }
}

#[cfg(test)]
mod tests;
