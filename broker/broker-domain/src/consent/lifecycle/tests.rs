mod properties;

use super::super::tests::{ask, at, consent, event};
use super::super::{Ask, covers, covers_intake};
use super::*;
use crate::ids::ConsentId;

const WEEK: i64 = 7 * 86_400;

fn terms(step: Step, until: i64) -> Terms {
    let first = consent(vec![]).first_terms();
    Terms {
        step,
        data: Interval::new(at(0), at(until)).unwrap(),
        ..first
    }
}

fn dated(seq: u32, kind: EventKind, effective: i64, recorded: i64) -> ConsentEvent {
    ConsentEvent {
        recorded_at: at(recorded),
        ..event(seq, kind, effective)
    }
}

fn given(rest: impl IntoIterator<Item = ConsentEvent>) -> Consent {
    let first = event(0, EventKind::Given, 1);
    consent(std::iter::once(first).chain(rest).collect())
}

fn refused(subject: &Consent, ask: &Ask, now: i64) -> Refusal {
    covers(std::slice::from_ref(subject), ask, at(now)).unwrap_err()
}

#[test]
fn the_table_of_states_is_that_of_the_reference() {
    let by = ConsentId::from_bytes([9; 16]);
    let kinds = [
        EventKind::Requested,
        EventKind::Deferred,
        EventKind::Given,
        EventKind::Refused,
        EventKind::Renewed(terms(Step::HALF_HOUR, 40)),
        EventKind::Withdrawn,
        EventKind::Revoked,
        EventKind::Expired,
        EventKind::Invalidated,
        EventKind::Superseded { by },
    ];
    let at = at(3);
    // One column a kind, in the order above; one row a state.
    let table = [
        (State::Unknown, "xxxx....x."),
        (State::Requested, ".xxx....x."),
        (State::Deferred, "x.xx....x."),
        (State::Given { since: at }, "....xxxxxx"),
        (State::Refused, "........x."),
        (State::Withdrawn { at }, "........x."),
        (State::Revoked { at }, "........x."),
        (State::Superseded { at, by }, "........x."),
        (State::Suspended { at }, "........x."),
        // The announcement of what the clock brought.
        (State::Expired { at }, ".......xx."),
        (State::Invalidated { at }, ".........."),
    ];
    for (state, row) in table {
        let found: String = kinds
            .iter()
            .map(|kind| if kind.follows(state) { 'x' } else { '.' })
            .collect();
        assert_eq!(found, row, "{state:?}");
    }
}

#[test]
fn a_withdrawal_that_came_by_post_has_two_dates() {
    let subject = given([dated(1, EventKind::Withdrawn, 10, 14)]);
    assert!(subject.state_at(at(12), at(12)).is_given(), "nobody knew");
    assert_eq!(
        subject.state_at(at(12), at(14)),
        State::Withdrawn { at: at(10) },
        "now it is known"
    );
    assert!(
        subject.state_at(at(9), at(20)).is_given(),
        "it stood before the letter"
    );
    assert!(
        subject.overtaken(at(12), at(20)),
        "a transfer of those days is flagged"
    );
    assert!(!subject.overtaken(at(12), at(13)));
    assert!(!subject.overtaken(at(9), at(20)));
}

#[test]
fn a_grant_is_never_dated_back_and_nothing_lies_ahead() {
    let empty = consent(vec![]);
    assert_eq!(empty.admits(EventKind::Given, at(3), at(3)), Ok(()));
    assert_eq!(
        empty.admits(EventKind::Given, at(2), at(3)),
        Err(NotAdmitted::Backdated)
    );
    let subject = given([]);
    let longer = EventKind::Renewed(terms(Step::HALF_HOUR, 60));
    for kind in [longer, EventKind::Resumed, EventKind::Paused { until: at(9) }] {
        assert_eq!(
            subject.admits(kind, at(2), at(3)),
            Err(NotAdmitted::Backdated),
            "{kind:?}"
        );
    }
    for kind in [EventKind::Withdrawn, EventKind::Invalidated, EventKind::Revoked] {
        assert_eq!(subject.admits(kind, at(2), at(3)), Ok(()), "{kind:?}");
        assert_eq!(
            subject.admits(kind, at(4), at(3)),
            Err(NotAdmitted::Clock),
            "{kind:?}"
        );
    }
    assert_eq!(
        subject.admits(EventKind::Withdrawn, at(0), at(0)),
        Err(NotAdmitted::Clock),
        "recorded before what is known already"
    );
}

