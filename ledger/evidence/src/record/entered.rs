//! What officers enter for people who wrote, called or came: one enters, another looks at it.

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant, Method, RecordError, Text, demand};

/// A step of an act that an officer entered for a person. What it brought about has a record of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnteredAct {
    /// Which act.
    pub act: Id,
    /// For whom.
    pub participant: Id,
    /// What was entered.
    pub what: EnteredWhat,
    /// What happened to it.
    pub step: EnteredStep,
    /// How it came: on paper or by telephone.
    pub method: Method,
    /// The officer who entered it.
    pub entered_by: Id,
    /// When.
    pub entered_at: Instant,
    /// The officer who confirmed it or sent it back, or who handed the code out; absent where the person stopped it herself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Id>,
    /// The sharing, the offer or the request it is about; absent for a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
    /// SHA-256 of the notice printed on the form, for a grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_sha256: Option<Digest>,
    /// The reference printed on the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Text>,
    /// The day beside the signature, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_on: Option<Id>,
    /// The day on which it arrived, or of the call, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived_on: Option<Id>,
    /// SHA-256 of the scan of the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_sha256: Option<Digest>,
    /// Which of the officers saw the person, for a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<EnteredSeen>,
    /// From when on a confirmed code may be handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
    /// SHA-256 of the reason for which it was sent back, UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words_sha256: Option<Digest>,
    /// When this step was recorded.
    pub at: Instant,
}

/// What was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnteredWhat {
    /// The person agreed, on paper.
    Grant,
    /// She withdrew.
    Withdraw,
    /// She stopped transfers.
    Freeze,
    /// She asked for one of her rights.
    AskRight,
    /// She lost the way into her account.
    NewCode,
    /// She died or cannot decide any more, as a document shows.
    EndCapacity,
}

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnteredStep {
    /// An officer entered it.
    Entered,
    /// Another officer found it right.
    Confirmed,
    /// Another officer found it wrong.
    SentBack,
    /// The person stopped it.
    Stopped,
    /// A code was made, to be handed to the person.
    CodeMade,
}

/// Which of the officers saw the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnteredSeen {
    /// Neither, as far as it was decided then.
    Nobody,
    /// One of them.
    One,
    /// Both.
    Both,
}

impl EnteredAct {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        demand(
            matches!(self.method, Method::Paper | Method::Phone),
            "an entered act comes on paper or by telephone",
        )?;
        let by_officer = matches!(
            self.step,
            EnteredStep::Confirmed | EnteredStep::SentBack | EnteredStep::CodeMade
        );
        demand(
            self.decided_by.is_some() == by_officer,
            "a decision has an officer, and no other step has",
        )?;
        // Either officer hands the code out.
        demand(
            self.step == EnteredStep::CodeMade || self.decided_by.as_ref() != Some(&self.entered_by),
            "the same officer entered and decided it",
        )?;
        let is_code = self.what == EnteredWhat::NewCode;
        demand(
            is_code || self.step != EnteredStep::CodeMade,
            "a step of codes alone",
        )?;
        // What counts at once is not stopped: it is done.
        demand(
            self.step != EnteredStep::Stopped
                || matches!(
                    self.what,
                    EnteredWhat::NewCode | EnteredWhat::Grant | EnteredWhat::EndCapacity
                ),
            "a step of what waits for another officer",
        )?;
        demand(
            self.seen.is_some() == is_code && self.about.is_none() == is_code,
            "a code says who saw the person, and anything else what it is about",
        )?;
        demand(
            self.notice_sha256.is_some() == (self.what == EnteredWhat::Grant),
            "a grant names its notice, and nothing else does",
        )?;
        demand(
            self.words_sha256.is_some() == (self.step == EnteredStep::SentBack),
            "what is sent back has a reason, and nothing else has",
        )?;
        demand(self.entered_at <= self.at, "it was entered afterwards")
    }
}
