use broker_domain::policy::Action;
use cedar_policy::Context;

use super::*;
use crate::set::Source;

mod cases;
mod matrix;
mod properties;

fn engine() -> CedarEngine {
    CedarEngine::embedded().unwrap()
}

/// An engine over other policies, put together past validation: what if one of ours erred after all?
fn unvalidated(policies: &[Source<'_>]) -> CedarEngine {
    let mut engine = engine();
    let mut set = cedar_policy::PolicySet::new();
    for source in policies {
        let id = cedar_policy::PolicyId::new(source.name);
        set.add(cedar_policy::Policy::parse(Some(id), source.text).unwrap())
            .unwrap();
    }
    let LoadedSet { schema, digest, .. } = engine.set;
    engine.set = LoadedSet::sorted(schema, set, digest).unwrap();
    engine
}

fn officer_erases() -> Query {
    matrix::query("officer", Action::Erase, "her person")
}

#[test]
fn a_policy_that_errs_denies_although_another_permits() {
    let permit_all = Source {
        name: "permit-all",
        text: "permit (principal, action, resource);",
    };
    let erring = Source {
        name: "forbid-with-missing-fact",
        text: "forbid (principal, action, resource) when { context.absent };",
    };
    assert!(matches!(
        unvalidated(&[permit_all]).evaluate(&officer_erases()),
        Verdict::Allow { .. }
    ));
    let weighing = unvalidated(&[permit_all, erring]).weigh(&officer_erases());
    assert_eq!(weighing.verdict, Verdict::Deny { policies: Vec::new() });
    assert_eq!(weighing.failed, ["forbid-with-missing-fact"]);
}

#[test]
fn without_policies_nothing_is_allowed() {
    assert_eq!(
        unvalidated(&[]).evaluate(&officer_erases()),
        Verdict::Deny { policies: Vec::new() }
    );
}

#[test]
fn the_engine_names_the_policy_that_allows() {
    let allowed = engine().evaluate(&officer_erases());
    assert_eq!(
        allowed,
        Verdict::Allow {
            policies: vec!["officer-erases".into()]
        }
    );
}

#[test]
fn an_act_outside_the_schema_is_denied_before_any_policy() {
    let weighing = engine().weigh(&matrix::query("her application", Action::Erase, "her person"));
    assert_eq!(
        (weighing.verdict, weighing.reach),
        (Verdict::Deny { policies: vec![] }, Reach::OutsideSchema)
    );
}

#[test]
fn the_digest_in_records_is_that_of_the_set() {
    assert_eq!(engine().set_digest(), engine().set.digest);
}
