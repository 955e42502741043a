use broker_domain::curve::load_curve;
use broker_domain::time::{EntropyUnavailable, Step};
use zeroize::Zeroizing;

use super::*;
use crate::samples::{
    Counter, Drought, HER, NEIGHBOUR, POINT, access_warrant, at, batch, delivery_warrant, identity, intake,
    key, reading, span,
};
use crate::wrap::{unwrap, wrap};

fn sealed() -> SealedBatch {
    seal_batch(
        &key(HER, 1),
        &intake(HER, POINT, span(-60, 86_400)),
        &batch(),
        &Counter::default(),
    )
    .unwrap()
}

/// The key with the same secret under another name: what a forger of headers would love to have.
fn twin(owner: ParticipantId, epoch: u32) -> DataKey {
    DataKey::from_parts(owner, Epoch(epoch), Zeroizing::new(*key(HER, 1).secret()))
}

fn open(batch: &SealedBatch) -> Result<OpenedReadings, VaultError> {
    open_batch(&access_warrant(HER), at(0), &key(HER, 1), batch)
}

#[test]
fn a_batch_opens_for_its_owner() {
    assert_eq!(open(&sealed()).unwrap().as_slice(), batch().readings);
}

#[test]
fn the_sealed_bytes_are_frozen() {
    // Computed apart with Python's `cryptography` from the formulas of this module.
    let sealed = sealed();
    assert_eq!(
        hex::encode(sealed.header.associated()),
        "666964756369652d62617463682f76310001010101010101010101010101010101030303030303030303030303030303030606060606060606060606060606060605050505050505050505050505050505000660a9ecde6000000660ab9a05a80100000001"
    );
    let digest = ring::digest::digest(&ring::digest::SHA256, &sealed.sealed);
    assert_eq!(
        hex::encode(digest),
        "5579516e6cc6f908b16423f71a3ae13ce9cc664692cff918f9ef8c28e4e7f5e3"
    );
}

#[test]
fn sealing_needs_coverage_of_this_person_and_point() {
    let seal =
        |key: &DataKey, covered: &CoveredIntake| seal_batch(key, covered, &batch(), &Counter::default());
    let (day, other_point) = (span(-60, 86_400), PointId::from_bytes([9; 16]));
    let refused = Err(VaultError::OtherHousehold);
    assert_eq!(seal(&key(HER, 1), &intake(NEIGHBOUR, POINT, day)), refused);
    assert_eq!(seal(&key(HER, 1), &intake(HER, other_point, day)), refused);
    assert_eq!(seal(&key(NEIGHBOUR, 1), &intake(HER, POINT, day)), refused);
}

#[test]
fn readings_that_no_consent_wants_are_not_sealed() {
    let until_one = intake(HER, POINT, span(0, 3_600));
    let refused = seal_batch(&key(HER, 1), &until_one, &batch(), &Counter::default());
    assert_eq!(refused, Err(VaultError::OutsideConsent));
    let mut beyond_its_span = batch();
    beyond_its_span.readings.push(reading(10_000, "east", 1));
    let refused = seal_batch(
        &key(HER, 1),
        &intake(HER, POINT, span(0, 86_400)),
        &beyond_its_span,
        &Counter::default(),
    );
    assert_eq!(refused, Err(VaultError::OutsideConsent));
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let refused = seal_batch(
        &key(HER, 1),
        &intake(HER, POINT, span(0, 86_400)),
        &batch(),
        &Drought,
    );
    assert_eq!(refused, Err(VaultError::Entropy(EntropyUnavailable)));
}

#[test]
fn a_warrant_for_another_person_or_point_opens_nothing() {
    let refuse = |warrant: &dyn Warrant| open_batch(warrant, at(0), &key(HER, 1), &sealed()).unwrap_err();
    assert_eq!(refuse(&access_warrant(NEIGHBOUR)), VaultError::NotWarranted);
    let other_point = delivery_warrant(HER, PointId::from_bytes([9; 16]), span(0, 3_600));
    assert_eq!(refuse(&other_point), VaultError::NotWarranted);
    assert_eq!(
        refuse(&delivery_warrant(NEIGHBOUR, POINT, span(0, 3_600))),
        VaultError::NotWarranted
    );
}

#[test]
fn a_delivery_sees_its_span_and_the_index_that_closes_it() {
    let hour = span(1_800, 5_400);
    let opened = open_batch(
        &delivery_warrant(HER, POINT, hour),
        at(0),
        &key(HER, 1),
        &sealed(),
    )
    .unwrap();
    let seen: Vec<_> = opened
        .as_slice()
        .iter()
        .map(|r| (r.at, r.label.as_str()))
        .collect();
    // The power at 01:30 belongs to the half hour after and stays hidden.
    let expected = [
        (at(1_800), "east"),
        (at(1_800), "sinsts"),
        (at(3_600), "east"),
        (at(3_600), "sinsts"),
        (at(5_400), "east"),
    ];
    assert_eq!(seen, expected);
    let curve = load_curve(opened.as_slice(), &hour, Step::HALF_HOUR);
    assert!(
        curve
            .iter()
            .all(|slot| slot.energy.is_some_and(|energy| energy.0 == 100))
    );
}