#[test]
fn narrowing_leaves_less_from_that_instant_on() {
    let daily = terms(Step::DAY, 20);
    let subject = given([event(1, EventKind::Narrowed(daily), 12)]);
    let whole_day = Ask {
        step: Step::DAY,
        ..ask()
    };
    assert_eq!(
        subject.terms_at(at(12).plus_seconds(-1), at(12)).step,
        Step::HALF_HOUR
    );
    assert!(
        matches!(refused(&subject, &ask(), 12), Refusal::TooFine { .. }),
        "readings of before too"
    );
    assert!(covers(std::slice::from_ref(&subject), &whole_day, at(12)).is_ok());
    assert_eq!(
        refused(&subject, &whole_day, 20),
        Refusal::Expired { at: at(20) },
        "the shorter end is computed"
    );
    assert_eq!(subject.terms_at(at(11), at(30)).step, Step::HALF_HOUR);
    assert_eq!(subject.terms_at(at(13), at(30)).step, Step::DAY);
    let intake = covers_intake(
        std::slice::from_ref(&subject),
        ask().participant,
        ask().point,
        &ask().interval,
        at(13),
    );
    assert_eq!(intake.unwrap().finest_step(), Step::DAY);
}

#[test]
fn narrowing_is_no_way_to_more() {
    let subject = given([]);
    let first = subject.first_terms();
    let wider = [
        first,
        terms(Step::TEN_MINUTES, 30),
        terms(Step::HALF_HOUR, 31),
        terms(Step::DAY, 31),
        terms(Step::from_seconds(2_400).unwrap(), 30),
        Terms {
            notice: Digest([9; 32]),
            ..terms(Step::DAY, 30)
        },
    ];
    for terms in wider {
        let refused = subject.admits(EventKind::Narrowed(terms), at(2), at(2));
        assert_eq!(refused, Err(NotAdmitted::NotNarrower), "{terms:?}");
    }
    let renewals = [
        terms(Step::TEN_MINUTES, 60),
        terms(Step::DAY, 60),
        terms(Step::HALF_HOUR, 30),
    ];
    for terms in renewals {
        let refused = subject.admits(EventKind::Renewed(terms), at(2), at(2));
        assert_eq!(refused, Err(NotAdmitted::NotLonger), "{terms:?}");
    }
}

#[test]
fn a_renewal_comes_before_the_end_or_not_at_all() {
    let longer = EventKind::Renewed(terms(Step::HALF_HOUR, 60));
    let renewed = given([event(1, longer, 29)]);
    assert!(renewed.state(at(45)).is_given());
    assert_eq!(renewed.state(at(60)), State::Expired { at: at(60) });
    assert_eq!(given([]).admits(longer, at(30), at(30)), Err(NotAdmitted::Order));
    let late = given([event(1, longer, 31)]);
    assert_eq!(
        late.state(at(45)),
        State::Expired { at: at(30) },
        "one that came too late has no effect"
    );
}

#[test]
fn an_announced_end_changes_nothing_and_a_missing_one_extends_nothing() {
    let silent = given([]);
    let announced = given([dated(1, EventKind::Expired, 30, 33)]);
    for day in 0..60 {
        assert_eq!(silent.state(at(day)).is_given(), (1..30).contains(&day));
        assert!(
            !announced.state(at(day)).is_given(),
            "an end counts once it is known"
        );
        assert_eq!(
            silent.state_at(at(day), at(60)),
            announced.state_at(at(day), at(60))
        );
    }
    assert_eq!(silent.admits(EventKind::Expired, at(30), at(33)), Ok(()));
    assert_eq!(
        silent.admits(EventKind::Expired, at(29), at(29)),
        Err(NotAdmitted::NotOver)
    );
    assert_eq!(
        announced.admits(EventKind::Expired, at(30), at(34)),
        Err(NotAdmitted::Order),
        "once"
    );
    assert_eq!(
        announced.admits(EventKind::Withdrawn, at(40), at(40)),
        Err(NotAdmitted::Order)
    );
}

#[test]
fn a_pause_stops_transfers_and_not_the_consent() {
    let paused = given([event(1, EventKind::Paused { until: at(15) }, 12)]);
    assert!(paused.state(at(13)).is_given());
    assert_eq!(refused(&paused, &ask(), 12), Refusal::Paused { until: at(15) });
    assert_eq!(paused.pause(at(13)).unwrap().since, at(12));
    assert!(
        covers(std::slice::from_ref(&paused), &ask(), at(15)).is_ok(),
        "over by itself"
    );
    let resumed = given([
        event(1, EventKind::Paused { until: at(15) }, 12),
        event(2, EventKind::Resumed, 13),
    ]);
    assert!(covers(std::slice::from_ref(&resumed), &ask(), at(13)).is_ok());
    assert_eq!(resumed.pause(at(13)), None);
    assert_eq!(
        given([]).admits(EventKind::Resumed, at(3), at(3)),
        Err(NotAdmitted::Order)
    );
    assert_eq!(
        given([]).admits(EventKind::Paused { until: at(3) }, at(3), at(3)),
        Err(NotAdmitted::NoPause)
    );
    assert_eq!(paused.admits(EventKind::Withdrawn, at(13), at(13)), Ok(()));
}

