//! What no change of the policies may break, over generated contexts (`consent.md` §10, "Properties worth proving").

use std::sync::LazyLock;

use broker_domain::ids::{ApplicationId, OrganisationId, PointId, Purpose};
use broker_domain::policy::Principal;
use broker_domain::time::Instant;
use proptest::prelude::*;

use super::*;
use crate::facts::{GrantFacts, TransferFacts};

static ENGINE: LazyLock<CedarEngine> = LazyLock::new(engine);

/// Whole milliseconds around one day, so that the boundaries are met often.
fn instant() -> impl Strategy<Value = Instant> {
    (0_i64..12).prop_map(|hours| {
        Instant::parse("2026-11-21T00:00:00Z")
            .unwrap()
            .plus_seconds(hours * 3_600)
    })
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop::sample::select(vec!["energy-advice", "research"]).prop_map(|code| Purpose::parse(code).unwrap())
}

fn organisation() -> impl Strategy<Value = OrganisationId> {
    (1_u8..3).prop_map(|byte| OrganisationId::from_bytes([byte; 16]))
}

fn point() -> impl Strategy<Value = PointId> {
    (1_u8..3).prop_map(|byte| PointId::from_bytes([byte; 16]))
}

fn step() -> impl Strategy<Value = u32> {
    prop::sample::select(vec![60_u32, 600, 1_800, 86_400])
}

prop_compose! {
    fn grant()(
        active in prop::bool::weighted(0.8), purpose in purpose(), grantee in organisation(), point in point(),
        min_step_seconds in step(), valid_from in instant(), valid_until in instant(),
    ) -> GrantFacts {
        GrantFacts { active, purpose, grantee, point, min_step_seconds, valid_from, valid_until }
    }
}

prop_compose! {
    fn facts()(
        grant in grant(), now in instant(), purpose in purpose(), step_seconds in step(), from in instant(),
        to in instant(),
    ) -> TransferFacts {
        TransferFacts { now, purpose, step_seconds, from, to, grant }
    }
}

fn weigh(facts: &TransferFacts, organisation: OrganisationId, point: PointId) -> Weighing {
    let words = &ENGINE.vocabulary;
    let application = Principal::Application(ApplicationId::from_bytes([9; 16]), organisation);
    let (principal, resource) = (
        words.principal(application).unwrap(),
        words.readings(point).unwrap(),
    );
    let question = Question {
        principal: principal.uid(),
        action: r#"Action::"transfer""#.parse().unwrap(),
        resource: resource.uid(),
        context: words.transfer_context(facts).unwrap(),
        entities: vec![principal, resource],
    };
    ENGINE.ask(question).unwrap()
}

/// The rule in plain Rust, written from the text of the law and not from the policy.
fn should_be_allowed(facts: &TransferFacts, organisation: OrganisationId, point: PointId) -> bool {
    let grant = &facts.grant;
    grant.active
        && (grant.valid_from..grant.valid_until).contains(&facts.now)
        && grant.grantee == organisation
        && grant.point == point
        && grant.purpose == facts.purpose
        && facts.step_seconds >= grant.min_step_seconds
        && facts.from < facts.to
        && grant.valid_from <= facts.from
        && facts.to <= grant.valid_until
}

/// Facts that are allowed, so that each property starts from a yes and changes one thing.
fn allowed() -> TransferFacts {
    let at = |hours: i64| {
        Instant::parse("2026-11-21T00:00:00Z")
            .unwrap()
            .plus_seconds(hours * 3_600)
    };
    let purpose = Purpose::parse("research").unwrap();
    TransferFacts {
        now: at(6),
        purpose: purpose.clone(),
        step_seconds: 1_800,
        from: at(1),
        to: at(5),
        grant: GrantFacts {
            active: true,
            purpose,
            grantee: OrganisationId::from_bytes([1; 16]),
            point: PointId::from_bytes([1; 16]),
            min_step_seconds: 1_800,
            valid_from: at(0),
            valid_until: at(12),
        },
    }
}

fn is_allowed(facts: &TransferFacts) -> bool {
    matches!(
        weigh(facts, facts.grant.grantee, facts.grant.point).verdict,
        Verdict::Allow { .. }
    )
}

#[test]
fn the_starting_point_of_the_properties_is_allowed() {
    assert!(is_allowed(&allowed()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_policies_agree_with_the_rule_and_never_err(
        facts in facts(), organisation in organisation(), point in point(),
    ) {
        let weighing = weigh(&facts, organisation, point);
        prop_assert!(weighing.failed.is_empty());
        let is_allowed = matches!(weighing.verdict, Verdict::Allow { .. });
        prop_assert_eq!(is_allowed, should_be_allowed(&facts, organisation, point));
    }

    #[test]
    fn nothing_is_permitted_when_the_consent_is_not_active(facts in facts()) {
        let ended = GrantFacts { active: false, ..facts.grant.clone() };
        let ended = TransferFacts { grant: ended, ..facts };
        prop_assert!(!is_allowed(&ended));
        let otherwise_fine = GrantFacts { active: false, ..allowed().grant };
        let otherwise_fine = TransferFacts { grant: otherwise_fine, ..allowed() };
        prop_assert!(!is_allowed(&otherwise_fine));
    }

    #[test]
    fn nothing_is_permitted_from_the_end_on(late_ms in 0_i64..4_000_000_000) {
        let end = allowed().grant.valid_until;
        let now = Instant::from_micros(end.as_micros() + late_ms * 1_000).unwrap();
        let late = TransferFacts { now, ..allowed() };
        prop_assert!(!is_allowed(&late));
    }

    #[test]
    fn nothing_finer_than_agreed_is_permitted(step_seconds in 0_u32..3_600) {
        let is_allowed = is_allowed(&TransferFacts { step_seconds, ..allowed() });
        prop_assert_eq!(is_allowed, step_seconds >= 1_800);
    }
}
