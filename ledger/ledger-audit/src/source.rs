//! Where the files of a log come from: a folder, or a web server.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use evidence::bundle::KeySource;
use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    key_chain::KeyChain,
    note::{MAX_NOTE_LEN, Note, NoteError, Vkey},
    tile::{FULL, MAX_ENTRY_LEN, Resource, Span, TileId},
};
use ureq::Agent;

use crate::{
    cli::read_key,
    report::{Failure, Report, refused},
};

const KEY_FILE: &str = "log.vkey";
/// Beside the log: the key that signs erasures.
pub const OFFICER_KEY_FILE: &str = "officer.vkey";
const TIMEOUT: Duration = Duration::from_secs(30);

/// The files of a log.
pub enum Source {
    /// A folder in the layout of C2SP tlog-tiles.
    Folder(PathBuf),
    /// A URL prefix.
    Web { agent: Agent, prefix: String },
    /// A log of which some files were fetched before.
    Mirrored {
        /// Where they lie.
        kept: PathBuf,
        /// Where the others come from.
        from: Box<Source>,
    },
}

impl Source {
    /// A folder, unless it is written as a URL.
    pub fn new(argument: &str) -> Self {
        if argument.starts_with("http://") || argument.starts_with("https://") {
            let config = Agent::config_builder()
                .timeout_global(Some(TIMEOUT))
                .http_status_as_error(false);
            let prefix = argument.trim_end_matches('/').to_owned();
            Self::Web {
                agent: config.build().new_agent(),
                prefix,
            }
        } else {
            Self::Folder(PathBuf::from(argument))
        }
    }

    /// The folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Web { .. } | Self::Mirrored { .. } => None,
        }
    }

    /// What the log says is its newest checkpoint.
    pub fn claim(&self, key: &Vkey) -> Result<Claim, Failure> {
        let note = self
            .read("checkpoint", MAX_NOTE_LEN)?
            .context("the log has no checkpoint")?;
        Claim::read(note, key)
    }

    /// The key to verify with: the given one, or that of the log.
    pub fn key(&self, given: Option<&str>) -> Result<(Vkey, KeySource), Failure> {
        if let Some(given) = given {
            return Ok((read_key(given)?, KeySource::Pinned));
        }
        let key = self
            .key_file(KEY_FILE)?
            .context("no --log-key was given, and the log offers no file `log.vkey`")?;
        Ok((key, KeySource::Evidence))
    }

    /// The officer's key, as the log offers it.
    pub fn officer_key(&self) -> Result<Option<Vkey>, Failure> {
        self.key_file(OFFICER_KEY_FILE)
    }

    fn key_file(&self, name: &str) -> Result<Option<Vkey>, Failure> {
        let Some(bytes) = self.read(name, 4096)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).map_err(refused)?;
        let malformed = || Failure::Refused(format!("`{name}` is malformed"));
        let line = text.strip_suffix('\n').ok_or_else(malformed)?;
        line.parse().map(Some).map_err(refused)
    }

    /// The first `32 * width` bytes of a tile.
    pub fn tile(&self, tile: TileId) -> Result<Vec<u8>, Failure> {
        let len = usize::from(tile.span().width()) * 32;
        let full = TileId::new(tile.level(), tile.span().to_full()).map(Resource::Tile);
        match self.read_or_full(Resource::Tile(tile), full, usize::from(FULL) * 32)? {
            (bytes, true) => {
                let first = bytes.get(..len).filter(|_| bytes.len() == usize::from(FULL) * 32);
                first
                    .map(<[u8]>::to_vec)
                    .ok_or_else(|| wrong_length(Resource::Tile(tile)))
            }
            (bytes, false) if bytes.len() == len => Ok(bytes),
            _ => Err(wrong_length(Resource::Tile(tile))),
        }
    }

    /// A bundle, and how many entries it holds.
    pub fn bundle(&self, span: Span) -> Result<(Vec<u8>, u16), Failure> {
        let limit = usize::from(FULL) * (MAX_ENTRY_LEN + 2);
        let full = Some(Resource::Entries(span.to_full()));
        let (bytes, fell_back) = self.read_or_full(Resource::Entries(span), full, limit)?;
        Ok((bytes, if fell_back { FULL } else { span.width() }))
    }

    /// A file, or the full tile in the place of a partial one that was deleted since.
    fn read_or_full(
        &self,
        resource: Resource,
        full: Option<Resource>,
        limit: usize,
    ) -> Result<(Vec<u8>, bool), Failure> {
        if let Some(bytes) = self.read(&resource.to_string(), limit)? {
            return Ok((bytes, false));
        }
        if let Some(full) = full.filter(|full| *full != resource)
            && let Some(bytes) = self.read(&full.to_string(), limit)?
        {
            return Ok((bytes, true));
        }
        Err(Failure::Refused(format!(
            "the checkpoint requires `{resource}`, which is missing"
        )))
    }

    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
        let bytes = match self {
            Self::Folder(folder) => read_file(&folder.join(name))?,
            Self::Web { agent, prefix } => fetch(agent, &format!("{prefix}/{name}"), limit)?,
            // Tiles and bundles never change; the checkpoint and the key are always asked for anew.
            Self::Mirrored { kept, from } => match name {
                "checkpoint" | KEY_FILE => from.read(name, limit)?,
                _ => match read_file(&kept.join(name))? {
                    None => from.read(name, limit)?,
                    there => there,
                },
            },
        };
        match bytes {
            Some(bytes) if bytes.len() > limit => Err(Failure::Refused(format!("`{name}` is too large"))),
            other => Ok(other),
        }
    }
}

