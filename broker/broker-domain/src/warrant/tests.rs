use super::*;
use crate::consent::{Ask, Consent, ConsentEvent, EventKind, covers};
use crate::ids::{ApplicationId, ConsentId, Digest, Purpose, ResearcherId};
use crate::policy::{Approval, PolicyEngine, Query, Verdict};
use crate::time::{Instant, Step};

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

fn now() -> Instant {
    Instant::parse("2026-11-21T00:00:00Z").unwrap()
}

fn recipient() -> OrganisationId {
    OrganisationId::from_bytes([4; 16])
}

fn covered(point: u8) -> Covered {
    let event = ConsentEvent {
        seq: 0,
        kind: EventKind::Given,
        effective_at: now(),
        recorded_at: now(),
        record: Digest([1; 32]),
    };
    let consent = Consent {
        id: ConsentId::from_bytes([1; 16]),
        participant: ParticipantId::from_bytes([point; 16]),
        point: PointId::from_bytes([point; 16]),
        recipient: recipient(),
        purpose: Purpose::parse("research").unwrap(),
        step: Step::HALF_HOUR,
        data: Interval::new(now().plus_seconds(-86_400), now().plus_seconds(86_400)).unwrap(),
        terms: Digest([2; 32]),
        notice: Digest([3; 32]),
        occupancy: crate::consent::Occupancy::default(),
        events: vec![event],
    };
    let ask = Ask {
        participant: consent.participant,
        point: consent.point,
        recipient: consent.recipient,
        purpose: consent.purpose.clone(),
        step: Step::HALF_HOUR,
        interval: Interval::new(now().plus_seconds(-86_400), now()).unwrap(),
    };
    covers(&[consent], &ask, now()).unwrap()
}

fn permit(principal: Principal, action: Action, resource: Resource, at: Instant) -> Permit {
    Permit::ask(
        &AllowAll,
        Query {
            principal,
            action,
            resource,
            now: at,
        },
    )
    .unwrap()
}

fn application(organisation: OrganisationId) -> Principal {
    Principal::Application(ApplicationId::from_bytes([7; 16]), organisation)
}

#[test]
fn a_delivery_needs_permit_and_coverage_of_the_same_act() {
    let readings = |point| Resource::Readings {
        covered: covered(point),
    };
    let good = permit(application(recipient()), Action::Transfer, readings(1), now());
    let warrant = DeliveryWarrant::issue(good, covered(1)).unwrap();
    let (person, point) = (ParticipantId::from_bytes([1; 16]), PointId::from_bytes([1; 16]));
    assert!(warrant.span_for(person, point).is_some());
    assert_eq!(warrant.span_for(person, PointId::from_bytes([9; 16])), None);

    let other_point = permit(application(recipient()), Action::Transfer, readings(2), now());
    assert_eq!(
        DeliveryWarrant::issue(other_point, covered(1)),
        Err(Mismatch::OtherAct)
    );
    let other_time = permit(
        application(recipient()),
        Action::Transfer,
        readings(1),
        now().plus_seconds(1),
    );
    assert_eq!(
        DeliveryWarrant::issue(other_time, covered(1)),
        Err(Mismatch::OtherInstant)
    );
    let stranger = permit(
        application(OrganisationId::from_bytes([9; 16])),
        Action::Transfer,
        readings(1),
        now(),
    );
    assert_eq!(
        DeliveryWarrant::issue(stranger, covered(1)),
        Err(Mismatch::OtherRecipient)
    );
}

#[test]
fn a_release_needs_an_approved_request_and_one_coverage_a_point() {
    let researcher = ResearcherId::from_bytes([5; 16]);
    let request = Resource::Request {
        request: RequestId::from_bytes([6; 16]),
        researcher,
        organisation: recipient(),
        approval: Approval::Granted,
    };
    let leave = || {
        permit(
            Principal::Researcher(researcher, recipient()),
            Action::Release,
            request.clone(),
            now(),
        )
    };
    assert!(ReleaseWarrant::issue(leave(), vec![covered(1), covered(2)]).is_ok());
    assert_eq!(ReleaseWarrant::issue(leave(), vec![]), Err(Mismatch::Nobody));
    assert_eq!(
        ReleaseWarrant::issue(leave(), vec![covered(1), covered(1)]),
        Err(Mismatch::MixedRelease)
    );
}

#[test]
fn a_person_opens_her_own_readings_only() {
    let me = ParticipantId::from_bytes([1; 16]);
    let mine = permit(
        Principal::Participant(me),
        Action::ReadOwn,
        Resource::Person { owner: me },
        now(),
    );
    let span = covered(1).ask().interval;
    let warrant = AccessWarrant::issue(mine, span).unwrap();
    assert_eq!(warrant.span_for(me, PointId::from_bytes([1; 16])), Some(span));
    assert_eq!(
        warrant.span_for(ParticipantId::from_bytes([2; 16]), PointId::from_bytes([1; 16])),
        None
    );
}

#[test]
fn a_warrant_opens_nothing_a_minute_after_its_decision_or_before_it() {
    let me = ParticipantId::from_bytes([1; 16]);
    let mine = permit(
        Principal::Participant(me),
        Action::ReadOwn,
        Resource::Person { owner: me },
        now(),
    );
    let access = AccessWarrant::issue(mine, covered(1).ask().interval).unwrap();
    let leave = permit(
        application(recipient()),
        Action::Transfer,
        Resource::Readings { covered: covered(1) },
        now(),
    );
    let delivery = DeliveryWarrant::issue(leave, covered(1)).unwrap();
    for warrant in [&access as &dyn Warrant, &delivery] {
        assert_eq!(warrant.decided_at(), now());
        assert_eq!(warrant.check_fresh(now()), Ok(()));
        assert_eq!(warrant.check_fresh(now().plus_seconds(60)), Ok(()));
        assert_eq!(warrant.check_fresh(now().plus_seconds(61)), Err(Stale));
        assert_eq!(warrant.check_fresh(now().plus_seconds(-1)), Err(Stale));
    }
}
