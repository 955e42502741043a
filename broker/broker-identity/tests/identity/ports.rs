//! A clock that a test moves, the system's randomness, and providers as a broker would configure them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use broker_domain::identity::{
    Arrival, Departure, Freshness, Identity, IdentityProviders as _, ProviderRefusal,
};
use broker_domain::time::{Clock, Entropy, EntropyUnavailable, Instant};
use broker_identity::{ClientProof, OidcProviders, ProviderConfig};
use ring::rand::{SecureRandom as _, SystemRandom};

/// Where the browser comes back to. Nobody listens there: the tests read the address.
pub const RETURN_URL: &str = "http://127.0.0.1:9/sign-in/";
pub const CLIENT: &str = "fiducie";
pub const SECRET: &str = "a secret of a test, long enough for anybody";

/// The system's clock, moved by so many seconds.
#[derive(Default)]
pub struct MovedClock(AtomicI64);

impl MovedClock {
    pub fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Instant {
        let now = jiff::Timestamp::now().as_microsecond();
        Instant::from_micros(now)
            .unwrap()
            .plus_seconds(self.0.load(Ordering::SeqCst))
    }
}

pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        SystemRandom::new().fill(bytes).map_err(|_| EntropyUnavailable)
    }
}

pub fn config(id: &str, issuer: &str) -> ProviderConfig {
    let secret = ClientProof::Secret(SECRET.into());
    let return_url = format!("{RETURN_URL}{id}");
    ProviderConfig::new(id.parse().unwrap(), id, issuer, CLIENT, secret, &return_url)
}

/// The broker's side of a test.
pub struct Ours {
    pub providers: OidcProviders,
    pub clock: Arc<MovedClock>,
}

impl Ours {
    pub fn new(configs: Vec<ProviderConfig>) -> Self {
        let clock = Arc::new(MovedClock::default());
        let entropy = Arc::new(SystemEntropy);
        Self {
            providers: OidcProviders::new(configs, Arc::clone(&clock) as Arc<dyn Clock>, entropy).unwrap(),
            clock,
        }
    }

    pub async fn depart(&self, id: &str, freshness: Freshness) -> Result<Departure, ProviderRefusal> {
        self.providers.depart(&id.parse().unwrap(), freshness).await
    }

    pub async fn arrive(
        &self,
        departure: &Departure,
        arrival: &Arrival,
    ) -> Result<Identity, ProviderRefusal> {
        self.providers.arrive(&departure.keep, arrival).await
    }
}

/// The refusal; fails when somebody was let in.
pub fn refusal<T>(result: Result<T, ProviderRefusal>) -> ProviderRefusal {
    match result {
        Ok(_) => panic!("somebody was let in"),
        Err(why) => why,
    }
}
