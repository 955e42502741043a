//! A clock that runs ahead poisons the ledger: what is recorded under it cannot be followed by anything earlier, so once
//! the clock is right again nothing is recorded until that time has come. So a start after a long silence asks a person,
//! and a running broker records nothing after a jump.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use broker_domain::time::Instant;
use ledger_log::RecoverError;

/// Longest silence after which a start believes the clock: a broker that stood still for longer is started by a person.
///
/// It is also what a clock that is wrong by less can cost: as many days in which nothing is recorded.
pub const MOST_DAYS: i64 = 7;

const DAY_MICROS: i64 = 86_400_000_000;
const FILE: &str = "clock-confirmed";

/// Refuses a present that is too long after the newest record, unless a person confirmed it within the last days.
///
/// # Errors
/// [`RecoverError::ClockAhead`].
pub fn check(data: &Path, newest: Option<Instant>, now: Instant) -> Result<(), RecoverError> {
    // LIMIT: an empty ledger has nothing to hold the clock against.
    let Some(newest) = newest else { return Ok(()) };
    let confirmed = read(data).filter(|confirmed| *confirmed <= now);
    let known = confirmed.map_or(newest, |confirmed| confirmed.max(newest));
    let ahead = now.as_micros().saturating_sub(known.as_micros());
    if ahead <= MOST_DAYS * DAY_MICROS {
        return Ok(());
    }
    Err(RecoverError::ClockAhead {
        head: newest.to_string(),
        now: now.to_string(),
        days: now.as_micros().saturating_sub(newest.as_micros()) / DAY_MICROS,
    })
}

/// Notes that a person says what day it is (UTC, `YYYY-MM-DD`), when the clock says so too. Durable when it returns.
///
/// # Errors
/// When the clock shows another day, or the note cannot be written.
pub fn confirm(data: &Path, date: &str, now: Instant) -> Result<()> {
    let today = now.to_string();
    ensure!(
        date.len() == 10 && today.starts_with(date),
        "you say that it is {date}, and the clock of this machine shows {today}: set the clock (NTP) first, or read the \
         date (UTC) from another clock than this one"
    );
    let (path, beside) = (data.join(FILE), data.join(format!("{FILE}.new")));
    let write = || {
        let mut file = File::create(&beside)?;
        writeln!(file, "{}", now.as_micros())?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(data)?.sync_all()
    };
    write().with_context(|| format!("`{}` cannot be written", path.display()))
}

/// A note that cannot be read confirms nothing.
fn read(data: &Path) -> Option<Instant> {
    match fs::read_to_string(data.join(FILE)) {
        Ok(text) => Instant::from_micros(text.trim_end().parse().ok()?).ok(),
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tracing::warn!(%error, "the note that the clock was confirmed cannot be read");
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: i64) -> Instant {
        Instant::from_micros((20_000 + days) * DAY_MICROS).unwrap()
    }

    #[test]
    fn a_silence_longer_than_the_bound_is_confirmed_by_a_person_or_refused() {
        let data = tempfile::tempdir().unwrap();
        let check = |newest: i64, now: i64| check(data.path(), Some(day(newest)), day(now));
        assert!(check(0, MOST_DAYS).is_ok());
        assert!(check(5, 0).is_ok(), "a clock behind is told elsewhere");
        let Err(RecoverError::ClockAhead { days, .. }) = check(0, 3_650) else {
            panic!("ten years were believed")
        };
        assert_eq!(days, 3_650);

        let at = day(40).to_string();
        let date = at.split('T').next().unwrap();
        confirm(data.path(), "2031-01-01", day(40)).unwrap_err();
        confirm(data.path(), date.rsplit_once('-').unwrap().0, day(40)).unwrap_err();
        assert!(check(0, 40).is_err());
        confirm(data.path(), date, day(40)).unwrap();
        assert!(check(0, 40).is_ok() && check(0, 40 + MOST_DAYS).is_ok());
        // Confirmed for those days, not for good; nor by a date that is yet to come.
        assert!(check(0, 41 + MOST_DAYS).is_err());
        assert!(check(0, 39).is_err());
    }
}
