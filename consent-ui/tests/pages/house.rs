//! A broker on a temporary folder, with a few people, and the pages over it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use axum::Router;
use broker_domain::identity::Later;
use broker_domain::ids::{
    ConsentId, DatasetId, MessageId, OfficerId, OrganisationId, ParticipantId, PointId, Purpose,
    ResearcherId, TransferId,
};
use broker_domain::policy::PolicyEngine;
use broker_domain::research::Dataset;
use broker_domain::telling::{CallFailure, Caller, Letter, Post, PostFailure, ShortMessage, ShortPost};
use broker_domain::time::{Clock, Instant, Interval, Step};
use broker_domain::volume::VolumeRule;
use broker_service::{Broker, Duties, Member, Newcomer, Order, SignInParts, TellingParts};
use broker_store::{ApplicationRow, DatasetRow, OfferRow, OfficerRow, ResearcherRow};
use consent_ui::pages::DemoPerson;
use consent_ui::routes::{DemoDoor, DemoPeople, Pages, Site, routes};
use consent_ui::{Lang, Mode, Operator};
use tempfile::TempDir;
use test_support::{
    Notices, Policies, SystemEntropy, Vouchers, agree, application, create, log_key, offer, organisation,
    start_before, start_signing_in,
};

use crate::browser::Browser;

/// Name of the ledger.
const ORIGIN: &str = "pages.example/log";

pub const NOTICE_FR: &str = "Qui demande ? Le Labo <énergie> & usages.\nEt si je refuse ? Rien ne change pour vous.\n\
                             Vos droits : accès, effacement.\nDernière ligne";
pub const NOTICE_EN: &str =
    "Who asks? The lab.\nWhat if I refuse? Nothing changes for you.\nYour rights: access.";
pub const NOTICE_NL: &str =
    "Wie vraagt dit? Het labo.\nWat als ik weiger? Er verandert niets voor u.\nUw rechten: inzage.";
pub const TITLE_FR: &str = "Contribuer à la courbe moyenne";
pub const TITLE_EN: &str = "Contribute to the mean curve";
pub const TITLE_NL: &str = "Bijdragen aan de gemiddelde curve";

/// A clock that tests set.
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
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
    pub colleague: OfficerId,
    pub researcher: ResearcherId,
    pub dataset: DatasetId,
    pub offer: OfferRow,
    pub application: ApplicationRow,
    pub identity: age::x25519::Identity,
    pub clock: Arc<TestClock>,
    policies: Arc<Policies>,
    /// Who vouches for the ledger, where somebody does.
    pub vouchers: Option<Arc<Vouchers>>,
    pub folder: TempDir,
}

/// Takes every letter and every call.
pub struct Nowhere;

impl Post for Nowhere {
    fn send<'a>(&'a self, _: &'a Letter) -> Later<'a, Result<(), PostFailure>> {
        Box::pin(async { Ok(()) })
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn destroy(&self, _: MessageId) -> Later<'_, Result<(), PostFailure>> {
        Box::pin(async { Ok(()) })
    }
}

impl ShortPost for Nowhere {
    fn send<'a>(&'a self, _: &'a ShortMessage) -> Later<'a, Result<(), PostFailure>> {
        Box::pin(async { Ok(()) })
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn destroy(&self, _: MessageId) -> Later<'_, Result<(), PostFailure>> {
        Box::pin(async { Ok(()) })
    }
}

