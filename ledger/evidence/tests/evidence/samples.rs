//! One record of each type, and a log to put them in.

use std::array;

use evidence::{
    bundle::{Bundle, leaf_of},
    jws::{Jwk, Jws},
    record::{
        Access, ActedFor, Actor, AnswerStep, BreachTold, Capacity, CapacityStep, CapacityStepKind,
        ConsentChange, ConsentChanged, ConsentGiven, ConsentSuspended, ConsentWithdrawn, Digest, Enrolment,
        EnteredAct, EnteredStep, EnteredWhat, EvidenceLevel, HouseholdStep, HouseholdStepKind, Id, InOutcome,
        Instant, JointContract, JointRule, LegalPersonKind, LegalPersonStep, LegalPersonStepKind,
        MandateStep, MandateStepKind, ManifestRoot, MemberActor, MemberStep, Method, Objection,
        OccupancyStep, OccupancyStepKind, OutOutcome, PasskeyAction, PasskeyChange, PastData, Power,
        ProjectMember, ProvedBy, Record, Release, ReleaseRefused, ReleasedFile, RequestStep, Right,
        RightsStep, RightsStepKind, Role, Seconds, Step, Text, TransferIn, TransferOut, WithdrawalAnswer,
    },
};
use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    leaf::{ActorClass, RecordNumber, Salt, SubjectKey},
    note::{Ed25519Signer, KeyName, NoteSigner},
    proof::TlogProof,
    tree::{Frontier, LeafIndex, NodeMap, ProofPlan, leaf_hash},
};
use ring::signature::{Ed25519KeyPair, KeyPair};

pub fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

pub fn at(seconds: i64) -> Instant {
    Instant::from_unix_micros((1_767_225_600 + seconds) * 1_000_000 + 250_000).unwrap()
}

pub fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// The broker's key for records.
pub fn record_pair() -> (Ed25519KeyPair, Jwk) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let key = Jwk::Ed25519 {
        x: pair.public_key().as_ref().try_into().unwrap(),
    };
    (pair, key)
}

pub fn signed(record: &Record) -> Jws {
    let (pair, key) = record_pair();
    let payload = record.to_jcs_bytes().unwrap();
    Jws::sign(&payload, &key, |input| {
        pair.sign(input).as_ref().try_into().unwrap()
    })
    .unwrap()
}

pub fn passkey() -> PasskeyChange {
    PasskeyChange {
        subject: id("p-1"),
        action: PasskeyAction::Registered,
        key_sha256: digest("key"),
        model: id("fbfc3007-154e-4ecc-8c0b-6e020557d7bd"),
        may_be_copied: true,
        proved_by: ProvedBy::Provider,
        issuer: Some(Text::new("https://provider.example").unwrap()),
        assurance: Some(Text::new("eidas2").unwrap()),
        proved_at: at(8),
        at: at(9),
    }
}

pub fn withdrawal_answer() -> WithdrawalAnswer {
    WithdrawalAnswer {
        dossier: id("d-1"),
        consent: id("c-1"),
        participant: Some(id("p-1")),
        recipient: id("org-1"),
        application: id("app-1"),
        step: AnswerStep::Acknowledged,
        past_data: PastData::Delete,
        delete_by: Some(at(99)),
        answer_sha256: digest("answer"),
        at: at(10),
    }
}

pub fn transfer_in() -> TransferIn {
    TransferIn {
        transfer: id("t-1"),
        participant: id("p-1"),
        gateway: id("gw-1"),
        point: id("pt-1"),
        consent: Some(id("c-1")),
        batch: id("b-1"),
        first_at: Some(at(0)),
        last_at: Some(at(590)),
        rows: 60,
        ciphertext_sha256: Some(digest("sealed")),
        envelope_sha256: digest("envelope"),
        outcome: InOutcome::Stored,
        refusal: None,
        at: at(600),
    }
}

pub fn transfer_out() -> TransferOut {
    TransferOut {
        transfer: id("t-2"),
        participant: Some(id("p-1")),
        consent: Some(id("c-1")),
        recipient: id("org-1"),
        purpose: id("self-consumption"),
        step_s: Seconds(1800),
        from: at(0),
        until: at(3600),
        rows: 2,
        ciphertext_sha256: Some(digest("age file")),
        policy_set_sha256: digest("policies"),
        policies: vec![id("transfer-under-consent")],
        outcome: OutOutcome::Delivered,
        refusal: None,
        at: at(3700),
    }
}

pub fn release() -> Release {
    let file = |name: &str, content: &str| ReleasedFile {
        name: id(name),
        sha256: digest(content),
        bytes: content.len() as u64,
    };
    Release {
        release: id("r-1"),
        request: id("q-1"),
        dataset: id("street-load"),
        researcher: Some(id("researcher-1")),
        rule: id("fr-d111-63/2026"),
        households: 120,
        from: at(0),
        until: at(86_400),
        step_s: Seconds(1800),
        files: vec![file("curve.csv", "a,b\n"), file("curve.parquet", "PAR1")],
        manifest_sha256: digest("{}"),
        ciphertext_sha256: digest("age file"),
        disclosure_root: Some(ManifestRoot::new([0x5a; 32])),
        policy_set_sha256: digest("policies"),
        at: at(90_000),
    }
}

