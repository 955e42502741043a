//! `/moi/livraisons`: what was delivered about the person, her rows checked in the browser.

use askama::Template;
use jiff::civil::Date;

use crate::form::Pager;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::{Granularity, ProofStatus};

/// What the script may have to say of a row, each a message `delivered-…`; the codes are those of `assets/row.js` and
/// `assets/delivered.js`. What it says of the list of records are the [`super::VERDICTS`].
pub(crate) const ROW_VERDICTS: [&str; 14] = [
    "verified",
    "form",
    "row",
    "other-subject",
    "other-scope",
    "not-listed",
    "record",
    "inclusion",
    "signature",
    "other-log",
    "rewritten",
    "unchecked",
    "browser",
    "fetch",
];

/// The releases that hold somebody's readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveredView {
    /// The log's origin.
    pub log: String,
    /// The person, as her records call her.
    pub person: String,
    /// The deliveries of this page of the list, latest first.
    pub deliveries: Vec<Delivery>,
    /// Where this page stands.
    pub pager: Pager,
}

/// One delivery to researchers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What paths call the release.
    pub release_id: String,
    /// When.
    pub at: Moment,
    /// The title of the dataset.
    pub dataset_title: String,
    /// The fields, as the row names them.
    pub fields: Vec<String>,
    /// The first day delivered.
    pub from: Date,
    /// The last day delivered.
    pub until: Date,
    /// The same as the row says it: microseconds since 1970 UTC, the first instant,
    pub from_us: i64,
    /// and the first instant after.
    pub until_us: i64,
    /// How fine.
    pub granularity: Granularity,
    /// The same as the row says it, in seconds.
    pub step_s: u32,
    /// Rows of the manifest: homes in the delivery.
    pub households: u64,
    /// The person's record of the release.
    pub leaf: u64,
    /// The same, in words.
    pub proof: ProofStatus,
}

impl Delivery {
    /// The fields in words; one that has none is told by its name.
    pub(crate) fn fields_in_words(&self, t: &Speech) -> String {
        let word = |field: &String| match field.as_str() {
            "energy-withdrawn" => t.say("field-energy-withdrawn"),
            other => other.to_owned(),
        };
        self.fields.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

/// Renders `/moi/livraisons`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_delivered(page: &PageContext, view: &DeliveredView) -> Result<String, RenderError> {
    let f = Frame::new(page, "delivered-heading");
    f.render(&DeliveredTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "delivered.html")]
struct DeliveredTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a DeliveredView,
}
