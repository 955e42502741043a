//! `/moi/partages` and `/moi/partages/{id}`: who may use what, and one sharing in full.

use askama::Template;
use broker_domain::mandate::Hand;
use jiff::civil::Date;

use crate::form::Pager;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::history::TransferRow;
use crate::pages::offer::OfferCard;
use crate::pages::told::ToldRow;
use crate::pages::watched::{NextLine, UnusualLine};
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::{
    AwaitedWord, DataKind, Evidence, GivenBy, Granularity, LegalBasis, Membership, ProofStatus,
    RecipientRole, SharingState, Word,
};

/// Who may use what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharingsView {
    /// Which sharings are listed.
    pub filter: SharingFilter,
    /// By what they are narrowed down.
    pub narrowed: Narrowed,
    /// The sharings of this page of the list, all in the state the filter asks for.
    pub sharings: Vec<Sharing>,
    /// Requests the person has not answered.
    pub pending: Vec<OfferCard>,
    /// Where this page stands.
    pub pager: Pager,
}

/// Which sharings are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SharingFilter {
    /// Those under which transfers are allowed.
    Active,
    /// Those that rest.
    Paused,
    /// Those that ended or were refused.
    Ended,
}

impl SharingFilter {
    /// All, in the order of the links.
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Ended];

    /// Where a sharing in this state is listed.
    pub fn of(state: &SharingState) -> Self {
        match state {
            SharingState::Paused { .. } => Self::Paused,
            state if state.can_be_withdrawn() => Self::Active,
            _ => Self::Ended,
        }
    }

    /// The value of the `filtre` parameter.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Active => "actifs",
            Self::Paused => "en-pause",
            Self::Ended => "termines",
        }
    }

    /// The filter of a `filtre` parameter.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.tag() == tag)
    }
}

impl Word for SharingFilter {
    fn key(&self) -> &'static str {
        match self {
            Self::Active => "filter-active",
            Self::Paused => "filter-paused",
            Self::Ended => "filter-ended",
        }
    }
}

/// By what a list of sharings is narrowed down (P-03): each a choice among what the person has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// By who receives.
    pub organisations: Vec<Choice>,
    /// By meter.
    pub meters: Vec<Choice>,
    /// By purpose.
    pub purposes: Vec<Choice>,
}

/// Something to narrow a list down to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the address says: of `a-z`, `0-9` and `-`.
    pub value: String,
    /// What the person reads.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: Chosen,
}

/// Whether a choice is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chosen {
    /// The list is narrowed down to it.
    Here,
    /// It is not.
    Elsewhere,
}

impl Narrowed {
    /// Whether anything is left out.
    fn narrows(&self) -> bool {
        self.chosen().next().is_some()
    }

    /// Each list with the name of its field and the message above it.
    fn lists(&self) -> [(&'static str, &'static str, &[Choice]); 3] {
        [
            ("organisation", "narrow-organisation", &self.organisations),
            ("compteur", "narrow-compteur", &self.meters),
            ("finalite", "narrow-finalite", &self.purposes),
        ]
    }

    fn chosen(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.lists().into_iter().flat_map(|(name, _, choices)| {
            let chosen = choices.iter().filter(|choice| choice.chosen == Chosen::Here);
            chosen.map(move |choice| (name, choice.value.as_str()))
        })
    }

    /// The list behind a filter, narrowed down as now.
    fn href(&self, filter: &SharingFilter) -> String {
        let base = paths::with_query(paths::SHARINGS, "filtre", filter.tag());
        self.chosen()
            .fold(base, |base, (name, value)| paths::with_query(&base, name, value))
    }
}

/// A research project that used data under a sharing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnwardUse {
    /// The dataset.
    pub title: String,
    /// When it was made.
    pub at: Moment,
}

/// Whoever receives data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The name people know.
    pub trading_name: String,
    /// The name in the registers.
    pub legal_name: String,
    /// What it is, in law.
    pub role: RecipientRole,
    /// The country it is established in, in the language of the page.
    pub country: String,
    /// Where its privacy contact answers.
    pub contact_email: String,
    /// Where it stands in the federation.
    pub membership: Membership,
}

/// One sharing: one purpose, one granularity, one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// What paths call it.
    pub id: String,
    /// Who receives.
    pub recipient: Recipient,
    /// Where it stands.
    pub state: SharingState,
    /// What is shared.
    pub data: DataKind,
    /// How fine.
    pub granularity: Granularity,
    /// What the person calls the meter.
    pub meter_label: String,
    /// Why, in the words of the notice.
    pub purpose: String,
    /// Why it is lawful.
    pub basis: LegalBasis,
    /// When it was given.
    pub given_at: Moment,
    /// By whom.
    pub given_by: GivenBy,
    /// The first day of data covered; may lie before the agreement.
    pub covers_from: Date,
    /// The last day of data covered, and of the agreement.
    pub ends_on: Date,
    /// The last transfer that went through.
    pub last_access: Option<Moment>,
    /// How many transfers went through.
    pub transfers: u64,
}

