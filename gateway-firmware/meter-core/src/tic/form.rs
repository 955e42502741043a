//! Rule 3 of trust: a known label has exactly the length and the characters of its table.

use super::group::Group;
use super::horodate::{Horodate, Season};
use super::label::{Dating, Form};

const LONGEST_LABEL: usize = 9;

/// Whether data and horodate of `group` look as the specification says. An unknown label passes when it could be one
/// at all (some older meters emit `TENSION`): it is kept, and goes nowhere.
#[must_use]
pub fn has_right_form(group: &Group<'_>) -> bool {
    match group.label {
        Some(label) => has_data_of(group.data, label.form) && has_horodate_of(group.horodate, label.dating),
        None => is_label(group.name) && group.data.bytes().all(is_printable),
    }
}

fn has_data_of(data: &str, form: Form) -> bool {
    match form {
        Form::Empty => data.is_empty(),
        Form::Digits(n) => data.len() == n && data.bytes().all(|byte| byte.is_ascii_digit()),
        Form::Hex(n) => data.len() == n && data.bytes().all(is_upper_hex),
        Form::Text(n) => data.len() == n && data.bytes().all(is_printable),
        Form::Word(words) => words.contains(&data),
        Form::TariffOption => match data.strip_prefix("BBR") {
            Some(rest) => rest.len() == 1 && rest.bytes().all(is_printable),
            None => matches!(data, "BASE" | "HC.." | "EJP."),
        },
        Form::Profile => is_profile(data),
    }
}

fn has_horodate_of(horodate: Option<&str>, dating: Dating) -> bool {
    match (horodate, dating) {
        (None, Dating::Undated) => true,
        (Some(text), Dating::Dated) => {
            Horodate::parse(text).is_ok_and(|time| time.season != Season::NotApplicable)
        }
        (Some(text), Dating::Seasonless) => {
            Horodate::parse(text).is_ok_and(|time| time.season == Season::NotApplicable)
        }
        (Some(_), Dating::Undated) | (None, Dating::Dated | Dating::Seasonless) => false,
    }
}

/// Eleven blocks of eight, one space between (54E, `PJOURF+1`).
fn is_profile(data: &str) -> bool {
    data.len() == 98 && data.split(' ').count() == 11 && data.split(' ').all(is_block)
}

fn is_block(block: &str) -> bool {
    if block == "NONUTILE" {
        return true;
    }
    let Some((time, action)) = block.split_at_checked(4) else {
        return false;
    };
    let Some((hour, minute)) = time.split_at_checked(2) else {
        return false;
    };
    let below = |text: &str, limit: u8| {
        text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u8>().is_ok_and(|n| n < limit)
    };
    below(hour, 24) && below(minute, 60) && action.len() == 4 && action.bytes().all(is_upper_hex)
}

fn is_label(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_LABEL
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"+-".contains(&byte))
}

const fn is_upper_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'A'..=b'F')
}

const fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7E)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(raw: &[u8]) -> bool {
        has_right_form(&Group::parse(raw).unwrap())
    }

    #[test]
    fn a_bit_6_flip_that_the_checksum_does_not_see_is_seen() {
        assert!(right(b"EAST\t011887649\t;"));
        assert!(!right(b"EAST\t0q1887649\t;"));
    }

    #[test]
    fn a_lost_pair_of_spaces_is_seen() {
        assert!(!has_data_of("     BASE     ", Form::Text(16)));
        assert!(has_data_of("      BASE      ", Form::Text(16)));
    }

    #[test]
    fn a_profile_is_eleven_blocks() {
        let mut text = "00004001 06004002 22004001".to_owned();
        for _ in 0..8 {
            text.push_str(" NONUTILE");
        }
        assert!(is_profile(&text));
        assert!(!is_profile(&text.replace("0600", "0660")));
        assert!(!is_profile(&text.replace("4002", "400G")));
    }

    #[test]
    fn a_tariff_option_of_tempo_ends_with_any_character() {
        assert!(has_data_of("BBR(", Form::TariffOption));
        assert!(!has_data_of("BBR", Form::TariffOption));
        assert!(!has_data_of("HP..", Form::TariffOption));
    }
}
