//! How messages leave: letters into an outbox folder or to a mail server, short messages into that folder or to a gateway, and calls
//! of recipients' webhooks.
//!
//! What it does: writes letters as RFC 5322 text, hands them over, and says in one word what came of it.
//! What it deliberately does not: decide what is said or when, keep a queue, or follow a redirect. No address is in any
//! error here: mail servers repeat them in their answers, so those are not passed on.

mod outbox;
mod sms;
mod smtp;
mod webhook;
mod written;

pub use outbox::Outbox;
pub use sms::{GatewayRefused, GatewaySettings, ShortOutbox, SmsGateway};
pub use smtp::{Security, SmtpPost, SmtpRefused, SmtpSettings};
pub use webhook::{Networks, Webhooks, may_be_called};
pub use written::{InvalidSender, Sender};
