//! Calls of recipients' webhooks. An address comes from a file of the operator, and may still lead inside: by its name,
//! by what the name resolves to, or by a redirect (server-side request forgery). So only `https` is called, or this
//! machine when the address says so literally; what a name resolves to is looked at in the same step as it is connected
//! to; and no redirect is followed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use broker_domain::identity::Later;
use broker_domain::telling::{CallFailure, Caller};
use tokio::sync::Semaphore;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Longest that one call may take, the name's resolution included.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Calls at a time; each holds a thread while it lasts.
const MOST_CALLS: usize = 4;

/// Which networks names may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Networks {
    /// Public ones.
    Public,
    /// Private ones too: recipients inside of the operator's own network.
    PrivateToo,
}

/// Whether an address may be called at all: `https` without user or fragment, or this machine named literally.
#[must_use]
pub fn may_be_called(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else {
        return false;
    };
    if authority.as_str().contains('@') || url.contains('#') {
        return false;
    }
    match uri.scheme_str() {
        Some("https") => is_this_machine(&uri) || !is_literal(&uri),
        Some("http") => is_this_machine(&uri),
        _ => false,
    }
}

fn host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default().trim_matches(['[', ']'])
}

/// A bare IP address has no certificate worth the name, and `2130706433` is 127.0.0.1 to some resolvers.
fn is_literal(uri: &Uri) -> bool {
    let host = host(uri);
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    host.parse::<IpAddr>().is_ok()
        || last.is_empty()
        || last.starts_with(|first: char| first.is_ascii_digit())
}

fn is_this_machine(uri: &Uri) -> bool {
    let host = host(uri);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether an address is one of the public internet (RFC 6890 and its successors).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_unspecified()
                || v4.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (b == 18 || b == 19))
                || (a == 192 && b == 0 && c == 0))
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            // Global unicast alone, without what embeds an IPv4 address (6to4, Teredo) or documents.
            first & 0xe000 == 0x2000
                && first != 0x2002
                && !(first == 0x2001 && (second == 0 || second == 0xdb8))
        }
    }
}

/// Leaves of what a name resolves to only what may be connected to.
#[derive(Debug)]
struct Guarded {
    inner: DefaultResolver,
    networks: Networks,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let here = is_this_machine(uri);
        let mut allowed = self.empty();
        for address in found.iter() {
            let ip = address.ip().to_canonical();
            let fits = if here {
                ip.is_loopback()
            } else {
                match self.networks {
                    Networks::Public => is_public(ip),
                    // Even then not this machine, and not what clouds answer on.
                    Networks::PrivateToo => {
                        let link_local = match ip {
                            IpAddr::V4(v4) => v4.is_link_local(),
                            IpAddr::V6(v6) => v6.is_unicast_link_local(),
                        };
                        !(ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || link_local)
                    }
                }
            };
            if fits {
                allowed.push(*address);
            }
        }
        match allowed.is_empty() {
            true => Err(ureq::Error::HostNotFound),
            false => Ok(allowed),
        }
    }
}

/// Calls webhooks.
#[derive(Debug, Clone)]
pub struct Webhooks {
    agent: Agent,
    calls: Arc<Semaphore>,
}

/// A client that connects to these networks only, follows nothing, and gives up after `time_limit`, the name's resolution included.
pub(crate) fn guarded_agent(networks: Networks, time_limit: Duration) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(time_limit))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A proxy would resolve names in our place.
        .proxy(None)
        .user_agent(concat!("fiducie/", env!("CARGO_PKG_VERSION")))
        .build();
    let guarded = Guarded {
        inner: DefaultResolver::default(),
        networks,
    };
    Agent::with_parts(config, DefaultConnector::default(), guarded)
}

impl Webhooks {
    /// Ready to call.
    #[must_use]
    pub fn new(networks: Networks) -> Self {
        Self {
            agent: guarded_agent(networks, TIME_LIMIT),
            calls: Arc::new(Semaphore::new(MOST_CALLS)),
        }
    }
}

impl Caller for Webhooks {
    fn post<'a>(&'a self, url: &'a str, body: &'a str) -> Later<'a, Result<(), CallFailure>> {
        Box::pin(async move {
            if !may_be_called(url) {
                return Err(CallFailure::OutOfReach);
            }
            let permit = Arc::clone(&self.calls).acquire_owned().await;
            let (agent, url, body) = (self.agent.clone(), url.to_owned(), body.to_owned());
            let call = move || {
                let _permit = permit;
                let answer = agent
                    .post(&url)
                    .header("content-type", "application/jose")
                    .send(body.as_str());
                answer.map(|answer| answer.status().as_u16())
            };
            match tokio::task::spawn_blocking(call).await {
                Ok(Ok(200..=299)) => Ok(()),
                Ok(Ok(status)) => Err(CallFailure::Answered { status }),
                Ok(Err(_)) | Err(_) => Err(CallFailure::Unreached),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn only_https_to_names_or_this_machine_by_its_own_name_is_called() {
        for url in [
            "https://app.example/hook",
            "https://app.example:8443/hook?x=1",
            "http://127.0.0.1:9000/hook",
            "http://[::1]:9000/hook",
            "http://localhost:9000/",
        ] {
            assert!(may_be_called(url), "{url}");
        }
        for url in [
            "http://app.example/hook",
            "https://10.0.0.1/hook",
            "https://169.254.169.254/latest",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[fd00::1]/",
            "http://localhost.example/",
            "https://user:secret@app.example/",
            "ftp://app.example/",
            "file:///etc/passwd",
            "app.example",
            "",
        ] {
            assert!(!may_be_called(url), "{url}");
        }
    }

    #[test]
    fn private_and_special_addresses_are_not_public() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "2002:a00:1::",
            "2001:db8::1",
            "::",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in ["93.184.215.14", "2a00:1450:4007::200e"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    /// Answers one request with these bytes.
    fn answering(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = Vec::new();
            let mut chunk = [0; 4096];
            while !String::from_utf8_lossy(&seen).ends_with("a.b.c") {
                let read = stream.read(&mut chunk).unwrap();
                assert!(read > 0);
                seen.extend_from_slice(&chunk[..read]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(seen).unwrap()
        });
        (url, served)
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let (url, served) =
            answering("HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
        let outcome = Webhooks::new(Networks::Public).post(&url, "a.b.c").await;
        assert_eq!(outcome, Err(CallFailure::Answered { status: 307 }));
        let seen = served.join().unwrap();
        assert!(seen.contains("content-type: application/jose\r\n"), "{seen}");
    }

    #[tokio::test]
    async fn what_is_taken_is_told() {
        let (url, served) = answering("HTTP/1.1 204 x\r\n\r\n");
        assert_eq!(Webhooks::new(Networks::Public).post(&url, "a.b.c").await, Ok(()));
        served.join().unwrap();
    }

    #[tokio::test]
    async fn nobody_there_and_a_private_address_are_told_apart_from_an_answer() {
        let webhooks = Webhooks::new(Networks::Public);
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let outcome = webhooks.post(&format!("http://127.0.0.1:{port}/"), "x").await;
        assert_eq!(outcome, Err(CallFailure::Unreached));
        let outcome = webhooks.post("https://10.0.0.1/", "x").await;
        assert_eq!(outcome, Err(CallFailure::OutOfReach));
    }
}
