//! The examples of RFC 8428 and the table of cases resolve as written.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::fs;

use meter_core::senml::{Number, Pack, Resolved, SenmlError, Value, resolve};
use serde_json::Value as Json;

const NOW: Number = Number::Integer(1_768_030_200);

fn is_near(number: Option<Number>, json: &Json) -> bool {
    match (number, json.as_f64()) {
        (Some(number), Some(expected)) => (number.to_f64() - expected).abs() <= expected.abs() * 1e-15,
        (None, None) => true,
        _ => false,
    }
}

fn assert_resolved(resolved: &[Resolved], expected: &[Json], name: &str) {
    assert_eq!(resolved.len(), expected.len(), "{name}");
    for (record, json) in resolved.iter().zip(expected) {
        assert_eq!(Some(record.name.as_str()), json["n"].as_str(), "{name}");
        assert_eq!(record.unit.as_deref(), json["u"].as_str(), "{name}");
        assert!(
            is_near(record.time, &json["t"]),
            "{name}: {:?} {}",
            record.time,
            json["t"]
        );
        assert!(is_near(record.sum, &json["s"]), "{name}");
        assert_eq!(record.version, json["bver"].as_u64().unwrap_or(10), "{name}");
        match record.value.as_ref() {
            Some(Value::Number(number)) => assert!(is_near(Some(*number), &json["v"]), "{name}"),
            Some(Value::Text(text)) => assert_eq!(json["vs"], **text, "{name}"),
            Some(Value::Boolean(boolean)) => assert_eq!(json["vb"], *boolean, "{name}"),
            Some(Value::Data(data)) => {
                assert_eq!(
                    (data.as_slice(), json["vd"].as_str()),
                    (&b"hi \n"[..], Some("aGkgCg")),
                    "{name}"
                );
            }
            None => panic!("{name}: no value"),
        }
    }
}

#[test]
fn the_examples_of_the_rfc_resolve_as_worked_out_by_hand() {
    let Some(folder) = test_fixtures::fixtures("senml") else {
        return;
    };
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let pack = match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") if !name.ends_with(".resolu.json") => Pack::from_json(&bytes).unwrap(),
            Some("cbor") => Pack::from_cbor(&bytes).unwrap(),
            _ => continue,
        };
        let expected = fs::read(path.with_extension("resolu.json")).unwrap();
        let expected: Vec<Json> = serde_json::from_slice(&expected).unwrap();
        assert_resolved(&resolve(&pack, NOW).unwrap(), &expected, &name);
        assert_eq!(
            Pack::from_json(pack.to_json().as_bytes()).unwrap(),
            pack,
            "{name}"
        );
        assert_eq!(Pack::from_cbor(&pack.to_cbor()).unwrap(), pack, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 5, "the fixtures have changed");
}

fn both_encodings(json: &str) -> [Result<Vec<Resolved>, SenmlError>; 2] {
    let from_json = Pack::from_json(json.as_bytes());
    let from_cbor = from_json
        .clone()
        .and_then(|pack| Pack::from_cbor(&pack.to_cbor()));
    [from_json, from_cbor].map(|pack| pack.and_then(|pack| resolve(&pack, NOW)))
}

#[test]
fn the_table_of_cases_is_obeyed() {
    let Some(folder) = test_fixtures::fixtures("senml") else {
        return;
    };
    let table = fs::read_to_string(folder.join("cas_de_resolution.tsv")).unwrap();
    let mut seen = 0;
    for line in table.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let [name, input, expected] = columns[..] else {
            panic!("{line}")
        };
        for result in both_encodings(input) {
            assert_eq!(
                result.is_err(),
                expected.starts_with("reject"),
                "{name}: {result:?}"
            );
            match name {
                "bv_et_bs_s_ajoutent" => {
                    let sums: Vec<_> = result
                        .unwrap()
                        .into_iter()
                        .map(|r| (r.value.unwrap(), r.sum))
                        .collect();
                    let number = |n| Value::Number(Number::Integer(n));
                    assert_eq!(sums[0], (number(11), Some(Number::Integer(105))));
                    assert_eq!(sums[1], (number(12), Some(Number::Integer(100))));
                }
                "temps_relatif" => {
                    assert_eq!(result.unwrap()[0].time, Some(Number::Integer(1_768_030_170)));
                }
                _ => {}
            }
        }
        seen += 1;
    }
    assert_eq!(seen, 11, "the fixtures have changed");
}

