use proptest::prelude::*;

use super::*;

pub(super) fn at(day: i64) -> Instant {
    Instant::parse("2026-11-01T00:00:00Z")
        .unwrap()
        .plus_seconds(day * 86_400)
}

pub(super) fn event(seq: u32, kind: EventKind, day: i64) -> ConsentEvent {
    ConsentEvent {
        seq,
        kind,
        effective_at: at(day),
        recorded_at: at(day),
        record: Digest([u8::try_from(seq).unwrap(); 32]),
    }
}

pub(super) fn consent(events: Vec<ConsentEvent>) -> Consent {
    Consent {
        id: ConsentId::from_bytes([1; 16]),
        participant: ParticipantId::from_bytes([2; 16]),
        point: PointId::from_bytes([3; 16]),
        recipient: OrganisationId::from_bytes([4; 16]),
        purpose: Purpose::parse("load-curve-research").unwrap(),
        step: Step::HALF_HOUR,
        data: Interval::new(at(0), at(30)).unwrap(),
        terms: Digest([5; 32]),
        notice: Digest([6; 32]),
        occupancy: Occupancy::default(),
        events,
    }
}

pub(super) fn ask() -> Ask {
    Ask {
        participant: ParticipantId::from_bytes([2; 16]),
        point: PointId::from_bytes([3; 16]),
        recipient: OrganisationId::from_bytes([4; 16]),
        purpose: Purpose::parse("load-curve-research").unwrap(),
        step: Step::HALF_HOUR,
        interval: Interval::new(at(10), at(11)).unwrap(),
    }
}

#[test]
fn no_consent_covers_nothing() {
    assert_eq!(covers(&[], &ask(), at(12)), Err(Refusal::NoConsent));
    assert_eq!(
        covers(&[consent(vec![])], &ask(), at(12)),
        Err(Refusal::NoConsent)
    );
}

#[test]
fn a_given_consent_covers_what_was_agreed_and_no_more() {
    let given = [consent(vec![event(0, EventKind::Given, 1)])];
    assert!(covers(&given, &ask(), at(12)).is_ok());
    assert!(
        covers(
            &given,
            &Ask {
                step: Step::DAY,
                ..ask()
            },
            at(12)
        )
        .is_ok()
    );
    assert_eq!(
        covers(
            &given,
            &Ask {
                step: Step::TEN_MINUTES,
                ..ask()
            },
            at(12)
        ),
        Err(Refusal::TooFine {
            consented: 1_800,
            asked: 600
        })
    );
    let outside = Ask {
        interval: Interval::new(at(29), at(31)).unwrap(),
        ..ask()
    };
    assert_eq!(
        covers(&given, &outside, at(12)),
        Err(Refusal::OutsidePeriod {
            from: at(0),
            until: at(30)
        })
    );
}

#[test]
fn a_shifted_or_odd_curve_is_refused() {
    let given = [consent(vec![event(0, EventKind::Given, 1)])];
    let shift = |start: i64, end: i64| Ask {
        interval: Interval::new(at(10).plus_seconds(start), at(11).plus_seconds(end)).unwrap(),
        ..ask()
    };
    let misaligned = Err(Refusal::Misaligned { consented: 1_800 });
    assert!(covers(&given, &shift(1_800, 3_600), at(12)).is_ok());
    assert_eq!(covers(&given, &shift(600, 600), at(12)), misaligned);
    assert_eq!(covers(&given, &shift(0, 1), at(12)), misaligned);
    let forty_minutes = Ask {
        step: Step::from_seconds(2_400).unwrap(),
        ..ask()
    };
    assert_eq!(covers(&given, &forty_minutes, at(12)), misaligned);
}

#[test]
fn another_purpose_recipient_point_or_person_is_not_covered() {
    let given = [consent(vec![event(0, EventKind::Given, 1)])];
    let others = [
        Ask {
            purpose: Purpose::parse("advertising").unwrap(),
            ..ask()
        },
        Ask {
            recipient: OrganisationId::from_bytes([9; 16]),
            ..ask()
        },
        Ask {
            point: PointId::from_bytes([9; 16]),
            ..ask()
        },
        Ask {
            participant: ParticipantId::from_bytes([9; 16]),
            ..ask()
        },
    ];
    for other in others {
        assert_eq!(covers(&given, &other, at(12)), Err(Refusal::NoConsent));
    }
}

#[test]
fn withdrawn_consent_covers_nothing() {
    let withdrawn = [consent(vec![
        event(0, EventKind::Given, 1),
        event(1, EventKind::Withdrawn, 12),
    ])];
    assert_eq!(
        covers(&withdrawn, &ask(), at(12)),
        Err(Refusal::Withdrawn { at: at(12) })
    );
}

