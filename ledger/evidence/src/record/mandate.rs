//! A person lets another act for her (`consent.md` §8), in the list of the person; that she took it on and that it ended,
//! also in the list of whoever acts.

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant, RecordError, demand};

/// A step in the life of a mandate, or a look at what it opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateStep {
    /// Which mandate. Acts under it name it.
    pub mandate: Id,
    /// For whom is acted.
    pub participant: Id,
    /// Who acts; not known before she accepts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegate: Option<Id>,
    /// As what she acts.
    pub capacity: Capacity,
    /// What happened.
    pub step: MandateStepKind,
    /// What she may do, in the order of [`Power`].
    pub powers: Vec<Power>,
    /// From when on.
    pub from: Instant,
    /// Until when, exclusive.
    pub until: Instant,
    /// SHA-256 of the document that it rests on; the document itself is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis_sha256: Option<Digest>,
    /// The contract that its bearer holds with the person. In `mandate/2` and never in `/1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joint: Option<JointContract>,
    /// When it was recorded.
    pub at: Instant,
}

/// A contract that two people hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointContract {
    /// Of which meter: what stands behind `en:mp:hmac:` in consent records.
    pub point: Digest,
    /// Who must agree, after this step.
    pub rule: JointRule,
    /// Another rule that one of them asked for with this step: it holds once the other agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<JointRule>,
}

/// Who of those who hold a contract must agree. Taking away is everybody's alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JointRule {
    /// Each alone.
    One,
    /// All of them.
    Both,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MandateStepKind {
    /// The person gave it; nobody holds it yet.
    Given,
    /// Somebody accepted it.
    Accepted,
    /// The person ended it.
    EndedByPerson,
    /// Whoever held it gave it back.
    EndedByDelegate,
    /// The person asked for another rule about who must agree, or took that back.
    RuleAskedByPerson,
    /// Whoever holds it did.
    RuleAskedByDelegate,
    /// The person agreed to the rule that the other had asked for.
    RuleAgreedByPerson,
    /// Whoever holds it did.
    RuleAgreedByDelegate,
    /// An officer, who saw the contract, had it given; nobody holds it yet.
    GivenByOfficer,
    /// An officer ended it: the contract is held by one.
    EndedByOfficer,
    /// Whoever holds it looked at readings or records of the person; said once a day.
    Looked,
}

/// As what somebody acts for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// The term of our own vocabulary, as consent records have it.
    pub const fn term(self) -> &'static str {
        match self {
            Self::Delegate => "en:Delegate",
            Self::JointHolder => "en:JointHolder",
            Self::Guardian => "en:Guardian",
            Self::Representative => "en:Representative",
        }
    }
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    /// Looking at readings, history and proofs.
    View,
    /// Agreeing and refusing.
    Grant,
    /// Withdrawing, pausing, narrowing.
    Withdraw,
}

impl MandateStep {
    /// Whether nobody acts under it from here on.
    pub const fn ends(&self) -> bool {
        matches!(
            self.step,
            MandateStepKind::EndedByPerson
                | MandateStepKind::EndedByDelegate
                | MandateStepKind::EndedByOfficer
        )
    }

    pub(super) fn check(&self) -> Result<(), RecordError> {
        let of_a_contract = matches!(
            self.step,
            MandateStepKind::RuleAskedByPerson
                | MandateStepKind::RuleAskedByDelegate
                | MandateStepKind::RuleAgreedByPerson
                | MandateStepKind::RuleAgreedByDelegate
                | MandateStepKind::GivenByOfficer
                | MandateStepKind::EndedByOfficer
        );
        demand(
            self.joint.is_some() || !of_a_contract,
            "only a contract has a rule",
        )?;
        demand(
            self.joint.is_some() == (self.capacity == Capacity::JointHolder),
            "whoever holds a contract holds it of a meter",
        )?;
        let ordered = self.powers.is_sorted_by(|a, b| a < b);
        demand(
            ordered && !self.powers.is_empty(),
            "powers are named once each, in their order",
        )?;
        let granting = self.powers.contains(&Power::Grant);
        demand(
            !granting || self.powers.contains(&Power::Withdraw),
            "whoever may grant may withdraw",
        )?;
        demand(self.from < self.until, "a mandate ends after it begins")?;
        let held = !matches!(
            self.step,
            MandateStepKind::Given
                | MandateStepKind::GivenByOfficer
                | MandateStepKind::EndedByPerson
                | MandateStepKind::EndedByOfficer
        );
        demand(
            self.delegate.is_some() || !held,
            "somebody holds it, once it was accepted",
        )?;
        demand(
            self.delegate.is_none()
                || !matches!(
                    self.step,
                    MandateStepKind::Given | MandateStepKind::GivenByOfficer
                ),
            "nobody holds it before she accepted it",
        )
    }
}
