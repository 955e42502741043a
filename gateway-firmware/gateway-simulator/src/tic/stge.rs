//! STGE, the status register (Enedis-NOI-CPT_54E §6.2.3.14).

/// Position of the dry contact (bit 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryContact {
    /// The hot-water tank may heat.
    Closed,
    /// The hot-water tank waits.
    Open,
}

/// State of the breaker (bits 1–3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Current flows.
    Closed = 0,
    /// Open because of over-power.
    OverPower = 1,
    /// Open because of over-voltage.
    OverVoltage = 2,
    /// Open for load shedding.
    LoadShedding = 3,
    /// Open by an order over PLC or Euridis.
    Ordered = 4,
    /// Open, overheated above the largest switching current.
    OverheatedAbove = 5,
    /// Open, overheated below it.
    OverheatedBelow = 6,
}

/// Which way active energy goes (bit 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// From the grid to the home.
    Drawing,
    /// From the home to the grid.
    Injecting,
}

/// What a meter says about itself in `STGE`. Fields that a simulated meter never changes are fixed: cover closed,
/// standard TIC, Euridis secured, PLC on a new unlocked cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stge {
    /// Bit 0.
    pub dry_contact: DryContact,
    /// Bits 1–3.
    pub breaker: Breaker,
    /// Bit 6: a voltage is too high on one phase.
    pub over_voltage: bool,
    /// Bit 7: the reference power is exceeded.
    pub over_reference: bool,
    /// Bit 8: producer mode. `EAIT` is present exactly when this is set.
    pub producer: bool,
    /// Bit 9.
    pub flow: Flow,
    /// Bits 10–13: supplier index, 1–10, as in `NTARF`.
    pub supplier_index: u8,
    /// Bits 14–15: distributor index, 1–4.
    pub distributor_index: u8,
    /// Bit 16: the clock is degraded; horodates then carry a small letter.
    pub clock_degraded: bool,
    /// Bits 24–25: Tempo colour today, 0 none, 1 blue, 2 white, 3 red.
    pub colour_today: u8,
    /// Bits 26–27: Tempo colour tomorrow.
    pub colour_tomorrow: u8,
    /// Bits 28–29: notice of mobile peak 1–3, 0 none.
    pub peak_notice: u8,
    /// Bits 30–31: mobile peak 1–3 in progress, 0 none.
    pub peak_now: u8,
}

impl Stge {
    /// A consumer's quiet meter on supplier index 1.
    #[must_use]
    pub fn quiet() -> Self {
        Self {
            dry_contact: DryContact::Open,
            breaker: Breaker::Closed,
            over_voltage: false,
            over_reference: false,
            producer: false,
            flow: Flow::Drawing,
            supplier_index: 1,
            distributor_index: 1,
            clock_degraded: false,
            colour_today: 0,
            colour_tomorrow: 0,
            peak_notice: 0,
            peak_now: 0,
        }
    }

    /// The register; bit 0 is the least significant.
    #[must_use]
    pub fn value(&self) -> u32 {
        // TIC standard (17), Euridis on with security (19–20 = 3), PLC new and locked (21–22 = 1).
        let fixed = 1 << 17 | 3 << 19 | 1 << 21;
        fixed
            | u32::from(self.dry_contact == DryContact::Open)
            | (self.breaker as u32) << 1
            | u32::from(self.over_voltage) << 6
            | u32::from(self.over_reference) << 7
            | u32::from(self.producer) << 8
            | u32::from(self.flow == Flow::Injecting) << 9
            | (u32::from(self.supplier_index.saturating_sub(1)) & 0xF) << 10
            | (u32::from(self.distributor_index.saturating_sub(1)) & 0x3) << 14
            | u32::from(self.clock_degraded) << 16
            | (u32::from(self.colour_today) & 3) << 24
            | (u32::from(self.colour_tomorrow) & 3) << 26
            | (u32::from(self.peak_notice) & 3) << 28
            | (u32::from(self.peak_now) & 3) << 30
    }

    /// Eight hexadecimal characters, most significant first.
    pub(super) fn text(&self) -> String {
        format!("{:08X}", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_consumer_reads_as_in_the_reference() {
        assert_eq!(Stge::quiet().text(), "003A0001");
    }

    #[test]
    fn producer_on_a_blue_day_reads_as_in_the_reference() {
        let stge = Stge {
            producer: true,
            supplier_index: 2,
            distributor_index: 4,
            colour_today: 1,
            ..Stge::quiet()
        };
        assert_eq!(stge.text(), "013AC501");
    }

    #[test]
    fn mobile_peak_and_colours_read_as_in_the_reference() {
        let stge = Stge {
            dry_contact: DryContact::Closed,
            supplier_index: 3,
            colour_today: 2,
            colour_tomorrow: 1,
            peak_now: 1,
            ..Stge::quiet()
        };
        assert_eq!(stge.text(), "463A0800");
    }

    #[test]
    fn exceeded_power_sets_bit_seven() {
        let stge = Stge {
            supplier_index: 2,
            distributor_index: 2,
            colour_today: 1,
            over_reference: true,
            ..Stge::quiet()
        };
        assert_eq!(stge.text(), "013A4481");
    }
}
