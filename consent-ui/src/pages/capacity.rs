//! `/deces-incapacite`: whom to tell when somebody died or cannot decide any more; and `/dpo/personnes`, where officers record it.

use askama::Template;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;

/// What happened to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapacityCause {
    /// She died.
    Died,
    /// She cannot decide any more.
    Incapable,
}

impl CapacityCause {
    /// What forms call it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Died => "deces",
            Self::Incapable => "incapacite",
        }
    }

    /// The cause with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::Died, Self::Incapable]
            .into_iter()
            .find(|cause| cause.tag() == tag)
    }
}

impl Word for CapacityCause {
    fn key(&self) -> &'static str {
        match self {
            Self::Died => "capacity-died",
            Self::Incapable => "capacity-incapable",
        }
    }
}

/// Something that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityLine {
    /// Who, as officers see her, and as paths call her.
    pub person: String,
    /// What happened.
    pub cause: CapacityCause,
    /// Since when.
    pub since: Date,
    /// When all that follows was done.
    pub closed_at: Option<Moment>,
    /// When it was found to be a mistake.
    pub undone_at: Option<Moment>,
}

/// `/dpo/personnes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityDeskView {
    /// What was recorded, newest first.
    pub lines: Vec<CapacityLine>,
    /// What came back in the form.
    pub cause: Option<CapacityCause>,
    /// The date that came back.
    pub date: String,
    /// The reason that came back, with the person it is about.
    pub typed: Option<(String, String)>,
    /// What is wrong.
    pub errors: FormErrors,
}

impl CapacityDeskView {
    fn typed_for(&self, person: &str) -> &str {
        let typed = self.typed.as_ref().filter(|(known, _)| known == person);
        typed.map_or("", |(_, reason)| reason)
    }
}

/// A person who was found, and what recording means.
#[derive(Clone, PartialEq, Eq)]
pub struct FoundPersonView {
    /// Who, as officers see her, and as paths call her.
    pub person: String,
    /// What is recorded.
    pub cause: CapacityCause,
    /// Since when.
    pub since: Date,
    /// Identifier of the case of this form.
    pub form: String,
    /// The code of that case.
    pub case_code: String,
    /// The directives that came back.
    pub directives: String,
    /// What is wrong.
    pub errors: FormErrors,
}

/// What was recorded, and what to hand on.
#[derive(Clone, PartialEq, Eq)]
pub struct EndedView {
    /// The code of the case.
    pub code: String,
    /// Where it is typed.
    pub address: String,
    /// The last day of an answer in time.
    pub due_on: Date,
    /// The act that a colleague confirms.
    pub act: String,
}

/// Renders `/deces-incapacite`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_capacity_route(page: &PageContext) -> Result<String, RenderError> {
    let f = Frame::new(page, "capacity-heading");
    f.render(&RouteTemplate { f: &f, t: f.t })
}

/// Renders `/dpo/personnes`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_capacity_desk(page: &PageContext, view: &CapacityDeskView) -> Result<String, RenderError> {
    let f = Frame::new(page, "capacity-desk-heading").answering(&view.errors);
    f.render(&DeskTemplate { f: &f, t: f.t, view })
}

/// Renders what recording means.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_found_person(page: &PageContext, view: &FoundPersonView) -> Result<String, RenderError> {
    let f = Frame::new(page, "found-person-heading").answering(&view.errors);
    f.render(&FoundTemplate { f: &f, t: f.t, view })
}

/// Renders what was recorded.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_ended(page: &PageContext, view: &EndedView) -> Result<String, RenderError> {
    let f = Frame::new(page, "ended-heading");
    f.render(&EndedTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "capacity_route.html")]
struct RouteTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
}

#[derive(Template)]
#[template(path = "capacity_desk.html")]
struct DeskTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a CapacityDeskView,
}

#[derive(Template)]
#[template(path = "found_person.html")]
struct FoundTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a FoundPersonView,
}

#[derive(Template)]
#[template(path = "capacity_ended.html")]
struct EndedTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a EndedView,
}