/// As it was written before there were manifests.
pub fn release_without_manifest() -> Release {
    Release {
        disclosure_root: None,
        ..release()
    }
}

pub fn consent_given() -> ConsentGiven {
    ConsentGiven {
        consent: id("c-1"),
        participant: id("p-1"),
        point: id("pt-1"),
        purpose: id("self-consumption"),
        step_s: Seconds(1800),
        recipient: id("org-1"),
        from: at(0),
        until: at(31_536_000),
        terms_sha256: digest("terms"),
        notice_sha256: digest("notice"),
        method: Method::Web,
        evidence_level: EvidenceLevel::L1,
        prev_sha256: None,
        at: at(1),
    }
}

fn enrolment() -> Enrolment {
    Enrolment {
        subject: id("p-1"),
        role: Role::Participant,
        gateway: Some(id("gw-1")),
        point: Some(id("pt-1")),
        key: Some(record_pair().1),
        at: at(0),
    }
}

fn paused() -> ConsentChanged {
    ConsentChanged {
        change: ConsentChange::Paused,
        until: Some(at(90)),
        ..consent_changed(8)
    }
}

/// One of each type.
pub fn all() -> Vec<Record> {
    let mut all = of_transfers();
    all.extend(of_people());
    all
}

fn of_transfers() -> Vec<Record> {
    let (dataset, researcher) = (id("street-load"), id("researcher-1"));
    vec![
        Record::Enrolment(enrolment()),
        Record::ConsentGiven(consent_given()),
        Record::ConsentWithdrawn(ConsentWithdrawn {
            consent: id("c-1"),
            participant: id("p-1"),
            method: Method::EmailLink,
            prev_sha256: digest("before"),
            at: at(2),
        }),
        Record::TransferIn(transfer_in()),
        Record::TransferOut(transfer_out()),
        Record::RequestStep(RequestStep {
            request: id("q-1"),
            dataset: dataset.clone(),
            researcher: researcher.clone(),
            step: Step::Refused,
            reason: Some(Text::new("La finalité n’est pas précise.").unwrap()),
            at: at(4),
        }),
        Record::ReleaseWithoutManifest(release_without_manifest()),
        Record::ReleaseRefused(ReleaseRefused {
            request: id("q-1"),
            dataset,
            researcher,
            rule: id("fr-d111-63/2026"),
            refusal: id("too-few-households"),
            policy_set_sha256: digest("policies"),
            at: at(5),
        }),
        Record::Access(Access {
            access: id("a-1"),
            participant: id("p-1"),
            actor: Actor::Dpo,
            purpose: id("audit"),
            scope: id("transfers"),
            at: at(6),
        }),
        Record::ConsentSuspended(ConsentSuspended {
            consent: id("c-1"),
            participant: id("p-1"),
            prev_sha256: digest("before"),
            known: 7,
            newest: 9,
            at: at(7),
        }),
        Record::Release(release()),
    ]
}

fn of_people() -> Vec<Record> {
    vec![
        Record::Passkey(passkey()),
        Record::RightsStep(rights_step()),
        Record::WithdrawalAnswer(withdrawal_answer()),
        Record::ConsentChanged(paused()),
        Record::ConsentChanged(consent_changed(9)),
        Record::Occupancy(departure()),
        Record::ConsentChangedFor(consent_changed_for(12)),
        Record::Mandate(mandate()),
        Record::Household(objected()),
        Record::Capacity(died()),
        Record::Entered(entered()),
        Record::Breach(breach_told()),
        Record::Objection(objection()),
        Record::ProjectMember(project_member()),
        Record::MandateJoint(joint_holder()),
        Record::LegalPerson(points_added()),
    ]
}

pub fn points_added() -> LegalPersonStep {
    LegalPersonStep {
        participant: id("p-1"),
        kind: LegalPersonKind::PublicBody,
        step: LegalPersonStepKind::PointsAdded,
        points: 12,
        list_sha256: digest("points"),
        at: at(14),
    }
}

pub fn consent_changed_for(seconds: i64) -> ConsentChanged {
    ConsentChanged {
        by: Some(ActedFor {
            delegate: id("p-2"),
            capacity: Capacity::Delegate,
            mandate: id("m-1"),
        }),
        ..consent_changed(seconds)
    }
}

pub fn mandate() -> MandateStep {
    MandateStep {
        mandate: id("m-1"),
        participant: id("p-1"),
        delegate: Some(id("p-2")),
        capacity: Capacity::Delegate,
        step: MandateStepKind::Accepted,
        powers: vec![Power::View, Power::Grant, Power::Withdraw],
        from: at(13),
        until: at(31_536_000),
        basis_sha256: Some(digest("judgement")),
        joint: None,
        at: at(13),
    }
}

