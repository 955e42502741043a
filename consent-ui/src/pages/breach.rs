//! `/dpo/violations`: the register of breaches, the form of one, its clock towards the authority, and the second look before
//! people are told.

use askama::Template;
use broker_domain::breach::{Nature, Severity};

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;

impl Word for Nature {
    fn key(&self) -> &'static str {
        match self {
            Self::Confidentiality => "breach-confidentiality",
            Self::Integrity => "breach-integrity",
            Self::Availability => "breach-availability",
        }
    }
}

impl Word for Severity {
    fn key(&self) -> &'static str {
        match self {
            Self::Negligible => "breach-negligible",
            Self::Limited => "breach-limited",
            Self::Important => "breach-important",
            Self::Maximal => "breach-maximal",
        }
    }
}

/// By what those concerned are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConcernedBy {
    /// Everybody.
    All,
    /// Of whom an organisation received something.
    Recipient,
    /// Whoever gave a consent.
    Consent,
    /// Whoever has a gateway.
    Gateway,
    /// One person, erased since.
    Erased,
}

impl ConcernedBy {
    /// Those that can be chosen, in the order of the form.
    pub const CHOICES: [Self; 4] = [Self::All, Self::Recipient, Self::Consent, Self::Gateway];

    /// What forms call it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::All => "toutes",
            Self::Recipient => "organisation",
            Self::Consent => "partage",
            Self::Gateway => "passerelle",
            Self::Erased => "",
        }
    }

    /// The one with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|choice| choice.tag() == tag)
    }
}

impl Word for ConcernedBy {
    fn key(&self) -> &'static str {
        match self {
            Self::All => "breach-all",
            Self::Recipient => "breach-recipient",
            Self::Consent => "breach-consent",
            Self::Gateway => "breach-gateway",
            Self::Erased => "breach-erased",
        }
    }
}

/// Where the clock of the authority stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorityStanding {
    /// It was told.
    Told {
        /// When.
        at: Moment,
        /// Under which reference.
        reference: String,
        /// Why late, where it was.
        late: Option<String>,
    },
    /// There is time left.
    Due {
        /// Full hours.
        hours: u64,
    },
    /// The 72 hours are over.
    Over,
}

/// Whether people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleStanding {
    /// Not decided yet.
    Undecided,
    /// They are.
    Telling {
        /// Since when.
        at: Moment,
        /// How many were concerned.
        people: u64,
        /// How many were told so far.
        told: u64,
        /// How many of those still known have no address.
        without_address: u64,
        /// Why they were not told at first, where that was decided.
        despite: Option<String>,
    },
    /// They are not.
    Not {
        /// Why.
        reason: String,
    },
}

/// One breach of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachLine {
    /// What paths call it.
    pub id: String,
    /// When it became known.
    pub known_at: Moment,
    /// Until when the authority is to be told.
    pub due_at: Moment,
    /// When it was written down.
    pub recorded_at: Moment,
    /// What was breached.
    pub nature: Vec<Nature>,
    /// How bad it is.
    pub severity: Severity,
    /// By what those concerned are found.
    pub concerned: ConcernedBy,
    /// Which organisation, sharing or gateway.
    pub subject: String,
    /// What happened.
    pub happened: String,
    /// The clock of the authority.
    pub authority: AuthorityStanding,
    /// Whether people are told.
    pub people: PeopleStanding,
}

impl BreachLine {
    fn natures(&self, t: &Speech) -> String {
        let words: Vec<String> = self.nature.iter().map(|nature| t.word(*nature)).collect();
        words.join(", ")
    }

    fn is_undecided(&self) -> bool {
        self.people == PeopleStanding::Undecided
    }

    fn may_be_told(&self) -> bool {
        !matches!(self.people, PeopleStanding::Telling { .. })
    }

    fn authority_class(&self) -> &'static str {
        match self.authority {
            AuthorityStanding::Told { late: None, .. } => "mark-yes",
            AuthorityStanding::Told { .. } | AuthorityStanding::Due { .. } => "mark-wait",
            AuthorityStanding::Over => "mark-no",
        }
    }

    fn authority_words(&self, t: &Speech) -> String {
        match &self.authority {
            AuthorityStanding::Told { at, reference, .. } => t.say2(
                "breach-told-authority",
                "at",
                t.time_words(at),
                "reference",
                reference,
            ),
            AuthorityStanding::Due { hours } => t.say1("breach-hours-left", "n", *hours),
            AuthorityStanding::Over => t.say("breach-hours-over"),
        }
    }

    fn people_words(&self, t: &Speech) -> String {
        match &self.people {
            PeopleStanding::Undecided => t.say("breach-people-undecided"),
            PeopleStanding::Telling {
                at,
                people,
                told,
                without_address,
                despite,
            } => {
                let done = t.say2("breach-people-told", "told", *told, "people", *people);
                let since = t.say1("breach-people-since", "at", t.time_words(at));
                let apart = t.say1("breach-without-address", "n", *without_address);
                let before = despite.as_ref().map_or_else(String::new, |reason| {
                    format!(" {}", t.say1("breach-people-despite", "reason", reason))
                });
                format!("{since} {done} {apart}{before}")
            }
            PeopleStanding::Not { reason } => t.say1("breach-people-not", "reason", reason),
        }
    }
}

