//! What officers enter for people who wrote, called or came: one enters, another looks at it.
//!
//! What takes away counts when it is entered, and is looked at afterwards; what gives counts when another officer confirmed it
//! (`docs/decisions/0043`). Each step is a record in the person's own list with the officers and their times.
//!
//! What it deliberately does not: keep the paper. The scan stays where the officers keep it; its SHA-256 is recorded.

mod code;
mod decide;
mod enter;
mod forms;
mod post;
mod stop;

use broker_domain::entered::{CannotConfirm, EnteredAct, EnteredState, Entry, Seen};
use broker_domain::ids::{EnteredId, OfficerId, ParticipantId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{EnteredRow, SealedReason, SessionRole};
use broker_vault::SealedText;
use evidence::record::{self as wire, EnteredSeen, EnteredStep, EnteredWhat, Record, Text};
use ledger_core::leaf::ActorClass;
use secrecy::ExposeSecret as _;
use thiserror::Error;

use crate::accounts::SignInRefusal;
use crate::broker::Broker;
use crate::consents::ChoiceRefusal;
use crate::failure::{Failure, Fault};
use crate::group::Draft;
use crate::lifecycle::ChangeRefusal;
use crate::records;
use crate::rights::AskRefusal;
use crate::sessions::LiveSession;

pub use decide::Decision;
pub use enter::{Asked, EntryForm};
pub use forms::{FormSheet, PaperForm};
pub use post::Envelope;
pub use stop::WaitingGrant;

/// Longest reason for sending back, in characters.
pub const MAX_ENTERED_REASON: usize = 1_000;
/// Acts that one list of the desk shows.
const MOST_SHOWN: u32 = 200;

/// Why an act is not entered, or not decided.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum EnteredRefusal {
    /// The officer's session does not reach that far.
    #[error(transparent)]
    SignIn(SignInRefusal),
    /// The policies say no.
    #[error("only officers enter and confirm acts")]
    NotAllowed,
    /// No such person, sharing or act.
    #[error("there is no such person, sharing or act")]
    Unknown,
    /// Nobody agrees by telephone.
    #[error("nobody agrees by telephone; send the form")]
    NotByTelephone,
    /// The day of arrival or of the signature is missing or lies ahead.
    #[error("give the day beside the signature and the day of arrival; neither lies ahead")]
    Days,
    /// The digest of the scan is missing.
    #[error("choose the scan, or type its SHA-256")]
    Scan,
    /// The reference is that of no form of today.
    #[error("this is not the reference of a form as it is today; send the person the new one")]
    Form,
    /// Whoever agrees is of age, and the form does not say so.
    #[error("the form does not say that she is of age; ask her for one that does")]
    AgeUnsaid,
    /// The same form was sent with something else in it.
    #[error("this form was sent before with something else in it; open a new one")]
    SentBefore,
    /// Sending back needs a reason.
    #[error("say in at most {MAX_ENTERED_REASON} characters why it is sent back")]
    Reason,
    /// See the domain's reasons.
    #[error(transparent)]
    Cannot(#[from] CannotConfirm),
    /// What it is about cannot be agreed to.
    #[error(transparent)]
    Choice(#[from] ChoiceRefusal),
    /// What it is about cannot be changed.
    #[error(transparent)]
    Change(#[from] ChangeRefusal),
    /// The request is not taken.
    #[error(transparent)]
    Ask(#[from] AskRefusal),
    /// The code may not be handed out yet, or not any more.
    #[error("the code cannot be handed out now")]
    CodeNotNow,
    /// Nobody knows what became of it before the database was restored.
    #[error("this was entered before the database was restored; enter it again")]
    BeforeRestore,
    /// The code was used already.
    #[error("this code was used already; sign in, and say that it was not you")]
    CodeUsed,
}

/// What the desk shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredDesk {
    /// What waits for somebody, oldest first; expired acts among them.
    pub waiting: Vec<EnteredRow>,
    /// What was decided, the newest decision first.
    pub decided: Vec<EnteredRow>,
    /// Letters to be printed and posted.
    pub to_post: Vec<EnteredRow>,
    /// How many officers there are: with one nothing can be confirmed.
    pub officers: usize,
}

/// One act for an officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredView {
    /// The act.
    pub row: EnteredRow,
    /// Why it was sent back.
    pub reason: Option<String>,
    /// How many officers there are.
    pub officers: usize,
}

impl Broker {
    /// Acts that wait, were decided, or have a letter to be posted.
    ///
    /// # Errors
    /// [`EnteredRefusal::NotAllowed`] for anybody but an officer.
    pub async fn entered_desk(&self, officer: OfficerId) -> Result<EnteredDesk, Failure<EnteredRefusal>> {
        self.may_see_entered(officer)?;
        let mut read = self.store.read().await?;
        let (waiting, decided, to_post) = (
            read.entered_waiting(self.clock.now(), MOST_SHOWN).await?,
            read.entered_decided(MOST_SHOWN).await?,
            read.entered_to_post(MOST_SHOWN).await?,
        );
        drop(read);
        Ok(EnteredDesk {
            waiting,
            decided,
            to_post,
            officers: self.officers_known().await?,
        })
    }

    /// One act.
    ///
    /// # Errors
    /// [`EnteredRefusal::NotAllowed`], [`EnteredRefusal::Unknown`].
    pub async fn entered_view(
        &self,
        officer: OfficerId,
        id: EnteredId,
    ) -> Result<EnteredView, Failure<EnteredRefusal>> {
        self.may_see_entered(officer)?;
        let row = self.store.read().await?.entered(id).await?;
        let row = row.ok_or(Failure::Refused(EnteredRefusal::Unknown))?;
        let reason = self.entered_reason(&row).await?;
        Ok(EnteredView {
            row,
            reason,
            officers: self.officers_known().await?,
        })
    }

    /// How many officers there are; one person with two of these roles counts once.
    async fn officers_known(&self) -> Result<usize, Fault> {
        let mut read = self.store.read().await?;
        let mut persons = std::collections::BTreeSet::new();
        for officer in read.officers().await? {
            let account = read.account_of(SessionRole::Officer(officer.id)).await?;
            persons.insert(account.map_or(*officer.id.as_bytes(), |account| *account.id.as_bytes()));
        }
        Ok(persons.len())
    }

    async fn entered_reason(&self, row: &EnteredRow) -> Result<Option<String>, Fault> {
        let Some(SealedReason { epoch, sealed }) = &row.reason else {
            return Ok(None);
        };
        let wrapped = self.store.read().await?.key(row.act.participant, *epoch).await?;
        let key = self.vault.data_key(&wrapped.ok_or(Fault::SubjectErased)?)?;
        let text = broker_vault::open_entered_reason(&key, row.act.id, &SealedText(sealed.clone()));
        let text = text.map_err(|_| Fault::Crypto {
            during: "open reason",
        })?;
        Ok(Some(text.expose_secret().to_owned()))
    }

    fn may_see_entered(&self, officer: OfficerId) -> Result<(), Failure<EnteredRefusal>> {
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::ReadFlows,
            resource: Resource::Flows,
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query)
            .map(|_| ())
            .map_err(|_| Failure::Refused(EnteredRefusal::NotAllowed))
    }

    fn may_enter(
        &self,
        officer: OfficerId,
        owner: ParticipantId,
        now: Instant,
    ) -> Result<(), Failure<EnteredRefusal>> {
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::EnterAct,
            resource: Resource::Person { owner },
            now,
        };
        Permit::ask(&*self.policy, query)
            .map(|_| ())
            .map_err(|_| Failure::Refused(EnteredRefusal::NotAllowed))
    }

    /// The draft of one step.
    pub(crate) fn entered_draft(
        &self,
        act: &EnteredAct,
        (step, by): (EnteredStep, Option<OfficerId>),
        words: Option<&str>,
        actor: ActorClass,
        now: Instant,
    ) -> Result<Draft, Fault> {
        let (about, notice_sha256) = match act.entry {
            Entry::Grant { offer, notice, .. } => {
                (Some(records::id(&offer)?), Some(wire::Digest::new(notice.0)))
            }
            Entry::Withdraw { consent } | Entry::Freeze { consent } => (Some(records::id(&consent)?), None),
            Entry::Ask { request: case, .. } | Entry::Capacity { case, .. } => {
                (Some(records::id(&case)?), None)
            }
            Entry::Code { .. } => (None, None),
        };
        let form = act.sheet.form.as_ref().map(Text::new).transpose();
        let record = Record::Entered(wire::EnteredAct {
            act: records::id(&act.id)?,
            participant: records::id(&act.participant)?,
            what: what(&act.entry),
            step,
            method: records::consent::method(act.method),
            entered_by: records::id(&act.by)?,
            entered_at: records::at(act.at)?,
            decided_by: by.as_ref().map(records::id).transpose()?,
            about,
            notice_sha256,
            form: form.map_err(|_| Fault::Corrupt { what: "form" })?,
            signed_on: act.sheet.signed_on.as_ref().map(records::id).transpose()?,
            arrived_on: act.sheet.arrived_on.as_ref().map(records::id).transpose()?,
            scan_sha256: act.sheet.scan.map(|scan| wire::Digest::new(scan.0)),
            seen: seen(act),
            not_before: act.code_from().map(|(from, _)| records::at(from)).transpose()?,
            words_sha256: words.map(|words| wire::Digest::of(words.as_bytes())),
            at: records::at(now)?,
        });
        Ok(Draft {
            subject: act.participant.into(),
            actor,
            signed: self.sign(record)?,
        })
    }
}

