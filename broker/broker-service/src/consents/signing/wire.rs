//! What goes to the browser and comes back, as JSON.

use broker_store::PasskeyRow;
use evidence::base64url;
use evidence::passkey::{Assertion, CredentialId, RelyingParty};
use evidence::record;
use serde::{Deserialize, Serialize};

use super::WINDOW_S;
use crate::failure::Fault;

/// Longest answer of a browser that is read, in bytes.
const LONGEST_ANSWER: usize = 16 * 1024;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options<'a> {
    challenge: String,
    rp_id: &'a str,
    allow_credentials: Vec<Descriptor>,
    user_verification: &'static str,
    timeout: u64,
}

#[derive(Serialize)]
struct Descriptor {
    r#type: &'static str,
    id: String,
}

/// What the script hands over (WebAuthn L3 §5.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    raw_id: String,
    r#type: String,
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    authenticator_data: String,
    signature: String,
}

/// Options for `navigator.credentials.get`.
pub(super) fn options(
    party: &RelyingParty,
    challenge: &record::Digest,
    keys: &[PasskeyRow],
) -> Result<String, Fault> {
    let allow_credentials = keys.iter().map(|row| Descriptor {
        r#type: "public-key",
        id: base64url::encode(&row.passkey.credential),
    });
    let options = Options {
        challenge: challenge.to_string(),
        rp_id: party.rp_id().as_str(),
        allow_credentials: allow_credentials.collect(),
        user_verification: "required",
        timeout: WINDOW_S * 1_000,
    };
    evidence::jcs::to_bytes(&options)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or(Fault::Corrupt { what: "options" })
}

/// The answer of a browser; `None` where it is not one.
pub(crate) fn read_answer(answer: &str) -> Option<Assertion> {
    if answer.len() > LONGEST_ANSWER {
        return None;
    }
    let answer: Answered = serde_json::from_str(answer).ok()?;
    if answer.r#type != "public-key" {
        return None;
    }
    Some(Assertion {
        credential_id: CredentialId::new(base64url::decode(&answer.raw_id)?).ok()?,
        client_data_json: base64url::decode(&answer.response.client_data_json)?,
        authenticator_data: base64url::decode(&answer.response.authenticator_data)?,
        signature: base64url::decode(&answer.response.signature)?,
    })
}
