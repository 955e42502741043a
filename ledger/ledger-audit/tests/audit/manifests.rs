//! `ledger-audit manifest`: a whole disclosure manifest, and one row of it.

use std::path::PathBuf;

use disclosure_manifest::{
    DeliveryId, DeliveryProof, Field, Household, Manifest, Opening, RowFile, RowSalts, Scope, SubjectId,
};
use evidence::record::{ManifestRoot, Record};
use ledger_core::{leaf::Hour, note::NoteSigner};
use tempfile::TempDir;

use crate::sample::{Log, audit, audit_json, log_signer, put, release, signer, text};

/// A log with a delivery in it, and the files that people have of it.
struct Delivered {
    folder: TempDir,
    log: Log,
    manifest: Manifest,
    openings: Vec<Opening>,
}

/// The release is number 1, at index 0; the delivery leaf is at index 1.
const PLACE: u64 = 1;

fn built(name: &str) -> (Manifest, Vec<Opening>) {
    let mut calls = name.len() as u8;
    let mut fill = |buffer: &mut [u8]| {
        calls += 1;
        buffer.fill(calls);
        Ok::<(), std::convert::Infallible>(())
    };
    let day = 86_400_000_000;
    let home = |place: u8| Household {
        subject: SubjectId::new(&format!("participant-{place}")).unwrap(),
        scope: Scope::new([Field::new("energy-withdrawn").unwrap()].into(), 0, day, 1800).unwrap(),
        count: 48,
        salts: RowSalts::draw(&mut fill).unwrap(),
    };
    Manifest::build(&DeliveryId::new(name).unwrap(), [0, 1, 2].map(home).into()).unwrap()
}

fn released(manifest: &Manifest) -> Record {
    let Record::Release(mut record) = release() else {
        panic!("not a release")
    };
    record.disclosure_root = Some(ManifestRoot::new(*manifest.root().as_bytes()));
    Record::Release(record)
}

fn delivered() -> Delivered {
    let (manifest, openings) = built("release-1");
    let mut log = Log::of_transfers(0);
    log.push_record(&released(&manifest), 1);
    log.push(manifest.leaf(Hour::new(490_896)).to_bytes());
    log.close();
    Delivered {
        folder: TempDir::new().unwrap(),
        log,
        manifest,
        openings,
    }
}

