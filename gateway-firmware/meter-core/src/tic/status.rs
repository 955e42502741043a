//! STGE, the status register of standard mode (54E §6.2.3.14).

use thiserror::Error;

/// The 32 bits of STGE, bit 0 the least significant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(u32);

/// Not eight characters among `0-9A-F`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the status register is not eight hexadecimal characters")]
pub struct StatusError;

/// Bits 1–3: the breaker inside the meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// Current flows.
    Closed,
    /// Opened on over-power.
    OpenOnOverPower,
    /// Opened on over-voltage.
    OpenOnOverVoltage,
    /// Opened by load shedding.
    OpenOnLoadShedding,
    /// Opened by an order over power line or Euridis.
    OpenOnOrder,
    /// Opened by overheating above the maximum switching current.
    OpenOnOverheatingAboveMaximum,
    /// Opened by overheating below the maximum switching current.
    OpenOnOverheatingBelowMaximum,
    /// Value 7, which the specification does not define.
    Undefined,
}

/// Bits 19–20: the local bus for meter readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Euridis {
    /// Off.
    Off,
    /// On without security.
    Unsecured,
    /// On with security.
    Secured,
    /// Value 2, which the specification does not define.
    Undefined,
}

/// Bits 21–22: the power line link to the grid operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plc {
    /// New, not locked to a concentrator.
    NewUnlocked,
    /// New, locked.
    NewLocked,
    /// Registered.
    Registered,
    /// Value 3, which the specification does not define.
    Undefined,
}

/// Bits 24–27: a Tempo colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// No colour announced.
    None,
    /// Blue: cheap.
    Blue,
    /// White.
    White,
    /// Red: expensive.
    Red,
}

/// Bits 28–31: a mobile peak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeakDay {
    /// None.
    None,
    /// PM1, PM2 or PM3.
    Number(u8),
}

impl Status {
    /// Reads the eight characters, most significant first.
    ///
    /// # Errors
    /// [`StatusError`] for another length or other characters, small letters included.
    pub fn parse(text: &str) -> Result<Self, StatusError> {
        let upper_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'A'..=b'F');
        if text.len() != 8 || !text.bytes().all(upper_hex) {
            return Err(StatusError);
        }
        u32::from_str_radix(text, 16).map(Self).map_err(|_| StatusError)
    }

    /// The register as it is.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Bit 0: whether the dry contact is open.
    #[must_use]
    pub const fn contact_is_open(self) -> bool {
        self.field(0, 1) == 1
    }

    /// Bits 1–3.
    #[must_use]
    pub const fn breaker(self) -> Breaker {
        match self.field(1, 3) {
            0 => Breaker::Closed,
            1 => Breaker::OpenOnOverPower,
            2 => Breaker::OpenOnOverVoltage,
            3 => Breaker::OpenOnLoadShedding,
            4 => Breaker::OpenOnOrder,
            5 => Breaker::OpenOnOverheatingAboveMaximum,
            6 => Breaker::OpenOnOverheatingBelowMaximum,
            _ => Breaker::Undefined,
        }
    }

    /// Bit 4: whether the distributor's cover is open.
    #[must_use]
    pub const fn cover_is_open(self) -> bool {
        self.field(4, 1) == 1
    }

    /// Bit 6: over-voltage on a phase.
    #[must_use]
    pub const fn is_over_voltage(self) -> bool {
        self.field(6, 1) == 1
    }

    /// Bit 7: the reference power is exceeded. Reveals behaviour.
    #[must_use]
    pub const fn is_over_reference_power(self) -> bool {
        self.field(7, 1) == 1
    }

    /// Bit 8: whether the meter runs as a producer's, and so sends EAIT.
    #[must_use]
    pub const fn is_producer(self) -> bool {
        self.field(8, 1) == 1
    }

    /// Bit 9: whether active energy flows to the grid.
    #[must_use]
    pub const fn is_injecting(self) -> bool {
        self.field(9, 1) == 1
    }

    /// Bits 10–13: current supplier index, 1–10 (a broken register may say up to 16).
    #[must_use]
    pub const fn supplier_index(self) -> u32 {
        self.field(10, 4) + 1
    }

    /// Bits 14–15, two of them: current distributor index, 1–4.
    #[must_use]
    pub const fn distributor_index(self) -> u32 {
        self.field(14, 2) + 1
    }

    /// Bit 16: whether the meter distrusts its clock.
    #[must_use]
    pub const fn clock_is_degraded(self) -> bool {
        self.field(16, 1) == 1
    }

    /// Bit 17: whether the customer output is in standard mode.
    #[must_use]
    pub const fn is_standard_mode(self) -> bool {
        self.field(17, 1) == 1
    }

    /// Bits 19–20.
    #[must_use]
    pub const fn euridis(self) -> Euridis {
        match self.field(19, 2) {
            0 => Euridis::Off,
            1 => Euridis::Unsecured,
            3 => Euridis::Secured,
            _ => Euridis::Undefined,
        }
    }

    /// Bits 21–22.
    #[must_use]
    pub const fn plc(self) -> Plc {
        match self.field(21, 2) {
            0 => Plc::NewUnlocked,
            1 => Plc::NewLocked,
            2 => Plc::Registered,
            _ => Plc::Undefined,
        }
    }

    /// Bit 23.
    #[must_use]
    pub const fn plc_is_synchronised(self) -> bool {
        self.field(23, 1) == 1
    }

    /// Bits 24–25: Tempo colour of today.
    #[must_use]
    pub const fn today(self) -> Colour {
        colour(self.field(24, 2))
    }

    /// Bits 26–27: Tempo colour of tomorrow.
    #[must_use]
    pub const fn tomorrow(self) -> Colour {
        colour(self.field(26, 2))
    }

    /// Bits 28–29: notice of a mobile peak.
    #[must_use]
    pub const fn peak_notice(self) -> PeakDay {
        peak(self.field(28, 2))
    }

    /// Bits 30–31: mobile peak in progress.
    #[must_use]
    pub const fn peak_in_progress(self) -> PeakDay {
        peak(self.field(30, 2))
    }

    const fn field(self, first_bit: u32, width: u32) -> u32 {
        (self.0 >> first_bit) & ((1 << width) - 1)
    }
}

