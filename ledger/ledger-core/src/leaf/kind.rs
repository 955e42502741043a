//! The small numbers of a leaf's header.

/// Coarse family of an event about a subject. The numbers are frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// 01: a participant, researcher, organisation or dataset is enrolled; record number 1 of every subject.
    Enrolment,
    /// 02: a consent opens or widens.
    ConsentOpened,
    /// 03: a consent narrows or ends.
    ConsentClosed,
    /// 04: data came in or went out, or was refused.
    Transfer,
    /// 05: someone looked at data or records.
    Access,
    /// 06: a right was exercised.
    RightsRequest,
    /// 07: a step of a habilitation or of a request.
    Request,
    /// 08: a release to researchers.
    Release,
    /// 09: a document.
    Document,
    /// 0a: a charge on a privacy budget.
    BudgetCharge,
}

impl SubjectKind {
    const ALL: [Self; 10] = [
        Self::Enrolment,
        Self::ConsentOpened,
        Self::ConsentClosed,
        Self::Transfer,
        Self::Access,
        Self::RightsRequest,
        Self::Request,
        Self::Release,
        Self::Document,
        Self::BudgetCharge,
    ];

    /// The number in the leaf.
    pub const fn number(self) -> u8 {
        match self {
            Self::Enrolment => 0x01,
            Self::ConsentOpened => 0x02,
            Self::ConsentClosed => 0x03,
            Self::Transfer => 0x04,
            Self::Access => 0x05,
            Self::RightsRequest => 0x06,
            Self::Request => 0x07,
            Self::Release => 0x08,
            Self::Document => 0x09,
            Self::BudgetCharge => 0x0a,
        }
    }

    /// `None` for a number without meaning.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// Kind of a leaf of the log itself. The numbers are frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemKind {
    /// 40: root of the map of tags.
    MapRoot,
    /// 41: details were erased.
    Erasure,
    /// 42: a policy or a key changed.
    Change,
    /// 43: the count of a source against ours.
    Reconciliation,
    /// 44: digest of a time-stamp token.
    TimestampToken,
    /// 45: a backup was restored.
    Restore,
    /// 46: a delivery, by the root of its manifest.
    Delivery,
    /// 47: a witness had stopped the log, and it goes on.
    Resumption,
}

impl SystemKind {
    /// Smallest number of a system kind.
    pub(super) const FIRST: u8 = 0x40;

    const ALL: [Self; 8] = [
        Self::MapRoot,
        Self::Erasure,
        Self::Change,
        Self::Reconciliation,
        Self::TimestampToken,
        Self::Restore,
        Self::Delivery,
        Self::Resumption,
    ];

    /// The number in the leaf.
    pub const fn number(self) -> u8 {
        match self {
            Self::MapRoot => 0x40,
            Self::Erasure => 0x41,
            Self::Change => 0x42,
            Self::Reconciliation => 0x43,
            Self::TimestampToken => 0x44,
            Self::Restore => 0x45,
            Self::Delivery => 0x46,
            Self::Resumption => 0x47,
        }
    }

    /// `None` for a number without meaning.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// Who acted, as a class: exact persons never stand in a leaf. The numbers are frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActorClass {
    /// 1
    Participant,
    /// 2
    Researcher,
    /// 3
    Dpo,
    /// 4
    Gateway,
    /// 5
    Broker,
    /// 6
    Authority,
}

impl ActorClass {
    const ALL: [Self; 6] = [
        Self::Participant,
        Self::Researcher,
        Self::Dpo,
        Self::Gateway,
        Self::Broker,
        Self::Authority,
    ];

    /// The number in the leaf.
    pub const fn number(self) -> u8 {
        match self {
            Self::Participant => 1,
            Self::Researcher => 2,
            Self::Dpo => 3,
            Self::Gateway => 4,
            Self::Broker => 5,
            Self::Authority => 6,
        }
    }

    /// `None` for a number without meaning.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.number() == number)
    }
}

/// Whole hours since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(u32);

impl Hour {
    /// Wraps a number of hours.
    pub const fn new(hours: u32) -> Self {
        Self(hours)
    }

    /// The hour an instant falls in; `None` before 1970 and after the year 491,000.
    pub fn of_unix_micros(micros: i64) -> Option<Self> {
        u32::try_from(micros.div_euclid(3_600_000_000)).ok().map(Self)
    }

    /// The number of hours.
    pub const fn get(self) -> u32 {
        self.0
    }
}
