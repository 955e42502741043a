//! The broker: its ports, its keys, the way into the ledger, and receipts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_anonymiser::PolicyBook;
use broker_domain::ids::ParticipantId;
use broker_domain::policy::PolicyEngine;
use broker_domain::time::{Clock, Entropy};
use broker_keys::{MemberCrypto, RecordSigner};
use broker_store::{Read, Store, StoreError};
use evidence::bundle::Bundle;
use evidence::jcs;
use evidence::jws::{Jwk, Jws};
use evidence::record::Record;
use ledger_core::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger_core::leaf::{RecordNumber, Salt, SubjectLeaf};
use ledger_core::note::{NoteSigner, Vkey};
use ledger_core::proof::TlogProof;
use ledger_core::tree::{Hash, LeafIndex, NodeMap, ProofPlan, TreeSize};
use ledger_log::{
    Publisher, RecoverError, Sequencer, SequencerConfig, Stop, Stores, SubmitError, UnixMicros,
};
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::committer::{DataView, GroupCommitter, read_node};
use crate::failure::{Failure, Fault};
use crate::group::{Carrier, Commit, SignedRecord};
use crate::vault::VaultKeys;

/// How often, and how far apart, a receipt looks whether its head is published: two seconds in all.
const PUBLICATION_LOOKS: u32 = 80;
const PUBLICATION_PAUSE: Duration = Duration::from_millis(25);

/// What a broker stands on. Everything that reads a clock, draws chance or touches a disk comes in here.
pub struct Parts {
    /// Where rows live.
    pub store: Arc<dyn Store>,
    /// Where the ledger lives, and the key that signs its checkpoints.
    pub ledger: Stores,
    /// The policies.
    pub policy: Arc<dyn PolicyEngine>,
    /// The rules of disclosure.
    pub rules: PolicyBook,
    /// The key that signs records.
    pub record_signer: Arc<RecordSigner>,
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
    record_signer: Arc<RecordSigner>,
    pub(crate) record_key: Jwk,
    log_signer: Arc<dyn NoteSigner>,
    sequencer: Sequencer<GroupCommitter>,
}

#[derive(Serialize)]
struct DataHeader {
    alg: &'static str,
    kid: String,
    typ: &'static str,
}

/// Proof of one record: what its owner keeps.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Index of the leaf.
    pub leaf_index: u64,
    /// The evidence bundle, the exact bytes of the file.
    pub bundle: Vec<u8>,
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("leaf_index", &self.leaf_index)
            .finish_non_exhaustive()
    }
}

