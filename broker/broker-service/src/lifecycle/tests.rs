//! Which offer a renewal answers, and how strong an agreement was.

use broker_domain::consent::{Method, Offer};
use broker_domain::ids::{Digest, OfferId, OrganisationId, ParticipantId, PointId, Purpose};

use super::*;

fn offer(number: u8, step: Step, evidence: EvidenceLevel) -> OfferRow {
    OfferRow {
        offer: Offer {
            id: OfferId::from_bytes([number; 16]),
            recipient: OrganisationId::from_bytes([4; 16]),
            purpose: Purpose::parse("load-curve-research").unwrap(),
            step,
            days: 30,
            notice: Digest([6; 32]),
        },
        notice_en: Digest([6; 32]),
        notice_nl: Digest([6; 32]),
        evidence,
    }
}

fn given() -> Consent {
    let now = Instant::parse("2026-11-01T00:00:00Z").unwrap();
    let (who, point) = (ParticipantId::from_bytes([2; 16]), PointId::from_bytes([3; 16]));
    let offer = offer(1, Step::HALF_HOUR, EvidenceLevel::L3).offer;
    let id = ConsentId::from_bytes([1; 16]);
    let mut consent = offer.answered_by(who, point, offer.notice, id, now).unwrap();
    let event = consent.next_event(EventKind::Given, now, Digest([7; 32]));
    consent.events.extend(event);
    consent
}

#[test]
fn of_two_offers_of_one_step_the_stricter_is_renewed_whatever_their_order() {
    let strict = offer(1, Step::HALF_HOUR, EvidenceLevel::L3);
    let lax = offer(9, Step::HALF_HOUR, EvidenceLevel::L1);
    let finer = offer(5, Step::TEN_MINUTES, EvidenceLevel::L3);
    for offers in [
        [strict.clone(), lax.clone(), finer.clone()],
        [lax, finer, strict.clone()],
    ] {
        let found = asked_again(Vec::from(offers), &given(), Step::HALF_HOUR);
        assert_eq!(found, Some(strict.clone()));
    }
}

#[test]
fn what_was_signed_is_known_as_signed() {
    let consent = given();
    let act = |seq, method, level| ActRow {
        seq,
        how: How {
            method,
            level: Some(level),
        },
    };
    let signed = act(0, Method::Passkey, EvidenceLevel::L3);
    assert_eq!(granted_with(&consent, &[signed]), EvidenceLevel::L3);
    let clicked = [
        act(0, Method::Web, EvidenceLevel::L1),
        act(1, Method::Passkey, EvidenceLevel::L3),
    ];
    assert_eq!(
        granted_with(&consent, &clicked),
        EvidenceLevel::L1,
        "another event"
    );
    assert_eq!(granted_with(&consent, &[]), EvidenceLevel::L1);
}
