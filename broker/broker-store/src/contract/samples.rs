//! Rows to store. Each builder takes a small number, from which every identifier and digest follows.

mod accounts;

use broker_domain::consent::{Consent, ConsentEvent, EventKind, EvidenceLevel, Occupancy, Offer};
use broker_domain::gateway::{Gateway, Settings};
use broker_domain::ids::{Digest, Purpose};
use broker_domain::research::{AccessRequest, Dataset, RequestState};
use broker_domain::time::{Instant, Interval, Step};

use crate::{
    ApplicationRow, BatchRow, DatasetRow, Direction, DisclosureRow, EnrolmentCode, GatewayRow, HeadRow,
    LeafRow, ManifestRow, MembershipRow, Notice, OfferRow, OfficerRow, OrganisationRow, Outcome,
    ParticipantRow, PointRow, RecordRow, RecordedEvent, ReleaseFiles, ReleaseRow, ResearcherRow, SegmentRow,
    Serial, SessionRole, Store, StoreError, TransferRow, Tx, WrappedKeyRow,
};

pub use accounts::{account, ceremony, identity, invitation, passkey, session, sign_in};

/// How many leaves [`furnish`] puts into the log, each with a record of the subject [`LOG`]: numbers below are free for
/// rows that need a record.
pub const LEAVES: u64 = 24;

/// The subject of the records that [`furnish`] makes.
pub const LOG: u8 = 200;

/// An instant, seconds after the start of the samples.
#[must_use]
pub fn at(seconds: i64) -> Instant {
    Instant::parse("2026-11-21T00:00:00Z")
        .unwrap()
        .plus_seconds(seconds)
}

/// An interval between two such instants.
#[must_use]
pub fn span(from: i64, until: i64) -> Interval {
    Interval::new(at(from), at(until)).unwrap()
}

/// The identifier of that number.
#[must_use]
pub fn id<T: From<[u8; 16]>>(number: u8) -> T {
    T::from([number; 16])
}

/// The purpose of all samples.
#[must_use]
pub fn purpose() -> Purpose {
    Purpose::parse("load-curve-research").unwrap()
}

/// A participant.
#[must_use]
pub fn participant(number: u8) -> ParticipantRow {
    ParticipantRow {
        id: id(number),
        ordinal: 0,
        language: "en".into(),
        profile_sealed: vec![number; 40],
        created_at: at(i64::from(number)),
    }
}

/// The point of the participant of the same number.
#[must_use]
pub fn point(number: u8) -> PointRow {
    PointRow {
        id: id(number),
        participant: id(number),
        number_index: [number; 32],
        number_sealed: vec![number; 30],
        created_at: at(i64::from(number)),
        occupancy: Occupancy::default(),
    }
}

/// A data key of a participant.
#[must_use]
pub fn key(number: u8, epoch: u32) -> WrappedKeyRow {
    WrappedKeyRow {
        participant: id(number),
        epoch,
        wrapped: epoch.to_be_bytes().to_vec(),
    }
}

/// The gateway of the participant of the same number.
#[must_use]
pub fn gateway(number: u8) -> GatewayRow {
    GatewayRow {
        gateway: Gateway {
            id: id(number),
            participant: id(number),
            point: id(number),
            public_key: [number; 32],
            settings: Settings::initial(),
        },
        enrolled_at: at(i64::from(number)),
        last_seen_at: None,
    }
}

/// An unused code of the participant of the same number.
#[must_use]
pub fn enrolment_code(number: u8) -> EnrolmentCode {
    EnrolmentCode {
        code_hash: [number; 32],
        participant: id(number),
        point: id(number),
        expires_at: at(3_600),
        used_by: None,
    }
}

/// A notice.
#[must_use]
pub fn notice(number: u8) -> Notice {
    Notice {
        digest: Digest([number; 32]),
        language: "fr".into(),
        title: "Votre courbe".into(),
        text: "Une moyenne,\njamais votre foyer seul. é".into(),
    }
}

/// An offer of organisation 1 with notices 1, 2 and 3.
#[must_use]
pub fn offer(number: u8) -> OfferRow {
    OfferRow {
        offer: Offer {
            id: id(number),
            recipient: id(1),
            purpose: purpose(),
            step: Step::HALF_HOUR,
            days: 365,
            notice: Digest([1; 32]),
        },
        notice_en: Digest([2; 32]),
        notice_nl: Digest([3; 32]),
        evidence: EvidenceLevel::L2,
    }
}

/// A consent of a participant for its own point, to organisation 1, without events.
#[must_use]
pub fn consent(number: u8, who: u8) -> Consent {
    Consent {
        id: id(number),
        participant: id(who),
        point: id(who),
        recipient: id(1),
        purpose: purpose(),
        step: Step::HALF_HOUR,
        data: span(0, 86_400),
        terms: Digest([number; 32]),
        notice: Digest([1; 32]),
        occupancy: Occupancy::default(),
        events: Vec::new(),
    }
}

