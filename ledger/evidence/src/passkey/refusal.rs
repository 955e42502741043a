//! Why an assertion was refused (`consent.md` §4.3).

use super::KeyError;

/// The first thing that was wrong with an assertion.
///
/// The person sees one sentence with “try again” and “choose another way”, never the name of a variant: it would teach
/// an attacker more than her.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// No such intent was given out, or it belongs to another act, record or language than the page.
    #[error("the intent is not one that was given out for this page")]
    IntentUnknown,
    /// The intent was answered before.
    #[error("the intent was used before")]
    IntentUsed,
    /// The answer came outside of `iat ≤ now < exp`.
    #[error("the intent is not valid at this time")]
    IntentExpired,
    /// The stored draft is not the one that was signed.
    #[error("the terms changed")]
    TermsChanged,
    /// The stored notice is not the one that was signed.
    #[error("the notice changed")]
    NoticeChanged,
    /// Not an assertion, for instance a registration.
    #[error("the client data are not those of an assertion")]
    WrongType,
    /// Another challenge was answered.
    #[error("another challenge was answered")]
    ChallengeMismatch,
    /// The page that asked was not ours.
    #[error("the assertion was asked for by another origin")]
    OriginMismatch,
    /// Our page was in a frame of another.
    #[error("the assertion was made in a frame of another origin")]
    CrossOrigin,
    /// The browser names the page around ours.
    #[error("the assertion names a top origin")]
    TopOrigin,
    /// Not client data, authenticator data or a key of the expected form.
    #[error("the assertion is malformed")]
    Malformed,
    /// Made for another relying party.
    #[error("the assertion was made for another relying party")]
    RpIdMismatch,
    /// Nobody touched the authenticator.
    #[error("nobody was present")]
    NotPresent,
    /// The authenticator did not verify who touched it.
    #[error("the person was not verified")]
    NotVerified,
    /// Backed up without being able to, or able to otherwise than at registration.
    #[error("the backup flags contradict each other or the registration")]
    BackupFlagsInconsistent,
    /// No key of that name is registered.
    #[error("the credential is not known")]
    CredentialUnknown,
    /// The key is registered for another person.
    #[error("the credential is registered for another person")]
    CredentialOfAnother,
    /// The key was not yet registered, or was revoked.
    #[error("the credential was not valid at that time")]
    CredentialNotValidThen,
    /// The key signs with an algorithm that is not on the list.
    #[error("the algorithm is not allowed")]
    AlgorithmNotAllowed,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    SignatureInvalid,
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Malformed => Self::Malformed,
            KeyError::AlgorithmNotAllowed => Self::AlgorithmNotAllowed,
        }
    }
}
