//! ID tokens that say something else than what was asked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::identity::{Arrival, Freshness, Identity, ProviderRefusal};
use broker_domain::time::Clock as _;
use serde_json::{Value, json};

use crate::browser::query;
use crate::liar::{Liar, Said, message, sign_with_secret};
use crate::ports::{CLIENT, Ours, config, refusal};

use ProviderRefusal::{Minor, NotOurs, TooWeak, Unavailable};

struct Scene {
    liar: Liar,
    ours: Ours,
}

impl Scene {
    fn set() -> Self {
        let liar = Liar::start();
        let ours = Ours::new(vec![config("one", &liar.issuer)]);
        Self { liar, ours }
    }

    /// A sign-in where the provider gives the token that `token` makes of honest claims.
    async fn sign_in(
        &self,
        freshness: Freshness,
        token: impl FnOnce(&Liar, Value) -> String,
    ) -> Result<Identity, ProviderRefusal> {
        let departure = self.ours.depart("one", freshness).await.unwrap();
        let now = self.ours.clock.now().as_micros() / 1_000_000;
        let claims = json!({
            "iss": self.liar.issuer, "aud": CLIENT, "sub": "anna", "nonce": query(&departure.url)["nonce"],
            "iat": now, "exp": now + 300, "auth_time": now,
        });
        self.liar.gives_token(&token(&self.liar, claims));
        self.ours.arrive(&departure, &code()).await
    }

    /// The same with claims that `change` changes.
    async fn told(
        &self,
        freshness: Freshness,
        change: impl FnOnce(&mut Value),
    ) -> Result<Identity, ProviderRefusal> {
        let token = |liar: &Liar, mut claims: Value| {
            change(&mut claims);
            claims
                .as_object_mut()
                .unwrap()
                .retain(|_, value| !value.is_null());
            liar.sign(&honest(), &claims)
        };
        self.sign_in(freshness, token).await
    }
}

fn honest() -> Value {
    json!({ "alg": "EdDSA", "kid": "key", "typ": "JWT" })
}

fn code() -> Arrival {
    Arrival {
        code: Some("code".to_owned()),
        error: None,
        issuer: None,
    }
}

#[tokio::test]
async fn each_claim_is_held_against_the_question() {
    let scene = Scene::set();
    let now = scene.ours.clock.now().as_micros() / 1_000_000;
    let half = ring::digest::digest(&ring::digest::SHA512, b"access");
    let at_hash = URL_SAFE_NO_PAD.encode(&half.as_ref()[..32]);
    let right = [
        ("aud", json!([CLIENT])),
        ("azp", json!(CLIENT)),
        ("at_hash", json!(at_hash)),
        ("nbf", json!(now)),
        ("nbf", json!(now + 30)),
        ("iat", json!(now + 30)),
        ("exp", json!(now - 30)),
        ("auth_time", Value::Null),
        ("sub", json!("x".repeat(255))),
        ("birthdate", json!("1980-05-17")),
        ("birthdate", json!("0000-05-17")),
        ("age", json!(18)),
        ("age_over_18", json!(true)),
    ];
    for (claim, value) in right {
        let told = scene
            .told(Freshness::Any, |claims| claims[claim] = value.clone())
            .await;
        assert!(told.is_ok(), "{claim} {value}: {:?}", told.err());
    }
    let wrong = [
        ("iss", json!("https://other.example"), NotOurs),
        ("aud", json!("another"), NotOurs),
        ("aud", json!([CLIENT, "another"]), NotOurs),
        ("aud", json!([]), NotOurs),
        ("azp", json!("another"), NotOurs),
        ("nonce", json!("another"), NotOurs),
        ("nonce", Value::Null, NotOurs),
        ("exp", json!(now - 90), NotOurs),
        ("iat", json!(now + 120), NotOurs),
        ("iat", json!(now - 120), NotOurs),
        ("nbf", json!(now + 120), NotOurs),
        ("nbf", json!(1e300), NotOurs),
        ("at_hash", json!(URL_SAFE_NO_PAD.encode([0; 32])), NotOurs),
        ("sub", json!(""), NotOurs),
        ("sub", json!("x".repeat(256)), NotOurs),
        ("sub", json!("änna"), NotOurs),
        ("birthdate", json!("2020-05-17"), Minor),
        ("age", json!(17), Minor),
        ("age_over_18", json!(false), Minor),
        ("exp", json!(1e300), Unavailable),
        ("exp", Value::Null, Unavailable),
        ("sub", Value::Null, Unavailable),
    ];
    for (claim, value, why) in wrong {
        let told = scene
            .told(Freshness::Any, |claims| claims[claim] = value.clone())
            .await;
        assert_eq!(refusal(told), why, "{claim} {value}");
    }
}

#[tokio::test]
async fn fresh_proof_needs_a_time_that_is_fresh() {
    let scene = Scene::set();
    let now = scene.ours.clock.now().as_micros() / 1_000_000;
    for (value, right) in [
        (json!(now), true),
        (json!(now - 30), true),
        (json!(now - 120), false),
        (Value::Null, false),
    ] {
        let told = scene
            .told(Freshness::Now, |claims| claims["auth_time"] = value.clone())
            .await;
        match told {
            Ok(_) => assert!(right, "{value}"),
            Err(why) => assert_eq!((why, right), (TooWeak, false), "{value}"),
        }
    }
    // A proof that is yet to come.
    let told = scene
        .told(Freshness::Now, |claims| claims["auth_time"] = json!(now + 120))
        .await;
    assert_eq!(refusal(told), NotOurs);
}

