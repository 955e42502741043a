//! `fiducie-gateway run`: the reader, and its spool.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use gateway_device::{Device, Parity};
use signal_hook::consts::{SIGINT, SIGTERM};
use uuid::{Builder, Uuid};

use crate::broker::Broker;
use crate::cli;
use crate::key::DeviceKey;
use crate::ports::{Clock as _, Entropy as _, System};
use crate::sender::{Sender, Sent, Shared};
use crate::source::{Looked, Replay, Serial, Source};
use crate::spool::{Spool, SpoolError};
use crate::state::State;

/// Runs until the end of a replay whose batches are all delivered, or until a signal.
pub(crate) fn run(arguments: &cli::Run, system: &System) -> anyhow::Result<()> {
    let state = State::open(&arguments.state)?;
    let key = DeviceKey::load(state.folder())?;
    let enrolment = state
        .enrolment()?
        .context("this gateway is not enrolled: run `fiducie-gateway enrol`")?;
    let broker = Broker::new(&enrolment.broker)?;
    let spool = Spool::open(state.folder(), u64::from(arguments.spool_mib) * 1024 * 1024)?;
    let settings = Mutex::new(state.settings()?);
    let mut source = source(arguments, system)?;
    let stop = stop_flag()?;
    let shared = Shared {
        state: &state,
        spool: &spool,
        key: &key,
        broker: &broker,
        gateway_id: enrolment.gateway_id,
        settings: &settings,
        stop: &stop,
        retry: Duration::from_millis(arguments.retry_ms),
        settings_every: Duration::from_millis(arguments.settings_ms),
    };
    // Before the first byte: a household that switched off while this was down is obeyed at once. If the broker
    // cannot be reached, the settings held are in force.
    let mut sender = Sender::new(&shared, system);
    sender.look_at_settings();
    let held = shared.settings_now();
    let next_sequence = state
        .next_sequence()?
        .max(spool.last_sequence()?.map_or(1, |last| last + 1));
    let device = Device::new(enrolment.identity(), held)
        .with_parity(source.parity())
        .with_next_sequence(next_sequence);
    tracing::info!(gateway.id = %enrolment.gateway_id, measuring = ?held.measuring, "started");
    let reader = Reader {
        shared: &shared,
        system,
        device,
        pending: None,
        batch_started_us: None,
        given_up: 0,
    };
    let sent = work(reader, sender, source.as_mut(), arguments)?;
    tracing::info!(
        batches.acknowledged = sent.acknowledged,
        batches.without_consent = sent.without_consent,
        batches.refused = sent.refused,
        "stopped"
    );
    Ok(())
}

/// Reads in this thread and sends in another, until both are done.
fn work(
    mut reader: Reader<'_>,
    sender: Sender<'_, System>,
    source: &mut dyn Source,
    arguments: &cli::Run,
) -> anyhow::Result<Sent> {
    let stop = reader.shared.stop;
    // One place: a second piece of news changes nothing to the first.
    let (tell, news) = sync_channel(1);
    std::thread::scope(|scope| {
        let sender = scope.spawn(move || sender.run(&news));
        let read = reader.read(source, i64::from(arguments.every), &tell);
        reader.say_counters();
        if read.is_ok() && arguments.keep_running {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        if read.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        drop(tell);
        let sent = sender.join().map_err(|_| anyhow!("the sender stopped"));
        read.and(sent)
    })
}

struct Reader<'s> {
    shared: &'s Shared<'s>,
    system: &'s System,
    device: Device,
    /// A batch closed but not yet durable, because the disk refused it.
    pending: Option<Closed>,
    /// When the first byte of the open batch came, by the clock of the source.
    batch_started_us: Option<i64>,
    given_up: u64,
}

struct Closed {
    sequence: u64,
    batch_id: Uuid,
    bytes: Vec<u8>,
}

