//! The quantities a French meter gives, by families of labels.

use crate::tic::Label;

/// What a number measures, and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// A register of active energy, Wh. Counts up, starts over after 999 999 999.
    EnergyIndexWh {
        /// Which register.
        register: Register,
    },
    /// A register of reactive energy, varh.
    ReactiveIndexVarh {
        /// Quadrant 1 to 4.
        quadrant: u8,
    },
    /// Apparent power now, VA. Historique rounds to 10 VA.
    ApparentPowerVa {
        /// Drawn or injected.
        flow: Flow,
        /// Of which phase.
        phase: Phase,
    },
    /// Filtered maximum of apparent power over a local day, VA; its time is that of the maximum.
    MaximumPowerVa {
        /// Drawn or injected.
        flow: Flow,
        /// Of which phase.
        phase: Phase,
        /// Of which day.
        day: Day,
    },
    /// PMAX of historique three-phase meters, W (VA of the day before on a Linky).
    HistoricMaximumPowerW,
    /// Mean active power over a step of the load curve, W; its time is the end of the step.
    MeanPowerW {
        /// Drawn or injected.
        flow: Flow,
    },
    /// RMS current over one second, A.
    CurrentA {
        /// Of which phase.
        phase: Phase,
    },
    /// Largest current, A; a constant on a Linky.
    MaximumCurrentA {
        /// Of which phase.
        phase: Phase,
    },
    /// Current above the setting, present only while it lasts, A.
    OverloadA {
        /// Of which phase.
        phase: Phase,
    },
    /// RMS voltage over one second, V.
    VoltageV {
        /// Of which phase.
        phase: Phase,
    },
    /// Mean voltage over ten minutes, V; its time is the end of the interval.
    MeanVoltageV {
        /// Of which phase.
        phase: Phase,
    },
    /// Reference (subscribed) apparent power, kVA.
    ReferencePowerKva,
    /// Breaking power, kVA.
    BreakingPowerKva,
    /// Subscribed current, A.
    SubscribedCurrentA,
    /// Notice of EJP, minutes.
    PeakNoticeMinutes,
    /// OPTARIF: 0 Base, 1 off-peak, 2 EJP, 3 Tempo.
    TariffOption,
    /// PTEC, as the place in `TH.. HC.. HP.. HN.. PM.. HCJB HCJW HCJR HPJB HPJW HPJR`, from 0.
    TariffPeriod,
    /// DEMAIN: 0 not known, 1 blue, 2 white, 3 red.
    TomorrowColour,
    /// HHPHC, as the place in `A C D E Y`, from 0.
    OffPeakTimetable,
    /// Current supplier index, 1 to 10.
    SupplierIndexNumber,
    /// Number of the supplier's day profile.
    DayProfile {
        /// Of which day.
        day: Day,
    },
    /// STGE, 32 bits: read it with [`crate::tic::Status`].
    StatusRegister,
    /// Relays, bit n−1 for relay n, 1 closed.
    Relays,
    /// PPOT: bit n set means that phase n is missing.
    MissingPhases,
}

/// A register of active energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Register {
    /// EAST: all that was drawn.
    Total,
    /// EAIT: all that was injected.
    Injected,
    /// EASF01 to EASF10.
    Supplier(u8),
    /// EASD01 to EASD04.
    Distributor(u8),
    /// BASE: option Base, or the total of a Linky with a recent contract.
    Base,
    /// HCHC.
    OffPeak,
    /// HCHP.
    Peak,
    /// EJPHN.
    EjpNormal,
    /// EJPHPM.
    EjpPeak,
    /// BBRHCJB.
    TempoBlueOffPeak,
    /// BBRHPJB.
    TempoBluePeak,
    /// BBRHCJW.
    TempoWhiteOffPeak,
    /// BBRHPJW.
    TempoWhitePeak,
    /// BBRHCJR.
    TempoRedOffPeak,
    /// BBRHPJR.
    TempoRedPeak,
}

/// Direction of energy, seen from the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flow {
    /// From the grid.
    Drawn,
    /// To the grid.
    Injected,
}

/// Which wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The total, or the only phase of a label without a number.
    All,
    /// Phase 1.
    One,
    /// Phase 2.
    Two,
    /// Phase 3.
    Three,
}

/// A local day relative to the time of the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Day {
    /// The day before.
    Yesterday,
    /// The day itself.
    Today,
    /// The day after.
    Tomorrow,
}

