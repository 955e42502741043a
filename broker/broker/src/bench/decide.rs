//! The decision that every transfer begins with, over a city's consents; the withdrawal that ends it; the home page.

mod city;
mod figures;
mod home;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, Result, bail, ensure};
use broker_domain::consent::{Ask, covers};
use broker_domain::ids::{ConsentId, ParticipantId};
use broker_domain::policy::{Action, PolicyEngine as _, Principal, Query, Resource, Verdict};
use broker_domain::time::{Clock, Entropy, Instant};
use broker_service::{Broker, Order, SignInParts, Weighed};
use broker_store::{ApplicationRow, Serial};
use broker_store_sqlite::{Create, SqliteStore};
use gateway_simulator::Street;
use jiff::tz::TimeZone;
use ledger_log::SequencerConfig;
use policies::CedarEngine;

use super::{milliseconds, percentile};
use crate::assemble::{self, Home, Setting};
use crate::cli::DecideArgs;
use crate::demo::cast::{self, Cast};
use crate::demo::script::{ORIGIN, days};
use crate::demo::street::{self, Resident};
use crate::ports::{StoryClock, SystemEntropy};
use city::City;
use figures::{Ceilings, Figures, HomePage, Memory, Pace, Withdrawal, show};

/// Homes whose people are enrolled in the ledger, agree, measure, withdraw and look at their page.
const HOMES: u32 = 200;
/// Consents that are withdrawn.
const WITHDRAWALS: usize = 100;
/// Single measurements of each ceiling.
const CEILING: usize = 20_000;

/// Measures decisions, withdrawals and the home page.
///
/// # Errors
/// When the broker cannot be put together, answers an order wrongly, or allows one after a withdrawal.
pub async fn run(args: &DecideArgs) -> Result<()> {
    ensure!(
        args.participants > 0 && args.consents > 0,
        "an empty city decides nothing"
    );
    let folder = super::folder(args.folder.as_deref())?;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::open());
    let home = Home::at(folder.path());
    assemble::create(&home, ORIGIN, &*entropy).await?;
    let [first, _, today] = days()?;
    let stage = Stage::set(&home, first, today, &entropy).await?;
    // Written past the broker, which may not be done to one that serves people: its memory would hear of no change. These
    // consents are new, and it remembers only what it has seen.
    let size = (args.participants, args.consents);
    let city = city::build(&home.database(), size, stage.serial, first, &*entropy).await?;
    let memory = learn(&home.database(), args.consents).await?;

    let orders = Arc::new(city.orders(args.decisions, &*entropy)?);
    let applications = Arc::new(city.applications.clone());
    // Until here the broker has been learning; whoever it does not know yet, it knows after this.
    decide_all(&stage.broker, &applications, &orders, 0, 1).await?;
    let started = Stopwatch::now();
    let (mut alone, allowed) = decide_all(&stage.broker, &applications, &orders, 0, 1).await?;
    let one_thread = Pace::of(&mut alone, started.elapsed());
    let two_threads = two_threads(&stage.broker, &applications, &orders).await?;
    let ceilings = ceilings(&stage.broker, &applications, &orders).await?;
    let withdrawal = withdraw(&stage, &city, &*entropy).await?;
    let visits = home::visit(&stage.broker, &stage.people, Duration::from_secs(args.seconds)).await?;
    let figures = Figures {
        participants: args.participants,
        consents: args.consents,
        decisions: orders.len(),
        allowed,
        one_thread,
        two_threads,
        withdrawal,
        home: HomePage {
            requests: visits.times.len(),
            requests_per_second: home::RATE,
            p50_ms: milliseconds(percentile(&visits.times, 50)),
            p95_ms: milliseconds(percentile(&visits.times, 95)),
            p99_ms: milliseconds(percentile(&visits.times, 99)),
            page_bytes: visits.bytes,
        },
        memory,
        ceilings,
        written_in_s: city.written_in.as_secs_f64(),
        synthetic: "participants, points and consents are rows of the real database that share one record of the ledger; their keys, \
                    names and meter numbers are random bytes; the 200 homes that withdraw and look at their page are \
                    enrolled through the broker, with records and readings",
    };
    show(&figures, args.json)
}

/// A broker over the city, and homes that are enrolled in its ledger.
struct Stage {
    broker: Arc<Broker>,
    cast: Cast,
    people: Vec<ParticipantId>,
    /// One consent of each home, to the neighbourhood page.
    agreed: Vec<(ParticipantId, ConsentId)>,
    /// A record of the ledger.
    serial: Serial,
}

