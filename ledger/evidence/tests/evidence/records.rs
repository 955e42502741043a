//! The forms of records, byte for byte.

use evidence::record::{
    CapacityStep, ConsentChange, EnteredSeen, EnteredStep, EnteredWhat, HouseholdStep, HouseholdStepKind, Id,
    InOutcome, MandateStep, MandateStepKind, Method, OccupancyStep, OccupancyStepKind, OutOutcome, Power,
    ProvedBy, Record, RecordError, RightsStepKind, Seconds, Step,
};
use ledger_core::leaf::SubjectKind;
use proptest::prelude::*;

use crate::samples::{
    all, at, consent_changed, consent_changed_for, consent_given, departure, died, entered, id, mandate,
    objected, passkey, release, release_without_manifest, rights_step, transfer_in, transfer_out,
    withdrawal_answer,
};

/// A failing line means that an old record would no longer verify: make a new type instead of changing it.
const FROZEN: &str = include_str!("records.golden");

#[test]
fn each_type_has_its_frozen_bytes() {
    assert_eq!(FROZEN.lines().count(), all().len());
    for (record, frozen) in all().iter().zip(FROZEN.lines()) {
        let bytes = record.to_jcs_bytes().unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), frozen);
        assert_eq!(Record::parse(&bytes).unwrap(), *record);
    }
}

