//! A broker on a temporary folder, with a few people, and the pages over it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use axum::Router;
use broker_anonymiser::PolicyBook;
use broker_domain::consent::Offer;
use broker_domain::ids::{
    ApplicationId, ConsentId, DatasetId, Digest, OfferId, OfficerId, OrganisationId, ParticipantId, PointId,
    Purpose, ResearcherId, TransferId,
};
use broker_domain::policy::{PolicyEngine, Query, Verdict};
use broker_domain::research::Dataset;
use broker_domain::time::{Clock, Entropy, EntropyUnavailable, Instant, Interval, Step};
use broker_keys::{JoseMemberCrypto, Keys, MemberCrypto};
use broker_service::{
    Answer, Broker, Choice, Member, Newcomer, Order, Parts, VaultKeys, credential_hash, notice_digest,
};
use broker_store::{
    ApplicationRow, DatasetRow, Notice, OfferRow, OfficerRow, OrganisationRow, ResearcherRow,
};
use broker_store_sqlite::{Create, SqliteLockStore, SqliteStore};
use broker_vault::{IndexKey, VaultIdentity};
use consent_ui::pages::DemoPerson;
use consent_ui::routes::{DemoDoor, DemoPeople, Pages, Site, routes};
use consent_ui::{Lang, Mode, Operator};
use ledger_core::note::{Ed25519Signer, KeyName};
use ledger_log::{FolderStore, Publisher, SequencerConfig, Stores};
use policies::CedarEngine;
use tempfile::TempDir;

use crate::browser::Browser;

pub const NOTICE_FR: &str = "Qui demande ? Le Labo <énergie> & usages.\nEt si je refuse ? Rien ne change pour vous.\n\
                             Vos droits : accès, effacement.\nDernière ligne";
pub const NOTICE_EN: &str =
    "Who asks? The lab.\nWhat if I refuse? Nothing changes for you.\nYour rights: access.";
pub const TITLE_FR: &str = "Contribuer à la courbe moyenne";
pub const TITLE_EN: &str = "Contribute to the mean curve";

/// A clock that tests set.
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
}

/// Numbers that never repeat. Good enough where nobody attacks.
pub struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64.
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// The policies, until a test says that nothing is allowed any more.
struct Policies {
    engine: CedarEngine,
    forbid: Arc<AtomicBool>,
}

impl PolicyEngine for Policies {
    fn evaluate(&self, query: &Query) -> Verdict {
        if self.forbid.load(Ordering::SeqCst) {
            return Verdict::Deny { policies: Vec::new() };
        }
        self.engine.evaluate(query)
    }

    fn set_digest(&self) -> Digest {
        self.engine.set_digest()
    }
}

pub struct Person {
    pub id: ParticipantId,
    pub point: PointId,
}

pub struct House {
    pub broker: Arc<Broker>,
    pub anna: Person,
    pub bruno: Person,
    pub officer: OfficerId,
    pub researcher: ResearcherId,
    pub dataset: DatasetId,
    pub offer: OfferRow,
    pub application: ApplicationRow,
    pub identity: age::x25519::Identity,
    pub entropy: Arc<TestEntropy>,
    clock: Arc<TestClock>,
    forbid: Arc<AtomicBool>,
    _folder: TempDir,
}

struct Door(DemoPeople);

#[async_trait]
impl DemoDoor for Door {
    async fn people(&self, _: Lang) -> DemoPeople {
        self.0.clone()
    }
}

/// Noon in Paris on the first day.
pub const START: &str = "2026-11-19T11:00:00Z";

