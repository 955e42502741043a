//! Encryption to members of the federation: JWE compact, ECDH-ES+A256KW on P-256, A256GCM (RFC 7516, RFC 7518 §4.6).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwe::{ECDH_ES_A256KW, JweContext, JweHeader};
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jwk::{Jwk, KeyPair as _};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::signing::Thumbprint;

const ENCRYPTION: &str = "A256GCM";

/// Encrypts to members. One trait, so that the library behind it, and OpenSSL behind that, can be exchanged.
///
/// Stateless: calls may run on any thread and be repeated; encrypting twice gives two different texts.
pub trait MemberCrypto: Send + Sync {
    /// Encrypts `payload` to a member's public P-256 key, given as JWK. The result names the key by its thumbprint
    /// (`kid`), and only the member opens it. CPU only, some tenths of a millisecond.
    ///
    /// # Errors
    /// [`MemberCryptoError::InvalidKey`], [`MemberCryptoError::PrivateKey`], [`MemberCryptoError::Encrypt`].
    fn encrypt_to_member(&self, jwk: &str, payload: &[u8]) -> Result<String, MemberCryptoError>;

    /// Opens what [`MemberCrypto::encrypt_to_member`] made: the member's side, for the demo application and tests.
    ///
    /// # Errors
    /// [`MemberCryptoError::InvalidKey`], [`MemberCryptoError::Decrypt`].
    fn decrypt(&self, private_jwk: &SecretString, jwe: &str)
    -> Result<Zeroizing<Vec<u8>>, MemberCryptoError>;

    /// Draws a key pair for a demo member.
    ///
    /// # Errors
    /// [`MemberCryptoError::Generate`].
    fn generate_member_key(&self) -> Result<MemberKeyPair, MemberCryptoError>;
}

/// A member's key pair.
pub struct MemberKeyPair {
    /// The canonical public JWK: `{"crv":"P-256","kty":"EC","x":"…","y":"…"}`.
    pub public_jwk: String,
    /// The private JWK.
    pub private_jwk: SecretString,
}

impl fmt::Debug for MemberKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberKeyPair")
            .field("public_jwk", &self.public_jwk)
            .finish_non_exhaustive()
    }
}

/// Why nothing was encrypted or opened. Says nothing about contents.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum MemberCryptoError {
    /// Not a P-256 key for encryption.
    #[error("not a JWK of a P-256 key for encryption: expected `kty` EC, `crv` P-256, `x` and `y`")]
    InvalidKey,
    /// A member gave its private key away.
    #[error("the JWK holds a private key; replace that key and register the public part only")]
    PrivateKey,
    /// Encryption failed.
    #[error("encryption to the member failed")]
    Encrypt,
    /// Changed, for another key, or with other algorithms.
    #[error("message does not open: it was changed, is for another key, or uses other algorithms")]
    Decrypt,
    /// No key pair.
    #[error("the key pair could not be generated")]
    Generate,
}

/// [`MemberCrypto`] by `josekit`.
pub struct JoseMemberCrypto {
    context: JweContext,
}

impl JoseMemberCrypto {
    /// Ready for use.
    #[must_use]
    pub fn new() -> Self {
        let mut context = JweContext::new();
        // Compression would tell the contents by their length (RFC 8725 §3.6) and let a small message burst when opened.
        context.remove_compression("DEF");
        for other in [
            "A128CBC-HS256",
            "A192CBC-HS384",
            "A256CBC-HS512",
            "A128GCM",
            "A192GCM",
        ] {
            context.remove_content_encryption(other);
        }
        Self { context }
    }
}

impl Default for JoseMemberCrypto {
    fn default() -> Self {
        Self::new()
    }
}

