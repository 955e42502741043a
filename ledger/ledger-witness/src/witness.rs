//! The one use case: check, record durably, cosign.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use anyhow::Result;
use ledger_core::{
    cosignature::{Cosigner, PosixSeconds},
    note::Vkey,
    witness::{AddCheckpoint, MalformedRequest, Refusal, decide, origin_hash},
};

use crate::{
    config::Config,
    evidence, key,
    store::{Record, StateFolder},
};

/// A witness over its state folder.
pub struct Witness {
    cosigner: Cosigner,
    logs: BTreeMap<String, Log>,
    clock: fn() -> Option<PosixSeconds>,
    _state: StateFolder,
}

struct Log {
    keys: Vec<Vkey>,
    /// Held from the comparison until the new record is durable: two requests cannot interleave and roll it back.
    record: Mutex<State>,
    /// What monitors are shown: only what is durable.
    shown: RwLock<Option<Arc<str>>>,
}

enum State {
    Known(Record),
    /// A write failed: which record stands on the disk is unknown until the next start.
    InDoubt,
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
pub enum NotCosigned {
    /// The body is no request.
    #[error(transparent)]
    Malformed(#[from] MalformedRequest),
    /// No log of that origin is trusted.
    #[error("this witness does not know the log `{origin}`")]
    UnknownLog {
        /// The origin.
        origin: String,
    },
    /// A check failed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The clock stands before the last cosignature.
    #[error("the clock of this witness went back")]
    ClockWentBack,
    /// The record could not be written, now or earlier.
    #[error("this witness cannot record anything until it is started again")]
    Store(#[source] Option<io::Error>),
}

impl Witness {
    /// Takes the state folder and reads every record.
    pub fn open(config: &Config, clock: fn() -> Option<PosixSeconds>) -> Result<Self> {
        let cosigner = key::read(&config.key_file)?;
        let state = StateFolder::open(&config.state_folder, cosigner.vkey())?;
        let mut logs = BTreeMap::new();
        for (origin, keys) in &config.logs {
            let record = state.record(origin, cosigner.vkey())?;
            let shown = record.kept.as_ref().map(|kept| Arc::from(kept.note.as_str()));
            let log = Log {
                keys: keys.clone(),
                record: Mutex::new(State::Known(record)),
                shown: RwLock::new(shown),
            };
            logs.insert(origin.clone(), log);
        }
        Ok(Self {
            cosigner,
            logs,
            clock,
            _state: state,
        })
    }

    /// The verifier key.
    pub const fn vkey(&self) -> &Vkey {
        self.cosigner.vkey()
    }

    /// The last cosigned checkpoint of the log with this hexadecimal SHA-256 of its origin.
    pub fn shown(&self, hash: &str) -> Option<Arc<str>> {
        let found = self
            .logs
            .iter()
            .find(|(origin, _)| origin_hash(origin).to_string() == hash);
        let (_, log) = found?;
        log.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers `add-checkpoint`: the body of a 200. Blocks on the disk.
    ///
    /// # Errors
    /// [`NotCosigned`]. A refused checkpoint with a valid signature was kept as evidence.
    pub fn add_checkpoint(&self, body: &[u8]) -> Result<String, NotCosigned> {
        let request = AddCheckpoint::parse(body)?;
        let log = self
            .logs
            .get(request.origin())
            .ok_or_else(|| NotCosigned::UnknownLog {
                origin: request.origin().to_owned(),
            })?;
        // A panic while the lock was held leaves the record in doubt too.
        let mut state = log.record.lock().map_err(|_| NotCosigned::Store(None))?;
        let State::Known(record) = &mut *state else {
            return Err(NotCosigned::Store(None));
        };
        let accepted = match decide(&request, &log.keys, &record.recorded()) {
            Ok(accepted) => accepted,
            Err(refusal) => {
                keep_evidence(record, log, &request, &refusal);
                return Err(refusal.into());
            }
        };
        let last = record.kept.as_ref().map(|kept| kept.at);
        let now = (self.clock)()
            .filter(|now| last.is_none_or(|last| *now >= last))
            .ok_or(NotCosigned::ClockWentBack)?;
        let line = self.cosigner.cosign(accepted.checkpoint(), now);
        let answer = format!("{line}\n");
        let own = std::slice::from_ref(self.cosigner.vkey());
        let (cosigned, _) = accepted.checkpoint().with_cosignatures(&[line], own);
        // Durable before the answer: C2SP tlog-witness, "MUST persist the new checkpoint before responding".
        if let Err(error) = record.replace(&cosigned, now) {
            *state = State::InDoubt;
            return Err(NotCosigned::Store(Some(error)));
        }
        let note: Arc<str> = Arc::from(cosigned.note().to_string());
        *log.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(note);
        Ok(answer)
    }
}

/// Evidence that cannot be written is said aloud; the refusal stands all the same.
fn keep_evidence(record: &Record, log: &Log, request: &AddCheckpoint, refusal: &Refusal) {
    if matches!(refusal, Refusal::Signature(_)) {
        return;
    }
    let recorded = record.kept.as_ref().map(|kept| kept.note.as_str());
    let kept = evidence::keep(record.folder(), request, &log.keys, refusal, recorded);
    let origin = request.origin();
    match kept {
        Ok(Some(file)) if refusal.is_misbehaviour() => {
            tracing::error!(
                log.origin = origin,
                evidence.file = %file.display(),
                "the log signed what it cannot have signed honestly: {refusal}"
            );
        }
        Ok(_) => {}
        Err(error) => {
            tracing::error!(log.origin = origin, %error, "evidence could not be kept");
        }
    }
}
