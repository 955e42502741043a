//! Resolution: base fields folded into each record (RFC 8428 §4.6).

use alloc::string::String;
use alloc::vec::Vec;

use super::record::{Pack, Record, Value};
use super::{LONGEST_NAME, Number, SenmlError};

/// RFC 8428 is version 10; RFC 9100 adds 2^4 for secondary units. No other feature is supported.
const PLAIN: u64 = 10;
const WITH_SECONDARY_UNITS: u64 = PLAIN + (1 << 4);

/// RFC 8428 §4.5.3: a time below 2^28 seconds is relative to now.
const RELATIVE_BELOW: f64 = 268_435_456.0;

/// A record that stands alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Base name and name.
    pub name: String,
    /// Unit or base unit.
    pub unit: Option<String>,
    /// Value, base value added if it is a number.
    pub value: Option<Value>,
    /// Sum, base sum added.
    pub sum: Option<Number>,
    /// Seconds since 1970-01-01T00:00:00Z; `None` if the record says nothing of time, which means about now.
    pub time: Option<Number>,
    /// Seconds until the next record at the latest.
    pub update_time: Option<Number>,
    /// 10 unless the pack says otherwise.
    pub version: u64,
}

#[derive(Default)]
struct Base<'p> {
    name: Option<&'p str>,
    time: Option<Number>,
    unit: Option<&'p str>,
    value: Option<Number>,
    sum: Option<Number>,
}

/// Resolves a pack, in order. `now` (seconds) is what relative times are relative to.
///
/// # Errors
/// The first rule of RFC 8428 that a record breaks; nothing of such a pack may be used.
pub fn resolve(pack: &Pack, now: Number) -> Result<Vec<Resolved>, SenmlError> {
    let version = version_of(pack)?;
    let mut base = Base::default();
    let mut resolved = Vec::with_capacity(pack.records.len());
    for (index, record) in pack.records.iter().enumerate() {
        base.take(record);
        if record.is_base_only() {
            continue;
        }
        resolved.push(base.apply(record, version, now, index)?);
    }
    Ok(resolved)
}

/// The version of the whole pack; it must be the same in every record (RFC 8428 §4.4).
fn version_of(pack: &Pack) -> Result<u64, SenmlError> {
    let mut version = PLAIN;
    for (record, said) in pack
        .records
        .iter()
        .enumerate()
        .filter_map(|(i, r)| Some((i, r.base_version?)))
    {
        if said > PLAIN && said != WITH_SECONDARY_UNITS {
            return Err(SenmlError::UnsupportedVersion {
                record,
                version: said,
            });
        }
        if record > 0 && said != version {
            return Err(SenmlError::MixedVersions { record });
        }
        version = said;
    }
    Ok(version)
}

impl<'p> Base<'p> {
    fn take(&mut self, record: &'p Record) {
        self.name = record.base_name.as_deref().or(self.name);
        self.time = record.base_time.or(self.time);
        self.unit = record.base_unit.as_deref().or(self.unit);
        self.value = record.base_value.or(self.value);
        self.sum = record.base_sum.or(self.sum);
    }

    fn apply(
        &self,
        record: &Record,
        version: u64,
        now: Number,
        index: usize,
    ) -> Result<Resolved, SenmlError> {
        if record.value.is_none() && record.sum.is_none() {
            return Err(SenmlError::NoValue { record: index });
        }
        let overflow = SenmlError::NotFinite { record: index };
        let value = match (&record.value, self.value) {
            (Some(Value::Number(value)), Some(base)) => {
                Some(Value::Number(value.plus(base).ok_or_else(|| overflow.clone())?))
            }
            (value, _) => value.clone(),
        };
        let time = sum_of(self.time, record.time).map_err(|()| overflow.clone())?;
        let time = match time {
            Some(time) if time.to_f64() < RELATIVE_BELOW => {
                Some(time.plus(now).ok_or_else(|| overflow.clone())?)
            }
            time => time,
        };
        Ok(Resolved {
            name: self.name(record).ok_or(SenmlError::BadName { record: index })?,
            unit: record.unit.as_deref().or(self.unit).map(Into::into),
            value,
            sum: sum_of(self.sum, record.sum).map_err(|()| overflow)?,
            time,
            update_time: record.update_time,
            version,
        })
    }

    /// RFC 8428 §4.5.1: only `A-Z a-z 0-9 - : . / _`, beginning with a letter or a digit.
    fn name(&self, record: &Record) -> Option<String> {
        let mut name = String::from(self.name.unwrap_or(""));
        name.push_str(record.name.as_deref().unwrap_or(""));
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-:./_".contains(&byte);
        let starts_well = name
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        (starts_well && name.len() <= LONGEST_NAME && name.bytes().all(allowed)).then_some(name)
    }
}

/// If only one is there, the other counts as zero.
fn sum_of(base: Option<Number>, own: Option<Number>) -> Result<Option<Number>, ()> {
    match (base, own) {
        (Some(base), Some(own)) => base.plus(own).map(Some).ok_or(()),
        (base, own) => Ok(base.or(own)),
    }
}
