//! Accepts connections and serves HTTP/1.1 on them: so many at once, and each only while it gets on.
//!
//! `axum::serve` has neither bound nor timeout: a few hundred clients that send a header a byte a minute (slow loris)
//! would keep everybody else out for as long as they like.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// Longest a client may take for the header of a request, and longest it may keep an idle connection.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// Connections served at once; those beyond wait in the system's queue. Each needs a file descriptor.
///
/// LIMIT: the bound is for all together. Behind a proxy everybody has one address; fairness between clients is its work.
const MOST_CONNECTIONS: usize = 512;
/// Pause after an accept that failed for want of something that others may give back, such as file descriptors.
const BREATH: Duration = Duration::from_secs(1);

/// Serves until `told` is ready, then takes no more connections and lets the open ones finish what they have begun, for
/// as long as `grace`.
pub async fn serve(listener: TcpListener, app: Router, told: impl Future<Output = ()>, grace: Duration) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    // Whatever is still open when this function returns is cut with the set.
    let mut open = JoinSet::new();
    let mut told = pin!(told);
    loop {
        let (place, stream, peer) = tokio::select! {
            () = &mut told => break,
            accepted = accept(&listener, &places) => match accepted {
                Some(accepted) => accepted,
                None => break,
            },
        };
        let app = app.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            app.clone().oneshot(request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        open.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a connection ended early"
                );
            }
            drop(place);
        });
        while open.try_join_next().is_some() {}
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        // A half-open connection must not keep a stopped ledger's process alive: recovery begins with its end.
        () = tokio::time::sleep(grace) => {
            tracing::warn!("connections were still open after the grace period and were cut");
        }
    }
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    // `None` only for a semaphore that was closed, and nobody closes this one.
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Some((place, stream, peer)),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a connection could not be accepted"
                );
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}
