//! A scene in which messages leave: two ports that note what they are given and fail when told to.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::identity::Later;
use broker_domain::ids::{ConsentId, MessageId, PointId};
use broker_domain::telling::{CallFailure, Caller, Letter, Post, PostFailure, ShortMessage, ShortPost};
use broker_domain::volume::VolumeRule;
use broker_service::{Duties, Member, TellingParts, credential_hash};
use broker_store::{ApplicationRow, Duty, OfferRow, RouteRow};
use evidence::jcs;
use evidence::jws::Jwk;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::Value;
use test_support::{Notices, agree, application, offer, organisation};
use tokio::sync::Barrier;

use crate::scene::{Person, Scene, scene};

pub const DAY: i64 = 86_400;
pub const STAFF: &str = "desk@fiducie.example";
pub const HOOK: &str = "https://app.example/hook";

/// An outbox in memory.
#[derive(Default)]
pub struct Letters {
    pub sent: Mutex<Vec<Letter>>,
    pub fails: Mutex<Option<PostFailure>>,
    /// Whether the server takes a connection and never answers.
    pub hangs: Mutex<bool>,
    /// Where the next letter waits for calls.
    pub meet: Mutex<Option<Arc<Barrier>>>,
}

impl Post for Letters {
    fn send<'a>(&'a self, letter: &'a Letter) -> Later<'a, Result<(), PostFailure>> {
        Box::pin(async move {
            if let Some(failure) = *self.fails.lock().unwrap() {
                return Err(failure);
            }
            if *self.hangs.lock().unwrap() {
                std::future::pending::<()>().await;
            }
            let meet = self.meet.lock().unwrap().take();
            if let Some(meet) = meet {
                meet.wait().await;
            }
            self.sent.lock().unwrap().push(letter.clone());
            Ok(())
        })
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        Box::pin(async { Ok(self.sent.lock().unwrap().iter().map(|letter| letter.id).collect()) })
    }

    fn destroy(&self, id: MessageId) -> Later<'_, Result<(), PostFailure>> {
        Box::pin(async move {
            self.sent.lock().unwrap().retain(|letter| letter.id != id);
            Ok(())
        })
    }
}

/// A gateway in memory.
#[derive(Default)]
pub struct Shorts {
    pub sent: Mutex<Vec<ShortMessage>>,
    /// How often it was called, whatever it answered.
    pub calls: Mutex<usize>,
    pub fails: Mutex<Option<PostFailure>>,
    /// Whether it takes a connection and never answers.
    pub hangs: Mutex<bool>,
}

impl ShortPost for Shorts {
    fn send<'a>(&'a self, message: &'a ShortMessage) -> Later<'a, Result<(), PostFailure>> {
        Box::pin(async move {
            *self.calls.lock().unwrap() += 1;
            if let Some(failure) = *self.fails.lock().unwrap() {
                return Err(failure);
            }
            if *self.hangs.lock().unwrap() {
                std::future::pending::<()>().await;
            }
            self.sent.lock().unwrap().push(message.clone());
            Ok(())
        })
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        Box::pin(async {
            let sent = self.sent.lock().unwrap();
            Ok(sent.iter().map(|message| message.id).collect())
        })
    }

    fn destroy(&self, id: MessageId) -> Later<'_, Result<(), PostFailure>> {
        Box::pin(async move {
            self.sent.lock().unwrap().retain(|message| message.id != id);
            Ok(())
        })
    }
}

/// A recipient's webhook in memory.
#[derive(Default)]
pub struct Hooks {
    pub told: Mutex<Vec<(String, String)>>,
    pub fails: Mutex<Option<CallFailure>>,
    /// Where calls wait for each other.
    pub meet: Mutex<Option<Arc<Barrier>>>,
}

impl Caller for Hooks {
    fn post<'a>(&'a self, url: &'a str, body: &'a str) -> Later<'a, Result<(), CallFailure>> {
        Box::pin(async move {
            if let Some(failure) = *self.fails.lock().unwrap() {
                return Err(failure);
            }
            let meet = self.meet.lock().unwrap().clone();
            if let Some(meet) = meet {
                meet.wait().await;
            }
            self.told.lock().unwrap().push((url.into(), body.into()));
            Ok(())
        })
    }
}

/// Somebody with a meter, who can agree to one offer of an organisation with one application.
pub struct Telling {
    pub scene: Scene,
    pub person: Person,
    pub point: PointId,
    pub offer: OfferRow,
    pub application: ApplicationRow,
    pub key: Ed25519KeyPair,
    pub letters: Arc<Letters>,
    pub shorts: Arc<Shorts>,
    pub hooks: Arc<Hooks>,
}

impl Telling {
    /// A withdrawal that its recipient was told of.
    pub async fn told_to(duty: Duty) -> (Self, ConsentId) {
        let told = Self::scene().await;
        told.route(duty).await;
        let consent = told.agree().await;
        told.withdraw(consent).await;
        told.round().await;
        (told, consent)
    }

