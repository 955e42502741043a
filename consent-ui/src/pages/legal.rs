//! `/dpo/personnes-morales`: companies and communes, who represents them, and their points.

use askama::Template;
use broker_domain::legal::LegalKind;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::lang::Lang;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::mandates::MandateCard;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::AwaitedWord;
use crate::vocabulary::Word;

/// What a legal person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegalKindWord(pub LegalKind);

impl Word for LegalKindWord {
    fn key(&self) -> &'static str {
        match self.0 {
            LegalKind::Company => "legal-company",
            LegalKind::PublicBody => "legal-public-body",
        }
    }
}

/// A legal person in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalLine {
    /// What paths call it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its seat.
    pub address: String,
    /// What it is.
    pub kind: LegalKindWord,
    /// The register, and its number there.
    pub number: String,
    /// When it was enrolled.
    pub added_at: Moment,
}

/// `/dpo/personnes-morales`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalDeskView {
    /// The newest first.
    pub lines: Vec<LegalLine>,
    /// Where the list goes on.
    pub pager: crate::form::Pager,
    /// Identifier of this form.
    pub form: String,
    /// What came back.
    pub name: String,
    /// What came back.
    pub address: String,
    /// What came back.
    pub number: String,
    /// What came back.
    pub kind: Option<LegalKind>,
    /// What came back.
    pub lang: Lang,
    /// What is wrong.
    pub errors: FormErrors,
}

impl LegalDeskView {
    /// Every kind, what forms call it, and whether it came back chosen.
    fn kinds(&self) -> [(LegalKindWord, &'static str, bool); 2] {
        LegalKind::ALL.map(|kind| (LegalKindWord(kind), kind.code(), self.kind == Some(kind)))
    }
}

/// A point in the officers' list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteLine {
    /// What paths call it.
    pub id: String,
    /// What the place is called.
    pub name: String,
    /// The last characters of its number.
    pub last: String,
    /// Whether it shows the life of a person.
    pub aside: bool,
    /// Whether it is the legal person's no more.
    pub left: bool,
}

/// A line of a list that is wrong: its number, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongLine {
    /// The number of the line; 0 for the list as a whole.
    pub line: usize,
    /// Key of what to do.
    pub what: &'static str,
}

/// One legal person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalPersonView {
    /// The facts.
    pub facts: LegalLine,
    /// Who represents it, and did.
    pub representatives: Vec<MandateCard>,
    /// The points on this page.
    pub sites: Vec<SiteLine>,
    /// How many there are.
    pub total: usize,
    /// Number of this page, from 1.
    pub page: usize,
    /// How many pages.
    pub pages: usize,
    /// What came back.
    pub typed: LegalTyped,
    /// Lines of the list that came back.
    pub wrong: Vec<WrongLine>,
    /// What is wrong.
    pub errors: FormErrors,
}

/// What came back in the forms of one legal person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegalTyped {
    /// Who represents it.
    pub label: String,
    /// Until which day.
    pub until: String,
    /// SHA-256 of the document.
    pub basis: String,
    /// The list of points.
    pub list: String,
}

impl LegalPersonView {
    fn at(&self, page: usize) -> String {
        paths::with_query(&paths::legal_person(&self.facts.id), "page", &page.to_string())
    }

    fn before(&self) -> Option<String> {
        (self.page > 1).then(|| self.at(self.page.saturating_sub(1)))
    }

    fn after(&self) -> Option<String> {
        (self.page < self.pages).then(|| self.at(self.page.saturating_add(1)))
    }
}

/// The code of a representative.
#[derive(Clone, PartialEq, Eq)]
pub struct RepresentativeNamedView {
    /// The legal person, for paths.
    pub person: String,
    /// Who.
    pub label: String,
    /// The code.
    pub code: String,
    /// Until when it is taken.
    pub open_until: Moment,
    /// Where it is typed by whoever has an account,
    pub address: String,
    /// and by whoever has none.
    pub join_address: String,
}

/// Renders `/dpo/personnes-morales`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_legal_desk(page: &PageContext, view: &LegalDeskView) -> Result<String, RenderError> {
    let f = Frame::new(page, "legal-desk-heading").answering(&view.errors);
    f.render(&DeskTemplate { f: &f, t: f.t, view })
}

/// Renders one legal person.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_legal_person(page: &PageContext, view: &LegalPersonView) -> Result<String, RenderError> {
    let f = Frame::new(page, "legal-person-heading")
        .headed(view.facts.name.clone())
        .answering(&view.errors);
    f.render(&PersonTemplate { f: &f, t: f.t, view })
}

/// Renders the code of a representative.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_representative_named(
    page: &PageContext,
    view: &RepresentativeNamedView,
) -> Result<String, RenderError> {
    let f = Frame::new(page, "representative-named-heading");
    f.render(&NamedTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "legal_desk.html")]
struct DeskTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a LegalDeskView,
}

#[derive(Template)]
#[template(path = "legal_person.html")]
struct PersonTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a LegalPersonView,
}

#[derive(Template)]
#[template(path = "representative_named.html")]
struct NamedTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a RepresentativeNamedView,
}