#[test]
fn a_clock_that_goes_back_revives_no_withdrawn_consent() {
    let withdrawn = [consent(vec![
        event(0, EventKind::Given, 1),
        event(1, EventKind::Withdrawn, 12),
    ])];
    let (person, point, span) = (ask().participant, ask().point, ask().interval);
    for earlier in [at(12).plus_seconds(-1), at(11), at(1), at(0)] {
        let refusal = Refusal::Withdrawn { at: at(12) };
        assert_eq!(covers(&withdrawn, &ask(), earlier), Err(refusal));
        assert_eq!(
            covers_intake(&withdrawn, person, point, &span, earlier),
            Err(refusal)
        );
    }
}

#[test]
fn an_answered_offer_is_a_consent_once_it_has_an_event() {
    let offer = Offer {
        id: OfferId::from_bytes([7; 16]),
        recipient: ask().recipient,
        purpose: ask().purpose,
        step: Step::HALF_HOUR,
        days: 30,
        notice: Digest([6; 32]),
    };
    let (person, point) = (ask().participant, ask().point);
    let answered = offer
        .answered_by(person, point, offer.notice, ConsentId::from_bytes([1; 16]), at(1))
        .unwrap()
        .on_terms(Digest([5; 32]));
    assert_eq!(answered.data, Interval::new(at(1), at(31)).unwrap());
    assert_eq!(
        covers(std::slice::from_ref(&answered), &ask(), at(12)),
        Err(Refusal::NoConsent)
    );
    let first = answered
        .next_event(EventKind::Given, at(1), Digest([9; 32]))
        .unwrap();
    assert_eq!((first.seq, first.effective_at), (0, at(1)));
    let given = Consent {
        events: vec![first],
        ..answered
    };
    assert!(covers(std::slice::from_ref(&given), &ask(), at(12)).is_ok());
    let second = given.next_event(EventKind::Withdrawn, at(2), Digest([9; 32]));
    assert_eq!(second.unwrap().seq, 1);
}

#[test]
fn expiry_needs_no_event() {
    let given = [consent(vec![event(0, EventKind::Given, 1)])];
    assert_eq!(
        covers(&given, &ask(), at(30)),
        Err(Refusal::Expired { at: at(30) })
    );
}

#[test]
fn a_refusal_is_not_a_consent() {
    assert_eq!(
        covers(&[consent(vec![event(0, EventKind::Refused, 1)])], &ask(), at(12)),
        Err(Refusal::NoConsent)
    );
}

#[test]
fn intake_needs_one_live_consent_and_keeps_its_finest_step() {
    let (person, point) = (ask().participant, ask().point);
    let span = ask().interval;
    assert_eq!(
        covers_intake(&[], person, point, &span, at(12)),
        Err(Refusal::NoConsent)
    );
    let daily = Consent {
        id: ConsentId::from_bytes([8; 16]),
        step: Step::DAY,
        ..consent(vec![event(0, EventKind::Given, 1)])
    };
    let covered = covers_intake(
        &[daily.clone(), consent(vec![event(0, EventKind::Given, 1)])],
        person,
        point,
        &span,
        at(12),
    )
    .unwrap();
    assert_eq!(
        (covered.finest_step(), covered.consents().len()),
        (Step::HALF_HOUR, 2)
    );
    let ended = Consent {
        events: vec![event(0, EventKind::Given, 1), event(1, EventKind::Withdrawn, 2)],
        ..daily
    };
    assert_eq!(
        covers_intake(&[ended], person, point, &span, at(12)),
        Err(Refusal::Withdrawn { at: at(2) })
    );
}

fn any_kind() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        Just(EventKind::Given),
        Just(EventKind::Refused),
        Just(EventKind::Withdrawn),
        Just(EventKind::Suspended)
    ]
}

proptest! {
    #[test]
    fn withdrawal_is_monotone(kinds in prop::collection::vec((any_kind(), 0_i64..30), 1..8), later in -40_i64..40) {
        let mut days: Vec<i64> = kinds.iter().map(|(_, day)| *day).collect();
        days.sort_unstable();
        let events: Vec<_> = kinds
            .iter()
            .zip(days)
            .enumerate()
            .map(|(seq, ((kind, _), day))| event(u32::try_from(seq).unwrap(), *kind, day))
            .collect();
        let subject = consent(events.clone());
        if let Some(end) = events.iter().find(|e| e.kind == EventKind::Withdrawn) {
            let now = end.effective_at.plus_seconds(later * 86_400);
            let covered = covers(&[subject], &ask(), now);
            prop_assert!(covered.is_err());
        }
    }

    #[test]
    fn the_order_of_consents_does_not_matter(first in 0_u8..4, second in 4_u8..8) {
        let make = |id: u8| Consent {
            id: ConsentId::from_bytes([id; 16]),
            ..consent(vec![event(0, EventKind::Given, 1)])
        };
        let (a, b) = (make(first), make(second));
        let one = covers(&[a.clone(), b.clone()], &ask(), at(12));
        prop_assert_eq!(one, covers(&[b, a], &ask(), at(12)));
    }
}
