//! `/connexion`, `/invitation` and what follows an invitation: the ways in, and the first way of one's own.

use askama::Template;

use crate::form::FormErrors;
use crate::page::{Frame, PageContext, RenderError, Role};
use crate::pages::PASSKEY_WORDS;
use crate::paths;
use crate::speech::Speech;

/// The ways in that this broker offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaysIn {
    /// Whether passkeys are taken.
    pub passkeys: Offered,
    /// The providers, in the order of the configuration.
    pub providers: Vec<ProviderChoice>,
}

/// Whether something is there to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It is.
    Here,
    /// It is not.
    Nowhere,
}

/// A provider as it stands on a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderChoice {
    /// The name on the button.
    pub name: String,
    /// Where the button leads.
    pub href: String,
}

/// The page of sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInView {
    /// The ways in.
    pub ways: WaysIn,
    /// What is wrong with a recovery code that came back.
    pub errors: FormErrors,
}

/// The page that asks for an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationView {
    /// The code that came back, of a form that lacked something else.
    pub code: String,
    /// What is wrong with the code that came back.
    pub errors: FormErrors,
}

/// The page that asks for the first way of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstWayView {
    /// As whom the person was invited.
    pub role: Role,
    /// What can be chosen.
    pub ways: WaysIn,
}

/// The page that asks somebody signed in to prove herself again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProveView {
    /// What can be chosen.
    pub ways: WaysIn,
}

/// The roles that somebody may choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolesView {
    /// The roles of the account.
    pub roles: Vec<Role>,
}

/// Renders `/connexion`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_sign_in(page: &PageContext, view: &SignInView) -> Result<String, RenderError> {
    let f = Frame::new(page, "sign-in-heading").answering(&view.errors);
    f.render(&SignInTemplate { f: &f, t: f.t, view })
}

/// Renders `/invitation`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_invitation(page: &PageContext, view: &InvitationView) -> Result<String, RenderError> {
    let f = Frame::new(page, "invitation-heading").answering(&view.errors);
    f.render(&InvitationTemplate { f: &f, t: f.t, view })
}

/// Renders `/invitation/acces`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_first_way(page: &PageContext, view: &FirstWayView) -> Result<String, RenderError> {
    let f = Frame::new(page, "first-way-heading");
    f.render(&FirstWayTemplate { f: &f, t: f.t, view })
}

/// Renders `/compte/preuve`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_prove(page: &PageContext, view: &ProveView) -> Result<String, RenderError> {
    let f = Frame::new(page, "prove-heading");
    f.render(&ProveTemplate { f: &f, t: f.t, view })
}

/// Renders `/compte/role`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_roles(page: &PageContext, view: &RolesView) -> Result<String, RenderError> {
    let f = Frame::new(page, "roles-heading");
    f.render(&RolesTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a SignInView,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a InvitationView,
}

#[derive(Template)]
#[template(path = "first_way.html")]
struct FirstWayTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a FirstWayView,
}

#[derive(Template)]
#[template(path = "prove.html")]
struct ProveTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ProveView,
}

#[derive(Template)]
#[template(path = "roles.html")]
struct RolesTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a RolesView,
}
