//! A letter as RFC 5322 text.

use std::time::{Duration, SystemTime};

use broker_domain::telling::Letter;
use lettre::Message;
use lettre::message::header::{ContentType, Date, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MaybeString};
use thiserror::Error;

/// Who writes: what stands in `From`.
#[derive(Debug, Clone)]
pub struct Sender {
    mailbox: Mailbox,
    domain: String,
}

/// A text that is no sender.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not a sender: expected an address such as `Fiducie <no-reply@broker.example>`")]
pub struct InvalidSender;

impl Sender {
    /// Reads `address` or `Name <address>`.
    ///
    /// # Errors
    /// [`InvalidSender`].
    pub fn parse(text: &str) -> Result<Self, InvalidSender> {
        let mailbox: Mailbox = text.parse().map_err(|_| InvalidSender)?;
        let domain = mailbox.email.domain().to_owned();
        Ok(Self { mailbox, domain })
    }

    /// The letter as it leaves; `None` when it cannot be written.
    pub(crate) fn write(&self, letter: &Letter) -> Option<Message> {
        let seconds = u64::try_from(letter.at.as_micros().div_euclid(1_000_000)).ok()?;
        let to: Mailbox = letter.to.as_str().parse().ok()?;
        Message::builder()
            .from(self.mailbox.clone())
            .to(to)
            .subject(letter.subject.clone())
            .header(Date::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
            // The same for every attempt: whoever gets a second copy can tell (RFC 5322 §3.6.4).
            .message_id(Some(format!("<{}@{}>", letter.id, self.domain)))
            // Nobody's holiday notice is an answer (RFC 3834 §5).
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(MaybeString::String(letter.body.clone()))
            .ok()
    }
}

#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use broker_domain::ids::MessageId;
    use broker_domain::time::Instant;

    use super::*;

    #[test]
    fn a_letter_is_plain_text_with_one_recipient_and_a_constant_identifier() {
        let sender = Sender::parse("Fiducie <no-reply@broker.example>").unwrap();
        let letter = Letter {
            id: MessageId::from_bytes([7; 16]),
            to: "anneke@example.org".parse().unwrap(),
            subject: "Votre retrait est enregistré".into(),
            body: "Été.\nLigne deux.\n".into(),
            at: Instant::parse("2027-03-02T18:20:00Z").unwrap(),
        };
        let written = |letter: &Letter| String::from_utf8(sender.write(letter).unwrap().formatted()).unwrap();
        let text = written(&letter);
        assert!(text.contains("To: anneke@example.org\r\n"), "{text}");
        assert!(text.contains("Message-ID: <07070707-0707-0707-0707-070707070707@broker.example>\r\n"));
        assert!(
            text.contains("Date: Tue, 02 Mar 2027 18:20:00 +0000\r\n"),
            "{text}"
        );
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"));
        assert!(text.contains("Content-Type: text/plain; charset=utf-8\r\n"));
        assert!(!text.contains("Cc:") && !text.contains("Bcc:"));
        assert_eq!(text, written(&letter));
    }

    #[test]
    fn no_subject_ends_the_headers() {
        let sender = Sender::parse("no-reply@broker.example").unwrap();
        let letter = Letter {
            id: MessageId::from_bytes([7; 16]),
            to: "anneke@example.org".parse().unwrap(),
            subject: "a\r\nBcc: x@example.org\r\n\r\nb".into(),
            body: String::new(),
            at: Instant::parse("2027-03-02T18:20:00Z").unwrap(),
        };
        let text = sender.write(&letter).map(|letter| letter.formatted());
        let text = String::from_utf8(text.unwrap_or_default()).unwrap();
        assert!(!text.contains("\r\nBcc:"), "{text}");
    }
}