impl Stage {
    async fn set(home: &Home, first: Instant, today: Instant, entropy: &Arc<dyn Entropy>) -> Result<Self> {
        let clock = Arc::new(StoryClock::at(first.plus_seconds(-3_600)));
        let setting = Setting {
            home,
            origin: ORIGIN,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::clone(entropy),
            sequencer: SequencerConfig::default(),
            witnesses: None,
            sign_in: SignInParts::default(),
            site: assemble::demo_site(assemble::NO_PAGES),
        };
        let broker = assemble::start(setting).await?.broker;
        let cast = cast::enrol(&broker, &**entropy).await?;
        let opened = first
            .to_timestamp()
            .to_zoned(TimeZone::get(broker_service::ZONE)?)
            .date()
            .yesterday()?;
        let street = Street::opened_on(1, HOMES, opened)?;
        let mut residents = street::join_all(&broker, street.households(), entropy, 1).await?;
        let (mut agreed, mut newest) = (Vec::new(), 0);
        for resident in &residents {
            let [neighbourhood, others @ ..] = &cast.offers;
            let (consent, leaf) = street::agree(&broker, resident, neighbourhood).await?;
            agreed.push((resident.participant, consent));
            newest = leaf;
            for offer in others {
                street::agree(&broker, resident, offer).await?;
            }
        }
        clock.set(today);
        let stored = street::measure(&broker, &mut residents, today).await?;
        ensure!(stored > 0, "no home has readings");
        let record = broker.read().await?.record(newest).await?;
        let people = residents.iter().map(|resident: &Resident| resident.participant);
        Ok(Self {
            people: people.collect(),
            serial: record.context("a record is gone")?.serial,
            broker,
            cast,
            agreed,
        })
    }
}

/// What it takes to know every consent by heart.
async fn learn(database: &Path, consents: usize) -> Result<Memory> {
    let before = resident_bytes()?;
    let started = Stopwatch::now();
    let store = SqliteStore::open(database, Create::Never)
        .await?
        .remembering(consents);
    let known = store.remembered().await;
    let learnt_in_ms = milliseconds(started.elapsed());
    let grown = resident_bytes()?.saturating_sub(before);
    ensure!(known >= consents, "{known} of {consents} consents were learnt");
    store.close().await;
    Ok(Memory {
        bytes_per_consent: count(grown) / count(consents),
        learnt_in_ms,
    })
}

/// Resident memory of this process, in bytes (`VmRSS` of proc_pid_status(5), in KiB).
fn resident_bytes() -> Result<usize> {
    let text = std::fs::read_to_string("/proc/self/status").context("resident memory cannot be read")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kibibytes
        .context("resident memory cannot be read")?
        .parse::<usize>()?
        * 1_024)
}

/// Decides every `of`-th order beginning with `from`. Gives each one's time, and how many were allowed.
async fn decide_all(
    broker: &Broker,
    applications: &[ApplicationRow],
    orders: &[(usize, Order)],
    from: usize,
    of: usize,
) -> Result<(Vec<Duration>, usize)> {
    let mut times = Vec::with_capacity(orders.len() / of + 1);
    let mut allowed = 0;
    for (number, (member, order)) in orders.iter().enumerate().skip(from).step_by(of) {
        let application = applications.get(*member).context("no such application")?;
        let began = Stopwatch::now();
        let decision = broker.weigh(application, order).await?;
        times.push(began.elapsed());
        // Every twentieth order comes from a stranger.
        match decision {
            Weighed::UnknownAuthorisation if number % 20 == 19 => {}
            Weighed::Allowed if number % 20 != 19 => allowed += 1,
            Weighed::Denied {
                code: "consent-withdrawn",
            } if number % 20 != 19 => {}
            other => bail!("order {number} was answered {other:?}"),
        }
    }
    Ok((times, allowed))
}

async fn two_threads(
    broker: &Arc<Broker>,
    applications: &Arc<Vec<ApplicationRow>>,
    orders: &Arc<Vec<(usize, Order)>>,
) -> Result<Pace> {
    let started = Stopwatch::now();
    let half = |from| {
        let (broker, applications, orders) =
            (Arc::clone(broker), Arc::clone(applications), Arc::clone(orders));
        tokio::spawn(async move { decide_all(&broker, &applications, &orders, from, 2).await })
    };
    let (even, odd) = (half(0), half(1));
    let (mut times, _) = even.await??;
    times.extend(odd.await??.0);
    Ok(Pace::of(&mut times, started.elapsed()))
}

