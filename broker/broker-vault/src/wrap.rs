//! Data keys at rest: each wrapped as a binary `age` file (C2SP age-encryption.org/v1) to the broker's recipients.
//!
//! `plaintext = "fiducie-data-key/v1" || 00 || participant[16] || u32be epoch || data key[32]`: the owner stands inside,
//! so that exchanging two rows of the store is noticed.

use std::fmt;
use std::io::{Read as _, Write as _};

use age::{Decryptor, Encryptor, x25519};
use broker_domain::ids::ParticipantId;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::key::{DataKey, Epoch};

const LABEL: &[u8; 20] = b"fiducie-data-key/v1\0";
const LENGTH: usize = 20 + 16 + 4 + 32;

/// To whom data keys are wrapped.
#[derive(Clone)]
pub struct VaultRecipient(pub(crate) x25519::Recipient);

impl VaultRecipient {
    /// Parses `age1…`.
    ///
    /// # Errors
    /// [`VaultError::InvalidRecipient`].
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        text.parse().map(Self).map_err(|_| VaultError::InvalidRecipient)
    }
}

impl fmt::Display for VaultRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for VaultRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultRecipient({self})")
    }
}

/// What unwraps data keys: the most precious secret of the broker. No readable `Debug`, erased when dropped (by `age`).
#[derive(Clone)]
pub struct VaultIdentity(x25519::Identity);

impl VaultIdentity {
    /// Parses `AGE-SECRET-KEY-1…`.
    ///
    /// # Errors
    /// [`VaultError::InvalidIdentity`], without the text.
    pub fn parse(text: &SecretString) -> Result<Self, VaultError> {
        text.expose_secret()
            .trim()
            .parse()
            .map(Self)
            .map_err(|_: &str| VaultError::InvalidIdentity)
    }

    /// Its public half.
    #[must_use]
    pub fn recipient(&self) -> VaultRecipient {
        VaultRecipient(self.0.to_public())
    }
}

impl fmt::Debug for VaultIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultIdentity(hidden)")
    }
}

/// A data key as it is stored. Deleting it is how a person is erased.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Whose key.
    pub owner: ParticipantId,
    /// Of which epoch.
    pub epoch: Epoch,
    /// A binary age file.
    pub age_file: Vec<u8>,
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedKey")
            .field("owner", &self.owner)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

/// Wraps a data key: any one of the recipients' identities unwraps it.
///
/// # Errors
/// [`VaultError::NoRecipient`] without recipient, [`VaultError::Age`] when age fails.
pub fn wrap(key: &DataKey, recipients: &[VaultRecipient]) -> Result<WrappedKey, VaultError> {
    if recipients.is_empty() {
        return Err(VaultError::NoRecipient);
    }
    let mut plaintext = Zeroizing::new(Vec::with_capacity(LENGTH));
    plaintext.extend_from_slice(LABEL);
    plaintext.extend_from_slice(key.owner().as_bytes());
    plaintext.extend_from_slice(&key.epoch().0.to_be_bytes());
    plaintext.extend_from_slice(key.secret());
    let age_file = encrypt(recipients, &plaintext)?;
    Ok(WrappedKey {
        owner: key.owner(),
        epoch: key.epoch(),
        age_file,
    })
}

/// Unwraps a data key. Takes about 0.2 ms of CPU: see [`KeyRing`](crate::KeyRing).
///
/// # Errors
/// [`VaultError::NotAuthentic`] when the identity does not open it, [`VaultError::UnknownFormat`] when something else is
/// inside, [`VaultError::OtherKey`] when it is the key of another participant or epoch than the row says.
pub fn unwrap(wrapped: &WrappedKey, identity: &VaultIdentity) -> Result<DataKey, VaultError> {
    let mut plaintext = Zeroizing::new([0_u8; LENGTH]);
    let decryptor =
        Decryptor::new_buffered(wrapped.age_file.as_slice()).map_err(|_| VaultError::UnknownFormat)?;
    let mut reader = decryptor
        .decrypt(std::iter::once(&identity.0 as &dyn age::Identity))
        .map_err(|_| VaultError::NotAuthentic)?;
    reader
        .read_exact(plaintext.as_mut())
        .map_err(|_| VaultError::NotAuthentic)?;
    // The end of the age stream is authenticated too, and nothing may follow the key.
    if reader
        .read(&mut [0_u8; 1])
        .map_err(|_| VaultError::NotAuthentic)?
        != 0
    {
        return Err(VaultError::UnknownFormat);
    }
    let mut rest: &[u8] = plaintext.as_ref();
    let (label, owner, epoch) = (
        take::<20>(&mut rest)?,
        take::<16>(&mut rest)?,
        take::<4>(&mut rest)?,
    );
    if label != LABEL {
        return Err(VaultError::UnknownFormat);
    }
    if owner != wrapped.owner.as_bytes() || *epoch != wrapped.epoch.0.to_be_bytes() {
        return Err(VaultError::OtherKey);
    }
    let secret = Zeroizing::new(*take::<32>(&mut rest)?);
    Ok(DataKey::from_parts(wrapped.owner, wrapped.epoch, secret))
}

