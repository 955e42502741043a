//! The HTTP client that is given to `openidconnect`: where it may go, how long, and how much it reads.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::url::{Host, Url};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use thiserror::Error;
use tokio::sync::Semaphore;
use ureq::Agent;

/// Longest answer that is read, in bytes. A large key set has 20 kB.
const MOST_BYTES: u64 = 256 * 1024;
/// Calls to one provider at a time; each holds a thread while it lasts.
const MOST_CALLS: usize = 8;

/// Where calls may go. A provider answers with addresses to call, so a wrong one must not reach what only this machine
/// reaches (server-side request forgery).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// `https` to hosts with a name. A host inside that answers to such a name must also have a certificate for it.
    Names,
    /// This machine alone: a provider for trying out.
    ThisMachine,
}

impl Reach {
    /// Where an issuer at this address may send us; none if it may not be one.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let reach = if is_this_machine(url) {
            Self::ThisMachine
        } else {
            Self::Names
        };
        reach.covers(url).then_some(reach)
    }

    /// Whether that address may be called, or a browser be sent there.
    pub(super) fn covers(self, url: &Url) -> bool {
        match self {
            Self::Names => {
                url.scheme() == "https"
                    && matches!(url.host(), Some(Host::Domain(_)))
                    && !is_this_machine(url)
            }
            Self::ThisMachine => matches!(url.scheme(), "http" | "https") && is_this_machine(url),
        }
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// A call that brought no answer. Addresses and bodies may hold a code or a token, so none is kept.
#[derive(Debug, Error)]
pub(super) enum CallFault {
    /// An address outside of the reach.
    #[error("the address is outside of where this provider may send us")]
    OutOfReach,
    /// Too many calls wait already.
    #[error("the provider is too slow for the number of people who sign in")]
    Busy,
    /// No answer, or a longer one than is read.
    #[error("no usable answer: {kind}")]
    Transport {
        /// What went wrong, without any address.
        kind: &'static str,
    },
}

/// Calls one provider.
#[derive(Clone)]
pub(super) struct Http {
    agent: Agent,
    reach: Reach,
    time_limit: Duration,
    calls: Arc<Semaphore>,
}

impl Http {
    pub(super) fn new(reach: Reach, time_limit: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(time_limit))
            .http_status_as_error(false)
            // OpenID Connect knows no redirect of these calls; following one would leave the reach.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .https_only(reach == Reach::Names)
            .user_agent(concat!("fiducie/", env!("CARGO_PKG_VERSION")));
        Self {
            agent: config.build().new_agent(),
            reach,
            time_limit,
            calls: Arc::new(Semaphore::new(MOST_CALLS)),
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, CallFault> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| CallFault::OutOfReach)?;
        if !self.reach.covers(&url) {
            return Err(CallFault::OutOfReach);
        }
        let waiting = tokio::time::timeout(self.time_limit, Arc::clone(&self.calls).acquire_owned());
        let Ok(Ok(permit)) = waiting.await else {
            return Err(CallFault::Busy);
        };
        let agent = self.agent.clone();
        // The client blocks; its time limit bounds for how long. The permit goes along, so that a caller who gave up does
        // not let one thread more begin.
        let call = move || {
            let _permit = permit;
            let (head, mut body) = agent.run(request)?.into_parts();
            let bytes = body.with_config().limit(MOST_BYTES).read_to_vec()?;
            Ok(HttpResponse::from_parts(head, bytes))
        };
        match tokio::task::spawn_blocking(call).await {
            Ok(answer) => answer.map_err(|fault| CallFault::Transport { kind: kind(&fault) }),
            Err(_) => Err(CallFault::Transport {
                kind: "the call was ended",
            }),
        }
    }
}

/// The error's own text names the address, so only its kind is told.
fn kind(fault: &ureq::Error) -> &'static str {
    match fault {
        ureq::Error::Timeout(_) => "time is up",
        ureq::Error::HostNotFound => "no such host",
        ureq::Error::ConnectionFailed | ureq::Error::Io(_) => "the connection failed",
        ureq::Error::BodyExceedsLimit(_) => "too long",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "no trusted connection",
        _ => "not HTTP",
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = CallFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(reach: Reach, url: &str) -> bool {
        reach.covers(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_provider_elsewhere_cannot_send_us_to_this_machine_or_to_a_bare_address() {
        assert!(covers(Reach::Names, "https://login.example/token"));
        for url in [
            "http://login.example/token",
            "https://localhost/token",
            "https://x.localhost./token",
            "https://127.0.0.1/token",
            "https://[::1]/token",
            "https://10.0.0.1/token",
            "https://169.254.169.254/latest",
            "https://2130706433/",
            "file:///etc/passwd",
        ] {
            assert!(!covers(Reach::Names, url), "{url}");
        }
    }

    #[test]
    fn a_provider_on_this_machine_cannot_send_us_elsewhere() {
        assert!(covers(Reach::ThisMachine, "http://127.0.0.1:1/token"));
        assert!(!covers(Reach::ThisMachine, "https://login.example/token"));
        assert!(!covers(Reach::ThisMachine, "http://10.0.0.1/token"));
    }
}