impl Reader<'_> {
    fn read(&mut self, source: &mut dyn Source, every_s: i64, tell: &SyncSender<()>) -> anyhow::Result<()> {
        while !self.shared.stop.load(Ordering::Relaxed) {
            let Looked::Read { bytes, at_us } = source.look(self.system.now_us())? else {
                break;
            };
            self.device.adopt(self.shared.settings_now());
            self.device.push(bytes, at_us);
            let started_us = *self.batch_started_us.get_or_insert(at_us);
            if self.device.is_full() || at_us.saturating_sub(started_us) >= every_s * 1_000_000 {
                self.batch_started_us = None;
                self.flush(tell)?;
            }
        }
        self.flush(tell)
    }

    /// Closes the open batch and makes it durable. A disk that refuses is asked again at the next flush; meanwhile the
    /// device keeps what it can and counts what it drops.
    fn flush(&mut self, tell: &SyncSender<()>) -> anyhow::Result<()> {
        self.spool_pending(tell);
        if self.pending.is_none() {
            self.close_batch()?;
            self.spool_pending(tell);
        }
        Ok(())
    }

    fn close_batch(&mut self) -> anyhow::Result<()> {
        if self.device.is_empty() {
            return Ok(());
        }
        let sequence = self.device.next_sequence();
        if let Err(error) = self.shared.state.reserve_sequence(sequence.saturating_add(1)) {
            tracing::error!("no batch can be closed: {error:#}");
            return Ok(());
        }
        let batch_id = Builder::from_random_bytes(self.system.bytes_16()?).into_uuid();
        let sign = |message: &[u8]| self.shared.key.sign(message);
        let bytes = self
            .device
            .take_batch(batch_id.into_bytes(), self.system.now_us(), sign)?;
        self.pending = bytes.map(|bytes| Closed {
            sequence,
            batch_id,
            bytes,
        });
        Ok(())
    }

    fn spool_pending(&mut self, tell: &SyncSender<()>) {
        let Some(Closed {
            sequence,
            batch_id,
            bytes,
        }) = &self.pending
        else {
            return;
        };
        match self.shared.spool.add(*sequence, *batch_id, bytes) {
            Ok(()) => {
                tracing::info!(batch.id = %batch_id, sequence, size_bytes = bytes.len(), "batch spooled");
                // A full channel means that the sender was already told.
                let _ = tell.try_send(());
                self.pending = None;
            }
            Err(SpoolError::Full { limit_bytes }) => {
                self.given_up += 1;
                tracing::error!(
                    limit_bytes,
                    given_up = self.given_up,
                    "the spool is full: a new batch is given up"
                );
                self.pending = None;
            }
            Err(error) => tracing::error!("{:#}", anyhow!(error)),
        }
    }

    fn say_counters(&self) {
        let counters = self.device.counters();
        tracing::info!(
            frames.trusted = counters.verdicts.trusted,
            frames.incomplete = counters.verdicts.incomplete,
            frames.wrong_form = counters.verdicts.form,
            frames.implausible = counters.verdicts.implausible,
            groups.checksum = counters.refused.checksum,
            groups.parity = counters.refused.parity,
            readings.kept = counters.readings_kept,
            readings.dropped = counters.readings_dropped,
            batches.given_up = self.given_up,
            "the source ended"
        );
    }
}

fn source(arguments: &cli::Run, system: &System) -> anyhow::Result<Box<dyn Source>> {
    if let Some(path) = &arguments.serial {
        return Ok(Box::new(Serial::open(path, arguments.baud)?));
    }
    let path = arguments
        .replay
        .as_ref()
        .context("a source is needed: --replay or --serial")?;
    let bytes = fs::read(path).with_context(|| format!("cannot read the capture `{}`", path.display()))?;
    let parity = if arguments.parity_in_msb {
        Parity::EvenInMsb
    } else {
        Parity::Stripped
    };
    let start_us = arguments.replay_start.map(|start| start.as_microsecond());
    Ok(Box::new(Replay::new(
        bytes,
        arguments.baud,
        arguments.speed,
        parity,
        start_us,
        system.now_us(),
    )))
}

/// Raised by the signals with which a service is stopped.
fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("signals cannot be received")?;
    }
    Ok(stop)
}
