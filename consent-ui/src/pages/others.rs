//! The other adults of a home: what its person says of them and hands them (`/moi/logement`), and the pages that they reach
//! without an account (`/foyer`).

use askama::Template;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::Square;
use crate::pages::household::Home;
use crate::pages::sharing::Recipient;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::{DataKind, Granularity, Word};

/// What another adult brings before the officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OthersAsk {
    /// She objects.
    Objection,
    /// She asks.
    Question,
    /// Somebody acts for a person who died or cannot decide any more.
    Represented,
}

impl OthersAsk {
    /// What forms call it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Objection => "opposition",
            Self::Question => "question",
            Self::Represented => "representation",
        }
    }

    /// The kind of a form with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::Objection, Self::Question]
            .into_iter()
            .find(|kind| kind.tag() == tag)
    }
}

impl Word for OthersAsk {
    fn key(&self) -> &'static str {
        match self {
            Self::Objection => "others-objection",
            Self::Question => "others-question",
            Self::Represented => "others-represented",
        }
    }
}

/// Who else lives in a home, as its person's page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Others {
    /// What paths call the home.
    pub home: String,
    /// How many other adults: what was typed, or what was said.
    pub adults: String,
    /// Whether minors; `None` where nothing was said.
    pub minors: Option<Minority>,
    /// Whether she said who lives there.
    pub told: bool,
    /// What other adults brought before the officer, newest first.
    pub cases: Vec<OthersCase>,
}

/// Whether minors live in a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Minority {
    /// Some do.
    Present,
    /// None does.
    Absent,
}

/// A case of another adult, without what she wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OthersCase {
    /// What it is.
    pub kind: OthersAsk,
    /// When it arrived.
    pub received_at: Moment,
    /// The last day of an answer in time.
    pub due_on: Date,
    /// When it was answered.
    pub answered_at: Option<Moment>,
    /// How many sharings stand still because of it.
    pub standing: usize,
}

/// One thing that is shared from a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeShare {
    /// What forms call it.
    pub id: String,
    /// Who receives.
    pub recipient: Recipient,
    /// For what.
    pub purpose: String,
    /// Which data.
    pub data: DataKind,
    /// How fine.
    pub granularity: Granularity,
    /// The last day.
    pub ends_on: Date,
    /// Whether an objection holds it still.
    pub stands_still: bool,
}

/// The notice for the other adults of a home, to be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct HomeNoticeView {
    /// The home.
    pub home: Home,
    /// What is shared from it.
    pub shares: Vec<HomeShare>,
    /// Whether minors are mentioned as living there.
    pub minors: bool,
    /// Where the code is typed.
    pub address: String,
    /// The same to be read by a telephone. Without the code, which stands in no address (I9).
    pub square: Option<Square>,
    /// The code, once one was made, and when.
    pub code: Option<(String, Moment)>,
    /// When this was written.
    pub at: Moment,
}

/// A form that asks for a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeCodeView {
    /// What is wrong with the code that came back.
    pub errors: FormErrors,
}

/// What is shared from a home, and the form to object or to ask.
#[derive(Clone, PartialEq, Eq)]
pub struct HomeVisitView {
    /// What is shared.
    pub shares: Vec<HomeShare>,
    /// Whether minors live there.
    pub minors: bool,
    /// Identifier of the form: sent twice, it is one case.
    pub form: String,
    /// The code that will read the answer.
    pub case_code: String,
    /// What was chosen.
    pub kind: Option<OthersAsk>,
    /// Which sharings were ticked.
    pub about: Vec<String>,
    /// What was written.
    pub words: String,
    /// Where she can be reached.
    pub contact: String,
    /// What is to be corrected.
    pub errors: FormErrors,
}

impl HomeVisitView {
    fn ticked(&self, id: &str) -> bool {
        self.about.iter().any(|ticked| ticked == id)
    }
}

/// What became of what she sent.
#[derive(Clone, PartialEq, Eq)]
pub struct HomeAskedView {
    /// What it was.
    pub kind: OthersAsk,
    /// The code that reads the answer.
    pub code: String,
    /// Where it is typed.
    pub address: String,
    /// The last day of an answer in time.
    pub due_on: Date,
    /// How many sharings stand still until then.
    pub stopped: usize,
}

/// A case, for whoever has its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeCaseView {
    /// What it is.
    pub kind: OthersAsk,
    /// When it arrived.
    pub received_at: Moment,
    /// The last day of an answer in time.
    pub due_on: Date,
    /// Her own words; may be empty.
    pub words: String,
    /// What officers wrote before the answer.
    pub written: Vec<(Moment, String)>,
    /// The answer.
    pub answer: Option<(Moment, String)>,
    /// How many sharings stand still.
    pub standing: usize,
}

/// Renders the notice for a home.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_home_notice(page: &PageContext, view: &HomeNoticeView) -> Result<String, RenderError> {
    let f = Frame::new(page, "home-notice-heading");
    f.render(&HomeNoticeTemplate { f: &f, t: f.t, view })
}

/// Renders `/foyer`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_home_code(page: &PageContext, view: &HomeCodeView) -> Result<String, RenderError> {
    let f = Frame::new(page, "home-code-heading").answering(&view.errors);
    f.render(&HomeCodeTemplate { f: &f, t: f.t, view })
}

/// Renders `/foyer/partages`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_home_visit(page: &PageContext, view: &HomeVisitView) -> Result<String, RenderError> {
    let f = Frame::new(page, "home-visit-heading").answering(&view.errors);
    f.render(&HomeVisitTemplate { f: &f, t: f.t, view })
}

/// Renders the answer to its form.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_home_asked(page: &PageContext, view: &HomeAskedView) -> Result<String, RenderError> {
    let f = Frame::new(page, "home-asked-heading");
    f.render(&HomeAskedTemplate { f: &f, t: f.t, view })
}

/// Renders `/foyer/reponse`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_case_code(page: &PageContext, view: &HomeCodeView) -> Result<String, RenderError> {
    let f = Frame::new(page, "case-code-heading").answering(&view.errors);
    f.render(&CaseCodeTemplate { f: &f, t: f.t, view })
}

/// Renders a case for whoever has its code.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_home_case(page: &PageContext, view: &HomeCaseView) -> Result<String, RenderError> {
    let f = Frame::new(page, "home-case-heading");
    f.render(&HomeCaseTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "home_notice.html")]
struct HomeNoticeTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HomeNoticeView,
}

#[derive(Template)]
#[template(path = "home_code.html")]
struct HomeCodeTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HomeCodeView,
}

#[derive(Template)]
#[template(path = "home_visit.html")]
struct HomeVisitTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HomeVisitView,
}

#[derive(Template)]
#[template(path = "home_asked.html")]
struct HomeAskedTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HomeAskedView,
}

#[derive(Template)]
#[template(path = "case_code.html")]
struct CaseCodeTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HomeCodeView,
}

#[derive(Template)]
#[template(path = "home_case.html")]
struct HomeCaseTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HomeCaseView,
}
