//! `/moi/demandes`: requests about one's rights, guided; and `/dpo/droits`, where officers answer them.

use askama::Template;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::others::OthersAsk;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::{ProofStatus, Word};

/// A right that has a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RightKind {
    /// To see what is kept, and why.
    Access,
    /// To take it elsewhere.
    Portability,
    /// To have it corrected.
    Rectification,
    /// To have it erased.
    Erasure,
    /// To have its use stopped for a while.
    Restriction,
    /// To object to a use.
    Objection,
}

impl RightKind {
    /// All, in the order of the page.
    pub const ALL: [Self; 6] = [
        Self::Access,
        Self::Portability,
        Self::Rectification,
        Self::Erasure,
        Self::Restriction,
        Self::Objection,
    ];

    /// What paths call it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Access => "acces",
            Self::Portability => "portabilite",
            Self::Rectification => "rectification",
            Self::Erasure => "effacement",
            Self::Restriction => "limitation",
            Self::Objection => "opposition",
        }
    }

    /// The right with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.tag() == tag)
    }

    /// Where the same can be had at once, without waiting for anybody.
    fn at_once(self) -> Option<&'static str> {
        match self {
            Self::Access => Some(paths::RECORDED),
            Self::Portability => Some(paths::DATA),
            Self::Erasure => Some(paths::ERASURE),
            Self::Restriction | Self::Objection => Some(paths::SHARINGS),
            Self::Rectification => None,
        }
    }
}

impl Word for RightKind {
    fn key(&self) -> &'static str {
        match self {
            Self::Access => "right-access",
            Self::Portability => "right-portability",
            Self::Rectification => "right-rectification",
            Self::Erasure => "right-erasure",
            Self::Restriction => "right-restriction",
            Self::Objection => "right-objection",
        }
    }
}

/// Where a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It waits for an officer.
    Received,
    /// An officer works on it.
    InProgress {
        /// Since when.
        at: Moment,
    },
    /// It was answered.
    Answered {
        /// When.
        at: Moment,
        /// In the officer's words.
        answer: String,
    },
}

impl Word for Standing {
    fn key(&self) -> &'static str {
        match self {
            Self::Received => "standing-received",
            Self::InProgress { .. } => "standing-in-progress",
            Self::Answered { .. } => "standing-answered",
        }
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsLine {
    /// What paths call it.
    pub id: String,
    /// Who asks, as officers see her: an identifier, no name.
    pub person: String,
    /// Which right.
    pub right: RightKind,
    /// In her words; may be empty.
    pub words: String,
    /// When it arrived.
    pub received_at: Moment,
    /// The last day of an answer in time.
    pub due_on: Date,
    /// Days until then; negative when it is past.
    pub days_left: i32,
    /// Where it stands.
    pub standing: Standing,
    /// When two further months were taken.
    pub extended_at: Option<Moment>,
    /// Since when the clock stands still.
    pub paused_at: Option<Moment>,
    /// What was written in it, in order; the request itself and the answer are not among it.
    pub thread: Vec<ThreadLine>,
    /// What makes it one of another adult of the home; for officers.
    pub household: Option<HouseholdMark>,
    /// The sharings that it is about; for officers.
    pub still: Vec<StillLine>,
    /// The record of its arrival.
    pub received: ProofStatus,
    /// The record of its being taken up.
    pub taken: Option<ProofStatus>,
    /// The record of its answer.
    pub answered: Option<ProofStatus>,
}

/// Something written in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadLine {
    /// Who wrote what.
    pub kind: ThreadKind,
    /// When.
    pub at: Moment,
    /// The words.
    pub words: String,
    /// Its record.
    pub proof: ProofStatus,
}

/// A request that another adult of the home sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdMark {
    /// What it is.
    pub kind: OthersAsk,
    /// Where she can be reached, if she said so.
    pub contact: Option<String>,
}

/// A sharing that a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StillLine {
    /// Who receives.
    pub recipient: String,
    /// For what.
    pub purpose: String,
    /// Whether the person said that it was not her, and not another adult that she objects.
    pub not_me: bool,
    /// Since when it stands still; `None` where it does not, or not any more.
    pub since: Option<Moment>,
}

/// Who wrote what in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThreadKind {
    /// The person wrote.
    Person,
    /// An officer wrote.
    Officer,
    /// An officer took two further months.
    Extension,
    /// An officer asked who is asking.
    Pause,
}

impl Word for ThreadKind {
    fn key(&self) -> &'static str {
        match self {
            Self::Person => "thread-person",
            Self::Officer => "thread-officer",
            Self::Extension => "thread-extension",
            Self::Pause => "thread-pause",
        }
    }
}

