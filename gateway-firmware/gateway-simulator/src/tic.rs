//! Writing TIC frames: framing, checksums and the order of groups, single- and three-phase.

mod historique;
mod horodate;
mod standard;
mod stge;
mod text;

pub use historique::{Currents, HistoriqueFrame, HistoriqueTariff, ShortFrame, TempoColour};
pub use horodate::{Horodate, HorodateError, MeterClock};
pub use standard::{Maximum, MobilePeak, PhaseReading, Producer, StandardFrame, Supply};
pub use stge::{Breaker, DryContact, Flow, Stge};
pub use text::{DayProfile, ProfileBlock, Text};

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const LF: u8 = 0x0A;
const CR: u8 = 0x0D;
const SP: u8 = 0x20;
const HT: u8 = 0x09;

/// What the customer socket speaks: 1200 Bd without a clock, or 9600 Bd with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicMode {
    /// 1200 Bd, separator SP, checksum rule 1.
    Historique,
    /// 9600 Bd, separator HT, checksum rule 2.
    Standard,
}

/// Why a group cannot be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum GroupError {
    /// A label has 1 to 9 printable characters other than the separator (`SMAXSN1-1` has nine).
    #[error("a label of {length} bytes or with a forbidden character")]
    Label {
        /// Bytes in the label given.
        length: usize,
    },
    /// Data is printable ASCII, 0x20–0x7E, at most 98 characters.
    #[error("data of {length} bytes or with a forbidden character")]
    Data {
        /// Bytes in the data given.
        length: usize,
    },
    /// Historique groups carry no horodate.
    #[error("historique groups carry no horodate")]
    Dated,
}

/// Collects TIC bytes as they would leave the socket, 7 data bits in each byte, parity not included.
#[derive(Clone, Debug)]
pub struct TicWriter {
    mode: TicMode,
    bytes: Vec<u8>,
}

impl TicWriter {
    /// An empty stream in one mode.
    #[must_use]
    pub fn new(mode: TicMode) -> Self {
        // The longest frame, every standard label present, has 1727 bytes.
        Self {
            mode,
            bytes: Vec::with_capacity(1024),
        }
    }

    /// Opens a frame: STX.
    pub fn begin_frame(&mut self) {
        self.bytes.push(STX);
    }

    /// Closes a frame: ETX.
    pub fn end_frame(&mut self) {
        self.bytes.push(ETX);
    }

    /// Breaks a frame off as a meter being read or programmed does: EOT.
    pub fn interrupt_frame(&mut self) {
        self.bytes.push(EOT);
    }

    /// Writes `LF label SEP data SEP checksum CR`.
    ///
    /// # Errors
    /// A label or data that cannot stand in a group.
    pub fn group(&mut self, label: &str, data: &str) -> Result<(), GroupError> {
        self.check(label, data)?;
        self.put(label, data.as_bytes());
        Ok(())
    }

    /// Writes `LF label HT horodate HT data HT checksum CR`.
    ///
    /// # Errors
    /// A label or data that cannot stand in a group; historique mode.
    pub fn dated_group(&mut self, label: &str, horodate: Horodate, data: &str) -> Result<(), GroupError> {
        if self.mode == TicMode::Historique {
            return Err(GroupError::Dated);
        }
        self.check(label, data)?;
        self.put_dated(label, horodate, data.as_bytes());
        Ok(())
    }

