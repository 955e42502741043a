//! A receipt in the terms of the people who keep it: what its signed record says, and where it stands in the log.
//!
//! Everything comes from the record itself (`consent.md` §2.8), so that a page or a sheet of paper says what was signed. A
//! pause has a short record that names no recipient: what it is about comes from the newest full record before it.

use broker_domain::consent::{EventKind, EvidenceLevel, How, Method};
use broker_domain::ids::{ConsentId, MandateId};
use broker_domain::mandate::Hand;
use broker_domain::time::{Instant, Step};
use broker_store::RecordRow;
use evidence::bundle::{Bundle, Verified};
use evidence::consent::{ConsentAct, ConsentRecord};
use evidence::jws::Jws;
use evidence::passkey::Registered;
use evidence::record::{self, ConsentChange, ConsentChanged, Record};
use serde_json::Value;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::formats::consent_receipt;
use crate::own::OwnRefusal;
use crate::receipts::Receipt;

/// A receipt of a consent, ready to be told.
#[derive(Debug, Clone)]
pub struct ReadableReceipt {
    /// Which consent.
    pub consent: ConsentId,
    /// What happened.
    pub act: ReceiptAct,
    /// When it was recorded.
    pub at: Instant,
    /// How it came about, where the record says.
    pub how: Option<How>,
    /// Whether somebody did it for the person, under a mandate.
    pub acted: ActedBy,
    /// Whether a passkey signed the terms: verified here, with the record's own word for whose key it is.
    pub signed: bool,
    /// What it is about.
    pub terms: ReadableTerms,
    /// Where it stands.
    pub place: LogPlace,
    /// The file to keep: a receipt as ISO/IEC TS 27560 has it, or the evidence bundle of a pause.
    pub file: Vec<u8>,
    /// Which of the two.
    pub form: ReceiptForm,
}

/// What a receipt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptAct {
    /// The person agreed.
    Given,
    /// One of those who must agree did, and another had not yet.
    Agreed,
    /// One of them said no, or took back what waited.
    Declined,
    /// She agreed to a later end.
    Renewed,
    /// She left less.
    Narrowed,
    /// She ended it.
    Withdrawn,
    /// A restore that lost records ended it.
    Suspended,
    /// It reached its end.
    Expired,
    /// Somebody else ended it, or it holds no longer.
    Closed,
    /// She stopped transfers until then.
    Paused {
        /// When they go on by themselves.
        until: Option<Instant>,
    },
    /// She ended a pause.
    Resumed,
}

/// Who acted (P-07), as the record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActedBy {
    /// Nobody for another: the person herself, the broker or the operator.
    Oneself,
    /// Somebody for her.
    Delegate {
        /// By which mandate.
        mandate: MandateId,
    },
}

/// A body with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its name.
    pub name: String,
    /// Where people write to.
    pub contact: String,
    /// ISO 3166-1 alpha-2, where it is known.
    pub country: Option<String>,
}

/// What a consent is about, as its record says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadableTerms {
    /// Who receives and decides what for.
    pub recipient: Body,
    /// Who keeps the records.
    pub keeper: Body,
    /// Where to complain: name and address of the authority.
    pub authority: (String, String),
    /// Why, in the words of the notice.
    pub purpose: String,
    /// The language of the notice.
    pub language: String,
    /// How many points a legal person permitted this for in one act, and the digest of their list; `None` for a consent.
    pub list: Option<(u32, String)>,
    /// The finest step.
    pub step: Step,
    /// From when data are covered,
    pub from: Instant,
    /// and until when, exclusive; also the end of the agreement.
    pub until: Instant,
    /// SHA-256 of the notice that was shown, base64url.
    pub notice: String,
    /// Where the agreement is withdrawn.
    pub withdraw_at: String,
}

/// Where a record stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPlace {
    /// The log's name.
    pub log: String,
    /// The leaf.
    pub leaf_index: u64,
    /// Size of the tree that it was proven in.
    pub tree_size: u64,
    /// Root of that tree, lower-case hexadecimal.
    pub root: String,
    /// RFC 7638 thumbprint of the key that signed the record.
    pub record_key: String,
}

/// What file a receipt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptForm {
    /// JSON-LD after ISO/IEC TS 27560.
    Standard,
    /// `fiducie-evidence/1`.
    Bundle,
}

fn corrupt() -> Fault {
    Fault::Corrupt {
        what: "consent record",
    }
}

