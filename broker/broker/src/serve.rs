//! `serve` and the commands that prepare it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use broker_http::{Api, REQUEST_TIME};
use broker_keys::ReceiptSigner;
use broker_service::Broker;
use broker_store_sqlite::{NEWEST_SCHEMA, migrate as migrate_database};
use consent_ui::page::{Mode, Operator};
use consent_ui::routes::{Pages, Site};
use ledger_log::{SweepFault, Swept};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::assemble::{self, Home, Running, Setting};
use crate::config::Config;
use crate::connections;
use crate::in_use::InUse;
use crate::ledger_command;
use crate::ports::SystemEntropy;
use crate::sign_in;
use crate::telling;

/// How long open connections may finish after the broker was told to end.
const GRACE: Duration = Duration::from_secs(10);

/// How long after a fault of a store the public files are read again.
const SWEEP_AGAIN: Duration = Duration::from_secs(60);

/// Runs the broker until it is told to stop, or its ledger stops.
///
/// # Errors
/// When it cannot start, or when the ledger stopped.
pub async fn run(config: &Config) -> Result<()> {
    // Before the ledger is taken up: a configuration that is wrong changes nothing.
    let parts = telling::parts(config)?;
    let running = open(config).await?;
    let duties = telling::begin(&running.broker, parts);
    let operator = Operator {
        name: config.operator.name.clone(),
        contact_email: config.operator.contact_email.clone(),
    };
    let site = Site {
        url: config.site.clone(),
    };
    // No way in is handed over: the one-click sign-in of the demo does not exist here.
    let pages = Pages {
        broker: Arc::clone(&running.broker),
        mode: Mode::Serve,
        operator,
        site,
        demo: None,
    };
    let ending = Ending::watch()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .context("the address cannot be listened on")?;
    // Port 0 lets the system choose one, so the log tells what was chosen.
    let listen = listener.local_addr().context("the address cannot be read back")?;
    tracing::info!(%listen, "the broker listens");
    serve(
        listener,
        running,
        consent_ui::routes::routes(pages),
        ending,
        duties,
    )
    .await
}

/// Serves the interface and the pages until a signal comes or the ledger stops. `duties` end after the last request.
///
/// # Errors
/// When the ledger stopped.
pub async fn serve(
    listener: TcpListener,
    running: Running,
    pages: Router,
    ending: Ending,
    duties: JoinSet<()>,
) -> Result<()> {
    let Running {
        broker,
        public,
        writer,
        in_use,
    } = running;
    // Until the last request is answered nobody else may open the folder.
    let _in_use = in_use;
    let (api, _) = broker_http::routes(Api {
        broker: Arc::clone(&broker),
        public,
    });
    let app = api.merge(pages.layer(from_fn(in_time)));
    let (stopped, mut watch) = tokio::sync::watch::channel(false);
    let watcher = tokio::spawn(async move {
        let outcome = writer.await;
        let _ = stopped.send(true);
        outcome
    });
    let (altered, found) = oneshot::channel();
    let sweeper = tokio::spawn(sweep(Arc::clone(&broker), altered));
    let mut fault = None;
    let told = async {
        tokio::select! {
            () = ending.asked() => {}
            _ = watch.changed() => {}
            Ok(found) = found => fault = Some(found),
        }
    };
    connections::serve(listener, app, told, GRACE).await;
    sweeper.abort();
    // They hold the broker, and with it the way into the ledger. What they were doing is found again at the next start.
    drop(duties);
    drop(broker);
    let ended = tokio::time::timeout(GRACE, watcher).await;
    if let Some(fault) = fault {
        return Err(ledger_command::altered(fault));
    }
    match ended {
        Ok(outcome) => match outcome?? {
            Ok(()) => Ok(()),
            Err(stop) => bail!(
                "the ledger has stopped and signs nothing: {stop}; look with `fiducie ledger status` before it is started again"
            ),
        },
        // Asked to end while requests still held the ledger: nothing was lost, it is taken up again at the next start.
        Err(_) => Ok(()),
    }
}

