//! Whether the broker works, for load balancers and operators. Tells nothing about anybody.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;

/// State of the broker.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `running`, or `stopped` when the ledger refuses to sign.
    ledger: &'static str,
    /// Number of leaves in the newest published checkpoint.
    tree_size: u64,
}

/// Whether the ledger takes records.
#[utoipa::path(
    get,
    path = "/health",
    responses(
        (status = 200, description = "The ledger takes records", body = Health),
        (status = 503, description = "The ledger has stopped", body = Health),
    )
)]
pub(crate) async fn health(State(api): State<Api>) -> (StatusCode, Json<Health>) {
    let tree_size = api.broker.latest_checkpoint().size().get();
    if api.broker.ledger_is_running() {
        (
            StatusCode::OK,
            Json(Health {
                ledger: "running",
                tree_size,
            }),
        )
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(Health {
                ledger: "stopped",
                tree_size,
            }),
        )
    }
}
