//! `/compte/messages`: by which channels a person is told, her telephone number, and what was written to her; and the letter that
//! an officer prints for whoever chose letters.

use askama::Template;
use broker_domain::telling::{Channels, MessageChannel, PhoneNumber};
use broker_store::MessageEnd;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;

impl Word for MessageChannel {
    fn key(&self) -> &'static str {
        match self {
            Self::Email => "channel-email",
            Self::Sms => "channel-sms",
            Self::Post => "channel-post",
        }
    }
}

/// How a person is reached. Holds her number, whose `Debug` is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachView {
    /// The channels ticked: those in force, or those that were just sent.
    pub channels: Channels,
    /// Whether a mail address was confirmed.
    pub mail: Mailed,
    /// The number in force.
    pub number: Option<PhoneNumber>,
    /// Another one that waits for its code, and until when it is taken.
    pub pending: Option<(PhoneNumber, Moment)>,
    /// How many short messages could not be delivered.
    pub failed: u64,
    /// What was written to her, newest first.
    pub sent: Vec<SentRow>,
    /// What to correct. Fields: `voie`, `telephone`, `code`.
    pub errors: FormErrors,
}

/// Whether there is a mail address to write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mailed {
    /// One was confirmed.
    There,
    /// None was.
    Nowhere,
}

/// One message of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRow {
    /// What it was about.
    pub subject: &'static str,
    /// How it leaves.
    pub channel: MessageChannel,
    /// When it was queued.
    pub at: Moment,
    /// How it ended; `None` while it waits.
    pub ended: Option<MessageEnd>,
}

impl SentRow {
    pub(crate) fn standing(&self, t: &Speech) -> String {
        t.say(match (self.ended, self.channel) {
            (Some(MessageEnd::Sent), _) => "reach-sent",
            (Some(MessageEnd::Failed), _) => "reach-failed",
            (Some(MessageEnd::Overtaken), _) => "reach-overtaken",
            (None, MessageChannel::Post) => "reach-to-print",
            (None, _) => "reach-waits",
        })
    }
}

impl ReachView {
    pub(crate) fn value(&self) -> &str {
        self.number.as_ref().map_or("", PhoneNumber::as_str)
    }

    pub(crate) fn new_number(&self) -> &str {
        self.pending.as_ref().map_or("", |(number, _)| number.as_str())
    }

    /// What a channel needs that is missing, as a message; empty when it reaches her.
    pub(crate) fn lacks(&self, channel: MessageChannel) -> &'static str {
        match channel {
            MessageChannel::Email if self.mail == Mailed::Nowhere => "reach-no-mail",
            MessageChannel::Sms if self.number.is_none() => "reach-no-number",
            _ => "",
        }
    }

    pub(crate) fn hint(&self, channel: MessageChannel) -> &'static str {
        match channel {
            MessageChannel::Email => "channel-email-hint",
            MessageChannel::Sms => "channel-sms-hint",
            MessageChannel::Post => "channel-post-hint",
        }
    }
}

/// A letter to be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageLetterView {
    /// Name and address.
    pub to: [String; 2],
    /// The day.
    pub today: Date,
    /// What it is about.
    pub subject: String,
    /// Its text, by paragraph.
    pub paragraphs: Vec<String>,
    /// Its reference.
    pub id: String,
}

/// Renders `/compte/messages`, with HTTP 422 when there are errors.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_reach(page: &PageContext, view: &ReachView) -> Result<String, RenderError> {
    let f = Frame::new(page, "reach-heading").answering(&view.errors);
    f.render(&ReachTemplate { f: &f, t: f.t, view })
}

/// Renders a letter to be printed, in the language of its person.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_message_letter(page: &PageContext, view: &MessageLetterView) -> Result<String, RenderError> {
    let f = Frame::new(page, "reach-letter-heading").headed(view.subject.clone());
    f.render(&LetterTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "reach.html")]
struct ReachTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ReachView,
}

#[derive(Template)]
#[template(path = "message_letter.html")]
struct LetterTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a MessageLetterView,
}