const fn colour(value: u32) -> Colour {
    match value {
        1 => Colour::Blue,
        2 => Colour::White,
        3 => Colour::Red,
        _ => Colour::None,
    }
}

const fn peak(value: u32) -> PeakDay {
    match value {
        1 => PeakDay::Number(1),
        2 => PeakDay::Number(2),
        3 => PeakDay::Number(3),
        _ => PeakDay::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Status {
        Status::parse(text).unwrap()
    }

    #[test]
    fn an_ordinary_consumer_reads_as_the_reference_says() {
        let status = read("003A0001");
        assert!(status.contact_is_open() && !status.is_producer() && status.is_standard_mode());
        assert_eq!((status.supplier_index(), status.distributor_index()), (1, 1));
        assert_eq!(
            (status.euridis(), status.plc()),
            (Euridis::Secured, Plc::NewLocked)
        );
        assert_eq!(status.breaker(), Breaker::Closed);
    }

    #[test]
    fn a_producer_on_a_blue_day_reads_as_the_reference_says() {
        let status = read("013AC501");
        assert!(status.is_producer() && !status.is_injecting());
        assert_eq!((status.supplier_index(), status.distributor_index()), (2, 4));
        assert_eq!((status.today(), status.tomorrow()), (Colour::Blue, Colour::None));
    }

    #[test]
    fn an_injecting_producer_reads_as_the_reference_says() {
        let status = read("002A0301");
        assert!(status.is_producer() && status.is_injecting());
        assert_eq!(status.euridis(), Euridis::Unsecured);
    }

    #[test]
    fn a_mobile_peak_reads_as_the_reference_says() {
        let status = read("463A0800");
        assert_eq!(status.supplier_index(), 3);
        assert_eq!((status.today(), status.tomorrow()), (Colour::White, Colour::Blue));
        assert_eq!(status.peak_in_progress(), PeakDay::Number(1));
        assert_eq!(status.peak_notice(), PeakDay::None);
    }

    #[test]
    fn the_clock_bit_does_not_leak_into_the_distributor_index() {
        let status = read("003B0001");
        assert!(status.clock_is_degraded());
        assert_eq!(status.distributor_index(), 1);
    }

    #[test]
    fn an_overload_reads_as_the_reference_says() {
        let status = read("013A4481");
        assert!(status.is_over_reference_power());
        assert_eq!((status.supplier_index(), status.distributor_index()), (2, 2));
    }

    #[test]
    fn other_characters_are_refused() {
        for text in ["", "003A000", "003A00011", "003a0001", "+03A0001"] {
            assert_eq!(Status::parse(text), Err(StatusError), "{text}");
        }
    }
}
