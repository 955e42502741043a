//! Disclosure manifests as they are handed out: to a household its own row, to researcher and officer the leaf, to the
//! officer the whole. Nothing leaves that does not verify here first.

use broker_domain::ids::{OfficerId, ParticipantId, ReleaseId, ResearcherId};
use broker_store::{Disclosed, Page};
use disclosure_manifest::{
    DeliveryId, DeliveryProof, Field, Manifest, NodeHash, Opening, RowFile, RowSalts, Scope, SubjectId,
};
use ledger_core::leaf::{DeliveryLeaf, Salt};
use ledger_core::proof::TlogProof;
use ledger_core::tree::LeafIndex;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::release::DownloadRefusal;

const CORRUPT: Fault = Fault::Corrupt { what: "disclosure" };

impl Broker {
    /// A page of the releases that hold the owner's readings, newest first; only those delivered with a manifest.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn own_disclosures(
        &self,
        who: ParticipantId,
        page: Page,
    ) -> Result<Vec<Disclosed>, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let mut read = self.store.read().await?;
        Ok(read.disclosures_of(who, page.before_leaf, page.limit).await?)
    }

    /// The owner's row in the manifest of a release, with what opens it and the proof that its delivery leaf stands in the
    /// log: a file `fiducie-manifest-row/1`. Secret and personal.
    ///
    /// # Errors
    /// See [`OwnRefusal`]; the same for a release without her and one that does not exist.
    pub async fn own_row_file(
        &self,
        who: ParticipantId,
        release: ReleaseId,
    ) -> Result<Vec<u8>, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let found = self.store.read().await?.disclosed(who, release).await?;
        let disclosed = found.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        let file = RowFile {
            delivery: self.delivery_proof(disclosed.leaf_index, disclosed.root).await?,
            opening: opening(&disclosed).ok_or(CORRUPT)?,
        };
        file.verify(Some(self.log_key())).map_err(|_| CORRUPT)?;
        Ok(file.to_json())
    }

    /// The proof that the delivery leaf of a release stands in the log, for its researcher: a file
    /// `fiducie-delivery-leaf/1`.
    ///
    /// # Errors
    /// See [`DownloadRefusal`]; the same for a release that was made before there were manifests.
    pub async fn researcher_delivery_leaf(
        &self,
        who: ResearcherId,
        release: ReleaseId,
    ) -> Result<Vec<u8>, Failure<DownloadRefusal>> {
        self.downloadable(who, release).await?;
        let proof = self.leaf_of(release).await?;
        proof.ok_or(Failure::Refused(DownloadRefusal::NotYours))
    }

    /// The same, for an officer.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody else, and when there is no such manifest.
    pub async fn officer_delivery_leaf(
        &self,
        who: OfficerId,
        release: ReleaseId,
    ) -> Result<Vec<u8>, Failure<OwnRefusal>> {
        self.read_flows(who)?;
        let proof = self.leaf_of(release).await?;
        proof.ok_or(Failure::Refused(OwnRefusal::NotYours))
    }

    /// The whole manifest of a release, for an officer: every row, and nothing that opens one. The tree is computed again
    /// from the rows, and held against the leaf in the log.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody else, and when there is no such manifest.
    pub async fn officer_manifest(
        &self,
        who: OfficerId,
        release: ReleaseId,
    ) -> Result<Vec<u8>, Failure<OwnRefusal>> {
        self.read_flows(who)?;
        let not_yours = || Failure::Refused(OwnRefusal::NotYours);
        let proof = self.proof_of(release).await?.ok_or_else(not_yours)?;
        let file = self.store.read().await?.manifest_file(release).await?;
        let file = file.ok_or_else(not_yours)?;
        // A city's manifest is seconds of hashing.
        let checked = tokio::task::spawn_blocking(move || {
            Manifest::parse(&file, &proof.leaf)
                .map(|_| file)
                .map_err(|error| {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "a disclosure manifest is not the one that the log names"
                    );
                    CORRUPT
                })
        });
        Ok(checked.await.map_err(|_| CORRUPT)??)
    }

    async fn leaf_of(&self, release: ReleaseId) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.proof_of(release).await?.map(|proof| proof.to_json()))
    }

    async fn proof_of(&self, release: ReleaseId) -> Result<Option<DeliveryProof>, Fault> {
        let (row, manifest) = {
            let mut read = self.store.read().await?;
            (read.release(release).await?, read.manifest_of(release).await?)
        };
        let Some((row, manifest)) = row.zip(manifest) else {
            return Ok(None);
        };
        self.delivery_proof(row.leaf_index, manifest.root).await.map(Some)
    }

    /// The delivery leaf with this root, and its proof. It was appended with the records of its release, so it stands in
    /// the batch of any of them; nowhere else is its place written down.
    async fn delivery_proof(&self, beside: u64, root: [u8; 32]) -> Result<DeliveryProof, Fault> {
        let found = {
            let mut read = self.store.read().await?;
            let head = read.head_covering(beside).await?.ok_or(CORRUPT)?;
            let leaves = read.leaves(head.first, head.size).await?;
            leaves.into_iter().find_map(|row| {
                let leaf = DeliveryLeaf::parse(&row.bytes).ok()?;
                (leaf.root == root).then_some((row.index, leaf))
            })
        };
        let (index, leaf) = found.ok_or(CORRUPT)?;
        let index = LeafIndex::new(index).ok_or(CORRUPT)?;
        let (path, signed) = self.inclusion(index).await?;
        let proof = DeliveryProof {
            leaf,
            proof: TlogProof::new(index, path, &signed),
            log_key: self.log_key().clone(),
        };
        proof.verify(Some(self.log_key())).map_err(|_| CORRUPT)?;
        Ok(proof)
    }
}

/// The opening from what the database keeps of it.
fn opening(disclosed: &Disclosed) -> Option<Opening> {
    let row = &disclosed.row;
    let fields = disclosed.fields.iter().map(|field| Field::new(field));
    let scope = Scope::new(
        fields.collect::<Option<_>>()?,
        disclosed.period.start().as_micros(),
        disclosed.period.end().as_micros(),
        disclosed.step.seconds(),
    );
    Some(Opening::restore(
        DeliveryId::new(&row.release.to_string())?,
        SubjectId::new(&row.participant.to_string())?,
        scope.ok()?,
        row.steps,
        RowSalts {
            subject: Salt::new(row.subject_salt),
            scope: Salt::new(row.scope_salt),
        },
        row.proof.iter().copied().map(NodeHash::new).collect(),
    ))
}
