//! The few names of the crate `ethers` 1.x that `merkle-tree-rs` 0.1.0 uses, so that `[patch.crates-io]` can put this
//! crate in the place of the whole Ethereum client library, its HTTP client and its outdated TLS stack.
//!
//! What it does: ABI encoding of the three types that `merkle-tree-rs` knows, Keccak-256, hexadecimal and a byte
//! string. What it deliberately does not: anything that `merkle-tree-rs` does not call. Nobody else should depend on
//! it; the decision is `docs/decisions/0016-disclosure-manifests-with-merkle-tree-rs.md`.

pub mod abi;
pub mod types;

/// Hexadecimal and Keccak-256.
pub mod utils {
    pub use hex;
    use sha3::{Digest, Keccak256};

    /// `Keccak-256(bytes)`: the hash of Ethereum, padded differently from SHA3-256 of FIPS 202.
    pub fn keccak256<T: AsRef<[u8]>>(bytes: T) -> [u8; 32] {
        Keccak256::digest(bytes).into()
    }
}

#[cfg(test)]
mod tests {
    use super::{types::Bytes, utils};

    /// SHA3-256 of the empty message would be a7ffc6f8….
    #[test]
    fn the_hash_is_keccak_and_not_sha3() {
        assert_eq!(
            hex::encode(utils::keccak256(b"")),
            "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        );
    }

    #[test]
    fn nodes_are_ordered_and_joined_as_bytes() {
        let mut pair = [Bytes::from([2, 1]), Bytes::from(vec![1, 9])];
        pair.sort();
        assert_eq!(pair.concat(), [1, 9, 2, 1]);
    }
}
