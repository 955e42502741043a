//! One sign-in under way: what was asked, kept until the browser comes back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::identity::{Arrival, Freshness, ProviderId, ProviderRefusal};
use broker_domain::time::{Entropy, Instant};
use openidconnect::core::{CoreAuthPrompt, CoreAuthenticationFlow};
use openidconnect::{
    AuthenticationContextClass, AuthorizationCode, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier,
};
use serde::{Deserialize, Serialize};

use super::discovery::{Found, Known};

/// The form of [`Kept`] that this code writes and reads.
const VERSION: u8 = 1;
/// Longest `code` that is passed on, in bytes. The longest seen in the wild have 2 kB.
const LONGEST_CODE: usize = 8 * 1024;

/// What was asked, and what the answer is recognised by. Secret, so it has no `Debug`.
pub(super) struct Question {
    pub(super) provider: ProviderId,
    pub(super) issuer: String,
    /// Only of a question that was just drawn: the caller keeps it.
    pub(super) state: String,
    pub(super) nonce: String,
    verifier: String,
    pub(super) freshness: Freshness,
    pub(super) asked_at: Instant,
}

/// The question in the row of the caller.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: u8,
    provider: String,
    issuer: String,
    nonce: String,
    verifier: String,
    fresh: bool,
    asked_at_us: i64,
}

impl Question {
    /// Draws a question. `state`, `nonce` and the PKCE verifier have 256 bits each (RFC 7636 §7.1).
    pub(super) fn draw(
        known: &Known,
        freshness: Freshness,
        now: Instant,
        entropy: &dyn Entropy,
    ) -> Result<Self, ProviderRefusal> {
        Ok(Self {
            provider: known.config.id.clone(),
            issuer: known.issuer.to_string(),
            state: random(entropy)?,
            nonce: random(entropy)?,
            verifier: random(entropy)?,
            freshness,
            asked_at: now,
        })
    }

    /// Where the browser is sent (OpenID Connect Core §3.1.2.1).
    pub(super) fn url(&self, known: &Known, found: &Found) -> String {
        let client = known.client(found);
        let (state, nonce) = (self.state.clone(), self.nonce.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&self.verifier());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(challenge);
        for acr in &known.config.acr_values {
            request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
        }
        if self.freshness == Freshness::Now {
            // `max_age` also obliges the provider to say when (`auth_time`).
            request = request
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(Duration::ZERO);
        }
        let (url, _, _) = request.url();
        url.into()
    }

    /// What the caller keeps.
    pub(super) fn keep(&self) -> Result<Vec<u8>, ProviderRefusal> {
        let kept = Kept {
            v: VERSION,
            provider: self.provider.to_string(),
            issuer: self.issuer.clone(),
            nonce: self.nonce.clone(),
            verifier: self.verifier.clone(),
            fresh: self.freshness == Freshness::Now,
            asked_at_us: self.asked_at.as_micros(),
        };
        serde_json::to_vec(&kept).map_err(|_| ProviderRefusal::Unavailable)
    }

    /// Reads what [`Self::keep`] wrote.
    ///
    /// # Errors
    /// [`ProviderRefusal::NotOurs`] when it is something else.
    pub(super) fn read(keep: &[u8]) -> Result<Self, ProviderRefusal> {
        let not_ours = |_| ProviderRefusal::NotOurs;
        let kept: Kept = serde_json::from_slice(keep).map_err(not_ours)?;
        if kept.v != VERSION || kept.nonce.is_empty() || kept.verifier.is_empty() {
            return Err(ProviderRefusal::NotOurs);
        }
        Ok(Self {
            provider: kept.provider.parse().map_err(|_| ProviderRefusal::NotOurs)?,
            issuer: kept.issuer,
            state: String::new(),
            nonce: kept.nonce,
            verifier: kept.verifier,
            freshness: if kept.fresh {
                Freshness::Now
            } else {
                Freshness::Any
            },
            asked_at: Instant::from_micros(kept.asked_at_us).map_err(|_| ProviderRefusal::NotOurs)?,
        })
    }

    /// The code that the browser brought, when the answer is this provider's. Looked at before anything is sent: a code
    /// of another provider must not be shown to this one (mix-up, RFC 9700 §4.4).
    pub(super) fn code(
        &self,
        known: &Known,
        found: &Found,
        arrival: &Arrival,
    ) -> Result<AuthorizationCode, ProviderRefusal> {
        // RFC 9207 §2.4: compared exactly, for errors too; required of a provider that says it sends it.
        let promised = found
            .metadata
            .additional_metadata()
            .authorization_response_iss_parameter_supported;
        match &arrival.issuer {
            Some(issuer) if *issuer != known.issuer.as_str() => return Err(ProviderRefusal::NotOurs),
            None if promised => return Err(ProviderRefusal::NotOurs),
            Some(_) | None => {}
        }
        if let Some(error) = &arrival.error {
            return Err(refusal(known, error));
        }
        let code = arrival
            .code
            .as_ref()
            .filter(|code| (1..=LONGEST_CODE).contains(&code.len()));
        code.cloned()
            .map(AuthorizationCode::new)
            .ok_or(ProviderRefusal::NotOurs)
    }

    /// What proves that whoever brings the code asked for it (RFC 7636 §4.5).
    pub(super) fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.verifier.clone())
    }
}

/// What an error of the provider means for the person (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6, OpenID Connect
/// Core Unmet Authentication Requirements 1.0).
fn refusal(known: &Known, error: &str) -> ProviderRefusal {
    match error {
        "access_denied"
        | "login_required"
        | "interaction_required"
        | "account_selection_required"
        | "consent_required" => ProviderRefusal::Declined,
        "unmet_authentication_requirements" => ProviderRefusal::TooWeak,
        "server_error" | "temporarily_unavailable" => ProviderRefusal::Unavailable,
        _ => {
            // The browser brought this text and anybody can write it, so it is not logged.
            tracing::warn!(
                provider.id = %known.config.id,
                "an identity provider refused our question; compare its registration of this broker with ours"
            );
            ProviderRefusal::Unavailable
        }
    }
}

/// 32 random bytes as 43 characters.
pub(super) fn random(entropy: &dyn Entropy) -> Result<String, ProviderRefusal> {
    let mut bytes = [0_u8; 32];
    entropy
        .fill(&mut bytes)
        .map_err(|_| ProviderRefusal::Unavailable)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Vec<u8> {
        br#"{"v":1,"provider":"one","issuer":"https://login.example","nonce":"n","verifier":"w","fresh":true,"asked_at_us":1795000000000000}"#
            .to_vec()
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let question = Question::read(&kept()).unwrap_or_else(|_| panic!("it is our own"));
        assert_eq!(question.provider.as_str(), "one");
        assert_eq!(question.freshness, Freshness::Now);
        assert_eq!(question.keep().unwrap(), kept());
    }

    #[test]
    fn another_form_is_not_read() {
        let other = String::from_utf8(kept()).unwrap().replace("\"v\":1", "\"v\":2");
        assert_eq!(
            Question::read(other.as_bytes()).err(),
            Some(ProviderRefusal::NotOurs)
        );
    }

    #[test]
    fn damaged_rows_are_refused_and_nothing_else() {
        test_fixtures::no_panic("keep of a provider", &[kept()], |bytes| {
            if let Err(why) = Question::read(bytes) {
                assert_eq!(why, ProviderRefusal::NotOurs);
            }
        });
    }
}
