//! The key-change leaf (kind 0x42): the log tells, in itself and under its old key, which key comes next.

use super::{Header, Hour, LeafError, SystemKind, SystemLeaf};
use crate::{
    note::{KeyId, KeyKind, NoteSigner, Vkey},
    tree::LeafIndex,
};

/// What changes: 01 is the key that signs checkpoints. Other numbers are free for changes of policy.
const CHECKPOINT_KEY: u8 = 0x01;
/// The signature type of the new key, as in signed notes: 01 is Ed25519.
const ED25519: u8 = 0x01;

/// A change of the checkpoint key before the old key has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedKeyChange {
    /// When, in whole hours.
    pub hour: Hour,
    /// The Ed25519 public key that comes next.
    pub new: [u8; 32],
    /// The place of this leaf. Checkpoints of larger trees are signed by the new key; those of this size and below by
    /// the old one.
    pub valid_from: LeafIndex,
}

/// A change of the checkpoint key, signed by the key before.
///
/// ```text
/// header[8] || 01 || old key id[4] || 01 || new public key[32] || u64be valid from || Ed25519 signature[64]
/// ```
///
/// The actor is the log itself (0). Origin and name of the key stay what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    change: UnsignedKeyChange,
    old: KeyId,
    signature: [u8; 64],
}

impl UnsignedKeyChange {
    /// What the old key signs: `"key-change-leaf/v1" || 0x00 || origin || 0x00 ||` all bytes of the leaf before the
    /// signature. No checkpoint begins like this, so that the key cannot be made to sign the one for the other.
    fn message(&self, origin: &str, old: KeyId) -> Vec<u8> {
        [
            b"key-change-leaf/v1\0",
            origin.as_bytes(),
            b"\0",
            &self.signed_part(old),
        ]
        .concat()
    }

    /// Signs with the key that is given up.
    pub fn sign(self, old: &dyn NoteSigner) -> KeyChange {
        let (origin, id) = (old.vkey().name().as_str(), old.vkey().id());
        let signature = old.sign(&self.message(origin, id));
        KeyChange {
            change: self,
            old: id,
            signature,
        }
    }

    fn signed_part(&self, old: KeyId) -> Vec<u8> {
        let header = Header {
            kind: SystemKind::Change.number(),
            actor: 0,
            hour: self.hour,
        };
        [
            header.to_bytes().as_slice(),
            &[CHECKPOINT_KEY],
            old.as_bytes(),
            &[ED25519],
            &self.new,
            &self.valid_from.get().to_be_bytes(),
        ]
        .concat()
    }
}

impl KeyChange {
    /// Length in bytes.
    pub const LEN: usize = 118;

    /// The 118 bytes that stand in the log.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.change.signed_part(self.old).as_slice(), &self.signature].concat()
    }

    /// Reads a key change strictly; the signature is not verified.
    ///
    /// # Errors
    /// [`LeafError`]; [`LeafError::UnknownChange`] for changes of something else.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let (hour, body) = Header::split_of(bytes, SystemKind::Change, 0)?;
        let wrong_length = LeafError::WrongLength { len: bytes.len() };
        let ([change], rest) = body.split_first_chunk::<1>().ok_or(wrong_length)?;
        if *change != CHECKPOINT_KEY {
            return Err(LeafError::UnknownChange { change: *change });
        }
        let (old, rest) = rest.split_first_chunk::<4>().ok_or(wrong_length)?;
        let ([kind], rest) = rest.split_first_chunk::<1>().ok_or(wrong_length)?;
        let (new, rest) = rest.split_first_chunk::<32>().ok_or(wrong_length)?;
        let (valid_from, rest) = rest.split_first_chunk::<8>().ok_or(wrong_length)?;
        let signature: &[u8; 64] = rest.try_into().map_err(|_| wrong_length)?;
        if *kind != ED25519 {
            return Err(LeafError::UnknownChange { change: *kind });
        }
        let index = u64::from_be_bytes(*valid_from);
        Ok(Self {
            change: UnsignedKeyChange {
                hour,
                new: *new,
                valid_from: LeafIndex::new(index).ok_or(LeafError::NoSuchPlace { index })?,
            },
            old: KeyId::new(*old),
            signature: *signature,
        })
    }

    /// What changes.
    pub const fn change(&self) -> &UnsignedKeyChange {
        &self.change
    }

    /// Id of the key that is given up.
    pub const fn old(&self) -> KeyId {
        self.old
    }

    /// The new key, when `old` is the key before and signed this; its name stays the origin of the log.
    pub fn next(&self, old: &Vkey) -> Option<Vkey> {
        let message = self.change.message(old.name().as_str(), self.old);
        let signed =
            old.kind() == KeyKind::Ed25519 && old.id() == self.old && old.verifies(&message, &self.signature);
        let new = Vkey::checked(old.name().clone(), KeyKind::Ed25519, self.change.new).ok()?;
        (signed && new != *old).then_some(new)
    }
}

