//! SenML in CBOR (RFC 8428 §6, RFC 8949): a reader for lists of flat maps, and a writer.

use alloc::string::String;
use alloc::vec::Vec;

use super::record::{KEYS, Key, Pack, Record, Scalar, Written, key_of};
use super::{DEEPEST_VALUE, LARGEST_DOCUMENT, MOST_RECORDS, Number, SenmlError};

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

const FALSE: u64 = 20;
const TRUE: u64 = 21;
const FLOAT64: u8 = 0xFB;

/// Decimal fraction, `[exponent, mantissa]`: RFC 8428 §6 allows it for numbers.
const DECIMAL_FRACTION: u64 = 4;

impl Pack {
    /// Reads `application/senml+cbor`, definite or indefinite lengths.
    ///
    /// # Errors
    /// See [`SenmlError`].
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, SenmlError> {
        if bytes.len() > LARGEST_DOCUMENT {
            return Err(SenmlError::Oversized { length: bytes.len() });
        }
        let mut reader = Reader {
            rest: bytes,
            total: bytes.len(),
        };
        let head = reader.head()?;
        if head.major != LIST {
            return Err(reader.syntax());
        }
        let mut records = Vec::new();
        let mut left = head.length();
        while reader.has_next(&mut left)? {
            if records.len() >= MOST_RECORDS {
                return Err(SenmlError::TooManyRecords);
            }
            records.push(reader.record(records.len())?);
        }
        if reader.rest.is_empty() {
            Ok(Self { records })
        } else {
            Err(reader.syntax())
        }
    }

    /// Writes `application/senml+cbor`: definite lengths, shortest integers, floats of 64 bits.
    #[must_use]
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_head(&mut bytes, LIST, self.records.len());
        for record in &self.records {
            let fields: Vec<_> = KEYS
                .iter()
                .filter_map(|(key, _, label)| Some((*label, record.get(*key)?)))
                .collect();
            write_head(&mut bytes, MAP, fields.len());
            for (label, written) in &fields {
                write_integer(&mut bytes, *label);
                write_value(&mut bytes, written);
            }
        }
        bytes
    }
}

fn write_value(bytes: &mut Vec<u8>, written: &Written<'_>) {
    match written {
        Written::Number(Number::Integer(integer)) => write_integer(bytes, *integer),
        Written::Number(Number::Float(float)) => {
            bytes.push(FLOAT64);
            bytes.extend(float.to_be_bytes());
        }
        Written::Version(version) => write_argument(bytes, UNSIGNED, *version),
        Written::Boolean(false) => write_argument(bytes, SIMPLE, FALSE),
        Written::Boolean(true) => write_argument(bytes, SIMPLE, TRUE),
        Written::Text(text) => {
            write_head(bytes, TEXT, text.len());
            bytes.extend(text.as_bytes());
        }
        Written::Data(data) => {
            write_head(bytes, BYTES, data.len());
            bytes.extend(*data);
        }
    }
}

fn write_integer(bytes: &mut Vec<u8>, integer: i64) {
    match u64::try_from(integer) {
        Ok(argument) => write_argument(bytes, UNSIGNED, argument),
        // −1 − n, which for a negative integer is its complement.
        Err(_) => write_argument(bytes, NEGATIVE, (!integer).unsigned_abs()),
    }
}

fn write_head(bytes: &mut Vec<u8>, major: u8, length: usize) {
    write_argument(bytes, major, u64::try_from(length).unwrap_or(u64::MAX));
}

fn write_argument(bytes: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    if let Ok(small) = u8::try_from(argument) {
        if small < 24 {
            bytes.push(major | small);
        } else {
            bytes.extend([major | 24, small]);
        }
    } else if let Ok(short) = u16::try_from(argument) {
        bytes.push(major | 25);
        bytes.extend(short.to_be_bytes());
    } else if let Ok(long) = u32::try_from(argument) {
        bytes.push(major | 26);
        bytes.extend(long.to_be_bytes());
    } else {
        bytes.push(major | 27);
        bytes.extend(argument.to_be_bytes());
    }
}

#[derive(Clone, Copy)]
struct Head {
    major: u8,
    info: u8,
    /// `None` for an indefinite length.
    argument: Option<u64>,
}

