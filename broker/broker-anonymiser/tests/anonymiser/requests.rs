//! What is refused before any reading is opened.

use broker_anonymiser::{
    Direction, HouseholdCount, Language, PolicyBook, Reason, Refusal, Remedy, StepSeconds, plan,
};

use crate::support::{HALF_HOUR, at, period, request};

fn outcome(step: u32, slots: u32, households: u32) -> Result<(), Refusal> {
    plan(
        &PolicyBook::embedded().unwrap(),
        request(period("2026-01-01T00:00:00Z", step, slots), households),
    )
    .map(|_| ())
}

fn refused(step: u32, slots: u32, households: u32) -> Refusal {
    outcome(step, slots, households).unwrap_err()
}

#[test]
fn the_edges_of_the_table_are_where_the_law_puts_them() {
    let (day, month) = (48, 48 * 31);
    for (slots, least) in [(day, 100), (day + 1, 500), (month, 500), (month + 1, 5_000)] {
        assert!(
            outcome(HALF_HOUR, slots, least).is_ok(),
            "{slots} slots, {least} homes"
        );
        let refusal = refused(HALF_HOUR, slots, least - 1);
        assert_eq!(
            refusal.reasons,
            [Reason::TooFewHouseholds {
                found: HouseholdCount(least - 1),
                needed: HouseholdCount(least)
            }]
        );
        assert!(refusal.remedies.contains(&Remedy::MoreHouseholds {
            needed: HouseholdCount(least)
        }));
    }
    assert!(outcome(86_400, 300, 100).is_ok());
    assert!(outcome(86_400, 300, 99).is_err());
}

#[test]
fn a_refusal_names_every_single_change_that_would_pass() {
    let month_of_few = refused(HALF_HOUR, 48 * 31, 250);
    assert_eq!(
        month_of_few.remedies,
        [
            Remedy::MoreHouseholds {
                needed: HouseholdCount(500)
            },
            Remedy::CoarserStep {
                at_least: StepSeconds::DAY
            },
            Remedy::ShorterPeriodHours { at_most: 24 },
        ]
    );
    let year_of_some = refused(HALF_HOUR, 48 * 200, 600);
    assert!(
        year_of_some
            .remedies
            .contains(&Remedy::ShorterPeriodDays { at_most: 31 })
    );
    let nearly_nobody = refused(HALF_HOUR, 48, 3);
    assert_eq!(
        nearly_nobody.remedies,
        [Remedy::MoreHouseholds {
            needed: HouseholdCount(100)
        }]
    );
}

#[test]
fn a_step_under_half_an_hour_is_too_fine() {
    let refusal = refused(600, 6, 1_000);
    assert_eq!(
        refusal.reasons,
        [Reason::StepTooFine {
            finest: StepSeconds::HALF_HOUR
        }]
    );
    assert!(refusal.remedies.contains(&Remedy::CoarserStep {
        at_least: StepSeconds::HALF_HOUR
    }));
}

#[test]
fn without_a_rule_in_force_nothing_is_released() {
    let book = PolicyBook::embedded().unwrap();
    let mut early = request(period("2020-01-01T00:00:00Z", HALF_HOUR, 48), 1_000);
    early.released_at = at("2025-12-31T22:59:59Z");
    assert_eq!(
        plan(&book, early.clone()).unwrap_err().reasons,
        [Reason::NoPolicyInForce]
    );
    // The date is that of the local zone: in Paris the new year begins an hour before UTC.
    early.released_at = at("2025-12-31T23:00:00Z");
    assert!(plan(&book, early).is_ok());
    let mut unknown = request(period("2026-01-01T00:00:00Z", HALF_HOUR, 48), 1_000);
    unknown.rule_id = Some("my-own".into());
    assert_eq!(
        plan(&book, unknown).unwrap_err().reasons,
        [Reason::NoPolicyInForce]
    );
}

#[test]
fn a_direction_without_a_number_is_refused() {
    let mut long = request(period("2026-01-01T00:00:00Z", HALF_HOUR, 48 * 32), 100_000);
    long.direction = Direction::Injection;
    let refusal = plan(&PolicyBook::embedded().unwrap(), long).unwrap_err();
    assert_eq!(refusal.reasons, [Reason::NoBand]);
    assert!(
        refusal
            .remedies
            .contains(&Remedy::ShorterPeriodDays { at_most: 31 })
    );
}

#[test]
fn a_period_that_is_not_over_must_be_waited_for() {
    let refusal = plan(
        &PolicyBook::embedded().unwrap(),
        request(period("2026-11-22T00:00:00Z", HALF_HOUR, 48), 1_000),
    )
    .unwrap_err();
    assert_eq!(
        (refusal.reasons, refusal.remedies),
        (vec![Reason::PeriodNotOver], vec![Remedy::Wait])
    );
}

#[test]
fn a_lack_of_homes_is_said_in_each_language() {
    let refusal = refused(HALF_HOUR, 48, 99);
    let reason = &refusal.reasons[0];
    assert_eq!(reason.code(), "too-few-households");
    assert_eq!(
        reason.parameters(),
        [("found", "99".into()), ("needed", "100".into())]
    );
    assert!(reason.sentence(Language::French).contains("99 sur les 100"));
    assert!(reason.sentence(Language::English).contains("99 of the 100"));
    assert!(reason.sentence(Language::Dutch).contains("99 van de 100"));
}
