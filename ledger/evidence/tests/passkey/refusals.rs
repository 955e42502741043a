//! One test for each variant of `Refusal`, and what is accepted beside it.

use evidence::base64url;
use evidence::passkey::{Action, Algorithm, Attestation, CredentialId, CredentialKey, Label, Refusal};
use evidence::record::{Digest, EvidenceLevel};
use serde_json::Value;
use test_fixtures::authenticator::{
    ATTESTED, Authenticator, BACKED_UP, BACKUP_ELIGIBLE, EXTENDED, Kind, PRESENT, VERIFIED, client_data,
};

use crate::scene::{
    IAT, NOTICE, ORIGIN, Scene, Stored, TERMS, after, id, intent, locale, registered, rp, window,
};

fn scene() -> Scene {
    Scene::new(Kind::Es256)
}

/// A scene that is good but for one thing.
fn spoilt(spoil: impl FnOnce(&mut Scene)) -> Result<(), Refusal> {
    let mut scene = scene();
    assert!(scene.judged().is_ok());
    spoil(&mut scene);
    scene.judged().map(|_| ())
}

#[test]
fn a_signature_over_the_terms_of_the_page_is_accepted_from_each_kind_of_key() {
    for (kind, algorithm) in [
        (Kind::Es256, Algorithm::Es256),
        (Kind::Es384, Algorithm::Es384),
        (Kind::EdDsa, Algorithm::EdDsa),
    ] {
        let scene = Scene::new(kind);
        let verified = scene.judged().unwrap();
        let answered = verified.answered();
        let key = &scene.credential.as_ref().unwrap().key;
        assert_eq!(verified.intent(), &scene.intent);
        assert_eq!(answered.algorithm(), algorithm);
        assert_eq!(answered.thumbprint(), &key.thumbprint());
        assert_eq!(answered.sign_count(), 0);
        assert_eq!(answered.level(), EvidenceLevel::L3);
        let flags = answered.flags();
        assert!(flags.up && flags.uv && flags.be && flags.bs);
    }
}

/// Made once with the `crypto` of Node.js 20, which built intent and challenge on its own; the private key was thrown away.
#[test]
fn an_rs256_signature_that_another_program_made_is_accepted() {
    let made: Value = serde_json::from_str(include_str!("rs256.json")).unwrap();
    let bytes = |name: &str| base64url::decode(made[name].as_str().unwrap()).unwrap();
    let mut scene = Scene::with(Authenticator::new(Kind::Es256).with_flags(PRESENT | VERIFIED));
    assert_eq!(scene.intent.challenge().to_string(), made["challenge"]);
    scene.credential.as_mut().unwrap().key = CredentialKey::from_jwk(&made["public_key_jwk"]).unwrap();
    let mut assertion = scene.assertion();
    (
        assertion.client_data_json,
        assertion.authenticator_data,
        assertion.signature,
    ) = (
        bytes("client_data_json"),
        bytes("authenticator_data"),
        bytes("signature"),
    );
    let verified = scene.judge(&assertion).unwrap();
    assert_eq!(verified.answered().algorithm(), Algorithm::Rs256);
    assert_eq!(verified.answered().sign_count(), 9);
    for place in 0..assertion.signature.len() {
        let mut flipped = assertion.clone();
        flipped.signature[place] ^= 1;
        assert_eq!(scene.judge(&flipped), Err(Refusal::SignatureInvalid), "{place}");
    }
}

#[test]
fn only_a_device_bound_key_with_a_checked_attestation_reaches_l4() {
    for (flags, attestation, level) in [
        (PRESENT | VERIFIED, Attestation::Checked, EvidenceLevel::L4),
        (PRESENT | VERIFIED, Attestation::Unchecked, EvidenceLevel::L3),
        (
            PRESENT | VERIFIED | BACKUP_ELIGIBLE,
            Attestation::Checked,
            EvidenceLevel::L3,
        ),
        (
            PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP,
            Attestation::Checked,
            EvidenceLevel::L3,
        ),
    ] {
        let mut scene = Scene::with(Authenticator::new(Kind::Es256).with_flags(flags));
        scene.credential.as_mut().unwrap().attestation = attestation;
        assert_eq!(scene.judged().unwrap().answered().level(), level, "{flags:#04x}");
    }
    let in_a_role = Label::ALL
        .iter()
        .filter(|label| label.least_level() == EvidenceLevel::L4);
    assert_eq!(in_a_role.count(), 4);
}

#[test]
fn an_intent_that_was_not_given_out_for_this_page_is_unknown() {
    let spoils: &[fn(&mut Scene)] = &[
        |scene| scene.stored = Stored::Unknown,
        |scene| scene.label = Label::DuaAccept,
        |scene| scene.action = Action::Renew,
        |scene| scene.record = id("another"),
        |scene| scene.locale = locale("nl"),
    ];
    for spoil in spoils {
        assert_eq!(spoilt(spoil), Err(Refusal::IntentUnknown));
    }
}

