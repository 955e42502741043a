//! The state folder: who this gateway is, what was chosen, which sequence number comes next.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gateway_device::{Field, FieldSet, Identity, Measuring, Settings};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::durable;

const GATEWAY: &str = "gateway.json";
const SETTINGS: &str = "settings.json";
const SEQUENCE: &str = "sequence";
const LOCK: &str = "lock";

/// A state folder that no other process uses while this lives.
pub(crate) struct State {
    folder: PathBuf,
    _lock: File,
}

/// What was learnt at enrolment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) broker: String,
    pub(crate) gateway_id: Uuid,
    pub(crate) delivery_point_id: Uuid,
}

impl Enrolment {
    pub(crate) const fn identity(&self) -> Identity {
        Identity {
            gateway_id: self.gateway_id.into_bytes(),
            point_id: self.delivery_point_id.into_bytes(),
        }
    }
}

/// Settings as the broker writes them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SettingsDocument {
    version: u64,
    measuring: Switch,
    fields: Vec<String>,
    step_s: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Switch {
    On,
    Off,
}

impl SettingsDocument {
    /// The settings, fields this version does not know left out: what is not understood is not sent.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        let fields: FieldSet = self
            .fields
            .iter()
            .filter_map(|name| Field::from_name(name))
            .collect();
        let measuring = match self.measuring {
            Switch::On => Measuring::On,
            Switch::Off => Measuring::Off,
        };
        Settings::new(self.version, measuring, fields, self.step_s).context("the settings are not usable")
    }
}

impl State {
    /// Opens the folder, making it if needed, and locks it.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let describe = || format!("cannot use the state folder `{}`", folder.display());
        durable::make_folder(folder).with_context(describe)?;
        let lock = File::create(folder.join(LOCK)).with_context(describe)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder: folder.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another gateway is running on the state folder `{}`",
                    folder.display()
                )
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(describe),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The enrolment, if there was one.
    pub(crate) fn enrolment(&self) -> anyhow::Result<Option<Enrolment>> {
        self.read(GATEWAY)
    }

    /// Settings first, enrolment last: a gateway that is enrolled always has settings.
    pub(crate) fn enrol(&self, enrolment: &Enrolment, settings: &SettingsDocument) -> anyhow::Result<()> {
        self.keep_settings(settings)?;
        self.write(GATEWAY, &serde_json::to_vec_pretty(enrolment)?)
    }

    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        let document: Option<SettingsDocument> = self.read(SETTINGS)?;
        document
            .context("the settings are missing: enrol again")?
            .settings()
    }

    pub(crate) fn keep_settings(&self, settings: &SettingsDocument) -> anyhow::Result<()> {
        self.write(SETTINGS, &serde_json::to_vec_pretty(settings)?)
    }

    /// The sequence number to use next; 1 at first.
    pub(crate) fn next_sequence(&self) -> anyhow::Result<u64> {
        Ok(self.read(SEQUENCE)?.unwrap_or(1))
    }

    /// Durable before the number below `next` is used, so that no number is used twice whatever happens.
    pub(crate) fn reserve_sequence(&self, next: u64) -> anyhow::Result<()> {
        self.write(SEQUENCE, next.to_string().as_bytes())
    }

    fn read<T: for<'d> Deserialize<'d>>(&self, name: &str) -> anyhow::Result<Option<T>> {
        let path = self.folder.join(name);
        let describe = || format!("cannot read `{}`", path.display());
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).with_context(describe),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(describe),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        durable::write(&self.folder, name, bytes)
            .with_context(|| format!("cannot write `{}`", self.folder.join(name).display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_folder_serves_one_process() {
        let folder = tempfile::tempdir().unwrap();
        let first = State::open(folder.path()).unwrap();
        assert!(State::open(folder.path()).is_err());
        drop(first);
        assert!(State::open(folder.path()).is_ok());
    }

    #[test]
    fn a_field_that_is_not_known_is_not_sent() {
        let json = r#"{"version":3,"measuring":"on","fields":["power","prm","everything"],"step_s":60}"#;
        let document: SettingsDocument = serde_json::from_str(json).unwrap();
        let settings = document.settings().unwrap();
        assert_eq!(settings.fields.iter().collect::<Vec<_>>(), [Field::Power]);
    }

    #[test]
    fn a_sequence_number_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        assert_eq!(state.next_sequence().unwrap(), 1);
        state.reserve_sequence(42).unwrap();
        assert_eq!(state.next_sequence().unwrap(), 42);
    }
}
