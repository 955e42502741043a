//! `/moi/historique`: every transfer about the person, in, out or refused, with its proof.

use askama::Template;

use crate::form::Pager;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::{DataKind, Direction, Granularity, Outcome, ProofStatus};

/// Every transfer about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryView {
    /// The transfers of this page of the list, latest first.
    pub rows: Vec<TransferRow>,
    /// Where this page stands.
    pub pager: Pager,
}

/// One transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    /// When it took place or was refused.
    pub at: Moment,
    /// Which way.
    pub direction: Direction,
    /// How it ended.
    pub outcome: Outcome,
    /// Where it came from or went to, in words.
    pub counterpart: String,
    /// What.
    pub data: DataKind,
    /// How fine.
    pub granularity: Granularity,
    /// Start of the interval the values cover, included.
    pub covers_from: Moment,
    /// End of it, excluded.
    pub covers_until: Moment,
    /// How many values; 0 when refused.
    pub rows: u64,
    /// Its record.
    pub proof: ProofStatus,
}

/// Renders `/moi/historique`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_history(page: &PageContext, view: &HistoryView) -> Result<String, RenderError> {
    let f = Frame::new(page, "history-heading");
    f.render(&HistoryTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HistoryView,
}
