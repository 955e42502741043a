//! Companies and public bodies (`consent.md` §8): that one was enrolled, and which points it has.

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant};

/// A step in the life of a legal person here. Who represents it, and what it permits, have records of their own. Its number in the
/// register of companies stands in none: that of a sole trader is personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalPersonStep {
    /// Which, as participants are named.
    pub participant: Id,
    /// What it is.
    pub kind: LegalPersonKind,
    /// What happened.
    pub step: LegalPersonStepKind,
    /// How many points it has after this step, without those that hide a person.
    pub points: u32,
    /// [`crate::consent::point_list`] of these.
    pub list_sha256: Digest,
    /// When it was recorded.
    pub at: Instant,
}

/// What a legal person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegalPersonKind {
    /// A company or an association.
    Company,
    /// A commune, or another body of public law.
    PublicBody,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegalPersonStepKind {
    /// An officer enrolled it.
    Enrolled,
    /// Points were added.
    PointsAdded,
    /// A point turned out to show the life of a person, whose own consent is needed from then on.
    PointSetAside,
}
