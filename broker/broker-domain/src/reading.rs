//! Readings: what a meter said, at an instant, with its unit known from its label.

use std::fmt;

use thiserror::Error;

use crate::ids::{BatchId, GatewayId, PointId};
use crate::time::{Instant, Interval};

/// Energy in watt-hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WattHours(pub i64);

/// What a label measures, as far as the broker computes with it (`tic.md` §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Index of all energy drawn, Wh (`EAST`).
    EnergyDrawnTotal,
    /// Index of energy drawn in one tariff period, Wh (`BASE`, `HCHC`, … of historique mode): they add up.
    EnergyDrawnTariff,
    /// Index of all energy injected, Wh (`EAIT`).
    EnergyInjected,
    /// Apparent power, VA.
    ApparentPower,
    /// Anything else a gateway may send: kept, not computed with.
    Other,
}

/// A TIC label in lower case, such as `east` or `papp`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

/// A text that is not a label that may be stored.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum InvalidLabel {
    /// Not 1 to 12 characters among `a-z`, `0-9`, `_`, `-`.
    #[error("not a meter label: expected 1 to 12 characters among a-z, 0-9, underscore and hyphen")]
    Shape,
    /// A label that identifies the person or the meter: it never enters (`tic.md` §9).
    #[error("label identifies a meter or carries free text; a gateway must not send it")]
    Identifying,
}

impl Label {
    /// Parses a lower-case label and refuses those that identify somebody.
    ///
    /// # Errors
    /// See [`InvalidLabel`].
    pub fn parse(text: &str) -> Result<Self, InvalidLabel> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if text.is_empty() || text.len() > 12 || !text.bytes().all(allowed) {
            return Err(InvalidLabel::Shape);
        }
        // tic.md §9: direct identifiers and free text never leave the gateway; the broker does not trust it to obey.
        if matches!(text, "adco" | "adsc" | "prm" | "msg1" | "msg2" | "ngtf" | "ltarf") {
            return Err(InvalidLabel::Identifying);
        }
        Ok(Self(text.to_owned()))
    }

    /// The label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it measures.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        match self.0.as_str() {
            "east" => Quantity::EnergyDrawnTotal,
            "base" | "hchc" | "hchp" | "ejphn" | "ejphpm" | "bbrhcjb" | "bbrhpjb" | "bbrhcjw" | "bbrhpjw"
            | "bbrhcjr" | "bbrhpjr" => Quantity::EnergyDrawnTariff,
            "eait" => Quantity::EnergyInjected,
            "papp" | "sinsts" | "sinsts1" | "sinsts2" | "sinsts3" | "sinsti" => Quantity::ApparentPower,
            _ => Quantity::Other,
        }
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({})", self.0)
    }
}

/// One value of one label at one instant. The unit is the label's (`tic.md` §5 and §6).
///
/// Its `Debug` shows no value: readings never reach a log (invariant I9).
#[derive(Clone, PartialEq, Eq)]
pub struct Reading {
    /// When the meter said so.
    pub at: Instant,
    /// What it measured.
    pub label: Label,
    /// The value, in the label's unit.
    pub value: i64,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reading(hidden)")
    }
}

/// What a gateway sent at once, after its signature was verified and its content checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingBatch {
    /// Chosen by the gateway; sending it twice stores it once.
    pub id: BatchId,
    /// Who signed it.
    pub gateway: GatewayId,
    /// Where it was measured.
    pub point: PointId,
    /// Readings in order of time, then label, without duplicates; never empty.
    pub readings: Vec<Reading>,
    /// From the first reading, included, to one microsecond after the last.
    pub span: Interval,
}
