//! Whatever a browser or a stranger hands over, damaged thousands of times.

use evidence::jcs;
use evidence::passkey::{
    ActEvidence, AttestationObject, CredentialKey, Intent, Registered, WebauthnAct, draft_of,
    verify_record_act,
};
use test_fixtures::authenticator::{Authenticator, EXTENDED, Kind};
use test_fixtures::{no_panic, one_spelling};

use crate::keys::one_of_each;
use crate::own_records::Story;
use crate::scene::{NOTICE, RP_ID, Scene, intent};

#[test]
fn intents_have_one_spelling() {
    let samples = [intent().to_jcs_bytes()];
    one_spelling("intent", &samples, |bytes| {
        Some(Intent::parse(bytes).ok()?.to_jcs_bytes())
    });
}

#[test]
fn keys_have_one_spelling_in_cose_and_one_in_jwk() {
    let keys = one_of_each();
    let cose: Vec<_> = keys.iter().map(CredentialKey::to_cose).collect();
    one_spelling("COSE key", &cose, |bytes| {
        Some(CredentialKey::from_cose(bytes).ok()?.to_cose())
    });
    let jwks: Vec<_> = keys.iter().map(|key| jcs::to_bytes(key).unwrap()).collect();
    one_spelling("JWK", &jwks, |bytes| {
        let key: CredentialKey = jcs::parse(bytes).ok()?;
        Some(jcs::to_bytes(&key).unwrap())
    });
}

#[test]
fn acts_have_one_spelling() {
    let samples = [Kind::Es256, Kind::Es384, Kind::EdDsa].map(|kind| {
        let scene = Scene::new(kind);
        let assertion = scene.assertion();
        let verified = scene.judge(&assertion).unwrap();
        let act = WebauthnAct::new(&verified, assertion, scene.credential.as_ref().unwrap(), None);
        act.to_jcs_bytes().unwrap()
    });
    one_spelling("act", &samples, |bytes| {
        Some(WebauthnAct::parse(bytes).ok()?.to_jcs_bytes().unwrap())
    });
}

#[test]
fn registrations_are_read_without_a_panic() {
    let samples = [Kind::Es256, Kind::Es384, Kind::EdDsa]
        .map(|kind| Authenticator::new(kind).attestation_object(RP_ID));
    no_panic("attestation object", &samples, |bytes| {
        let _ = AttestationObject::parse(bytes);
    });
}

#[test]
fn client_and_authenticator_data_are_judged_without_a_panic_and_never_accepted_when_changed() {
    let mut scene = Scene::new(Kind::EdDsa);
    scene.authenticator.flags |= EXTENDED;
    scene.authenticator.tail = b"\xa1\x63uvm\x81\x83\x02\x04\x02".to_vec();
    let good = scene.assertion();
    assert!(scene.judge(&good).is_ok());
    no_panic(
        "client data",
        std::slice::from_ref(&good.client_data_json),
        |bytes| {
            let mut other = good.clone();
            other.client_data_json = bytes.to_vec();
            assert_eq!(scene.judge(&other).is_ok(), other == good);
        },
    );
    no_panic(
        "authenticator data",
        std::slice::from_ref(&good.authenticator_data),
        |bytes| {
            let mut other = good.clone();
            other.authenticator_data = bytes.to_vec();
            assert_eq!(scene.judge(&other).is_ok(), other == good);
        },
    );
    no_panic("signature", std::slice::from_ref(&good.signature), |bytes| {
        let mut other = good.clone();
        other.signature = bytes.to_vec();
        assert_eq!(scene.judge(&other).is_ok(), other == good);
    });
}

#[test]
fn records_are_judged_without_a_panic_and_their_terms_never_changed() {
    let story = Story::new();
    let record = story.record();
    let (draft, party) = (draft_of(&record).unwrap(), Story::party());
    let evidence = ActEvidence {
        notice: Some(NOTICE),
        party: &party,
        registered: Registered::NotAtHand,
        receipt_at: None,
    };
    assert!(verify_record_act(&record, &evidence).is_ok());
    no_panic("record", &[record], |bytes| {
        if verify_record_act(bytes, &evidence).is_ok() {
            assert_eq!(draft_of(bytes).unwrap(), draft);
        }
    });
}
