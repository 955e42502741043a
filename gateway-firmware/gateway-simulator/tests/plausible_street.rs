//! The street looks like a French street.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a test stops at the first surprise, and shapes are compared as fractions"
)]

use std::collections::BTreeSet;
use std::io::Read;

use gateway_simulator::{DayTrace, Household, Street};
use jiff::civil::{Date, date};

const NOVEMBER: Date = date(2026, 11, 1);
const DAYS: usize = 30;

fn street(seed: u64, first: Date) -> Street {
    Street::opened_on(seed, 120, first).unwrap()
}

fn drawn_kwh(trace: &DayTrace) -> f64 {
    (trace.closing().drawn.0 - trace.opening().drawn.0) as f64 / 1000.0
}

/// Mean half-hourly power over households and days, W.
fn mean_curve(street: &Street, first: Date, days: usize) -> Vec<f64> {
    let mut curve = vec![0.0; 48];
    let count = (street.households().len() * days) as f64;
    for trace in street
        .households()
        .iter()
        .flat_map(|household| household.days(first).take(days))
    {
        for (place, energy) in curve.iter_mut().zip(trace.half_hours()) {
            *place += 2.0 * energy.0 as f64 / count;
        }
    }
    curve
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The value below which `per_mille` thousandths lie.
fn quantile(values: &mut [f64], per_mille: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * per_mille / 1000]
}

#[test]
fn november_days_use_what_french_homes_use() {
    for seed in [1, 2] {
        let street = street(seed, NOVEMBER);
        let means: Vec<f64> = street
            .households()
            .iter()
            .map(|household| {
                household
                    .days(NOVEMBER)
                    .take(DAYS)
                    .map(|day| drawn_kwh(&day))
                    .sum::<f64>()
                    / 30.0
            })
            .collect();
        let all = mean(&means);
        assert!((8.0..45.0).contains(&all), "mean of seed {seed}: {all}");
        let lived_in: Vec<f64> = means.iter().copied().filter(|&kwh| kwh > 4.0).collect();
        assert!(
            lived_in.len() >= 105,
            "seed {seed}: {} homes in use",
            lived_in.len()
        );
        assert!(
            means.iter().all(|kwh| (0.8..95.0).contains(kwh)),
            "seed {seed}: {means:?}"
        );
    }
}

#[test]
fn curve_has_a_night_bump_a_morning_and_an_evening_peak() {
    let curve = mean_curve(&street(1, NOVEMBER), NOVEMBER, 14);
    let around = |from: usize, until: usize| mean(&curve[from * 2..until * 2]);
    let (night, before_dawn, morning, afternoon, evening) = (
        around(0, 4),
        around(4, 6),
        around(7, 9),
        around(14, 17),
        around(19, 21),
    );
    assert!(
        night > before_dawn * 1.15,
        "tanks at night: {night} against {before_dawn}"
    );
    assert!(
        morning > before_dawn * 1.05,
        "morning {morning} against {before_dawn}"
    );
    assert!(morning > afternoon, "morning {morning} against {afternoon}");
    assert!(evening > afternoon * 1.5, "evening {evening} against {afternoon}");
    assert!(
        (0.5..1.3).contains(&(night / evening)),
        "night over evening {}",
        night / evening
    );
    let load_factor = mean(&curve) / curve.iter().copied().fold(0.0, f64::max);
    assert!((0.4..0.8).contains(&load_factor), "load factor {load_factor}");
}

#[test]
fn winter_uses_more_than_summer_and_summer_gives_sun() {
    let month = |first: Date| {
        let street = street(5, first);
        let traces = street
            .households()
            .iter()
            .flat_map(|household| household.days(first).take(10));
        traces.fold((0, 0), |(drawn, injected), trace| {
            (
                drawn + trace.closing().drawn.0 - trace.opening().drawn.0,
                injected + trace.closing().injected.0 - trace.opening().injected.0,
            )
        })
    };
    let (january, july) = (month(date(2026, 1, 10)), month(date(2026, 7, 1)));
    assert!(january.0 > 2 * july.0 - july.0 / 2, "{january:?} {july:?}");
    assert!(july.1 > 2 * january.1, "{january:?} {july:?}");
}

#[test]
fn half_hours_add_up_to_the_index_and_days_follow_without_a_seam() {
    let first = date(2026, 10, 23);
    for household in Street::opened_on(9, 30, first).unwrap().households() {
        let traces: Vec<DayTrace> = household.days(first).take(4).collect();
        for trace in &traces {
            let sum: u64 = trace.half_hours().iter().map(|energy| energy.0).sum();
            assert_eq!(sum, trace.closing().drawn.0 - trace.opening().drawn.0);
            assert_eq!(trace.registers_at(trace.starts_at_us()), *trace.opening());
            assert_eq!(trace.registers_at(trace.ends_at_us()), *trace.closing());
            // The loads say the same, but for the fraction carried over midnight.
            let watt_minutes: i64 = trace.loads().iter().map(|load| load.net_watts().max(0)).sum();
            assert!((watt_minutes / 60).abs_diff(sum.cast_signed()) <= 1);
        }
        for pair in traces.windows(2) {
            assert_eq!(pair[0].closing(), pair[1].opening());
        }
        // 25 October 2026 has 25 hours.
        assert_eq!(traces[2].half_hours().len(), 50);
        assert_eq!(*household.day(date(2026, 10, 26)).opening(), *traces[3].opening());
    }
}

