//! Puts a broker together from a folder: keys, database, lock, ledger.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use broker_anonymiser::PolicyBook;
use broker_domain::time::{Clock, Entropy};
use broker_keys::{CheckpointSigner, JoseMemberCrypto, Keys, OfficerSigner, ReceiptSigner};
use broker_service::{Broker, Parts, RecordSite, SignInParts, VaultKeys};
use broker_store::Store as _;
use broker_store_sqlite::{Create, SqliteLockStore, SqliteStore};
use broker_vault::{IndexKey, VaultIdentity};
use ledger_core::note::{KeyKind, KeyName, NoteSigner, Vkey};
use ledger_core::receipt::{self, ReceiptKey};
use ledger_log::{FolderStore, PublicStore, Publisher, Rotation, SequencerConfig, Stop, Stores};
use policies::CedarEngine;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::in_use::InUse;
use crate::key_rotation::Changes;
use crate::ledger_command::{self, leftovers};
use crate::ports::{SystemClock, SystemEntropy};
use crate::stopped::StopFolder;
use crate::{clock_watch, config, witness};

/// How many consents a broker keeps in memory (docs/decisions/0031): those of a city of 100,000 meters, twice. Some 300
/// bytes each by the sizes of their types; `fiducie bench decide` measures it.
const CONSENTS_BY_HEART: usize = 1_000_000;

/// Where a broker lives on disk.
#[derive(Debug, Clone)]
pub struct Home {
    folder: PathBuf,
}

impl Home {
    /// The broker in this folder.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The folder of the secret keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join("broker.db")
    }

    /// The lock store: never restored from a backup.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock.db")
    }

    /// The public files of the ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.folder.join("ledger")
    }

    /// The map of tags: a cache of the ledger.
    #[must_use]
    pub fn map(&self) -> PathBuf {
        self.folder.join("map")
    }

    /// Letters that nobody sent elsewhere.
    #[must_use]
    pub fn outbox(&self) -> PathBuf {
        self.folder.join("outbox")
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// A broker that runs.
pub struct Running {
    /// Its use cases.
    pub broker: Arc<Broker>,
    /// The public files of its ledger.
    pub public: Arc<dyn PublicStore>,
    /// Ends when the ledger stops; then the process must exit.
    pub writer: JoinHandle<Result<(), Stop>>,
    /// Keeps other processes out of the folder for as long as it stands.
    pub in_use: Option<InUse>,
}

/// A checkpoint or officer key as the ledger knows it: with a name.
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

/// The key of receipts as others know it: with issuer and thumbprint.
struct Receipts {
    key: ReceiptKey,
    signer: ReceiptSigner,
}

impl receipt::ReceiptSigner for Receipts {
    fn key(&self) -> &ReceiptKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signer.sign(message)
    }
}

fn key_name(name: &str) -> Result<KeyName> {
    KeyName::new(name).with_context(|| {
        format!("`{name}` cannot name a ledger: it must not be empty, hold white space or a plus sign")
    })
}

/// The name of the officer's key follows from the ledger's.
fn officer_name(origin: &str) -> String {
    format!("{origin}/officer")
}

/// The verifier key of a checkpoint key.
///
/// # Errors
/// When the origin cannot name a ledger.
pub fn checkpoint_vkey(origin: &str, key: &CheckpointSigner) -> Result<Vkey> {
    Ok(Vkey::new(key_name(origin)?, KeyKind::Ed25519, key.public_key()))
}

fn checkpoint_signer(origin: &str, key: CheckpointSigner) -> Result<Arc<dyn NoteSigner>> {
    Ok(Arc::new(Named {
        vkey: checkpoint_vkey(origin, &key)?,
        signer: key,
        sign: |signer, message| signer.sign(message),
    }))
}

fn officer_signer(home: &Home, origin: &str) -> Result<Arc<dyn NoteSigner>> {
    let signer = OfficerSigner::load(&home.keys())?;
    let name = key_name(&officer_name(origin))?;
    Ok(Arc::new(Named {
        vkey: Vkey::new(name, KeyKind::Ed25519, signer.public_key()),
        signer,
        sign: |signer, message| signer.sign(message),
    }))
}

