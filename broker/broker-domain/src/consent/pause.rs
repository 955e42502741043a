//! Pauses: transfers stop for a while, the consent stands.
//!
//! In the DPV a pause is no state of the consent (`consent.md` §2.2). What is measured during one never passes under that
//! consent, neither then nor afterwards: whoever paused for a week away would not expect the week to be handed over later.

use super::{Consent, EventKind};
use crate::time::{Instant, Interval};

/// A pause under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it began.
    pub since: Instant,
    /// When transfers may go on by themselves.
    pub until: Instant,
}

impl Consent {
    /// The pauses of a consent, in order, each as long as it lasted or will last. Pauses that lasted no time are left out.
    pub fn pauses(&self) -> impl Iterator<Item = Interval> {
        let mut open: Option<Pause> = None;
        let ended = self.events.iter().filter_map(move |event| {
            let at = event.effective_at;
            let before = match event.kind {
                EventKind::Paused { until } => open.replace(Pause { since: at, until }),
                EventKind::Resumed => open.take(),
                _ => None,
            };
            before.and_then(|pause| Interval::new(pause.since, pause.until.min(at)).ok())
        });
        let last = self
            .events
            .iter()
            .rfind(|event| matches!(event.kind, EventKind::Paused { .. } | EventKind::Resumed))
            .and_then(|event| match event.kind {
                EventKind::Paused { until } => Interval::new(event.effective_at, until).ok(),
                _ => None,
            });
        ended.chain(last)
    }

    /// Until when it is paused apart from the pauses that began at these instants; `None` where nothing else pauses it.
    /// A later pause takes the place of an earlier one, so that of several only the last is left of `pause`.
    #[must_use]
    pub fn paused_beside(&self, others: &[Instant], now: Instant) -> Option<Instant> {
        let kept = self
            .events
            .iter()
            .fold(None, |kept: Option<Instant>, event| match event.kind {
                EventKind::Paused { until } if !others.contains(&event.effective_at) => {
                    Some(kept.map_or(until, |kept| kept.max(until)))
                }
                EventKind::Resumed => None,
                _ => kept,
            });
        kept.filter(|until| now < *until)
    }

    /// The first pause that a span touches.
    pub(super) fn pause_over(&self, span: &Interval) -> Option<Interval> {
        self.pauses().find(|pause| pause.overlaps(span))
    }

    /// What is left of a span when the pauses are taken out, in order.
    pub(super) fn without_pauses(&self, span: Interval) -> Vec<Interval> {
        let mut left = Vec::with_capacity(1);
        let mut from = span.start();
        for pause in self.pauses() {
            left.extend(Interval::new(from, pause.start().min(span.end())));
            from = from.max(pause.end());
        }
        left.extend(Interval::new(from, span.end()));
        left
    }
}
