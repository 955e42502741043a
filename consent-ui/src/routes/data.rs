//! `/moi/donnees`: her own readings by day, month and year, and copies of them.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use broker_domain::curve::Drawn;
use broker_domain::ids::PointId;
use broker_domain::mandate::Hand;
use broker_domain::time::{Instant, Interval, Step};
use broker_service::{CopyContent, CopyForm, CopyOrder, CopyRefusal};
use broker_store::OwnScope;
use jiff::civil::Date;
use tokio_stream::wrappers::ReceiverStream;

use crate::pages::{
    DataView, DayCurve, Measured, PartRow, Period, PeriodChart, PeriodKind, PeriodValues, render_data,
};
use crate::routes::dashboard::slots;
use crate::routes::meters::{Meter, all_meters};
use crate::routes::phrases::{day, midnight, tomorrow};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, shown};

/// `/moi/donnees`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.hand()?;
    let meters = all_meters(&visit, who).await?;
    let chart = match chosen(&visit, &meters) {
        None => None,
        Some(meter) => {
            // The record that she looked stands before she sees anything.
            let noted = visit.broker().note_own_access(meter.hand, OwnScope::Look).await;
            noted.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
            Some(chart(&visit, meter.hand, meter).await?)
        }
    };
    let view = DataView {
        meters: meters.iter().map(Meter::choice).collect(),
        chart,
    };
    shown(render_data(&visit.page(), &view))
}

fn chosen<'a>(visit: &Visit, meters: &'a [Meter]) -> Option<&'a Meter> {
    let wanted = visit
        .asked("compteur")
        .and_then(|text| text.parse::<PointId>().ok());
    let meter = meters.iter().find(|meter| Some(meter.point.id) == wanted);
    meter.or_else(|| meters.first())
}

/// The period of the address, as far as it makes sense: the present day where it does not.
fn period(visit: &Visit, name: &str, today: Date) -> Option<Period> {
    let kind = match visit.asked(name) {
        None => PeriodKind::Day,
        Some(tag) => PeriodKind::from_tag(tag)?,
    };
    let day = visit
        .asked("date")
        .and_then(|text| text.parse::<Date>().ok())
        .filter(|day| *day <= today)
        .unwrap_or(today);
    Some(Period::holding(kind, day))
}

async fn chart(visit: &Visit, who: Hand, meter: &Meter) -> Result<PeriodChart, Trouble> {
    let now = visit.broker().now();
    let today = day(now);
    let period = period(visit, "vue", today).unwrap_or_else(|| Period::holding(PeriodKind::Day, today));
    let first_day = day(meter.point.created_at);
    let values = match period.kind() {
        PeriodKind::Day => {
            let (slots, upcoming) = slots(visit, who, meter, period.first(), now).await?;
            PeriodValues::Day(DayCurve {
                meter_id: meter.point.id.to_string(),
                meter_label: meter.label.clone(),
                slots,
                upcoming,
                day: period.first(),
                today,
                first_day: Some(first_day),
                step_minutes: Step::HALF_HOUR.seconds() / 60,
            })
        }
        PeriodKind::Month | PeriodKind::Year => {
            let begun = period.parts().into_iter().filter(|first| *first <= today);
            let mut rows = Vec::new();
            for first in begun {
                let part = match period.kind() {
                    PeriodKind::Year => Period::holding(PeriodKind::Month, first),
                    PeriodKind::Month | PeriodKind::Day => Period::holding(PeriodKind::Day, first),
                };
                // Nothing is kept from before the meter was enrolled: those days are not opened.
                let days = if part.last() < first_day {
                    Vec::new()
                } else {
                    days_of(&part, now)
                };
                let totals = visit.broker().own_totals(who, meter.point.id, &days).await;
                let totals =
                    totals.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
                rows.push(PartRow {
                    first,
                    measured: match period.kind() {
                        PeriodKind::Year => together(&totals),
                        PeriodKind::Month | PeriodKind::Day => {
                            totals.first().copied().map_or(Measured::Missing, measured)
                        }
                    },
                });
            }
            PeriodValues::Parts(rows)
        }
    };
    Ok(PeriodChart {
        meter_id: meter.point.id.to_string(),
        meter_label: meter.label.clone(),
        period,
        today,
        first_day,
        values,
    })
}

/// The local days of a period, as far as their half hours are over.
fn days_of(period: &Period, now: Instant) -> Vec<Interval> {
    let width = i64::from(Step::HALF_HOUR.seconds()) * 1_000_000;
    let over = Instant::from_micros(now.as_micros().div_euclid(width).saturating_mul(width)).unwrap_or(now);
    std::iter::successors(Some(period.first()), |day| tomorrow(*day))
        .take_while(|day| *day <= period.last())
        .filter_map(|day| {
            let (start, end) = (midnight(day)?, midnight(tomorrow(day)?)?);
            Interval::new(start, end.min(over)).ok()
        })
        .collect()
}

