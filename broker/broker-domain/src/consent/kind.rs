//! The kinds of events: their names, what each holds, and which may follow which.

use super::{EventKind, State, Terms};
use crate::ids::ConsentId;
use crate::time::Instant;

/// What an event holds beside its kind, apart: as a store keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventParts {
    /// New terms.
    pub terms: Option<Terms>,
    /// The end of a pause.
    pub until: Option<Instant>,
    /// The consent that took its place.
    pub by: Option<ConsentId>,
}

impl EventKind {
    /// The name used in the database and in records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Deferred => "deferred",
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Narrowed(_) => "narrowed",
            Self::Renewed(_) => "renewed",
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Invalidated => "invalidated",
            Self::Superseded { .. } => "superseded",
            Self::Suspended => "suspended",
            Self::Agreed { .. } => "agreed",
            Self::Declined => "declined",
        }
    }

    /// What it holds beside its name.
    #[must_use]
    pub fn parts(self) -> EventParts {
        let none = EventParts::default();
        match self {
            Self::Narrowed(terms) | Self::Renewed(terms) => EventParts {
                terms: Some(terms),
                ..none
            },
            Self::Paused { until } => EventParts {
                until: Some(until),
                ..none
            },
            Self::Superseded { by } => EventParts { by: Some(by), ..none },
            Self::Agreed { until, renewal } => EventParts {
                terms: renewal,
                until: Some(until),
                ..none
            },
            _ => none,
        }
    }

    /// The kind of that name with these parts. `None` for an unknown name, a part that is missing, and one too many.
    #[must_use]
    pub fn from_parts(code: &str, parts: EventParts) -> Option<Self> {
        let kind = match (code, parts.terms, parts.until, parts.by) {
            ("requested", None, None, None) => Self::Requested,
            ("deferred", None, None, None) => Self::Deferred,
            ("given", None, None, None) => Self::Given,
            ("refused", None, None, None) => Self::Refused,
            ("narrowed", Some(terms), None, None) => Self::Narrowed(terms),
            ("renewed", Some(terms), None, None) => Self::Renewed(terms),
            ("paused", None, Some(until), None) => Self::Paused { until },
            ("resumed", None, None, None) => Self::Resumed,
            ("withdrawn", None, None, None) => Self::Withdrawn,
            ("revoked", None, None, None) => Self::Revoked,
            ("expired", None, None, None) => Self::Expired,
            ("invalidated", None, None, None) => Self::Invalidated,
            ("superseded", None, None, Some(by)) => Self::Superseded { by },
            ("suspended", None, None, None) => Self::Suspended,
            ("agreed", renewal, Some(until), None) => Self::Agreed { until, renewal },
            ("declined", None, None, None) => Self::Declined,
            _ => return None,
        };
        Some(kind)
    }

    /// The state that an event leads to for ever, when it ends the consent.
    pub(super) const fn end(self, at: Instant) -> Option<State> {
        Some(match self {
            Self::Withdrawn => State::Withdrawn { at },
            Self::Revoked => State::Revoked { at },
            Self::Expired => State::Expired { at },
            Self::Invalidated => State::Invalidated { at },
            Self::Superseded { by } => State::Superseded { at, by },
            Self::Suspended => State::Suspended { at },
            Self::Requested
            | Self::Deferred
            | Self::Given
            | Self::Refused
            | Self::Narrowed(_)
            | Self::Renewed(_)
            | Self::Paused { .. }
            | Self::Resumed
            | Self::Agreed { .. }
            | Self::Declined => return None,
        })
    }

    /// Whether it may take effect before it was known.
    pub(super) const fn may_be_dated_back(self) -> bool {
        matches!(
            self,
            Self::Withdrawn
                | Self::Revoked
                | Self::Expired
                | Self::Invalidated
                | Self::Superseded { .. }
                | Self::Suspended
        )
    }

    /// Whether it leaves less than there was, for good or for a while.
    pub(super) const fn takes_away(self) -> bool {
        self.may_be_dated_back() || matches!(self, Self::Narrowed(_) | Self::Paused { .. } | Self::Declined)
    }

    /// The table of `consent.md` §2.2. A restore that ends a consent counts as withdrawn there, one superseded too.
    pub(super) const fn follows(self, state: State) -> bool {
        match state {
            State::Unknown => matches!(
                self,
                Self::Requested
                    | Self::Deferred
                    | Self::Given
                    | Self::Refused
                    | Self::Invalidated
                    | Self::Agreed { renewal: None, .. }
            ),
            State::Requested => matches!(
                self,
                Self::Deferred
                    | Self::Given
                    | Self::Refused
                    | Self::Invalidated
                    | Self::Agreed { renewal: None, .. }
            ),
            State::Deferred => matches!(
                self,
                Self::Requested
                    | Self::Given
                    | Self::Refused
                    | Self::Invalidated
                    | Self::Agreed { renewal: None, .. }
            ),
            State::Waiting { .. } => matches!(
                self,
                Self::Given
                    | Self::Declined
                    | Self::Invalidated
                    | Self::Suspended
                    | Self::Agreed { renewal: None, .. }
            ),
            State::Given { .. } => matches!(
                self,
                Self::Narrowed(_)
                    | Self::Renewed(_)
                    | Self::Paused { .. }
                    | Self::Resumed
                    | Self::Withdrawn
                    | Self::Revoked
                    | Self::Expired
                    | Self::Invalidated
                    | Self::Superseded { .. }
                    | Self::Suspended
                    | Self::Agreed { renewal: Some(_), .. }
                    | Self::Declined
            ),
            // The announcement of an end that the clock brought; whether it was made before is looked at apart.
            State::Expired { .. } => matches!(self, Self::Expired | Self::Invalidated),
            State::Refused
            | State::Withdrawn { .. }
            | State::Revoked { .. }
            | State::Superseded { .. }
            | State::Suspended { .. } => matches!(self, Self::Invalidated),
            State::Invalidated { .. } => false,
        }
    }
}
