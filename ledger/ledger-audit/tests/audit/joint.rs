//! `ledger-audit participant` on a contract that two people hold.

use std::fs;

use evidence::consent::{ConsentAct, ConsentDraft, ConsentEvent, OnBehalf};
use evidence::record::{
    Capacity, Digest, JointContract, JointRule, MandateStep, MandateStepKind, Power, Record,
};
use tempfile::TempDir;

use crate::consent_scene::{at, event, id, requested, terms};
use crate::history::{Log, to_bytes};
use crate::sample::{audit, record_key, sign, text};

const ANNA: &str = "0b3f6a52-7b1e-4a5e-9d54-2c1a7b0e9f31";
const BRUNO: &str = "2c1a7b0e-9d54-4a5e-8b1e-0b3f6a529f31";
const MANDATE: &str = "5e0e9f31-7b1e-4a5e-9d54-2c1a7b0b3f6a";

fn step(step: MandateStepKind, rule: JointRule, seconds: i64) -> Record {
    Record::MandateJoint(MandateStep {
        mandate: id(MANDATE),
        participant: id(ANNA),
        delegate: Some(id(BRUNO)),
        capacity: Capacity::JointHolder,
        step,
        powers: vec![Power::View, Power::Grant, Power::Withdraw],
        from: at(-500),
        until: at(900_000_000),
        basis_sha256: None,
        joint: Some(JointContract {
            point: Digest::new([7; 32]),
            rule,
            asked: None,
        }),
        at: at(seconds),
    })
}

/// What one of the two says about the consent, as its next version.
fn says(act: ConsentAct, who: &str, seconds: i64, earlier: &[ConsentEvent]) -> (Record, ConsentEvent) {
    let behalf = (who != ANNA).then(|| OnBehalf {
        person: id(&format!("urn:uuid:{ANNA}")),
        capacity: Capacity::JointHolder,
        mandate: id(&format!("urn:uuid:{MANDATE}")),
    });
    let said = ConsentEvent {
        by: id(&format!("urn:uuid:{who}")),
        behalf,
        ..event(act, seconds)
    };
    let version = u32::try_from(earlier.len()).unwrap();
    let draft = ConsentDraft::new(&terms(), version, at(seconds), earlier).unwrap();
    let record = Record::Consent(draft.with(&said).unwrap());
    let known = ConsentEvent {
        record: Some(Digest::of(&record.to_jcs_bytes().unwrap())),
        ..said
    };
    (record, known)
}

fn audited(records: &[Record]) -> (i32, String) {
    let mut log = Log::new(1, record_key().1);
    for record in records {
        log.record(0, record, sign(record));
    }
    log.close();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("mine.ndjson");
    fs::write(&file, to_bytes(&log.history(0, None))).unwrap();
    audit(&["participant", text(&file)])
}

#[test]
fn p_31_an_agreement_under_both_has_both_words_recorded_before_it_counts() {
    let accepted = || step(MandateStepKind::Accepted, JointRule::Both, -400);
    let (first, known) = says(ConsentAct::Agreed, BRUNO, 10, &[requested()]);
    let (second, _) = says(ConsentAct::Given, ANNA, 20, &[requested(), known]);
    let (status, said) = audited(&[accepted(), first.clone(), second.clone()]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("1 agreements count by the word of all"), "{said}");

    // The word of one alone, and one whose other word was taken back.
    let (alone, _) = says(ConsentAct::Given, ANNA, 20, &[requested()]);
    let (status, said) = audited(&[accepted(), alone.clone()]);
    assert!(status == 1 && said.contains("one of them had not"), "{said}");
    let (no, _) = says(ConsentAct::Declined, BRUNO, 15, &[requested()]);
    let (status, said) = audited(&[accepted(), first, no, second]);
    assert!(status == 1 && said.contains("one of them had not"), "{said}");

    // Under the other rule, and once the other has left, one suffices.
    let changed = step(MandateStepKind::RuleAgreedByPerson, JointRule::One, -300);
    let left = step(MandateStepKind::EndedByDelegate, JointRule::Both, -300);
    for before in [changed, left] {
        let (status, said) = audited(&[accepted(), before, alone.clone()]);
        assert_eq!(status, 0, "{said}");
    }
}
