//! Witnesses from the configuration, over HTTP.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use broker_service::{Demand, WitnessParts};
use ledger_core::note::Vkey;
use ledger_core::policy::Policy;
use ledger_core::tree::Hash;
use ledger_log::{KeeperConfig, RawAnswer, TransportFault, WitnessConfig, WitnessTransport, Witnesses};
use ureq::Agent;

use crate::config;

/// Reads the policy and refuses one that could not do what the configuration asks of it.
///
/// # Errors
/// What is wrong, and what to write instead.
pub fn read(config: &config::Witnesses, log_key: &Vkey) -> Result<WitnessParts> {
    let path = config.policy.display();
    let bytes = fs::read(&config.policy).with_context(|| format!("the policy `{path}` cannot be read"))?;
    let policy = Policy::parse(&bytes).with_context(|| format!("the policy `{path}` is not understood"))?;
    ensure!(
        policy.log_keys(log_key.name().as_str()).contains(log_key),
        "the policy `{path}` does not name this ledger, so nobody who reads it would accept its checkpoints; add the line\n  \
         log {log_key}"
    );
    ensure!(
        policy.quorum_name().is_some(),
        "the policy `{path}` asks for no witness; name one in its line `quorum`, or leave `[witnesses]` out"
    );
    ensure!(
        config.late_limit_ms >= config.time_limit_ms,
        "`late_limit_ms` must not be smaller than `time_limit_ms`: it is how long a witness may take all the same"
    );
    ensure!(
        config.refresh_s < config.max_age_s,
        "`refresh_s` must be smaller than `max_age_s`, or a quiet ledger loses its quorum"
    );
    let policy = if config.required {
        let production = policy.for_production().with_context(|| {
            format!("the policy `{path}` is not good enough for `required = true`: two organisations must be needed")
        })?;
        production.policy().clone()
    } else {
        policy
    };
    for witness in policy.witnesses().iter().filter(|witness| witness.url.is_none()) {
        tracing::warn!(witness.name = %witness.key.name(), "a witness of the policy has no address and is never asked");
    }
    let late_limit = Duration::from_millis(config.late_limit_ms);
    let transport: Arc<dyn WitnessTransport> = Arc::new(HttpWitnesses::new(late_limit));
    let limits = WitnessConfig {
        time_limit: Duration::from_millis(config.time_limit_ms),
        late_limit,
        max_age_seconds: config.max_age_s,
    };
    Ok(WitnessParts {
        witnesses: Witnesses::new(policy, std::slice::from_ref(log_key), &transport, limits),
        keeper: KeeperConfig {
            refresh: Duration::from_secs(config.refresh_s),
            ..KeeperConfig::default()
        },
        demand: if config.required {
            Demand::Required {
                wait: Duration::from_millis(config.hand_over_wait_ms),
            }
        } else {
            Demand::Shown
        },
    })
}

/// Idle connections kept for each witness: it is asked about one checkpoint at a time.
const IDLE_PER_HOST: usize = 2;

/// Carries the calls of C2SP tlog-witness; connections are kept alive.
#[derive(Debug, Clone)]
pub struct HttpWitnesses {
    agent: Agent,
}

impl HttpWitnesses {
    /// A transport with its own connections, whose calls take this long at most: well above the time that a question
    /// waits, so that a slow witness may finish. TLS certificates are checked against the roots that Mozilla trusts.
    #[must_use]
    pub fn new(call_time: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(call_time))
            // A status is an answer here, and a witness has one address.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections_per_host(IDLE_PER_HOST)
            .user_agent(concat!("fiducie/", env!("CARGO_PKG_VERSION")));
        Self {
            agent: config.build().new_agent(),
        }
    }

    /// The client blocks, so it runs where blocking is allowed; its own time limit bounds how long.
    async fn call(
        &self,
        send: impl FnOnce(&Agent) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> + Send + 'static,
    ) -> Result<RawAnswer, TransportFault> {
        let agent = self.agent.clone();
        let call = move || {
            let mut answer = send(&agent)?;
            let status = answer.status().as_u16();
            let limit = u64::try_from(RawAnswer::MAX_BODY).unwrap_or(u64::MAX);
            let body = answer.body_mut().with_config().limit(limit).read_to_vec()?;
            Ok::<_, ureq::Error>(RawAnswer { status, body })
        };
        let answer = tokio::task::spawn_blocking(call).await;
        answer.map_err(TransportFault::new)?.map_err(TransportFault::new)
    }
}

#[async_trait]
impl WitnessTransport for HttpWitnesses {
    async fn add_checkpoint(&self, prefix: &str, body: String) -> Result<RawAnswer, TransportFault> {
        let url = format!("{prefix}/add-checkpoint");
        self.call(move |agent| {
            let request = agent.post(&url).content_type("text/plain; charset=utf-8");
            request.send(body)
        })
        .await
    }

    async fn monitoring(&self, prefix: &str, origin_hash: Hash) -> Result<RawAnswer, TransportFault> {
        let url = format!("{prefix}/{origin_hash}/checkpoint");
        self.call(move |agent| agent.get(&url).call()).await
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use ledger_core::witness::origin_hash;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A server that answers one request with these bytes, and gives back what it was sent.
    fn serve(answer: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let prefix = format!("http://{}/prefix", listener.local_addr().unwrap());
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut sent = Vec::new();
            let mut buffer = [0; 4096];
            while !(sent.ends_with(b"body") || (sent.starts_with(b"GET") && sent.ends_with(b"\r\n\r\n"))) {
                let count = stream.read(&mut buffer).unwrap();
                assert!(count > 0, "the client went away");
                sent.extend(&buffer[..count]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(sent).unwrap()
        });
        (prefix, served)
    }

    #[tokio::test]
    async fn statuses_and_redirects_are_answers() {
        for (answer, status, body) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, "ok"),
            (
                "HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\n7\n",
                409,
                "7\n",
            ),
            ("HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n", 422, ""),
            (
                "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
                302,
                "",
            ),
        ] {
            let (prefix, served) = serve(answer);
            let found = HttpWitnesses::new(PATIENCE)
                .add_checkpoint(&prefix, "body".to_owned())
                .await
                .unwrap();
            assert_eq!((found.status, found.body.as_slice()), (status, body.as_bytes()));
            let sent = served.join().unwrap();
            assert!(
                sent.starts_with("POST /prefix/add-checkpoint HTTP/1.1\r\n"),
                "{sent}"
            );
            assert!(sent.ends_with("\r\n\r\nbody"), "{sent}");
        }
    }

    #[tokio::test]
    async fn a_log_is_asked_for_by_the_hash_of_its_origin() {
        let (prefix, served) = serve("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        let hash = origin_hash("log.example/consent");
        let found = HttpWitnesses::new(PATIENCE)
            .monitoring(&prefix, hash)
            .await
            .unwrap();
        assert_eq!(found.status, 404);
        let expected = "GET /prefix/e1dd4c5f7dab0394db9bc81394f1b675b0eacf3519e0e54f09e908d15710456f/checkpoint HTTP/1.1";
        assert!(served.join().unwrap().starts_with(expected));
    }

    #[tokio::test]
    async fn a_body_without_end_and_a_closed_port_are_faults() {
        let (prefix, served) = serve("HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\nx");
        assert!(
            HttpWitnesses::new(PATIENCE)
                .add_checkpoint(&prefix, "body".to_owned())
                .await
                .is_err()
        );
        served.join().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let transport = HttpWitnesses::new(PATIENCE);
        assert!(
            transport
                .add_checkpoint(&format!("http://{closed}"), "body".to_owned())
                .await
                .is_err()
        );
    }
}
