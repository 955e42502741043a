//! Records as written, before resolution, and the fields both encodings share.

use alloc::string::String;
use alloc::vec::Vec;

use super::{LONGEST_NAME, LONGEST_UNIT, Number, SenmlError, base64url};

/// A list of records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pack {
    /// In order: base fields act on the records after them.
    pub records: Vec<Record>,
}

/// One record. Every field is optional here; [`super::resolve()`] decides what is missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// `bn`
    pub base_name: Option<String>,
    /// `bt`, seconds
    pub base_time: Option<Number>,
    /// `bu`
    pub base_unit: Option<String>,
    /// `bv`
    pub base_value: Option<Number>,
    /// `bs`
    pub base_sum: Option<Number>,
    /// `bver`
    pub base_version: Option<u64>,
    /// `n`
    pub name: Option<String>,
    /// `u`
    pub unit: Option<String>,
    /// `v`, `vs`, `vb` or `vd`
    pub value: Option<Value>,
    /// `s`
    pub sum: Option<Number>,
    /// `t`, seconds
    pub time: Option<Number>,
    /// `ut`, seconds
    pub update_time: Option<Number>,
}

/// The value of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `v`
    Number(Number),
    /// `vs`
    Text(String),
    /// `vb`
    Boolean(bool),
    /// `vd`
    Data(Vec<u8>),
}

/// A field of RFC 8428 table 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    BaseName,
    BaseTime,
    BaseUnit,
    BaseValue,
    BaseSum,
    BaseVersion,
    Name,
    Unit,
    Value,
    TextValue,
    BooleanValue,
    DataValue,
    Sum,
    Time,
    UpdateTime,
}

/// RFC 8428 table 1 (JSON) and table 4 (CBOR).
pub(super) const KEYS: [(Key, &str, i64); 15] = [
    (Key::BaseName, "bn", -2),
    (Key::BaseTime, "bt", -3),
    (Key::BaseUnit, "bu", -4),
    (Key::BaseValue, "bv", -5),
    (Key::BaseSum, "bs", -6),
    (Key::BaseVersion, "bver", -1),
    (Key::Name, "n", 0),
    (Key::Unit, "u", 1),
    (Key::Value, "v", 2),
    (Key::TextValue, "vs", 3),
    (Key::BooleanValue, "vb", 4),
    (Key::DataValue, "vd", 8),
    (Key::Sum, "s", 5),
    (Key::Time, "t", 6),
    (Key::UpdateTime, "ut", 7),
];

/// What a reader found for a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Number(Number),
    Text(String),
    Boolean(bool),
    Data(Vec<u8>),
    /// Null, a list, a map, or a number that is not finite.
    Other,
    NotFinite,
}

/// The field of that name. `Ok(None)` is a field to skip.
pub(super) fn key_of(name: &str, record: usize) -> Result<Option<Key>, SenmlError> {
    match KEYS.iter().find(|(_, text, _)| *text == name) {
        Some((key, _, _)) => Ok(Some(*key)),
        None if name.ends_with('_') => Err(SenmlError::MustUnderstand { record }),
        None => Ok(None),
    }
}

impl Record {
    /// Sets one field as read. `index` is the number of the record, for errors.
    pub(super) fn set(&mut self, key: Key, scalar: Scalar, index: usize) -> Result<(), SenmlError> {
        let record = index;
        if scalar == Scalar::NotFinite {
            return Err(SenmlError::NotFinite { record });
        }
        match key {
            Key::BaseName => put(&mut self.base_name, text(scalar, LONGEST_NAME, record)?, record),
            Key::Name => put(&mut self.name, text(scalar, LONGEST_NAME, record)?, record),
            Key::BaseUnit => put(&mut self.base_unit, text(scalar, LONGEST_UNIT, record)?, record),
            Key::Unit => put(&mut self.unit, text(scalar, LONGEST_UNIT, record)?, record),
            Key::BaseTime => put(&mut self.base_time, number(&scalar, record)?, record),
            Key::BaseValue => put(&mut self.base_value, number(&scalar, record)?, record),
            Key::BaseSum => put(&mut self.base_sum, number(&scalar, record)?, record),
            Key::Sum => put(&mut self.sum, number(&scalar, record)?, record),
            Key::Time => put(&mut self.time, number(&scalar, record)?, record),
            Key::UpdateTime => put(&mut self.update_time, number(&scalar, record)?, record),
            Key::BaseVersion => {
                let version = number(&scalar, record)?
                    .to_integer()
                    .and_then(|n| u64::try_from(n).ok());
                let version = version
                    .filter(|n| *n > 0)
                    .ok_or(SenmlError::WrongType { record })?;
                put(&mut self.base_version, version, record)
            }
            Key::Value | Key::TextValue | Key::BooleanValue | Key::DataValue => {
                let value = value(key, scalar).ok_or(SenmlError::WrongType { record })?;
                put(&mut self.value, value, record).map_err(|_| SenmlError::TwoValues { record })
            }
        }
    }

