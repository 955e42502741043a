//! Handing a release to its researcher.

use broker_domain::ids::{ReleaseId, ResearcherId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_store::{ReleaseRow, ResearcherRow};
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::receipts::Receipt;

/// A release handed to its researcher: an ordinary age file and its proof.
#[derive(Debug, Clone)]
pub struct Download {
    /// The age file: a tar archive sealed to the researcher.
    pub sealed: Vec<u8>,
    /// The proof: where a quorum of witnesses vouches for it, against the checkpoint that they vouched for, with their word.
    pub receipt: Receipt,
}

/// Why no file is handed out.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum DownloadRefusal {
    /// No such release, or made for somebody else.
    #[error("this release does not exist, or was made for somebody else")]
    NotYours,
}

impl Broker {
    /// Hands a release to its researcher, with its proof.
    ///
    /// # Errors
    /// See [`DownloadRefusal`].
    pub async fn download(
        &self,
        who: ResearcherId,
        id: ReleaseId,
    ) -> Result<Download, Failure<DownloadRefusal>> {
        let row = self.downloadable(who, id).await?;
        let researcher = self.store.read().await?.researcher(who).await?;
        let researcher = researcher.ok_or(Failure::Refused(DownloadRefusal::NotYours))?;
        // Nothing is handed out before its inclusion proof exists (invariant I2).
        let receipt = self.receipt(row.leaf_index).await?;
        self.quorum_covers(row.leaf_index).await?;
        let receipt = self.best_receipt(receipt).await?;
        let files = self.store.read().await?.release_files(id).await?;
        let files = files.ok_or(Failure::Refused(DownloadRefusal::NotYours))?;
        let sealed = match row.researcher == who {
            true => files.sealed,
            false => self.seal_again(&row, &files.vault_copy, &researcher).await?,
        };
        Ok(Download { sealed, receipt })
    }

    /// The same files with the same manifest, sealed to a member of the project. Sealing draws a key, so the age file has another
    /// digest than the recorded one of whoever asked; what is inside is the same byte for byte.
    async fn seal_again(
        &self,
        row: &ReleaseRow,
        vault_copy: &[u8],
        member: &ResearcherRow,
    ) -> Result<Vec<u8>, Fault> {
        let archive = self.vault.kept(vault_copy)?;
        let manifest = self.store.read().await?.manifest_file(row.id).await?;
        match manifest {
            Some(manifest) => super::with_manifest(&archive, &manifest, row.at, member).await,
            // Made before there were manifests.
            None => super::seal_to(member, archive).await,
        }
    }

    /// The release, when this researcher may have what belongs to it.
    pub(crate) async fn downloadable(
        &self,
        who: ResearcherId,
        id: ReleaseId,
    ) -> Result<ReleaseRow, Failure<DownloadRefusal>> {
        let (row, researcher) = {
            let mut read = self.store.read().await?;
            (read.release(id).await?, read.researcher(who).await?)
        };
        let not_yours = || Failure::Refused(DownloadRefusal::NotYours);
        let (row, researcher) = row.zip(researcher).ok_or_else(not_yours)?;
        let query = Query {
            principal: Principal::Researcher(who, researcher.organisation),
            action: Action::Download,
            resource: Resource::Release {
                release: id,
                // What is released for a project is that of everybody who signed its undertaking.
                researcher: match self.is_signed_member(row.request, &researcher).await? {
                    true => who,
                    false => row.researcher,
                },
            },
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| not_yours())?;
        Ok(row)
    }
}
