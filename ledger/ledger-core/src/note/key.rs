//! Names, ids and keys of signed notes.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::{
    cosignature::{self, PosixSeconds},
    tree::digest,
};

/// Name of a signing key: not empty, no white space, no `+`. For a log it is the origin, advised to be a URL
/// without scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// `None` when the name is empty or holds Unicode white space, a control character or `+`.
    pub fn new(name: &str) -> Option<Self> {
        let wrong = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(wrong) {
            None
        } else {
            Some(Self(name.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `SHA-256(name || 0x0A || type || public key)[0..4]`: helps to find a key, proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// Wraps four bytes read from a signature or a leaf.
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The four bytes.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// 0x01: Ed25519 over the text of the note.
    Ed25519,
    /// 0x04: Ed25519 over time and text (C2SP tlog-cosignature v1).
    Cosignature,
}

impl KeyKind {
    const fn number(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// A public key that verifies notes: `name+hex id+base64(type || public key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vkey {
    name: KeyName,
    id: KeyId,
    kind: KeyKind,
    public: [u8; 32],
}

/// Why a text is not a key of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VkeyError {
    /// Not `name+hex id+base64`.
    #[error("not of the form name+id+key")]
    Malformed,
    /// A type other than 0x01 and 0x04.
    #[error("key type {kind:#04x} is unknown")]
    UnknownKind {
        /// The type byte.
        kind: u8,
    },
    /// The public key does not have 32 bytes.
    #[error("the public key does not have 32 bytes")]
    WrongLength,
    /// No point on the curve, or one under which anybody can sign.
    #[error("the public key is not a canonical point of large order")]
    Weak,
    /// The id is not that of this name and key.
    #[error("the key id does not belong to this name and key")]
    WrongId,
}

impl Vkey {
    /// A key from its parts; the id follows from them.
    pub fn new(name: KeyName, kind: KeyKind, public: [u8; 32]) -> Self {
        let hash = digest(&[name.0.as_bytes(), b"\n", &[kind.number()], &public]);
        let [a, b, c, d, ..] = *hash.as_bytes();
        Self {
            id: KeyId([a, b, c, d]),
            name,
            kind,
            public,
        }
    }

    /// A key from its parts, as [`FromStr`] would accept it.
    ///
    /// # Errors
    /// [`VkeyError::Weak`].
    pub fn checked(name: KeyName, kind: KeyKind, public: [u8; 32]) -> Result<Self, VkeyError> {
        if is_weak(public) {
            return Err(VkeyError::Weak);
        }
        Ok(Self::new(name, kind, public))
    }

    /// Name of the key; for a log, its origin.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// Id of the key.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// What the key signs.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The 32 bytes of the Ed25519 public key.
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Whether `signature` is this Ed25519 key's over exactly `message`, whatever the kind of the key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(message, signature)
            .is_ok()
    }

    /// Verifies the signature field of a note (without key id): `None` when it is wrong, otherwise the time a
    /// cosignature states.
    pub(crate) fn verify(&self, text: &str, field: &[u8]) -> Option<Option<PosixSeconds>> {
        match self.kind {
            KeyKind::Ed25519 => self.verifies(text.as_bytes(), field).then_some(None),
            KeyKind::Cosignature => {
                let (at, signature) = cosignature::parse_field(field)?;
                let message = cosignature::message(at, text);
                self.verifies(message.as_bytes(), signature).then_some(Some(at))
            }
        }
    }
}

/// The y-coordinates of the points of small order on edwards25519, little-endian, sign bit cleared.
///
/// Under such a "public key" anybody signs anything (R = identity, S = 0), and Ed25519 implementations do not all
/// refuse it.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether 32 bytes are no canonical encoding of a point of large order.
fn is_weak(public: [u8; 32]) -> bool {
    let mut y = public;
    if let Some(top) = y.last_mut() {
        *top &= 0x7f;
    }
    // y must be below 2^255 - 19: only 19 values of 255 bits are not.
    let [low, middle @ .., high] = y;
    let not_canonical = high == 0x7f && low >= 0xed && middle.iter().all(|byte| *byte == 0xff);
    not_canonical || SMALL_ORDER.contains(&y)
}

impl fmt::Display for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key: Vec<u8> = std::iter::once(self.kind.number()).chain(self.public).collect();
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(key))
    }
}

impl FromStr for Vkey {
    type Err = VkeyError;

    fn from_str(text: &str) -> Result<Self, VkeyError> {
        // Only the first two `+` separate: base64 may hold more.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VkeyError::Malformed);
        };
        let name = KeyName::new(name).ok_or(VkeyError::Malformed)?;
        let key = STANDARD.decode(key).map_err(|_| VkeyError::Malformed)?;
        let (kind, public) = key.split_first().ok_or(VkeyError::Malformed)?;
        let kind = match kind {
            0x01 => KeyKind::Ed25519,
            0x04 => KeyKind::Cosignature,
            other => return Err(VkeyError::UnknownKind { kind: *other }),
        };
        let public = public.try_into().map_err(|_| VkeyError::WrongLength)?;
        let vkey = Self::checked(name, kind, public)?;
        if vkey.id.to_string() == id {
            Ok(vkey)
        } else {
            Err(VkeyError::WrongId)
        }
    }
}

/// Signs notes. The private key may live elsewhere; only signatures come out.
pub trait NoteSigner: Send + Sync {
    /// The public half, of kind [`KeyKind::Ed25519`].
    fn vkey(&self) -> &Vkey;

    /// The Ed25519 signature over `message`, 64 bytes.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// A signer whose private key is in memory.
pub struct Ed25519Signer {
    pair: Ed25519KeyPair,
    vkey: Vkey,
}

impl Ed25519Signer {
    /// A signer from the 32-byte seed of RFC 8032; `None` if the seed is refused by the implementation.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self {
            vkey: Vkey::new(name, KeyKind::Ed25519, public),
            pair,
        })
    }
}

impl NoteSigner for Ed25519Signer {
    fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes
            .iter_mut()
            .zip(self.pair.sign(message).as_ref())
            .for_each(|(to, from)| *to = *from);
        bytes
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Signer")
            .field("vkey", &self.vkey.to_string())
            .finish_non_exhaustive()
    }
}
