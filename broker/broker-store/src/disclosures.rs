//! Disclosure manifests: whose data each release holds, and what opens each household's row.

use std::fmt;

use async_trait::async_trait;
use broker_domain::ids::{DatasetId, ParticipantId, ReleaseId};
use broker_domain::time::{Instant, Interval, Step};

use crate::{Serial, StoreError};

/// The manifest of a release. Nobody's in particular: it stays when people are erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestRow {
    /// Which release.
    pub release: ReleaseId,
    /// Root of its tree: names the delivery leaf in the log.
    pub root: [u8; 32],
    /// Number of its rows.
    pub rows: u64,
    /// The fields delivered, in order; none holds a space.
    pub fields: Vec<String>,
}

/// What opens one household's row of a manifest. Goes with the person.
#[derive(Clone, PartialEq, Eq)]
pub struct DisclosureRow {
    /// Whose row.
    pub participant: ParticipantId,
    /// In which release.
    pub release: ReleaseId,
    /// The household's record of the release.
    pub serial: Serial,
    /// Steps of the period: the row's third column.
    pub steps: u64,
    /// Opens the first column.
    pub subject_salt: [u8; 64],
    /// Opens the second column.
    pub scope_salt: [u8; 64],
    /// From the row's sibling to the root.
    pub proof: Vec<[u8; 32]>,
}

/// A household's row with what its release says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosed {
    /// The row.
    pub row: DisclosureRow,
    /// Index of the leaf of the household's record.
    pub leaf_index: u64,
    /// Root of the manifest.
    pub root: [u8; 32],
    /// Number of its rows.
    pub rows: u64,
    /// The fields delivered.
    pub fields: Vec<String>,
    /// The dataset.
    pub dataset: DatasetId,
    /// The period delivered.
    pub period: Interval,
    /// The step delivered.
    pub step: Step,
    /// When.
    pub at: Instant,
}

impl fmt::Debug for DisclosureRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisclosureRow")
            .field("participant", &self.participant)
            .field("release", &self.release)
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}

/// Reading manifests.
#[async_trait]
pub trait DisclosureReads {
    /// The manifest of a release; `None` also for releases that were made before there were manifests.
    async fn manifest_of(&mut self, release: ReleaseId) -> Result<Option<ManifestRow>, StoreError>;
    /// The file of that manifest, as it was delivered.
    async fn manifest_file(&mut self, release: ReleaseId) -> Result<Option<Vec<u8>>, StoreError>;
    /// A household's row of one release.
    async fn disclosed(
        &mut self,
        participant: ParticipantId,
        release: ReleaseId,
    ) -> Result<Option<Disclosed>, StoreError>;
    /// A household's rows whose records stand before `before_leaf`, newest first, at most `limit`.
    async fn disclosures_of(
        &mut self,
        participant: ParticipantId,
        before_leaf: u64,
        limit: u32,
    ) -> Result<Vec<Disclosed>, StoreError>;
}

/// Writing manifests.
#[async_trait]
pub trait DisclosureWrites {
    /// Adds the manifest of a release with its file, and what opens its rows, all of this release. A second manifest of one release, a
    /// root that came before, and a household without a participant's row are conflicts.
    async fn add_manifest(
        &mut self,
        row: &ManifestRow,
        file: &[u8],
        rows: &[DisclosureRow],
    ) -> Result<(), StoreError>;
}
