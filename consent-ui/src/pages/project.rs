//! `/recherche/projets/{request}`: who works on a project of research, for its researcher, its members and officers.

use askama::Template;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError, Role, Visitor};
use crate::paths;
use crate::speech::Speech;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectView {
    /// What paths call it.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// Why, in the words of whoever asked.
    pub justification: String,
    /// The first day asked for.
    pub from: Date,
    /// The last.
    pub until: Date,
    /// Who asked.
    pub lead: String,
    /// Everybody who was added, in that order.
    pub members: Vec<MemberRow>,
    /// Whom the visitor may add, by identifier and name.
    pub candidates: Vec<(String, String)>,
    /// Whether the visitor may change who works on it.
    pub chief: Chief,
    /// What the visitor is to sign, by line, and its digest as forms post it.
    pub undertaking: Option<(Vec<String>, String)>,
    /// What paths call its release, where the visitor may have it.
    pub release: Option<String>,
    /// What to correct. Fields: `membre`.
    pub errors: FormErrors,
}

/// Whether somebody may change who works on a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chief {
    /// An officer, or whoever asked.
    Here,
    /// A member.
    Elsewhere,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// What forms post as `membre`.
    pub id: String,
    /// Her name.
    pub name: String,
    /// When she was added.
    pub added_at: Moment,
    /// Where it stands, and since when.
    pub standing: Membership,
    /// Whether it is the visitor.
    pub own: bool,
}

/// Where a membership stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Not signed.
    Added,
    /// Signed.
    Signed(Moment),
    /// Over.
    Ended(Moment),
}

impl MemberRow {
    fn class(&self) -> &'static str {
        match self.standing {
            Membership::Added => "mark-wait",
            Membership::Signed(_) => "mark-yes",
            Membership::Ended(_) => "mark-off",
        }
    }

    fn words(&self, t: &Speech) -> String {
        match self.standing {
            Membership::Added => t.say("project-member-added"),
            Membership::Signed(at) => t.say1("project-member-signed", "at", t.time_words(at)),
            Membership::Ended(at) => t.say1("project-member-ended", "at", t.time_words(at)),
        }
    }
}

impl ProjectView {
    fn can_end(&self, row: &MemberRow) -> bool {
        (self.chief == Chief::Here || row.own) && !matches!(row.standing, Membership::Ended(_))
    }
}

/// Where a visitor came from.
fn back(page: &PageContext) -> &'static str {
    match &page.visitor {
        Visitor::SignedIn {
            role: Role::Officer, ..
        } => paths::DESK,
        _ => paths::REQUESTS,
    }
}

/// Renders `/recherche/projets/{request}`, with HTTP 422 when there are errors.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_project(page: &PageContext, view: &ProjectView) -> Result<String, RenderError> {
    let f = Frame::new(page, "project-heading").answering(&view.errors);
    let back = back(page);
    f.render(&ProjectTemplate {
        f: &f,
        t: f.t,
        view,
        back,
    })
}

#[derive(Template)]
#[template(path = "project.html")]
struct ProjectTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ProjectView,
    back: &'static str,
}