pub fn joint_holder() -> MandateStep {
    MandateStep {
        capacity: Capacity::JointHolder,
        step: MandateStepKind::RuleAskedByDelegate,
        basis_sha256: None,
        joint: Some(JointContract {
            point: digest("meter"),
            rule: JointRule::Both,
            asked: Some(JointRule::One),
        }),
        ..mandate()
    }
}

pub fn consent_changed(seconds: i64) -> ConsentChanged {
    ConsentChanged {
        consent: id("c-1"),
        participant: id("p-1"),
        change: ConsentChange::Resumed,
        until: None,
        method: Method::Web,
        evidence_level: EvidenceLevel::L1,
        prev_sha256: digest("before"),
        by: None,
        at: at(seconds),
    }
}

pub fn rights_step() -> RightsStep {
    RightsStep {
        request: id("r-1"),
        participant: id("p-1"),
        right: Right::Rectify,
        step: RightsStepKind::Received,
        due: id("2026-02-02"),
        words_sha256: Some(digest("words")),
        at: at(8),
    }
}

pub fn entered() -> EnteredAct {
    EnteredAct {
        act: id("e-1"),
        participant: id("p-1"),
        what: EnteredWhat::Withdraw,
        step: EnteredStep::Confirmed,
        method: Method::Paper,
        entered_by: id("o-1"),
        entered_at: at(9),
        decided_by: Some(id("o-2")),
        about: Some(id("c-1")),
        notice_sha256: None,
        form: Some(Text::new("W-7K2M-9QXD").unwrap()),
        signed_on: Some(id("2026-02-01")),
        arrived_on: Some(id("2026-02-03")),
        scan_sha256: Some(digest("scan")),
        seen: None,
        not_before: None,
        words_sha256: None,
        at: at(12),
    }
}

pub fn breach_told() -> BreachTold {
    BreachTold {
        breach: id("b-1"),
        participant: id("p-1"),
        text_sha256: digest("notice"),
        known_at: at(3),
        at: at(12),
    }
}

pub fn project_member() -> ProjectMember {
    ProjectMember {
        project: id("r-1"),
        member: id("s-2"),
        step: MemberStep::Signed,
        by: MemberActor::Member,
        undertaking_sha256: Some(digest("undertaking")),
        at: at(14),
    }
}

pub fn objection() -> Objection {
    Objection {
        participant: id("p-1"),
        project: id("r-1"),
        at: at(13),
    }
}

pub fn departure() -> OccupancyStep {
    OccupancyStep {
        participant: id("p-1"),
        point: id("pt-1"),
        step: OccupancyStepKind::Departure,
        leaves_at: Some(at(90)),
        method: Method::Web,
        at: at(11),
    }
}

pub fn died() -> CapacityStep {
    CapacityStep {
        participant: id("p-1"),
        step: CapacityStepKind::Died,
        since: Some(at(3)),
        case: id("r-3"),
        at: at(13),
    }
}

pub fn objected() -> HouseholdStep {
    HouseholdStep {
        participant: id("p-1"),
        point: id("pt-1"),
        step: HouseholdStepKind::Objected,
        adults: None,
        minors: None,
        case: Some(id("r-2")),
        due: Some(id("2026-02-02")),
        at: at(12),
    }
}

pub fn subject_key() -> SubjectKey {
    SubjectKey::new(array::from_fn(|i| 0x80 + i as u8))
}

pub fn log_signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new("log.example/consent").unwrap(), &[seed; 32]).unwrap()
}

/// Bundles of the records, all in one log, as numbers 1, 2, 3 … of one subject.
pub fn bundles(records: &[Record]) -> Vec<Bundle> {
    let signer = log_signer(1);
    let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
    let mut sealed = Vec::new();
    for (i, record) in records.iter().enumerate() {
        let (jws, n, salt) = (
            signed(record),
            RecordNumber::new(i as u64 + 1).unwrap(),
            Salt::new([i as u8; 64]),
        );
        let leaf = leaf_of(record, &jws, ActorClass::Broker, &subject_key(), n, &salt).unwrap();
        for node in frontier.append(leaf_hash(&leaf.to_bytes())).unwrap() {
            nodes.insert(node.id, node.hash);
        }
        sealed.push((jws, n, salt, leaf));
    }
    let checkpoint = Checkpoint::new("log.example/consent", frontier.size(), frontier.root()).unwrap();
    let checkpoint = SignedCheckpoint::sign(checkpoint, &signer).unwrap();
    let made = sealed
        .into_iter()
        .enumerate()
        .map(|(i, (record, n, salt, leaf))| {
            let index = LeafIndex::new(i as u64).unwrap();
            let path = ProofPlan::inclusion(index, frontier.size())
                .unwrap()
                .build(&nodes)
                .unwrap();
            let proof = TlogProof::new(index, path, &checkpoint);
            let (record_key, log_key) = (record_pair().1, signer.vkey().clone());
            Bundle {
                record,
                record_key,
                salt,
                n,
                leaf,
                proof,
                log_key,
            }
        });
    made.collect()
}
