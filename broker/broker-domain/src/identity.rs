//! Who somebody is, as others prove it: the ports of sign-in.
//!
//! An OpenID Connect provider or a passkey says which account comes; what the account may do is not decided here.
//! Both speak in two halves with a person and a browser in between. What the second half needs of the first is *kept*
//! by the caller, in a row that is used once: these ports hold no state of their own about people.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

use thiserror::Error;

use crate::ids::AccountId;
use crate::time::Instant;

/// What an object-safe port answers later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Longest name of a provider, in bytes.
const LONGEST_PROVIDER: usize = 32;

/// Short name of a provider in addresses and configuration: 1 to 32 of `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(String);

impl ProviderId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot name a provider.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("a provider is named by 1 to 32 of the characters `a-z`, `0-9` and `-`")]
pub struct InvalidProvider;

impl FromStr for ProviderId {
    type Err = InvalidProvider;

    fn from_str(text: &str) -> Result<Self, InvalidProvider> {
        let fits = (1..=LONGEST_PROVIDER).contains(&text.len());
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if fits && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidProvider)
        }
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A provider as people see it on the page of sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its short name.
    pub id: ProviderId,
    /// What stands on the button, such as `FranceConnect`.
    pub name: String,
}

/// How strong a sign-in must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// A session that the provider still has is enough.
    Any,
    /// The person proves herself again: `prompt=login` and `max_age=0` (OpenID Connect Core §3.1.2.1), and the answer
    /// must say when (`auth_time`).
    Now,
}

/// Where the browser is sent, and what its return is recognised by. Holds secrets, so it has no `Debug`.
pub struct Departure {
    /// The provider's address with the question.
    pub url: String,
    /// `state`: random, used once, bound to the browser by the caller.
    pub state: String,
    /// What [`IdentityProviders::arrive`] needs: nonce, PKCE verifier, what was asked. Secret until then.
    pub keep: Vec<u8>,
}

/// What the browser brought back in the query of the return address.
pub struct Arrival {
    /// `code`; absent when the provider refused.
    pub code: Option<String>,
    /// `error` (RFC 6749 §4.1.2.1), when it refused.
    pub error: Option<String>,
    /// `iss` (RFC 9207), when the provider sends it.
    pub issuer: Option<String>,
}

/// Whom a provider recognised. Identifies a person: never in logs, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// `iss`.
    pub issuer: String,
    /// `sub`: the provider's own name for the person, stable and never reused.
    pub subject: String,
    /// `acr`: the level of assurance, when the provider states it.
    pub assurance: Option<String>,
    /// `auth_time`: when the person proved herself, when the provider states it.
    pub proved_at: Option<Instant>,
    /// What ends the provider's session too: the address to send the browser to, if the provider has one
    /// (OpenID Connect RP-Initiated Logout 1.0 §2).
    pub goodbye: Option<String>,
}

/// Why a provider's answer is not believed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ProviderRefusal {
    /// No such provider here.
    #[error("this way of signing in is not offered here; choose another one")]
    Unknown,
    /// The person said no at the provider, or the provider would not let her in.
    #[error("the provider did not let you in; try again, or choose another way")]
    Declined,
    /// The provider cannot be reached, or answers something else than OpenID Connect.
    #[error("the provider does not answer; try again in some minutes, or choose another way")]
    Unavailable,
    /// The answer is not one to our question: wrong signature, audience, nonce, issuer or time.
    #[error("the provider's answer does not fit the question; start the sign-in again")]
    NotOurs,
    /// The provider recognised the person, but not as strongly or as recently as asked.
    #[error("the provider did not ask you to prove yourself again, which this step needs; start it again")]
    TooWeak,
    /// The provider says that the person is not of age.
    #[error("whoever holds a meter here is of age; a parent holds the meter")]
    Minor,
}

/// OpenID Connect providers. Implemented once, by the crate `broker-identity`.
pub trait IdentityProviders: Send + Sync {
    /// Those that are offered, in the order of the configuration.
    fn offered(&self) -> &[Provider];

