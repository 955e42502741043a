//! `/moi/logement`: until when a person lives where her meters are; and `/dpo/logements`, what the contracts tell.

use askama::Template;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::others::{Minority, Others};
use crate::pages::sharing::Sharing;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;

/// Whether the person lives at a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HomeStanding {
    /// She does, as far as is known.
    Lived,
    /// The contract changed and her word is awaited; nothing moves meanwhile.
    Asked {
        /// Since when.
        since: Moment,
    },
    /// She leaves.
    Leaving {
        /// The first day elsewhere.
        on: Date,
    },
    /// She left.
    Left {
        /// The first day elsewhere.
        since: Date,
    },
}

impl HomeStanding {
    pub(crate) fn is_lived_at(&self) -> bool {
        !matches!(self, Self::Left { .. })
    }
}

impl Word for HomeStanding {
    fn key(&self) -> &'static str {
        match self {
            Self::Lived => "home-lived",
            Self::Asked { .. } => "home-asked",
            Self::Leaving { .. } => "home-leaving",
            Self::Left { .. } => "home-left",
        }
    }
}

/// The home of one meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// What paths call the meter.
    pub id: String,
    /// What the person calls it.
    pub label: String,
    /// The last digits of its number.
    pub last_digits: String,
    /// The day on which it was enrolled.
    pub since: Date,
    /// Whether she lives there.
    pub standing: HomeStanding,
}

/// Every home of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomesView {
    /// By age.
    pub homes: Vec<Home>,
    /// Who else lives in each.
    pub others: Vec<Others>,
    /// The last day that can be chosen.
    pub latest: Date,
    /// What came back in the form of one home: its identifier, and what was typed.
    pub typed: Option<(String, String)>,
    /// What is wrong with it.
    pub errors: FormErrors,
}

impl HomesView {
    fn others_of(&self, id: &str) -> Option<&Others> {
        self.others.iter().find(|others| others.home == id)
    }

    fn typed_for(&self, id: &str) -> &str {
        let typed = self.typed.as_ref().filter(|(home, _)| home == id);
        typed.map_or("", |(_, typed)| typed)
    }
}

/// Where a day of departure lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// It is over or is today: what came since is set aside.
    Come,
    /// It is to come.
    Ahead,
}

/// What leaving on a day means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveView {
    /// The home.
    pub home: Home,
    /// The first day elsewhere.
    pub day: Date,
    /// Where it lies.
    pub when: When,
    /// What ends.
    pub sharings: Vec<Sharing>,
}

impl LeaveView {
    fn is_ahead(&self) -> bool {
        self.when == When::Ahead
    }
}

/// What a list of contracts tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractKind {
    /// The contract went to another holder.
    Holder,
    /// It changed in a way that may be no more than another supplier.
    Contract,
}

impl ContractKind {
    /// What forms call it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Holder => "titulaire",
            Self::Contract => "contrat",
        }
    }

    /// The kind with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::Holder, Self::Contract]
            .into_iter()
            .find(|kind| kind.tag() == tag)
    }
}

/// A home that was left or waits, for officers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeDeskRow {
    /// Who, as officers see her: no name.
    pub person: String,
    /// Where it stands.
    pub standing: HomeStanding,
    /// Whether the contract told it.
    pub by_contract: Option<bool>,
    /// When it became known.
    pub known_at: Option<Moment>,
    /// When all that follows was done.
    pub closed_at: Option<Moment>,
    /// Batches set aside.
    pub quarantined: u64,
    /// Transfers made before it was known, with values from after the departure.
    pub overtaken: u64,
}

/// `/dpo/logements`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomesDeskView {
    /// Those that wait first, then the latest departure.
    pub rows: Vec<HomeDeskRow>,
    /// The kind that came back in the form.
    pub kind: Option<ContractKind>,
    /// The date that came back in the form.
    pub date: String,
    /// What is wrong with it.
    pub errors: FormErrors,
}

/// A meter that was found, and what recording means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundHome {
    /// What paths call the point.
    pub id: String,
    /// Who lives there, as officers see her.
    pub person: String,
    /// Since when.
    pub since: Date,
    /// What is recorded.
    pub kind: ContractKind,
    /// The start of the new contract, for a change of holder.
    pub day: Option<Date>,
}

/// Renders `/moi/logement`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_homes(page: &PageContext, view: &HomesView) -> Result<String, RenderError> {
    let f = Frame::new(page, "homes-heading").answering(&view.errors);
    f.render(&HomesTemplate { f: &f, t: f.t, view })
}

/// Renders `/moi/logement/{meter}/depart`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_leave(page: &PageContext, view: &LeaveView) -> Result<String, RenderError> {
    let f = Frame::new(page, "leave-heading");
    f.render(&LeaveTemplate { f: &f, t: f.t, view })
}

/// Renders `/dpo/logements`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_homes_desk(page: &PageContext, view: &HomesDeskView) -> Result<String, RenderError> {
    let f = Frame::new(page, "homes-desk-heading").answering(&view.errors);
    f.render(&HomesDeskTemplate { f: &f, t: f.t, view })
}

/// Renders what recording a change means.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_found_home(page: &PageContext, view: &FoundHome) -> Result<String, RenderError> {
    let f = Frame::new(page, "found-home-heading");
    f.render(&FoundHomeTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "homes.html")]
struct HomesTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HomesView,
}

#[derive(Template)]
#[template(path = "leave.html")]
struct LeaveTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a LeaveView,
}

#[derive(Template)]
#[template(path = "homes_desk.html")]
struct HomesDeskTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a HomesDeskView,
}

#[derive(Template)]
#[template(path = "found_home.html")]
struct FoundHomeTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a FoundHome,
}