/// One sharing in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharingPage {
    /// The sharing.
    pub sharing: Sharing,
    /// The research projects that used data under it, latest first (P-09).
    pub onward: Vec<OnwardUse>,
    /// When the next access is to be expected; `None` for whoever may not look.
    pub next: Option<NextLine>,
    /// The days on which much more was sent than usual, latest first.
    pub unusual: Vec<UnusualLine>,
    /// Its transfers, latest first.
    pub transfers: Vec<TransferRow>,
    /// Where this page of transfers stands.
    pub pager: Pager,
    /// The receipts of what was agreed, latest first.
    pub receipts: Vec<ReceiptRow>,
    /// Who was told of its withdrawal, and what each answered.
    pub told: Vec<ToldRow>,
    /// What holds it still, while something does.
    pub standstill: Option<Standstill>,
    /// What waits for those who must agree.
    pub awaited: Option<AwaitedLine>,
    /// For whom the page is.
    pub reader: Reader,
}

/// What holds a sharing still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standstill {
    /// The person said that she did not agree to it: she lifts that after a fresh proof.
    NotMe,
    /// Another adult of the home objected: the officer decides.
    Objection,
}

impl Word for Standstill {
    fn key(&self) -> &'static str {
        match self {
            Self::NotMe => "standstill-not-me",
            Self::Objection => "standstill-objection",
        }
    }
}

impl SharingPage {
    /// Whether she may let it go on herself.
    fn is_hers_to_resume(&self) -> bool {
        self.standstill != Some(Standstill::Objection)
    }

    /// When the person asked recipients to delete what they received.
    fn deletion_asked_at(&self) -> Option<Moment> {
        self.told.iter().find_map(|told| told.deletion_asked_at)
    }
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Of which act.
    pub kind: ReceiptKind,
    /// When the act took place.
    pub at: Moment,
    /// How strong the evidence of the act is, where it is known and somebody acted.
    pub evidence: Option<Evidence>,
    /// Who acted.
    pub by: ActedBy,
    /// Its record.
    pub proof: ProofStatus,
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActedBy {
    /// Whoever reads, or nobody.
    Reader,
    /// Somebody with a mandate; empty where that one has no account any more.
    Delegate(String),
    /// Somebody who holds the contract too; empty where no name is known.
    Holder(String),
}

/// For whom the page of a sharing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reader {
    /// Whoever enrolled the meter, or somebody with her mandate.
    Owner,
    /// Somebody who holds its contract too.
    Holder,
}

impl Reader {
    /// By whose hand it is opened.
    pub(crate) fn of(hand: Hand) -> Self {
        match hand.reaches_all() {
            true => Self::Owner,
            false => Self::Holder,
        }
    }
}

/// What waits for those who must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedLine {
    /// Whose word.
    pub word: AwaitedWord,
    /// When nothing comes of it.
    pub until: Moment,
    /// What they would agree to.
    pub what: AwaitedWhat,
}

/// What several must agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AwaitedWhat {
    /// The sharing.
    Beginning,
    /// A later end of it.
    Renewal,
}

/// The act a receipt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptKind {
    /// The agreement was given.
    Granted,
    /// One of those who must agree did.
    Agreed,
    /// One of them said no, or took back what waited.
    Declined,
    /// It was refused.
    Refused,
    /// It was withdrawn.
    Withdrawn,
    /// A restore that lost records ended it.
    Suspended,
    /// It reached its end.
    Expired,
    /// Less of it was left.
    Narrowed,
    /// A later end was agreed to.
    Renewed,
    /// It was paused.
    Paused,
    /// A pause was ended.
    Resumed,
    /// Somebody else ended it, or a move did.
    Closed,
    /// Another agreement took its place.
    Superseded,
    /// It was asked for, or put off.
    Asked,
}

impl ReceiptKind {
    /// Whether the record is one that ISO/IEC TS 27560 knows: a pause is none.
    fn has_standard_form(self) -> bool {
        !matches!(self, Self::Paused | Self::Resumed)
    }
}

impl Word for ReceiptKind {
    fn key(&self) -> &'static str {
        match self {
            Self::Granted => "receipt-granted",
            Self::Agreed => "receipt-agreed",
            Self::Declined => "receipt-declined",
            Self::Refused => "receipt-refused",
            Self::Withdrawn => "receipt-withdrawn",
            Self::Suspended => "receipt-suspended",
            Self::Expired => "receipt-expired",
            Self::Narrowed => "receipt-narrowed",
            Self::Renewed => "receipt-renewed",
            Self::Paused => "receipt-paused",
            Self::Resumed => "receipt-resumed",
            Self::Closed => "receipt-closed",
            Self::Superseded => "receipt-superseded",
            Self::Asked => "receipt-asked",
        }
    }
}

/// Renders `/moi/partages`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_sharings(page: &PageContext, view: &SharingsView) -> Result<String, RenderError> {
    let f = Frame::new(page, "sharings-heading");
    let base = view.narrowed.href(&view.filter);
    f.render(&SharingsTemplate {
        f: &f,
        t: f.t,
        view,
        base,
    })
}

/// Renders `/moi/partages/{id}`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_sharing(page: &PageContext, view: &SharingPage) -> Result<String, RenderError> {
    let f = Frame::new(page, "sharing-heading-plain");
    let heading = f.t.say1(
        "sharing-heading",
        "recipient",
        &view.sharing.recipient.trading_name,
    );
    let f = f.headed(heading);
    let base = paths::sharing(&view.sharing.id);
    f.render(&SharingTemplate {
        f: &f,
        t: f.t,
        view,
        base,
    })
}

#[derive(Template)]
#[template(path = "sharings.html")]
struct SharingsTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a SharingsView,
    base: String,
}

#[derive(Template)]
#[template(path = "sharing.html")]
struct SharingTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a SharingPage,
    base: String,
}
