//! `/moi/points`: the points of a company or commune, what is permitted for which, and the terms of a permission for many.

use askama::Template;

use crate::form::FormErrors;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::offer::{Asks, FullNotice, OfferChoice, Signing};
use crate::pages::sharing::Recipient;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;

/// Which points of an offer are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointFilter {
    /// All.
    All,
    /// Those for which it is permitted.
    Permitted,
    /// Those for which it is not.
    Free,
}

impl PointFilter {
    /// Every filter.
    pub const ALL: [Self; 3] = [Self::All, Self::Permitted, Self::Free];

    /// What addresses call it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::All => "tous",
            Self::Permitted => "autorises",
            Self::Free => "libres",
        }
    }

    /// The filter with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.tag() == tag)
    }
}

impl Word for PointFilter {
    fn key(&self) -> &'static str {
        match self {
            Self::All => "points-all",
            Self::Permitted => "points-permitted",
            Self::Free => "points-free",
        }
    }
}

/// An offer, and for how many points it is permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointOffer {
    /// What paths call it.
    pub id: String,
    /// Who asks.
    pub recipient: String,
    /// Why, in the words of the notice.
    pub purpose: String,
    /// For how many points it is permitted.
    pub permitted: usize,
    /// Of how many.
    pub total: usize,
}

/// Where a point stands under the offer shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointStanding {
    /// It is permitted, by this sharing.
    Permitted(String),
    /// It is not.
    Free,
    /// The point shows the life of a person.
    Aside,
    /// It is the legal person's no more.
    Left,
}

/// A point in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointLine {
    /// What forms call it.
    pub id: String,
    /// What the place is called.
    pub name: String,
    /// The last characters of its number.
    pub last: String,
    /// Where it stands; nothing as long as no offer is chosen.
    pub standing: Option<PointStanding>,
}

impl PointLine {
    fn can_be_chosen(&self) -> bool {
        matches!(
            self.standing,
            Some(PointStanding::Permitted(_) | PointStanding::Free)
        )
    }
}

/// `/moi/points`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsView {
    /// What can be permitted.
    pub offers: Vec<PointOffer>,
    /// The offer chosen.
    pub offer: Option<PointOffer>,
    /// What names and numbers are looked for.
    pub query: String,
    /// Which are shown.
    pub filter: PointFilter,
    /// The points on this page.
    pub lines: Vec<PointLine>,
    /// How many the filter leaves, of them permitted, and not.
    pub found: usize,
    /// Of these, how many are permitted.
    pub permitted: usize,
    /// And how many are not, and could be.
    pub free: usize,
    /// Number of this page, from 1.
    pub page: usize,
    /// How many pages.
    pub pages: usize,
    /// What is wrong.
    pub errors: FormErrors,
}

impl PointsView {
    /// The address of another page of the same table.
    fn at(&self, page: usize) -> String {
        let offer = self.offer.as_ref().map_or("", |offer| offer.id.as_str());
        let mut address = paths::with_query(paths::POINTS, "offre", offer);
        for (name, value) in [
            ("q", encoded(&self.query)),
            ("etat", self.filter.tag().to_owned()),
            ("page", page.to_string()),
        ] {
            address = paths::with_query(&address, name, &value);
        }
        address
    }

    fn before(&self) -> Option<String> {
        (self.page > 1).then(|| self.at(self.page.saturating_sub(1)))
    }

    fn after(&self) -> Option<String> {
        (self.page < self.pages).then(|| self.at(self.page.saturating_add(1)))
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut safe, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
        safe
    })
}

/// The terms of an offer for the points that were chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitView {
    /// What paths call the offer.
    pub id: String,
    /// Who asks and receives.
    pub recipient: Recipient,
    /// What, how fine, for which time.
    pub choice: OfferChoice,
    /// How many points.
    pub count: usize,
    /// The names of the first of them.
    pub names: Vec<String>,
    /// How many are not named.
    pub others: usize,
    /// Their identifiers, joined by commas.
    pub points: String,
    /// The whole notice.
    pub notice: FullNotice,
    /// Whether a passkey signs.
    pub signing: Signing,
    /// What the recipient asks besides a click.
    pub asks: Asks,
}

/// Renders `/moi/points`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_points(page: &PageContext, view: &PointsView) -> Result<String, RenderError> {
    let f = Frame::new(page, "points-heading").answering(&view.errors);
    f.render(&PointsTemplate { f: &f, t: f.t, view })
}

/// Renders the terms of a permission.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_permit(page: &PageContext, view: &PermitView) -> Result<String, RenderError> {
    let f = Frame::new(page, "permit-heading");
    f.render(&PermitTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "points.html")]
struct PointsTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a PointsView,
}

#[derive(Template)]
#[template(path = "permit.html")]
struct PermitTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a PermitView,
}
