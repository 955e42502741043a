//! Every term that we write exists in DPV 2.3.

use std::collections::BTreeSet;
use std::fs;

use evidence::consent::{ConsentAct, ConsentDraft, ConsentTerms, Frame, PointList, point_list};
use evidence::record::Record;
use serde_json::{Map, Value};
use test_fixtures::fixtures;

use crate::scene::{ACTS, CONSENT, at, event, id, record, requested, terms};

/// The IRIs of the lists of DPV, and the namespaces that they cover.
fn known() -> Option<(BTreeSet<String>, Vec<String>)> {
    let folder = fixtures("consent/dpv")?;
    let mut terms = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let text = fs::read_to_string(path).unwrap();
            // The third column; a term before it holds no comma.
            let iris = text
                .lines()
                .filter_map(|line| line.split(',').nth(2))
                .map(|cell| cell.trim_matches('"'))
                .filter(|cell| cell.starts_with("https://w3id.org/dpv"));
            terms.extend(iris.map(str::to_owned));
        }
    }
    let spaces = [
        "",
        "/pd",
        "/loc",
        "/legal/eu",
        "/legal/eu/gdpr",
        "/legal/eu/dga",
        "/legal/fr",
        "/legal/be",
    ];
    Some((
        terms,
        spaces
            .map(|space| format!("https://w3id.org/dpv{space}#"))
            .to_vec(),
    ))
}

/// Expands a document as JSON-LD does, as far as a context without vocabulary, aliases and nesting needs: every key, every
/// `@type`, every `@id`, and every value of a property whose type is `@id`, is a term with a prefix or an IRI.
fn expand(document: &Value) -> BTreeSet<String> {
    let context = document["@context"].as_object().unwrap();
    let mut found = BTreeSet::new();
    walk(document, context, &mut found);
    found
}

fn iri(term: &str, context: &Map<String, Value>) -> String {
    match term.split_once(':') {
        Some((prefix, rest)) => match context.get(prefix).and_then(Value::as_str) {
            Some(space) => format!("{space}{rest}"),
            None => term.to_owned(),
        },
        None => term.to_owned(),
    }
}

fn walk(value: &Value, context: &Map<String, Value>, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "@context" {
                    continue;
                }
                let kind = context.get(name).and_then(|term| term["@type"].as_str());
                if !name.starts_with('@') {
                    assert!(name.contains(':'), "`{name}` means nothing");
                    found.insert(iri(name, context));
                }
                if kind == Some("@json") {
                    continue;
                }
                if matches!(name.as_str(), "@type" | "@id") || kind == Some("@id") {
                    let values = value
                        .as_array()
                        .map_or(std::slice::from_ref(value), Vec::as_slice);
                    found.extend(
                        values
                            .iter()
                            .filter_map(Value::as_str)
                            .map(|term| iri(term, context)),
                    );
                }
                walk(value, context, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, context, found)),
        _ => {}
    }
}

fn unknown(document: &Value) -> Option<Vec<String>> {
    let (terms, spaces) = known()?;
    assert!(terms.len() > 1_000);
    let ours = expand(document);
    assert!(ours.contains("https://w3id.org/dpv#hasConsentStatus"));
    let of_dpv = |iri: &&String| spaces.iter().any(|space| iri.starts_with(space));
    Some(
        ours.iter()
            .filter(of_dpv)
            .filter(|iri| !terms.contains(*iri))
            .cloned()
            .collect(),
    )
}

#[test]
fn every_term_of_every_record_is_one_of_dpv_2_3() {
    for act in ACTS {
        let Record::Consent(record) = record(act) else {
            panic!("not a consent record")
        };
        let Some(unknown) = unknown(record.document()) else {
            return;
        };
        assert!(unknown.is_empty(), "{act:?}: {unknown:?}");
    }
}

#[test]
fn a_term_that_dpv_does_not_have_is_found() {
    let Record::Consent(record) = record(ACTS[0]) else {
        panic!("not a consent record")
    };
    let mut document = record.document().clone();
    document["dpv:hasProcess"][0]["dpv:hasProcessing"][0] = "dpv:Analytics".into();
    let Some(unknown) = unknown(&document) else { return };
    assert_eq!(unknown, ["https://w3id.org/dpv#Analytics"]);
}

/// What a legal person permits for a list of two points.
fn permission() -> Record {
    let list = PointList {
        grant: id("9a1f3c1e-5c55-4f1b-9b53-0d3b7f6f2a10"),
        sha256: point_list(&[[7; 32], [8; 32]]),
        count: 2,
    };
    let terms = ConsentTerms {
        frame: Frame::Permission(list),
        ..terms()
    };
    let draft = ConsentDraft::new(&terms, 1, at(10), &[requested()]).unwrap();
    Record::Consent(draft.with(&event(ConsentAct::Given, 10)).unwrap())
}

/// A permission is none of the GDPR, and its terms exist too.
#[test]
fn legal_person_permissions_are_written_with_terms_of_dpv_and_read_back_as_no_consent() {
    let whole = permission();
    let Record::Consent(record) = &whole else {
        panic!("not a consent record")
    };
    let bytes = whole.to_jcs_bytes().unwrap();
    assert_eq!(Record::parse(&bytes).unwrap(), whole);
    assert_eq!(
        (record.point_list().unwrap().count, record.consent().as_str()),
        (2, CONSENT)
    );
    let text = String::from_utf8(bytes).unwrap();
    for absent in [
        "DataSubject",
        "dpv:PersonalData",
        "A6-1-a",
        "law-GDPR",
        "hasRight",
    ] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
    // Neither passes for the other.
    for wrong in [
        text.replace("dpv:Permission", "dpv:ConsentRecord"),
        text.replace("en:pointList", "en:pointLost"),
        text.replace("eu-dga:hasDataHolder", "dpv:hasDataSubject"),
    ] {
        assert!(Record::parse(wrong.as_bytes()).is_err());
    }
    let Some(unknown) = unknown(record.document()) else {
        return;
    };
    assert!(unknown.is_empty(), "{unknown:?}");
}
