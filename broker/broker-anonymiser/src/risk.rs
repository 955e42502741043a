//! The length rule: how many bits an aggregate leaks against how many it takes to name its members.
//!
//! T·b with b = log₂(1 + sd of the sum / rounding of the sum), against log₂ C(N, n) (anonymisation reference
//! §4 c, after Voyez, Allard et al., SECRYPT 2022).

use crate::{
    aggregate::{Cell, CellStatus},
    units::{HouseholdCount, WattHours},
};

/// The homes an attacker would choose the members from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidates {
    /// How many there are, for instance all homes of the supplier or the town; at least the members.
    pub homes: HouseholdCount,
    /// Whether anybody outside could hold their curves.
    pub curves: CurveHolders,
}

/// Whether somebody besides the broker could hold the candidates' curves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurveHolders {
    /// A supplier, network operator or project partner could.
    Possible,
    /// Nobody could.
    Excluded,
}

/// The outcome of the length rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiskLight {
    /// The aggregate leaks too little to name its members.
    Green,
    /// It leaks enough, but nobody could hold the curves to compare with: only the count rule protects.
    Amber,
    /// It leaks enough, and somebody could hold the curves.
    Red,
}

impl RiskLight {
    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
        }
    }
}

/// The numbers of the length rule. They inform whoever approves the release; they do not refuse it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LengthRisk {
    /// T: points shown.
    pub points: u32,
    /// T·b in whole bits, rounded up.
    pub leaked_bits: u64,
    /// log₂ C(N, n) in whole bits, rounded down.
    pub identifying_bits: u64,
    /// n.
    pub members: HouseholdCount,
    /// N, and who could hold their curves.
    pub candidates: Candidates,
    /// The comparison.
    pub light: RiskLight,
}

/// Applies the length rule to the shown cells. The sd of a sum of n homes is √n times the sd between the
/// homes of the slot; the rounding of the sum is n times that of the mean.
pub(crate) fn length_risk(
    shown: &[(Cell, CellStatus)],
    round_to: WattHours,
    members: HouseholdCount,
    candidates: Candidates,
) -> LengthRisk {
    let (mut points, mut leaked) = (0_u32, 0.0_f64);
    for (cell, status) in shown {
        if let CellStatus::Published { homes, .. } = status {
            let n = f64::from(homes.0);
            // spread = n²·variance, so √(spread / n) = √n · sd.
            let sd_of_sum = (real(cell.spread()) / n).sqrt();
            leaked += (1.0 + sd_of_sum / (n * real(u128::from(round_to.0.unsigned_abs())))).log2();
            points += 1;
        }
    }
    let all = HouseholdCount(candidates.homes.0.max(members.0));
    let identifying = log2_choose(all.0, members.0);
    let light = match (leaked > identifying, candidates.curves) {
        (false, _) => RiskLight::Green,
        (true, CurveHolders::Excluded) => RiskLight::Amber,
        (true, CurveHolders::Possible) => RiskLight::Red,
    };
    LengthRisk {
        points,
        leaked_bits: whole(leaked.ceil()),
        identifying_bits: whole(identifying.floor()),
        members,
        candidates: Candidates {
            homes: all,
            ..candidates
        },
        light,
    }
}

/// log₂ C(N, n) = Σᵢ log₂((N − k + i) / i) for i = 1..k with k = min(n, N − n).
fn log2_choose(all: u32, chosen: u32) -> f64 {
    let few = chosen.min(all.saturating_sub(chosen));
    (1..=few)
        .map(|i| (f64::from(all - few + i) / f64::from(i)).log2())
        .sum()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate in bits does not need the last digits"
)]
const fn real(value: u128) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number of bits; the cast saturates, and is 0 for what is no number"
)]
const fn whole(bits: f64) -> u64 {
    bits as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_of_a_choice_are_those_of_the_binomial() {
        assert!((log2_choose(4, 2) - 6.0_f64.log2()).abs() < 1e-12);
        assert!((log2_choose(52, 5) - 2_598_960.0_f64.log2()).abs() < 1e-9);
        assert_eq!(whole(log2_choose(100, 100).floor()), 0);
        assert!((log2_choose(1_000, 10) - log2_choose(1_000, 990)).abs() < 1e-9);
    }
}
