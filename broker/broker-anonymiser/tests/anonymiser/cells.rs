//! What is shown, what is hidden, and what nobody measured.

use broker_anonymiser::{
    AggregateError, CellStatus, Direction, HouseholdCount, LARGEST_READING, Suppression, WattHours,
};
use jiff::tz::TimeZone;

use crate::support::{
    HALF_HOUR, decided, filled, home, period, planned, refusal_codes, released, request, short, usual,
};

fn wh(value: i64) -> Option<WattHours> {
    Some(WattHours(value))
}

fn shown(mean: i64, homes: u32) -> CellStatus {
    CellStatus::Published {
        mean: WattHours(mean),
        homes: HouseholdCount(homes),
    }
}

#[test]
fn zero_nothing_and_hidden_are_three_things() {
    let release = released(short(120), 0..120, |home, slot| match slot {
        0 => wh(0),
        1 => None,
        2 => (home < 99).then_some(WattHours(200)),
        3 => (home < 100).then_some(WattHours(200)),
        _ => wh(200),
    });
    assert_eq!(
        release.cells()[..5],
        [
            shown(0, 120),
            CellStatus::NoData,
            CellStatus::Suppressed(Suppression::TooFewHouseholds),
            shown(200, 100),
            shown(200, 120),
        ]
    );
    let counts = release.counts();
    assert_eq!((counts.ok, counts.suppressed, counts.no_data), (8, 1, 1));
}

#[test]
fn a_household_with_two_meters_counts_once() {
    let plan = planned(short(100));
    let mut aggregation = plan.aggregation();
    let (day, night) = ([wh(100); 10], [wh(50); 10]);
    for index in 0..99 {
        aggregation.add(home(index), &[&day, &night]).unwrap();
    }
    aggregation.add(home(99), &[&day, &[None; 10]]).unwrap();
    let aggregate = aggregation.finish();
    assert_eq!(aggregate.cells()[0].count(), HouseholdCount(100));
    assert_eq!(aggregate.cells()[0].sum(), WattHours(99 * 150 + 100));
}

#[test]
fn a_household_added_twice_is_an_error_and_changes_nothing() {
    let plan = planned(short(100));
    let mut aggregation = plan.aggregation();
    aggregation.add(home(7), &[&[wh(100); 10]]).unwrap();
    assert_eq!(
        aggregation.add(home(7), &[&[wh(900); 10]]),
        Err(AggregateError::AddedTwice)
    );
    assert_eq!(aggregation.finish().cells()[0].sum(), WattHours(100));
}

#[test]
fn impossible_readings_are_errors_and_change_nothing() {
    let plan = planned(short(100));
    let mut aggregation = plan.aggregation();
    let mut bad = [wh(1); 10];
    bad[4] = wh(-1);
    assert!(
        matches!(aggregation.add(home(1), &[&bad]), Err(AggregateError::Negative { slot }) if slot.0 == 4)
    );
    assert!(matches!(
        aggregation.add(home(1), &[&bad, &[wh(5); 10]]),
        Err(AggregateError::Negative { slot }) if slot.0 == 4
    ));
    bad[4] = Some(WattHours(LARGEST_READING.0 + 1));
    assert!(
        matches!(aggregation.add(home(1), &[&bad]), Err(AggregateError::TooLarge { slot }) if slot.0 == 4)
    );
    bad[4] = wh(i64::MAX);
    assert!(aggregation.add(home(1), &[&bad, &bad]).is_err());
    let largest = [Some(LARGEST_READING); 10];
    assert!(aggregation.add(home(1), &[&largest, &[wh(1); 10]]).is_err());
    assert!(aggregation.add(home(1), &[&[wh(1); 9]]).is_err());
    let aggregate = aggregation.finish();
    assert!(aggregate.members().is_empty());
    assert!(aggregate.cells().iter().all(|cell| cell.count().0 == 0));
}

#[test]
fn one_home_that_is_the_larger_part_hides_the_cell() {
    // 99 homes of 100 Wh are 9,900 Wh: at 9,900 the hundredth home is exactly half, above it is more.
    let curve = |home, slot| match (home, slot) {
        (0, 1) => wh(9_900),
        (0, 2) => wh(9_901),
        _ => wh(100),
    };
    let release = released(short(100), 0..100, curve);
    assert_eq!(release.cells()[1], shown(198, 100));
    assert_eq!(release.cells()[2], CellStatus::Suppressed(Suppression::Dominance));
    assert_eq!(release.cells()[3], shown(100, 100));
}

#[test]
fn two_homes_that_are_nearly_all_hide_the_cell() {
    // 98 homes of 10 Wh are 980 Wh; two of 4,410 Wh are exactly 90 % of 9,800 Wh, two of 4,411 are more.
    let curve = |home, slot| match (home, slot) {
        (0 | 1, 1) => wh(4_410),
        (0 | 1, 2) => wh(4_411),
        _ => wh(10),
    };
    let release = released(short(100), 0..100, curve);
    assert_eq!(release.cells()[1], shown(98, 100));
    assert_eq!(release.cells()[2], CellStatus::Suppressed(Suppression::Dominance));
}

