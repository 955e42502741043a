//! `demo --script`: the whole promise without pages, one JSON object a beat on standard output.
//!
//! The clock is a story's: it starts three days ago and is set forward by hand, so that two days of readings pass in a
//! second. Everything else is the real broker on a real folder, which stays for whoever wants to verify it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use age::secrecy::ExposeSecret as _;
use anyhow::{Context, Result, bail, ensure};
use broker_domain::consent::Refusal;
use broker_domain::ids::{ConsentId, RequestId, TransferId};
use broker_domain::policy::Principal;
use broker_domain::research::Decision;
use broker_domain::time::{Clock, Entropy, Instant, Interval, Step};
use broker_keys::{JoseMemberCrypto, MemberCrypto};
use broker_service::{
    Application, Broker, DeliveryRefusal, Failure, IntakeRefusal, Order, Receipt, SignInParts, ZONE,
};
use gateway_simulator::Street;
use jiff::tz::TimeZone;
use ledger_log::SequencerConfig;
use serde_json::{Map, Value, json};

use super::cast::{self, Cast};
use super::street::{self, Resident};
use super::verify;
use crate::assemble::{self, Home, Setting};
use crate::cli::DemoArgs;
use crate::ports::{StoryClock, SystemClock, SystemEntropy};

/// Name of the demo's ledger.
pub const ORIGIN: &str = "demo.fiducie.invalid/ledger";

/// Runs the story.
///
/// # Errors
/// When the broker cannot be put together; a beat that fails is told on standard output and ends the story.
pub async fn run(args: &DemoArgs) -> Result<ExitCode> {
    let folder = super::folder(args)?;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::open());
    let stage = Stage::set(&folder, args, Arc::clone(&entropy)).await?;
    match story(stage, &folder, &*entropy).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            tell("failed", false, None, json!({ "error": format!("{error:#}") }));
            Ok(ExitCode::FAILURE)
        }
    }
}

struct Stage {
    broker: Arc<Broker>,
    clock: Arc<StoryClock>,
    cast: Cast,
    neighbours: Vec<Resident>,
    street: Street,
    /// Local midnights: the day before yesterday, yesterday, today.
    days: [Instant; 3],
}

impl Stage {
    /// The street as the newcomer finds it: the others joined and agreed long ago.
    async fn set(folder: &Path, args: &DemoArgs, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let days = days()?;
        let [first, ..] = days;
        let clock = Arc::new(StoryClock::at(first.plus_seconds(-3_600)));
        let home = Home::at(folder);
        assemble::create(&home, ORIGIN, &*entropy).await?;
        let setting = Setting {
            home: &home,
            origin: ORIGIN,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&entropy),
            sequencer: SequencerConfig::default(),
            witnesses: None,
            sign_in: SignInParts::default(),
            site: assemble::demo_site(assemble::NO_PAGES),
        };
        let running = assemble::start(setting).await?;
        let broker = running.broker;
        let cast = cast::enrol(&broker, &*entropy).await?;
        let opened = first
            .to_timestamp()
            .to_zoned(TimeZone::get(ZONE)?)
            .date()
            .yesterday()?;
        let street = Street::opened_on(seed(args.seed, &*entropy)?, args.households.max(101) + 1, opened)?;
        let (_newcomer, others) = street.households().split_first().context("an empty street")?;
        let neighbours = street::join_all(&broker, others, &entropy, 1).await?;
        street::agree_all(&broker, &neighbours, &cast.offers).await?;
        Ok(Self {
            broker,
            clock,
            cast,
            neighbours,
            street,
            days,
        })
    }
}