    /// The fields that are set, for writers, in the order of [`KEYS`].
    pub(super) fn get(&self, key: Key) -> Option<Written<'_>> {
        let number = |field: &Option<Number>| field.map(Written::Number);
        match (key, &self.value) {
            (Key::BaseName, _) => self.base_name.as_deref().map(Written::Text),
            (Key::BaseUnit, _) => self.base_unit.as_deref().map(Written::Text),
            (Key::Name, _) => self.name.as_deref().map(Written::Text),
            (Key::Unit, _) => self.unit.as_deref().map(Written::Text),
            (Key::BaseTime, _) => number(&self.base_time),
            (Key::BaseValue, _) => number(&self.base_value),
            (Key::BaseSum, _) => number(&self.base_sum),
            (Key::Sum, _) => number(&self.sum),
            (Key::Time, _) => number(&self.time),
            (Key::UpdateTime, _) => number(&self.update_time),
            (Key::BaseVersion, _) => self.base_version.map(Written::Version),
            (Key::Value, Some(Value::Number(value))) => Some(Written::Number(*value)),
            (Key::TextValue, Some(Value::Text(value))) => Some(Written::Text(value)),
            (Key::BooleanValue, Some(Value::Boolean(value))) => Some(Written::Boolean(*value)),
            (Key::DataValue, Some(Value::Data(value))) => Some(Written::Data(value)),
            (Key::Value | Key::TextValue | Key::BooleanValue | Key::DataValue, _) => None,
        }
    }

    /// Whether there is nothing but base fields, which some peers send as a record of its own.
    pub(super) const fn is_base_only(&self) -> bool {
        self.name.is_none()
            && self.unit.is_none()
            && self.value.is_none()
            && self.sum.is_none()
            && self.time.is_none()
            && self.update_time.is_none()
            && (self.base_name.is_some()
                || self.base_time.is_some()
                || self.base_unit.is_some()
                || self.base_value.is_some()
                || self.base_sum.is_some()
                || self.base_version.is_some())
    }
}

/// A field about to be written.
pub(super) enum Written<'r> {
    Number(Number),
    Version(u64),
    Text(&'r str),
    Boolean(bool),
    Data(&'r [u8]),
}

fn put<T>(field: &mut Option<T>, value: T, record: usize) -> Result<(), SenmlError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(SenmlError::RepeatedField { record }),
    }
}

const fn number(scalar: &Scalar, record: usize) -> Result<Number, SenmlError> {
    match scalar {
        Scalar::Number(number) => Ok(*number),
        _ => Err(SenmlError::WrongType { record }),
    }
}

fn text(scalar: Scalar, longest: usize, record: usize) -> Result<String, SenmlError> {
    match scalar {
        Scalar::Text(text) if text.len() > longest => Err(SenmlError::TooLong { record }),
        Scalar::Text(text) => Ok(text),
        _ => Err(SenmlError::WrongType { record }),
    }
}

fn value(key: Key, scalar: Scalar) -> Option<Value> {
    match (key, scalar) {
        (Key::Value, Scalar::Number(number)) => Some(Value::Number(number)),
        (Key::TextValue, Scalar::Text(text)) => Some(Value::Text(text)),
        (Key::BooleanValue, Scalar::Boolean(boolean)) => Some(Value::Boolean(boolean)),
        (Key::DataValue, Scalar::Data(data)) => Some(Value::Data(data)),
        (Key::DataValue, Scalar::Text(text)) => base64url::decode(&text).map(Value::Data),
        _ => None,
    }
}
