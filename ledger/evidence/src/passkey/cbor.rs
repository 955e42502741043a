//! The CBOR of WebAuthn: COSE keys, attestation objects and extension outputs.
//!
//! One spelling is read, the “CTAP2 canonical CBOR encoding form”: shortest definite heads, keys in order and without
//! repetition, no tags. WebAuthn L3 §2.1: decoders “SHOULD reject CBOR that is not validly encoded in the CTAP2 canonical
//! CBOR encoding form and SHOULD reject messages with duplicate map keys”. A general library decodes what must be
//! refused here, and the auditor's program would carry it.

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const SIMPLE: u8 = 7;
/// Arrays and maps within each other. CTAP2 messages have 4 at most; statements of attestation stay below 8.
const DEEPEST: u8 = 8;

/// Takes data items apart, in the order the caller expects them. `None` when another item stands there.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The number of pairs of a map.
    pub(super) fn map(&mut self) -> Option<u64> {
        self.argument(MAP)
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.argument(BYTES)?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.argument(TEXT)?;
        str::from_utf8(self.take(length)?).ok()
    }

    pub(super) fn int(&mut self) -> Option<i64> {
        let (major, argument) = self.head()?;
        let number = i64::try_from(argument).ok()?;
        match major {
            UNSIGNED => Some(number),
            NEGATIVE => Some(!number),
            _ => None,
        }
    }

    /// Whatever stands next, as its bytes.
    pub(super) fn item(&mut self) -> Option<&'a [u8]> {
        let before = self.0;
        self.skip(0)?;
        let length = before.len().checked_sub(self.0.len())?;
        Some(before.split_at_checked(length)?.0)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    pub(super) fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Nothing may follow.
    pub(super) const fn end(self) -> Option<()> {
        if self.0.is_empty() { Some(()) } else { None }
    }

    fn skip(&mut self, depth: u8) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let (major, argument) = self.head()?;
        match major {
            UNSIGNED | NEGATIVE => Some(()),
            BYTES => self.take(argument).map(|_| ()),
            TEXT => str::from_utf8(self.take(argument)?).ok().map(|_| ()),
            // An item has a byte at least, so that a length beyond the input ends with it.
            ARRAY => (0..argument).try_for_each(|_| self.skip(depth + 1)),
            MAP => self.skip_pairs(argument, depth + 1),
            SIMPLE => Some(()),
            _ => None,
        }
    }

    /// CTAP2 canonical form: keys of the lower major type first, then the shorter, then the lower in byte order.
    fn skip_pairs(&mut self, pairs: u64, depth: u8) -> Option<()> {
        let mut last = None;
        for _ in 0..pairs {
            let before = self.0;
            self.skip(depth)?;
            let (key, _) = before.split_at_checked(before.len().checked_sub(self.0.len())?)?;
            let place = Some((key.first()? >> 5, key.len(), key));
            if place <= last {
                return None;
            }
            last = place;
            self.skip(depth)?;
        }
        Some(())
    }

    fn argument(&mut self, major: u8) -> Option<u64> {
        let (found, argument) = self.head()?;
        (found == major).then_some(argument)
    }

    /// RFC 8949 §3: the major type and its argument. Of the simple values those without a head of their own are read,
    /// and floating-point numbers, whose bytes are the argument.
    fn head(&mut self) -> Option<(u8, u64)> {
        let [first] = self.fixed()?;
        let major = first >> 5;
        let (argument, least) = match first & 0x1f {
            information @ 0..=23 => (u64::from(information), 0),
            24 if major != SIMPLE => (self.number::<1>()?, 24),
            25 => (self.number::<2>()?, 0x100),
            26 => (self.number::<4>()?, 0x1_0000),
            27 => (self.number::<8>()?, 0x1_0000_0000),
            _ => return None,
        };
        (major == SIMPLE || argument >= least).then_some((major, argument))
    }

    fn number<const N: usize>(&mut self) -> Option<u64> {
        let bytes = self.fixed::<N>()?;
        Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_one_item(bytes: &[u8]) -> bool {
        let mut reader = Reader::new(bytes);
        reader.item().is_some_and(|item| item == bytes) && reader.end().is_some()
    }

    #[test]
    fn items_of_rfc_8949_appendix_a_are_read() {
        for bytes in [
            &[0x00][..],
            &[0x18, 0x18],
            &[0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0],
            &[0x38, 0x63],
            &[0x44, 1, 2, 3, 4],
            &[0x64, b'I', b'E', b'T', b'F'],
            &[0x82, 1, 0x82, 2, 3],
            &[0xa2, 0x01, 0x02, 0x03, 0x04],
            &[0xf4],
            &[0xf6],
            &[0xf9, 0x3c, 0x00],
        ] {
            assert!(is_one_item(bytes), "{bytes:02x?}");
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for (why, bytes) in [
            ("a long head", &[0x18, 23][..]),
            ("a long length", &[0x58, 1, 0]),
            ("an indefinite array", &[0x9f, 0xff]),
            ("an indefinite map", &[0xbf, 0xff]),
            ("a tag", &[0xc1, 0x00]),
            ("keys out of order", &[0xa2, 0x02, 0, 0x01, 0]),
            ("a key twice", &[0xa2, 0x01, 0, 0x01, 0]),
            ("a negative key first", &[0xa2, 0x20, 0, 0x01, 0]),
            ("a longer key first", &[0xa2, 0x62, b'a', b'a', 0, 0x61, b'b', 0]),
            ("a text that is not UTF-8", &[0x61, 0xff]),
            ("a simple value with a head", &[0xf8, 0x20]),
            ("cut short", &[0x42, 0]),
            ("no value", &[0xa1, 0x01]),
            (
                "a length beyond all",
                &[0x9b, 255, 255, 255, 255, 255, 255, 255, 255],
            ),
            ("nothing", &[]),
        ] {
            assert!(!is_one_item(bytes), "{why}");
        }
        let nested = |depth: usize| [vec![0x81; depth], vec![0x00]].concat();
        assert!(is_one_item(&nested(usize::from(DEEPEST))));
        assert!(!is_one_item(&nested(usize::from(DEEPEST) + 1)), "too deep");
    }
}
