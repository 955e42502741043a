//! Checkpoints: C2SP tlog-checkpoint v1.0.0, the signed head of a log.
//!
//! ```text
//! <origin>\n<size in decimal>\n<base64 of the 32-byte root>\n[extension lines]
//! ```

use std::{fmt, str::FromStr};

use crate::{
    note::{KeyKind, Note, NoteError, NoteSigner, Vkey},
    tree::{Hash, TreeSize, empty_root},
};

/// Origin, size and root of a log.
///
/// We write no extension lines (monitors cannot audit them); those of others are read and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: TreeSize,
    root: Hash,
    extensions: Vec<String>,
}

/// A checkpoint whose log signature was verified, with the note it came from.
///
/// Private fields: having one means that the key given to [`SignedCheckpoint::open`] signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Why a checkpoint was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not the text of a checkpoint.
    #[error("the checkpoint is malformed: {what}")]
    Malformed {
        /// Which rule is broken.
        what: &'static str,
    },
    /// The note around it was refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Signed by a key that does not speak for this origin.
    #[error("the checkpoint is of `{origin}`, the key of `{key}`")]
    WrongOrigin {
        /// Origin of the checkpoint.
        origin: String,
        /// Name of the key.
        key: String,
    },
    /// A witness key was given as the log's key.
    #[error("the key does not sign checkpoints but cosigns them")]
    NotALogKey,
}

const fn malformed(what: &'static str) -> CheckpointError {
    CheckpointError::Malformed { what }
}

impl Checkpoint {
    /// A checkpoint without extensions.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] for an empty origin, one with a newline, or a wrong root of the empty tree.
    pub fn new(origin: &str, size: TreeSize, root: Hash) -> Result<Self, CheckpointError> {
        if origin.is_empty() || origin.contains('\n') {
            return Err(malformed("the origin is empty"));
        }
        if size == TreeSize::ZERO && root != empty_root() {
            return Err(malformed("the root is not that of the empty tree"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        })
    }

    /// Which log: the key name of its signer.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of leaves.
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// Root of the tree.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// Extension lines, which say nothing to us.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root.to_base64())?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let body = text
            .strip_suffix('\n')
            .ok_or(malformed("it does not end with a newline"))?;
        let mut lines = body.split('\n');
        let origin = lines.next().unwrap_or_default();
        let size = lines.next().and_then(parse_decimal).and_then(TreeSize::new);
        let root = lines.next().and_then(Hash::from_base64);
        let size = size.ok_or(malformed("the second line is not a size"))?;
        let root = root.ok_or(malformed("the third line is not a root"))?;
        let mut checkpoint = Self::new(origin, size, root)?;
        for line in lines {
            if line.is_empty() {
                return Err(malformed("an extension line is empty"));
            }
            checkpoint.extensions.push(line.to_owned());
        }
        Ok(checkpoint)
    }
}

impl SignedCheckpoint {
    /// Signs a checkpoint as its log.
    ///
    /// # Errors
    /// [`CheckpointError::WrongOrigin`] or [`CheckpointError::NotALogKey`] when the signer may not speak for it.
    pub fn sign(checkpoint: Checkpoint, signer: &dyn NoteSigner) -> Result<Self, CheckpointError> {
        check_key(&checkpoint, signer.vkey())?;
        let note = Note::sign(checkpoint.to_string(), &[signer])?;
        Ok(Self { checkpoint, note })
    }

    /// Reads a signed checkpoint and verifies the log's signature; other signatures are ignored.
    ///
    /// # Errors
    /// [`CheckpointError`], each variant.
    pub fn open(bytes: &[u8], log_key: &Vkey) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        note.verify(std::slice::from_ref(log_key))?;
        let checkpoint: Checkpoint = note.text().parse()?;
        check_key(&checkpoint, log_key)?;
        Ok(Self { checkpoint, note })
    }

    /// What was signed.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Number of leaves.
    pub const fn size(&self) -> TreeSize {
        self.checkpoint.size
    }

    /// Root of the tree.
    pub const fn root(&self) -> Hash {
        self.checkpoint.root
    }

    /// The note with all its signature lines; prints as the bytes of the file `checkpoint`.
    pub const fn note(&self) -> &Note {
        &self.note
    }
}

fn check_key(checkpoint: &Checkpoint, key: &Vkey) -> Result<(), CheckpointError> {
    if key.kind() != KeyKind::Ed25519 {
        return Err(CheckpointError::NotALogKey);
    }
    if key.name().as_str() == checkpoint.origin {
        return Ok(());
    }
    let (origin, key) = (checkpoint.origin.clone(), key.name().to_string());
    Err(CheckpointError::WrongOrigin { origin, key })
}

/// Decimal digits without sign or leading zero.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
