//! What every page carries: language, visitor, navigation, notice.

mod acting;

mod notice;

use askama::Template;

use crate::form::FormErrors;
use crate::lang::Lang;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;
pub use notice::Notice;

pub use acting::ActingFor;

/// A page could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The template failed; with strings as output this means a value could not be formatted.
    #[error("page `{page}` could not be rendered")]
    Template {
        /// The message key of the page's heading.
        page: &'static str,
        /// What askama says.
        #[source]
        source: askama::Error,
    },
}

/// What a page needs whatever its subject.
#[derive(Debug, Clone)]
pub struct PageContext {
    /// The language of the page.
    pub lang: Lang,
    /// Who reads it.
    pub visitor: Visitor,
    /// Whether this is a demonstration.
    pub mode: Mode,
    /// The token every form posts back in its `csrf` field.
    pub csrf: String,
    /// Path and query of this page without `lang`: where the language switch leads. After a POST, the address of the
    /// page that holds the form.
    pub here: String,
    /// For whom the reader acts; `None` for herself. Said on every page.
    pub acting: Option<ActingFor>,
    /// Who runs this broker.
    pub operator: Operator,
    /// What was just done, announced in a status region.
    pub notice: Option<Notice>,
}

/// Who reads the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visitor {
    /// Nobody signed in.
    SignedOut,
    /// Somebody did.
    SignedIn {
        /// In which role.
        role: Role,
        /// The name shown beside the sign-out button.
        name: String,
    },
}

/// The role a visitor acts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A person whose meter is concerned.
    Participant,
    /// A person who asks for datasets.
    Researcher,
    /// A data-protection officer.
    Officer,
}

impl Role {
    /// The value posted in the `role` field of the demonstration sign-in.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Participant => "participant",
            Self::Researcher => "researcher",
            Self::Officer => "officer",
        }
    }
}

impl Word for Role {
    fn key(&self) -> &'static str {
        match self {
            Self::Participant => "person-participant",
            Self::Researcher => "person-researcher",
            Self::Officer => "person-officer",
        }
    }
}

/// Whether the broker serves people or shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Simulated households; a banner says so on every page.
    Demo,
    /// The real thing.
    Serve,
}

/// Who runs this broker, named in the footer (GDPR art. 13(1)(a), (b)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Name of the organisation.
    pub name: String,
    /// Address where its data-protection officer answers.
    pub contact_email: String,
}

/// What the layout shows around a page.
pub(crate) struct Frame<'a> {
    pub(crate) page: &'a PageContext,
    pub(crate) t: Speech,
    /// The `h1`.
    pub(crate) heading: String,
    /// The `title` element, which says first that a form has errors.
    pub(crate) title: String,
    key: &'static str,
}

impl<'a> Frame<'a> {
    /// The frame of a page whose heading is the message `key`.
    pub(crate) fn new(page: &'a PageContext, key: &'static str) -> Self {
        let t = Speech::new(page.lang);
        let heading = t.say(key);
        let title = t.say1("frame-title", "heading", &heading);
        Self {
            page,
            t,
            heading,
            title,
            key,
        }
    }

    /// Replaces the heading by one that holds a name.
    pub(crate) fn headed(self, heading: String) -> Self {
        Self {
            title: self.t.say1("frame-title", "heading", &heading),
            heading,
            ..self
        }
    }

    /// Says in the title that the form came back with errors.
    pub(crate) fn answering(self, errors: &FormErrors) -> Self {
        if errors.is_empty() {
            return self;
        }
        Self {
            title: self.t.say1("frame-title-error", "heading", &self.heading),
            ..self
        }
    }

    pub(crate) fn render(&self, template: &impl Template) -> Result<String, RenderError> {
        template.render().map_err(|source| RenderError::Template {
            page: self.key,
            source,
        })
    }

