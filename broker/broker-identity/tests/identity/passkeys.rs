//! Passkeys with an authenticator in software.

use broker_domain::identity::{Passkey, PasskeyRefusal, Passkeys as _};
use broker_domain::ids::AccountId;
use broker_identity::{InvalidSite, Site, WebauthnPasskeys};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::device::{COPIED, Device, How, VERIFIED, encoded};

use PasskeyRefusal::{Malformed, NotProved, Unknown};

fn site() -> Site {
    Site {
        rp_id: "broker.example".to_owned(),
        origin: "https://broker.example".to_owned(),
        name: "Fiducie".to_owned(),
    }
}

fn ours() -> WebauthnPasskeys {
    WebauthnPasskeys::new(&site()).unwrap()
}

fn account() -> AccountId {
    AccountId::from_bytes([6; 16])
}

fn registered(ours: &WebauthnPasskeys, how: &How) -> (Device, Passkey) {
    let ceremony = ours.offer(account(), "Anna", &[]).unwrap();
    let (device, answer) = Device::create(&ceremony.options, how);
    let passkey = ours.register(&ceremony.keep, &answer.to_string()).unwrap();
    (device, passkey)
}

#[test]
fn a_passkey_is_asked_for_that_needs_no_user_name_and_verifies_its_user() {
    let ours = ours();
    let (_, known) = registered(&ours, &How::right());
    let ceremony = ours
        .offer(account(), "Anna", std::slice::from_ref(&known))
        .unwrap();
    let options: Value = serde_json::from_str(&ceremony.options).unwrap();
    assert_eq!(
        options["rp"],
        json!({ "id": "broker.example", "name": "Fiducie" })
    );
    assert_eq!(options["user"]["id"], encoded(&[6; 16]));
    assert_eq!(options["user"]["displayName"], "Anna");
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["excludeCredentials"][0]["id"], encoded(&known.credential));
    let asked = &options["authenticatorSelection"];
    assert_eq!(asked["residentKey"], "required");
    assert_eq!(asked["requireResidentKey"], true);
    assert_eq!(asked["userVerification"], "required");
    let algorithms: Vec<_> = options["pubKeyCredParams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["alg"].as_i64().unwrap())
        .collect();
    assert_eq!(algorithms, [-7, -35, -257]);
    let again = ours.offer(account(), "Anna", &[]).unwrap();
    let again: Value = serde_json::from_str(&again.options).unwrap();
    assert_ne!(options["challenge"], again["challenge"]);
}

#[test]
fn a_new_passkey_is_told_with_key_model_and_whether_it_may_be_copied() {
    let ours = ours();
    for (flags, may_be_copied) in [(VERIFIED, false), (COPIED, true)] {
        let (device, passkey) = registered(
            &ours,
            &How {
                flags,
                ..How::right()
            },
        );
        assert_eq!(passkey.credential, device.credential);
        assert_eq!(passkey.public_key, device.cose_key());
        assert_eq!(passkey.model, [0xaa; 16]);
        assert_eq!(passkey.may_be_copied, may_be_copied);
    }
}

#[test]
fn whoever_comes_is_recognised_and_the_counter_is_kept() {
    let ours = ours();
    let (mut device, mut passkey) = registered(&ours, &How::right());
    for _ in 0..2 {
        let ceremony = ours.ask().unwrap();
        let options: Value = serde_json::from_str(&ceremony.options).unwrap();
        assert_eq!(options["rpId"], "broker.example");
        assert_eq!(options["userVerification"], "required");
        assert_eq!(options["allowCredentials"], json!([]));
        let answer = device.get(&ceremony.options, &How::right()).to_string();
        assert_eq!(
            ours.claimed(&answer).unwrap(),
            (account(), device.credential.clone())
        );
        let used = ours
            .recognise(&ceremony.keep, &answer, std::slice::from_ref(&passkey))
            .unwrap();
        assert_eq!(used.credential, passkey.credential);
        passkey.state = used.state.expect("the counter went on");
    }
    // A copy of the key, made before: its counter lags behind.
    device.counter = 0;
    let ceremony = ours.ask().unwrap();
    let answer = device.get(&ceremony.options, &How::right()).to_string();
    assert_eq!(
        ours.recognise(&ceremony.keep, &answer, &[passkey]),
        Err(NotProved)
    );
}