#[tokio::test]
async fn only_the_provider_s_key_signs() {
    let scene = Scene::set();
    let foreign = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[4; 32]).unwrap();
    let told = scene
        .sign_in(Freshness::Any, |_, claims| {
            let message = message(&honest(), &claims);
            let signature = URL_SAFE_NO_PAD.encode(foreign.sign(message.as_bytes()));
            format!("{message}.{signature}")
        })
        .await;
    assert_eq!(refusal(told), NotOurs);
    // The secret that both have.
    let told = scene
        .sign_in(Freshness::Any, |_, claims| sign_with_secret(&claims))
        .await;
    assert_eq!(refusal(told), NotOurs);
    // Nothing.
    let unsigned = |_: &Liar, claims: Value| format!("{}.", message(&json!({ "alg": "none" }), &claims));
    assert_eq!(refusal(scene.sign_in(Freshness::Any, unsigned).await), NotOurs);
    for header in [
        json!({ "alg": "EdDSA", "kid": "key", "crit": ["x"], "x": 1 }),
        json!({ "alg": "RS256", "kid": "key" }),
        json!({ "alg": "EdDSA", "kid": "key", "typ": "logout+jwt" }),
        json!({ "alg": "EdDSA", "kid": "key", "cty": "JWT" }),
    ] {
        let told = scene
            .sign_in(Freshness::Any, |liar, claims| liar.sign(&header, &claims))
            .await;
        assert_eq!(refusal(told), NotOurs, "{header}");
    }
    // No key named: then any of the provider's.
    let told = scene
        .sign_in(Freshness::Any, |liar, claims| {
            liar.sign(&json!({ "alg": "EdDSA" }), &claims)
        })
        .await;
    assert_eq!(told.unwrap().subject, "anna");
}

#[tokio::test]
async fn made_up_keys_make_us_ask_once_a_minute() {
    let scene = Scene::set();
    for _ in 0..3 {
        let header = json!({ "alg": "EdDSA", "kid": "made-up" });
        let told = scene
            .sign_in(Freshness::Any, |liar, claims| liar.sign(&header, &claims))
            .await;
        assert_eq!(refusal(told), NotOurs);
    }
    let asked = scene.liar.asked();
    let keys = asked.iter().filter(|path| *path == "/keys").count();
    // Once with discovery, once for the unknown key.
    assert_eq!(keys, 2, "{asked:?}");
}

#[tokio::test]
async fn what_is_no_token_is_no_answer() {
    let scene = Scene::set();
    let ok = |body: &str| Said {
        body: body.to_owned(),
        ..Said::json(&Value::Null)
    };
    let error = |code: &str| Said {
        status: "400 Bad Request",
        ..Said::json(&json!({ "error": code }))
    };
    let long = format!("{{\"access_token\":\"{}\"}}", "a".repeat(300_000));
    for (said, why) in [
        (error("invalid_grant"), NotOurs),
        (error("invalid_client"), Unavailable),
        (error("anything"), Unavailable),
        (ok(r#"{"access_token":"a","token_type":"Bearer"}"#), Unavailable),
        (
            ok(r#"{"access_token":"a","token_type":"Bearer","id_token":"a.b.c"}"#),
            Unavailable,
        ),
        (ok("{}"), Unavailable),
        (ok(&long), Unavailable),
        (
            Said {
                kind: "text/html",
                ..ok("<p>Sorry")
            },
            Unavailable,
        ),
        (
            Said {
                status: "302 Found",
                more: format!("location: {}/keys\r\n", scene.liar.issuer),
                ..ok("")
            },
            Unavailable,
        ),
    ] {
        let departure = scene.ours.depart("one", Freshness::Any).await.unwrap();
        scene.liar.gives(said.clone());
        let told = scene.ours.arrive(&departure, &code()).await;
        assert_eq!(refusal(told), why, "{} {:.60}", said.status, said.body);
    }
}

#[tokio::test]
async fn errors_of_the_provider_have_a_meaning() {
    let scene = Scene::set();
    let departure = scene.ours.depart("one", Freshness::Any).await.unwrap();
    for (error, why) in [
        ("access_denied", ProviderRefusal::Declined),
        ("login_required", ProviderRefusal::Declined),
        ("unmet_authentication_requirements", TooWeak),
        ("temporarily_unavailable", Unavailable),
        ("<script>", Unavailable),
    ] {
        let arrival = Arrival {
            error: Some(error.to_owned()),
            ..code()
        };
        assert_eq!(
            refusal(scene.ours.arrive(&departure, &arrival).await),
            why,
            "{error}"
        );
    }
    // A code that no provider would send costs no call.
    let before = scene.liar.asked().len();
    for wrong in [String::new(), "a".repeat(9_000)] {
        let arrival = Arrival {
            code: Some(wrong),
            ..code()
        };
        assert_eq!(refusal(scene.ours.arrive(&departure, &arrival).await), NotOurs);
    }
    assert_eq!(scene.liar.asked().len(), before);
}
