//! Acts that officers enter for people, and the forms by which they enrol them.
//!
//! Rows that hold secrets have no `Debug`.

use async_trait::async_trait;
use broker_domain::entered::EnteredAct;
use broker_domain::ids::{EnrolmentFormId, EnteredId, MessageId, OfficerId, ParticipantId};
use broker_domain::time::Instant;

use crate::{Serial, StoreError};

/// An entered act with the leaves of its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredRow {
    /// The act.
    pub act: EnteredAct,
    /// Index of the leaf that says that it was entered.
    pub leaf: u64,
    /// Index of the leaf of what it brought about.
    pub effect_leaf: Option<u64>,
    /// Index of the leaf that says how it was decided or stopped.
    pub decided_leaf: Option<u64>,
    /// Why it was sent back.
    pub reason: Option<SealedReason>,
    /// Hash of the newest invitation that was made of it.
    pub invitation: Option<[u8; 32]>,
    /// When its letter was posted, and by whom.
    pub posted: Option<(OfficerId, Instant)>,
}

/// Words sealed under the data key of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedReason {
    /// Epoch of the data key.
    pub epoch: u32,
    /// The words.
    pub sealed: Vec<u8>,
}

/// What a decision writes.
#[derive(Debug, Clone, Copy)]
pub struct DecidedSteps {
    /// The record of the decision.
    pub serial: Serial,
    /// The record of what it brought about.
    pub effect: Option<Serial>,
}

/// The code by which a person stops a new code for her account.
#[derive(Clone, PartialEq, Eq)]
pub struct StopCodeRow {
    /// Of which act.
    pub act: EnteredId,
    /// Keyed hash of the code.
    pub hash: [u8; 32],
    /// Epoch of the data key.
    pub epoch: u32,
    /// The code, sealed; empty once the message that brings it was sent.
    pub sealed: Vec<u8>,
    /// That message.
    pub message: MessageId,
}

/// A form by which somebody was enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnrolmentFormRow {
    /// Identifier, drawn when the form was shown.
    pub id: EnrolmentFormId,
    /// Who was enrolled.
    pub participant: ParticipantId,
    /// By whom.
    pub officer: OfficerId,
    /// When.
    pub at: Instant,
}

/// Reading entered acts.
#[async_trait]
pub trait EnteredReads {
    /// One act.
    async fn entered(&mut self, id: EnteredId) -> Result<Option<EnteredRow>, StoreError>;
    /// Acts that nobody decided and that can still be decided, oldest first, at most `limit`: without those that expired.
    async fn entered_waiting(&mut self, now: Instant, limit: u32) -> Result<Vec<EnteredRow>, StoreError>;
    /// Acts that were decided or stopped, the newest decision first, at most `limit`.
    async fn entered_decided(&mut self, limit: u32) -> Result<Vec<EnteredRow>, StoreError>;
    /// Acts that took effect or were decided, and whose letter was not posted yet: oldest first, at most `limit`. What the
    /// person stopped herself has none.
    async fn entered_to_post(&mut self, limit: u32) -> Result<Vec<EnteredRow>, StoreError>;
    /// Acts of one person, newest first, at most `limit`.
    async fn entered_of(&mut self, who: ParticipantId, limit: u32) -> Result<Vec<EnteredRow>, StoreError>;
    /// The end of her capacity that an officer entered and that still waits for another one.
    async fn capacity_entered(
        &mut self,
        who: ParticipantId,
        now: Instant,
    ) -> Result<Option<EnteredRow>, StoreError>;
    /// The stop code with this hash.
    async fn stop_code(&mut self, hash: [u8; 32]) -> Result<Option<StopCodeRow>, StoreError>;
    /// The stop code that a message brings.
    async fn stop_code_of(&mut self, message: MessageId) -> Result<Option<StopCodeRow>, StoreError>;
    /// A form by which somebody was enrolled.
    async fn enrolment_form(&mut self, id: EnrolmentFormId) -> Result<Option<EnrolmentFormRow>, StoreError>;
}

/// Writing entered acts.
#[async_trait]
pub trait EnteredWrites {
    /// Adds an act with its record, and that of what it brought about. One that is known is a conflict.
    async fn add_entered(
        &mut self,
        act: &EnteredAct,
        serial: Serial,
        effect: Option<Serial>,
    ) -> Result<(), StoreError>;
    /// Writes how an act was decided, with its records. One that was decided before is a conflict. What was posted before is
    /// to be posted again when it was sent back, and the end of a capacity in any case: its two letters say different things.
    async fn decide_entered(
        &mut self,
        act: &EnteredAct,
        steps: DecidedSteps,
        reason: Option<&SealedReason>,
    ) -> Result<(), StoreError>;
    /// Writes that the person stopped an act, whether it was confirmed or not, with the record of that. One that was sent back
    /// or stopped before is a conflict.
    async fn stop_entered(&mut self, act: &EnteredAct, serial: Serial) -> Result<(), StoreError>;
    /// Notes the newest invitation that was made of an act.
    async fn note_invitation(&mut self, id: EnteredId, invitation: [u8; 32]) -> Result<(), StoreError>;
    /// Deletes the invitations of a person that were not used.
    async fn close_invitations(&mut self, who: ParticipantId) -> Result<(), StoreError>;
    /// Notes that the letter about an act in this state was posted. Twice is a conflict, and so is an act that was decided or
    /// stopped since: another letter waits then.
    async fn post_entered(&mut self, act: &EnteredAct, by: OfficerId, at: Instant) -> Result<(), StoreError>;
    /// Adds a stop code. An act has one.
    async fn add_stop_code(&mut self, row: &StopCodeRow) -> Result<(), StoreError>;
    /// Empties the sealed code that a message has brought; none of that message is no conflict.
    async fn forget_stop_code(&mut self, message: MessageId) -> Result<(), StoreError>;
    /// Adds a form by which somebody was enrolled. One that is known is a conflict.
    async fn add_enrolment_form(&mut self, row: &EnrolmentFormRow) -> Result<(), StoreError>;
}
