//! Numbers, addresses and byte strings.

use std::{borrow::Borrow, ops::Deref, str::FromStr};

use serde::{Deserialize, Serialize};

/// A byte string.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bytes(Vec<u8>);

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// `merkle-tree-rs` joins nodes with `[Bytes]::concat`, which asks for this.
impl Borrow<[u8]> for Bytes {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> From<[u8; N]> for Bytes {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes.to_vec())
    }
}

/// Why a text is neither a number nor an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// A number below 2^256, its bytes big-endian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct U256(pub(crate) [u8; 32]);

impl U256 {
    /// Reads decimal digits.
    ///
    /// # Errors
    /// [`Unreadable`] for anything else than digits, and from 2^256 on.
    pub fn from_dec_str(text: &str) -> Result<Self, Unreadable> {
        if text.is_empty() {
            return Err(Unreadable);
        }
        let mut number = [0_u8; 32];
        for character in text.chars() {
            // Ten times the number so far, plus the digit, from the last byte on.
            let mut carry = character.to_digit(10).ok_or(Unreadable)?;
            for byte in number.iter_mut().rev() {
                let [_, _, high, low] = (u32::from(*byte) * 10 + carry).to_be_bytes();
                *byte = low;
                carry = u32::from(high);
            }
            if carry != 0 {
                return Err(Unreadable);
            }
        }
        Ok(Self(number))
    }
}

/// An account of Ethereum. We have none: `merkle-tree-rs` names the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub(crate) [u8; 20]);

impl FromStr for Address {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let bytes = hex::decode(digits).map_err(|_| Unreadable)?;
        bytes.try_into().map(Self).map_err(|_| Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers_have_their_bytes() {
        let last = |text| U256::from_dec_str(text).map(|number| number.0[30..].to_vec());
        assert_eq!(last("0"), Ok(vec![0, 0]));
        assert_eq!(last("17520"), Ok(vec![0x44, 0x70]));
        let greatest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(U256::from_dec_str(greatest), Ok(U256([0xff; 32])));
        let beyond = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
        for wrong in ["", "-1", "1 ", "0x1", beyond] {
            assert_eq!(U256::from_dec_str(wrong), Err(Unreadable), "{wrong}");
        }
    }
}
