//! The receipt that a person keeps of a consent (`consent.md` §2.8): the signed record with its proof, and a readable copy.
//!
//! ```text
//! JCS({"@context": that of the record, "@id", "@type": "dpv:ConsentReceipt", …, "en:recordJws": compact JWS,
//!      "en:salt": base64url[64], "en:inclusionProof": {log_id, entry, n, tree_size, leaf_index, leaf_hash, audit_path[],
//!      checkpoint, log_key, record_key}, "dpv:hasRecordOfActivity": the record without "@context"})
//! ```
//!
//! The signed record is the authority. A receipt says the same as the bundle of its record, in the form of the standard:
//! whoever reads one gets the bundle back, and verifies that.

use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::leaf::{RecordNumber, Salt, SubjectLeaf};
use ledger_core::note::Vkey;
use ledger_core::proof::TlogProof;
use ledger_core::tree::{Hash, LeafIndex, leaf_hash};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base64url;
use crate::bundle::{Bundle, BundleError};
use crate::jcs::{self, JcsError};
use crate::jws::{Jwk, Jws};
use crate::record::Record;

const TYPE: &str = "dpv:ConsentReceipt";
const PROFILE: &str = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr";
const ACTIVITY: &str = "dpv:hasRecordOfActivity";

/// Why a receipt was refused, or cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Not canonical JSON.
    #[error("the receipt is not in its canonical form")]
    Json(#[from] JcsError),
    /// A member does not have its form.
    #[error("member `{member}` does not have its form")]
    Member {
        /// Which.
        member: &'static str,
    },
    /// Its proof does not verify.
    #[error("the proof in the receipt does not verify")]
    Proof(#[from] BundleError),
    /// The record is no consent record.
    #[error("the record is not about a consent")]
    NotConsent,
    /// What people read is not what was signed.
    #[error("the readable copy is not the record that was signed")]
    OtherCopy,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    audit_path: Vec<String>,
    checkpoint: String,
    entry: String,
    leaf_hash: String,
    leaf_index: u64,
    log_id: String,
    log_key: String,
    n: u64,
    record_key: Jwk,
    tree_size: u64,
}

/// Whether bytes look like a receipt and not like a bundle; nothing is verified.
pub fn is_receipt(bytes: &[u8]) -> bool {
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    value.is_some_and(|value| value.get("@type").and_then(Value::as_str) == Some(TYPE))
}

/// The receipt of a bundle: the same bytes however often it is made.
///
/// # Errors
/// [`ReceiptError::NotConsent`], or [`ReceiptError::Proof`] when the bundle does not verify.
pub fn receipt_of(bundle: &Bundle) -> Result<Vec<u8>, ReceiptError> {
    let verified = bundle.verify(None, None)?;
    let Record::Consent(record) = &verified.record else {
        return Err(ReceiptError::NotConsent);
    };
    let mut readable = record.document().clone();
    let context = readable
        .as_object_mut()
        .and_then(|members| members.remove("@context"));
    let id = receipt_id(&bundle.record);
    let leaf = bundle.leaf.to_bytes();
    let proof = Proof {
        audit_path: bundle.proof.path().iter().map(encoded).collect(),
        checkpoint: bundle.proof.checkpoint().to_string(),
        entry: base64url::encode(&leaf),
        leaf_hash: encoded(&leaf_hash(&leaf)),
        leaf_index: verified.index.get(),
        log_id: bundle.log_key.name().as_str().to_owned(),
        log_key: bundle.log_key.to_string(),
        n: bundle.n.get(),
        record_key: bundle.record_key.clone(),
        tree_size: verified.checkpoint.size().get(),
    };
    Ok(jcs::to_bytes(&json!({
        "@context": context,
        "@id": format!("urn:uuid:{id}"),
        "@type": TYPE,
        "dct:conformsTo": PROFILE,
        "dct:identifier": id,
        "dpv:hasIdentifier": id,
        "dct:created": record.at(),
        "dct:publisher": {"@id": record.site()},
        "dct:audience": {"@id": record.subject()},
        "en:recordJws": bundle.record.as_str(),
        "en:salt": base64url::encode(bundle.salt.expose()),
        "en:inclusionProof": proof,
        ACTIVITY: readable,
    }))?)
}

/// The bundle behind a receipt whose readable copy is what was signed. The bundle is still to be verified.
///
/// # Errors
/// Any [`ReceiptError`].
pub fn bundle_of(bytes: &[u8]) -> Result<Bundle, ReceiptError> {
    let receipt: Value = jcs::parse(bytes)?;
    let wrong = |member| ReceiptError::Member { member };
    let text = |member: &'static str| receipt.get(member).and_then(Value::as_str).ok_or(wrong(member));
    if text("@type")? != TYPE || text("dct:conformsTo")? != PROFILE {
        return Err(wrong("@type"));
    }
    let proof = receipt.get("en:inclusionProof").cloned().unwrap_or_default();
    let proof: Proof = serde_json::from_value(proof).map_err(|_| wrong("en:inclusionProof"))?;
    let in_proof = || wrong("en:inclusionProof");
    let decoded = |text: &str| base64url::decode(text).ok_or_else(in_proof);
    let log_key: Vkey = proof.log_key.parse().map_err(|_| in_proof())?;
    let checkpoint = SignedCheckpoint::open(proof.checkpoint.as_bytes(), &log_key).map_err(|_| in_proof())?;
    let leaf = decoded(&proof.entry)?;
    let path = proof
        .audit_path
        .iter()
        .map(|hash| Some(Hash::new(base64url::decode(hash)?.try_into().ok()?)))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(in_proof)?;
    let agrees = proof.leaf_hash == encoded(&leaf_hash(&leaf))
        && proof.log_id == log_key.name().as_str()
        && proof.tree_size == checkpoint.size().get();
    let index = LeafIndex::new(proof.leaf_index)
        .filter(|_| agrees)
        .ok_or_else(in_proof)?;
    let bundle = Bundle {
        record: Jws::from_stored(text("en:recordJws")?),
        record_key: proof.record_key,
        salt: Salt::from_slice(&decoded(text("en:salt")?)?).ok_or(wrong("en:salt"))?,
        n: RecordNumber::new(proof.n).ok_or_else(in_proof)?,
        leaf: SubjectLeaf::parse(&leaf).map_err(BundleError::from)?,
        proof: TlogProof::new(index, path, &checkpoint),
        log_key,
    };
    let signed = bundle
        .record
        .verify(&bundle.record_key)
        .map_err(BundleError::from)?;
    let mut copy = receipt.get(ACTIVITY).cloned().unwrap_or_default();
    if let (Some(members), Some(context)) = (copy.as_object_mut(), receipt.get("@context")) {
        members.insert("@context".to_owned(), context.clone());
    }
    if jcs::to_bytes(&copy)? != signed {
        return Err(ReceiptError::OtherCopy);
    }
    // Everything else in it follows from the bundle: there is one receipt of a record and its proof.
    if receipt_of(&bundle)? == bytes {
        Ok(bundle)
    } else {
        Err(wrong("@id"))
    }
}

fn encoded(hash: &Hash) -> String {
    base64url::encode(hash.as_bytes())
}

/// A UUID of the record's digest, of version 8 (RFC 9562 §5.8): a receipt that is fetched twice is one receipt.
fn receipt_id(record: &Jws) -> String {
    let digest = digest(&SHA256, record.as_str().as_bytes());
    let mut id = String::with_capacity(36);
    for (place, byte) in digest.as_ref().iter().take(16).enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        let byte = match place {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        id.push_str(&format!("{byte:02x}"));
    }
    id
}
