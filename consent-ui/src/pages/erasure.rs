//! `/moi/effacement`: erase everything, consequences first.

use askama::Template;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;

/// What erasing means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureView {
    /// Sharings that would end.
    pub active_sharings: u32,
    /// Meters whose readings would be erased.
    pub meters: u32,
    /// What to correct. Field: `confirm`.
    pub errors: FormErrors,
}

/// The page after the erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasedView {
    /// When the keys were destroyed.
    pub at: Moment,
    /// The number of its record, to be found in the public ledger by whoever kept it.
    pub leaf: u64,
}

/// Renders `/moi/effacement`, empty or with errors (then HTTP 422).
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_erasure(page: &PageContext, view: &ErasureView) -> Result<String, RenderError> {
    let f = Frame::new(page, "erasure-heading").answering(&view.errors);
    f.render(&ErasureTemplate { f: &f, t: f.t, view })
}

/// Renders the success page.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_erased(page: &PageContext, view: &ErasedView) -> Result<String, RenderError> {
    let f = Frame::new(page, "erased-heading");
    f.render(&ErasedTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "erasure.html")]
struct ErasureTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ErasureView,
}

#[derive(Template)]
#[template(path = "erased.html")]
struct ErasedTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ErasedView,
}
