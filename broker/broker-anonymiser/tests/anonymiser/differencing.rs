//! Releases that could be subtracted from one another.

use broker_anonymiser::{Decision, QueryRecord, Release, Request, StoredRelease, WattHours, stored_vintage};

use crate::support::{
    HALF_HOUR, decided, filled, period, planned, refusal_codes, released, request, short, stored, usual,
};

fn daily(start: &str, slots: u32, households: u32) -> Request {
    request(period(start, 86_400, slots), households)
}

fn first(homes: std::ops::Range<u32>) -> (Release, Vec<StoredRelease>) {
    let release = released(short(100), homes, usual);
    let stored = vec![stored("first", &release)];
    (release, stored)
}

fn is_released(decision: Result<Decision, broker_anonymiser::DecideError>) -> bool {
    matches!(decision.unwrap(), Decision::Release(_))
}

#[test]
fn a_difference_of_one_home_is_refused_either_way() {
    let (_, previous) = first(0..150);
    assert_eq!(
        refusal_codes(decided(short(151), 0..151, usual, &previous)),
        ["differs-by-too-few"]
    );
    assert_eq!(
        refusal_codes(decided(short(149), 0..149, usual, &previous)),
        ["differs-by-too-few"]
    );
    // Withdrawal of one and arrival of another.
    assert_eq!(
        refusal_codes(decided(short(150), 1..151, usual, &previous)),
        ["differs-by-too-few"]
    );
}

#[test]
fn the_difference_must_reach_the_minimum() {
    let (_, previous) = first(0..150);
    assert_eq!(
        refusal_codes(decided(short(249), 0..249, usual, &previous)),
        ["differs-by-too-few"]
    );
    assert!(is_released(decided(short(250), 0..250, usual, &previous)));
}

#[test]
fn the_same_question_has_the_stored_answer() {
    let (release, previous) = first(0..150);
    let late = |home, slot| if home == 3 { None } else { usual(home, slot) };
    match decided(short(150), 0..150, late, &previous).unwrap() {
        Decision::SameVintage(vintage) => assert_eq!(vintage.id.as_str(), "first"),
        Decision::Release(_) => panic!("a reading that went missing would show"),
    }
    let members = filled(&planned(short(150)), 0..150, usual).members().clone();
    assert!(stored_vintage(&short(150), &members, &previous).is_some());
    assert!(stored_vintage(&daily("2026-11-19T00:00:00Z", 1, 150), &members, &previous).is_none());
    assert_eq!(release.query().encode(), previous[0].query.encode());
}

#[test]
fn groups_without_a_common_home_do_not_matter() {
    let (_, previous) = first(0..100);
    assert!(is_released(decided(short(100), 100..200, usual, &previous)));
}

#[test]
fn nested_groups_need_a_large_difference() {
    let (_, previous) = first(0..100);
    assert!(is_released(decided(short(300), 0..300, usual, &previous)));
    assert_eq!(
        refusal_codes(decided(short(180), 0..180, usual, &previous)),
        ["differs-by-too-few"]
    );
}

#[test]
fn the_complement_of_a_group_shows_the_rest() {
    let (_, previous) = first(0..300);
    assert!(is_released(decided(short(150), 0..150, usual, &previous)));
    assert_eq!(
        refusal_codes(decided(short(250), 50..300, usual, &previous)),
        ["differs-by-too-few"]
    );
}

#[test]
fn three_releases_that_leave_one_home_are_refused() {
    let left = released(short(100), 0..100, usual);
    let mut previous = vec![stored("left", &left)];
    let right = released(short(100), 100..200, usual);
    previous.push(stored("right", &right));
    assert!(is_released(decided(short(201), 0..201, usual, &previous[..1])));
    assert_eq!(
        refusal_codes(decided(short(201), 0..201, usual, &previous)),
        ["combines-to-too-few"]
    );
}

#[test]
fn a_reading_that_came_late_is_a_difference_of_one_home() {
    let late = |home, slot| {
        if home == 3 && slot == 5 {
            None
        } else {
            usual(home, slot)
        }
    };
    let previous = vec![stored("first", &released(short(600), 0..600, late))];
    let longer = request(period("2026-11-20T00:00:00Z", HALF_HOUR, 12), 600);
    assert_eq!(
        refusal_codes(decided(longer.clone(), 0..600, usual, &previous)),
        ["differs-by-too-few"]
    );
    assert!(is_released(decided(longer, 0..600, late, &previous)));
}

#[test]
fn a_hidden_cell_is_not_found_by_subtraction() {
    // The left group hides slot 2, where home 0 is the larger part of it; together and alone the others pass.
    let curve = |home, slot| {
        if (home, slot) == (0, 2) {
            Some(WattHours(30_000))
        } else {
            usual(home, slot)
        }
    };
    let left = released(short(100), 0..100, curve);
    let right = released(short(300), 100..400, curve);
    let mut previous = vec![stored("left", &left)];
    assert!(is_released(decided(short(400), 0..400, curve, &previous)));
    previous.push(stored("right", &right));
    assert_eq!(
        refusal_codes(decided(short(400), 0..400, curve, &previous)),
        ["combines-to-too-few"]
    );
}

#[test]
fn an_hour_must_not_show_its_hidden_half() {
    let curve = |home, slot| {
        if (home, slot) == (0, 2) {
            Some(WattHours(70_000))
        } else {
            usual(home, slot)
        }
    };
    let previous = vec![stored("halves", &released(short(200), 0..200, curve))];
    let hours = request(period("2026-11-20T00:00:00Z", 3_600, 5), 200);
    assert_eq!(
        refusal_codes(decided(hours.clone(), 0..200, usual, &previous)),
        ["mixes-steps"]
    );
    let nothing_hidden = vec![stored("halves", &released(short(200), 0..200, usual))];
    assert!(is_released(decided(
        hours.clone(),
        0..200,
        usual,
        &nothing_hidden
    )));
    assert_eq!(
        refusal_codes(decided(hours, 0..199, usual, &nothing_hidden)),
        ["differs-by-too-few"]
    );
}

#[test]
fn releases_of_one_day_add_up_to_a_month() {
    let day = |day: u32, homes| {
        request(
            period(&format!("2026-10-{day:02}T00:00:00Z"), HALF_HOUR, 48),
            homes,
        )
    };
    let previous = vec![stored("monday", &released(day(5, 200), 0..200, usual))];
    assert_eq!(
        refusal_codes(decided(day(6, 200), 0..200, usual, &previous)),
        ["periods-add-up"]
    );
    assert!(is_released(decided(day(6, 200), 200..400, usual, &previous)));
    assert!(is_released(decided(day(6, 500), 0..500, usual, &previous)));
    let by_day = daily("2026-10-06T00:00:00Z", 1, 200);
    assert!(is_released(decided(by_day, 0..200, usual, &previous)));
}

#[test]
fn the_other_direction_is_another_variable() {
    let (_, previous) = first(0..150);
    let mut injection = short(149);
    injection.direction = broker_anonymiser::Direction::Injection;
    assert!(is_released(decided(injection, 0..149, usual, &previous)));
}

#[test]
fn a_damaged_record_is_refused() {
    let (release, _) = first(0..150);
    let bytes = release.query().encode();
    assert!(QueryRecord::decode(&bytes).is_ok());
    for length in 0..bytes.len() {
        assert!(QueryRecord::decode(&bytes[..length]).is_err(), "cut at {length}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(QueryRecord::decode(&longer).is_err());
}
