//! The public files of the ledger, at the paths of C2SP tlog-tiles.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use broker_service::Fault;
use ledger_core::receipt;
use ledger_core::tile::Resource;

use crate::Api;
use crate::problem::Problem;

/// A tile or an entry bundle never changes; the checkpoint does every time something is recorded.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const SHORT: &str = "public, max-age=1";

/// `checkpoint`, `log.vkey`, `officer.vkey`, `receipt.cose-key`, `records.jwks`, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.
pub(crate) async fn file(State(api): State<Api>, Path(path): Path<String>) -> Result<Response, Problem> {
    match path.as_str() {
        // The public file, as a mirror or a web server beside us would serve it: never a checkpoint whose tiles are
        // not there yet.
        "checkpoint" => public(&api, Resource::Checkpoint, "text/plain; charset=utf-8", SHORT).await,
        "log.vkey" => Ok(vkey(api.broker.log_key().to_string())),
        "receipt.cose-key" => {
            let headers = [
                (header::CONTENT_TYPE, receipt::KEY_MEDIA_TYPE),
                (header::CACHE_CONTROL, SHORT),
            ];
            Ok((headers, api.broker.receipt_key().to_cose_key()).into_response())
        }
        "records.jwks" => {
            let headers = [
                (header::CONTENT_TYPE, "application/jwk-set+json"),
                (header::CACHE_CONTROL, SHORT),
            ];
            Ok((headers, api.broker.record_keys()?).into_response())
        }
        "officer.vkey" => Ok(vkey(api.broker.officer_key().to_string())),
        _ => {
            let resource: Resource = path.parse().map_err(|_| missing())?;
            public(&api, resource, "application/octet-stream", IMMUTABLE).await
        }
    }
}

fn vkey(text: String) -> Response {
    let content_type = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, SHORT),
    ];
    (content_type, text + "\n").into_response()
}

async fn public(
    api: &Api,
    resource: Resource,
    content_type: &'static str,
    cache: &'static str,
) -> Result<Response, Problem> {
    let bytes = api.public.read(resource).await.map_err(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a public file of the ledger cannot be read"
        );
        Problem::from(Fault::Corrupt { what: "public file" })
    })?;
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, cache),
    ];
    Ok((headers, bytes.ok_or_else(missing)?).into_response())
}

fn missing() -> Problem {
    Problem::not_found("no such file in the ledger; a checkpoint's size tells which tiles exist")
}