    /// The bytes so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All bytes written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn separator(&self) -> u8 {
        match self.mode {
            TicMode::Historique => SP,
            TicMode::Standard => HT,
        }
    }

    fn check(&self, label: &str, data: &str) -> Result<(), GroupError> {
        let printable = |byte: u8| (0x20..=0x7E).contains(&byte);
        let letters = label.bytes().all(|byte| printable(byte) && byte != SP);
        if !letters || !(1..=9).contains(&label.len()) {
            return Err(GroupError::Label { length: label.len() });
        }
        if !data.bytes().all(printable) || data.len() > 98 {
            return Err(GroupError::Data { length: data.len() });
        }
        Ok(())
    }

    /// Writes a group whose label and data are right by construction.
    fn put(&mut self, label: &str, data: &[u8]) {
        let separator = self.separator();
        self.bytes.push(LF);
        let zone = self.bytes.len();
        self.bytes.extend_from_slice(label.as_bytes());
        self.bytes.push(separator);
        self.bytes.extend_from_slice(data);
        self.seal(zone);
    }

    fn put_dated(&mut self, label: &str, horodate: Horodate, data: &[u8]) {
        self.bytes.push(LF);
        let zone = self.bytes.len();
        self.bytes.extend_from_slice(label.as_bytes());
        self.bytes.push(HT);
        self.bytes.extend_from_slice(&horodate.bytes());
        self.bytes.push(HT);
        self.bytes.extend_from_slice(data);
        self.seal(zone);
    }

    /// Writes an unsigned number of exactly `width` digits; see [`digits`].
    fn put_number(&mut self, label: &str, value: u64, width: u32) {
        let separator = self.separator();
        self.bytes.push(LF);
        let zone = self.bytes.len();
        self.bytes.extend_from_slice(label.as_bytes());
        self.bytes.push(separator);
        self.bytes.extend(digits(value, width));
        self.seal(zone);
    }

    fn put_dated_number(&mut self, label: &str, horodate: Horodate, value: u64, width: u32) {
        self.bytes.push(LF);
        let zone = self.bytes.len();
        self.bytes.extend_from_slice(label.as_bytes());
        self.bytes.push(HT);
        self.bytes.extend_from_slice(&horodate.bytes());
        self.bytes.push(HT);
        self.bytes.extend(digits(value, width));
        self.seal(zone);
    }

    /// Ends a group whose controlled zone starts at `zone`: last separator, checksum, CR. Enedis-NOI-CPT_54E §5.3.6:
    /// the last separator is outside the zone in historique (mode 1), inside in standard (mode 2).
    fn seal(&mut self, zone: usize) {
        let separator = self.separator();
        let mut sum: u32 = self.bytes.iter().skip(zone).map(|&byte| u32::from(byte)).sum();
        if self.mode == TicMode::Standard {
            sum += u32::from(separator);
        }
        let checksum = u8::try_from(sum & 0x3F).unwrap_or(0) + 0x20;
        self.bytes.extend_from_slice(&[separator, checksum, CR]);
    }
}

/// Decimal digits with leading zeros, cut on the left as a meter's counter wraps (9 digits: after 999999999 comes 0).
fn digits(value: u64, width: u32) -> impl Iterator<Item = u8> {
    let first = 10_u64.saturating_pow(width.saturating_sub(1));
    std::iter::successors(Some(first), |place| (*place >= 10).then_some(place / 10))
        .map(move |place| b'0' + u8::try_from(value / place % 10).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum_of(mode: TicMode, label: &str, data: &str) -> char {
        let mut writer = TicWriter::new(mode);
        writer.group(label, data).unwrap();
        let bytes = writer.into_bytes();
        char::from(bytes[bytes.len() - 2])
    }

    #[test]
    fn checksums_agree_with_worked_examples() {
        assert_eq!(checksum_of(TicMode::Historique, "ADCO", "012345678901"), 'E');
        assert_eq!(checksum_of(TicMode::Historique, "OPTARIF", "BASE"), '0');
        assert_eq!(checksum_of(TicMode::Historique, "PTEC", "HP.."), ' ');
        assert_eq!(checksum_of(TicMode::Standard, "EAST", "011887649"), ';');
        assert_eq!(checksum_of(TicMode::Standard, "EASD01", "000000000"), ' ');
    }

    #[test]
    fn dated_group_keeps_both_separators_of_empty_data() {
        let mut writer = TicWriter::new(TicMode::Standard);
        writer
            .dated_group("DATE", Horodate::parse("H230301091834").unwrap(), "")
            .unwrap();
        assert_eq!(writer.as_bytes(), b"\nDATE\tH230301091834\t\tC\r");
    }

    #[test]
    fn separators_cannot_be_smuggled_in() {
        let mut writer = TicWriter::new(TicMode::Standard);
        assert_eq!(writer.group("EAST", "1\t2"), Err(GroupError::Data { length: 3 }));
        assert_eq!(writer.group("EA ST", "1"), Err(GroupError::Label { length: 5 }));
        assert_eq!(
            writer.group("ABCDEFGHIJ", "1"),
            Err(GroupError::Label { length: 10 })
        );
        let horodate = Horodate::parse("H230301091834").unwrap();
        let dated = TicWriter::new(TicMode::Historique).dated_group("DATE", horodate, "");
        assert_eq!(dated, Err(GroupError::Dated));
    }

    #[test]
    fn counters_wrap_after_nine_digits() {
        assert_eq!(digits(1_000_000_007, 9).collect::<Vec<u8>>(), b"000000007");
    }
}
