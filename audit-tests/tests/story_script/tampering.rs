//! One flipped bit, anywhere: refused.

use std::fs;
use std::path::Path;

use audit_tests::programs::ledger_audit;
use audit_tests::story::{Story, files_below};

use super::{audit_log, copy_of_ledger};

/// Positions looked at in one file.
const POSITIONS: usize = 200;

/// The first, the last, and others evenly between; an odd stride would miss no column of a text.
fn positions(length: usize, count: usize) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..count).map(|i| i * (length - 1) / (count - 1)).collect();
    positions.dedup();
    positions
}

fn flipped(bytes: &[u8], position: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[position] ^= 1 << (position % 8);
    changed
}

pub fn no_bundle_survives_a_flipped_bit(story: &Story) {
    let key = story.said("verify", "log_key");
    let copy = story.aside("flipped-bundle").join("evidence.json");
    for bundle in story.bundles() {
        let bytes = fs::read(&bundle).unwrap();
        for position in positions(bytes.len(), POSITIONS) {
            fs::write(&copy, flipped(&bytes, position)).unwrap();
            let (status, said) = ledger_audit(&["verify", copy.to_str().unwrap(), "--log-key", key]);
            assert_eq!(
                status,
                1,
                "{} with byte {position} changed: {said}",
                bundle.display()
            );
        }
        for wrong in [&bytes[..bytes.len() - 1], &[&bytes[..], b"\n"].concat(), b""] {
            fs::write(&copy, wrong).unwrap();
            let (status, said) = ledger_audit(&["verify", copy.to_str().unwrap(), "--log-key", key]);
            assert_eq!(status, 1, "{} of {} bytes: {said}", bundle.display(), wrong.len());
        }
    }
}

pub fn no_release_survives_a_flipped_bit(story: &Story) {
    let key = story.said("verify", "log_key");
    let copy = story.aside("flipped-release");
    let release = story.folder().join("release");
    fs::copy(release.join("evidence.json"), copy.join("evidence.json")).unwrap();
    let sealed = fs::read(release.join("delivery.age")).unwrap();
    let verify = |sealed: &[u8]| {
        fs::write(copy.join("delivery.age"), sealed).unwrap();
        ledger_audit(&["verify", copy.to_str().unwrap(), "--log-key", key])
    };
    assert_eq!(verify(&sealed).0, 0);
    for position in positions(sealed.len(), POSITIONS) {
        let (status, said) = verify(&flipped(&sealed, position));
        assert_eq!(status, 1, "delivery.age with byte {position} changed: {said}");
    }
}

pub fn no_log_survives_a_flipped_bit(story: &Story) {
    let ledger = copy_of_ledger(story, "flipped-log");
    assert_eq!(audit_log(story, &ledger, &[]).0, 0);
    for path in files_below(&ledger) {
        let bytes = fs::read(&path).unwrap();
        for position in positions(bytes.len(), 3) {
            fs::write(&path, flipped(&bytes, position)).unwrap();
            let (status, said) = audit(story, &ledger, &path);
            assert_eq!(
                status,
                1,
                "{} with byte {position} changed: {said}",
                path.display()
            );
        }
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(audit_log(story, &ledger, &[]).0, 0, "the copy was not put back");
}

/// Whoever brings the key does not read the log's own copy of it, so for that file nobody brings it.
fn audit(story: &Story, ledger: &Path, changed: &Path) -> (i32, String) {
    if changed.ends_with("log.vkey") {
        let (status, said) = audit_log(story, ledger, &[]);
        assert_eq!(status, 0, "the key brought along was not used: {said}");
        return ledger_audit(&["log", ledger.to_str().unwrap()]);
    }
    audit_log(story, ledger, &[])
}