impl Head {
    const fn length(self) -> Option<u64> {
        self.argument
    }
}

struct Reader<'b> {
    rest: &'b [u8],
    total: usize,
}

enum Field {
    Known(Key),
    Skipped,
}

impl Reader<'_> {
    fn record(&mut self, index: usize) -> Result<Record, SenmlError> {
        let head = self.head()?;
        if head.major != MAP {
            return Err(self.syntax());
        }
        let mut record = Record::default();
        let mut left = head.length();
        while self.has_next(&mut left)? {
            match self.field(index)? {
                Field::Known(key) => {
                    let scalar = self.value(0)?;
                    record.set(key, scalar, index)?;
                }
                Field::Skipped => {
                    self.value(0)?;
                }
            }
        }
        Ok(record)
    }

    fn field(&mut self, index: usize) -> Result<Field, SenmlError> {
        let known = match self.value(0)? {
            Scalar::Number(Number::Integer(label)) => KEYS
                .iter()
                .find(|(_, _, number)| *number == label)
                .map(|(key, _, _)| *key),
            Scalar::Text(name) => key_of(&name, index)?,
            _ => return Err(self.syntax()),
        };
        Ok(known.map_or(Field::Skipped, Field::Known))
    }

    fn value(&mut self, depth: usize) -> Result<Scalar, SenmlError> {
        if depth > DEEPEST_VALUE {
            return Err(SenmlError::TooDeep {
                offset: self.offset(),
            });
        }
        let head = self.head()?;
        match head.major {
            UNSIGNED => self.integer(head, false),
            NEGATIVE => self.integer(head, true),
            BYTES => self.string(head).map(Scalar::Data),
            TEXT => {
                let bytes = self.string(head)?;
                String::from_utf8(bytes)
                    .map(Scalar::Text)
                    .map_err(|_| self.syntax())
            }
            LIST | MAP => self.nested(head, depth),
            TAG if head.argument == Some(DECIMAL_FRACTION) => self.decimal_fraction(depth),
            TAG => self.value(depth + 1),
            _ => self.simple(head),
        }
    }

    fn integer(&self, head: Head, negative: bool) -> Result<Scalar, SenmlError> {
        let argument = head.argument.ok_or_else(|| self.syntax())?;
        // LIMIT: integers of 65 bits exist in CBOR; no meter needs them.
        let magnitude = i64::try_from(argument).map_err(|_| self.syntax())?;
        Ok(Scalar::Number(Number::Integer(if negative {
            !magnitude
        } else {
            magnitude
        })))
    }

    fn string(&mut self, head: Head) -> Result<Vec<u8>, SenmlError> {
        if let Some(length) = head.length() {
            return self.take(length).map(<[u8]>::to_vec);
        }
        let mut whole = Vec::new();
        let mut left = None;
        while self.has_next(&mut left)? {
            let chunk = self.head()?;
            let length = chunk.length().filter(|_| chunk.major == head.major);
            let length = length.ok_or_else(|| self.syntax())?;
            whole.extend_from_slice(self.take(length)?);
        }
        Ok(whole)
    }

    /// A list or map of an unknown field, read for its syntax only.
    fn nested(&mut self, head: Head, depth: usize) -> Result<Scalar, SenmlError> {
        let mut left = head.length();
        while self.has_next(&mut left)? {
            self.value(depth + 1)?;
            if head.major == MAP {
                self.value(depth + 1)?;
            }
        }
        Ok(Scalar::Other)
    }

    fn decimal_fraction(&mut self, depth: usize) -> Result<Scalar, SenmlError> {
        let head = self.head()?;
        if head.major != LIST || head.argument != Some(2) {
            return Err(self.syntax());
        }
        let (Scalar::Number(Number::Integer(exponent)), Scalar::Number(Number::Integer(mantissa))) =
            (self.value(depth + 1)?, self.value(depth + 1)?)
        else {
            return Err(self.syntax());
        };
        // The parser of the standard library rounds correctly, which a multiplication would not.
        let float = alloc::format!("{mantissa}e{exponent}")
            .parse()
            .map_err(|_| self.syntax())?;
        Ok(Number::finite(float).map_or(Scalar::NotFinite, Scalar::Number))
    }

    fn simple(&self, head: Head) -> Result<Scalar, SenmlError> {
        let argument = head.argument.ok_or_else(|| self.syntax())?;
        let float = match head.info {
            25 => half(u16::try_from(argument).map_err(|_| self.syntax())?),
            26 => f64::from(f32::from_bits(
                u32::try_from(argument).map_err(|_| self.syntax())?,
            )),
            27 => f64::from_bits(argument),
            _ => {
                return Ok(match argument {
                    FALSE => Scalar::Boolean(false),
                    TRUE => Scalar::Boolean(true),
                    _ => Scalar::Other,
                });
            }
        };
        Ok(Number::finite(float).map_or(Scalar::NotFinite, Scalar::Number))
    }

    /// Whether another item follows in a list, map or chunked string; counts down a definite length, looks for the
    /// break of an indefinite one.
    fn has_next(&mut self, left: &mut Option<u64>) -> Result<bool, SenmlError> {
        match left {
            Some(0) => Ok(false),
            Some(count) => {
                *count -= 1;
                Ok(true)
            }
            None => match self.rest.split_first() {
                Some((0xFF, rest)) => {
                    self.rest = rest;
                    Ok(false)
                }
                Some(_) => Ok(true),
                None => Err(self.syntax()),
            },
        }
    }

    fn head(&mut self) -> Result<Head, SenmlError> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| self.syntax())?;
        self.rest = rest;
        let (major, info) = (first >> 5, first & 0x1F);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24 => Some(u64::from(u8::from_be_bytes(self.array()?))),
            25 => Some(u64::from(u16::from_be_bytes(self.array()?))),
            26 => Some(u64::from(u32::from_be_bytes(self.array()?))),
            27 => Some(u64::from_be_bytes(self.array()?)),
            31 if (BYTES..=MAP).contains(&major) => None,
            _ => return Err(self.syntax()),
        };
        Ok(Head {
            major,
            info,
            argument,
        })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SenmlError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(|| self.syntax())?;
        self.rest = rest;
        Ok(*array)
    }

    fn take(&mut self, length: u64) -> Result<&[u8], SenmlError> {
        let offset = self.offset();
        let syntax = || SenmlError::Syntax { offset };
        let length = usize::try_from(length).map_err(|_| syntax())?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(syntax)?;
        self.rest = rest;
        Ok(taken)
    }

    const fn offset(&self) -> usize {
        self.total - self.rest.len()
    }

    const fn syntax(&self) -> SenmlError {
        SenmlError::Syntax {
            offset: self.offset(),
        }
    }
}

