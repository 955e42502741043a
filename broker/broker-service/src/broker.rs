//! The broker: its ports, its keys, and the way into the ledger.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_anonymiser::PolicyBook;
use broker_domain::ids::ParticipantId;
use broker_domain::policy::PolicyEngine;
use broker_domain::time::{Clock, Entropy};
use broker_keys::{MemberCrypto, RecordSigner};
use broker_store::{Read, Store, StoreError};
use evidence::jcs;
use evidence::jws::{Jwk, Protected};
use evidence::record::Record;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::leaf::{KeyChange, RestoreLeaf};
use ledger_core::note::{NoteSigner, Vkey};
use ledger_core::receipt::ReceiptSigner;
use ledger_core::tree::{LeafIndex, TreeSize};
use ledger_log::{
    LogData, LogMap, MapConfig, MapSnapshot, PublicStore, Publisher, RecoverError, Sequencer,
    SequencerConfig, Stop, StoreFault, Stores, SubmitError, SweepFault, Swept, UnixMicros, sweep,
};
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::accounts::SignInParts;
use crate::batch::Recent;
use crate::committer::{DataView, GroupCommitter};
use crate::failure::{Failure, Fault};
use crate::group::{Carrier, Commit, Shown, SignedRecord};
use crate::history::{FILES_AT_ONCE, known_restores};
use crate::intake::Lookup;
use crate::key_change::known_changes;
use crate::own_copy::Turns;
use crate::records::consent::RecordSite;
use crate::stopped::StopShelf;
use crate::vault::VaultKeys;
use crate::witnessing::{self, Gate, WitnessParts};

/// What a broker stands on. Everything that reads a clock, draws chance or touches a disk comes in here.
pub struct Parts {
    /// Where rows live.
    pub store: Arc<dyn Store>,
    /// Where the ledger lives, and the key that signs its checkpoints.
    pub ledger: Stores,
    /// Where the log changed its key, in order; none, for most logs. The last one brought the key that signs now.
    pub key_changes: Vec<u64>,
    /// Folder in which the map of tags is kept between starts: a cache of the log, made again when it is lost.
    pub map: PathBuf,
    /// The policies.
    pub policy: Arc<dyn PolicyEngine>,
    /// The rules of disclosure.
    pub rules: PolicyBook,
    /// The key that signs records.
    pub record_signer: Arc<RecordSigner>,
    /// The key that signs COSE receipts.
    pub receipt_signer: Arc<dyn ReceiptSigner>,
    /// The officer's key that signs erasures.
    pub officer_signer: Arc<dyn NoteSigner>,
    /// Encryption to members.
    pub members: Arc<dyn MemberCrypto>,
    /// The keys of the vault.
    pub vault: VaultKeys,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// How groups are formed.
    pub sequencer: SequencerConfig,
    /// By which ways people sign in.
    pub sign_in: SignInParts,
    /// Who vouches for the ledger, if anybody does.
    pub witnesses: Option<WitnessParts>,
    /// Where what a witness proves against the ledger is kept.
    pub stops: Arc<dyn StopShelf>,
    /// Who keeps the consent records, as they say it.
    pub site: RecordSite,
}

/// The broker's use cases hang here. Cheap to share behind an `Arc`.
pub struct Broker {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) policy: Arc<dyn PolicyEngine>,
    pub(crate) rules: PolicyBook,
    pub(crate) members: Arc<dyn MemberCrypto>,
    pub(crate) officer_signer: Arc<dyn NoteSigner>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) origin: String,
    pub(crate) vault: VaultKeys,
    pen: RecordPen,
    pub(crate) record_key: Jwk,
    pub(crate) log_signer: Arc<dyn NoteSigner>,
    pub(crate) receipt_signer: Arc<dyn ReceiptSigner>,
    pub(crate) public: Arc<dyn PublicStore>,
    pub(crate) key_changes: Vec<(LeafIndex, KeyChange)>,
    pub(crate) restores: Vec<(LeafIndex, RestoreLeaf)>,
    pub(crate) sequencer: Sequencer<GroupCommitter>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) gate: Option<Gate>,
    pub(crate) lookup: Lookup,
    pub(crate) sign_in: SignInParts,
    pub(crate) site: RecordSite,
    pub(crate) copies: Arc<Turns>,
    /// Files of whole lists under way.
    pub(crate) histories: Arc<Turns>,
    /// Letters of people who were erased may still lie in the outbox.
    pub(crate) letters_stale: AtomicBool,
}

