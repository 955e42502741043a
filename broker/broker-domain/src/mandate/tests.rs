//! Acting for somebody, tested.

use proptest::prelude::{any, proptest};

use super::*;

const ANNA: ParticipantId = ParticipantId::from_bytes([1; 16]);
const BRUNO: ParticipantId = ParticipantId::from_bytes([2; 16]);

fn at(seconds: i64) -> Instant {
    Instant::parse("2026-11-21T00:00:00Z")
        .unwrap()
        .plus_seconds(seconds)
}

fn open() -> Mandate {
    Mandate {
        id: MandateId::from_bytes([3; 16]),
        person: ANNA,
        capacity: Capacity::Delegate,
        powers: Powers::of(&[Power::View]).unwrap(),
        span: Interval::new(at(10), at(100)).unwrap(),
        basis: None,
        given_at: at(0),
        open_until: at(50),
        held: None,
        ended: None,
        joint: None,
    }
}

fn held() -> Mandate {
    Mandate {
        held: Some(Held {
            by: BRUNO,
            since: at(5),
        }),
        ..open()
    }
}

#[test]
fn whoever_may_grant_may_withdraw() {
    let granting = Powers::of(&[Power::Grant]).unwrap();
    assert!(granting.include(Power::Withdraw) && !granting.include(Power::View));
    assert_eq!(Powers::of(&[]), None);
    assert_eq!(Powers::from_code("grant"), None);
}

#[test]
fn a_mandate_ends_by_its_date_and_nothing_has_to_run() {
    for (second, state) in [
        (9, MandateState::Ahead),
        (10, MandateState::InForce),
        (99, MandateState::InForce),
        (100, MandateState::Expired),
    ] {
        assert_eq!(held().state(at(second)), state, "{second}");
    }
    assert_eq!(open().state(at(49)), MandateState::Open);
    assert_eq!(open().state(at(50)), MandateState::Lapsed);
}

#[test]
fn an_end_counts_also_when_the_clock_goes_back() {
    let ended = Ended {
        at: at(60),
        by: Side::Delegate,
    };
    let mandate = Mandate {
        ended: Some(ended),
        ..held()
    };
    assert_eq!(mandate.state(at(20)), MandateState::Ended(ended));
    assert_eq!(mandate.acting(BRUNO, at(20)), Err(NotActing::NotInForce));
}

#[test]
fn only_its_holder_acts_and_only_while_it_is_in_force() {
    let acting = held().acting(BRUNO, at(20)).unwrap();
    assert_eq!((acting.person(), acting.delegate()), (ANNA, BRUNO));
    assert_eq!(held().acting(ANNA, at(20)), Err(NotActing::NotYours));
    assert_eq!(open().acting(BRUNO, at(20)), Err(NotActing::NotYours));
    assert_eq!(held().acting(BRUNO, at(9)), Err(NotActing::NotInForce));
    let hand = Hand::from(acting);
    assert_eq!((hand.person(), hand.actor()), (ANNA, BRUNO));
    assert!(hand.may(Power::View) && !hand.may(Power::Withdraw));
    assert!(Hand::from(ANNA).may(Power::Grant));
}

#[test]
fn a_holder_of_one_contract_reaches_its_meter_and_nothing_else() {
    let (shared, other) = (PointId::from_bytes([7; 16]), PointId::from_bytes([8; 16]));
    let joint = Mandate {
        capacity: Capacity::JointHolder,
        joint: Some(Joint {
            point: shared,
            rule: GrantRule::Both,
            asked: None,
        }),
        ..held()
    };
    let hand = Hand::from(joint.acting(BRUNO, at(20)).unwrap());
    assert!(hand.reaches(shared) && !hand.reaches(other) && !hand.reaches_all());
    assert_eq!(hand.holder(), BRUNO);
    let delegate = Hand::from(held().acting(BRUNO, at(20)).unwrap());
    assert!(delegate.reaches(other) && delegate.reaches_all());
    assert_eq!(delegate.holder(), ANNA);
}

proptest! {
    #[test]
    fn powers_read_back(view in any::<bool>(), grant in any::<bool>(), withdraw in any::<bool>()) {
        let chosen = [(view, Power::View), (grant, Power::Grant), (withdraw, Power::Withdraw)];
        let chosen: Vec<Power> = chosen.into_iter().filter_map(|(chosen, power)| chosen.then_some(power)).collect();
        if let Some(powers) = Powers::of(&chosen) {
            assert_eq!(Powers::from_code(&powers.code()), Some(powers));
            assert!(!powers.include(Power::Grant) || powers.include(Power::Withdraw));
        }
    }
}