fn wrong_length(resource: Resource) -> Failure {
    Failure::Refused(format!("`{resource}` does not have the length of its name"))
}

fn read_file(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// LIMIT: a server that compresses bundles without being asked is not understood.
fn fetch(agent: &Agent, url: &str, limit: usize) -> anyhow::Result<Option<Vec<u8>>> {
    let mut response = agent
        .get(url)
        .call()
        .with_context(|| format!("cannot fetch `{url}`"))?;
    match response.status().as_u16() {
        200 => {}
        404 | 410 => return Ok(None),
        status => bail!("`{url}` answered {status}"),
    }
    if response.headers().contains_key("content-encoding") {
        bail!("`{url}` is compressed, which this program does not read");
    }
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let body = response.body_mut().with_config().limit(limit).read_to_vec();
    body.map(Some).with_context(|| format!("cannot read `{url}`"))
}

/// Whether an argument names a log or a mirror rather than a file: a URL prefix or a folder.
pub fn is_place(argument: &str) -> bool {
    let web = argument.starts_with("http://") || argument.starts_with("https://");
    if web {
        !argument.ends_with("/checkpoint")
    } else {
        Path::new(argument).is_dir()
    }
}

fn fetch_note(argument: &str) -> Result<Vec<u8>, Failure> {
    let source = Source::new(argument.strip_suffix("/checkpoint").unwrap_or(argument));
    Ok(match source {
        Source::Folder(_) if !is_place(argument) => {
            fs::read(argument).with_context(|| format!("cannot read `{argument}`"))?
        }
        log => log
            .read("checkpoint", MAX_NOTE_LEN)?
            .with_context(|| format!("`{argument}` has no checkpoint"))?,
    })
}

/// The log that a checkpoint says it is of: nobody's word yet.
pub fn claimed_origin(argument: &str) -> Result<String, Failure> {
    let note = Note::parse(&fetch_note(argument)?).map_err(|error| refused(error).about(argument))?;
    let claim: Checkpoint = note
        .text()
        .parse()
        .map_err(|error| refused(error).about(argument))?;
    Ok(claim.origin().to_owned())
}

/// Opens the checkpoint in a file, of a log, or at a URL.
pub fn fetch_checkpoint(argument: &str, keys: &[Vkey]) -> Result<SignedCheckpoint, Failure> {
    let note = fetch_note(argument)?;
    SignedCheckpoint::open_any(&note, keys).map_err(|error| refused(error).about(argument))
}

/// A checkpoint whose signature waits for the entries: they tell which key signs for its size.
pub struct Claim {
    note: Vec<u8>,
    /// What it says.
    pub checkpoint: Checkpoint,
}

impl Claim {
    fn read(bytes: Vec<u8>, key: &Vkey) -> Result<Self, Failure> {
        let note = Note::parse(&bytes).map_err(refused)?;
        match note.verify(std::slice::from_ref(key)) {
            // A key that came later may have signed it.
            Ok(_) | Err(NoteError::NoKnownKey) => {}
            Err(wrong) => return Err(refused(wrong)),
        }
        let checkpoint: Checkpoint = note.text().parse().map_err(refused)?;
        if checkpoint.origin() != key.name().as_str() {
            return Err(Failure::Refused(format!(
                "the checkpoint is of `{}`, the key of `{}`",
                checkpoint.origin(),
                key.name()
            )));
        }
        Ok(Self {
            note: bytes,
            checkpoint,
        })
    }

    /// Reads one that somebody kept.
    pub fn kept(path: &Path, key: &Vkey) -> Result<Self, Failure> {
        let note = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Self::read(note, key).map_err(|failure| failure.about(&path.display().to_string()))
    }

    /// Verifies it under the key that signs for its size.
    pub fn verify(&self, chain: &KeyChain) -> Result<SignedCheckpoint, Failure> {
        chain.open(&self.note).map_err(refused)
    }
}

/// Describes a checkpoint in the report.
pub fn describe(report: &mut Report, checkpoint: &SignedCheckpoint) {
    report.detail("origin", checkpoint.checkpoint().origin());
    report.detail("size", checkpoint.size().get());
    report.detail("root", checkpoint.root().to_base64());
}
