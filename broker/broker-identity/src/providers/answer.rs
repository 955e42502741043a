//! The provider's answer: the code exchanged for an ID token, and whether that is believed.

use std::sync::Arc;

use broker_domain::household::{OF_AGE_YEARS, is_minor};
use broker_domain::identity::{Freshness, Identity, ProviderRefusal};
use broker_domain::time::{Clock, Entropy, Instant};
use openidconnect::core::{CoreErrorResponseType, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, ClientId, IdTokenVerifier, LogoutRequest,
    Nonce, OAuth2TokenResponse as _, PostLogoutRedirectUrl, RequestTokenError, SignatureVerificationError,
    StandardErrorResponse, TokenResponse as _,
};

use super::assertion::assertion;
use super::client::{Claims, Token, Tokens};
use super::config::ClientProof;
use super::discovery::{Found, Known};
use super::http::CallFault;
use super::question::Question;

/// Signatures that are accepted, whatever a provider offers: none with a shared secret, none without, none with SHA-1.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// OpenID Connect Core §2: `sub` "MUST NOT exceed 255 ASCII characters in length".
const LONGEST_SUBJECT: usize = 255;

/// The tokens of one sign-in. Nothing of them outlives it, and the access token is never used: nothing more is asked.
pub(super) struct Answer {
    tokens: Tokens,
    token: Token,
}

impl Answer {
    /// Exchanges the code (OpenID Connect Core §3.1.3). A code works once: the second time the provider refuses it.
    pub(super) async fn fetch(
        known: &Known,
        found: &Found,
        question: &Question,
        code: AuthorizationCode,
        now: Instant,
        entropy: &dyn Entropy,
    ) -> Result<Self, ProviderRefusal> {
        let client = known.client(found);
        let mut request = client.exchange_code(code).set_pkce_verifier(question.verifier());
        if let ClientProof::PrivateKey(signer) = &known.config.proof {
            let proof = assertion(
                signer.as_ref(),
                &known.config.client_id,
                known.issuer.as_str(),
                now,
                entropy,
            )?;
            request = request
                .add_extra_param(
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                )
                .add_extra_param("client_assertion", proof);
        }
        let tokens = request
            .request_async(&known.http)
            .await
            .map_err(|error| refusal(known, &error))?;
        let Some(token) = tokens.id_token().cloned() else {
            return Err(unavailable(known, "it gave no ID token"));
        };
        Ok(Self { tokens, token })
    }

    /// Whom the ID token names, when all of OpenID Connect Core §3.1.3.7 holds.
    pub(super) async fn judge(
        self,
        known: &Known,
        found: Arc<Found>,
        question: &Question,
        clock: &dyn Clock,
    ) -> Result<Identity, ProviderRefusal> {
        let nonce = Nonce::new(question.nonce.clone());
        let now = clock.now();
        let mut found = found;
        if let Err(error) = self.token.claims(&verifier(known, &found), &nonce) {
            // Keys are renewed only for a token that fits in all else that is checked before the signature.
            if !is_of_unknown_key(&error) {
                return Err(not_ours(known, why(&error)));
            }
            found = known
                .with_newer_keys(&found, now)
                .await
                .ok_or_else(|| not_ours(known, "it is signed with an unknown key"))?;
        }
        let verifier = verifier(known, &found);
        let claims = self
            .token
            .claims(&verifier, &nonce)
            .map_err(|error| not_ours(known, why(&error)))?;
        self.check_access_token(&verifier, claims)
            .map_err(|why| not_ours(known, why))?;
        check_client(known, claims).map_err(|why| not_ours(known, why))?;
        check_times(known, claims, question, now).map_err(|why| not_ours(known, why))?;
        check_strength(known, claims, question)?;
        check_age(claims, now)?;
        identity(known, &found, claims)
    }

    /// `at_hash`, optional in this flow (OpenID Connect Core §3.1.3.8).
    fn check_access_token(
        &self,
        verifier: &IdTokenVerifier<'_, CoreJsonWebKey>,
        claims: &Claims,
    ) -> Result<(), &'static str> {
        let Some(said) = claims.access_token_hash() else {
            return Ok(());
        };
        let key = self
            .token
            .signing_key(verifier)
            .map_err(|_| "its key is not known")?;
        let algorithm = self.token.signing_alg().map_err(|_| "it is not signed")?;
        let hash = AccessTokenHash::from_token(self.tokens.access_token(), algorithm, key);
        match hash {
            Ok(hash) if hash == *said => Ok(()),
            Ok(_) | Err(_) => Err("it belongs to another access token"),
        }
    }
}

