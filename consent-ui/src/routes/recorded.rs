//! `/moi/inscriptions`: everything the ledger holds about the person, as a page that checks it and as a file.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio_stream::wrappers::ReceiverStream;

use crate::pages::{RecordedView, render_recorded};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, shown};

/// `/moi/inscriptions`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let view = RecordedView {
        log: visit.broker().log_key().name().to_string(),
        person: who.to_string(),
    };
    shown(render_recorded(&visit.page(), &view))
}

/// Records that are opened for one screen.
const SCREEN: u64 = 50;

/// `/moi/inscriptions/liste`: a stream as well, which the page's script checks whole.
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let since = visit.asked("depuis").and_then(|text| text.parse().ok());
    let pieces = visit.pages.broker.own_list_file(who, since).await;
    let pieces = pieces.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"fiducie-inscriptions.list\"",
        ),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(pieces))).into_response())
}

/// `/moi/inscriptions/details`: what one screen shows, to be opened against the list.
pub(crate) async fn details(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let first = visit.asked("de").and_then(|text| text.parse().ok()).unwrap_or(1);
    let lines = visit.pages.broker.own_records(who, first, SCREEN).await;
    let lines = lines.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, lines).into_response())
}

/// `/moi/inscriptions/fichier`: a stream, because a list of ten years has no bounded size. A fault half way breaks the
/// answer off, and what came before it does not verify.
pub(crate) async fn file(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let since = visit.asked("depuis").and_then(|text| text.parse().ok());
    let lines = visit.pages.broker.own_history_file(who, since).await;
    let lines = lines.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"fiducie-inscriptions.ndjson\"",
        ),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(lines))).into_response())
}
