//! The table of every label: historique (Enedis-NOI-CPT_02E v6) then standard (Enedis-NOI-CPT_54E v3).

use super::label::{Class, Dating, Form, Label, Mode, Unit};
use Class::{Aggregate, Condition, Contract, DirectIdentifier, FineGrained, FreeText, Technical};
use Form::{Digits, Hex, Text, Word};
use Unit::{Ampere, Decalitre, KiloVoltAmpere, Minute, VarHour, Volt, VoltAmpere, Watt, WattHour};

const NO_UNIT: Unit = Unit::None;

const PERIODS: &[&str] = &[
    "TH..", "HC..", "HP..", "HN..", "PM..", "HCJB", "HCJW", "HCJR", "HPJB", "HPJW", "HPJR",
];
const TOMORROW: &[&str] = &["----", "BLEU", "BLAN", "ROUG"];
const TIMETABLES: &[&str] = &["A", "C", "D", "E", "Y"];

/// Every label of both modes, in the order in which a meter sends them.
///
/// LIMIT: the 8-character indices of telereport concentrators are not here; they are not a customer output.
pub static LABELS: &[Label] = &[
    historique("ADIR1", Digits(3), Ampere, Condition),
    historique("ADIR2", Digits(3), Ampere, Condition),
    historique("ADIR3", Digits(3), Ampere, Condition),
    historique("ADCO", Digits(12), NO_UNIT, DirectIdentifier),
    historique("OPTARIF", Form::TariffOption, NO_UNIT, Contract),
    historique("ISOUSC", Digits(2), Ampere, Contract),
    historique("BASE", Digits(9), WattHour, Aggregate),
    historique("HCHC", Digits(9), WattHour, Aggregate),
    historique("HCHP", Digits(9), WattHour, Aggregate),
    historique("EJPHN", Digits(9), WattHour, Aggregate),
    historique("EJPHPM", Digits(9), WattHour, Aggregate),
    historique("BBRHCJB", Digits(9), WattHour, Aggregate),
    historique("BBRHPJB", Digits(9), WattHour, Aggregate),
    historique("BBRHCJW", Digits(9), WattHour, Aggregate),
    historique("BBRHPJW", Digits(9), WattHour, Aggregate),
    historique("BBRHCJR", Digits(9), WattHour, Aggregate),
    historique("BBRHPJR", Digits(9), WattHour, Aggregate),
    historique("PEJP", Digits(2), Minute, Contract),
    historique("GAZ", Digits(7), Decalitre, Aggregate),
    historique("AUTRE", Digits(7), Decalitre, Aggregate),
    historique("PTEC", Word(PERIODS), NO_UNIT, Contract),
    historique("DEMAIN", Word(TOMORROW), NO_UNIT, Contract),
    historique("IINST", Digits(3), Ampere, FineGrained),
    historique("IINST1", Digits(3), Ampere, FineGrained),
    historique("IINST2", Digits(3), Ampere, FineGrained),
    historique("IINST3", Digits(3), Ampere, FineGrained),
    historique("ADPS", Digits(3), Ampere, Condition),
    historique("IMAX", Digits(3), Ampere, FineGrained),
    historique("IMAX1", Digits(3), Ampere, FineGrained),
    historique("IMAX2", Digits(3), Ampere, FineGrained),
    historique("IMAX3", Digits(3), Ampere, FineGrained),
    // Watts by the specification; on a Linky the apparent maximum of the day before, in VA.
    historique("PMAX", Digits(5), Watt, Aggregate),
    historique("PAPP", Digits(5), VoltAmpere, FineGrained),
    historique("HHPHC", Word(TIMETABLES), NO_UNIT, Contract),
    // Reserved for the grid operator, without a published meaning: nothing to share.
    historique("MOTDETAT", Text(6), NO_UNIT, Technical),
    historique("PPOT", Hex(2), NO_UNIT, Condition),
    standard("ADSC", Digits(12), NO_UNIT, DirectIdentifier),
    standard("VTIC", Digits(2), NO_UNIT, Technical),
    dated("DATE", Form::Empty, NO_UNIT, Technical),
    standard("NGTF", Text(16), NO_UNIT, FreeText),
    standard("LTARF", Text(16), NO_UNIT, FreeText),
    standard("EAST", Digits(9), WattHour, Aggregate),
    standard("EASF01", Digits(9), WattHour, Aggregate),
    standard("EASF02", Digits(9), WattHour, Aggregate),
    standard("EASF03", Digits(9), WattHour, Aggregate),
    standard("EASF04", Digits(9), WattHour, Aggregate),
    standard("EASF05", Digits(9), WattHour, Aggregate),
    standard("EASF06", Digits(9), WattHour, Aggregate),
    standard("EASF07", Digits(9), WattHour, Aggregate),
    standard("EASF08", Digits(9), WattHour, Aggregate),
    standard("EASF09", Digits(9), WattHour, Aggregate),
    standard("EASF10", Digits(9), WattHour, Aggregate),
    standard("EASD01", Digits(9), WattHour, Aggregate),
    standard("EASD02", Digits(9), WattHour, Aggregate),
    standard("EASD03", Digits(9), WattHour, Aggregate),
    standard("EASD04", Digits(9), WattHour, Aggregate),
    standard("EAIT", Digits(9), WattHour, Aggregate),
    standard("ERQ1", Digits(9), VarHour, Aggregate),
    standard("ERQ2", Digits(9), VarHour, Aggregate),
    standard("ERQ3", Digits(9), VarHour, Aggregate),
    standard("ERQ4", Digits(9), VarHour, Aggregate),
    standard("IRMS1", Digits(3), Ampere, FineGrained),
    standard("IRMS2", Digits(3), Ampere, FineGrained),
    standard("IRMS3", Digits(3), Ampere, FineGrained),
    standard("URMS1", Digits(3), Volt, FineGrained),
    standard("URMS2", Digits(3), Volt, FineGrained),
    standard("URMS3", Digits(3), Volt, FineGrained),
    standard("PREF", Digits(2), KiloVoltAmpere, Contract),
    standard("PCOUP", Digits(2), KiloVoltAmpere, Contract),
    standard("SINSTS", Digits(5), VoltAmpere, FineGrained),
    standard("SINSTS1", Digits(5), VoltAmpere, FineGrained),
    standard("SINSTS2", Digits(5), VoltAmpere, FineGrained),
    standard("SINSTS3", Digits(5), VoltAmpere, FineGrained),
    dated("SMAXSN", Digits(5), VoltAmpere, Aggregate),
    dated("SMAXSN1", Digits(5), VoltAmpere, Aggregate),
    dated("SMAXSN2", Digits(5), VoltAmpere, Aggregate),
    dated("SMAXSN3", Digits(5), VoltAmpere, Aggregate),
    dated("SMAXSN-1", Digits(5), VoltAmpere, Aggregate),
    dated("SMAXSN1-1", Digits(5), VoltAmpere, Aggregate),
    dated("SMAXSN2-1", Digits(5), VoltAmpere, Aggregate),
    dated("SMAXSN3-1", Digits(5), VoltAmpere, Aggregate),
    standard("SINSTI", Digits(5), VoltAmpere, FineGrained),
    dated("SMAXIN", Digits(5), VoltAmpere, Aggregate),
    dated("SMAXIN-1", Digits(5), VoltAmpere, Aggregate),
    dated("CCASN", Digits(5), Watt, Aggregate),
    dated("CCASN-1", Digits(5), Watt, Aggregate),
    dated("CCAIN", Digits(5), Watt, Aggregate),
    dated("CCAIN-1", Digits(5), Watt, Aggregate),
    dated("UMOY1", Digits(3), Volt, Condition),
    dated("UMOY2", Digits(3), Volt, Condition),
    dated("UMOY3", Digits(3), Volt, Condition),
    standard("STGE", Hex(8), NO_UNIT, Condition),
    seasonless("DPM1"),
    seasonless("FPM1"),
    seasonless("DPM2"),
    seasonless("FPM2"),
    seasonless("DPM3"),
    seasonless("FPM3"),
    standard("MSG1", Text(32), NO_UNIT, FreeText),
    standard("MSG2", Text(16), NO_UNIT, FreeText),
    standard("PRM", Digits(14), NO_UNIT, DirectIdentifier),
    standard("RELAIS", Digits(3), NO_UNIT, Condition),
    standard("NTARF", Digits(2), NO_UNIT, Contract),
    standard("NJOURF", Digits(2), NO_UNIT, Contract),
    standard("NJOURF+1", Digits(2), NO_UNIT, Contract),
    standard("PJOURF+1", Form::Profile, NO_UNIT, Contract),
    standard("PPOINTE", Form::Profile, NO_UNIT, Contract),
];