impl House {
    pub async fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(
            Instant::parse(START).unwrap().as_micros(),
        )));
        let entropy = Arc::new(TestEntropy(AtomicU64::new(1)));
        let forbid = Arc::new(AtomicBool::new(false));
        let broker = start(&folder, &clock, &entropy, &forbid).await;

        let lab = OrganisationId::random(&*entropy).unwrap();
        let row = OrganisationRow {
            id: lab,
            name: "Labo Énergie".into(),
            country: "BE".into(),
            contact: "dpo@labo.example".into(),
        };
        broker.enrol_member(Member::Organisation(row)).await.unwrap();
        let offer = offer(&broker, &entropy, lab).await;
        let dataset = dataset(&broker, &entropy, lab).await;
        let officer = OfficerId::random(&*entropy).unwrap();
        let row = OfficerRow {
            id: officer,
            name: "Odile".into(),
        };
        broker.enrol_member(Member::Officer(row)).await.unwrap();
        let identity = age::x25519::Identity::generate();
        let researcher = ResearcherId::random(&*entropy).unwrap();
        let row = ResearcherRow {
            id: researcher,
            organisation: lab,
            name: "Rachel".into(),
            age_recipient: identity.to_public().to_string(),
        };
        broker.enrol_member(Member::Researcher(row)).await.unwrap();
        let application = ApplicationRow {
            id: ApplicationId::random(&*entropy).unwrap(),
            organisation: lab,
            name: "Tableau".into(),
            encryption_jwk: JoseMemberCrypto::new().generate_member_key().unwrap().public_jwk,
            credential_hash: credential_hash("secret"),
        };
        broker
            .enrol_member(Member::Application(application.clone()))
            .await
            .unwrap();
        let anna = join(&broker, "Anna Tilleul", "11111111111111").await;
        let bruno = join(&broker, "Bruno Chêne", "22222222222222").await;
        Self {
            broker,
            anna,
            bruno,
            officer,
            researcher,
            dataset,
            offer,
            application,
            identity,
            entropy,
            clock,
            forbid,
            _folder: folder,
        }
    }

    pub fn set_clock(&self, instant: &str) {
        self.clock
            .0
            .store(Instant::parse(instant).unwrap().as_micros(), Ordering::SeqCst);
    }

    /// From now on the policies allow nothing.
    pub fn forbid_everything(&self) {
        self.forbid.store(true, Ordering::SeqCst);
    }

    /// The router of the demonstration.
    pub fn demo(&self) -> Router {
        let person = |subject: String, name: &str| DemoPerson {
            subject,
            name: name.into(),
            detail: String::new(),
        };
        let people = DemoPeople {
            participants: vec![
                person(self.anna.id.to_string(), "Anna Tilleul"),
                person(self.bruno.id.to_string(), "Bruno Chêne"),
            ],
            officer: person(self.officer.to_string(), "Odile"),
            researcher: person(self.researcher.to_string(), "Rachel"),
        };
        self.router(Mode::Demo, Some(Arc::new(Door(people))))
    }

    /// The router of a broker that serves people.
    pub fn serve(&self) -> Router {
        self.router(Mode::Serve, None)
    }

    fn router(&self, mode: Mode, demo: Option<Arc<dyn DemoDoor>>) -> Router {
        routes(Pages {
            broker: Arc::clone(&self.broker),
            mode,
            operator: Operator {
                name: "Coopérative".into(),
                contact_email: "dpo@coop.example".into(),
            },
            site: Site {
                url: "http://127.0.0.1:8080".into(),
            },
            demo,
        })
    }

    /// A browser on this machine, nobody signed in.
    pub fn browser(&self) -> Browser {
        Browser::new(self.demo(), Some(SocketAddr::from(([127, 0, 0, 1], 50_000))))
    }

    pub async fn signed_in(&self, role: &str, subject: String) -> Browser {
        let mut browser = self.browser();
        let answer = browser
            .post("/demo/sign-in", &[("role", role), ("subject", &subject)])
            .await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    pub async fn as_anna(&self) -> Browser {
        self.signed_in("participant", self.anna.id.to_string()).await
    }

    pub async fn as_officer(&self) -> Browser {
        self.signed_in("officer", self.officer.to_string()).await
    }

    pub async fn as_researcher(&self) -> Browser {
        self.signed_in("researcher", self.researcher.to_string()).await
    }

    /// An agreement given without the pages.
    pub async fn granted(&self, person: &Person) -> ConsentId {
        let choice = Choice {
            offer: self.offer.offer.id,
            point: person.point,
            notice: self.offer.offer.notice,
            answer: Answer::Agree,
        };
        self.broker.choose(person.id, choice).await.unwrap().consent
    }

    /// One transfer to the application, of an hour nobody measured; refused when the consent does not cover it.
    pub async fn delivered(&self, consent: ConsentId) -> bool {
        let given = self
            .broker
            .read()
            .await
            .unwrap()
            .consent(consent)
            .await
            .unwrap()
            .unwrap();
        let start = given.data.start().next_on_grid(Step::HALF_HOUR);
        let order = Order {
            transfer: TransferId::random(&*self.entropy).unwrap(),
            authorisation: consent,
            interval: Interval::new(start, start.plus_seconds(3_600)).unwrap(),
            step: Step::HALF_HOUR,
        };
        self.broker.deliver(&self.application, order).await.is_ok()
    }

    pub async fn consents(&self, person: &Person) -> usize {
        self.broker
            .read()
            .await
            .unwrap()
            .consents_of(person.id)
            .await
            .unwrap()
            .len()
    }
}

