//! `/moi`: meters, the curve of a day, what is shared; and the measuring switch.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::gateway;
use broker_domain::ids::PointId;
use broker_domain::mandate::Hand;
use broker_domain::time::{Instant, Interval, Step};
use jiff::civil::Date;

use crate::page::Notice;
use crate::pages::{DashboardView, DayCurve, Sharing, SharingCounts, render_dashboard};
use crate::paths;
use crate::routes::fields::Posted;
use crate::routes::holdings::Holdings;
use crate::routes::meters::{Meter, meters};
use crate::routes::phrases::{day, midnight, moment, tomorrow};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, shown};
use crate::svg::Slot;
use crate::vocabulary::SharingState;

const STEP: Step = Step::HALF_HOUR;
const STEP_MINUTES: u32 = 30;

/// `/moi`
pub(crate) async fn dashboard(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.hand()?;
    let holdings = Holdings::of(&visit, who).await?;
    let curve = curve(&visit, who, &holdings).await?;
    let sharings: Vec<Sharing> = holdings
        .sharings()
        .filter(|sharing| sharing.state.can_be_withdrawn())
        .collect();
    let ending = sharings
        .iter()
        .filter(|sharing| sharing.state == SharingState::Ending)
        .count();
    let paused = sharings
        .iter()
        .filter(|sharing| matches!(sharing.state, SharingState::Paused { .. }))
        .count();
    let waiting = sharings.iter().filter(|one| !one.state.can_be_changed()).count();
    let view = DashboardView {
        counts: SharingCounts {
            active: count(sharings.len().saturating_sub(paused).saturating_sub(waiting)),
            paused: count(paused),
            ending_soon: count(ending),
            awaiting_answer: count(holdings.pending().len().saturating_add(holdings.waiting_for_me())),
        },
        meters: holdings
            .meters
            .iter()
            .filter(|meter| !meter.is_another_s())
            .map(|meter| meter.card(holdings.now))
            .collect(),
        curve,
        sharings,
    };
    shown(render_dashboard(&visit.page(), &view))
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

async fn curve(visit: &Visit, who: Hand, holdings: &Holdings) -> Result<Option<DayCurve>, Trouble> {
    let chosen = visit
        .asked("compteur")
        .and_then(|text| text.parse::<PointId>().ok());
    // Those of contracts that she holds with another are drawn on the page of readings, which leaves the record of her look.
    let mut own = holdings.meters.iter().filter(|meter| !meter.is_another_s());
    let meter = own.clone().find(|meter| Some(meter.point.id) == chosen);
    let Some(meter) = meter.or_else(|| own.next()) else {
        return Ok(None);
    };
    let today = day(holdings.now);
    let wanted = visit
        .asked("jour")
        .and_then(|text| text.parse::<Date>().ok())
        .filter(|day| *day <= today);
    let day = wanted.unwrap_or(today);
    let (slots, upcoming) = slots(visit, who, meter, day, holdings.now).await?;
    Ok(Some(DayCurve {
        meter_id: meter.point.id.to_string(),
        meter_label: meter.label.clone(),
        slots,
        upcoming,
        day,
        today,
        // Nothing is kept from before the meter was enrolled.
        first_day: Some(crate::routes::phrases::day(meter.point.created_at)),
        step_minutes: STEP_MINUTES,
    }))
}

/// The half hours of a day that are over, and how many are yet to come.
pub(crate) async fn slots(
    visit: &Visit,
    who: Hand,
    meter: &Meter,
    day: Date,
    now: Instant,
) -> Result<(Vec<Slot>, u32), Trouble> {
    let span = midnight(day).zip(tomorrow(day).and_then(midnight));
    let Some(Ok(span)) = span.map(|(start, end)| Interval::new(start, end)) else {
        return Ok((Vec::new(), 0));
    };
    let slots = visit.broker().own_curve(who, meter.point.id, span, STEP).await;
    let slots = slots.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    let width = i64::from(STEP.seconds());
    let (over, upcoming): (Vec<_>, Vec<_>) = slots
        .into_iter()
        .partition(|slot| slot.start.plus_seconds(width) <= now);
    let over = over.into_iter().map(|slot| Slot {
        start: moment(slot.start),
        watt_hours: slot.energy.map(|energy| energy.0),
    });
    Ok((over.collect(), count(upcoming.len())))
}

/// POST `/moi/compteurs/{meter}/mesure`
pub(crate) async fn measuring(Path(meter): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.participant()?;
    let point: PointId = id(&meter)?;
    let (switch, notice) = match fields.text("mesure") {
        "on" => (gateway::Measuring::On, Notice::MeasuringOn),
        "off" => (gateway::Measuring::Off, Notice::MeasuringOff),
        _ => return Err(Trouble::NotUnderstood),
    };
    let meters = meters(&visit, who).await?;
    let meter = meters
        .iter()
        .find(|meter| meter.point.id == point)
        .filter(|meter| !meter.gateways.is_empty());
    for row in &meter.ok_or(Trouble::NotFound)?.gateways {
        let switched = visit.broker().switch_gateway(who, row.gateway.id, switch).await;
        switched.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    }
    Ok(onward_with(paths::DASHBOARD, notice))
}
