//! `aics-witness`, which we did not write, as one of two organisations.

use audit_tests::server::Server;
use audit_tests::town::ORIGIN;

use super::peer::{Peer, Server as PeerServer};
use super::scene::{Named, Scene, Witness, answer_of, transfer, until_witnessed};

#[test]
fn a_foreign_witness_and_ours_vouch_for_one_broker() {
    let Some(peer) = Peer::install() else { return };
    let scene = Scene::set();
    let ours = Witness::found(&scene.town, "ours.example/w");
    let config = peer.path("witness.json");
    let config = config.to_str().unwrap();
    let init = [
        "init",
        "--config",
        config,
        "--name",
        "theirs.example/w",
        "--listen",
        "127.0.0.1:0",
    ];
    let said = peer.must("aics-witness", &init);
    let key = said
        .lines()
        .find(|line| line.starts_with("theirs.example/w+"))
        .unwrap();
    let log_key = scene.town.log_key().to_string();
    let add = [
        "add-log", "--config", config, "--origin", ORIGIN, "--vkey", &log_key,
    ];
    peer.must("aics-witness", &add);
    let mut serve = peer.command("aics-witness");
    serve.args(["serve", "--config", config]);
    let theirs = PeerServer::start(&mut serve, &peer.path("aics.log"), "listening on http://");

    let all = [
        Named {
            name: "ours",
            key: &ours.key,
            url: ours.url(),
        },
        Named {
            name: "theirs",
            key,
            url: theirs.url(),
        },
    ];
    scene.require(2, &all, "");
    let server = Server::start(&scene.town);
    scene.intake(&server, 0);
    let told = until_witnessed(&server);
    assert_eq!(answer_of(&told, "theirs.example/w"), "cosigned");
    assert_eq!(scene.order(&server, &transfer()).status, 200);
    let (status, said) = scene.audit();
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("theirs.example/w at "), "{said}");
}
