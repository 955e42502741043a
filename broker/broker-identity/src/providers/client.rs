//! The types of `openidconnect` with what we read besides.

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, Client, EmptyExtraTokenFields, EndSessionUrl,
    EndpointNotSet, EndpointSet, IdToken, IdTokenClaims, IdTokenFields, ProviderMetadata,
    StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};

/// What a provider says about itself besides OpenID Connect Discovery §3.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct MoreMetadata {
    /// OpenID Connect RP-Initiated Logout 1.0 §2.1.
    pub(super) end_session_endpoint: Option<EndSessionUrl>,
    /// RFC 9207 §3.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

/// What an ID token says besides OpenID Connect Core §2.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct MoreClaims {
    /// RFC 7519 §4.1.5, in seconds; the library does not look at it.
    pub(super) nbf: Option<f64>,
    /// In years, where a provider says it; no standard names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) age: Option<f64>,
    /// Whether the person is of age, as European wallets say it (PID rulebook, `age_over_18`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) age_over_18: Option<bool>,
}

impl AdditionalClaims for MoreClaims {}

// The library is generic over everything it reads: these name our choice once.
pub(super) type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub(super) type Token =
    IdToken<MoreClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

pub(super) type Claims = IdTokenClaims<MoreClaims, CoreGenderClaim>;

pub(super) type Tokens = StandardTokenResponse<
    IdTokenFields<
        MoreClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

pub(super) type OidcClient = Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use test_fixtures::no_panic;

    use super::*;

    const CLAIMS: &str = r#"{"iss":"https://login.example","aud":["broker"],"azp":"broker","sub":"anna","nonce":"n","iat":1795000000,
        "exp":1795000300.5,"nbf":1795000000,"auth_time":1795000000,"acr":"high","amr":["pwd"],"at_hash":"aa"}"#;
    const METADATA: &str = r#"{"issuer":"https://login.example","authorization_endpoint":"https://login.example/a",
        "token_endpoint":"https://login.example/t","jwks_uri":"https://login.example/k","response_types_supported":["code"],
        "subject_types_supported":["pairwise"],"id_token_signing_alg_values_supported":["RS256"],
        "end_session_endpoint":"https://login.example/e","authorization_response_iss_parameter_supported":true}"#;

    /// What a provider writes is read by the library: this is what its readers must bear.
    #[test]
    fn damaged_answers_of_a_provider_do_no_harm() {
        assert!(serde_json::from_str::<Metadata>(METADATA).is_ok());
        no_panic("provider metadata", &[METADATA.into()], |bytes| {
            drop(serde_json::from_slice::<Metadata>(bytes));
        });
        assert!(serde_json::from_str::<Claims>(CLAIMS).is_ok());
        no_panic("claims", &[CLAIMS.into()], |bytes| {
            if let Ok(claims) = serde_json::from_slice::<Claims>(bytes) {
                // Whatever the calendar holds fits into our instants or is refused by them.
                let _ = claims.expiration().timestamp_micros();
                let _ = claims.auth_time().map(|time| time.timestamp_micros());
            }
        });
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let token = format!(
            "{}.{}.{}",
            part(r#"{"alg":"EdDSA","kid":"key"}"#),
            part(CLAIMS),
            part("signature")
        );
        let tokens =
            format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":60,"id_token":"{token}"}}"#);
        assert!(serde_json::from_str::<Tokens>(&tokens).is_ok());
        no_panic("tokens", &[tokens.into()], |bytes| {
            drop(serde_json::from_slice::<Tokens>(bytes));
        });
    }
}
