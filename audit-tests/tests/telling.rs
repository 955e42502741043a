//! A recipient is told of a withdrawal by `fiducie serve`, whatever the recipient does and however often the broker is
//! killed; a person's letters lie in the outbox until she is erased.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[path = "telling/breach.rs"]
mod breach;
#[path = "telling/member.rs"]
mod member;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use audit_tests::server::{Answer, Server};
use audit_tests::town::{self, RunningClock, Town};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::identity::Later;
use broker_domain::ids::{ConsentId, DossierId, MessageId};
use broker_domain::policy::Principal;
use broker_domain::telling::{CallFailure, Caller, Letter, Post, PostFailure, ShortMessage, ShortPost};
use broker_domain::volume::VolumeRule;
use broker_keys::Keys;
use broker_service::{Broker, Duties, Member, TellingParts};
use broker_store::{Duty, RouteRow, Store as _};
use broker_store_sqlite::{Create, SqliteStore};
use evidence::jcs;
use evidence::jws::{Jwk, Jws};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

const HERS: &str = "anneke@home.example";

/// A recipient: what it is sent, one connection at a time.
struct Recipient {
    listener: TcpListener,
    key: Ed25519KeyPair,
}

impl Recipient {
    fn new() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            key: Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap(),
        }
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.listener.local_addr().unwrap())
    }

    fn jwk(&self) -> Jwk {
        Jwk::Ed25519 {
            x: self.key.public_key().as_ref().try_into().unwrap(),
        }
    }

    /// The next notice, and the connection on which nothing was answered yet.
    fn told(&self) -> (String, TcpStream) {
        let (mut stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut seen, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            let text = String::from_utf8_lossy(&seen).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                if length.is_some_and(|length| length.parse() == Ok(body.len())) {
                    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
                    assert!(head.contains("content-type: application/jose"), "{head}");
                    return (body.to_owned(), stream);
                }
            }
            let read = stream.read(&mut chunk).unwrap();
            assert!(read > 0, "the broker hung up: {text}");
            seen.extend_from_slice(&chunk[..read]);
        }
    }

    fn signed(&self, typ: &str, payload: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "kid": self.jwk().thumbprint().as_str(), "typ": typ });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(jcs::to_bytes(value).unwrap());
        let input = format!("{}.{}", encode(&header), encode(payload));
        let signature = self.key.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn answer(mut stream: TcpStream, head: &str) {
    stream
        .write_all(format!("{head}\r\ncontent-length: 0\r\n\r\n").as_bytes())
        .unwrap();
    // The broker reads it before the connection ends.
    let _ = stream.read(&mut [0; 16]);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

async fn store(town: &Town) -> SqliteStore {
    SqliteStore::open(&town.data().join("broker.db"), Create::Never)
        .await
        .unwrap()
}

/// As if the time until the next attempt had passed.
fn time_passes(town: &Town, consent: ConsentId) {
    runtime().block_on(async {
        let store = store(town).await;
        let mut tx = store.begin("time passes").await.unwrap();
        for notice in tx.notices_about(consent).await.unwrap() {
            let past = RunningClock::system().plus_seconds(-1);
            tx.begin_notice(notice.id, Some(past)).await.unwrap();
        }
        tx.commit().await.unwrap();
        store.close().await;
    });
}

/// Waits until a line of the log says so.
fn until_logged(server: &Server, words: &str) {
    for _ in 0..200 {
        if server.log().contains(words) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("`{words}` was not logged:\n{}", server.log());
}

fn acknowledge(server: &Server, credential: &str, dossier: &str, jws: &str) -> Answer {
    let bearer = format!("Bearer {credential}");
    let headers = [
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
    ];
    let body = json!({ "answer": jws }).to_string();
    let path = format!("/api/v1/withdrawals/{dossier}/acknowledgement");
    server.ask("POST", &path, &headers, body.as_bytes())
}

fn found(recipient: &Recipient) -> Town {
    let (url, jwk) = (recipient.url(), recipient.jwk());
    let (town, ()) = Town::found_with(2, async |broker, _| {
        let application = broker.read().await.unwrap().applications().await.unwrap();
        let route = RouteRow {
            application: application[0].id,
            webhook_url: url,
            signing_jwk: String::from_utf8(jcs::to_bytes(&jwk).unwrap()).unwrap(),
            duty: Duty::Delete,
        };
        broker.enrol_member(Member::Webhook(route)).await.unwrap();
    });
    runtime().block_on(async {
        let broker = town::start(&town.data(), RunningClock::starting(RunningClock::system())).await;
        let who = town.residents[0].participant;
        let address = HERS.parse().unwrap();
        broker.put_mailbox(who, Some(&address)).await.unwrap();
        let code = code(&broker).await;
        broker.confirm_address(who, &code).await.unwrap();
    });
    town
}

/// Nobody is called while a town is founded.
struct Nobody;

impl ShortPost for Nobody {
    fn send<'a>(&'a self, _: &'a ShortMessage) -> Later<'a, Result<(), PostFailure>> {
        Box::pin(async { Err(PostFailure::Unreached) })
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn destroy(&self, _: MessageId) -> Later<'_, Result<(), PostFailure>> {
        Box::pin(async { Ok(()) })
    }
}

impl Caller for Nobody {
    fn post<'a>(&'a self, _: &'a str, _: &'a str) -> Later<'a, Result<(), CallFailure>> {
        Box::pin(async { Err(CallFailure::Unreached) })
    }
}

