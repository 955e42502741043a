//! Our client before their witness, our checkpoints before their verifier.

use std::fs;
use std::path::PathBuf;

use audit_tests::town::Town;
use ledger_core::note::NoteSigner;
use ledger_core::policy::Quorum;
use ledger_log::Finding;

use super::log::{Log, ORIGIN, now, signer, witnesses};
use super::ours::Ours;
use super::peer::{Peer, Server};

/// Their witness, trusting our log.
fn their_witness(peer: &Peer) -> (Server, String) {
    let config = peer.path("witness.json");
    let config = config.to_str().unwrap();
    let said = peer.must(
        "aics-witness",
        &[
            "init",
            "--config",
            config,
            "--name",
            "witness.example/aics",
            "--listen",
            "127.0.0.1:0",
        ],
    );
    let key = said
        .lines()
        .find(|line| line.starts_with("witness.example/aics+"))
        .unwrap();
    let log_key = signer().vkey().to_string();
    peer.must(
        "aics-witness",
        &[
            "add-log", "--config", config, "--origin", ORIGIN, "--vkey", &log_key,
        ],
    );
    let mut serve = peer.command("aics-witness");
    serve.args(["serve", "--config", config]);
    let server = Server::start(&mut serve, &peer.path("aics.log"), "listening on http://");
    (server, key.to_owned())
}

#[tokio::test]
async fn their_witness_and_ours_cosign_one_checkpoint_that_their_verifier_accepts() {
    let Some(peer) = Peer::install() else { return };
    let (theirs, their_key) = their_witness(&peer);
    let ours = Ours::start(&peer);
    let both = [
        (their_key.clone(), theirs.url()),
        (ours.key.clone(), ours.server.url()),
    ];
    let asked = witnesses(&both);
    let published = peer.path("published");
    let keys = trusting(&[&their_key, &ours.key]);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let folder = published.to_str().unwrap();
    let rest = ["--max-age", "60", "--origin", ORIGIN, "--tiles", folder];
    let mut saved: Option<PathBuf> = None;
    for leaves in [1, 3, 256, 300, 300] {
        let log = Log::of("entry", leaves);
        let witnessed = asked.ask(&log.signed(), log.clone(), now()).await.unwrap();
        assert_eq!(witnessed.quorum, Quorum::Met, "{:?}", witnessed.reports);
        log.publish(&published, &witnessed.checkpoint_with_cosignatures)
            .await;
        peer.must(
            "aics-tlog",
            &[&["verify-checkpoint"], &keys[..], &rest[..]].concat(),
        );
        // Kept from the round before: their verifier sees that the log only grew.
        if let Some(old) = saved.replace(peer.path(&format!("kept-{leaves}"))) {
            let old = ["verify-consistency", "--old-checkpoint", old.to_str().unwrap()];
            peer.must("aics-tlog", &[&old[..], &keys[..], &rest[..]].concat());
        }
        fs::copy(published.join("checkpoint"), saved.as_ref().unwrap()).unwrap();
    }
    // A start of ours that remembers nothing learns the size from both.
    let log = Log::of("entry", 301);
    let again = witnesses(&both)
        .ask(&log.signed(), log.clone(), now())
        .await
        .unwrap();
    assert_eq!(again.quorum, Quorum::Met);
    // One cosignature is missing: their verifier counts as ours does.
    let one = peer.path("one");
    let without = [ours.key.parse().unwrap()];
    let fewer = again.checkpoint_with_cosignatures.without_cosignatures(&without);
    fs::write(&one, fewer.note().to_string()).unwrap();
    let mut verify = peer.command("aics-tlog");
    verify.args(["verify-checkpoint", "--note"]).arg(&one).args(&keys);
    assert!(!verify.output().unwrap().status.success());
}

/// Their arguments for a policy: the log's key, and two of two witnesses.
fn trusting(witnesses: &[&str; 2]) -> Vec<String> {
    let log_key = signer().vkey().to_string();
    let [one, two] = witnesses;
    let arguments = [
        "--log-key",
        &log_key,
        "--witness-key",
        one,
        "--witness-key",
        two,
        "--quorum",
        "2",
    ];
    arguments.map(str::to_owned).to_vec()
}

#[tokio::test]
async fn a_log_rolled_back_before_either_witness_is_stopped() {
    let Some(peer) = Peer::install() else { return };
    let (theirs, their_key) = their_witness(&peer);
    let ours = Ours::start(&peer);
    let nine = Log::of("entry", 9);
    for one in [(their_key, theirs.url()), (ours.key.clone(), ours.server.url())] {
        let before = witnesses(std::slice::from_ref(&one));
        before.ask(&nine.signed(), nine.clone(), now()).await.unwrap();
        // Rolled back to 7; another history of 9; another history of 12.
        for log in [Log::of("entry", 7), Log::of("fork", 9), Log::of("fork", 12)] {
            let after = witnesses(std::slice::from_ref(&one));
            let stop = after.ask(&log.signed(), log.clone(), now()).await.unwrap_err();
            assert_eq!(stop.theirs.get(), 9);
            let looked = witnesses(std::slice::from_ref(&one));
            assert!(looked.look(&log.signed(), log.clone()).await.is_err());
        }
        // The true history goes on.
        let ten = Log::of("entry", 10);
        let asked = witnesses(&[one])
            .ask(&ten.signed(), ten.clone(), now())
            .await
            .unwrap();
        assert_eq!(asked.reports[0].finding, Finding::Cosigned);
    }
}

#[test]
fn the_broker_s_published_ledger_verifies_with_their_verifier() {
    let Some(peer) = Peer::install() else { return };
    let town = Town::found(2);
    let (ledger, key) = (town.ledger(), town.log_key().to_string());
    let folder = ledger.to_str().unwrap();
    peer.must(
        "aics-tlog",
        &["verify-checkpoint", "--log-key", &key, "--tiles", folder],
    );
    let checkpoint = fs::read_to_string(ledger.join("checkpoint")).unwrap();
    let size: u64 = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    assert!(size > 3, "the town left too few records to see anything");
    for index in [0, size / 2, size - 1] {
        let entry = peer.path("entry");
        let (index, entry) = (index.to_string(), entry.to_str().unwrap());
        let arguments = ["verify-inclusion", "--index", &index, "--entry-out", entry];
        let arguments = [&arguments[..], &["--log-key", &key, "--tiles", folder]].concat();
        peer.must("aics-tlog", &arguments);
        assert!(
            fs::metadata(entry).unwrap().len() >= 56,
            "an entry is a leaf of ours"
        );
    }
}
