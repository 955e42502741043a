//! Gateways: their switch, the fields a household lets out, and the life of one.

use crate::ids::{GatewayId, ParticipantId, PointId};
use crate::time::Step;

/// The household's switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measuring {
    /// The gateway reads and sends.
    On,
    /// The gateway keeps nothing.
    Off,
}

/// A family of meter fields that a household lets out or not (`tic.md` §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldClass {
    /// Energy indices.
    EnergyIndex,
    /// Apparent power.
    Power,
    /// Currents per phase.
    Current,
    /// Voltages per phase.
    Voltage,
    /// Contract and tariff.
    Contract,
    /// Status register, relays, overload warnings.
    Condition,
}

impl FieldClass {
    /// Every class, in the order in which pages list them.
    pub const ALL: [Self; 6] = [
        Self::EnergyIndex,
        Self::Power,
        Self::Current,
        Self::Voltage,
        Self::Contract,
        Self::Condition,
    ];

    /// The name used on the wire and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::EnergyIndex => "energy_index",
            Self::Power => "power",
            Self::Current => "current",
            Self::Voltage => "voltage",
            Self::Contract => "contract",
            Self::Condition => "condition",
        }
    }

    /// The class of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }
}

/// What a gateway is told to do. A higher version replaces a lower one, never the other way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Grows with each change.
    pub version: u32,
    /// The switch.
    pub measuring: Measuring,
    /// What may leave the home.
    pub fields: Vec<FieldClass>,
    /// Distance between two kept frames.
    pub step: Step,
}

impl Settings {
    /// The first settings of a gateway: on, energy and power only, every ten minutes.
    #[must_use]
    pub fn initial() -> Self {
        Self {
            version: 1,
            measuring: Measuring::On,
            fields: vec![FieldClass::EnergyIndex, FieldClass::Power],
            step: Step::TEN_MINUTES,
        }
    }

    /// The same settings with the switch set, one version later.
    #[must_use]
    pub fn switched(self, measuring: Measuring) -> Self {
        Self {
            version: self.version.saturating_add(1),
            measuring,
            ..self
        }
    }
}

/// A gateway that proved its key at enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Its identifier in envelopes.
    pub id: GatewayId,
    /// Whose home it stands in.
    pub participant: ParticipantId,
    /// The delivery point it reads.
    pub point: PointId,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// What it is told to do.
    pub settings: Settings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_makes_a_later_version() {
        let off = Settings::initial().switched(Measuring::Off);
        assert_eq!((off.version, off.measuring), (2, Measuring::Off));
    }

    #[test]
    fn field_codes_are_distinct_and_parse_back() {
        for class in FieldClass::ALL {
            assert_eq!(FieldClass::from_code(class.code()), Some(class));
        }
    }
}