/// A binary age file for the recipients, of which there must be one.
pub(crate) fn encrypt(recipients: &[VaultRecipient], plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
    let recipients = recipients
        .iter()
        .map(|recipient| &recipient.0 as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(|_| VaultError::Age)?;
    let mut file = Vec::with_capacity(plaintext.len() + 512);
    let mut writer = encryptor.wrap_output(&mut file).map_err(|_| VaultError::Age)?;
    writer.write_all(plaintext).map_err(|_| VaultError::Age)?;
    writer.finish().map_err(|_| VaultError::Age)?;
    Ok(file)
}

/// The bytes inside a binary age file sealed to this identity.
pub(crate) fn decrypt(identity: &VaultIdentity, file: &[u8]) -> Result<Vec<u8>, VaultError> {
    let decryptor = Decryptor::new_buffered(file).map_err(|_| VaultError::UnknownFormat)?;
    let mut reader = decryptor
        .decrypt(std::iter::once(&identity.0 as &dyn age::Identity))
        .map_err(|_| VaultError::NotAuthentic)?;
    let mut plaintext = Vec::new();
    reader
        .read_to_end(&mut plaintext)
        .map_err(|_| VaultError::NotAuthentic)?;
    Ok(plaintext)
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Result<&'a [u8; N], VaultError> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(VaultError::UnknownFormat)?;
    *bytes = rest;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{Counter, HER, NEIGHBOUR, identity};

    fn wrapped(owner: ParticipantId, epoch: u32, identity: &VaultIdentity) -> WrappedKey {
        let key = DataKey::random(owner, Epoch(epoch), &Counter::default()).unwrap();
        wrap(&key, &[identity.recipient()]).unwrap()
    }

    #[test]
    fn a_wrapped_key_opens_for_each_recipient_and_for_nobody_else() {
        let (ours, spare, stranger) = (identity(1), identity(2), identity(3));
        let key = DataKey::random(HER, Epoch(3), &Counter::default()).unwrap();
        let wrapped = wrap(&key, &[ours.recipient(), spare.recipient()]).unwrap();
        for holder in [ours, spare] {
            let opened = unwrap(&wrapped, &holder).unwrap();
            assert_eq!((opened.owner(), opened.epoch()), (HER, Epoch(3)));
            assert!(opened.secret() == key.secret());
        }
        assert_eq!(unwrap(&wrapped, &stranger).unwrap_err(), VaultError::NotAuthentic);
        assert_eq!(wrap(&key, &[]).unwrap_err(), VaultError::NoRecipient);
    }

    #[test]
    fn a_key_moved_to_another_row_is_noticed() {
        let ours = identity(1);
        let hers = wrapped(HER, 1, &ours);
        let moved = WrappedKey {
            owner: NEIGHBOUR,
            ..hers.clone()
        };
        assert_eq!(unwrap(&moved, &ours).unwrap_err(), VaultError::OtherKey);
        let later = WrappedKey {
            epoch: Epoch(2),
            ..hers
        };
        assert_eq!(unwrap(&later, &ours).unwrap_err(), VaultError::OtherKey);
    }

    #[test]
    fn an_age_file_with_something_else_inside_is_refused() {
        let ours = identity(1);
        for content in [&b"short"[..], &[0_u8; LENGTH], &[0_u8; LENGTH + 1]] {
            let age_file = encrypt(&[ours.recipient()], content).unwrap();
            let odd = WrappedKey {
                owner: HER,
                epoch: Epoch(1),
                age_file,
            };
            assert!(unwrap(&odd, &ours).is_err());
        }
        let not_age = WrappedKey {
            owner: HER,
            epoch: Epoch(1),
            age_file: vec![0; 200],
        };
        assert_eq!(unwrap(&not_age, &ours).unwrap_err(), VaultError::UnknownFormat);
    }

    #[test]
    fn every_flipped_byte_of_a_wrapped_key_is_noticed() {
        let ours = identity(1);
        let good = wrapped(HER, 1, &ours);
        for at in 0..good.age_file.len() {
            let mut changed = good.clone();
            changed.age_file[at] ^= 1;
            assert!(unwrap(&changed, &ours).is_err(), "byte {at}");
        }
    }

    #[test]
    fn identities_and_recipients_parse_or_say_no() {
        let text = SecretString::from("not a key");
        assert_eq!(
            VaultIdentity::parse(&text).unwrap_err(),
            VaultError::InvalidIdentity
        );
        assert_eq!(
            VaultRecipient::parse("age1nothing").unwrap_err(),
            VaultError::InvalidRecipient
        );
        let recipient = identity(1).recipient();
        assert_eq!(
            VaultRecipient::parse(&recipient.to_string()).unwrap().to_string(),
            recipient.to_string()
        );
        assert_eq!(format!("{:?}", identity(1)), "VaultIdentity(hidden)");
    }
}
