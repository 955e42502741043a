//! Messages to people: where each wants them, and the queue they leave by.

use async_trait::async_trait;
use broker_domain::ids::{ConsentId, MessageId, ParticipantId};
use broker_domain::telling::MessageChannel;
use broker_domain::time::Instant;

use crate::StoreError;

/// Where a person wants messages. Sealed under her data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddressRow {
    /// Whose.
    pub participant: ParticipantId,
    /// Epoch of the data key.
    pub epoch: u32,
    /// The address.
    pub sealed: Vec<u8>,
    /// When she gave it.
    pub set_at: Instant,
}

/// An address that waits for its code. Sealed under the data key of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailPendingRow {
    /// Whose.
    pub participant: ParticipantId,
    /// Epoch of the data key.
    pub epoch: u32,
    /// The address.
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

/// What a message is about. A code that a store keeps; the words are the service's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// She agreed.
    Granted,
    /// She withdrew.
    Withdrawn,
    /// A sharing ends within 30 days.
    EndsInThirty,
    /// Within 7 days.
    EndsInSeven,
    /// Within a day.
    EndsTomorrow,
    /// It ended by itself.
    Ended,
    /// A recipient did not acknowledge a withdrawal in time.
    Unanswered,
    /// Signed in on a device that was not seen before.
    NewDevice,
    /// Signed in with a recovery code.
    Recovered,
    /// A way to sign in was added.
    WayAdded,
    /// A way to sign in was removed, or recovery codes made.
    WayChanged,
    /// The owner said that it was not her.
    Frozen,
    /// The account was opened again.
    Reopened,
    /// The address was changed; goes to the old one.
    AddressChanged,
    /// A departure from a home was recorded, by her or from the contract.
    HomeLeft,
    /// The contract of a meter changed, and her word is awaited.
    ContractChanged,
    /// Another address was given and is not confirmed yet; goes to the old one.
    AddressAsked,
    /// The code that confirms an address; goes to the new one.
    AddressCode,
    /// An officer wrote in one of her requests.
    RightsWritten,
    /// An officer takes two further months for one.
    RightsExtended,
    /// An officer answered one.
    RightsAnswered,
    /// Data were sent under a sharing for the first time.
    FirstTransfer,
    /// She lets somebody act for her.
    MandateGiven,
    /// A mandate was taken on; goes to both.
    MandateAccepted,
    /// A mandate was ended before its time; goes to both.
    MandateEnded,
    /// Somebody did something for her; goes to both.
    DelegateActed,
    /// Another adult of her home objected, or was answered.
    HouseholdSpoke,
    /// She said that she did not agree to a sharing; it stands still.
    SharingFrozen,
    /// A sharing that stood still goes on.
    SharingLifted,
    /// Two officers agreed on a new code for her account; brings the code that stops it.
    CodePrepared,
    /// An officer entered what she wrote or said.
    Entered,
    /// What an officer had entered turned out wrong.
    EnteredWrong,
    /// Much more was sent under a sharing than is usual for it.
    UnusualVolume,
    /// A breach concerns her.
    Breach,
    /// A summary of a year is ready.
    SummaryReady,
    /// An officer entered that she died or cannot decide any more; brings the code that stops it.
    CapacityEntered,
    /// Another officer confirmed that.
    CapacityRecorded,
    /// Another telephone number was given and is not confirmed yet.
    PhoneAsked,
    /// The code that confirms a telephone number; goes to the new one.
    PhoneCode,
    /// The telephone number was changed or forgotten.
    PhoneChanged,
    /// Other channels were chosen for her messages; goes by those before.
    ChannelsChanged,
    /// Somebody joined a project of research that may use what she shares.
    ProjectJoined,
    /// Something changed about a sharing of a meter whose contract she holds with another.
    JointChanged,
    /// An agreement about such a meter waits for her.
    AgreementWaits,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 44] = [
        Self::Granted,
        Self::Withdrawn,
        Self::EndsInThirty,
        Self::EndsInSeven,
        Self::EndsTomorrow,
        Self::Ended,
        Self::Unanswered,
        Self::NewDevice,
        Self::Recovered,
        Self::WayAdded,
        Self::WayChanged,
        Self::Frozen,
        Self::Reopened,
        Self::AddressChanged,
        Self::HomeLeft,
        Self::ContractChanged,
        Self::AddressAsked,
        Self::AddressCode,
        Self::RightsWritten,
        Self::RightsExtended,
        Self::RightsAnswered,
        Self::FirstTransfer,
        Self::MandateGiven,
        Self::MandateAccepted,
        Self::MandateEnded,
        Self::DelegateActed,
        Self::HouseholdSpoke,
        Self::SharingFrozen,
        Self::SharingLifted,
        Self::CodePrepared,
        Self::Entered,
        Self::EnteredWrong,
        Self::UnusualVolume,
        Self::Breach,
        Self::SummaryReady,
        Self::CapacityEntered,
        Self::CapacityRecorded,
        Self::PhoneAsked,
        Self::PhoneCode,
        Self::PhoneChanged,
        Self::ChannelsChanged,
        Self::ProjectJoined,
        Self::JointChanged,
        Self::AgreementWaits,
    ];

    /// The code in the database, and the name of its text.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Withdrawn => "withdrawn",
            Self::EndsInThirty => "ends-in-30",
            Self::EndsInSeven => "ends-in-7",
            Self::EndsTomorrow => "ends-in-1",
            Self::Ended => "ended",
            Self::Unanswered => "unanswered",
            Self::NewDevice => "new-device",
            Self::Recovered => "recovered",
            Self::WayAdded => "way-added",
            Self::WayChanged => "way-changed",
            Self::Frozen => "frozen",
            Self::Reopened => "reopened",
            Self::AddressChanged => "address-changed",
            Self::HomeLeft => "home-left",
            Self::ContractChanged => "contract-changed",
            Self::AddressAsked => "address-asked",
            Self::AddressCode => "address-code",
            Self::RightsWritten => "rights-written",
            Self::RightsExtended => "rights-extended",
            Self::RightsAnswered => "rights-answered",
            Self::FirstTransfer => "first-transfer",
            Self::MandateGiven => "mandate-given",
            Self::MandateAccepted => "mandate-accepted",
            Self::MandateEnded => "mandate-ended",
            Self::DelegateActed => "delegate-acted",
            Self::HouseholdSpoke => "household-spoke",
            Self::SharingFrozen => "sharing-frozen",
            Self::SharingLifted => "sharing-lifted",
            Self::CodePrepared => "code-prepared",
            Self::Entered => "entered",
            Self::EnteredWrong => "entered-wrong",
            Self::UnusualVolume => "unusual-volume",
            Self::Breach => "breach",
            Self::SummaryReady => "summary-ready",
            Self::CapacityEntered => "capacity-entered",
            Self::CapacityRecorded => "capacity-recorded",
            Self::PhoneAsked => "phone-asked",
            Self::PhoneCode => "phone-code",
            Self::PhoneChanged => "phone-changed",
            Self::ChannelsChanged => "channels-changed",
            Self::ProjectJoined => "project-joined",
            Self::JointChanged => "joint-changed",
            Self::AgreementWaits => "agreement-waits",
        }
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// Follows from the occasion: one occasion is one message, whoever notices it how often.
    pub id: MessageId,
    /// To whom.
    pub participant: ParticipantId,
    /// How it leaves.
    pub channel: MessageChannel,
    /// What about.
    pub kind: MessageKind,
    /// About which sharing.
    pub consent: Option<ConsentId>,
    /// For reminders: the end of the sharing that they are about.
    pub ends_at: Option<Instant>,
    /// Epoch of the key of `to_sealed`.
    pub epoch: u32,
    /// Address or number when it was queued: a later change does not draw it elsewhere. Empty for a letter by post: an
    /// officer opens the postal address, which the person cannot change by herself.
    pub to_sealed: Vec<u8>,
    /// When it was queued.
    pub queued_at: Instant,
    /// When it is tried next.
    pub due_at: Instant,
    /// How often it was begun to be sent.
    pub attempts: u32,
}

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageEnd {
    /// Somebody else answers for it.
    Sent,
    /// Given up: refused, or tried too often.
    Failed,
    /// What it was about is over before it left: a reminder of a sharing that was withdrawn meanwhile.
    Overtaken,
}

