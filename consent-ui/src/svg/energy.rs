//! Energy of days or months, one bar each, on a scale of its own in kilowatt-hours.

use std::fmt::Write as _;

use super::{
    BOTTOM, HEIGHT, LEFT, Scale, Svg, Tenths, WIDTH, add, escaped, gaps, levels, open, runs_without,
};
use crate::format;
use crate::lang::Lang;

/// One day or month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What was measured of it, in watt-hours; `None` when nothing was.
    pub watt_hours: Option<i64>,
    /// Whether that is only a part: such a bar has a broken edge.
    pub partial: bool,
    /// What stands under it; empty for most.
    pub label: String,
}

/// Bars to draw.
#[derive(Debug, Clone, Copy)]
pub struct EnergyChart<'a> {
    /// Prefix of the ids inside the drawing; unique on the page, letters and hyphens only.
    pub id: &'a str,
    /// What the drawing shows, read out first.
    pub title: &'a str,
    /// What a person who does not see it needs to know.
    pub description: &'a str,
    /// The language of the axes.
    pub lang: Lang,
    /// The bars in order of time.
    pub bars: &'a [Bar],
    /// Labels of days or months yet to come, which are neither drawn nor gaps.
    pub upcoming: &'a [String],
}

/// Draws energy against days or months.
pub fn draw_energy(chart: &EnergyChart<'_>) -> Svg {
    let values = chart.bars.iter().map(|bar| bar.watt_hours);
    let upcoming = u32::try_from(chart.upcoming.len()).unwrap_or(u32::MAX);
    let scale = Scale::over(values.clone(), upcoming);
    let mut svg = String::with_capacity(4 * 1024);
    open(&mut svg, chart.id, chart.title, chart.description, chart.lang);
    levels(&mut svg, &scale, |watt_hours| {
        format::energy_mark(chart.lang, watt_hours)
    });
    gaps(&mut svg, chart.id, &runs_without(values), &scale);
    let zero = scale.y(0);
    for (index, bar) in chart.bars.iter().enumerate() {
        let Some(watt_hours) = bar.watt_hours else {
            continue;
        };
        let (left, right, value) = (scale.x(index), scale.x(index + 1), scale.y(watt_hours));
        let margin = (right.0 - left.0) / 10;
        let (top, bottom) = (value.min(zero), value.max(zero));
        let class = if bar.partial {
            "curve-bar curve-part"
        } else {
            "curve-bar"
        };
        add(
            &mut svg,
            format_args!(
                "<rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{}\" fill=\"#0b5563\"/>",
                Tenths(left.0 + margin),
                Tenths((right.0 - left.0 - 2 * margin).max(5)),
                Tenths((bottom.0 - top.0).max(10)),
            ),
        );
    }
    axis(&mut svg, chart, &scale);
    svg.push_str("</svg>");
    Svg(svg)
}

fn axis(svg: &mut String, chart: &EnergyChart<'_>, scale: &Scale) {
    let zero = scale.y(0);
    let _ = write!(
        svg,
        "<path class=\"curve-axis\" d=\"M{LEFT} {zero}H{WIDTH}\" stroke=\"#1c2b2d\" stroke-width=\"2\"/>"
    );
    let labels = chart.bars.iter().map(|bar| &bar.label).chain(chart.upcoming);
    for (index, label) in labels.enumerate().filter(|(_, label)| !label.is_empty()) {
        let middle = Tenths(i128::midpoint(scale.x(index).0, scale.x(index + 1).0));
        add(
            svg,
            format_args!(
                "<path class=\"curve-tick\" d=\"M{middle} {BOTTOM}v8\" stroke=\"#1c2b2d\" stroke-width=\"2\"/>\
                 <text class=\"curve-label\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"14\">{}</text>",
                HEIGHT - 12,
                escaped(label),
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Bar, EnergyChart, draw_energy};
    use crate::lang::Lang;

    fn drawn(values: &[Option<i64>], upcoming: usize) -> String {
        let bars: Vec<Bar> = values
            .iter()
            .zip(1..)
            .map(|(watt_hours, number)| Bar {
                watt_hours: *watt_hours,
                partial: *watt_hours == Some(1),
                label: if number == 1 { "1".into() } else { String::new() },
            })
            .collect();
        draw_energy(&EnergyChart {
            id: "month",
            title: "t",
            description: "d",
            lang: Lang::French,
            bars: &bars,
            upcoming: &vec![String::new(); upcoming],
        })
        .to_string()
    }

    #[test]
    fn one_bar_stands_for_each_measured_day_and_gaps_are_hatched() {
        let svg = drawn(&[Some(9_000), None, None, Some(0), Some(1)], 3);
        assert_eq!(svg.matches("class=\"curve-bar").count(), 3);
        assert_eq!(svg.matches("curve-gap").count(), 1);
        assert_eq!(svg.matches("curve-part").count(), 1);
        assert_eq!(svg.matches("curve-tick").count(), 1);
        assert!(!svg.contains("style="));
    }

    #[test]
    fn levels_are_in_kilowatt_hours() {
        let svg = drawn(&[Some(9_000)], 0);
        assert!(svg.contains(">5\u{a0}kWh<"), "{svg}");
        assert!(drawn(&[Some(900)], 0).contains(">0,5\u{a0}kWh<"));
    }
}
