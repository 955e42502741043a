//! What the tests of this crate share.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU8, Ordering};

use broker_domain::consent::{
    Ask, Consent, ConsentEvent, Covered, CoveredIntake, EventKind, covers, covers_intake,
};
use broker_domain::ids::{
    ApplicationId, BatchId, ConsentId, Digest, GatewayId, OrganisationId, ParticipantId, PointId, Purpose,
};
use broker_domain::policy::{Action, Permit, PolicyEngine, Principal, Query, Resource, Verdict};
use broker_domain::reading::{Label, Reading, ReadingBatch};
use broker_domain::time::{Entropy, EntropyUnavailable, Instant, Interval, Step};
use broker_domain::warrant::{AccessWarrant, DeliveryWarrant};
use zeroize::Zeroizing;

use crate::key::{DataKey, Epoch};
use crate::wrap::VaultIdentity;

pub(crate) const HER: ParticipantId = ParticipantId::from_bytes([1; 16]);
pub(crate) const NEIGHBOUR: ParticipantId = ParticipantId::from_bytes([2; 16]);
pub(crate) const POINT: PointId = PointId::from_bytes([3; 16]);
const MEMBER: OrganisationId = OrganisationId::from_bytes([4; 16]);

/// Different bytes at each call, the same in each run.
#[derive(Default)]
pub(crate) struct Counter(AtomicU8);

impl Entropy for Counter {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

/// No randomness today.
pub(crate) struct Drought;

impl Entropy for Drought {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyUnavailable> {
        Err(EntropyUnavailable)
    }
}

struct AllowAll;

impl PolicyEngine for AllowAll {
    fn evaluate(&self, _: &Query) -> Verdict {
        Verdict::Allow {
            policies: vec!["test".into()],
        }
    }
    fn set_digest(&self) -> Digest {
        Digest([0; 32])
    }
}

/// The first, second or third of three fixed identities.
pub(crate) fn identity(which: usize) -> VaultIdentity {
    static IDENTITIES: LazyLock<[VaultIdentity; 3]> = LazyLock::new(|| {
        std::array::from_fn(|_| VaultIdentity::parse(&age::x25519::Identity::generate().to_string()).unwrap())
    });
    IDENTITIES[which - 1].clone()
}

pub(crate) fn key(owner: ParticipantId, epoch: u32) -> DataKey {
    let mut secret = Zeroizing::new([0x5a; 32]);
    secret[0] = owner.as_bytes()[0];
    secret[1] = u8::try_from(epoch).unwrap();
    DataKey::from_parts(owner, Epoch(epoch), secret)
}

pub(crate) fn at(seconds: i64) -> Instant {
    Instant::parse("2026-11-20T00:00:00Z")
        .unwrap()
        .plus_seconds(seconds)
}

pub(crate) fn span(from: i64, to: i64) -> Interval {
    Interval::new(at(from), at(to)).unwrap()
}

pub(crate) fn reading(seconds: i64, label: &str, value: i64) -> Reading {
    Reading {
        at: at(seconds),
        label: Label::parse(label).unwrap(),
        value,
    }
}

/// Index and power every half hour from midnight to two o'clock.
pub(crate) fn batch() -> ReadingBatch {
    let readings: Vec<_> = (0..=4)
        .flat_map(|i| {
            [
                reading(i * 1_800, "east", 1_000 + 100 * i),
                reading(i * 1_800, "sinsts", 200 + i),
            ]
        })
        .collect();
    ReadingBatch {
        id: BatchId::from_bytes([5; 16]),
        gateway: GatewayId::from_bytes([6; 16]),
        point: POINT,
        readings,
        span: Interval::new(at(0), Instant::from_micros(at(7_200).as_micros() + 1).unwrap()).unwrap(),
    }
}

fn consent(participant: ParticipantId, point: PointId, data: Interval) -> Consent {
    let given = ConsentEvent {
        seq: 0,
        kind: EventKind::Given,
        effective_at: data.start(),
        recorded_at: data.start(),
        record: Digest([1; 32]),
    };
    Consent {
        id: ConsentId::from_bytes([7; 16]),
        participant,
        point,
        recipient: MEMBER,
        purpose: Purpose::parse("energy-advice").unwrap(),
        step: Step::HALF_HOUR,
        data,
        terms: Digest([2; 32]),
        notice: Digest([3; 32]),
        occupancy: broker_domain::consent::Occupancy::default(),
        events: vec![given],
    }
}

pub(crate) fn intake(participant: ParticipantId, point: PointId, data: Interval) -> CoveredIntake {
    let consents = [consent(participant, point, data)];
    covers_intake(&consents, participant, point, &data, data.start()).unwrap()
}

fn covered(participant: ParticipantId, point: PointId, interval: Interval) -> Covered {
    let consents = [consent(participant, point, span(-86_400, 86_400))];
    let purpose = Purpose::parse("energy-advice").unwrap();
    let ask = Ask {
        participant,
        point,
        recipient: MEMBER,
        purpose,
        step: Step::HALF_HOUR,
        interval,
    };
    covers(&consents, &ask, at(0)).unwrap()
}

fn permit(principal: Principal, action: Action, resource: Resource) -> Permit {
    Permit::ask(
        &AllowAll,
        Query {
            principal,
            action,
            resource,
            now: at(0),
        },
    )
    .unwrap()
}

pub(crate) fn delivery_warrant(
    participant: ParticipantId,
    point: PointId,
    interval: Interval,
) -> DeliveryWarrant {
    let covered = covered(participant, point, interval);
    let principal = Principal::Application(ApplicationId::from_bytes([8; 16]), MEMBER);
    let permit = permit(
        principal,
        Action::Transfer,
        Resource::Readings {
            covered: covered.clone(),
        },
    );
    DeliveryWarrant::issue(permit, covered).unwrap()
}

pub(crate) fn access_warrant(owner: ParticipantId) -> AccessWarrant {
    let permit = permit(
        Principal::Participant(owner),
        Action::ReadOwn,
        Resource::Person { owner },
    );
    AccessWarrant::issue(permit, span(-86_400, 86_400)).unwrap()
}
