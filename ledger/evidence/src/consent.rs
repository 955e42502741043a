//! A consent after one of its events, as ISO/IEC TS 27560 asks for it: JSON-LD with the terms of DPV 2.3 (`consent.md` §2).
//!
//! ```text
//! document = {"@context": fixed, "@id": "urn:uuid:X" | "urn:uuid:X#v2" …, …, "dpv:hasConsentStatus": [event, …, act]}
//! draft    = the document without its act: what a person signs, and whose digest names the terms
//! ```
//!
//! [`ConsentDraft::new`] makes a draft of what is agreed ([`ConsentTerms`]) and what happened before ([`ConsentEvent`]);
//! [`ConsentDraft::with`] adds the act and gives the record. A record is read by the members that decide something
//! (identity, versions, events); the others are for people and for tools that know JSON-LD.
//!
//! LIMIT: the `@context` is compared and never fetched, so that a name means the same to every reader. Whether a
//! record follows from the one before it is for whoever has both: each event names the digest of the record it made.

mod act;
mod build;
mod context;
mod draft;
mod permission;
mod receipt;
mod signature;
mod terms;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::{Capacity, Digest, Id, Instant};
use ledger_core::leaf::SubjectKind;

pub(crate) use act::ONE_OF_SEVERAL;
pub use act::{ConsentAct, ConsentEvent, How, Lost, OnBehalf};
pub use context::Namespace;
pub use draft::ConsentDraft;
pub use permission::{Frame, PointList, point_list};
pub(crate) use permission::{grant_of, whose};
pub use receipt::{ReceiptError, bundle_of, is_receipt, receipt_of};
pub use terms::{ConsentTerms, Country, Day, Organisation, ShownNotice, Site};

pub(crate) const STATUS: &str = "dpv:hasConsentStatus";
pub(crate) const TYPE: &str = "dpv:ConsentRecord";
pub(crate) const PROFILE: &str = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr";

/// Why a document is not a consent record of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// The names in it would mean something else than ours.
    #[error("the `@context` is not the fixed one")]
    Context,
    /// A member is missing or has another form.
    #[error("`{member}` is missing or not of its form")]
    Member {
        /// Its name.
        member: &'static str,
    },
    /// Its newest event is none that the ledger holds: requests, deferrals and refusals stay outside.
    #[error("the newest event is not an act that the ledger holds")]
    NotAnAct,
    /// Its version does not follow from the one before.
    #[error("the version does not name the one before it")]
    Version,
}

/// A consent after one of its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct ConsentRecord {
    document: Value,
    consent: Id,
    version: u32,
    subject: Id,
    act: ConsentAct,
    kind: SubjectKind,
    at: Instant,
}

impl ConsentRecord {
    /// The whole document.
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// Which consent: the `X` of `urn:uuid:X`.
    pub const fn consent(&self) -> &Id {
        &self.consent
    }

    /// 1, 2, …: the first record of a consent has no number in its name.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Whose data are concerned, as an IRI.
    pub const fn subject(&self) -> &Id {
        &self.subject
    }

    /// What made this version.
    pub const fn act(&self) -> ConsentAct {
        self.act
    }

    /// The kind of its leaf.
    pub const fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// When its act was recorded.
    pub const fn at(&self) -> Instant {
        self.at
    }

    /// The digest of the notice that was shown.
    pub fn notice(&self) -> Option<Digest> {
        let text = self.document.get("dpv:hasNotice")?.get("en:sha256")?.as_str()?;
        Digest::try_from(text.to_owned()).ok()
    }

    /// The address of whoever keeps the record: the part of its own vocabulary's name before `/ns/energy#`.
    pub fn site(&self) -> Option<&str> {
        let namespace = self.document.get("@context")?.get("en")?.as_str()?;
        namespace.strip_suffix(context::NAMESPACE_PATH)
    }

    /// By whom and by which mandate the newest event was done for the person, as IRIs; `None` where she acted herself. An
    /// act that says so in part says [`None`] too: whoever acted is then not the data subject, which others refuse.
    pub fn behalf(&self) -> Option<(Id, Id)> {
        let event = self.newest()?;
        let iri = |member: &str| Id::new(event.get(member)?.get("@id")?.as_str()?).ok();
        let by = Id::new(event.get("dpv:isIndicatedBy")?.as_str()?).ok()?;
        let person = iri("en:onBehalfOf")?;
        (person == self.subject).then_some((by, iri("en:mandate")?))
    }

    /// The list of points that a legal person permitted in one act; `None` for the consent of a person.
    pub fn point_list(&self) -> Option<PointList> {
        permission::list_of(&self.document)
    }

    /// Which holder of the contract did the newest event, as an IRI: herself where she acted as a holder, and the data subject
    /// where she or somebody for her did. `None` where nobody of them acted.
    pub fn holder(&self) -> Option<Id> {
        let event = self.newest()?;
        let by = Id::new(event.get("dpv:isIndicatedBy")?.as_str()?).ok()?;
        let capacity = event.get("en:capacity").and_then(|capacity| capacity.get("@id"));
        match (self.behalf(), capacity.and_then(Value::as_str)) {
            (Some(_), Some(capacity)) if capacity == Capacity::JointHolder.term() => Some(by),
            (Some(_), _) => Some(self.subject.clone()),
            (None, _) => (by == self.subject).then_some(by),
        }
    }

