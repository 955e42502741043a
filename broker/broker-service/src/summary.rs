//! Summaries of a year (P-29): with whom something was shared, how often, what changed and ended. No readings. Only its span is
//! kept: what it says is read when it is opened.

use broker_domain::consent::{Consent, ConsentEvent};
use broker_domain::ids::ParticipantId;
use broker_domain::time::{Instant, Interval};
use broker_store::{MessageKind, RightsRow};
use jiff::ToSpan as _;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::own_data::{local_day, zone};
use crate::telling;

/// How many are made in one round.
const PAGE: u32 = 64;
/// How many releases and requests one summary counts at most.
const MOST: u32 = 1_000;

/// What a summary says.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Of which span.
    pub span: Interval,
    /// Every sharing that stood in it, or moved.
    pub sharings: Vec<SummarySharing>,
    /// Requests about rights that arrived in it.
    pub requests: Vec<RightsRow>,
    /// Releases to researchers that hold her.
    pub releases: u64,
    /// Breaches that she was told of.
    pub breaches: u64,
}

/// One sharing in a summary.
#[derive(Debug, Clone)]
pub struct SummarySharing {
    /// The consent.
    pub consent: Consent,
    /// Transfers to its recipient in the span.
    pub transfers: u32,
    /// What happened to it in the span, in order.
    pub events: Vec<ConsentEvent>,
}

/// What a person wants of summaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryWishes {
    /// The spans of those that were made, newest first.
    pub made: Vec<Interval>,
    /// When the next is due, where she wants one every year.
    pub next: Option<Instant>,
}

impl Broker {
    /// The summaries that were made for a person, and whether more will be.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn summaries(&self, who: ParticipantId) -> Result<SummaryWishes, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let mut read = self.store.read().await?;
        Ok(SummaryWishes {
            made: read.summaries_of(who).await?,
            next: read.summary_due(who).await?,
        })
    }

    /// Makes a summary of the year up to now, and tells her that it is ready. Asked again on the same day, it is the same one.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn make_summary(&self, who: ParticipantId) -> Result<Interval, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let until = self.clock.now();
        let span = Interval::new(years(until, -1)?, until)?;
        let mut tx = self.store.begin("make a summary").await?;
        let today = local_day(until)?;
        for made in tx.summaries_of(who).await? {
            if local_day(made.end())? == today {
                return Ok(made);
            }
        }
        tx.add_summary(who, &span).await?;
        tell_ready(&mut *tx, who, until, until).await?;
        tx.commit().await?;
        Ok(span)
    }

    /// Sets whether she gets one every year, the first a year from now.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn want_summaries(
        &self,
        who: ParticipantId,
        wish: SummaryWish,
    ) -> Result<(), Failure<OwnRefusal>> {
        self.read_own(who)?;
        let now = self.clock.now();
        let mut tx = self.store.begin("want summaries").await?;
        match wish {
            // Wished again, it stays due when it was.
            SummaryWish::EveryYear if tx.summary_due(who).await?.is_some() => {}
            SummaryWish::EveryYear => tx.set_summary_due(who, years(now, 1)?).await?,
            SummaryWish::NoMore => tx.forget_summary_wish(who).await?,
        }
        Ok(tx.commit().await?)
    }

    /// What one of her summaries says, as is known now.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] where none ends then.
    pub async fn summary(&self, who: ParticipantId, until: Instant) -> Result<Summary, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let mut read = self.store.read().await?;
        let made = read.summaries_of(who).await?;
        let span = made.into_iter().find(|span| span.end() == until);
        let span = span.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        let within = |at: Instant| span.start() <= at && at < span.end();
        let mut sharings = Vec::new();
        for consent in read.consents_of(who).await? {
            let transfers = read.use_of(consent.id, &span).await?.transfers;
            let moved = |event: &&ConsentEvent| within(event.recorded_at);
            let events: Vec<ConsentEvent> = consent.events.iter().filter(moved).copied().collect();
            let stood = [span.start(), Instant::from_micros(span.end().as_micros() - 1)?];
            let stood = stood.into_iter().any(|at| consent.state(at).is_given());
            if stood || transfers > 0 || !events.is_empty() {
                sharings.push(SummarySharing {
                    consent,
                    transfers,
                    events,
                });
            }
        }
        let mut requests = read.rights_requests_of(who, MOST).await?;
        requests.retain(|row| within(row.request.received_at));
        let releases = read.disclosures_of(who, u64::MAX, MOST).await?;
        let breaches = read.breaches_of(who).await?;
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Ok(Summary {
            releases: count(releases.iter().filter(|row| within(row.at)).count()),
            breaches: count(breaches.iter().filter(|row| within(row.told_at)).count()),
            span,
            sharings,
            requests,
        })
    }

    /// Makes the yearly summaries that are due. To be called by a clock; called twice, each is made and told once.
    pub(crate) async fn make_due_summaries(&self, now: Instant) -> Result<(), Fault> {
        loop {
            let due = self.store.read().await?.summaries_due(now, PAGE).await?;
            if due.is_empty() {
                return Ok(());
            }
            let mut tx = self.store.begin("make yearly summaries").await?;
            for (who, at) in due {
                // She may have been erased, or have changed her mind.
                if tx.summary_due(who).await? != Some(at) {
                    continue;
                }
                tx.add_summary(who, &Interval::new(years(at, -1)?, at)?).await?;
                tell_ready(&mut *tx, who, at, now).await?;
                // From when it was due, not from now: a broker that stood still for a while does not shift every year after.
                tx.set_summary_due(who, years(at, 1)?).await?;
            }
            tx.commit().await?;
        }
    }
}

/// Whether summaries come every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummaryWish {
    /// They do.
    EveryYear,
    /// They do not any more.
    NoMore,
}

async fn tell_ready(
    tx: &mut dyn broker_store::Tx,
    who: ParticipantId,
    until: Instant,
    now: Instant,
) -> Result<(), Fault> {
    let mark = until.as_micros().to_be_bytes();
    telling::about_a_request(tx, who, MessageKind::SummaryReady, &mark, now).await
}

/// The same day and time so many years later where the meters are; of 29 February, the 28th.
fn years(at: Instant, years: i64) -> Result<Instant, Fault> {
    let moved = at.to_timestamp().to_zoned(zone()?).checked_add(years.years());
    let moved = moved.map_err(|_| Fault::Corrupt { what: "year" })?;
    Ok(Instant::from_micros(moved.timestamp().as_microsecond())?)
}