impl Broker {
    /// The receipt of a consent in a participant's own list; `None` for a record of something else, and for the consent
    /// records of before the form of ISO/IEC TS 27560.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for every other record, and for one that does not exist.
    pub async fn readable_receipt(
        &self,
        who: impl Into<Hand>,
        leaf_index: u64,
    ) -> Result<Option<ReadableReceipt>, Failure<OwnRefusal>> {
        let receipt = self.own_receipt(who, leaf_index).await?;
        let bundle = Bundle::parse(&receipt.bundle).map_err(|_| corrupt())?;
        let verified = bundle.verify(None, None).map_err(|_| corrupt())?;
        let place = place(&bundle, &verified);
        Ok(match &verified.record {
            Record::Consent(record) => Some(of_consent(record, place, &receipt)?),
            Record::ConsentChanged(changed) | Record::ConsentChangedFor(changed) => {
                match self.before(changed).await? {
                    Some(base) => Some(of_change(changed, &base, place, receipt)?),
                    None => None,
                }
            }
            _ => None,
        })
    }

    /// The newest full record of a consent before a pause or its end.
    async fn before(&self, changed: &ConsentChanged) -> Result<Option<ConsentRecord>, Fault> {
        let consent = consent_id(changed.consent.as_str())?;
        let at = changed.at.unix_micros();
        let mut read = self.store.read().await?;
        let events = read.recorded_events(consent).await?;
        let full = events.iter().rev().find(|row| {
            let pause = matches!(row.event.kind, EventKind::Paused { .. } | EventKind::Resumed);
            !pause && row.leaf_index.is_some() && row.event.recorded_at.as_micros() <= at
        });
        let Some(leaf) = full.and_then(|row| row.leaf_index) else {
            return Ok(None);
        };
        match read.record(leaf).await? {
            Some(row) => self.parsed(row),
            None => Ok(None),
        }
    }

    fn parsed(&self, row: RecordRow) -> Result<Option<ConsentRecord>, Fault> {
        let text = String::from_utf8(row.record).map_err(|_| corrupt())?;
        let payload = Jws::from_stored(text).verify(&self.record_key);
        match Record::parse(&payload.map_err(|_| corrupt())?).map_err(|_| corrupt())? {
            Record::Consent(record) => Ok(Some(record)),
            _ => Ok(None),
        }
    }
}

fn consent_id(text: &str) -> Result<ConsentId, Fault> {
    text.parse().map_err(|_| corrupt())
}

fn instant(at: record::Instant) -> Result<Instant, Fault> {
    Ok(Instant::from_micros(at.unix_micros())?)
}

fn place(bundle: &Bundle, verified: &Verified) -> LogPlace {
    let root = verified.checkpoint.root();
    LogPlace {
        log: bundle.log_key.name().as_str().to_owned(),
        leaf_index: verified.index.get(),
        tree_size: verified.checkpoint.size().get(),
        root: root.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect(),
        record_key: bundle.record_key.thumbprint().as_str().to_owned(),
    }
}

fn of_consent(record: &ConsentRecord, place: LogPlace, receipt: &Receipt) -> Result<ReadableReceipt, Fault> {
    let newest = record.newest().ok_or_else(corrupt)?;
    Ok(ReadableReceipt {
        consent: consent_id(record.consent().as_str())?,
        act: match record.act() {
            ConsentAct::Given => ReceiptAct::Given,
            ConsentAct::Agreed => ReceiptAct::Agreed,
            ConsentAct::Declined => ReceiptAct::Declined,
            ConsentAct::Renewed => ReceiptAct::Renewed,
            ConsentAct::Narrowed => ReceiptAct::Narrowed,
            ConsentAct::Withdrawn => ReceiptAct::Withdrawn,
            ConsentAct::Suspended => ReceiptAct::Suspended,
            ConsentAct::Expired => ReceiptAct::Expired,
            ConsentAct::Revoked | ConsentAct::Invalidated => ReceiptAct::Closed,
            // Stays outside the ledger: there is no such receipt.
            ConsentAct::Requested | ConsentAct::Deferred | ConsentAct::Refused => return Err(corrupt()),
        },
        at: instant(record.at())?,
        how: how_of(newest),
        acted: acted(mandate_of(newest))?,
        signed: record.verify_signature(Registered::NotAtHand, None).is_ok(),
        terms: terms(record)?,
        place,
        file: consent_receipt(receipt)?.ok_or_else(corrupt)?,
        form: ReceiptForm::Standard,
    })
}

fn of_change(
    changed: &ConsentChanged,
    base: &ConsentRecord,
    place: LogPlace,
    receipt: Receipt,
) -> Result<ReadableReceipt, Fault> {
    Ok(ReadableReceipt {
        consent: consent_id(changed.consent.as_str())?,
        act: match changed.change {
            ConsentChange::Paused => ReceiptAct::Paused {
                until: changed.until.map(instant).transpose()?,
            },
            ConsentChange::Resumed => ReceiptAct::Resumed,
        },
        at: instant(changed.at)?,
        how: Some(How {
            method: method(changed.method),
            level: Some(level(changed.evidence_level)),
        }),
        acted: acted(changed.by.as_ref().map(|by| by.mandate.as_str()))?,
        signed: false,
        terms: terms(base)?,
        place,
        file: receipt.bundle,
        form: ReceiptForm::Bundle,
    })
}

