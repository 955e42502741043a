//! `/moi/cotitulaires` and `/dpo/cotitulaires`: contracts that several people hold; `/moi/partages/{id}/accord`: what waits for a
//! second word.

use askama::Template;
use broker_domain::mandate::GrantRule;

use crate::form::FormErrors;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::mandates::MandateCard;
use crate::pages::offer::MeterChoice;
use crate::pages::offer::{Asks, FullNotice, Signing};
use crate::pages::sharing::Sharing;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::AwaitedWord;

/// The contracts that a person holds with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointView {
    /// Each, with whoever holds it too.
    pub cards: Vec<MandateCard>,
    /// The meters whose contract she can share.
    pub meters: Vec<MeterChoice>,
    /// What came back in the form.
    pub form: JointForm,
}

/// The form by which somebody is to hold a contract too. Where one starts, no rule is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JointForm {
    /// Who.
    pub label: String,
    /// Of which meter.
    pub meter: String,
    /// Who must agree.
    pub rule: Option<GrantRule>,
    /// What is wrong.
    pub errors: FormErrors,
}

/// The same for an officer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JointDeskView {
    /// Whose meter was found.
    pub person: Option<String>,
    /// Whoever holds its contract too.
    pub cards: Vec<MandateCard>,
    /// What came back in the form.
    pub form: JointForm,
}

/// What another holder of the contract agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementView {
    /// The sharing that waits.
    pub sharing: Sharing,
    /// The notice that was agreed to, in its language.
    pub notice: FullNotice,
    /// Whether the person can sign.
    pub signing: Signing,
    /// What it takes besides a click.
    pub asks: Asks,
    /// What is wrong with the form.
    pub errors: FormErrors,
}

/// Renders `/moi/cotitulaires`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_joint(page: &PageContext, view: &JointView) -> Result<String, RenderError> {
    let f = Frame::new(page, "joint-heading").answering(&view.form.errors);
    f.render(&JointTemplate { f: &f, t: f.t, view })
}

/// Renders `/dpo/cotitulaires`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_joint_desk(page: &PageContext, view: &JointDeskView) -> Result<String, RenderError> {
    let f = Frame::new(page, "joint-desk-heading").answering(&view.form.errors);
    f.render(&JointDeskTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/partages/{id}/accord`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_agreement(page: &PageContext, view: &AgreementView) -> Result<String, RenderError> {
    let f = Frame::new(page, "agreement-heading").answering(&view.errors);
    f.render(&AgreementTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "joint.html")]
struct JointTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a JointView,
}

#[derive(Template)]
#[template(path = "joint_desk.html")]
struct JointDeskTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a JointDeskView,
}

#[derive(Template)]
#[template(path = "agreement.html")]
struct AgreementTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a AgreementView,
}