/// RFC 8949 appendix D.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = (bits >> 10) & 0x1F;
    let mantissa = f64::from(bits & 0x3FF);
    let power = |exponent: u16| f64::from(1u32 << exponent);
    sign * match exponent {
        0 => mantissa / power(24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * power(exponent) / power(25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_of_the_rfc_are_read() {
        for (bits, value) in [
            (0x3E00, 1.5),
            (0x7BFF, 65_504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0xC400, -4.0),
        ] {
            assert_eq!(half(bits), value);
        }
        assert!(!half(0x7C00).is_finite());
        assert!(half(0x7E00).is_nan());
    }

    #[test]
    fn a_decimal_fraction_is_rounded_once() {
        // [{n: "a", v: 4([-1, 231])}], 231 × 10⁻¹
        let bytes = [0x81, 0xA2, 0x00, 0x61, 0x61, 0x02, 0xC4, 0x82, 0x20, 0x18, 0xE7];
        let pack = Pack::from_cbor(&bytes).unwrap();
        assert_eq!(
            pack.records[0].value,
            Some(crate::senml::Value::Number(Number::Float(23.1)))
        );
    }

    #[test]
    fn a_length_beyond_the_end_is_refused_without_reserving_it() {
        let bytes = [
            0x81, 0xA1, 0x00, 0x7B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        ];
        assert!(matches!(Pack::from_cbor(&bytes), Err(SenmlError::Syntax { .. })));
        assert!(Pack::from_cbor(&[0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let mut bytes = vec![0x81, 0xA1, 0x18, 0x63];
        bytes.extend([0x81; 100]);
        assert!(matches!(Pack::from_cbor(&bytes), Err(SenmlError::TooDeep { .. })));
    }
}
