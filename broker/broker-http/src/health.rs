//! Whether the broker works, for load balancers and operators. Tells nothing about anybody.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use broker_service::{Answering, Demand, Vouching, Witnessing};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;

/// State of the broker.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `running`, or `stopped` when the ledger refuses to sign.
    ledger: &'static str,
    /// Number of leaves in the newest signed checkpoint.
    tree_size: u64,
    /// Who vouches for the ledger; absent when no witness is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    witnesses: Option<Witnesses>,
}

/// State of the witnesses. Losing the quorum does not make the broker unhealthy: intake goes on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Witnesses {
    /// `met`, or `not-met`: recorded, not (or not any more) witnessed.
    quorum: &'static str,
    /// Whether deliveries and releases are refused without it.
    required: bool,
    /// Number of leaves that are witnessed, while the quorum is met.
    #[serde(skip_serializing_if = "Option::is_none")]
    tree_size: Option<u64>,
    /// Newest time that a witness stated, RFC 3339, while the quorum is met.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// Each witness of the policy.
    each: Vec<OneWitness>,
}

/// One witness.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneWitness {
    /// Name of its key.
    name: String,
    /// Its last answer: `cosigned`, `late`, `unavailable`, `not-known`, `faulty`, `contradicts` or `not-asked`.
    answer: &'static str,
    /// Number of leaves that it vouched for last.
    #[serde(skip_serializing_if = "Option::is_none")]
    tree_size: Option<u64>,
    /// When, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

fn witnesses(witnessing: &Witnessing) -> Witnesses {
    let stands = witnessing.stands.as_ref();
    Witnesses {
        quorum: if stands.is_some() { "met" } else { "not-met" },
        required: witnessing.demand != Demand::Shown,
        tree_size: stands.map(|vouched| vouched.size),
        at: stands.map(|vouched| vouched.at.to_string()),
        each: witnessing.witnesses.iter().map(one).collect(),
    }
}

fn one(witness: &Vouching) -> OneWitness {
    OneWitness {
        name: witness.name.clone(),
        answer: match witness.answering {
            Answering::NotAsked => "not-asked",
            Answering::Cosigned => "cosigned",
            Answering::Late => "late",
            Answering::Unavailable => "unavailable",
            Answering::NotKnown => "not-known",
            Answering::Faulty => "faulty",
            Answering::Contradicts => "contradicts",
        },
        tree_size: witness.cosigned.map(|(size, _)| size),
        at: witness.cosigned.map(|(_, at)| at.to_string()),
    }
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
    let (status, ledger) = if api.broker.ledger_is_running() {
        (StatusCode::OK, "running")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "stopped")
    };
    let health = Health {
        ledger,
        tree_size: api.broker.latest_checkpoint().size().get(),
        witnesses: api.broker.witnessing().as_ref().map(witnesses),
    };
    (status, Json(health))
}
