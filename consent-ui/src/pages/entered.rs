//! `/dpo/saisies`: what officers enter for people who wrote or called, and what another one confirms.

use askama::Template;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::RightKind;
use crate::paths;
use crate::speech::Speech;
use crate::vocabulary::Word;

/// What was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnteredKind {
    /// Agreeing on paper.
    Grant,
    /// Withdrawing.
    Withdraw,
    /// Stopping transfers for now.
    Freeze,
    /// Asking for a right.
    Ask,
    /// A new code for the person's account.
    Code,
    /// She died or cannot decide any more.
    Capacity,
}

impl Word for EnteredKind {
    fn key(&self) -> &'static str {
        match self {
            Self::Grant => "entered-grant",
            Self::Withdraw => "entered-withdraw",
            Self::Freeze => "entered-freeze",
            Self::Ask => "entered-ask",
            Self::Code => "entered-code",
            Self::Capacity => "entered-capacity",
        }
    }
}

impl EnteredKind {
    /// What confirming it means, or what it did already.
    fn meaning(self) -> &'static str {
        match self {
            Self::Grant => "entered-grant-means",
            Self::Withdraw => "entered-withdraw-means",
            Self::Freeze => "entered-freeze-means",
            Self::Ask => "entered-ask-means",
            Self::Code => "entered-code-means",
            Self::Capacity => "entered-capacity-means",
        }
    }
}

/// How it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A letter or a form.
    Paper,
    /// A call.
    Phone,
}

impl Word for Channel {
    fn key(&self) -> &'static str {
        match self {
            Self::Paper => "entered-by-paper",
            Self::Phone => "entered-by-phone",
        }
    }
}

/// Where an act stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnteredStanding {
    /// Without effect, until somebody confirms it.
    Waiting,
    /// In effect, and to be looked at.
    InEffect,
    /// Nobody looked at it in time.
    Expired,
    /// Confirmed.
    Confirmed,
    /// Found wrong.
    SentBack,
    /// Stopped by the person.
    Stopped,
}

impl Word for EnteredStanding {
    fn key(&self) -> &'static str {
        match self {
            Self::Waiting => "entered-standing-waiting",
            Self::InEffect => "entered-standing-in-effect",
            Self::Expired => "entered-standing-expired",
            Self::Confirmed => "entered-standing-confirmed",
            Self::SentBack => "entered-standing-sent-back",
            Self::Stopped => "entered-standing-stopped",
        }
    }
}

impl EnteredStanding {
    fn mark(self) -> &'static str {
        match self {
            Self::Confirmed => "mark-yes",
            Self::Waiting | Self::InEffect => "mark-wait",
            Self::Expired | Self::SentBack | Self::Stopped => "mark-no",
        }
    }
}

/// One act in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredLine {
    /// What paths call it.
    pub id: String,
    /// For whom, as officers see her.
    pub person: String,
    /// What.
    pub kind: EnteredKind,
    /// How it came.
    pub channel: Channel,
    /// Who entered it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Where it stands.
    pub standing: EnteredStanding,
}

/// Whether there is anybody to confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colleagues {
    /// No other officer can sign in.
    None,
    /// There are.
    Some,
}

/// The desk of entered acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredDeskView {
    /// What waits, oldest first.
    pub waiting: Vec<EnteredLine>,
    /// Letters to be printed and posted.
    pub to_post: Vec<EnteredLine>,
    /// What was decided, newest first.
    pub decided: Vec<EnteredLine>,
    /// Whether anybody can confirm.
    pub colleagues: Colleagues,
    /// What is wrong with the search.
    pub errors: FormErrors,
}

/// Something to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// What forms post.
    pub id: String,
    /// What it says.
    pub label: String,
}

/// What an officer typed, to be shown again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedEntry {
    /// Which of the forms: `retrait`, `accord`, `droit`, `code`.
    pub section: String,
    /// The reference on the form.
    pub form: String,
    /// The day beside the signature.
    pub signed: String,
    /// The day of arrival.
    pub arrived: String,
    /// SHA-256 of the scan.
    pub scan: String,
    /// The words of a request.
    pub words: String,
}