/// Reads the public files once, and tells of a changed one. A store that fails says nothing about them: asked again later.
async fn sweep(broker: Arc<Broker>, altered: oneshot::Sender<SweepFault>) {
    let fault = loop {
        match broker.sweep_public_files().await {
            Ok(Swept { files, rewritten }) => {
                if rewritten > 0 {
                    tracing::warn!(
                        rewritten,
                        "public files of the ledger were lost, and written again"
                    );
                }
                tracing::info!(
                    files,
                    "every full public file of the ledger is what was signed for"
                );
                return;
            }
            Err(fault) if fault.may_pass() => {
                tracing::warn!(
                    error = &fault as &dyn std::error::Error,
                    "the public files of the ledger could not all be read; they are read again"
                );
                tokio::time::sleep(SWEEP_AGAIN).await;
            }
            Err(fault) => break fault,
        }
    };
    let error: &dyn std::error::Error = &fault;
    tracing::error!(
        error,
        "the public files of the ledger are not what was signed for"
    );
    let _ = altered.send(fault);
}

/// A page that takes too long is no page; the interface has problem documents of its own for this.
async fn in_time(request: Request, next: Next) -> Response {
    let words = "Le service est trop occupé. Réessayez dans un instant.\nThe service is too busy. Try again in a moment.\n";
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::RETRY_AFTER, "5"),
    ];
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, headers, words).into_response(),
    }
}

/// The signals that ask for an end.
pub struct Ending {
    interrupt: Signal,
    terminate: Signal,
}

impl Ending {
    /// Watches for them from now on. To be called before it is said that the broker listens: whoever reads that may ask
    /// for the end at once, and a signal that nobody watches for kills the process.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn watch() -> Result<Self> {
        let watch = |kind| signal(kind).context("signals cannot be watched for");
        Ok(Self {
            interrupt: watch(SignalKind::interrupt())?,
            terminate: watch(SignalKind::terminate())?,
        })
    }

    async fn asked(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

async fn open(config: &Config) -> Result<Running> {
    let home = Home::at(&config.data);
    let setting = Setting::of(config, &home);
    let sign_in = sign_in::parts(config, Arc::clone(&setting.clock), Arc::clone(&setting.entropy))?;
    assemble::start(Setting { sign_in, ..setting }).await
}

/// Makes keys, database, lock store and an empty ledger.
///
/// # Errors
/// When one of them exists already.
pub async fn keygen(config: &Config) -> Result<()> {
    assemble::create(&Home::at(&config.data), &config.origin, &SystemEntropy::open()).await?;
    tracing::info!(
        "keys, database, lock store and ledger made; keep copies of the folder `keys` apart from backups of the database"
    );
    Ok(())
}

/// Adds the key of receipts to an installation that was made before there were receipts.
///
/// # Errors
/// When there is one already, or the folder cannot be written.
pub fn add_receipt_key(config: &Config) -> Result<()> {
    ReceiptSigner::create(&Home::at(&config.data).keys(), &SystemEntropy::open())?;
    tracing::info!("the key of receipts is made; copy it to where the other keys are kept");
    Ok(())
}

/// Brings the database to the newest schema.
///
/// # Errors
/// When the database is newer than this program or cannot be changed.
pub async fn migrate(config: &Config) -> Result<()> {
    let home = Home::at(&config.data);
    let _in_use = InUse::take(home.folder()).await?;
    migrate_database(&Home::at(&config.data).database(), NEWEST_SCHEMA).await?;
    Ok(())
}

/// How far a check goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What a start looks at: the right edge and the map.
    Edge,
    /// Everything recomputed, every public file compared.
    Full,
}

/// Opens everything and checks the ledger.
///
/// # Errors
/// What is wrong.
pub async fn check(config: &Config, depth: Depth) -> Result<()> {
    let Running { broker, writer, .. } = open(config).await?;
    let size = broker.latest_checkpoint().size().get();
    // What a crash left undone is public only when the witnesses were asked about it.
    drop(broker);
    if let Ok(ended) = tokio::time::timeout(GRACE, writer).await {
        ended??;
    }
    tracing::info!(ledger.size = size, "keys, database, lock store and ledger agree");
    if depth == Depth::Edge {
        return Ok(());
    }
    ledger_command::check_fully(config).await
}
