//! A gateway enrols, and asks for its settings.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::gateway::{FieldClass, Measuring, Settings};
use broker_service::{GatewayEnrolment, SettingsQuestion};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Api;
use crate::problem::Problem;

/// What a gateway sends to enrol.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrolment {
    /// The one-time code from the participant's page.
    code: String,
    /// Ed25519 public key, base64url without padding.
    public_key: String,
    /// Signature over `"fiducie-enrol/v1" 0x00 code 0x00 public key`, base64url without padding.
    signature: String,
}

/// What the broker answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Enrolled {
    /// Identifier of the gateway, to stand in each envelope.
    gateway_id: String,
    /// Identifier of the delivery point, to stand in each envelope.
    delivery_point_id: String,
    /// What the gateway must obey.
    settings: GatewaySettings,
    /// The broker's clock, microseconds since 1970.
    server_time_us: i64,
}

/// What a gateway must obey.
#[derive(Serialize, ToSchema)]
pub(crate) struct GatewaySettings {
    /// Grows with each change; a lower one than held is ignored.
    version: u32,
    /// `on` or `off`.
    measuring: &'static str,
    /// Families of fields that may leave the home.
    fields: Vec<&'static str>,
    /// Seconds between two kept frames.
    step_s: u32,
}

impl From<&Settings> for GatewaySettings {
    fn from(settings: &Settings) -> Self {
        Self {
            version: settings.version,
            measuring: match settings.measuring {
                Measuring::On => "on",
                Measuring::Off => "off",
            },
            fields: settings
                .fields
                .iter()
                .map(|class: &FieldClass| class.code())
                .collect(),
            step_s: settings.step.seconds(),
        }
    }
}

/// Enrols a gateway with its one-time code. Repeating a call whose answer was lost gives the same answer.
#[utoipa::path(
    post,
    path = "/gateways/enrol",
    request_body = Enrolment,
    responses(
        (status = 201, description = "Enrolled", body = Enrolled),
        (status = 400, description = "Not understood", body = Problem),
        (status = 401, description = "The signature does not prove the key", body = Problem),
        (status = 403, description = "Code unknown, used or expired", body = Problem),
        (status = 409, description = "Key enrolled before", body = Problem),
    )
)]
pub(crate) async fn enrol(
    State(api): State<Api>,
    body: Result<Json<Enrolment>, JsonRejection>,
) -> Result<(StatusCode, Json<Enrolled>), Problem> {
    let Json(body) = body.map_err(|_| {
        Problem::malformed("expected a JSON object with `code`, `public_key` and `signature`")
    })?;
    let public_key = decode(&body.public_key)?;
    let public_key = <[u8; 32]>::try_from(public_key.as_slice())
        .map_err(|_| Problem::malformed("`public_key` must hold the 32 bytes of an Ed25519 key"))?;
    let enrolment = GatewayEnrolment {
        code: body.code,
        public_key,
        signature: decode(&body.signature)?,
    };
    let row = api.broker.enrol_gateway(&enrolment).await?;
    let answer = Enrolled {
        gateway_id: row.gateway.id.to_string(),
        delivery_point_id: row.gateway.point.to_string(),
        settings: GatewaySettings::from(&row.gateway.settings),
        server_time_us: api.broker.now().as_micros(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Tells a gateway its settings. Header `Fiducie-Gateway-Auth: <unix seconds>.<base64url signature>`, the signature over
/// `"fiducie-settings/v1" 0x00 gateway id[16] decimal seconds`.
#[utoipa::path(
    get,
    path = "/gateways/{id}/settings",
    params(("id" = String, Path, description = "Identifier of the gateway")),
    responses(
        (status = 200, description = "The settings", body = GatewaySettings),
        (status = 401, description = "Not authentic, or the clock is off", body = Problem),
    )
)]
pub(crate) async fn settings(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<GatewaySettings>, Problem> {
    let expected = "expected the header `Fiducie-Gateway-Auth: <unix seconds>.<base64url signature>`";
    let header = headers
        .get("fiducie-gateway-auth")
        .and_then(|value| value.to_str().ok());
    let (seconds, signature) = header
        .and_then(|text| text.split_once('.'))
        .ok_or_else(|| Problem::unauthenticated(expected))?;
    let question = SettingsQuestion {
        gateway: id
            .parse()
            .map_err(|_| Problem::malformed("the gateway identifier is not a UUID"))?,
        unix_seconds: seconds.parse().map_err(|_| Problem::unauthenticated(expected))?,
        signature: decode(signature)?,
    };
    let settings = api.broker.gateway_settings(&question).await?;
    Ok(Json(GatewaySettings::from(&settings)))
}

fn decode(text: &str) -> Result<Vec<u8>, Problem> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Problem::malformed("binary fields are base64url without padding"))
}
