//! What a provider says about itself: asked for when first needed, kept for an hour, its keys renewed when it signs with
//! one that is not known.

use std::sync::{Arc, Mutex, PoisonError};

use broker_domain::identity::{ProviderId, ProviderRefusal};
use broker_domain::time::Instant;
use openidconnect::core::{CoreClientAuthMethod, CoreJsonWebKey};
use openidconnect::url::Url;
use openidconnect::{
    AuthType, Client, ClientId, ClientSecret, DiscoveryError, IssuerUrl, JsonWebKeySet, RedirectUrl, TokenUrl,
};
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;

use super::client::{Metadata, OidcClient};
use super::config::{ClientProof, InvalidProviderConfig, ProviderConfig};
use super::http::{CallFault, Http, Reach};

/// How long what a provider says is believed without asking again, in seconds.
const FRESH_S: i64 = 3_600;
/// How long it is still used when the provider cannot be asked again, in seconds.
const USABLE_S: i64 = 86_400;
/// After a failure the provider is left alone, in seconds: people who wait get their answer at once.
const LEFT_ALONE_S: i64 = 5;
/// Keys are asked for again at most so often, in seconds: anybody can make up a token with an unknown key.
const KEYS_AGAIN_S: i64 = 60;

/// A provider of the configuration, and what it said.
pub(super) struct Known {
    pub(super) config: ProviderConfig,
    pub(super) issuer: IssuerUrl,
    pub(super) http: Http,
    return_url: RedirectUrl,
    reach: Reach,
    memory: Mutex<Memory>,
    /// One of those who need an answer asks; the others wait for it without asking again.
    turn: Semaphore,
}

#[derive(Default)]
struct Memory {
    found: Option<Arc<Found>>,
    failed_at: Option<Instant>,
    keys_asked_at: Option<Instant>,
}

/// What a provider said.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) metadata: Metadata,
    pub(super) keys: JsonWebKeySet<CoreJsonWebKey>,
    token_url: TokenUrl,
    at: Instant,
}

impl Known {
    pub(super) fn new(config: ProviderConfig) -> Result<Self, InvalidProviderConfig> {
        let reach = config.check()?;
        let invalid = |setting| InvalidProviderConfig::Address {
            provider: config.id.clone(),
            setting,
        };
        Ok(Self {
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(|_| invalid("issuer"))?,
            return_url: RedirectUrl::new(config.return_url.clone()).map_err(|_| invalid("return_url"))?,
            http: Http::new(reach, config.time_limit),
            reach,
            memory: Mutex::default(),
            turn: Semaphore::new(1),
            config,
        })
    }

    /// What the provider says about itself.
    ///
    /// # Errors
    /// [`ProviderRefusal::Unavailable`].
    pub(super) async fn found(&self, now: Instant) -> Result<Arc<Found>, ProviderRefusal> {
        if let Some(found) = self.remembered(now, FRESH_S) {
            return Ok(found);
        }
        let stale = self.remembered(now, USABLE_S);
        let _turn = match (self.turn.try_acquire(), stale) {
            (Ok(turn), _) => turn,
            // Somebody asks already, perhaps of a provider that is slow: what is known is good enough meanwhile.
            (Err(_), Some(stale)) => return Ok(stale),
            (Err(_), None) => self
                .turn
                .acquire()
                .await
                .map_err(|_| ProviderRefusal::Unavailable)?,
        };
        // Somebody else may have asked meanwhile, or failed to.
        if let Some(found) = self.remembered(now, FRESH_S) {
            return Ok(found);
        }
        let left_alone = self.with_memory(|memory| is_within(memory.failed_at, now, LEFT_ALONE_S));
        if !left_alone {
            match self.discover(now).await {
                Ok(found) => {
                    let found = Arc::new(found);
                    self.with_memory(|memory| {
                        memory.found = Some(Arc::clone(&found));
                        memory.failed_at = None;
                    });
                    return Ok(found);
                }
                Err(why) => {
                    tracing::warn!(provider.id = %self.config.id, reason = %why, "an identity provider cannot be asked");
                    self.with_memory(|memory| memory.failed_at = Some(now));
                }
            }
        }
        self.remembered(now, USABLE_S).ok_or(ProviderRefusal::Unavailable)
    }