    /// The meter, as `mandate/2` names it too.
    pub fn point(&self) -> Option<Digest> {
        let process = self.document.get("dpv:hasProcess")?.as_array()?.first()?;
        let point = process
            .get("dpv:hasPersonalData")
            .or_else(|| process.get("dpv:hasData"))?;
        let point = point.get("dct:identifier")?;
        let point = point.as_str()?.strip_prefix("en:mp:hmac:")?;
        Digest::try_from(point.to_owned()).ok()
    }

    /// The newest event.
    pub fn newest(&self) -> Option<&Value> {
        self.document.get(STATUS)?.as_array()?.last()
    }
}

impl TryFrom<Value> for ConsentRecord {
    type Error = ConsentError;

    fn try_from(document: Value) -> Result<Self, ConsentError> {
        context::check(&document)?;
        let permits = document.get("@type").and_then(Value::as_str) == Some(permission::TYPE);
        let (kind, profile) = match permits {
            true => (permission::TYPE, permission::PROFILE),
            false => (TYPE, PROFILE),
        };
        demand(&document, "@type", kind)?;
        demand(&document, "dct:conformsTo", profile)?;
        // Neither is the other: what a legal person permits names a list, and what a person agrees to does not.
        if permits != permission::list_of(&document).is_some()
            || permits != document.get(permission::HOLDER).is_some()
        {
            return Err(ConsentError::Member {
                member: permission::LIST,
            });
        }
        let (consent, version) = identity(&document)?;
        let subject = whose(&document).and_then(|iri| Id::new(iri).ok());
        let events = document.get(STATUS).and_then(Value::as_array);
        let (newest, earlier) = events
            .and_then(|events| events.split_last())
            .ok_or(ConsentError::Member { member: STATUS })?;
        for event in earlier {
            act::read(event)?;
        }
        let (act, at) = act::read(newest)?;
        Ok(Self {
            consent,
            version,
            subject: subject.ok_or(ConsentError::Member {
                member: "dpv:hasDataSubject",
            })?,
            act,
            kind: act.kind().ok_or(ConsentError::NotAnAct)?,
            at,
            document,
        })
    }
}

impl From<ConsentRecord> for Value {
    fn from(record: ConsentRecord) -> Self {
        record.document
    }
}

fn demand(document: &Value, member: &'static str, wanted: &str) -> Result<(), ConsentError> {
    match document.get(member).and_then(Value::as_str) {
        Some(found) if found == wanted => Ok(()),
        _ => Err(ConsentError::Member { member }),
    }
}

/// The IRI of a version (`consent.md` §2.2).
fn version_iri(consent: &Id, version: u32) -> String {
    match version {
        0 | 1 => format!("urn:uuid:{}", consent.as_str()),
        later => format!("urn:uuid:{}#v{later}", consent.as_str()),
    }
}

/// The consent and the number of the version, which must name the one before it.
fn identity(document: &Value) -> Result<(Id, u32), ConsentError> {
    let text = |member: &'static str| document.get(member).and_then(Value::as_str);
    let wrong = ConsentError::Member { member: "@id" };
    let iri = text("@id").ok_or(wrong)?;
    let name = iri.strip_prefix("urn:uuid:").ok_or(wrong)?;
    let (consent, version) = match name.split_once("#v") {
        None => (name, 1),
        Some((consent, number)) => (consent, number.parse().map_err(|_| wrong)?),
    };
    let consent = Id::new(consent).map_err(|_| wrong)?;
    if version_iri(&consent, version) != iri {
        return Err(wrong);
    }
    for member in ["dct:identifier", "dpv:hasIdentifier"] {
        demand(document, member, consent.as_str())?;
    }
    let before = match version {
        0 => return Err(wrong),
        1 => None,
        later => Some(version_iri(&consent, later.saturating_sub(1))),
    };
    let follows = match &before {
        // A first version may replace another consent.
        None => text("dct:isVersionOf").is_none(),
        Some(before) => [text("dct:isVersionOf"), text("dct:replaces")] == [Some(before.as_str()); 2],
    };
    if follows {
        Ok((consent, version))
    } else {
        Err(ConsentError::Version)
    }
}

/// `xsd:dateTime` in UTC, with up to six digits of a fraction.
pub(crate) fn instant(value: &Value, member: &'static str) -> Option<Instant> {
    let text = value.get(member)?.as_str()?.strip_suffix('Z')?;
    let (seconds, fraction) = match text.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    Instant::try_from(format!("{seconds}.{fraction:0<6}Z")).ok()
}

/// One type, or one of several.
pub(crate) fn has_type(value: &Value, wanted: &str) -> bool {
    match value.get("@type") {
        Some(Value::String(only)) => only == wanted,
        Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(wanted)),
        _ => false,
    }
}