impl Caller for Nowhere {
    fn post<'a>(&'a self, _: &'a str, _: &'a str) -> Later<'a, Result<(), CallFailure>> {
        Box::pin(async { Ok(()) })
    }
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
        Self::build_before(false, None).await
    }

    /// The same with ways to sign in.
    pub async fn build_signing_in(sign_in: SignInParts) -> Self {
        Self::build_before(false, Some(sign_in)).await
    }

    /// The same before two witnesses, without whom nothing leaves.
    pub async fn build_witnessed() -> Self {
        Self::build_before(true, None).await
    }

    async fn build_before(witnesses: bool, sign_in: Option<SignInParts>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(
            Instant::parse(START).unwrap().as_micros(),
        )));
        create(folder.path(), ORIGIN).await;
        let policies = Arc::new(Policies::embedded());
        let policy = Arc::clone(&policies) as Arc<dyn PolicyEngine>;
        let port = Arc::clone(&clock) as Arc<dyn Clock>;
        let log_key = log_key(folder.path(), ORIGIN);
        let vouchers = witnesses.then(|| Vouchers::of(log_key, Arc::clone(&port)));
        let parts = vouchers.as_ref().map(Vouchers::required);
        let broker = match sign_in {
            Some(sign_in) => start_signing_in(folder.path(), ORIGIN, port, sign_in).await,
            None => start_before(folder.path(), ORIGIN, port, policy, parts).await,
        };

        let lab = organisation(&broker, "Labo Énergie", "BE", "dpo@labo.example").await;
        let notices = Notices {
            french: [TITLE_FR, NOTICE_FR],
            english: [TITLE_EN, NOTICE_EN],
            dutch: [TITLE_NL, NOTICE_NL],
        };
        let offer = offer(&broker, lab, "load-curve-research", notices).await;
        let dataset = dataset(&broker, lab).await;
        let officer = officer(&broker, "Odile").await;
        let colleague = self::officer(&broker, "Octave").await;
        let identity = age::x25519::Identity::generate();
        let researcher = ResearcherId::random(&SystemEntropy).unwrap();
        let row = ResearcherRow {
            id: researcher,
            organisation: lab,
            name: "Rachel".into(),
            age_recipient: identity.to_public().to_string(),
        };
        broker.enrol_member(Member::Researcher(row)).await.unwrap();
        let (application, _) = application(&broker, lab, "Tableau", "secret").await;
        let anna = join(&broker, "Anna Tilleul", "11111111111111").await;
        let bruno = join(&broker, "Bruno Chêne", "22222222222222").await;
        Self {
            broker,
            anna,
            bruno,
            officer,
            colleague,
            researcher,
            dataset,
            offer,
            application,
            identity,
            clock,
            policies,
            vouchers,
            folder,
        }
    }

    pub fn set_clock(&self, instant: &str) {
        self.clock
            .0
            .store(Instant::parse(instant).unwrap().as_micros(), Ordering::SeqCst);
    }

    /// From now on the policies allow nothing.
    pub fn forbid_everything(&self) {
        self.policies.forbid_everything();
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
            colleague: person(self.colleague.to_string(), "Octave"),
            researcher: person(self.researcher.to_string(), "Rachel"),
            fellow: person(self.researcher.to_string(), "Rachel"),
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

    pub async fn as_colleague(&self) -> Browser {
        self.signed_in("officer", self.colleague.to_string()).await
    }

    pub async fn as_researcher(&self) -> Browser {
        self.signed_in("researcher", self.researcher.to_string()).await
    }

    /// One round of the duties, whose letters go nowhere.
    pub async fn round(&self) {
        let parts = TellingParts {
            post: Arc::new(Nowhere),
            short: Arc::new(Nowhere),
            caller: Arc::new(Nowhere),
            site: "https://broker.example".into(),
            operator: "Coopérative".into(),
            staff: None,
            volume: VolumeRule::default(),
        };
        Duties::new(Arc::clone(&self.broker), parts)
            .round()
            .await
            .unwrap();
    }

    /// An agreement given without the pages.
    pub async fn granted(&self, person: &Person) -> ConsentId {
        agree(&self.broker, person.id, person.point, &self.offer.offer).await
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
            transfer: TransferId::random(&SystemEntropy).unwrap(),
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

async fn officer(broker: &Broker, name: &str) -> OfficerId {
    let id = OfficerId::random(&SystemEntropy).unwrap();
    let row = OfficerRow {
        id,
        name: name.into(),
    };
    broker.enrol_member(Member::Officer(row)).await.unwrap();
    id
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

async fn dataset(broker: &Broker, recipient: OrganisationId) -> DatasetId {
    let id = DatasetId::random(&SystemEntropy).unwrap();
    let row = DatasetRow {
        dataset: Dataset {
            id,
            recipient,
            purpose: Purpose::parse("load-curve-research").unwrap(),
            step: Step::HALF_HOUR,
        },
        title_fr: "Courbe moyenne de la rue".into(),
        title_en: "Mean curve of the street".into(),
        title_nl: "Gemiddelde curve van de straat".into(),
        summary_fr: "Une valeur par demi-heure.".into(),
        summary_en: "One value every half hour.".into(),
        summary_nl: "Eén waarde per halfuur.".into(),
    };
    broker.enrol_member(Member::Dataset(row)).await.unwrap();
    id
}
