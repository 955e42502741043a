//! When use of a sharing is out of the ordinary (`gdpr-kit.md` P-27): a declared, simple rule over what was sent before, so that
//! whoever is told can check it by hand.
//!
//! The rule says that something is unusual, never that it is wrong: what was sent was covered by the consent.

/// The rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeRule {
    /// More than so many times what is usual is unusual.
    pub times: u32,
    /// Fewer transfers in a day are never unusual.
    pub least_transfers: u32,
    /// A shorter span of data in one transfer is never unusual, in days.
    pub least_span_days: u32,
    /// How many days back are looked at.
    pub days: u16,
    /// So many transfers in a day pass for usual while there are fewer than [`Self::KNOWN`] days to compare with.
    pub usual_at_first: u32,
}

impl Default for VolumeRule {
    fn default() -> Self {
        Self {
            times: 3,
            least_transfers: 20,
            least_span_days: 31,
            days: 28,
            usual_at_first: 24,
        }
    }
}

/// What was sent under one sharing on one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayOfUse {
    /// How many transfers.
    pub transfers: u32,
    /// The longest span of data in one of them, in seconds.
    pub longest_s: i64,
}

/// What is usual for a sharing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// The median of the transfers of a day on which there were any.
    pub transfers: u32,
    /// The median of the longest spans of those days, in seconds; `None` while there are too few days.
    pub longest_s: Option<i64>,
}

/// Something out of the ordinary on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusual {
    /// More transfers than usual.
    Transfers {
        /// How many.
        found: u32,
        /// What is usual.
        usual: u32,
    },
    /// A longer span of data in one transfer than usual, in seconds.
    Span {
        /// How long.
        found_s: i64,
        /// What is usual.
        usual_s: i64,
    },
}

const DAY_SECONDS: i64 = 86_400;

impl VolumeRule {
    /// With fewer days to compare with, nothing is known of a rhythm.
    pub const KNOWN: usize = 3;

    /// What is usual, from the days on which something was sent.
    #[must_use]
    pub fn usual(&self, days: &[DayOfUse]) -> Usual {
        let used: Vec<&DayOfUse> = days.iter().filter(|day| day.transfers > 0).collect();
        if used.len() < Self::KNOWN {
            return Usual {
                transfers: self.usual_at_first,
                longest_s: None,
            };
        }
        Usual {
            transfers: median(used.iter().map(|day| day.transfers)).unwrap_or(self.usual_at_first),
            longest_s: median(used.iter().map(|day| day.longest_s)),
        }
    }

    /// Whether a day could be unusual, whatever is usual.
    #[must_use]
    pub fn may_be_unusual(&self, day: DayOfUse) -> bool {
        day.transfers >= self.least_transfers || day.longest_s >= self.least_span_s()
    }

    /// The shortest span that can be unusual, in seconds.
    #[must_use]
    pub fn least_span_s(&self) -> i64 {
        i64::from(self.least_span_days).saturating_mul(DAY_SECONDS)
    }

    /// What is unusual about a day.
    #[must_use]
    pub fn unusual(&self, usual: Usual, day: DayOfUse) -> Vec<Unusual> {
        let mut found = Vec::new();
        let most = usual.transfers.saturating_mul(self.times);
        if day.transfers >= self.least_transfers && day.transfers > most {
            found.push(Unusual::Transfers {
                found: day.transfers,
                usual: usual.transfers,
            });
        }
        if let Some(usual_s) = usual.longest_s {
            let most = usual_s.saturating_mul(i64::from(self.times));
            if day.longest_s >= self.least_span_s() && day.longest_s > most {
                found.push(Unusual::Span {
                    found_s: day.longest_s,
                    usual_s,
                });
            }
        }
        found
    }
}

/// The value in the middle; of two the lower one, which tells sooner.
fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    fn day(transfers: u32, days: i64) -> DayOfUse {
        DayOfUse {
            transfers,
            longest_s: days * DAY_SECONDS,
        }
    }

    #[test]
    fn more_than_three_times_the_median_is_unusual() {
        let rule = VolumeRule::default();
        let usual = rule.usual(&[day(10, 1), day(8, 1), day(400, 1), day(0, 0), day(9, 1)]);
        assert_eq!((usual.transfers, usual.longest_s), (9, Some(DAY_SECONDS)));
        assert_eq!(rule.unusual(usual, day(27, 1)), []);
        assert_eq!(
            rule.unusual(usual, day(28, 1)),
            [Unusual::Transfers { found: 28, usual: 9 }]
        );
    }

    #[test]
    fn few_transfers_are_never_unusual() {
        let rule = VolumeRule::default();
        let usual = rule.usual(&[day(1, 1), day(1, 1), day(1, 1)]);
        assert_eq!(rule.unusual(usual, day(19, 1)), []);
        assert_eq!(rule.unusual(usual, day(20, 1)).len(), 1);
    }

    #[test]
    fn a_span_far_larger_than_before_is_unusual_once_there_is_a_before() {
        let rule = VolumeRule::default();
        let known = rule.usual(&[day(1, 1), day(1, 1), day(1, 2)]);
        assert_eq!(rule.unusual(known, day(1, 30)), []);
        assert_eq!(
            rule.unusual(known, day(1, 365)),
            [Unusual::Span {
                found_s: 365 * DAY_SECONDS,
                usual_s: DAY_SECONDS
            }]
        );
        let unknown = rule.usual(&[day(1, 1), day(1, 1)]);
        assert_eq!(
            rule.unusual(unknown, day(1, 365)),
            [],
            "the past it asked for first"
        );
        assert_eq!(rule.unusual(unknown, day(73, 1)).len(), 1, "but not without end");
    }

    proptest! {
        #[test]
        fn what_cannot_be_unusual_never_is(before in any::<[u8; 9]>(), transfers in 0_u32..200, days in 0_i64..400) {
            let rule = VolumeRule::default();
            let before: Vec<DayOfUse> = before.iter().map(|count| day(u32::from(*count), i64::from(*count))).collect();
            let today = day(transfers, days);
            let found = rule.unusual(rule.usual(&before), today);
            assert!(found.is_empty() || rule.may_be_unusual(today));
        }
    }
}