/// The key that verifies what a signer signs.
fn public_half(signer: &RecordSigner) -> Jwk {
    Jwk::Ed25519 {
        x: signer.public_key(),
    }
}

/// Writes records and signs them.
pub(crate) struct RecordPen {
    signer: Arc<RecordSigner>,
    header: Protected,
}

impl RecordPen {
    /// A pen with this key.
    pub fn new(signer: Arc<RecordSigner>) -> Result<Self, StoreFault> {
        let key = public_half(&signer);
        let header = Protected::of(&key).map_err(StoreFault::new)?;
        Ok(Self { signer, header })
    }

    /// Signs a record.
    pub fn sign(&self, record: Record) -> Result<SignedRecord, Fault> {
        let jws = record.sign(&self.header, |message| self.signer.sign(message));
        let jws = jws.map_err(|_| Fault::Crypto {
            during: "write record",
        })?;
        Ok(SignedRecord { record, jws })
    }
}

#[derive(Serialize)]
struct DataHeader {
    alg: &'static str,
    kid: String,
    typ: &'static str,
}

impl Broker {
    /// Takes up the ledger and starts its writer. The handle ends when the ledger stops; its owner then exits.
    ///
    /// # Errors
    /// [`RecoverError`]: do not write, call a person. A ledger that a witness stopped is not taken up, with witnesses
    /// or without.
    pub async fn start(parts: Parts) -> Result<(Arc<Self>, JoinHandle<Result<(), Stop>>), RecoverError> {
        match parts.stops.standing().await? {
            None => Self::take_up(parts).await,
            Some(stop) => Err(stop.refusal()),
        }
    }

    /// The same whatever was proven before.
    pub(crate) async fn take_up(
        parts: Parts,
    ) -> Result<(Arc<Self>, JoinHandle<Result<(), Stop>>), RecoverError> {
        let log_signer = Arc::clone(&parts.ledger.signer);
        let public = Arc::clone(&parts.ledger.public);
        let data = DataView(Arc::clone(&parts.store));
        let now = UnixMicros(parts.clock.now().as_micros());
        // Before anything is signed: the map of the leaves must be the one that their last map-root leaf names.
        let size = data.head().await?.map_or(TreeSize::ZERO, |head| head.size);
        let map = LogMap::recover(parts.map, MapConfig::default(), &data, size).await?;
        let key_changes = known_changes(&*parts.store, &parts.key_changes).await?;
        let (ledger, witnesses) = witnessing::prepare(
            parts.witnesses,
            parts.ledger,
            &parts.store,
            &parts.clock,
            parts.stops,
        )
        .await?;
        let restores = known_restores(&*parts.store).await?;
        let publisher = Publisher::recover(ledger, &data, now).await?;
        finish_scrub(&*parts.store).await.map_err(StoreFault::new)?;
        let recent = Arc::new(Recent::starting_with(map.snapshot()));
        let committer = GroupCommitter::new(
            Arc::clone(&parts.store),
            Arc::clone(&parts.clock),
            Arc::clone(&parts.entropy),
            Arc::clone(&recent),
            map,
        );
        let (sequencer, writer) = Sequencer::start(committer, publisher, parts.sequencer);
        let record_key = public_half(&parts.record_signer);
        let (gate, writer) = witnesses.begin(sequencer.latest(), writer).await?;
        let lookup = Lookup::start(Arc::clone(&parts.store));
        let broker = Self {
            origin: log_signer.vkey().name().as_str().to_owned(),
            store: parts.store,
            policy: parts.policy,
            rules: parts.rules,
            members: parts.members,
            officer_signer: parts.officer_signer,
            clock: parts.clock,
            entropy: parts.entropy,
            vault: parts.vault,
            pen: RecordPen::new(parts.record_signer)?,
            record_key,
            log_signer,
            receipt_signer: parts.receipt_signer,
            public,
            key_changes,
            restores,
            sequencer,
            recent,
            gate,
            lookup,
            sign_in: parts.sign_in,
            site: parts.site,
            copies: Turns::of(1),
            histories: Turns::of(FILES_AT_ONCE),
            letters_stale: AtomicBool::new(true),
        };
        Ok((Arc::new(broker), writer))
    }

