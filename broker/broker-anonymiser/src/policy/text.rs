//! The strict reader of the policy text.

use jiff::civil::Date;
use serde::Deserialize;

use super::{Band, Dominance, LegalText, PeriodLimit, PolicyBook, PolicyTextError, PolicyVersion};
use crate::units::{HouseholdCount, LARGEST_READING, Percent, StepSeconds, WattHours};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BookText {
    default: String,
    policy: Vec<PolicyText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    rule_id: String,
    version: Vec<VersionText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionText {
    valid_from: String,
    valid_until: Option<String>,
    source: String,
    finest_step_s: u32,
    max_share_top1_percent: u8,
    nk_units: u8,
    nk_share_percent: u8,
    p_percent: u8,
    round_to_wh: i64,
    legal_text_fr: String,
    legal_text_en: String,
    legal_text_nl: String,
    band: Vec<BandText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BandText {
    step_from_s: u32,
    step_below_s: Option<u32>,
    period_max: Option<PeriodText>,
    min_units: u32,
    min_units_injection: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum PeriodText {
    Hours(u32),
    Days(u32),
}

pub(super) fn parse(text: &str) -> Result<PolicyBook, PolicyTextError> {
    let book: BookText = toml::from_str(text).map_err(|source| PolicyTextError::Malformed { source })?;
    let mut policies: Vec<(String, Vec<PolicyVersion>)> = Vec::new();
    for policy in book.policy {
        let invalid = |problem| PolicyTextError::Invalid {
            rule_id: policy.rule_id.clone(),
            problem,
        };
        if policies.iter().any(|(known, _)| *known == policy.rule_id) {
            return Err(invalid("the rule appears twice"));
        }
        let versions = policy
            .version
            .into_iter()
            .map(|version| read_version(&policy.rule_id, version))
            .collect::<Result<Vec<_>, _>>()
            .map_err(invalid)?;
        check_dates(&versions).map_err(invalid)?;
        policies.push((policy.rule_id.clone(), versions));
    }
    if !policies.iter().any(|(known, _)| *known == book.default) {
        return Err(PolicyTextError::Invalid {
            rule_id: String::new(),
            problem: "the default is not a known rule",
        });
    }
    Ok(PolicyBook {
        default: book.default,
        policies,
    })
}

/// Two versions on one date would make the rule depend on the order of the text.
fn check_dates(versions: &[PolicyVersion]) -> Result<(), &'static str> {
    if versions.is_empty() {
        return Err("the rule has no version");
    }
    for (earlier, later) in versions.iter().zip(versions.iter().skip(1)) {
        match earlier.valid_until {
            Some(until) if until <= later.valid_from => {}
            Some(_) => return Err("two versions overlap, or are not in order of date"),
            None => return Err("a version without end is followed by another"),
        }
    }
    Ok(())
}

fn read_version(rule_id: &str, text: VersionText) -> Result<PolicyVersion, &'static str> {
    let valid_from = read_date(&text.valid_from)?;
    let valid_until = text.valid_until.as_deref().map(read_date).transpose()?;
    if valid_until.is_some_and(|until| until <= valid_from) {
        return Err("a version ends before it begins");
    }
    if text.nk_units != 2 {
        return Err("the (n, k) rule is computed for n = 2 only");
    }
    if text.round_to_wh < 1 || text.round_to_wh > LARGEST_READING.0 {
        return Err("the rounding is not between 1 Wh and the largest reading");
    }
    let texts = [
        &text.source,
        &text.legal_text_fr,
        &text.legal_text_en,
        &text.legal_text_nl,
    ];
    if !texts.into_iter().all(|text| !text.trim().is_empty()) {
        return Err("the source or the legal text is empty");
    }
    let bands = text.band.iter().map(read_band).collect::<Result<Vec<_>, _>>()?;
    if bands.is_empty() {
        return Err("a version has no band");
    }
    Ok(PolicyVersion {
        rule_id: rule_id.to_owned(),
        valid_from,
        valid_until,
        source: text.source,
        finest_step: read_step(text.finest_step_s)?,
        dominance: Dominance {
            max_share_top1: read_percent(text.max_share_top1_percent)?,
            nk_share: read_percent(text.nk_share_percent)?,
            p_percent: read_percent(text.p_percent)?,
        },
        round_to: WattHours(text.round_to_wh),
        legal_text: LegalText {
            french: text.legal_text_fr.trim().to_owned(),
            english: text.legal_text_en.trim().to_owned(),
            dutch: text.legal_text_nl.trim().to_owned(),
        },
        bands,
    })
}

fn read_band(text: &BandText) -> Result<Band, &'static str> {
    // A cell of one or two homes gives each of them the other's curve, whatever a text says.
    const FEWEST: u32 = 3;
    let step_from = read_step(text.step_from_s)?;
    let step_below = text.step_below_s.map(read_step).transpose()?;
    if step_below.is_some_and(|below| below <= step_from) {
        return Err("a band has no step");
    }
    if text.min_units < FEWEST || text.min_units_injection.is_some_and(|units| units < FEWEST) {
        return Err("a band asks for fewer than 3 homes");
    }
    let period_max = match text.period_max {
        Some(PeriodText::Hours(0) | PeriodText::Days(0)) => return Err("a band has no period"),
        Some(PeriodText::Hours(hours)) => PeriodLimit::Hours(hours),
        Some(PeriodText::Days(days)) => PeriodLimit::Days(days),
        None => PeriodLimit::Unlimited,
    };
    Ok(Band {
        step_from,
        step_below,
        period_max,
        min_units: HouseholdCount(text.min_units),
        min_units_injection: text.min_units_injection.map(HouseholdCount),
    })
}