#[test]
fn equal_seeds_give_equal_bytes_and_others_do_not() {
    let bytes = |seed, index: usize| -> Vec<(i64, Vec<u8>)> {
        let street = street(seed, NOVEMBER);
        let from_us = street.households()[index].day(NOVEMBER).starts_at_us();
        street.households()[index]
            .frames(from_us, from_us + 86_400_000_000, 1800)
            .collect()
    };
    for index in [0, 17, 119] {
        assert_eq!(bytes(42, index), bytes(42, index));
        assert_ne!(bytes(42, index), bytes(43, index));
    }
}

#[test]
fn a_frame_does_not_depend_on_where_listening_began() {
    let street = street(8, NOVEMBER);
    let household = &street.households()[3];
    let from_us = household.day(NOVEMBER).starts_at_us();
    let until_us = from_us + 4 * 86_400_000_000;
    let long: Vec<_> = household.frames(from_us, until_us, 1800).collect();
    let late_us = from_us + 3 * 86_400_000_000 + 7_000_000_000;
    let short: Vec<_> = household.frames(late_us, until_us, 1800).collect();
    assert!(short.len() > 10);
    // The breaker filter started a day earlier in one of them; its trace fades within the hour.
    assert_eq!(long[long.len() - short.len()..], short);
}

#[test]
fn no_two_households_live_the_same_day() {
    let street = street(6, NOVEMBER);
    let days: BTreeSet<Vec<u64>> = street
        .households()
        .iter()
        .map(|household| {
            household
                .day(NOVEMBER)
                .half_hours()
                .iter()
                .map(|energy| energy.0)
                .collect()
        })
        .collect();
    assert_eq!(days.len(), 120);
    let numbers: BTreeSet<(&str, &str)> = street
        .households()
        .iter()
        .map(|household| (household.serial().as_str(), household.delivery_point().as_str()))
        .collect();
    assert_eq!(numbers.len(), 120);
    for (serial, point) in numbers {
        assert!(
            serial.len() == 12 && serial.get(6..8) == Some("90"),
            "unit number of a fake"
        );
        assert!(point.len() == 14 && point.starts_with("99"));
    }
}

#[test]
fn gateways_are_silent_on_a_few_days() {
    let street = street(10, NOVEMBER);
    let silent = |household: &Household| {
        (1..=30)
            .filter(|&day| household.silence(date(2026, 11, day)).is_some())
            .count()
    };
    let days: usize = street.households().iter().map(silent).sum();
    let share = days as f64 / 3600.0;
    assert!((0.02..0.04).contains(&share), "{share} of the days");
    let household = street
        .households()
        .iter()
        .find(|household| silent(household) > 0)
        .unwrap();
    let gap = (1..=30)
        .find_map(|day| household.silence(date(2026, 11, day)))
        .unwrap();
    assert_eq!(household.frames(gap.start, gap.end, 600).count(), 0);
    let around = household
        .frames(gap.start - 3_600_000_000, gap.end + 3_600_000_000, 600)
        .count();
    assert!((1..=12).contains(&around), "{around} frames in the hours around");
}

#[test]
fn thousands_of_households_have_numbers_of_their_own() {
    let street = Street::opened_on(1, 10_000, NOVEMBER).unwrap();
    let serials: BTreeSet<&str> = street
        .households()
        .iter()
        .map(|household| household.serial().as_str().split_at(6).1)
        .collect();
    assert_eq!(serials.len(), 10_000);
}

/// London homes heat with gas and have no tank on a contact: only the order of magnitude and the spread compare.
#[test]
fn daily_energy_spreads_as_in_real_homes() {
    let Some(folder) = test_fixtures::fixtures("load-curves") else {
        return;
    };
    let file = std::fs::File::open(folder.join("lcl-2013-halfhourly-wh-67.csv.gz")).unwrap();
    let mut table = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut table)
        .unwrap();
    let rows: Vec<Vec<Option<f64>>> = table
        .lines()
        .filter(|line| line.starts_with("2013-11"))
        .map(|line| line.split(',').skip(1).map(|cell| cell.parse().ok()).collect())
        .collect();
    let mut real = Vec::new();
    for day in rows.chunks_exact(48) {
        for column in 0..day[0].len() {
            let cells: Option<Vec<f64>> = day.iter().map(|row| row[column]).collect();
            real.extend(cells.map(|cells| cells.iter().sum::<f64>() / 1000.0));
        }
    }
    assert!(real.len() > 1000);
    let street = street(1, NOVEMBER);
    let mut ours: Vec<f64> = street
        .households()
        .iter()
        .flat_map(|household| household.days(NOVEMBER).take(DAYS))
        .map(|trace| drawn_kwh(&trace))
        .collect();
    for share in [250, 500, 750, 950] {
        let ratio = quantile(&mut ours, share) / quantile(&mut real, share);
        assert!((0.6..2.5).contains(&ratio), "quantile {share}: ratio {ratio}");
    }
}
