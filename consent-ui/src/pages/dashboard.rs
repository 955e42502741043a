//! `/moi`: the participant's first page.

use askama::Template;
use jiff::civil::Date;

use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::pages::household::HomeStanding;
use crate::pages::sharing::Sharing;
use crate::paths;
use crate::speech::Speech;
use crate::svg::{Curve, Drawing, Slot, Svg, draw, missing_runs};
use crate::vocabulary::{GatewayState, Measuring};

/// The participant's first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardView {
    /// The three numbers that come first.
    pub counts: SharingCounts,
    /// The person's delivery points.
    pub meters: Vec<MeterCard>,
    /// One day of one meter; `None` when the person has no meter.
    pub curve: Option<DayCurve>,
    /// Sharings that can be withdrawn, each with its withdrawal link: sign-in, then two clicks.
    pub sharings: Vec<Sharing>,
}

/// What asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharingCounts {
    /// Sharings under which transfers are allowed.
    pub active: u32,
    /// Sharings that the person paused.
    pub paused: u32,
    /// Those of them that end within 30 days.
    pub ending_soon: u32,
    /// Requests the person has not answered.
    pub awaiting_answer: u32,
}

/// A delivery point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterCard {
    /// What paths call it; random, not the meter's number.
    pub id: String,
    /// What the person calls it.
    pub label: String,
    /// The last four digits of its number (K04: never more on a screen).
    pub last_digits: String,
    /// What we hear from its gateway.
    pub gateway: GatewayState,
    /// The measuring switch.
    pub measuring: Measuring,
    /// The end of the last reading received.
    pub last_reading: Option<Moment>,
    /// Whether the person lives there.
    pub home: HomeStanding,
}

/// One day of one meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCurve {
    /// The meter, as in [`MeterCard::id`].
    pub meter_id: String,
    /// What the person calls it.
    pub meter_label: String,
    /// The day shown, in the calendar of the place.
    pub day: Date,
    /// The current day: there is no link beyond it.
    pub today: Date,
    /// The first day with data, when there is any: there is no link before it.
    pub first_day: Option<Date>,
    /// Every interval of the day that is over, in order, with or without a value.
    pub slots: Vec<Slot>,
    /// How many intervals of the day are yet to come.
    pub upcoming: u32,
    /// Length of an interval in minutes.
    pub step_minutes: u32,
}

impl DayCurve {
    pub(crate) fn has_values(&self) -> bool {
        self.slots.iter().any(|slot| slot.watt_hours.is_some())
    }

    fn total(&self) -> i64 {
        self.slots
            .iter()
            .filter_map(|slot| slot.watt_hours)
            .fold(0, i64::saturating_add)
    }

    /// The slot with the highest value.
    fn peak(&self) -> Option<(Moment, i64)> {
        self.slots
            .iter()
            .filter_map(|slot| Some((slot.start, slot.mean_watts(self.step_minutes)?)))
            .max_by_key(|(start, watts)| (*watts, std::cmp::Reverse(*start)))
    }

    /// Where nothing was measured, from and until.
    fn gaps(&self) -> Vec<(Moment, Moment)> {
        missing_runs(&self.slots)
            .into_iter()
            .filter_map(|(first, end)| {
                let last = self.slots.get(end.checked_sub(1)?)?;
                Some((
                    self.slots.get(first)?.start,
                    last.start.plus_minutes(self.step_minutes),
                ))
            })
            .collect()
    }

    pub(crate) fn end_of(&self, slot: &Slot) -> Moment {
        slot.start.plus_minutes(self.step_minutes)
    }

    pub(crate) fn watts_of(&self, slot: &Slot) -> Option<i64> {
        slot.mean_watts(self.step_minutes)
    }

    fn previous_day(&self) -> Option<Date> {
        let day = self.day.yesterday().ok()?;
        self.first_day.is_some_and(|first| first <= day).then_some(day)
    }

    fn next_day(&self) -> Option<Date> {
        self.day.tomorrow().ok().filter(|day| *day <= self.today)
    }

    pub(crate) fn drawing(&self, t: &Speech) -> Svg {
        let day = t.day_words(self.day);
        let title = t.say2("curve-title", "meter", &self.meter_label, "day", &day);
        draw(&Curve {
            id: "day-curve",
            title: &title,
            description: &self.summary(t),
            lang: t.lang(),
            slots: &self.slots,
            upcoming: self.upcoming,
            step_minutes: self.step_minutes,
            drawing: Drawing::Bars,
        })
    }

    /// The curve in a few words: total, peak, gaps.
    pub(crate) fn summary(&self, t: &Speech) -> String {
        let mut sentences = vec![t.say1("curve-total", "energy", t.energy(self.total()))];
        if let Some((at, watts)) = self.peak() {
            sentences.push(t.say2("curve-peak", "power", t.power(watts), "time", t.clock_words(at)));
        }
        sentences.push(self.gaps_in_words(t));
        sentences.join(" ")
    }

    fn gaps_in_words(&self, t: &Speech) -> String {
        let gaps: Vec<String> = self
            .gaps()
            .iter()
            .map(|(from, until)| {
                t.say2(
                    "curve-gap",
                    "from",
                    t.clock_words(from),
                    "until",
                    t.clock_words(until),
                )
            })
            .collect();
        if gaps.is_empty() {
            t.say("curve-no-gap")
        } else {
            t.say1("curve-gaps", "list", gaps.join(", "))
        }
    }
}

/// Renders `/moi`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_dashboard(page: &PageContext, view: &DashboardView) -> Result<String, RenderError> {
    let f = Frame::new(page, "dashboard-heading");
    f.render(&DashboardTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a DashboardView,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::DayCurve;
    use crate::format::Moment;
    use crate::lang::Lang;
    use crate::speech::Speech;
    use crate::svg::Slot;

    /// 2026-11-13T23:00:00Z, midnight in Paris.
    const MIDNIGHT: Moment = Moment(1_794_610_800_000_000);

    fn day_of(values: &[Option<i64>]) -> DayCurve {
        let mut start = MIDNIGHT;
        let mut slots = Vec::new();
        for watt_hours in values.iter().copied() {
            slots.push(Slot { start, watt_hours });
            start = start.plus_minutes(30);
        }
        DayCurve {
            meter_id: "m1".into(),
            meter_label: "Maison".into(),
            day: date(2026, 11, 14),
            today: date(2026, 11, 15),
            first_day: Some(date(2026, 11, 14)),
            slots,
            upcoming: 0,
            step_minutes: 30,
        }
    }

    #[test]
    fn the_summary_tells_total_peak_and_gaps() {
        let curve = day_of(&[Some(100), None, None, Some(400)]);
        let words = curve.summary(&Speech::new(Lang::English));
        assert!(words.contains("0.500\u{a0}kWh"), "{words}");
        assert!(words.contains("800\u{a0}W"), "{words}");
        assert!(words.contains("00:30"), "{words}");
        assert!(words.contains("01:30"), "{words}");
    }

    #[test]
    fn links_stop_at_the_first_day_and_at_today() {
        let curve = day_of(&[Some(1)]);
        assert_eq!(
            (curve.previous_day(), curve.next_day()),
            (None, Some(date(2026, 11, 15)))
        );
        let last = DayCurve {
            day: date(2026, 11, 15),
            ..curve
        };
        assert_eq!(
            (last.previous_day(), last.next_day()),
            (Some(date(2026, 11, 14)), None)
        );
    }
}
