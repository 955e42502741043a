//! The newest act of a consent record, verified from the record alone (`consent.md` §2.7, §4).
//!
//! ```text
//! draft        = the record without the last entry of "dpv:hasConsentStatus"
//! terms_sha256 = SHA-256(JCS(draft))
//! request ≤ dct:created ≤ intent.iat ≤ given < intent.exp, and given ≤ receipt
//! ```
//!
//! Each act is verified against its own version of the record: the one whose last event it is.
//!
//! LIMIT: the person signs the draft. What stands in the act itself beside `en:webauthn` (`dpv:hasDuration`,
//! `dpv:hasIndicationMethod`, the time within the window) is the word of whoever signed the record's JWS, which is verified
//! elsewhere. That an intent is used once shows only in all records together. Members are found by their names: that the
//! `@context` gives these names their meaning is for whoever takes the record in.

use serde_json::Value;

use super::{
    Action, Attestation, Credential, CredentialKey, Expected, KeyError, Label, Locale, Page, Refusal,
    RelyingParty, StoredIntent, UnixSeconds, Verified, WebauthnAct, verify_under,
};
use crate::{
    consent::{ONE_OF_SEVERAL, grant_of, whose},
    jcs::{self, JcsError},
    record::{Digest, Id, Instant},
};

/// Why an act in a record was refused.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The record is not canonical JSON.
    #[error("the record is not canonical")]
    Json(#[from] JcsError),
    /// A member of the record is missing or has another form.
    #[error("`{member}` is missing or not of its form")]
    Member {
        /// Its name.
        member: &'static str,
    },
    /// The last event is not a consent given or renewed.
    #[error("the last event of the record is not an act of giving")]
    NotAnAct,
    /// The assertion does not verify.
    #[error("the assertion is refused: {0}")]
    Refused(#[from] Refusal),
    /// Something happened before what it follows from.
    #[error("the times are out of order: {what}")]
    OutOfOrder {
        /// Which times.
        what: &'static str,
    },
    /// The record says otherwise than what was signed or registered.
    #[error("`{member}` says otherwise than what was signed or registered")]
    Contradiction {
        /// Its name.
        member: &'static str,
    },
}

/// What is needed besides the record.
#[derive(Clone, Copy, Debug)]
pub struct ActEvidence<'a> {
    /// The bytes of the notice; without them its digest in the record is believed, which the signature covers.
    pub notice: Option<&'a [u8]>,
    /// Who asked.
    pub party: &'a RelyingParty,
    /// What is known of the key.
    pub registered: Registered<'a>,
    /// `dct:created` of the receipt, if there is one.
    pub receipt_at: Option<Instant>,
}

/// What is known of the key of an act.
#[derive(Clone, Copy, Debug)]
pub enum Registered<'a> {
    /// The events of keys were read and know none of that name.
    Unknown,
    /// What the events of keys say.
    Known(&'a Credential),
    /// The events of keys are not at hand. The record's own word is taken for the key and its holder, so that the
    /// signature can be checked; [`VerifiedAct::holder`] says that no more was.
    NotAtHand,
}

/// How far a verified act goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The key was registered for the person who acted, and valid when she did.
    Proved,
    /// Some key signed; whose it was is the record's word.
    Claimed,
}

/// An act whose assertion covers the terms and the notice of its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAct {
    verified: Verified,
    actor: Id,
    data_subject: Id,
    given_at: Instant,
    holder: Holder,
}

impl VerifiedAct {
    /// What was signed and how.
    pub const fn verified(&self) -> &Verified {
        &self.verified
    }

    /// Who acted. Where this is not [`Self::data_subject`], a mandate must be shown besides.
    pub const fn actor(&self) -> &Id {
        &self.actor
    }

    /// Whose data are concerned.
    pub const fn data_subject(&self) -> &Id {
        &self.data_subject
    }

    /// When she acted, as the record says.
    pub const fn given_at(&self) -> Instant {
        self.given_at
    }

    /// Whether the key is known to be the actor's.
    pub const fn holder(&self) -> Holder {
        self.holder
    }
}

/// The canonical bytes that the newest act of this record covers: the record without that act.
///
/// # Errors
/// [`ActError::Json`], or [`ActError::Member`] without any event.
pub fn draft_of(record: &[u8]) -> Result<Vec<u8>, ActError> {
    without_last_event(jcs::parse(record)?)
}

fn without_last_event(mut record: Value) -> Result<Vec<u8>, ActError> {
    let events = record.get_mut(STATUS).and_then(Value::as_array_mut);
    events.and_then(Vec::pop).ok_or(missing(STATUS))?;
    Ok(jcs::to_bytes(&record)?)
}