/// What an officer typed about a breach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BreachForm {
    /// The day on which it became known, and the time.
    pub known: [String; 2],
    /// Codes of what was breached.
    pub nature: Vec<String>,
    /// The code of how bad it is.
    pub severity: String,
    /// The tag of by what those concerned are found.
    pub concerned: String,
    /// Which organisation.
    pub organisation: String,
    /// Which sharing or gateway.
    pub subject: String,
    /// The first and the last day on which data were touched; empty: not known.
    pub span: [String; 2],
    /// What happened, kinds of data, consequences, measures, contact; then the notices.
    pub words: [String; 8],
    /// What is wrong.
    pub errors: FormErrors,
}

/// The names of the fields of [`BreachForm::words`], in order.
pub(crate) const WORDS: [&str; 8] = [
    "faits",
    "donnees",
    "consequences",
    "mesures",
    "contact",
    "texte-fr",
    "texte-en",
    "texte-nl",
];

impl BreachForm {
    fn has(&self, nature: &Nature) -> bool {
        self.nature.iter().any(|code| code == nature.code())
    }

    /// Each text with the name of its field and of its messages.
    fn texts(&self) -> impl Iterator<Item = (&'static str, String, &str)> {
        WORDS
            .into_iter()
            .zip(&self.words)
            .map(|(name, words)| (name, format!("breach-field-{name}"), words.as_str()))
    }
}

/// `/dpo/violations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachesView {
    /// Latest first.
    pub rows: Vec<BreachLine>,
}

/// The form of a breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachFormView {
    /// What was typed.
    pub form: BreachForm,
    /// The organisations to choose among, with their identifiers.
    pub organisations: Vec<(String, String)>,
}

/// What an officer typed about the authority, or why people are not told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorityForm {
    /// The day and the time.
    pub at: [String; 2],
    /// Its reference.
    pub reference: String,
    /// Why late.
    pub late: String,
    /// Why people are not told.
    pub untold: String,
    /// What is wrong.
    pub errors: FormErrors,
}

/// One breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachView {
    /// Where it stands.
    pub line: BreachLine,
    /// Its form, with what is written.
    pub edit: BreachFormView,
    /// The form about the authority.
    pub authority: AuthorityForm,
}

/// The second look before people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachPreviewView {
    /// Where it stands.
    pub line: BreachLine,
    /// How many people it concerns.
    pub people: u64,
    /// How many of them have no address.
    pub without_address: u64,
    /// The notice in French, English and Dutch.
    pub texts: [String; 3],
    /// Whether everything is said that people have to be told.
    pub ready: bool,
}

/// Renders `/dpo/violations`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_breaches(page: &PageContext, view: &BreachesView) -> Result<String, RenderError> {
    let f = Frame::new(page, "breaches-heading");
    f.render(&BreachesTemplate { f: &f, t: f.t, view })
}

/// Renders `/dpo/violations/nouvelle`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_breach_form(page: &PageContext, view: &BreachFormView) -> Result<String, RenderError> {
    let f = Frame::new(page, "breach-new").answering(&view.form.errors);
    f.render(&NewBreachTemplate {
        f: &f,
        t: f.t,
        edit: view,
        action: paths::BREACHES.to_owned(),
    })
}

/// Renders `/dpo/violations/{breach}`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_breach(page: &PageContext, view: &BreachView) -> Result<String, RenderError> {
    let errors = FormErrors(
        [&view.edit.form.errors, &view.authority.errors]
            .into_iter()
            .flat_map(|errors| errors.0.iter().cloned())
            .collect(),
    );
    let f = Frame::new(page, "breach-heading").answering(&errors);
    f.render(&BreachTemplate {
        f: &f,
        t: f.t,
        view,
        edit: &view.edit,
        action: paths::breach(&view.line.id),
        errors,
    })
}

/// Renders `/dpo/violations/{breach}/avis`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_breach_preview(page: &PageContext, view: &BreachPreviewView) -> Result<String, RenderError> {
    let f = Frame::new(page, "breach-preview");
    f.render(&PreviewTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "breaches.html")]
struct BreachesTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a BreachesView,
}

#[derive(Template)]
#[template(path = "breach_new.html")]
struct NewBreachTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    edit: &'a BreachFormView,
    action: String,
}

#[derive(Template)]
#[template(path = "breach.html")]
struct BreachTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a BreachView,
    edit: &'a BreachFormView,
    action: String,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "breach_preview.html")]
struct PreviewTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a BreachPreviewView,
}