#[test]
fn every_header_field_is_authenticated() {
    let original = sealed();
    let (start, end) = (original.header.span.start(), original.header.span.end());
    let later = Instant::from_micros(start.as_micros() + 1).unwrap();
    let header = original.header;
    let changes = [
        BatchHeader {
            participant: NEIGHBOUR,
            ..header
        },
        BatchHeader {
            point: PointId::from_bytes([9; 16]),
            ..header
        },
        BatchHeader {
            gateway: GatewayId::from_bytes([9; 16]),
            ..header
        },
        BatchHeader {
            batch: BatchId::from_bytes([9; 16]),
            ..header
        },
        BatchHeader {
            span: Interval::new(later, end).unwrap(),
            ..header
        },
        BatchHeader {
            span: Interval::new(start, end.plus_seconds(1)).unwrap(),
            ..header
        },
        BatchHeader {
            epoch: Epoch(2),
            ..header
        },
    ];
    for header in changes {
        let moved = SealedBatch {
            header,
            ..original.clone()
        };
        let (owner, epoch) = (moved.header.participant, moved.header.epoch.0);
        let opened = open_batch(&access_warrant(owner), at(0), &twin(owner, epoch), &moved);
        assert_eq!(opened.unwrap_err(), VaultError::NotAuthentic, "{header:?}");
    }
}

#[test]
fn ciphertexts_cannot_be_exchanged_between_batches() {
    let mut other = batch();
    other.id = BatchId::from_bytes([9; 16]);
    let covered = intake(HER, POINT, span(0, 86_400));
    let other = seal_batch(&key(HER, 1), &covered, &other, &Counter::default()).unwrap();
    let swapped = SealedBatch {
        sealed: other.sealed,
        ..sealed()
    };
    assert_eq!(open(&swapped).unwrap_err(), VaultError::NotAuthentic);
}

#[test]
fn another_key_opens_nothing() {
    let wrong = |key: &DataKey| open_batch(&access_warrant(HER), at(0), key, &sealed()).unwrap_err();
    assert_eq!(wrong(&key(NEIGHBOUR, 1)), VaultError::OtherKey);
    assert_eq!(wrong(&key(HER, 2)), VaultError::OtherKey);
    // Right name, other secret.
    let fresh = DataKey::random(HER, Epoch(1), &Counter::default()).unwrap();
    assert_eq!(wrong(&fresh), VaultError::NotAuthentic);
}

#[test]
fn without_the_wrapped_key_nothing_opens_again() {
    let entropy = Counter::default();
    let vault = identity(1);
    let fresh = |owner, epoch| {
        wrap(
            &DataKey::random(owner, Epoch(epoch), &entropy).unwrap(),
            &[vault.recipient()],
        )
        .unwrap()
    };
    let mut rows = vec![fresh(HER, 1), fresh(HER, 2), fresh(NEIGHBOUR, 1)];
    let covered = intake(HER, POINT, span(0, 86_400));
    let key = unwrap(&rows[0], &vault).unwrap();
    let sealed = seal_batch(&key, &covered, &batch(), &entropy).unwrap();
    drop(key);
    assert!(
        open_batch(
            &access_warrant(HER),
            at(0),
            &unwrap(&rows[0], &vault).unwrap(),
            &sealed
        )
        .is_ok()
    );

    // Erasure deletes the row. No secret that the vault can still unwrap opens the batch, even under her name.
    rows.remove(0);
    for row in rows {
        let left = unwrap(&row, &vault).unwrap();
        let renamed = DataKey::from_parts(HER, Epoch(1), Zeroizing::new(*left.secret()));
        assert_eq!(
            open_batch(&access_warrant(HER), at(0), &renamed, &sealed).unwrap_err(),
            VaultError::NotAuthentic
        );
    }
}

#[test]
fn a_warrant_kept_for_later_opens_nothing() {
    let refuse = |now| {
        let opened = open_batch(&access_warrant(HER), now, &key(HER, 1), &sealed());
        opened.map(|_| ())
    };
    assert_eq!(refuse(at(60)), Ok(()));
    for now in [at(61), at(86_400), at(-1)] {
        assert!(matches!(refuse(now), Err(VaultError::StaleWarrant(_))));
    }
}

#[test]
fn opened_readings_add_up_and_show_nothing_in_debug() {
    let mut all = OpenedReadings::default();
    all.absorb(open(&sealed()).unwrap());
    all.absorb(open(&sealed()).unwrap());
    assert_eq!(all.as_slice().len(), 20);
    assert_eq!(format!("{all:?}"), "OpenedReadings(hidden)");
    assert!(!format!("{:?}", sealed()).contains("sealed:"));
}
