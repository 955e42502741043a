//! `/recherche/demandes`: a researcher's requests, whose turn it is, and why.

use askama::Template;
use jiff::civil::Date;

use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::{ProofStatus, RefusalReason, Word};

/// A researcher's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestsView {
    /// Latest first.
    pub requests: Vec<DatasetRequest>,
    /// Projects of others that she was added to, latest first.
    pub joined: Vec<JoinedProject>,
}

/// A project that somebody was added to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedProject {
    /// What paths call it.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// Whether its undertaking waits for her.
    pub to_sign: bool,
}

/// One request for a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetRequest {
    /// What paths call it.
    pub id: String,
    /// What paths call the dataset.
    pub dataset_id: String,
    /// The title of the dataset.
    pub dataset_title: String,
    /// When it was sent.
    pub sent_at: Moment,
    /// The first day wanted.
    pub from: Date,
    /// The last day wanted.
    pub until: Date,
    /// Why, in the researcher's words.
    pub justification: String,
    /// Where it stands.
    pub state: RequestState,
}

/// Where a request stands, which also says whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestState {
    /// The officer's turn.
    AwaitingOfficer,
    /// Approved; the broker is preparing the release.
    Preparing,
    /// Approved, but the rules of disclosure do not allow the release as things stand.
    Withheld {
        /// Why, in the language of the page.
        reasons: Vec<String>,
        /// What would pass, in the language of the page.
        remedies: Vec<String>,
    },
    /// Released: the researcher can download.
    Released {
        /// What paths call the release.
        release_id: String,
        /// When.
        at: Moment,
        /// How many households are in it.
        households: u32,
        /// Its record.
        proof: ProofStatus,
        /// Whether it came with a disclosure manifest.
        manifest: ManifestStatus,
    },
    /// Refused.
    Refused {
        /// When.
        at: Moment,
        /// Why.
        reason: RefusalReason,
        /// The officer's words, or empty.
        words: String,
    },
}

/// Whether a release came with a disclosure manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestStatus {
    /// It did.
    Delivered,
    /// It was made before there were any.
    Missing,
}

impl RequestState {
    /// Whether an officer agreed.
    pub(crate) fn is_approved(&self) -> bool {
        matches!(
            self,
            Self::Preparing | Self::Withheld { .. } | Self::Released { .. }
        )
    }
}

impl Word for RequestState {
    fn key(&self) -> &'static str {
        match self {
            Self::AwaitingOfficer => "request-awaiting-officer",
            Self::Preparing => "request-preparing",
            Self::Withheld { .. } => "request-withheld",
            Self::Released { .. } => "request-released",
            Self::Refused { .. } => "request-refused",
        }
    }
}

/// Renders `/recherche/demandes`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_requests(page: &PageContext, view: &RequestsView) -> Result<String, RenderError> {
    let f = Frame::new(page, "requests-heading");
    f.render(&RequestsTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "requests.html")]
struct RequestsTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a RequestsView,
}
