//! Data fields of fixed width.

/// Exactly `N` printable ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    /// Takes the first `N` characters, fills up with spaces on the right, and writes `?` for what the line cannot
    /// carry (accents, control characters).
    #[must_use]
    pub fn padded(content: &str) -> Self {
        let mut field = [b' '; N];
        for (place, letter) in field.iter_mut().zip(content.chars()) {
            let byte = u8::try_from(letter).unwrap_or(b'?');
            *place = if (0x20..=0x7E).contains(&byte) { byte } else { b'?' };
        }
        Self(field)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// One step of a day profile: from this local time on, this supplier index and this position of the dry contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileBlock {
    /// Local hour, 0–23.
    pub hour: u8,
    /// Minute, 0–59.
    pub minute: u8,
    /// `SSSS`: bits 0–3 supplier index, 4–10 virtual contacts, 14–15 dry contact (1 Tempo, 2 opens, 3 closes).
    pub action: u16,
}

/// The data of `PJOURF+1` and `PPOINTE`: eleven blocks of eight characters, unused ones spelt `NONUTILE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayProfile([Option<ProfileBlock>; 11]);

impl DayProfile {
    /// A profile of at most eleven steps; what comes after is left out, as the field has no room for it.
    #[must_use]
    pub fn new(steps: &[ProfileBlock]) -> Self {
        let mut blocks = [None; 11];
        for (block, step) in blocks.iter_mut().zip(steps) {
            *block = Some(*step);
        }
        Self(blocks)
    }

    pub(super) fn text(&self) -> Text<98> {
        let mut field = [b' '; 98];
        for (place, block) in field.chunks_mut(9).zip(self.0) {
            let spelt = block.map_or(*b"NONUTILE", ProfileBlock::spelt);
            place
                .iter_mut()
                .zip(spelt)
                .for_each(|(byte, letter)| *byte = letter);
        }
        Text(field)
    }
}

impl ProfileBlock {
    /// `HHMMSSSS`.
    fn spelt(self) -> [u8; 8] {
        let decimal = |value: u8| [b'0' + value / 10 % 10, b'0' + value % 10];
        let [high, low] = self.action.to_be_bytes();
        let hexadecimal = |value: u8| [value >> 4, value & 0xF].map(hexadecimal_digit);
        let [first, second, third, fourth] = [
            decimal(self.hour),
            decimal(self.minute),
            hexadecimal(high),
            hexadecimal(low),
        ];
        [
            first[0], first[1], second[0], second[1], third[0], third[1], fourth[0], fourth[1],
        ]
    }
}

fn hexadecimal_digit(value: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        b'A' + value - 10
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_profile_has_ninety_eight_characters() {
        let step = ProfileBlock {
            hour: 6,
            minute: 30,
            action: 0xC00A,
        };
        let text = DayProfile::new(&[step]).text();
        assert!(text.bytes().starts_with(b"0630C00A NONUTILE "));
        assert!(text.bytes().ends_with(b" NONUTILE"));
    }

    #[test]
    fn accents_do_not_reach_the_line() {
        assert_eq!(Text::<6>::padded("déjà").bytes(), b"d?j?  ");
    }
}
