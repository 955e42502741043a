//! Passkeys: WebAuthn credentials that are found without a user name and that verify their user.

mod authenticator;
mod kept;

use broker_domain::identity::{Ceremony, Passkey, PasskeyRefusal, PasskeyUse, Passkeys};
use broker_domain::ids::AccountId;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use authenticator::Attested;
use kept::{read_kept, read_state, write_kept, write_state};

/// Longest answer of a browser that is read, in bytes. One with a certificate chain has 8 kB.
const LONGEST_ANSWER: usize = 64 * 1024;

/// For which site passkeys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The RP ID: a host name. Passkeys are lost when it changes, so it stays the same for years.
    pub rp_id: String,
    /// The origin that pages are served at, such as `https://broker.example`: its host is the RP ID or lies below it.
    pub origin: String,
    /// What authenticators show besides the RP ID.
    pub name: String,
}

/// A site that cannot have passkeys.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum InvalidSite {
    /// Not an origin.
    #[error(
        "the origin `{origin}` is not usable for passkeys: expected `https` and a host name, without path (`http` only for `localhost`)"
    )]
    Origin {
        /// As configured.
        origin: String,
    },
    /// The RP ID is another host.
    #[error("the RP ID `{rp_id}` is not the host of `{origin}` or a part of its end")]
    RpId {
        /// As configured.
        rp_id: String,
        /// As configured.
        origin: String,
    },
}

/// Passkeys of one site.
pub struct WebauthnPasskeys {
    library: Webauthn,
}

impl WebauthnPasskeys {
    /// Passkeys of this site.
    ///
    /// # Errors
    /// When browsers would offer no passkeys there.
    pub fn new(site: &Site) -> Result<Self, InvalidSite> {
        let origin = Url::parse(&site.origin).ok().filter(is_origin);
        let origin = origin.ok_or_else(|| InvalidSite::Origin {
            origin: site.origin.clone(),
        })?;
        let library = WebauthnBuilder::new(&site.rp_id, &origin)
            .and_then(|builder| builder.rp_name(&site.name).build());
        let library = library.map_err(|_| InvalidSite::RpId {
            rp_id: site.rp_id.clone(),
            origin: site.origin.clone(),
        })?;
        Ok(Self { library })
    }
}

/// WebAuthn L3 §13.4.9: scheme, host and port, of a secure context. A browser gives passkeys to names only.
fn is_origin(url: &Url) -> bool {
    let bare =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    match url.domain() {
        Some(name) if bare => url.scheme() == "https" || (url.scheme() == "http" && name == "localhost"),
        Some(_) | None => false,
    }
}

impl Passkeys for WebauthnPasskeys {
    fn offer(&self, account: AccountId, name: &str, known: &[Passkey]) -> Result<Ceremony, PasskeyRefusal> {
        let known: Vec<CredentialID> = known.iter().map(|passkey| passkey.credential.clone()).collect();
        let account = Uuid::from_bytes(*account.as_bytes());
        let started = self
            .library
            .start_passkey_registration(account, name, name, Some(known));
        let (mut options, state) = started.map_err(|_| PasskeyRefusal::Malformed)?;
        // The library asks for keys that cannot be found without a user name.
        let asked = options
            .public_key
            .authenticator_selection
            .as_mut()
            .ok_or(PasskeyRefusal::Malformed)?;
        asked.require_resident_key = true;
        asked.resident_key =
            serde_json::from_value("required".into()).map_err(|_| PasskeyRefusal::Malformed)?;
        ceremony(&options.public_key, &state)
    }

    fn register(&self, keep: &[u8], answer: &str) -> Result<Passkey, PasskeyRefusal> {
        let state: PasskeyRegistration = read_kept(keep)?;
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let attested =
            Attested::read(&answer.response.attestation_object).ok_or(PasskeyRefusal::Malformed)?;
        // WebAuthn L3 §7.1 no. 26, and three names of one key that must be one.
        if answer.type_ != "public-key"
            || answer.raw_id != attested.credential
            || !is_name_of(&answer.id, &answer.raw_id)
        {
            return Err(PasskeyRefusal::Malformed);
        }
        is_our_own_page(&answer.response.client_data_json)?;
        let proved = self
            .library
            .finish_passkey_registration(&answer, &state)
            .map_err(|why| refusal(&why))?;
        if proved.cred_id().as_slice() != attested.credential {
            return Err(PasskeyRefusal::Malformed);
        }
        Ok(Passkey {
            credential: attested.credential,
            state: write_state(&proved)?,
            public_key: authenticator::cose_key(proved.get_public_key()).ok_or(PasskeyRefusal::NotProved)?,
            model: attested.model,
            may_be_copied: attested.may_be_copied,
        })
    }

