//! Looking for unusual use (P-27). What is looked at is what stands in the lists of transfers; nothing is counted beside them.

use std::collections::HashMap;

use broker_domain::ids::ConsentId;
use broker_domain::time::{Instant, Interval};
use broker_domain::volume::{DayOfUse, Unusual, Usual, VolumeRule};
use broker_store::{MessageKind, UnusualRow};
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::broker::Broker;
use crate::failure::Fault;
use crate::own_data::{local_day, zone};
use crate::telling;

/// How many sharings are looked at in one statement.
const PAGE: u32 = 512;
/// How often is looked, in seconds of the broker's clock: a day is what is looked at, and no minute matters in it.
const LOOK_EVERY_SECONDS: i64 = 900;

/// What is usual for each busy sharing, kept for as long as one day is looked at: what came before it does not change.
///
/// LIMIT: an entry a busy sharing, some 40 bytes; lost with the process and read again.
#[derive(Default)]
pub(crate) struct Watched {
    days: HashMap<Date, HashMap<ConsentId, Usual>>,
    /// When everything was looked at last.
    looked: Option<Instant>,
}

impl Broker {
    /// Notes what is unusual about today and yesterday, which may have ended since the last look, and queues the messages. To be
    /// called by a clock: called again it notes and tells nothing twice, and within a quarter of an hour it does not look.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn watch_volume(
        &self,
        watched: &mut Watched,
        rule: &VolumeRule,
        now: Instant,
    ) -> Result<(), Fault> {
        let looked = watched
            .looked
            .is_some_and(|at| at <= now && now < at.plus_seconds(LOOK_EVERY_SECONDS));
        if looked {
            return Ok(());
        }
        let today = local_day(now)?;
        let yesterday = before(today, 1)?;
        watched.days.retain(|day, _| *day == today || *day == yesterday);
        for day in [yesterday, today] {
            let known = watched.days.entry(day).or_default();
            self.watch_day(known, rule, day, now).await?;
        }
        watched.looked = Some(now);
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
            let mut found = Vec::new();
            for (consent, used) in busy {
                let usual = match known.get(&consent) {
                    Some(usual) => *usual,
                    None => {
                        let usual = self.usual_before(rule, consent, day).await?;
                        known.insert(consent, usual);
                        usual
                    }
                };
                let rows = rule.unusual(usual, used).into_iter().map(|unusual| UnusualRow {
                    consent,
                    day: span.start(),
                    unusual,
                    noticed_at: now,
                });
                found.extend(rows);
            }
            self.note_unusual(found).await?;
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

    /// Notes what is not noted yet, all in one transaction, and none where there is nothing.
    async fn note_unusual(&self, found: Vec<UnusualRow>) -> Result<(), Fault> {
        let mut read = self.store.read().await?;
        let mut news = Vec::new();
        for row in found {
            if !says(&read.unusual_of(row.consent).await?, &row) {
                news.push(row);
            }
        }
        drop(read);
        if news.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin("note unusual use").await?;
        for row in news {
            // She may have been erased meanwhile, and her sharings with her.
            let Some(given) = tx.consent(row.consent).await? else {
                continue;
            };
            tx.note_unusual(&row).await?;
            // One message a day and sharing, whatever was unusual about it.
            let mark = row.day.as_micros().to_be_bytes();
            let about = (MessageKind::UnusualVolume, row.consent);
            telling::about_a_sharing(&mut *tx, given.participant, about, &mark, row.noticed_at).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Whether what is stored says as much already. What is usual stays as it was noted first.
fn says(stored: &[UnusualRow], row: &UnusualRow) -> bool {
    stored
        .iter()
        .filter(|known| known.day == row.day)
        .any(|known| match (known.unusual, row.unusual) {
            (Unusual::Transfers { found: known, .. }, Unusual::Transfers { found, .. }) => found <= known,
            (Unusual::Span { found_s: known, .. }, Unusual::Span { found_s, .. }) => found_s <= known,
            _ => false,
        })
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
