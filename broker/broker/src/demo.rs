//! The demonstration: a whole broker on one machine, with a street of households that nobody lives in.

pub mod cast;
mod live;
mod replay;
pub mod script;
pub mod street;
pub mod verify;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::ExposeSecret as _;
use anyhow::{Context, Result, ensure};
use broker_domain::time::{Clock, Entropy};
use broker_service::{Duties, ZONE};
use consent_ui::page::{Mode, Operator};
use consent_ui::routes::{Pages, Site};
use gateway_simulator::Street;
use jiff::tz::TimeZone;
use ledger_log::SequencerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::live::{Neighbourhood, OpenDoor};
use self::replay::Speaker;
use self::street::Resident;
use crate::assemble::{self, Home, Running, Setting};
use crate::cli::DemoArgs;
use crate::ports::{StoryClock, SystemEntropy};
use crate::serve;
use crate::sign_in;
use crate::telling;

/// Who runs a demonstration.
const OPERATOR: &str = "Fiducie (démonstration)";

/// The folder of a demo: the one asked for, or a temporary one that stays, because its proofs are worth keeping.
///
/// # Errors
/// When the folder exists already or cannot be made.
pub fn folder(args: &DemoArgs) -> Result<PathBuf> {
    match &args.keep {
        Some(folder) => {
            ensure!(
                !folder.exists(),
                "`{}` exists already; name a folder that does not",
                folder.display()
            );
            std::fs::create_dir_all(folder)?;
            Ok(folder.clone())
        }
        None => Ok(tempfile::Builder::new().prefix("fiducie-demo-").tempdir()?.keep()),
    }
}

/// Writes a secret of somebody who plays a part: outside a demo it never leaves its owner.
///
/// # Errors
/// When the file exists already or cannot be written.
fn keep_secret(path: &Path, secret: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    Ok(writeln!(file, "{secret}")?)
}

/// Runs the demonstration with pages until it is told to stop.
///
/// # Errors
/// When the address is not a loopback one or is taken, or when the broker fails.
pub async fn run(args: &DemoArgs) -> Result<()> {
    // Whoever reaches the demo can sign in as anybody in it: it never leaves this machine.
    ensure!(
        args.listen.ip().is_loopback(),
        "the demo only listens on a loopback address such as 127.0.0.1:8080"
    );
    let listener = TcpListener::bind(args.listen).await.with_context(|| {
        format!(
            "`{}` cannot be listened on; choose another with --listen",
            args.listen
        )
    })?;
    let address = listener.local_addr()?;
    let folder = folder(args)?;
    let site = Site {
        url: address_of(address),
    };
    let stage = Stage::set(args, &folder, &site.url).await?;
    let code = stage
        .running
        .broker
        .gateway_code(stage.spare.participant, stage.spare.point)
        .await?;
    let identity = folder.join("researcher.agekey");
    keep_secret(
        &identity,
        stage.cast.scientist.identity.to_string().expose_secret(),
    )?;
    let ending = serve::Ending::watch()?;
    welcome(&site, &folder, &code, &stage.spare.name);
    open(listener, stage, site, &folder, ending).await
}

/// The address that people are told. Browsers take passkeys at names only, of which `localhost` is one that needs no
/// certificate (WebAuthn L3 §5.1.2); a second loopback address has no name of its own.
fn address_of(listening: std::net::SocketAddr) -> String {
    match listening.ip() == Ipv4Addr::LOCALHOST || listening.ip() == Ipv6Addr::LOCALHOST {
        true => format!("http://localhost:{}", listening.port()),
        false => format!("http://{listening}"),
    }
}

/// Serves the pages while the street lives on, until it is told to end.
async fn open(
    listener: TcpListener,
    stage: Stage,
    site: Site,
    folder: &Path,
    ending: serve::Ending,
) -> Result<()> {
    let url = site.url.clone();
    let speaker = stage.speaker.as_ref();
    let door = OpenDoor::new(&stage.neighbourhood.residents, &stage.spare, speaker, &stage.cast);
    let pages = Pages {
        broker: Arc::clone(&stage.running.broker),
        mode: Mode::Demo,
        operator: Operator {
            name: OPERATOR.into(),
            contact_email: "dpo@fiducie.invalid".into(),
        },
        site,
        demo: Some(Arc::new(door)),
    };
    let broker = Arc::clone(&stage.running.broker);
    let mut life = JoinSet::new();
    life.spawn(live::go_on(Arc::clone(&broker), stage.neighbourhood, stage.cast));
    let parts = telling::demo_parts(&Home::at(folder), &url, OPERATOR)?;
    life.spawn(Duties::new(Arc::clone(&broker), parts).run());
    if let Some(speaker) = stage.speaker {
        life.spawn(async move {
            if let Err(error) = speaker.speak(broker, stage.entropy).await {
                tracing::error!(error = format!("{error:#}"), "the replay ended early");
            }
        });
    }
    // The street stops when the set of its tasks is dropped, after the last page was served.
    serve::serve(
        listener,
        stage.running,
        consent_ui::routes::routes(pages),
        ending,
        life,
    )
    .await
}

