//! Checkpoints: C2SP tlog-checkpoint v1.0.0, the signed head of a log.
//!
//! ```text
//! <origin>\n<size in decimal>\n<base64 of the 32-byte root>\n[extension lines]
//! ```

use std::{fmt, str::FromStr};

use crate::{
    note::{KeyKind, MAX_SIGNATURES, Note, NoteError, NoteSignature, NoteSigner, VerifiedSignature, Vkey},
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
        check_root(size, root)?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        })
    }

    /// Reads the lines without asking whether an empty tree has the root it must have: a witness answers that with
    /// a status of its own.
    pub(crate) fn parse_claim(text: &str) -> Result<Self, CheckpointError> {
        let body = text
            .strip_suffix('\n')
            .ok_or(malformed("it does not end with a newline"))?;
        let mut lines = body.split('\n');
        let origin = lines.next().unwrap_or_default();
        let size = lines.next().and_then(parse_decimal).and_then(TreeSize::new);
        let root = lines.next().and_then(Hash::from_base64);
        if origin.is_empty() {
            return Err(malformed("the origin is empty"));
        }
        let mut claim = Self {
            origin: origin.to_owned(),
            size: size.ok_or(malformed("the second line is not a size"))?,
            root: root.ok_or(malformed("the third line is not a root"))?,
            extensions: Vec::new(),
        };
        for line in lines {
            if line.is_empty() {
                return Err(malformed("an extension line is empty"));
            }
            claim.extensions.push(line.to_owned());
        }
        Ok(claim)
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
        let claim = Self::parse_claim(text)?;
        check_root(claim.size, claim.root)?;
        Ok(claim)
    }
}

impl SignedCheckpoint {
    /// Signs a checkpoint as its log.
    ///
    /// # Errors
    /// [`CheckpointError::WrongOrigin`] or [`CheckpointError::NotALogKey`] when the signer may not speak for it.
    pub fn sign(checkpoint: Checkpoint, signer: &dyn NoteSigner) -> Result<Self, CheckpointError> {
        Self::sign_all(checkpoint, &[signer])
    }

    /// The same with several keys of one log: while a key is changed, the old and the new one sign.
    ///
    /// # Errors
    /// As [`Self::sign`], for each signer.
    pub fn sign_all(checkpoint: Checkpoint, signers: &[&dyn NoteSigner]) -> Result<Self, CheckpointError> {
        for signer in signers {
            check_key(&checkpoint, signer.vkey())?;
        }
        let note = Note::sign(checkpoint.to_string(), signers)?;
        Ok(Self { checkpoint, note })
    }

    /// Reads a signed checkpoint and verifies the log's signature; other signatures are ignored.
    ///
    /// # Errors
    /// [`CheckpointError`], each variant.
    pub fn open(bytes: &[u8], log_key: &Vkey) -> Result<Self, CheckpointError> {
        Self::open_any(bytes, std::slice::from_ref(log_key))
    }

    /// The same for a log that signs, or may sign, with one of several keys: while a key is rotated both are known.
    ///
    /// # Errors
    /// [`CheckpointError`], each variant; also when one of the known keys that is named did not sign.
    pub fn open_any(bytes: &[u8], log_keys: &[Vkey]) -> Result<Self, CheckpointError> {
        Self::verify(Note::parse(bytes)?, log_keys)
    }

    pub(crate) fn verify(note: Note, log_keys: &[Vkey]) -> Result<Self, CheckpointError> {
        let signed = note.verify(log_keys)?;
        let checkpoint: Checkpoint = note.text().parse()?;
        for one in signed {
            check_key(&checkpoint, one.key)?;
        }
        Ok(Self { checkpoint, note })
    }

    /// Adds the cosignatures among `lines` that verify under a key of `witnesses`; every other line is dropped, so
    /// that a witness cannot smuggle anything into the checkpoint. Of several by one key the latest stays, and a line
    /// of the checkpoint itself that names a witness and does not verify goes.
    ///
    /// Returns the checkpoint and all of the witnesses that cosigned it, now or before.
    pub fn with_cosignatures<'k>(
        &self,
        lines: &[NoteSignature],
        witnesses: &'k [Vkey],
    ) -> (Self, Vec<VerifiedSignature<'k>>) {
        let mut best: Vec<(VerifiedSignature<'k>, &NoteSignature)> = Vec::new();
        for line in self.note.signatures().iter().chain(lines) {
            let found = witnesses
                .iter()
                .filter(|key| key.kind() == KeyKind::Cosignature && line.is_by(key))
                .find_map(|key| Some((key, key.verify(self.note.text(), line.field())?)));
            let Some((key, cosigned_at)) = found else { continue };
            let verified = VerifiedSignature { key, cosigned_at };
            match best.iter_mut().find(|(one, _)| one.key == key) {
                Some(older) if older.0.cosigned_at < cosigned_at => *older = (verified, line),
                Some(_) => {}
                None => best.push((verified, line)),
            }
        }
        let bare = self.note.clone().without_cosigners(witnesses);
        // A note that is full takes no more: those witnesses are left out, and not counted either.
        best.truncate(MAX_SIGNATURES.saturating_sub(bare.signatures().len()));
        let (by, lines): (Vec<_>, Vec<_>) = best.into_iter().map(|(by, line)| (by, line.clone())).unzip();
        let cosigned = Self {
            checkpoint: self.checkpoint.clone(),
            note: bare.with_signatures(lines),
        };
        (cosigned, by)
    }

    /// The checkpoint without the lines of these witnesses.
    #[must_use]
    pub fn without_cosignatures(&self, witnesses: &[Vkey]) -> Self {
        Self {
            checkpoint: self.checkpoint.clone(),
            note: self.note.clone().without_cosigners(witnesses),
        }
    }

    /// Which of the witnesses cosigned it, each once.
    ///
    /// # Errors
    /// [`NoteError::InvalidSignature`] when a line names a witness that did not sign it.
    pub fn cosignatures<'k>(&self, witnesses: &'k [Vkey]) -> Result<Vec<VerifiedSignature<'k>>, NoteError> {
        match self.note.verify(witnesses) {
            Err(NoteError::NoKnownKey) => Ok(Vec::new()),
            other => other,
        }
    }

    /// The checkpoint with only the lines of these keys, each line verified: what a witness keeps and shows.
    ///
    /// # Errors
    /// As [`Note::verify`].
    pub fn only_by(&self, keys: &[Vkey]) -> Result<Self, NoteError> {
        self.note.verify(keys)?;
        Ok(Self {
            checkpoint: self.checkpoint.clone(),
            note: self.note.clone().only_by(keys),
        })
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

fn check_root(size: TreeSize, root: Hash) -> Result<(), CheckpointError> {
    if size == TreeSize::ZERO && root != empty_root() {
        Err(malformed("the root is not that of the empty tree"))
    } else {
        Ok(())
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
