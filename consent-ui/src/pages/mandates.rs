//! `/moi/mandats`: who may act for a person, and for whom she may; `/mandats/agir`, the choice of that.

use askama::Template;
use broker_domain::mandate::{Capacity, Ended, MandateState, Power, Side};
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::sharing::ReceiptKind;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;

impl Word for Power {
    fn key(&self) -> &'static str {
        match self {
            Self::View => "power-view",
            Self::Grant => "power-grant",
            Self::Withdraw => "power-withdraw",
        }
    }
}

impl Word for Capacity {
    fn key(&self) -> &'static str {
        match self {
            Self::Delegate => "capacity-delegate",
            Self::JointHolder => "capacity-joint-holder",
            Self::Guardian => "capacity-guardian",
            Self::Representative => "capacity-representative",
        }
    }
}

impl Word for MandateState {
    fn key(&self) -> &'static str {
        match self {
            Self::Open => "mandate-open",
            Self::Lapsed => "mandate-lapsed",
            Self::Ahead => "mandate-ahead",
            Self::InForce => "mandate-in-force",
            Self::Expired => "mandate-expired",
            Self::Ended(Ended { by: Side::Person, .. }) => "mandate-ended-by-person",
            Self::Ended(Ended {
                by: Side::Delegate, ..
            }) => "mandate-ended-by-delegate",
        }
    }
}

/// Something done under a mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateAct {
    /// What.
    pub kind: ReceiptKind,
    /// When.
    pub at: Moment,
    /// With whom the sharing is.
    pub recipient: String,
    /// Which sharing, for the person herself.
    pub sharing: Option<String>,
}

/// A mandate, as one of its sides sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateCard {
    /// What paths call it.
    pub id: String,
    /// The other side: a name, or what the person calls whoever is to act.
    pub other: String,
    /// As what that one acts.
    pub capacity: Capacity,
    /// What may be done.
    pub powers: Vec<Power>,
    /// The first day.
    pub first_day: Date,
    /// The last day.
    pub last_day: Date,
    /// Where it stands.
    pub state: MandateState,
    /// When it was ended.
    pub ended_at: Option<Moment>,
    /// SHA-256 of the document that it rests on.
    pub basis: Option<String>,
    /// On which days somebody looked, latest first.
    pub looks: Vec<Date>,
    /// What was done, latest first.
    pub acts: Vec<MandateAct>,
}

impl MandateCard {
    pub(super) fn can_end(&self) -> bool {
        matches!(
            self.state,
            MandateState::Open | MandateState::Ahead | MandateState::InForce
        )
    }

    fn can_act(&self) -> bool {
        self.state == MandateState::InForce
    }

    fn waits(&self) -> bool {
        self.state == MandateState::Open
    }
}

/// `/moi/mandats`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandatesView {
    /// Those that she gave.
    pub given: Vec<MandateCard>,
    /// Those under which she acts, or that wait for her.
    pub held: Vec<MandateCard>,
    /// What came back in the form.
    pub form: MandateForm,
    /// Today.
    pub today: Date,
    /// The last day that can be chosen.
    pub latest: Date,
}

/// The form that gives a mandate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MandateForm {
    /// Who is to act.
    pub label: String,
    /// The powers ticked. Where the person starts, none is.
    pub powers: Vec<Power>,
    /// The first day, as typed.
    pub start: String,
    /// The last day, as typed.
    pub end: String,
    /// The digest of a document, as typed.
    pub basis: String,
    /// What is wrong.
    pub errors: FormErrors,
}

impl MandateForm {
    fn has(&self, power: &Power) -> bool {
        self.powers.contains(power)
    }
}

/// The code of a mandate just given.
#[derive(Clone, PartialEq, Eq)]
pub struct MandateGivenView {
    /// Who is to act.
    pub label: String,
    /// What that one types.
    pub code: String,
    /// Until when.
    pub open_until: Moment,
    /// Where, with an account.
    pub address: String,
    /// Where, without one.
    pub join_address: String,
}

/// A mandate about to be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedView {
    /// The mandate; the other side is the person.
    pub card: MandateCard,
    /// The field and the value that claim it.
    pub claim: (&'static str, String),
}

/// For whom one can act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActForView {
    /// Mandates in force.
    pub living: Vec<MandateCard>,
}

/// The form that makes an account with the code of a mandate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JoinToActView {
    /// The name, as typed.
    pub name: String,
    /// What is wrong.
    pub errors: FormErrors,
}

/// Renders `/moi/mandats`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_mandates(page: &PageContext, view: &MandatesView) -> Result<String, RenderError> {
    let f = Frame::new(page, "mandates-heading").answering(&view.form.errors);
    f.render(&MandatesTemplate { f: &f, t: f.t, view })
}

/// Renders the code of a mandate just given.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_mandate_given(page: &PageContext, view: &MandateGivenView) -> Result<String, RenderError> {
    let f = Frame::new(page, "mandate-given-heading");
    f.render(&MandateGivenTemplate { f: &f, t: f.t, view })
}

/// Renders what accepting a mandate means.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_offered(page: &PageContext, view: &OfferedView) -> Result<String, RenderError> {
    let f = Frame::new(page, "mandate-offered-heading");
    f.render(&OfferedTemplate { f: &f, t: f.t, view })
}

/// Renders what ending a mandate means.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_mandate_end(page: &PageContext, card: &MandateCard) -> Result<String, RenderError> {
    let f = Frame::new(page, "mandate-end-heading");
    f.render(&MandateEndTemplate { f: &f, t: f.t, card })
}

/// Renders `/mandats/agir`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_act_for(page: &PageContext, view: &ActForView) -> Result<String, RenderError> {
    let f = Frame::new(page, "act-for-heading");
    f.render(&ActForTemplate { f: &f, t: f.t, view })
}

/// Renders `/invitation/mandat`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_join_to_act(page: &PageContext, view: &JoinToActView) -> Result<String, RenderError> {
    let f = Frame::new(page, "join-to-act-heading").answering(&view.errors);
    f.render(&JoinToActTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "mandates.html")]
struct MandatesTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a MandatesView,
}

#[derive(Template)]
#[template(path = "mandate_given.html")]
struct MandateGivenTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a MandateGivenView,
}

#[derive(Template)]
#[template(path = "mandate_offered.html")]
struct OfferedTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a OfferedView,
}

#[derive(Template)]
#[template(path = "mandate_end.html")]
struct MandateEndTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    card: &'a MandateCard,
}

#[derive(Template)]
#[template(path = "act_for.html")]
struct ActForTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ActForView,
}

#[derive(Template)]
#[template(path = "join_to_act.html")]
struct JoinToActTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a JoinToActView,
}
