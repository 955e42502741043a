//! One situation per file, in Cedar's JSON. Each names the policy it is about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

fn files(kind: &str) -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(kind);
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let parse = |path: &PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    paths.iter().map(|path| (path.clone(), parse(path))).collect()
}

/// Evaluates as Cedar's JSON says, with the schema given to context, entities and request.
fn weigh(engine: &CedarEngine, case: &Value) -> Option<Weighing> {
    let schema = &engine.set.schema;
    let text = |name: &str| case["request"][name].as_str().unwrap().to_owned();
    let action = text("action").parse().unwrap();
    let context = case["request"]["context"].clone();
    let context = Context::from_json_value(context, Some((schema, &action))).ok()?;
    let entities = Entities::from_json_value(case["entities"].clone(), Some(schema)).ok()?;
    let (principal, resource) = (
        text("principal").parse().unwrap(),
        text("resource").parse().unwrap(),
    );
    let request = Request::new(principal, action, resource, context, Some(schema)).ok()?;
    Some(engine.weigh_request(&request, &entities))
}

fn names(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_allow_case_is_allowed_by_the_policy_it_names() {
    let engine = engine();
    for (path, case) in files("allow") {
        let weighing =
            weigh(&engine, &case).unwrap_or_else(|| panic!("{}: outside the schema", path.display()));
        let policy = case["policy"].as_str().unwrap().to_owned();
        let expected = Verdict::Allow {
            policies: vec![policy],
        };
        assert_eq!(weighing.verdict, expected, "{}: {}", path.display(), case["says"]);
    }
}

#[test]
fn every_deny_case_is_denied_for_the_reason_it_names() {
    let engine = engine();
    for (path, case) in files("deny") {
        let weighing = weigh(&engine, &case);
        let (place, says) = (path.display(), &case["says"]);
        match case["reach"].as_str().unwrap() {
            "schema" => assert_eq!(weighing, None, "{place}: {says}"),
            "policies" => {
                let weighing = weighing.unwrap_or_else(|| panic!("{place}: outside the schema"));
                let expected = Verdict::Deny {
                    policies: names(&case["forbidden_by"]),
                };
                assert_eq!(weighing.verdict, expected, "{place}: {says}");
                assert_eq!(weighing.failed, Vec::<String>::new(), "{place}: {says}");
            }
            other => panic!("{place}: reach `{other}` is neither `schema` nor `policies`"),
        }
    }
}

#[test]
fn every_policy_has_a_case_that_it_allows_and_one_that_it_does_not() {
    let named = |kind| -> BTreeSet<String> {
        files(kind)
            .iter()
            .map(|(_, case)| case["policy"].as_str().unwrap().to_owned())
            .collect()
    };
    let all: BTreeSet<String> = POLICIES.iter().map(|source| source.name.to_owned()).collect();
    let permits = all
        .iter()
        .filter(|name| *name != "never-after-end")
        .cloned()
        .collect();
    assert_eq!(named("allow"), permits);
    assert_eq!(named("deny"), all);
}
