//! Handing a release to its researcher.

use broker_domain::ids::{ReleaseId, ResearcherId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_store::ReleaseRow;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::Failure;
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
        // Nothing is handed out before its inclusion proof exists (invariant I2).
        let receipt = self.receipt(row.leaf_index).await?;
        self.quorum_covers(row.leaf_index).await?;
        let receipt = self.best_receipt(receipt).await?;
        let files = self.store.read().await?.release_files(id).await?;
        Ok(Download {
            sealed: files.ok_or(Failure::Refused(DownloadRefusal::NotYours))?.sealed,
            receipt,
        })
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
                researcher: row.researcher,
            },
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| not_yours())?;
        Ok(row)
    }
}