fn read_date(text: &str) -> Result<Date, &'static str> {
    text.parse().map_err(|_| "a date is not written YYYY-MM-DD")
}

fn read_step(seconds: u32) -> Result<StepSeconds, &'static str> {
    StepSeconds::new(seconds).ok_or("a step is not between 1 second and 31 days")
}

fn read_percent(value: u8) -> Result<Percent, &'static str> {
    match Percent::new(value) {
        Some(percent) if value > 0 => Ok(percent),
        _ => Err("a percentage is not between 1 and 100"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMBEDDED: &str = include_str!("release-policies.toml");

    fn refused(from: &str, to: &str) {
        let text = EMBEDDED.replacen(from, to, 1);
        assert_ne!(text, EMBEDDED, "`{from}` is in the text");
        assert!(parse(&text).is_err(), "`{to}` was accepted");
    }

    #[test]
    fn impossible_texts_are_refused() {
        refused("min_units = 100", "min_units = 2");
        refused("min_units = 100", "min_unit = 100");
        refused("p_percent = 10", "p_percent = 101");
        refused("p_percent = 10", "p_percent = 0");
        refused("nk_units = 2", "nk_units = 3");
        refused("round_to_wh = 1", "round_to_wh = 0");
        refused("2026-01-01", "01/01/2026");
        refused("hours = 24", "weeks = 24");
        refused("hours = 24", "hours = 0");
        refused("default = \"fr-d111-63\"", "default = \"none\"");
        refused("rule_id = \"us-ca-d14-05-016\"", "rule_id = \"fr-d111-63\"");
        refused("step_below_s = 86400", "step_below_s = 1800");
        refused(
            "valid_from = \"2026-01-01\"",
            "valid_from = \"2026-01-01\"\nvalid_until = \"2026-01-01\"",
        );
    }

    #[test]
    fn overlapping_versions_are_refused() {
        let version = |from: &str, until: &str| {
            format!(
                "[[policy.version]]\nvalid_from = \"{from}\"\n{until}\nsource = \"s\"\nfinest_step_s = 1800\n\
                 max_share_top1_percent = 50\nnk_units = 2\nnk_share_percent = 90\np_percent = 10\nround_to_wh = 1\n\
                 legal_text_fr = \"f\"\nlegal_text_en = \"e\"\nlegal_text_nl = \"n\"\n[[policy.version.band]]\nstep_from_s = 1800\n\
                 min_units = 10\n"
            )
        };
        let book = |first: &str, second: &str| {
            format!("default = \"a\"\n[[policy]]\nrule_id = \"a\"\n{first}{second}")
        };
        let second = version("2027-01-01", "");
        assert!(parse(&book(&version("2026-01-01", ""), &second)).is_err());
        assert!(
            parse(&book(
                &version("2026-01-01", "valid_until = \"2027-01-02\""),
                &second
            ))
            .is_err()
        );
        let with_gap = parse(&book(
            &version("2026-01-01", "valid_until = \"2026-06-01\""),
            &second,
        ))
        .unwrap();
        assert!(with_gap.in_force("a", "2026-05-31".parse().unwrap()).is_some());
        assert!(with_gap.in_force("a", "2026-08-01".parse().unwrap()).is_none());
    }
}
