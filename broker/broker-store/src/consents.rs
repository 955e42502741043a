//! Notices, offers, consents and their events.

use async_trait::async_trait;
use broker_domain::consent::{Consent, ConsentEvent, Offer};
use broker_domain::ids::{ConsentId, Digest, OfferId, OrganisationId, ParticipantId, Purpose};
use broker_domain::time::Instant;

use crate::{Serial, StoreError};

/// A notice, found by the SHA-256 of the bytes shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// SHA-256 of `text` in UTF-8.
    pub digest: Digest,
    /// `fr`, `en` or `nl`.
    pub language: String,
    /// One line.
    pub title: String,
    /// The exact text, UTF-8 in NFC.
    pub text: String,
}

/// An offer with its notice in each language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRow {
    /// The terms. `offer.notice` is the digest of the French notice, the reference language.
    pub offer: Offer,
    /// Digest of the English notice.
    pub notice_en: Digest,
    /// Digest of the Dutch notice.
    pub notice_nl: Digest,
}

impl OfferRow {
    /// The digests of its notices, in the order of [`Lang::ALL`](broker_domain::lang::Lang::ALL).
    #[must_use]
    pub const fn notices(&self) -> [Digest; 3] {
        [self.offer.notice, self.notice_en, self.notice_nl]
    }
}

/// A consent event with where its record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The event.
    pub event: ConsentEvent,
    /// The participant's record. A refusal has none, nor has a request: the log holds what was agreed and what ended (`consent.md` §3), and
    /// asking again must not be provable against the person.
    pub serial: Option<Serial>,
    /// Index of its leaf. Follows from the record: not looked at when the event is added.
    pub leaf_index: Option<u64>,
}

/// Reading consents.
#[async_trait]
pub trait ConsentReads {
    /// A notice by digest.
    async fn notice(&mut self, digest: Digest) -> Result<Option<Notice>, StoreError>;
    /// All offers, in order of identifier.
    async fn offers(&mut self) -> Result<Vec<OfferRow>, StoreError>;
    /// One offer.
    async fn offer(&mut self, id: OfferId) -> Result<Option<OfferRow>, StoreError>;
    /// One consent with its events.
    async fn consent(&mut self, id: ConsentId) -> Result<Option<Consent>, StoreError>;
    /// Every consent of a participant with its events, in order of identifier.
    async fn consents_of(&mut self, participant: ParticipantId) -> Result<Vec<Consent>, StoreError>;
    /// Every consent to this recipient for this purpose, in order of identifier.
    async fn consents_to(
        &mut self,
        recipient: OrganisationId,
        purpose: &Purpose,
    ) -> Result<Vec<Consent>, StoreError>;
    /// Consents whose end has come by `now` and was not announced, in order of identifier after `after`, at most `limit`.
    async fn unannounced_ends(
        &mut self,
        now: Instant,
        after: Option<ConsentId>,
        limit: u32,
    ) -> Result<Vec<Consent>, StoreError>;
    /// The offers that a participant wants to be reminded of, each with when, in order of identifier.
    async fn reminders_of(
        &mut self,
        participant: ParticipantId,
    ) -> Result<Vec<(OfferId, Instant)>, StoreError>;
    /// The events of a consent with their leaves, in order.
    async fn recorded_events(&mut self, id: ConsentId) -> Result<Vec<RecordedEvent>, StoreError>;
}

/// Writing consents.
#[async_trait]
pub trait ConsentWrites {
    /// Adds a notice; the same notice twice is one.
    async fn add_notice(&mut self, notice: &Notice) -> Result<(), StoreError>;
    /// Adds an offer.
    async fn add_offer(&mut self, row: &OfferRow) -> Result<(), StoreError>;
    /// Adds a consent without its events.
    async fn add_consent(&mut self, consent: &Consent) -> Result<(), StoreError>;
    /// Adds the next event. A number that is taken, or that leaves a gap, is a conflict.
    async fn add_consent_event(&mut self, id: ConsentId, event: &RecordedEvent) -> Result<(), StoreError>;
    /// Keeps when a participant wants to see an offer again; a second time replaces the first.
    async fn set_reminder(
        &mut self,
        participant: ParticipantId,
        offer: OfferId,
        at: Instant,
    ) -> Result<(), StoreError>;
    /// Forgets it; nothing happens where there is none.
    async fn forget_reminder(&mut self, participant: ParticipantId, offer: OfferId)
    -> Result<(), StoreError>;
}