/// The street that was asked for, or a fresh one.
///
/// # Errors
/// When the random generator fails.
pub fn seed(asked: Option<u64>, entropy: &dyn Entropy) -> Result<u64> {
    if let Some(seed) = asked {
        return Ok(seed);
    }
    let mut bytes = [0_u8; 8];
    entropy.fill(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}

/// Local midnights of the last two whole days and of today.
pub fn days() -> Result<[Instant; 3]> {
    let zone = TimeZone::get(ZONE)?;
    let today = SystemClock.now().day_in(&zone)?.start();
    let yesterday = today.plus_seconds(-3_600).day_in(&zone)?.start();
    let before = yesterday.plus_seconds(-3_600).day_in(&zone)?.start();
    Ok([before, yesterday, today])
}

async fn story(mut stage: Stage, folder: &Path, entropy: &dyn Entropy) -> Result<()> {
    let [first, second, third] = stage.days;
    let files = Files::new(folder)?;

    let household = stage
        .street
        .households()
        .first()
        .context("an empty street")?
        .clone();
    let mut newcomer = street::join(&stage.broker, &household, entropy, 2).await?;
    let detail = json!({ "says": "a household joined and its gateway proved its key", "folder": folder });
    tell("enrol", true, Some(newcomer.leaf_index), detail);

    intake_refused(&stage, &mut newcomer, first.plus_seconds(1_801)).await?;
    let (neighbourhood, consent_receipt) = grant(&stage, &newcomer, &files).await?;

    // One second past midnight: the frame of midnight closes the last half hour of the day.
    let (second_read, third_read) = (second.plus_seconds(1), third.plus_seconds(1));
    stage.clock.set(second_read);
    intake(&stage, &mut newcomer, second_read, &files).await?;
    street::measure(&stage.broker, &mut stage.neighbours, second_read).await?;
    stage.clock.set(third_read);
    street::measure(&stage.broker, std::slice::from_mut(&mut newcomer), third_read).await?;
    street::measure(&stage.broker, &mut stage.neighbours, third_read).await?;

    let yesterday = Interval::new(second, third)?;
    deliver(&stage, neighbourhood, yesterday, entropy, &files).await?;
    let request = request(&stage, yesterday, &files).await?;
    decide(&stage, request).await?;
    let release = release(&stage, request, folder, &files).await?;
    verify_all(&stage, folder, &files)?;

    withdraw(&stage, &newcomer, neighbourhood, &files).await?;
    deliver_refused(&stage, neighbourhood, yesterday, entropy).await?;
    erase(&stage, &newcomer).await?;
    verify_after_erasure(&stage, folder, &files, &consent_receipt, &release).await
}

/// Where the story leaves what its readers keep.
struct Files {
    evidence: PathBuf,
    release: PathBuf,
}

impl Files {
    fn new(folder: &Path) -> Result<Self> {
        let files = Self {
            evidence: folder.join("evidence"),
            release: folder.join("release"),
        };
        std::fs::create_dir_all(&files.evidence)?;
        std::fs::create_dir_all(&files.release)?;
        Ok(files)
    }

    fn keep(&self, name: &str, receipt: &Receipt) -> Result<PathBuf> {
        let path = self.evidence.join(name);
        std::fs::write(&path, &receipt.bundle)?;
        Ok(path)
    }
}

async fn intake_refused(stage: &Stage, newcomer: &mut Resident, until: Instant) -> Result<()> {
    stage.clock.set(until);
    let envelope = newcomer
        .listen(until)?
        .pop()
        .context("the gateway heard nothing")?;
    match stage.broker.intake(&envelope).await {
        Err(Failure::Refused(IntakeRefusal::NotCovered {
            refusal: Refusal::NoConsent,
            leaf_index,
        })) => {
            let detail =
                json!({ "says": "nothing is kept without consent", "code": Refusal::NoConsent.code() });
            tell("intake-refused", true, Some(leaf_index), detail);
            Ok(())
        }
        Ok(_) => bail!("readings were taken without consent"),
        Err(failure) => Err(failure).context("the refusal was not the expected one"),
    }
}

async fn grant(stage: &Stage, newcomer: &Resident, files: &Files) -> Result<(ConsentId, PathBuf)> {
    let [neighbourhood, _, research] = &stage.cast.offers;
    let (consent, leaf_index) = street::agree(&stage.broker, newcomer, neighbourhood).await?;
    let receipt = stage.broker.receipt(leaf_index).await?;
    let path = files.keep("consent.json", &receipt)?;
    street::agree(&stage.broker, newcomer, research).await?;
    let detail = json!({ "says": "two choices, each for one purpose, one granularity, one recipient", "bundle": path });
    tell("grant", true, Some(leaf_index), detail);
    Ok((consent, path))
}

async fn intake(stage: &Stage, newcomer: &mut Resident, until: Instant, files: &Files) -> Result<()> {
    let mut last = None;
    for envelope in newcomer.listen(until)? {
        let taken = stage
            .broker
            .intake(&envelope)
            .await
            .context("the batch was refused")?;
        let again = stage
            .broker
            .intake(&envelope)
            .await
            .context("the repeated batch was refused")?;
        ensure!(
            taken.receipt == again.receipt,
            "a repeated batch gave another receipt"
        );
        last = Some(taken.receipt);
    }
    let receipt = last.context("the gateway heard nothing")?;
    let path = files.keep("intake.json", &receipt)?;
    let detail =
        json!({ "says": "sealed, recorded, acknowledged; sent again, the same receipt", "bundle": path });
    tell("intake", true, Some(receipt.leaf_index), detail);
    Ok(())
}

fn order(authorisation: ConsentId, interval: Interval, entropy: &dyn Entropy) -> Result<Order> {
    Ok(Order {
        transfer: TransferId::random(entropy)?,
        authorisation,
        interval,
        step: Step::HALF_HOUR,
    })
}

async fn deliver(
    stage: &Stage,
    consent: ConsentId,
    interval: Interval,
    entropy: &dyn Entropy,
    files: &Files,
) -> Result<()> {
    let player = &stage.cast.neighbourhood;
    let delivered = stage
        .broker
        .deliver(&player.row, order(consent, interval, entropy)?)
        .await?;
    let jwe = String::from_utf8(delivered.payload)?;
    let opened = JoseMemberCrypto::new().decrypt(&player.key.private_jwk, &jwe)?;
    let values = verify::signed_values(&opened, &delivered.receipt)?;
    ensure!(
        values == delivered.rows,
        "the application received another number of values than recorded"
    );
    let path = files.keep("delivery.json", &delivered.receipt)?;
    let detail = json!({ "says": "the application opened its curve", "values": values, "bundle": path });
    tell("deliver", true, Some(delivered.receipt.leaf_index), detail);
    Ok(())
}

async fn request(stage: &Stage, period: Interval, files: &Files) -> Result<RequestId> {
    let application = Application {
        dataset: stage.cast.dataset,
        period,
        justification: "Étude des usages résidentiels de la rue".into(),
    };
    let (id, receipt) = stage
        .broker
        .request_dataset(stage.cast.scientist.row.id, application)
        .await?;
    files.keep("request.json", &receipt)?;
    tell(
        "request",
        true,
        Some(receipt.leaf_index),
        json!({ "says": "a researcher asked for one day of the street" }),
    );
    Ok(id)
}

async fn decide(stage: &Stage, request: RequestId) -> Result<()> {
    let receipt = stage
        .broker
        .decide(stage.cast.officer, request, Decision::Approve)
        .await?;
    tell(
        "decide",
        true,
        Some(receipt.leaf_index),
        json!({ "says": "the officer approved" }),
    );
    Ok(())
}

async fn release(stage: &Stage, request: RequestId, folder: &Path, files: &Files) -> Result<PathBuf> {
    let made = stage
        .broker
        .release(stage.cast.officer, request)
        .await
        .map_err(|failure| match failure {
            Failure::Refused(refusal) => anyhow::anyhow!("the release was refused: {refusal}"),
            other => anyhow::Error::from(other),
        })?;
    let download = stage
        .broker
        .download(stage.cast.scientist.row.id, made.release)
        .await?;
    std::fs::write(files.release.join("delivery.age"), &download.sealed)?;
    std::fs::write(files.release.join("evidence.json"), &download.receipt.bundle)?;
    let opened = age::decrypt(&stage.cast.scientist.identity, &download.sealed)?;
    // What a real researcher never gives away: here it lets whoever reads the story open the file with `age`.
    let identity = folder.join("researcher.agekey");
    super::keep_secret(
        &identity,
        stage.cast.scientist.identity.to_string().expose_secret(),
    )?;
    let detail = json!({
        "says": "the researcher opened the mean curve; nobody's own curve is in it",
        "households": made.households,
        "archive_bytes": opened.len(),
        "identity": identity,
        "bundle": files.release,
    });
    tell("release", true, Some(made.receipt.leaf_index), detail);
    Ok(files.release.clone())
}

fn verify_all(stage: &Stage, folder: &Path, files: &Files) -> Result<()> {
    let key = stage.broker.log_key();
    let mut checked = 0;
    for entry in std::fs::read_dir(&files.evidence)? {
        verify::bundle(&std::fs::read(entry?.path())?, key)?;
        checked += 1;
    }
    verify::release(&files.release, key)?;
    let size = verify::log(&Home::at(folder).ledger(), key)?;
    let detail = json!({
        "says": "every proof holds without asking the broker",
        "bundles": checked + 1,
        "tree_size": size,
        "log": Home::at(folder).ledger(),
        "log_key": key.to_string(),
        "officer_key": stage.broker.officer_key().to_string(),
    });
    tell("verify", true, None, detail);
    Ok(())
}

async fn withdraw(stage: &Stage, newcomer: &Resident, consent: ConsentId, files: &Files) -> Result<()> {
    let receipt = stage.broker.withdraw(newcomer.participant, consent).await?;
    let path = files.keep("withdrawal.json", &receipt)?;
    tell(
        "withdraw",
        true,
        Some(receipt.leaf_index),
        json!({ "says": "no reason was asked", "bundle": path }),
    );
    Ok(())
}

async fn deliver_refused(
    stage: &Stage,
    consent: ConsentId,
    interval: Interval,
    entropy: &dyn Entropy,
) -> Result<()> {
    let player = &stage.cast.neighbourhood;
    match stage
        .broker
        .deliver(&player.row, order(consent, interval, entropy)?)
        .await
    {
        Err(Failure::Refused(DeliveryRefusal::NotCovered { refusal, leaf_index })) => {
            let detail = json!({ "says": "the very next transfer was refused", "code": refusal.code() });
            tell("deliver-refused", true, Some(leaf_index), detail);
            Ok(())
        }
        Ok(_) => bail!("a curve left after the withdrawal"),
        Err(failure) => Err(failure).context("the refusal was not the expected one"),
    }
}

async fn erase(stage: &Stage, newcomer: &Resident) -> Result<()> {
    let erased = stage
        .broker
        .erase(Principal::Participant(newcomer.participant), newcomer.participant)
        .await?;
    let detail =
        json!({ "says": "readings, names, records, salts and keys are gone", "records": erased.records });
    tell("erase", true, Some(erased.leaf_index), detail);
    Ok(())
}

async fn verify_after_erasure(
    stage: &Stage,
    folder: &Path,
    files: &Files,
    consent: &Path,
    release: &Path,
) -> Result<()> {
    let key = stage.broker.log_key();
    let bundle = std::fs::read(consent)?;
    let index = verify::bundle(&bundle, key)?;
    verify::release(release, key)?;
    let size = verify::log(&Home::at(folder).ledger(), key)?;
    verify::still_in(&bundle, &Home::at(folder).ledger(), key)?;
    ensure!(
        stage.broker.receipt(index).await.is_err(),
        "the broker can still open an erased record"
    );
    let detail = json!({
        "says": "what the person kept still proves itself; the broker can open none of it any more",
        "tree_size": size,
        "bundle": consent,
        "evidence": files.evidence,
    });
    tell("verify-after-erasure", true, None, detail);
    Ok(())
}

/// One beat: one line of JSON.
#[expect(clippy::print_stdout, reason = "standard output is the script's product")]
fn tell(beat: &str, ok: bool, leaf_index: Option<u64>, detail: Value) {
    let mut line = Map::new();
    line.insert("beat".into(), beat.into());
    line.insert("ok".into(), ok.into());
    if let Some(leaf_index) = leaf_index {
        line.insert("leaf_index".into(), leaf_index.into());
    }
    if let Value::Object(members) = detail {
        line.extend(members);
    }
    println!("{}", Value::Object(line));
}