/// Keeps the letters that leave while a town is founded.
#[derive(Default)]
struct Kept(Mutex<Vec<Letter>>);

impl Post for Kept {
    fn send<'a>(&'a self, letter: &'a Letter) -> Later<'a, Result<(), PostFailure>> {
        self.0.lock().unwrap().push(letter.clone());
        Box::pin(async { Ok(()) })
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn destroy(&self, _: MessageId) -> Later<'_, Result<(), PostFailure>> {
        Box::pin(async { Ok(()) })
    }
}

/// The code that was sent to an address.
async fn code(broker: &Arc<Broker>) -> String {
    let kept = Arc::new(Kept::default());
    let parts = TellingParts {
        post: Arc::<Kept>::clone(&kept),
        short: Arc::new(Nobody),
        caller: Arc::new(Nobody),
        site: "https://broker.example".into(),
        operator: "Fiducie".into(),
        staff: None,
        volume: VolumeRule::default(),
    };
    Duties::new(Arc::clone(broker), parts).round().await.unwrap();
    let letters = kept.0.lock().unwrap();
    let is_code = |line: &&str| line.len() == 14 && line.matches('-').count() == 2;
    let mut lines = letters.iter().flat_map(|letter| letter.body.lines());
    lines.rfind(is_code).unwrap().to_owned()
}

fn withdraw(town: &Town) -> ConsentId {
    let consent = town.residents[0].consent.unwrap();
    runtime().block_on(async {
        let broker = town::start(&town.data(), RunningClock::starting(RunningClock::system())).await;
        broker
            .withdraw(town.residents[0].participant, consent)
            .await
            .unwrap();
    });
    consent
}

#[test]
fn a_recipient_is_told_whatever_it_does_and_however_often_the_broker_is_killed() {
    let recipient = Recipient::new();
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let town = found(&recipient);
    let consent = withdraw(&town);

    // Slow: the broker is killed while it waits for the answer.
    let server = Server::start(&town);
    let (first, held) = recipient.told();
    server.kill();
    drop(held);

    // A redirect, to where only this machine reaches: an answer like any other that is no 2xx.
    time_passes(&town, consent);
    let server = Server::start(&town);
    let (_, stream) = recipient.told();
    let aim = trap.local_addr().unwrap();
    answer(
        stream,
        &format!("HTTP/1.1 307 x\r\nlocation: http://{aim}/inside"),
    );
    until_logged(&server, "the answer was 307, not 2xx");
    assert!(trap.accept().is_err(), "the redirect was followed");
    server.kill();

    time_passes(&town, consent);
    let server = Server::start(&town);
    let (_, stream) = recipient.told();
    answer(stream, "HTTP/1.1 500 x");
    until_logged(&server, "the answer was 500, not 2xx");
    server.kill();

    time_passes(&town, consent);
    let server = Server::start(&town);
    let (last, stream) = recipient.told();
    answer(stream, "HTTP/1.1 204 x");
    assert_eq!(first, last, "one withdrawal is told in the same bytes each time");
    let record = Keys::load(&town.data().join("keys")).unwrap().record.public_key();
    let payload = Jws::from_stored(last).verify_as("fiducie-withdrawal+jws", &Jwk::Ed25519 { x: record });
    let notice: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    assert_eq!(notice["authorisation"], consent.to_string());
    let dossier = notice["dossier"].as_str().unwrap();

    answers(&recipient, &town, server, &notice);
    runtime().block_on(async {
        let store = store(&town).await;
        let id: DossierId = dossier.parse().unwrap();
        let rows = store.read().await.unwrap().notices_in(id).await.unwrap();
        assert!(rows[0].answer.is_some() && rows[0].due_at.is_none());
    });
}

