//! Measures policy decisions per second on one core: `cargo run --release -p policies --example decisions`.
#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "an example that prints a rounded figure"
)]

use std::error::Error;
use std::time::{Duration, Instant as Stopwatch};

use broker_domain::consent::{Ask, Consent, ConsentEvent, EventKind, Occupancy, covers};
use broker_domain::ids::{ApplicationId, ConsentId, Digest, OrganisationId, ParticipantId, PointId, Purpose};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::{Instant, Interval, Step};
use policies::CedarEngine;

fn main() -> Result<(), Box<dyn Error>> {
    let engine = CedarEngine::embedded()?;
    let transfer = transfer()?;
    let owner = ParticipantId::from_bytes([1; 16]);
    let withdraw = Query {
        principal: Principal::Participant(owner),
        action: Action::Withdraw,
        resource: Resource::Consent {
            consent: ConsentId::from_bytes([1; 16]),
            owner,
        },
        now: transfer.now,
    };
    for (name, query) in [("transfer", transfer), ("withdraw", withdraw)] {
        let (mut decisions, start) = (0_u32, Stopwatch::now());
        while start.elapsed() < Duration::from_secs(2) {
            // A clone of the query is part of every real decision.
            Permit::ask(&engine, query.clone())?;
            decisions += 1;
        }
        println!(
            "{name}: {:.0} decisions/s",
            f64::from(decisions) / start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn transfer() -> Result<Query, Box<dyn Error>> {
    let now = Instant::parse("2026-11-21T12:00:00Z")?;
    let organisation = OrganisationId::from_bytes([4; 16]);
    let given = ConsentEvent {
        seq: 0,
        kind: EventKind::Given,
        effective_at: now.plus_seconds(-1),
        recorded_at: now.plus_seconds(-1),
        record: Digest([1; 32]),
    };
    let consent = Consent {
        id: ConsentId::from_bytes([1; 16]),
        participant: ParticipantId::from_bytes([2; 16]),
        point: PointId::from_bytes([3; 16]),
        recipient: organisation,
        purpose: Purpose::parse("energy-advice")?,
        step: Step::HALF_HOUR,
        data: Interval::new(now.plus_seconds(-86_400), now.plus_seconds(86_400))?,
        terms: Digest([2; 32]),
        notice: Digest([3; 32]),
        occupancy: Occupancy::default(),
        events: vec![given],
    };
    let ask = Ask {
        participant: consent.participant,
        point: consent.point,
        recipient: organisation,
        purpose: consent.purpose.clone(),
        step: Step::HALF_HOUR,
        interval: Interval::new(now.plus_seconds(-86_400), now)?,
    };
    let covered = covers(&[consent], &ask, now)?;
    let principal = Principal::Application(ApplicationId::from_bytes([5; 16]), organisation);
    Ok(Query {
        principal,
        action: Action::Transfer,
        resource: Resource::Readings { covered },
        now,
    })
}
