//! What the operator says about a provider.

use std::sync::Arc;
use std::time::Duration;

use broker_domain::identity::ProviderId;
use openidconnect::url::Url;
use secrecy::SecretString;
use thiserror::Error;

use super::assertion::AssertionSigner;
use super::http::Reach;

/// How far a provider's clock and ours may differ, in seconds, when the configuration does not say.
pub const DEFAULT_CLOCK_SKEW_S: u32 = 60;
/// How long a call to a provider may take when the configuration does not say.
pub const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(10);

/// More than that is a clock to be mended, not tolerated.
const MOST_CLOCK_SKEW_S: u32 = 300;

/// How the broker proves to a provider that it is the client it says it is.
#[derive(Clone)]
pub enum ClientProof {
    /// A secret that the provider gave: `client_secret_basic`, or `client_secret_post` at a provider that offers only
    /// that (OpenID Connect Core §9).
    Secret(SecretString),
    /// `private_key_jwt` (OpenID Connect Core §9, RFC 7523): the provider knows only the public key.
    PrivateKey(Arc<dyn AssertionSigner>),
}

/// One provider.
#[derive(Clone)]
pub struct ProviderConfig {
    /// Short name in addresses. Never given to another provider later.
    pub id: ProviderId,
    /// What stands on the button.
    pub name: String,
    /// `iss`: the address that `/.well-known/openid-configuration` is below. `https`, without query.
    pub issuer: String,
    /// What the provider calls this broker.
    pub client_id: String,
    /// How the broker proves it.
    pub proof: ClientProof,
    /// Levels of assurance (`acr`) of which the answer must state one; with none, any level is enough.
    pub acr_values: Vec<String>,
    /// How far the provider's clock and ours may differ, in seconds, 0 to 300.
    pub clock_skew_s: u32,
    /// Where the provider sends the browser back to. One address for each provider: at those without RFC 9207 that is what
    /// tells whose answer it is (RFC 9700 §4.4.2.2).
    pub return_url: String,
    /// Where the provider sends the browser after signing out there; it must know the address.
    pub farewell_url: Option<String>,
    /// How long one call to it may take.
    pub time_limit: Duration,
}

/// An entry that can never work.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum InvalidProviderConfig {
    /// Two entries of one name.
    #[error("two providers are named `{provider}`")]
    Twice {
        /// The name.
        provider: ProviderId,
    },
    /// An address that is not one, or that others on the way could read.
    #[error(
        "`{setting}` of provider `{provider}` is not usable: expected an address with `https` and a host name, without \
         fragment (`http` only on this machine)"
    )]
    Address {
        /// The provider.
        provider: ProviderId,
        /// Which setting.
        setting: &'static str,
    },
    /// An empty setting.
    #[error("`{setting}` of provider `{provider}` is empty")]
    Empty {
        /// The provider.
        provider: ProviderId,
        /// Which setting.
        setting: &'static str,
    },
    /// A tolerance that would accept yesterday's tokens.
    #[error("`clock_skew_s` of provider `{provider}` is more than 300: set the clock right instead")]
    ClockSkew {
        /// The provider.
        provider: ProviderId,
    },
}

impl ProviderConfig {
    /// An entry with the usual limits and no demand on the level of assurance.
    #[must_use]
    pub fn new(
        id: ProviderId,
        name: &str,
        issuer: &str,
        client_id: &str,
        proof: ClientProof,
        return_url: &str,
    ) -> Self {
        Self {
            id,
            name: name.to_owned(),
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            proof,
            acr_values: Vec::new(),
            clock_skew_s: DEFAULT_CLOCK_SKEW_S,
            return_url: return_url.to_owned(),
            farewell_url: None,
            time_limit: DEFAULT_TIME_LIMIT,
        }
    }

    /// Checks what can be checked without asking the provider.
    pub(super) fn check(&self) -> Result<Reach, InvalidProviderConfig> {
        let address = |setting| InvalidProviderConfig::Address {
            provider: self.id.clone(),
            setting,
        };
        for (setting, value) in [("name", &self.name), ("client_id", &self.client_id)] {
            if value.is_empty() {
                return Err(InvalidProviderConfig::Empty {
                    provider: self.id.clone(),
                    setting,
                });
            }
        }
        if self.clock_skew_s > MOST_CLOCK_SKEW_S {
            return Err(InvalidProviderConfig::ClockSkew {
                provider: self.id.clone(),
            });
        }
        // OpenID Connect Discovery §3: the issuer has "no query or fragment components".
        let issuer = parse(&self.issuer).filter(|url| url.query().is_none());
        let reach = issuer
            .as_ref()
            .and_then(Reach::of)
            .ok_or_else(|| address("issuer"))?;
        let ours = [
            ("return_url", Some(&self.return_url)),
            ("farewell_url", self.farewell_url.as_ref()),
        ];
        for (setting, value) in ours {
            let Some(value) = value else { continue };
            parse(value)
                .as_ref()
                .and_then(Reach::of)
                .ok_or_else(|| address(setting))?;
        }
        Ok(reach)
    }
}

fn parse(text: &str) -> Option<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| url.fragment().is_none() && url.username().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ProviderConfig {
        ProviderConfig::new(
            "one".parse().unwrap(),
            "One",
            "https://login.example/realm",
            "broker",
            ClientProof::Secret("secret".into()),
            "https://broker.example/sign-in/one",
        )
    }

    #[test]
    fn an_issuer_is_reached_over_tls_unless_it_is_on_this_machine() {
        assert_eq!(config().check(), Ok(Reach::Names));
        for (issuer, reach) in [
            ("http://127.0.0.1:4000", Reach::ThisMachine),
            ("http://[::1]:4000/x", Reach::ThisMachine),
            ("http://localhost:4000", Reach::ThisMachine),
        ] {
            let config = ProviderConfig {
                issuer: issuer.to_owned(),
                ..config()
            };
            assert_eq!(config.check(), Ok(reach), "{issuer}");
        }
        for issuer in [
            "",
            "login.example",
            "http://login.example",
            "http://127.0.0.1.example",
            "https://10.0.0.1/",
            "https://login.example/?tenant=1",
            "https://login.example/#a",
            "https://user@login.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ] {
            let config = ProviderConfig {
                issuer: issuer.to_owned(),
                ..config()
            };
            let refused = InvalidProviderConfig::Address {
                provider: config.id.clone(),
                setting: "issuer",
            };
            assert_eq!(config.check(), Err(refused), "{issuer}");
        }
    }

    #[test]
    fn a_setting_that_cannot_work_is_named() {
        let spoiled = [
            (
                "name",
                ProviderConfig {
                    name: String::new(),
                    ..config()
                },
            ),
            (
                "client_id",
                ProviderConfig {
                    client_id: String::new(),
                    ..config()
                },
            ),
            (
                "return_url",
                ProviderConfig {
                    return_url: "http://broker.example".to_owned(),
                    ..config()
                },
            ),
            (
                "farewell_url",
                ProviderConfig {
                    farewell_url: Some("/signed-out".to_owned()),
                    ..config()
                },
            ),
            (
                "clock_skew_s",
                ProviderConfig {
                    clock_skew_s: 301,
                    ..config()
                },
            ),
        ];
        for (setting, config) in spoiled {
            assert!(
                config.check().unwrap_err().to_string().contains(setting),
                "{setting}"
            );
        }
    }
}
