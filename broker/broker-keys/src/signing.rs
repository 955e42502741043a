use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::time::Entropy;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::error::KeyError;

/// The name of a key in records: base64url of SHA-256 of its canonical JWK (RFC 7638).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint(String);

impl Thumbprint {
    /// `base64url(SHA-256(canonical JWK))`; the caller gives the required members in lexicographic order, RFC 7638 §3.
    pub(crate) fn of_canonical_jwk(jwk: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest(&SHA256, jwk.as_bytes())))
    }

    /// The 43 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An Ed25519 key pair (RFC 8032).
struct Ed25519 {
    pair: Ed25519KeyPair,
    public: [u8; 32],
}

/// Where a signing key lives and how its file begins: a file of one kind never loads as another.
pub(crate) struct Kind {
    pub(crate) file: &'static str,
    label: &'static str,
}

impl Ed25519 {
    fn from_pair(pair: Ed25519KeyPair) -> Option<Self> {
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { pair, public })
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.pair.sign(message);
        let mut bytes = [0; 64];
        // ring's Ed25519 signatures are 64 bytes long (RFC 8032 §5.1.6), or this would stop the tests.
        bytes.copy_from_slice(signature.as_ref());
        bytes
    }

    /// RFC 8037 §2, members in the order of RFC 7638 §3.3.
    fn jwk(&self) -> String {
        format!(
            r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
            URL_SAFE_NO_PAD.encode(self.public)
        )
    }

    /// The text of a key file: `label:base64url(seed):base64url(public key)` and a line feed. The public key is there to
    /// notice a damaged seed, which would otherwise load as a new key in silence.
    fn generate(kind: &Kind, entropy: &dyn Entropy) -> Result<SecretString, KeyError> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        entropy.fill(seed.as_mut())?;
        let damaged = || KeyError::Damaged {
            path: kind.file.into(),
        };
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).map_err(|_| damaged())?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key());
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(*seed));
        Ok(SecretString::from(format!(
            "{}:{}:{public}\n",
            kind.label,
            encoded.as_str()
        )))
    }

    fn parse(kind: &Kind, text: &SecretString) -> Option<Self> {
        let text = text
            .expose_secret()
            .strip_suffix('\n')
            .unwrap_or(text.expose_secret());
        let (seed, public) = text
            .strip_prefix(kind.label)?
            .strip_prefix(':')?
            .split_once(':')?;
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.decode(seed).ok()?);
        let public = URL_SAFE_NO_PAD.decode(public).ok()?;
        Ed25519KeyPair::from_seed_and_public_key(&seed, &public)
            .ok()
            .and_then(Self::from_pair)
    }
}

macro_rules! signer {
    ($(#[$doc:meta])* $name:ident, $file:literal, $label:literal) => {
        $(#[$doc])*
        pub struct $name(Ed25519);

        impl $name {
            pub(crate) const KIND: Kind = Kind { file: $file, label: $label };

            pub(crate) fn generate(entropy: &dyn Entropy) -> Result<SecretString, KeyError> {
                Ed25519::generate(&Self::KIND, entropy)
            }

            pub(crate) fn parse(text: &SecretString) -> Option<Self> {
                Ed25519::parse(&Self::KIND, text).map(Self)
            }

            /// `Ed25519(message)`, RFC 8032 §5.1: the same bytes each time for the same message. About 20 µs of CPU.
            #[must_use]
            pub fn sign(&self, message: &[u8]) -> [u8; 64] {
                self.0.sign(message)
            }

            /// The public key, 32 bytes.
            #[must_use]
            pub const fn public_key(&self) -> [u8; 32] {
                self.0.public
            }

            /// The public key as canonical JWK: `{"crv":"Ed25519","kty":"OKP","x":"…"}`.
            #[must_use]
            pub fn jwk(&self) -> String {
                self.0.jwk()
            }

            /// The name of the key, `kid` in records.
            #[must_use]
            pub fn thumbprint(&self) -> Thumbprint {
                Thumbprint::of_canonical_jwk(&self.0.jwk())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.thumbprint())
            }
        }
    };
}

signer! {
    /// Signs records and receipts. The hot path: it works in memory and takes no lock.
    RecordSigner, "record.key", "fiducie-record-key/v1"
}

signer! {
    /// Signs checkpoints of the log and nothing else. It signs raw bytes; the note around them is `ledger-core`'s.
    CheckpointSigner, "checkpoint.key", "fiducie-checkpoint-key/v1"
}

signer! {
    /// Signs COSE receipts (RFC 9942) and nothing else: it must not be the checkpoint key, whose signatures other
    /// programs read as heads of the log.
    ReceiptSigner, "receipt.key", "fiducie-receipt-key/v1"
}

signer! {
    /// A data-protection officer's key, kept by the broker in this version.
    /// LIMIT: an officer's own key should lie with the officer, or erasures only prove what the broker says of her.
    OfficerSigner, "officer.key", "fiducie-officer-key/v1"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8037 appendix A.1.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn text(label: &str, seed: &str, public: &str) -> SecretString {
        SecretString::from(format!("{label}:{seed}:{public}\n"))
    }

    fn signer() -> RecordSigner {
        RecordSigner::parse(&text("fiducie-record-key/v1", SEED, PUBLIC)).unwrap()
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037_a_3() {
        assert_eq!(
            signer().thumbprint().as_str(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn the_signature_is_that_of_rfc_8037_a_4() {
        let signed = signer().sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
        let expected =
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(URL_SAFE_NO_PAD.encode(signed), expected);
    }

    #[test]
    fn a_key_of_another_kind_or_a_damaged_one_does_not_load() {
        for (label, seed, public) in [
            ("fiducie-checkpoint-key/v1", SEED, PUBLIC),
            ("fiducie-record-key/v2", SEED, PUBLIC),
            // One character of the seed changed.
            (
                "fiducie-record-key/v1",
                "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2B",
                PUBLIC,
            ),
            (
                "fiducie-record-key/v1",
                "mWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
                PUBLIC,
            ),
            ("fiducie-record-key/v1", SEED, ""),
            ("fiducie-record-key/v1", "", PUBLIC),
        ] {
            assert!(
                RecordSigner::parse(&text(label, seed, public)).is_none(),
                "{label} {seed} {public}"
            );
        }
    }

    #[test]
    fn debug_shows_the_name_of_a_key_only() {
        let shown = format!("{:?}", signer());
        assert_eq!(shown, "RecordSigner(kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k)");
    }
}
