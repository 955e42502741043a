//! SenML in JSON (RFC 8428 §5): a reader for lists of flat objects, and a writer.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::record::{KEYS, Pack, Record, Scalar, Written, key_of};
use super::{DEEPEST_VALUE, LARGEST_DOCUMENT, MOST_RECORDS, Number, SenmlError, base64url};

impl Pack {
    /// Reads `application/senml+json`.
    ///
    /// # Errors
    /// See [`SenmlError`]. Fields that are not understood are skipped unless their name ends with `_`.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SenmlError> {
        if bytes.len() > LARGEST_DOCUMENT {
            return Err(SenmlError::Oversized { length: bytes.len() });
        }
        let text = core::str::from_utf8(bytes).map_err(|error| SenmlError::Syntax {
            offset: error.valid_up_to(),
        })?;
        let mut reader = Reader { text, at: 0 };
        let mut records = Vec::new();
        reader.expect(b'[')?;
        if !reader.skip_if(b']') {
            loop {
                if records.len() >= MOST_RECORDS {
                    return Err(SenmlError::TooManyRecords);
                }
                records.push(reader.record(records.len())?);
                if !reader.skip_if(b',') {
                    break;
                }
            }
            reader.expect(b']')?;
        }
        reader.skip_space();
        if reader.at == text.len() {
            Ok(Self { records })
        } else {
            Err(reader.syntax())
        }
    }

    /// Writes `application/senml+json`, without spaces.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::from("[");
        for (i, record) in self.records.iter().enumerate() {
            text.push_str(if i == 0 { "{" } else { ",{" });
            let mut separator = "";
            for (key, name, _) in KEYS {
                let Some(written) = record.get(key) else { continue };
                text.push_str(separator);
                write_string(&mut text, name);
                text.push(':');
                write_value(&mut text, &written);
                separator = ",";
            }
            text.push('}');
        }
        text.push(']');
        text
    }
}

fn write_value(text: &mut String, written: &Written<'_>) {
    // INVARIANT: writing into a `String` cannot fail.
    let _: core::fmt::Result = match written {
        Written::Number(Number::Integer(number)) => write!(text, "{number}"),
        // `Debug` keeps the point, so that a float is read back as a float.
        Written::Number(Number::Float(number)) => write!(text, "{number:?}"),
        Written::Version(version) => write!(text, "{version}"),
        Written::Boolean(boolean) => write!(text, "{boolean}"),
        Written::Text(string) => {
            write_string(text, string);
            Ok(())
        }
        Written::Data(data) => {
            write_string(text, &base64url::encode(data));
            Ok(())
        }
    };
}

fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            control if control < ' ' => {
                let _: core::fmt::Result = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn record(&mut self, index: usize) -> Result<Record, SenmlError> {
        let mut record = Record::default();
        let mut unknown: Vec<String> = Vec::new();
        self.expect(b'{')?;
        if self.skip_if(b'}') {
            return Ok(record);
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.expect(b':')?;
            let scalar = self.value(0)?;
            match key_of(&name, index)? {
                Some(key) => record.set(key, scalar, index)?,
                None if unknown.contains(&name) => {
                    return Err(SenmlError::RepeatedField { record: index });
                }
                None if unknown.len() >= DEEPEST_VALUE => return Err(self.syntax()),
                None => unknown.push(name),
            }
            if !self.skip_if(b',') {
                break;
            }
        }
        self.expect(b'}')?;
        Ok(record)
    }

    fn value(&mut self, depth: usize) -> Result<Scalar, SenmlError> {
        if depth > DEEPEST_VALUE {
            return Err(SenmlError::TooDeep { offset: self.at });
        }
        self.skip_space();
        match self.peek() {
            Some(b'"') => self.string().map(Scalar::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Scalar::Boolean(true)),
            Some(b'f') => self.word("false", Scalar::Boolean(false)),
            Some(b'n') => self.word("null", Scalar::Other),
            Some(b'[') => {
                self.at += 1;
                self.nested(b']', depth, |_| Ok(()))
            }
            Some(b'{') => {
                self.at += 1;
                self.nested(b'}', depth, |reader| {
                    reader.skip_space();
                    reader.string()?;
                    reader.expect(b':')
                })
            }
            _ => Err(self.syntax()),
        }
    }

    /// The items of a list or map of an unknown field, read for their syntax only.
    fn nested(
        &mut self,
        close: u8,
        depth: usize,
        before_item: impl Fn(&mut Self) -> Result<(), SenmlError>,
    ) -> Result<Scalar, SenmlError> {
        if self.skip_if(close) {
            return Ok(Scalar::Other);
        }
        loop {
            before_item(self)?;
            self.value(depth + 1)?;
            if !self.skip_if(b',') {
                break;
            }
        }
        self.expect(close)?;
        Ok(Scalar::Other)
    }

    fn number(&mut self) -> Result<Scalar, SenmlError> {
        let start = self.at;
        self.skip_byte(b'-');
        if !self.skip_byte(b'0') {
            self.digits()?;
        }
        let mut is_integer = true;
        if self.skip_byte(b'.') {
            is_integer = false;
            self.digits()?;
        }
        if self.skip_byte(b'e') || self.skip_byte(b'E') {
            is_integer = false;
            if !self.skip_byte(b'+') {
                self.skip_byte(b'-');
            }
            self.digits()?;
        }
        let text = self.text.get(start..self.at).unwrap_or("");
        if is_integer && let Ok(integer) = text.parse() {
            return Ok(Scalar::Number(Number::Integer(integer)));
        }
        let float = text.parse().map_err(|_| SenmlError::Syntax { offset: start })?;
        Ok(Number::finite(float).map_or(Scalar::NotFinite, Scalar::Number))
    }

    fn digits(&mut self) -> Result<(), SenmlError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn string(&mut self) -> Result<String, SenmlError> {
        if !self.skip_byte(b'"') {
            return Err(self.syntax());
        }
        let mut string = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or("");
            let Some(character) = rest.chars().next() else {
                return Err(self.syntax());
            };
            self.at += character.len_utf8();
            match character {
                '"' => return Ok(string),
                '\\' => string.push(self.escape()?),
                control if control < ' ' => return Err(self.syntax()),
                other => string.push(other),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SenmlError> {
        let escaped = self.peek().ok_or_else(|| self.syntax())?;
        self.at += 1;
        Ok(match escaped {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hexadecimal()?;
                if !(0xD800..0xDC00).contains(&first) {
                    return char::from_u32(first).ok_or_else(|| self.syntax());
                }
                if !(self.skip_byte(b'\\') && self.skip_byte(b'u')) {
                    return Err(self.syntax());
                }
                let second = self.hexadecimal()?;
                if !(0xDC00..0xE000).contains(&second) {
                    return Err(self.syntax());
                }
                let point = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return char::from_u32(point).ok_or_else(|| self.syntax());
            }
            _ => return Err(self.syntax()),
        })
    }

    fn hexadecimal(&mut self) -> Result<u32, SenmlError> {
        let digits = self.text.get(self.at..self.at + 4).ok_or_else(|| self.syntax())?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.syntax());
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.syntax())
    }

    fn word(&mut self, word: &str, scalar: Scalar) -> Result<Scalar, SenmlError> {
        if !self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word))
        {
            return Err(self.syntax());
        }
        self.at += word.len();
        Ok(scalar)
    }

    fn expect(&mut self, byte: u8) -> Result<(), SenmlError> {
        if self.skip_if(byte) {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn skip_if(&mut self, byte: u8) -> bool {
        self.skip_space();
        self.skip_byte(byte)
    }

    fn skip_byte(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn syntax(&self) -> SenmlError {
        SenmlError::Syntax { offset: self.at }
    }
}
