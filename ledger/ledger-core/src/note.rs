//! Signed notes: C2SP signed-note v1.0.0.
//!
//! ```text
//! <text, ends with \n>
//! \n
//! — <key name> <base64(key id[4] || signature)>\n      one or more; the dash is U+2014 followed by one space
//! ```

mod grease;
mod key;

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::cosignature::PosixSeconds;

pub use grease::Grease;
pub use key::{Ed25519Signer, KeyId, KeyKind, KeyName, NoteSigner, Vkey, VkeyError};

/// Most signatures of a note we read. C2SP asks for at least 16; Go stops at 100.
pub const MAX_SIGNATURES: usize = 100;
/// Largest note we read, in bytes.
pub const MAX_NOTE_LEN: usize = 1_000_000;

/// A text with signature lines, not verified.
///
/// Prints as the exact bytes it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    id: KeyId,
    signature: Vec<u8>,
}

/// A key that signed a note, and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSignature<'k> {
    /// The key.
    pub key: &'k Vkey,
    /// The instant that a cosignature states; `None` for a plain signature.
    pub cosigned_at: Option<PosixSeconds>,
}

/// Why a note was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a signed note.
    #[error("the note is malformed: {what}")]
    Malformed {
        /// Which rule is broken.
        what: &'static str,
    },
    /// A line names a known key, but its signature does not verify.
    #[error("the signature of `{name}` does not verify")]
    InvalidSignature {
        /// Name of the key.
        name: KeyName,
    },
    /// No line is by a known key.
    #[error("no signature is by a known key")]
    NoKnownKey,
}

const fn malformed(what: &'static str) -> NoteError {
    NoteError::Malformed { what }
}

impl Note {
    /// Signs a text with each of the signers.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] when the text does not end with a newline, holds control characters, or there is no
    /// signer.
    pub fn sign(text: String, signers: &[&dyn NoteSigner]) -> Result<Self, NoteError> {
        check_text(&text)?;
        let signatures: Vec<_> = signers
            .iter()
            .map(|signer| NoteSignature {
                name: signer.vkey().name().clone(),
                id: signer.vkey().id(),
                signature: signer.sign(text.as_bytes()).to_vec(),
            })
            .collect();
        if signatures.is_empty() {
            return Err(malformed("it has no signature"));
        }
        Ok(Self { text, signatures })
    }

    /// Reads a note; nothing is verified yet.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_LEN {
            return Err(malformed("it is too large"));
        }
        let note = str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
        // The signatures start after the *last* empty line; the text keeps its own final newline.
        let (text, block) = note
            .rsplit_once("\n\n")
            .ok_or(malformed("no empty line before the signatures"))?;
        let text = format!("{text}\n");
        check_text(&text)?;
        let block = block
            .strip_suffix('\n')
            .ok_or(malformed("it does not end with a newline"))?;
        let lines: Vec<_> = block.split('\n').take(MAX_SIGNATURES + 1).collect();
        if lines.len() > MAX_SIGNATURES {
            return Err(malformed("it has too many signatures"));
        }
        let signatures = lines.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { text, signatures })
    }

    /// The signed text, with its final newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The note with more signature lines behind its own; the caller minds [`MAX_SIGNATURES`].
    pub(crate) fn with_signatures(mut self, lines: impl IntoIterator<Item = NoteSignature>) -> Self {
        self.signatures.extend(lines);
        self
    }

    /// The note without the lines that name one of these cosigners.
    pub(crate) fn without_cosigners(mut self, keys: &[Vkey]) -> Self {
        let cosigners = || keys.iter().filter(|key| key.kind() == KeyKind::Cosignature);
        self.signatures
            .retain(|line| !cosigners().any(|key| line.is_by(key)));
        self
    }

    /// The note with only the lines that name one of these keys.
    pub(crate) fn only_by(mut self, keys: &[Vkey]) -> Self {
        self.signatures
            .retain(|line| keys.iter().any(|key| line.is_by(key)));
        self
    }

    /// Verifies the note with the known keys and says which of them signed, each once, with the latest instant of
    /// those it states.
    ///
    /// A line by an unknown (name, id) pair is ignored, also when only one of the two is known.
    ///
    /// # Errors
    /// [`NoteError::InvalidSignature`] as soon as one line of a known key is wrong, whatever the others say;
    /// [`NoteError::NoKnownKey`].
    pub fn verify<'k>(&self, known: &'k [Vkey]) -> Result<Vec<VerifiedSignature<'k>>, NoteError> {
        let mut verified: Vec<VerifiedSignature<'k>> = Vec::new();
        for line in &self.signatures {
            let Some(key) = known.iter().find(|key| line.is_by(key)) else {
                continue;
            };
            let cosigned_at =
                key.verify(&self.text, &line.signature)
                    .ok_or_else(|| NoteError::InvalidSignature {
                        name: line.name.clone(),
                    })?;
            match verified.iter_mut().find(|other| other.key == key) {
                Some(other) => other.cosigned_at = other.cosigned_at.max(cosigned_at),
                None => verified.push(VerifiedSignature { key, cosigned_at }),
            }
        }
        if verified.is_empty() {
            Err(NoteError::NoKnownKey)
        } else {
            Ok(verified)
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl NoteSignature {
    /// A line of this key; `signature` is the field behind the key id.
    pub(crate) fn new(key: &Vkey, signature: Vec<u8>) -> Self {
        Self {
            name: key.name().clone(),
            id: key.id(),
            signature,
        }
    }

    /// Name of the key.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// Id of the key.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Whether it names this key; that proves nothing.
    pub(crate) fn is_by(&self, key: &Vkey) -> bool {
        *key.name() == self.name && key.id() == self.id
    }

    /// The signature field behind the key id.
    pub(crate) fn field(&self) -> &[u8] {
        &self.signature
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// Reads one line, without its newline; nothing is verified.
    fn from_str(line: &str) -> Result<Self, NoteError> {
        let wrong = malformed("a line after the text is not a signature");
        let (name, base64) = line
            .strip_prefix("\u{2014} ")
            .and_then(|line| line.split_once(' '))
            .ok_or_else(|| wrong.clone())?;
        let name = KeyName::new(name).ok_or_else(|| wrong.clone())?;
        let bytes = STANDARD.decode(base64).map_err(|_| wrong.clone())?;
        let (id, signature) = bytes.split_first_chunk::<4>().ok_or_else(|| wrong.clone())?;
        if signature.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            name,
            id: KeyId::new(*id),
            signature: signature.to_vec(),
        })
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = self
            .id
            .as_bytes()
            .iter()
            .chain(&self.signature)
            .copied()
            .collect();
        write!(f, "\u{2014} {} {}", self.name, STANDARD.encode(bytes))
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_NOTE_LEN {
        return Err(malformed("it is too large"));
    }
    if !text.ends_with('\n') {
        return Err(malformed("the text does not end with a newline"));
    }
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(malformed("it holds control characters"));
    }
    Ok(())
}
