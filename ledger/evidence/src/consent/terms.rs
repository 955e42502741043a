//! What is agreed: everything a record says that no later event changes.

use crate::record::{Digest, FieldError, Id, Instant, Seconds, Text};

use super::{Frame, Namespace};

/// The deployment that keeps the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its vocabulary.
    pub namespace: Namespace,
    /// Its address, such as `https://broker.example`.
    pub address: String,
    /// Whoever runs it.
    pub operator: Organisation,
}

/// A country, ISO 3166-1 alpha-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country([u8; 2]);

impl Country {
    /// Checks two capital letters.
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 2] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// The term of DPV's list of places.
    pub(super) fn place(self) -> String {
        let letters = self.0.map(char::from);
        format!("loc:{}", String::from_iter(letters))
    }
}

/// A legal body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// As an IRI.
    pub iri: Id,
    /// The name people know it by.
    pub name: Text,
    /// Where people write to.
    pub contact: Text,
    /// Where it is.
    pub country: Option<Country>,
}

/// The notice that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownNotice {
    /// SHA-256 of the bytes shown.
    pub sha256: Digest,
    /// BCP 47.
    pub language: Id,
    /// Its title.
    pub title: Text,
}

/// A day of the calendar, `2026-11-21`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day(String);

impl Day {
    /// Checks the spelling.
    ///
    /// # Errors
    /// [`FieldError`] for anything but a day of the calendar.
    pub fn new(day: impl Into<String>) -> Result<Self, FieldError> {
        let day = day.into();
        Instant::try_from(format!("{day}T00:00:00.000000Z"))?;
        Ok(Self(day))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// One purpose, one granularity, one recipient, one point (invariant I7), for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentTerms {
    /// Who keeps the record.
    pub site: Site,
    /// Under which law.
    pub frame: Frame,
    /// The consent, a UUID.
    pub consent: Id,
    /// The consent that this one replaces, if the person was asked again.
    pub replaces: Option<Id>,
    /// Whose data, as an IRI.
    pub subject: Id,
    /// What she read.
    pub notice: ShownNotice,
    /// Code of the purpose, such as `load-curve-research`.
    pub purpose: Id,
    /// Who decides on the purpose, and receives.
    pub recipient: Organisation,
    /// Keyed hash of the metering point (`consent.md` §2.4): never its number.
    pub point: [u8; 32],
    /// The finest step.
    pub step: Seconds,
    /// The first instant of the data covered,
    pub from: Instant,
    /// and the first one no longer covered: the end of the consent.
    pub until: Instant,
    /// The local day of the first instant,
    pub first_day: Day,
    /// and of the last: both are included.
    pub last_day: Day,
    /// Where she ends it.
    pub withdraw_at: String,
    /// Where she finds what is held of her,
    pub access_at: String,
    /// and has it erased.
    pub erase_at: String,
}