impl Broker {
    /// Takes up the ledger and starts its writer. The handle ends when the ledger stops; its owner then exits.
    ///
    /// # Errors
    /// [`RecoverError`]: do not write, call a person.
    pub async fn start(parts: Parts) -> Result<(Arc<Self>, JoinHandle<Result<(), Stop>>), RecoverError> {
        let log_signer = Arc::clone(&parts.ledger.signer);
        let data = DataView(Arc::clone(&parts.store));
        let now = UnixMicros(parts.clock.now().as_micros());
        let publisher = Publisher::recover(parts.ledger, &data, now).await?;
        let committer = GroupCommitter::new(
            Arc::clone(&parts.store),
            Arc::clone(&parts.clock),
            Arc::clone(&parts.entropy),
        );
        let (sequencer, writer) = Sequencer::start(committer, publisher, parts.sequencer);
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
            record_key: Jwk::Ed25519 {
                x: parts.record_signer.public_key(),
            },
            record_signer: parts.record_signer,
            log_signer,
            sequencer,
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

    /// Whether the ledger still takes records.
    #[must_use]
    pub fn ledger_is_running(&self) -> bool {
        self.sequencer.is_running()
    }

    /// Commits a beat whose refusals the caller passes on.
    pub(crate) async fn commit<C: Commit>(&self, beat: C) -> Result<C::Answer, Failure<C::Refusal>> {
        self.try_commit(beat).await?.map_err(Failure::Refused)
    }

    /// Commits a beat. When it returns an answer, the records are signed, durable and public.
    pub(crate) async fn try_commit<C: Commit>(
        &self,
        beat: C,
    ) -> Result<Result<C::Answer, C::Refusal>, Fault> {
        let (job, claim) = Carrier::load(beat);
        match self.sequencer.submit(job).await {
            Ok(_) => claim.redeem(),
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
        let payload = record.to_jcs_bytes().map_err(|_| Fault::Crypto {
            during: "write record",
        })?;
        let jws = Jws::sign(&payload, &self.record_key, |message| {
            self.record_signer.sign(message)
        })
        .map_err(|_| Fault::Crypto {
            during: "sign record",
        })?;
        Ok(SignedRecord { record, jws })
    }

    /// Signs data that leaves for an application: a compact JWS over the bytes as they are (RFC 7515 §7.1).
    pub(crate) fn sign_data(&self, payload: &[u8]) -> Result<String, Fault> {
        let header = DataHeader {
            alg: "EdDSA",
            kid: self.record_key.thumbprint().as_str().to_owned(),
            typ: "fiducie-data+jws",
        };
        let header = jcs::to_bytes(&header).map_err(|_| Fault::Crypto { during: "sign data" })?;
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signature = self.record_signer.sign(input.as_bytes());
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The proof of one record, against the first head that included it: the same bytes however often it is asked.
    /// Waits until that head is published.
    ///
    /// # Errors
    /// [`Fault::SubjectErased`] when the detail was erased; [`Fault::Stopped`] when the ledger stopped before it
    /// published the record.
    pub async fn receipt(&self, leaf_index: u64) -> Result<Receipt, Fault> {
        let mut read = self.store.read().await?;
        let row = read.record(leaf_index).await?.ok_or(Fault::SubjectErased)?;
        let leaf = read.leaves(leaf_index, leaf_index + 1).await?.pop();
        let leaf = leaf.ok_or(Fault::Corrupt { what: "log_leaf" })?;
        let head = read
            .head_covering(leaf_index)
            .await?
            .ok_or(Fault::Corrupt { what: "log_head" })?;
        self.await_publication(head.size).await?;
        let out_of_range = || Fault::Corrupt { what: "log size" };
        let size = TreeSize::new(head.size).ok_or_else(out_of_range)?;
        let index = LeafIndex::new(leaf_index).ok_or_else(out_of_range)?;
        let plan = ProofPlan::inclusion(index, size).map_err(|_| out_of_range())?;
        let mut nodes = NodeMap::default();
        for node in plan.nodes() {
            nodes.insert(node, read_node(&mut *read, node).await?);
        }
        let path = plan
            .build(&nodes)
            .map_err(|_| Fault::Corrupt { what: "log_node" })?;
        drop(read);
        // The record may have been found a moment after its commit. Its head is signed for once it is the log's, and
        // not before (`ledger.md`, commit order; invariant I8).
        self.sequencer.published(size).await.ok_or(Fault::Stopped)?;

        let checkpoint =
            Checkpoint::new(&self.origin, size, Hash::new(head.root)).map_err(|_| out_of_range())?;
        let signed = SignedCheckpoint::sign(checkpoint, &*self.log_signer).map_err(|_| Fault::Crypto {
            during: "sign checkpoint",
        })?;
        let record = String::from_utf8(row.record).map_err(|_| Fault::Corrupt {
            what: "record.record",
        })?;
        let record = Jws::from_stored(record);
        let bundle = Bundle {
            record,
            record_key: self.record_key.clone(),
            salt: Salt::new(row.salt),
            n: RecordNumber::new(row.n).ok_or(Fault::Corrupt { what: "record.n" })?,
            leaf: SubjectLeaf::parse(&leaf.bytes).map_err(|_| Fault::Corrupt {
                what: "log_leaf.bytes",
            })?,
            proof: TlogProof::new(index, path, &signed),
            log_key: self.log_signer.vkey().clone(),
        };
        let bundle = bundle.to_bytes().map_err(|_| Fault::Corrupt { what: "bundle" })?;
        Ok(Receipt { leaf_index, bundle })
    }

    /// Waits until a head is published. The database is ahead of the lock store between commit and publication, and
    /// nothing is signed in between: a rolled-back database must not have shown a root.
    async fn await_publication(&self, size: u64) -> Result<(), Fault> {
        for _ in 0..PUBLICATION_LOOKS {
            if size <= self.sequencer.latest().size().get() {
                return Ok(());
            }
            if !self.sequencer.is_running() {
                return Err(Fault::Stopped);
            }
            tokio::time::sleep(PUBLICATION_PAUSE).await;
        }
        Err(Fault::Busy)
    }

    /// Whether a participant can be found, for sign-in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn participant_exists(&self, who: ParticipantId) -> Result<bool, Fault> {
        let row = self.store.read().await?.participant(who).await?;
        Ok(row.is_some_and(|row| row.erased_at.is_none()))
    }
}
