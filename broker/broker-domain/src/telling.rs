//! Telling people and recipients: mail addresses, telephone numbers, letters, and the ports they leave by.
//!
//! What a letter says is written by the service; how it leaves is an adapter's (`broker-mail`).

mod channels;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::identity::Later;
use crate::ids::MessageId;
use crate::time::Instant;

pub use channels::{
    Channels, InvalidNumber, MessageChannel, PhoneNumber, ShortMessage, ShortPost, fits_one_sms,
};

/// Longest mail address, in bytes (RFC 5321 §4.5.3.1.3: a path of 256 with its two brackets).
const MOST_ADDRESS: usize = 254;
/// Longest part before the `@` (RFC 5321 §4.5.3.1.1).
const MOST_LOCAL: usize = 64;

/// A mail address of the plain kind: `local@domain`, ASCII, no quotes, comments, lists or line ends.
///
/// Its `Debug` shows nothing: addresses are in no log and no error.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(String);

/// A text that is no mail address. Does not repeat it.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not an e-mail address: expected one such as `name@example.org`")]
pub struct InvalidAddress;

impl MailAddress {
    /// The address as it is written on an envelope.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MailAddress {
    type Err = InvalidAddress;

    /// A narrow reading on purpose: whatever could end a header or name a second recipient is refused.
    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidAddress)?;
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
        let dots = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
        let local_fits =
            !local.is_empty() && local.len() <= MOST_LOCAL && local.bytes().all(atom) && dots(local);
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let domain_fits = domain.contains('.') && domain.split('.').all(label);
        if local_fits && domain_fits && text.len() <= MOST_ADDRESS {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAddress)
        }
    }
}

impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(hidden)")
    }
}

/// A letter that is ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Identifier: the same for every attempt, so that a copy can be told from a second letter.
    pub id: MessageId,
    /// To whom.
    pub to: MailAddress,
    /// One line, nothing personal in it.
    pub subject: String,
    /// Plain text, lines of `\n`.
    pub body: String,
    /// When it is sent.
    pub at: Instant,
}

/// Why a letter or a short message did not leave. Says neither to whom nor what the server answered, which often repeats the address.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostFailure {
    /// No connection, no trusted one, or no answer in time. After a lost answer the letter may have left.
    #[error("the server was not reached, or did not answer")]
    Unreached,
    /// It says: not now (4xx of a mail server; 429 or 5xx of a gateway).
    #[error("the server asks to come back later")]
    Later,
    /// It says: not to you, whatever you send (a gateway's token, credit or address). No message is to blame.
    #[error("the server refuses us, not this message")]
    Barred,
    /// It says: never (5xx of a mail server; 4xx of a gateway).
    #[error("the server refuses this message")]
    Refused,
    /// The outbox folder cannot be written.
    #[error("the outbox folder cannot be written")]
    Folder,
}

/// Where letters leave.
///
/// [`Post::send`] returns when somebody else answers for the letter: durably written, or taken by a server. Sending the
/// same letter again is harmless in a folder; a server may then deliver it twice, under one `Message-ID`.
pub trait Post: Send + Sync {
    /// Sends a letter.
    fn send<'a>(&'a self, letter: &'a Letter) -> Later<'a, Result<(), PostFailure>>;

    /// Letters that lie here still and can be destroyed; none where a server took them.
    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>>;

    /// Destroys a letter that lies here. Durable when it returns; one that is gone already is no failure.
    fn destroy(&self, id: MessageId) -> Later<'_, Result<(), PostFailure>>;
}

/// Why a recipient was not told by its webhook. Repeats neither address nor answer.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallFailure {
    /// The address is none that may be called: no https, or inside of our network.
    #[error("the address may not be called")]
    OutOfReach,
    /// No connection, no trusted one, or no answer in time.
    #[error("nobody answered in time")]
    Unreached,
    /// An answer that is not 2xx; a redirect too.
    #[error("the answer was {status}, not 2xx")]
    Answered {
        /// The HTTP status.
        status: u16,
    },
}

/// Calls webhooks: one `POST`, no redirect followed, a time limit, nothing kept of the answer but its status.
pub trait Caller: Send + Sync {
    /// Posts `body`, a compact JWS, as `application/jose`.
    fn post<'a>(&'a self, url: &'a str, body: &'a str) -> Later<'a, Result<(), CallFailure>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_taken() {
        for text in [
            "anneke@example.org",
            " j.o+energie@mail.example.be ",
            "o'neil@a-b.example",
        ] {
            assert_eq!(text.parse::<MailAddress>().unwrap().as_str(), text.trim());
        }
    }

    #[test]
    fn what_could_reach_somebody_else_or_end_a_header_is_refused() {
        for text in [
            "",
            "anneke",
            "@example.org",
            "anneke@",
            "anneke@localhost",
            "a@b@example.org,c@example.org",
            "anneke@example.org\r\nBcc: x@example.org",
            "Anneke <anneke@example.org>",
            "\"a b\"@example.org",
            "a..b@example.org",
            "a@exa mple.org",
            "a@-x.org",
            "annéke@example.org",
        ] {
            assert_eq!(text.parse::<MailAddress>(), Err(InvalidAddress), "{text}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        assert!(long.parse::<MailAddress>().is_err());
    }

    #[test]
    fn no_address_is_shown_by_debug() {
        let address: MailAddress = "anneke@example.org".parse().unwrap();
        assert_eq!(format!("{address:?}"), "MailAddress(hidden)");
    }
}
