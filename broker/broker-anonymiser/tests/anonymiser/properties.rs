//! What holds for every input.

use broker_anonymiser::{Aggregation, CellStatus, Decision, Percent, QueryRecord, Suppression, WattHours};
use proptest::prelude::*;

use crate::support::{filled, home, planned, released, short, usual};

fn reading() -> impl Strategy<Value = Option<WattHours>> {
    prop_oneof![
        Just(None),
        Just(Some(WattHours(0))),
        (0_i64..5_000).prop_map(|wh| Some(WattHours(wh))),
        any::<i64>().prop_map(|wh| Some(WattHours(wh))),
    ]
}

fn modest() -> impl Strategy<Value = Option<WattHours>> {
    prop_oneof![1 => Just(None), 5 => (0_i64..5_000).prop_map(|wh| Some(WattHours(wh)))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_reading_is_added_or_refused(
        curves in prop::collection::vec(prop::collection::vec(reading(), 8..12), 0..20),
    ) {
        let mut aggregation = Aggregation::new(10);
        let (mut sum, mut count) = (0_i128, 0_u32);
        for (index, curve) in (0..).zip(&curves) {
            if aggregation.add(home(index), &[curve]).is_ok() {
                sum += curve.iter().flatten().map(|wh| i128::from(wh.0)).sum::<i128>();
                count += u32::try_from(curve.iter().flatten().count()).unwrap();
            }
        }
        let aggregate = aggregation.finish();
        prop_assert_eq!(aggregate.cells().iter().map(|cell| i128::from(cell.sum().0)).sum::<i128>(), sum);
        prop_assert_eq!(aggregate.cells().iter().map(|cell| cell.count().0).sum::<u32>(), count);
    }

    #[test]
    fn the_order_of_the_homes_does_not_matter(
        curves in prop::collection::vec(prop::collection::vec(modest(), 10), 1..30),
    ) {
        let homes: Vec<u32> = (0..).take(curves.len()).collect();
        let plan = planned(short(100));
        let reading = |home: u32, slot: u32| curves[home as usize][slot as usize];
        let forward = filled(&plan, homes.iter().copied(), reading);
        let backward = filled(&plan, homes.iter().rev().copied(), reading);
        prop_assert_eq!(forward.cells(), backward.cells());
        prop_assert_eq!(forward.members(), backward.members());
    }

    #[test]
    fn the_two_largest_are_those_of_a_sort(values in prop::collection::vec(0_i64..10_000, 1..40), share in 1_u8..=100) {
        let mut aggregation = Aggregation::new(1);
        for (index, value) in (0..).zip(&values) {
            aggregation.add(home(index), &[&[Some(WattHours(*value))]]).unwrap();
        }
        let mut sorted = values.clone();
        sorted.sort_unstable_by_key(|value| -value);
        let sum: i64 = sorted.iter().sum();
        let (first, two) = (sorted[0], sorted.iter().take(2).sum::<i64>());
        let (limit, percent) = (i64::from(share), Percent::new(share).unwrap());
        let aggregate = aggregation.finish();
        let cell = aggregate.cells()[0];
        prop_assert_eq!(cell.largest_share_exceeds(percent), first * 100 > limit * sum);
        prop_assert_eq!(cell.two_largest_share_exceeds(percent), two * 100 > limit * sum);
        prop_assert_eq!(cell.remainder_below(percent), (sum - two) * 100 < limit * first);
    }

    #[test]
    fn one_more_home_never_makes_a_cell_too_small(
        present in prop::collection::vec(90_u32..130, 10),
        newcomer in prop::collection::vec(modest(), 10),
    ) {
        let plan = planned(short(100));
        let reading = |home: u32, slot: u32| {
            if home == 130 { newcomer[slot as usize] } else { (home < present[slot as usize]).then_some(WattHours(100)) }
        };
        let too_small = |last: u32| -> Vec<bool> {
            filled(&plan, 0..last, reading)
                .cells()
                .iter()
                .map(|cell| cell.judge(plan.policy()) == CellStatus::Suppressed(Suppression::TooFewHouseholds))
                .collect()
        };
        for (before, after) in too_small(130).into_iter().zip(too_small(131)) {
            prop_assert!(before || !after);
        }
    }

    #[test]
    fn no_shown_cell_has_fewer_homes_than_the_rule_asks(
        curves in prop::collection::vec(prop::collection::vec(modest(), 10), 110..130),
    ) {
        let plan = planned(short(110));
        let homes = 0..u32::try_from(curves.len()).unwrap();
        let aggregate = filled(&plan, homes, |home, slot| curves[home as usize][slot as usize]);
        if let Ok(Decision::Release(release)) = plan.decide(&aggregate, &[]) {
            for (cell, status) in aggregate.cells().iter().zip(release.cells()) {
                if let CellStatus::Published { mean, homes } = status {
                    prop_assert!(homes.0 >= 100 && *homes == cell.count());
                    let off = mean.0 * i64::from(homes.0) - cell.sum().0;
                    prop_assert!(off.abs() * 2 <= i64::from(homes.0), "rounded by more than half a Wh");
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_a_record_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..80), place in 0_usize..400, flip in 1_u8..) {
        let mut record = released(short(100), 0..100, usual).query().encode();
        let place = place % record.len();
        record[place] ^= flip;
        if let Ok(read) = QueryRecord::decode(&record) {
            prop_assert_eq!(read.encode(), record);
        }
        bytes.splice(0..0, *b"FQR1");
        if let Ok(read) = QueryRecord::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}
