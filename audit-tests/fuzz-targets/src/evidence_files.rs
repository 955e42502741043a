//! What people and organisations are handed, and hand to verifiers.

use disclosure_manifest::{DeliveryProof, Manifest, Opening, RowFile};
use evidence::{
    bundle::Bundle,
    history::History,
    jcs,
    jws::{Jwk, Jws},
    list::List,
    passkey::{AttestationObject, CredentialKey, Intent, WebauthnAct, draft_of},
    record::Record,
    split_view::SplitView,
};

use crate::{Target, same};

pub const TARGETS: &[Target] = &[
    ("record", record),
    ("bundle", bundle),
    ("history", history),
    ("list", list),
    ("jws", jws),
    ("split-view", split_view),
    ("intent", intent),
    ("act", act),
    ("passkey-of-cose", passkey_of_cose),
    ("jwk", jwk),
    ("attestation-object", attestation_object),
    ("draft", draft),
    ("row-file", row_file),
    ("delivery-proof", delivery_proof),
    ("opening", opening),
    ("manifest", manifest),
    ("timestamp-response", timestamp_response),
    ("roots", roots),
];

fn record(bytes: &[u8]) {
    let written = Record::parse(bytes)
        .ok()
        .and_then(|record| record.to_jcs_bytes().ok());
    same(bytes, written);
}

fn bundle(bytes: &[u8]) {
    let Ok(bundle) = Bundle::parse(bytes) else { return };
    let _ = bundle.verify(None, None);
    same(bytes, bundle.to_bytes().ok());
}

fn history(bytes: &[u8]) {
    if let Ok(history) = History::parse(bytes) {
        let _ = history.verify(None, None);
    }
}

fn list(bytes: &[u8]) {
    let Ok(list) = List::parse(bytes) else { return };
    let _ = list.verify(None, None);
    same(bytes, list.to_bytes().ok());
}

fn jws(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let jws = Jws::from_stored(text);
    let _ = jws.kid();
    let nobody = Jwk::Ed25519 { x: [7; 32] };
    assert!(jws.verify(&nobody).is_err(), "signed by a key that nobody has");
}

fn split_view(bytes: &[u8]) {
    let Ok(view) = SplitView::parse(bytes) else { return };
    let _ = view.verify(&[]);
    same(bytes, view.to_bytes().ok());
}

fn intent(bytes: &[u8]) {
    same(
        bytes,
        Intent::parse(bytes).ok().map(|intent| intent.to_jcs_bytes()),
    );
}

fn act(bytes: &[u8]) {
    same(
        bytes,
        WebauthnAct::parse(bytes)
            .ok()
            .and_then(|act| act.to_jcs_bytes().ok()),
    );
}

fn passkey_of_cose(bytes: &[u8]) {
    same(
        bytes,
        CredentialKey::from_cose(bytes).ok().map(|key| key.to_cose()),
    );
}

fn jwk(bytes: &[u8]) {
    let key: Option<CredentialKey> = jcs::parse(bytes).ok();
    same(bytes, key.and_then(|key| jcs::to_bytes(&key).ok()));
}

fn attestation_object(bytes: &[u8]) {
    let _ = AttestationObject::parse(bytes);
}

fn draft(bytes: &[u8]) {
    let _ = draft_of(bytes);
}

fn row_file(bytes: &[u8]) {
    if let Ok(file) = RowFile::parse(bytes) {
        let _ = file.verify(None);
    }
}

fn delivery_proof(bytes: &[u8]) {
    if let Ok(proof) = DeliveryProof::parse(bytes) {
        let _ = proof.verify(None);
    }
}

fn opening(bytes: &[u8]) {
    let _ = Opening::parse(bytes);
}

fn manifest(bytes: &[u8]) {
    let _ = Manifest::read(bytes);
}

fn timestamp_response(bytes: &[u8]) {
    let _ = timestamp::token_of_response(bytes);
}

fn roots(bytes: &[u8]) {
    let _ = timestamp::roots_from_pem(bytes);
}
