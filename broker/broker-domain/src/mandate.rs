//! Acting for somebody (`consent.md` §8, kit rule P-30): who may do what for whom, from when until when.
//!
//! Whoever is signed in and whoever is concerned are two people from here on: a [`Hand`] names both. It holds an [`Acting`]
//! where they differ, and only [`Mandate::acting`] makes one, so that no use case acts for somebody without having asked
//! whether it may. What a mandate never covers has no [`Power`]: mandates, keys and accounts, addresses, homes, rights,
//! erasure.

mod joint;

use thiserror::Error;

use crate::ids::{Digest, MandateId, ParticipantId, PointId};
use crate::policy::Principal;
use crate::time::{Instant, Interval};
pub use joint::{GrantRule, Joint, LONGEST_JOINT_SECONDS};

/// Something that may be done for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    /// Looking at readings, history and proofs.
    View,
    /// Agreeing, refusing, resuming, renewing.
    Grant,
    /// Withdrawing, pausing, narrowing.
    Withdraw,
}

impl Power {
    /// Every power, in the order of records.
    pub const ALL: [Self; 3] = [Self::View, Self::Grant, Self::Withdraw];

    /// The name in the database and in forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Grant => "grant",
            Self::Withdraw => "withdraw",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::View => 1,
            Self::Grant => 2,
            Self::Withdraw => 4,
        }
    }
}

/// A set of powers, never empty. Whoever may grant may withdraw: there is no set that grants and does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Powers(u8);

impl Powers {
    /// The set of these; `None` without any.
    #[must_use]
    pub fn of(powers: &[Power]) -> Option<Self> {
        let bits = powers.iter().fold(0, |bits, power| bits | power.bit());
        let bits = if bits & Power::Grant.bit() == 0 {
            bits
        } else {
            bits | Power::Withdraw.bit()
        };
        (bits != 0).then_some(Self(bits))
    }

    /// Whether it is among them.
    #[must_use]
    pub const fn include(self, power: Power) -> bool {
        self.0 & power.bit() != 0
    }

    /// Each of them, in the order of records.
    pub fn each(self) -> impl Iterator<Item = Power> {
        Power::ALL.into_iter().filter(move |power| self.include(*power))
    }

    /// Their names joined by `+`, as the database has them.
    #[must_use]
    pub fn code(self) -> String {
        self.each().map(Power::code).collect::<Vec<_>>().join("+")
    }

    /// The set of that code. One that grants and does not withdraw was written by nobody.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let named = |name| Power::ALL.into_iter().find(|power| power.code() == name);
        let powers: Option<Vec<Power>> = code.split('+').map(named).collect();
        Self::of(&powers?).filter(|set| set.code() == code)
    }
}

/// As what somebody acts for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capacity {
    /// Somebody whom the person chose.
    Delegate,
    /// The other holder of a contract.
    JointHolder,
    /// A guardian.
    Guardian,
    /// Whoever represents a legal person.
    Representative,
}

impl Capacity {
    /// Every capacity.
    pub const ALL: [Self; 4] = [
        Self::Delegate,
        Self::JointHolder,
        Self::Guardian,
        Self::Representative,
    ];

    /// The name in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Delegate => "delegate",
            Self::JointHolder => "joint-holder",
            Self::Guardian => "guardian",
            Self::Representative => "representative",
        }
    }

    /// The capacity of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capacity| capacity.code() == code)
    }
}

/// How long a mandate lasts at most, in seconds: two years. Whoever still wants it then gives it anew.
pub const LONGEST_MANDATE_SECONDS: i64 = 731 * 86_400;

/// How long a representative of a legal person is named for at most, in seconds: seven years, which a municipal term does not exceed
/// in France or Belgium.
pub const LONGEST_REPRESENTATION_SECONDS: i64 = 7 * 366 * 86_400;

/// What one person lets another do for her.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Which.
    pub id: MandateId,
    /// For whom is acted.
    pub person: ParticipantId,
    /// As what.
    pub capacity: Capacity,
    /// What may be done.
    pub powers: Powers,
    /// From when until when.
    pub span: Interval,
    /// SHA-256 of a document that it rests on; the document is not kept.
    pub basis: Option<Digest>,
    /// When it was given.
    pub given_at: Instant,
    /// Until when it can be accepted.
    pub open_until: Instant,
    /// Who took it on, and when.
    pub held: Option<Held>,
    /// How it was ended before its time.
    pub ended: Option<Ended>,
    /// Which contract it is about, where it makes its bearer a holder of one.
    pub joint: Option<Joint>,
}

/// Who holds a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Held {
    /// Who acts.
    pub by: ParticipantId,
    /// Since when.
    pub since: Instant,
}

/// The early end of a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ended {
    /// When.
    pub at: Instant,
    /// Which side ended it.
    pub by: Side,
}

/// The two sides of a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The person for whom is acted.
    Person,
    /// Whoever acts.
    Delegate,
}

