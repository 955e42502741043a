//! Why a release was refused, and what would pass: for machines a code, for people a sentence in their
//! language.

use std::fmt;

use crate::units::{HouseholdCount, ReleaseId, StepSeconds};

/// A refused release. Nothing of the data is in it but the number of consenting homes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// At least one reason.
    pub reasons: Vec<Reason>,
    /// Changes each of which would answer the reasons; empty when none is known.
    pub remedies: Vec<Remedy>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the release is refused")?;
        for reason in &self.reasons {
            write!(formatter, ": {}", reason.code())?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// The language of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
    /// Dutch.
    Dutch,
}

impl Language {
    /// The one of this language, of words in French, English and Dutch.
    pub(crate) fn pick<T>(self, [french, english, dutch]: [T; 3]) -> T {
        match self {
            Self::French => french,
            Self::English => english,
            Self::Dutch => dutch,
        }
    }
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The rule is unknown, or no version of it holds on the date of release.
    NoPolicyInForce,
    /// The rule has no number for this step, period and direction.
    NoBand,
    /// The period ends after the moment of release, so the curve is not complete.
    PeriodNotOver,
    /// The step is finer than the rule allows.
    StepTooFine {
        /// What the rule allows.
        finest: StepSeconds,
    },
    /// Too few homes consent, for this step and period.
    TooFewHouseholds {
        /// Homes that consent.
        found: HouseholdCount,
        /// Homes the rule asks for.
        needed: HouseholdCount,
    },
    /// With what was released of these homes before, so much time would be shown that the rule asks for more
    /// homes.
    PeriodsAddUp {
        /// Homes of this release.
        found: HouseholdCount,
        /// Homes the rule asks for, `None` where it has no number for so much time.
        needed: Option<HouseholdCount>,
    },
    /// No home has a reading in the period.
    NothingValid,
    /// No cell can be shown, because too few homes have readings at the same time or one is too large a part.
    EveryCellSuppressed,
    /// An earlier release covers almost the same homes at the same time: the difference would show the few
    /// others.
    DiffersByTooFew {
        /// The earlier release.
        release: ReleaseId,
    },
    /// An earlier release covers the same time with other steps and overlapping homes, or with hidden cells.
    MixesSteps {
        /// The earlier release.
        release: ReleaseId,
    },
    /// Together with several earlier releases this one would show a few homes, or a hidden cell.
    CombinesToTooFew,
    /// So many releases cover the same time that the combination check cannot be done.
    TooManyReleases,
}

/// One change that would pass, as far as the decision got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Have at least so many homes.
    MoreHouseholds {
        /// Homes needed.
        needed: HouseholdCount,
    },
    /// Ask for a period of at most so many hours.
    ShorterPeriodHours {
        /// Elapsed hours.
        at_most: u32,
    },
    /// Ask for a period of at most so many local days.
    ShorterPeriodDays {
        /// Calendar days.
        at_most: u32,
    },
    /// Ask for a step of at least so long.
    CoarserStep {
        /// The step.
        at_least: StepSeconds,
    },
    /// Ask for a period that no earlier release of these homes covers.
    OtherPeriod,
    /// Ask for exactly the homes, period and step of an earlier release: its files are given again.
    SameAsBefore,
    /// Wait until the period is over.
    Wait,
}

