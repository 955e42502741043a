//! authenticatorData: what the authenticator says of itself and of the person (WebAuthn L3 §6.1).
//!
//! ```text
//! SHA-256(rp_id)[32] || flags[1] || signCount[4] || attested credential data, if AT || extensions, if ED
//! attested credential data = aaguid[16] || length[2] || credential id || COSE key        (§6.5.1)
//! ```

use serde::{Deserialize, Serialize};

use super::cbor::Reader;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENDED: u8 = 0x80;

/// The flags that matter for evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flags {
    /// UP: somebody was there.
    pub up: bool,
    /// UV: the authenticator verified who, by finger, face or code.
    pub uv: bool,
    /// BE: the key can leave the device (a synced passkey).
    pub be: bool,
    /// BS: it has a copy elsewhere.
    pub bs: bool,
}

impl Flags {
    const fn of(byte: u8) -> Self {
        Self {
            up: byte & PRESENT != 0,
            uv: byte & VERIFIED != 0,
            be: byte & BACKUP_ELIGIBLE != 0,
            bs: byte & BACKED_UP != 0,
        }
    }

    /// WebAuthn L3 §6.1.3: BS without BE has no meaning.
    pub(super) const fn are_consistent(self) -> bool {
        self.be || !self.bs
    }
}

/// The head, and what follows it unread.
pub(super) struct AuthenticatorData<'a> {
    rp_id_hash: [u8; 32],
    flags: u8,
    sign_count: u32,
    rest: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// `None` below 37 bytes.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>()?;
        let (flags, rest) = rest.split_first()?;
        let (sign_count, rest) = rest.split_first_chunk::<4>()?;
        Some(Self {
            rp_id_hash: *rp_id_hash,
            flags: *flags,
            sign_count: u32::from_be_bytes(*sign_count),
            rest,
        })
    }

    pub(super) const fn rp_id_hash(&self) -> &[u8; 32] {
        &self.rp_id_hash
    }

    pub(super) const fn flags(&self) -> Flags {
        Flags::of(self.flags)
    }

    pub(super) const fn sign_count(&self) -> u32 {
        self.sign_count
    }

    /// What follows the head: exactly what the flags AT and ED announce. `None` for anything else.
    pub(super) fn tail(&self) -> Option<Tail<'a>> {
        let mut reader = Reader::new(self.rest);
        let attested = if self.flags & ATTESTED == 0 {
            None
        } else {
            Some(Attested::read(&mut reader)?)
        };
        if self.flags & EXTENDED != 0 {
            let extensions = reader.item()?;
            // §6.1: “The value is a CBOR map”.
            Reader::new(extensions).map()?;
        }
        reader.end()?;
        Some(Tail { attested })
    }
}

pub(super) struct Tail<'a> {
    pub(super) attested: Option<Attested<'a>>,
}

/// A key that the authenticator made.
pub(super) struct Attested<'a> {
    pub(super) aaguid: [u8; 16],
    pub(super) credential_id: &'a [u8],
    /// The COSE key as it was written.
    pub(super) cose_key: &'a [u8],
}

impl<'a> Attested<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let aaguid = reader.fixed()?;
        let length = u16::from_be_bytes(reader.fixed()?);
        let credential_id = reader.take(u64::from(length))?;
        let cose_key = reader.item()?;
        Some(Self {
            aaguid,
            credential_id,
            cose_key,
        })
    }
}