    /// The links of the visitor's role: those that stand on every screen, and those that a narrow one keeps in its menu.
    pub(crate) fn navigation(&self) -> (Vec<NavigationLink>, Vec<NavigationLink>) {
        if let Some(acting) = &self.page.acting {
            return (self.acting_links(acting), Vec::new());
        }
        let links: &[(&str, &str)] = match &self.page.visitor {
            Visitor::SignedOut => match self.page.mode {
                Mode::Demo => &[(paths::HOME, "nav-home"), (paths::CATALOGUE, "nav-catalogue")],
                Mode::Serve => &[
                    (paths::HOME, "nav-home"),
                    (paths::CATALOGUE, "nav-catalogue"),
                    (paths::SIGN_IN, "sign-in-heading"),
                ],
            },
            Visitor::SignedIn {
                role: Role::Participant,
                ..
            } => &[
                (paths::DASHBOARD, "nav-dashboard"),
                (paths::SHARINGS, "nav-sharings"),
                (paths::DATA, "nav-data"),
                (paths::HOMES, "nav-homes"),
                (paths::MANDATES, "nav-mandates"),
                (paths::RIGHTS, "nav-rights"),
                (paths::PROJECTS, "nav-projects"),
                (paths::SUMMARIES, "nav-summaries"),
                (paths::OWN_BREACHES, "nav-breaches"),
                (paths::HISTORY, "nav-history"),
                (paths::DELIVERED, "nav-delivered"),
                (paths::RECORDED, "nav-recorded"),
                (paths::ERASURE, "nav-erasure"),
                (paths::ACCOUNT, "nav-account"),
            ],
            Visitor::SignedIn {
                role: Role::Researcher,
                ..
            } => &[
                (paths::CATALOGUE, "nav-catalogue"),
                (paths::REQUESTS, "nav-requests"),
                (paths::ACCOUNT, "nav-account"),
            ],
            Visitor::SignedIn {
                role: Role::Officer, ..
            } => &[
                (paths::DESK, "nav-desk"),
                (paths::RIGHTS_DESK, "nav-rights-desk"),
                (paths::BREACHES, "nav-breach-register"),
                (paths::UNUSUAL, "nav-unusual"),
                (paths::HOMES_DESK, "nav-homes-desk"),
                (paths::CAPACITY_DESK, "nav-capacity-desk"),
                (paths::LEGAL_DESK, "nav-legal-desk"),
                (paths::FLOWS, "nav-flows"),
                (paths::LEDGER, "nav-ledger"),
                (paths::ACCOUNT, "nav-account"),
            ],
        };
        let mut first: Vec<_> = links.iter().map(|(href, key)| self.link(href, key)).collect();
        // Sharings stay one click away on every screen (P-01); short lists need no menu.
        let more = if first.len() > 3 {
            first.split_off(2)
        } else {
            Vec::new()
        };
        (first, more)
    }

    /// The languages and, for each other than this one, where it is spoken.
    pub(crate) fn languages(&self) -> Vec<LanguageLink> {
        Lang::ALL
            .into_iter()
            .map(|lang| LanguageLink {
                lang,
                href: (lang != self.page.lang)
                    .then(|| paths::with_query(&self.page.here, "lang", lang.tag())),
            })
            .collect()
    }

    fn link(&self, href: &str, key: &str) -> NavigationLink {
        let path = self.page.here.split('?').next().unwrap_or_default();
        let place = if path == href {
            Place::Here
        } else {
            Place::Elsewhere
        };
        NavigationLink {
            href: href.to_owned(),
            label: self.t.say(key),
            place,
        }
    }
}

/// One entry of the navigation.
pub(crate) struct NavigationLink {
    pub(crate) href: String,
    pub(crate) label: String,
    pub(crate) place: Place,
}

/// Whether a link leads to the page it is on.
#[derive(PartialEq, Eq)]
pub(crate) enum Place {
    Here,
    Elsewhere,
}

/// One entry of the language switch.
pub(crate) struct LanguageLink {
    pub(crate) lang: Lang,
    /// `None` for the language of this page.
    pub(crate) href: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::Notice;

    #[test]
    fn notices_survive_a_redirect() {
        for notice in Notice::ALL {
            assert_eq!(Notice::from_tag(notice.tag()), Some(notice));
        }
        assert_eq!(Notice::from_tag("autre"), None);
    }
}
