//! Identifiers. All are random (UUID version 4), so that none tells when or in which order something happened.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;
use uuid::Uuid;

use crate::time::{Entropy, EntropyUnavailable};

/// A text that is not an identifier.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not an identifier: expected a UUID such as `1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31`")]
pub struct InvalidId;

macro_rules! identifier {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Draws a fresh random identifier.
            ///
            /// # Errors
            /// When the source of randomness fails.
            pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
                let mut bytes = [0_u8; 16];
                entropy.fill(&mut bytes)?;
                Ok(Self(uuid::Builder::from_random_bytes(bytes).into_uuid()))
            }

            /// The identifier with these sixteen bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes, as they stand in envelopes and in the database.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl From<[u8; 16]> for $name {
            fn from(bytes: [u8; 16]) -> Self {
                Self::from_bytes(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )*};
}

identifier! {
    /// A person who owns meters and grants access.
    ParticipantId;
    /// Somebody who signs in, in one role or several.
    AccountId;
    /// One way to sign in: a passkey, or an identity at a provider.
    WayId;
    /// One session of one browser; it keeps its identifier when its token changes.
    SessionId;
    /// One line of an account's list of sign-ins.
    SignInId;
    /// A delivery point: one PRM, PCE or EAN. The number itself never leaves the vault.
    PointId;
    /// A gateway plugged into a meter.
    GatewayId;
    /// One signed batch of readings.
    BatchId;
    /// One consent: one purpose, one granularity, one recipient, one point.
    ConsentId;
    /// One act in which a legal person permits the same for some of its points.
    GrantId;
    /// A legal body: member of the federation, laboratory, grid operator.
    OrganisationId;
    /// An application of a member.
    ApplicationId;
    /// A researcher.
    ResearcherId;
    /// A data-protection officer.
    OfficerId;
    /// A dataset of the catalogue.
    DatasetId;
    /// A researcher's request for a dataset.
    RequestId;
    /// A participant's request about her rights.
    RightsRequestId;
    /// An act that an officer entered for a person.
    EnteredId;
    /// A form by which an officer enrols somebody: sent twice, it enrols once.
    EnrolmentFormId;
    /// A release made from a request.
    ReleaseId;
    /// One transfer, in or out, made or refused.
    TransferId;
    /// A message to a person. Follows from its occasion, so that one occasion is told once.
    MessageId;
    /// What one person lets another do for her.
    MandateId;
    /// What is done about one withdrawal: who is told, and what each answers.
    DossierId;
    /// One recipient told about one withdrawal.
    NoticeId;
    /// A personal-data breach in the register.
    BreachId;
    /// An offer: what a recipient asks people to agree to.
    OfferId;
    /// Whoever has a right to a complete list of records: a participant, a researcher, an organisation, a dataset.
    SubjectId;
}

impl From<ParticipantId> for SubjectId {
    fn from(id: ParticipantId) -> Self {
        Self::from_bytes(*id.as_bytes())
    }
}

impl From<ResearcherId> for SubjectId {
    fn from(id: ResearcherId) -> Self {
        Self::from_bytes(*id.as_bytes())
    }
}

impl From<OrganisationId> for SubjectId {
    fn from(id: OrganisationId) -> Self {
        Self::from_bytes(*id.as_bytes())
    }
}

impl From<DatasetId> for SubjectId {
    fn from(id: DatasetId) -> Self {
        Self::from_bytes(*id.as_bytes())
    }
}

/// SHA-256 of exact bytes: a notice as shown, terms as agreed, a policy set as evaluated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A purpose in the vocabulary of the catalogue, such as `load-curve-research`. A copy shares the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(Arc<str>);

/// A text that is not a purpose code.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not a purpose: expected 1 to 64 characters among a-z, 0-9 and hyphen")]
pub struct InvalidPurpose;

impl Purpose {
    /// Parses a purpose code.
    ///
    /// # Errors
    /// When the text is empty, longer than 64 characters, or has anything but `a-z`, `0-9`, `-`.
    pub fn parse(code: &str) -> Result<Self, InvalidPurpose> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if code.is_empty() || code.len() > 64 || !code.bytes().all(allowed) {
            return Err(InvalidPurpose);
        }
        Ok(Self(code.into()))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_survives_its_text() {
        let id = ConsentId::from_bytes([7; 16]);
        assert_eq!(id.to_string().parse::<ConsentId>(), Ok(id));
        assert_eq!("not-a-uuid".parse::<ConsentId>(), Err(InvalidId));
    }

    #[test]
    fn a_purpose_is_a_short_lower_case_code() {
        assert!(Purpose::parse("load-curve-research").is_ok());
        for bad in ["", "Load", "a b", "é", &"x".repeat(65)] {
            assert_eq!(Purpose::parse(bad), Err(InvalidPurpose));
        }
    }
}
