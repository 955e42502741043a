//! Notices, offers, consents and their events.

use async_trait::async_trait;
use broker_domain::consent::{Consent, ConsentEvent, EvidenceLevel, How, Offer};
use broker_domain::ids::{ConsentId, Digest, OfferId, OrganisationId, ParticipantId, PointId, Purpose};
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
    /// How strong the evidence of an agreement must be at least: the first three levels.
    pub evidence: EvidenceLevel,
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

/// How an event of a consent came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActRow {
    /// Of the event.
    pub seq: u32,
    /// How.
    pub how: How,
}

/// A notice that a person was shown with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServedRow {
    /// To whom.
    pub participant: ParticipantId,
    /// With which offer.
    pub offer: OfferId,
    /// Which text.
    pub notice: Digest,
    /// When first.
    pub first_at: Instant,
    /// When last, to the minute.
    pub last_at: Instant,
}

/// Terms that wait for a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentRow {
    /// Random, under the hash that is signed.
    pub nonce: [u8; 32],
    /// Who is to sign.
    pub participant: ParticipantId,
    /// The consent it would make.
    pub consent: ConsentId,
    /// The offer it answers.
    pub offer: OfferId,
    /// For which point.
    pub point: PointId,
    /// The notice that was shown.
    pub notice: Digest,
    /// When that was shown first.
    pub asked_at: Instant,
    /// When the terms were drafted: the consent covers readings from then on.
    pub drafted_at: Instant,
    /// What is signed, canonical JSON.
    pub intent: Vec<u8>,
    /// The terms, canonical JSON.
    pub draft: Vec<u8>,
    /// Until when it may be answered.
    pub expires_at: Instant,
    /// When it was answered.
    pub used_at: Option<Instant>,
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
    /// How the events of a consent came about, in order; those of before this was kept are missing.
    async fn consent_acts(&mut self, id: ConsentId) -> Result<Vec<ActRow>, StoreError>;
    /// When a consent was asked for; not known of those of before this was kept.
    async fn consent_asked_at(&mut self, id: ConsentId) -> Result<Option<Instant>, StoreError>;
    /// When a person was shown a notice with an offer.
    async fn notice_served(
        &mut self,
        participant: ParticipantId,
        offer: OfferId,
        notice: Digest,
    ) -> Result<Option<ServedRow>, StoreError>;
    /// What waits, or waited, for a signature.
    async fn consent_intent(&mut self, nonce: [u8; 32]) -> Result<Option<IntentRow>, StoreError>;
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
    /// Says how an event came about; once.
    async fn add_consent_act(&mut self, id: ConsentId, act: ActRow) -> Result<(), StoreError>;
    /// Says when a consent was asked for; once.
    async fn add_consent_request(&mut self, id: ConsentId, asked_at: Instant) -> Result<(), StoreError>;
    /// A person is shown a notice: the first time stays, the last one moves.
    async fn serve_notice(
        &mut self,
        participant: ParticipantId,
        offer: OfferId,
        notice: Digest,
        at: Instant,
    ) -> Result<(), StoreError>;
    /// Keeps terms until they are signed, and forgets those that ran out before `forget`. The person has at most as many as
    /// `most` then: the oldest go.
    async fn add_consent_intent(
        &mut self,
        row: &IntentRow,
        forget: Instant,
        most: u32,
    ) -> Result<(), StoreError>;
    /// Marks terms answered. A second time is a conflict.
    async fn use_consent_intent(&mut self, nonce: [u8; 32], at: Instant) -> Result<(), StoreError>;
}
