//! A whole broker over HTTP before `aics-tlog`: checkpoint, tiles, and one entry proven.

use std::fs;

use audit_tests::demo::Demo;
use audit_tests::programs::text;
use audit_tests::server::ask;

use super::peer::Peer;

#[test]
fn their_verifier_follows_a_running_broker_over_http() {
    let Some(peer) = Peer::install() else { return };
    let demo = Demo::start(&[]);
    let get = |path: &str| ask(demo.address, "GET", path, &[], b"").unwrap().body;
    let key = text(&get("/ledger/log.vkey")).trim_end().to_owned();
    let kept = peer.path("kept");
    fs::write(&kept, get("/ledger/checkpoint")).unwrap();
    let url = demo.page("/ledger");
    let trusted = ["--log-key", key.as_str(), "--tiles", url.as_str()];
    peer.must("aics-tlog", &[&["verify-checkpoint"], &trusted[..]].concat());
    let old = ["verify-consistency", "--old-checkpoint", kept.to_str().unwrap()];
    peer.must("aics-tlog", &[&old[..], &trusted[..]].concat());
    for index in ["0", "255", "256", "700"] {
        let out = peer.path(index);
        let asked = [
            "verify-inclusion",
            "--index",
            index,
            "--entry-out",
            out.to_str().unwrap(),
        ];
        peer.must("aics-tlog", &[&asked[..], &trusted[..]].concat());
        let entry = fs::read(out).unwrap();
        assert_eq!(entry[0], 1, "version of a leaf");
    }
}
