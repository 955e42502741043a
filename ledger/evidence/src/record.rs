//! Records: what is said about an event. The payload of a [`crate::jws::Jws`], in canonical JSON.
//!
//! Identifiers are opaque, instants UTC with microseconds, intervals half-open, hashes base64url without padding.
//! A record never holds readings, names or meter numbers; it still is personal data and lives in the erasable store.

mod capacity;
mod changed;
mod consent;
mod enrolment;
mod entered;
mod field;
mod household;
mod legal_person;
mod mandate;
mod occupancy;
mod passkey;
mod release;
mod rights;
mod told;
mod transfer;
mod withdrawal;

use ledger_core::leaf::SubjectKind;
use serde::{Deserialize, Serialize};

use crate::consent::ConsentRecord;
use crate::jcs::{self, JcsError};
use crate::jws::{Form, Jws, Protected};

pub use capacity::{CapacityStep, CapacityStepKind};
pub use changed::{ActedFor, ConsentChange, ConsentChanged};
pub use consent::{ConsentGiven, ConsentSuspended, ConsentWithdrawn, EvidenceLevel, Method};
pub use enrolment::{Access, Actor, Enrolment, Role};
pub use entered::{EnteredAct, EnteredSeen, EnteredStep, EnteredWhat};
pub use field::{Digest, FieldError, Id, Instant, ManifestRoot, Seconds, Text};
pub use household::{HouseholdStep, HouseholdStepKind};
pub use legal_person::{LegalPersonKind, LegalPersonStep, LegalPersonStepKind};
pub use mandate::{Capacity, JointContract, JointRule, MandateStep, MandateStepKind, Power};
pub use occupancy::{OccupancyStep, OccupancyStepKind};
pub use passkey::{PasskeyAction, PasskeyChange, ProvedBy};
pub use release::{
    MemberActor, MemberStep, ProjectMember, Release, ReleaseRefused, ReleasedFile, RequestStep, Step,
};
pub use rights::{Right, RightsStep, RightsStepKind};
pub use told::{BreachTold, Objection};
pub use transfer::{InOutcome, OutOutcome, TransferIn, TransferOut};
pub use withdrawal::{AnswerStep, PastData, WithdrawalAnswer};

/// A record. The `type` member carries the version of its form: a changed form is a new type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Record {
    /// A subject is enrolled; number 1 of its records.
    #[serde(rename = "enrolment/1")]
    Enrolment(Enrolment),
    /// A consent was given.
    #[serde(rename = "consent-given/1")]
    ConsentGiven(ConsentGiven),
    /// A consent was withdrawn.
    #[serde(rename = "consent-withdrawn/1")]
    ConsentWithdrawn(ConsentWithdrawn),
    /// A consent was ended by a restore that lost records of the person.
    #[serde(rename = "consent-suspended/1")]
    ConsentSuspended(ConsentSuspended),
    /// A consent was paused, or went on again.
    #[serde(rename = "consent-changed/1")]
    ConsentChanged(ConsentChanged),
    /// The same, by somebody who acted for the person.
    #[serde(rename = "consent-changed/2")]
    ConsentChangedFor(ConsentChanged),
    /// A gateway or source handed data in.
    #[serde(rename = "transfer-in/1")]
    TransferIn(TransferIn),
    /// Data went to an application, or were refused to it.
    #[serde(rename = "transfer-out/1")]
    TransferOut(TransferOut),
    /// A researcher's request advanced.
    #[serde(rename = "request-step/1")]
    RequestStep(RequestStep),
    /// Data were released to researchers, with a disclosure manifest.
    #[serde(rename = "release/2")]
    Release(Release),
    /// Data were released before there were disclosure manifests. Read, never written any more.
    #[serde(rename = "release/1")]
    ReleaseWithoutManifest(Release),
    /// A release was refused.
    #[serde(rename = "release-refused/1")]
    ReleaseRefused(ReleaseRefused),
    /// Someone looked at data or records.
    #[serde(rename = "access/1")]
    Access(Access),
    /// A passkey was registered or revoked.
    #[serde(rename = "passkey/1")]
    Passkey(PasskeyChange),
    /// A recipient answered to a withdrawal.
    #[serde(rename = "withdrawal-answer/1")]
    WithdrawalAnswer(WithdrawalAnswer),
    /// A person's request about her rights advanced.
    #[serde(rename = "rights-step/1")]
    RightsStep(RightsStep),
    /// Something became known of who lives where a meter is.
    #[serde(rename = "occupancy/1")]
    Occupancy(OccupancyStep),
    /// A person lets another act for her, or that one looked at what she may see.
    #[serde(rename = "mandate/1")]
    Mandate(MandateStep),
    /// The same about a contract that two people hold.
    #[serde(rename = "mandate/2")]
    MandateJoint(MandateStep),
    /// Something happened between a home and the other adults in it.
    #[serde(rename = "household/1")]
    Household(HouseholdStep),
    /// A person died or cannot decide any more, or it was recorded by mistake.
    #[serde(rename = "capacity/1")]
    Capacity(CapacityStep),
    /// An officer entered something for a person, or another officer looked at it.
    #[serde(rename = "entered-act/1")]
    Entered(EnteredAct),
    /// A person was told of a breach.
    #[serde(rename = "breach/1")]
    Breach(BreachTold),
    /// A person objects to one project of research.
    #[serde(rename = "objection/1")]
    Objection(Objection),
    /// Somebody was added to a project of research, took its undertaking on, or left it.
    #[serde(rename = "project-member/1")]
    ProjectMember(ProjectMember),
    /// A company or a public body was enrolled, or its list of points changed.
    #[serde(rename = "legal-person/1")]
    LegalPerson(LegalPersonStep),
    /// A consent was given, changed or ended, in the form that others read too. Has no `type`: it is known by its
    /// `@context` and `@type`.
    #[serde(untagged)]
    Consent(ConsentRecord),
}

