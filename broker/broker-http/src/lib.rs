//! The HTTP interface: `/api/v1` for machines, `/ledger` for whoever wants to verify.
//!
//! What it does: parses requests, calls one use case each, and maps every outcome to a status and, when it is not a
//! success, to a problem document (RFC 9457).
//! What it deliberately does not: decide anything, render pages (see `consent-ui`), or read a clock.

mod deliveries;
mod door;
mod gateways;
mod health;
mod intake;
mod ledger;
mod notices;
mod problem;
mod withdrawals;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use broker_service::Broker;
use ledger_log::PublicStore;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use door::REQUEST_TIME;
pub use problem::Problem;

/// Largest body the interface reads, in bytes: an envelope with its header and signature, and some slack.
pub const MAX_BODY: usize = 72 * 1024;

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    /// The use cases.
    pub broker: Arc<Broker>,
    /// The public files of the ledger.
    pub public: Arc<dyn PublicStore>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Fiducie broker",
        description = "Consent and data-trust broker for energy data. Every refusal is a problem document (RFC 9457) whose `code` is stable and whose `detail` says what to do next.",
    ),
    components(schemas(Problem))
)]
struct Document;

/// The routes of `/api/v1` and `/ledger`, and the description of the former.
pub fn routes(api: Api) -> (Router, utoipa::openapi::OpenApi) {
    let (router, document) = OpenApiRouter::with_openapi(Document::openapi())
        .nest(
            "/api/v1",
            OpenApiRouter::new()
                .routes(routes!(health::health))
                .routes(routes!(gateways::enrol))
                .routes(routes!(gateways::settings))
                .routes(routes!(intake::intake))
                .routes(routes!(deliveries::authorisations))
                .routes(routes!(deliveries::deliver))
                .routes(routes!(notices::notice))
                .routes(routes!(withdrawals::acknowledge))
                .routes(routes!(withdrawals::attest)),
        )
        .split_for_parts();
    let served = document.clone();
    let router = router
        .route(
            "/api/v1/openapi.json",
            get(move || async move { axum::Json(served) }),
        )
        // Whatever else is asked of `/api` is asked by a machine, which does not read the pages' own 404.
        .route("/api", any(door::nowhere))
        .route("/api/", any(door::nowhere))
        .route("/api/{*path}", any(door::nowhere))
        .layer(from_fn_with_state(REQUEST_TIME, door::api));
    let ledger = Router::new()
        .route("/ledger/{*path}", get(ledger::file))
        .layer(from_fn_with_state(REQUEST_TIME, door::ledger));
    let router = router
        .merge(ledger)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(api);
    (router, document)
}
