//! The counters of a meter.

use crate::{load::MinuteLoad, tariff::Period};

/// Active energy in watt-hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WattHours(pub u64);

/// Reactive energy in var-hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VarHours(pub u64);

/// Whole watt-hours counted since the meter was made. Fractions are carried in watt-seconds, so nothing is lost or
/// counted twice, and the supplier and distributor indices always add up to the total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// `EAST`.
    pub drawn: WattHours,
    /// `EASF01`–`EASF10`.
    pub supplier: [WattHours; 10],
    /// `EASD01`–`EASD04`.
    pub distributor: [WattHours; 4],
    /// `EAIT`.
    pub injected: WattHours,
    /// `ERQ1`–`ERQ4`.
    pub reactive: [VarHours; 4],
    carried_drawn: u64,
    carried_injected: u64,
    carried_reactive: [u64; 4],
}

const WATT_SECONDS: u64 = 3600;

impl Registers {
    /// Counts some seconds (at most a minute) of constant load in one tariff period.
    pub(crate) fn count(&mut self, load: &MinuteLoad, period: Period, seconds: u64) {
        let net = load.net_watts();
        let work = net.unsigned_abs() * seconds;
        if net >= 0 {
            let ticks = carry(&mut self.carried_drawn, work);
            self.drawn.0 += ticks;
            let supplier = usize::from(period.supplier.saturating_sub(1));
            let distributor = usize::from(period.distributor.saturating_sub(1));
            if let Some(index) = self.supplier.get_mut(supplier) {
                index.0 += ticks;
            }
            if let Some(index) = self.distributor.get_mut(distributor) {
                index.0 += ticks;
            }
        } else {
            self.injected.0 += carry(&mut self.carried_injected, work);
        }
        let quadrant = match (net >= 0, load.vars >= 0) {
            (true, true) => 0,
            (false, true) => 1,
            (false, false) => 2,
            (true, false) => 3,
        };
        if let (Some(index), Some(carried)) = (
            self.reactive.get_mut(quadrant),
            self.carried_reactive.get_mut(quadrant),
        ) {
            index.0 += carry(carried, load.vars.unsigned_abs() * seconds);
        }
    }

    /// Adds whole watt-hours of the past on one supplier and one distributor index.
    pub(crate) fn preset(&mut self, supplier: usize, distributor: usize, energy: u64) {
        if let (Some(first), Some(second)) = (
            self.supplier.get_mut(supplier),
            self.distributor.get_mut(distributor),
        ) {
            first.0 += energy;
            second.0 += energy;
            self.drawn.0 += energy;
        }
    }
}

fn carry(carried: &mut u64, work: u64) -> u64 {
    *carried += work;
    let ticks = *carried / WATT_SECONDS;
    *carried %= WATT_SECONDS;
    ticks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tariff::Hours;

    proptest! {
        #[test]
        fn parts_add_up_and_nothing_is_lost(loads in prop::collection::vec((-6000_i64..9000, 1_u8..=10, 1_u8..=4), 1..400)) {
            let mut registers = Registers::default();
            let (mut drawn, mut injected) = (0, 0);
            for (watts, supplier, distributor) in loads {
                let load = MinuteLoad { watts: [watts, 0, 0], vars: 10, volts: [230, 0, 0] };
                let period = Period { supplier, distributor, hours: Hours::Peak, colour: None };
                registers.count(&load, period, 60);
                if watts >= 0 { drawn += watts.unsigned_abs() * 60 } else { injected += watts.unsigned_abs() * 60 }
            }
            prop_assert_eq!(registers.drawn.0, drawn / 3600);
            prop_assert_eq!(registers.injected.0, injected / 3600);
            prop_assert_eq!(registers.supplier.iter().map(|index| index.0).sum::<u64>(), registers.drawn.0);
            prop_assert_eq!(registers.distributor.iter().map(|index| index.0).sum::<u64>(), registers.drawn.0);
        }
    }
}
