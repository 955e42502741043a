//! The folder of a broker, made and opened as `fiducie keygen` and `fiducie serve` do.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use broker_anonymiser::PolicyBook;
use broker_domain::identity::Passkey;
use broker_domain::ids::Digest;
use broker_domain::ids::{ParticipantId, WayId};
use broker_domain::policy::{PolicyEngine, Query, Verdict};
use broker_domain::time::Clock;
use broker_domain::time::Instant;
use broker_keys::{CheckpointSigner, JoseMemberCrypto, Keys, OfficerSigner, ReceiptSigner};
use broker_service::{
    Broker, Inviting, Parts, RecordSite, SignInParts, StopEvidence, StopShelf, VaultKeys, WitnessParts,
};
use broker_store::{InvitationKind, PasskeyRow, SessionRole, Store as _};
use broker_store_sqlite::{Create, SqliteLockStore, SqliteStore};
use broker_vault::{IndexKey, VaultIdentity};
use ledger_core::note::{KeyKind, KeyName, NoteSigner, Vkey};
use ledger_core::receipt::{self, ReceiptKey};
use ledger_log::{FolderStore, Publisher, Rotation, SequencerConfig, StoreFault, Stores};
use policies::CedarEngine;

use crate::ports::SystemEntropy;

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

fn vkey(name: &str, public_key: [u8; 32]) -> Vkey {
    Vkey::new(KeyName::new(name).unwrap(), KeyKind::Ed25519, public_key)
}

fn checkpoint_vkey(signer: &CheckpointSigner, origin: &str) -> Vkey {
    vkey(origin, signer.public_key())
}

/// The ledger's key, from the broker's own secret, not from the ledger.
#[must_use]
pub fn log_key(data: &Path, origin: &str) -> Vkey {
    checkpoint_vkey(&Keys::load(&data.join("keys")).unwrap().checkpoint, origin)
}

/// The key of receipts, from the broker's own secret.
#[must_use]
pub fn receipt_key(data: &Path, origin: &str) -> ReceiptKey {
    let signer = Keys::load(&data.join("keys")).unwrap().receipt;
    ReceiptKey::new(KeyName::new(origin).unwrap(), signer.public_key())
}

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

async fn stores(data: &Path, origin: &str, checkpoint: CheckpointSigner, lock: SqliteLockStore) -> Stores {
    let signer = Named {
        vkey: checkpoint_vkey(&checkpoint, origin),
        signer: checkpoint,
        sign: |signer, message| signer.sign(message),
    };
    Stores {
        signer: Arc::new(signer),
        rotation: Rotation::default(),
        lock: Arc::new(lock),
        public: Arc::new(FolderStore::open(data.join("ledger")).await.unwrap()),
    }
}

/// Makes keys, database, lock store and an empty ledger of that name in a folder that exists.
pub async fn create(data: &Path, origin: &str) {
    let keys = Keys::create(&data.join("keys"), &SystemEntropy).unwrap();
    OfficerSigner::create(&data.join("keys"), &SystemEntropy).unwrap();
    SqliteStore::open(&data.join("broker.db"), Create::IfMissing)
        .await
        .unwrap();
    let lock = SqliteLockStore::create(&data.join("lock.db")).await.unwrap();
    let ledger = stores(data, origin, keys.checkpoint, lock).await;
    Publisher::initialise(&ledger).await.unwrap();
}

/// The policies, until a test says that nothing is allowed any more.
pub struct Policies {
    engine: CedarEngine,
    forbid: AtomicBool,
}

impl Policies {
    /// Those of the program.
    #[must_use]
    pub fn embedded() -> Self {
        Self {
            engine: CedarEngine::embedded().unwrap(),
            forbid: AtomicBool::new(false),
        }
    }

    /// From now on they allow nothing.
    pub fn forbid_everything(&self) {
        self.forbid.store(true, Ordering::SeqCst);
    }
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

/// No witness ever proves anything here; one that does stops the broker, and nothing is kept.
struct NothingStands;

#[async_trait::async_trait]
impl StopShelf for NothingStands {
    async fn standing(&self) -> Result<Option<StopEvidence>, StoreFault> {
        Ok(None)
    }

