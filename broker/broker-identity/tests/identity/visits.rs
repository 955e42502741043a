//! The whole way through npm's `oidc-provider`, unmodified.

use std::sync::Arc;

use broker_domain::identity::{Arrival, Freshness, IdentityProviders as _, ProviderRefusal};
use broker_domain::time::Clock as _;
use broker_identity::{AssertionSigner, ClientProof, ProviderConfig};
use openidconnect::url::Url;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

use crate::browser::{Browser, Returned, query};
use crate::peer::{Peer, client};
use crate::ports::{CLIENT, Ours, config, refusal};

fn one(peer: &Peer) -> Ours {
    Ours::new(vec![config("one", &peer.issuer)])
}

fn encoded(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a_person_signs_in() {
    let Some(peer) = Peer::start() else { return };
    let ours = Ours::new(vec![ProviderConfig {
        farewell_url: Some("http://127.0.0.1:9/signed-out".to_owned()),
        ..config("one", &peer.issuer)
    }]);
    let departure = ours.depart("one", Freshness::Any).await.unwrap();
    let asked = query(&departure.url);
    assert_eq!(asked["scope"], "openid");
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!((asked["state"].len(), asked["nonce"].len()), (43, 43));
    assert!(!asked.contains_key("prompt") && !asked.contains_key("max_age"));

    let mut browser = Browser::new();
    let back = browser.visit(&departure.url, "account=anna");
    assert_eq!(back.state, departure.state);
    let identity = ours.arrive(&departure, &back.arrival).await.unwrap();
    assert_eq!(
        (identity.issuer.as_str(), identity.subject.as_str()),
        (peer.issuer.as_str(), "anna")
    );

    // Signing out there: the address names nobody, and the provider knows it.
    let goodbye = identity.goodbye.unwrap();
    let said = query(&goodbye);
    assert_eq!(
        said.keys().map(String::as_str).collect::<Vec<_>>(),
        ["client_id", "post_logout_redirect_uri"]
    );
    let (status, _, page) = browser.step(&Url::parse(&goodbye).unwrap());
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("logout"), "{page}");
}

#[tokio::test]
async fn every_algorithm_that_we_accept_is_verified() {
    let algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
    let clients: Vec<_> = algorithms
        .iter()
        .map(|algorithm| {
            let mut client = client();
            client["client_id"] = json!(algorithm);
            client["id_token_signed_response_alg"] = json!(algorithm);
            client
        })
        .collect();
    let Some(peer) = Peer::with(&json!({ "clients": clients, "acr": [] })) else {
        return;
    };
    for algorithm in algorithms {
        let ours = Ours::new(vec![ProviderConfig {
            client_id: algorithm.to_owned(),
            ..config("one", &peer.issuer)
        }]);
        let departure = ours.depart("one", Freshness::Any).await.unwrap();
        let back = Browser::new().visit(&departure.url, "account=anna");
        let identity = ours.arrive(&departure, &back.arrival).await;
        assert!(identity.is_ok(), "{algorithm}: {:?}", identity.err());
    }
}

struct Signer(Ed25519KeyPair);

impl AssertionSigner for Signer {
    fn algorithm(&self) -> &str {
        "EdDSA"
    }

    fn key_id(&self) -> &str {
        "ours"
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.0.sign(message).as_ref().to_vec())
    }
}

#[tokio::test]
async fn the_broker_proves_itself_with_a_key() {
    let key = |seed| Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let jwk =
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ours", "x": encoded(key(1).public_key().as_ref()) });
    let mut client = client();
    client.as_object_mut().unwrap().remove("client_secret");
    client["token_endpoint_auth_method"] = json!("private_key_jwt");
    client["token_endpoint_auth_signing_alg"] = json!("EdDSA");
    client["jwks"] = json!({ "keys": [jwk] });
    let Some(peer) = Peer::with(&json!({ "clients": [client], "acr": [] })) else {
        return;
    };
    for (seed, right) in [(1, true), (2, false)] {
        let ours = Ours::new(vec![ProviderConfig {
            proof: ClientProof::PrivateKey(Arc::new(Signer(key(seed)))),
            ..config("one", &peer.issuer)
        }]);
        let departure = ours.depart("one", Freshness::Any).await.unwrap();
        let back = Browser::new().visit(&departure.url, "account=anna");
        let identity = ours.arrive(&departure, &back.arrival).await;
        if right {
            assert_eq!(identity.unwrap().subject, "anna");
        } else {
            assert_eq!(refusal(identity), ProviderRefusal::Unavailable);
        }
    }
}

#[tokio::test]
async fn a_wrong_secret_is_not_the_person_s_fault() {
    let Some(peer) = Peer::start() else { return };
    let ours = Ours::new(vec![ProviderConfig {
        proof: ClientProof::Secret("another secret".into()),
        ..config("one", &peer.issuer)
    }]);
    let departure = ours.depart("one", Freshness::Any).await.unwrap();
    let back = Browser::new().visit(&departure.url, "account=anna");
    assert_eq!(
        refusal(ours.arrive(&departure, &back.arrival).await),
        ProviderRefusal::Unavailable
    );
}

