//! The close of a group: drafts get their places, the map its root, the database its rows.

use std::sync::Arc;

use broker_store::{HeadRow, RecordRow, Serial};
use ledger_log::{Appended, LogMap, MapFault, StagedMap};

use super::{Drafted, Group, Halt};
use crate::batch::Batch;
use crate::failure::Fault;
use crate::growth::{Growth, GrowthError};

/// A closed group whose transaction is not committed yet.
pub(crate) struct Closed {
    /// What the log grew by.
    pub appended: Appended,
    /// Where its leaves stand.
    pub batch: Arc<Batch>,
    /// The map with it.
    pub map: StagedMap,
    /// What opens its records.
    pub details: Vec<RecordRow>,
}

impl Group<'_> {
    /// Gives every draft its place, appends the map-root leaf, and writes records and segment. `None` when no job
    /// appended a leaf.
    ///
    /// # Errors
    /// [`Halt::Ledger`] when the tables of the ledger are not what they must be.
    pub async fn close(mut self, before: Option<&HeadRow>, map: &LogMap) -> Result<Option<Closed>, Halt> {
        if self.drafted.is_empty() {
            return Ok(None);
        }
        // The serials were drawn at random: this is the shuffle (`ledger.md` §10, map-root leaf).
        self.drafted.sort_unstable_by_key(|one| one.serial);
        let Placed {
            leaves,
            serials,
            mut details,
        } = placed(
            before.map_or(0, |head| head.size),
            std::mem::take(&mut self.drafted),
        );
        let growth = Growth::by(leaves, serials, before, map, self.now).map_err(Halt::from)?;
        // The numbers of one subject are taken together.
        details.sort_unstable_by_key(|row| (row.subject, row.n));
        self.flush().await?;
        self.tx.forget_mark().await?;
        self.tx.add_records(&details).await?;
        self.tx.add_segment(&growth.segment).await?;
        Ok(Some(Closed {
            appended: growth.appended(),
            batch: growth.batch,
            map: growth.map,
            details,
        }))
    }
}

/// Drafts in their order, taken apart.
struct Placed {
    leaves: Vec<Vec<u8>>,
    serials: Vec<Serial>,
    details: Vec<RecordRow>,
}

/// Gives the drafts the places from `first` on, in their order.
fn placed(first: u64, drafted: Vec<Drafted>) -> Placed {
    let mut placed = Placed {
        leaves: Vec::with_capacity(drafted.len() + 1),
        serials: Vec::with_capacity(drafted.len()),
        details: Vec::with_capacity(drafted.len()),
    };
    for (leaf_index, one) in (first..).zip(drafted) {
        placed.leaves.push(one.bytes);
        placed.serials.push(one.serial);
        let detail = one.detail.map(|row| RecordRow { leaf_index, ..row });
        placed.details.extend(detail);
    }
    placed
}

/// What stands in the log or was about to is wrong; a file that cannot be read is only that.
impl From<GrowthError> for Halt {
    fn from(error: GrowthError) -> Self {
        match error {
            GrowthError::Full => Self::Group(Fault::LogFull),
            GrowthError::Head => Self::Ledger(Fault::Corrupt {
                what: "segment.peaks",
            }),
            GrowthError::Map(fault) => {
                tracing::error!(error = &fault as &dyn std::error::Error, "the map takes no batch");
                let corrupt = Fault::Corrupt { what: "map" };
                match fault {
                    MapFault::Io(_) => Self::Group(corrupt),
                    _ => Self::Ledger(corrupt),
                }
            }
        }
    }
}