/// Wrong answers, the right one, a kill, and the right one again.
fn answers(recipient: &Recipient, town: &Town, server: Server, notice: &Value) {
    let dossier = notice["dossier"].as_str().unwrap();
    let credential = &town.application.credential;
    let now = RunningClock::system();
    let said = json!({
        "authorisation": notice["authorisation"], "dossier": dossier, "past_data": "delete",
        "delete_by": now.plus_seconds(86_400).to_string(), "received_at": now.to_string(),
    });
    let good = recipient.signed("fiducie-acknowledgement+jws", &said);
    let stranger = Recipient {
        key: Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap(),
        listener: TcpListener::bind("127.0.0.1:0").unwrap(),
    };
    let forged = stranger.signed("fiducie-acknowledgement+jws", &said);
    let size = server.tree_size();
    assert_eq!(acknowledge(&server, "nobody", dossier, &good).status, 401);
    let refused = acknowledge(&server, credential, dossier, &forged);
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (401, &"signature-wrong".into())
    );
    let elsewhere = "1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31";
    assert_eq!(acknowledge(&server, credential, elsewhere, &good).status, 404);
    assert_eq!(server.tree_size(), size, "what is refused leaves no record");

    let taken = acknowledge(&server, credential, dossier, &good);
    assert_eq!(taken.status, 200, "{}", String::from_utf8_lossy(&taken.body));
    // One record for the person, one for the recipient, and the map root of their batch.
    assert_eq!(server.tree_size(), size + 3);
    server.kill();
    let server = Server::start(town);
    let again = acknowledge(&server, credential, dossier, &good);
    assert_eq!((again.status, again.json()), (200, taken.json()));
    assert_eq!(server.tree_size(), size + 3);
    let log = server.stop();
    assert!(
        !log.contains(HERS) && !log.contains(credential.as_str()),
        "in the log"
    );
}

#[test]
fn letters_lie_in_the_outbox_until_their_person_is_erased() {
    let recipient = Recipient::new();
    let town = found(&recipient);
    withdraw(&town);
    let outbox = town.data().join("outbox");
    let letters = || -> Vec<String> {
        let entries = fs::read_dir(&outbox).into_iter().flatten();
        let files = entries.map(|entry| entry.unwrap().path());
        let letters = files.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
        letters.map(|path| fs::read_to_string(path).unwrap()).collect()
    };
    let server = Server::start(&town);
    for _ in 0..300 {
        if !letters().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let [letter] = &letters()[..] else {
        panic!("{} letters", letters().len())
    };
    assert!(letter.contains(&format!("To: {HERS}\r\n")), "{letter}");
    server.kill();
    // A second start sends nothing twice.
    let server = Server::start(&town);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(letters().len(), 1);
    assert!(!server.stop().contains(HERS), "an address in the log");

    runtime().block_on(async {
        let broker = town::start(&town.data(), RunningClock::starting(RunningClock::system())).await;
        let who = town.residents[0].participant;
        broker.erase(Principal::Participant(who), who).await.unwrap();
    });
    let server = Server::start(&town);
    for _ in 0..300 {
        if letters().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(letters().is_empty());
    let _ = server.stop();
}