impl Reason {
    /// The code for machines, stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoPolicyInForce => "no-policy-in-force",
            Self::NoBand => "no-band",
            Self::PeriodNotOver => "period-not-over",
            Self::StepTooFine { .. } => "step-too-fine",
            Self::TooFewHouseholds { .. } => "too-few-households",
            Self::PeriodsAddUp { .. } => "periods-add-up",
            Self::NothingValid => "nothing-valid",
            Self::EveryCellSuppressed => "every-cell-suppressed",
            Self::DiffersByTooFew { .. } => "differs-by-too-few",
            Self::MixesSteps { .. } => "mixes-steps",
            Self::CombinesToTooFew => "combines-to-too-few",
            Self::TooManyReleases => "too-many-releases",
        }
    }

    /// The numbers of the sentence by name, for a page that words it itself.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::StepTooFine { finest } => vec![("finest_step_s", finest.value().to_string())],
            Self::TooFewHouseholds { found, needed } => {
                vec![("found", found.0.to_string()), ("needed", needed.0.to_string())]
            }
            Self::PeriodsAddUp { found, needed } => std::iter::once(("found", found.0.to_string()))
                .chain(needed.map(|needed| ("needed", needed.0.to_string())))
                .collect(),
            Self::DiffersByTooFew { release } | Self::MixesSteps { release } => {
                vec![("release", release.to_string())]
            }
            Self::NoPolicyInForce
            | Self::NoBand
            | Self::PeriodNotOver
            | Self::NothingValid
            | Self::EveryCellSuppressed
            | Self::CombinesToTooFew
            | Self::TooManyReleases => Vec::new(),
        }
    }

    /// A sentence for people.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        match language {
            Language::French => self.french(),
            Language::English => self.english(),
            Language::Dutch => self.dutch(),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::NoPolicyInForce => "Aucune règle de publication n’est en vigueur à cette date.".into(),
            Self::NoBand => "La règle ne prévoit pas ce pas et cette période pour ces données.".into(),
            Self::PeriodNotOver => "La période demandée n’est pas terminée.".into(),
            Self::StepTooFine { finest } => {
                format!("Le pas demandé est trop fin : la règle exige au moins {} secondes.", finest.value())
            }
            Self::TooFewHouseholds { found, needed } => format!(
                "Trop peu de foyers consentent : {} sur les {} exigés pour ce pas et cette période.",
                found.0, needed.0
            ),
            Self::PeriodsAddUp { found, needed } => format!(
                "Avec les publications précédentes de ces foyers, la durée montrée serait trop longue pour {} \
                 foyers{}.",
                found.0,
                needed.map_or_else(String::new, |needed| format!(" : la règle en exige {}", needed.0))
            ),
            Self::NothingValid => "Aucun foyer n’a de mesure valable sur cette période.".into(),
            Self::EveryCellSuppressed => {
                "Aucun point ne peut être montré : trop peu de foyers mesurés en même temps, ou un foyer pèse trop."
                    .into()
            }
            Self::DiffersByTooFew { release } => format!(
                "La publication `{release}` couvre presque les mêmes foyers au même moment : la différence \
                 montrerait les quelques autres."
            ),
            Self::MixesSteps { release } => format!(
                "La publication `{release}` couvre le même moment avec un autre pas : les deux ensemble pourraient \
                 montrer ce qui est masqué."
            ),
            Self::CombinesToTooFew => {
                "Combinée à des publications précédentes, celle-ci montrerait quelques foyers seulement.".into()
            }
            Self::TooManyReleases => {
                "Trop de publications couvrent le même moment pour vérifier leurs combinaisons.".into()
            }
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NoPolicyInForce => "No release rule is in force on this date.".into(),
            Self::NoBand => "The rule does not provide for this step and period for these data.".into(),
            Self::PeriodNotOver => "The requested period is not over.".into(),
            Self::StepTooFine { finest } => {
                format!("The requested step is too fine: the rule asks for at least {} seconds.", finest.value())
            }
            Self::TooFewHouseholds { found, needed } => format!(
                "Too few households consent: {} of the {} required for this step and period.",
                found.0, needed.0
            ),
            Self::PeriodsAddUp { found, needed } => format!(
                "With the earlier releases of these households, too much time would be shown for {} households{}.",
                found.0,
                needed.map_or_else(String::new, |needed| format!(": the rule asks for {}", needed.0))
            ),
            Self::NothingValid => "No household has a valid reading in this period.".into(),
            Self::EveryCellSuppressed => {
                "No point can be shown: too few households measured at the same time, or one is too large a part."
                    .into()
            }
            Self::DiffersByTooFew { release } => format!(
                "Release `{release}` covers almost the same households at the same time: the difference would show \
                 the few others."
            ),
            Self::MixesSteps { release } => format!(
                "Release `{release}` covers the same time with another step: both together could show what is hidden."
            ),
            Self::CombinesToTooFew => {
                "Combined with earlier releases, this one would show only a few households.".into()
            }
            Self::TooManyReleases => {
                "Too many releases cover the same time for their combinations to be checked.".into()
            }
        }
    }

    fn dutch(&self) -> String {
        match self {
            Self::NoPolicyInForce => "Op deze datum is geen publicatieregel van kracht.".into(),
            Self::NoBand => "De regel voorziet deze tijdstap en periode niet voor deze gegevens.".into(),
            Self::PeriodNotOver => "De gevraagde periode is nog niet voorbij.".into(),
            Self::StepTooFine { finest } => {
                format!("De gevraagde tijdstap is te fijn: de regel eist minstens {} seconden.", finest.value())
            }
            Self::TooFewHouseholds { found, needed } => format!(
                "Te weinig huishoudens stemmen toe: {} van de {} die deze tijdstap en periode vereisen.",
                found.0, needed.0
            ),
            Self::PeriodsAddUp { found, needed } => format!(
                "Samen met de eerdere publicaties van deze huishoudens zou een te lange tijd worden getoond voor {} \
                 huishoudens{}.",
                found.0,
                needed.map_or_else(String::new, |needed| format!(": de regel eist er {}", needed.0))
            ),
            Self::NothingValid => "Geen enkel huishouden heeft een geldige meting in deze periode.".into(),
            Self::EveryCellSuppressed => {
                "Geen enkel punt kan worden getoond: te weinig huishoudens maten tegelijk, of één weegt te zwaar mee."
                    .into()
            }
            Self::DiffersByTooFew { release } => format!(
                "Publicatie `{release}` gaat over bijna dezelfde huishoudens op hetzelfde moment: het verschil zou de \
                 weinige andere tonen."
            ),
            Self::MixesSteps { release } => format!(
                "Publicatie `{release}` gaat over hetzelfde moment met een andere tijdstap: samen zouden ze kunnen \
                 tonen wat verborgen is."
            ),
            Self::CombinesToTooFew => {
                "Samen met eerdere publicaties zou deze maar enkele huishoudens tonen.".into()
            }
            Self::TooManyReleases => {
                "Te veel publicaties gaan over hetzelfde moment om hun combinaties te controleren.".into()
            }
        }
    }
}

