//! A folder with a broker in it and people, gateways and an application that it knows.
//!
//! LIMIT: `fiducie serve` has no door yet through which somebody joins without a page, so joining, consenting and
//! enrolling are calls of the use cases here, on a clock that stands three days ago. Keys, database and ledger are made
//! by `fiducie keygen`, and the broker that the tests talk to is `fiducie serve` itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use broker_domain::ids::{ConsentId, ParticipantId, PointId};
use broker_domain::time::Instant;
use broker_keys::MemberKeyPair;
use broker_service::{Broker, Newcomer};
use broker_store::OfferRow;
use gateway_simulator::Street;
use ledger_core::note::Vkey;
use tempfile::TempDir;
use test_support::{Gateway, Notices, agree, application, log_key, offer, organisation};

use crate::programs::{programs, text};

pub use test_support::{RunningClock, SystemEntropy, random};

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
        Self::found_with(consenting, async |_, _| ()).0
    }

    /// The same, of people who joined so many days ago; nothing happened since.
    #[must_use]
    pub fn found_days_ago(consenting: u32, days: i64) -> Self {
        Self::found_at(consenting, days * 86_400, async |_, _| ()).0
    }

    /// The same, and what else happens on the day when people joined.
    #[must_use]
    pub fn found_with<T>(
        consenting: u32,
        on_the_day: impl AsyncFnOnce(&Broker, &[Resident]) -> T,
    ) -> (Self, T) {
        Self::found_at(consenting, JOINED_SECONDS_AGO, on_the_day)
    }

    fn found_at<T>(
        consenting: u32,
        seconds_ago: i64,
        on_the_day: impl AsyncFnOnce(&Broker, &[Resident]) -> T,
    ) -> (Self, T) {
        let folder = TempDir::new().unwrap();
        let config = format!(
            "listen = \"127.0.0.1:0\"\ndata = \"{}\"\norigin = \"{ORIGIN}\"\nsite = \"http://localhost\"\n\
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
        let (residents, application, done) = runtime.block_on(async {
            let joined = RunningClock::starting(RunningClock::system().plus_seconds(-seconds_ago));
            let broker = start(&data, joined).await;
            let (residents, application) = settle(&broker, consenting).await;
            let done = on_the_day(&broker, &residents).await;
            (residents, application, done)
        });
        let town = Self {
            folder,
            residents,
            application,
        };
        (town, done)
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
        log_key(&self.data(), ORIGIN)
    }
}

fn config_of(folder: &Path) -> [String; 2] {
    [
        "--config".to_owned(),
        folder.join("fiducie.toml").display().to_string(),
    ]
}

/// Starts the use cases on the town's folder, as `fiducie` does.
pub async fn start(data: &Path, clock: RunningClock) -> Arc<Broker> {
    test_support::start(data, ORIGIN, Arc::new(clock)).await
}

async fn settle(broker: &Broker, consenting: u32) -> (Vec<Resident>, Application) {
    let organisation = organisation(broker, "Quartier", "FR", "contact@quartier.invalid").await;
    let credential = hex::encode(random::<32>());
    let (_, key) = application(broker, organisation, "Page", &credential).await;
    let application = Application { credential, key };
    let notices = Notices {
        french: ["Voir ma courbe"; 2],
        english: ["See my curve"; 2],
        dutch: ["Mijn curve zien"; 2],
    };
    let offer = offer(broker, organisation, "neighbourhood-view", notices).await;

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

async fn join(broker: &Broker, newcomer: Newcomer, offer: Option<&OfferRow>) -> Resident {
    let joined = broker.join(&newcomer).await.unwrap();
    let (participant, point) = (joined.participant, joined.point);
    let gateway = Gateway::enrol(broker, participant, point).await;
    let consent = match offer {
        Some(row) => Some(agree(broker, participant, point, &row.offer).await),
        None => None,
    };
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
