//! A folder with a broker in it and people, gateways and an application that it knows.
//!
//! LIMIT: `fiducie serve` has no door yet through which somebody joins without a page, so joining, consenting and
//! enrolling are calls of the use cases here, on a clock that stands three days ago. Keys, database and ledger are made
//! by `fiducie keygen`, and the broker that the tests talk to is `fiducie serve` itself.

mod ports;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use broker_anonymiser::PolicyBook;
use broker_domain::consent::Offer;
use broker_domain::ids::{
    ApplicationId, ConsentId, OfferId, OrganisationId, ParticipantId, PointId, Purpose,
};
use broker_domain::time::{Instant, Step};
use broker_keys::{
    CheckpointSigner, JoseMemberCrypto, Keys, MemberCrypto as _, MemberKeyPair, OfficerSigner,
};
use broker_service::{
    Answer, Broker, Choice, GatewayEnrolment, Member, Newcomer, Parts, VaultKeys, credential_hash,
    notice_digest,
};
use broker_store::{ApplicationRow, Notice, OfferRow, OrganisationRow};
use broker_store_sqlite::{Create, SqliteLockStore, SqliteStore};
use broker_vault::{IndexKey, VaultIdentity};
use gateway_simulator::Street;
use ledger_core::note::{KeyKind, KeyName, NoteSigner, Vkey};
use ledger_log::{FolderStore, SequencerConfig, Stores};
use policies::CedarEngine;
use tempfile::TempDir;

use crate::gateway::Gateway;
use crate::programs::{programs, text};

pub use ports::{RunningClock, SystemEntropy, random};

/// Name of the ledger.
pub const ORIGIN: &str = "audit.fiducie.invalid/ledger";
/// How long ago people joined: their consents cover everything since.
const JOINED_SECONDS_AGO: i64 = 3 * 86_400;

/// A household of the town.
pub struct Resident {
    /// Its first participant.
    pub participant: ParticipantId,
    /// Its meter.
    pub point: PointId,
    /// Name, address and meter number: what must not be found anywhere.
    pub secrets: [String; 3],
    /// Its gateway.
    pub gateway: Gateway,
    /// Its consent to the application's organisation, when it gave one.
    pub consent: Option<ConsentId>,
}

/// The application.
pub struct Application {
    /// What it signs in with.
    pub credential: String,
    /// What it opens deliveries with.
    pub key: MemberKeyPair,
}

/// The folder and who is in it.
pub struct Town {
    folder: TempDir,
    /// Those who agreed, then one who did not.
    pub residents: Vec<Resident>,
    /// The application.
    pub application: Application,
}

impl Town {
    /// A town of `consenting` households and one more that did not agree to anything.
    #[must_use]
    pub fn found(consenting: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let config = format!(
            "listen = \"127.0.0.1:0\"\ndata = \"{}\"\norigin = \"{ORIGIN}\"\nsite = \"http://127.0.0.1\"\n\
             [operator]\nname = \"Audit\"\ncontact_email = \"dpo@audit.invalid\"\n",
            folder.path().join("data").display()
        );
        fs::write(folder.path().join("fiducie.toml"), config).unwrap();
        let output = Command::new(&programs().fiducie)
            .arg("keygen")
            .args(config_of(folder.path()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));

        let runtime = tokio::runtime::Runtime::new().unwrap();
        let data = folder.path().join("data");
        let (residents, application) = runtime.block_on(async {
            let joined = RunningClock::starting(RunningClock::system().plus_seconds(-JOINED_SECONDS_AGO));
            let broker = start(&data, joined).await;
            settle(&broker, consenting).await
        });
        Self {
            folder,
            residents,
            application,
        }
    }

    /// The broker's data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The ledger's public files.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.data().join("ledger")
    }

    /// A place for files of the test.
    #[must_use]
    pub fn aside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments that name the configuration.
    #[must_use]
    pub fn config(&self) -> Vec<String> {
        config_of(self.folder.path()).to_vec()
    }

    /// The ledger's key, from the broker's own secret, not from the ledger.
    #[must_use]
    pub fn log_key(&self) -> Vkey {
        log_signer(Keys::load(&self.data().join("keys")).unwrap().checkpoint).vkey
    }
}

fn config_of(folder: &Path) -> [String; 2] {
    [
        "--config".to_owned(),
        folder.join("fiducie.toml").display().to_string(),
    ]
}

/// A key with the name it has in notes.
struct Named<S> {
    vkey: Vkey,
    signer: S,
    sign: fn(&S, &[u8]) -> [u8; 64],
}

impl<S: Send + Sync> NoteSigner for Named<S> {
    fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        (self.sign)(&self.signer, message)
    }
}

fn log_signer(signer: CheckpointSigner) -> Named<CheckpointSigner> {
    let vkey = Vkey::new(
        KeyName::new(ORIGIN).unwrap(),
        KeyKind::Ed25519,
        signer.public_key(),
    );
    Named {
        vkey,
        signer,
        sign: |signer, message| signer.sign(message),
    }
}

