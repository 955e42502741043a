//! `/moi/partages/{id}/retrait`: consequences and button, then the receipt. No reason is asked (GDPR art. 7(3)).

use askama::Template;

use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::sharing::Sharing;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::ProofStatus;

/// What withdrawing means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawalView {
    /// What would be withdrawn.
    pub sharing: Sharing,
    /// What the person loses, in the words of the notice; empty when nothing.
    pub services_lost: Vec<String>,
}

/// The page after a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawnView {
    /// What was withdrawn.
    pub sharing: Sharing,
    /// When.
    pub at: Moment,
    /// Its record, which is the receipt.
    pub proof: ProofStatus,
}

/// Renders the confirmation page.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_withdrawal(page: &PageContext, view: &WithdrawalView) -> Result<String, RenderError> {
    let f = Frame::new(page, "withdrawal-heading-plain");
    let heading = f.t.say1(
        "withdrawal-heading",
        "recipient",
        &view.sharing.recipient.trading_name,
    );
    let f = f.headed(heading);
    f.render(&WithdrawalTemplate { f: &f, t: f.t, view })
}

/// Renders the success page.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_withdrawn(page: &PageContext, view: &WithdrawnView) -> Result<String, RenderError> {
    let f = Frame::new(page, "withdrawn-heading");
    f.render(&WithdrawnTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "withdrawal.html")]
struct WithdrawalTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a WithdrawalView,
}

#[derive(Template)]
#[template(path = "withdrawn.html")]
struct WithdrawnTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a WithdrawnView,
}
