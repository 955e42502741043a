//! Short messages: into the outbox folder, or to an HTTP gateway.
//!
//! Gateways differ; what they share is one `POST` of a number and a text with a token. Whoever has another one puts ten lines of a
//! proxy before it:
//!
//! ```text
//! POST <url>
//! Authorization: Bearer <token>
//! Content-Type: application/json
//! Idempotency-Key: <message id>
//!
//! {"text":"...","to":"+33612345678"}
//! ```

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use broker_domain::identity::Later;
use broker_domain::ids::MessageId;
use broker_domain::telling::{PostFailure, ShortMessage, ShortPost};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use tokio::sync::Semaphore;
use ureq::Agent;

use crate::outbox::{blocking, destroy, ours, prepare, put};
use crate::webhook::{Networks, guarded_agent, may_be_called};

/// What files of short messages end with.
const ENDING: &str = "sms";
/// Messages at a time; each holds a thread while it lasts.
const MOST_CALLS: usize = 2;

/// A folder of short messages: `<message id>.sms`, the number in the first line and the text in the second. It may be that of the
/// letters.
#[derive(Debug, Clone)]
pub struct ShortOutbox {
    folder: PathBuf,
}

impl ShortOutbox {
    /// Opens the folder, as [`crate::Outbox::open`] does.
    ///
    /// # Errors
    /// When it cannot be made, or a draft cannot be destroyed.
    pub fn open(folder: PathBuf) -> std::io::Result<Self> {
        prepare(&folder)?;
        Ok(Self { folder })
    }

    fn path(&self, id: MessageId) -> PathBuf {
        self.folder.join(format!("{id}.{ENDING}"))
    }
}

impl ShortPost for ShortOutbox {
    fn send<'a>(&'a self, message: &'a ShortMessage) -> Later<'a, Result<(), PostFailure>> {
        let text = format!("To: {}\n{}\n", message.to.as_str(), message.text);
        let (folder, path) = (self.folder.clone(), self.path(message.id));
        Box::pin(blocking(move || put(&folder, &path, text.as_bytes())))
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        let folder = self.folder.clone();
        Box::pin(blocking(move || {
            let kept = ours(&folder, ENDING)?;
            Ok(kept.into_iter().map(|(id, _)| id).collect())
        }))
    }

    fn destroy(&self, id: MessageId) -> Later<'_, Result<(), PostFailure>> {
        let (folder, path) = (self.folder.clone(), self.path(id));
        Box::pin(blocking(move || destroy(&folder, &path)))
    }
}

/// How a gateway is reached.
#[derive(Clone)]
pub struct GatewaySettings {
    /// Where it takes messages: `https`, or this machine.
    pub url: String,
    /// Our token there.
    pub token: SecretString,
    /// Whether its name may lead into private networks.
    pub networks: Networks,
    /// Longest that it may take for one message, the name's resolution included.
    pub patience: Duration,
}

/// Why a gateway cannot be used as described.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum GatewayRefused {
    /// Numbers and the token would cross a network in clear, or the address leads nowhere.
    #[error("the address of the gateway must be `https://` and a name, or this machine")]
    Address,
    /// It could end a header.
    #[error("the token of the gateway is empty or holds characters that no header may")]
    Token,
}

/// Hands short messages to a gateway.
pub struct SmsGateway {
    agent: Agent,
    url: String,
    token: SecretString,
    calls: Arc<Semaphore>,
}

impl fmt::Debug for SmsGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmsGateway")
    }
}

impl SmsGateway {
    /// Makes ready; nobody is called.
    ///
    /// # Errors
    /// See [`GatewayRefused`].
    pub fn new(settings: GatewaySettings) -> Result<Self, GatewayRefused> {
        if !may_be_called(&settings.url) {
            return Err(GatewayRefused::Address);
        }
        let token = settings.token.expose_secret();
        // RFC 6750 §2.1: b64token.
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if token.is_empty() || !token.bytes().all(fits) {
            return Err(GatewayRefused::Token);
        }
        Ok(Self {
            agent: guarded_agent(settings.networks, settings.patience),
            url: settings.url,
            token: settings.token,
            calls: Arc::new(Semaphore::new(MOST_CALLS)),
        })
    }
}