const fn historique(name: &'static str, form: Form, unit: Unit, class: Class) -> Label {
    Label {
        name,
        mode: Mode::Historique,
        form,
        unit,
        dating: Dating::Undated,
        class,
    }
}

const fn standard(name: &'static str, form: Form, unit: Unit, class: Class) -> Label {
    Label {
        name,
        mode: Mode::Standard,
        form,
        unit,
        dating: Dating::Undated,
        class,
    }
}

const fn dated(name: &'static str, form: Form, unit: Unit, class: Class) -> Label {
    Label {
        name,
        mode: Mode::Standard,
        form,
        unit,
        dating: Dating::Dated,
        class,
    }
}

/// Start or end of a mobile peak. The specification names two characters of data and no more; captures show `00`.
const fn seasonless(name: &'static str) -> Label {
    Label {
        name,
        mode: Mode::Standard,
        form: Text(2),
        unit: Unit::None,
        dating: Dating::Seasonless,
        class: Contract,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_is_listed_twice_or_longer_than_nine_characters() {
        for (i, label) in LABELS.iter().enumerate() {
            assert!(label.name.len() <= 9);
            assert!(
                LABELS[..i].iter().all(|other| other.name != label.name),
                "a name tells its mode: `Place` counts on it"
            );
        }
    }

    #[test]
    fn the_longest_standard_frame_fits_the_frame_buffer() {
        let groups = LABELS.iter().filter(|label| label.mode == Mode::Standard).count();
        assert!(groups <= crate::tic::GROUPS_PER_FRAME);
    }
}
