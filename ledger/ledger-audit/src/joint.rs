//! Contracts that several people hold (gdpr-kit.md P-31): where all of them must agree, all of them had, each in a record of this
//! list, before a consent counted.
//!
//! LIMIT: that a rule was never recorded at all shows nowhere; that one was, and was not kept to, shows here.

use std::collections::{BTreeMap, BTreeSet};

use evidence::{
    consent::{ConsentAct, ConsentRecord},
    history::VerifiedRecord,
    record::{Digest, Id, JointRule, MandateStep, Record},
};

use crate::report::{Failure, Report};

/// What stands at one place of a list.
#[derive(Default)]
struct Standing {
    /// Whoever holds a contract beside the person: by mandate, who, of which meter, and the rule.
    holders: BTreeMap<String, (String, Digest, JointRule)>,
    /// By consent, who agreed to what waits.
    agreed: BTreeMap<String, BTreeSet<String>>,
}

/// Goes through the records in the order of the list. `lost` says that some have no detail any more: an agreement may be among
/// them.
pub fn tell(report: &mut Report, records: &[VerifiedRecord], lost: bool) -> Result<(), Failure> {
    let mut standing = Standing::default();
    let (mut together, mut unknown) = (0_u64, 0_u64);
    for one in records {
        match &one.record {
            Record::MandateJoint(step) => standing.step(step),
            Record::Consent(consent) => match standing.consent(consent) {
                Some(Missing::Nobody) => together += 1,
                Some(Missing::Somebody) if lost => unknown += 1,
                Some(Missing::Somebody) => {
                    return Err(Failure::Refused(format!(
                        "the agreement in the record of number {}: all who hold the contract must agree, and one of them had not",
                        one.n.get()
                    )));
                }
                None => {}
            },
            _ => {}
        }
    }
    if together > 0 {
        report.check(format!(
            "{together} agreements count by the word of all who hold the contract, each recorded in this list before."
        ));
    }
    if unknown > 0 {
        report.skip(format!(
            "Whether all who hold the contract agreed to {unknown} of the agreements: a restore lost records."
        ));
    }
    Ok(())
}

/// Who of those who must agree had not.
#[derive(Debug, PartialEq, Eq)]
enum Missing {
    Nobody,
    Somebody,
}

impl Standing {
    fn step(&mut self, step: &MandateStep) {
        let mandate = step.mandate.as_str().to_owned();
        let (Some(holder), Some(joint)) = (&step.delegate, &step.joint) else {
            return;
        };
        if step.ends() {
            self.holders.remove(&mandate);
        } else {
            let holder = holder.as_str().to_owned();
            self.holders.insert(mandate, (holder, joint.point, joint.rule));
        }
    }

    /// Notes a record of a consent; says of one that makes it count, under a rule that asks all, whether all had agreed.
    fn consent(&mut self, record: &ConsentRecord) -> Option<Missing> {
        let name = record.consent().as_str().to_owned();
        let agreed = self.agreed.entry(name).or_default();
        let holder = record.holder().map(|holder| bare(&holder));
        if record.act() == ConsentAct::Agreed {
            agreed.extend(holder);
            return None;
        }
        let mut agreed = std::mem::take(agreed);
        if !matches!(record.act(), ConsentAct::Given | ConsentAct::Renewed) {
            return None;
        }
        let mut must = self.must_agree(record)?;
        agreed.extend(holder);
        must.retain(|holder| !agreed.contains(holder));
        Some(match must.is_empty() {
            true => Missing::Nobody,
            false => Missing::Somebody,
        })
    }

    /// Whoever must agree about the meter of a consent; `None` where each may alone.
    fn must_agree(&self, record: &ConsentRecord) -> Option<BTreeSet<String>> {
        let point = record.point()?;
        let of_it = || self.holders.values().filter(|(_, meter, _)| *meter == point);
        of_it().find(|(.., rule)| *rule == JointRule::Both)?;
        let mut must: BTreeSet<String> = of_it().map(|(holder, ..)| holder.clone()).collect();
        must.insert(bare(record.subject()));
        Some(must)
    }
}

/// The identifier in an IRI.
fn bare(iri: &Id) -> String {
    let text = iri.as_str();
    text.strip_prefix("urn:uuid:").unwrap_or(text).to_owned()
}
