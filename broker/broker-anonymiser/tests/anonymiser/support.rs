//! Requests, homes and releases for the tests.

use broker_anonymiser::{
    Aggregate, DecideError, Decision, Direction, GroupId, HouseholdCount, HouseholdIndex, Period, Plan,
    PolicyBook, Release, ReleaseId, Request, StepSeconds, StoredRelease, WattHours, plan,
    risk::{Candidates, CurveHolders},
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};

pub const HALF_HOUR: u32 = 1_800;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn home(index: u32) -> HouseholdIndex {
    HouseholdIndex::new(index).unwrap()
}

pub fn period(start: &str, step: u32, slots: u32) -> Period {
    let start = at(start);
    let end = start + (i64::from(step) * i64::from(slots)).seconds();
    Period::new(
        start,
        end,
        StepSeconds::new(step).unwrap(),
        TimeZone::get("Europe/Paris").unwrap(),
    )
    .unwrap()
}

pub fn request(period: Period, households: u32) -> Request {
    Request {
        group: GroupId::new("street").unwrap(),
        direction: Direction::Withdrawal,
        period,
        households: HouseholdCount(households),
        candidates: Candidates {
            homes: HouseholdCount(10_000),
            curves: CurveHolders::Possible,
        },
        rule_id: None,
        released_at: at("2026-11-22T10:00:00Z"),
    }
}

/// Ten slots of one day, so that tests stay small.
pub fn short(households: u32) -> Request {
    request(period("2026-11-20T00:00:00Z", HALF_HOUR, 10), households)
}

pub fn planned(request: Request) -> Plan {
    plan(&PolicyBook::embedded().unwrap(), request).unwrap()
}

/// A believable reading: 100 to 399 Wh, different for each home and slot.
pub fn usual(home: u32, slot: u32) -> Option<WattHours> {
    Some(WattHours(100 + i64::from((home * 37 + slot * 53) % 300)))
}

pub fn filled(
    plan: &Plan,
    homes: impl IntoIterator<Item = u32>,
    reading: impl Fn(u32, u32) -> Option<WattHours>,
) -> Aggregate {
    let mut aggregation = plan.aggregation();
    for index in homes {
        let curve: Vec<_> = (0..plan.request().period.slots())
            .map(|slot| reading(index, slot))
            .collect();
        aggregation.add(home(index), &[&curve]).unwrap();
    }
    aggregation.finish()
}

pub fn decided(
    request: Request,
    homes: impl IntoIterator<Item = u32>,
    reading: impl Fn(u32, u32) -> Option<WattHours>,
    previous: &[StoredRelease],
) -> Result<Decision, DecideError> {
    let plan = planned(request);
    plan.decide(&filled(&plan, homes, reading), previous)
}

pub fn released(
    request: Request,
    homes: impl IntoIterator<Item = u32>,
    reading: impl Fn(u32, u32) -> Option<WattHours>,
) -> Release {
    match decided(request, homes, reading, &[]).unwrap() {
        Decision::Release(release) => *release,
        Decision::SameVintage(_) => panic!("nothing was released before"),
    }
}

pub fn stored(id: &str, release: &Release) -> StoredRelease {
    let query = broker_anonymiser::QueryRecord::decode(&release.query().encode()).unwrap();
    assert_eq!(query, *release.query());
    StoredRelease {
        id: ReleaseId::new(id).unwrap(),
        query,
    }
}

pub fn refusal_codes(decision: Result<Decision, DecideError>) -> Vec<&'static str> {
    match decision {
        Err(DecideError::Refused(refusal)) => refusal.reasons.iter().map(|reason| reason.code()).collect(),
        other => panic!("not a refusal: {other:?}"),
    }
}
