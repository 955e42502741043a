//! Readings aggregated per second on one thread, beside the ceiling of the same run: the plain sum of the
//! same memory.
//!
//! `cargo run -p broker-anonymiser --example aggregate_speed --release`
#![allow(clippy::print_stdout, reason = "an example prints its figures")]

use std::{hint::black_box, time::Instant};

use anyhow::Context as _;
use broker_anonymiser::{Aggregation, HouseholdIndex, WattHours};

const HOMES: u32 = 2_000;
/// A year of half hours.
const SLOTS: u32 = 17_520;
const ROUNDS: u32 = 5;

fn main() -> anyhow::Result<()> {
    println!("{HOMES} homes x {SLOTS} slots, best of {ROUNDS}, one thread");
    let complete = curves(|_, _| true);
    let gaps = curves(|home, slot| !(home.is_multiple_of(10) && (slot / 48).is_multiple_of(7)));
    let (summed, ceiling) = best(|| Ok(complete.iter().flatten().flatten().map(|wh| wh.0).sum::<i64>()))?;
    println!(
        "ceiling, plain sum of the same memory: {:>6.0} M readings/s",
        rate(ceiling)
    );
    for (name, curves) in [("complete curves", &complete), ("10 % of homes with gaps", &gaps)] {
        let (total, seconds) = best(|| {
            let mut aggregation = Aggregation::new(SLOTS);
            for (index, curve) in (0_u32..).zip(curves) {
                let home = HouseholdIndex::new(index).context("an index below the limit")?;
                aggregation.add(home, &[curve])?;
            }
            Ok(aggregation
                .finish()
                .cells()
                .iter()
                .map(|cell| cell.sum().0)
                .sum::<i64>())
        })?;
        if name == "complete curves" {
            anyhow::ensure!(total == summed, "both computations agree");
        }
        println!("aggregation, {name}: {:>6.0} M readings/s", rate(seconds));
    }
    Ok(())
}

fn curves(measured: impl Fn(u32, u32) -> bool) -> Vec<Vec<Option<WattHours>>> {
    let reading = |home: u32, slot: u32| {
        measured(home, slot).then(|| {
            WattHours(i64::from(
                home.wrapping_mul(2_654_435_761).rotate_left(slot % 32) % 3_000,
            ))
        })
    };
    (0..HOMES)
        .map(|home| (0..SLOTS).map(|slot| reading(home, slot)).collect())
        .collect()
}

fn best<T>(mut work: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<(T, f64)> {
    let mut fastest: Option<(T, f64)> = None;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let result = black_box(work()?);
        let seconds = begun.elapsed().as_secs_f64();
        if fastest.as_ref().is_none_or(|(_, best)| seconds < *best) {
            fastest = Some((result, seconds));
        }
    }
    fastest.context("at least one round")
}

fn rate(seconds: f64) -> f64 {
    f64::from(HOMES) * f64::from(SLOTS) / seconds / 1e6
}