/// What can be entered for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnterView {
    /// What paths call her.
    pub id: String,
    /// As officers see her.
    pub person: String,
    /// What she shares now.
    pub sharings: Vec<Pick>,
    /// Her meters.
    pub meters: Vec<Pick>,
    /// A fresh identifier for each of the four forms.
    pub forms: [String; 4],
    /// What was typed into the one that came back.
    pub typed: TypedEntry,
    /// What is wrong with it.
    pub errors: FormErrors,
}

impl EnterView {
    fn typed(&self, section: &str) -> TypedEntry {
        match self.typed.section == section {
            true => self.typed.clone(),
            false => TypedEntry::default(),
        }
    }

    fn errors_of(&self, section: &str) -> FormErrors {
        match self.typed.section == section {
            true => self.errors.clone(),
            false => FormErrors::default(),
        }
    }

    fn form(&self, place: usize) -> &str {
        self.forms.get(place).map_or("", String::as_str)
    }
}

/// What an officer can do about an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Can {
    /// Confirm it or send it back.
    Decide,
    /// Nothing: somebody else must look at it.
    WaitForColleague,
    /// Nothing, and there is nobody else.
    NeedColleague,
    /// Nothing more.
    Nothing,
}

/// Where the code of an act stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeStep {
    /// There is none.
    None,
    /// The person was not told yet.
    Untold,
    /// It may be made from then on.
    Wait {
        /// From when on.
        from: Moment,
    },
    /// It may be made until then.
    Ready {
        /// Until when.
        until: Moment,
    },
    /// Its time is over.
    Over,
}

/// Whether a letter waits to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterStep {
    /// No letter.
    None,
    /// It waits; `receipt`: with a receipt as PDF.
    Waits {
        /// Whether a receipt goes along.
        receipt: Option<String>,
        /// What was decided when the page was made: its letter is the one that is posted.
        outcome: &'static str,
    },
    /// It was posted.
    Posted {
        /// When.
        at: Moment,
        /// By whom.
        by: String,
    },
}

/// One act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActView {
    /// The act.
    pub line: EnteredLine,
    /// What it is about: recipient and purpose, a right; empty for a code.
    pub about: String,
    /// Facts of the sheet: message key and value.
    pub facts: Vec<(&'static str, String)>,
    /// Until when it waits, for what has no effect yet.
    pub expires_at: Moment,
    /// Who decided, and when.
    pub decided: Option<(String, Moment)>,
    /// Why it was sent back.
    pub reason: Option<String>,
    /// What the officer can do.
    pub can: Can,
    /// The code.
    pub code: CodeStep,
    /// The letter.
    pub letter: LetterStep,
    /// What was typed.
    pub typed: String,
    /// What is wrong with the form.
    pub errors: FormErrors,
}

/// A letter to be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct LetterView {
    /// Name and address.
    pub to: [String; 2],
    /// The day.
    pub today: Date,
    /// What paths call the act.
    pub id: String,
    /// What it is.
    pub kind: EnteredKind,
    /// Where it stands.
    pub standing: EnteredStanding,
    /// What it is about.
    pub about: String,
    /// When it was entered.
    pub at: Moment,
    /// Why it was sent back.
    pub reason: Option<String>,
    /// From when on a code may be handed out.
    pub from: Option<Moment>,
    /// The code that stops it.
    pub stop_code: Option<String>,
    /// Where people sign in.
    pub site: String,
}

macro_rules! page {
    ($(#[$doc:meta])* $name:ident, $template:ident, $path:literal, $view:ty, $key:literal) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`RenderError`] when the template fails.
        pub fn $name(page: &PageContext, view: &$view) -> Result<String, RenderError> {
            let f = Frame::new(page, $key);
            f.render(&$template { f: &f, t: f.t, view })
        }

        #[derive(Template)]
        #[template(path = $path)]
        struct $template<'a> {
            f: &'a Frame<'a>,
            t: Speech,
            view: &'a $view,
        }
    };
}

page!(
    /// Renders `/dpo/saisies`.
    render_entered_desk, DeskTemplate, "entered_desk.html", EnteredDeskView, "entered-heading"
);
page!(
    /// Renders what can be entered for one person.
    render_enter, EnterTemplate, "enter.html", EnterView, "enter-heading"
);
page!(
    /// Renders one act.
    render_act, ActTemplate, "entered_act.html", ActView, "entered-act-heading"
);
page!(
    /// Renders a letter to be printed.
    render_letter, LetterTemplate, "entered_letter.html", LetterView, "letter-heading"
);