fn measured(drawn: Drawn) -> Measured {
    match drawn {
        Drawn::Whole(energy) => Measured::Whole(energy.0),
        Drawn::Part {
            energy,
            measured,
            steps,
        } => Measured::Part {
            watt_hours: energy.0,
            known: measured,
            of: steps,
        },
        Drawn::Unknown => Measured::Missing,
    }
}

/// A month from its days.
fn together(days: &[Drawn]) -> Measured {
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let known: Vec<i64> = days
        .iter()
        .filter_map(|day| day.energy().map(|energy| energy.0))
        .collect();
    let whole = days.iter().filter(|day| matches!(day, Drawn::Whole(_))).count();
    let watt_hours = known.iter().copied().fold(0, i64::saturating_add);
    if known.is_empty() {
        Measured::Missing
    } else if whole == days.len() {
        Measured::Whole(watt_hours)
    } else {
        Measured::Part {
            watt_hours,
            known: count(whole),
            of: count(days.len()),
        }
    }
}

/// `/moi/donnees/copie`
pub(crate) async fn copy(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.hand()?;
    let meters = all_meters(&visit, who).await?;
    let meter = chosen(&visit, &meters).ok_or(Trouble::NotFound)?;
    let today = day(visit.broker().now());
    let span = match visit.asked("etendue") {
        Some("tout") => None,
        _ => Some(period(&visit, "etendue", today).ok_or(Trouble::NotUnderstood)?),
    };
    let content = match visit.asked("contenu") {
        Some("courbe") | None => CopyContent::Curve,
        Some("releves") => CopyContent::Readings,
        Some(_) => return Err(Trouble::NotUnderstood),
    };
    let (form, kind, ending) = match visit.asked("format") {
        Some("csv") | None => (CopyForm::Csv, "text/csv; charset=utf-8", "csv"),
        Some("json") => (CopyForm::Json, "application/json", "json"),
        Some("parquet") => (CopyForm::Parquet, "application/vnd.apache.parquet", "parquet"),
        Some(_) => return Err(Trouble::NotUnderstood),
    };
    let order = CopyOrder {
        point: meter.point.id,
        first: span.map(|span| span.first()),
        last: span.map(|span| span.last()),
        content,
        form,
    };
    let pieces = visit.pages.broker.own_copy(meter.hand, order).await;
    let pieces = pieces.map_err(|failure| Trouble::from_failure(failure, copy_refused))?;
    let name = span.map_or_else(
        || format!("jusqu-au-{today}"),
        |span| format!("{}-{}", span.kind().tag(), span.first()),
    );
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"fiducie-mesures-{name}.{ending}\""),
        ),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(pieces))).into_response())
}

pub(super) const fn copy_refused(refusal: CopyRefusal) -> Trouble {
    match refusal {
        CopyRefusal::NotYours => Trouble::NotFound,
        CopyRefusal::Running => Trouble::CopyRunning,
    }
}

#[cfg(test)]
mod tests {
    use broker_domain::reading::WattHours;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_month_is_whole_when_all_its_days_are() {
        let whole = Drawn::Whole(WattHours(10));
        assert_eq!(together(&[whole, whole]), Measured::Whole(20));
        let part = Measured::Part {
            watt_hours: 10,
            known: 1,
            of: 2,
        };
        assert_eq!(together(&[whole, Drawn::Unknown]), part);
        assert_eq!(together(&[Drawn::Unknown]), Measured::Missing);
        assert_eq!(together(&[]), Measured::Missing);
    }

    #[test]
    fn days_follow_the_local_calendar_through_both_clock_changes() {
        let later = Instant::parse("2027-01-01T00:00:00Z").unwrap();
        let hours = |month, day| {
            let period = Period::holding(PeriodKind::Day, date(2026, month, day));
            days_of(&period, later)[0].seconds() / 3_600
        };
        assert_eq!([hours(3, 29), hours(6, 1), hours(10, 25)], [23, 24, 25]);
        let october = Period::holding(PeriodKind::Month, date(2026, 10, 25));
        assert_eq!(days_of(&october, later).len(), 31);
    }

    #[test]
    fn a_day_that_has_not_begun_is_not_looked_at() {
        let now = Instant::parse("2026-11-22T09:10:00Z").unwrap();
        let november = Period::holding(PeriodKind::Month, date(2026, 11, 1));
        let days = days_of(&november, now);
        assert_eq!(days.len(), 22);
        assert_eq!(days[21].end(), Instant::parse("2026-11-22T09:00:00Z").unwrap());
    }
}
