//! `/compte`: how one signs in, from where, and what to do when it was somebody else.

use askama::Template;
use broker_store::SignInKind;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::PASSKEY_WORDS;
use crate::pages::sign_in::{Offered, WaysIn};
use crate::pages::told::MailView;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;

/// What the script may have to say, each a message `passkey-…`; the codes are those of `assets/passkey.js`.
pub(crate) const WORDS: [&str; 5] = ["unsupported", "asking", "cancelled", "refused", "unreachable"];

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Whether its owner froze it.
    pub freedom: Freedom,
    /// What officers prepare and she can stop.
    pub on_the_way: Vec<OnTheWay>,
    /// Its passkeys that are not revoked, oldest first.
    pub passkeys: Vec<PasskeyRow>,
    /// Its identities at providers, oldest first.
    pub identities: Vec<IdentityRow>,
    /// What can be added.
    pub more: WaysIn,
    /// Recovery codes not used yet.
    pub codes_left: u32,
    /// Where somebody is signed in, this device first.
    pub devices: Vec<DeviceRow>,
    /// What happened, latest first.
    pub events: Vec<EventRow>,
    /// Where messages go; staff get none.
    pub mail: Option<MailView>,
    /// What is wrong with a form that came back.
    pub errors: FormErrors,
}

/// What officers prepare for a person, and she can stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnTheWay {
    /// What paths call it.
    pub id: String,
    /// When it was entered.
    pub at: Moment,
    /// What.
    pub what: Stoppable,
}

/// What she can stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stoppable {
    /// A new code for her account.
    Code(CodeFrom),
    /// That she died or cannot decide any more.
    Capacity {
        /// Until when another officer must confirm it.
        until: Moment,
    },
}

/// From when on a new code may be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeFrom {
    /// Two officers have not agreed on it yet.
    Undecided,
    /// 72 hours after she was told, which nobody did yet.
    Untold,
    /// From then on.
    Day(Moment),
}

/// Whether an account may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freedom {
    /// It may.
    Free,
    /// Its owner froze it.
    Frozen {
        /// When.
        at: Moment,
    },
}

/// Whether a way in works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Working {
    /// It does.
    Open,
    /// It was frozen and lets nobody in.
    Frozen,
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// What forms post as `moyen`.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// When it was registered.
    pub added_at: Moment,
    /// When it was last used.
    pub last_used_at: Option<Moment>,
    /// Whether it may be on several of the person's devices.
    pub copies: Copies,
    /// Whether it works.
    pub working: Working,
}

/// Whether a passkey may be copied by its maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Copies {
    /// Over the person's devices.
    Several,
    /// Never: one device holds it.
    One,
}

impl Word for Copies {
    fn key(&self) -> &'static str {
        match self {
            Self::Several => "passkey-several",
            Self::One => "passkey-one",
        }
    }
}

/// An identity at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// What forms post as `moyen`.
    pub id: String,
    /// The provider's name.
    pub name: String,
    /// When it was linked.
    pub added_at: Moment,
    /// When it was last used.
    pub last_used_at: Option<Moment>,
    /// Whether it works.
    pub working: Working,
}

/// A device on which somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// What forms post as `appareil`.
    pub id: String,
    /// Browser and system, as the browser says; empty when it does not.
    pub label: String,
    /// Since when.
    pub since: Moment,
    /// When it was last used.
    pub last_seen_at: Moment,
    /// Whether it is the one that reads this page.
    pub place: DevicePlace,
}

/// Whether a device is the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DevicePlace {
    /// It is.
    This,
    /// It is another one.
    Other,
}

/// Something that happened to the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// What forms post as `evenement`.
    pub id: String,
    /// When.
    pub at: Moment,
    /// What.
    pub kind: SignInKind,
    /// Browser and system; empty when nobody said.
    pub device: String,
}

/// Recovery codes just made. Holds secrets, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct CodesView {
    /// The codes, shown this once.
    pub codes: Vec<String>,
}

/// "This was not me": what happens, and which way in stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotMeView {
    /// What is not recognised.
    pub event: EventRow,
    /// The ways in, each by what forms post as `moyen` and its name.
    pub ways: Vec<(String, String)>,
}

/// Renders `/compte`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_account(page: &PageContext, view: &AccountView) -> Result<String, RenderError> {
    let f = Frame::new(page, "account-heading").answering(&view.errors);
    f.render(&AccountTemplate { f: &f, t: f.t, view })
}

/// Renders the page that shows recovery codes.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_codes(page: &PageContext, view: &CodesView) -> Result<String, RenderError> {
    let f = Frame::new(page, "codes-heading");
    f.render(&CodesTemplate { f: &f, t: f.t, view })
}

/// Renders `/compte/pas-moi/{event}`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_not_me(page: &PageContext, view: &NotMeView) -> Result<String, RenderError> {
    let f = Frame::new(page, "not-me-heading");
    f.render(&NotMeTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a AccountView,
}

#[derive(Template)]
#[template(path = "codes.html")]
struct CodesTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a CodesView,
}

#[derive(Template)]
#[template(path = "not_me.html")]
struct NotMeTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a NotMeView,
}