/// Verifies the newest act of a record: the draft is made again, the notice hashed again, the assertion verified as it was
/// when she acted, and the times put in order. `record` is the payload of a JWS that was verified before.
///
/// # Errors
/// Any [`ActError`].
pub fn verify_record_act(record: &[u8], evidence: &ActEvidence<'_>) -> Result<VerifiedAct, ActError> {
    let record: Value = jcs::parse(record)?;
    let draft = without_last_event(record.clone())?;
    let read = Read::of(&record)?;
    let claimed = read.claimed_credential()?;
    let (credential, holder) = match evidence.registered {
        Registered::Unknown => (None, Holder::Proved),
        Registered::Known(credential) => (Some(credential), Holder::Proved),
        Registered::NotAtHand => (Some(&claimed), Holder::Claimed),
    };
    // That the record names a notice of the digest that was signed is checked with its language.
    let notice = evidence.notice.map_or(read.act.intent.notice_sha256, Digest::of);
    // Many drafts under one signature: the intent names the act, which the draft names too, and the root over all drafts.
    let (terms, about) = match &read.act.list {
        None => (draft, read.consent.clone()),
        Some(place) => (
            place.terms(&draft)?,
            grant_of(&record).ok_or(missing("en:pointList"))?,
        ),
    };
    let verified = verify_under(
        &read.act.assertion,
        &Expected {
            intent: StoredIntent::Waiting(&read.act.intent),
            page: Page {
                label: Label::ConsentIntent,
                action: read.action,
                record: &about,
                locale: &read.locale,
            },
            terms: &terms,
            notice: evidence.notice.unwrap_or_default(),
            party: evidence.party,
            subject: &read.actor,
            credential,
            at: read.given_at,
        },
        notice,
    )?;
    read.agrees_with(credential, &verified)?;
    read.is_in_order(evidence.receipt_at)?;
    Ok(VerifiedAct {
        verified,
        actor: read.actor,
        data_subject: read.data_subject,
        given_at: read.given_at,
        holder,
    })
}

const STATUS: &str = "dpv:hasConsentStatus";
const NOTICE: &str = "dpv:hasNotice";
const AT: &str = "dpv:isIndicatedAtTime";
const WEBAUTHN: &str = "en:webauthn";
const KEY: &str = "public_key_jwk";

/// What a verifier needs of a record.
struct Read<'a> {
    act: WebauthnAct,
    action: Action,
    consent: Id,
    locale: Locale,
    actor: Id,
    data_subject: Id,
    /// Whether the act says that it was done for the data subject.
    for_her: bool,
    created_at: Instant,
    given_at: Instant,
    earlier: &'a [Value],
}

impl<'a> Read<'a> {
    fn of(record: &'a Value) -> Result<Self, ActError> {
        let events = record.get(STATUS).and_then(Value::as_array);
        let (event, earlier) = events
            .and_then(|events| events.split_last())
            .ok_or(missing(STATUS))?;
        let given = has_type(event, "dpv:ConsentGiven");
        let renewed = has_type(event, "dpv:RenewedConsentGiven");
        let act = act(event.get(WEBAUTHN).ok_or(missing(WEBAUTHN))?)?;
        let one_of_several = has_type(event, "dpv:ConsentRequested")
            && event.get("en:reason").and_then(|reason| reason.get("@id"))
                == Some(&Value::from(ONE_OF_SEVERAL));
        let action = match (given, renewed, act.intent.action) {
            // The intent says to what she agreed before the others did: all of it, or a later end.
            (false, false, _) if one_of_several => act.intent.action,
            (true, false, _) => Action::Grant,
            // One state stands for both (`consent.md` §2.2): the intent says which it was.
            (false, true, Action::Renew | Action::Widen) => act.intent.action,
            (false, true, Action::Grant) => Action::Renew,
            (true, true, _) | (false, false, _) => return Err(ActError::NotAnAct),
        };
        let data_subject = whose(record).ok_or(missing("dpv:hasDataSubject"))?;
        let data_subject = Id::new(data_subject).map_err(|_| missing("dpv:hasDataSubject"))?;
        let behalf = event.get("en:onBehalfOf").map(|person| id(person, "@id"));
        Ok(Self {
            action,
            consent: consent_id(record)?,
            locale: locale(record, act.intent.notice_sha256)?,
            actor: id(event, "dpv:isIndicatedBy")?,
            for_her: behalf.transpose()?.is_some_and(|person| person == data_subject),
            data_subject,
            created_at: instant(record, "dct:created")?,
            given_at: instant(event, AT)?,
            earlier,
            act,
        })
    }

    /// The key as the record itself describes it, for [`Registered::NotAtHand`].
    fn claimed_credential(&self) -> Result<Credential, ActError> {
        Ok(Credential {
            id: self.act.assertion.credential_id.clone(),
            // The data subject stands in the draft and is signed for; who acted stands beside the signature, and counts
            // where the act says that it was done for her: a mandate must be shown besides.
            subject: match self.for_her {
                true => self.actor.clone(),
                false => self.data_subject.clone(),
            },
            key: self.act.key.clone(),
            aaguid: self.act.aaguid,
            flags: self.act.signed_flags().ok_or(Refusal::Malformed)?,
            attestation: Attestation::Unchecked,
            registered_at: self.given_at,
            revoked_at: None,
        })
    }

