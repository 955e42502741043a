//! Letters handed to a mail server (RFC 5321).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use broker_domain::identity::Later;
use broker_domain::ids::MessageId;
use broker_domain::telling::{Letter, Post, PostFailure};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport as _};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use tokio::sync::{Semaphore, oneshot};

use crate::written::Sender;

/// Letters at a time; each holds a thread until its server is done with it, however slowly it answers.
const MOST_LETTERS: usize = 2;

/// How the connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314), port 465.
    Implicit,
    /// `STARTTLS`, and nothing without it, port 587.
    StartTls,
    /// None: a relay on this machine.
    Plain,
}

/// How a mail server is reached.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Its name; the certificate must be for it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept private.
    pub security: Security,
    /// User and password, where it wants them.
    pub credentials: Option<(String, SecretString)>,
    /// A certificate authority of one's own, in PEM, beside those of the web.
    pub authority: Option<Vec<u8>>,
    /// Longest that it may take for one letter. A server that sends a byte now and then is not waited for.
    pub patience: Duration,
}

/// Why a mail server cannot be used as described.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum SmtpRefused {
    /// Letters and passwords would cross a network in clear.
    #[error("`tls = \"none\"` is for a server on this machine only (127.0.0.1, ::1 or localhost)")]
    InClear,
    /// The certificate or the name.
    #[error("the certificate of the authority, or the name of the mail server, is not understood")]
    Tls,
}

/// Hands letters to a mail server.
pub struct SmtpPost {
    transport: Arc<SmtpTransport>,
    sender: Sender,
    patience: Duration,
    threads: Arc<Semaphore>,
}

impl fmt::Debug for SmtpPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpPost")
    }
}

impl SmtpPost {
    /// Makes ready; nobody is called.
    ///
    /// # Errors
    /// See [`SmtpRefused`].
    pub fn new(settings: SmtpSettings, sender: Sender) -> Result<Self, SmtpRefused> {
        let here = matches!(settings.host.as_str(), "127.0.0.1" | "::1" | "localhost");
        let tls = || {
            let mut parameters = TlsParameters::builder(settings.host.clone());
            if let Some(pem) = &settings.authority {
                let authority = Certificate::from_pem(pem).map_err(|_| SmtpRefused::Tls)?;
                parameters = parameters.add_root_certificate(authority);
            }
            parameters.build_rustls().map_err(|_| SmtpRefused::Tls)
        };
        let tls = match settings.security {
            Security::Implicit => Tls::Wrapper(tls()?),
            Security::StartTls => Tls::Required(tls()?),
            Security::Plain if here => Tls::None,
            Security::Plain => return Err(SmtpRefused::InClear),
        };
        let mut transport = SmtpTransport::builder_dangerous(settings.host.clone())
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.patience));
        if let Some((user, password)) = settings.credentials {
            transport = transport.credentials(Credentials::new(user, password.expose_secret().to_owned()));
        }
        Ok(Self {
            transport: Arc::new(transport.build()),
            sender,
            patience: settings.patience,
            threads: Arc::new(Semaphore::new(MOST_LETTERS)),
        })
    }
}

impl Post for SmtpPost {
    fn send<'a>(&'a self, letter: &'a Letter) -> Later<'a, Result<(), PostFailure>> {
        Box::pin(async move {
            let written = self.sender.write(letter).ok_or(PostFailure::Refused)?;
            let transport = Arc::clone(&self.transport);
            let threads = Arc::clone(&self.threads);
            let sending = async move {
                let turn = threads.acquire_owned().await;
                // The client blocks, and its own limit is for each step: the turn is given back when the thread is done, so
                // that a server that never is holds two threads at most. They are our own: the end of the program waits
                // for those of the runtime, and a server that drips would keep it from ending.
                let (tell, told) = oneshot::channel();
                let thread = std::thread::Builder::new().name("letter".to_owned());
                let started = thread.spawn(move || {
                    let sent = transport.send(&written);
                    drop(turn);
                    // Nobody waits any more where patience ended.
                    let _ = tell.send(sent);
                });
                started.ok()?;
                told.await.ok()
            };
            let Ok(Some(sent)) = tokio::time::timeout(self.patience, sending).await else {
                return Err(PostFailure::Unreached);
            };
            match sent {
                Ok(_) => Ok(()),
                // Its own words often repeat the address, so only the class of the answer is passed on.
                Err(error) if error.is_permanent() => Err(PostFailure::Refused),
                Err(error) if error.is_transient() => Err(PostFailure::Later),
                Err(_) => Err(PostFailure::Unreached),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_cross_no_network_in_clear() {
        let settings = |host: &str| SmtpSettings {
            host: host.into(),
            port: 25,
            security: Security::Plain,
            credentials: None,
            authority: None,
            patience: Duration::from_secs(20),
        };
        let sender = || Sender::parse("no-reply@broker.example").unwrap();
        assert!(SmtpPost::new(settings("127.0.0.1"), sender()).is_ok());
        for host in ["mail.example", "localhost.example", "10.0.0.1"] {
            let refused = SmtpPost::new(settings(host), sender());
            assert_eq!(refused.unwrap_err(), SmtpRefused::InClear);
        }
    }
}
