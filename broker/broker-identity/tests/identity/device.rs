//! An authenticator with a browser around it: P-256, passkeys that are found without a user name, WebAuthn L3 §6.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// User present, user verified.
pub const VERIFIED: u8 = 0x05;
/// The same, for a key that may be copied and is.
pub const COPIED: u8 = 0x1d;

/// How a ceremony is carried out; wrong in one point when a test says so.
#[derive(Clone)]
pub struct How {
    pub origin: String,
    pub rp_id: String,
    pub flags: u8,
    pub cross_origin: Value,
    pub kind: Option<&'static str>,
    pub challenge: Option<String>,
}

impl How {
    pub fn right() -> Self {
        Self {
            origin: "https://broker.example".to_owned(),
            rp_id: "broker.example".to_owned(),
            flags: VERIFIED,
            cross_origin: json!(false),
            kind: None,
            challenge: None,
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = self
            .challenge
            .clone()
            .unwrap_or_else(|| options["challenge"].as_str().unwrap().to_owned());
        let data = json!({
            "type": self.kind.unwrap_or(kind), "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin,
        });
        data.to_string().into_bytes()
    }
}

pub struct Device {
    pub key: EcdsaKeyPair,
    pub credential: Vec<u8>,
    pub counter: u32,
    user: String,
}

impl Device {
    /// Answers `navigator.credentials.create()`.
    pub fn create(options: &str, how: &How) -> (Self, Value) {
        let options: Value = serde_json::from_str(options).unwrap();
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let mut credential = vec![0; 24];
        random.fill(&mut credential).unwrap();
        let device = Self {
            key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap(),
            credential,
            counter: 0,
            user: options["user"]["id"].as_str().unwrap().to_owned(),
        };
        let data = [
            digest(&SHA256, how.rp_id.as_bytes()).as_ref(),
            &[how.flags | 0x40],
            &device.counter.to_be_bytes(),
            &[0xaa; 16],
            &[0, 24],
            &device.credential,
            &device.cose_key(),
        ]
        .concat();
        let length = u8::try_from(data.len()).unwrap();
        let object = [
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(),
            &[length],
            &data,
        ]
        .concat();
        let answer = json!({
            "id": encoded(&device.credential),
            "rawId": encoded(&device.credential),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": encoded(&how.client_data("webauthn.create", &options)),
                "attestationObject": encoded(&object),
                "transports": ["internal"],
            },
        });
        (device, answer)
    }

    /// Answers `navigator.credentials.get()`.
    pub fn get(&mut self, options: &str, how: &How) -> Value {
        let options: Value = serde_json::from_str(options).unwrap();
        self.counter += 1;
        let client_data = how.client_data("webauthn.get", &options);
        let data = [
            digest(&SHA256, how.rp_id.as_bytes()).as_ref(),
            &[how.flags],
            &self.counter.to_be_bytes(),
        ]
        .concat();
        let message = [&data, digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &message).unwrap();
        json!({
            "id": encoded(&self.credential),
            "rawId": encoded(&self.credential),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(&client_data),
                "authenticatorData": encoded(&data),
                "signature": encoded(signature.as_ref()),
                "userHandle": self.user,
            },
        })
    }

    /// RFC 9053 §7.1, in the spelling of CTAP2.
    pub fn cose_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        [
            &b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..],
            x,
            b"\x22\x58\x20",
            y,
        ]
        .concat()
    }
}

pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
