//! Load curves drawn on the server.
//!
//! A drawing never speaks alone: the page puts a table with the same numbers beside it, and a gap is hatched here and
//! told in words there. Nothing depends on colour: bars, hatching and lines differ in shape. Colours come from the
//! style sheet through classes; the presentation attributes are what is left when the drawing is saved to a file. No
//! `style` attribute is written, because the content security policy forbids them.

mod axis;
mod energy;

use std::fmt::{self, Write as _};

use askama::filters::HtmlSafe;

use crate::format::Moment;
use crate::lang::Lang;
use axis::{HourMark, hour_marks, level_marks};
pub use energy::{Bar, EnergyChart, draw_energy};

/// One interval of a curve. All slots of a curve last as long as its `step_minutes` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Start of the interval, included; its end is excluded.
    pub start: Moment,
    /// Energy of the interval in watt-hours, negative when given to the grid; `None` when nothing was measured.
    pub watt_hours: Option<i64>,
}

impl Slot {
    /// The mean power over the interval, in watts, rounded towards zero.
    pub fn mean_watts(&self, step_minutes: u32) -> Option<i64> {
        let watts = i128::from(self.watt_hours?) * 60 / i128::from(step_minutes.max(1));
        i64::try_from(watts).ok()
    }
}

/// How the values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// One bar per slot: the curve of a household, where each value was measured.
    Bars,
    /// One stepped line: a mean over many households.
    Steps,
}

/// A curve to draw.
#[derive(Debug, Clone, Copy)]
pub struct Curve<'a> {
    /// Prefix of the ids inside the drawing; unique on the page, letters and hyphens only.
    pub id: &'a str,
    /// What the drawing shows, read out first.
    pub title: &'a str,
    /// What a person who does not see it needs to know.
    pub description: &'a str,
    /// The language of the axes.
    pub lang: Lang,
    /// The slots in order of time, without holes: a missing value is a slot without value.
    pub slots: &'a [Slot],
    /// How many more slots the axis has room for: what is yet to come is neither drawn nor a gap.
    pub upcoming: u32,
    /// Length of a slot in minutes.
    pub step_minutes: u32,
    /// Bars or a line.
    pub drawing: Drawing,
}

/// A drawing, ready to stand in a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svg(String);

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Everything that came from outside passes `escaped` on its way into the string.
impl HtmlSafe for Svg {}

/// The drawing area in user units; the style sheet enlarges the letters on narrow screens.
const WIDTH: i64 = 640;
/// Room for the labels of the levels: on the bars they could not be read.
const LEFT: i64 = 112;
const HEIGHT: i64 = 300;
const TOP: i64 = 30;
const BOTTOM: i64 = 258;

/// Draws a curve of mean power in watts against wall-clock time in Paris.
pub fn draw(curve: &Curve<'_>) -> Svg {
    let scale = Scale::of(curve);
    let mut svg = String::with_capacity(8 * 1024);
    open(&mut svg, curve.id, curve.title, curve.description, curve.lang);
    levels(&mut svg, &scale, |watts| crate::format::power(curve.lang, watts));
    gaps(&mut svg, curve.id, &missing_runs(curve.slots), &scale);
    match curve.drawing {
        Drawing::Bars => bars(&mut svg, curve, &scale),
        Drawing::Steps => steps(&mut svg, curve, &scale),
    }
    hours(&mut svg, curve, &scale);
    svg.push_str("</svg>");
    Svg(svg)
}

/// From slots and watts to tenths of user units, in whole numbers so that every machine draws the same bytes.
struct Scale {
    slots: i64,
    lowest: i64,
    highest: i64,
}

impl Scale {
    fn of(curve: &Curve<'_>) -> Self {
        let watts = curve.slots.iter().map(|slot| slot.mean_watts(curve.step_minutes));
        Self::over(watts, curve.upcoming)
    }

    /// For a row of values, some missing, and room for more.
    fn over(values: impl ExactSizeIterator<Item = Option<i64>> + Clone, upcoming: u32) -> Self {
        let lowest = values.clone().flatten().min().unwrap_or(0).min(0);
        let highest = values.clone().flatten().max().unwrap_or(0).max(0);
        let measured = i64::try_from(values.len()).unwrap_or(i64::MAX);
        let slots = measured.saturating_add(i64::from(upcoming)).max(1);
        // A flat day at zero still needs a height to be drawn in.
        let highest = if highest == lowest {
            lowest.saturating_add(100)
        } else {
            highest
        };
        Self {
            slots,
            lowest,
            highest,
        }
    }

    fn x(&self, slot: usize) -> Tenths {
        let slot = i64::try_from(slot).unwrap_or(self.slots).min(self.slots);
        Tenths(
            i128::from(LEFT) * 10 + i128::from(slot) * i128::from(WIDTH - LEFT) * 10 / i128::from(self.slots),
        )
    }

