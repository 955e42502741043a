//! The thread that talks to the broker: hands over batches, oldest first, and looks at the settings.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use gateway_device::Settings;
use uuid::Uuid;

use crate::broker::{Broker, Outcome};
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

pub(crate) struct Sender<'s, P> {
    shared: &'s Shared<'s>,
    ports: &'s P,
    sent: Sent,
    failures: u32,
    next_attempt: Instant,
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
            let waiting = match self.shared.spool.oldest() {
                Ok(waiting) => waiting,
                Err(error) => {
                    tracing::error!("{error}");
                    None
                }
            };
            match waiting {
                Some(entry) if Instant::now() >= self.next_attempt => {
                    self.attempt(&entry);
                    continue;
                }
                None if reader_has_gone => break,
                _ => {}
            }
            let pause = self.next_attempt.saturating_duration_since(Instant::now());
            let pause = if waiting.is_some() { pause.min(IDLE) } else { IDLE };
            if reader_has_gone {
                std::thread::sleep(pause.min(Duration::from_millis(50)));
            } else if let Err(RecvTimeoutError::Disconnected) = news.recv_timeout(pause) {
                reader_has_gone = true;
            }
        }
        self.sent
    }

    fn attempt(&mut self, entry: &Entry) {
        if let Err(error) = self.hand_over(entry) {
            tracing::error!("{error}");
            self.delay(None);
        }
    }

    fn hand_over(&mut self, entry: &Entry) -> Result<(), SpoolError> {
        let spool = self.shared.spool;
        let envelope = spool.read(entry)?;
        match self.shared.broker.send(&envelope, self.ports.now_us()) {
            Outcome::Acknowledged => {
                spool.delete(entry)?;
                self.sent.acknowledged += 1;
                self.settle();
                tracing::info!(batch.id = %entry.batch_id, "batch acknowledged");
            }
            Outcome::WithoutConsent => {
                spool.delete(entry)?;
                self.sent.without_consent += 1;
                self.settle();
                tracing::warn!(batch.id = %entry.batch_id, "no consent covers this batch: deleted");
            }
            Outcome::Refused { status, code } => {
                let note = format!("batch: {}\nstatus: {status}\ncode: {code}\n", entry.batch_id);
                spool.refuse(entry, &note)?;
                self.sent.refused += 1;
                self.settle();
                tracing::error!(batch.id = %entry.batch_id, status, code, "batch refused: readings deleted");
            }
            Outcome::Later { reason, after } => {
                self.delay(after);
                tracing::warn!(batch.id = %entry.batch_id, failures = self.failures, "batch kept: {reason}");
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.failures = 0;
        self.next_attempt = Instant::now();
    }

    /// Twice as long after each failure, less up to half of it at random so that gateways do not come back together
    /// after an outage; never shorter than the broker asked for.
    fn delay(&mut self, asked: Option<Duration>) {
        let doubled = self
            .shared
            .retry
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST_DELAY);
        let [random, ..] = self.ports.bytes_16().unwrap_or([0; 16]);
        let delay = doubled - doubled.mul_f64(f64::from(random) / 512.0);
        self.failures = self.failures.saturating_add(1);
        self.next_attempt = Instant::now() + delay.max(asked.unwrap_or_default());
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
