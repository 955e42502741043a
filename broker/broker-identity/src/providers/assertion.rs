//! `private_key_jwt`: the broker proves to a provider who it is with a signature (RFC 7523 §3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::identity::ProviderRefusal;
use broker_domain::time::{Entropy, Instant};
use serde_json::json;

use super::question::random;

/// How long a proof is good for, in seconds. It is used at once.
const LIFE_S: i64 = 60;

/// Signs the broker's proofs to one provider. The key stays with whoever implements this.
pub trait AssertionSigner: Send + Sync {
    /// The algorithm as in RFC 7518 §3.1 or RFC 8037, such as `EdDSA`.
    fn algorithm(&self) -> &str;

    /// The key's name (`kid`) in the key set that the provider has of this broker.
    fn key_id(&self) -> &str;

    /// The signature over these bytes, as JWS has it (RFC 7515); none when the key cannot be used.
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>>;
}

/// A proof for one call: `iss` and `sub` are the client, `aud` is the provider, `jti` is drawn anew.
///
/// The audience is the issuer and not the token endpoint, so that a provider that lies about its endpoint cannot use the
/// proof at another one (OpenID Foundation, "Responsible Disclosure on private_key_jwt", January 2025).
pub(super) fn assertion(
    signer: &dyn AssertionSigner,
    client_id: &str,
    issuer: &str,
    now: Instant,
    entropy: &dyn Entropy,
) -> Result<String, ProviderRefusal> {
    let seconds = now.as_micros().div_euclid(1_000_000);
    let header = json!({ "alg": signer.algorithm(), "kid": signer.key_id(), "typ": "JWT" });
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": random(entropy)?,
        "iat": seconds,
        "exp": seconds.saturating_add(LIFE_S),
    });
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let signature = signer
        .sign(message.as_bytes())
        .ok_or(ProviderRefusal::Unavailable)?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
