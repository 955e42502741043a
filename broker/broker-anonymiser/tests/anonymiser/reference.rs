//! The threshold and dominance counts of 67 real homes, against numbers computed elsewhere.

use std::io::Read as _;

use broker_anonymiser::{Aggregate, Aggregation, Cell, Percent, WattHours};

use test_fixtures::fixtures;

use crate::support::home;

type Curve = Vec<Option<WattHours>>;

fn curves() -> Option<Vec<Curve>> {
    let file = std::fs::File::open(fixtures("load-curves/lcl-2013-halfhourly-wh-67.csv.gz")?).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    let mut lines = text.lines();
    let homes = lines.next().unwrap().split(',').count() - 1;
    let mut curves = vec![Curve::new(); homes];
    for line in lines {
        for (curve, field) in curves.iter_mut().zip(line.split(',').skip(1)) {
            curve.push((!field.is_empty()).then(|| WattHours(field.parse().unwrap())));
        }
    }
    Some(curves)
}

fn aggregate(curves: &[Curve], keep: impl Fn(usize) -> bool) -> Aggregate {
    let mut aggregation = Aggregation::new(u32::try_from(curves[0].len()).unwrap());
    for (index, curve) in curves.iter().enumerate().filter(|(index, _)| keep(*index)) {
        aggregation
            .add(home(u32::try_from(index).unwrap()), &[curve])
            .unwrap();
    }
    aggregation.finish()
}

fn count(aggregate: &Aggregate, test: impl Fn(&Cell) -> bool) -> u64 {
    aggregate.cells().iter().filter(|cell| test(cell)).count() as u64
}

#[test]
fn the_counts_of_the_reference_are_met_exactly() {
    let (Some(curves), Some(metrics)) = (curves(), fixtures("load-curves/reference-metrics.json")) else {
        return;
    };
    let metrics: serde_json::Value = serde_json::from_slice(&std::fs::read(metrics).unwrap()).unwrap();
    let percent = |value| Percent::new(value).unwrap();

    let everybody = aggregate(&curves, |_| true);
    assert_eq!(metrics["households"], everybody.members().count().0);
    assert_eq!(metrics["slots"], everybody.cells().len());
    let readings: u64 = everybody
        .cells()
        .iter()
        .map(|cell| u64::from(cell.count().0))
        .sum();
    assert_eq!(metrics["missing"], 67 * 17_520 - readings);
    assert_eq!(
        metrics["sum_wh_all"],
        everybody.cells().iter().map(|cell| cell.sum().0).sum::<i64>()
    );

    for group in 0..3 {
        let expected = &metrics["threshold_dominance"]["values"][format!("group_mod3_{group}")];
        let found = aggregate(&curves, |index| index % 3 == group);
        assert_eq!(expected["members"], found.members().count().0);
        assert_eq!(
            expected["sum_wh"],
            found.cells().iter().map(|cell| cell.sum().0).sum::<i64>()
        );
        assert_eq!(
            expected["slots_n_lt_10"],
            count(&found, |cell| cell.count().0 < 10)
        );
        assert_eq!(
            expected["slots_n_lt_15"],
            count(&found, |cell| cell.count().0 < 15)
        );
        for (key, share) in [
            ("slots_top1_share_gt_15pct", 15),
            ("slots_top1_share_gt_50pct", 50),
        ] {
            assert_eq!(
                expected[key],
                count(&found, |cell| cell.largest_share_exceeds(percent(share))),
                "{key}"
            );
        }
        // The reference counts "at least 85 %" and finds none, so that none is above either.
        assert_eq!(expected["slots_top1_share_ge_85pct"], 0);
        assert_eq!(count(&found, |cell| cell.largest_share_exceeds(percent(85))), 0);
        assert_eq!(
            expected["slots_p10_rule_unsafe"],
            count(&found, |cell| cell.remainder_below(percent(10)))
        );
        assert_eq!(
            expected["slots_nk_2_90_unsafe"],
            count(&found, |cell| cell.two_largest_share_exceeds(percent(90)))
        );
    }
}

/// The groups of the reference hold no cell that fails p % or (n, k). Groups of three homes hold thousands,
/// so that the two tests are compared with a second, slower definition on real data.
#[test]
fn small_real_groups_agree_with_the_definitions() {
    let Some(curves) = curves() else { return };
    let found = aggregate(&curves[..3], |_| true);
    let (mut p_unsafe, mut nk_unsafe) = (0, 0);
    for (slot, cell) in found.cells().iter().enumerate() {
        let mut values: Vec<i64> = curves[..3]
            .iter()
            .filter_map(|curve| curve[slot])
            .map(|wh| wh.0)
            .collect();
        values.sort_unstable_by_key(|value| -value);
        let sum: i64 = values.iter().sum();
        let rest: i64 = values.iter().skip(2).sum();
        let largest = values.first().copied().unwrap_or(0);
        assert_eq!(
            cell.remainder_below(Percent::new(10).unwrap()),
            10 * rest < largest
        );
        assert_eq!(
            cell.two_largest_share_exceeds(Percent::new(90).unwrap()),
            (sum - rest) * 10 > 9 * sum
        );
        p_unsafe += i32::from(10 * rest < largest);
        nk_unsafe += i32::from((sum - rest) * 10 > 9 * sum);
    }
    assert!(p_unsafe > 100 && nk_unsafe > 100, "{p_unsafe} {nk_unsafe}");
}
