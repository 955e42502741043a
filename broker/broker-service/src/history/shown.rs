//! The newest records as the broker tells them, for a page that no script checks.

use broker_domain::ids::ParticipantId;
use broker_domain::time::Instant;
use evidence::jws::Jws;
use evidence::record::Record;
use ledger_core::leaf::SubjectLeaf;

use super::{PAGE, Placed, corrupt};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;

/// A record of a participant, told and not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnRecord {
    /// Its number.
    pub n: u64,
    /// When: the instant of the record, or the start of the hour of its leaf when only that is left.
    pub at: Instant,
    /// The `type` of the record; `None` when its detail was lost in a restore.
    pub what: Option<&'static str>,
}

impl Broker {
    /// At most 256 records of a participant, newest first, with a number below `before`.
    ///
    /// # Errors
    /// See [`OwnRefusal`]; [`Fault::DetailMissing`] where a detail is gone that no restore lost.
    pub async fn own_newest_records(
        &self,
        who: ParticipantId,
        before: u64,
        most: u64,
    ) -> Result<Vec<OwnRecord>, Failure<OwnRefusal>> {
        let mut view = self.own_view(who).await?;
        view.newest = view.newest.min(before.saturating_sub(1));
        let first = view.newest.saturating_sub(most.min(PAGE)).saturating_add(1);
        let page = self.history_page(&view, first).await?;
        let shown = page.into_iter().rev().map(|placed| self.shown(placed));
        Ok(shown.collect::<Result<_, _>>()?)
    }

    fn shown(&self, placed: Placed) -> Result<OwnRecord, Fault> {
        let Some(row) = placed.row else {
            let leaf = SubjectLeaf::parse(&placed.leaf).map_err(|_| corrupt("segment.leaves"))?;
            let micros = i64::from(leaf.hour.get()).saturating_mul(3_600_000_000);
            return Ok(OwnRecord {
                n: placed.n,
                at: Instant::from_micros(micros)?,
                what: None,
            });
        };
        let text = String::from_utf8(row.record).map_err(|_| corrupt("record.record"))?;
        let payload = Jws::from_stored(text).verify(&self.record_key);
        let payload = payload.map_err(|_| corrupt("record.record"))?;
        let record = Record::parse(&payload).map_err(|_| corrupt("record.record"))?;
        Ok(OwnRecord {
            n: placed.n,
            at: Instant::from_micros(record.at().unix_micros())?,
            what: Some(record.name()),
        })
    }
}