    fn y(&self, watts: i64) -> Tenths {
        let height = i128::from(BOTTOM - TOP) * 10;
        let above = i128::from(self.highest) - i128::from(watts);
        let range = i128::from(self.highest) - i128::from(self.lowest);
        Tenths(i128::from(TOP) * 10 + above * height / range.max(1))
    }
}

/// A tenth of a user unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Tenths(i128);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{}", size / 10, size % 10)
    }
}

fn open(svg: &mut String, id: &str, title: &str, description: &str, lang: Lang) {
    let (id, lang) = (escaped(id), lang.tag());
    add(
        svg,
        format_args!(
            "<svg class=\"curve\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" lang=\"{lang}\" \
             role=\"img\" aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">{}</title>\
             <desc id=\"{id}-desc\">{}</desc><defs><pattern id=\"{id}-hatching\" width=\"8\" height=\"8\" \
             patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
             <path class=\"curve-hatch\" d=\"M0 0V8\" stroke=\"#5c6b6d\" stroke-width=\"3\"/></pattern></defs>",
            escaped(title),
            escaped(description),
        ),
    );
}

fn levels(svg: &mut String, scale: &Scale, name: impl Fn(i64) -> String) {
    for level in level_marks(scale.lowest, scale.highest) {
        let y = scale.y(level);
        let label = name(level);
        add(
            svg,
            format_args!(
                "<path class=\"curve-level\" d=\"M{LEFT} {y}H{WIDTH}\" stroke=\"#b8c2c2\" fill=\"none\"/>\
                 <text class=\"curve-label\" x=\"{}\" y=\"{}\" text-anchor=\"end\" font-size=\"14\">{label}</text>",
                LEFT - 8,
                Tenths(y.0 + 50),
            ),
        );
    }
}

fn gaps(svg: &mut String, id: &str, missing: &[(usize, usize)], scale: &Scale) {
    let id = escaped(id);
    for &(first, end) in missing {
        let (x, width) = (scale.x(first), Tenths(scale.x(end).0 - scale.x(first).0));
        add(
            svg,
            format_args!(
                "<rect class=\"curve-gap\" x=\"{x}\" y=\"{TOP}\" width=\"{width}\" height=\"{}\" \
                 fill=\"url(#{id}-hatching)\"/>",
                BOTTOM - TOP,
            ),
        );
    }
}

fn bars(svg: &mut String, curve: &Curve<'_>, scale: &Scale) {
    let zero = scale.y(0);
    for (index, slot) in curve.slots.iter().enumerate() {
        let Some(watts) = slot.mean_watts(curve.step_minutes) else {
            continue;
        };
        let (left, right, value) = (scale.x(index), scale.x(index + 1), scale.y(watts));
        let (top, bottom) = (value.min(zero), value.max(zero));
        // A measured zero keeps a visible foot: it is not a gap.
        let height = Tenths((bottom.0 - top.0).max(10));
        add(
            svg,
            format_args!(
                "<rect class=\"curve-bar\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{height}\" fill=\"#0b5563\"/>",
                Tenths(left.0 + 5),
                Tenths((right.0 - left.0 - 10).max(5)),
            ),
        );
    }
}

fn steps(svg: &mut String, curve: &Curve<'_>, scale: &Scale) {
    let mut path = String::new();
    let mut pen = Pen::Up;
    for (index, slot) in curve.slots.iter().enumerate() {
        let Some(watts) = slot.mean_watts(curve.step_minutes) else {
            pen = Pen::Up;
            continue;
        };
        let (left, right, y) = (scale.x(index), scale.x(index + 1), scale.y(watts));
        match pen {
            Pen::Up => add(&mut path, format_args!("M{left} {y}H{right}")),
            Pen::Down => add(&mut path, format_args!("V{y}H{right}")),
        }
        pen = Pen::Down;
    }
    if !path.is_empty() {
        add(
            svg,
            format_args!(
                "<path class=\"curve-line\" d=\"{path}\" fill=\"none\" stroke=\"#0b5563\" stroke-width=\"3\" \
                 stroke-linejoin=\"round\"/>"
            ),
        );
    }
}

enum Pen {
    Up,
    Down,
}

fn hours(svg: &mut String, curve: &Curve<'_>, scale: &Scale) {
    let zero = scale.y(0);
    add(
        svg,
        format_args!(
            "<path class=\"curve-axis\" d=\"M{LEFT} {zero}H{WIDTH}\" stroke=\"#1c2b2d\" stroke-width=\"2\"/>"
        ),
    );
    let whole = with_upcoming(curve);
    for HourMark { slot, label } in hour_marks(curve.lang, &whole, curve.step_minutes) {
        let x = scale.x(slot);
        let anchor = match slot {
            0 => "start",
            last if last == whole.len() => "end",
            _ => "middle",
        };
        add(
            svg,
            format_args!(
                "<path class=\"curve-tick\" d=\"M{x} {BOTTOM}v8\" stroke=\"#1c2b2d\" stroke-width=\"2\"/>\
                 <text class=\"curve-label\" x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\" font-size=\"14\">{label}</text>",
                HEIGHT - 12,
            ),
        );
    }
}

