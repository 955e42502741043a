//! A log in memory, and witnesses in this process, because they must be able to lie.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::{Cosigner, PosixSeconds},
    note::{Ed25519Signer, KeyName, NoteSigner},
    policy::Policy,
    tree::{Frontier, Hash, NodeMap, ProofPlan, TreeSize, leaf_hash},
    witness::{AddCheckpoint, Recorded, Refusal, decide, origin_hash},
};
use ledger_log::{
    ProofSource, RawAnswer, StoreFault, TransportFault, WitnessConfig, WitnessTransport, Witnesses,
};
use tokio::sync::Semaphore;

pub const ORIGIN: &str = "log.example/consent";
pub const NOW: u64 = 1_800_000_000;

pub fn log() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new(ORIGIN).unwrap(), &[1; 32]).unwrap()
}

pub fn at(seconds: u64) -> PosixSeconds {
    PosixSeconds::new(seconds).unwrap()
}

pub fn size(leaves: u64) -> TreeSize {
    TreeSize::new(leaves).unwrap()
}

/// A tree of entries with this name.
pub struct Tree {
    frontier: Frontier,
    nodes: NodeMap,
}

impl Tree {
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
        SignedCheckpoint::sign(checkpoint, &log()).unwrap()
    }
}

#[async_trait]
impl ProofSource for Tree {
    async fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, StoreFault> {
        let plan = ProofPlan::consistency(old, new).map_err(StoreFault::new)?;
        plan.build(&self.nodes).map_err(StoreFault::new)
    }
}

/// How a witness behaves.
#[derive(Clone, Debug)]
pub enum Manner {
    Honest,
    Down,
    /// Answers honestly once the gate is opened, for each permit once.
    Slow(Arc<Semaphore>),
    /// Answers 409 with this size whatever is asked, and shows what it is given here.
    Claims {
        size: String,
        shows: Option<String>,
    },
    /// Answers with this status and body.
    Says(u16, String),
    /// Cosigns another checkpoint than it was sent.
    CosignsAnother,
    /// Cosigns at this time.
    CosignsAt(u64),
}

pub struct Fake {
    pub cosigner: Cosigner,
    pub manner: Mutex<Manner>,
    pub recorded: Mutex<Recorded>,
    pub shown: Mutex<Option<String>>,
    pub asked: AtomicUsize,
    pub looked: AtomicUsize,
}

impl Fake {
    fn honest(&self, body: &str, seconds: u64) -> RawAnswer {
        let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
        let mut recorded = self.recorded.lock().unwrap();
        let answer = |status, body: String| RawAnswer {
            status,
            body: body.into_bytes(),
        };
        match decide(&request, &[log().vkey().clone()], &recorded) {
            Ok(accepted) => {
                let checkpoint = accepted.checkpoint();
                *recorded = Recorded {
                    size: checkpoint.size(),
                    root: checkpoint.root(),
                };
                let line = self.cosigner.cosign(checkpoint, at(seconds));
                let keys = [self.cosigner.vkey().clone()];
                let (cosigned, _) = checkpoint.with_cosignatures(std::slice::from_ref(&line), &keys);
                *self.shown.lock().unwrap() = Some(cosigned.note().to_string());
                answer(200, format!("{line}\n"))
            }
            Err(Refusal::Stale { recorded, .. }) => answer(409, format!("{recorded}\n")),
            Err(_) => answer(422, String::new()),
        }
    }
}

/// Every witness of a test, by URL.
#[derive(Default)]
pub struct Town(HashMap<String, Arc<Fake>>);

#[async_trait]
impl WitnessTransport for Town {
    async fn add_checkpoint(&self, prefix: &str, body: String) -> Result<RawAnswer, TransportFault> {
        let fake = &self.0[prefix];
        fake.asked.fetch_add(1, Ordering::SeqCst);
        let manner = fake.manner.lock().unwrap().clone();
        match manner {
            Manner::Honest => Ok(fake.honest(&body, NOW)),
            Manner::Down => Err(TransportFault::new("connection refused")),
            Manner::Slow(gate) => {
                gate.acquire().await.unwrap().forget();
                Ok(fake.honest(&body, NOW))
            }
            Manner::Claims { size, .. } => Ok(RawAnswer {
                status: 409,
                body: size.into_bytes(),
            }),
            Manner::Says(status, body) => Ok(RawAnswer {
                status,
                body: body.into_bytes(),
            }),
            Manner::CosignsAnother => {
                let line = fake.cosigner.cosign(&Tree::of("other", 3).signed(), at(NOW));
                Ok(RawAnswer {
                    status: 200,
                    body: format!("{line}\n").into_bytes(),
                })
            }
            Manner::CosignsAt(seconds) => Ok(fake.honest(&body, seconds)),
        }
    }

    async fn monitoring(&self, prefix: &str, origin: Hash) -> Result<RawAnswer, TransportFault> {
        assert_eq!(origin, origin_hash(ORIGIN));
        let fake = &self.0[prefix];
        fake.looked.fetch_add(1, Ordering::SeqCst);
        let manner = fake.manner.lock().unwrap().clone();
        let shown = match manner {
            Manner::Down => return Err(TransportFault::new("connection refused")),
            Manner::Claims { shows, .. } => shows,
            _ => fake.shown.lock().unwrap().clone(),
        };
        let status = if shown.is_some() { 200 } else { 404 };
        Ok(RawAnswer {
            status,
            body: shown.unwrap_or_default().into_bytes(),
        })
    }
}

/// Witnesses `a`, `b`, ... of which `k` are needed, and their manners.
pub struct Scene {
    pub fakes: Vec<Arc<Fake>>,
    pub witnesses: Witnesses,
}

pub fn scene(k: usize, manners: Vec<Manner>) -> Scene {
    let mut town = Town::default();
    let (mut lines, mut names, mut fakes) = (String::new(), String::new(), Vec::new());
    for (i, manner) in manners.into_iter().enumerate() {
        let name = format!("w{i}");
        let url = format!("https://{name}.example/x");
        let seed = [100 + u8::try_from(i).unwrap(); 32];
        let cosigner = Cosigner::from_seed(KeyName::new(&format!("{name}.example")).unwrap(), &seed).unwrap();
        lines += &format!("witness {name} {} {url}/\n", cosigner.vkey());
        names += &format!(" {name}");
        let fake = Arc::new(Fake {
            cosigner,
            manner: Mutex::new(manner),
            recorded: Mutex::new(Recorded::nothing()),
            shown: Mutex::default(),
            asked: AtomicUsize::default(),
            looked: AtomicUsize::default(),
        });
        town.0.insert(url, Arc::clone(&fake));
        fakes.push(fake);
    }
    let text = format!("log {}\n{lines}group q {k}{names}\nquorum q\n", log().vkey());
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let config = WitnessConfig {
        time_limit: Duration::from_millis(100),
        ..WitnessConfig::default()
    };
    let transport: Arc<dyn WitnessTransport> = Arc::new(town);
    Scene {
        witnesses: Witnesses::new(policy, &[log().vkey().clone()], &transport, config),
        fakes,
    }
}

/// A witness that waits, and its gate.
pub fn slow() -> (Manner, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    (Manner::Slow(Arc::clone(&gate)), gate)
}

/// Lets other tasks run until something is so. On the one thread of these tests a task that was woken runs to its end.
pub async fn until(mut so: impl FnMut() -> bool) {
    while !so() {
        tokio::task::yield_now().await;
    }
}
