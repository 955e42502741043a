//! A broker with a clock that tests turn, somebody invited, and two ports that believe whoever knows the question.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use broker_domain::consent::Method;
use broker_domain::entered::{Seen, Sheet};
use broker_domain::identity::{
    Arrival, Ceremony, Departure, Freshness, Identity, IdentityProviders, Later, Passkey, PasskeyRefusal,
    PasskeyUse, Passkeys, Provider, ProviderId, ProviderRefusal,
};
use broker_domain::ids::{AccountId, OfficerId, ParticipantId};
use broker_domain::time::{Clock, Instant};
use broker_service::{
    Asked, Begun, Broker, Browser, Decision, EnteredRefusal, EntryForm, Failure, Newcomer, SignInParts,
    SignInRefusal,
};
use broker_store::{OfficerRow, SessionRole};
use tempfile::TempDir;
use test_support::{SystemEntropy, create, start_signing_in};

pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
pub const TELEPHONE: &str = "Mozilla/5.0 (Linux; Android 15) Chrome/142.0.0.0 Mobile Safari/537.36";

/// A clock that tests turn forward.
pub struct TurnedClock(Mutex<Instant>);

impl TurnedClock {
    pub fn turn(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus_seconds(seconds);
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Instant {
        // A clock that stands still commits nothing (invariant I6).
        let mut now = self.0.lock().unwrap();
        *now = Instant::from_micros(now.as_micros() + 1).unwrap();
        *now
    }
}

/// Knows its questions by number. An answer is `account/credential/question`.
#[derive(Default)]
pub struct Authenticators(AtomicU32);

impl Authenticators {
    fn question(&self) -> Ceremony {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_string();
        Ceremony {
            options: number.clone(),
            keep: number.into_bytes(),
        }
    }
}

fn parts(answer: &str) -> Result<[&str; 3], PasskeyRefusal> {
    let parts: Vec<&str> = answer.split('/').collect();
    parts.try_into().map_err(|_| PasskeyRefusal::Malformed)
}

pub fn answer(account: AccountId, credential: &str, begun: &Begun) -> String {
    format!("{account}/{credential}/{}", begun.options)
}

impl Passkeys for Authenticators {
    fn offer(&self, account: AccountId, _: &str, _: &[Passkey]) -> Result<Ceremony, PasskeyRefusal> {
        let mut ceremony = self.question();
        ceremony.options = format!("{account}/{}", ceremony.options);
        ceremony.keep = ceremony.options.clone().into_bytes();
        Ok(ceremony)
    }

    fn register(&self, keep: &[u8], answer: &str) -> Result<Passkey, PasskeyRefusal> {
        let [account, credential, number] = parts(answer)?;
        if keep != format!("{account}/{number}").as_bytes() {
            return Err(PasskeyRefusal::NotProved);
        }
        Ok(Passkey {
            credential: credential.as_bytes().to_vec(),
            state: b"state 0".to_vec(),
            public_key: format!("public key of {credential}").into_bytes(),
            model: [7; 16],
            may_be_copied: true,
        })
    }

    fn ask(&self) -> Result<Ceremony, PasskeyRefusal> {
        Ok(self.question())
    }

    fn claimed(&self, answer: &str) -> Result<(AccountId, Vec<u8>), PasskeyRefusal> {
        let [account, credential, _] = parts(answer)?;
        let account = account.parse().map_err(|_| PasskeyRefusal::Malformed)?;
        Ok((account, credential.as_bytes().to_vec()))
    }

    fn recognise(&self, keep: &[u8], answer: &str, known: &[Passkey]) -> Result<PasskeyUse, PasskeyRefusal> {
        let [_, credential, number] = parts(answer)?;
        let key = known.iter().find(|key| key.credential == credential.as_bytes());
        let key = key.ok_or(PasskeyRefusal::Unknown)?;
        if keep != number.as_bytes() {
            return Err(PasskeyRefusal::NotProved);
        }
        Ok(PasskeyUse {
            credential: key.credential.clone(),
            state: Some(b"state 1".to_vec()),
        })
    }
}

/// A provider whose code names the question and the subject, and when she proved herself: `question/subject/micros`.
#[derive(Default)]
pub struct OneProvider {
    questions: AtomicU32,
    offered: Vec<Provider>,
}

pub const ISSUER: &str = "https://provider.example";

impl IdentityProviders for OneProvider {
    fn offered(&self) -> &[Provider] {
        &self.offered
    }

    fn depart<'a>(
        &'a self,
        provider: &'a ProviderId,
        freshness: Freshness,
    ) -> Later<'a, Result<Departure, ProviderRefusal>> {
        Box::pin(async move {
            if provider.as_str() != "provider" {
                return Err(ProviderRefusal::Unknown);
            }
            let number = self.questions.fetch_add(1, Ordering::Relaxed).to_string();
            Ok(Departure {
                url: format!("{ISSUER}/authorize?{freshness:?}"),
                state: format!("state {number}"),
                keep: number.into_bytes(),
            })
        })
    }

    fn arrive<'a>(
        &'a self,
        keep: &'a [u8],
        arrival: &'a Arrival,
    ) -> Later<'a, Result<Identity, ProviderRefusal>> {
        Box::pin(async move {
            let code = arrival.code.as_deref().ok_or(ProviderRefusal::Declined)?;
            let parts: Vec<&str> = code.split('/').collect();
            if parts[0].as_bytes() != keep {
                return Err(ProviderRefusal::NotOurs);
            }
            Ok(Identity {
                issuer: ISSUER.into(),
                subject: parts[1].into(),
                assurance: Some("eidas2".into()),
                proved_at: parts
                    .get(2)
                    .map(|at| Instant::from_micros(at.parse().unwrap()).unwrap()),
                goodbye: None,
            })
        })
    }
}

