//! What a stranger would check, with the crates a stranger uses: `evidence` and `ledger-core`, no broker.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use broker_service::Receipt;
use evidence::bundle::Bundle;
use evidence::delivery::{self, NamedFile};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::leaf::Leaf;
use ledger_core::note::Vkey;
use ledger_core::tile::{Resource, bundles, parse_entries};
use ledger_core::tree::{Frontier, leaf_hash};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;

/// Verifies one evidence file under the log's key. Returns the index of its leaf.
///
/// # Errors
/// When it does not hold.
pub fn bundle(bytes: &[u8], key: &Vkey) -> Result<u64> {
    let verified = Bundle::parse(bytes)?.verify(Some(key), None)?;
    Ok(verified.index.get())
}

/// Verifies a release folder: its evidence, and the sealed file named in it.
///
/// # Errors
/// When it does not hold.
pub fn release(folder: &Path, key: &Vkey) -> Result<()> {
    let evidence = std::fs::read(folder.join(delivery::EVIDENCE))?;
    let sealed = std::fs::read(folder.join(delivery::DELIVERY))?;
    let verified = Bundle::parse(&evidence)?.verify(Some(key), None)?;
    delivery::check(
        &verified.record,
        &[NamedFile {
            name: delivery::DELIVERY,
            bytes: &sealed,
        }],
    )?;
    Ok(())
}

/// Recomputes the whole log from its entry bundles. Returns its size.
///
/// # Errors
/// When an entry is not a leaf, or the root is not the one signed for.
pub fn log(folder: &Path, key: &Vkey) -> Result<u64> {
    let (checkpoint, leaves) = read_log(folder, key)?;
    let mut frontier = Frontier::empty();
    for leaf in &leaves {
        Leaf::parse(leaf)?;
        frontier.append(leaf_hash(leaf))?;
    }
    ensure!(
        frontier.root() == checkpoint.root(),
        "the log's entries do not have the root that was signed"
    );
    Ok(checkpoint.size().get())
}

/// Whether the leaf of an evidence file stands unchanged in the log as it is now.
///
/// # Errors
/// When it does not.
pub fn still_in(bytes: &[u8], folder: &Path, key: &Vkey) -> Result<()> {
    let index = bundle(bytes, key)?;
    let (_, leaves) = read_log(folder, key)?;
    let leaf = leaves
        .get(usize::try_from(index)?)
        .context("the log lost the leaf")?;
    ensure!(
        leaf.as_slice() == Bundle::parse(bytes)?.leaf.to_bytes(),
        "the log holds another leaf at this index"
    );
    Ok(())
}

fn read_log(folder: &Path, key: &Vkey) -> Result<(SignedCheckpoint, Vec<Vec<u8>>)> {
    let checkpoint = SignedCheckpoint::open(&std::fs::read(folder.join("checkpoint"))?, key)?;
    let mut leaves = Vec::new();
    for span in bundles(checkpoint.size()) {
        let path = folder.join(Resource::Entries(span).to_string());
        leaves.extend(
            parse_entries(&std::fs::read(path)?, span.width())?
                .into_iter()
                .map(<[u8]>::to_vec),
        );
    }
    Ok((checkpoint, leaves))
}

/// Checks the broker's signature over what an application decrypted, and counts the values that are there.
///
/// # Errors
/// When the signature is not that of the key in the receipt.
pub fn signed_values(jws: &[u8], receipt: &Receipt) -> Result<u32> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let text = std::str::from_utf8(jws)?;
    let (input, signature) = text.rsplit_once('.').context("not a JWS")?;
    let (_, payload) = input.split_once('.').context("not a JWS")?;
    let evidence::jws::Jwk::Ed25519 { x } = Bundle::parse(&receipt.bundle)?.record_key else {
        bail!("the record key is not Ed25519");
    };
    UnparsedPublicKey::new(&ED25519, x)
        .verify(input.as_bytes(), &URL_SAFE_NO_PAD.decode(signature)?)
        .map_err(|_| anyhow::anyhow!("the broker did not sign this curve"))?;
    let curve: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?;
    let values = curve
        .get("values")
        .and_then(Value::as_array)
        .context("the curve has no values")?;
    Ok(u32::try_from(
        values.iter().filter(|value| value.is_number()).count(),
    )?)
}
