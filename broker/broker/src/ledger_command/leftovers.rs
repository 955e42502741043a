//! What an interrupted restore leaves in the data folder, and what a finished one leaves for a person to destroy.

use std::fs;
use std::path::PathBuf;

use crate::assemble::Home;

/// Files beside the database that are not its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Copies of a backup that a restore had begun to make: `broker.db.restoring…`.
    pub restoring: Vec<PathBuf>,
    /// What stood in the place of a backup that was restored: `broker.db.replaced-…`. It holds erased people.
    pub replaced: Vec<PathBuf>,
}

impl Leftovers {
    /// Those of a data folder; a folder that cannot be listed has none that could be told.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        let mut found = Self::default();
        let entries = fs::read_dir(home.folder()).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name.starts_with("broker.db.restoring") {
                found.restoring.push(path);
            } else if name.starts_with("broker.db.replaced-") {
                found.replaced.push(path);
            }
        }
        found.restoring.sort();
        found.replaced.sort();
        found
    }

    /// What they are and what to do about them, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let restoring = self.restoring.iter().map(|path| {
            format!(
                "`{}` is left of a restore that was interrupted: run the same `fiducie ledger restore --backup FILE` again; a \
                 start that finds the ledger whole removes it",
                path.display()
            )
        });
        let replaced = self.replaced.iter().map(|path| {
            format!(
                "`{}` stood in the place of a backup that was restored, and still holds people erased since: destroy it \
                 once the broker runs and nobody needs it",
                path.display()
            )
        });
        restoring.chain(replaced).collect()
    }
}

/// Says what is left over, before anything is opened.
pub fn tell(home: &Home) {
    for line in Leftovers::of(home).lines() {
        tracing::warn!("{line}");
    }
}

/// Removes what an interrupted restore left, once the ledger was taken up: its database is whole, so the draft is no more
/// than a second copy of the backup, with everybody in it who was erased since.
pub fn clean(home: &Home) {
    for path in Leftovers::of(home).restoring {
        match fs::remove_file(&path) {
            Ok(()) => tracing::info!(path = %path.display(), "removed what an interrupted restore left"),
            Err(error) => tracing::warn!(
                path = %path.display(),
                %error,
                "what an interrupted restore left cannot be removed; remove it by hand"
            ),
        }
    }
}
