//! `fiducie ledger rotate-key`: the log changes the key of its checkpoints, in two steps with the broker stopped.
//!
//! 1. `rotate-key` draws the next key and appends the leaf in which the present key names it. From then on both sign,
//!    and everything still shows the present one as the log's.
//! 2. `rotate-key --finish` makes the next key the present one. The old one signs nothing any more.
//!
//! Between the two, auditors and witnesses are told. What was done stands in `keys/checkpoint-changes`, a line for each
//! change: place of the leaf, old key, new key. It is no secret, and is kept with the keys because it must go where they
//! go. A line is written *before* its leaf, so that an interrupted run finds what it had begun.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use broker_keys::{CheckpointSigner, Keys};
use broker_service::Broker;
use clap::Args;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::leaf::KeyChange;
use ledger_core::note::Vkey;

use crate::assemble::{self, Home, Running, Setting};
use crate::config::{self, Config};
use crate::in_use::InUse;
use crate::ports::SystemEntropy;

const FILE: &str = "checkpoint-changes";
/// Leaves read at once.
const PAGE: u64 = 4_096;

/// Options of `rotate-key`.
#[derive(Debug, Args)]
pub struct RotateKey {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "fiducie.toml")]
    config: PathBuf,
    /// Makes the next key the present one. The old one stays as a file until you delete it, and signs nothing.
    #[arg(long)]
    finish: bool,
}