#[test]
fn what_was_measured_during_a_pause_never_passes() {
    let paused = given([
        event(1, EventKind::Paused { until: at(20) }, 10),
        event(2, EventKind::Resumed, 12),
        event(3, EventKind::Paused { until: at(15) }, 14),
    ]);
    let lasted: Vec<_> = paused.pauses().collect();
    assert_eq!(
        lasted,
        [
            Interval::new(at(10), at(12)).unwrap(),
            Interval::new(at(14), at(15)).unwrap()
        ]
    );
    assert_eq!(
        refused(&paused, &ask(), 16),
        Refusal::DuringPause {
            from: at(10),
            until: at(12)
        }
    );
    let before = Ask {
        interval: Interval::new(at(9), at(10)).unwrap(),
        ..ask()
    };
    assert!(covers(std::slice::from_ref(&paused), &before, at(16)).is_ok());
    let span = Interval::new(at(0), at(30)).unwrap();
    let intake = covers_intake(&[paused], ask().participant, ask().point, &span, at(16)).unwrap();
    let kept: Vec<_> = intake
        .spans()
        .iter()
        .map(|span| (span.start(), span.end()))
        .collect();
    assert_eq!(kept, [(at(0), at(10)), (at(12), at(14)), (at(15), at(30))]);
}

#[test]
fn a_consent_paused_over_the_whole_batch_neither_refines_nor_is_named() {
    let fine = given([event(1, EventKind::Paused { until: at(13) }, 9)]);
    let coarse = Consent {
        id: ConsentId::from_bytes([8; 16]),
        ..given([event(1, EventKind::Narrowed(terms(Step::DAY, 30)), 2)])
    };
    let (person, point) = (ask().participant, ask().point);
    let batch = ask().interval;
    let alone = covers_intake(std::slice::from_ref(&fine), person, point, &batch, at(14));
    assert_eq!(
        alone,
        Err(Refusal::DuringPause {
            from: at(9),
            until: at(13)
        })
    );
    let both = [fine, coarse];
    let covered = covers_intake(&both, person, point, &batch, at(14)).unwrap();
    assert_eq!(covered.finest_step(), Step::DAY);
    assert_eq!(covered.consents(), [both[1].id]);
    let longer = Interval::new(at(10), at(14)).unwrap();
    let covered = covers_intake(&both, person, point, &longer, at(14)).unwrap();
    assert_eq!(
        covered.finest_step(),
        Step::HALF_HOUR,
        "a part lies after the pause"
    );
}

#[test]
fn a_clock_set_back_behind_a_narrowing_or_a_pause_gives_nothing_back() {
    let longer = EventKind::Renewed(terms(Step::HALF_HOUR, 60));
    let narrowed = given([event(1, EventKind::Narrowed(terms(Step::DAY, 30)), 20)]);
    assert!(matches!(refused(&narrowed, &ask(), 15), Refusal::TooFine { .. }));
    let renewed = given([
        event(1, longer, 15),
        event(2, EventKind::Narrowed(terms(Step::DAY, 50)), 40),
    ]);
    assert!(
        matches!(refused(&renewed, &ask(), 14), Refusal::TooFine { .. }),
        "after the first end too"
    );
    let paused = given([
        event(1, longer, 15),
        event(2, EventKind::Paused { until: at(45) }, 40),
    ]);
    assert_eq!(refused(&paused, &ask(), 14), Refusal::Paused { until: at(45) });
    for subject in [narrowed, renewed, paused] {
        assert!(subject.state_at(at(14), at(60)).is_given());
        assert_eq!(subject.terms_at(at(14), at(60)), subject.first_terms());
    }
}

#[test]
fn a_refusal_rests_for_as_long_as_the_rule_says() {
    let refused = consent(vec![event(0, EventKind::Refused, 1)]);
    assert!(!refused.may_be_asked_again(at(1).plus_seconds(WEEK - 1), WEEK));
    assert!(refused.may_be_asked_again(at(1).plus_seconds(WEEK), WEEK));
    assert!(!given([]).may_be_asked_again(at(5), WEEK));
    assert!(given([]).may_be_asked_again(at(30), WEEK));
}

#[test]
fn moving_out_is_said_of_a_consent_that_ended_before() {
    let subject = given([
        event(1, EventKind::Withdrawn, 5),
        dated(2, EventKind::Invalidated, 9, 11),
    ]);
    assert_eq!(subject.state_at(at(8), at(20)), State::Withdrawn { at: at(5) });
    assert_eq!(subject.state_at(at(9), at(20)), State::Invalidated { at: at(9) });
}