#[test]
fn each_rule_broken_has_its_error() {
    let record = 0;
    for (json, error) in [
        (
            r#"[{"n":"a","v":1,"new_":2}]"#,
            SenmlError::MustUnderstand { record },
        ),
        (
            r#"[{"bver":11,"n":"a","v":1}]"#,
            SenmlError::UnsupportedVersion { record, version: 11 },
        ),
        (
            r#"[{"n":"a","v":1},{"bver":26,"n":"b","v":1}]"#,
            SenmlError::MixedVersions { record: 1 },
        ),
        (r#"[{"n":"a","v":1,"vb":true}]"#, SenmlError::TwoValues { record }),
        (
            r#"[{"n":"a","n":"b","v":1}]"#,
            SenmlError::RepeatedField { record },
        ),
        (r#"[{"n":"a","v":"1"}]"#, SenmlError::WrongType { record }),
        (r#"[{"n":"a","v":null}]"#, SenmlError::WrongType { record }),
        (r#"[{"n":"a","v":1e999}]"#, SenmlError::NotFinite { record }),
        (r#"[{"n":"a","vd":"a+"}]"#, SenmlError::WrongType { record }),
        (r#"[{"n":"a","t":5}]"#, SenmlError::NoValue { record }),
        (r#"[{"bs":5,"n":"a"}]"#, SenmlError::NoValue { record }),
        (r#"[{"bn":"a b","v":1}]"#, SenmlError::BadName { record }),
        (
            r#"[{"bv":1e308,"n":"a","v":1e308},{"n":"b","bv":1.7e308,"v":1e308}]"#,
            SenmlError::NotFinite { record },
        ),
        (r#"[{"n":"a","v":01}]"#, SenmlError::Syntax { offset: 15 }),
        (r#"{"n":"a","v":1}"#, SenmlError::Syntax { offset: 0 }),
        (r#"[{"n":"a","v":1}] x"#, SenmlError::Syntax { offset: 18 }),
    ] {
        assert_eq!(both_encodings(json)[0].as_ref().err(), Some(&error), "{json}");
    }
}

#[test]
fn a_record_of_base_fields_only_is_tolerated() {
    let [json, cbor] = both_encodings(r#"[{"bn":"urn:a:","bu":"W","bver":10},{"n":"p","v":3}]"#);
    assert_eq!(json.unwrap()[0].name, "urn:a:p");
    assert_eq!(cbor.unwrap().len(), 1);
}

#[test]
fn a_small_document_cannot_grow_into_a_large_one() {
    let long = format!(r#"[{{"bn":"{}","v":1}}]"#, "a".repeat(257));
    assert_eq!(
        Pack::from_json(long.as_bytes()),
        Err(SenmlError::TooLong { record: 0 })
    );
    let many = format!("[{}{{}}]", "{},".repeat(10_000));
    assert_eq!(Pack::from_json(many.as_bytes()), Err(SenmlError::TooManyRecords));
    let deep = format!(r#"[{{"x":{}"#, "[".repeat(100_000));
    assert!(matches!(
        Pack::from_json(deep.as_bytes()),
        Err(SenmlError::TooDeep { .. })
    ));
    let large = vec![b' '; (1 << 20) + 1];
    assert!(matches!(
        Pack::from_json(&large),
        Err(SenmlError::Oversized { .. })
    ));
}
