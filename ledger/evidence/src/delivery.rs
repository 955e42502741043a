//! The files a recipient got, against the record about them.
//!
//! A folder holds `evidence.json` (the bundle) and either or both of: `delivery.age` (what was sent, still encrypted),
//! and `manifest.json` with the files of a release (after decryption).

use crate::record::{Digest, Record, Release, ReleasedFile};

/// The bundle.
pub const EVIDENCE: &str = "evidence.json";
/// The encrypted delivery.
pub const DELIVERY: &str = "delivery.age";
/// The manifest of a release.
pub const MANIFEST: &str = "manifest.json";

/// A file by name and content.
#[derive(Clone, Copy, Debug)]
pub struct NamedFile<'a> {
    /// Name within the folder.
    pub name: &'a str,
    /// All its bytes.
    pub bytes: &'a [u8],
}

/// What was compared with the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesChecked {
    /// The names of the files whose digests are those of the record.
    pub matching: Vec<String>,
    /// The names of files the record speaks of that are not in the folder.
    pub absent: Vec<String>,
}

/// Why the files are not those of the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The record is not about files.
    #[error("the record is not about a delivery of files")]
    NotADelivery,
    /// There is nothing but the evidence.
    #[error("the folder holds none of the delivered files")]
    NothingToCheck,
    /// A file has another content.
    #[error("`{name}` is not the file that was recorded")]
    Different {
        /// Which.
        name: String,
    },
    /// A file the manifest's release consists of is absent.
    #[error("`{name}` is missing")]
    Missing {
        /// Which.
        name: String,
    },
    /// The record knows nothing of this file.
    #[error("the record does not name `{name}`")]
    Unnamed {
        /// Which.
        name: String,
    },
}

/// Compares the files of a folder (without `evidence.json`) with a verified record.
///
/// # Errors
/// Any [`DeliveryError`]. Decrypted files are only accepted together: the manifest and every file of the release.
pub fn check(record: &Record, files: &[NamedFile<'_>]) -> Result<FilesChecked, DeliveryError> {
    match record {
        Record::Release(release) | Record::ReleaseWithoutManifest(release) => check_release(release, files),
        Record::TransferOut(transfer) => {
            let digest = transfer.ciphertext_sha256.ok_or(DeliveryError::NotADelivery)?;
            only_named(files, |name| name == DELIVERY)?;
            compare(&[(DELIVERY, digest, None)], files)
        }
        _ => Err(DeliveryError::NotADelivery),
    }
}

fn check_release(release: &Release, files: &[NamedFile<'_>]) -> Result<FilesChecked, DeliveryError> {
    let named = |name: &str| release.files.iter().any(|file| file.name.as_str() == name);
    only_named(files, |name| name == DELIVERY || name == MANIFEST || named(name))?;
    let mut expected = vec![
        (DELIVERY, release.ciphertext_sha256, None),
        (MANIFEST, release.manifest_sha256, None),
    ];
    expected.extend(
        release
            .files
            .iter()
            .map(|ReleasedFile { name, sha256, bytes }| (name.as_str(), *sha256, Some(*bytes))),
    );
    let checked = compare(&expected, files)?;
    let opened = checked.matching.iter().any(|name| name != DELIVERY);
    match checked.absent.iter().find(|name| *name != DELIVERY) {
        Some(name) if opened => Err(DeliveryError::Missing { name: name.clone() }),
        _ => Ok(checked),
    }
}

fn only_named(files: &[NamedFile<'_>], named: impl Fn(&str) -> bool) -> Result<(), DeliveryError> {
    match files.iter().find(|file| !named(file.name)) {
        Some(file) => Err(DeliveryError::Unnamed {
            name: file.name.to_owned(),
        }),
        None => Ok(()),
    }
}

/// Digest and, where recorded, length of each expected file.
fn compare(
    expected: &[(&str, Digest, Option<u64>)],
    files: &[NamedFile<'_>],
) -> Result<FilesChecked, DeliveryError> {
    let mut checked = FilesChecked::default();
    for (name, digest, len) in expected {
        let Some(file) = files.iter().find(|file| file.name == *name) else {
            checked.absent.push((*name).to_owned());
            continue;
        };
        let same_len = len.is_none_or(|len| u64::try_from(file.bytes.len()) == Ok(len));
        if !same_len || Digest::of(file.bytes) != *digest {
            return Err(DeliveryError::Different {
                name: (*name).to_owned(),
            });
        }
        checked.matching.push((*name).to_owned());
    }
    if checked.matching.is_empty() {
        Err(DeliveryError::NothingToCheck)
    } else {
        Ok(checked)
    }
}