pub struct Scene {
    pub folder: TempDir,
    pub clock: Arc<TurnedClock>,
    pub broker: Arc<Broker>,
    pub officer: OfficerId,
    pub colleague: OfficerId,
}

/// Somebody who registered one passkey.
pub struct Person {
    pub participant: ParticipantId,
    pub account: AccountId,
    pub token: [u8; 32],
}

pub const fn at<'a>(agent: &'a str, session: Option<&'a [u8; 32]>) -> Browser<'a> {
    Browser { session, agent }
}

pub async fn scene() -> Scene {
    let folder = TempDir::new().unwrap();
    create(folder.path(), "accounts.example/ledger").await;
    let clock = Arc::new(TurnedClock(Mutex::new(
        Instant::parse("2026-11-22T09:00:00Z").unwrap(),
    )));
    let sign_in = SignInParts {
        providers: Some(Arc::new(OneProvider::default())),
        passkeys: Some(Arc::new(Authenticators::default())),
        signing: None,
    };
    let port: Arc<dyn Clock> = Arc::<TurnedClock>::clone(&clock);
    let broker = start_signing_in(folder.path(), "accounts.example/ledger", port, sign_in).await;
    let officer = officer(&broker, "Olga").await;
    let colleague = self::officer(&broker, "Oscar").await;
    Scene {
        folder,
        clock,
        broker,
        officer,
        colleague,
    }
}

async fn officer(broker: &Broker, name: &str) -> OfficerId {
    let id = OfficerId::random(&SystemEntropy).unwrap();
    let row = OfficerRow {
        id,
        name: name.into(),
    };
    broker
        .enrol_member(broker_service::Member::Officer(row))
        .await
        .unwrap();
    id
}

impl Scene {
    /// A fresh session of an officer.
    pub async fn desk(&self, officer: OfficerId) -> [u8; 32] {
        let opened = self.broker.open_session(SessionRole::Officer(officer)).await;
        opened.unwrap().token
    }

    /// Two officers who both saw the person agree on a new code for her account.
    pub async fn new_code(&self, participant: ParticipantId) -> Result<String, Failure<EnteredRefusal>> {
        let form = EntryForm {
            id: self.broker.fresh_entered()?,
            participant,
            asked: Asked::Code(Seen::InPerson),
            method: Method::Paper,
            sheet: Sheet::default(),
        };
        let (first, second) = (self.desk(self.officer).await, self.desk(self.colleague).await);
        self.broker.enter_act(&first, &form).await?;
        let yes = Decision::Confirm(Seen::InPerson);
        self.broker.decide_act(&second, form.id, &yes).await?;
        Ok(self.broker.make_account_code(&first, form.id).await?.code)
    }

    /// An officer invites somebody: participant and code.
    pub async fn invited(&self, meter: &str) -> (ParticipantId, String) {
        let newcomer = Newcomer {
            language: "fr".into(),
            name: "Anna".into(),
            address: "1, rue des Tilleuls".into(),
            meter_number: meter.into(),
        };
        let invited = self.broker.join_invited(&newcomer).await.unwrap();
        self.broker.say_of_age(invited.participant).await.unwrap();
        (invited.participant, invited.invitation.code)
    }

    /// Who registered the passkey of this name with her invitation.
    pub async fn registered(&self, meter: &str, credential: &str) -> Person {
        let (participant, code) = self.invited(meter).await;
        let begun = self
            .broker
            .begin_passkey_by_invitation(&code, "Anna")
            .await
            .unwrap();
        let account: AccountId = begun.options.split('/').next().unwrap().parse().unwrap();
        let reply = new_key(&begun, credential);
        let done = self
            .broker
            .finish_passkey_registration(&begun.value, &reply, credential, at(FIREFOX, None))
            .await
            .unwrap();
        Person {
            participant,
            account,
            token: done.signed_in.unwrap().session.token,
        }
    }

    /// Signs in with a passkey.
    pub async fn sign_in(
        &self,
        account: AccountId,
        credential: &str,
        agent: &str,
    ) -> Result<broker_service::SignedIn, Failure<SignInRefusal>> {
        let begun = self.broker.begin_passkey_sign_in().await?;
        let reply = answer(account, credential, &begun);
        self.broker
            .finish_passkey_sign_in(&begun.value, &reply, at(agent, None))
            .await
    }

    /// Adds a passkey in a session.
    pub async fn link(
        &self,
        token: &[u8; 32],
        credential: &str,
    ) -> Result<broker_service::Registration, Failure<SignInRefusal>> {
        let begun = self.broker.begin_passkey_link(token, "Anna").await?;
        let reply = new_key(&begun, credential);
        self.broker
            .finish_passkey_registration(&begun.value, &reply, credential, at(FIREFOX, Some(token)))
            .await
    }
}

/// What an authenticator answers that makes a key of this name.
pub fn new_key(begun: &Begun, credential: &str) -> String {
    let (account, number) = begun.options.split_once('/').unwrap();
    format!("{account}/{credential}/{number}")
}

/// The refusal of a use case that was refused.
pub fn refusal<T>(answer: Result<T, Failure<SignInRefusal>>) -> SignInRefusal {
    match answer {
        Err(Failure::Refused(refusal)) => refusal,
        Err(other) => panic!("not a refusal: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

/// Whether nobody listens for about an hour.
pub fn is_shut(refusal: &SignInRefusal, now: Instant) -> bool {
    match refusal {
        SignInRefusal::TooMany { until } => {
            now.plus_seconds(3_590) < *until && *until < now.plus_seconds(3_601)
        }
        _ => false,
    }
}