impl Remedy {
    /// The code for machines, stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MoreHouseholds { .. } => "more-households",
            Self::ShorterPeriodHours { .. } => "shorter-period-hours",
            Self::ShorterPeriodDays { .. } => "shorter-period-days",
            Self::CoarserStep { .. } => "coarser-step",
            Self::OtherPeriod => "other-period",
            Self::SameAsBefore => "same-as-before",
            Self::Wait => "wait",
        }
    }

    /// A sentence for people.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        language.pick(match self {
            Self::MoreHouseholds { needed } => [
                format!("Réunir au moins {} foyers consentants.", needed.0),
                format!("Gather at least {} consenting households.", needed.0),
                format!("Minstens {} toestemmende huishoudens samenbrengen.", needed.0),
            ],
            Self::ShorterPeriodHours { at_most } => [
                format!("Demander une période d’au plus {at_most} heures."),
                format!("Ask for a period of at most {at_most} hours."),
                format!("Een periode van hoogstens {at_most} uur vragen."),
            ],
            Self::ShorterPeriodDays { at_most } => [
                format!("Demander une période d’au plus {at_most} jours."),
                format!("Ask for a period of at most {at_most} days."),
                format!("Een periode van hoogstens {at_most} dagen vragen."),
            ],
            Self::CoarserStep { at_least } => [
                format!("Demander un pas d’au moins {} secondes.", at_least.value()),
                format!("Ask for a step of at least {} seconds.", at_least.value()),
                format!("Een tijdstap van minstens {} seconden vragen.", at_least.value()),
            ],
            Self::OtherPeriod => [
                "Demander une période qu’aucune publication de ces foyers ne couvre.".into(),
                "Ask for a period that no release of these households covers.".into(),
                "Een periode vragen waarover van deze huishoudens nog niets is gepubliceerd.".into(),
            ],
            Self::SameAsBefore => [
                "Demander exactement les foyers, la période et le pas d’une publication précédente.".into(),
                "Ask for exactly the households, period and step of an earlier release.".into(),
                "Precies de huishoudens, de periode en de tijdstap van een eerdere publicatie vragen.".into(),
            ],
            Self::Wait => [
                "Attendre la fin de la période.".into(),
                "Wait until the period is over.".into(),
                "Wachten tot de periode voorbij is.".into(),
            ],
        })
    }
}
