//! OpenID Connect providers: the authorization code flow with PKCE, `state`, `nonce` and RFC 9207.

mod answer;
mod assertion;
mod client;
mod config;
mod discovery;
mod http;
mod question;

use std::sync::Arc;

use broker_domain::identity::{
    Arrival, Departure, Freshness, Identity, IdentityProviders, Later, Provider, ProviderId, ProviderRefusal,
};
use broker_domain::time::{Clock, Entropy};

use answer::Answer;
use discovery::Known;
use question::Question;

pub use assertion::AssertionSigner;
pub use config::{
    ClientProof, DEFAULT_CLOCK_SKEW_S, DEFAULT_TIME_LIMIT, InvalidProviderConfig, ProviderConfig,
};

/// The providers of the configuration, several at once. Nothing is asked of them before somebody signs in, so that one
/// that is down does not keep the broker from starting.
pub struct OidcProviders {
    offered: Vec<Provider>,
    known: Vec<Known>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl OidcProviders {
    /// Those of the configuration, in its order.
    ///
    /// # Errors
    /// When an entry can never work, whatever the provider answers.
    pub fn new(
        configs: Vec<ProviderConfig>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, InvalidProviderConfig> {
        let mut providers = Self {
            offered: Vec::with_capacity(configs.len()),
            known: Vec::with_capacity(configs.len()),
            clock,
            entropy,
        };
        for config in configs {
            if providers.find(&config.id).is_some() {
                return Err(InvalidProviderConfig::Twice { provider: config.id });
            }
            providers.offered.push(Provider {
                id: config.id.clone(),
                name: config.name.clone(),
            });
            providers.known.push(Known::new(config)?);
        }
        Ok(providers)
    }

    fn find(&self, provider: &ProviderId) -> Option<&Known> {
        self.known.iter().find(|known| known.config.id == *provider)
    }

    async fn ask(&self, provider: &ProviderId, freshness: Freshness) -> Result<Departure, ProviderRefusal> {
        let known = self.find(provider).ok_or(ProviderRefusal::Unknown)?;
        let found = known.found(self.clock.now()).await?;
        let question = Question::draw(known, freshness, self.clock.now(), self.entropy.as_ref())?;
        Ok(Departure {
            url: question.url(known, &found),
            state: question.state.clone(),
            keep: question.keep()?,
        })
    }

    async fn believe(&self, keep: &[u8], arrival: &Arrival) -> Result<Identity, ProviderRefusal> {
        let question = Question::read(keep)?;
        let known = self.find(&question.provider).ok_or(ProviderRefusal::Unknown)?;
        if question.issuer != known.issuer.as_str() {
            // The configuration changed while the person was away: another provider has this name now.
            return Err(ProviderRefusal::NotOurs);
        }
        let found = known.found(self.clock.now()).await?;
        let code = question.code(known, &found, arrival)?;
        let answer = Answer::fetch(
            known,
            &found,
            &question,
            code,
            self.clock.now(),
            self.entropy.as_ref(),
        )
        .await?;
        answer.judge(known, found, &question, self.clock.as_ref()).await
    }
}

impl IdentityProviders for OidcProviders {
    fn offered(&self) -> &[Provider] {
        &self.offered
    }

    fn depart<'a>(
        &'a self,
        provider: &'a ProviderId,
        freshness: Freshness,
    ) -> Later<'a, Result<Departure, ProviderRefusal>> {
        Box::pin(self.ask(provider, freshness))
    }

    fn arrive<'a>(
        &'a self,
        keep: &'a [u8],
        arrival: &'a Arrival,
    ) -> Later<'a, Result<Identity, ProviderRefusal>> {
        Box::pin(self.believe(keep, arrival))
    }
}