fn officer_signer(signer: OfficerSigner) -> Named<OfficerSigner> {
    let name = KeyName::new(&format!("{ORIGIN}/officer")).unwrap();
    let vkey = Vkey::new(name, KeyKind::Ed25519, signer.public_key());
    Named {
        vkey,
        signer,
        sign: |signer, message| signer.sign(message),
    }
}

/// Starts the use cases on a folder, as `fiducie` does.
pub async fn start(data: &Path, clock: RunningClock) -> Arc<Broker> {
    let keys = Keys::load(&data.join("keys")).unwrap();
    let identity = VaultIdentity::parse(&keys.vault_identity).unwrap();
    let ledger = Stores {
        signer: Arc::new(log_signer(keys.checkpoint)),
        lock: Arc::new(
            SqliteLockStore::open_existing(&data.join("lock.db"))
                .await
                .unwrap(),
        ),
        public: Arc::new(FolderStore::open(data.join("ledger")).await.unwrap()),
    };
    let parts = Parts {
        store: Arc::new(
            SqliteStore::open(&data.join("broker.db"), Create::Never)
                .await
                .unwrap(),
        ),
        ledger,
        map: data.join("map"),
        policy: Arc::new(CedarEngine::embedded().unwrap()),
        rules: PolicyBook::embedded().unwrap(),
        record_signer: Arc::new(keys.record),
        officer_signer: Arc::new(officer_signer(OfficerSigner::load(&data.join("keys")).unwrap())),
        members: Arc::new(JoseMemberCrypto::new()),
        vault: VaultKeys::new(identity, Vec::new(), IndexKey::from_bytes(keys.point_index)),
        clock: Arc::new(clock),
        entropy: Arc::new(SystemEntropy),
        sequencer: SequencerConfig::default(),
    };
    Broker::start(parts).await.unwrap().0
}

async fn settle(broker: &Broker, consenting: u32) -> (Vec<Resident>, Application) {
    let organisation = OrganisationId::random(&SystemEntropy).unwrap();
    let row = OrganisationRow {
        id: organisation,
        name: "Quartier".into(),
        country: "FR".into(),
        contact: "contact@quartier.invalid".into(),
    };
    broker.enrol_member(Member::Organisation(row)).await.unwrap();
    let application = Application {
        credential: hex::encode(random::<32>()),
        key: JoseMemberCrypto::new().generate_member_key().unwrap(),
    };
    let row = ApplicationRow {
        id: ApplicationId::random(&SystemEntropy).unwrap(),
        organisation,
        name: "Page".into(),
        encryption_jwk: application.key.public_jwk.clone(),
        credential_hash: credential_hash(&application.credential),
    };
    broker.enrol_member(Member::Application(row)).await.unwrap();
    let offer = make_offer(broker, organisation).await;

    let street = Street::new(u64::from_be_bytes(random()), consenting + 1).unwrap();
    let mut residents = Vec::new();
    for household in street.households() {
        let newcomer = Newcomer {
            language: "fr".into(),
            name: household.profile().display_name.clone(),
            address: household.profile().address.clone(),
            meter_number: household.delivery_point().as_str().to_owned(),
        };
        let offer = (household.index() < consenting).then_some(&offer);
        residents.push(join(broker, newcomer, offer).await);
    }
    (residents, application)
}

async fn make_offer(broker: &Broker, recipient: OrganisationId) -> OfferRow {
    let notice = |language: &str, text: &str| Notice {
        digest: notice_digest(text),
        language: language.into(),
        title: text.into(),
        text: text.into(),
    };
    let notices = [notice("fr", "Voir ma courbe"), notice("en", "See my curve")];
    let row = OfferRow {
        offer: Offer {
            id: OfferId::random(&SystemEntropy).unwrap(),
            recipient,
            purpose: Purpose::parse("neighbourhood-view").unwrap(),
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

async fn join(broker: &Broker, newcomer: Newcomer, offer: Option<&OfferRow>) -> Resident {
    let joined = broker.join(&newcomer).await.unwrap();
    let (participant, point) = (joined.participant, joined.point);
    let code = broker.gateway_code(participant, point).await.unwrap();
    let mut gateway = Gateway::with_key(random());
    let (public_key, signature) = gateway.prove(&code);
    let enrolment = GatewayEnrolment {
        code,
        public_key,
        signature,
    };
    let row = broker.enrol_gateway(&enrolment).await.unwrap();
    gateway.enrolled(*row.gateway.id.as_bytes(), *row.gateway.point.as_bytes());
    let mut consent = None;
    if let Some(OfferRow { offer, .. }) = offer {
        let choice = Choice {
            offer: offer.id,
            point,
            notice: offer.notice,
            answer: Answer::Agree,
        };
        consent = Some(broker.choose(participant, choice).await.unwrap().consent);
    }
    let secrets = [newcomer.name, newcomer.address, newcomer.meter_number];
    Resident {
        participant,
        point,
        secrets,
        gateway,
        consent,
    }
}

/// A whole half hour at least this many hours ago, in which everybody's consent was in force.
#[must_use]
pub fn half_hour(hours_ago: i64) -> Instant {
    let now = RunningClock::system().as_micros();
    let step = 1_800_000_000;
    Instant::from_micros(now.div_euclid(step) * step)
        .unwrap()
        .plus_seconds(-hours_ago * 3_600)
}