/// Public-client form: with a client secret in it, the library would accept tokens signed with that secret.
fn verifier<'a>(known: &Known, found: &Found) -> IdTokenVerifier<'a, CoreJsonWebKey> {
    let client = ClientId::new(known.config.client_id.clone());
    IdTokenVerifier::new_public_client(client, known.issuer.clone(), found.keys.clone())
        .set_allowed_algs(ALGORITHMS)
        // The library's clock stands still in 1970: times are compared in `check_times`, with our clock and tolerance.
        .set_time_fn(Default::default)
}

/// `azp` (OpenID Connect Core §3.1.3.7 no. 4 and 5). The library has checked `aud`, and refuses every other audience.
fn check_client(known: &Known, claims: &Claims) -> Result<(), &'static str> {
    match claims.authorized_party() {
        Some(party) if party.as_str() != known.config.client_id => Err("it was issued to another client"),
        Some(_) | None => Ok(()),
    }
}

/// `exp`, `iat` and `nbf`, each with the tolerance for the provider's clock.
fn check_times(
    known: &Known,
    claims: &Claims,
    question: &Question,
    now: Instant,
) -> Result<(), &'static str> {
    let skew = i64::from(known.config.clock_skew_s);
    let (latest, earliest) = (
        now.plus_seconds(skew).as_micros(),
        now.plus_seconds(-skew).as_micros(),
    );
    if claims.expiration().timestamp_micros() <= earliest {
        return Err("it has expired");
    }
    let issued = claims.issue_time().timestamp_micros();
    if issued > latest {
        return Err("it was issued in the future: compare the clocks");
    }
    if issued < question.asked_at.plus_seconds(-skew).as_micros() {
        return Err("it was issued before it was asked for: compare the clocks");
    }
    if claims
        .auth_time()
        .is_some_and(|proved| proved.timestamp_micros() > latest)
    {
        return Err("its `auth_time` is in the future: compare the clocks");
    }
    // Seconds with or without a fraction (RFC 7519 §2); a number too large for a calendar compares as well as any.
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of this era are exact in 53 bits"
    )]
    let latest_s = latest as f64 / 1e6;
    match claims.additional_claims().nbf {
        Some(nbf) if nbf.is_nan() || nbf > latest_s => Err("it is not valid yet: compare the clocks"),
        Some(_) | None => Ok(()),
    }
}

/// `acr` and `auth_time` (OpenID Connect Core §3.1.3.7 no. 12 and 13).
fn check_strength(known: &Known, claims: &Claims, question: &Question) -> Result<(), ProviderRefusal> {
    let asked = &known.config.acr_values;
    let stated = claims.auth_context_ref().map(|acr| acr.as_str());
    if !asked.is_empty() && !asked.iter().any(|acr| Some(acr.as_str()) == stated) {
        return Err(ProviderRefusal::TooWeak);
    }
    if question.freshness == Freshness::Any {
        return Ok(());
    }
    let earliest = question
        .asked_at
        .plus_seconds(-i64::from(known.config.clock_skew_s));
    match claims.auth_time() {
        Some(proved) if proved.timestamp_micros() >= earliest.as_micros() => Ok(()),
        Some(_) | None => Err(ProviderRefusal::TooWeak),
    }
}

/// Whoever holds a meter is of age. Nothing about age is asked for; what a provider says unasked is heeded and not kept.
///
/// What leaves open whether somebody is of age says nothing.
fn check_age(claims: &Claims, now: Instant) -> Result<(), ProviderRefusal> {
    let minor_by_birth = claims
        .birthdate()
        .is_some_and(|said| is_minor(said.as_str(), now));
    let additional = claims.additional_claims();
    let minor = additional.age.is_some_and(|age| age < f64::from(OF_AGE_YEARS))
        || additional.age_over_18 == Some(false);
    match minor_by_birth || minor {
        true => Err(ProviderRefusal::Minor),
        false => Ok(()),
    }
}