/// Withdraws while somebody goes on asking; whatever is asked after a withdrawal returned must be refused.
async fn withdraw(stage: &Stage, city: &City, entropy: &dyn Entropy) -> Result<Withdrawal> {
    let application = &stage.cast.neighbourhood.row;
    let (mut next, mut whole, mut allowed_afterwards) = (Vec::new(), Vec::new(), 0);
    for (who, consent) in stage.agreed.iter().take(WITHDRAWALS) {
        let order = city.order(*consent, entropy)?;
        ensure!(
            stage.broker.weigh(application, &order).await? == Weighed::Allowed,
            "a consent in force was not enough"
        );
        let (broker, asking) = (Arc::clone(&stage.broker), application.clone());
        let busy = tokio::spawn(async move {
            // Goes on until it is refused, so that the consent is in memory until the last moment.
            while broker.weigh(&asking, &order).await? == Weighed::Allowed {
                tokio::task::yield_now().await;
            }
            Ok::<_, anyhow::Error>(())
        });
        let began = Stopwatch::now();
        stage.broker.withdraw(*who, *consent).await?;
        whole.push(began.elapsed());
        let began = Stopwatch::now();
        let decision = stage.broker.weigh(application, &order).await?;
        next.push(began.elapsed());
        if decision
            != (Weighed::Denied {
                code: "consent-withdrawn",
            })
        {
            allowed_afterwards += 1;
        }
        busy.await??;
    }
    ensure!(
        allowed_afterwards == 0,
        "{allowed_afterwards} decisions allowed after a withdrawal"
    );
    next.sort_unstable();
    whole.sort_unstable();
    Ok(Withdrawal {
        withdrawals: whole.len(),
        allowed_afterwards,
        next_decision_p50_us: microseconds(percentile(&next, 50)),
        next_decision_p99_us: microseconds(percentile(&next, 99)),
        withdrawal_p50_ms: milliseconds(percentile(&whole, 50)),
    })
}

async fn ceilings(
    broker: &Broker,
    applications: &[ApplicationRow],
    orders: &[(usize, Order)],
) -> Result<Ceilings> {
    let mut reads = Vec::new();
    let mut example = None;
    for (number, (member, order)) in orders.iter().take(CEILING).enumerate() {
        let began = Stopwatch::now();
        let consent = broker.read().await?.consent(order.authorisation).await?;
        reads.push(began.elapsed());
        let consent = consent.context("a consent is gone")?;
        if number % 20 != 19 && consent.events.len() == 1 {
            example = Some((
                consent,
                applications.get(*member).context("no such application")?,
                order,
            ));
        }
    }
    let (consent, application, order) = example.context("no consent is in force")?;
    let now = broker.now();
    let ask = Ask {
        participant: consent.participant,
        point: consent.point,
        recipient: application.organisation,
        purpose: consent.purpose.clone(),
        step: order.step,
        interval: order.interval,
    };
    let covered = covers(std::slice::from_ref(&consent), &ask, now)?;
    let query = Query {
        principal: Principal::Application(application.id, application.organisation),
        action: Action::Transfer,
        resource: Resource::Readings { covered },
        now,
    };
    let engine = CedarEngine::embedded()?;
    ensure!(
        matches!(engine.evaluate(&query), Verdict::Allow { .. }),
        "the policies deny what they should allow"
    );
    let prepared = engine.prepare(&query).context("a query without Cedar form")?;
    reads.sort_unstable();
    Ok(Ceilings {
        policy_p50_us: median(|| engine.evaluate(&query)),
        cedar_p50_us: median(|| engine.weigh_prepared(&prepared)),
        coverage_p50_us: median(|| covers(std::slice::from_ref(&consent), &ask, now)),
        sqlite_read_p50_us: microseconds(percentile(&reads, 50)),
        sqlite_read_p99_us: microseconds(percentile(&reads, 99)),
    })
}

fn median<T>(mut once: impl FnMut() -> T) -> f64 {
    let mut times: Vec<Duration> = std::iter::repeat_with(|| {
        let began = Stopwatch::now();
        std::hint::black_box(once());
        began.elapsed()
    })
    .take(CEILING)
    .collect();
    times.sort_unstable();
    microseconds(percentile(&times, 50))
}

fn microseconds(duration: Duration) -> f64 {
    milliseconds(duration) * 1_000.0
}

fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap_or(u32::MAX))
}
