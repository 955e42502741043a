//! Holding one contract together (gdpr-kit.md P-31).
//!
//! A joint holder is a mandate about one meter that ends when one of the two leaves: she acts in a list that is the other's, and in
//! her own name.

use super::Side;
use crate::ids::PointId;

/// Who must agree, where several people hold one contract. Taking away is everybody's alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantRule {
    /// Each alone.
    One,
    /// All of them.
    Both,
}

impl GrantRule {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::One, Self::Both];

    /// The name in the database and in forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Both => "both",
        }
    }

    /// The rule of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.code() == code)
    }
}

/// That two people hold the contract of one meter. A mandate of capacity [`super::Capacity::JointHolder`] has one, no other has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Joint {
    /// Of which meter; nothing else of either is the other's.
    pub point: PointId,
    /// Who must agree.
    pub rule: GrantRule,
    /// Another rule that one of them asked for, and who: it holds once the other agreed.
    pub asked: Option<(GrantRule, Side)>,
}

/// How long a joint holding lasts at most, in seconds: a hundred years. It ends when one of the two leaves.
pub const LONGEST_JOINT_SECONDS: i64 = 36_525 * 86_400;
