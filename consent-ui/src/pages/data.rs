//! `/moi/donnees`: a person's own readings by day, month or year, and copies of them.

use askama::Template;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::page::{Frame, PageContext, RenderError};
use crate::pages::dashboard::DayCurve;
use crate::pages::offer::MeterChoice;
use crate::paths;
use crate::speech::Speech;
use crate::svg::{Bar, EnergyChart, Svg, draw_energy};
use crate::vocabulary::Word;

/// A person's own readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataView {
    /// Her meters, to choose from.
    pub meters: Vec<MeterChoice>,
    /// One period of one meter; `None` when she has no meter.
    pub chart: Option<PeriodChart>,
}

/// How much time is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeriodKind {
    /// Half hours of a day.
    Day,
    /// Days of a month.
    Month,
    /// Months of a year.
    Year,
}

impl PeriodKind {
    /// All, from short to long.
    pub const ALL: [Self; 3] = [Self::Day, Self::Month, Self::Year];

    /// The value of the `vue` parameter.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Day => "jour",
            Self::Month => "mois",
            Self::Year => "annee",
        }
    }

    /// The kind of a `vue` parameter.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }
}

impl Word for PeriodKind {
    fn key(&self) -> &'static str {
        match self {
            Self::Day => "period-day",
            Self::Month => "period-month",
            Self::Year => "period-year",
        }
    }
}

/// A calendar day, month or year of the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    kind: PeriodKind,
    first: Date,
}

impl Period {
    /// The period that holds a day.
    pub fn holding(kind: PeriodKind, day: Date) -> Self {
        let first = match kind {
            PeriodKind::Day => day,
            PeriodKind::Month => day.first_of_month(),
            PeriodKind::Year => day.first_of_year(),
        };
        Self { kind, first }
    }

    /// How long it is.
    pub fn kind(&self) -> PeriodKind {
        self.kind
    }

    /// Its first day.
    pub fn first(&self) -> Date {
        self.first
    }

    /// Its last day.
    pub fn last(&self) -> Date {
        match self.kind {
            PeriodKind::Day => self.first,
            PeriodKind::Month => self.first.last_of_month(),
            PeriodKind::Year => self.first.last_of_year(),
        }
    }

    /// Its days, or its months by their first days: one a bar. None for a day.
    pub fn parts(&self) -> Vec<Date> {
        let days = |first: Date, last: Date| {
            std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(move |day| *day <= last)
        };
        match self.kind {
            PeriodKind::Day => Vec::new(),
            PeriodKind::Month => days(self.first, self.last()).collect(),
            PeriodKind::Year => days(self.first, self.last())
                .filter(|day| day.day() == 1)
                .collect(),
        }
    }

    fn previous(&self) -> Option<Self> {
        let day = self.first.yesterday().ok()?;
        Some(Self::holding(self.kind, day))
    }

    fn next(&self) -> Option<Self> {
        let day = self.last().checked_add(1.day()).ok()?;
        Some(Self::holding(self.kind, day))
    }

    fn words(&self, t: &Speech) -> String {
        match self.kind {
            PeriodKind::Day => t.day_words(self.first),
            PeriodKind::Month => t.month_words(self.first),
            PeriodKind::Year => self.first.year().to_string(),
        }
    }
}

/// What is known of a day or a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// All of it, in watt-hours.
    Whole(i64),
    /// A part: so many of its half hours (of a day) or whole days (of a month).
    Part {
        /// In watt-hours.
        watt_hours: i64,
        /// How many are known.
        known: u32,
        /// Of how many.
        of: u32,
    },
    /// Nothing.
    Missing,
}

impl Measured {
    fn watt_hours(self) -> Option<i64> {
        match self {
            Self::Whole(watt_hours) | Self::Part { watt_hours, .. } => Some(watt_hours),
            Self::Missing => None,
        }
    }
}

