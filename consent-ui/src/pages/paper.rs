//! Blank forms, the script for the telephone, and the page that stops a new code for an account.

use askama::Template;

use crate::form::FormErrors;
use crate::lang::Lang;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::RightKind;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::{Granularity, Word};

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormKind {
    /// Agreeing or refusing.
    Grant,
    /// Withdrawing.
    Withdrawal,
    /// Asking for a right.
    Rights,
    /// Taking part.
    Enrolment,
}

impl FormKind {
    /// Those that are the same for everybody.
    pub const PLAIN: [Self; 3] = [Self::Withdrawal, Self::Rights, Self::Enrolment];

    /// What paths call it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Grant => "accord",
            Self::Withdrawal => "retrait",
            Self::Rights => "droits",
            Self::Enrolment => "inscription",
        }
    }
}

impl Word for FormKind {
    fn key(&self) -> &'static str {
        match self {
            Self::Grant => "form-grant",
            Self::Withdrawal => "form-withdrawal",
            Self::Rights => "form-rights",
            Self::Enrolment => "form-enrolment",
        }
    }
}

/// An offer in the list of forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferForm {
    /// What paths call it.
    pub id: String,
    /// Who asks.
    pub recipient: String,
    /// What for.
    pub title: String,
    /// Whether paper is enough for it.
    pub enough: Enough,
}

/// Whether paper is strong enough evidence for an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enough {
    /// It is.
    Paper,
    /// The recipient asks for a signature with a passkey.
    Passkey,
}

/// `/dpo/formulaires`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormsView {
    /// The offers.
    pub offers: Vec<OfferForm>,
}

/// What is printed on the form of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedTerms {
    /// Name, country and address of who receives.
    pub recipient: [String; 3],
    /// What for, in the words of the notice.
    pub title: String,
    /// The whole notice.
    pub notice: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub digest: String,
    /// The finest step.
    pub granularity: Granularity,
    /// For how many days.
    pub days: u32,
}

/// A blank form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormView {
    /// What it is for.
    pub kind: FormKind,
    /// Its reference.
    pub reference: String,
    /// Of a grant.
    pub terms: Option<PrintedTerms>,
    /// Where it is sent back to.
    pub operator: [String; 2],
}

/// The page that stops a new code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopView {
    /// What is wrong.
    pub errors: FormErrors,
}

/// Renders `/dpo/formulaires`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_forms(page: &PageContext, view: &FormsView) -> Result<String, RenderError> {
    let f = Frame::new(page, "forms-heading");
    f.render(&FormsTemplate { f: &f, t: f.t, view })
}

/// Renders a blank form, to be printed.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_form(page: &PageContext, view: &FormView) -> Result<String, RenderError> {
    let f = Frame::new(page, view.kind.key());
    f.render(&FormTemplate { f: &f, t: f.t, view })
}

/// Renders the script for the telephone.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_phone(page: &PageContext) -> Result<String, RenderError> {
    let f = Frame::new(page, "phone-heading");
    f.render(&PhoneTemplate { f: &f, t: f.t })
}

/// Renders the page that stops a new code.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_stop(page: &PageContext, view: &StopView) -> Result<String, RenderError> {
    let f = Frame::new(page, "stop-heading").answering(&view.errors);
    f.render(&StopTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "forms.html")]
struct FormsTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a FormsView,
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a FormView,
}

#[derive(Template)]
#[template(path = "phone.html")]
struct PhoneTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
}

#[derive(Template)]
#[template(path = "stop_code.html")]
struct StopTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a StopView,
}