async fn start(
    folder: &TempDir,
    clock: &Arc<TestClock>,
    entropy: &Arc<TestEntropy>,
    forbid: &Arc<AtomicBool>,
) -> Arc<Broker> {
    let at = |name: &str| folder.path().join(name);
    let keys = Keys::create(&at("keys"), &**entropy).unwrap();
    let signer = |name, seed| Ed25519Signer::from_seed(KeyName::new(name).unwrap(), &[seed; 32]).unwrap();
    let ledger = Stores {
        signer: Arc::new(signer("pages.example/log", 1)),
        lock: Arc::new(SqliteLockStore::create(&at("lock.db")).await.unwrap()),
        public: Arc::new(FolderStore::open(at("ledger")).await.unwrap()),
    };
    Publisher::initialise(&ledger).await.unwrap();
    let parts = Parts {
        store: Arc::new(
            SqliteStore::open(&at("broker.db"), Create::IfMissing)
                .await
                .unwrap(),
        ),
        ledger,
        map: at("map"),
        policy: Arc::new(Policies {
            engine: CedarEngine::embedded().unwrap(),
            forbid: Arc::clone(forbid),
        }),
        rules: PolicyBook::embedded().unwrap(),
        record_signer: Arc::new(keys.record),
        officer_signer: Arc::new(signer("pages.example/log/officer", 2)),
        members: Arc::new(JoseMemberCrypto::new()),
        vault: VaultKeys::new(
            VaultIdentity::parse(&keys.vault_identity).unwrap(),
            Vec::new(),
            IndexKey::from_bytes(keys.point_index),
        ),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        entropy: Arc::clone(entropy) as Arc<dyn Entropy>,
        sequencer: SequencerConfig::default(),
    };
    let (broker, _writer) = Broker::start(parts).await.unwrap();
    broker
}

pub async fn join(broker: &Broker, name: &str, meter_number: &str) -> Person {
    let newcomer = Newcomer {
        language: "fr".into(),
        name: name.into(),
        address: "1 rue des Essais".into(),
        meter_number: meter_number.into(),
    };
    let joined = broker.join(&newcomer).await.unwrap();
    Person {
        id: joined.participant,
        point: joined.point,
    }
}

async fn offer(broker: &Broker, entropy: &TestEntropy, recipient: OrganisationId) -> OfferRow {
    let notice = |language: &str, title: &str, text: &str| Notice {
        digest: notice_digest(text),
        language: language.into(),
        title: title.into(),
        text: text.into(),
    };
    let notices = [
        notice("fr", TITLE_FR, NOTICE_FR),
        notice("en", TITLE_EN, NOTICE_EN),
    ];
    let row = OfferRow {
        offer: Offer {
            id: OfferId::random(entropy).unwrap(),
            recipient,
            purpose: Purpose::parse("load-curve-research").unwrap(),
            step: Step::HALF_HOUR,
            days: 365,
            notice: notices[0].digest,
        },
        notice_en: notices[1].digest,
    };
    broker
        .enrol_member(Member::Offer {
            row: row.clone(),
            notices,
        })
        .await
        .unwrap();
    row
}

async fn dataset(broker: &Broker, entropy: &TestEntropy, recipient: OrganisationId) -> DatasetId {
    let id = DatasetId::random(entropy).unwrap();
    let row = DatasetRow {
        dataset: Dataset {
            id,
            recipient,
            purpose: Purpose::parse("load-curve-research").unwrap(),
            step: Step::HALF_HOUR,
        },
        title_fr: "Courbe moyenne de la rue".into(),
        title_en: "Mean curve of the street".into(),
        summary_fr: "Une valeur par demi-heure.".into(),
        summary_en: "One value every half hour.".into(),
    };
    broker.enrol_member(Member::Dataset(row)).await.unwrap();
    id
}
