//! The order of verification: with everything wrong at once, the first thing that is wrong is named.

use evidence::passkey::{Algorithm, Refusal};
use test_fixtures::authenticator::{
    Authenticator, BACKED_UP, BACKUP_ELIGIBLE, Kind, PRESENT, VERIFIED, client_data,
};

use crate::scene::{NOTICE, ORIGIN, RP_ID, Scene, Stored, TERMS, after, id, rp};

struct Step(Refusal, fn(&mut Scene));

/// What is named, and what repairs it, in the order of `consent.md` §4.2.
const STEPS: [Step; 20] = [
    Step(Refusal::IntentUnknown, |scene| scene.stored = Stored::Used),
    Step(Refusal::IntentUsed, |scene| scene.stored = Stored::Waiting),
    Step(Refusal::IntentExpired, |scene| scene.at = after(1)),
    Step(Refusal::TermsChanged, |scene| scene.terms = TERMS.to_vec()),
    Step(Refusal::NoticeChanged, |scene| scene.notice = NOTICE.to_vec()),
    Step(Refusal::RpIdMismatch, |scene| scene.intent.rp_id = rp(RP_ID)),
    Step(Refusal::IntentUnknown, |scene| {
        scene.record = scene.intent.record.clone();
    }),
    Step(Refusal::WrongType, |scene| replace(scene, ".create", ".get")),
    Step(Refusal::ChallengeMismatch, |scene| {
        let challenge = scene.intent.challenge().to_string();
        replace(scene, &"A".repeat(43), &challenge);
    }),
    Step(Refusal::OriginMismatch, |scene| {
        scene.client_data = scene.client_data.replacen("https://evil.example", ORIGIN, 1);
    }),
    Step(Refusal::CrossOrigin, |scene| replace(scene, "true", "false")),
    Step(Refusal::TopOrigin, |scene| replace(scene, "topOrigin", "other")),
    Step(Refusal::RpIdMismatch, |scene| scene.asked_by = RP_ID),
    Step(Refusal::NotPresent, |scene| scene.authenticator.flags |= PRESENT),
    Step(Refusal::NotVerified, |scene| {
        scene.authenticator.flags |= VERIFIED;
    }),
    Step(Refusal::BackupFlagsInconsistent, |scene| {
        scene.authenticator.flags |= BACKUP_ELIGIBLE;
    }),
    Step(Refusal::Malformed, |scene| scene.authenticator.tail.clear()),
    Step(Refusal::CredentialOfAnother, |scene| {
        scene.subject = id("urn:broker:subject:1");
    }),
    Step(Refusal::CredentialNotValidThen, |scene| {
        scene.credential.as_mut().unwrap().registered_at = after(0);
    }),
    Step(Refusal::AlgorithmNotAllowed, |scene| {
        scene.party = scene.party.clone().accepting(&Algorithm::ALL);
    }),
];

fn replace(scene: &mut Scene, from: &str, to: &str) {
    let replaced = scene.client_data.replace(from, to);
    assert_ne!(replaced, scene.client_data, "nothing was repaired");
    scene.client_data = replaced;
}

fn all_wrong() -> Scene {
    let mut scene = Scene::new(Kind::Es256);
    scene.stored = Stored::Unknown;
    scene.at = after(301);
    scene.terms.clear();
    scene.notice.clear();
    scene.intent.rp_id = rp("other.example");
    scene.record = id("other");
    scene.client_data = client_data(&[0; 32], "https://evil.example")
        .replace(".get", ".create")
        .replace("false", r#"true,"topOrigin":"https://evil.example""#);
    scene.asked_by = "evil.example";
    scene.authenticator.flags = BACKED_UP;
    scene.authenticator.tail = vec![0];
    scene.subject = id("urn:broker:subject:2");
    scene.credential.as_mut().unwrap().registered_at = after(302);
    scene.party = scene.party.accepting(&[]);
    scene
}

#[test]
fn the_first_thing_that_is_wrong_is_named() {
    let mut scene = all_wrong();
    for Step(refusal, repair) in STEPS {
        assert_eq!(scene.judged().map(|_| ()), Err(refusal));
        repair(&mut scene);
    }
    assert!(scene.judged().is_ok());
    scene.authenticator = Authenticator::new(Kind::Es256);
    assert_eq!(scene.judged(), Err(Refusal::SignatureInvalid));
}
