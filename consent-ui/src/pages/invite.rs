//! `/dpo/invitations`: lets people in, with a code that is shown once and printed.

use askama::Template;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::lang::Lang;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;

/// The form, with what was typed into it.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteView {
    /// Identifier of the form: sent twice, it enrols once.
    pub form: String,
    /// Name of a newcomer.
    pub name: String,
    /// Her postal address.
    pub address: String,
    /// Number of her meter.
    pub meter: String,
    /// The language of her letters.
    pub lang: Lang,
    /// What is to be corrected.
    pub errors: FormErrors,
}

/// An invitation just made. The code is shown this once.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitedView {
    /// Name of a newcomer; `None` for whoever is invited again, whose name officers do not see.
    pub name: Option<String>,
    /// Identifier of the participant.
    pub person: String,
    /// Where the code is typed in.
    pub address: String,
    /// The code.
    pub code: String,
    /// Until when it is good.
    pub expires_at: Moment,
}

/// Renders `/dpo/invitations`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_invite(page: &PageContext, view: &InviteView) -> Result<String, RenderError> {
    let f = Frame::new(page, "invite-heading").answering(&view.errors);
    f.render(&InviteTemplate { f: &f, t: f.t, view })
}

/// Renders the answer to a form of it.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_invited(page: &PageContext, view: &InvitedView) -> Result<String, RenderError> {
    let f = Frame::new(page, "invited-heading");
    f.render(&InvitedTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "invite.html")]
struct InviteTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a InviteView,
}

#[derive(Template)]
#[template(path = "invited.html")]
struct InvitedTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a InvitedView,
}
