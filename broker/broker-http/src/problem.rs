//! One file maps every outcome that is not a success to a problem document (RFC 9457). The matches are exhaustive: a new
//! refusal does not compile until somebody has given it a status, a code and a way out.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use broker_service::{DeliveryRefusal, EnrolRefusal, Failure, Fault, IntakeRefusal, SettingsRefusal, Unfit};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem document (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// A URI that names the kind of problem; `urn:fiducie:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do next.
    pub detail: String,
    /// Stable code for programs.
    pub code: String,
    /// Index of the ledger leaf that records the refusal, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf_index: Option<u64>,
    /// Seconds to wait before the same request may succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem with this status and code.
    pub(crate) fn new(
        status: StatusCode,
        code: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:fiducie:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            leaf_index: None,
            retry_after_s: None,
        }
    }

    fn at_leaf(self, leaf_index: u64) -> Self {
        Self {
            leaf_index: Some(leaf_index),
            ..self
        }
    }

    fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// A request that could not be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "malformed",
            "Request not understood",
            detail,
        )
    }

    /// A request without a credential that we know.
    pub(crate) fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Credential missing or unknown",
            detail,
        )
    }

    /// It took too long, and may have been carried out all the same.
    pub(crate) fn out_of_time() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timeout",
            "Took too long",
            "the request took too long and may have been carried out; repeat the same request, the answer is the same",
        )
        .retry_after(1)
    }

    /// Nothing there.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Faults are ours: people get a reference to try again, causes go to the log only.
impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        let busy = |code, detail: &str| Self::new(unavailable, code, "Temporarily unavailable", detail);
        match fault {
            Fault::Busy => busy("busy", "the broker is busy; repeat the same request").retry_after(1),
            Fault::NotCommitted => {
                busy("not-committed", "nothing was written; repeat the same request").retry_after(1)
            }
            Fault::Stopped => {
                tracing::error!("the ledger has stopped: requests are answered with 503");
                busy(
                    "ledger-stopped",
                    "the ledger has stopped; repeat the same request later",
                )
                .retry_after(30)
            }
            Fault::NotWitnessed => busy(
                "not-witnessed",
                "too few witnesses vouch for the ledger at this moment, and nothing is handed over without them; what was \
                 recorded stands; repeat the same request",
            )
            .retry_after(5),
            Fault::SubjectErased => Self::new(
                StatusCode::GONE,
                "erased",
                "Erased",
                "this person asked to be erased; nothing can be recorded or shown any more",
            ),
            Fault::Store(_)
            | Fault::Conflict { .. }
            | Fault::Entropy(_)
            | Fault::Crypto { .. }
            | Fault::LogFull
            | Fault::DetailMissing { .. }
            | Fault::Corrupt { .. } => {
                tracing::error!(error = &fault as &dyn std::error::Error, "a use case failed");
                let detail =
                    "the broker failed; nothing was handed out; repeat the request, then tell the operator";
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "fault",
                    "Internal error",
                    detail,
                )
            }
        }
    }
}

impl<R> From<Failure<R>> for Problem
where
    Self: From<R>,
{
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Conflict => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "Changed meanwhile",
                "something changed while the request was decided; repeat the same request",
            )
            .retry_after(1),
            Failure::Fault(fault) => fault.into(),
        }
    }
}

impl From<IntakeRefusal> for Problem {
    fn from(refusal: IntakeRefusal) -> Self {
        use IntakeRefusal as R;
        let detail = refusal.to_string();
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        match refusal {
            R::Envelope(error) => {
                let code = crate::intake::envelope_code(&error);
                let status = if code == "oversized" {
                    StatusCode::PAYLOAD_TOO_LARGE
                } else {
                    StatusCode::BAD_REQUEST
                };
                Self::new(status, code, "Not a valid envelope", detail)
            }
            R::UnknownGateway => Self::new(
                StatusCode::UNAUTHORIZED,
                "gateway-unknown",
                "Gateway unknown",
                detail,
            ),
            R::Signature => Self::new(
                StatusCode::UNAUTHORIZED,
                "signature-wrong",
                "Signature wrong",
                detail,
            ),
            R::Unfit { unfit, leaf_index } => {
                let (status, title) = match unfit {
                    Unfit::UnknownPoint => (unprocessable, "Delivery point unknown"),
                    Unfit::OtherPoint => (StatusCode::FORBIDDEN, "Another delivery point"),
                    Unfit::BatchIdReused => (StatusCode::CONFLICT, "Batch id used before"),
                    Unfit::Content(_) => (unprocessable, "Content not understood"),
                    Unfit::Unsound(_) => (unprocessable, "Readings cannot be true"),
                };
                Self::new(status, unfit.code(), title, detail).at_leaf(leaf_index)
            }
            R::RefusedBefore { code, leaf_index } => {
                Self::new(StatusCode::FORBIDDEN, &code, "Refused before", detail).at_leaf(leaf_index)
            }
            R::SwitchedOff { leaf_index } => {
                Self::new(StatusCode::FORBIDDEN, "switched-off", "Measuring is off", detail)
                    .at_leaf(leaf_index)
            }
            R::NotCovered { refusal, leaf_index } => Self::new(
                StatusCode::FORBIDDEN,
                refusal.code(),
                "No consent covers this",
                detail,
            )
            .at_leaf(leaf_index),
        }
    }
}

impl From<DeliveryRefusal> for Problem {
    fn from(refusal: DeliveryRefusal) -> Self {
        use DeliveryRefusal as R;
        let detail = refusal.to_string();
        match refusal {
            R::UnknownAuthorisation => Self::new(
                StatusCode::NOT_FOUND,
                "authorisation-unknown",
                "Authorisation unknown",
                detail,
            ),
            R::SpanTooLong { leaf_index } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "span-too-long",
                "Period too long",
                detail,
            )
            .at_leaf(leaf_index),
            R::RefusedBefore { code, leaf_index } => {
                Self::new(StatusCode::FORBIDDEN, &code, "Refused before", detail).at_leaf(leaf_index)
            }
            R::NotCovered { refusal, leaf_index } => Self::new(
                StatusCode::FORBIDDEN,
                refusal.code(),
                "No consent covers this",
                detail,
            )
            .at_leaf(leaf_index),
            R::NotAllowed { leaf_index } => {
                Self::new(StatusCode::FORBIDDEN, "policy", "Not allowed", detail).at_leaf(leaf_index)
            }
            R::TransferIdReused => Self::new(
                StatusCode::CONFLICT,
                "transfer-id-reused",
                "Transfer id used before",
                detail,
            ),
        }
    }
}

impl From<EnrolRefusal> for Problem {
    fn from(refusal: EnrolRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            EnrolRefusal::Code => Self::new(StatusCode::FORBIDDEN, "code-invalid", "Code not valid", detail),
            EnrolRefusal::Signature => Self::new(
                StatusCode::UNAUTHORIZED,
                "signature-wrong",
                "Signature wrong",
                detail,
            ),
            EnrolRefusal::KeyTaken => {
                Self::new(StatusCode::CONFLICT, "key-taken", "Key enrolled before", detail)
            }
            EnrolRefusal::NotYours => Self::new(StatusCode::FORBIDDEN, "not-yours", "Not yours", detail),
        }
    }
}

impl From<SettingsRefusal> for Problem {
    fn from(refusal: SettingsRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            SettingsRefusal::NotAuthentic => Self::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "Not authentic",
                detail,
            ),
            SettingsRefusal::Clock => {
                Self::new(StatusCode::UNAUTHORIZED, "clock", "Clock too far off", detail)
            }
        }
    }
}