/// How an event came about; nothing where it does not say.
fn how_of(event: &Value) -> Option<How> {
    let told: record::Method = serde_json::from_value(event.get("en:method")?.clone()).ok()?;
    let strength = event
        .get("en:evidenceLevel")
        .and_then(|told| serde_json::from_value(told.clone()).ok());
    Some(How {
        method: method(told),
        level: strength.map(level),
    })
}

/// The mandate that an event names (`docs/decisions/0041`).
fn mandate_of(event: &Value) -> Option<&str> {
    event.pointer("/en:mandate/@id").and_then(Value::as_str)
}

fn acted(mandate: Option<&str>) -> Result<ActedBy, Fault> {
    let Some(mandate) = mandate else {
        return Ok(ActedBy::Oneself);
    };
    // In consent records it is a URN, in short ones the bare identifier.
    let id = mandate.rsplit(':').next().unwrap_or(mandate);
    let mandate = id.parse().map_err(|_| corrupt())?;
    Ok(ActedBy::Delegate { mandate })
}

const fn method(told: record::Method) -> Method {
    match told {
        record::Method::Webauthn => Method::Passkey,
        record::Method::Web => Method::Web,
        record::Method::EmailLink => Method::EmailLink,
        record::Method::Phone => Method::Phone,
        record::Method::Paper => Method::Paper,
        record::Method::Upstream => Method::Upstream,
        record::Method::Clock => Method::Clock,
    }
}

const fn level(told: record::EvidenceLevel) -> EvidenceLevel {
    match told {
        record::EvidenceLevel::L1 => EvidenceLevel::L1,
        record::EvidenceLevel::L2 => EvidenceLevel::L2,
        record::EvidenceLevel::L3 => EvidenceLevel::L3,
        record::EvidenceLevel::L4 => EvidenceLevel::L4,
        record::EvidenceLevel::L5 => EvidenceLevel::L5,
    }
}

/// The members of a record that people are told. Our own records have them all (`evidence::consent::build`).
fn terms(record: &ConsentRecord) -> Result<ReadableTerms, Fault> {
    let document = record.document();
    let list = record.point_list();
    let text = |path: &str| {
        let found = document.pointer(path).and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(corrupt)
    };
    let at = |path: &str| Instant::parse(&text(path)?).map_err(|_| corrupt());
    let kind = if list.is_some() {
        "hasData"
    } else {
        "hasPersonalData"
    };
    let data = |member: &str| format!("/dpv:hasProcess/0/dpv:{kind}/{member}");
    Ok(ReadableTerms {
        recipient: body(document, 0)?,
        keeper: body(document, 1)?,
        authority: (
            text("/dpv:hasEntity/2/dpv:hasName")?,
            text("/dpv:hasEntity/2/schema:url")?,
        ),
        purpose: text("/dpv:hasProcess/0/dpv:hasPurpose/dct:description")?,
        language: text("/dpv:hasNotice/dct:language")?,
        list: list.map(|list| (list.count, list.sha256.to_string())),
        step: step(&text(&data("en:granularity"))?).ok_or_else(corrupt)?,
        from: at(&data("en:firstInstant"))?,
        until: at(&data("en:endInstant"))?,
        notice: text("/dpv:hasNotice/en:sha256")?,
        withdraw_at: text("/dpv:hasProcess/0/dpv:hasConsentControl/dpv:isExercisedAt")?,
    })
}

fn body(document: &Value, place: usize) -> Result<Body, Fault> {
    let text = |member: &str| {
        let path = format!("/dpv:hasEntity/{place}/{member}");
        document.pointer(&path).and_then(Value::as_str).map(str::to_owned)
    };
    Ok(Body {
        name: text("dpv:hasName").ok_or_else(corrupt)?,
        contact: text("schema:contactPoint/schema:email").ok_or_else(corrupt)?,
        country: text("dpv:hasAddress"),
    })
}

/// A step from its `xsd:duration`: whole days, hours, minutes or seconds.
fn step(text: &str) -> Option<Step> {
    let (number, unit) = match text.strip_prefix("PT") {
        Some(time) => match time.strip_suffix('H') {
            Some(hours) => (hours, 3_600),
            None => match time.strip_suffix('M') {
                Some(minutes) => (minutes, 60),
                None => (time.strip_suffix('S')?, 1),
            },
        },
        None => (text.strip_prefix('P')?.strip_suffix('D')?, 86_400),
    };
    let seconds = number.parse::<u32>().ok()?.checked_mul(unit)?;
    Step::from_seconds(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn steps_are_read_as_they_are_written() {
        for (text, seconds) in [("PT30M", 1_800), ("P1D", 86_400), ("PT10S", 10), ("PT1H", 3_600)] {
            assert_eq!(step(text).unwrap().seconds(), seconds);
        }
        for bad in ["", "P", "PT", "PTM", "30M", "P1W", "PT-1M"] {
            assert!(step(bad).is_none(), "{bad}");
        }
    }
}
