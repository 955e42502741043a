//! Codes that people type: drawn, shown in groups, and read back whatever spaces and hyphens came along.

use broker_domain::time::{Entropy, EntropyUnavailable};

/// Characters of a code: no 0/O, 1/I/L, so that it can be read aloud. The last one is never in a code.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ-";
/// Characters in a code: 31^12 is more than 2^59.
const LENGTH: usize = 12;
/// Characters between two hyphens when a code is shown.
const GROUP: usize = 4;

/// Draws a code, each of the 31^12 equally likely.
pub(crate) fn draw_code(entropy: &dyn Entropy) -> Result<String, EntropyUnavailable> {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        let mut byte = [0_u8; 1];
        entropy.fill(&mut byte)?;
        let [byte] = byte;
        // The last character of the table stands for "draw again": the rest stay equally likely.
        match ALPHABET.get(usize::from(byte & 31)) {
            Some(b'-') | None => {}
            Some(symbol) => code.push(char::from(*symbol)),
        }
    }
    Ok(code)
}

/// A code as people see it: `ABCD-EFGH-JKMN`.
pub(crate) fn shown(code: &str) -> String {
    let mut text = String::with_capacity(code.len() + code.len() / GROUP);
    for (place, symbol) in code.chars().enumerate() {
        if place > 0 && place.is_multiple_of(GROUP) {
            text.push('-');
        }
        text.push(symbol);
    }
    text
}

/// What somebody typed, as it was drawn. What can be no code is cut to a length that cannot be one either.
pub(crate) fn typed(text: &str) -> String {
    text.chars()
        .filter(|symbol| !symbol.is_whitespace() && *symbol != '-')
        .take(LENGTH + 1)
        .map(|symbol| symbol.to_ascii_uppercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
            for byte in bytes {
                *byte = self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed);
            }
            Ok(())
        }
    }

    #[test]
    fn a_code_is_read_back_as_it_was_drawn() {
        let code = draw_code(&Counting(31.into())).unwrap();
        assert_eq!(code.len(), LENGTH);
        assert!(!code.contains('-'));
        let shown = shown(&code);
        assert_eq!(shown.len(), LENGTH + 2);
        assert_eq!(typed(&shown), code);
        assert_eq!(
            typed(&format!(" {} ", shown.to_lowercase().replace('-', " - "))),
            code
        );
    }

    #[test]
    fn a_long_text_is_no_code() {
        assert_eq!(typed(&"A".repeat(10_000)).len(), LENGTH + 1);
    }
}
