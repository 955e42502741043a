//! `/moi/partages/nouveau` and `/moi/partages/nouveau/{id}`: what one could agree to, and the consent screen.
//!
//! The rules of the consent screen (GDPR art. 4(11), 7; EDPB 03/2022): one choice per purpose, granularity and
//! recipient; nothing selected beforehand, so [`Answer::Unanswered`] is where every choice starts; accepting and
//! refusing are the same control twice; the whole notice stands on the page.

use askama::Template;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::sharing::Recipient;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::{DataKind, Granularity, ProofStatus};

/// What one could agree to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffersView {
    /// The requests and offers open to this person.
    pub offers: Vec<OfferCard>,
}

/// A request in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferCard {
    /// What paths call it.
    pub id: String,
    /// The name people know the recipient by.
    pub recipient: String,
    /// Why, in the words of the notice; one entry per choice.
    pub purposes: Vec<String>,
}

/// The consent screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferView {
    /// What paths call the offer.
    pub id: String,
    /// Who asks and receives.
    pub recipient: Recipient,
    /// The choices, each to be answered alone.
    pub choices: Vec<OfferChoice>,
    /// The meters the answer can be about.
    pub meters: Vec<MeterChoice>,
    /// The meter chosen in a form that came back.
    pub chosen_meter: Option<String>,
    /// The whole notice.
    pub notice: FullNotice,
    /// Whether a passkey signs an agreement.
    pub signing: Signing,
    /// What the recipient asks besides a click.
    pub asks: Asks,
    /// What to correct. Fields: `meter`, `answer-{choice id}`, `notice`.
    pub errors: FormErrors,
}

impl OfferView {
    /// The consequence of refusing for each choice, told once when they are all alike.
    fn has_one_meter(&self) -> bool {
        self.meters.len() == 1
    }
}

/// Whether a passkey can sign the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signing {
    /// The person has one here.
    Offered,
    /// She has none, or the service takes none.
    Absent,
}

/// What a recipient asks besides a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asks {
    /// Nothing.
    Click,
    /// That the person proved who she is minutes ago.
    Proof,
    /// That she signs with a passkey.
    Signature,
}

/// One purpose × granularity × recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferChoice {
    /// Its field is named `answer-{id}`; letters, digits and hyphens.
    pub id: String,
    /// Why, in the words of the notice.
    pub purpose: String,
    /// What.
    pub data: DataKind,
    /// How fine.
    pub granularity: Granularity,
    /// The first day of data covered.
    pub covers_from: Date,
    /// The last day.
    pub ends_on: Date,
    /// What refusing changes, in the words of the notice, where the notice says so under a heading of its own.
    pub if_refused: Option<String>,
    /// What the person answered in a form that came back.
    pub answer: Answer,
}

impl OfferChoice {
    fn field(&self) -> String {
        format!("answer-{}", self.id)
    }
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// None yet.
    Unanswered,
    /// `accept`.
    Accept,
    /// `refuse`.
    Refuse,
}

impl Answer {
    /// The answer of a posted value; anything else is no answer.
    pub fn from_posted(value: &str) -> Self {
        match value {
            "accept" => Self::Accept,
            "refuse" => Self::Refuse,
            _ => Self::Unanswered,
        }
    }
}

/// A meter to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterChoice {
    /// What the `meter` field posts.
    pub id: String,
    /// What the person calls it.
    pub label: String,
    /// The last four digits of its number.
    pub last_digits: String,
}

/// A notice, exactly as the person agrees to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullNotice {
    /// Its title.
    pub title: String,
    /// SHA-256 of its text in lowercase hex; posted back in the `notice` field so that the answer is bound to it.
    pub sha256: String,
    /// Its language, as in `lang` attributes: that of the page, unless nobody has written it in that one yet.
    pub language: String,
    /// Its text.
    pub sections: Vec<NoticeSection>,
}

/// A part of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeSection {
    /// Its title; empty when the text has none.
    pub heading: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
}

/// The page after the answers were recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredView {
    /// The name people know the recipient by.
    pub recipient: String,
    /// One line per choice.
    pub outcomes: Vec<AnswerOutcome>,
}

/// One recorded answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerOutcome {
    /// Why, in the words of the notice.
    pub purpose: String,
    /// How fine.
    pub granularity: Granularity,
    /// What was answered.
    pub answer: Answer,
    /// The sharing that came to be, when the answer was yes.
    pub sharing_id: Option<String>,
    /// Its record.
    pub proof: ProofStatus,
}

/// Renders `/moi/partages/nouveau`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_offers(page: &PageContext, view: &OffersView) -> Result<String, RenderError> {
    let f = Frame::new(page, "offers-heading");
    f.render(&OffersTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/partages/nouveau/{id}`, empty or with errors (then HTTP 422).
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_offer(page: &PageContext, view: &OfferView) -> Result<String, RenderError> {
    let f = Frame::new(page, "offer-heading-plain");
    let heading =
        f.t.say1("offer-heading", "recipient", &view.recipient.trading_name);
    let f = f.headed(heading).answering(&view.errors);
    f.render(&OfferTemplate { f: &f, t: f.t, view })
}

/// Renders the page that follows the answers.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_answered(page: &PageContext, view: &AnsweredView) -> Result<String, RenderError> {
    let f = Frame::new(page, "answered-heading");
    f.render(&AnsweredTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "offers.html")]
struct OffersTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a OffersView,
}

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a OfferView,
}

#[derive(Template)]
#[template(path = "answered.html")]
struct AnsweredTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a AnsweredView,
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn silence_is_never_an_agreement() {
        for posted in ["", "on", "true", "Accept", "oui"] {
            assert_eq!(Answer::from_posted(posted), Answer::Unanswered);
        }
    }
}
