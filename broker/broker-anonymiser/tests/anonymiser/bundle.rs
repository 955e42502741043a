//! The files of a release.

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use broker_anonymiser::{
    Bundle, DISCLOSURE_MANIFEST, Release, ReleaseId, WattHours, with_disclosure_manifest,
};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, RowAccessor as _};
use ring::digest::{SHA256, digest};

use crate::support::{HALF_HOUR, period, released, request, short, usual};

/// Slot 1 has no data, slot 2 is hidden, slot 3 is zero.
fn release() -> Release {
    released(short(120), 0..120, |home, slot| match slot {
        1 => None,
        2 if home >= 50 => None,
        3 => Some(WattHours(0)),
        _ => usual(home, slot),
    })
}

fn bundle(release: &Release) -> Bundle {
    Bundle::build(&ReleaseId::new("release-0001").unwrap(), release).unwrap()
}

fn file<'a>(bundle: &'a Bundle, name: &str) -> &'a [u8] {
    &bundle
        .files()
        .iter()
        .find(|file| file.name == name)
        .unwrap()
        .bytes
}

fn json(bundle: &Bundle, name: &str) -> serde_json::Value {
    serde_json::from_slice(file(bundle, name)).unwrap()
}

#[test]
fn only_files_of_the_fixed_list_are_written_in_order_of_name() {
    let names: Vec<&str> = bundle(&release()).files().iter().map(|file| file.name).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "codebook.csv",
            "datapackage.json",
            "load-curve.csv",
            "load-curve.parquet",
            "manifest.json",
            "privacy.json",
        ]
    );
}

#[test]
fn a_second_run_gives_the_same_bytes() {
    let (one, other) = (bundle(&release()), bundle(&release()));
    assert_eq!(one, other);
    assert_eq!(one.archive().unwrap(), other.archive().unwrap());
}

#[test]
fn zero_nothing_and_hidden_look_different_in_the_csv() {
    let bundle = bundle(&release());
    let text = String::from_utf8(file(&bundle, "load-curve.csv").to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 11);
    assert_eq!(
        lines[0],
        "group_id,start,step_s,energy_wh,n_homes,status,noise_sd"
    );
    assert!(
        lines[1].starts_with("street,2026-11-20T00:00:00Z,1800,2"),
        "{}",
        lines[1]
    );
    assert_eq!(lines[2], "street,2026-11-20T00:30:00Z,1800,,0,no_data,0");
    assert_eq!(lines[3], "street,2026-11-20T01:00:00Z,1800,,,suppressed,0");
    assert_eq!(lines[4], "street,2026-11-20T01:30:00Z,1800,0,120,ok,0");
}

#[test]
fn the_parquet_file_holds_what_the_csv_holds() {
    let bundle = bundle(&release());
    let reader = SerializedFileReader::new(bytes_of(file(&bundle, "load-curve.parquet"))).unwrap();
    let mut text = String::from("group_id,start,step_s,energy_wh,n_homes,status,noise_sd\n");
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let fields: Vec<String> = row
            .get_column_iter()
            .map(|(_, field)| match field {
                Field::Null => String::new(),
                Field::Str(text) => text.clone(),
                Field::TimestampMillis(ms) => jiff::Timestamp::from_millisecond(*ms).unwrap().to_string(),
                other => other.to_string(),
            })
            .collect();
        assert_eq!(row.get_double(6).unwrap(), 0.0);
        text.push_str(&fields[..6].join(","));
        text.push_str(",0\n");
    }
    assert_eq!(text.as_bytes(), file(&bundle, "load-curve.csv"));
}

#[test]
fn the_parquet_file_has_one_row_group_a_month_and_names_its_zone() {
    let two_months = released(
        request(period("2026-01-20T00:00:00Z", 86_400, 20), 120),
        0..120,
        usual,
    );
    let bundle = bundle(&two_months);
    let reader = SerializedFileReader::new(bytes_of(file(&bundle, "load-curve.parquet"))).unwrap();
    let groups: Vec<i64> = reader
        .metadata()
        .row_groups()
        .iter()
        .map(|group| group.num_rows())
        .collect();
    assert_eq!(groups, [12, 8]);
    let metadata = reader.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(
        metadata
            .iter()
            .any(|pair| pair.key == "zone" && pair.value.as_deref() == Some("Europe/Paris"))
    );
}

fn bytes_of(slice: &[u8]) -> bytes::Bytes {
    bytes::Bytes::copy_from_slice(slice)
}

