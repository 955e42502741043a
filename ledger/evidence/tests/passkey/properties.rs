//! What holds for every intent, window and key.

use std::sync::LazyLock;

use evidence::passkey::{Action, Intent, Label, Nonce, UnixSeconds, Window};
use evidence::record::{Digest, Instant};
use proptest::prelude::*;
use test_fixtures::authenticator::{Authenticator, Kind, client_data};

use crate::scene::{NOTICE, ORIGIN, Scene, id, locale, rp, window};

fn intents() -> impl Strategy<Value = Intent> {
    let times = (0_u64..253_402_300_000, 1_u64..=300);
    let names = (
        "[a-zA-Z0-9._:/-]{1,40}",
        "[a-z]{2,3}(-[A-Z]{2})?",
        "[a-z0-9]{1,20}(\\.[a-z0-9]{1,9}){0,3}",
    );
    let bytes = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    let kinds = (
        prop::sample::select(Label::ALL.to_vec()),
        prop::sample::select(vec![Action::Grant, Action::Renew, Action::Widen]),
    );
    (times, names, bytes, kinds)
        .prop_filter("looks like a meter number", |(_, (record, _, _), _, _)| {
            !(record.len() == 14 || record.len() == 18)
        })
        .prop_map(
            |((iat, length), (record, language, domain), (terms, notice, nonce), (label, action))| Intent {
                label,
                action,
                record: id(&record),
                terms_sha256: Digest::new(terms),
                notice_sha256: Digest::new(notice),
                locale: locale(&language),
                rp_id: rp(&domain),
                nonce: Nonce::new(nonce),
                window: window(iat, iat + length),
            },
        )
}

/// Made once: keys are dear.
static KEYS: LazyLock<[Scene; 3]> = LazyLock::new(|| [Kind::Es256, Kind::Es384, Kind::EdDsa].map(Scene::new));

proptest! {
    #[test]
    fn intents_print_canonically_and_read_back(intent in intents()) {
        let bytes = intent.to_jcs_bytes();
        prop_assert_eq!(&bytes, &evidence::jcs::to_bytes(&intent).unwrap());
        prop_assert_eq!(Intent::parse(&bytes).unwrap(), intent);
    }

    #[test]
    fn two_intents_have_two_challenges(one in intents(), other in intents()) {
        prop_assert_eq!(one == other, one.challenge() == other.challenge());
    }

    #[test]
    fn a_window_holds_the_seconds_from_iat_to_exp(iat in 0_u64..4_000_000_000, length in 0_u64..400, micros in -400_000_000_i64..800_000_000) {
        let (from, to) = (UnixSeconds::new(iat).unwrap(), UnixSeconds::new(iat + length).unwrap());
        let Ok(window) = Window::new(from, to) else {
            prop_assert!(!(1..=300).contains(&length));
            return Ok(());
        };
        let start = i64::try_from(iat).unwrap() * 1_000_000;
        if let Some(now) = Instant::from_unix_micros(start + micros) {
            let inside = micros >= 0 && micros < i64::try_from(length).unwrap() * 1_000_000;
            prop_assert_eq!(window.contains(now), inside);
        }
    }

    /// Signs with one key for one draft; verifies with each key for each draft.
    #[test]
    fn a_signature_verifies_for_its_own_terms_and_key_alone(
        signer in 0_usize..3,
        verifier in 0_usize..3,
        drafts in prop::array::uniform2("[a-z]{0,8}"),
    ) {
        let signing = &KEYS[signer];
        let mut intent = signing.intent.clone();
        intent.terms_sha256 = Digest::of(drafts[0].as_bytes());
        let written = client_data(intent.challenge().as_bytes(), ORIGIN);
        let signed = signing.authenticator.assert("broker.example", written.as_bytes());
        let mut assertion = signing.assertion();
        (assertion.client_data_json, assertion.authenticator_data, assertion.signature) =
            (written.into_bytes(), signed.authenticator_data, signed.signature);
        let mut judging = Scene::with(Authenticator::new(Kind::EdDsa));
        judging.intent = intent;
        judging.intent.notice_sha256 = Digest::of(NOTICE);
        judging.terms = drafts[1].clone().into_bytes();
        judging.credential.clone_from(&KEYS[verifier].credential);
        let accepted = judging.judge(&assertion).is_ok();
        prop_assert_eq!(accepted, signer == verifier && drafts[0] == drafts[1]);
    }
}
