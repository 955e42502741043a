//! From the broker's terms to the words of the pages.

use broker_domain::consent::{Consent, EventKind, State};
use broker_domain::ids::ParticipantId;
use broker_domain::time::{Instant, Step};
use broker_store as store;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::format::Moment;
use crate::lang::Lang;
use crate::pages::TransferRow;
use crate::vocabulary::{
    AwaitedWord, DataKind, Direction, Granularity, Outcome, ProofStatus, RefusalReason, SharingState,
};

/// The countries of the federation, by ISO 3166 code.
const COUNTRIES: [(&str, [&str; 3]); 6] = [
    ("FR", ["France", "France", "Frankrijk"]),
    ("BE", ["Belgique", "Belgium", "België"]),
    ("LU", ["Luxembourg", "Luxembourg", "Luxemburg"]),
    ("NL", ["Pays-Bas", "Netherlands", "Nederland"]),
    ("DE", ["Allemagne", "Germany", "Duitsland"]),
    ("CH", ["Suisse", "Switzerland", "Zwitserland"]),
];

/// A sharing that ends within so many seconds is shown as ending: 30 days.
const ENDING_SECONDS: i64 = 30 * 86_400;

pub(crate) fn moment(at: Instant) -> Moment {
    Moment(at.as_micros())
}

/// The zone in which days are counted.
pub(crate) fn zone() -> TimeZone {
    // INVARIANT: the zone database is bundled.
    TimeZone::get(broker_service::ZONE).unwrap_or(TimeZone::UTC)
}

/// The calendar day of an instant where the meters are.
pub(crate) fn day(at: Instant) -> Date {
    at.to_timestamp().to_zoned(zone()).date()
}

/// The last day of something that ends before `end`.
pub(crate) fn last_day(end: Instant) -> Date {
    Instant::from_micros(end.as_micros().saturating_sub(1)).map_or_else(|_| day(end), day)
}

/// The first instant of a calendar day where the meters are; `None` at the very end of the calendar.
pub(crate) fn midnight(day: Date) -> Option<Instant> {
    let start = day.to_zoned(zone()).ok()?;
    Instant::from_micros(start.timestamp().as_microsecond()).ok()
}

/// The day after; `None` at the very end of the calendar.
pub(crate) fn tomorrow(day: Date) -> Option<Date> {
    day.checked_add(1.day()).ok()
}

/// A step in words. One that the vocabulary lacks is told as the next finer one: never less than what is shared.
pub(crate) fn granularity(step: Option<Step>) -> Granularity {
    match step.map(Step::seconds) {
        Some(86_400..) => Granularity::Daily,
        Some(3_600..) => Granularity::Hourly,
        Some(1_800..) => Granularity::HalfHourly,
        Some(900..) => Granularity::QuarterHourly,
        Some(600..) => Granularity::TenMinutes,
        Some(60..) => Granularity::Minute,
        Some(10..) => Granularity::TenSeconds,
        Some(_) | None => Granularity::RealTime,
    }
}

/// The reason behind a stored code.
pub(crate) fn refusal(code: &str) -> RefusalReason {
    match code {
        "consent-missing" => RefusalReason::NoConsent,
        "consent-withdrawn" => RefusalReason::Withdrawn,
        "consent-suspended" => RefusalReason::Suspended,
        "consent-expired" => RefusalReason::Expired,
        "consent-closed" => RefusalReason::Closed,
        "holder-unconfirmed" => RefusalReason::Held,
        "consent-paused" | "paused-period" => RefusalReason::Paused,
        "granularity-too-fine" => RefusalReason::GranularityNotAgreed,
        "outside-period" => RefusalReason::PeriodNotAgreed,
        "switched-off" | "measuring-off" => RefusalReason::MeasuringOff,
        "content-invalid" | "empty" | "too-many-readings" | "future-dated" | "contradiction"
        | "index-went-back" | "index-jumped" | "batch-id-reused" | "point-foreign" | "point-unknown" => {
            RefusalReason::Unusable
        }
        _ => RefusalReason::Policy,
    }
}