impl Quantity {
    /// What a label measures; `None` for labels that are not sent.
    #[must_use]
    pub fn of(label: &Label) -> Option<Self> {
        register(label.name)
            .map(|register| Self::EnergyIndexWh { register })
            .or_else(|| Self::of_the_contract_or_state(label.name))
            .or_else(|| Self::of_a_phase(label.name))
    }

    fn of_the_contract_or_state(name: &str) -> Option<Self> {
        Some(match name {
            "ERQ1" => Self::ReactiveIndexVarh { quadrant: 1 },
            "ERQ2" => Self::ReactiveIndexVarh { quadrant: 2 },
            "ERQ3" => Self::ReactiveIndexVarh { quadrant: 3 },
            "ERQ4" => Self::ReactiveIndexVarh { quadrant: 4 },
            "PMAX" => Self::HistoricMaximumPowerW,
            "CCASN" | "CCASN-1" => Self::MeanPowerW { flow: Flow::Drawn },
            "CCAIN" | "CCAIN-1" => Self::MeanPowerW { flow: Flow::Injected },
            "PREF" => Self::ReferencePowerKva,
            "PCOUP" => Self::BreakingPowerKva,
            "ISOUSC" => Self::SubscribedCurrentA,
            "PEJP" => Self::PeakNoticeMinutes,
            "OPTARIF" => Self::TariffOption,
            "PTEC" => Self::TariffPeriod,
            "DEMAIN" => Self::TomorrowColour,
            "HHPHC" => Self::OffPeakTimetable,
            "NTARF" => Self::SupplierIndexNumber,
            "NJOURF" => Self::DayProfile { day: Day::Today },
            "NJOURF+1" => Self::DayProfile { day: Day::Tomorrow },
            "STGE" => Self::StatusRegister,
            "RELAIS" => Self::Relays,
            "PPOT" => Self::MissingPhases,
            _ => return None,
        })
    }

    fn of_a_phase(name: &str) -> Option<Self> {
        let (name, day) = match name.strip_suffix("-1") {
            Some(name) => (name, Day::Yesterday),
            None => (name, Day::Today),
        };
        let (stem, phase) = match name.as_bytes().last()? {
            b'1' => (name.strip_suffix('1')?, Phase::One),
            b'2' => (name.strip_suffix('2')?, Phase::Two),
            b'3' => (name.strip_suffix('3')?, Phase::Three),
            _ => (name, Phase::All),
        };
        Some(match stem {
            "PAPP" | "SINSTS" => Self::ApparentPowerVa {
                flow: Flow::Drawn,
                phase,
            },
            "SINSTI" => Self::ApparentPowerVa {
                flow: Flow::Injected,
                phase,
            },
            "SMAXSN" => Self::MaximumPowerVa {
                flow: Flow::Drawn,
                phase,
                day,
            },
            "SMAXIN" => Self::MaximumPowerVa {
                flow: Flow::Injected,
                phase,
                day,
            },
            "IINST" | "IRMS" => Self::CurrentA { phase },
            "IMAX" => Self::MaximumCurrentA { phase },
            "ADPS" | "ADIR" => Self::OverloadA { phase },
            "URMS" => Self::VoltageV { phase },
            "UMOY" => Self::MeanVoltageV { phase },
            _ => return None,
        })
    }
}

fn register(name: &str) -> Option<Register> {
    let number = |prefix: &str| name.strip_prefix(prefix).and_then(|digits| digits.parse().ok());
    Some(match name {
        "EAST" => Register::Total,
        "EAIT" => Register::Injected,
        "BASE" => Register::Base,
        "HCHC" => Register::OffPeak,
        "HCHP" => Register::Peak,
        "EJPHN" => Register::EjpNormal,
        "EJPHPM" => Register::EjpPeak,
        "BBRHCJB" => Register::TempoBlueOffPeak,
        "BBRHPJB" => Register::TempoBluePeak,
        "BBRHCJW" => Register::TempoWhiteOffPeak,
        "BBRHPJW" => Register::TempoWhitePeak,
        "BBRHCJR" => Register::TempoRedOffPeak,
        "BBRHPJR" => Register::TempoRedPeak,
        _ => match (number("EASF"), number("EASD")) {
            (Some(supplier), _) => Register::Supplier(supplier),
            (None, Some(distributor)) => Register::Distributor(distributor),
            (None, None) => return None,
        },
    })
}