/// One day or month of a longer period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRow {
    /// Its first day.
    pub first: Date,
    /// What is known of it.
    pub measured: Measured,
}

/// What is shown of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeriodValues {
    /// The half hours of a day.
    Day(DayCurve),
    /// Its days or months that have begun, in order.
    Parts(Vec<PartRow>),
}

/// One period of one meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodChart {
    /// The meter, as in [`MeterChoice::id`].
    pub meter_id: String,
    /// What the person calls it.
    pub meter_label: String,
    /// The period.
    pub period: Period,
    /// The current day: there is no link beyond it.
    pub today: Date,
    /// The first day with data: there is no link before it.
    pub first_day: Date,
    /// Its values.
    pub values: PeriodValues,
}

impl PeriodChart {
    fn href(&self, period: &Period) -> String {
        paths::data(&self.meter_id, period.kind.tag(), period.first)
    }

    fn previous(&self) -> Option<Period> {
        self.period
            .previous()
            .filter(|period| self.first_day <= period.last())
    }

    fn next(&self) -> Option<Period> {
        self.period.next().filter(|period| period.first <= self.today)
    }

    /// The same place in time at another length. From a longer period to a shorter one: the newest that has begun.
    fn zoomed(&self, kind: PeriodKind) -> Period {
        Period::holding(kind, self.period.last().min(self.today))
    }

    fn zoom_href(&self, kind: &PeriodKind) -> String {
        self.href(&self.zoomed(*kind))
    }

    fn of_meter(&self, meter: &MeterChoice) -> String {
        paths::data(&meter.id, self.period.kind.tag(), self.period.first)
    }

    /// The period one length shorter behind a row of the table.
    fn inside(&self, row: &PartRow) -> String {
        let kind = match self.period.kind {
            PeriodKind::Year => PeriodKind::Month,
            PeriodKind::Month | PeriodKind::Day => PeriodKind::Day,
        };
        paths::data(&self.meter_id, kind.tag(), row.first)
    }

    fn row_words(&self, t: &Speech, row: &PartRow) -> String {
        match self.period.kind {
            PeriodKind::Year => t.month_words(row.first),
            PeriodKind::Month | PeriodKind::Day => t.day_words(row.first),
        }
    }

    fn part_words(&self, t: &Speech, known: &u32, of: &u32) -> String {
        let key = match self.period.kind {
            PeriodKind::Year => "data-part-month",
            PeriodKind::Month | PeriodKind::Day => "data-part-day",
        };
        t.say2(key, "known", known, "of", of)
    }

    fn title(&self, t: &Speech) -> String {
        t.say2(
            "data-title",
            "meter",
            &self.meter_label,
            "period",
            self.period.words(t),
        )
    }

    fn has_values(rows: &[PartRow]) -> bool {
        rows.iter().any(|row| row.measured != Measured::Missing)
    }

    /// Total, highest part, gaps.
    fn summary(&self, t: &Speech, rows: &[PartRow]) -> String {
        let known = rows.iter().filter_map(|row| row.measured.watt_hours());
        let total = known.fold(0, i64::saturating_add);
        let mut sentences = vec![t.say1("curve-total", "energy", t.energy(total))];
        let highest = rows
            .iter()
            .filter_map(|row| Some((row.measured.watt_hours()?, row)))
            .max_by_key(|(watt_hours, row)| (*watt_hours, std::cmp::Reverse(row.first)));
        if let Some((watt_hours, row)) = highest {
            let when = self.row_words(t, row);
            sentences.push(t.say2("data-peak", "energy", t.energy(watt_hours), "when", when));
        }
        let missing = rows.iter().filter(|row| row.measured == Measured::Missing);
        sentences.push(match missing.count() {
            0 => t.say("data-no-gap"),
            missing => t.say1(
                match self.period.kind {
                    PeriodKind::Year => "data-gaps-months",
                    PeriodKind::Month | PeriodKind::Day => "data-gaps-days",
                },
                "n",
                missing,
            ),
        });
        sentences.join(" ")
    }