impl MemberCrypto for JoseMemberCrypto {
    fn encrypt_to_member(&self, jwk: &str, payload: &[u8]) -> Result<String, MemberCryptoError> {
        let key = parse(jwk)?;
        if key.parameter("d").is_some() {
            return Err(MemberCryptoError::PrivateKey);
        }
        let encrypter = ECDH_ES_A256KW
            .encrypter_from_jwk(&key)
            .map_err(|_| MemberCryptoError::InvalidKey)?;
        let mut header = JweHeader::new();
        header.set_content_encryption(ENCRYPTION);
        header.set_key_id(Thumbprint::of_canonical_jwk(&canonical(&key)?).as_str());
        self.context
            .serialize_compact(payload, &header, &encrypter)
            .map_err(|_| MemberCryptoError::Encrypt)
    }

    fn decrypt(
        &self,
        private_jwk: &SecretString,
        jwe: &str,
    ) -> Result<Zeroizing<Vec<u8>>, MemberCryptoError> {
        let key = parse(private_jwk.expose_secret())?;
        let decrypter = ECDH_ES_A256KW
            .decrypter_from_jwk(&key)
            .map_err(|_| MemberCryptoError::InvalidKey)?;
        let opened = self.context.deserialize_compact(jwe, &decrypter);
        opened
            .map(|(payload, _)| Zeroizing::new(payload))
            .map_err(|_| MemberCryptoError::Decrypt)
    }

    fn generate_member_key(&self) -> Result<MemberKeyPair, MemberCryptoError> {
        let pair = EcKeyPair::generate(EcCurve::P256).map_err(|_| MemberCryptoError::Generate)?;
        let public_jwk = canonical(&pair.to_jwk_public_key())?;
        Ok(MemberKeyPair {
            public_jwk,
            private_jwk: SecretString::from(pair.to_jwk_key_pair().to_string()),
        })
    }
}

/// A JWK on the curve that we use, and for encryption where it says what it is for.
fn parse(jwk: &str) -> Result<Jwk, MemberCryptoError> {
    let key = Jwk::from_bytes(jwk).map_err(|_| MemberCryptoError::InvalidKey)?;
    let fits = key.key_type() == "EC"
        && key.curve() == Some("P-256")
        && key.key_use().is_none_or(|purpose| purpose == "enc")
        && key
            .algorithm()
            .is_none_or(|algorithm| algorithm == "ECDH-ES+A256KW");
    if fits {
        Ok(key)
    } else {
        Err(MemberCryptoError::InvalidKey)
    }
}