    /// A view of the store, for pages and doors that list what they may show. Writing is for use cases alone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(&self) -> Result<Box<dyn Read + '_>, StoreError> {
        self.store.read().await
    }

    /// The present as the broker sees it.
    #[must_use]
    pub fn now(&self) -> broker_domain::time::Instant {
        self.clock.now()
    }

    /// The key that verifies checkpoints.
    #[must_use]
    pub fn log_key(&self) -> &Vkey {
        self.log_signer.vkey()
    }

    /// The key that verifies erasures.
    #[must_use]
    pub fn officer_key(&self) -> &Vkey {
        self.officer_signer.vkey()
    }

    /// The newest published checkpoint.
    #[must_use]
    pub fn latest_checkpoint(&self) -> Arc<SignedCheckpoint> {
        self.sequencer.latest()
    }

    /// The map of tags after the last committed batch, for proofs. Its checkpoint may not be public yet: wait for it
    /// before a proof leaves.
    #[must_use]
    pub fn tag_map(&self) -> MapSnapshot {
        self.recent.map()
    }

    /// Whether the ledger still takes records.
    #[must_use]
    pub fn ledger_is_running(&self) -> bool {
        self.sequencer.is_running()
    }

    /// Holds every full public file of the ledger against the newest checkpoint, beside whatever else the broker does, and
    /// writes lost ones again. A start looks at the right edge only.
    ///
    /// # Errors
    /// [`SweepFault`], at the first file that was changed: then somebody else writes where only the ledger may, and the
    /// process should end.
    pub async fn sweep_public_files(&self) -> Result<Swept, SweepFault> {
        let data = DataView(Arc::clone(&self.store));
        sweep(&data, &*self.public, &self.latest_checkpoint()).await
    }

    /// Waits until the leaf is under a published checkpoint: before, it may yet become another one, and nobody is told
    /// its place.
    ///
    /// # Errors
    /// [`Fault::Stopped`] when the ledger stopped before.
    pub(crate) async fn is_public(&self, leaf_index: u64) -> Result<(), Fault> {
        let size = leaf_index.checked_add(1).and_then(TreeSize::new);
        let size = size.ok_or(Fault::Corrupt { what: "leaf index" })?;
        self.sequencer
            .published(size)
            .await
            .map(|_| ())
            .ok_or(Fault::Stopped)
    }

    /// Commits a beat whose refusals the caller passes on.
    pub(crate) async fn commit<C: Commit>(
        &self,
        beat: C,
    ) -> Result<<C::Answer as Shown>::View, Failure<C::Refusal>> {
        self.try_commit(beat).await?.map_err(Failure::Refused)
    }

    /// Commits a beat. When it returns an answer, with the places of its leaves, the records are signed, durable and
    /// public.
    pub(crate) async fn try_commit<C: Commit>(
        &self,
        beat: C,
    ) -> Result<Result<<C::Answer as Shown>::View, C::Refusal>, Fault> {
        let (job, claim) = Carrier::load(beat);
        match self.sequencer.submit(job).await {
            Ok(published) => claim.redeem(&published.answer),
            Err(SubmitError::Full) => Err(Fault::Busy),
            Err(SubmitError::NotCommitted(fault)) => {
                tracing::error!(
                    error = &*fault as &dyn std::error::Error,
                    "a group was not committed"
                );
                Err(Fault::NotCommitted)
            }
            Err(SubmitError::Stopped | SubmitError::Unanswered) => Err(Fault::Stopped),
        }
    }

    /// Signs a record.
    pub(crate) fn sign(&self, record: Record) -> Result<SignedRecord, Fault> {
        self.pen.sign(record)
    }

    /// Signs data that leaves for an application: a compact JWS over the bytes as they are (RFC 7515 §7.1).
    pub(crate) fn sign_data(&self, payload: &[u8]) -> Result<String, Fault> {
        self.sign_as("fiducie-data+jws", payload)
    }

    /// Signs bytes that leave, under a media type of their own, so that none passes for another.
    pub(crate) fn sign_as(&self, typ: &'static str, payload: &[u8]) -> Result<String, Fault> {
        let header = DataHeader {
            alg: "EdDSA",
            kid: self.record_key.thumbprint().as_str().to_owned(),
            typ,
        };
        let header = jcs::to_bytes(&header).map_err(|_| Fault::Crypto { during: "sign data" })?;
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signature = self.pen.signer.sign(input.as_bytes());
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Whether a participant can be found, for sign-in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn participant_exists(&self, who: ParticipantId) -> Result<bool, Fault> {
        let row = self.store.read().await?.participant(who).await?;
        Ok(row.is_some())
    }
}

/// Finishes what an erasure before a crash had begun.
async fn finish_scrub(store: &dyn Store) -> Result<(), StoreError> {
    if store.read().await?.scrub_is_due().await? {
        tracing::warn!("an erasure was committed and its bytes may still be in the files; scrubbing");
        store.scrub().await?;
    }
    Ok(())
}
