//! How many wrong codes are taken before nobody listens any more, and for how long; and how many sign-ins may be begun.

use broker_domain::ids::AccountId;
use broker_domain::time::Instant;
use broker_store::{AttemptKind, Attempts, CeremonyOwner, Read};

use super::SignInRefusal;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};

/// So many failures in so many seconds.
struct Limit {
    failures: u32,
    seconds: i64,
}

/// On the whole service. With 31^12 codes and a million of them in people's drawers, a year of guessing at this rate
/// finds one with a chance of one in sixty thousand.
///
/// LIMIT: whoever sends a thousand wrong codes an hour keeps everybody from using one; passkeys and providers go on.
const SERVICE: Limit = Limit {
    failures: 1_000,
    seconds: 3_600,
};
/// On one account.
const ACCOUNT: Limit = Limit {
    failures: 5,
    seconds: 3_600,
};

/// Questions that wait for their answer at once, ten minutes long each: of all whom nobody knows, about ten a second for
/// ever; and of one account or session, more than anybody needs. Each is a row and, for a provider, a call to it.
///
/// LIMIT: whoever begins ten sign-ins a second keeps everybody out who is not signed in; a proxy in front sees addresses, we
/// do not.
const OPEN_OF_STRANGERS: u64 = 6_000;
const OPEN_OF_ONE: u64 = 20;

/// Refuses when too many questions of the same owner wait already.
pub(super) async fn may_begin<R: Read + ?Sized>(
    read: &mut R,
    owner: CeremonyOwner,
    now: Instant,
) -> Result<(), Failure<SignInRefusal>> {
    let most = match owner {
        CeremonyOwner::Stranger => OPEN_OF_STRANGERS,
        CeremonyOwner::Account(_) | CeremonyOwner::Session(_) => OPEN_OF_ONE,
    };
    let open = read.open_ceremonies(owner, now).await?;
    match open.first_ends {
        Some(until) if open.count >= most => Err(Failure::Refused(SignInRefusal::TooMany { until })),
        _ => Ok(()),
    }
}

const fn limit(account: Option<AccountId>) -> Limit {
    match account {
        Some(_) => ACCOUNT,
        None => SERVICE,
    }
}

/// From when on it may be tried again; `None`: now.
fn shut_until(attempts: Option<Attempts>, limit: &Limit, now: Instant) -> Option<Instant> {
    let attempts = attempts?;
    let until = attempts.since.plus_seconds(limit.seconds);
    (attempts.failed >= limit.failures && now < until).then_some(until)
}

/// The count after one more failure.
fn one_more(attempts: Option<Attempts>, limit: &Limit, now: Instant) -> Attempts {
    match attempts {
        Some(attempts) if now < attempts.since.plus_seconds(limit.seconds) => Attempts {
            failed: attempts.failed.saturating_add(1),
            ..attempts
        },
        _ => Attempts {
            since: now,
            failed: 1,
        },
    }
}

impl Broker {
    /// Refuses when too many codes were wrong.
    pub(crate) async fn may_try(
        &self,
        kind: AttemptKind,
        account: Option<AccountId>,
    ) -> Result<(), Failure<SignInRefusal>> {
        let attempts = self.store.read().await?.attempts(kind, account).await?;
        match shut_until(attempts, &limit(account), self.clock.now()) {
            Some(until) => Err(Failure::Refused(SignInRefusal::TooMany { until })),
            None => Ok(()),
        }
    }

    /// Counts a wrong code, durably: a restart forgets none.
    pub(crate) async fn count_failure(
        &self,
        kind: AttemptKind,
        account: Option<AccountId>,
    ) -> Result<(), Fault> {
        let mut tx = self.store.begin("count wrong code").await?;
        let attempts = tx.attempts(kind, account).await?;
        let attempts = one_more(attempts, &limit(account), self.clock.now());
        tx.set_attempts(kind, account, attempts).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use broker_store::contract::samples::at;

    use super::*;

    const THREE: Limit = Limit {
        failures: 3,
        seconds: 60,
    };

    #[test]
    fn the_limit_is_reached_and_passes() {
        let mut attempts = None;
        for second in 0..3 {
            assert_eq!(shut_until(attempts, &THREE, at(second)), None);
            attempts = Some(one_more(attempts, &THREE, at(second)));
        }
        assert_eq!(shut_until(attempts, &THREE, at(3)), Some(at(60)));
        assert_eq!(shut_until(attempts, &THREE, at(59)), Some(at(60)));
        assert_eq!(shut_until(attempts, &THREE, at(60)), None);
        assert_eq!(
            one_more(attempts, &THREE, at(60)),
            Attempts {
                since: at(60),
                failed: 1
            }
        );
    }
}