    /// The first half: where to send the browser.
    ///
    /// # Errors
    /// [`ProviderRefusal::Unknown`] and [`ProviderRefusal::Unavailable`].
    fn depart<'a>(
        &'a self,
        provider: &'a ProviderId,
        freshness: Freshness,
    ) -> Later<'a, Result<Departure, ProviderRefusal>>;

    /// The second half: who came back. `keep` is what [`Departure::keep`] held, and the caller has checked `state`.
    ///
    /// # Errors
    /// See [`ProviderRefusal`].
    fn arrive<'a>(
        &'a self,
        keep: &'a [u8],
        arrival: &'a Arrival,
    ) -> Later<'a, Result<Identity, ProviderRefusal>>;
}

/// A question for an authenticator.
pub struct Ceremony {
    /// Options for `navigator.credentials`, as JSON (WebAuthn L3 §5.1.8, `parseCreationOptionsFromJSON` and
    /// `parseRequestOptionsFromJSON`).
    pub options: String,
    /// What the second half needs. Used once.
    pub keep: Vec<u8>,
}

/// A passkey as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Credential identifier, 16 to 1023 bytes.
    pub credential: Vec<u8>,
    /// What the port needs to recognise it again, opaque to the caller.
    pub state: Vec<u8>,
    /// The public key, as a COSE_Key (RFC 9052 §7).
    pub public_key: Vec<u8>,
    /// Model of the authenticator; all zero when it does not say.
    pub model: [u8; 16],
    /// Whether it may be copied to the person's other devices (flag BE, WebAuthn L3 §6.1.3).
    pub may_be_copied: bool,
}

/// A passkey that was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyUse {
    /// Which one.
    pub credential: Vec<u8>,
    /// Its new state, when it changed and must be stored.
    pub state: Option<Vec<u8>>,
}

/// Why an authenticator's answer is not believed.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyRefusal {
    /// Not an answer of a browser to our question.
    #[error("the browser's answer cannot be read; start again")]
    Malformed,
    /// The key is not known here.
    #[error("this passkey is not known here; use another one, or another way to sign in")]
    Unknown,
    /// Signature, origin, challenge or user verification is wrong.
    #[error("the passkey did not prove that it is yours; try again, or use another way to sign in")]
    NotProved,
}

/// Registration and sign-in with passkeys. Implemented once, by the crate `broker-identity`.
pub trait Passkeys: Send + Sync {
    /// Asks for a new passkey that can be found without a user name and that verifies its user.
    /// `name` is shown by the authenticator; `known` are the account's own, so that none is registered twice.
    ///
    /// # Errors
    /// [`PasskeyRefusal::Malformed`] when a known one cannot be read.
    fn offer(&self, account: AccountId, name: &str, known: &[Passkey]) -> Result<Ceremony, PasskeyRefusal>;

    /// The new passkey.
    ///
    /// # Errors
    /// See [`PasskeyRefusal`].
    fn register(&self, keep: &[u8], answer: &str) -> Result<Passkey, PasskeyRefusal>;

    /// Asks whoever comes for a passkey of this site.
    ///
    /// # Errors
    /// [`PasskeyRefusal::NotProved`] when no question can be made.
    fn ask(&self) -> Result<Ceremony, PasskeyRefusal>;

    /// Which account and credential an answer claims to be of. Proves nothing.
    ///
    /// # Errors
    /// [`PasskeyRefusal::Malformed`].
    fn claimed(&self, answer: &str) -> Result<(AccountId, Vec<u8>), PasskeyRefusal>;

    /// Which of the account's passkeys answered.
    ///
    /// # Errors
    /// See [`PasskeyRefusal`].
    fn recognise(&self, keep: &[u8], answer: &str, known: &[Passkey]) -> Result<PasskeyUse, PasskeyRefusal>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_has_a_short_plain_name() {
        assert_eq!(
            "france-connect".parse::<ProviderId>().unwrap().as_str(),
            "france-connect"
        );
        for wrong in ["", "France", "a b", "a/b", "é", &"a".repeat(33)] {
            assert_eq!(wrong.parse::<ProviderId>(), Err(InvalidProvider));
        }
    }
}