    /// What the act says for readers is what was signed and registered.
    fn agrees_with(&self, credential: Option<&Credential>, verified: &Verified) -> Result<(), ActError> {
        let agrees = |holds: bool, member| {
            if holds {
                Ok(())
            } else {
                Err(ActError::Contradiction { member })
            }
        };
        agrees(self.act.flags == verified.answered().flags(), "flags")?;
        agrees(credential.is_some_and(|known| known.key == self.act.key), KEY)?;
        agrees(
            credential.is_some_and(|known| known.aaguid == self.act.aaguid),
            "aaguid",
        )
    }

    /// `consent.md` §2.7, last line. That she acted within the intent was verified with it.
    fn is_in_order(&self, receipt_at: Option<Instant>) -> Result<(), ActError> {
        let ordered = |holds: bool, what| {
            if holds {
                Ok(())
            } else {
                Err(ActError::OutOfOrder { what })
            }
        };
        let requested = self
            .earlier
            .iter()
            .any(|event| has_type(event, "dpv:ConsentRequested"));
        ordered(requested, "given without a request")?;
        for event in self.earlier {
            ordered(
                instant(event, AT)? <= self.created_at,
                "drafted before what it tells",
            )?;
        }
        // An intent has whole seconds: a draft of the same second is not later.
        ordered(
            UnixSeconds::of(self.created_at) <= self.act.intent.window.iat(),
            "asked before the terms were drafted",
        )?;
        ordered(
            receipt_at.is_none_or(|receipt| self.given_at <= receipt),
            "a receipt before the act",
        )
    }
}

const fn missing(member: &'static str) -> ActError {
    ActError::Member { member }
}

fn text<'v>(value: &'v Value, member: &'static str) -> Result<&'v str, ActError> {
    value.get(member).and_then(Value::as_str).ok_or(missing(member))
}

fn id(value: &Value, member: &'static str) -> Result<Id, ActError> {
    Id::new(text(value, member)?).map_err(|_| missing(member))
}

/// One type, or one of several.
fn has_type(event: &Value, wanted: &str) -> bool {
    match event.get("@type") {
        Some(Value::String(only)) => only == wanted,
        Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(wanted)),
        _ => false,
    }
}

/// `urn:uuid:X` or, for a later version, `urn:uuid:X#v2` (`consent.md` §2.2).
fn consent_id(record: &Value) -> Result<Id, ActError> {
    let version = text(record, "@id")?;
    let uuid = version.strip_prefix("urn:uuid:").ok_or(missing("@id"))?;
    let uuid = match uuid.split_once("#v") {
        Some((uuid, number)) if number.parse::<u32>().is_ok_and(|n| n.to_string() == number) => uuid,
        Some(_) => return Err(missing("@id")),
        None => uuid,
    };
    Id::new(uuid).map_err(|_| missing("@id"))
}

/// The language of the notice that was signed. A record that names no notice of that digest had another one.
fn locale(record: &Value, signed: Digest) -> Result<Locale, ActError> {
    let notices = record.get(NOTICE).ok_or(missing(NOTICE))?;
    let notices = notices
        .as_array()
        .map_or(std::slice::from_ref(notices), Vec::as_slice);
    let signed = signed.to_string();
    let notice = notices
        .iter()
        .find(|notice| notice.get("en:sha256").and_then(Value::as_str) == Some(&signed))
        .ok_or(Refusal::NoticeChanged)?;
    Locale::try_from(text(notice, "dct:language")?.to_owned()).map_err(|_| missing("dct:language"))
}

/// `xsd:dateTime` in UTC, with up to six digits of a fraction.
fn instant(value: &Value, member: &'static str) -> Result<Instant, ActError> {
    let read = |text: &str| {
        let text = text.strip_suffix('Z')?;
        let (seconds, fraction) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        Instant::try_from(format!("{seconds}.{fraction:0<6}Z")).ok()
    };
    read(text(value, member)?).ok_or(missing(member))
}

fn act(value: &Value) -> Result<WebauthnAct, ActError> {
    // Before the rest, to tell a key that is not allowed from one that cannot be read.
    let key = value.get(KEY).ok_or(missing(KEY))?;
    match CredentialKey::from_jwk(key) {
        Err(KeyError::AlgorithmNotAllowed) => return Err(Refusal::AlgorithmNotAllowed.into()),
        Err(KeyError::Malformed) => return Err(missing(KEY)),
        Ok(_) => {}
    }
    WebauthnAct::parse(&jcs::to_bytes(value)?).map_err(|_| missing(WEBAUTHN))
}