#[test]
fn each_type_has_its_kind_of_leaf() {
    use SubjectKind::{
        Access, ConsentClosed, ConsentOpened, Document, Enrolment, Release, Request, RightsRequest, Transfer,
    };
    let kinds: Vec<_> = all().iter().map(Record::kind).collect();
    let expected = [
        Enrolment,
        ConsentOpened,
        ConsentClosed,
        Transfer,
        Transfer,
        Request,
        Release,
        Release,
        Access,
        ConsentClosed,
        Release,
        Enrolment,
        RightsRequest,
        ConsentClosed,
        ConsentClosed,
        ConsentOpened,
        ConsentClosed,
        ConsentOpened,
        Access,
        RightsRequest,
        ConsentClosed,
        Document,
        Document,
        RightsRequest,
        Request,
        Access,
        Enrolment,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn other_members_types_and_spellings_are_refused() {
    for record in all() {
        let text = String::from_utf8(record.to_jcs_bytes().unwrap()).unwrap();
        for wrong in [
            text.replacen('{', r#"{"aa":1,"#, 1),
            text.replacen("/1\"", "/9\"", 1).replacen("/2\"", "/9\"", 1),
            text.replacen("250000Z", "25Z", 1),
            text.replacen(r#""type""#, r#""typE""#, 1),
            format!("{text}\n"),
            text.replacen(',', ", ", 1),
        ] {
            assert!(Record::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
    let given = String::from_utf8(Record::ConsentGiven(consent_given()).to_jcs_bytes().unwrap()).unwrap();
    let with_null = given.replacen(r#""purpose""#, r#""prev_sha256":null,"purpose""#, 1);
    assert!(Record::parse(with_null.as_bytes()).is_err());
}

fn contradicts(record: &Record) -> bool {
    matches!(record.to_jcs_bytes(), Err(RecordError::Contradiction { .. }))
}

#[test]
fn a_departure_has_a_date_and_a_confirmation_has_none() {
    let undated = OccupancyStep {
        leaves_at: None,
        ..departure()
    };
    let confirmed = OccupancyStep {
        step: OccupancyStepKind::Confirmed,
        ..departure()
    };
    assert!(contradicts(&Record::Occupancy(undated)));
    assert!(contradicts(&Record::Occupancy(confirmed)));
}

#[test]
fn a_case_of_a_home_has_a_day_and_a_number_of_adults_has_none() {
    let told = HouseholdStep {
        step: HouseholdStepKind::Told,
        ..objected()
    };
    let undated = HouseholdStep {
        due: None,
        ..objected()
    };
    assert!(contradicts(&Record::Household(told)));
    assert!(contradicts(&Record::Household(undated)));
}

#[test]
fn an_end_of_capacity_has_its_date() {
    let undated = CapacityStep {
        since: None,
        ..died()
    };
    assert!(contradicts(&Record::Capacity(undated)));
}

#[test]
fn an_entered_act_has_two_officers_and_what_belongs_to_it() {
    for change in [
        (|r| r.decided_by = Some(id("o-1"))) as fn(&mut evidence::record::EnteredAct),
        |r| r.decided_by = None,
        |r| r.step = EnteredStep::Entered,
        |r| r.step = EnteredStep::SentBack,
        |r| (r.step, r.decided_by) = (EnteredStep::Stopped, None),
        |r| r.about = None,
        |r| r.seen = Some(EnteredSeen::Both),
        |r| r.what = EnteredWhat::Grant,
        |r| r.method = Method::Web,
        |r| r.entered_at = at(99),
    ] {
        let mut record = entered();
        change(&mut record);
        assert!(contradicts(&Record::Entered(record.clone())), "{record:?}");
    }
}

#[test]
fn an_answer_without_words_is_no_step() {
    let mut step = rights_step();
    (step.step, step.words_sha256) = (RightsStepKind::Answered, None);
    assert!(contradicts(&Record::RightsStep(step)));
}

#[test]
fn a_proof_that_contradicts_itself_registers_no_passkey() {
    for change in [
        (|r| r.issuer = None) as fn(&mut evidence::record::PasskeyChange),
        |r| r.proved_by = ProvedBy::Passkey,
        |r| (r.proved_by, r.issuer) = (ProvedBy::Invitation, None),
        |r| r.proved_at = at(10),
    ] {
        let mut record = passkey();
        change(&mut record);
        assert!(contradicts(&Record::Passkey(record)));
    }
}

#[test]
fn an_answer_promises_a_date_to_delete_or_nothing() {
    use evidence::record::{AnswerStep, PastData};
    for change in [
        (|r| r.delete_by = None) as fn(&mut evidence::record::WithdrawalAnswer),
        |r| r.past_data = PastData::Keep,
        |r| r.step = AnswerStep::Attested,
        |r| (r.step, r.past_data, r.delete_by) = (AnswerStep::Attested, PastData::Keep, None),
    ] {
        let mut record = withdrawal_answer();
        change(&mut record);
        assert!(contradicts(&Record::WithdrawalAnswer(record)));
    }
}

#[test]
fn contradictory_records_are_neither_written_nor_read() {
    let code = || Some(id("no-consent"));
    let wrong_in = [
        (|r| r.refusal = Some(id("no-consent"))) as fn(&mut evidence::record::TransferIn),
        |r| r.ciphertext_sha256 = None,
        |r| r.consent = None,
        |r| r.last_at = None,
        |r| (r.first_at, r.last_at) = (None, None),
        |r| r.first_at = Some(at(591)),
        |r| r.outcome = InOutcome::Refused,
    ];
    for change in wrong_in {
        let mut record = transfer_in();
        change(&mut record);
        assert!(contradicts(&Record::TransferIn(record)));
    }
    let mut refused = transfer_in();
    (refused.outcome, refused.refusal, refused.ciphertext_sha256) = (InOutcome::Refused, code(), None);
    (refused.consent, refused.first_at, refused.last_at) = (None, None, None);
    assert!(!contradicts(&Record::TransferIn(refused)));

    let mut out = transfer_out();
    out.outcome = OutOutcome::Refused;
    assert!(contradicts(&Record::TransferOut(out.clone())));
    (out.refusal, out.ciphertext_sha256) = (code(), None);
    assert!(!contradicts(&Record::TransferOut(out)));

    let mut given = consent_given();
    given.until = given.from;
    assert!(contradicts(&Record::ConsentGiven(given)));
    let mut given = consent_given();
    given.step_s = Seconds(0);
    assert!(contradicts(&Record::ConsentGiven(given)));

    // The version says whether there is a manifest.
    assert!(contradicts(&Record::Release(release_without_manifest())));
    assert!(contradicts(&Record::ReleaseWithoutManifest(release())));

    let Record::RequestStep(mut step) = all().remove(5) else {
        panic!("not a request step")
    };
    step.reason = None;
    assert!(contradicts(&Record::RequestStep(step.clone())));
    step.step = Step::Approved;
    assert!(!contradicts(&Record::RequestStep(step)));
}

#[test]
fn a_pause_has_its_end_and_no_other_change_has_one() {
    for change in [
        (|r| r.until = Some(at(90))) as fn(&mut evidence::record::ConsentChanged),
        |r| r.change = ConsentChange::Paused,
        |r| (r.change, r.until) = (ConsentChange::Paused, Some(at(9))),
    ] {
        let mut record = consent_changed(9);
        change(&mut record);
        assert!(contradicts(&Record::ConsentChanged(record)));
    }
}

#[test]
fn a_released_file_has_a_plain_name() {
    for name in [
        "../x",
        "a/b",
        ".hidden",
        "manifest.json",
        "evidence.json",
        "curve.parquet",
        "c:x",
    ] {
        let mut wrong = release();
        wrong.files[0].name = id(name);
        assert!(contradicts(&Record::Release(wrong)), "{name}");
    }
}

#[test]
fn counts_a_browser_would_change_are_not_written() {
    let mut record = transfer_in();
    record.rows = 1 << 53;
    assert!(matches!(
        Record::TransferIn(record).to_jcs_bytes(),
        Err(RecordError::Json(_))
    ));
    assert!(Id::new("12345678901234").is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), place in 0_usize..300, byte in any::<u8>()) {
        let _ = Record::parse(&bytes);
        for record in all() {
            let good = record.to_jcs_bytes().unwrap();
            let mut changed = good.clone();
            let place = place % changed.len();
            changed[place] = byte;
            if let Ok(read) = Record::parse(&changed) {
                prop_assert_eq!(read.to_jcs_bytes().unwrap(), changed);
            }
        }
    }
}

#[test]
fn a_record_is_called_by_its_type() {
    for record in all() {
        let value = serde_json::to_value(&record).unwrap();
        assert_eq!(value["type"], record.name());
    }
}

#[test]
fn a_mandate_that_contradicts_itself_is_refused() {
    let wrong = |change: fn(&mut MandateStep)| {
        let mut step = mandate();
        change(&mut step);
        contradicts(&Record::Mandate(step))
    };
    assert!(
        wrong(|step| step.powers = vec![Power::View, Power::Grant]),
        "grants and cannot withdraw"
    );
    assert!(wrong(|step| step.powers = vec![]));
    assert!(wrong(|step| step.powers = vec![Power::Withdraw, Power::View]));
    assert!(wrong(|step| step.until = step.from));
    assert!(wrong(|step| step.delegate = None));
    assert!(wrong(|step| step.step = MandateStepKind::Given));
    assert!(contradicts(&Record::ConsentChanged(consent_changed_for(1))));
    assert!(contradicts(&Record::ConsentChangedFor(consent_changed(1))));
}
