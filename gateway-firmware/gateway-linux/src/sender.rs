//! The thread that talks to the broker: hands over batches and looks at the settings.
//!
//! Oldest first; but a batch that could not be settled is set aside and the next one has its turn, so that no single
//! batch keeps the others waiting. The broker takes batches in any order: it knows each by its identifier, and holds
//! indices against each other within a batch only.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use gateway_device::Settings;
use uuid::Uuid;

use crate::answer::Outcome;
use crate::broker::Broker;
use crate::key::DeviceKey;
use crate::ports::{Clock, Entropy};
use crate::spool::{Entry, Spool, SpoolError};
use crate::state::State;

/// Longest delay between two attempts, unless the broker asks for more.
const LONGEST_DELAY: Duration = Duration::from_secs(300);

/// How often the spool is looked at when nobody tells of a new batch.
const IDLE: Duration = Duration::from_secs(1);

/// What reader and sender share.
pub(crate) struct Shared<'s> {
    pub(crate) state: &'s State,
    pub(crate) spool: &'s Spool,
    pub(crate) key: &'s DeviceKey,
    pub(crate) broker: &'s Broker,
    pub(crate) gateway_id: Uuid,
    /// The newest settings known.
    pub(crate) settings: &'s Mutex<Settings>,
    /// Set when the process was asked to stop: what is in the spool waits for the next start.
    pub(crate) stop: &'s AtomicBool,
    pub(crate) retry: Duration,
    pub(crate) settings_every: Duration,
}

impl Shared<'_> {
    /// The newest settings known.
    pub(crate) fn settings_now(&self) -> Settings {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How batches ended.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) acknowledged: u64,
    pub(crate) without_consent: u64,
    pub(crate) refused: u64,
}

/// A batch that was tried and not settled.
#[derive(Debug, Clone, Copy)]
struct Aside {
    failures: u32,
    next_attempt: Instant,
}

pub(crate) struct Sender<'s, P> {
    shared: &'s Shared<'s>,
    ports: &'s P,
    sent: Sent,
    /// Attempts in a row that settled nothing, whatever the batch.
    failures: u32,
    next_attempt: Instant,
    /// Batches that were tried and not settled, by sequence number. Not kept on disk: after a restart each is tried at
    /// once.
    aside: BTreeMap<u64, Aside>,
    next_settings: Instant,
}

impl<'s, P: Clock + Entropy> Sender<'s, P> {
    pub(crate) fn new(shared: &'s Shared<'s>, ports: &'s P) -> Self {
        let now = Instant::now();
        Self {
            shared,
            ports,
            sent: Sent::default(),
            failures: 0,
            next_attempt: now,
            aside: BTreeMap::new(),
            next_settings: now,
        }
    }

    /// Works until asked to stop, or until the reader has gone (its end of `news` is dropped) and the spool is empty.
    pub(crate) fn run(mut self, news: &Receiver<()>) -> Sent {
        let mut reader_has_gone = false;
        while !self.shared.stop.load(Ordering::Relaxed) {
            if Instant::now() >= self.next_settings {
                self.look_at_settings();
            }
            let waiting = self.shared.spool.entries().unwrap_or_else(|error| {
                tracing::error!("{error}");
                Vec::new()
            });
            let now = Instant::now();
            let due = if now >= self.next_attempt {
                self.due(&waiting, now)
            } else {
                None
            };
            match due {
                Some(entry) => {
                    self.attempt(entry);
                    continue;
                }
                None if reader_has_gone && waiting.is_empty() => break,
                None => {}
            }
            let pause = self.pause(&waiting, now);
            if reader_has_gone {
                std::thread::sleep(pause.min(Duration::from_millis(50)));
            } else if let Err(RecvTimeoutError::Disconnected) = news.recv_timeout(pause) {
                reader_has_gone = true;
            }
        }
        self.sent
    }

