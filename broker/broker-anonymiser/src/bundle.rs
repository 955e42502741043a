//! The files of a release, as bytes. The same release gives the same bytes on every run.

mod archive;
mod codebook;
mod documents;
mod table;

use ring::digest::{SHA256, digest};
use serde::Serialize;

use crate::{plan::Release, units::ReleaseId};

/// The version of this code as it is written into `privacy.json`.
const CODE_VERSION: &str = concat!("broker-anonymiser ", env!("CARGO_PKG_VERSION"));

/// The disclosure manifest of a delivery, which stands beside the files of a bundle in the archive that is delivered. It
/// belongs to one delivery and not to the release: the same files, delivered again, come with another one.
pub const DISCLOSURE_MANIFEST: &str = "disclosure-manifest.json";

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFile {
    /// Its name, from a fixed list.
    pub name: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The files of one release, in order of name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    files: Vec<BundleFile>,
    manifest_sha256: [u8; 32],
    modified_at_s: u64,
}

/// A file cannot be written. All of these are faults of the program: a release holds nothing that fits no
/// file.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The Parquet writer failed.
    #[error("the parquet file cannot be written")]
    Parquet {
        /// Why.
        #[from]
        source: parquet::errors::ParquetError,
    },
    /// A JSON document cannot be written.
    #[error("a json document cannot be written")]
    Json {
        /// Why.
        #[from]
        source: serde_json::Error,
    },
    /// A number does not fit its field.
    #[error("a number does not fit the field `{field}`")]
    OutOfRange {
        /// Which.
        field: &'static str,
    },
    /// Bytes that were kept as an archive are none.
    #[error("the archive is not one of ours")]
    NotAnArchive,
}

impl Bundle {
    /// Writes `README.txt`, `codebook.csv`, `datapackage.json`, `load-curve.csv`, `load-curve.parquet`,
    /// `manifest.json` and `privacy.json`. No other file or column leaves the broker, except [`DISCLOSURE_MANIFEST`].
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn build(id: &ReleaseId, release: &Release) -> Result<Self, BundleError> {
        let table = table::rows(release);
        let mut files = vec![
            BundleFile {
                name: "README.txt",
                bytes: documents::readme(id, release).into_bytes(),
            },
            BundleFile {
                name: "codebook.csv",
                bytes: codebook::codebook().into_bytes(),
            },
            BundleFile {
                name: "load-curve.csv",
                bytes: table::csv(&table).into_bytes(),
            },
            BundleFile {
                name: "load-curve.parquet",
                bytes: table::parquet(release, &table)?,
            },
            BundleFile {
                name: "privacy.json",
                bytes: documents::privacy(id, release)?,
            },
        ];
        let package = documents::datapackage(id, release, &files)?;
        files.push(BundleFile {
            name: "datapackage.json",
            bytes: package,
        });
        files.sort_by_key(|file| file.name);
        let manifest = manifest(id, &files)?;
        let manifest_sha256 = sha256(&manifest);
        files.push(BundleFile {
            name: "manifest.json",
            bytes: manifest,
        });
        files.sort_by_key(|file| file.name);
        let modified_at_s = u64::try_from(release.request().released_at.as_second())
            .map_err(|_| BundleError::OutOfRange { field: "released_at" })?;
        Ok(Self {
            files,
            manifest_sha256,
            modified_at_s,
        })
    }

    /// The files in order of name.
    #[must_use]
    pub fn files(&self) -> &[BundleFile] {
        &self.files
    }

    /// SHA-256 of `manifest.json`, which holds the SHA-256 of every other file: what the ledger record
    /// commits to.
    #[must_use]
    pub const fn manifest_sha256(&self) -> &[u8; 32] {
        &self.manifest_sha256
    }

    /// The files as one ustar archive (POSIX.1-2017, pax, "ustar Interchange Format"): in order of name, mode
    /// 0644, owned by 0, dated with the instant of release.
    ///
    /// # Errors
    /// [`BundleError::OutOfRange`] when a size or the date fits no header field.
    pub fn archive(&self) -> Result<Vec<u8>, BundleError> {
        archive::ustar(&self.files, self.modified_at_s)
    }
}

/// The archive of a bundle with the disclosure manifest of this delivery as its last file, dated with the instant of the
/// delivery in seconds since 1970. The files before it keep every byte.
///
/// # Errors
/// [`BundleError::NotAnArchive`] when the bytes do not end like an archive of ours; [`BundleError::OutOfRange`] when the
/// size or the date fits no header field.
pub fn with_disclosure_manifest(
    archive: &[u8],
    manifest: &[u8],
    delivered_at_s: u64,
) -> Result<Vec<u8>, BundleError> {
    archive::append(archive, DISCLOSURE_MANIFEST, manifest, delivered_at_s)
}

#[derive(Serialize)]
struct Manifest<'a> {
    format: &'static str,
    release: &'a str,
    files: Vec<ManifestFile>,
}

#[derive(Serialize)]
struct ManifestFile {
    name: &'static str,
    bytes: usize,
    sha256: String,
}

fn manifest(id: &ReleaseId, files: &[BundleFile]) -> Result<Vec<u8>, BundleError> {
    let files = files
        .iter()
        .map(|file| ManifestFile {
            name: file.name,
            bytes: file.bytes.len(),
            sha256: hexadecimal(&sha256(&file.bytes)),
        })
        .collect();
    canonical(&Manifest {
        format: "fiducie-release-manifest/1",
        release: id.as_str(),
        files,
    })
}

/// JSON Canonicalization Scheme (RFC 8785): the order of keys must not depend on which features of the JSON
/// crate other crates of the program switch on.
fn canonical(document: &impl Serialize) -> Result<Vec<u8>, BundleError> {
    Ok(serde_json_canonicalizer::to_vec(document)?)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(digest(&SHA256, bytes).as_ref()) {
        *to = *from;
    }
    hash
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
