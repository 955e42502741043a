//! Receipts: a record with everything that proves it.

use std::fmt;
use std::sync::Arc;

use broker_store::RecordRow;
use evidence::bundle::Bundle;
use evidence::jws::Jws;
use evidence::record::{Id, Record};
use ledger_core::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger_core::leaf::{RecordNumber, Salt, SubjectLeaf};
use ledger_core::proof::TlogProof;
use ledger_core::tree::{Hash, LeafIndex, ProofPlan, TreeSize, leaf_hash, verify_inclusion};

use crate::broker::Broker;
use crate::committer::tile_nodes;
use crate::failure::Fault;

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

/// A leaf and its place in the tree of the batch that appended it.
pub(crate) struct Proven {
    pub leaf: Vec<u8>,
    pub size: TreeSize,
    pub root: Hash,
    pub path: Vec<Hash>,
}

impl Receipt {
    /// The sharing that its record is about; `None` for a record of anything else.
    pub(crate) fn sharing(&self) -> Result<Option<Id>, Fault> {
        let corrupt = || Fault::Corrupt { what: "bundle" };
        let bundle = Bundle::parse(&self.bundle).map_err(|_| corrupt())?;
        let verified = bundle.verify(None, None).map_err(|_| corrupt())?;
        Ok(match verified.record {
            Record::Consent(record) => Some(record.consent().clone()),
            Record::ConsentChanged(changed) | Record::ConsentChangedFor(changed) => Some(changed.consent),
            Record::TransferOut(transfer) => transfer.consent,
            _ => None,
        })
    }
}

const fn out_of_range() -> Fault {
    Fault::Corrupt { what: "log size" }
}

impl Broker {
    /// The proof of one record, against the head of the batch that appended it: the same bytes however often it is
    /// asked. Waits until that head is published.
    ///
    /// # Errors
    /// [`Fault::SubjectErased`] when the detail was erased; [`Fault::Stopped`] when the ledger stopped before it
    /// published the record.
    pub async fn receipt(&self, leaf_index: u64) -> Result<Receipt, Fault> {
        let row = self.store.read().await?.record(leaf_index).await?;
        self.receipt_for(row.ok_or(Fault::SubjectErased)?).await
    }

    /// The proof of a record whose detail is at hand.
    ///
    /// # Errors
    /// As [`Self::receipt`].
    pub(crate) async fn receipt_for(&self, row: RecordRow) -> Result<Receipt, Fault> {
        let leaf_index = row.leaf_index;
        let index = LeafIndex::new(leaf_index).ok_or_else(out_of_range)?;
        let batch = self.recent.find(leaf_index);
        let remembered = batch.as_ref().and_then(|batch| {
            Some(Proven {
                leaf: batch.leaf(leaf_index)?.to_vec(),
                size: batch.head().size,
                root: batch.head().root,
                path: batch.path(index)?,
            })
        });
        let proven = match remembered {
            Some(proven) => proven,
            None => self.read_proof(index).await?,
        };
        // Tiles are never trusted, also our own: a wrong hash in the database must not leave in a proof.
        verify_inclusion(
            index,
            proven.size,
            &leaf_hash(&proven.leaf),
            &proven.path,
            &proven.root,
        )
        .map_err(|_| Fault::Corrupt { what: "tile_root" })?;
        // The record may have been found a moment after its commit. Its head is signed for once it is the log's, and
        // not before (`ledger.md`, commit order; invariant I8).
        self.sequencer
            .published(proven.size)
            .await
            .ok_or(Fault::Stopped)?;
        let signed = match &batch {
            None => Arc::new(self.signed(proven.size, proven.root)?),
            Some(batch) => match batch.signed().get() {
                Some(signed) => Arc::clone(signed),
                None => {
                    let signed = Arc::new(self.signed(proven.size, proven.root)?);
                    Arc::clone(batch.signed().get_or_init(|| signed))
                }
            },
        };
        self.bundle(row, index, proven, &signed)
    }

    /// The path of any leaf, and the checkpoint of the batch that appended it. Waits until that is published. The caller
    /// verifies the two together with the leaf.
    pub(crate) async fn inclusion(&self, index: LeafIndex) -> Result<(Vec<Hash>, SignedCheckpoint), Fault> {
        let proven = self.read_proof(index).await?;
        self.sequencer
            .published(proven.size)
            .await
            .ok_or(Fault::Stopped)?;
        Ok((proven.path, self.signed(proven.size, proven.root)?))
    }

    async fn read_proof(&self, index: LeafIndex) -> Result<Proven, Fault> {
        let mut read = self.store.read().await?;
        let leaf = read.leaves(index.get(), index.get() + 1).await?.pop();
        // The key that signs now does not sign for trees from before its time: those records are proven in the tree of
        // the batch that brought it.
        let signs_from = self.key_changes.last().map_or(0, |(place, _)| place.get());
        let head = read.head_covering(index.get().max(signs_from)).await?;
        let (leaf, head) = leaf.zip(head).ok_or(Fault::Corrupt { what: "segment" })?;
        let size = TreeSize::new(head.size).ok_or_else(out_of_range)?;
        let plan = ProofPlan::inclusion(index, size).map_err(|_| out_of_range())?;
        let tiles = tile_nodes(&mut *read, size, plan.nodes()).await?;
        Ok(Proven {
            leaf: leaf.bytes,
            size,
            root: Hash::new(head.root),
            path: plan
                .build(&tiles)
                .map_err(|_| Fault::Corrupt { what: "tile_root" })?,
        })
    }

    /// The checkpoint of an earlier head, signed again: Ed25519 is deterministic, so it comes out the same.
    pub(crate) fn signed(&self, size: TreeSize, root: Hash) -> Result<SignedCheckpoint, Fault> {
        let checkpoint = Checkpoint::new(&self.origin, size, root).map_err(|_| out_of_range())?;
        SignedCheckpoint::sign(checkpoint, &*self.log_signer).map_err(|_| Fault::Crypto {
            during: "sign checkpoint",
        })
    }

    pub(crate) fn bundle(
        &self,
        row: RecordRow,
        index: LeafIndex,
        proven: Proven,
        signed: &SignedCheckpoint,
    ) -> Result<Receipt, Fault> {
        let record = String::from_utf8(row.record).map_err(|_| Fault::Corrupt {
            what: "record.record",
        })?;
        let bundle = Bundle {
            record: Jws::from_stored(record),
            record_key: self.record_key.clone(),
            salt: Salt::new(row.salt),
            n: RecordNumber::new(row.n).ok_or(Fault::Corrupt { what: "record.n" })?,
            leaf: SubjectLeaf::parse(&proven.leaf).map_err(|_| Fault::Corrupt {
                what: "segment.leaves",
            })?,
            proof: TlogProof::new(index, proven.path, signed),
            log_key: self.log_signer.vkey().clone(),
        };
        let bundle = bundle.to_bytes().map_err(|_| Fault::Corrupt { what: "bundle" })?;
        Ok(Receipt {
            leaf_index: index.get(),
            bundle,
        })
    }
}