    /// The batch to try now: those that failed least first, so that what is refused again and again comes last, and the
    /// oldest of them.
    fn due<'e>(&self, waiting: &'e [Entry], now: Instant) -> Option<&'e Entry> {
        let tried = |entry: &Entry| self.aside.get(&entry.sequence);
        waiting
            .iter()
            .filter(|entry| tried(entry).is_none_or(|aside| aside.next_attempt <= now))
            .min_by_key(|entry| (tried(entry).map_or(0, |aside| aside.failures), entry.sequence))
    }

    /// How long there is nothing to try, as far as one can tell.
    fn pause(&self, waiting: &[Entry], now: Instant) -> Duration {
        waiting
            .iter()
            .map(|entry| {
                let aside = self.aside.get(&entry.sequence);
                aside.map_or(now, |aside| aside.next_attempt)
            })
            .min()
            .map_or(IDLE, |next| {
                next.max(self.next_attempt)
                    .saturating_duration_since(now)
                    .min(IDLE)
            })
    }

    fn attempt(&mut self, entry: &Entry) {
        if let Err(error) = self.hand_over(entry) {
            tracing::error!("{error}");
            self.set_aside(entry, None);
        }
    }

    fn hand_over(&mut self, entry: &Entry) -> Result<(), SpoolError> {
        let spool = self.shared.spool;
        let envelope = spool.read(entry)?;
        match self.shared.broker.send(&envelope, self.ports.now_us()) {
            Outcome::Acknowledged => {
                spool.delete(entry)?;
                self.sent.acknowledged += 1;
                self.settle(entry);
                tracing::info!(batch.id = %entry.batch_id, "batch acknowledged");
            }
            Outcome::WithoutConsent { code } => {
                spool.delete(entry)?;
                self.sent.without_consent += 1;
                self.settle(entry);
                tracing::warn!(batch.id = %entry.batch_id, code, "no consent covers this batch: deleted");
            }
            Outcome::Refused { status, code } => {
                let note = format!("batch: {}\nstatus: {status}\ncode: {code}\n", entry.batch_id);
                spool.refuse(entry, &note)?;
                self.sent.refused += 1;
                self.settle(entry);
                tracing::error!(batch.id = %entry.batch_id, status, code, "batch refused: readings deleted");
            }
            Outcome::Later {
                reason,
                advice,
                after,
            } => {
                let failures = self.set_aside(entry, after);
                tracing::warn!(batch.id = %entry.batch_id, failures, "batch kept: {reason}; {advice}");
            }
        }
        Ok(())
    }

    fn settle(&mut self, entry: &Entry) {
        self.aside.remove(&entry.sequence);
        self.failures = 0;
        self.next_attempt = Instant::now();
    }

    /// Keeps a batch for later, and lets the broker rest before any other is tried: one cannot tell whether it was
    /// about this batch. How often this batch failed is returned.
    fn set_aside(&mut self, entry: &Entry, asked: Option<Duration>) -> u32 {
        let now = Instant::now();
        let asked = asked.unwrap_or_default();
        self.next_attempt = now + self.delay(self.failures).max(asked);
        self.failures = self.failures.saturating_add(1);
        let before = self.aside.get(&entry.sequence).map_or(0, |aside| aside.failures);
        let aside = Aside {
            failures: before.saturating_add(1),
            next_attempt: now + self.delay(before).max(asked),
        };
        self.aside.insert(entry.sequence, aside);
        aside.failures
    }

    /// Twice as long after each failure, less up to half of it at random so that gateways do not come back together
    /// after an outage.
    fn delay(&self, failures: u32) -> Duration {
        let doubled = self
            .shared
            .retry
            .saturating_mul(1 << failures.min(16))
            .min(LONGEST_DELAY);
        let [random, ..] = self.ports.bytes_16().unwrap_or([0; 16]);
        doubled - doubled.mul_f64(f64::from(random) / 512.0)
    }

    /// Asks the broker for newer settings; without an answer the settings held stay in force.
    pub(crate) fn look_at_settings(&mut self) {
        self.next_settings = Instant::now() + self.shared.settings_every;
        if let Err(error) = self.adopt_settings() {
            tracing::warn!("the settings could not be looked at: {error:#}");
        }
    }

    /// Durable before in force: a restart must not bring an older choice back.
    fn adopt_settings(&self) -> anyhow::Result<()> {
        let Shared {
            state,
            key,
            broker,
            gateway_id,
            settings,
            ..
        } = self.shared;
        let document = broker.settings(*gateway_id, key, self.ports.now_us())?;
        let offered = document.settings()?;
        let mut held = settings.lock().unwrap_or_else(PoisonError::into_inner);
        if offered.version > held.version {
            state.keep_settings(&document)?;
            *held = offered;
            tracing::info!(version = offered.version, measuring = ?offered.measuring, "new settings");
        }
        Ok(())
    }
}
