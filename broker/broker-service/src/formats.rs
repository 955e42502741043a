//! One proof in the formats of others: a C2SP tlog-proof, and a COSE receipt (RFC 9942).
//!
//! Both say less than the bundle: that an entry stands in the log. Which record the entry commits to is what the bundle
//! opens, so these are for whoever may have the bundle, and for whoever she hands them to.

use evidence::bundle::Bundle;
use evidence::consent::ReceiptError;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::proof::TlogProof;
use ledger_core::receipt::{InclusionReceipt, ReceiptKey};
use ledger_core::tile::Resource;
use ledger_core::tree::{ProofPlan, leaf_hash};

use crate::broker::Broker;
use crate::committer::tile_nodes;
use crate::failure::Fault;
use crate::receipts::Receipt;

/// What our receipts are about (RFC 9943 asks for a subject). The same for every record: it must not say whom.
const SUBJECT: &str = "urn:fiducie:record";

const fn corrupt(what: &'static str) -> Fault {
    Fault::Corrupt { what }
}

impl Broker {
    /// The key that verifies COSE receipts.
    #[must_use]
    pub fn receipt_key(&self) -> &ReceiptKey {
        self.receipt_signer.key()
    }

    /// The key that signs records, as a JWK set (RFC 7517 §5), in canonical JSON: what a JOSE library verifies a record with.
    ///
    /// # Errors
    /// Never for the keys that records are signed with.
    pub fn record_keys(&self) -> Result<Vec<u8>, Fault> {
        let wrong = || Fault::Crypto {
            during: "publish key",
        };
        let mut key = serde_json::to_value(&self.record_key).map_err(|_| wrong())?;
        let members = key.as_object_mut().ok_or_else(wrong)?;
        for (member, value) in [
            ("alg", "EdDSA"),
            ("kid", self.record_key.thumbprint().as_str()),
            ("use", "sig"),
        ] {
            members.insert(member.to_owned(), value.into());
        }
        evidence::jcs::to_bytes(&serde_json::json!({ "keys": [key] })).map_err(|_| wrong())
    }

    /// The proof as a tlog-proof against the newest *published* checkpoint, verbatim with the cosignatures it carries:
    /// unlike the bundle, whose proof never changes, this one grows better with every witness.
    ///
    /// # Errors
    /// When the store fails, or holds something else than the log.
    pub async fn tlog_proof(&self, receipt: &Receipt) -> Result<String, Fault> {
        let bundle = opened(receipt)?;
        let index = bundle.proof.index();
        let note = self.public.read(Resource::Checkpoint).await;
        let note = note
            .ok()
            .flatten()
            .ok_or(corrupt("public checkpoint"))
            .and_then(|note| {
                SignedCheckpoint::open(&note, self.log_key()).map_err(|_| corrupt("public checkpoint"))
            })?;
        // Signed for already, and not public yet: what the bundle says is all there is.
        if note.size().get() <= index.get() {
            return Ok(bundle.proof.to_string());
        }
        let plan = ProofPlan::inclusion(index, note.size()).map_err(|_| corrupt("log size"))?;
        let mut read = self.store.read().await?;
        let tiles = tile_nodes(&mut *read, note.size(), plan.nodes()).await?;
        drop(read);
        let path = plan.build(&tiles).map_err(|_| corrupt("tile_root"))?;
        let proof = TlogProof::new(index, path, &note);
        // Our own tiles are not trusted either.
        proof
            .verify(&leaf_hash(&bundle.leaf.to_bytes()), self.log_key())
            .map_err(|_| corrupt("tile_root"))?;
        Ok(proof.to_string())
    }

    /// The proof of a bundle as a COSE receipt, signed with the key of receipts: the same bytes however often it is
    /// asked.
    ///
    /// # Errors
    /// When the bundle cannot be read back.
    pub fn cose_receipt(&self, receipt: &Receipt) -> Result<Vec<u8>, Fault> {
        let bundle = opened(receipt)?;
        let note = bundle.proof.checkpoint().to_string();
        let checkpoint =
            SignedCheckpoint::open(note.as_bytes(), &bundle.log_key).map_err(|_| corrupt("bundle"))?;
        let signed = InclusionReceipt::sign(
            &bundle.leaf.to_bytes(),
            bundle.proof.index(),
            bundle.proof.path().to_vec(),
            &checkpoint,
            SUBJECT,
            &*self.receipt_signer,
        );
        Ok(signed
            .map_err(|_| Fault::Crypto {
                during: "sign receipt",
            })?
            .to_bytes())
    }
}

/// The receipt of a consent record (ISO/IEC TS 27560): JSON-LD with everything that proves it. `None` for another record, and
/// for the consent records of before this form.
///
/// # Errors
/// When the bundle cannot be read back.
pub fn consent_receipt(receipt: &Receipt) -> Result<Option<Vec<u8>>, Fault> {
    match evidence::consent::receipt_of(&opened(receipt)?) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ReceiptError::NotConsent) => Ok(None),
        Err(_) => Err(corrupt("bundle")),
    }
}

fn opened(receipt: &Receipt) -> Result<Bundle, Fault> {
    Bundle::parse(&receipt.bundle).map_err(|_| corrupt("bundle"))
}
