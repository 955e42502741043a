use std::fmt;

use broker_domain::ids::ParticipantId;
use broker_domain::time::Entropy;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk};
use zeroize::Zeroizing;

use crate::error::VaultError;

/// Which of a participant's successive data keys. Grows by one with each new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

/// The data key of one participant in one epoch: 256 random bits, erased from memory when dropped.
///
/// It knows whose it is, so that the key of one person never seals or opens for another. It has no readable `Debug`.
pub struct DataKey {
    owner: ParticipantId,
    epoch: Epoch,
    secret: Zeroizing<[u8; 32]>,
}

impl DataKey {
    /// Draws a fresh key.
    ///
    /// # Errors
    /// [`VaultError::Entropy`] when the source of randomness fails.
    pub fn random(owner: ParticipantId, epoch: Epoch, entropy: &dyn Entropy) -> Result<Self, VaultError> {
        let mut secret = Zeroizing::new([0_u8; 32]);
        entropy.fill(secret.as_mut())?;
        Ok(Self { owner, epoch, secret })
    }

    pub(crate) fn from_parts(owner: ParticipantId, epoch: Epoch, secret: Zeroizing<[u8; 32]>) -> Self {
        Self { owner, epoch, secret }
    }

    /// Whose.
    #[must_use]
    pub const fn owner(&self) -> ParticipantId {
        self.owner
    }

    /// Of which epoch.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// `HKDF-Expand(data key, label || 00 || context, 32)`, SHA-256.
    ///
    /// Extracting is skipped: the data key is uniformly random already (RFC 5869 §3.3).
    pub(crate) fn derive(&self, label: &str, context: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let mut derived = Zeroizing::new([0_u8; 32]);
        let info = [label.as_bytes(), &[0], context];
        Prk::new_less_safe(HKDF_SHA256, self.secret.as_ref())
            .expand(&info, ThirtyTwoBytes)
            .and_then(|okm| okm.fill(derived.as_mut()))
            .map_err(|_| VaultError::UnknownFormat)?;
        Ok(derived)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(hidden)")
    }
}

struct ThirtyTwoBytes;

impl KeyType for ThirtyTwoBytes {
    fn len(&self) -> usize {
        32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Counter;

    #[test]
    fn a_data_key_shows_nothing_in_debug() {
        let key = DataKey::random(ParticipantId::from_bytes([1; 16]), Epoch(1), &Counter::default()).unwrap();
        assert_eq!(format!("{key:?}"), "DataKey(hidden)");
    }

    #[test]
    fn derived_keys_follow_rfc_5869_expand() {
        // HKDF-Expand of a key of 32 bytes 07 and this info, computed apart with Python's hmac.
        let secret = Zeroizing::new([7; 32]);
        let key = DataKey::from_parts(ParticipantId::from_bytes([1; 16]), Epoch(1), secret);
        let derived = key.derive("fiducie-batch-key/v1", &[9; 16]).unwrap();
        assert_eq!(
            hex::encode(*derived),
            "aa7c10896a06891f3fac829c0d770bc091c1bc3b7602c87c7579125c5eef5c7d"
        );
    }
}