    /// With an address given.
    pub async fn scene() -> Self {
        let scene = scene().await;
        let person = scene.registered("11111111111111", "phone").await;
        let read = scene
            .broker
            .read()
            .await
            .unwrap()
            .points_of(person.participant)
            .await;
        let point = read.unwrap()[0].id;
        let organisation = organisation(&scene.broker, "Quartier", "FR", "dpo@quartier.example").await;
        let (application, _) = application(&scene.broker, organisation, "Page", "credential").await;
        assert_eq!(application.credential_hash, credential_hash("credential"));
        let notices = Notices {
            french: ["Voir ma courbe"; 2],
            english: ["See my curve"; 2],
            dutch: ["Mijn curve zien"; 2],
        };
        let offer = offer(&scene.broker, organisation, "neighbourhood-view", notices).await;
        let told = Self {
            scene,
            person,
            point,
            offer,
            application,
            key: Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap(),
            letters: Arc::default(),
            shorts: Arc::default(),
            hooks: Arc::default(),
        };
        told.confirm(&told.person.token, "anna@home.example").await;
        told
    }

    /// The code that was sent to an address.
    pub fn code_for(&self, address: &str) -> String {
        let letters = self.letters.sent.lock().unwrap();
        let mut codes = letters
            .iter()
            .rev()
            .filter(|letter| letter.to.as_str() == address);
        let letter = codes.find(|letter| letter.subject.starts_with("Votre code"));
        let mut lines = letter.unwrap().body.lines();
        let is_code = |line: &&str| line.len() == 14 && line.matches('-').count() == 2;
        lines.rfind(is_code).unwrap().to_owned()
    }

    /// Gives an address and types the code that was sent there.
    pub async fn confirm(&self, token: &[u8; 32], address: &str) {
        self.scene.broker.set_mailbox(token, address).await.unwrap();
        self.round().await;
        let code = self.code_for(address);
        self.letters
            .sent
            .lock()
            .unwrap()
            .retain(|letter| letter.to.as_str() != address || !letter.subject.starts_with("Votre code"));
        self.scene.broker.confirm_mailbox(token, &code).await.unwrap();
    }

    pub fn jwk(&self) -> Jwk {
        Jwk::Ed25519 {
            x: self.key.public_key().as_ref().try_into().unwrap(),
        }
    }

    pub async fn route(&self, duty: Duty) {
        let row = RouteRow {
            application: self.application.id,
            webhook_url: HOOK.into(),
            signing_jwk: String::from_utf8(jcs::to_bytes(&self.jwk()).unwrap()).unwrap(),
            duty,
        };
        self.scene
            .broker
            .enrol_member(Member::Webhook(row))
            .await
            .unwrap();
    }

    /// New duties, as after a restart: they know nothing but what the database holds.
    pub fn duties(&self) -> Duties {
        let parts = TellingParts {
            post: Arc::<Letters>::clone(&self.letters),
            short: Arc::<Shorts>::clone(&self.shorts),
            caller: Arc::<Hooks>::clone(&self.hooks),
            site: "https://broker.example".into(),
            operator: "Fiducie".into(),
            volume: VolumeRule::default(),
            staff: Some(STAFF.parse().unwrap()),
        };
        Duties::new(Arc::clone(&self.scene.broker), parts)
    }

    /// One round of them.
    pub async fn round(&self) {
        self.duties().round().await.unwrap();
    }

    pub async fn agree(&self) -> ConsentId {
        agree(
            &self.scene.broker,
            self.person.participant,
            self.point,
            &self.offer.offer,
        )
        .await
    }

    pub async fn withdraw(&self, consent: ConsentId) {
        self.scene
            .broker
            .withdraw(self.person.participant, consent)
            .await
            .unwrap();
    }

    /// What was sent to the person since the last call, by the first words of its subject.
    pub fn subjects(&self) -> Vec<String> {
        let letters = std::mem::take(&mut *self.letters.sent.lock().unwrap());
        let hers = letters
            .into_iter()
            .filter(|letter| letter.to.as_str() == "anna@home.example");
        hers.map(|letter| letter.subject).collect()
    }

    /// What the webhook was told, in order.
    pub fn notices(&self) -> Vec<Value> {
        let told = self.hooks.told.lock().unwrap();
        let payload = |(url, jws): &(String, String)| {
            assert_eq!(url, HOOK);
            let payload = jws.split('.').nth(1).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
        };
        told.iter().map(payload).collect()
    }

    /// The last withdrawal that the webhook was told of.
    pub fn notice(&self) -> Value {
        let mut told = self.notices().into_iter().rev();
        told.find(|notice| notice["type"] == "fiducie-withdrawal/1")
            .unwrap()
    }

    /// An answer as the application signs it.
    pub fn signed(&self, typ: &str, payload: &Value) -> String {
        let header = serde_json::json!({
            "alg": "EdDSA", "kid": self.jwk().thumbprint().as_str(), "typ": typ,
        });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(jcs::to_bytes(value).unwrap());
        let input = format!("{}.{}", encode(&header), encode(payload));
        let signature = self.key.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
