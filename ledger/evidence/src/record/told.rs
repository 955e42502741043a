//! That a person was told of a breach, and that she objects to one project of research.

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant};

/// A person was told of a personal-data breach that concerns her (GDPR art. 34).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreachTold {
    /// The entry of the register (GDPR art. 33(5)).
    pub breach: Id,
    /// Whom.
    pub participant: Id,
    /// SHA-256 of the notice in her language.
    pub text_sha256: Digest,
    /// When the operator became aware of the breach.
    pub known_at: Instant,
    /// When this was recorded.
    pub at: Instant,
}

/// A person objects to one project of research (GDPR art. 21(6)): its releases are made without her.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// Who.
    pub participant: Id,
    /// The project: a researcher's request.
    pub project: Id,
    /// When this was recorded.
    pub at: Instant,
}
