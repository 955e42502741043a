//! When the next access is to be expected (`gdpr-kit.md` P-08), from the accesses before it; and honestly nothing, where they
//! have no rhythm.

use crate::time::Instant;

/// Fewer intervals tell no rhythm.
const FEWEST: usize = 3;
/// Accesses of one sitting count as one, in microseconds: an application that fetches a day in pieces.
const ONE_SITTING_US: i64 = 15 * 60 * 1_000_000;

/// What the accesses before tell of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAccess {
    /// There were too few, or they came without a rhythm.
    Unknown,
    /// About then.
    Expected {
        /// When.
        at: Instant,
        /// How long there usually is between two, in seconds.
        every_s: i64,
    },
    /// It was to be expected then, and did not come.
    Missed {
        /// When.
        at: Instant,
        /// How long there usually is between two, in seconds.
        every_s: i64,
    },
}

/// What to expect after these accesses, in whatever order.
#[must_use]
pub fn next_access(accesses: &[Instant], now: Instant) -> NextAccess {
    let mut times: Vec<i64> = accesses.iter().map(|at| at.as_micros()).collect();
    times.sort_unstable();
    let mut sittings: Vec<i64> = Vec::new();
    for at in times {
        if sittings
            .last()
            .is_none_or(|last| at.saturating_sub(*last) > ONE_SITTING_US)
        {
            sittings.push(at);
        }
    }
    let mut gaps: Vec<i64> = sittings
        .iter()
        .zip(sittings.iter().skip(1))
        .map(|(one, next)| next.saturating_sub(*one))
        .collect();
    gaps.sort_unstable();
    let Some(last) = sittings.last().filter(|_| gaps.len() >= FEWEST) else {
        return NextAccess::Unknown;
    };
    let Some(middle) = gaps.get(gaps.len() / 2).copied() else {
        return NextAccess::Unknown;
    };
    // Three of four gaps within a half of the one in the middle: a rhythm, although a server was down once.
    let half = middle / 2;
    let regular = gaps
        .iter()
        .filter(|gap| gap.abs_diff(middle) <= half.unsigned_abs());
    if regular.count().saturating_mul(4) < gaps.len().saturating_mul(3) {
        return NextAccess::Unknown;
    }
    let every_s = middle / 1_000_000;
    let Ok(at) = Instant::from_micros(last.saturating_add(middle)) else {
        return NextAccess::Unknown;
    };
    let Ok(late) = Instant::from_micros(at.as_micros().saturating_add(half)) else {
        return NextAccess::Unknown;
    };
    if late < now {
        NextAccess::Missed { at, every_s }
    } else {
        NextAccess::Expected { at, every_s }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn at(hours: i64) -> Instant {
        Instant::parse("2026-11-22T00:00:00Z")
            .unwrap()
            .plus_seconds(hours * HOUR)
    }

    #[test]
    fn a_daily_rhythm_leads_to_the_next_day() {
        let daily = [at(0), at(24), at(48), at(72)];
        let every_s = 24 * HOUR;
        assert_eq!(
            next_access(&daily, at(73)),
            NextAccess::Expected { at: at(96), every_s }
        );
        assert_eq!(
            next_access(&daily, at(200)),
            NextAccess::Missed { at: at(96), every_s }
        );
    }

    #[test]
    fn pieces_of_one_sitting_are_one_access() {
        let minute = |hours, minutes: i64| at(hours).plus_seconds(minutes * 60);
        let pieces = [
            at(0),
            minute(0, 1),
            minute(0, 2),
            at(24),
            minute(24, 1),
            at(48),
            minute(48, 3),
            at(72),
        ];
        let expected = NextAccess::Expected {
            at: at(96),
            every_s: 24 * HOUR,
        };
        assert_eq!(next_access(&pieces, at(80)), expected);
    }

    #[test]
    fn too_few_or_irregular_accesses_tell_nothing() {
        assert_eq!(next_access(&[], at(0)), NextAccess::Unknown);
        assert_eq!(next_access(&[at(0), at(24), at(48)], at(49)), NextAccess::Unknown);
        let irregular = [at(0), at(1), at(30), at(33), at(200)];
        assert_eq!(next_access(&irregular, at(201)), NextAccess::Unknown);
    }
}
