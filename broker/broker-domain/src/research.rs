//! Datasets, and what a researcher must hold before one is released: a request that an officer approved.

use thiserror::Error;

use crate::ids::{DatasetId, OfficerId, OrganisationId, Purpose, RequestId, ResearcherId};
use crate::time::{Instant, Interval, Step};

/// An entry of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Its identifier.
    pub id: DatasetId,
    /// Who receives: the laboratory named in the consents.
    pub recipient: OrganisationId,
    /// The purpose people agreed to.
    pub purpose: Purpose,
    /// One value every so often.
    pub step: Step,
}

/// The life of a request. An approved request is the habilitation of this slice: one dataset, one period, one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestState {
    /// Waits for the officer.
    Submitted,
    /// The officer agreed.
    Approved {
        /// Who.
        by: OfficerId,
        /// When.
        at: Instant,
    },
    /// The officer declined.
    Declined {
        /// Who.
        by: OfficerId,
        /// When.
        at: Instant,
        /// In words, for the researcher.
        reason: String,
    },
}

/// A researcher's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    /// Its identifier.
    pub id: RequestId,
    /// Who asks.
    pub researcher: ResearcherId,
    /// The body the researcher works for.
    pub organisation: OrganisationId,
    /// What for.
    pub dataset: DatasetId,
    /// Of which period.
    pub period: Interval,
    /// Why, in the researcher's words.
    pub justification: String,
    /// When it was made.
    pub submitted_at: Instant,
    /// Where it stands.
    pub state: RequestState,
}

/// Somebody besides the one who asked who works on a project: an approved request. Nothing is released to her before she took the
/// undertaking on herself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectMember {
    /// Which project.
    pub request: RequestId,
    /// Who.
    pub researcher: ResearcherId,
    /// Who added her.
    pub added_by: AddedBy,
    /// When.
    pub added_at: Instant,
    /// Where it stands.
    pub standing: MemberStanding,
}

/// Who adds somebody to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddedBy {
    /// A data-protection officer.
    Officer(OfficerId),
    /// The researcher whose request it is.
    Lead,
}

/// Where a member of a project stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberStanding {
    /// Added; she did not sign yet.
    Added,
    /// She took the undertaking on.
    Signed {
        /// When.
        at: Instant,
    },
    /// She is no member any more.
    Ended {
        /// When she took the undertaking on, if she did: people are told of her all the same.
        signed_at: Option<Instant>,
        /// When.
        at: Instant,
    },
}

impl MemberStanding {
    /// From when on she was a member, and until when where that is over; nothing of whoever never signed.
    #[must_use]
    pub const fn membership(self) -> Option<(Instant, Option<Instant>)> {
        match self {
            Self::Signed { at } => Some((at, None)),
            Self::Ended {
                signed_at: Some(signed_at),
                at,
            } => Some((signed_at, Some(at))),
            Self::Added | Self::Ended { signed_at: None, .. } => None,
        }
    }
}

/// A decision on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Agree.
    Approve,
    /// Decline, with the reason shown to the researcher.
    Decline {
        /// In words; at least one character.
        reason: String,
    },
}

/// Why a decision cannot be made.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum CannotDecide {
    /// Somebody decided before.
    #[error("the request was already decided; make a new request to change the outcome")]
    AlreadyDecided,
    /// Declining needs a reason.
    #[error("a refusal needs a reason in words, so that the researcher can act on it")]
    ReasonMissing,
}

impl AccessRequest {
    /// The request after the officer's decision.
    ///
    /// # Errors
    /// See [`CannotDecide`].
    pub fn decided(self, by: OfficerId, decision: Decision, at: Instant) -> Result<Self, CannotDecide> {
        if self.state != RequestState::Submitted {
            return Err(CannotDecide::AlreadyDecided);
        }
        let state = match decision {
            Decision::Approve => RequestState::Approved { by, at },
            Decision::Decline { reason } if reason.trim().is_empty() => {
                return Err(CannotDecide::ReasonMissing);
            }
            Decision::Decline { reason } => RequestState::Declined { by, at, reason },
        };
        Ok(Self { state, ..self })
    }

    /// Whether an officer approved it.
    #[must_use]
    pub const fn is_approved(&self) -> bool {
        matches!(self.state, RequestState::Approved { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> AccessRequest {
        let at = Instant::parse("2026-11-21T00:00:00Z").unwrap();
        AccessRequest {
            id: RequestId::from_bytes([1; 16]),
            researcher: ResearcherId::from_bytes([2; 16]),
            organisation: OrganisationId::from_bytes([3; 16]),
            dataset: DatasetId::from_bytes([4; 16]),
            period: Interval::new(at, at.plus_seconds(86_400)).unwrap(),
            justification: "thesis".into(),
            submitted_at: at,
            state: RequestState::Submitted,
        }
    }

    #[test]
    fn a_request_is_decided_once() {
        let (officer, at) = (OfficerId::from_bytes([5; 16]), request().submitted_at);
        let approved = request().decided(officer, Decision::Approve, at).unwrap();
        assert!(approved.is_approved());
        assert_eq!(
            approved.decided(officer, Decision::Approve, at),
            Err(CannotDecide::AlreadyDecided)
        );
    }

    #[test]
    fn declining_needs_words() {
        let officer = OfficerId::from_bytes([5; 16]);
        let blank = Decision::Decline { reason: "  ".into() };
        assert_eq!(
            request().decided(officer, blank, request().submitted_at),
            Err(CannotDecide::ReasonMissing)
        );
    }
}
