//! An application lists its authorisations and asks for readings under one.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::consent::State as ConsentState;
use broker_domain::time::{Instant, Interval, Step};
use broker_service::{Authorisation, Order, credential_hash};
use broker_store::ApplicationRow;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::Api;
use crate::problem::Problem;

/// One authorisation.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthorisationItem {
    /// To be named in each order.
    authorisation: String,
    /// For what.
    purpose: String,
    /// Finest step, in seconds.
    step_s: u32,
    /// First instant covered.
    from: String,
    /// First instant no longer covered.
    until: String,
    /// `active`, `paused`, `withdrawn`, `suspended`, `expired`, `closed` or `refused`.
    state: &'static str,
}

/// The authorisations of an application's organisation.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthorisationList {
    /// Ended ones included, so that an application can see what it must delete.
    authorisations: Vec<AuthorisationItem>,
}

/// What an application asks for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderBody {
    /// A UUID chosen by the application: repeating the order repeats the answer, not the transfer.
    transfer: String,
    /// From the list of authorisations.
    authorisation: String,
    /// First instant wanted, RFC 3339.
    from: String,
    /// First instant no longer wanted, RFC 3339.
    until: String,
    /// One value every so many seconds.
    step_s: u32,
}

/// A delivery.
#[derive(Serialize, ToSchema)]
pub(crate) struct Delivery {
    /// As chosen by the application.
    transfer: String,
    /// Compact JWE for the application's key; inside, a compact JWS of the broker over the load curve in JSON.
    payload: String,
    /// Values in it.
    rows: u32,
    /// Proof: a `fiducie-evidence/1` file of the organisation's own record.
    #[schema(value_type = Object)]
    proof: Box<RawValue>,
    /// The same record proven against the newest checkpoint that witnesses vouch for, with their signatures; absent while
    /// there is none. Unlike `proof` it changes as the ledger grows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    witnessed_proof: Option<Box<RawValue>>,
    /// The proof that the entry of that record stands in the ledger as a COSE receipt (RFC 9942), base64url.
    receipt: String,
}

/// Lists what the application's organisation was authorised to receive. `Authorization: Bearer <credential>`.
#[utoipa::path(
    get,
    path = "/authorisations",
    responses(
        (status = 200, description = "The list", body = AuthorisationList),
        (status = 401, description = "Credential missing or unknown", body = Problem),
    )
)]
pub(crate) async fn authorisations(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Json<AuthorisationList>, Problem> {
    let application = authenticate(&api, &headers).await?;
    let list = api.broker.authorisations(&application).await?;
    Ok(Json(AuthorisationList {
        authorisations: list.iter().map(item).collect(),
    }))
}

fn item(authorisation: &Authorisation) -> AuthorisationItem {
    let consent = &authorisation.consent;
    AuthorisationItem {
        authorisation: consent.id.to_string(),
        purpose: consent.purpose.to_string(),
        step_s: authorisation.terms.step.seconds(),
        from: authorisation.terms.data.start().to_string(),
        until: authorisation.terms.data.end().to_string(),
        state: match authorisation.state {
            ConsentState::Given { .. } if authorisation.pause.is_some() => "paused",
            ConsentState::Given { .. } => "active",
            ConsentState::Withdrawn { .. } => "withdrawn",
            ConsentState::Suspended { .. } => "suspended",
            ConsentState::Expired { .. } => "expired",
            ConsentState::Revoked { .. }
            | ConsentState::Invalidated { .. }
            | ConsentState::Superseded { .. } => "closed",
            ConsentState::Refused
            | ConsentState::Unknown
            | ConsentState::Requested
            | ConsentState::Deferred
            // Not listed: its recipient hears of it once it counts.
            | ConsentState::Waiting { .. } => "refused",
        },
    }
}

/// Asks for a load curve. `Authorization: Bearer <credential>`.
#[utoipa::path(
    post,
    path = "/deliveries",
    request_body = OrderBody,
    responses(
        (status = 200, description = "The curve, encrypted, with its proof", body = Delivery),
        (status = 400, description = "Not understood", body = Problem),
        (status = 401, description = "Credential missing or unknown", body = Problem),
        (status = 403, description = "No consent covers this; the refusal is recorded", body = Problem),
        (status = 404, description = "Authorisation unknown", body = Problem),
        (status = 409, description = "Transfer id used before, or something changed: repeat", body = Problem),
        (status = 503, description = "Busy, or not witnessed yet: repeat", body = Problem),
    )
)]
pub(crate) async fn deliver(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Result<Json<OrderBody>, JsonRejection>,
) -> Result<Json<Delivery>, Problem> {
    let application = authenticate(&api, &headers).await?;
    let Json(body) = body.map_err(|_| {
        Problem::malformed(
            "expected a JSON object with `transfer`, `authorisation`, `from`, `until` and `step_s`",
        )
    })?;
    let delivered = api.broker.deliver(&application, parse(&body)?).await?;
    let broken = || Problem::from(broker_service::Fault::Corrupt { what: "delivery" });
    let raw = |bundle| {
        let text = String::from_utf8(bundle).map_err(|_| broken())?;
        RawValue::from_string(text).map_err(|_| broken())
    };
    let witnessed = api.broker.witnessed_receipt(delivered.receipt.leaf_index).await?;
    let receipt = URL_SAFE_NO_PAD.encode(api.broker.cose_receipt(&delivered.receipt)?);
    Ok(Json(Delivery {
        transfer: delivered.transfer.to_string(),
        payload: String::from_utf8(delivered.payload).map_err(|_| broken())?,
        rows: delivered.rows,
        proof: raw(delivered.receipt.bundle)?,
        witnessed_proof: witnessed.map(|receipt| raw(receipt.bundle)).transpose()?,
        receipt,
    }))
}

fn parse(body: &OrderBody) -> Result<Order, Problem> {
    let instant = |text: &str| Instant::parse(text).map_err(|error| Problem::malformed(error.to_string()));
    let interval = Interval::new(instant(&body.from)?, instant(&body.until)?);
    Ok(Order {
        transfer: body
            .transfer
            .parse()
            .map_err(|_| Problem::malformed("`transfer` is not a UUID"))?,
        authorisation: body
            .authorisation
            .parse()
            .map_err(|_| Problem::malformed("`authorisation` is not a UUID"))?,
        interval: interval.map_err(|error| Problem::malformed(error.to_string()))?,
        step: Step::from_seconds(body.step_s).map_err(|error| Problem::malformed(error.to_string()))?,
    })
}

/// The application behind a bearer credential.
pub(crate) async fn authenticate(api: &Api, headers: &HeaderMap) -> Result<ApplicationRow, Problem> {
    let credential = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("Bearer "));
    let unknown = || Problem::unauthenticated("expected the header `Authorization: Bearer <credential>`");
    let hash = credential_hash(credential.ok_or_else(unknown)?);
    let mut read = api.broker.read().await.map_err(broker_service::Fault::from)?;
    let application = read
        .application_by_credential(hash)
        .await
        .map_err(broker_service::Fault::from)?;
    application.ok_or_else(unknown)
}
