//! Two witnesses of two organisations in this process, for tests in which they come and go.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use broker_domain::time::Clock;
use broker_service::{Demand, WitnessParts};
use ledger_core::cosignature::{Cosigner, PosixSeconds};
use ledger_core::note::{KeyName, Vkey};
use ledger_core::policy::Policy;
use ledger_core::tree::Hash;
use ledger_core::witness::{AddCheckpoint, Recorded, Refusal, decide};
use ledger_log::{KeeperConfig, RawAnswer, TransportFault, WitnessConfig, WitnessTransport, Witnesses};

/// Names of their keys.
pub const WITNESSES: [&str; 2] = ["one.example/w", "two.example/w"];

/// Honest witnesses that can be switched off together.
pub struct Vouchers {
    away: AtomicBool,
    holding: AtomicBool,
    clock: Arc<dyn Clock>,
    log_key: Vkey,
    each: [(Cosigner, Mutex<Recorded>); 2],
}

impl Vouchers {
    /// Witnesses of the log with this key, on this clock.
    #[must_use]
    pub fn of(log_key: Vkey, clock: Arc<dyn Clock>) -> Arc<Self> {
        let witness = |name, seed| {
            let name = KeyName::new(name).unwrap();
            let cosigner = Cosigner::from_seed(name, &[seed; 32]).unwrap();
            (cosigner, Mutex::new(Recorded::nothing()))
        };
        let [one, two] = WITNESSES;
        Arc::new(Self {
            away: AtomicBool::new(false),
            holding: AtomicBool::new(false),
            clock,
            log_key,
            each: [witness(one, 71), witness(two, 72)],
        })
    }

    /// From now on they do not answer.
    pub fn leave(&self) {
        self.away.store(true, Ordering::SeqCst);
    }

    /// From now on they answer again.
    pub fn come_back(&self) {
        self.away.store(false, Ordering::SeqCst);
    }

    /// From now on they think about what they are asked.
    pub fn hold(&self) {
        self.holding.store(true, Ordering::SeqCst);
    }

    /// Now they answer, also what they were asked since.
    pub fn let_go(&self) {
        self.holding.store(false, Ordering::SeqCst);
    }

    /// What a broker is given in which nothing leaves without both of them.
    #[must_use]
    pub fn required(self: &Arc<Self>) -> WitnessParts {
        let lines = self.each.iter().zip(0..);
        let lines: String = lines
            .map(|((cosigner, _), i)| format!("witness w{i} {} {i}\n", cosigner.vkey()))
            .collect();
        let policy = format!("log {}\n{lines}group both all w0 w1\nquorum both\n", self.log_key);
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        let transport = Arc::clone(self) as Arc<dyn WitnessTransport>;
        WitnessParts {
            witnesses: Witnesses::new(
                policy,
                std::slice::from_ref(&self.log_key),
                &transport,
                WitnessConfig::default(),
            ),
            keeper: KeeperConfig {
                refresh: Duration::from_millis(50),
                pause: Duration::from_millis(5),
                retry: Duration::from_millis(20),
            },
            demand: Demand::Required {
                wait: Duration::from_millis(500),
            },
        }
    }
}

#[async_trait::async_trait]
impl WitnessTransport for Vouchers {
    async fn add_checkpoint(&self, prefix: &str, body: String) -> Result<RawAnswer, TransportFault> {
        if self.away.load(Ordering::SeqCst) {
            return Err(TransportFault::new("connection refused"));
        }
        while self.holding.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (cosigner, recorded) = self.each.get(usize::from(prefix == "1")).unwrap();
        let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
        let mut recorded = recorded.lock().unwrap();
        let (status, body) = match decide(&request, std::slice::from_ref(&self.log_key), &recorded) {
            Ok(accepted) => {
                let checkpoint = accepted.checkpoint();
                *recorded = Recorded {
                    size: checkpoint.size(),
                    root: checkpoint.root(),
                };
                let seconds = self.clock.now().as_micros() / 1_000_000;
                let at = PosixSeconds::new(u64::try_from(seconds).unwrap()).unwrap();
                (200, format!("{}\n", cosigner.cosign(checkpoint, at)))
            }
            Err(Refusal::Stale { recorded, .. }) => (409, format!("{recorded}\n")),
            Err(_) => (422, String::new()),
        };
        Ok(RawAnswer {
            status,
            body: body.into_bytes(),
        })
    }

    async fn monitoring(&self, _: &str, _: Hash) -> Result<RawAnswer, TransportFault> {
        Ok(RawAnswer {
            status: 404,
            body: Vec::new(),
        })
    }
}
