//! `/preuves` and `/accessibilite`, the pages the footer leads to; and `/mineurs`.

use askama::Template;

use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;

/// Renders `/preuves`: what a proof is and how to check one without us.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_proofs_explained(page: &PageContext) -> Result<String, RenderError> {
    let f = Frame::new(page, "proofs-heading");
    f.render(&ProofsTemplate { f: &f, t: f.t })
}

/// Renders `/accessibilite`: the state of accessibility, said plainly.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_accessibility(page: &PageContext) -> Result<String, RenderError> {
    let f = Frame::new(page, "accessibility-heading");
    f.render(&AccessibilityTemplate { f: &f, t: f.t })
}

/// Renders `/mineurs`: what to do for whoever is not of age.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_minors(page: &PageContext) -> Result<String, RenderError> {
    let f = Frame::new(page, "problem-minor");
    f.render(&MinorsTemplate { f: &f, t: f.t })
}

#[derive(Template)]
#[template(path = "minors.html")]
struct MinorsTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
}

#[derive(Template)]
#[template(path = "proofs.html")]
struct ProofsTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
}

#[derive(Template)]
#[template(path = "accessibility.html")]
struct AccessibilityTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
}
