//! Transfers: which way, how they ended, why not, and what the ledger says of them.

use crate::format::Moment;
use crate::vocabulary::Word;

/// Which way a transfer goes, seen from the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a meter or a source into the broker.
    Inward,
    /// From the broker to a recipient.
    Outward,
}

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The data went through.
    Done,
    /// Nothing went through.
    Refused(RefusalReason),
}

/// The direction and the outcome of a transfer, read as one phrase.
impl Word for (Direction, Outcome) {
    fn key(&self) -> &'static str {
        match self {
            (Direction::Inward, Outcome::Done) => "flow-received",
            (Direction::Inward, Outcome::Refused(_)) => "flow-received-refused",
            (Direction::Outward, Outcome::Done) => "flow-sent",
            (Direction::Outward, Outcome::Refused(_)) => "flow-sent-refused",
        }
    }
}

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// Nobody agreed.
    NoConsent,
    /// The agreement was withdrawn.
    Withdrawn,
    /// A restore that lost records ended the agreement.
    Suspended,
    /// The agreement has ended.
    Expired,
    /// The agreement was ended by somebody else, or by a move.
    Closed,
    /// The contract of the meter changed, and the person was not heard yet.
    Held,
    /// The agreement is paused, or was while this was measured.
    Paused,
    /// Finer values than agreed.
    GranularityNotAgreed,
    /// Another purpose than agreed.
    PurposeNotAgreed,
    /// Outside the agreed period.
    PeriodNotAgreed,
    /// Measuring is switched off.
    MeasuringOff,
    /// The rules of the federation forbid it.
    Policy,
    /// The data do not carry a valid signature.
    BadSignature,
    /// The values cannot be true.
    Implausible,
    /// What the gateway sent is signed, and still no batch of readings that can be taken.
    Unusable,
    /// The data were erased.
    Erased,
    /// Fewer households agreed than the rule wants.
    TooFewHouseholds,
    /// One household weighs too much in the total.
    Dominance,
    /// The officer refused, with reasons.
    Officer,
}

impl RefusalReason {
    /// Every reason.
    pub const ALL: [Self; 19] = [
        Self::NoConsent,
        Self::Withdrawn,
        Self::Suspended,
        Self::Expired,
        Self::Closed,
        Self::Held,
        Self::Paused,
        Self::GranularityNotAgreed,
        Self::PurposeNotAgreed,
        Self::PeriodNotAgreed,
        Self::MeasuringOff,
        Self::Policy,
        Self::BadSignature,
        Self::Implausible,
        Self::Unusable,
        Self::Erased,
        Self::TooFewHouseholds,
        Self::Dominance,
        Self::Officer,
    ];
}

impl Word for RefusalReason {
    fn key(&self) -> &'static str {
        match self {
            Self::NoConsent => "refusal-no-consent",
            Self::Withdrawn => "refusal-withdrawn",
            Self::Suspended => "refusal-suspended",
            Self::Expired => "refusal-expired",
            Self::Closed => "refusal-closed",
            Self::Held => "refusal-held",
            Self::Paused => "refusal-paused",
            Self::GranularityNotAgreed => "refusal-granularity",
            Self::PurposeNotAgreed => "refusal-purpose",
            Self::PeriodNotAgreed => "refusal-period",
            Self::MeasuringOff => "refusal-measuring-off",
            Self::Policy => "refusal-policy",
            Self::BadSignature => "refusal-signature",
            Self::Implausible => "refusal-implausible",
            Self::Unusable => "refusal-unusable",
            Self::Erased => "refusal-erased",
            Self::TooFewHouseholds => "refusal-too-few",
            Self::Dominance => "refusal-dominance",
            Self::Officer => "refusal-officer",
        }
    }
}

/// What is known about the ledger record of an event. Leaf numbers start at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofStatus {
    /// Not in the ledger, and not meant to be: saying no leaves no trace there.
    Unrecorded,
    /// Written, not yet covered by a signed checkpoint.
    Pending,
    /// In the ledger; nobody has checked it again since.
    Recorded {
        /// Number of the record.
        leaf: u64,
    },
    /// In the ledger and found unchanged.
    Checked {
        /// Number of the record.
        leaf: u64,
        /// When it was last checked.
        at: Moment,
    },
    /// The proof does not verify.
    Failing {
        /// Number of the record.
        leaf: u64,
        /// When the check failed.
        at: Moment,
    },
}

impl ProofStatus {
    /// The number of the record, once it has one.
    pub fn leaf(&self) -> Option<u64> {
        match self {
            Self::Unrecorded | Self::Pending => None,
            Self::Recorded { leaf } | Self::Checked { leaf, .. } | Self::Failing { leaf, .. } => Some(*leaf),
        }
    }
}