    fn ask(&self) -> Result<Ceremony, PasskeyRefusal> {
        let started = self.library.start_discoverable_authentication();
        let (options, state) = started.map_err(|_| PasskeyRefusal::NotProved)?;
        ceremony(&options.public_key, &state)
    }

    fn claimed(&self, answer: &str) -> Result<(AccountId, Vec<u8>), PasskeyRefusal> {
        let answer: PublicKeyCredential = read(answer)?;
        let (account, credential) = self
            .library
            .identify_discoverable_authentication(&answer)
            .map_err(|_| PasskeyRefusal::Malformed)?;
        Ok((AccountId::from_bytes(account.into_bytes()), credential.to_vec()))
    }

    fn recognise(&self, keep: &[u8], answer: &str, known: &[Passkey]) -> Result<PasskeyUse, PasskeyRefusal> {
        let state: DiscoverableAuthentication = read_kept(keep)?;
        let answer: PublicKeyCredential = read(answer)?;
        if answer.type_ != "public-key" || !is_name_of(&answer.id, &answer.raw_id) {
            return Err(PasskeyRefusal::Malformed);
        }
        is_our_own_page(&answer.response.client_data_json)?;
        let known = known.iter().find(|passkey| passkey.credential == answer.raw_id);
        let mut passkey = read_state(&known.ok_or(PasskeyRefusal::Unknown)?.state)?;
        let used = self
            .library
            .finish_discoverable_authentication_v2(&answer, state, &passkey);
        let used = used.map_err(|why| refusal(&why))?;
        // The library checks this when the key was registered so; said here once more because everything hangs on it.
        if !used.user_verified() {
            return Err(PasskeyRefusal::NotProved);
        }
        let changed = passkey
            .update_credential(&used)
            .ok_or(PasskeyRefusal::NotProved)?;
        Ok(PasskeyUse {
            credential: answer.raw_id,
            state: if changed {
                Some(write_state(&passkey)?)
            } else {
                None
            },
        })
    }
}

fn ceremony(options: &impl Serialize, state: &impl Serialize) -> Result<Ceremony, PasskeyRefusal> {
    Ok(Ceremony {
        options: serde_json::to_string(options).map_err(|_| PasskeyRefusal::Malformed)?,
        keep: write_kept(state)?,
    })
}

fn read<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, PasskeyRefusal> {
    if answer.len() > LONGEST_ANSWER {
        return Err(PasskeyRefusal::Malformed);
    }
    serde_json::from_str(answer).map_err(|_| PasskeyRefusal::Malformed)
}

/// `id` is `rawId` in base64url (WebAuthn L3 §5.1).
fn is_name_of(id: &str, raw_id: &[u8]) -> bool {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(raw_id) == id
}

/// Which page asked. `webauthn-rs` looks at it in registrations only.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    cross_origin: Option<bool>,
    top_origin: Option<IgnoredAny>,
}

/// WebAuthn L3 §7.1 no. 10 and §7.2 no. 12: our pages ask for passkeys themselves, never within a page of another origin,
/// where a person could be led to answer a question she does not see (§13.4.2).
fn is_our_own_page(client_data: &[u8]) -> Result<(), PasskeyRefusal> {
    let page: Page = serde_json::from_slice(client_data).map_err(|_| PasskeyRefusal::Malformed)?;
    match page {
        Page {
            cross_origin: None | Some(false),
            top_origin: None,
        } => Ok(()),
        Page { .. } => Err(PasskeyRefusal::NotProved),
    }
}

fn refusal(why: &WebauthnError) -> PasskeyRefusal {
    tracing::debug!(reason = %reason(why), "an authenticator's answer was refused");
    match why {
        WebauthnError::CredentialNotFound => PasskeyRefusal::Unknown,
        WebauthnError::ParseJSONFailure(_)
        | WebauthnError::ParseBase64Failure(_)
        | WebauthnError::ParseCBORFailure(_)
        | WebauthnError::ParseNOMFailure => PasskeyRefusal::Malformed,
        _ => PasskeyRefusal::NotProved,
    }
}

/// The library's own texts are about its users; an operator needs to know which of these it was.
fn reason(why: &WebauthnError) -> &'static str {
    match why {
        WebauthnError::InvalidRPOrigin => "another origin",
        WebauthnError::InvalidRPIDHash => "another site",
        WebauthnError::MismatchedChallenge => "another question",
        WebauthnError::UserNotVerified => "the user was not verified",
        WebauthnError::UserNotPresent => "the user was not present",
        WebauthnError::CredentialPossibleCompromise => {
            "the counter went back: there may be a copy of the key"
        }
        _ => "not a proof",
    }
}
