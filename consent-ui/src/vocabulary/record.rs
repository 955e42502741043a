//! What a record of the ledger is about.

use crate::vocabulary::Word;

/// The type of a record, as people read it. The tags are those of crate `evidence`, module `record`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordType {
    /// A subject or a gateway was enrolled.
    Enrolment,
    /// A consent was given.
    ConsentGiven,
    /// A consent was withdrawn.
    ConsentWithdrawn,
    /// An agreement was ended after a restore that lost records.
    ConsentSuspended,
    /// An agreement was paused, or went on again.
    ConsentChanged,
    /// Data came in, or were refused.
    TransferIn,
    /// Data went out, or were refused.
    TransferOut,
    /// A step of a researcher's request.
    RequestStep,
    /// Data were released.
    Release,
    /// Data were released before there were disclosure manifests.
    ReleaseWithoutManifest,
    /// A release was refused.
    ReleaseRefused,
    /// Somebody looked at data.
    Access,
    /// A passkey was registered or revoked.
    Passkey,
    /// A recipient answered to a withdrawal.
    WithdrawalAnswer,
    /// A step of a request about rights.
    RightsStep,
    /// Something became known of who lives where a meter is.
    Occupancy,
    /// An agreement was paused or went on, by somebody who acted for the person.
    ConsentChangedFor,
    /// Who may act for the person, and that somebody looked.
    Mandate,
    /// Something happened between a home and the other adults in it.
    Household,
    /// A person died or cannot decide any more.
    Capacity,
    /// An officer entered something for the person, or another one looked at it.
    Entered,
    /// She was told of a breach.
    Breach,
    /// She objects to one project of research.
    Objection,
    /// A company or a public body was enrolled, or its list of points changed.
    LegalPerson,
    /// Somebody was added to a project of research, signed its undertaking, or left it.
    ProjectMember,
    /// Who holds a contract with the person.
    Joint,
    /// One of the consent records that others read too (crate `evidence`, module `consent`).
    Consent(ConsentRecordType),
}

/// What a consent record says that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsentRecordType {
    /// One of those who must agree did.
    Agreed,
    /// One of them said no.
    Declined,
    /// The person agreed.
    Given,
    /// She agreed again, to new terms.
    Renewed,
    /// She took back a part.
    Narrowed,
    /// She ended it.
    Withdrawn,
    /// Somebody else ended it.
    Revoked,
    /// A restore that lost records ended it.
    Suspended,
    /// Its time ran out.
    Expired,
    /// It turned out not to hold.
    Invalidated,
}

impl RecordType {
    /// Every type.
    pub const ALL: [Self; 36] = [
        Self::Enrolment,
        Self::ConsentGiven,
        Self::ConsentWithdrawn,
        Self::ConsentSuspended,
        Self::ConsentChanged,
        Self::TransferIn,
        Self::TransferOut,
        Self::RequestStep,
        Self::Release,
        Self::ReleaseWithoutManifest,
        Self::ReleaseRefused,
        Self::Access,
        Self::Passkey,
        Self::WithdrawalAnswer,
        Self::RightsStep,
        Self::Occupancy,
        Self::ConsentChangedFor,
        Self::Mandate,
        Self::Household,
        Self::Capacity,
        Self::Entered,
        Self::Breach,
        Self::Objection,
        Self::LegalPerson,
        Self::ProjectMember,
        Self::Joint,
        Self::Consent(ConsentRecordType::Agreed),
        Self::Consent(ConsentRecordType::Declined),
        Self::Consent(ConsentRecordType::Given),
        Self::Consent(ConsentRecordType::Renewed),
        Self::Consent(ConsentRecordType::Narrowed),
        Self::Consent(ConsentRecordType::Withdrawn),
        Self::Consent(ConsentRecordType::Revoked),
        Self::Consent(ConsentRecordType::Suspended),
        Self::Consent(ConsentRecordType::Expired),
        Self::Consent(ConsentRecordType::Invalidated),
    ];

    /// The type with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }

    /// The `type` member of the record; for a consent record, its name after its newest event.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Enrolment => "enrolment/1",
            Self::ConsentGiven => "consent-given/1",
            Self::ConsentWithdrawn => "consent-withdrawn/1",
            Self::ConsentSuspended => "consent-suspended/1",
            Self::ConsentChanged => "consent-changed/1",
            Self::TransferIn => "transfer-in/1",
            Self::TransferOut => "transfer-out/1",
            Self::RequestStep => "request-step/1",
            Self::Release => "release/2",
            Self::ReleaseWithoutManifest => "release/1",
            Self::ReleaseRefused => "release-refused/1",
            Self::Access => "access/1",
            Self::Passkey => "passkey/1",
            Self::WithdrawalAnswer => "withdrawal-answer/1",
            Self::RightsStep => "rights-step/1",
            Self::Occupancy => "occupancy/1",
            Self::ConsentChangedFor => "consent-changed/2",
            Self::Mandate => "mandate/1",
            Self::Household => "household/1",
            Self::Capacity => "capacity/1",
            Self::Entered => "entered-act/1",
            Self::Breach => "breach/1",
            Self::Objection => "objection/1",
            Self::LegalPerson => "legal-person/1",
            Self::ProjectMember => "project-member/1",
            Self::Joint => "mandate/2",
            Self::Consent(ConsentRecordType::Agreed) => "consent-agreed/2",
            Self::Consent(ConsentRecordType::Declined) => "consent-declined/2",
            Self::Consent(ConsentRecordType::Given) => "consent-given/2",
            Self::Consent(ConsentRecordType::Renewed) => "consent-renewed/2",
            Self::Consent(ConsentRecordType::Narrowed) => "consent-narrowed/2",
            Self::Consent(ConsentRecordType::Withdrawn) => "consent-withdrawn/2",
            Self::Consent(ConsentRecordType::Revoked) => "consent-revoked/2",
            Self::Consent(ConsentRecordType::Suspended) => "consent-suspended/2",
            Self::Consent(ConsentRecordType::Expired) => "consent-expired/2",
            Self::Consent(ConsentRecordType::Invalidated) => "consent-invalidated/2",
        }
    }
}

impl Word for RecordType {
    fn key(&self) -> &'static str {
        match self {
            Self::Enrolment => "record-enrolment",
            Self::ConsentGiven | Self::Consent(ConsentRecordType::Given) => "record-consent-given",
            Self::ConsentWithdrawn | Self::Consent(ConsentRecordType::Withdrawn) => {
                "record-consent-withdrawn"
            }
            Self::ConsentSuspended | Self::Consent(ConsentRecordType::Suspended) => {
                "record-consent-suspended"
            }
            Self::ConsentChanged | Self::ConsentChangedFor => "record-consent-changed",
            Self::TransferIn => "record-transfer-in",
            Self::TransferOut => "record-transfer-out",
            Self::RequestStep => "record-request-step",
            Self::Release | Self::ReleaseWithoutManifest => "record-release",
            Self::ReleaseRefused => "record-release-refused",
            Self::Access => "record-access",
            Self::Passkey => "record-passkey",
            Self::WithdrawalAnswer => "record-withdrawal-answer",
            Self::RightsStep => "record-rights-step",
            Self::Occupancy => "record-occupancy",
            Self::Mandate => "record-mandate",
            Self::Household => "record-household",
            Self::Capacity => "record-capacity",
            Self::Entered => "record-entered",
            Self::Breach => "record-breach",
            Self::Objection => "record-objection",
            Self::LegalPerson => "record-legal-person",
            Self::ProjectMember => "record-project-member",
            Self::Joint => "record-joint",
            Self::Consent(ConsentRecordType::Agreed) => "record-consent-agreed",
            Self::Consent(ConsentRecordType::Declined) => "record-consent-declined",
            Self::Consent(ConsentRecordType::Renewed) => "record-consent-renewed",
            Self::Consent(ConsentRecordType::Narrowed) => "record-consent-narrowed",
            Self::Consent(ConsentRecordType::Revoked) => "record-consent-revoked",
            Self::Consent(ConsentRecordType::Expired) => "record-consent-expired",
            Self::Consent(ConsentRecordType::Invalidated) => "record-consent-invalidated",
        }
    }
}
