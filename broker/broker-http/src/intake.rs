//! A gateway hands in one envelope.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use broker_service::News;
use meter_core::envelope::EnvelopeError;

use crate::Api;
use crate::problem::Problem;

/// Hands in one signed envelope (`application/vnd.fiducie.envelope`).
///
/// The same envelope may be sent again at any time: the answer is the same receipt.
#[utoipa::path(
    post,
    path = "/intake",
    request_body(content_type = "application/vnd.fiducie.envelope", content = Vec<u8>),
    responses(
        (status = 201, description = "Stored; the receipt, a fiducie-evidence/1 file", content_type = "application/json"),
        (status = 200, description = "Stored before; the same receipt", content_type = "application/json"),
        (status = 400, description = "Not an envelope", body = Problem),
        (status = 401, description = "Gateway unknown or signature wrong", body = Problem),
        (status = 403, description = "No consent, switched off, or another delivery point", body = Problem),
        (status = 409, description = "Batch id used for another batch", body = Problem),
        (status = 413, description = "Too large", body = Problem),
        (status = 422, description = "Content that cannot be true", body = Problem),
        (status = 503, description = "Busy; repeat", body = Problem),
    )
)]
pub(crate) async fn intake(
    State(api): State<Api>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|rejection| read_problem(&rejection))?;
    let taken = api.broker.intake(&body).await?;
    let status = match taken.news {
        News::Stored => StatusCode::CREATED,
        News::Known => StatusCode::OK,
    };
    Ok((
        status,
        [(header::CONTENT_TYPE, "application/json")],
        taken.receipt.bundle,
    )
        .into_response())
}

fn read_problem(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "an envelope holds at most 65,536 bytes of payload; send smaller batches";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "oversized", "Too large", detail);
    }
    Problem::malformed("the body could not be read to its end; send it again")
}

/// Stable code of an envelope that cannot be read.
pub(crate) const fn envelope_code(error: &EnvelopeError) -> &'static str {
    match error {
        EnvelopeError::Truncated { .. } => "truncated",
        EnvelopeError::BadMagic => "not-an-envelope",
        EnvelopeError::UnsupportedVersion { .. }
        | EnvelopeError::UnsupportedAlgorithm { .. }
        | EnvelopeError::UnsupportedContentType { .. }
        | EnvelopeError::UnsupportedOriginLevel { .. } => "unsupported-envelope",
        EnvelopeError::Oversized { .. } => "oversized",
        EnvelopeError::TrailingBytes { .. } => "trailing-bytes",
    }
}
