//! What this machine does at most: the parts that no software can avoid, each alone, on one core.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::Result;
use broker_domain::time::Entropy;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::Serialize;

use super::per_second;

/// How long each ceiling is measured.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

/// The ceilings of one run.
#[derive(Debug, Serialize)]
pub struct Ceilings {
    /// Writes of 4 KiB made durable one after the other.
    pub fsync_per_second: f64,
    /// Signatures verified.
    pub ed25519_verify_per_second: f64,
    /// Signatures made.
    pub ed25519_sign_per_second: f64,
    /// Kibibytes sealed.
    pub aead_seal_per_second: f64,
}

/// Measures them, on the disk of `folder`.
///
/// # Errors
/// When the disk or the library fails.
pub fn measure(folder: &Path, entropy: &dyn Entropy) -> Result<Ceilings> {
    let refused = |_| anyhow::anyhow!("the key was refused");
    let mut seed = [0_u8; 32];
    entropy.fill(&mut seed)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(refused)?;
    let message = [7_u8; 1_024];
    let signature = pair.sign(&message);
    let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref().to_vec());
    let sealing = LessSafeKey::new(
        UnboundKey::new(&AES_256_GCM, &seed).map_err(|_| anyhow::anyhow!("the key was refused"))?,
    );

    Ok(Ceilings {
        fsync_per_second: fsync(folder)?,
        ed25519_verify_per_second: repeat(|| {
            public
                .verify(&message, signature.as_ref())
                .map_err(|_| anyhow::anyhow!("not verified"))
        })?,
        ed25519_sign_per_second: repeat(|| {
            std::hint::black_box(pair.sign(&message));
            Ok(())
        })?,
        aead_seal_per_second: repeat(|| {
            let mut buffer = message.to_vec();
            let nonce = Nonce::assume_unique_for_key([0; 12]);
            sealing
                .seal_in_place_append_tag(nonce, Aad::empty(), &mut buffer)
                .map_err(|_| anyhow::anyhow!("not sealed"))
        })?,
    })
}

/// The ceilings of the ledger alone.
#[derive(Debug, Serialize)]
pub struct LedgerCeilings {
    /// Writes of 4 KiB made durable one after the other.
    pub fsync_per_second: f64,
    /// Leaves of 72 bytes hashed.
    pub sha256_per_second: f64,
    /// 10^6 bytes hashed a second, in pieces of 64 KiB.
    pub sha256_mb_per_second: f64,
}

/// Measures them, on the disk of `folder`.
///
/// # Errors
/// When the disk fails.
pub fn measure_ledger(folder: &Path) -> Result<LedgerCeilings> {
    let (leaf, piece) = ([7_u8; 72], vec![7_u8; 65_536]);
    let hash = |bytes: &[u8]| {
        std::hint::black_box(digest(&SHA256, std::hint::black_box(bytes)));
        Ok(())
    };
    Ok(LedgerCeilings {
        fsync_per_second: fsync(folder)?,
        sha256_per_second: repeat(|| hash(&leaf))?,
        sha256_mb_per_second: repeat(|| hash(&piece))? * 65_536.0 / 1e6,
    })
}

/// Writes of 4 KiB made durable, a second.
fn fsync(folder: &Path) -> Result<f64> {
    let mut file = File::create(folder.join("ceiling"))?;
    repeat(|| {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[0_u8; 4_096])?;
        Ok(file.sync_data()?)
    })
}

fn repeat(mut once: impl FnMut() -> Result<()>) -> Result<f64> {
    let started = Stopwatch::now();
    let mut times = 0;
    while started.elapsed() < LONG_ENOUGH {
        once()?;
        times += 1;
    }
    Ok(per_second(times, started.elapsed()))
}