fn stores(
    keys: CheckpointSigner,
    origin: &str,
    lock: SqliteLockStore,
    public: Arc<FolderStore>,
) -> Result<Stores> {
    Ok(Stores {
        signer: checkpoint_signer(origin, keys)?,
        rotation: Rotation::default(),
        lock: Arc::new(lock),
        public,
    })
}

/// Makes keys, database, lock store and an empty ledger. Run once, by hand or by the demo.
///
/// # Errors
/// When any of them exists already: nothing is ever overwritten.
pub async fn create(home: &Home, origin: &str, entropy: &dyn Entropy) -> Result<()> {
    // The folder holds sealed readings, wrapped keys and signing keys: nobody else on the machine looks into it.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(home.folder())
        .with_context(|| "the data folder cannot be made")?;
    let keys = Keys::create(&home.keys(), entropy)?;
    OfficerSigner::create(&home.keys(), entropy)?;
    SqliteStore::open(&home.database(), Create::IfMissing)
        .await?
        .close()
        .await;
    let lock = SqliteLockStore::create(&home.lock()).await?;
    let public = Arc::new(FolderStore::open(home.ledger()).await?);
    Publisher::initialise(&stores(keys.checkpoint, origin, lock, public)?).await?;
    Ok(())
}

/// What a broker is taken up with.
pub struct Setting<'a> {
    /// Where it lives.
    pub home: &'a Home,
    /// The name of its ledger.
    pub origin: &'a str,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// How its groups are formed.
    pub sequencer: SequencerConfig,
    /// Who vouches for its ledger, if anybody does.
    pub witnesses: Option<&'a config::Witnesses>,
    /// How people sign in, if they do.
    pub sign_in: SignInParts,
    /// Who keeps the consent records, as they say it.
    pub site: RecordSite,
}

impl<'a> Setting<'a> {
    /// That of a configuration: the system's clock and chance.
    #[must_use]
    pub fn of(config: &'a Config, home: &'a Home) -> Self {
        Self {
            home,
            origin: &config.origin,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy::open()),
            sequencer: SequencerConfig::default(),
            witnesses: config.witnesses.as_ref(),
            sign_in: SignInParts::default(),
            site: record_site(config),
        }
    }
}

/// What consent records say of whoever keeps them.
fn record_site(config: &Config) -> RecordSite {
    RecordSite {
        address: config.site.trim_end_matches('/').to_owned(),
        operator: config.operator.name.clone(),
        contact: config.operator.contact_email.clone(),
        country: config.operator.country.clone(),
    }
}

/// The address in the records of a broker that serves no pages: a story that is told, a measurement.
pub const NO_PAGES: &str = "http://localhost";

/// What the records of a demonstration say of whoever keeps them.
#[must_use]
pub fn demo_site(address: &str) -> RecordSite {
    RecordSite {
        address: address.to_owned(),
        operator: "Fiducie (démonstration)".to_owned(),
        contact: "dpo@fiducie.invalid".to_owned(),
        country: "FR".to_owned(),
    }
}

/// Starts the broker of a folder. Creates nothing: a missing lock store or key is refused.
///
/// # Errors
/// When a part is missing or damaged, when the ledger refuses to be taken up, when the policy of the witnesses is not good
/// enough, or when a witness stands against this ledger.
pub async fn start(setting: Setting<'_>) -> Result<Running> {
    let in_use = InUse::take(setting.home.folder()).await?;
    let mut running = take_up(setting).await?;
    running.in_use = Some(in_use);
    Ok(running)
}

/// The same for a command that has the folder already.
///
/// # Errors
/// As [`start`].
pub async fn take_up(setting: Setting<'_>) -> Result<Running> {
    let home = setting.home;
    let (parts, public) = parts(setting).await?;
    let (broker, writer) = Broker::start(parts).await.map_err(ledger_command::refused)?;
    leftovers::clean(home);
    // Only a key that the ledger was taken up with is shown to the world.
    public.publish_key(broker.log_key()).await?;
    public
        .publish_beside("officer.vkey", format!("{}\n", broker.officer_key()).into_bytes())
        .await?;
    public
        .publish_beside("receipt.cose-key", broker.receipt_key().to_cose_key())
        .await?;
    Ok(Running {
        broker,
        public,
        writer,
        in_use: None,
    })
}