    fn drawing(&self, t: &Speech, rows: &[PartRow]) -> Svg {
        let bars: Vec<Bar> = rows
            .iter()
            .map(|row| Bar {
                watt_hours: row.measured.watt_hours(),
                partial: matches!(row.measured, Measured::Part { .. }),
                label: self.mark(t, row.first),
            })
            .collect();
        let all = self.period.parts();
        let upcoming: Vec<String> = all
            .iter()
            .skip(rows.len())
            .map(|first| self.mark(t, *first))
            .collect();
        draw_energy(&EnergyChart {
            id: "period-chart",
            title: &self.title(t),
            description: &self.summary(t, rows),
            lang: t.lang(),
            bars: &bars,
            upcoming: &upcoming,
        })
    }

    /// What stands under a bar: once a week, or once a quarter, so that large letters fit on a small screen.
    fn mark(&self, t: &Speech, first: Date) -> String {
        match self.period.kind {
            PeriodKind::Year if first.month() % 3 == 1 => crate::format::short_month(t.lang(), first),
            PeriodKind::Month if first.day() % 7 == 1 => first.day().to_string(),
            PeriodKind::Year | PeriodKind::Month | PeriodKind::Day => String::new(),
        }
    }
}

/// Renders `/moi/donnees`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_data(page: &PageContext, view: &DataView) -> Result<String, RenderError> {
    let f = Frame::new(page, "data-heading");
    f.render(&DataTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "data.html")]
struct DataTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a DataView,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Measured, PartRow, Period, PeriodChart, PeriodKind, PeriodValues};
    use crate::lang::Lang;
    use crate::speech::Speech;

    #[test]
    fn a_month_has_its_days_and_a_year_its_months() {
        let parts = |kind, day| Period::holding(kind, day).parts().len();
        assert_eq!(parts(PeriodKind::Month, date(2028, 2, 10)), 29);
        assert_eq!(parts(PeriodKind::Year, date(2028, 2, 10)), 12);
        assert_eq!(parts(PeriodKind::Day, date(2028, 2, 10)), 0);
    }

    fn chart(kind: PeriodKind) -> PeriodChart {
        PeriodChart {
            meter_id: "m".into(),
            meter_label: "Maison".into(),
            period: Period::holding(kind, date(2026, 11, 10)),
            today: date(2026, 11, 22),
            first_day: date(2026, 10, 30),
            values: PeriodValues::Parts(Vec::new()),
        }
    }

    #[test]
    fn links_stop_at_the_first_day_and_at_today() {
        let month = chart(PeriodKind::Month);
        assert_eq!(month.next(), None);
        let october = month.previous().unwrap();
        assert_eq!(october.first(), date(2026, 10, 1));
        let first = PeriodChart {
            period: october,
            ..month
        };
        assert_eq!(first.previous(), None);
        assert_eq!(chart(PeriodKind::Year).previous(), None);
        assert_eq!(
            chart(PeriodKind::Year).zoomed(PeriodKind::Day).first(),
            date(2026, 11, 22)
        );
    }

    #[test]
    fn a_gap_is_told_and_never_counted_as_zero() {
        let rows = [
            PartRow {
                first: date(2026, 11, 1),
                measured: Measured::Whole(4_000),
            },
            PartRow {
                first: date(2026, 11, 2),
                measured: Measured::Missing,
            },
        ];
        let t = Speech::new(Lang::English);
        let words = chart(PeriodKind::Month).summary(&t, &rows);
        assert!(words.contains("4.000\u{a0}kWh") && words.contains("1"), "{words}");
        let svg = chart(PeriodKind::Month).drawing(&t, &rows).to_string();
        assert_eq!(svg.matches("curve-gap").count(), 1);
        assert_eq!(svg.matches("curve-tick").count(), 5, "1, 8, 15, 22, 29");
    }
}