    async fn keep(&self, _: &StopEvidence) -> Result<(), StoreFault> {
        Ok(())
    }
}

/// Starts the use cases on such a folder.
pub async fn start(data: &Path, origin: &str, clock: Arc<dyn Clock>) -> Arc<Broker> {
    start_under(data, origin, clock, Arc::new(Policies::embedded())).await
}

/// The same under policies of the test.
pub async fn start_under(
    data: &Path,
    origin: &str,
    clock: Arc<dyn Clock>,
    policy: Arc<dyn PolicyEngine>,
) -> Arc<Broker> {
    start_before(data, origin, clock, policy, None).await
}

/// The same before witnesses.
pub async fn start_before(
    data: &Path,
    origin: &str,
    clock: Arc<dyn Clock>,
    policy: Arc<dyn PolicyEngine>,
    witnesses: Option<WitnessParts>,
) -> Arc<Broker> {
    let parts = parts(data, origin, clock, policy).await;
    let parts = Parts { witnesses, ..parts };
    Broker::start(parts).await.unwrap().0
}

/// The same with ways to sign in.
pub async fn start_signing_in(
    data: &Path,
    origin: &str,
    clock: Arc<dyn Clock>,
    sign_in: SignInParts,
) -> Arc<Broker> {
    let parts = parts(data, origin, clock, Arc::new(Policies::embedded())).await;
    let parts = Parts { sign_in, ..parts };
    Broker::start(parts).await.unwrap().0
}

/// The code of a first invitation, made as `fiducie invite` does.
pub async fn invited(data: &Path, clock: &dyn Clock, role: SessionRole) -> String {
    let store = SqliteStore::open(&data.join("broker.db"), Create::Never)
        .await
        .unwrap();
    let inviting = Inviting {
        store: &store,
        key: &IndexKey::from_bytes(Keys::load(&data.join("keys")).unwrap().point_index),
        clock,
        entropy: &SystemEntropy,
    };
    let invitation = inviting.invite(role, InvitationKind::First).await.unwrap();
    store.close().await;
    invitation.code
}

/// Gives a participant who has an account a passkey, past every ceremony.
pub async fn keep_passkey(data: &Path, who: ParticipantId, passkey: Passkey, added_at: Instant) {
    let store = SqliteStore::open(&data.join("broker.db"), Create::Never)
        .await
        .unwrap();
    let mut tx = store.begin("keep a passkey").await.unwrap();
    let account = tx.account_of(SessionRole::Participant(who)).await.unwrap();
    let row = PasskeyRow {
        id: WayId::random(&SystemEntropy).unwrap(),
        account: account.unwrap().id,
        passkey,
        name: "clé".into(),
        added_at,
        last_used_at: None,
        frozen_at: None,
        revoked_at: None,
    };
    tx.add_passkey(&row).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
}

async fn parts(data: &Path, origin: &str, clock: Arc<dyn Clock>, policy: Arc<dyn PolicyEngine>) -> Parts {
    let keys = Keys::load(&data.join("keys")).unwrap();
    let identity = VaultIdentity::parse(&keys.vault_identity).unwrap();
    let officer = OfficerSigner::load(&data.join("keys")).unwrap();
    let officer = Named {
        vkey: vkey(&format!("{origin}/officer"), officer.public_key()),
        signer: officer,
        sign: |signer, message| signer.sign(message),
    };
    let receipts = Receipts {
        key: receipt_key(data, origin),
        signer: keys.receipt,
    };
    let lock = SqliteLockStore::open_existing(&data.join("lock.db"))
        .await
        .unwrap();
    let store = SqliteStore::open(&data.join("broker.db"), Create::Never)
        .await
        .unwrap();
    Parts {
        store: Arc::new(store),
        ledger: stores(data, origin, keys.checkpoint, lock).await,
        key_changes: Vec::new(),
        map: data.join("map"),
        policy,
        rules: PolicyBook::embedded().unwrap(),
        record_signer: Arc::new(keys.record),
        receipt_signer: Arc::new(receipts),
        officer_signer: Arc::new(officer),
        members: Arc::new(JoseMemberCrypto::new()),
        vault: VaultKeys::new(identity, Vec::new(), IndexKey::from_bytes(keys.point_index)),
        clock,
        entropy: Arc::new(SystemEntropy),
        sequencer: SequencerConfig::default(),
        sign_in: SignInParts::default(),
        witnesses: None,
        stops: Arc::new(NothingStands),
        site: RecordSite {
            address: "https://broker.example".into(),
            operator: "Fiducie".into(),
            contact: "dpo@broker.example".into(),
            country: "FR".into(),
        },
    }
}