#[test]
fn the_manifest_names_every_other_file_with_its_digest() {
    let bundle = bundle(&release());
    let manifest = json(&bundle, "manifest.json");
    let listed = manifest["files"].as_array().unwrap();
    assert_eq!(listed.len(), bundle.files().len() - 1);
    for entry in listed {
        let bytes = file(&bundle, entry["name"].as_str().unwrap());
        assert_eq!(entry["bytes"], bytes.len());
        assert_eq!(entry["sha256"], hexadecimal(digest(&SHA256, bytes).as_ref()));
    }
    let own = digest(&SHA256, file(&bundle, "manifest.json"));
    assert_eq!(bundle.manifest_sha256().as_slice(), own.as_ref());
    assert!(file(&bundle, "manifest.json").starts_with(br#"{"files":[{"bytes":"#));
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_privacy_file_says_which_rule_was_applied() {
    let privacy = json(&bundle(&release()), "privacy.json");
    assert_eq!(privacy["policy"]["rule_id"], "fr-d111-63");
    assert_eq!(privacy["policy"]["required_here"], 100);
    assert_eq!(privacy["policy"]["period_max"]["hours"], 24);
    assert_eq!(
        privacy["cells"],
        serde_json::json!({ "ok": 8, "suppressed": 1, "no_data": 1 })
    );
    assert_eq!(privacy["length_rule"]["candidates"], 10_000);
    assert!(
        privacy["policy"]["legal_text"]["fr"]
            .as_str()
            .unwrap()
            .contains("5 000 points")
    );
    assert!(
        privacy["policy"]["legal_text"]["en"]
            .as_str()
            .unwrap()
            .contains("5,000")
    );
    assert!(
        privacy["policy"]["legal_text"]["nl"]
            .as_str()
            .unwrap()
            .contains("5.000")
    );
}

#[test]
fn the_data_package_describes_the_columns_of_the_csv() {
    let bundle = bundle(&release());
    let package = json(&bundle, "datapackage.json");
    let resources = package["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 3);
    for resource in resources {
        let bytes = file(&bundle, resource["path"].as_str().unwrap());
        let Some(fields) = resource["schema"]["fields"].as_array() else {
            assert_eq!(resource["format"], "parquet");
            assert!(resource.get("bytes").is_none() && resource.get("hash").is_none());
            continue;
        };
        assert_eq!(resource["bytes"], bytes.len());
        assert_eq!(
            resource["hash"],
            format!("sha256:{}", hexadecimal(digest(&SHA256, bytes).as_ref()))
        );
        let names: Vec<&str> = fields
            .iter()
            .map(|field| field["name"].as_str().unwrap())
            .collect();
        let header = std::str::from_utf8(bytes).unwrap().lines().next().unwrap();
        assert_eq!(names.join(","), header);
    }
}

/// A release that is given again comes with another manifest and the very same files.
#[test]
fn a_disclosure_manifest_is_the_last_file_and_changes_no_other() {
    let archive = bundle(&release()).archive().unwrap();
    let longer = with_disclosure_manifest(&archive, b"{}", 1_800_000_000).unwrap();
    let before = archive.len() - 1024;
    assert_eq!(longer[..before], archive[..before]);
    let mut reader = tar::Archive::new(longer.as_slice());
    let last = reader.entries().unwrap().last().unwrap().unwrap();
    assert_eq!(last.path().unwrap().to_str(), Some(DISCLOSURE_MANIFEST));
    assert_eq!(last.header().mtime().unwrap(), 1_800_000_000);
    assert_eq!(last.size(), 2);
    for wrong in [&archive[..before], &archive[1..], b""] {
        assert!(with_disclosure_manifest(wrong, b"{}", 0).is_err());
    }
}

#[test]
fn a_public_reader_opens_the_archive() {
    let bundle = bundle(&release());
    let archive = bundle.archive().unwrap();
    let mut reader = tar::Archive::new(archive.as_slice());
    let mut found = Vec::new();
    for entry in reader.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(header.mode().unwrap(), 0o644);
        assert_eq!(header.uid().unwrap() + header.gid().unwrap(), 0);
        assert_eq!(header.mtime().unwrap(), 1_795_341_600);
        assert!(header.as_ustar().is_some());
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        found.push((name, bytes));
    }
    let expected: Vec<_> = bundle
        .files()
        .iter()
        .map(|file| (file.name.to_owned(), file.bytes.clone()))
        .collect();
    assert_eq!(found, expected);
}

const READ_WITH_PYTHON: &str = "
import io, sys, tarfile
import pyarrow.parquet as pq
archive = tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()))
table = pq.read_table(io.BytesIO(archive.extractfile('load-curve.parquet').read()))
assert str(table.schema.field('start').type) == 'timestamp[ms, tz=UTC]', table.schema
print('group_id,start,step_s,energy_wh,n_homes,status,noise_sd')
blank = lambda value: '' if value is None else str(value)
for row in table.to_pylist():
    start = row['start'].strftime('%Y-%m-%dT%H:%M:%SZ')
    print(row['group_id'], start, row['step_s'], blank(row['energy_wh']), blank(row['n_homes']), row['status'],
          int(row['noise_sd']), sep=',')
";

#[test]
fn pyarrow_reads_the_same_table() {
    let has_pyarrow = Command::new("python3")
        .args(["-c", "import pyarrow.parquet"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !has_pyarrow {
        eprintln!("SKIPPED: python3 with pyarrow is missing");
        return;
    }
    let bundle = bundle(&released(
        request(period("2026-11-20T00:00:00Z", HALF_HOUR, 48), 100),
        0..100,
        usual,
    ));
    let mut python = Command::new("python3")
        .args(["-c", READ_WITH_PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(&bundle.archive().unwrap())
        .unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, file(&bundle, "load-curve.csv"));
}