#[test]
fn a_synced_passkey_counts_nothing_and_changes_nothing() {
    let ours = ours();
    let how = How {
        flags: COPIED,
        ..How::right()
    };
    let (mut device, passkey) = registered(&ours, &how);
    let ceremony = ours.ask().unwrap();
    device.counter = u32::MAX;
    // Wraps to 0 in the device, as synced keys always say.
    device.counter = device.counter.wrapping_add(1);
    let mut answer = device.get(&ceremony.options, &how);
    let used = ours
        .recognise(
            &ceremony.keep,
            &answer.to_string(),
            std::slice::from_ref(&passkey),
        )
        .unwrap();
    assert!(used.state.is_some(), "this device counted to 1");
    // Not eligible for copies any more: another key, or a manipulated device.
    answer = device.get(&ceremony.options, &How::right());
    assert_eq!(
        ours.recognise(&ceremony.keep, &answer.to_string(), &[passkey]),
        Err(NotProved)
    );
}

fn wrong_ways() -> Vec<(&'static str, How)> {
    let mut ways = Vec::new();
    let mut way = |name, change: fn(&mut How)| {
        let mut how = How::right();
        change(&mut how);
        ways.push((name, how));
    };
    way("another origin", |how| {
        how.origin = "https://evil.example".to_owned();
    });
    way("a port", |how| {
        how.origin = "https://broker.example:8443".to_owned();
    });
    way("no TLS", |how| how.origin = "http://broker.example".to_owned());
    way("a host below", |how| {
        how.origin = "https://x.broker.example".to_owned();
    });
    way("another site", |how| how.rp_id = "evil.example".to_owned());
    way("user not verified", |how| how.flags = 0x01);
    way("user not present", |how| how.flags = 0x04);
    way("another challenge", |how| how.challenge = Some(encoded(&[1; 32])));
    way("no challenge", |how| how.challenge = Some(String::new()));
    way("another ceremony", |how| how.kind = Some("payment.get"));
    way("within another page", |how| how.cross_origin = json!(true));
    ways
}

#[test]
fn a_registration_that_is_wrong_in_one_point_is_refused() {
    let ours = ours();
    for (name, how) in wrong_ways() {
        let ceremony = ours.offer(account(), "Anna", &[]).unwrap();
        let (_, answer) = Device::create(&ceremony.options, &how);
        assert_eq!(
            ours.register(&ceremony.keep, &answer.to_string()),
            Err(NotProved),
            "{name}"
        );
    }
}

#[test]
fn a_sign_in_that_is_wrong_in_one_point_is_refused() {
    let ours = ours();
    for (name, how) in wrong_ways() {
        let (mut device, passkey) = registered(&ours, &How::right());
        let ceremony = ours.ask().unwrap();
        let answer = device.get(&ceremony.options, &how).to_string();
        assert_eq!(
            ours.recognise(&ceremony.keep, &answer, &[passkey]),
            Err(NotProved),
            "{name}"
        );
    }
}

#[test]
fn one_s_own_passkey_is_not_registered_twice_nor_under_another_name() {
    let ours = ours();
    let (_, known) = registered(&ours, &How::right());
    let ceremony = ours.offer(account(), "Anna", &[]).unwrap();
    let (_, answer) = Device::create(&ceremony.options, &How::right());
    let excluding = |credential: &Value| {
        let mut known = known.clone();
        known.credential = decoded(credential);
        let ceremony = ours.offer(account(), "Anna", &[known]).unwrap();
        let how = How { ..How::right() };
        let (_, mut fresh) = Device::create(&ceremony.options, &how);
        // The browser did not heed the list: the same credential answers again.
        fresh["response"]["attestationObject"] = answer["response"]["attestationObject"].clone();
        fresh["id"] = answer["id"].clone();
        fresh["rawId"] = answer["rawId"].clone();
        ours.register(&ceremony.keep, &fresh.to_string())
    };
    assert_eq!(excluding(&answer["rawId"]), Err(NotProved));
    assert!(excluding(&json!(encoded(&[1; 24]))).is_ok());
    for (member, value) in [
        ("id", encoded(&[1; 24])),
        ("rawId", encoded(&[1; 24])),
        ("type", "password".to_owned()),
    ] {
        let mut answer = answer.clone();
        answer[member] = json!(value);
        assert_eq!(
            ours.register(&ceremony.keep, &answer.to_string()),
            Err(Malformed),
            "{member}"
        );
    }
}

fn decoded(text: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text.as_str().unwrap())
        .unwrap()
}

