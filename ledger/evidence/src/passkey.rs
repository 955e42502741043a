//! The person's own signature: a WebAuthn assertion over the hash of the exact terms.
//!
//! ```text
//! intent    = JCS({"typ","action","record","terms_sha256","notice_sha256","locale","rp_id","nonce","iat","exp"})
//! challenge = SHA-256(rp_id || "/" || typ || 0x00 || intent)
//! signed    = authenticatorData || SHA-256(raw clientDataJSON)
//! ```
//!
//! [`verify`] is what the broker runs when the person acts, and what an auditor runs years later: whatever it needs to
//! know of stored state is an argument. [`verify_record_act`] does the same from a consent record alone.
//!
//! LIMIT: an assertion proves that a key signed, with the person verified by her device. That the screen showed what was
//! signed is proved by nothing here; that the key is hers, by the event that registered it.

mod act;
mod authenticator_data;
mod cbor;
mod client_data;
mod credential;
mod intent;
mod key;
mod list;
mod record_act;
mod refusal;
mod registration;

pub use act::WebauthnAct;
pub use authenticator_data::Flags;
pub use credential::{Aaguid, Attestation, Credential, CredentialId, PartyError, RelyingParty, WireError};
pub use intent::{Action, Intent, IntentError, Label, Locale, Nonce, RpId, UnixSeconds, Window};
pub use key::{Algorithm, CredentialKey, KeyError};
pub use list::{ListPlace, SignedList};
pub use record_act::{ActError, ActEvidence, Holder, Registered, VerifiedAct, draft_of, verify_record_act};
pub use refusal::Refusal;
pub use registration::{AttestationFormat, AttestationObject, RegistrationError};

use ring::digest::{SHA256, digest};

use self::authenticator_data::AuthenticatorData;
use crate::jws::Thumbprint;
use crate::record::{Digest, EvidenceLevel, Id, Instant};

/// What the browser handed over, as the exact bytes: re-serialised JSON would have another hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// `rawId`: which key is said to have signed.
    pub credential_id: CredentialId,
    /// `response.clientDataJSON`.
    pub client_data_json: Vec<u8>,
    /// `response.authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `response.signature`: DER for ECDSA, the plain signature otherwise.
    pub signature: Vec<u8>,
}

/// What the store knows of the intent that the assertion answers.
#[derive(Clone, Copy, Debug)]
pub enum StoredIntent<'a> {
    /// No such intent was given out.
    Unknown,
    /// It was answered before.
    Used,
    /// It waits for an answer. Who accepts the answer marks it used in the same transaction.
    Waiting(&'a Intent),
}

/// The page that was served with the intent.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What kind of act.
    pub label: Label,
    /// What the act does.
    pub action: Action,
    /// The consent, or whatever is decided on.
    pub record: &'a Id,
    /// The language of the page.
    pub locale: &'a Locale,
}

/// Everything an assertion over terms is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The intent, as stored.
    pub intent: StoredIntent<'a>,
    /// What was served with it.
    pub page: Page<'a>,
    /// The canonical bytes of the draft as it is stored *now*.
    pub terms: &'a [u8],
    /// The bytes of the notice as they are stored *now*.
    pub notice: &'a [u8],
    /// Who asks, and from where.
    pub party: &'a RelyingParty,
    /// Who acts.
    pub subject: &'a Id,
    /// The key the assertion names, if one of that name is known.
    pub credential: Option<&'a Credential>,
    /// When she acts; for an auditor, when she acted.
    pub at: Instant,
}

/// A challenge of any origin and who may answer it: the part of [`Expected`] that knows nothing of terms.
#[derive(Clone, Copy, Debug)]
pub struct Ceremony<'a> {
    /// The bytes that were given to the browser.
    pub challenge: &'a [u8],
    /// Who asks, and from where.
    pub party: &'a RelyingParty,
    /// Who answers.
    pub subject: &'a Id,
    /// The key the assertion names, if one of that name is known.
    pub credential: Option<&'a Credential>,
    /// When she answers.
    pub at: Instant,
}

/// A registered key of this person answered the challenge. It says nothing of terms: see [`Verified`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    flags: Flags,
    sign_count: u32,
    algorithm: Algorithm,
    thumbprint: Thumbprint,
    level: EvidenceLevel,
}

impl Answered {
    /// What the authenticator said of the person and of the key.
    pub const fn flags(&self) -> Flags {
        self.flags
    }

    /// The authenticator's counter. LIMIT: 0 on synced passkeys, so that nothing rests on it.
    pub const fn sign_count(&self) -> u32 {
        self.sign_count
    }

    /// How it was signed.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Which key signed (RFC 7638).
    pub const fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// [`EvidenceLevel::L4`] for a device-bound key with a checked attestation, otherwise [`EvidenceLevel::L3`].
    pub const fn level(&self) -> EvidenceLevel {
        self.level
    }
}

/// The person signed exactly these terms and this notice.
///
/// LIMIT: strong enough for a participant. Acts of people in a role ask for [`Label::least_level`], which the caller
/// compares with [`Answered::level`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    intent: Intent,
    answered: Answered,
}

impl Verified {
    /// What was signed.
    pub const fn intent(&self) -> &Intent {
        &self.intent
    }

    /// How it was signed, and how strong that is.
    pub const fn answered(&self) -> &Answered {
        &self.answered
    }
}

