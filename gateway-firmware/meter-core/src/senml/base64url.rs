//! Base64url without padding (RFC 4648 §5), as `vd` of RFC 8428 §4.3 wants it.

use alloc::string::String;
use alloc::vec::Vec;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0u32, |group, byte| (group << 8) | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = usize::try_from((group >> (18 - 6 * place)) & 0x3F).unwrap_or(0);
            text.push(ALPHABET.get(index).copied().map_or('A', char::from));
        }
    }
    text
}

/// Padding is tolerated, because peers send it; other characters and left-over bits are not.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut group = 0u32;
        for byte in chunk {
            let value = ALPHABET.iter().position(|letter| letter == byte)?;
            group = (group << 6) | u32::try_from(value).ok()?;
        }
        let missing = 4 - chunk.len();
        let [_, b1, b2, b3] = (group << (6 * missing)).to_be_bytes();
        match missing {
            0 => bytes.extend([b1, b2, b3]),
            1 if b3 == 0 => bytes.extend([b1, b2]),
            2 if b2 == 0 && b3 == 0 => bytes.push(b1),
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_read_and_written() {
        assert_eq!(decode("aGkgCg").as_deref(), Some(&b"hi \n"[..]));
        assert_eq!(encode(b"hi \n"), "aGkgCg");
    }

    #[test]
    fn every_length_round_trips() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..bytes.len() {
            assert_eq!(
                decode(&encode(&bytes[..length])).as_deref(),
                Some(&bytes[..length])
            );
        }
    }

    #[test]
    fn wrong_letters_and_left_over_bits_are_refused() {
        assert_eq!(decode("a+bc"), None);
        assert_eq!(decode("A"), None);
        assert_eq!(decode("AB"), None);
        assert_eq!(decode("AA==").as_deref(), Some(&[0u8][..]));
    }
}