/// A consent event at a leaf.
#[must_use]
pub fn event(seq: u32, kind: EventKind, leaf_index: u64) -> RecordedEvent {
    let silent = matches!(
        kind,
        EventKind::Refused | EventKind::Requested | EventKind::Deferred
    );
    RecordedEvent {
        event: ConsentEvent {
            seq,
            kind,
            effective_at: at(i64::from(seq)),
            recorded_at: at(i64::from(seq) + 1),
            record: Digest([9; 32]),
        },
        serial: (!silent).then_some(Serial(leaf_index)),
        leaf_index: (!silent).then_some(leaf_index),
    }
}

/// A transfer out that was made, of the participant and point `who`, at the leaf of its own number.
#[must_use]
pub fn transfer(number: u8, who: u8) -> TransferRow {
    TransferRow {
        id: id(number),
        direction: Direction::Out,
        participant: id(who),
        point: id(who),
        recipient: Some(id(1)),
        purpose: Some(purpose()),
        consent: None,
        outcome: Outcome::Done,
        span: span(0, 1_800),
        step: Some(Step::HALF_HOUR),
        rows: 48,
        at: at(i64::from(number)),
        serial: Serial(u64::from(number)),
        recipient_serial: None,
        leaf_index: u64::from(number),
        recipient_leaf: None,
        sealed: vec![number; 20],
    }
}

/// A transfer in that was made.
#[must_use]
pub fn transfer_in(number: u8, who: u8) -> TransferRow {
    TransferRow {
        direction: Direction::In,
        recipient: None,
        purpose: None,
        step: None,
        sealed: Vec::new(),
        ..transfer(number, who)
    }
}

/// A transfer out that was refused.
#[must_use]
pub fn refused(number: u8, who: u8) -> TransferRow {
    TransferRow {
        outcome: Outcome::Refused {
            code: "consent-missing".into(),
        },
        rows: 0,
        sealed: Vec::new(),
        ..transfer(number, who)
    }
}

/// A stored batch of the transfer of the same number, from the gateway of `who`.
#[must_use]
pub fn batch(number: u8, who: u8, from: i64, until: i64) -> BatchRow {
    BatchRow {
        id: id(number),
        gateway: id(who),
        transfer: id(number),
        participant: id(who),
        point: id(who),
        span: span(from, until),
        epoch: 1,
        envelope: Digest([number; 32]),
        sealed: vec![number; 64],
        serial: Serial(u64::from(number)),
        leaf_index: u64::from(number),
    }
}

/// A leaf whose bytes follow from its index.
#[must_use]
pub fn leaf(index: u64) -> LeafRow {
    LeafRow {
        index,
        bytes: index.to_be_bytes().repeat(9),
    }
}

/// A batch of leaves `[first, size)`, whose serials ended at `size` too.
#[must_use]
pub fn segment(first: u64, size: u64) -> SegmentRow {
    let mark = u8::try_from(size % 251).unwrap();
    SegmentRow {
        head: HeadRow {
            first,
            size,
            root: [mark; 32],
            peaks: (0..size.count_ones()).map(|_| [mark; 32]).collect(),
            at: at(i64::try_from(size).unwrap()),
            next_serial: Serial(size),
        },
        leaves: (first..size).map(|index| leaf(index).bytes).collect(),
        tile_roots: Vec::new(),
    }
}

/// A record of the subject `who`, whose serial is the index of its leaf.
#[must_use]
pub fn record(who: u8, n: u64, leaf_index: u64) -> RecordRow {
    RecordRow {
        serial: Serial(leaf_index),
        leaf_index,
        subject: id(who),
        n,
        kind: 4,
        record: format!("record {n} of {who}").into_bytes(),
        salt: [who; 64],
        written_by: "sample".into(),
        recorded_at: at(60),
    }
}

/// An organisation.
#[must_use]
pub fn organisation(number: u8) -> OrganisationRow {
    OrganisationRow {
        id: id(number),
        name: format!("Laboratoire {number}"),
        country: "FR".into(),
        contact: "contact@example.org".into(),
    }
}

/// An application of organisation 1.
#[must_use]
pub fn application(number: u8) -> ApplicationRow {
    ApplicationRow {
        id: id(number),
        organisation: id(1),
        name: format!("Application {number}"),
        encryption_jwk: "{\"kty\":\"OKP\"}".into(),
        credential_hash: [number; 32],
    }
}

/// A researcher of organisation 1.
#[must_use]
pub fn researcher(number: u8) -> ResearcherRow {
    ResearcherRow {
        id: id(number),
        organisation: id(1),
        name: format!("Chercheuse {number}"),
        age_recipient: "age1sample".into(),
    }
}

/// An officer.
#[must_use]
pub fn officer(number: u8) -> OfficerRow {
    OfficerRow {
        id: id(number),
        name: format!("Déléguée {number}"),
    }
}