/// Runs a command.
///
/// # Errors
/// Whatever kept it from being done.
pub async fn run(options: &RotateKey) -> Result<ExitCode> {
    let config = config::read(&options.config)?;
    if options.finish {
        finish(&config).await?;
    } else {
        rotate(&config).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One change of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    at: u64,
    old: Vkey,
    new: Vkey,
}

/// The changes of a folder of keys, seen from the present key.
#[derive(Debug, Default)]
pub struct Changes {
    /// Those that led to it.
    done: Vec<Change>,
    /// The one that leads on, if it has been begun.
    begun: Option<Change>,
}

impl Changes {
    /// Reads them.
    ///
    /// # Errors
    /// When the file speaks of other keys than the present one.
    pub fn read(keys: &Path, present: &Vkey) -> Result<Self> {
        let path = keys.join(FILE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            read => read.with_context(|| format!("`{}` cannot be read", path.display()))?,
        };
        let malformed = || {
            format!(
                "`{}` does not lead to the key in `checkpoint.key`: restore both from one backup",
                path.display()
            )
        };
        let mut all = text
            .lines()
            .map(|line| Change::read(line).with_context(malformed))
            .collect::<Result<Vec<_>>>()?;
        let chained = all
            .windows(2)
            .all(|pair| matches!(pair, [one, next] if one.new == next.old));
        ensure!(chained, malformed());
        let begun = all.pop_if(|last| last.old == *present);
        ensure!(all.last().is_none_or(|last| last.new == *present), malformed());
        Ok(Self { done: all, begun })
    }

    /// Where the log changed its key.
    pub fn places(&self) -> Vec<u64> {
        self.done.iter().map(|change| change.at).collect()
    }

    /// The keys given up.
    pub fn earlier(&self) -> Vec<Vkey> {
        self.done.iter().map(|change| change.old.clone()).collect()
    }

    /// Refuses to go on without the key that a begun change names: larger trees signed by the old key alone would be
    /// trees that no auditor may accept once the log has named its next key.
    ///
    /// # Errors
    /// When `next` is another key, or none.
    pub fn check_next(&self, next: Option<&Vkey>) -> Result<()> {
        match &self.begun {
            Some(begun) if next != Some(&begun.new) => bail!(
                "a change of the ledger's key was begun, and its next key {} is not in `checkpoint-next.key`: restore the \
                 folder `keys` from the copy made after `fiducie ledger rotate-key`",
                begun.new
            ),
            _ => Ok(()),
        }
    }

    /// Writes them anew with this change begun. Durable when it returns.
    fn begin(&self, keys: &Path, change: &Change) -> Result<()> {
        let text: String = self
            .done
            .iter()
            .chain([change])
            .map(|one| format!("{} {} {}\n", one.at, one.old, one.new))
            .collect();
        let (path, beside) = (keys.join(FILE), keys.join(format!("{FILE}.new")));
        let write = || {
            let mut file = File::create(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
            File::open(keys)?.sync_all()
        };
        write().with_context(|| format!("`{}` cannot be written", path.display()))
    }
}

impl Change {
    fn new(at: u64, old: &Vkey, new: &Vkey) -> Self {
        Self {
            at,
            old: old.clone(),
            new: new.clone(),
        }
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let change = Self {
            at: words.next()?.parse().ok()?,
            old: words.next()?.parse().ok()?,
            new: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(change)
    }

    /// Whether its leaf stands in the log.
    async fn stands(&self, broker: &Broker) -> Result<bool> {
        let leaf = broker.key_change_at(self.at).await?;
        Ok(leaf.is_some_and(|leaf| {
            leaf.change().valid_from.get() == self.at && leaf.next(&self.old).as_ref() == Some(&self.new)
        }))
    }
}

/// The change in which the present key named a next one already, whatever the folder of keys says. Reads the log from
/// its last change on.
async fn named_before(broker: &Broker, from: u64, present: &Vkey) -> Result<Option<(u64, Vkey)>> {
    let size = broker.latest_checkpoint().size().get();
    let mut first = from;
    while first < size {
        let end = size.min(first + PAGE);
        for leaf in broker.read().await?.leaves(first, end).await? {
            let change = KeyChange::parse(&leaf.bytes).ok();
            if let Some(new) = change.and_then(|change| change.next(present)) {
                return Ok(Some((leaf.index, new)));
            }
        }
        first = end;
    }
    Ok(None)
}

/// Takes the ledger up, before its witnesses as a broker does: this command signs too. The caller has the folder.
async fn open(config: &Config) -> Result<Running> {
    assemble::take_up(Setting::of(config, &Home::at(&config.data))).await
}

async fn close(running: Running) -> Result<()> {
    let Running { broker, writer, .. } = running;
    drop(broker);
    writer.await?.context("the ledger has stopped")?;
    Ok(())
}

async fn rotate(config: &Config) -> Result<()> {
    let home = Home::at(&config.data);
    // Held to the end: a broker that starts beside us would sign with keys that are about to change.
    let _in_use = InUse::take(home.folder()).await?;
    assemble::must_not_be_stopped(&home)?;
    let keys = home.keys();
    let present = assemble::checkpoint_vkey(&config.origin, &Keys::load(&keys)?.checkpoint)?;
    // An interrupted run left the key behind, or all is done but the end: the log tells which.
    let next = match CheckpointSigner::load_next(&keys)? {
        Some(next) => next,
        None => CheckpointSigner::create_next(&keys, &SystemEntropy::open())?,
    };
    let next = assemble::checkpoint_vkey(&config.origin, &next)?;
    let changes = Changes::read(&keys, &present)?;
    let running = open(config).await?;
    let broker = &running.broker;
    let from = changes.done.last().map_or(0, |done| done.at + 1);
    let at = match named_before(broker, from, &present).await? {
        Some((at, new)) if new == next => {
            changes.begin(&keys, &Change::new(at, &present, &next))?;
            at
        }
        // Named twice, the log would have two next keys, and auditors could follow neither.
        Some((at, new)) => bail!(
            "entry {at} of the log names {new} as the next key, and `checkpoint-next.key` is another: restore the \
             folder `keys` from the copy made after that"
        ),
        None => {
            let at = broker.latest_checkpoint().size().get();
            changes.begin(&keys, &Change::new(at, &present, &next))?;
            let stands_at = broker.change_log_key(*next.public(), at).await;
            let stands_at =
                stands_at.map_err(|failure| anyhow::anyhow!("the leaf was not written: {failure}"))?;
            ensure!(
                stands_at == at,
                "the key change stands at entry {stands_at}, not at {at}"
            );
            at
        }
    };
    close(running).await?;
    tracing::info!(
        ledger.entry = at,
        old = %present,
        new = %next,
        "the log names its next key, and both sign; give the new key to auditors and witnesses, copy the folder `keys`, \
         start the broker, and end with: fiducie ledger rotate-key --finish"
    );
    Ok(())
}

async fn finish(config: &Config) -> Result<()> {
    let home = Home::at(&config.data);
    let _in_use = InUse::take(home.folder()).await?;
    assemble::must_not_be_stopped(&home)?;
    let keys = home.keys();
    let present = assemble::checkpoint_vkey(&config.origin, &Keys::load(&keys)?.checkpoint)?;
    let Some(next) = CheckpointSigner::load_next(&keys)? else {
        bail!("no change of the key was begun; run: fiducie ledger rotate-key");
    };
    let next = assemble::checkpoint_vkey(&config.origin, &next)?;
    let begun = Changes::read(&keys, &present)?.begun;
    let begun = begun.filter(|begun| begun.new == next);
    let running = open(config).await?;
    let stands = match &begun {
        None => false,
        Some(begun) => begun.stands(&running.broker).await?,
    };
    let newest = running.broker.latest_checkpoint();
    close(running).await?;
    ensure!(
        stands,
        "the log does not name the next key yet; run again: fiducie ledger rotate-key"
    );
    // What the lock store holds must open with the new key alone, or the next start would refuse it.
    SignedCheckpoint::open(newest.note().to_string().as_bytes(), &next).context(
        "the newest checkpoint is not signed by the next key; run again: fiducie ledger rotate-key",
    )?;
    CheckpointSigner::replace_with_next(&keys, &present.id().to_string())?;
    tracing::info!(
        new = %next,
        "the new key signs alone; copy the folder `keys`, then delete the file of the retired key everywhere"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use ledger_core::note::{Ed25519Signer, KeyName, NoteSigner as _};

    use super::*;

    fn vkey(seed: u8) -> Vkey {
        let name = KeyName::new("log.example").unwrap();
        Ed25519Signer::from_seed(name, &[seed; 32])
            .unwrap()
            .vkey()
            .clone()
    }

    fn change(at: u64, old: u8, new: u8) -> Change {
        Change {
            at,
            old: vkey(old),
            new: vkey(new),
        }
    }

    #[test]
    fn changes_are_read_as_the_present_key_sees_them() {
        let folder = tempfile::tempdir().unwrap();
        let read = |present| Changes::read(folder.path(), &vkey(present));
        assert!(read(1).unwrap().places().is_empty());
        read(1).unwrap().begin(folder.path(), &change(10, 1, 2)).unwrap();
        // Begun, and begun again at another place because the first did not come to anything.
        read(1).unwrap().begin(folder.path(), &change(12, 1, 2)).unwrap();
        let before = read(1).unwrap();
        assert_eq!((before.places(), before.begun.unwrap().at), (vec![], 12));
        let after = read(2).unwrap();
        assert_eq!((after.places(), after.earlier()), (vec![12], vec![vkey(1)]));
        assert!(after.begun.is_none());
        after.begin(folder.path(), &change(20, 2, 3)).unwrap();
        assert_eq!(read(3).unwrap().places(), [12, 20]);
        assert!(read(1).is_err(), "an older key in place of the present one");
        assert!(read(4).is_err());
        fs::write(folder.path().join(FILE), "10 x y\n").unwrap();
        assert!(read(1).is_err());
    }
}
