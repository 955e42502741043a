//! What is out of the ordinary, and what may be: unusual use of a sharing, the next access, breaches that concern a person, and
//! the projects of research that she may object to.

use askama::Template;
use jiff::civil::Date;

use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::ProofStatus;

/// When the next access under a sharing is to be expected (P-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextLine {
    /// None can come now.
    Barred,
    /// Nobody can tell.
    Unknown,
    /// About then.
    Expected {
        /// When.
        at: Moment,
        /// How long there usually is between two, in seconds.
        every_s: i64,
    },
    /// It was to be expected then.
    Missed {
        /// When.
        at: Moment,
        /// How long there usually is between two, in seconds.
        every_s: i64,
    },
}

impl NextLine {
    pub(crate) fn words(&self, t: &Speech) -> String {
        let told = |key, at: &Moment, every_s: &i64| {
            t.say2(key, "at", t.time_words(at), "every", every(t, *every_s))
        };
        match self {
            Self::Barred => t.say("next-barred"),
            Self::Unknown => t.say("next-unknown"),
            Self::Expected { at, every_s } => told("next-expected", at, every_s),
            Self::Missed { at, every_s } => told("next-missed", at, every_s),
        }
    }
}

/// A length in the unit that people would use.
fn every(t: &Speech, seconds: i64) -> String {
    let (key, unit) = match seconds {
        ..5_400 => ("every-minutes", 60),
        77_760..95_040 | 172_800.. => ("every-days", 86_400),
        _ => ("every-hours", 3_600),
    };
    let count = (seconds.max(0) + unit / 2) / unit;
    t.say1(key, "n", u64::try_from(count.max(1)).unwrap_or_default())
}

/// What was unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnusualWhat {
    /// More transfers than usual.
    Transfers {
        /// How many.
        found: u32,
        /// What is usual.
        usual: u32,
    },
    /// A longer span of data in one transfer than usual, in days.
    Span {
        /// How long.
        found: u64,
        /// What is usual.
        usual: u64,
    },
}

impl UnusualWhat {
    pub(crate) fn words(&self, t: &Speech) -> String {
        match *self {
            Self::Transfers { found, usual } => t.say2("unusual-transfers", "found", found, "usual", usual),
            Self::Span { found, usual } => t.say2("unusual-span", "found", found, "usual", usual),
        }
    }
}

/// A day on which something was unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnusualLine {
    /// The day.
    pub day: Date,
    /// What was unusual.
    pub what: UnusualWhat,
}

/// The same for an officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusualRow {
    /// The day and what was unusual.
    pub line: UnusualLine,
    /// Who received.
    pub recipient: String,
    /// For what.
    pub purpose: String,
    /// Whose, as officers see her.
    pub person: String,
    /// When it was noticed.
    pub noticed_at: Moment,
}

/// `/dpo/volumes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusualView {
    /// Latest first.
    pub rows: Vec<UnusualRow>,
}

/// A breach, as the person reads it whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// The entry of the register.
    pub id: String,
    /// The notice in her language.
    pub text: String,
    /// When it became known.
    pub known_at: Moment,
    /// When she was told.
    pub told_at: Moment,
    /// Whom she can turn to.
    pub contact: String,
    /// Her record.
    pub proof: ProofStatus,
}

/// `/moi/incidents`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticesView {
    /// Latest first.
    pub rows: Vec<NoticeRow>,
}

/// A project of research.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRow {
    /// What paths call it.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// For which body.
    pub organisation: String,
    /// Why, in the researcher's words.
    pub justification: String,
    /// The first day asked for.
    pub from: Date,
    /// The last.
    pub until: Date,
    /// Who ever joined and signed, since when, and until when if it is over.
    pub members: Vec<(String, Moment, Option<Moment>)>,
    /// When its release was made, if it was.
    pub released_at: Option<Moment>,
    /// Whether that release holds her.
    pub holds_her: bool,
    /// When she objected.
    pub objected_at: Option<Moment>,
    /// The record of her objection.
    pub proof: ProofStatus,
}

impl ProjectRow {
    fn standing(&self, t: &Speech) -> String {
        match (self.released_at, self.holds_her) {
            (None, _) => t.say("projects-not-released"),
            (Some(at), true) => t.say1("projects-with-her", "at", t.time_words(at)),
            (Some(at), false) => t.say1("projects-without-her", "at", t.time_words(at)),
        }
    }
}

/// `/moi/recherches`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectsView {
    /// Latest first.
    pub projects: Vec<ProjectRow>,
}

/// Renders `/dpo/volumes`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_unusual(page: &PageContext, view: &UnusualView) -> Result<String, RenderError> {
    let f = Frame::new(page, "unusual-heading");
    f.render(&UnusualTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/incidents`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_notices(page: &PageContext, view: &NoticesView) -> Result<String, RenderError> {
    let f = Frame::new(page, "incidents-heading");
    f.render(&NoticesTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/recherches`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_projects(page: &PageContext, view: &ProjectsView) -> Result<String, RenderError> {
    let f = Frame::new(page, "projects-heading");
    f.render(&ProjectsTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "unusual.html")]
struct UnusualTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a UnusualView,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a NoticesView,
}

#[derive(Template)]
#[template(path = "projects.html")]
struct ProjectsTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ProjectsView,
}
