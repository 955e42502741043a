//! What the specification says about a label: length, characters, unit, and who it tells about.

/// One of the two dialects of the customer output; the separator tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// 1200 Bd, fields separated by a space. The only mode of meters older than Linky.
    Historique,
    /// 9600 Bd, fields separated by a tabulation.
    Standard,
}

/// A label of the specification and everything that is known of it beforehand.
#[derive(Debug, PartialEq, Eq)]
pub struct Label {
    /// The label as sent, at most 9 characters (`SMAXSN1-1`).
    pub name: &'static str,
    /// The mode that has this label.
    pub mode: Mode,
    /// Length and characters of the data.
    pub form: Form,
    /// Unit of the data, when it is a number with one.
    pub unit: Unit,
    /// Whether a horodate stands before the data.
    pub dating: Dating,
    /// What the value tells about people.
    pub class: Class,
}

/// Length and allowed characters of a data field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// No data at all: `DATE`.
    Empty,
    /// So many decimal digits.
    Digits(usize),
    /// So many characters among `0-9A-F`.
    Hex(usize),
    /// So many printable ASCII characters.
    Text(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// `BASE`, `HC..`, `EJP.` or `BBR` and one printable character.
    TariffOption,
    /// Eleven blocks `HHMMSSSS` or `NONUTILE`, separated by one space: 98 characters.
    Profile,
}

/// Unit of a number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of units say it")]
pub enum Unit {
    None,
    WattHour,
    VarHour,
    VoltAmpere,
    KiloVoltAmpere,
    Watt,
    Ampere,
    Volt,
    Minute,
    Decalitre,
}

/// Whether a group carries a horodate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dating {
    /// Label and data only.
    Undated,
    /// With a horodate whose season letter is one of `EHeh`.
    Dated,
    /// With a horodate whose season letter is a space: `DPMn`, `FPMn`.
    Seasonless,
}

/// What a label tells about people (`reference/tic.md` §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A number of the meter or of the delivery point: never leaves the gateway.
    DirectIdentifier,
    /// Text chosen by a supplier or the grid operator: never leaves the gateway.
    FreeText,
    /// Instantaneous use, which shows habits.
    FineGrained,
    /// Indices, maxima and means.
    Aggregate,
    /// Terms of the contract and calendars.
    Contract,
    /// State of the meter and of the supply.
    Condition,
    /// Version and clock: nothing about people.
    Technical,
}

/// What a participant chooses to share; the unit of the gateway's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Energy registers, drawn and injected, active and reactive.
    EnergyIndex,
    /// Apparent and mean powers, and their maxima.
    Power,
    /// RMS currents.
    Current,
    /// RMS voltages.
    Voltage,
    /// Tariff option, subscribed power, calendars.
    Contract,
    /// Status register, relays, overloads, mean voltages.
    Condition,
}

impl Field {
    /// Every field, in the order in which settings list them.
    pub const ALL: [Self; 6] = [
        Self::EnergyIndex,
        Self::Power,
        Self::Current,
        Self::Voltage,
        Self::Contract,
        Self::Condition,
    ];

    /// The word used in settings documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EnergyIndex => "energy_index",
            Self::Power => "power",
            Self::Current => "current",
            Self::Voltage => "voltage",
            Self::Contract => "contract",
            Self::Condition => "condition",
        }
    }

    /// The field of that name, or nothing.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::EnergyIndex => 1,
            Self::Power => 2,
            Self::Current => 4,
            Self::Voltage => 8,
            Self::Contract => 16,
            Self::Condition => 32,
        }
    }
}

/// A set of [`Field`]s. There is no way to put an identifier or a free text into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSet(u8);

impl FieldSet {
    /// No field: nothing leaves.
    pub const EMPTY: Self = Self(0);

    /// Every field.
    #[must_use]
    pub fn all() -> Self {
        Field::ALL.into_iter().collect()
    }

    /// This set and `field`.
    #[must_use]
    pub const fn with(self, field: Field) -> Self {
        Self(self.0 | field.bit())
    }

    /// Whether `field` is in the set.
    #[must_use]
    pub const fn contains(self, field: Field) -> bool {
        self.0 & field.bit() != 0
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The fields of the set, in the order of [`Field::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(move |field| self.contains(*field))
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        fields.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl Label {
    /// The label `name` of `mode`, if the specification has it.
    #[must_use]
    pub fn find(mode: Mode, name: &str) -> Option<&'static Self> {
        super::Place::of(name.as_bytes())?
            .label()
            .filter(|label| label.mode == mode)
    }

    /// The field a participant must have chosen for this label to leave the gateway; `None` means never.
    #[must_use]
    pub const fn field(&self) -> Option<Field> {
        match (self.class, self.unit) {
            (Class::DirectIdentifier | Class::FreeText | Class::Technical, _) => None,
            (Class::Aggregate, Unit::WattHour | Unit::VarHour) => Some(Field::EnergyIndex),
            (Class::FineGrained | Class::Aggregate, Unit::VoltAmpere | Unit::Watt) => Some(Field::Power),
            (Class::FineGrained, Unit::Ampere) => Some(Field::Current),
            (Class::FineGrained, Unit::Volt) => Some(Field::Voltage),
            (Class::FineGrained | Class::Aggregate, _) => None,
            (Class::Contract, _) => Some(Field::Contract),
            (Class::Condition, _) => Some(Field::Condition),
        }
    }

    /// Whether the value is a register that only counts up, modulo 10⁹.
    #[must_use]
    pub const fn counts_up(&self) -> bool {
        matches!(
            (self.class, self.unit),
            (Class::Aggregate, Unit::WattHour | Unit::VarHour)
        )
    }

    /// Whether a frame may begin with this label: the meter's address, or `ADIRn` in a three-phase short frame.
    #[must_use]
    pub fn opens_a_frame(&self) -> bool {
        matches!(self.name, "ADCO" | "ADSC") || self.opens_a_short_frame()
    }

    /// Whether a three-phase short frame begins with this label (54E: `ADIRn` stand before `ADCO`).
    #[must_use]
    pub fn opens_a_short_frame(&self) -> bool {
        matches!(self.name, "ADIR1" | "ADIR2" | "ADIR3")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_free_texts_belong_to_no_field() {
        for name in ["ADSC", "PRM", "MSG1", "MSG2", "NGTF", "LTARF"] {
            assert_eq!(Label::find(Mode::Standard, name).unwrap().field(), None, "{name}");
        }
        assert_eq!(Label::find(Mode::Historique, "ADCO").unwrap().field(), None);
    }

    #[test]
    fn a_field_is_found_again_by_its_name() {
        for field in Field::ALL {
            assert_eq!(Field::from_name(field.name()), Some(field));
        }
        assert_eq!(Field::from_name("prm"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = FieldSet::EMPTY.with(Field::Power);
        assert!(set.contains(Field::Power));
        assert!(!set.contains(Field::Current));
        assert_eq!(FieldSet::all().iter().count(), 6);
    }
}