#[test]
fn an_intent_is_answered_once() {
    assert_eq!(
        spoilt(|scene| scene.stored = Stored::Used),
        Err(Refusal::IntentUsed)
    );
}

#[test]
fn an_intent_is_answered_within_its_window() {
    for (seconds, result) in [
        (-1, Err(Refusal::IntentExpired)),
        (0, Ok(())),
        (299, Ok(())),
        (300, Err(Refusal::IntentExpired)),
    ] {
        assert_eq!(spoilt(|scene| scene.at = after(seconds)), result, "{seconds}");
    }
    assert_eq!(
        spoilt(|scene| scene.intent.window = window(IAT - 300, IAT)),
        Err(Refusal::IntentExpired)
    );
}

#[test]
fn terms_that_changed_under_way_are_refused() {
    let mut longer = TERMS.to_vec();
    longer.push(b' ');
    for terms in [b"".to_vec(), longer, NOTICE.to_vec()] {
        assert_eq!(spoilt(|scene| scene.terms = terms), Err(Refusal::TermsChanged));
    }
    assert_eq!(
        spoilt(|scene| scene.intent.terms_sha256 = Digest::of(b"")),
        Err(Refusal::TermsChanged)
    );
}

#[test]
fn a_notice_that_changed_under_way_is_refused() {
    assert_eq!(
        spoilt(|scene| scene.notice.push(b'\n')),
        Err(Refusal::NoticeChanged)
    );
}

#[test]
fn a_registration_is_no_assertion() {
    assert_eq!(
        spoilt(|scene| scene.client_data = scene.client_data.replace(".get", ".create")),
        Err(Refusal::WrongType)
    );
}

#[test]
fn another_challenge_is_refused() {
    // Each member of the intent that the page does not fix by itself moves the challenge.
    let spoils: &[fn(&mut Scene)] = &[
        |scene| scene.client_data = client_data(&[7; 32], ORIGIN),
        |scene| scene.client_data = client_data(b"", ORIGIN),
        |scene| scene.intent.nonce = evidence::passkey::Nonce::new([0; 32]),
        |scene| scene.intent.window = window(IAT, IAT + 299),
        |scene| {
            scene.intent.label = Label::DpoOpinion;
            scene.label = Label::DpoOpinion;
        },
    ];
    for spoil in spoils {
        assert_eq!(spoilt(spoil), Err(Refusal::ChallengeMismatch));
    }
}

#[test]
fn another_origin_is_refused() {
    for origin in [
        "https://broker.example.evil.example",
        "http://broker.example",
        "https://broker.example:444",
    ] {
        let challenge = intent().challenge();
        assert_eq!(
            spoilt(|scene| scene.client_data = client_data(challenge.as_bytes(), origin)),
            Err(Refusal::OriginMismatch)
        );
    }
}

#[test]
fn a_page_in_a_frame_of_another_origin_is_refused() {
    assert_eq!(
        spoilt(|scene| scene.client_data = scene.client_data.replace("false", "true")),
        Err(Refusal::CrossOrigin)
    );
}

#[test]
fn a_top_origin_is_refused() {
    let top = r#"false,"topOrigin":"https://evil.example""#;
    assert_eq!(
        spoilt(|scene| scene.client_data = scene.client_data.replace("false", top)),
        Err(Refusal::TopOrigin)
    );
}

