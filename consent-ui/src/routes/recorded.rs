//! `/moi/inscriptions`: everything the ledger holds about the person, as a page that checks it and as a file.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use broker_service::{Failure, OwnRecord, OwnRefusal};
use tokio_stream::wrappers::ReceiverStream;

use crate::pages::{RecordedView, ToldRecord, ToldWhat, render_recorded};
use crate::routes::data::copy_refused;
use crate::routes::phrases::moment;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, shown};
use crate::vocabulary::RecordType;

/// `/moi/inscriptions`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let before = visit.before().unwrap_or(u64::MAX);
    let told = match visit.broker().own_newest_records(who, before, SCREEN).await {
        Ok(told) => told,
        // Nothing of hers is in the ledger yet.
        Err(Failure::Refused(OwnRefusal::NotYours)) => Vec::new(),
        Err(failure) => return Err(Trouble::from_failure(failure, |_| Trouble::NotFound)),
    };
    let older = told.last().map(|record| record.n).filter(|n| *n > 1);
    let view = RecordedView {
        log: visit.broker().log_key().name().to_string(),
        person: who.to_string(),
        told: told.iter().filter_map(in_words).collect(),
        pager: visit.pager(older),
    };
    shown(render_recorded(&visit.page(), &view))
}

/// A record of a type that the vocabulary lacks cannot be told; the vocabulary has all that this version writes.
fn in_words(record: &OwnRecord) -> Option<ToldRecord> {
    let what = match record.what {
        None => ToldWhat::Lost,
        Some(tag) => ToldWhat::Type(RecordType::from_tag(tag)?),
    };
    Some(ToldRecord {
        n: record.n,
        at: moment(record.at),
        what,
    })
}

/// Records that are opened for one screen.
const SCREEN: u64 = 50;

/// `/moi/inscriptions/liste`: a stream as well, which the page's script checks whole.
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let since = visit.asked("depuis").and_then(|text| text.parse().ok());
    let pieces = visit.pages.broker.own_list_file(who, since).await;
    let pieces = pieces.map_err(|failure| Trouble::from_failure(failure, copy_refused))?;
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
    let lines = lines.map_err(|failure| Trouble::from_failure(failure, copy_refused))?;
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
