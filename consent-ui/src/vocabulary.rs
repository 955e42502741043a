//! Controlled vocabularies as people read them.
//!
//! Each term has one message (`Word::key`) and, where a person must understand what it means for them, a second one
//! with `-means` behind it.

mod evidence;
mod record;
mod sign_in;
mod transfer;

use jiff::civil::Date;

use crate::format::Moment;

pub use evidence::Evidence;
pub use record::RecordType;
pub use transfer::{Direction, Outcome, ProofStatus, RefusalReason};

/// A term that has a message.
pub(crate) trait Word {
    /// The key of its message.
    fn key(&self) -> &'static str;
}

impl<T: Word + ?Sized> Word for &T {
    fn key(&self) -> &'static str {
        (**self).key()
    }
}

/// How fine the shared values are. Agreeing to one never includes a finer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// One value a year.
    Yearly,
    /// One value a month.
    Monthly,
    /// One value a day.
    Daily,
    /// One value an hour.
    Hourly,
    /// One value every half hour.
    HalfHourly,
    /// One value every quarter of an hour.
    QuarterHourly,
    /// One value every ten minutes.
    TenMinutes,
    /// One value a minute.
    Minute,
    /// One value every ten seconds.
    TenSeconds,
    /// Values as they are measured.
    RealTime,
}

impl Granularity {
    /// Every granularity, from coarse to fine.
    pub const ALL: [Self; 10] = [
        Self::Yearly,
        Self::Monthly,
        Self::Daily,
        Self::Hourly,
        Self::HalfHourly,
        Self::QuarterHourly,
        Self::TenMinutes,
        Self::Minute,
        Self::TenSeconds,
        Self::RealTime,
    ];
}

impl Word for Granularity {
    fn key(&self) -> &'static str {
        match self {
            Self::Yearly => "granularity-yearly",
            Self::Monthly => "granularity-monthly",
            Self::Daily => "granularity-daily",
            Self::Hourly => "granularity-hourly",
            Self::HalfHourly => "granularity-half-hourly",
            Self::QuarterHourly => "granularity-quarter-hourly",
            Self::TenMinutes => "granularity-ten-minutes",
            Self::Minute => "granularity-minute",
            Self::TenSeconds => "granularity-ten-seconds",
            Self::RealTime => "granularity-real-time",
        }
    }
}

/// What is measured or known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataKind {
    /// Electricity drawn from the grid.
    Consumption,
    /// Electricity given to the grid.
    Production,
    /// The counters of the meter.
    Index,
    /// The highest power drawn in a period.
    MaxPower,
    /// The terms of the supply contract.
    ContractData,
}

impl DataKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Consumption,
        Self::Production,
        Self::Index,
        Self::MaxPower,
        Self::ContractData,
    ];
}

impl Word for DataKind {
    fn key(&self) -> &'static str {
        match self {
            Self::Consumption => "data-consumption",
            Self::Production => "data-production",
            Self::Index => "data-index",
            Self::MaxPower => "data-max-power",
            Self::ContractData => "data-contract",
        }
    }
}

/// Why a processing is lawful, GDPR art. 6(1)(a) to (f).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegalBasis {
    /// (a)
    Consent,
    /// (b)
    Contract,
    /// (c)
    LegalObligation,
    /// (d)
    VitalInterest,
    /// (e)
    PublicTask,
    /// (f)
    LegitimateInterest,
    /// None of these: the permission of a legal person (Regulation (EU) 2022/868, art. 2(6)).
    Permission,
}

impl LegalBasis {
    /// Every basis, in the order of the article.
    pub const ALL: [Self; 7] = [
        Self::Consent,
        Self::Contract,
        Self::LegalObligation,
        Self::VitalInterest,
        Self::PublicTask,
        Self::LegitimateInterest,
        Self::Permission,
    ];
}

impl Word for LegalBasis {
    fn key(&self) -> &'static str {
        match self {
            Self::Consent => "basis-consent",
            Self::Contract => "basis-contract",
            Self::LegalObligation => "basis-legal-obligation",
            Self::VitalInterest => "basis-vital-interest",
            Self::PublicTask => "basis-public-task",
            Self::LegitimateInterest => "basis-legitimate-interest",
            Self::Permission => "basis-permission",
        }
    }
}

/// What a recipient is, in law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecipientRole {
    /// Decides purposes and means.
    Controller,
    /// Decides them with others.
    JointController,
    /// Acts on instructions.
    Processor,
    /// Receives data in any other capacity.
    Recipient,
}

impl RecipientRole {
    /// Every role.
    pub const ALL: [Self; 4] = [
        Self::Controller,
        Self::JointController,
        Self::Processor,
        Self::Recipient,
    ];
}

impl Word for RecipientRole {
    fn key(&self) -> &'static str {
        match self {
            Self::Controller => "role-controller",
            Self::JointController => "role-joint-controller",
            Self::Processor => "role-processor",
            Self::Recipient => "role-recipient",
        }
    }
}

/// Where a recipient stands in the federation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Membership {
    /// A member today.
    Member,
    /// A member once, no longer.
    FormerMember,
    /// Never a member.
    Outside,
}

impl Word for Membership {
    fn key(&self) -> &'static str {
        match self {
            Self::Member => "membership-member",
            Self::FormerMember => "membership-former",
            Self::Outside => "membership-outside",
        }
    }
}