/// One request on its own page, with the field to write in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightView {
    /// The request.
    pub line: RightsLine,
    /// What stands in the field.
    pub typed: String,
    /// What is to be corrected.
    pub errors: FormErrors,
}

impl RightsLine {
    fn is_open(&self) -> bool {
        !matches!(self.standing, Standing::Answered { .. })
    }

    /// `22 days left`, `late by 2 days`.
    fn left(&self, t: &Speech) -> String {
        let days = self.days_left.unsigned_abs();
        if self.paused_at.is_some() {
            return t.say("rights-paused-mark");
        }
        let key = if self.days_left < 0 {
            "rights-late"
        } else {
            "rights-left"
        };
        t.say1(key, "n", days)
    }

    /// Whether the answer must say what becomes of sharings.
    fn asks_outcome(&self) -> bool {
        self.still.iter().any(|still| still.since.is_some())
    }

    /// Whether one of them is said to be agreed to by nobody.
    fn asks_since(&self) -> bool {
        self.still
            .iter()
            .any(|still| still.not_me && still.since.is_some())
    }

    fn is_late(&self) -> bool {
        self.is_open() && self.paused_at.is_none() && self.days_left < 0
    }
}

/// A person's requests, and the forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsView {
    /// Her requests, newest first.
    pub requests: Vec<RightsLine>,
}

/// The form for one right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskView {
    /// Which.
    pub right: RightKind,
    /// Names this form, so that sending it twice makes one request.
    pub form: String,
    /// What stands in the field.
    pub words: String,
    /// Sharings that can be stopped along with an objection: what forms post as `partage`, and what it is.
    pub sharings: Vec<(String, String)>,
    /// The last day of an answer, if it is sent today.
    pub due_on: Option<Date>,
    /// What is to be corrected.
    pub errors: FormErrors,
}

impl AskView {
    fn at_once_key(&self) -> String {
        format!("{}-at-once", self.right.key())
    }

    fn words_key(&self) -> String {
        format!("{}-words", self.right.key())
    }
}

/// A sharing that a person stopped, saying that it was not her, and that no request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenAlone {
    /// Which, as addresses hold it.
    pub id: String,
    /// Whose.
    pub person: String,
    /// Which recipient.
    pub recipient: String,
    /// For what.
    pub purpose: String,
    /// Since when.
    pub since: Moment,
}

/// Everybody's requests, for officers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsDeskView {
    /// Sharings that people stopped and that no request is about.
    pub alone: Vec<FrozenAlone>,
    /// Those that wait, the earliest due first.
    pub open: Vec<RightsLine>,
    /// Those that were answered, newest first.
    pub answered: Vec<RightsLine>,
    /// The answer that came back, with the request it is for.
    pub typed: Option<(String, String)>,
    /// What is to be corrected.
    pub errors: FormErrors,
}

impl RightsDeskView {
    fn typed_for(&self, id: &str) -> &str {
        self.typed
            .as_ref()
            .filter(|(request, _)| request == id)
            .map_or("", |(_, words)| words)
    }
}

/// Renders `/moi/demandes`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_rights(page: &PageContext, view: &RightsView) -> Result<String, RenderError> {
    let f = Frame::new(page, "rights-heading");
    f.render(&RightsTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/demandes/nouvelle/{right}`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_ask(page: &PageContext, view: &AskView) -> Result<String, RenderError> {
    let f = Frame::new(page, view.right.key()).answering(&view.errors);
    f.render(&AskTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/demandes/{request}`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_right(page: &PageContext, view: &RightView) -> Result<String, RenderError> {
    let f = Frame::new(page, "rights-one-heading").answering(&view.errors);
    f.render(&RightTemplate {
        f: &f,
        t: f.t,
        view,
        line: &view.line,
    })
}

/// Renders `/dpo/droits`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_rights_desk(page: &PageContext, view: &RightsDeskView) -> Result<String, RenderError> {
    let f = Frame::new(page, "rights-desk-heading").answering(&view.errors);
    f.render(&RightsDeskTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "rights.html")]
struct RightsTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a RightsView,
}

#[derive(Template)]
#[template(path = "right_ask.html")]
struct AskTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a AskView,
}

#[derive(Template)]
#[template(path = "right.html")]
struct RightTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a RightView,
    line: &'a RightsLine,
}

#[derive(Template)]
#[template(path = "rights_desk.html")]
struct RightsDeskTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a RightsDeskView,
}