#[test]
fn what_has_not_the_form_of_an_assertion_is_malformed() {
    let spoils: &[fn(&mut Scene)] = &[
        |scene| scene.client_data.push('}'),
        |scene| scene.client_data = scene.client_data.replacen('{', r#"{"a":1,"a":2,"#, 1),
        // Bytes that no flag announces, and flags without bytes.
        |scene| scene.authenticator.tail = vec![0],
        |scene| scene.authenticator.tail = vec![0xa0],
        |scene| scene.authenticator.flags |= EXTENDED,
        |scene| scene.authenticator.flags |= ATTESTED,
        |scene| {
            scene.authenticator.flags |= EXTENDED;
            scene.authenticator.tail = vec![0x80];
        },
        |scene| {
            scene.authenticator.flags |= EXTENDED;
            scene.authenticator.tail = vec![0xa0, 0xa0];
        },
    ];
    for spoil in spoils {
        assert_eq!(spoilt(spoil), Err(Refusal::Malformed));
    }
    let scene = scene();
    let mut short = scene.assertion();
    short.authenticator_data.truncate(36);
    assert_eq!(scene.judge(&short), Err(Refusal::Malformed));
}

#[test]
fn announced_extensions_and_keys_are_allowed() {
    let mut scene = scene();
    scene.authenticator.flags |= EXTENDED;
    // {"uvm": [[2, 4, 2]]}
    scene.authenticator.tail = b"\xa1\x63uvm\x81\x83\x02\x04\x02".to_vec();
    assert!(scene.judged().is_ok());
    let mut attested = vec![0; 16];
    attested.extend([0, 1, 9]);
    attested.extend(scene.authenticator.cose_key());
    attested.extend(&scene.authenticator.tail);
    scene.authenticator.flags |= ATTESTED;
    scene.authenticator.tail = attested;
    assert!(scene.judged().is_ok());
}

#[test]
fn another_relying_party_is_refused() {
    assert_eq!(
        spoilt(|scene| scene.asked_by = "evil.example"),
        Err(Refusal::RpIdMismatch)
    );
    assert_eq!(
        spoilt(|scene| scene.intent.rp_id = rp("example")),
        Err(Refusal::RpIdMismatch)
    );
}

#[test]
fn somebody_must_be_present() {
    assert_eq!(
        spoilt(|scene| scene.authenticator.flags ^= PRESENT),
        Err(Refusal::NotPresent)
    );
}

#[test]
fn the_person_must_be_verified() {
    assert_eq!(
        spoilt(|scene| scene.authenticator.flags ^= VERIFIED),
        Err(Refusal::NotVerified)
    );
}

#[test]
fn backup_flags_agree_with_each_other_and_with_the_registration() {
    for (flags, result) in [
        (BACKUP_ELIGIBLE | BACKED_UP, Ok(())),
        (BACKUP_ELIGIBLE, Ok(())),
        (BACKED_UP, Err(Refusal::BackupFlagsInconsistent)),
        (0, Err(Refusal::BackupFlagsInconsistent)),
    ] {
        let judged = spoilt(|scene| scene.authenticator.flags = PRESENT | VERIFIED | flags);
        assert_eq!(judged, result, "{flags:#04x}");
    }
    let bound = Authenticator::new(Kind::EdDsa).with_flags(PRESENT | VERIFIED);
    let mut scene = Scene::with(bound);
    assert!(scene.judged().is_ok());
    // A copy of what cannot be copied; a key that can be copied only since yesterday; both.
    for flags in [BACKED_UP, BACKUP_ELIGIBLE, BACKED_UP | BACKUP_ELIGIBLE] {
        scene.authenticator.flags = PRESENT | VERIFIED | flags;
        assert_eq!(scene.judged(), Err(Refusal::BackupFlagsInconsistent));
    }
}

#[test]
fn a_key_that_is_not_registered_is_unknown() {
    assert_eq!(
        spoilt(|scene| scene.credential = None),
        Err(Refusal::CredentialUnknown)
    );
    let other = CredentialId::new(*b"other").unwrap();
    assert_eq!(
        spoilt(|scene| scene.credential.as_mut().unwrap().id = other),
        Err(Refusal::CredentialUnknown)
    );
}

#[test]
fn a_key_of_another_person_is_refused() {
    assert_eq!(
        spoilt(|scene| scene.subject = id("urn:broker:subject:2")),
        Err(Refusal::CredentialOfAnother)
    );
}

#[test]
fn a_key_is_valid_from_its_registration_to_its_revocation() {
    for (registered, revoked, result) in [
        (60, None, Ok(())),
        (61, None, Err(Refusal::CredentialNotValidThen)),
        (0, Some(61), Ok(())),
        (0, Some(60), Err(Refusal::CredentialNotValidThen)),
        (0, Some(1), Err(Refusal::CredentialNotValidThen)),
    ] {
        let judged = spoilt(|scene| {
            let credential = scene.credential.as_mut().unwrap();
            credential.registered_at = after(registered);
            credential.revoked_at = revoked.map(after);
        });
        assert_eq!(judged, result, "{registered} {revoked:?}");
    }
}

#[test]
fn an_algorithm_off_the_list_is_refused() {
    let narrow = |scene: &mut Scene| {
        scene.party = scene
            .party
            .clone()
            .accepting(&[Algorithm::EdDsa, Algorithm::Rs256]);
    };
    assert_eq!(spoilt(narrow), Err(Refusal::AlgorithmNotAllowed));
}

#[test]
fn a_signature_by_another_key_or_of_other_bytes_is_refused() {
    for kind in [Kind::Es256, Kind::Es384, Kind::EdDsa] {
        let mut scene = Scene::new(kind);
        let other = registered(&Authenticator::new(kind), "urn:broker:subject:1");
        let good = scene.assertion();
        for place in 0..good.signature.len() {
            let mut flipped = good.clone();
            flipped.signature[place] ^= 1;
            assert_eq!(
                scene.judge(&flipped),
                Err(Refusal::SignatureInvalid),
                "{kind:?} {place}"
            );
        }
        // The counter is signed and not otherwise checked; so is what a browser adds.
        let mut counted = good.clone();
        counted.authenticator_data[36] ^= 1;
        assert_eq!(scene.judge(&counted), Err(Refusal::SignatureInvalid));
        let mut spaced = good.clone();
        spaced.client_data_json.push(b' ');
        assert_eq!(scene.judge(&spaced), Err(Refusal::SignatureInvalid));
        scene.credential = Some(other);
        assert_eq!(scene.judge(&good), Err(Refusal::SignatureInvalid));
    }
}