/// Who gave an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GivenBy {
    /// The person who reads the page.
    Me,
    /// Somebody holding a mandate from them.
    Delegate,
    /// The other holder of the contract.
    CoHolder,
}

impl Word for GivenBy {
    fn key(&self) -> &'static str {
        match self {
            Self::Me => "given-by-me",
            Self::Delegate => "given-by-delegate",
            Self::CoHolder => "given-by-co-holder",
        }
    }
}

/// Whose word an agreement waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AwaitedWord {
    /// That of whoever reads the page.
    Mine,
    /// That of somebody who holds the contract with her.
    Another,
}

/// The state of a sharing as shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharingState {
    /// Transfers are allowed.
    Active,
    /// Transfers are allowed, and the agreement ends within 30 days.
    Ending,
    /// The agreement is kept, transfers are stopped.
    Paused {
        /// The day transfers start again, when one was chosen.
        until: Option<Date>,
    },
    /// One of those who hold the contract agreed, and the word of another is awaited: nothing is transferred.
    Waiting {
        /// Whose.
        word: AwaitedWord,
        /// When nothing comes of it.
        until: Moment,
    },
    /// Nothing came of an agreement that waited: somebody said no, or nobody answered in time.
    NotMade {
        /// When.
        at: Moment,
    },
    /// The end date has passed.
    EndedExpired {
        /// When it ended.
        at: Moment,
    },
    /// The person withdrew.
    EndedWithdrawn {
        /// When it ended.
        at: Moment,
    },
    /// Records of the person were lost in a restore, so nobody knows whether the agreement still stood.
    EndedSuspended {
        /// When it ended.
        at: Moment,
    },
    /// Somebody else ended it.
    EndedRevoked {
        /// When it ended.
        at: Moment,
    },
    /// The person left the place.
    EndedMoved {
        /// When it ended.
        at: Moment,
    },
    /// Another agreement took its place.
    EndedSuperseded {
        /// When it ended.
        at: Moment,
    },
    /// The person said no.
    Refused {
        /// When they said so.
        at: Moment,
    },
}

impl SharingState {
    /// Whether there is still something to withdraw.
    pub fn can_be_withdrawn(&self) -> bool {
        matches!(
            self,
            Self::Active | Self::Ending | Self::Paused { .. } | Self::Waiting { .. }
        )
    }

    /// Whether there is something in force that can be paused, made less or renewed.
    pub fn can_be_changed(&self) -> bool {
        matches!(self, Self::Active | Self::Ending | Self::Paused { .. })
    }

    /// Whether the word of whoever reads is awaited.
    pub fn waits_for_me(&self) -> bool {
        matches!(
            self,
            Self::Waiting {
                word: AwaitedWord::Mine,
                ..
            }
        )
    }

    /// When it ended or was refused.
    pub fn ended_at(&self) -> Option<Moment> {
        match self {
            Self::Active | Self::Ending | Self::Paused { .. } | Self::Waiting { .. } => None,
            Self::NotMade { at }
            | Self::EndedExpired { at }
            | Self::EndedWithdrawn { at }
            | Self::EndedSuspended { at }
            | Self::EndedRevoked { at }
            | Self::EndedMoved { at }
            | Self::EndedSuperseded { at }
            | Self::Refused { at } => Some(*at),
        }
    }
}

impl Word for SharingState {
    fn key(&self) -> &'static str {
        match self {
            Self::Active => "state-active",
            Self::Ending => "state-ending",
            Self::Paused { .. } => "state-paused",
            Self::Waiting {
                word: AwaitedWord::Mine,
                ..
            } => "state-waits-for-me",
            Self::Waiting {
                word: AwaitedWord::Another,
                ..
            } => "state-waits-for-another",
            Self::NotMade { .. } => "state-not-made",
            Self::EndedExpired { .. } => "state-ended-expired",
            Self::EndedWithdrawn { .. } => "state-ended-withdrawn",
            Self::EndedSuspended { .. } => "state-ended-suspended",
            Self::EndedRevoked { .. } => "state-ended-revoked",
            Self::EndedMoved { .. } => "state-ended-moved",
            Self::EndedSuperseded { .. } => "state-ended-superseded",
            Self::Refused { .. } => "state-refused",
        }
    }
}

/// What we hear from a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GatewayState {
    /// It sends as expected.
    Connected,
    /// It has not sent for longer than expected.
    Silent,
    /// It was enrolled and has never sent.
    NeverHeard,
    /// No gateway reads this meter.
    Absent,
}

impl GatewayState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Connected, Self::Silent, Self::NeverHeard, Self::Absent];
}

impl Word for GatewayState {
    fn key(&self) -> &'static str {
        match self {
            Self::Connected => "gateway-connected",
            Self::Silent => "gateway-silent",
            Self::NeverHeard => "gateway-never-heard",
            Self::Absent => "gateway-absent",
        }
    }
}

/// The measuring switch of a meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measuring {
    /// The gateway measures.
    On,
    /// The person switched it off.
    Off,
}

impl Word for Measuring {
    fn key(&self) -> &'static str {
        match self {
            Self::On => "measuring-on",
            Self::Off => "measuring-off",
        }
    }
}
