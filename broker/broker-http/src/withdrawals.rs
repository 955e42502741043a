//! A recipient answers to a withdrawal: it acknowledges, and attests that it deleted.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use broker_domain::ids::DossierId;
use broker_service::{Answered, RecipientRefusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Api;
use crate::deliveries::authenticate;
use crate::problem::Problem;

/// What a recipient answers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// Compact JWS of the application's registered signing key, over canonical JSON.
    answer: String,
}

/// An answer that is recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnswerTaken {
    /// What is done about the withdrawal.
    dossier: String,
    /// When the answer was recorded; the same when it is repeated.
    recorded_at: String,
}

/// Acknowledges a withdrawal and says what happens to data received before. `Authorization: Bearer <credential>`.
#[utoipa::path(
    post,
    path = "/withdrawals/{dossier}/acknowledgement",
    params(("dossier" = String, Path, description = "From the notice")),
    request_body = AnswerBody,
    responses(
        (status = 200, description = "Recorded, now or before", body = AnswerTaken),
        (status = 400, description = "Not understood", body = Problem),
        (status = 401, description = "Credential missing or unknown, or not signed by the registered key", body = Problem),
        (status = 403, description = "A processor may not keep data", body = Problem),
        (status = 404, description = "No such withdrawal was told to this organisation", body = Problem),
        (status = 409, description = "Answered before with another answer, or changed meanwhile", body = Problem),
    )
)]
pub(crate) async fn acknowledge(
    State(api): State<Api>,
    Path(dossier): Path<String>,
    headers: HeaderMap,
    body: Result<Json<AnswerBody>, JsonRejection>,
) -> Result<Json<AnswerTaken>, Problem> {
    let application = authenticate(&api, &headers).await?;
    let (dossier, answer) = parse(&dossier, body)?;
    let answered = api
        .broker
        .acknowledge_withdrawal(&application, dossier, &answer)
        .await?;
    Ok(taken(answered))
}

/// Attests that data received before the withdrawal were deleted. `Authorization: Bearer <credential>`.
#[utoipa::path(
    post,
    path = "/withdrawals/{dossier}/attestation",
    params(("dossier" = String, Path, description = "From the notice")),
    request_body = AnswerBody,
    responses(
        (status = 200, description = "Recorded, now or before", body = AnswerTaken),
        (status = 400, description = "Not understood", body = Problem),
        (status = 401, description = "Credential missing or unknown, or not signed by the registered key", body = Problem),
        (status = 404, description = "No such withdrawal was told to this organisation", body = Problem),
        (status = 409, description = "Nothing was promised, attested before, or changed meanwhile", body = Problem),
    )
)]
pub(crate) async fn attest(
    State(api): State<Api>,
    Path(dossier): Path<String>,
    headers: HeaderMap,
    body: Result<Json<AnswerBody>, JsonRejection>,
) -> Result<Json<AnswerTaken>, Problem> {
    let application = authenticate(&api, &headers).await?;
    let (dossier, answer) = parse(&dossier, body)?;
    let answered = api.broker.attest_deletion(&application, dossier, &answer).await?;
    Ok(taken(answered))
}

fn parse(
    dossier: &str,
    body: Result<Json<AnswerBody>, JsonRejection>,
) -> Result<(DossierId, String), Problem> {
    let dossier = dossier.parse();
    let dossier = dossier.map_err(|_| Problem::malformed("the dossier in the address is not a UUID"))?;
    let Json(body) =
        body.map_err(|_| Problem::malformed("expected a JSON object with `answer`, a compact JWS"))?;
    Ok((dossier, body.answer))
}

fn taken(answered: Answered) -> Json<AnswerTaken> {
    Json(AnswerTaken {
        dossier: answered.dossier.to_string(),
        recorded_at: answered.at.to_string(),
    })
}

impl From<RecipientRefusal> for Problem {
    fn from(refusal: RecipientRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            RecipientRefusal::Unknown => Self::new(
                StatusCode::NOT_FOUND,
                "dossier-unknown",
                "Withdrawal unknown",
                detail,
            ),
            RecipientRefusal::NoKey => Self::new(
                StatusCode::UNAUTHORIZED,
                "signing-key-missing",
                "No signing key",
                detail,
            ),
            RecipientRefusal::Signature => Self::new(
                StatusCode::UNAUTHORIZED,
                "signature-wrong",
                "Signature wrong",
                detail,
            ),
            RecipientRefusal::Malformed { .. } => Self::malformed(detail),
            RecipientRefusal::MustDelete => {
                Self::new(StatusCode::FORBIDDEN, "must-delete", "Must be deleted", detail)
            }
            RecipientRefusal::AnsweredBefore => {
                Self::new(StatusCode::CONFLICT, "answered-before", "Answered before", detail)
            }
            RecipientRefusal::NotPromised => Self::new(
                StatusCode::CONFLICT,
                "nothing-promised",
                "Nothing was promised",
                detail,
            ),
        }
    }
}
