//! Acts of somebody who acted for the person: each under a mandate that the list holds, with the power that it takes.

use evidence::{
    consent::{ConsentAct, ConsentRecord},
    history::VerifiedRecord,
    record::{ConsentChange, Id, Instant, MandateStep, MandateStepKind, Power, Record},
};

use crate::report::{Failure, Report};

/// What a list says of mandates.
pub struct Mandates<'a>(Vec<&'a MandateStep>);

/// Who acted, by which mandate, with which power, and when.
struct Acted {
    by: String,
    mandate: String,
    power: Power,
    at: Instant,
}

impl<'a> Mandates<'a> {
    /// The steps in a list.
    pub fn of(records: &'a [VerifiedRecord]) -> Self {
        let steps = records.iter().filter_map(|one| match &one.record {
            Record::Mandate(step) | Record::MandateJoint(step) => Some(step),
            _ => None,
        });
        Self(steps.collect())
    }

    /// Holds every act for another against them. `lost` says that some records have no detail any more: a mandate may be among
    /// them.
    pub fn tell(&self, report: &mut Report, records: &[VerifiedRecord], lost: bool) -> Result<(), Failure> {
        let (mut covered, mut unknown) = (0_u64, 0_u64);
        for one in records {
            let Some(acted) = acted(&one.record) else {
                continue;
            };
            if self.cover(&acted) {
                covered += 1;
            } else if lost {
                unknown += 1;
            } else {
                return Err(Failure::Refused(format!(
                    "the act in the record of number {}: no mandate of this list let somebody else do this then",
                    one.n.get()
                )));
            }
        }
        report.detail("acts_for_another", covered.saturating_add(unknown));
        if covered > 0 {
            report.check(format!(
                "{covered} acts were done by somebody else, each under a mandate that this list holds and that had not ended."
            ));
        }
        if unknown > 0 {
            report.skip(format!(
                "By what right {unknown} acts were done by somebody else: the mandate may be among the records that a restore lost."
            ));
        }
        Ok(())
    }

    fn cover(&self, acted: &Acted) -> bool {
        let of_it = || {
            self.0
                .iter()
                .filter(|step| step.mandate.as_str() == acted.mandate)
        };
        let held = of_it().any(|step| {
            step.step == MandateStepKind::Accepted
                && step.delegate.as_ref().map(Id::as_str) == Some(&acted.by)
                && step.powers.contains(&acted.power)
                && step.at <= acted.at
                && step.from <= acted.at
                && acted.at < step.until
        });
        let ended = of_it().any(|step| step.ends() && step.at <= acted.at);
        held && !ended
    }
}

fn acted(record: &Record) -> Option<Acted> {
    match record {
        Record::Consent(consent) => of_consent(consent),
        Record::ConsentChangedFor(changed) => {
            let by = changed.by.as_ref()?;
            Some(Acted {
                by: by.delegate.as_str().to_owned(),
                mandate: by.mandate.as_str().to_owned(),
                power: match changed.change {
                    ConsentChange::Paused => Power::Withdraw,
                    ConsentChange::Resumed => Power::Grant,
                },
                at: changed.at,
            })
        }
        _ => None,
    }
}

fn of_consent(record: &ConsentRecord) -> Option<Acted> {
    let (by, mandate) = record.behalf()?;
    let name = |iri: &Id| iri.as_str().strip_prefix("urn:uuid:").map(str::to_owned);
    Some(Acted {
        by: name(&by)?,
        mandate: name(&mandate)?,
        power: match record.act() {
            ConsentAct::Given
            | ConsentAct::Agreed
            | ConsentAct::Renewed
            | ConsentAct::Requested
            | ConsentAct::Deferred => Power::Grant,
            _ => Power::Withdraw,
        },
        at: record.at(),
    })
}

#[cfg(test)]
mod tests {
    use evidence::record::Capacity;

    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_unix_micros(seconds * 1_000_000).unwrap()
    }

    fn step(step: MandateStepKind, seconds: i64) -> MandateStep {
        MandateStep {
            mandate: Id::new("m-1").unwrap(),
            participant: Id::new("p-1").unwrap(),
            delegate: Some(Id::new("p-2").unwrap()),
            capacity: Capacity::Delegate,
            step,
            powers: vec![Power::View, Power::Withdraw],
            from: at(10),
            until: at(90),
            basis_sha256: None,
            joint: None,
            at: at(seconds),
        }
    }

    fn act(power: Power, seconds: i64) -> Acted {
        Acted {
            by: "p-2".into(),
            mandate: "m-1".into(),
            power,
            at: at(seconds),
        }
    }

    #[test]
    fn a_mandate_covers_its_powers_from_its_acceptance_to_its_end() {
        let (accepted, ended) = (
            step(MandateStepKind::Accepted, 12),
            step(MandateStepKind::EndedByPerson, 50),
        );
        let open = Mandates(vec![&accepted]);
        for (power, when, covered) in [
            (Power::Withdraw, 11, false),
            (Power::Withdraw, 12, true),
            (Power::Grant, 12, false),
            (Power::Withdraw, 89, true),
            (Power::Withdraw, 90, false),
        ] {
            assert_eq!(open.cover(&act(power, when)), covered, "{power:?} {when}");
        }
        let closed = Mandates(vec![&accepted, &ended]);
        assert!(closed.cover(&act(Power::Withdraw, 49)));
        assert!(!closed.cover(&act(Power::Withdraw, 50)));
        let another = Acted {
            by: "p-3".into(),
            ..act(Power::Withdraw, 20)
        };
        assert!(!open.cover(&another));
    }
}
