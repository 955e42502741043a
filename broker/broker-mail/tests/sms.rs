//! Short messages handed to a gateway: what it is sent, and what its answers mean.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use broker_domain::ids::MessageId;
use broker_domain::telling::{PostFailure, ShortMessage, ShortPost as _};
use broker_mail::{GatewaySettings, Networks, SmsGateway};
use serde_json::{Value, json};

/// What a gateway saw of one request.
#[derive(Debug, Clone)]
struct Seen {
    authorization: String,
    key: String,
    body: Value,
}

#[derive(Default)]
struct Gateway {
    status: Mutex<u16>,
    hangs: Mutex<bool>,
    seen: Mutex<Vec<Seen>>,
}

async fn take(State(gateway): State<Arc<Gateway>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    gateway.seen.lock().unwrap().push(Seen {
        authorization: text("authorization"),
        key: text("idempotency-key"),
        body: serde_json::from_slice(&body).unwrap(),
    });
    let hangs = *gateway.hangs.lock().unwrap();
    if hangs {
        std::future::pending::<()>().await;
    }
    let status = StatusCode::from_u16(*gateway.status.lock().unwrap()).unwrap();
    (status, [(header::LOCATION, "/elsewhere")], "+33612345678 refused").into_response()
}

async fn elsewhere(State(gateway): State<Arc<Gateway>>) -> StatusCode {
    gateway.seen.lock().unwrap().clear();
    StatusCode::OK
}

async fn gateway(patience: Duration) -> (Arc<Gateway>, SmsGateway) {
    let gateway = Arc::new(Gateway::default());
    let router = Router::new()
        .route("/send", post(take))
        .route("/elsewhere", post(elsewhere).get(elsewhere))
        .with_state(Arc::clone(&gateway));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let settings = GatewaySettings {
        url,
        token: "s3cret".into(),
        networks: Networks::Public,
        patience,
    };
    (gateway, SmsGateway::new(settings).unwrap())
}

fn message() -> ShortMessage {
    ShortMessage {
        id: MessageId::from_bytes([7; 16]),
        to: "+33612345678".parse().unwrap(),
        text: "Un message vous attend : \"connexion\"".into(),
    }
}

#[tokio::test]
async fn a_gateway_gets_number_text_token_and_one_key_for_every_attempt() {
    let (gateway, sms) = gateway(Duration::from_secs(5)).await;
    *gateway.status.lock().unwrap() = 202;
    sms.send(&message()).await.unwrap();
    sms.send(&message()).await.unwrap();
    let seen = gateway.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        seen[0].body,
        json!({"to": "+33612345678", "text": "Un message vous attend : \"connexion\""})
    );
    assert_eq!(seen[0].authorization, "Bearer s3cret");
    assert_eq!(seen[0].key, message().id.to_string());
    assert_eq!(seen[0].key, seen[1].key);
}

#[tokio::test]
async fn its_answers_mean_never_later_or_nobody_and_repeat_no_number() {
    let (gateway, sms) = gateway(Duration::from_secs(5)).await;
    for (status, failure) in [
        (400, PostFailure::Refused),
        (422, PostFailure::Refused),
        (401, PostFailure::Barred),
        (402, PostFailure::Barred),
        (404, PostFailure::Barred),
        (429, PostFailure::Later),
        (500, PostFailure::Later),
        (503, PostFailure::Later),
    ] {
        *gateway.status.lock().unwrap() = status;
        let error = sms.send(&message()).await.unwrap_err();
        assert_eq!(error, failure, "{status}");
        assert!(!error.to_string().contains("336"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (gateway, sms) = gateway(Duration::from_secs(5)).await;
    *gateway.status.lock().unwrap() = 307;
    assert_eq!(sms.send(&message()).await, Err(PostFailure::Later));
    assert_eq!(
        gateway.seen.lock().unwrap().len(),
        1,
        "the other address was not called"
    );
}

#[tokio::test]
async fn a_gateway_that_never_answers_is_left_when_patience_ends() {
    let (gateway, sms) = gateway(Duration::from_millis(300)).await;
    *gateway.hangs.lock().unwrap() = true;
    let began = Instant::now();
    assert_eq!(sms.send(&message()).await, Err(PostFailure::Unreached));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn nobody_there_is_not_a_refusal() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let settings = GatewaySettings {
        url: format!("http://127.0.0.1:{port}/send"),
        token: "s3cret".into(),
        networks: Networks::Public,
        patience: Duration::from_secs(5),
    };
    let sms = SmsGateway::new(settings).unwrap();
    assert_eq!(sms.send(&message()).await, Err(PostFailure::Unreached));
}
