//! The ledger's public files as strangers fetch them: types, caches, widths, and paths that mean harm.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::process::Command;

use audit_tests::demo::Demo;
use audit_tests::programs::{programs, text};
use audit_tests::server::{Answer, ask};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::note::{KeyName, Note, Vkey};
use ledger_core::receipt::ReceiptKey;
use ledger_core::tile::{Resource, bundles, parse_entries, parse_tile, tiles};

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const A_MOMENT: &str = "public, max-age=1";

/// Nobody who fetches these from a hostile client may learn more than that there is nothing.
const HOSTILE: [&str; 24] = [
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/-1",
    "tile/0/0",
    "tile/0/0000",
    "tile/0/001/000",
    "tile/0/x000/000",
    "tile/00/000",
    "tile/64/000",
    "tile/255/000",
    "tile/0/000/",
    "tile/0/999",
    "tile/entries/999",
    "tile/entries/000.p/0",
    "tile/data/000",
    "tile/0/%2e%2e/%2e%2e/keys/checkpoint.key",
    "..%2fkeys%2fcheckpoint.key",
    "%2e%2e/keys/record.key",
    "../keys/receipt.key",
    ".staging/0",
    "checkpoint/",
    "tile/0/000%00",
    "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
];

fn get(demo: &Demo, path: &str) -> Answer {
    ask(demo.address, "GET", path, &[], b"").unwrap()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let mut lines = answer.head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim())
}

fn demand(answer: &Answer, content_type: &str, cache: &str) {
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert_eq!(header(answer, "content-type"), Some(content_type));
    assert_eq!(header(answer, "cache-control"), Some(cache));
    assert_eq!(header(answer, "x-content-type-options"), Some("nosniff"));
    assert_eq!(header(answer, "content-encoding"), None);
}

/// Everything of one log is asked of one demo: it takes a while to build its street.
#[test]
fn a_log_of_five_tiles_is_served_as_the_formats_want_it() {
    let demo = Demo::start(&[]);
    let vkey = get(&demo, "/ledger/log.vkey");
    demand(&vkey, "text/plain; charset=utf-8", A_MOMENT);
    let log: Vkey = text(&vkey.body).trim_end().parse().unwrap();

    let answer = get(&demo, "/ledger/checkpoint");
    demand(&answer, "text/plain; charset=utf-8", A_MOMENT);
    let head = SignedCheckpoint::open(&answer.body, &log).unwrap();
    assert!(head.size().get() > 512, "{} leaves", head.size());
    assert!(Note::parse(&answer.body).is_ok());

    every_required_file(&demo, &head);
    partial_widths(&demo);
    for path in HOSTILE {
        let answer = get(&demo, &format!("/ledger/{path}"));
        assert_eq!(answer.status, 404, "{path}: {}", answer.head);
        let said = text(&answer.body);
        assert!(
            !said.contains("fiducie-") || said.contains("urn:fiducie"),
            "{path}: {said}"
        );
        assert_eq!(header(&answer, "cache-control"), Some("no-store"), "{path}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let answer = ask(demo.address, method, "/ledger/checkpoint", &[], b"x").unwrap();
        assert_eq!(answer.status, 405, "{method}");
    }
    the_receipt_key(&demo, log.name());
    our_auditor(&demo, &log);
}

fn every_required_file(demo: &Demo, head: &SignedCheckpoint) {
    for tile in tiles(head.size()) {
        let answer = get(demo, &format!("/ledger/{}", Resource::Tile(tile)));
        demand(&answer, "application/octet-stream", FOR_EVER);
        parse_tile(&answer.body, tile.span().width()).unwrap();
    }
    for span in bundles(head.size()) {
        let answer = get(demo, &format!("/ledger/{}", Resource::Entries(span)));
        demand(&answer, "application/octet-stream", FOR_EVER);
        parse_entries(&answer.body, span.width()).unwrap();
    }
}

/// The partial tiles of the first tile were deleted long ago; the full one stands in for every one of them. The first
/// hashes of a full tile are those of each partial one, so a reader that falls back reads the same.
fn partial_widths(demo: &Demo) {
    let full = get(demo, "/ledger/tile/0/000");
    assert_eq!(full.body.len(), 8192);
    for width in [1, 2, 255] {
        let partial = get(demo, &format!("/ledger/tile/0/000.p/{width}"));
        match partial.status {
            404 => {}
            200 => assert_eq!(partial.body, full.body[..32 * width]),
            other => panic!("{other}"),
        }
    }
}

fn the_receipt_key(demo: &Demo, issuer: &KeyName) {
    let answer = get(demo, "/ledger/receipt.cose-key");
    demand(&answer, "application/cose-key", A_MOMENT);
    let key = ReceiptKey::from_cose_key(issuer.clone(), &answer.body).unwrap();
    assert_eq!(key.id(), ReceiptKey::new(issuer.clone(), *key.public()).id());
}

fn our_auditor(demo: &Demo, log: &Vkey) {
    let said = Command::new(&programs().ledger_audit)
        .args(["log", &demo.page("/ledger"), "--log-key", &log.to_string()])
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", text(&said.stdout));
}