/// A dataset for organisation 1.
#[must_use]
pub fn dataset(number: u8) -> DatasetRow {
    DatasetRow {
        dataset: Dataset {
            id: id(number),
            recipient: id(1),
            purpose: purpose(),
            step: Step::HALF_HOUR,
        },
        title_fr: "Courbe moyenne".into(),
        title_en: "Mean curve".into(),
        title_nl: "Gemiddelde curve".into(),
        summary_fr: "Demi-heures d’un quartier".into(),
        summary_en: "Half-hours of a street".into(),
        summary_nl: "Halfuren van een straat".into(),
    }
}

/// A request of researcher 1 for dataset 1, submitted `number` seconds after the start.
#[must_use]
pub fn request(number: u8) -> AccessRequest {
    AccessRequest {
        id: id(number),
        researcher: id(1),
        organisation: id(1),
        dataset: id(1),
        period: span(0, 86_400),
        justification: "thèse".into(),
        submitted_at: at(i64::from(number)),
        state: RequestState::Submitted,
    }
}

/// The release of the request of the same number, at the leaf of that number.
#[must_use]
pub fn release(number: u8) -> ReleaseRow {
    ReleaseRow {
        id: id(number),
        request: id(number),
        researcher: id(1),
        households: 120,
        manifest: Digest([number; 32]),
        ciphertext: Digest([number + 1; 32]),
        serial: Serial(u64::from(number)),
        leaf_index: u64::from(number),
        at: at(120),
    }
}

/// The sealed files of a release.
pub fn files(number: u8) -> ReleaseFiles {
    ReleaseFiles {
        sealed: vec![number; 100],
        vault_copy: vec![number; 90],
    }
}

/// Who was in that release.
#[must_use]
pub fn membership(number: u8) -> MembershipRow {
    MembershipRow {
        release: id(number),
        dataset: id(1),
        period: span(0, 86_400),
        step: Step::HALF_HOUR,
        members: vec![0b1010_0000, number],
    }
}

/// The manifest of a release, with as many rows.
pub fn manifest(number: u8, rows: u64) -> ManifestRow {
    ManifestRow {
        release: id(number),
        root: [number; 32],
        rows,
        fields: vec!["energy-withdrawn".into(), "power-max".into()],
    }
}

/// The row of a participant in a release; `number` is its record.
pub fn disclosure(number: u64, who: u8, release: u8) -> DisclosureRow {
    DisclosureRow {
        participant: id(who),
        release: id(release),
        serial: Serial(number),
        steps: 48,
        subject_salt: [who; 64],
        scope_salt: [release; 64],
        proof: vec![[1; 32], [2; 32]],
    }
}

/// The account of researcher 1 and officer 1.
pub const STAFF: u8 = 100;

/// Commits what most facts stand on: [`LEAVES`] leaves with their records; organisation, officer, researcher, dataset 1; notices 1 and 2;
/// participants 1 and 2, each with subject, account, key of epoch 1, point and gateway; the account [`STAFF`].
pub async fn furnish(store: &dyn Store) {
    let mut tx = store.begin("furnish").await.unwrap();
    tx.add_subject(id(LOG), [LOG; 32]).await.unwrap();
    let records: Vec<_> = (0..LEAVES).map(|index| record(LOG, index + 1, index)).collect();
    tx.add_records(&records).await.unwrap();
    tx.add_segment(&segment(0, LEAVES)).await.unwrap();
    tx.add_organisation(&organisation(1)).await.unwrap();
    tx.add_officer(&officer(1)).await.unwrap();
    tx.add_researcher(&researcher(1)).await.unwrap();
    tx.add_dataset(&dataset(1)).await.unwrap();
    tx.add_notice(&notice(1)).await.unwrap();
    tx.add_notice(&notice(2)).await.unwrap();
    tx.add_notice(&notice(3)).await.unwrap();
    tx.add_account(&account(STAFF)).await.unwrap();
    for role in [SessionRole::Researcher(id(1)), SessionRole::Officer(id(1))] {
        tx.add_role(id(STAFF), role).await.unwrap();
    }
    for number in [1, 2] {
        settle(&mut *tx, number).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Adds one participant with subject, account, key, point and gateway.
///
/// # Errors
/// Those of the store.
pub async fn settle(tx: &mut dyn Tx, number: u8) -> Result<(), StoreError> {
    tx.add_subject(id(number), [number; 32]).await?;
    tx.add_participant(&participant(number)).await?;
    tx.add_account(&account(number)).await?;
    tx.add_role(id(number), SessionRole::Participant(id(number)))
        .await?;
    tx.add_key(&key(number, 1)).await?;
    tx.add_point(&point(number)).await?;
    tx.add_gateway(&gateway(number)).await
}

/// Panics unless the answer is a conflict in this table.
pub fn assert_conflict<T: std::fmt::Debug>(answer: Result<T, StoreError>, expected: &str) {
    match answer {
        Err(StoreError::Conflict { table }) => assert_eq!(table, expected),
        other => panic!("expected a conflict in `{expected}`, got {other:?}"),
    }
}
