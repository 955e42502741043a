//! The few shapes of deterministic CBOR (RFC 8949 §4.2.1) that receipts are made of.
//!
//! The reader takes one spelling only: definite lengths, shortest heads. What it accepts, the writer would have written.
//! A general CBOR library was rejected: it decodes what we must refuse, and a stranger has to audit it.

use super::{ReceiptError, malformed};

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
/// Simple value 22 (RFC 8949 §3.3).
const NULL: u8 = 0xf6;

/// Builds one data item, head by head.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn tag(self, tag: u64) -> Self {
        self.head(TAG, tag)
    }

    pub(super) fn array(self, items: usize) -> Self {
        self.length(ARRAY, items)
    }

    pub(super) fn map(self, pairs: usize) -> Self {
        self.length(MAP, pairs)
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        self.length(BYTES, bytes.len()).raw(bytes)
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.length(TEXT, text.len()).raw(text.as_bytes())
    }

    pub(super) fn unsigned(self, number: u64) -> Self {
        self.head(UNSIGNED, number)
    }

    /// RFC 8949 §3.1: a negative number n is written as -1 - n.
    pub(super) fn int(self, number: i64) -> Self {
        match u64::try_from(number) {
            Ok(number) => self.unsigned(number),
            Err(_) => self.head(NEGATIVE, (!number).cast_unsigned()),
        }
    }

    pub(super) fn null(self) -> Self {
        self.raw(&[NULL])
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn length(self, major: u8, length: usize) -> Self {
        // INVARIANT: no length in memory exceeds 64 bits.
        self.head(major, u64::try_from(length).unwrap_or(u64::MAX))
    }

    fn head(self, major: u8, argument: u64) -> Self {
        let [.., b4, b5, b6, b7] = argument.to_be_bytes();
        let first = |information: u8| major << 5 | information;
        match argument {
            0..=23 => self.raw(&[first(b7)]),
            24..=0xff => self.raw(&[first(24), b7]),
            0x100..=0xffff => self.raw(&[first(25), b6, b7]),
            0x1_0000..=0xffff_ffff => self.raw(&[first(26), b4, b5, b6, b7]),
            _ => self.raw(&[first(27)]).raw(&argument.to_be_bytes()),
        }
    }
}

