//! A log in memory that publishes its tiles, and a transport over real HTTP.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use audit_tests::server::ask;
use ledger_core::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger_core::cosignature::PosixSeconds;
use ledger_core::note::{Ed25519Signer, KeyName, NoteSigner};
use ledger_core::policy::Policy;
use ledger_core::tile::{Resource, encode_tile, tiles};
use ledger_core::tree::{Frontier, Hash, NodeMap, ProofPlan, TreeSize, leaf_hash};
use ledger_log::{
    FolderStore, ProofSource, PublicFile, PublicStore, RawAnswer, StoreFault, TransportFault, WitnessConfig,
    WitnessTransport, Witnesses,
};

pub const ORIGIN: &str = "log.example/consent";

pub fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new(ORIGIN).unwrap(), &[1; 32]).unwrap()
}

pub fn now() -> PosixSeconds {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    PosixSeconds::new(now.as_secs()).unwrap()
}

/// The tree of `entry-0`, `entry-1`, ...
pub struct Log {
    frontier: Frontier,
    nodes: NodeMap,
}

impl Log {
    pub fn of(entry: &str, leaves: u64) -> Arc<Self> {
        let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
        for i in 0..leaves {
            for node in frontier
                .append(leaf_hash(format!("{entry}-{i}").as_bytes()))
                .unwrap()
            {
                nodes.insert(node.id, node.hash);
            }
        }
        Arc::new(Self { frontier, nodes })
    }

    pub fn signed(&self) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(ORIGIN, self.frontier.size(), self.frontier.root()).unwrap();
        SignedCheckpoint::sign(checkpoint, &signer()).unwrap()
    }

    /// Writes the tiles, then this checkpoint, as the publisher does.
    pub async fn publish(&self, folder: &Path, checkpoint: &SignedCheckpoint) {
        let store = FolderStore::open(folder.to_owned()).await.unwrap();
        let files = tiles(self.frontier.size()).map(|tile| {
            let hashes: Vec<Hash> = tile.nodes().map(|node| self.nodes.get(node).unwrap()).collect();
            PublicFile {
                resource: Resource::Tile(tile),
                bytes: encode_tile(&hashes),
            }
        });
        store.write(files.collect()).await.unwrap();
        let note = checkpoint.note().to_string().into_bytes();
        store.replace_checkpoint(note).await.unwrap();
    }
}

#[async_trait]
impl ProofSource for Log {
    async fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, StoreFault> {
        let plan = ProofPlan::consistency(old, new).map_err(StoreFault::new)?;
        plan.build(&self.nodes).map_err(StoreFault::new)
    }
}

/// Plain HTTP with the small client of these tests.
struct Http;

#[async_trait]
impl WitnessTransport for Http {
    async fn add_checkpoint(&self, prefix: &str, body: String) -> Result<RawAnswer, TransportFault> {
        send(prefix, "POST", "/add-checkpoint", body.as_bytes())
    }

    async fn monitoring(&self, prefix: &str, origin_hash: Hash) -> Result<RawAnswer, TransportFault> {
        send(prefix, "GET", &format!("/{origin_hash}/checkpoint"), b"")
    }
}

fn send(prefix: &str, method: &str, path: &str, body: &[u8]) -> Result<RawAnswer, TransportFault> {
    let address: SocketAddr = prefix.strip_prefix("http://").unwrap().parse().unwrap();
    let answer = ask(address, method, path, &[], body).map_err(TransportFault::new)?;
    Ok(RawAnswer {
        status: answer.status,
        body: answer.body,
    })
}

/// The witnesses with these keys and URLs, all of which must cosign.
pub fn witnesses(all: &[(String, String)]) -> Witnesses {
    let lines = all.iter().enumerate();
    let lines: String = lines
        .map(|(i, (key, url))| format!("witness w{i} {key} {url}\n"))
        .collect();
    let names: String = (0..all.len()).map(|i| format!(" w{i}")).collect();
    let text = format!("log {}\n{lines}group q all{names}\nquorum q\n", signer().vkey());
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let config = WitnessConfig {
        time_limit: std::time::Duration::from_secs(20),
        ..WitnessConfig::default()
    };
    let transport: Arc<dyn WitnessTransport> = Arc::new(Http);
    Witnesses::new(policy, &[signer().vkey().clone()], &transport, config)
}