/// The required members in lexicographic order (RFC 7638 §3.2), coordinates re-encoded so that each point has one name.
fn canonical(key: &Jwk) -> Result<String, MemberCryptoError> {
    let coordinate = |name| {
        let text = key.parameter(name).and_then(|value| value.as_str())?;
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        Some(URL_SAFE_NO_PAD.encode(bytes))
    };
    let (x, y) = coordinate("x")
        .zip(coordinate("y"))
        .ok_or(MemberCryptoError::InvalidKey)?;
    Ok(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protected(jwe: &str) -> String {
        let header = jwe.split('.').next().unwrap();
        String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
    }

    #[test]
    fn only_the_member_opens_what_is_encrypted_to_it() {
        let crypto = JoseMemberCrypto::new();
        let (member, other) = (
            crypto.generate_member_key().unwrap(),
            crypto.generate_member_key().unwrap(),
        );
        let jwe = crypto.encrypt_to_member(&member.public_jwk, b"a curve").unwrap();
        assert_eq!(jwe.split('.').count(), 5);
        assert_eq!(
            crypto.decrypt(&member.private_jwk, &jwe).unwrap().as_slice(),
            b"a curve"
        );
        assert_eq!(
            crypto.decrypt(&other.private_jwk, &jwe).unwrap_err(),
            MemberCryptoError::Decrypt
        );
        assert_ne!(
            jwe,
            crypto.encrypt_to_member(&member.public_jwk, b"a curve").unwrap()
        );
    }

    #[test]
    fn the_header_names_algorithms_and_key() {
        let crypto = JoseMemberCrypto::new();
        let member = crypto.generate_member_key().unwrap();
        let header = protected(&crypto.encrypt_to_member(&member.public_jwk, b"x").unwrap());
        let kid = Thumbprint::of_canonical_jwk(&member.public_jwk);
        for part in [
            r#""alg":"ECDH-ES+A256KW""#,
            r#""enc":"A256GCM""#,
            r#""epk":"#,
            kid.as_str(),
        ] {
            assert!(header.contains(part), "{part} in {header}");
        }
    }

    #[test]
    fn a_changed_message_does_not_open() {
        let crypto = JoseMemberCrypto::new();
        let member = crypto.generate_member_key().unwrap();
        let jwe = crypto
            .encrypt_to_member(&member.public_jwk, b"a curve of a day")
            .unwrap();
        for (part, _) in jwe.split('.').enumerate() {
            let mut parts: Vec<String> = jwe.split('.').map(ToOwned::to_owned).collect();
            // The first character carries six whole bits in each part; `e` starts every JSON object.
            let changed = if parts[part].starts_with('A') { "B" } else { "A" };
            parts[part].replace_range(..1, changed);
            let opened = crypto.decrypt(&member.private_jwk, &parts.join("."));
            assert_eq!(opened.unwrap_err(), MemberCryptoError::Decrypt, "part {part}");
        }
        assert_eq!(
            crypto.decrypt(&member.private_jwk, "").unwrap_err(),
            MemberCryptoError::Decrypt
        );
    }

    #[test]
    fn other_algorithms_and_compression_are_refused() {
        let crypto = JoseMemberCrypto::new();
        let member = crypto.generate_member_key().unwrap();
        let key = Jwk::from_bytes(&member.public_jwk).unwrap();
        let anything_goes = JweContext::new();
        let open = |header: &JweHeader, algorithm: josekit::jwe::alg::ecdh_es::EcdhEsJweAlgorithm| {
            let encrypter = algorithm.encrypter_from_jwk(&key).unwrap();
            let jwe = anything_goes.serialize_compact(b"x", header, &encrypter).unwrap();
            crypto
                .decrypt(&member.private_jwk, &jwe)
                .map(|opened| opened.to_vec())
        };
        let mut header = JweHeader::new();
        header.set_content_encryption("A256GCM");
        assert_eq!(open(&header, ECDH_ES_A256KW), Ok(b"x".to_vec()));
        assert_eq!(
            open(&header, josekit::jwe::ECDH_ES),
            Err(MemberCryptoError::Decrypt)
        );
        header.set_compression("DEF");
        assert_eq!(open(&header, ECDH_ES_A256KW), Err(MemberCryptoError::Decrypt));
        let mut header = JweHeader::new();
        header.set_content_encryption("A128CBC-HS256");
        assert_eq!(open(&header, ECDH_ES_A256KW), Err(MemberCryptoError::Decrypt));
    }

    #[test]
    fn a_key_that_is_not_a_public_p_256_key_is_refused() {
        let crypto = JoseMemberCrypto::new();
        let encrypt = |jwk: &str| crypto.encrypt_to_member(jwk, b"x").unwrap_err();
        let member = crypto.generate_member_key().unwrap();
        assert_eq!(
            encrypt(member.private_jwk.expose_secret()),
            MemberCryptoError::PrivateKey
        );
        let other_curve = EcKeyPair::generate(EcCurve::P384)
            .unwrap()
            .to_jwk_public_key()
            .to_string();
        let too_long = member.public_jwk.replace(r#""x":""#, r#""x":"AAAA"#);
        let signature_key = member.public_jwk.replace('}', r#","use":"sig"}"#);
        for bad in ["", "{}", "[]", &other_curve, &too_long, &signature_key] {
            assert_eq!(encrypt(bad), MemberCryptoError::InvalidKey, "{bad}");
        }
        // A point that is not on the curve: the way to steal a static key from a careless peer.
        let zero = URL_SAFE_NO_PAD.encode([0_u8; 32]);
        let not_on_curve = format!(r#"{{"crv":"P-256","kty":"EC","x":"{zero}","y":"{zero}"}}"#);
        assert_eq!(encrypt(&not_on_curve), MemberCryptoError::InvalidKey);
    }
}