#[test]
fn keys_of_others_and_answers_to_others_do_not_fit() {
    let ours = ours();
    let (mut device, passkey) = registered(&ours, &How::right());
    let (mut other, others) = registered(&ours, &How::right());
    let ceremony = ours.ask().unwrap();
    let answer = device.get(&ceremony.options, &How::right());
    assert_eq!(
        ours.recognise(&ceremony.keep, &answer.to_string(), &[]),
        Err(Unknown)
    );
    assert_eq!(
        ours.recognise(&ceremony.keep, &answer.to_string(), std::slice::from_ref(&others)),
        Err(Unknown)
    );
    // The answer to another question.
    let earlier = ours.ask().unwrap();
    assert_eq!(
        ours.recognise(&earlier.keep, &answer.to_string(), std::slice::from_ref(&passkey)),
        Err(NotProved)
    );
    // The signature of another key under this name.
    let mut forged = other.get(&ceremony.options, &How::right());
    forged["id"] = answer["id"].clone();
    forged["rawId"] = answer["rawId"].clone();
    assert_eq!(
        ours.recognise(
            &ceremony.keep,
            &forged.to_string(),
            std::slice::from_ref(&passkey)
        ),
        Err(NotProved)
    );
    // The keep of a registration is not one of a sign-in.
    let offer = ours.offer(account(), "Anna", &[]).unwrap();
    assert_eq!(
        ours.recognise(&offer.keep, &answer.to_string(), std::slice::from_ref(&passkey)),
        Err(Malformed)
    );
    // Who signs in says who she is.
    let mut nobody = answer;
    nobody["response"]["userHandle"] = Value::Null;
    assert_eq!(ours.claimed(&nobody.to_string()), Err(Malformed));
    nobody["response"]["userHandle"] = json!(encoded(b"short"));
    assert_eq!(ours.claimed(&nobody.to_string()), Err(Malformed));
}

/// What another crate does with the key: it verifies a signature over a challenge of its own.
#[test]
fn the_key_verifies_signatures_of_the_device() {
    let ours = ours();
    let (mut device, passkey) = registered(&ours, &How::right());
    let options = json!({ "challenge": encoded(b"the hash of the terms") }).to_string();
    let answer = device.get(&options, &How::right());
    let part = |name: &str| decoded(&answer["response"][name]);
    let client_data = ring::digest::digest(&ring::digest::SHA256, &part("clientDataJSON"));
    let message = [part("authenticatorData").as_slice(), client_data.as_ref()].concat();
    let (x, y) = (&passkey.public_key[10..42], &passkey.public_key[45..77]);
    let point = [&[4], x, y].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
    key.verify(&message, &part("signature")).unwrap();
}

#[test]
fn a_site_is_a_host_with_a_name_over_tls() {
    let with = |rp_id: &str, origin: &str| {
        WebauthnPasskeys::new(&Site {
            rp_id: rp_id.to_owned(),
            origin: origin.to_owned(),
            ..site()
        })
        .err()
    };
    for (rp_id, origin) in [
        ("broker.example", "https://broker.example"),
        ("broker.example", "https://sign-in.broker.example:8443"),
        ("localhost", "http://localhost:8080"),
    ] {
        assert_eq!(with(rp_id, origin), None, "{origin}");
    }
    for origin in [
        "broker.example",
        "http://broker.example",
        "https://broker.example/path",
        "https://broker.example?x",
        "https://192.0.2.1",
        "http://127.0.0.1:8080",
    ] {
        assert!(
            matches!(with("broker.example", origin), Some(InvalidSite::Origin { .. })),
            "{origin}"
        );
    }
    for rp_id in ["", "example.org", "roker.example", "x.broker.example"] {
        assert!(
            matches!(
                with(rp_id, "https://broker.example"),
                Some(InvalidSite::RpId { .. })
            ),
            "{rp_id}"
        );
    }
}

#[test]
fn damaged_rows_and_answers_do_no_harm() {
    let ours = ours();
    let (mut device, passkey) = registered(&ours, &How::right());
    let offer = ours.offer(account(), "Anna", &[]).unwrap();
    let (_, created) = Device::create(&offer.options, &How::right());
    let question = ours.ask().unwrap();
    let got = device.get(&question.options, &How::right()).to_string();
    let created = created.to_string();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    test_fixtures::no_panic(
        "keep of a registration",
        std::slice::from_ref(&offer.keep),
        |bytes| {
            drop(ours.register(bytes, &created));
        },
    );
    test_fixtures::no_panic(
        "answer to a registration",
        &[created.clone().into_bytes()],
        |bytes| {
            drop(ours.register(&offer.keep, &text(bytes)));
        },
    );
    let known = [passkey.clone()];
    test_fixtures::no_panic(
        "keep of a sign-in",
        std::slice::from_ref(&question.keep),
        |bytes| {
            drop(ours.recognise(bytes, &got, &known));
        },
    );
    test_fixtures::no_panic("answer to a sign-in", &[got.clone().into_bytes()], |bytes| {
        drop(ours.claimed(&text(bytes)));
        drop(ours.recognise(&question.keep, &text(bytes), &known));
    });
    test_fixtures::no_panic(
        "state of a passkey",
        std::slice::from_ref(&passkey.state),
        |bytes| {
            let known = [Passkey {
                state: bytes.to_vec(),
                ..passkey.clone()
            }];
            drop(ours.recognise(&question.keep, &got, &known));
        },
    );
    assert_eq!(ours.register(&offer.keep, &" ".repeat(70_000)), Err(Malformed));
}
