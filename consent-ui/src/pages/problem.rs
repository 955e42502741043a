//! What people see when something is wrong: a sentence, what to do next, a reference.

use askama::Template;

use crate::page::{Frame, PageContext, RenderError};
use crate::speech::Speech;

/// A problem page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemView {
    /// What is wrong.
    pub kind: ProblemKind,
    /// What to quote when asking for help; also in our log. Holds nothing about the person.
    pub reference: Option<String>,
    /// Where the way on leads: a path of this site.
    pub onward: String,
}

/// What is wrong, as the person can understand it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// 404: there is no such page.
    NotFound,
    /// 403: it belongs to somebody else, or to another role.
    NotYours,
    /// 403: the mandate under which she acts does not cover it.
    NotCovered,
    /// 403: the mandate under which she acted is over.
    MandateOver,
    /// 401: one must sign in first.
    SignInFirst,
    /// 403: the form is too old or was sent from elsewhere.
    FormExpired,
    /// 422: what was sent cannot be understood.
    NotUnderstood,
    /// 409: it changed in the meantime, for example it was already withdrawn.
    Changed,
    /// 403: it is recorded that whoever signed in died or cannot decide any more.
    CapacityEnded,
    /// 409: an officer entered that she died or cannot decide any more, and nobody decided yet.
    CapacityWaits,
    /// 409: an officer looks into why a sharing stands still.
    WithOfficer,
    /// 409: an entry is from before the database was restored.
    EnteredBeforeRestore,
    /// 409: an entry was decided or stopped before.
    EnteredDecided,
    /// 409: nobody looked at an entry in time.
    EnteredExpired,
    /// 409: a code cannot be handed out now.
    CodeNotNow,
    /// 409: what an entry is about cannot be agreed to or changed any more.
    EnteredNotGiven,
    /// 409: the authority was told when a breach became known.
    KnownAtStays,
    /// 409: it was decided whether people are told of a breach.
    BreachDecided,
    /// 409: the number of people whom a breach concerns changed.
    BreachNumber,
    /// 409: the end of a capacity is recorded or entered already.
    CapacityKnown,
    /// 409: no end of a capacity is recorded.
    CapacityNotKnown,
    /// 409: members are added to approved projects only.
    ProjectNotApproved,
    /// 409: somebody works on a project already, asked for it, or left it.
    ProjectMemberKnown,
    /// 409: a member signed before.
    UndertakingSigned,
    /// 409: the undertaking is another one than was read.
    UndertakingChanged,
    /// 413: too much was sent.
    TooLarge,
    /// 429: a copy of hers is being made.
    CopyRunning,
    /// 503: a part that must be sure is not; nothing was transferred.
    Unavailable,
    /// 503: too few witnesses vouch for the ledger, and nothing leaves without them.
    NotWitnessed,
    /// 404: nobody signs in this way here.
    WayNotOffered,
    /// 410: the step took too long, was done before, or was begun in another browser.
    StepExpired,
    /// 403: the passkey or the provider did not prove who comes.
    NotRecognised,
    /// 429: too many codes were wrong.
    TooMany,
    /// 503: a provider does not answer.
    ProviderAway,
    /// 403: nobody here signs in this way.
    Stranger,
    /// 409: it is a way in already.
    WayTaken,
    /// 403: a provider says that the person is not of age.
    Minor,
    /// 403: the owner closed the account.
    AccountFrozen,
    /// 403: this session can look and withdraw only.
    WithdrawingOnly,
    /// 403: the step needs a fresh proof.
    ProveAgain,
    /// 409: nobody could get in any more.
    LastWay,
    /// 500: our fault.
    Fault,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 42] = [
        Self::NotFound,
        Self::NotYours,
        Self::NotCovered,
        Self::MandateOver,
        Self::SignInFirst,
        Self::FormExpired,
        Self::NotUnderstood,
        Self::Changed,
        Self::CapacityEnded,
        Self::CapacityWaits,
        Self::WithOfficer,
        Self::EnteredBeforeRestore,
        Self::EnteredDecided,
        Self::EnteredExpired,
        Self::CodeNotNow,
        Self::EnteredNotGiven,
        Self::KnownAtStays,
        Self::BreachDecided,
        Self::BreachNumber,
        Self::CapacityKnown,
        Self::CapacityNotKnown,
        Self::ProjectNotApproved,
        Self::ProjectMemberKnown,
        Self::UndertakingSigned,
        Self::UndertakingChanged,
        Self::TooLarge,
        Self::CopyRunning,
        Self::Unavailable,
        Self::NotWitnessed,
        Self::WayNotOffered,
        Self::StepExpired,
        Self::NotRecognised,
        Self::TooMany,
        Self::ProviderAway,
        Self::Stranger,
        Self::WayTaken,
        Self::Minor,
        Self::AccountFrozen,
        Self::WithdrawingOnly,
        Self::ProveAgain,
        Self::LastWay,
        Self::Fault,
    ];

    /// The HTTP status of the page.
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound | Self::WayNotOffered => 404,
            Self::NotYours
            | Self::NotCovered
            | Self::MandateOver
            | Self::CapacityEnded
            | Self::FormExpired
            | Self::NotRecognised
            | Self::Stranger
            | Self::Minor
            | Self::AccountFrozen
            | Self::WithdrawingOnly
            | Self::ProveAgain => 403,
            Self::StepExpired => 410,
            Self::TooMany | Self::CopyRunning => 429,
            Self::SignInFirst => 401,
            Self::NotUnderstood => 422,
            Self::Changed
            | Self::WayTaken
            | Self::LastWay
            | Self::CapacityWaits
            | Self::WithOfficer
            | Self::EnteredBeforeRestore
            | Self::EnteredDecided
            | Self::EnteredExpired
            | Self::CodeNotNow
            | Self::EnteredNotGiven
            | Self::KnownAtStays
            | Self::BreachDecided
            | Self::BreachNumber
            | Self::CapacityKnown
            | Self::CapacityNotKnown
            | Self::ProjectNotApproved
            | Self::ProjectMemberKnown
            | Self::UndertakingSigned
            | Self::UndertakingChanged => 409,
            Self::TooLarge => 413,
            Self::Unavailable | Self::NotWitnessed | Self::ProviderAway => 503,
            Self::Fault => 500,
        }
    }

    /// The message of its heading. With `-what` behind it the message says what is wrong, with `-next` what to do.
    fn key(self) -> &'static str {
        match self {
            Self::NotFound => "problem-not-found",
            Self::NotYours => "problem-not-yours",
            Self::NotCovered => "problem-not-covered",
            Self::MandateOver => "problem-mandate-over",
            Self::SignInFirst => "problem-sign-in",
            Self::FormExpired => "problem-form-expired",
            Self::NotUnderstood => "problem-not-understood",
            Self::Changed => "problem-changed",
            Self::CapacityEnded => "problem-capacity-ended",
            Self::CapacityWaits => "problem-capacity-waits",
            Self::WithOfficer => "problem-with-officer",
            Self::EnteredBeforeRestore => "problem-entered-before-restore",
            Self::EnteredDecided => "problem-entered-decided",
            Self::EnteredExpired => "problem-entered-expired",
            Self::CodeNotNow => "problem-code-not-now",
            Self::EnteredNotGiven => "problem-entered-not-given",
            Self::KnownAtStays => "problem-known-at-stays",
            Self::BreachDecided => "problem-breach-decided",
            Self::BreachNumber => "problem-breach-number",
            Self::CapacityKnown => "problem-capacity-known",
            Self::CapacityNotKnown => "problem-capacity-not-known",
            Self::ProjectNotApproved => "problem-project-not-approved",
            Self::ProjectMemberKnown => "problem-project-member-known",
            Self::UndertakingSigned => "problem-undertaking-signed",
            Self::UndertakingChanged => "problem-undertaking-changed",
            Self::TooLarge => "problem-too-large",
            Self::CopyRunning => "problem-copy-running",
            Self::Unavailable => "problem-unavailable",
            Self::NotWitnessed => "problem-not-witnessed",
            Self::WayNotOffered => "problem-way-not-offered",
            Self::StepExpired => "problem-step-expired",
            Self::NotRecognised => "problem-not-recognised",
            Self::TooMany => "problem-too-many",
            Self::ProviderAway => "problem-provider-away",
            Self::Stranger => "problem-stranger",
            Self::WayTaken => "problem-way-taken",
            Self::Minor => "problem-minor",
            Self::AccountFrozen => "problem-account-frozen",
            Self::WithdrawingOnly => "problem-withdrawing-only",
            Self::ProveAgain => "problem-prove-again",
            Self::LastWay => "problem-last-way",
            Self::Fault => "problem-fault",
        }
    }

    fn what(self, t: Speech) -> String {
        t.say(&format!("{}-what", self.key()))
    }

    fn next(self, t: Speech) -> String {
        t.say(&format!("{}-next", self.key()))
    }

    /// What is wrong and what to do, as one text: for a script that writes it into its page.
    pub(crate) fn sentences(self, t: Speech) -> String {
        format!("{} {}", self.what(t), self.next(t))
    }
}

/// Renders a problem page.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_problem(page: &PageContext, view: &ProblemView) -> Result<String, RenderError> {
    let f = Frame::new(page, view.kind.key());
    f.render(&ProblemTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a ProblemView,
}
