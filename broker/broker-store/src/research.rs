//! Datasets, requests and releases.

use std::fmt;

use async_trait::async_trait;
use broker_domain::ids::{DatasetId, Digest, ReleaseId, RequestId, ResearcherId};
use broker_domain::lang::Lang;
use broker_domain::research::{AccessRequest, Dataset, RequestState};
use broker_domain::time::{Instant, Interval, Step};

use crate::{Serial, StoreError};

/// An entry of the catalogue with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetRow {
    /// The terms.
    pub dataset: Dataset,
    /// Title in French.
    pub title_fr: String,
    /// In English.
    pub title_en: String,
    /// In Dutch.
    pub title_nl: String,
    /// What it holds, in French.
    pub summary_fr: String,
    /// In English.
    pub summary_en: String,
    /// In Dutch.
    pub summary_nl: String,
}

impl DatasetRow {
    /// Its title in a language.
    #[must_use]
    pub fn title(&self, lang: Lang) -> &str {
        lang.pick([&self.title_fr, &self.title_en, &self.title_nl])
    }

    /// What it holds, in a language.
    #[must_use]
    pub fn summary(&self, lang: Lang) -> &str {
        lang.pick([&self.summary_fr, &self.summary_en, &self.summary_nl])
    }
}

/// A release. Its files are read by themselves: a list of releases does without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRow {
    /// Identifier.
    pub id: ReleaseId,
    /// The request it answers; one release a request.
    pub request: RequestId,
    /// For whom.
    pub researcher: ResearcherId,
    /// How many households it describes.
    pub households: u32,
    /// SHA-256 of its manifest.
    pub manifest: Digest,
    /// SHA-256 of the age file, [`ReleaseFiles::sealed`].
    pub ciphertext: Digest,
    /// The researcher's record.
    pub serial: Serial,
    /// Index of its leaf. Follows from the record: not looked at when the row is added.
    pub leaf_index: u64,
    /// When.
    pub at: Instant,
}

/// The files of a release, sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct ReleaseFiles {
    /// The age file for the researcher, the disclosure manifest among its files.
    pub sealed: Vec<u8>,
    /// The files without the disclosure manifest, sealed to the vault itself: the same question is answered with the same
    /// files, never with new ones (`anonymisation.md` §4(c)).
    pub vault_copy: Vec<u8>,
}

impl fmt::Debug for ReleaseFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReleaseFiles").finish_non_exhaustive()
    }
}

/// Who was in a release: what the differencing audit needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipRow {
    /// The release.
    pub release: ReleaseId,
    /// The dataset it was drawn from.
    pub dataset: DatasetId,
    /// Its period.
    pub period: Interval,
    /// Its step.
    pub step: Step,
    /// Bitmap over participants' ordinals, as the anonymiser encodes it.
    pub members: Vec<u8>,
}

/// Reading research.
#[async_trait]
pub trait ResearchReads {
    /// The catalogue, in order of identifier.
    async fn datasets(&mut self) -> Result<Vec<DatasetRow>, StoreError>;
    /// One dataset.
    async fn dataset(&mut self, id: DatasetId) -> Result<Option<DatasetRow>, StoreError>;
    /// One request.
    async fn request(&mut self, id: RequestId) -> Result<Option<AccessRequest>, StoreError>;
    /// Requests, newest first, at most `limit`.
    async fn requests(&mut self, limit: u32) -> Result<Vec<AccessRequest>, StoreError>;
    /// Requests of one researcher, newest first, at most `limit`.
    async fn requests_of(&mut self, who: ResearcherId, limit: u32) -> Result<Vec<AccessRequest>, StoreError>;
    /// One release.
    async fn release(&mut self, id: ReleaseId) -> Result<Option<ReleaseRow>, StoreError>;
    /// The release that answers a request.
    async fn release_of(&mut self, request: RequestId) -> Result<Option<ReleaseRow>, StoreError>;
    /// The files of a release.
    async fn release_files(&mut self, id: ReleaseId) -> Result<Option<ReleaseFiles>, StoreError>;
    /// Who was in each release of a dataset.
    async fn memberships(&mut self, dataset: DatasetId) -> Result<Vec<MembershipRow>, StoreError>;
}

/// Writing research.
#[async_trait]
pub trait ResearchWrites {
    /// Adds a dataset.
    async fn add_dataset(&mut self, row: &DatasetRow) -> Result<(), StoreError>;
    /// Adds a request.
    async fn add_request(&mut self, request: &AccessRequest) -> Result<(), StoreError>;
    /// Sets the state of a request that is still undecided; otherwise a conflict.
    async fn decide_request(&mut self, id: RequestId, state: &RequestState) -> Result<(), StoreError>;
    /// Adds a release, its files and who was in it. A second release of one request is a conflict.
    async fn add_release(
        &mut self,
        row: &ReleaseRow,
        files: &ReleaseFiles,
        members: &MembershipRow,
    ) -> Result<(), StoreError>;
}
