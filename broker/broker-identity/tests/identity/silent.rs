//! Providers that are down, slow, or something else.

use std::time::{Duration, Instant};

use broker_domain::identity::{Freshness, ProviderRefusal};
use broker_identity::ProviderConfig;
use serde_json::{Value, json};

use crate::liar::{Liar, Said};
use crate::ports::{Ours, config, refusal};

async fn departs(ours: &Ours) -> bool {
    match ours.depart("one", Freshness::Any).await {
        Ok(_) => true,
        Err(why) => {
            assert_eq!(why, ProviderRefusal::Unavailable);
            false
        }
    }
}

#[tokio::test]
async fn what_is_no_provider_is_unavailable() {
    let liar = Liar::start();
    let html = Said {
        kind: "text/html",
        body: "<html>".to_owned(),
        ..Said::json(&Value::Null)
    };
    let moved = Said {
        status: "301 Moved Permanently",
        more: format!("location: {}/keys\r\n", liar.issuer),
        ..Said::json(&Value::Null)
    };
    let long = Said::json(&json!({ "issuer": "a".repeat(300_000) }));
    for said in [html, moved, long, Said::json(&json!({})), Said::json(&json!([]))] {
        liar.describes_itself(said);
        assert!(!departs(&Ours::new(vec![config("one", &liar.issuer)])).await);
    }
    assert!(
        !liar.asked().contains(&"/keys".to_owned()),
        "a redirect was followed"
    );
    let wrong = [
        ("issuer", json!("https://other.example")),
        ("token_endpoint", Value::Null),
        ("token_endpoint", json!("https://elsewhere.example/token")),
        ("token_endpoint", json!("http://169.254.169.254/latest")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("jwks_uri", json!(format!("{}/nothing", liar.issuer))),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("end_session_endpoint", json!("javascript:alert(1)")),
    ];
    for (member, value) in wrong {
        liar.describes_itself_with(member, value.clone());
        let ours = Ours::new(vec![config("one", &liar.issuer)]);
        assert!(!departs(&ours).await, "{member} {value}");
    }
    liar.describes_itself_with("end_session_endpoint", Value::Null);
    assert!(departs(&Ours::new(vec![config("one", &liar.issuer)])).await);
}

#[tokio::test]
async fn a_slow_provider_costs_its_time_limit_once() {
    let liar = Liar::start();
    liar.describes_itself(Said {
        after: Duration::from_secs(20),
        ..Said::json(&json!({}))
    });
    let limit = Duration::from_millis(300);
    let slow = ProviderConfig {
        time_limit: limit,
        ..config("one", &liar.issuer)
    };
    let quick = Liar::start();
    let ours = Ours::new(vec![slow, config("two", &quick.issuer)]);
    let started = Instant::now();
    // Three people at once wait for one question, and nobody waits at the other provider.
    let (one, two, three, other) = tokio::join!(
        departs(&ours),
        departs(&ours),
        departs(&ours),
        ours.depart("two", Freshness::Any)
    );
    assert!(!one && !two && !three && other.is_ok());
    assert!(started.elapsed() < limit * 3, "{:?}", started.elapsed());
    assert_eq!(liar.asked().len(), 1);
    // Left alone for a moment, then asked again.
    assert!(!departs(&ours).await);
    assert_eq!(liar.asked().len(), 1);
    ours.clock.turn(5);
    assert!(!departs(&ours).await);
    assert_eq!(liar.asked().len(), 2);
}

#[tokio::test]
async fn a_provider_is_asked_once_an_hour_and_missed_after_a_day() {
    let liar = Liar::start();
    let down = Said {
        status: "503 Service Unavailable",
        ..Said::json(&json!({}))
    };
    liar.describes_itself(down.clone());
    let ours = Ours::new(vec![config("one", &liar.issuer)]);
    assert!(!departs(&ours).await);
    // It comes back.
    liar.describes_itself_with("end_session_endpoint", Value::Null);
    ours.clock.turn(5);
    assert!(departs(&ours).await && departs(&ours).await);
    let asked = liar.asked().len();
    assert_eq!(asked, 3);
    ours.clock.turn(3_600);
    assert!(departs(&ours).await);
    assert_eq!(liar.asked().len(), asked + 2);
    // It goes away: what is known of it lasts for a day.
    liar.describes_itself(down);
    ours.clock.turn(3_600);
    assert!(departs(&ours).await);
    ours.clock.turn(86_400);
    assert!(!departs(&ours).await);
}

#[tokio::test]
async fn nobody_there_is_unavailable_and_keeps_nothing_from_starting() {
    let ours = Ours::new(vec![config("one", "http://127.0.0.1:1")]);
    assert_eq!(
        refusal(ours.depart("one", Freshness::Now).await),
        ProviderRefusal::Unavailable
    );
}

#[tokio::test]
async fn nobody_waits_for_what_is_known_already() {
    let liar = Liar::start();
    let ours = Ours::new(vec![config("one", &liar.issuer)]);
    assert!(departs(&ours).await);
    // An hour later the provider has become slow: one person waits for it, the others do not.
    ours.clock.turn(3_600);
    liar.describes_itself(Said {
        after: Duration::from_secs(2),
        status: "503 Service Unavailable",
        ..Said::json(&json!({}))
    });
    let first = async { (departs(&ours).await, Instant::now()) };
    let second = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        (departs(&ours).await, Instant::now())
    };
    let ((first, first_at), (second, second_at)) = tokio::join!(first, second);
    assert!(first && second && second_at < first_at);
}