/// Takes data items apart, in the order the caller expects them.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Exactly this tag.
    pub(super) fn tag(&mut self, tag: u64) -> Result<(), ReceiptError> {
        self.exactly(TAG, tag, "the tag is not that of COSE_Sign1")
    }

    /// An array of exactly so many items.
    pub(super) fn array(&mut self, items: u64) -> Result<(), ReceiptError> {
        self.exactly(ARRAY, items, "an array does not have the length it must have")
    }

    /// An array of any length.
    pub(super) fn any_array(&mut self) -> Result<u64, ReceiptError> {
        self.argument(ARRAY, "an array is missing")
    }

    /// A map of exactly so many pairs.
    pub(super) fn map(&mut self, pairs: u64) -> Result<(), ReceiptError> {
        self.exactly(MAP, pairs, "a map does not have the pairs it must have")
    }

    /// A map of any size.
    pub(super) fn any_map(&mut self) -> Result<u64, ReceiptError> {
        self.argument(MAP, "a map is missing")
    }

    /// Exactly this label of a map.
    pub(super) fn label(&mut self, label: i64) -> Result<(), ReceiptError> {
        if self.int()? == label {
            Ok(())
        } else {
            Err(malformed("a label stands where another belongs"))
        }
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], ReceiptError> {
        let length = self.argument(BYTES, "a byte string is missing")?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, ReceiptError> {
        let length = self.argument(TEXT, "a text is missing")?;
        str::from_utf8(self.take(length)?).map_err(|_| malformed("a text is not UTF-8"))
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, ReceiptError> {
        self.argument(UNSIGNED, "a number is missing")
    }

    pub(super) fn int(&mut self) -> Result<i64, ReceiptError> {
        let (major, argument) = self.head()?;
        let number = i64::try_from(argument).map_err(|_| malformed("a number is too large"))?;
        match major {
            UNSIGNED => Ok(number),
            NEGATIVE => Ok(!number),
            _ => Err(malformed("a number is missing")),
        }
    }

    pub(super) fn null(&mut self) -> Result<(), ReceiptError> {
        match self.byte()? {
            NULL => Ok(()),
            _ => Err(malformed("the payload is not detached")),
        }
    }

    /// Nothing may follow.
    pub(super) const fn end(self) -> Result<(), ReceiptError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(malformed("bytes follow the end"))
        }
    }

    fn exactly(&mut self, major: u8, argument: u64, what: &'static str) -> Result<(), ReceiptError> {
        if self.argument(major, what)? == argument {
            Ok(())
        } else {
            Err(malformed(what))
        }
    }

    fn argument(&mut self, major: u8, what: &'static str) -> Result<u64, ReceiptError> {
        match self.head()? {
            (found, argument) if found == major => Ok(argument),
            _ => Err(malformed(what)),
        }
    }

    /// RFC 8949 §3 and §4.2.1: the major type and its argument, in the shortest form, never of indefinite length.
    fn head(&mut self) -> Result<(u8, u64), ReceiptError> {
        let first = self.byte()?;
        let (argument, least) = match first & 0x1f {
            information @ 0..=23 => (u64::from(information), 0),
            24 => (self.number::<1>()?, 24),
            25 => (self.number::<2>()?, 0x100),
            26 => (self.number::<4>()?, 0x1_0000),
            27 => (self.number::<8>()?, 0x1_0000_0000),
            31 => return Err(malformed("a length is indefinite")),
            _ => return Err(malformed("a head is reserved")),
        };
        if argument < least {
            return Err(malformed("a head is longer than it need be"));
        }
        Ok((first >> 5, argument))
    }

    fn number<const N: usize>(&mut self) -> Result<u64, ReceiptError> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn byte(&mut self) -> Result<u8, ReceiptError> {
        let (byte, rest) = self.0.split_first().ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], ReceiptError> {
        let length = usize::try_from(length).map_err(|_| CUT_SHORT)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(bytes)
    }
}

const CUT_SHORT: ReceiptError = malformed("it is cut short");

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8949 appendix A.
    #[test]
    fn numbers_have_the_bytes_of_the_rfc() {
        for (number, bytes) in [
            (0, vec![0x00]),
            (23, vec![0x17]),
            (24, vec![0x18, 24]),
            (255, vec![0x18, 255]),
            (256, vec![0x19, 1, 0]),
            (1_000_000, vec![0x1a, 0x00, 0x0f, 0x42, 0x40]),
            (1_000_000_000_000, vec![0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0]),
            (-1, vec![0x20]),
            (-100, vec![0x38, 0x63]),
            (-1000, vec![0x39, 0x03, 0xe7]),
            (i64::MIN, vec![0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(Writer::default().int(number).finish(), bytes);
            assert_eq!(Reader::new(&bytes).int(), Ok(number));
        }
    }

    #[test]
    fn only_the_shortest_definite_heads_are_read() {
        for bytes in [
            &[0x18, 23][..],
            &[0x19, 0, 255],
            &[0x1a, 0, 0, 255, 255],
            &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255],
            &[0x1b, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0x1c],
            &[0x1f],
            &[0x18],
            &[],
        ] {
            assert!(Reader::new(bytes).int().is_err(), "{bytes:02x?}");
        }
        assert_eq!(
            Reader::new(&[0x9f, 0x00, 0xff]).any_array(),
            Err(malformed("a length is indefinite"))
        );
        assert_eq!(
            Reader::new(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]).bytes(),
            Err(CUT_SHORT)
        );
    }
}
