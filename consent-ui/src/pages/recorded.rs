//! `/moi/inscriptions`: everything the ledger holds about the person, checked in the browser.

use askama::Template;

use crate::form::Pager;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::RecordType;

/// What the scripts may have to say of the list, on this page and on that of the deliveries: each a message `recorded-…`;
/// the codes are those of `assets/history.js`, `assets/list.js` and `assets/visit.js`.
pub(crate) const VERDICTS: [&str; 19] = [
    "verified-first",
    "verified",
    "lost-one",
    "lost-many",
    "form",
    "numbers",
    "opened",
    "withheld",
    "signature",
    "map-root",
    "same-leaf",
    "inclusion",
    "map",
    "other-log",
    "rewound",
    "fewer-records",
    "rewritten",
    "browser",
    "fetch",
];

/// What the page needs to check a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedView {
    /// The log's origin: what is remembered belongs to it.
    pub log: String,
    /// An opaque name of the person: two people may share a browser.
    pub person: String,
    /// The records of this page of the list as we tell them, newest first: for browsers that check nothing.
    pub told: Vec<ToldRecord>,
    /// Where this page stands.
    pub pager: Pager,
}

/// A record, told and not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldRecord {
    /// Its number.
    pub n: u64,
    /// When.
    pub at: Moment,
    /// What it is about.
    pub what: ToldWhat,
}

/// What is known of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldWhat {
    /// Its type.
    Type(RecordType),
    /// Its detail was lost in a restore: of its time the hour is left.
    Lost,
}

/// Renders `/moi/inscriptions`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_recorded(page: &PageContext, view: &RecordedView) -> Result<String, RenderError> {
    let f = Frame::new(page, "recorded-heading");
    f.render(&RecordedTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "recorded.html")]
struct RecordedTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a RecordedView,
}
