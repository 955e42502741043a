//! Requests of researchers and releases to them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant, ManifestRoot, RecordError, Seconds, Text, demand};

/// A request for a dataset advanced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestStep {
    /// Which request.
    pub request: Id,
    /// For which dataset.
    pub dataset: Id,
    /// By whom.
    pub researcher: Id,
    /// What happened.
    pub step: Step,
    /// Why, in the officer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// When it was recorded.
    pub at: Instant,
}

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The researcher asked.
    Requested,
    /// An officer agreed.
    Approved,
    /// An officer declined, with a reason.
    Refused,
}

/// Somebody was added to a project of research, took its undertaking on, or left it. In the list of that researcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectMember {
    /// The project: a researcher's request.
    pub project: Id,
    /// Whom.
    pub member: Id,
    /// What happened.
    pub step: MemberStep,
    /// By whom.
    pub by: MemberActor,
    /// SHA-256 of the undertaking, UTF-8, in the language it was signed in; with `signed` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undertaking_sha256: Option<Digest>,
    /// When it was recorded.
    pub at: Instant,
}

/// What happened to a member of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberStep {
    /// Added; nothing is released to her yet.
    Added,
    /// She took the undertaking on.
    Signed,
    /// She is no member any more.
    Ended,
}

/// Who brought it about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberActor {
    /// A data-protection officer.
    Officer,
    /// The researcher whose request it is.
    Lead,
    /// The member herself.
    Member,
}

impl ProjectMember {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        let signed = self.step == MemberStep::Signed;
        demand(
            signed == self.undertaking_sha256.is_some(),
            "an undertaking goes with a signature and with nothing else",
        )?;
        demand(
            !signed || self.by == MemberActor::Member,
            "somebody signed for the member",
        )?;
        demand(
            self.step != MemberStep::Added || self.by != MemberActor::Member,
            "somebody added herself",
        )
    }
}

impl RequestStep {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        demand(
            self.step != Step::Refused || self.reason.is_some(),
            "refused without a reason",
        )
    }
}

/// Data were released. One record for the researcher, and one for each participant in them, without the researcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// This release.
    pub release: Id,
    /// On which request.
    pub request: Id,
    /// Of which dataset.
    pub dataset: Id,
    /// To whom; absent in the participants' copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub researcher: Option<Id>,
    /// The anonymisation rule, with its version.
    pub rule: Id,
    /// Number of households in the data.
    pub households: u64,
    /// First instant,
    pub from: Instant,
    /// last instant, exclusive.
    pub until: Instant,
    /// Step of the data.
    pub step_s: Seconds,
    /// The released files, by name.
    pub files: Vec<ReleasedFile>,
    /// Digest of the file `manifest.json`.
    pub manifest_sha256: Digest,
    /// Digest of the file `delivery.age`.
    pub ciphertext_sha256: Digest,
    /// Root of the disclosure manifest of this delivery: names the delivery leaf (kind 0x46) that stands in the same batch.
    /// The root and not the leaf's place, because leaves are shuffled after this record is signed; the salts make each
    /// root the only one of its kind. Absent in `release/1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosure_root: Option<ManifestRoot>,
    /// Digest of the set of policies that decided.
    pub policy_set_sha256: Digest,
    /// When it was recorded.
    pub at: Instant,
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasedFile {
    /// Name within the folder: an identifier without `/` that does not begin with a dot.
    pub name: Id,
    /// Digest of its content.
    pub sha256: Digest,
    /// Length of its content.
    pub bytes: u64,
}

impl Release {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        demand(self.from < self.until, "it ends before it begins")?;
        let plain = |name: &str| !name.contains(['/', ':']) && !name.starts_with('.');
        demand(
            self.files.iter().all(|file| plain(file.name.as_str())),
            "a file name leads elsewhere",
        )?;
        let names: BTreeSet<_> = self.files.iter().map(|file| &file.name).collect();
        demand(names.len() == self.files.len(), "two files have one name")?;
        let reserved = ["evidence.json", "delivery.age", "manifest.json"];
        let free = |file: &ReleasedFile| !reserved.contains(&file.name.as_str());
        demand(self.files.iter().all(free), "a file has a reserved name")
    }
}

/// A release was refused, for instance because too few households consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRefused {
    /// On which request.
    pub request: Id,
    /// Of which dataset.
    pub dataset: Id,
    /// To whom.
    pub researcher: Id,
    /// The anonymisation rule, with its version.
    pub rule: Id,
    /// Why, as a code.
    pub refusal: Id,
    /// Digest of the set of policies that decided.
    pub policy_set_sha256: Digest,
    /// When it was recorded.
    pub at: Instant,
}
