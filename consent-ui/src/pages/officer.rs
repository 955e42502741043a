//! `/dpo` and `/dpo/transferts`: requests to decide, and every transfer.

use askama::Template;

use crate::form::{FormErrors, Pager};
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::history::TransferRow;
use crate::pages::requests::{DatasetRequest, ManifestStatus, RequestState};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;

/// Requests to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskView {
    /// Oldest first.
    pub to_decide: Vec<RequestToDecide>,
    /// Decided lately, latest first.
    pub decided: Vec<DatasetRequest>,
}

impl DeskView {
    /// Whether the page shows how to check a manifest.
    fn has_manifests(&self) -> bool {
        self.decided.iter().any(|request| {
            matches!(
                request.state,
                RequestState::Released {
                    manifest: ManifestStatus::Delivered,
                    ..
                }
            )
        })
    }

    /// Every error of every form; a form that comes back is the only one that has any.
    fn errors(&self) -> FormErrors {
        FormErrors(
            self.to_decide
                .iter()
                .flat_map(|request| request.form.errors.0.iter().cloned())
                .collect(),
        )
    }
}

/// One request to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestToDecide {
    /// The request.
    pub request: DatasetRequest,
    /// Who asks: name and organisation.
    pub requester: String,
    /// How many people object to it; not who.
    pub objections: u64,
    /// What the broker found by itself.
    pub checks: Vec<Check>,
    /// The form.
    pub form: DecisionForm,
}

impl RequestToDecide {
    fn decision_field(&self) -> String {
        format!("decision-{}", self.request.id)
    }

    fn reason_field(&self) -> String {
        format!("reason-{}", self.request.id)
    }
}

/// A decision being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecisionForm {
    /// The reason as typed.
    pub reason: String,
    /// What to correct. The fields post as `decision` and `reason`, and are named here `decision-{request id}` and
    /// `reason-{request id}` because several forms share the page.
    pub errors: FormErrors,
}

/// What the broker found by itself about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// Households that agree to this purpose and granularity over the whole period.
    Households {
        /// How many agree.
        consenting: u32,
        /// How many the rule wants.
        needed: u32,
    },
    /// The rules of disclosure object.
    Objection {
        /// Why, in the language of the page.
        sentence: String,
    },
    /// The weight of single households is only known when the release is made, and is tested then.
    DominanceLater,
}

impl Check {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Households { consenting, needed } if consenting < needed => Verdict::Fails,
            Self::Households { .. } => Verdict::Passes,
            Self::Objection { .. } => Verdict::Fails,
            Self::DominanceLater => Verdict::Later,
        }
    }

    fn words(&self, t: &Speech) -> String {
        match self {
            Self::Households { consenting, needed } => {
                t.say2("check-households", "consenting", consenting, "needed", needed)
            }
            Self::Objection { sentence } => sentence.clone(),
            Self::DominanceLater => t.say("check-dominance-later"),
        }
    }
}

/// How a check ended.
enum Verdict {
    Passes,
    Fails,
    Later,
}

impl Verdict {
    fn class(&self) -> &'static str {
        match self {
            Self::Passes => "mark-yes",
            Self::Fails => "mark-no",
            Self::Later => "mark-wait",
        }
    }
}

impl Word for Verdict {
    fn key(&self) -> &'static str {
        match self {
            Self::Passes => "check-passes",
            Self::Fails => "check-fails",
            Self::Later => "check-later",
        }
    }
}

/// Every transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowsView {
    /// Which transfers are listed.
    pub filter: FlowFilter,
    /// The transfers of this page of the list, latest first.
    pub rows: Vec<FlowRow>,
    /// Where this page stands.
    pub pager: Pager,
}

/// One transfer as the officer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRow {
    /// The pseudonym of the person, or of the release.
    pub subject: String,
    /// The transfer.
    pub transfer: TransferRow,
}

/// Which transfers are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlowFilter {
    /// All of them.
    All,
    /// Into the broker.
    Inward,
    /// Out of it.
    Outward,
    /// Refused, either way.
    Refused,
}

impl FlowFilter {
    /// Every filter, in the order of the links.
    pub const ALL: [Self; 4] = [Self::All, Self::Inward, Self::Outward, Self::Refused];

    /// The value of the `filtre` parameter.
    pub fn tag(self) -> &'static str {
        match self {
            Self::All => "tous",
            Self::Inward => "entrants",
            Self::Outward => "sortants",
            Self::Refused => "refuses",
        }
    }

    /// The filter of a `filtre` parameter.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.tag() == tag)
    }

    fn href(self) -> String {
        paths::with_query(paths::FLOWS, "filtre", self.tag())
    }
}

impl Word for FlowFilter {
    fn key(&self) -> &'static str {
        match self {
            Self::All => "filter-all",
            Self::Inward => "filter-inward",
            Self::Outward => "filter-outward",
            Self::Refused => "filter-refused",
        }
    }
}

/// Renders `/dpo`, with empty forms or with the errors of one (then HTTP 422).
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_desk(page: &PageContext, view: &DeskView) -> Result<String, RenderError> {
    let errors = view.errors();
    let f = Frame::new(page, "desk-heading").answering(&errors);
    f.render(&DeskTemplate {
        f: &f,
        t: f.t,
        view,
        errors,
    })
}

/// Renders `/dpo/transferts`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_flows(page: &PageContext, view: &FlowsView) -> Result<String, RenderError> {
    let f = Frame::new(page, "flows-heading");
    let base = view.filter.href();
    f.render(&FlowsTemplate {
        f: &f,
        t: f.t,
        view,
        base,
    })
}

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a DeskView,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "flows.html")]
struct FlowsTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a FlowsView,
    base: String,
}