/// Why a record was refused.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not canonical JSON of one of our types.
    #[error("not a canonical record")]
    Json(#[from] JcsError),
    /// Its members contradict each other.
    #[error("the record contradicts itself: {what}")]
    Contradiction {
        /// Which members.
        what: &'static str,
    },
}

impl Record {
    /// The canonical bytes, which are signed.
    ///
    /// # Errors
    /// [`RecordError::Contradiction`], or [`RecordError::Json`] for a count of 2^53 or more.
    pub fn to_jcs_bytes(&self) -> Result<Vec<u8>, RecordError> {
        self.check()?;
        Ok(jcs::to_bytes(self)?)
    }

    /// How it is signed.
    const fn form(&self) -> Form {
        match self {
            Self::Consent(_) => Form::LinkedData,
            _ => Form::Plain,
        }
    }

    /// Signs its canonical bytes. `sign` gets the signing input and returns the 64-byte signature of the key that
    /// `header` names.
    ///
    /// # Errors
    /// As [`Self::to_jcs_bytes`].
    pub fn sign(&self, header: &Protected, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Result<Jws, RecordError> {
        Ok(Jws::sign_canonical(
            &self.to_jcs_bytes()?,
            self.form(),
            header,
            sign,
        ))
    }

    /// Reads a record strictly: canonical, known type, no unknown member, nothing contradictory.
    ///
    /// # Errors
    /// Any [`RecordError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let record: Self = jcs::parse(bytes)?;
        record.check()?;
        Ok(record)
    }

