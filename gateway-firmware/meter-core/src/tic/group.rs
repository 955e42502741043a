//! One line of a frame: splitting and both checksum rules.

use super::label::{Label, Mode};
use super::place::Place;
use super::{Horodate, HorodateError};

/// Bytes between LF and CR that a group may have. The longest of the specification, `PPOINTE` and `PJOURF+1`, have
/// 109; more can only be several groups glued together by a lost CR.
pub const LONGEST_GROUP: usize = 128;

const HT: u8 = 0x09;
const SP: u8 = 0x20;

/// Stands for a byte whose parity was wrong; never a byte of a meter.
pub(super) const DAMAGED: u8 = 0xFF;

/// Why a group was refused by the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A byte arrived with a parity or framing error.
    Parity,
    /// Not the number of fields that a group has.
    Fields,
    /// The checksum field is not one byte.
    ChecksumLength,
    /// The checksum is wrong.
    Checksum,
    /// A new group or the end of the frame came before CR.
    NoCarriageReturn,
    /// Longer than [`LONGEST_GROUP`].
    TooLong,
    /// More groups or text than a frame can have.
    FrameFull,
}

/// A group whose checksum is right. Its data may still be wrong: see [`super::Plausibility`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group<'a> {
    /// The mode its separators belong to.
    pub mode: Mode,
    /// The label as sent.
    pub name: &'a str,
    /// What the specification says of it; `None` for a label it does not know.
    pub label: Option<&'static Label>,
    /// The horodate as sent, season letter first.
    pub horodate: Option<&'a str>,
    /// The data as sent, padding included.
    pub data: &'a str,
    /// Where its name stands in the table, in this mode or the other.
    pub(super) place: Option<Place>,
}

impl<'a> Group<'a> {
    /// Reads the bytes between LF and CR.
    ///
    /// # Errors
    /// The [`Cause`] for which the group must not be used. Nothing is trimmed first: the checksum may be a space.
    pub fn parse(raw: &'a [u8]) -> Result<Self, Cause> {
        if raw.contains(&DAMAGED) {
            return Err(Cause::Parity);
        }
        let text = core::str::from_utf8(raw).map_err(|_| Cause::Parity)?;
        if raw.contains(&HT) {
            standard(text)
        } else {
            historique(text)
        }
    }

    /// The data as a number, if it is made of decimal digits only.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        number(self.data.as_bytes())
    }

    /// The horodate, read.
    ///
    /// # Errors
    /// The reason for which it is not a time.
    pub fn time(&self) -> Option<Result<Horodate, HorodateError>> {
        self.horodate.map(Horodate::parse)
    }
}

/// Decimal digits only, at least one, as a number that fits.
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    let append = |number: u32, digit: &u8| {
        let digit = digit.is_ascii_digit().then(|| u32::from(*digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    };
    digits.split_first()?;
    digits.iter().try_fold(0, append)
}

/// Checksum of historique ("mode 1"): the zone is `label SP data`, the last separator excluded.
#[must_use]
pub fn checksum_historique(zone: &[u8]) -> u8 {
    checksum(zone)
}

/// Checksum of standard ("mode 2"): the zone is `label HT [horodate HT] data HT`, the last separator included.
#[must_use]
pub fn checksum_standard(zone: &[u8]) -> u8 {
    checksum(zone)
}

/// `(S1 & 0x3F) + 0x20`, S1 the sum of the bytes of the zone (54E §5.3.6).
fn checksum(zone: &[u8]) -> u8 {
    // Only the low 6 bits count, so wrapping at 8 bits changes nothing.
    (zone.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) & 0x3F) + 0x20
}

