//! When a new code for somebody's account may be handed out.

use super::{CODE_STANDS_SECONDS, CODE_WAITS_SECONDS, EnteredAct, EnteredState, Entry, Seen};
use crate::time::Instant;

/// When the code of a confirmed act may be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeWindow {
    /// Not before the person was told of it.
    Untold {
        /// When it is too late for that.
        until: Instant,
    },
    /// Between two instants; none when she was told too late.
    Known {
        /// From then on.
        from: Instant,
        /// Before then.
        until: Instant,
    },
}

impl EnteredAct {
    /// From when on at the earliest the code of a confirmed act may be handed out, and until when; `None` for anything else. At
    /// once only when both officers saw the person. Whether she was told is for [`Self::code_window`].
    #[must_use]
    pub fn code_from(&self) -> Option<(Instant, Instant)> {
        let (Entry::Code { seen: first }, EnteredState::Confirmed { at, seen, .. }) =
            (self.entry, self.state)
        else {
            return None;
        };
        let from = match (first, seen) {
            (Seen::InPerson, Seen::InPerson) => at,
            _ => at.plus_seconds(CODE_WAITS_SECONDS),
        };
        Some((from, from.plus_seconds(CODE_STANDS_SECONDS)))
    }

    /// When the code of a confirmed act may be handed out, given when she was told of it; `None` for anything else. Unless both
    /// officers saw her, her 72 hours run from when she was told: before, she cannot stop anything. The end stays where it is, so
    /// that no act stays open because nobody told her.
    #[must_use]
    pub fn code_window(&self, told: Option<Instant>) -> Option<CodeWindow> {
        let (Entry::Code { seen: first }, EnteredState::Confirmed { at, seen, .. }) =
            (self.entry, self.state)
        else {
            return None;
        };
        let (earliest, until) = self.code_from()?;
        Some(match (first, seen, told) {
            (Seen::InPerson, Seen::InPerson, _) => CodeWindow::Known {
                from: earliest,
                until,
            },
            (_, _, None) => CodeWindow::Untold { until },
            (_, _, Some(told)) => CodeWindow::Known {
                from: told.max(at).plus_seconds(CODE_WAITS_SECONDS),
                until,
            },
        })
    }
}