#[test]
fn the_p_percent_rule_hides_what_the_second_home_could_work_out() {
    // Small injection groups can pass the share tests of a lax rule; p % is then the one that counts.
    let policy = r#"
        default = "p"
        [[policy]]
        rule_id = "p"
        [[policy.version]]
        valid_from = "2026-01-01"
        source = "test"
        finest_step_s = 1800
        max_share_top1_percent = 100
        nk_units = 2
        nk_share_percent = 100
        p_percent = 10
        round_to_wh = 1
        legal_text_fr = "test"
        legal_text_en = "test"
        legal_text_nl = "test"
        [[policy.version.band]]
        step_from_s = 1800
        min_units = 10
    "#;
    let book = broker_anonymiser::PolicyBook::parse(policy).unwrap();
    let plan = broker_anonymiser::plan(&book, short(10)).unwrap();
    let aggregate = filled(&plan, 0..10, |home, slot| match (home, slot) {
        (0, _) => wh(1_000),
        (1, _) => wh(900),
        (2, 1) => wh(100),
        (2, 2) => wh(99),
        (_, 1 | 2) => wh(0),
        _ => wh(50),
    });
    let Ok(broker_anonymiser::Decision::Release(release)) = plan.decide(&aggregate, &[]) else {
        panic!("most cells are safe");
    };
    assert_eq!(release.cells()[1], shown(200, 10));
    assert_eq!(release.cells()[2], CellStatus::Suppressed(Suppression::Dominance));
}

#[test]
fn a_release_without_a_cell_to_show_is_refused() {
    assert_eq!(
        refusal_codes(decided(short(120), 0..120, |_, _| None, &[])),
        ["nothing-valid"]
    );
    let dominated = |home, _| wh(if home == 0 { 100_000 } else { 100 });
    assert_eq!(
        refusal_codes(decided(short(120), 0..120, dominated, &[])),
        ["every-cell-suppressed"]
    );
    assert_eq!(
        refusal_codes(decided(short(120), 0..50, usual, &[])),
        ["every-cell-suppressed"]
    );
}

#[test]
fn means_are_rounded_once_and_halves_go_to_the_even_number() {
    let curve = |home: u32, slot| match slot {
        0 => wh(100 + i64::from(home % 2)),
        1 => wh(101 + i64::from(home % 2)),
        2 => wh(100 + i64::from(home.is_multiple_of(10))),
        3 => wh(101 - i64::from(home.is_multiple_of(10))),
        _ => wh(7),
    };
    let release = released(short(100), 0..100, curve);
    assert_eq!(
        release.cells()[..5],
        [100, 102, 100, 101, 7].map(|mean| shown(mean, 100))
    );
}

#[test]
fn days_on_which_the_season_changes_have_46_and_50_slots() {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let midnight = |day: &str| {
        day.parse::<jiff::civil::Date>()
            .unwrap()
            .to_zoned(zone.clone())
            .unwrap()
            .timestamp()
            .to_string()
    };
    let spring = released(
        request(period(&midnight("2026-03-29"), HALF_HOUR, 46), 100),
        0..100,
        usual,
    );
    assert_eq!(spring.cells().len(), 46);
    assert_eq!(spring.request().period.end().to_string(), midnight("2026-03-30"));
    // 25 hours are more than the 24 of D. 111-63 II 3 a, so this day needs 500 homes.
    let autumn = released(
        request(period(&midnight("2026-10-25"), HALF_HOUR, 50), 500),
        0..500,
        usual,
    );
    assert_eq!(autumn.cells().len(), 50);
    assert_eq!(autumn.request().period.end().to_string(), midnight("2026-10-26"));
}

#[test]
fn ten_roofs_may_be_shown_and_nine_may_not() {
    let mut roofs = short(10);
    roofs.direction = Direction::Injection;
    let release = released(roofs.clone(), 0..10, |_, slot| wh(i64::from(slot) * 100));
    assert_eq!(release.cells()[3], shown(300, 10));
    roofs.households = HouseholdCount(9);
    assert!(broker_anonymiser::plan(&broker_anonymiser::PolicyBook::embedded().unwrap(), roofs).is_err());
}

#[test]
fn a_choice_among_few_candidates_is_red_and_among_many_green() {
    let mut few = short(120);
    few.candidates.homes = HouseholdCount(122);
    let mut nobody_else = few.clone();
    nobody_else.candidates.curves = broker_anonymiser::risk::CurveHolders::Excluded;
    let light = |request| released(request, 0..120, usual).risk().light.word();
    assert_eq!(
        [light(short(120)), light(few), light(nobody_else)],
        ["green", "red", "amber"]
    );
}