impl TryFrom<&SystemLeaf> for KeyChange {
    type Error = LeafError;

    fn try_from(leaf: &SystemLeaf) -> Result<Self, LeafError> {
        Self::parse(&leaf.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        leaf::Leaf,
        note::{Ed25519Signer, KeyName},
    };

    fn signer(seed: u8) -> Ed25519Signer {
        Ed25519Signer::from_seed(KeyName::new("log.example/consent").unwrap(), &[seed; 32]).unwrap()
    }

    fn sample() -> KeyChange {
        UnsignedKeyChange {
            hour: Hour::new(490_896),
            new: *signer(2).vkey().public(),
            valid_from: LeafIndex::new(7).unwrap(),
        }
        .sign(&signer(1))
    }

    #[test]
    fn the_bytes_are_frozen() {
        let hex: String = sample()
            .to_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "0142000000077d90016a950404018139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b3940000000000000007\
             6eca5b4053a2b58cef404df942d2284a39bf904934c72312316dbcbd547ceed734e0d99dc1a727ae0871ce4d440d9c0641fad1a3f3b69f\
             f2bf0bfc3a3db4fb0a"
        );
    }

    #[test]
    fn a_change_reads_back_alone_and_among_all_leaves() {
        let bytes = sample().to_bytes();
        assert_eq!(bytes.len(), KeyChange::LEN);
        assert_eq!(KeyChange::parse(&bytes), Ok(sample()));
        let Ok(Leaf::System(leaf)) = Leaf::parse(&bytes) else {
            panic!("not a system leaf");
        };
        assert_eq!(KeyChange::try_from(&leaf), Ok(sample()));
    }

    #[test]
    fn only_the_key_before_names_the_next() {
        assert_eq!(sample().next(signer(1).vkey()), Some(signer(2).vkey().clone()));
        assert_eq!(sample().next(signer(2).vkey()), None);
        assert_eq!(sample().next(signer(3).vkey()), None);
        let other_log = Ed25519Signer::from_seed(KeyName::new("other.example").unwrap(), &[1; 32]).unwrap();
        assert_eq!(sample().next(other_log.vkey()), None);
        let weak = UnsignedKeyChange {
            new: [0; 32],
            ..sample().change().clone()
        };
        assert_eq!(
            weak.sign(&signer(1)).next(signer(1).vkey()),
            None,
            "anybody signs under it"
        );
        let same = UnsignedKeyChange {
            new: *signer(1).vkey().public(),
            ..sample().change().clone()
        };
        assert_eq!(same.sign(&signer(1)).next(signer(1).vkey()), None);
    }

    #[test]
    fn no_changed_byte_passes_and_no_other_length() {
        let bytes = sample().to_bytes();
        for place in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1;
            let next = KeyChange::parse(&flipped)
                .ok()
                .and_then(|leaf| leaf.next(signer(1).vkey()));
            assert_eq!(next, None, "byte {place}");
        }
        for len in 9..bytes.len() {
            assert_eq!(
                KeyChange::parse(&bytes[..len]),
                Err(LeafError::WrongLength { len })
            );
            assert!(Leaf::parse(&bytes[..len]).is_err());
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(
            KeyChange::parse(&longer),
            Err(LeafError::WrongLength { len: 119 })
        );
        let mut of_something_else = bytes;
        of_something_else[8] = 2;
        assert_eq!(
            KeyChange::parse(&of_something_else),
            Err(LeafError::UnknownChange { change: 2 })
        );
    }
}