#[tokio::test]
async fn a_session_of_the_provider_is_enough_until_fresh_proof_is_asked() {
    let Some(peer) = Peer::start() else { return };
    let ours = one(&peer);
    let mut browser = Browser::new();
    let departure = ours.depart("one", Freshness::Any).await.unwrap();
    let back = browser.visit(&departure.url, "account=anna");
    ours.arrive(&departure, &back.arrival).await.unwrap();

    // The session is there: no question any more, so an answer of `no` is never given.
    let departure = ours.depart("one", Freshness::Any).await.unwrap();
    let back = browser.visit(&departure.url, "no");
    assert_eq!(
        ours.arrive(&departure, &back.arrival).await.unwrap().subject,
        "anna"
    );

    // She is asked again, and the answer says when.
    let departure = ours.depart("one", Freshness::Now).await.unwrap();
    let asked = query(&departure.url);
    assert_eq!(
        (asked["prompt"].as_str(), asked["max_age"].as_str()),
        ("login", "0")
    );
    let back = browser.visit(&departure.url, "account=anna");
    let identity = ours.arrive(&departure, &back.arrival).await.unwrap();
    let age_us = ours.clock.now().as_micros() - identity.proved_at.unwrap().as_micros();
    assert!((0..60_000_000).contains(&age_us), "{age_us}");
}

#[tokio::test]
async fn an_answer_without_fresh_proof_is_too_weak() {
    let Some(peer) = Peer::start() else { return };
    let ours = one(&peer);
    let departure = ours.depart("one", Freshness::Now).await.unwrap();
    // Somebody takes the demand out of the address on its way.
    let mut url = Url::parse(&departure.url).unwrap();
    let kept: Vec<_> = url.query_pairs().into_owned().collect();
    let kept = kept
        .iter()
        .filter(|(name, _)| name != "prompt" && name != "max_age");
    url.query_pairs_mut().clear().extend_pairs(kept);
    let back = Browser::new().visit(url.as_str(), "account=anna");
    assert_eq!(
        refusal(ours.arrive(&departure, &back.arrival).await),
        ProviderRefusal::TooWeak
    );
}

#[tokio::test]
async fn the_level_of_assurance_is_asked_for_and_checked() {
    let Some(peer) = Peer::start() else { return };
    let ours = Ours::new(vec![ProviderConfig {
        acr_values: vec!["high".to_owned()],
        ..config("one", &peer.issuer)
    }]);
    for (answer, right) in [
        ("account=anna&acr=high", true),
        ("account=anna&acr=low", false),
        ("account=anna", false),
    ] {
        let departure = ours.depart("one", Freshness::Any).await.unwrap();
        assert_eq!(query(&departure.url)["acr_values"], "high");
        let back = Browser::new().visit(&departure.url, answer);
        let identity = ours.arrive(&departure, &back.arrival).await;
        if right {
            assert_eq!(identity.unwrap().assurance.as_deref(), Some("high"));
        } else {
            assert_eq!(refusal(identity), ProviderRefusal::TooWeak, "{answer}");
        }
    }
}

#[tokio::test]
async fn a_person_who_says_no_is_declined() {
    let Some(peer) = Peer::start() else { return };
    let ours = one(&peer);
    let departure = ours.depart("one", Freshness::Any).await.unwrap();
    let back = Browser::new().visit(&departure.url, "no");
    assert_eq!(back.arrival.error.as_deref(), Some("access_denied"));
    assert_eq!(back.state, departure.state);
    assert_eq!(
        refusal(ours.arrive(&departure, &back.arrival).await),
        ProviderRefusal::Declined
    );
}

#[tokio::test]
async fn a_code_works_once_and_only_for_whoever_asked() {
    let Some(peer) = Peer::start() else { return };
    let ours = one(&peer);
    let departure = ours.depart("one", Freshness::Any).await.unwrap();
    let other = ours.depart("one", Freshness::Any).await.unwrap();
    let back = Browser::new().visit(&departure.url, "account=anna");
    let theirs = Browser::new().visit(&other.url, "account=mallory");
    // A code put into another person's sign-in fails at the PKCE verifier.
    assert_eq!(
        refusal(ours.arrive(&departure, &theirs.arrival).await),
        ProviderRefusal::NotOurs
    );
    ours.arrive(&departure, &back.arrival).await.unwrap();
    assert_eq!(
        refusal(ours.arrive(&departure, &back.arrival).await),
        ProviderRefusal::NotOurs
    );
}

#[tokio::test]
async fn clocks_may_differ_by_a_minute_and_no_more() {
    let Some(peer) = Peer::start() else { return };
    // Tokens of this provider live for an hour.
    for (seconds, right) in [
        (0, true),
        (45, true),
        (-45, true),
        (-90, false),
        (3_645, true),
        (3_690, false),
    ] {
        let ours = one(&peer);
        if seconds < 0 {
            ours.clock.turn(seconds);
        }
        let departure = ours.depart("one", Freshness::Any).await.unwrap();
        let back = Browser::new().visit(&departure.url, "account=anna");
        if seconds > 0 {
            ours.clock.turn(seconds);
        }
        let identity = ours.arrive(&departure, &back.arrival).await;
        match identity {
            Ok(_) => assert!(right, "{seconds}"),
            Err(why) => assert_eq!((why, right), (ProviderRefusal::NotOurs, false), "{seconds}"),
        }
    }
}