    /// The same with the provider's keys of now; none if they were asked for a moment ago and cannot be newer.
    pub(super) async fn with_newer_keys(&self, old: &Arc<Found>, now: Instant) -> Option<Arc<Found>> {
        let _turn = self.turn.acquire().await.ok()?;
        let newest = self.with_memory(|memory| memory.found.clone());
        if let Some(newest) = newest.filter(|newest| !Arc::ptr_eq(newest, old)) {
            return Some(newest);
        }
        let asked = self.with_memory(|memory| {
            let asked = is_within(memory.keys_asked_at, now, KEYS_AGAIN_S);
            if !asked {
                memory.keys_asked_at = Some(now);
            }
            asked
        });
        if asked {
            return None;
        }
        let keys = JsonWebKeySet::fetch_async(old.metadata.jwks_uri(), &self.http).await;
        let keys = keys
            .inspect_err(|error| {
                tracing::warn!(provider.id = %self.config.id, reason = reason(error), "new keys of an identity provider cannot be had");
            })
            .ok()?;
        tracing::info!(provider.id = %self.config.id, "the keys of an identity provider were fetched again");
        let found = Arc::new(Found {
            keys,
            ..Found::clone(old)
        });
        self.with_memory(|memory| memory.found = Some(Arc::clone(&found)));
        Some(found)
    }

    /// The library's client, ready to ask and to exchange a code.
    pub(super) fn client(&self, found: &Found) -> OidcClient {
        let id = ClientId::new(self.config.client_id.clone());
        let client = Client::new(id, self.issuer.clone(), found.keys.clone())
            .set_auth_uri(found.metadata.authorization_endpoint().clone())
            .set_token_uri(found.token_url.clone())
            .set_redirect_uri(self.return_url.clone());
        match &self.config.proof {
            ClientProof::Secret(secret) => client
                .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
                .set_auth_type(found.secret_goes_in()),
            // RFC 7521 §4.2: the client is named in the body, its proof is an assertion.
            ClientProof::PrivateKey(_) => client.set_auth_type(AuthType::RequestBody),
        }
    }

    /// Whether that address is one the provider may send us or a browser to.
    pub(super) fn may_go_to(&self, url: &Url) -> bool {
        self.reach.covers(url)
    }

    async fn discover(&self, now: Instant) -> Result<Found, Unusable> {
        let asked = Metadata::discover_async(self.issuer.clone(), &self.http).await;
        let metadata = asked.map_err(|error| Unusable(reason(&error)))?;
        // OpenID Connect Core §3.1: without a token endpoint there is no authorization code flow.
        let token_url = metadata
            .token_endpoint()
            .cloned()
            .ok_or(Unusable("it has no token endpoint"))?;
        let end_session = metadata.additional_metadata().end_session_endpoint.as_ref();
        let addresses = [
            Some(metadata.authorization_endpoint().url()),
            Some(token_url.url()),
            Some(metadata.jwks_uri().url()),
            end_session.map(|url| url.url()),
        ];
        // A browser is sent to two of these, and `javascript:` is an address as well.
        if !addresses.into_iter().flatten().all(|url| self.may_go_to(url)) {
            return Err(Unusable("it names an address that is not its to name"));
        }
        Ok(Found {
            keys: metadata.jwks().clone(),
            metadata,
            token_url,
            at: now,
        })
    }

    fn remembered(&self, now: Instant, seconds: i64) -> Option<Arc<Found>> {
        let found = self.with_memory(|memory| memory.found.clone());
        found.filter(|found| is_within(Some(found.at), now, seconds))
    }

    fn with_memory<T>(&self, look: impl FnOnce(&mut Memory) -> T) -> T {
        // Each of these is whole after every step, so a panic elsewhere leaves nothing half done.
        look(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Found {
    /// `client_secret_basic` is the default (OpenID Connect Core §9); some offer only `client_secret_post`.
    fn secret_goes_in(&self) -> AuthType {
        let offered = self.metadata.token_endpoint_auth_methods_supported();
        let only_post = offered.is_some_and(|offered| {
            offered.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !offered.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        if only_post {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        }
    }
}

/// Why a provider cannot be used, without anything that it wrote.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unusable(&'static str);

fn reason(error: &DiscoveryError<CallFault>) -> &'static str {
    match error {
        DiscoveryError::Request(CallFault::OutOfReach) => "it names an address that is not its to name",
        DiscoveryError::Request(CallFault::Busy) => "too many calls wait for it",
        DiscoveryError::Request(CallFault::Transport { kind }) => kind,
        DiscoveryError::Response(..) => "it answers something else than JSON",
        DiscoveryError::Parse(_) => "it answers something else than OpenID Connect Discovery",
        DiscoveryError::Validation(_) => "it says that it is another issuer",
        _ => "it cannot be asked",
    }
}

/// Whether `then` lies less than so many seconds before `now`. A clock that went back counts as no time gone.
fn is_within(then: Option<Instant>, now: Instant, seconds: i64) -> bool {
    then.is_some_and(|then| now < then.plus_seconds(seconds))
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id: &ProviderId = &self.config.id;
        f.debug_struct("Known").field("id", id).finish_non_exhaustive()
    }
}
