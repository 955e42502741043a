//! `/moi/inscriptions`: everything the ledger holds about the person, checked in the browser.

use askama::Template;

use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::RecordType;

/// What the script may have to say, each a message `recorded-…`; the codes are those of `assets/history.js` and
/// `assets/list.js`.
pub(crate) const VERDICTS: [&str; 17] = [
    "verified-first",
    "verified",
    "verified-lost",
    "form",
    "numbers",
    "opened",
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
