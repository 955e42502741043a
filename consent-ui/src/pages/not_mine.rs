//! `/moi/partages/{id}/pas-moi`: what saying "this was not me" does, and the form that says it.

use askama::Template;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::sharing::Sharing;
use crate::paths;
use crate::speech::Speech;

/// What is said about which sharing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotMineView {
    /// The sharing.
    pub sharing: Sharing,
    /// The identifier of the case that this form opens.
    pub form: String,
    /// Until when it is answered; `None` at the very end of the calendar.
    pub due_on: Option<Date>,
    /// What came back in the form.
    pub typed: String,
    /// What is wrong with it.
    pub errors: FormErrors,
}

/// Renders the page.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_not_mine(page: &PageContext, view: &NotMineView) -> Result<String, RenderError> {
    let f = Frame::new(page, "not-mine-heading").answering(&view.errors);
    f.render(&NotMineTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "not_mine.html")]
struct NotMineTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a NotMineView,
}