/// The officer of a session.
fn officer(session: &LiveSession) -> Result<OfficerId, Failure<EnteredRefusal>> {
    match session.role {
        SessionRole::Officer(officer) => Ok(officer),
        SessionRole::Participant(_) | SessionRole::Researcher(_) => {
            Err(Failure::Refused(EnteredRefusal::NotAllowed))
        }
    }
}

const fn what(entry: &Entry) -> EnteredWhat {
    match entry {
        Entry::Grant { .. } => EnteredWhat::Grant,
        Entry::Withdraw { .. } => EnteredWhat::Withdraw,
        Entry::Freeze { .. } => EnteredWhat::Freeze,
        Entry::Ask { .. } => EnteredWhat::AskRight,
        Entry::Code { .. } => EnteredWhat::NewCode,
        Entry::Capacity { .. } => EnteredWhat::EndCapacity,
    }
}

const fn seen(act: &EnteredAct) -> Option<EnteredSeen> {
    let Entry::Code { seen: first } = act.entry else {
        return None;
    };
    let second = match act.state {
        EnteredState::Confirmed { seen, .. } => seen,
        EnteredState::Waiting | EnteredState::SentBack { .. } | EnteredState::Stopped { .. } => {
            Seen::FromAfar
        }
    };
    Some(match (first, second) {
        (Seen::InPerson, Seen::InPerson) => EnteredSeen::Both,
        (Seen::FromAfar, Seen::FromAfar) => EnteredSeen::Nobody,
        _ => EnteredSeen::One,
    })
}
