//! The public files of the ledger, at the paths of C2SP tlog-tiles.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use broker_service::Fault;
use ledger_core::tile::Resource;

use crate::Api;
use crate::problem::Problem;

/// A tile or an entry bundle never changes; the checkpoint does every time something is recorded.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const SHORT: &str = "public, max-age=1";

/// `checkpoint`, `log.vkey`, `officer.vkey`, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.
pub(crate) async fn file(State(api): State<Api>, Path(path): Path<String>) -> Result<Response, Problem> {
    let text = "text/plain; charset=utf-8";
    match path.as_str() {
        "checkpoint" => {
            let note = api.broker.public_checkpoint().note().to_string();
            Ok((
                [(header::CONTENT_TYPE, text), (header::CACHE_CONTROL, SHORT)],
                note,
            )
                .into_response())
        }
        "log.vkey" => Ok(vkey(api.broker.log_key().to_string())),
        "officer.vkey" => Ok(vkey(api.broker.officer_key().to_string())),
        _ => tile(&api, &path).await,
    }
}

fn vkey(text: String) -> Response {
    let content_type = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, SHORT),
    ];
    (content_type, text + "\n").into_response()
}

async fn tile(api: &Api, path: &str) -> Result<Response, Problem> {
    let missing =
        || Problem::not_found("no such file in the ledger; a checkpoint's size tells which tiles exist");
    let resource: Resource = path.parse().map_err(|_| missing())?;
    let bytes = api.public.read(resource).await.map_err(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a public file of the ledger cannot be read"
        );
        Problem::from(Fault::Corrupt { what: "public file" })
    })?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, IMMUTABLE),
    ];
    Ok((headers, bytes.ok_or_else(missing)?).into_response())
}