fn identity(known: &Known, found: &Found, claims: &Claims) -> Result<Identity, ProviderRefusal> {
    let subject = claims.subject().as_str();
    if !(1..=LONGEST_SUBJECT).contains(&subject.len()) || !subject.is_ascii() {
        return Err(not_ours(known, "its subject is not 1 to 255 ASCII characters"));
    }
    let proved_at = claims
        .auth_time()
        .map(|proved| Instant::from_micros(proved.timestamp_micros()));
    Ok(Identity {
        issuer: known.issuer.to_string(),
        subject: subject.to_owned(),
        assurance: claims.auth_context_ref().map(|acr| acr.as_str().to_owned()),
        proved_at: proved_at
            .transpose()
            .map_err(|_| not_ours(known, "its `auth_time` is no time"))?,
        goodbye: goodbye(known, found),
    })
}

/// OpenID Connect RP-Initiated Logout 1.0 §2, without `id_token_hint`: an ID token names a person and would stand in the
/// logs of every proxy. The provider may ask her whether she means it.
fn goodbye(known: &Known, found: &Found) -> Option<String> {
    let endpoint = found
        .metadata
        .additional_metadata()
        .end_session_endpoint
        .clone()?;
    let request = LogoutRequest::from(endpoint).set_client_id(ClientId::new(known.config.client_id.clone()));
    let farewell = known.config.farewell_url.clone();
    let request = match farewell.and_then(|url| PostLogoutRedirectUrl::new(url).ok()) {
        Some(url) => request.set_post_logout_redirect_uri(url),
        None => request,
    };
    Some(request.http_get_url().into())
}

fn is_of_unknown_key(error: &ClaimsVerificationError) -> bool {
    use SignatureVerificationError::{AmbiguousKeyId, CryptoError, NoMatchingKey};
    // The last two: a provider that names its keys all alike, or not at all.
    matches!(
        error,
        ClaimsVerificationError::SignatureVerification(NoMatchingKey | CryptoError(_) | AmbiguousKeyId(_))
    )
}

/// The library's own texts hold what the provider wrote.
fn why(error: &ClaimsVerificationError) -> &'static str {
    use SignatureVerificationError::{DisallowedAlg, NoMatchingKey, NoSignature};
    match error {
        ClaimsVerificationError::Expired(_) => "it has no usable time",
        ClaimsVerificationError::InvalidAudience(_) => "it is for another audience",
        ClaimsVerificationError::InvalidIssuer(_) => "it is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "it answers another question",
        ClaimsVerificationError::SignatureVerification(DisallowedAlg(_)) => "its algorithm is not accepted",
        ClaimsVerificationError::SignatureVerification(NoMatchingKey) => "it is signed with an unknown key",
        ClaimsVerificationError::SignatureVerification(NoSignature) => "it is not signed",
        ClaimsVerificationError::SignatureVerification(_) => "its signature is wrong",
        _ => "it is not understood",
    }
}

fn not_ours(known: &Known, reason: &'static str) -> ProviderRefusal {
    tracing::warn!(provider.id = %known.config.id, reason, "an ID token was refused");
    ProviderRefusal::NotOurs
}

fn unavailable(known: &Known, reason: &'static str) -> ProviderRefusal {
    tracing::warn!(provider.id = %known.config.id, reason, "an identity provider did not exchange a code");
    ProviderRefusal::Unavailable
}

/// RFC 6749 §5.2.
fn refusal(
    known: &Known,
    error: &RequestTokenError<CallFault, StandardErrorResponse<CoreErrorResponseType>>,
) -> ProviderRefusal {
    match error {
        RequestTokenError::ServerResponse(said) => match said.error() {
            // Used before, expired, of another client or provider, or without the PKCE verifier of the same browser.
            CoreErrorResponseType::InvalidGrant => not_ours(known, "its code is not accepted"),
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                unavailable(known, "it does not accept our client identifier or proof")
            }
            _ => unavailable(known, "it refused our request"),
        },
        RequestTokenError::Request(fault) => match fault {
            CallFault::Transport { kind } => unavailable(known, kind),
            CallFault::OutOfReach => unavailable(known, "it names an address that is not its to name"),
            CallFault::Busy => unavailable(known, "too many calls wait for it"),
        },
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            unavailable(known, "it answers something else than tokens")
        }
    }
}