struct Stage {
    running: Running,
    cast: cast::Cast,
    neighbourhood: Neighbourhood,
    /// A household without gateway: for whoever wants to plug one in.
    spare: Resident,
    /// A household that speaks from a capture.
    speaker: Option<Speaker>,
    entropy: Arc<dyn Entropy>,
}

impl Stage {
    /// Three days of the street in a second: everything before now is simulated, everything after is real time.
    async fn set(args: &DemoArgs, folder: &Path, site: &str) -> Result<Self> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::open());
        let [first, second, today] = script::days()?;
        let clock = Arc::new(StoryClock::at(first.plus_seconds(-3_600)));
        let home = Home::at(folder);
        assemble::create(&home, script::ORIGIN, &*entropy).await?;
        let setting = Setting {
            home: &home,
            origin: script::ORIGIN,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&entropy),
            sequencer: SequencerConfig::default(),
            witnesses: None,
            sign_in: sign_in::passkeys_at(site, OPERATOR),
            site: assemble::demo_site(site),
        };
        let running = assemble::start(setting).await?;
        let broker = &running.broker;
        let cast = cast::enrol(broker, &*entropy).await?;
        let opened = first
            .to_timestamp()
            .to_zoned(TimeZone::get(ZONE)?)
            .date()
            .yesterday()?;
        let street = Street::opened_on(script::seed(args.seed, &*entropy)?, args.households + 1, opened)?;
        let (spare, others) = street.households().split_first().context("an empty street")?;
        let mut residents = street::join_all(broker, others, &entropy, 1).await?;
        street::agree_all(broker, &residents, &cast.offers).await?;
        for midnight in [second, today] {
            let read = midnight.plus_seconds(1);
            clock.set(read);
            street::measure(broker, &mut residents, read).await?;
            live::neighbourhood_page(broker, &cast, midnight).await?;
        }
        clock.release();
        street::measure(broker, &mut residents, broker.now()).await?;
        let spare = street::join_without_gateway(broker, spare).await?;
        let [offer, ..] = &cast.offers;
        let speaker = match &args.replay {
            Some(file) => Some(Speaker::join(broker, file, offer, &*entropy).await?),
            None => None,
        };
        Ok(Self {
            running,
            cast,
            neighbourhood: Neighbourhood { residents },
            spare,
            speaker,
            entropy,
        })
    }
}

/// What the newcomer reads first.
#[expect(clippy::print_stdout, reason = "the demo talks to the person who started it")]
fn welcome(site: &Site, folder: &Path, code: &str, name: &str) {
    let url = &site.url;
    println!(
        "\nFiducie — démonstration prête / demo ready:  {url}\n\n\
         Cliquez dans l'ordre / click in this order:\n\
         \x20 1. {url}            entrez comme un foyer / sign in as a household\n\
         \x20 2. {url}/moi        sa courbe, ses partages / its curve, its sharing\n\
         \x20 3. {url}/recherche  (chercheuse / researcher) demandez la journée d'hier / ask for yesterday\n\
         \x20 4. {url}/dpo        (DPO) acceptez, voyez les flux et le registre / approve, see flows and ledger\n\
         \x20 5. retirez un accord : le transfert suivant est refusé / withdraw: the next transfer is refused\n\n\
         Une clé d'accès / a passkey:  {url}/compte  puis signez un accord / then sign an agreement\n\n\
         Vérifiez sans nous / verify without us:\n\
         \x20 ledger-audit log {url}/ledger\n\
         \x20 age --decrypt -i {folder}/researcher.agekey LIVRAISON.age | tar -tv\n\n\
         Branchez votre passerelle sur le foyer « {name} » / plug your own gateway into that household:\n\
         \x20 fiducie-gateway enrol --broker {url} --code {code} --state ./gateway\n\n\
         Données / data: {folder}\nCtrl-C pour arrêter / to stop.\n",
        folder = folder.display()
    );
}