impl MessageEnd {
    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Overtaken => "overtaken",
        }
    }

    /// The end with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Sent, Self::Failed, Self::Overtaken]
            .into_iter()
            .find(|end| end.code() == code)
    }
}

/// The state of the queue, for the officer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageCounts {
    /// Waiting, the first attempt to come.
    pub waiting: u64,
    /// Waiting after a failed attempt.
    pub retrying: u64,
    /// Given up.
    pub failed: u64,
    /// Sent.
    pub sent: u64,
}

/// Reading messages.
#[async_trait]
pub trait MessageReads {
    /// Where a person wants messages, if she said so.
    async fn mail_address(&mut self, who: ParticipantId) -> Result<Option<MailAddressRow>, StoreError>;
    /// An address that waits for its code, if there is one; also one whose time is over.
    async fn mail_pending(&mut self, who: ParticipantId) -> Result<Option<MailPendingRow>, StoreError>;
    /// A message, whatever became of it.
    async fn message(&mut self, id: MessageId) -> Result<Option<MessageRow>, StoreError>;
    /// Messages of one channel to be tried by `now`, those due first first, at most `limit`.
    async fn messages_due(
        &mut self,
        channel: MessageChannel,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError>;
    /// A letter by post that waits for an officer; `None` for anything else.
    async fn letter_to_post(&mut self, id: MessageId) -> Result<Option<MessageRow>, StoreError>;
    /// What was queued for a person, newest first, at most `limit`, with how and when each ended.
    async fn messages_to(
        &mut self,
        who: ParticipantId,
        limit: u32,
    ) -> Result<Vec<(MessageRow, Option<(MessageEnd, Instant)>)>, StoreError>;
    /// When a message was sent; `None` for one that waits, was given up or is not known any more.
    async fn message_sent(&mut self, id: MessageId) -> Result<Option<Instant>, StoreError>;
    /// The state of the queue. Letters by post are not in it: they wait for an officer.
    async fn message_counts(&mut self) -> Result<MessageCounts, StoreError>;
    /// How many e-mails to a person were given up since she gave her address.
    async fn failed_messages_to(&mut self, who: ParticipantId) -> Result<u64, StoreError>;
    /// Sharings that end after `from` and not after `until`, of people whom a message reaches, without this message about this
    /// end, and not ended by an event that was recorded: at most `limit`, in order of identifier.
    async fn ends_untold(
        &mut self,
        kind: MessageKind,
        from: Instant,
        until: Instant,
        limit: u32,
    ) -> Result<Vec<ConsentId>, StoreError>;
}

/// Writing messages.
#[async_trait]
pub trait MessageWrites {
    /// Sets or replaces an address. An unknown person is a conflict.
    async fn set_mail_address(&mut self, row: &MailAddressRow) -> Result<(), StoreError>;
    /// Forgets an address; none is no conflict.
    async fn forget_mail_address(&mut self, who: ParticipantId) -> Result<(), StoreError>;
    /// Sets or replaces the address that waits. An unknown person is a conflict.
    async fn set_mail_pending(&mut self, row: &MailPendingRow) -> Result<(), StoreError>;
    /// Forgets the address that waits; none is no conflict.
    async fn forget_mail_pending(&mut self, who: ParticipantId) -> Result<(), StoreError>;
    /// Empties the sealed code that a message has brought; none of that message is no conflict.
    async fn forget_mail_code(&mut self, message: MessageId) -> Result<(), StoreError>;
    /// Queues a message. One that is known already stays as it is.
    async fn add_message(&mut self, row: &MessageRow) -> Result<(), StoreError>;
    /// Notes that an attempt begins: one more, and the next not before `retry_at`. A message that ended is a conflict.
    async fn begin_message(&mut self, id: MessageId, retry_at: Instant) -> Result<(), StoreError>;
    /// Takes the attempt back that began last: it was none of the message's. The next not before `retry_at`. A message that ended, or
    /// that no attempt was made of, is a conflict.
    async fn unbegin_message(&mut self, id: MessageId, retry_at: Instant) -> Result<(), StoreError>;
    /// Notes how a message ended; its sealed address is emptied. One that ended before is a conflict.
    async fn end_message(&mut self, id: MessageId, end: MessageEnd, at: Instant) -> Result<(), StoreError>;
    /// Ends every message to a person that waits, as overtaken; none is no conflict.
    async fn end_messages_to(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError>;
    /// Deletes messages that ended before `before`.
    async fn drop_messages(&mut self, before: Instant) -> Result<(), StoreError>;
}
