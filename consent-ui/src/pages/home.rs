//! `/`: what Fiducie is, and the way in.

use askama::Template;

use crate::page::{Frame, PageContext, RenderError, Role};
use crate::paths;
use crate::speech::Speech;

/// The home page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeView {
    /// How one gets in.
    pub sign_in: SignIn,
}

/// The ways in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// One click as somebody of the demonstration. Each is a form that posts `role` and `subject`.
    Demonstration {
        /// A few households.
        participants: Vec<DemoPerson>,
        /// The data-protection officers: some acts take two.
        officers: Vec<DemoPerson>,
        /// The researchers: one asks, another can join her project.
        researchers: Vec<DemoPerson>,
    },
    /// On a page of its own.
    Elsewhere,
    /// No way to sign in is configured: nobody can.
    Unavailable,
}

/// Somebody of the demonstration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPerson {
    /// What the `subject` field posts.
    pub subject: String,
    /// The name on the button.
    pub name: String,
    /// One line about them, in the language of the page; may be empty.
    pub detail: String,
}

/// Renders `/`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_home(page: &PageContext, view: &HomeView) -> Result<String, RenderError> {
    let f = Frame::new(page, "home-heading");
    f.render(&HomeTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomeTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HomeView,
}