/// Verifies an assertion over terms, in the order of the reference (`consent.md` §4.2, 1–6).
///
/// A first refusal ends it, so that the variant names the first thing that is wrong.
///
/// # Errors
/// Any [`Refusal`].
pub fn verify(assertion: &Assertion, expected: &Expected<'_>) -> Result<Verified, Refusal> {
    verify_under(assertion, expected, Digest::of(expected.notice))
}

/// The same with the digest of the notice, whose bytes are not at hand.
fn verify_under(assertion: &Assertion, expected: &Expected<'_>, notice: Digest) -> Result<Verified, Refusal> {
    let intent = match expected.intent {
        StoredIntent::Unknown => return Err(Refusal::IntentUnknown),
        StoredIntent::Used => return Err(Refusal::IntentUsed),
        StoredIntent::Waiting(intent) => intent,
    };
    if !intent.window.contains(expected.at) {
        return Err(Refusal::IntentExpired);
    }
    intent_is_of_this_page(intent, expected, notice)?;
    let answered = verify_ceremony(
        assertion,
        &Ceremony {
            challenge: intent.challenge().as_bytes(),
            party: expected.party,
            subject: expected.subject,
            credential: expected.credential,
            at: expected.at,
        },
    )?;
    Ok(Verified {
        intent: intent.clone(),
        answered,
    })
}

/// §4.2, 2. An intent for another act, record or language is not the one that this page was served with.
fn intent_is_of_this_page(intent: &Intent, expected: &Expected<'_>, notice: Digest) -> Result<(), Refusal> {
    let page = expected.page;
    demand(
        Digest::of(expected.terms) == intent.terms_sha256,
        Refusal::TermsChanged,
    )?;
    demand(notice == intent.notice_sha256, Refusal::NoticeChanged)?;
    demand(intent.rp_id == *expected.party.rp_id(), Refusal::RpIdMismatch)?;
    demand(
        (intent.label, intent.action) == (page.label, page.action)
            && (&intent.record, &intent.locale) == (page.record, page.locale),
        Refusal::IntentUnknown,
    )
}

/// Verifies that a registered key of this person answered a challenge (`consent.md` §4.2, 3–6; WebAuthn L3 §7.2).
///
/// Proves nothing about terms unless the challenge does.
///
/// # Errors
/// Any [`Refusal`] but those of the intent, the terms and the notice.
pub fn verify_ceremony(assertion: &Assertion, ceremony: &Ceremony<'_>) -> Result<Answered, Refusal> {
    client_data::check(
        &assertion.client_data_json,
        ceremony.challenge,
        ceremony.party.origin(),
    )?;
    let named = ceremony
        .credential
        .filter(|known| known.id == assertion.credential_id);
    let data = AuthenticatorData::parse(&assertion.authenticator_data).ok_or(Refusal::Malformed)?;
    authenticator_agrees(&data, ceremony.party.rp_id(), named)?;
    let credential = usable(named, ceremony)?;
    let mut signed = assertion.authenticator_data.clone();
    signed.extend(digest(&SHA256, &assertion.client_data_json).as_ref());
    demand(
        credential.key.verifies(&signed, &assertion.signature),
        Refusal::SignatureInvalid,
    )?;
    let flags = data.flags();
    Ok(Answered {
        flags,
        sign_count: data.sign_count(),
        algorithm: credential.key.algorithm(),
        thumbprint: credential.key.thumbprint(),
        level: level(flags, credential.attestation),
    })
}

/// §4.2, 4.
fn authenticator_agrees(
    data: &AuthenticatorData<'_>,
    rp_id: &RpId,
    registered: Option<&Credential>,
) -> Result<(), Refusal> {
    let flags = data.flags();
    demand(*data.rp_id_hash() == rp_id.hash(), Refusal::RpIdMismatch)?;
    demand(flags.up, Refusal::NotPresent)?;
    demand(flags.uv, Refusal::NotVerified)?;
    // WebAuthn L3 §6.1.3: a key that cannot be backed up is not; whether it can be is fixed when it is made.
    let as_registered = registered.is_none_or(|credential| credential.flags.be == flags.be);
    demand(
        flags.are_consistent() && as_registered,
        Refusal::BackupFlagsInconsistent,
    )?;
    data.tail().map(|_| ()).ok_or(Refusal::Malformed)
}

/// §4.2, 5.
fn usable<'a>(
    credential: Option<&'a Credential>,
    ceremony: &Ceremony<'_>,
) -> Result<&'a Credential, Refusal> {
    let credential = credential.ok_or(Refusal::CredentialUnknown)?;
    demand(
        credential.subject == *ceremony.subject,
        Refusal::CredentialOfAnother,
    )?;
    demand(
        credential.is_valid_at(ceremony.at),
        Refusal::CredentialNotValidThen,
    )?;
    demand(
        ceremony.party.allows(credential.key.algorithm()),
        Refusal::AlgorithmNotAllowed,
    )?;
    Ok(credential)
}

/// `consent.md` §4.5.
const fn level(flags: Flags, attestation: Attestation) -> EvidenceLevel {
    match (flags.be, attestation) {
        (false, Attestation::Checked) => EvidenceLevel::L4,
        (true, _) | (false, Attestation::Unchecked) => EvidenceLevel::L3,
    }
}

fn demand(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}
