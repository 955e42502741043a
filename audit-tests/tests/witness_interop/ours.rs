//! Their client before our witness.

use std::fs;
use std::process::Command;

use audit_tests::programs::{programs, text};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::note::{NoteSigner, Vkey};

use super::log::{Log, signer};
use super::peer::{Peer, Server};

/// `ledger-witness`, trusting the log.
pub struct Ours {
    pub server: Server,
    pub key: String,
}

impl Ours {
    pub fn start(peer: &Peer) -> Self {
        let folder = peer.path("ours");
        let program = &programs().ledger_witness;
        let made = Command::new(program)
            .args(["keygen", "--name", "witness.example/ours", "--folder"])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", text(&made.stderr));
        let key = text(&made.stdout).lines().next().unwrap().to_owned();
        let config = folder.join("witness.toml");
        let written = fs::read_to_string(&config).unwrap();
        let trusted = format!("logs = [\n  \"{}\",\n", signer().vkey());
        let written = written.replace("logs = [\n", &trusted).replace(":7380", ":0");
        fs::write(&config, written).unwrap();
        let mut serve = Command::new(program);
        serve.arg("serve").arg("--config").arg(&config);
        Self {
            server: Server::start(&mut serve, &peer.path("ours.log"), "listen="),
            key,
        }
    }
}

/// Submits the notes in their order with their client and their tree, and adds the cosignatures to the files.
const FEEDER: &str = r#"
import sys
from aics_tlog import MerkleTree
from aics_witness.feeder import WitnessAhead, WitnessClient, WitnessRejected, merge_cosignatures

url, vkey, fork, *paths = sys.argv[1:]
client = WitnessClient(url, vkey)
for path in paths:
    note = open(path, "rb").read()
    size = int(note.split(b"\n")[1])
    tree = MerkleTree([f"entry-{i}".encode() for i in range(size)])
    lines = client.submit(note, tree.consistency_proof)
    open(path, "wb").write(merge_cosignatures(note, lines))
# A client without memory asks about the past, then about another history.
try:
    WitnessClient(url, vkey).submit(open(paths[0], "rb").read(), tree.consistency_proof)
    sys.exit("an old checkpoint was cosigned")
except WitnessAhead:
    pass
note = open(fork, "rb").read()
tree = MerkleTree([f"fork-{i}".encode() for i in range(int(note.split(b"\n")[1]))])
try:
    client.submit(note, tree.consistency_proof)
    sys.exit("another history was cosigned")
except WitnessRejected as refused:
    assert refused.status == 422, refused.status
print("done")
"#;

#[test]
fn their_client_gets_cosignatures_from_our_witness() {
    let Some(peer) = Peer::install() else { return };
    let ours = Ours::start(&peer);
    let key: Vkey = ours.key.parse().unwrap();
    let write = |name: String, log: &Log| {
        let path = peer.path(&name);
        fs::write(&path, log.signed().note().to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let sizes = [1, 2, 7, 256, 257, 257, 1000];
    let paths: Vec<_> = sizes
        .iter()
        .enumerate()
        .map(|(i, size)| write(format!("note-{i}"), &Log::of("entry", *size)))
        .collect();
    let fork = write("fork".to_owned(), &Log::of("fork", 1000));
    let script = peer.path("feeder.py");
    fs::write(&script, FEEDER).unwrap();
    let url = ours.server.url();
    let mut arguments = vec![script.to_str().unwrap(), &url, &ours.key, &fork];
    arguments.extend(paths.iter().map(String::as_str));
    assert!(peer.must("python", &arguments).contains("done"));
    for path in paths {
        let note = fs::read(path).unwrap();
        let opened = SignedCheckpoint::open(&note, signer().vkey()).unwrap();
        assert_eq!(opened.cosignatures(std::slice::from_ref(&key)).unwrap().len(), 1);
    }
}
