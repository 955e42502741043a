//! HTTP: two calls, statuses, limits.

use std::{convert::Infallible, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use ledger_core::witness::{Refusal, SIZE_CONTENT_TYPE};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

use crate::{
    clock,
    config::Config,
    witness::{NotCosigned, Witness},
};

/// Largest body we read, in bytes: 63 hashes and a note with room to spare.
const MAX_BODY: usize = 64 * 1024;
/// Longest that the head of a request may take; also how long an idle connection is kept.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// Longest that the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Connections served at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// How long open connections may finish when the program is told to stop.
const GRACE: Duration = Duration::from_secs(5);

const TEXT: &str = "text/plain; charset=utf-8";

type Answer = Response<Full<Bytes>>;

/// Serves until a signal comes.
pub async fn run(config: &Config) -> Result<()> {
    let witness = Arc::new(Witness::open(config, clock::now)?);
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("`{}` cannot be listened on", config.listen))?;
    // Port 0 lets the system choose one, so the log tells what was chosen.
    let listen = listener.local_addr().context("the address cannot be read back")?;
    tracing::info!(%listen, key = %witness.vkey(), logs = config.logs.len(), "the witness listens");
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let told = told_to_stop();
    tokio::pin!(told);
    loop {
        let permit = tokio::select! {
            () = &mut told => break,
            permit = Arc::clone(&room).acquire_owned() => permit.context("the server was closed")?,
        };
        let accepted = tokio::select! {
            () = &mut told => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let witness = Arc::clone(&witness);
                connections.spawn(async move {
                    serve(stream, witness).await;
                    drop(permit);
                });
            }
            // Out of descriptors, or a connection that broke before it began: the next one may do better.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    let finish = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, finish).await.is_err() {
        tracing::info!("connections were still open after the grace period and were cut");
    }
    Ok(())
}

async fn told_to_stop() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

async fn serve(stream: TcpStream, witness: Arc<Witness>) {
    // A small answer must not wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let witness = Arc::clone(&witness);
        async move { Ok::<_, Infallible>(route(request, witness).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .keep_alive(true)
        .max_buf_size(MAX_BODY)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke");
    }
}

async fn route(request: Request<Incoming>, witness: Arc<Witness>) -> Answer {
    let path = request.uri().path().to_owned();
    let get = [Method::GET, Method::HEAD].contains(request.method());
    let monitored = path
        .strip_prefix('/')
        .and_then(|path| path.strip_suffix("/checkpoint"));
    match (path.as_str(), monitored) {
        ("/add-checkpoint", _) if request.method() == Method::POST => add_checkpoint(request, witness).await,
        ("/add-checkpoint", _) => wrong_method("POST"),
        (_, Some(hash)) if get => monitor(&witness, hash),
        (_, Some(_)) => wrong_method("GET, HEAD"),
        _ => answer(StatusCode::NOT_FOUND, TEXT, "there is nothing here\n".to_owned()),
    }
}

async fn add_checkpoint(request: Request<Incoming>, witness: Arc<Witness>) -> Answer {
    let body = match timeout(BODY_TIME, Limited::new(request.into_body(), MAX_BODY).collect()).await {
        Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
        }
        Ok(Err(_)) => return refuse(StatusCode::BAD_REQUEST, "the body is incomplete"),
        Ok(Ok(body)) => body.to_bytes(),
    };
    // The disk is waited for elsewhere; a client that goes away meanwhile does not stop it.
    match tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await {
        Ok(Ok(lines)) => answer(StatusCode::OK, TEXT, lines),
        Ok(Err(why)) => not_cosigned(&why),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the witness failed"),
    }
}

/// The table of C2SP tlog-witness, with 422 as in the text after v1.0.0.
fn not_cosigned(why: &NotCosigned) -> Answer {
    let status = match why {
        NotCosigned::Malformed(_) => StatusCode::BAD_REQUEST,
        NotCosigned::UnknownLog { .. } => StatusCode::NOT_FOUND,
        NotCosigned::Refused(refusal) => match refusal {
            Refusal::Signature(_) => StatusCode::FORBIDDEN,
            Refusal::OldTooLarge { .. } => StatusCode::BAD_REQUEST,
            Refusal::Stale { recorded, .. } => {
                return answer(StatusCode::CONFLICT, SIZE_CONTENT_TYPE, format!("{recorded}\n"));
            }
            Refusal::EmptyRoot | Refusal::OtherRoot | Refusal::Proof(_) => StatusCode::UNPROCESSABLE_ENTITY,
        },
        NotCosigned::ClockWentBack | NotCosigned::Store(_) => {
            tracing::error!(error = ?why, "nothing is cosigned: {why}");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    let mut refused = refuse(status, &why.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        refused
            .headers_mut()
            .insert(RETRY_AFTER, hyper::header::HeaderValue::from_static("60"));
    }
    refused
}

fn monitor(witness: &Witness, hash: &str) -> Answer {
    match witness.shown(hash) {
        Some(note) => {
            let mut shown = answer(StatusCode::OK, TEXT, note.to_string());
            shown
                .headers_mut()
                .insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-cache"));
            shown
        }
        None => refuse(StatusCode::NOT_FOUND, "nothing is recorded of such a log"),
    }
}

fn wrong_method(allowed: &'static str) -> Answer {
    let mut answer = refuse(StatusCode::METHOD_NOT_ALLOWED, "this is not how it is asked for");
    answer
        .headers_mut()
        .insert(ALLOW, hyper::header::HeaderValue::from_static(allowed));
    answer
}

fn refuse(status: StatusCode, why: &str) -> Answer {
    answer(status, TEXT, format!("{why}\n"))
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        CONTENT_TYPE,
        hyper::header::HeaderValue::from_static(content_type),
    );
    answer
}
