//! What a person was shown of a renewal: she agrees to that and to nothing else.

use broker_domain::ids::Digest;
use broker_domain::time::Instant;
use jiff::civil::Date;

use super::{ChangeRefusal, Renewal};
use crate::failure::{Failure, Fault};
use crate::own_data::local_day;

/// What stood on the page beside the old terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenewalShown {
    /// The notice.
    pub notice: Digest,
    /// The last day.
    pub last_day: Date,
}

impl Renewal {
    /// What a page shows of it, with this notice.
    ///
    /// # Errors
    /// At the very end of the calendar.
    pub fn shown(&self, notice: Digest) -> Result<RenewalShown, Fault> {
        // An end is the first instant that does not belong.
        let last = Instant::from_micros(self.until.as_micros().saturating_sub(1)).unwrap_or(self.until);
        Ok(RenewalShown {
            notice,
            last_day: local_day(last)?,
        })
    }

    /// Refuses what is not what was shown: a page lies open over midnight, and what is asked for changes meanwhile.
    pub(super) fn agrees_with(&self, shown: RenewalShown) -> Result<(), Failure<ChangeRefusal>> {
        if self.offer.notices().contains(&shown.notice) && self.shown(shown.notice)? == shown {
            Ok(())
        } else {
            Err(Failure::Refused(ChangeRefusal::NoticeChanged))
        }
    }
}
