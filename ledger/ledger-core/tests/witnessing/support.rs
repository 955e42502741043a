//! The keys of the reference vectors, and logs of any size.

use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::{Cosigner, PosixSeconds},
    note::{Ed25519Signer, KeyName, NoteSigner, Vkey},
    tree::{Frontier, Hash, NodeMap, ProofPlan, TreeSize, leaf_hash},
};

pub const ORIGIN: &str = "log.example/consent";
pub const LOG_VKEY: &str = "log.example/consent+adf0c63a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
pub const WITNESS_VKEY: &str = "witness.example/dpo+03cba029+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
pub const PROOF: &str = "c2sp.org/tlog-proof@v1
index 4
UUFYUnUVBkx7vTW0TJ8Rrdz8OLQ5VU/Juw2LfGYcPo8=
DP2ldv9LKeozw6/a7tG9Y362VLKKBDAvyrX9fbB4Acw=
JWueiCXl03CkrgBdCQHqKRl34pJ/XPjj5yZg3QlRnts=

log.example/consent
7
kTlgHMHKirKnoMLBNMBIRfKxulSag9bIRc/NpDnMWF0=

\u{2014} log.example/consent rfDGOvz3SC8uoouEbSpZ54CU3Ep5lOWtdVSY/dUsQiQfXga5OpvPoav6cMAPTk3TsJ1Qy5JylqSo2QhVKZleoU47Mww=
\u{2014} witness.example/dpo A8ugKQAAAABpVbkA3PSpERZXd2ofdFJ8oZhuh5jqVi5TwUtQB0gKvId2F80au7LB/39YeR6oDF6m1J/uZ/YiLtbyFYwfzhegVnKWAw==
";
pub const COSIGNED_AT: u64 = 1_767_225_600;

fn seed(first: u8) -> [u8; 32] {
    std::array::from_fn(|i| first + i as u8)
}

pub fn log() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new(ORIGIN).unwrap(), &seed(0)).unwrap()
}

pub fn log_key() -> Vkey {
    log().vkey().clone()
}

pub fn dpo() -> Cosigner {
    Cosigner::from_seed(KeyName::new("witness.example/dpo").unwrap(), &seed(0x20)).unwrap()
}

pub fn cosigner(name: &str) -> Cosigner {
    let seed = *leaf_hash(name.as_bytes()).as_bytes();
    Cosigner::from_seed(KeyName::new(name).unwrap(), &seed).unwrap()
}

pub fn at(seconds: u64) -> PosixSeconds {
    PosixSeconds::new(seconds).unwrap()
}

pub fn size(leaves: u64) -> TreeSize {
    TreeSize::new(leaves).unwrap()
}

/// The tree of `entry-0`, `entry-1`, ... or of other entries.
pub struct Tree {
    pub frontier: Frontier,
    nodes: NodeMap,
}

impl Tree {
    pub fn of(entry: &str, leaves: u64) -> Self {
        let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
        for i in 0..leaves {
            for node in frontier
                .append(leaf_hash(format!("{entry}-{i}").as_bytes()))
                .unwrap()
            {
                nodes.insert(node.id, node.hash);
            }
        }
        Self { frontier, nodes }
    }

    pub fn proof_from(&self, old: u64) -> Vec<Hash> {
        let plan = ProofPlan::consistency(size(old), self.frontier.size()).unwrap();
        plan.build(&self.nodes).unwrap()
    }

    pub fn signed(&self) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(ORIGIN, self.frontier.size(), self.frontier.root()).unwrap();
        SignedCheckpoint::sign(checkpoint, &log()).unwrap()
    }
}

pub fn signed(leaves: u64) -> SignedCheckpoint {
    Tree::of("entry", leaves).signed()
}
