//! A passkey in software: it signs what a browser would ask of it, and lies when a test wants it to.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair,
};

/// UP: somebody is there.
pub const PRESENT: u8 = 0x01;
/// UV: and was verified.
pub const VERIFIED: u8 = 0x04;
/// BE: the key may be synced.
pub const BACKUP_ELIGIBLE: u8 = 0x08;
/// BS: and is.
pub const BACKED_UP: u8 = 0x10;
/// AT: the data describe a new key.
pub const ATTESTED: u8 = 0x40;
/// ED: extensions follow.
pub const EXTENDED: u8 = 0x80;

/// What the authenticator signs with. `ring` makes no RSA keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// One key in one device.
pub struct Authenticator {
    kind: Kind,
    pair: Pair,
    random: SystemRandom,
    /// The name of the key.
    pub credential_id: Vec<u8>,
    /// The model of the device.
    pub aaguid: [u8; 16],
    /// What the device says of the person and of the key: UP, UV, BE and BS at first.
    pub flags: u8,
    /// The counter; synced passkeys have none.
    pub sign_count: u32,
    /// What stands after the head of the authenticator data.
    pub tail: Vec<u8>,
}

/// What the device answers.
pub struct Signed {
    /// `response.authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `response.signature`.
    pub signature: Vec<u8>,
}

impl Authenticator {
    /// A new device with a new key.
    ///
    /// # Panics
    /// When the machine has no randomness.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::disallowed_methods,
        reason = "a test stops where there is no randomness, and needs no other"
    )]
    pub fn new(kind: Kind) -> Self {
        let random = SystemRandom::new();
        let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm| {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("randomness");
            Pair::Ecdsa(
                EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key of its own"),
            )
        };
        let pair = match kind {
            Kind::Es256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            Kind::Es384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            Kind::EdDsa => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).expect("randomness");
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key of its own"))
            }
        };
        Self {
            kind,
            pair,
            random,
            credential_id: b"one-key".to_vec(),
            aaguid: [0; 16],
            flags: PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP,
            sign_count: 0,
            tail: Vec::new(),
        }
    }

    /// The same with other flags.
    #[must_use]
    pub fn with_flags(self, flags: u8) -> Self {
        Self { flags, ..self }
    }

    /// The public key in COSE (RFC 9053), written without the reader under test.
    #[must_use]
    pub fn cose_key(&self) -> Vec<u8> {
        let public = match &self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
        };
        let (head, length): (&[u8], usize) = match self.kind {
            Kind::Es256 => (&[0xa5, 1, 2, 3, 0x26, 0x20, 1], 32),
            Kind::Es384 => (&[0xa5, 1, 2, 3, 0x38, 0x22, 0x20, 2], 48),
            Kind::EdDsa => (&[0xa4, 1, 1, 3, 0x27, 0x20, 6], 32),
        };
        // The points of ECDSA begin with a byte 04.
        let coordinates = public.get(public.len() % length..).unwrap_or_default();
        let mut cose = head.to_vec();
        for (label, coordinate) in [0x21, 0x22].iter().zip(coordinates.chunks(length)) {
            cose.extend([*label, 0x58, u8::try_from(length).unwrap_or(0)]);
            cose.extend(coordinate);
        }
        cose
    }

    /// The attestation object of the key's registration, in the format `none`.
    #[must_use]
    pub fn attestation_object(&self, rp_id: &str) -> Vec<u8> {
        let mut data = self.head(rp_id, self.flags | ATTESTED);
        data.extend(self.aaguid);
        data.extend(u16::try_from(self.credential_id.len()).unwrap_or(0).to_be_bytes());
        data.extend(&self.credential_id);
        data.extend(self.cose_key());
        let length = u16::try_from(data.len()).unwrap_or(0).to_be_bytes();
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData".to_vec();
        match length {
            [0, short] => object.extend([0x58, short]),
            [high, low] => object.extend([0x59, high, low]),
        }
        object.extend(data);
        object
    }

    /// Signs `authenticatorData || SHA-256(clientDataJSON)`.
    ///
    /// # Panics
    /// When the machine has no randomness.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test stops where there is no randomness")]
    pub fn assert(&self, rp_id: &str, client_data_json: &[u8]) -> Signed {
        let mut authenticator_data = self.head(rp_id, self.flags);
        authenticator_data.extend(&self.tail);
        let mut message = authenticator_data.clone();
        message.extend(digest(&SHA256, client_data_json).as_ref());
        let signature = match &self.pair {
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&self.random, &message).expect("randomness");
                signature.as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(&message).as_ref().to_vec(),
        };
        Signed {
            authenticator_data,
            signature,
        }
    }

    fn head(&self, rp_id: &str, flags: u8) -> Vec<u8> {
        let mut head = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
        head.push(flags);
        head.extend(self.sign_count.to_be_bytes());
        head
    }
}

/// What a browser writes when a page of this origin asks for an assertion (WebAuthn L3 §5.8.1.1).
#[must_use]
pub fn client_data(challenge: &[u8], origin: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(challenge);
    format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#)
}
