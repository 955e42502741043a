//! Consents given and withdrawn.

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant, RecordError, Seconds, demand};

/// One purpose, one granularity, one recipient, one point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentGiven {
    /// This consent.
    pub consent: Id,
    /// Who gave it.
    pub participant: Id,
    /// Opaque identifier of the delivery point.
    pub point: Id,
    /// What for.
    pub purpose: Id,
    /// The finest step allowed.
    pub step_s: Seconds,
    /// To whom.
    pub recipient: Id,
    /// Valid from here,
    pub from: Instant,
    /// until here, exclusive.
    pub until: Instant,
    /// Digest of the exact terms.
    pub terms_sha256: Digest,
    /// Digest of the notice as it was shown.
    pub notice_sha256: Digest,
    /// How it was given.
    pub method: Method,
    /// How strong the evidence of the act is.
    pub evidence_level: EvidenceLevel,
    /// Digest of the JWS of the event before, for a renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_sha256: Option<Digest>,
    /// When it was recorded.
    pub at: Instant,
}

impl ConsentGiven {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        demand(self.from < self.until, "it ends before it begins")?;
        demand(self.step_s.0 > 0, "the step is zero")
    }
}

/// A consent was withdrawn by the person. No reason is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentWithdrawn {
    /// Which consent.
    pub consent: Id,
    /// Who withdrew it.
    pub participant: Id,
    /// How it was withdrawn.
    pub method: Method,
    /// Digest of the JWS of the event before.
    pub prev_sha256: Digest,
    /// When it was recorded, and takes effect.
    pub at: Instant,
}

/// A consent was ended by the broker, because a withdrawal of it may have been lost in a restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentSuspended {
    /// Which consent.
    pub consent: Id,
    /// Who had given it.
    pub participant: Id,
    /// Digest of the JWS of the newest event of the consent that is known.
    pub prev_sha256: Digest,
    /// Number of the newest record of the participant whose detail is known.
    pub known: u64,
    /// Number of her newest record in the log: the details of those between are lost.
    pub newest: u64,
    /// When it was recorded, and takes effect.
    pub at: Instant,
}

impl ConsentSuspended {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        demand(self.known < self.newest, "nothing was lost")
    }
}

/// How a person acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A passkey assertion.
    Webauthn,
    /// A click in a signed-in web session.
    Web,
    /// A link in an e-mail and a confirmation page.
    EmailLink,
    /// By telephone.
    Phone,
    /// On paper.
    Paper,
    /// Learnt from the grid operator.
    Upstream,
    /// Time passed.
    Clock,
}

/// Strength of the evidence of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EvidenceLevel {
    /// Click in a signed-in web session.
    L1,
    /// Fresh sign-in.
    L2,
    /// Passkey with user verification.
    L3,
    /// Device-bound, attested passkey.
    L4,
    /// Qualified signature or European wallet.
    L5,
}
