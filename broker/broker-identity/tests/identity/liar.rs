//! A provider that answers what a test tells it to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::ports::SECRET;

/// One answer.
#[derive(Clone)]
pub struct Said {
    pub status: &'static str,
    pub kind: &'static str,
    pub more: String,
    pub body: String,
    pub after: Duration,
}

impl Said {
    pub fn json(value: &Value) -> Self {
        Self {
            status: "200 OK",
            kind: "application/json",
            more: String::new(),
            body: value.to_string(),
            after: Duration::ZERO,
        }
    }
}

struct Script {
    metadata: Said,
    keys: Said,
    tokens: Said,
    asked: Vec<String>,
}

pub struct Liar {
    pub issuer: String,
    key: Ed25519KeyPair,
    script: Arc<Mutex<Script>>,
}

impl Liar {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
        let x = URL_SAFE_NO_PAD.encode(key.public_key());
        let jwk =
            json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "key", "x": x });
        let script = Arc::new(Mutex::new(Script {
            metadata: Said::json(&metadata(&issuer)),
            keys: Said::json(&json!({ "keys": [jwk] })),
            tokens: Said::json(&json!({})),
            asked: Vec::new(),
        }));
        let served = Arc::clone(&script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let script = Arc::clone(&served);
                thread::spawn(move || drop(serve(&stream, &script)));
            }
        });
        Self { issuer, key, script }
    }

    /// Discovery answers that from now on.
    pub fn describes_itself(&self, said: Said) {
        self.script.lock().unwrap().metadata = said;
    }

    /// The token endpoint answers that from now on.
    pub fn gives(&self, said: Said) {
        self.script.lock().unwrap().tokens = said;
    }

    /// Discovery, with this member otherwise (`null`: without it).
    pub fn describes_itself_with(&self, member: &str, value: Value) {
        let mut metadata = metadata(&self.issuer);
        metadata[member] = value;
        metadata
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        self.describes_itself(Said::json(&metadata));
    }

    /// The token endpoint gives this ID token.
    pub fn gives_token(&self, token: &str) {
        self.gives(Said::json(&json!({
            "access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": token,
        })));
    }

    /// An ID token with the provider's signature.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// Paths that were asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.script.lock().unwrap().asked.clone()
    }
}

/// An ID token "signed" with the secret that we share with the provider.
pub fn sign_with_secret(claims: &Value) -> String {
    let message = message(&json!({ "alg": "HS256" }), claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
    format!("{message}.{tag}")
}

/// Header and claims of a token, without signature.
pub fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    })
}

fn serve(stream: &TcpStream, script: &Mutex<Script>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let said = {
        let mut script = script.lock().unwrap();
        script.asked.push(path.clone());
        match path.as_str() {
            "/.well-known/openid-configuration" => script.metadata.clone(),
            "/keys" => script.keys.clone(),
            // Our secret comes in the body, as this provider asks; without it there is nothing.
            "/token" if String::from_utf8_lossy(&body).contains("client_secret=a+secret+of+a+test") => {
                script.tokens.clone()
            }
            _ => Said {
                status: "404 Not Found",
                ..Said::json(&json!({}))
            },
        }
    };
    thread::sleep(said.after);
    let Said {
        status,
        kind,
        more,
        body,
        ..
    } = said;
    let length = body.len();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{more}connection: close\r\n\r\n{body}"
    )
}
