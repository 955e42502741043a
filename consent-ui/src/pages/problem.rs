//! What people see when something is wrong: a sentence, what to do next, a reference.

use askama::Template;

use crate::page::{Frame, PageContext, RenderError};
use crate::speech::Speech;

/// A problem page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemView {
    /// What is wrong.
    pub kind: ProblemKind,
    /// What to quote when asking for help; also in our log. Holds nothing about the person.
    pub reference: Option<String>,
    /// Where the way on leads: a path of this site.
    pub onward: String,
}

/// What is wrong, as the person can understand it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// 404: there is no such page.
    NotFound,
    /// 403: it belongs to somebody else, or to another role.
    NotYours,
    /// 401: one must sign in first.
    SignInFirst,
    /// 403: the form is too old or was sent from elsewhere.
    FormExpired,
    /// 422: what was sent cannot be understood.
    NotUnderstood,
    /// 409: it changed in the meantime, for example it was already withdrawn.
    Changed,
    /// 413: too much was sent.
    TooLarge,
    /// 503: a part that must be sure is not; nothing was transferred.
    Unavailable,
    /// 503: too few witnesses vouch for the ledger, and nothing leaves without them.
    NotWitnessed,
    /// 500: our fault.
    Fault,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::NotFound,
        Self::NotYours,
        Self::SignInFirst,
        Self::FormExpired,
        Self::NotUnderstood,
        Self::Changed,
        Self::TooLarge,
        Self::Unavailable,
        Self::NotWitnessed,
        Self::Fault,
    ];

    /// The HTTP status of the page.
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::NotYours | Self::FormExpired => 403,
            Self::SignInFirst => 401,
            Self::NotUnderstood => 422,
            Self::Changed => 409,
            Self::TooLarge => 413,
            Self::Unavailable | Self::NotWitnessed => 503,
            Self::Fault => 500,
        }
    }

    fn keys(self) -> ProblemKeys {
        let (heading, what, next) = match self {
            Self::NotFound => (
                "problem-not-found",
                "problem-not-found-what",
                "problem-not-found-next",
            ),
            Self::NotYours => (
                "problem-not-yours",
                "problem-not-yours-what",
                "problem-not-yours-next",
            ),
            Self::SignInFirst => ("problem-sign-in", "problem-sign-in-what", "problem-sign-in-next"),
            Self::FormExpired => (
                "problem-form-expired",
                "problem-form-expired-what",
                "problem-form-expired-next",
            ),
            Self::NotUnderstood => (
                "problem-not-understood",
                "problem-not-understood-what",
                "problem-not-understood-next",
            ),
            Self::Changed => ("problem-changed", "problem-changed-what", "problem-changed-next"),
            Self::TooLarge => (
                "problem-too-large",
                "problem-too-large-what",
                "problem-too-large-next",
            ),
            Self::Unavailable => (
                "problem-unavailable",
                "problem-unavailable-what",
                "problem-unavailable-next",
            ),
            Self::NotWitnessed => (
                "problem-not-witnessed",
                "problem-not-witnessed-what",
                "problem-not-witnessed-next",
            ),
            Self::Fault => ("problem-fault", "problem-fault-what", "problem-fault-next"),
        };
        ProblemKeys { heading, what, next }
    }
}

struct ProblemKeys {
    heading: &'static str,
    what: &'static str,
    next: &'static str,
}

/// Renders a problem page.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_problem(page: &PageContext, view: &ProblemView) -> Result<String, RenderError> {
    let keys = view.kind.keys();
    let f = Frame::new(page, keys.heading);
    f.render(&ProblemTemplate {
        f: &f,
        t: f.t,
        view,
        keys,
    })
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ProblemView,
    keys: ProblemKeys,
}
