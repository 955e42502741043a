//! Telephone numbers, and the channels that people chose for their messages.

use async_trait::async_trait;
use broker_domain::ids::{MessageId, ParticipantId};
use broker_domain::telling::Channels;
use broker_domain::time::Instant;

use crate::StoreError;

/// The telephone number of a person, once she typed the code that was sent to it. Sealed under her data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneRow {
    /// Whose.
    pub participant: ParticipantId,
    /// Epoch of the data key.
    pub epoch: u32,
    /// The number.
    pub sealed: Vec<u8>,
    /// When it was confirmed.
    pub set_at: Instant,
}

/// A number that waits for its code. Sealed under the data key of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhonePendingRow {
    /// Whose.
    pub participant: ParticipantId,
    /// Epoch of the data key.
    pub epoch: u32,
    /// The number.
    pub sealed: Vec<u8>,
    /// The message that brings the code.
    pub message: MessageId,
    /// The code; empty once it was sent.
    pub code_sealed: Vec<u8>,
    /// Keyed hash of the code.
    pub code_hash: [u8; 32],
    /// Until when it is taken.
    pub expires_at: Instant,
    /// How often a code may still be typed.
    pub attempts_left: u8,
}

/// Reading numbers and choices.
#[async_trait]
pub trait PhoneReads {
    /// A person's telephone number, if she confirmed one.
    async fn phone(&mut self, who: ParticipantId) -> Result<Option<PhoneRow>, StoreError>;
    /// A number that waits for its code, if there is one; also one whose time is over.
    async fn phone_pending(&mut self, who: ParticipantId) -> Result<Option<PhonePendingRow>, StoreError>;
    /// The channels that a person chose; e-mail for whoever chose nothing.
    async fn channels(&mut self, who: ParticipantId) -> Result<Channels, StoreError>;
    /// How many short messages to a person were given up since she confirmed her number.
    async fn failed_texts_to(&mut self, who: ParticipantId) -> Result<u64, StoreError>;
}

/// Writing numbers and choices.
#[async_trait]
pub trait PhoneWrites {
    /// Sets or replaces a number. An unknown person is a conflict.
    async fn set_phone(&mut self, row: &PhoneRow) -> Result<(), StoreError>;
    /// Forgets a number; none is no conflict.
    async fn forget_phone(&mut self, who: ParticipantId) -> Result<(), StoreError>;
    /// Sets or replaces the number that waits. An unknown person is a conflict.
    async fn set_phone_pending(&mut self, row: &PhonePendingRow) -> Result<(), StoreError>;
    /// Forgets the number that waits; none is no conflict.
    async fn forget_phone_pending(&mut self, who: ParticipantId) -> Result<(), StoreError>;
    /// Empties the sealed code that a message has brought; none of that message is no conflict.
    async fn forget_phone_code(&mut self, message: MessageId) -> Result<(), StoreError>;
    /// Keeps the channels that a person chose. An unknown person is a conflict.
    async fn set_channels(&mut self, who: ParticipantId, chosen: &Channels) -> Result<(), StoreError>;
    /// Forgets her choice: by e-mail again. None is no conflict.
    async fn forget_channels(&mut self, who: ParticipantId) -> Result<(), StoreError>;
}