/// Where a mandate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MandateState {
    /// Nobody took it on yet.
    Open,
    /// Nobody took it on in time.
    Lapsed,
    /// It was taken on and begins later.
    Ahead,
    /// It can be acted under.
    InForce,
    /// Its time is over.
    Expired,
    /// It was ended before its time.
    Ended(Ended),
}

/// Why nobody acts under a mandate.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum NotActing {
    /// It is somebody else's.
    #[error("this mandate is not yours")]
    NotYours,
    /// It is not in force.
    #[error("this mandate is not in force now")]
    NotInForce,
}

impl Mandate {
    /// Where it stands. Computed each time: nothing has to run for it to end. An early end counts whatever the clock says.
    #[must_use]
    pub fn state(&self, now: Instant) -> MandateState {
        if let Some(ended) = self.ended {
            return MandateState::Ended(ended);
        }
        match self.held {
            None if self.open_until <= now || self.span.end() <= now => MandateState::Lapsed,
            None => MandateState::Open,
            Some(_) if self.span.end() <= now => MandateState::Expired,
            Some(held) if now < self.span.start() || now < held.since => MandateState::Ahead,
            Some(_) => MandateState::InForce,
        }
    }

    /// Leave to act under it at an instant, for whoever holds it.
    ///
    /// # Errors
    /// See [`NotActing`].
    pub fn acting(&self, who: ParticipantId, now: Instant) -> Result<Acting, NotActing> {
        let held = self.held.filter(|held| held.by == who);
        let held = held.ok_or(NotActing::NotYours)?;
        match self.state(now) {
            MandateState::InForce => Ok(Acting {
                mandate: self.id,
                person: self.person,
                delegate: held.by,
                capacity: self.capacity,
                powers: self.powers,
                point: self.joint.map(|joint| joint.point),
            }),
            MandateState::Open
            | MandateState::Lapsed
            | MandateState::Ahead
            | MandateState::Expired
            | MandateState::Ended(_) => Err(NotActing::NotInForce),
        }
    }
}

/// Leave to act for somebody, as it was at one instant. Only [`Mandate::acting`] makes one; a use case that writes asks again in
/// its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Acting {
    mandate: MandateId,
    person: ParticipantId,
    delegate: ParticipantId,
    capacity: Capacity,
    powers: Powers,
    point: Option<PointId>,
}

impl Acting {
    /// Under which mandate.
    #[must_use]
    pub const fn mandate(&self) -> MandateId {
        self.mandate
    }

    /// For whom.
    #[must_use]
    pub const fn person(&self) -> ParticipantId {
        self.person
    }

    /// Who acts.
    #[must_use]
    pub const fn delegate(&self) -> ParticipantId {
        self.delegate
    }

    /// As what.
    #[must_use]
    pub const fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// What she may do.
    #[must_use]
    pub const fn powers(&self) -> Powers {
        self.powers
    }

    /// The one meter that it is about; `None` where it is about all that is the person's.
    #[must_use]
    pub const fn point(&self) -> Option<PointId> {
        self.point
    }
}

/// Who acts and who is concerned. Made of an identifier alone, both are the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hand {
    person: ParticipantId,
    acting: Option<Acting>,
}

impl Hand {
    /// The person concerned.
    #[must_use]
    pub const fn person(&self) -> ParticipantId {
        self.person
    }

    /// The leave to act for her; `None` where she acts herself.
    #[must_use]
    pub const fn acting(&self) -> Option<Acting> {
        self.acting
    }

    /// Whoever acts: her keys sign, her session is open.
    #[must_use]
    pub fn actor(&self) -> ParticipantId {
        self.acting.map_or(self.person, |acting| acting.delegate)
    }

    /// Who the policies are asked about.
    #[must_use]
    pub fn principal(&self) -> Principal {
        match self.acting {
            None => Principal::Participant(self.person),
            Some(acting) => Principal::Delegate(acting),
        }
    }

    /// Whether this meter is within reach: not everything of a person is, for whoever holds one contract with her.
    #[must_use]
    pub fn reaches(&self, point: PointId) -> bool {
        let only = self.acting.and_then(|acting| acting.point);
        only.is_none_or(|only| only == point)
    }

    /// Whether all that is the person's is within reach.
    #[must_use]
    pub fn reaches_all(&self) -> bool {
        self.acting.is_none_or(|acting| acting.point.is_none())
    }

    /// Which holder of the contract speaks: whoever acts for a person speaks as that person, and a holder as herself.
    #[must_use]
    pub fn holder(&self) -> ParticipantId {
        match self.acting {
            Some(acting) if acting.capacity == Capacity::JointHolder => acting.delegate,
            _ => self.person,
        }
    }

    /// Whether the power is hers: always, where she acts herself.
    #[must_use]
    pub fn may(&self, power: Power) -> bool {
        self.acting.is_none_or(|acting| acting.powers.include(power))
    }
}

impl From<ParticipantId> for Hand {
    fn from(person: ParticipantId) -> Self {
        Self { person, acting: None }
    }
}

impl From<Acting> for Hand {
    fn from(acting: Acting) -> Self {
        Self {
            person: acting.person,
            acting: Some(acting),
        }
    }
}

#[cfg(test)]
mod tests;
