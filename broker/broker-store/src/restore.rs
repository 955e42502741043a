//! What only a restore needs: an older copy of the tables meets a log that has gone on without it.

use async_trait::async_trait;
use broker_domain::ids::SubjectId;

use crate::{StoreError, SubjectRow};

/// Reading for a restore, and for a full check.
#[async_trait]
pub trait RestoreReads {
    /// Subjects with their keys, in order of identifier, after `after`, at most `limit`.
    async fn all_subjects(
        &mut self,
        after: Option<SubjectId>,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError>;

    /// The first leaf of each batch that holds a restore leaf, oldest first. Imported restore leaves are not among them:
    /// the restore that imported them covers what they covered.
    async fn restores(&mut self) -> Result<Vec<u64>, StoreError>;
}

/// Writing for a restore.
#[async_trait]
pub trait RestoreWrites {
    /// Raises the number of a subject's newest record without records: their details are lost and their numbers must
    /// never be given again. Anything but raising is a conflict.
    async fn skip_numbers(&mut self, id: SubjectId, newest: u64) -> Result<(), StoreError>;

    /// Keeps where a restore leaf stands: in the batch that begins with this leaf, which exists.
    async fn add_restore(&mut self, first: u64) -> Result<(), StoreError>;

    /// Ends all sessions, forgets all enrolment codes, and switches every gateway off under a settings version that no
    /// gateway has seen: none of these is in the log, so what became of them after the copy was made is unknown.
    async fn close_doors(&mut self) -> Result<(), StoreError>;
}