#[tokio::test]
async fn new_keys_of_the_provider_are_fetched_once_a_minute() {
    let Some(peer) = Peer::start() else { return };
    // The test turns our clock by a minute, and the provider's stays behind.
    let ours = Ours::new(vec![ProviderConfig {
        clock_skew_s: 120,
        ..config("one", &peer.issuer)
    }]);
    let sign_in = async || {
        let departure = ours.depart("one", Freshness::Any).await.unwrap();
        let back = Browser::new().visit(&departure.url, "account=anna");
        ours.arrive(&departure, &back.arrival)
            .await
            .map(|identity| identity.subject)
    };
    assert_eq!(sign_in().await.unwrap(), "anna");
    peer.rotate();
    assert_eq!(sign_in().await.unwrap(), "anna");
    assert_eq!(sign_in().await.unwrap(), "anna");
    // Again within the minute: anybody could make us ask, so we wait.
    peer.rotate();
    assert_eq!(refusal(sign_in().await), ProviderRefusal::NotOurs);
    ours.clock.turn(61);
    assert_eq!(sign_in().await.unwrap(), "anna");
}

#[tokio::test]
async fn two_providers_side_by_side_are_not_mixed_up() {
    let Some(first) = Peer::start() else { return };
    let second = Peer::start().unwrap();
    let ours = Ours::new(vec![config("one", &first.issuer), config("two", &second.issuer)]);
    let names: Vec<_> = ours
        .providers
        .offered()
        .iter()
        .map(|provider| provider.id.as_str().to_owned())
        .collect();
    assert_eq!(names, ["one", "two"]);
    let one = ours.depart("one", Freshness::Any).await.unwrap();
    let two = ours.depart("two", Freshness::Any).await.unwrap();
    let from_one = Browser::new().visit(&one.url, "account=anna");
    let from_two = Browser::new().visit(&two.url, "account=anna");

    // The answer of the one to the question of the other: with its name, without, and with the other's name.
    let Returned { arrival, .. } = from_one;
    assert_eq!(arrival.issuer.as_deref(), Some(first.issuer.as_str()));
    for issuer in [arrival.issuer.clone(), None, Some(second.issuer.clone())] {
        let mixed = Arrival {
            code: arrival.code.clone(),
            error: None,
            issuer,
        };
        assert_eq!(refusal(ours.arrive(&two, &mixed).await), ProviderRefusal::NotOurs);
    }
    let here = ours.arrive(&one, &arrival).await.unwrap();
    let there = ours.arrive(&two, &from_two.arrival).await.unwrap();
    // One subject at two providers is two people until an account says otherwise.
    assert_eq!(here.subject, there.subject);
    assert!(here.issuer != there.issuer && here != there);
}

#[tokio::test]
async fn an_error_of_another_provider_is_not_believed() {
    let Some(peer) = Peer::start() else { return };
    let ours = one(&peer);
    let departure = ours.depart("one", Freshness::Any).await.unwrap();
    for issuer in [None, Some("https://other.example".to_owned())] {
        let arrival = Arrival {
            code: None,
            error: Some("access_denied".to_owned()),
            issuer,
        };
        assert_eq!(
            refusal(ours.arrive(&departure, &arrival).await),
            ProviderRefusal::NotOurs
        );
    }
    // Nothing at all.
    let arrival = Arrival {
        code: None,
        error: None,
        issuer: Some(peer.issuer.clone()),
    };
    assert_eq!(
        refusal(ours.arrive(&departure, &arrival).await),
        ProviderRefusal::NotOurs
    );
}

#[tokio::test]
async fn a_question_of_a_configuration_that_changed_is_not_answered() {
    let Some(peer) = Peer::start() else { return };
    let before = Ours::new(vec![config("one", "http://127.0.0.1:9")]);
    assert_eq!(
        refusal(before.depart("one", Freshness::Any).await),
        ProviderRefusal::Unavailable
    );
    assert_eq!(
        refusal(before.depart("two", Freshness::Any).await),
        ProviderRefusal::Unknown
    );
    let ours = one(&peer);
    let departure = ours.depart("one", Freshness::Any).await.unwrap();
    let back = Browser::new().visit(&departure.url, "account=anna");
    assert_eq!(
        refusal(before.arrive(&departure, &back.arrival).await),
        ProviderRefusal::NotOurs
    );
    let none = Ours::new(Vec::new());
    assert_eq!(
        refusal(none.arrive(&departure, &back.arrival).await),
        ProviderRefusal::Unknown
    );
    assert_eq!(CLIENT, query(&departure.url)["client_id"]);
}