impl Delivered {
    fn proof(&self) -> DeliveryProof {
        DeliveryProof {
            leaf: self.manifest.leaf(Hour::new(490_896)),
            proof: self.log.proof(PLACE),
            log_key: log_signer().vkey().clone(),
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        put(self.folder.path(), name, bytes)
    }

    fn row(&self) -> PathBuf {
        let file = RowFile {
            delivery: self.proof(),
            opening: self.openings[0].clone(),
        };
        self.put("row.json", &file.to_json())
    }

    fn whole(&self) -> PathBuf {
        self.put("disclosure-manifest.json", &self.manifest.dump())
    }

    fn leaf(&self) -> PathBuf {
        self.put("leaf.json", &self.proof().to_json())
    }

    fn evidence(&self) -> PathBuf {
        let bundle = self.log.bundle(&released(&self.manifest), 1);
        self.put("evidence.json", &bundle.to_bytes().unwrap())
    }
}

fn refuses(arguments: &[&str], why: &str) {
    let (status, said) = audit_json(arguments);
    assert_eq!((status, said["result"].as_str()), (1, Some("refused")), "{said}");
    assert!(said["reason"].as_str().unwrap().contains(why), "{said}");
}

#[test]
fn a_row_verifies_offline_and_says_what_it_is_about() {
    let files = delivered();
    let (row, key) = (files.row(), log_signer().vkey().to_string());
    let (status, said) = audit_json(&["manifest", text(&row), "--log-key", &key]);
    assert_eq!(status, 0, "{said}");
    let details = &said["details"];
    assert_eq!(details["subject"], "participant-0");
    assert_eq!(details["delivery"], "release-1");
    assert_eq!(details["fields"], serde_json::json!(["energy-withdrawn"]));
    assert_eq!(
        (&details["from"], &details["step_s"]),
        (&"1970-01-01T00:00:00.000000Z".into(), &1800.into())
    );
    assert_eq!((&details["rows"], &details["leaf_index"]), (&3.into(), &1.into()));
    assert_eq!(details["manifest_root"], files.manifest.root().to_string());
    assert_eq!(details["log_key_source"], "given");
    let (status, said) = audit(&["manifest", text(&row)]);
    assert!(
        status == 0 && said.contains("One of 3 rows of the delivery release-1"),
        "{said}"
    );
    assert!(said.contains("taken from the file itself"), "{said}");
}

#[test]
fn a_whole_manifest_is_found_by_its_leaf_file_or_in_the_log() {
    let files = delivered();
    let (whole, leaf, log) = (files.whole(), files.leaf(), files.log.write(&[3]));
    let (status, by_leaf) = audit_json(&["manifest", text(&whole), "--leaf", text(&leaf)]);
    assert_eq!(status, 0, "{by_leaf}");
    let (status, in_log) = audit_json(&["manifest", text(&whole), "--log", text(log.path())]);
    assert_eq!(status, 0, "{in_log}");
    for said in [by_leaf, in_log] {
        assert_eq!(
            (&said["details"]["rows"], &said["details"]["leaf_index"]),
            (&3.into(), &1.into())
        );
    }
    // A manifest alone says nothing: that is no refusal.
    let (status, said) = audit(&["manifest", text(&whole)]);
    assert!(status == 2 && said.contains("--leaf"), "{said}");
    let (status, said) = audit_json(&["log", text(log.path())]);
    assert_eq!((status, &said["details"]["deliveries"]), (0, &1.into()), "{said}");
}

#[test]
fn the_record_of_the_release_names_the_manifest() {
    let files = delivered();
    let (whole, leaf, row) = (files.whole(), files.leaf(), files.row());
    let evidence = files.evidence();
    for file in [
        vec![
            "manifest",
            text(&whole),
            "--leaf",
            text(&leaf),
            "--evidence",
            text(&evidence),
        ],
        vec!["manifest", text(&row), "--evidence", text(&evidence)],
    ] {
        let (status, said) = audit_json(&file);
        assert_eq!(
            (status, &said["details"]["record_leaf_index"]),
            (0, &0.into()),
            "{said}"
        );
    }
    // A record of the log that is about another manifest.
    let (other, _) = built("release-02");
    let mut log = Log::of_transfers(0);
    log.push_record(&released(&other), 1);
    log.close();
    let bundle = log.bundle(&released(&other), 1).to_bytes().unwrap();
    let foreign = files.put("foreign.json", &bundle);
    refuses(
        &["manifest", text(&row), "--evidence", text(&foreign)],
        "the record does not name this manifest",
    );
}

#[test]
fn a_changed_row_a_foreign_row_and_a_foreign_leaf_are_refused() {
    let files = delivered();
    let row = String::from_utf8(std::fs::read(files.row()).unwrap()).unwrap();
    let spoil = |from: &str, to: &str| {
        assert!(row.contains(from), "{from}");
        files.put("spoiled.json", row.replacen(from, to, 1).as_bytes())
    };
    for (from, to, why) in [
        ("\"48\"", "\"49\"", "does not lead to the root"),
        ("participant-0", "participant-1", "about somebody else"),
        ("energy-withdrawn", "power-max", "about other data"),
        ("\"step_s\":1800", "\"step_s\":60", "about other data"),
        ("00000301\"", "00000401\"", "not proven to stand in the log"),
        ("manifest-row/1", "manifest-row/2", "malformed"),
    ] {
        refuses(&["manifest", text(&spoil(from, to))], why);
    }
    let foreign = RowFile {
        delivery: files.proof(),
        opening: built("release-02").1.remove(0),
    };
    let foreign = files.put("foreign.json", &foreign.to_json());
    refuses(&["manifest", text(&foreign)], "does not lead to the root");
    let other = signer("log.example/consent", 9).vkey().to_string();
    refuses(
        &["manifest", text(&files.row()), "--log-key", &other],
        "another log",
    );
}

#[test]
fn a_manifest_with_other_rows_types_or_of_another_delivery_is_refused() {
    let files = delivered();
    let (leaf, log) = (files.leaf(), files.log.write(&[3]));
    let dump = String::from_utf8(files.manifest.dump()).unwrap();
    let against = |name: &str, json: &str, why: &str| {
        let file = files.put(name, json.as_bytes());
        refuses(&["manifest", text(&file), "--leaf", text(&leaf)], why);
    };
    against(
        "count.json",
        &dump.replacen("\"48\"", "\"49\"", 1),
        "not what its hash says",
    );
    against(
        "types.json",
        &dump.replacen("uint256", "uint128", 1),
        "the columns have other types",
    );
    let (other, _) = built("release-02");
    let other = String::from_utf8(other.dump()).unwrap();
    against("other.json", &other, "the leaf names another manifest");
    let file = files.put("other.json", other.as_bytes());
    refuses(
        &["manifest", text(&file), "--log", text(log.path())],
        "does not hold exactly one leaf",
    );
}

#[test]
fn a_log_that_names_one_manifest_twice_is_refused() {
    let mut files = delivered();
    files.log.push(files.manifest.leaf(Hour::new(490_897)).to_bytes());
    files.log.close();
    let log = files.log.write(&[5]);
    refuses(
        &["log", text(log.path())],
        "two deliveries name one disclosure manifest",
    );
}
