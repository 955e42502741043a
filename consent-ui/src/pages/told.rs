//! Who was told of a withdrawal and what each answered: for the person, a part of her sharing's page; for the officer,
//! `/dpo/retraits`, what is overdue. And where a person wants messages, a part of `/compte`.

use askama::Template;
use broker_service::Standing;

use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::paths;
use crate::speech::Speech;

/// One recipient told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldRow {
    /// The application; `None`: the organisation, by letter.
    pub application: Option<String>,
    /// When it first reached the recipient.
    pub told_at: Option<Moment>,
    /// Until when it is to be acknowledged.
    pub acknowledge_by: Moment,
    /// When it was.
    pub acknowledged_at: Option<Moment>,
    /// When the person asked for deletion.
    pub deletion_asked_at: Option<Moment>,
    /// Where it stands.
    pub standing: Standing,
}

impl ToldRow {
    pub(crate) fn class(&self) -> &'static str {
        match self.standing {
            Standing::Deleted { .. } | Standing::Keeps { .. } => "mark-yes",
            Standing::Silent | Standing::DeletionOverdue { .. } => "mark-no",
            Standing::NotReached | Standing::Waiting | Standing::WillDelete { .. } => "mark-wait",
        }
    }

    /// Where it stands, in words.
    pub(crate) fn words(&self, t: &Speech) -> String {
        let day = |at: &broker_domain::time::Instant| t.time_words(Moment(at.as_micros()));
        match &self.standing {
            Standing::NotReached => t.say("told-not-reached"),
            Standing::Waiting => t.say1("told-waiting", "by", t.time_words(self.acknowledge_by)),
            Standing::Silent => t.say1("told-silent", "by", t.time_words(self.acknowledge_by)),
            Standing::WillDelete { by } => t.say1("told-will-delete", "by", day(by)),
            Standing::DeletionOverdue { by } => t.say1("told-deletion-overdue", "by", day(by)),
            Standing::Deleted { at } => t.say1("told-deleted", "at", day(at)),
            Standing::Keeps { basis } => t.say1("told-keeps", "basis", basis.clone()),
        }
    }
}

/// What is overdue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueView {
    /// Oldest withdrawal first.
    pub rows: Vec<OverdueRow>,
    /// What recipients were not told of erasures.
    pub untold: Vec<UntoldRow>,
    /// Messages that wait, the first attempt to come.
    pub waiting: u64,
    /// Messages that wait after a failed attempt.
    pub retrying: u64,
    /// Messages given up.
    pub failed: u64,
    /// Changes and erasures of which recipients are to be told still.
    pub changes_waiting: u64,
    /// Those that were given up.
    pub changes_failed: u64,
}

/// A telling whose time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueRow {
    /// How officer and recipient name the case.
    pub dossier: String,
    /// The organisation.
    pub recipient: String,
    /// Where people write to it.
    pub contact: String,
    /// When the person withdrew.
    pub withdrawn_at: Moment,
    /// How often it was tried.
    pub attempts: u32,
    /// The telling.
    pub told: ToldRow,
}

/// An erasure that a recipient was not told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntoldRow {
    /// What paths call it.
    pub id: String,
    /// The organisation.
    pub recipient: String,
    /// Where people write to it.
    pub contact: String,
    /// Its application; `None`: the organisation, by letter.
    pub application: Option<String>,
    /// What it holds, as it knows it.
    pub authorisation: String,
    /// The hour of the erasure.
    pub erased_at: Moment,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub given_up_at: Option<Moment>,
}

/// Where a person wants messages. Holds her address, so its `Debug` is that of the address: hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailView {
    /// The address, if she gave one.
    pub address: Option<broker_domain::telling::MailAddress>,
    /// Another one that waits for its code, and until when it is taken.
    pub pending: Option<(broker_domain::telling::MailAddress, Moment)>,
    /// How many messages could not be delivered.
    pub failed: u64,
}

impl MailView {
    pub(crate) fn value(&self) -> &str {
        self.address.as_ref().map_or("", |address| address.as_str())
    }

    pub(crate) fn new_address(&self) -> &str {
        self.pending.as_ref().map_or("", |(address, _)| address.as_str())
    }
}

/// Renders `/dpo/retraits`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_overdue(page: &PageContext, view: &OverdueView) -> Result<String, RenderError> {
    let f = Frame::new(page, "overdue-heading");
    f.render(&OverdueTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "overdue.html")]
struct OverdueTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a OverdueView,
}