/// What a consent is, as shown.
pub(crate) fn state(consent: &Consent, now: Instant) -> SharingState {
    match consent.state(now) {
        State::Given { .. } => match consent.pause(now) {
            Some(pause) => SharingState::Paused {
                until: Some(day(pause.until)),
            },
            None if consent.terms_now(now).data.end() <= now.plus_seconds(ENDING_SECONDS) => {
                SharingState::Ending
            }
            None => SharingState::Active,
        },
        State::Withdrawn { at } => SharingState::EndedWithdrawn { at: moment(at) },
        State::Suspended { at } => SharingState::EndedSuspended { at: moment(at) },
        State::Expired { at } => SharingState::EndedExpired { at: moment(at) },
        State::Revoked { at } => SharingState::EndedRevoked { at: moment(at) },
        State::Invalidated { at } => SharingState::EndedMoved { at: moment(at) },
        State::Superseded { at, .. } => SharingState::EndedSuperseded { at: moment(at) },
        // Whose word it waits for is asked of the broker (`Holdings`).
        State::Waiting { until, .. } => SharingState::Waiting {
            word: AwaitedWord::Another,
            until: moment(until),
        },
        State::Refused if consent.came_to_nothing(now) => SharingState::NotMade {
            at: moment(not_made_at(consent)),
        },
        State::Refused | State::Unknown | State::Requested | State::Deferred => SharingState::Refused {
            at: moment(first_event(consent)),
        },
    }
}

/// When nothing came of an agreement: with the no, or when the time was over.
fn not_made_at(consent: &Consent) -> Instant {
    let last = consent.events.last();
    last.map_or(consent.data.start(), |event| match event.kind {
        EventKind::Agreed { until, .. } => until,
        _ => event.effective_at,
    })
}

/// When a consent was given or refused.
pub(crate) fn first_event(consent: &Consent) -> Instant {
    consent
        .events
        .first()
        .map_or(consent.data.start(), |event| event.effective_at)
}

/// A record of the ledger, or none.
pub(crate) fn proof(leaf: impl Into<Option<u64>>) -> ProofStatus {
    leaf.into()
        .map_or(ProofStatus::Unrecorded, |leaf| ProofStatus::Recorded { leaf })
}

/// One transfer, with whoever stands at its other end.
pub(crate) fn transfer(row: &store::TransferRow, counterpart: String) -> TransferRow {
    TransferRow {
        at: moment(row.at),
        direction: match row.direction {
            store::Direction::In => Direction::Inward,
            store::Direction::Out => Direction::Outward,
        },
        outcome: match &row.outcome {
            store::Outcome::Done => Outcome::Done,
            store::Outcome::Refused { code } => Outcome::Refused(refusal(code)),
        },
        counterpart,
        data: DataKind::Consumption,
        granularity: granularity(row.step),
        covers_from: moment(row.span.start()),
        covers_until: moment(row.span.end()),
        rows: u64::from(row.rows),
        proof: proof(row.leaf_index),
    }
}

/// Where the next page of a list goes on, when this one is full.
pub(crate) fn older(rows: &[store::TransferRow], limit: u32) -> Option<u64> {
    let full = u32::try_from(rows.len()).is_ok_and(|count| count >= limit);
    rows.last().filter(|_| full).map(|row| row.leaf_index)
}

/// What an officer calls a person: eight digits of a random identifier, which tell nothing and find the proof.
pub(crate) fn pseudonym(who: ParticipantId) -> String {
    who.to_string().chars().take(8).collect()
}

/// The country of an ISO 3166 code, for those of the federation; the code itself for others.
pub(crate) fn country(code: &str, lang: Lang) -> String {
    COUNTRIES
        .iter()
        .find(|(known, _)| *known == code)
        .map_or(code, |(_, names)| lang.pick(*names))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use broker_domain::time::{Instant, Step};
    use jiff::civil::date;

    use super::{country, day, granularity, last_day, midnight};
    use crate::lang::Lang;
    use crate::vocabulary::Granularity;

    #[test]
    fn days_are_those_of_paris() {
        let start = midnight(date(2026, 10, 25)).unwrap();
        let end = midnight(date(2026, 10, 26)).unwrap();
        assert_eq!(start, Instant::parse("2026-10-24T22:00:00Z").unwrap());
        assert_eq!(end.as_micros() - start.as_micros(), 25 * 3_600_000_000);
        assert_eq!(
            (day(start), last_day(end)),
            (date(2026, 10, 25), date(2026, 10, 25))
        );
    }

    #[test]
    fn a_country_has_a_name_in_each_language() {
        assert_eq!(
            Lang::ALL.map(|lang| country("BE", lang)),
            ["Belgique", "Belgium", "België"]
        );
        assert_eq!(country("PT", Lang::Dutch), "PT");
    }

    #[test]
    fn a_step_is_never_told_coarser_than_it_is() {
        let told = |seconds| granularity(Some(Step::from_seconds(seconds).unwrap()));
        assert_eq!(told(1_800), Granularity::HalfHourly);
        assert_eq!(told(1_200), Granularity::QuarterHourly);
        assert_eq!(told(600), Granularity::TenMinutes);
        assert_eq!(told(5), Granularity::RealTime);
        assert_eq!(granularity(None), Granularity::RealTime);
    }
}