impl ShortPost for SmsGateway {
    fn send<'a>(&'a self, message: &'a ShortMessage) -> Later<'a, Result<(), PostFailure>> {
        Box::pin(async move {
            let turn = Arc::clone(&self.calls).acquire_owned().await;
            let (agent, url, id) = (self.agent.clone(), self.url.clone(), message.id.to_string());
            let bearer = SecretString::from(format!("Bearer {}", self.token.expose_secret()));
            let body = serde_json::json!({ "to": message.to.as_str(), "text": message.text }).to_string();
            let call = move || {
                let _turn = turn;
                let answer = agent
                    .post(&url)
                    .header("authorization", bearer.expose_secret())
                    .header("content-type", "application/json")
                    .header("idempotency-key", &id)
                    .send(body.as_str());
                answer.map(|answer| answer.status().as_u16())
            };
            match tokio::task::spawn_blocking(call).await {
                Ok(Ok(status)) => taken(status),
                Ok(Err(_)) | Err(_) => Err(PostFailure::Unreached),
            }
        })
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn destroy(&self, _: MessageId) -> Later<'_, Result<(), PostFailure>> {
        Box::pin(async { Ok(()) })
    }
}

/// What a status says of one message.
const fn taken(status: u16) -> Result<(), PostFailure> {
    match status {
        200..=299 => Ok(()),
        // About us, not about this message: a token that ran out, credit that is used up (402), another address. It must not use
        // up what waits.
        401..=405 => Err(PostFailure::Barred),
        // About the moment.
        408 | 425 | 429 => Err(PostFailure::Later),
        400..=499 => Err(PostFailure::Refused),
        _ => Err(PostFailure::Later),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, token: &str) -> GatewaySettings {
        GatewaySettings {
            url: url.into(),
            token: SecretString::from(token),
            networks: Networks::Public,
            patience: Duration::from_secs(10),
        }
    }

    #[test]
    fn numbers_cross_no_network_in_clear() {
        for url in ["http://127.0.0.1:9000/sms", "https://gateway.example/send"] {
            assert!(SmsGateway::new(settings(url, "secret")).is_ok(), "{url}");
        }
        for url in [
            "http://gateway.example/",
            "https://10.0.0.1/",
            "ftp://gateway.example",
            "",
        ] {
            let refused = SmsGateway::new(settings(url, "secret")).unwrap_err();
            assert_eq!(refused, GatewayRefused::Address, "{url}");
        }
    }

    #[test]
    fn a_token_that_could_end_a_header_is_refused() {
        for token in ["", "a b", "a\r\nx: y", "é"] {
            let refused = SmsGateway::new(settings("https://gateway.example/", token)).unwrap_err();
            assert_eq!(refused, GatewayRefused::Token);
        }
    }

    #[test]
    fn only_what_is_about_the_message_gives_it_up() {
        for status in [200, 201, 202, 204] {
            assert_eq!(taken(status), Ok(()));
        }
        for status in [400, 406, 409, 413, 422] {
            assert_eq!(taken(status), Err(PostFailure::Refused), "{status}");
        }
        for status in [401, 402, 403, 404, 405] {
            assert_eq!(taken(status), Err(PostFailure::Barred), "{status}");
        }
        for status in [301, 307, 408, 425, 429, 500, 502, 503] {
            assert_eq!(taken(status), Err(PostFailure::Later), "{status}");
        }
    }

    #[tokio::test]
    async fn a_message_sent_twice_is_one_file_beside_the_letters() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = ShortOutbox::open(folder.path().join("outbox")).unwrap();
        let message = ShortMessage {
            id: MessageId::from_bytes([1; 16]),
            to: "+33612345678".parse().unwrap(),
            text: "Un message vous attend.".into(),
        };
        outbox.send(&message).await.unwrap();
        outbox.send(&message).await.unwrap();
        std::fs::write(folder.path().join("outbox/other.sms"), "not ours").unwrap();
        assert_eq!(outbox.kept().await.unwrap(), [message.id]);
        let file = std::fs::read_to_string(outbox.path(message.id)).unwrap();
        assert_eq!(file, "To: +33612345678\nUn message vous attend.\n");
        outbox.destroy(message.id).await.unwrap();
        outbox.destroy(message.id).await.unwrap();
        assert!(outbox.kept().await.unwrap().is_empty());
    }
}
