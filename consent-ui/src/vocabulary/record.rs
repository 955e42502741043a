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
    /// A consent was paused, resumed, or ended otherwise than by withdrawal.
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
}

impl RecordType {
    /// Every type.
    pub const ALL: [Self; 13] = [
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
    ];

    /// The type with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }

    /// The `type` member of the record.
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
        }
    }
}

impl Word for RecordType {
    fn key(&self) -> &'static str {
        match self {
            Self::Enrolment => "record-enrolment",
            Self::ConsentGiven => "record-consent-given",
            Self::ConsentWithdrawn => "record-consent-withdrawn",
            Self::ConsentSuspended => "record-consent-suspended",
            Self::ConsentChanged => "record-consent-changed",
            Self::TransferIn => "record-transfer-in",
            Self::TransferOut => "record-transfer-out",
            Self::RequestStep => "record-request-step",
            Self::Release | Self::ReleaseWithoutManifest => "record-release",
            Self::ReleaseRefused => "record-release-refused",
            Self::Access => "record-access",
            Self::Passkey => "record-passkey",
        }
    }
}
