//! Looking for unusual use (P-27). What is looked at is what stands in the lists of transfers; nothing is counted beside them.

use std::collections::HashMap;

use broker_domain::ids::ConsentId;
use broker_domain::time::{Instant, Interval};
use broker_domain::volume::{DayOfUse, Usual, VolumeRule};
use broker_store::{MessageKind, UnusualRow};
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::broker::Broker;
use crate::failure::Fault;
use crate::own_data::{local_day, zone};
use crate::telling;

/// How many sharings are looked at in one statement.
const PAGE: u32 = 512;

/// What is usual for each busy sharing, kept for as long as one day is looked at: what came before it does not change.
///
/// LIMIT: an entry a busy sharing, some 40 bytes; lost with the process and read again.
#[derive(Default)]
pub(crate) struct Watched {
    days: HashMap<Date, HashMap<ConsentId, Usual>>,
}

impl Broker {
    /// Notes what is unusual about today and yesterday, which may have ended since the last look, and queues the messages. To be
    /// called by a clock; called again, it notes and tells nothing twice.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn watch_volume(
        &self,
        watched: &mut Watched,
        rule: &VolumeRule,
        now: Instant,
    ) -> Result<(), Fault> {
        let today = local_day(now)?;
        let yesterday = before(today, 1)?;
        watched.days.retain(|day, _| *day == today || *day == yesterday);
        for day in [yesterday, today] {
            let known = watched.days.entry(day).or_default();
            self.watch_day(known, rule, day, now).await?;
        }
        Ok(())
    }

    async fn watch_day(
        &self,
        known: &mut HashMap<ConsentId, Usual>,
        rule: &VolumeRule,
        day: Date,
        now: Instant,
    ) -> Result<(), Fault> {
        let span = span_of(day)?;
        let least = DayOfUse {
            transfers: rule.least_transfers,
            longest_s: rule.least_span_s(),
        };
        let mut after = None;
        loop {
            let busy = self
                .store
                .read()
                .await?
                .busy_sharings(&span, least, after, PAGE)
                .await?;
            let Some((last, _)) = busy.last() else {
                return Ok(());
            };
            after = Some(*last);
            for (consent, used) in busy {
                let usual = match known.get(&consent) {
                    Some(usual) => *usual,
                    None => {
                        let usual = self.usual_before(rule, consent, day).await?;
                        known.insert(consent, usual);
                        usual
                    }
                };
                self.note_unusual(rule, (consent, usual, used), span.start(), now)
                    .await?;
            }
        }
    }

    /// What is usual for a sharing, from the days before one.
    async fn usual_before(&self, rule: &VolumeRule, consent: ConsentId, day: Date) -> Result<Usual, Fault> {
        let mut read = self.store.read().await?;
        let mut days = Vec::new();
        for back in 1..=rule.days {
            days.push(read.use_of(consent, &span_of(before(day, back)?)?).await?);
        }
        Ok(rule.usual(&days))
    }

    async fn note_unusual(
        &self,
        rule: &VolumeRule,
        (consent, usual, used): (ConsentId, Usual, DayOfUse),
        day: Instant,
        now: Instant,
    ) -> Result<(), Fault> {
        let found = rule.unusual(usual, used);
        if found.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin("note unusual use").await?;
        // She may have been erased meanwhile, and her sharings with her.
        let Some(given) = tx.consent(consent).await? else {
            return Ok(());
        };
        for unusual in found {
            tx.note_unusual(&UnusualRow {
                consent,
                day,
                unusual,
                noticed_at: now,
            })
            .await?;
        }
        // One message a day and sharing, whatever was unusual about it.
        let mark = day.as_micros().to_be_bytes();
        telling::about_a_sharing(
            &mut *tx,
            given.participant,
            (MessageKind::UnusualVolume, consent),
            &mark,
            now,
        )
        .await?;
        Ok(tx.commit().await?)
    }
}

fn before(day: Date, days: u16) -> Result<Date, Fault> {
    day.checked_sub(i64::from(days).days())
        .map_err(|_| Fault::Corrupt { what: "day" })
}

/// A day from its start to that of the next: 23, 24 or 25 hours.
fn span_of(day: Date) -> Result<Interval, Fault> {
    let start = |day: Date| {
        let at = day
            .to_zoned(zone()?)
            .map_err(|_| Fault::Corrupt { what: "day" })?;
        Instant::from_micros(at.timestamp().as_microsecond()).map_err(Fault::from)
    };
    let next = day.tomorrow().map_err(|_| Fault::Corrupt { what: "day" })?;
    Interval::new(start(day)?, start(next)?).map_err(Fault::from)
}
