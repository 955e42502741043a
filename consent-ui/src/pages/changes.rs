//! What a person changes about a sharing: pause, resume, leave less, renew; several withdrawn together; an offer put off.
//!
//! Each is one page that says what it means, with one form. Nothing is selected beforehand and no reason is asked; leaving
//! everything as it is stands beside the button, in the same size.

use askama::Template;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::offer::{Asks, FullNotice, Signing};
use crate::pages::sharing::Sharing;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Granularity;

/// Asks until when to pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseView {
    /// What would be paused.
    pub sharing: Sharing,
    /// The first day that can be chosen.
    pub earliest: Date,
    /// The last one.
    pub latest: Date,
    /// What came back in the form.
    pub typed: String,
    /// What is wrong with it.
    pub errors: FormErrors,
}

/// Asks what less to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NarrowingView {
    /// What would become less.
    pub sharing: Sharing,
    /// The coarser steps there are, in seconds, and in words.
    pub steps: Vec<(u32, Granularity)>,
    /// The first day that can be chosen as the last.
    pub earliest: Date,
    /// The step that came back in the form.
    pub step: String,
    /// The end that came back in the form.
    pub end: String,
    /// What is wrong with them.
    pub errors: FormErrors,
}

/// Old and new terms side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewalView {
    /// What would be renewed, as it stands.
    pub sharing: Sharing,
    /// The last day after it.
    pub new_end: Date,
    /// The notice of today.
    pub notice: FullNotice,
    /// The text agreed to before.
    pub old_text: String,
    /// Its title.
    pub old_title: String,
    /// Its language.
    pub old_language: String,
    /// Whether the old text is one of today's, in whatever language.
    pub same_text: TextChange,
    /// Whether the person can sign.
    pub signing: Signing,
    /// What it takes besides a click.
    pub asks: Asks,
    /// What is wrong with the form.
    pub errors: FormErrors,
}

/// Whether a text changed since it was agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextChange {
    /// It is the same, perhaps in another language.
    Same,
    /// It changed.
    New,
}

impl RenewalView {
    fn text_changed(&self) -> bool {
        self.same_text == TextChange::New
    }
}

/// Several sharings to be withdrawn at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TogetherView {
    /// The organisation, when they are all with one.
    pub organisation: Option<String>,
    /// Which.
    pub sharings: Vec<Sharing>,
    /// Who would receive what was agreed to on paper and waits to be confirmed.
    pub on_paper: Vec<String>,
    /// Where the form goes.
    pub action: String,
    /// Where one goes who changes nothing.
    pub back: String,
}

/// Asks when to show an offer again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutOffView {
    /// What paths call the offer.
    pub offer: String,
    /// Who asks.
    pub recipient: String,
    /// The first day that can be chosen.
    pub earliest: Date,
    /// The last one.
    pub latest: Date,
    /// What came back in the form.
    pub typed: String,
    /// What is wrong with it.
    pub errors: FormErrors,
}

fn headed<'a>(page: &'a PageContext, plain: &'static str, key: &str, sharing: &Sharing) -> Frame<'a> {
    let f = Frame::new(page, plain);
    let heading = f.t.say1(key, "recipient", &sharing.recipient.trading_name);
    f.headed(heading)
}

/// Renders `/moi/partages/{id}/pause`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_pause(page: &PageContext, view: &PauseView) -> Result<String, RenderError> {
    let f = headed(page, "pause-sharing", "pause-heading", &view.sharing).answering(&view.errors);
    f.render(&PauseTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/partages/{id}/reprise`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_resumption(page: &PageContext, view: &Sharing) -> Result<String, RenderError> {
    let f = headed(page, "resume-sharing", "resume-heading", view);
    f.render(&ResumptionTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/partages/{id}/reduction`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_narrowing(page: &PageContext, view: &NarrowingView) -> Result<String, RenderError> {
    let f = headed(page, "narrow-sharing", "narrow-heading", &view.sharing).answering(&view.errors);
    f.render(&NarrowingTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/partages/{id}/renouvellement`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_renewal(page: &PageContext, view: &RenewalView) -> Result<String, RenderError> {
    let f = headed(page, "renew-sharing", "renewal-heading", &view.sharing).answering(&view.errors);
    f.render(&RenewalTemplate { f: &f, t: f.t, view })
}

/// Renders the page that withdraws several sharings.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_together(page: &PageContext, view: &TogetherView) -> Result<String, RenderError> {
    let f = Frame::new(page, "withdraw-everything");
    let heading = view
        .organisation
        .as_ref()
        .map(|name| f.t.say1("withdraw-organisation", "recipient", name));
    let f = match heading {
        Some(heading) => f.headed(heading),
        None => f,
    };
    f.render(&TogetherTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/partages/nouveau/{id}/plus-tard`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_put_off(page: &PageContext, view: &PutOffView) -> Result<String, RenderError> {
    let f = Frame::new(page, "put-off-heading").answering(&view.errors);
    f.render(&PutOffTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "pause.html")]
struct PauseTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a PauseView,
}

#[derive(Template)]
#[template(path = "resumption.html")]
struct ResumptionTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a Sharing,
}

#[derive(Template)]
#[template(path = "narrowing.html")]
struct NarrowingTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a NarrowingView,
}

#[derive(Template)]
#[template(path = "renewal.html")]
struct RenewalTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a RenewalView,
}

#[derive(Template)]
#[template(path = "together.html")]
struct TogetherTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a TogetherView,
}

#[derive(Template)]
#[template(path = "put_off.html")]
struct PutOffTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a PutOffView,
}
