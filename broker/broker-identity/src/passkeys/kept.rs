//! What is kept of a ceremony and of a passkey: the library's own JSON in an envelope that says which form it is.

use broker_domain::identity::PasskeyRefusal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The form of what this code writes and reads. The library's JSON is part of it: an update of the library that reads
/// another form needs another number, and code that reads both.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<T> {
    v: u8,
    webauthn: T,
}

pub(super) fn write_kept(state: &impl Serialize) -> Result<Vec<u8>, PasskeyRefusal> {
    write(state).ok_or(PasskeyRefusal::Malformed)
}

pub(super) fn read_kept<T: DeserializeOwned>(keep: &[u8]) -> Result<T, PasskeyRefusal> {
    open(keep).ok_or(PasskeyRefusal::Malformed)
}

pub(super) fn write_state(passkey: &webauthn_rs::prelude::Passkey) -> Result<Vec<u8>, PasskeyRefusal> {
    write(passkey).ok_or(PasskeyRefusal::Malformed)
}

pub(super) fn read_state(state: &[u8]) -> Result<webauthn_rs::prelude::Passkey, PasskeyRefusal> {
    open(state).ok_or(PasskeyRefusal::Malformed)
}

fn write(value: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(&Envelope {
        v: VERSION,
        webauthn: value,
    })
    .ok()
}

fn open<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let envelope: Envelope<T> = serde_json::from_slice(bytes).ok()?;
    (envelope.v == VERSION).then_some(envelope.webauthn)
}