/// The slots with those yet to come, for the hours of the axis.
fn with_upcoming(curve: &Curve<'_>) -> Vec<Slot> {
    let mut slots = curve.slots.to_vec();
    for _ in 0..curve.upcoming {
        let Some(last) = slots.last() else { break };
        let start = last.start.plus_minutes(curve.step_minutes);
        slots.push(Slot {
            start,
            watt_hours: None,
        });
    }
    slots
}

/// Runs of slots without a value, as half-open ranges of indices.
pub(crate) fn missing_runs(slots: &[Slot]) -> Vec<(usize, usize)> {
    runs_without(slots.iter().map(|slot| slot.watt_hours))
}

/// The same for any row of values.
fn runs_without(values: impl Iterator<Item = Option<i64>>) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (index, _) in values.enumerate().filter(|(_, value)| value.is_none()) {
        match runs.last_mut() {
            Some((_, end)) if *end == index => *end += 1,
            _ => runs.push((index, index + 1)),
        }
    }
    runs
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

fn add(text: &mut String, piece: fmt::Arguments<'_>) {
    // Writing to a string fails only when a value's own formatting does, and ours does not.
    let _ = text.write_fmt(piece);
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::{any, proptest};

    use super::{Curve, Drawing, Moment, Slot, draw, missing_runs};
    use crate::lang::Lang;

    /// 2026-11-13T23:00:00Z, midnight in Paris.
    const MIDNIGHT: Moment = Moment(1_794_610_800_000_000);

    fn slots(values: &[Option<i64>]) -> Vec<Slot> {
        let mut start = MIDNIGHT;
        let mut slots = Vec::new();
        for value in values {
            slots.push(Slot {
                start,
                watt_hours: *value,
            });
            start = start.plus_minutes(30);
        }
        slots
    }

    fn drawn(values: &[Option<i64>], drawing: Drawing) -> String {
        let slots = slots(values);
        let curve = Curve {
            id: "day",
            title: "<Maison> & \"jardin\"",
            description: "Une journée",
            lang: Lang::French,
            slots: &slots,
            upcoming: 0,
            step_minutes: 30,
            drawing,
        };
        draw(&curve).to_string()
    }

    #[test]
    fn what_is_yet_to_come_is_neither_drawn_nor_a_gap() {
        let slots = slots(&[Some(100)]);
        let curve = Curve {
            id: "day",
            title: "t",
            description: "d",
            lang: Lang::French,
            slots: &slots,
            upcoming: 47,
            step_minutes: 30,
            drawing: Drawing::Bars,
        };
        let svg = draw(&curve).to_string();
        assert_eq!(
            (svg.matches("curve-bar").count(), svg.matches("curve-gap").count()),
            (1, 0)
        );
        assert_eq!(svg.matches("curve-tick").count(), 5);
    }

    #[test]
    fn one_bar_stands_for_each_measured_slot() {
        let svg = drawn(&[Some(100), None, Some(0), Some(-50)], Drawing::Bars);
        assert_eq!(svg.matches("curve-bar").count(), 3);
        assert_eq!(svg.matches("curve-gap").count(), 1);
    }

    #[test]
    fn a_gap_breaks_the_line() {
        let svg = drawn(&[Some(100), Some(120), None, Some(90)], Drawing::Steps);
        let line = svg.split("class=\"curve-line\" d=\"").nth(1).unwrap();
        assert_eq!(line.split('"').next().unwrap().matches('M').count(), 2);
    }

    #[test]
    fn neighbouring_gaps_are_one_run() {
        assert_eq!(
            missing_runs(&slots(&[None, None, Some(1), None])),
            [(0, 2), (3, 4)]
        );
    }

    #[test]
    fn outside_text_is_escaped() {
        let svg = drawn(&[Some(1)], Drawing::Bars);
        assert!(svg.contains("&lt;Maison&gt; &amp; &quot;jardin&quot;"));
        assert!(!svg.contains("style="));
    }

    #[test]
    fn half_an_hour_of_500_watt_hours_is_1000_watts() {
        assert_eq!(
            Slot {
                start: MIDNIGHT,
                watt_hours: Some(500)
            }
            .mean_watts(30),
            Some(1000)
        );
    }

    #[test]
    fn a_day_without_any_value_is_one_gap() {
        let svg = drawn(&[None; 48], Drawing::Bars);
        assert_eq!(svg.matches("curve-gap").count(), 1);
        assert!(!svg.contains("curve-bar"));
    }

    proptest! {
        #[test]
        fn any_curve_stays_inside_its_frame(values in vec(option::of(any::<i64>()), 0..60)) {
            for drawing in [Drawing::Bars, Drawing::Steps] {
                let svg = drawn(&values, drawing);
                for y in svg.split(" y=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                    let y: f64 = y.parse().unwrap();
                    assert!((0.0..=300.0).contains(&y), "y {y} outside the frame");
                }
            }
        }
    }
}
