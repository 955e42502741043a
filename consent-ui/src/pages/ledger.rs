//! `/dpo/registre`: the state of the ledger, and how to check it without us.

use askama::Template;

use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::speech::Speech;

/// The state of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerView {
    /// The origin line of its checkpoints.
    pub origin: String,
    /// How many records the last checkpoint covers.
    pub size: u64,
    /// The root of the last checkpoint, in base64 as in the checkpoint.
    pub root: String,
    /// When it was signed; `None` for an empty ledger.
    pub checkpoint_at: Option<Moment>,
    /// The verifier key (C2SP signed-note: `name+hash+key`).
    pub verifier_key: String,
    /// The address auditors read the ledger from.
    pub log_url: String,
    /// What to type to check offline.
    pub commands: VerificationCommands,
    /// Erasures, latest first.
    pub erasures: Vec<ErasureRow>,
}

/// Commands, exactly as they are to be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationCommands {
    /// Checks the whole ledger.
    pub log: String,
    /// Checks one bundle.
    pub bundle: String,
}

/// One erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRow {
    /// Number of its record.
    pub leaf: u64,
    /// The hour in which the keys were destroyed: the ledger knows no finer time.
    pub hour: Moment,
    /// What names it to whoever held the subject's key, in hexadecimal.
    pub handle: String,
    /// How many records were erased.
    pub records: u32,
}

/// Renders `/dpo/registre`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_ledger(page: &PageContext, view: &LedgerView) -> Result<String, RenderError> {
    let f = Frame::new(page, "ledger-heading");
    f.render(&LedgerTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "ledger.html")]
struct LedgerTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a LedgerView,
}