fn historique(text: &str) -> Result<Group<'_>, Cause> {
    // Split from the right: in `PTEC HP.. ` + SP the checksum itself is a space.
    let (rest, sum) = split_last_byte(text).ok_or(Cause::Fields)?;
    let (zone, separator) = split_last_byte(rest).ok_or(Cause::Fields)?;
    if separator != SP {
        return Err(Cause::Fields);
    }
    let (name, data) = zone.split_once(' ').ok_or(Cause::Fields)?;
    if checksum_historique(zone.as_bytes()) != sum {
        return Err(Cause::Checksum);
    }
    let place = Place::of(name.as_bytes());
    Ok(Group {
        mode: Mode::Historique,
        name,
        label: label_at(place, Mode::Historique),
        horodate: None,
        data,
        place,
    })
}

fn standard(text: &str) -> Result<Group<'_>, Cause> {
    let mut fields = text.split('\t');
    let (name, horodate, data, sum) = match (
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
    ) {
        (Some(name), Some(data), Some(sum), None, None) => (name, None, data, sum),
        (Some(name), Some(horodate), Some(data), Some(sum), None) => (name, Some(horodate), data, sum),
        _ => return Err(Cause::Fields),
    };
    let &[sum] = sum.as_bytes() else {
        return Err(Cause::ChecksumLength);
    };
    let (zone, _) = split_last_byte(text).ok_or(Cause::Fields)?;
    if checksum_standard(zone.as_bytes()) != sum {
        return Err(Cause::Checksum);
    }
    let place = Place::of(name.as_bytes());
    Ok(Group {
        mode: Mode::Standard,
        name,
        label: label_at(place, Mode::Standard),
        horodate,
        data,
        place,
    })
}

pub(super) fn label_at(place: Option<Place>, mode: Mode) -> Option<&'static Label> {
    place?.label().filter(|label| label.mode == mode)
}

fn split_last_byte(text: &str) -> Option<(&str, u8)> {
    let (last, _) = text.as_bytes().split_last()?;
    let rest = text.get(..text.len().checked_sub(1)?)?;
    Some((rest, *last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_the_specification_examples_hold() {
        assert_eq!(checksum_historique(b"ADCO 012345678901"), b'E');
        assert_eq!(checksum_historique(b"OPTARIF BASE"), b'0');
        assert_eq!(checksum_historique(b"PTEC HP.."), b' ');
        assert_eq!(checksum_standard(b"EAST\t011887649\t"), b';');
        assert_eq!(checksum_standard(b"DATE\tH230301091834\t\t"), b'C');
        assert_eq!(checksum_standard(b"SMAXSN\tH230301065253\t01024\t"), b'2');
        assert_eq!(checksum_standard(b"EASD01\t000000000\t"), b' ');
    }

    #[test]
    fn a_checksum_that_is_a_space_is_read() {
        let group = Group::parse(b"PTEC HP..  ").unwrap();
        assert_eq!((group.name, group.data), ("PTEC", "HP.."));
        assert_eq!(Group::parse(b"EASD01\t000000000\t ").unwrap().data, "000000000");
    }

    #[test]
    fn an_empty_date_keeps_its_separators() {
        let group = Group::parse(b"DATE\tH230301091834\t\tC").unwrap();
        assert_eq!((group.horodate, group.data), (Some("H230301091834"), ""));
    }

    #[test]
    fn an_unknown_label_is_kept() {
        let group = Group::parse(b"TENSION 233 8").unwrap();
        assert_eq!((group.label, group.number()), (None, Some(233)));
    }

    #[test]
    fn each_cause_has_its_group() {
        assert_eq!(Group::parse(b""), Err(Cause::Fields));
        assert_eq!(Group::parse(b"HHPHC A"), Err(Cause::Fields));
        assert_eq!(Group::parse(b"EAST\t011887649\t<"), Err(Cause::Checksum));
        assert_eq!(Group::parse(b"EAST\t011887649\t;;"), Err(Cause::ChecksumLength));
        assert_eq!(Group::parse(b"EAST\t0\t1\t2\t;"), Err(Cause::Fields));
        assert_eq!(Group::parse(b"EAST\t01188\xFF649\t;"), Err(Cause::Parity));
    }
}
