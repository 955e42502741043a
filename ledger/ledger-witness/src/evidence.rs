//! What a log signed and was refused: "it might be proof of log misbehavior" (C2SP tlog-witness).

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use ledger_core::{
    note::Vkey,
    tree::leaf_hash,
    witness::{AddCheckpoint, Refusal},
};

use crate::store::sync_folder;

/// Most pieces that are kept of each class and log. Only who holds the key of the log can fill them.
const MOST: usize = 1_000;

/// How grave a refused checkpoint is. Late ones have room of their own, so that an impatient log cannot push out the
/// proof of its misbehaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The log cannot have signed it honestly, or did not prove that it has.
    Contradiction,
    /// It came out of turn; another checkpoint of the same log may show one day that it is wrong.
    Late,
}

impl Class {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Contradiction => "contradiction-",
            Self::Late => "late-",
        }
    }
}

/// Keeps a refused request whose signature is valid, with the checkpoint that stood against it. Returns the file;
/// `None` when it stands there already or there is no more room.
pub fn keep(
    folder: &Path,
    request: &AddCheckpoint,
    log_keys: &[Vkey],
    refusal: &Refusal,
    recorded: Option<&str>,
) -> io::Result<Option<PathBuf>> {
    // Without the lines of strangers, which would make many files of one checkpoint.
    let Ok(request) = request.only_by(log_keys) else {
        return Ok(None);
    };
    let class = if refusal.is_misbehaviour() {
        Class::Contradiction
    } else {
        Class::Late
    };
    let folder = folder.join("evidence");
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // One checkpoint is one piece of evidence, with whatever proof it came.
    let digest = leaf_hash(request.note().text().as_bytes()).to_string();
    let name = format!("{}{digest}.txt", class.prefix());
    let target = folder.join(&name);
    if target.exists() || count(&folder, class)? >= MOST {
        return Ok(None);
    }
    let recorded = recorded.unwrap_or("nothing\n");
    let text = format!("# Refused: {refusal}\n# Recorded:\n{recorded}\n# Request:\n{request}");
    let draft = folder.join("draft");
    let mut file = File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, &target)?;
    sync_folder(&folder)?;
    Ok(Some(target))
}

/// How many pieces of a class are kept; `folder` is the folder `evidence` of a log, which may be missing.
pub fn count(folder: &Path, class: Class) -> io::Result<usize> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        other => other?,
    };
    let mut count = 0;
    for entry in entries {
        if entry?.file_name().to_string_lossy().starts_with(class.prefix()) {
            count += 1;
        }
    }
    Ok(count)
}