/// Refuses what would only fail at its end: while a witness's proof stands, nothing is signed.
///
/// # Errors
/// The refusal, with the way out.
pub fn must_not_be_stopped(home: &Home) -> Result<()> {
    match StopFolder::of(home.folder()).read() {
        Ok(None) => Ok(()),
        Ok(Some(stop)) => Err(ledger_command::refused(stop.refusal())),
        Err(error) => Err(ledger_command::refused(error.into())),
    }
}

/// The key that verifies the ledger's checkpoints.
///
/// # Errors
/// When the keys cannot be read, or the origin cannot name a ledger.
pub fn log_key(home: &Home, origin: &str) -> Result<Vkey> {
    let keys = Keys::load(&home.keys())?;
    Ok(Vkey::new(
        key_name(origin)?,
        KeyKind::Ed25519,
        keys.checkpoint.public_key(),
    ))
}

/// The other keys whose checkpoints are the ledger's: those given up, and the next one while both sign.
///
/// # Errors
/// When they cannot be read, or do not lead to the present one.
pub fn other_log_keys(home: &Home, origin: &str, present: &Vkey) -> Result<Vec<Vkey>> {
    let rotation = rotation(home, origin, &Changes::read(&home.keys(), present)?)?;
    let next = rotation.next.iter().map(|next| next.vkey().clone());
    Ok(next.chain(rotation.earlier).collect())
}

/// The keys before and after the present one.
fn rotation(home: &Home, origin: &str, changes: &Changes) -> Result<Rotation> {
    let next = CheckpointSigner::load_next(&home.keys())?;
    let next = next.map(|key| checkpoint_signer(origin, key)).transpose()?;
    changes.check_next(next.as_ref().map(|key| key.vkey()))?;
    Ok(Rotation {
        next,
        earlier: changes.earlier(),
    })
}

/// Opens everything that a broker stands on; takes nothing up.
///
/// # Errors
/// When a part is missing or damaged, or when the policy of the witnesses is not good enough.
pub async fn parts(setting: Setting<'_>) -> Result<(Parts, Arc<FolderStore>)> {
    let Setting {
        home,
        origin,
        clock,
        entropy,
        sequencer,
        witnesses,
        sign_in,
        site,
    } = setting;
    site.check().context(
        "every consent record names the site and its operator: `site` is an address without a path, such as \
         https://broker.example, and `name` and `contact_email` of `[operator]` are not empty",
    )?;
    leftovers::tell(home);
    let keys = Keys::load(&home.keys())?;
    let store = SqliteStore::open(&home.database(), Create::Never).await?;
    // Whoever takes a broker up has its folder to itself, and opens its database once.
    let store = store.remembering(CONSENTS_BY_HEART);
    let newest = store.read().await?.newest_head().await?.map(|head| head.at);
    clock_watch::check(home.folder(), newest, clock.now()).map_err(ledger_command::refused)?;
    let lock = SqliteLockStore::open_existing(&home.lock())
        .await
        .context("the ledger cannot be taken up; `fiducie ledger repair --explain` says what may be done")?;
    let public = Arc::new(FolderStore::open(home.ledger()).await?);
    let changes = Changes::read(&home.keys(), &checkpoint_vkey(origin, &keys.checkpoint)?)?;
    let mut ledger = stores(keys.checkpoint, origin, lock, Arc::clone(&public))?;
    ledger.rotation = rotation(home, origin, &changes)?;
    let log_key = ledger.signer.vkey();
    let witnesses = witnesses
        .map(|config| witness::read(config, log_key))
        .transpose()?;
    let receipts = Receipts {
        key: ReceiptKey::new(key_name(origin)?, keys.receipt.public_key()),
        signer: keys.receipt,
    };
    let identity = VaultIdentity::parse(&keys.vault_identity)?;
    let parts = Parts {
        store: Arc::new(store),
        ledger,
        key_changes: changes.places(),
        map: home.map(),
        policy: Arc::new(CedarEngine::embedded()?),
        rules: PolicyBook::embedded()?,
        record_signer: Arc::new(keys.record),
        receipt_signer: Arc::new(receipts),
        officer_signer: officer_signer(home, origin)?,
        members: Arc::new(JoseMemberCrypto::new()),
        vault: VaultKeys::new(identity, Vec::new(), IndexKey::from_bytes(keys.point_index)),
        clock,
        entropy,
        sequencer,
        sign_in,
        witnesses,
        stops: Arc::new(StopFolder::of(home.folder())),
        site,
    };
    Ok((parts, public))
}