    /// The `type` member; for a consent record, a name after its newest event.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Enrolment(_) => "enrolment/1",
            Self::ConsentGiven(_) => "consent-given/1",
            Self::ConsentWithdrawn(_) => "consent-withdrawn/1",
            Self::ConsentSuspended(_) => "consent-suspended/1",
            Self::ConsentChanged(_) => "consent-changed/1",
            Self::ConsentChangedFor(_) => "consent-changed/2",
            Self::TransferIn(_) => "transfer-in/1",
            Self::TransferOut(_) => "transfer-out/1",
            Self::RequestStep(_) => "request-step/1",
            Self::Release(_) => "release/2",
            Self::ReleaseWithoutManifest(_) => "release/1",
            Self::ReleaseRefused(_) => "release-refused/1",
            Self::Access(_) => "access/1",
            Self::Passkey(_) => "passkey/1",
            Self::WithdrawalAnswer(_) => "withdrawal-answer/1",
            Self::RightsStep(_) => "rights-step/1",
            Self::Occupancy(_) => "occupancy/1",
            Self::Mandate(_) => "mandate/1",
            Self::MandateJoint(_) => "mandate/2",
            Self::Household(_) => "household/1",
            Self::Capacity(_) => "capacity/1",
            Self::Entered(_) => "entered-act/1",
            Self::Breach(_) => "breach/1",
            Self::Objection(_) => "objection/1",
            Self::ProjectMember(_) => "project-member/1",
            Self::LegalPerson(_) => "legal-person/1",
            Self::Consent(record) => record.act().record_name(),
        }
    }

    /// The kind of the leaf that stands for this record.
    pub const fn kind(&self) -> SubjectKind {
        match self {
            // A key enters or leaves the list of its owner, as a gateway's key does.
            Self::Enrolment(_) | Self::Passkey(_) => SubjectKind::Enrolment,
            Self::ConsentGiven(_) => SubjectKind::ConsentOpened,
            // The family of what follows from an end; the record says which step it is.
            Self::ConsentWithdrawn(_) | Self::ConsentSuspended(_) | Self::WithdrawalAnswer(_) => {
                SubjectKind::ConsentClosed
            }
            Self::ConsentChanged(record) | Self::ConsentChangedFor(record) if record.change.opens() => {
                SubjectKind::ConsentOpened
            }
            Self::ConsentChanged(_) | Self::ConsentChangedFor(_) => SubjectKind::ConsentClosed,
            // A new code is a way into the account, as a key is; the rest is a paper that an officer looked at.
            Self::Entered(record) if matches!(record.what, EnteredWhat::NewCode) => SubjectKind::Enrolment,
            Self::Entered(_) => SubjectKind::Document,
            Self::Occupancy(record) if record.step.opens() => SubjectKind::ConsentOpened,
            Self::Occupancy(_) => SubjectKind::ConsentClosed,
            Self::TransferIn(_) | Self::TransferOut(_) => SubjectKind::Transfer,
            Self::RequestStep(_) | Self::ProjectMember(_) => SubjectKind::Request,
            Self::Release(_) | Self::ReleaseWithoutManifest(_) | Self::ReleaseRefused(_) => {
                SubjectKind::Release
            }
            // Who may come to what is hers, and that she came.
            Self::Access(_) | Self::Mandate(_) | Self::MandateJoint(_) => SubjectKind::Access,
            Self::RightsStep(_) | Self::Objection(_) => SubjectKind::RightsRequest,
            Self::Household(record) if record.step.is_of_a_case() => SubjectKind::RightsRequest,
            // What the home tells of itself, as with its enrolment; and which points a legal person has.
            Self::Household(_) | Self::LegalPerson(_) => SubjectKind::Enrolment,
            // Her way in opens again, as with an enrolment; nothing is agreed to by it.
            Self::Capacity(record) if record.step.opens() => SubjectKind::Enrolment,
            Self::Capacity(_) => SubjectKind::ConsentClosed,
            Self::Breach(_) => SubjectKind::Document,
            Self::Consent(record) => record.kind(),
        }
    }

    /// When the event was recorded; the hour of the leaf follows from it.
    pub const fn at(&self) -> Instant {
        match self {
            Self::Enrolment(record) => record.at,
            Self::ConsentGiven(record) => record.at,
            Self::ConsentWithdrawn(record) => record.at,
            Self::ConsentSuspended(record) => record.at,
            Self::ConsentChanged(record) | Self::ConsentChangedFor(record) => record.at,
            Self::TransferIn(record) => record.at,
            Self::TransferOut(record) => record.at,
            Self::RequestStep(record) => record.at,
            Self::Release(record) | Self::ReleaseWithoutManifest(record) => record.at,
            Self::ReleaseRefused(record) => record.at,
            Self::Access(record) => record.at,
            Self::Passkey(record) => record.at,
            Self::WithdrawalAnswer(record) => record.at,
            Self::RightsStep(record) => record.at,
            Self::Occupancy(record) => record.at,
            Self::Mandate(record) | Self::MandateJoint(record) => record.at,
            Self::Household(record) => record.at,
            Self::Capacity(record) => record.at,
            Self::Entered(record) => record.at,
            Self::Breach(record) => record.at,
            Self::Objection(record) => record.at,
            Self::ProjectMember(record) => record.at,
            Self::LegalPerson(record) => record.at,
            Self::Consent(record) => record.at(),
        }
    }

    fn check(&self) -> Result<(), RecordError> {
        match self {
            Self::ConsentGiven(record) => record.check(),
            Self::ConsentSuspended(record) => record.check(),
            Self::ConsentChanged(record) => {
                demand(record.by.is_none(), "somebody acted for the person")?;
                record.check()
            }
            Self::ConsentChangedFor(record) => {
                demand(record.by.is_some(), "nobody acted for the person")?;
                record.check()
            }
            Self::Passkey(record) => record.check(),
            Self::WithdrawalAnswer(record) => record.check(),
            Self::RightsStep(record) => record.check(),
            Self::Occupancy(record) => record.check(),
            Self::Mandate(record) => {
                demand(record.joint.is_none(), "a contract is held")?;
                record.check()
            }
            Self::MandateJoint(record) => {
                demand(record.joint.is_some(), "no contract is named")?;
                record.check()
            }
            Self::Household(record) => record.check(),
            Self::Capacity(record) => record.check(),
            Self::Entered(record) => record.check(),
            Self::TransferIn(record) => record.check(),
            Self::TransferOut(record) => record.check(),
            Self::RequestStep(record) => record.check(),
            Self::ProjectMember(record) => record.check(),
            Self::Release(record) => {
                demand(
                    record.disclosure_root.is_some(),
                    "no disclosure manifest is named",
                )?;
                record.check()
            }
            Self::ReleaseWithoutManifest(record) => {
                demand(record.disclosure_root.is_none(), "a disclosure manifest is named")?;
                record.check()
            }
            Self::Enrolment(_)
            | Self::ConsentWithdrawn(_)
            | Self::ReleaseRefused(_)
            | Self::Access(_)
            | Self::Breach(_)
            | Self::Objection(_)
            | Self::LegalPerson(_)
            // Checked when it was made or read.
            | Self::Consent(_) => Ok(()),
        }
    }
}

/// `Ok` where the statement about a record holds.
fn demand(holds: bool, what: &'static str) -> Result<(), RecordError> {
    if holds {
        Ok(())
    } else {
        Err(RecordError::Contradiction { what })
    }
}
