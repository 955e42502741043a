//! Looking for what must not be there, in the forms in which it could hide.

use std::collections::BTreeMap;

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Things to look for.
#[derive(Default)]
pub struct Needles {
    /// Form to what it is a form of. By the first four bytes, so that a large file is read once.
    forms: BTreeMap<[u8; 4], Vec<(Vec<u8>, String)>>,
    count: usize,
}

impl Needles {
    /// Adds a text or a binary value: as it is, in hexadecimal, and in base64 wherever in a longer text it stands.
    /// `what` names it in a failure, without giving it away.
    pub fn add(&mut self, what: &str, value: &[u8]) {
        let mut forms = vec![
            value.to_vec(),
            hex::encode(value).into_bytes(),
            hex::encode_upper(value).into_bytes(),
        ];
        for shift in 0..3 {
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                forms.push(base64_core(engine, value, shift));
            }
        }
        forms.sort();
        forms.dedup();
        for form in forms {
            self.add_form(what, form);
        }
    }

    /// Adds bytes that are looked for as they are.
    pub fn add_form(&mut self, what: &str, form: Vec<u8>) {
        // A shorter one is found by chance: 32 bits in a megabyte of noise, one time in four thousand.
        assert!(form.len() >= 5, "`{what}` is too short to be looked for");
        let head = form[..4].try_into().unwrap();
        self.forms.entry(head).or_default().push((form, what.to_owned()));
        self.count += 1;
    }

    /// How many forms are looked for.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What is found in these bytes.
    #[must_use]
    pub fn found_in(&self, haystack: &[u8]) -> Vec<&str> {
        let mut found = Vec::new();
        for (at, window) in haystack.windows(4).enumerate() {
            let Some(forms) = self.forms.get(window) else {
                continue;
            };
            found.extend(
                forms
                    .iter()
                    .filter(|(form, _)| haystack[at..].starts_with(form))
                    .map(|(_, what)| &**what),
            );
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Fails when anything is found.
    pub fn must_be_absent(&self, place: &str, haystack: &[u8]) {
        let found = self.found_in(haystack);
        assert!(found.is_empty(), "found in {place}: {}", found.join(", "));
    }
}

/// The characters that the value alone decides when it stands `shift` bytes after a multiple of three.
fn base64_core(engine: &impl base64::Engine, value: &[u8], shift: usize) -> Vec<u8> {
    let padded = [&vec![0; shift], value].concat();
    let encoded = engine.encode(&padded).into_bytes();
    let first = (shift * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded[first..last].to_vec()
}

/// Runs of decimal digits of at least this length: whole numbers as a person would read them.
pub fn numbers(text: &[u8], at_least: usize) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !byte.is_ascii_digit())
        .filter(move |run| run.len() >= at_least)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn a_value_is_found_in_every_form() {
        let mut needles = Needles::default();
        needles.add("the number", b"99000000100042");
        let inside = |shift: usize| [&vec![b'x'; shift][..], b"99000000100042", b"tail"].concat();
        for shift in 0..6 {
            for haystack in [
                inside(shift),
                hex::encode(inside(shift)).into_bytes(),
                STANDARD_NO_PAD.encode(inside(shift)).into_bytes(),
                URL_SAFE_NO_PAD.encode(inside(shift)).into_bytes(),
            ] {
                assert_eq!(needles.found_in(&haystack), ["the number"], "{shift}");
            }
        }
        assert!(needles.found_in(b"9900000010004").is_empty());
    }

    #[test]
    fn numbers_are_whole() {
        assert_eq!(
            numbers(b"a12345b123 1234567", 5).collect::<Vec<_>>(),
            [&b"12345"[..], b"1234567"]
        );
    }
}
