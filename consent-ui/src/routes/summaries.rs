//! `/moi/bilan`: summaries of a year.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::time::{Instant, Interval};
use broker_service::{Failure, Fault, OwnRefusal, SummaryWish};

use crate::page::Notice;
use crate::pages::{SummariesView, SummaryLine, SummarySpan, SummaryView, render_summaries, render_summary};
use crate::paths;
use crate::routes::fields::Posted;
use crate::routes::holdings::Holdings;
use crate::routes::phrases::{day, last_day, moment};
use crate::routes::proofs::file;
use crate::routes::receipts::PRESSES;
use crate::routes::rights::right_kind;
use crate::routes::sharings::receipt_kind;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, shown};

fn trouble(failure: Failure<OwnRefusal>) -> Trouble {
    Trouble::from_failure(failure, |_| Trouble::NotFound)
}

fn span(span: Interval) -> SummarySpan {
    SummarySpan {
        until: span.end().as_micros(),
        first_day: day(span.start()),
        last_day: last_day(span.end()),
    }
}

/// `/moi/bilan`
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    let wishes = visit.broker().summaries(visit.participant()?).await;
    let wishes = wishes.map_err(trouble)?;
    let view = SummariesView {
        made: wishes.made.into_iter().map(span).collect(),
        next: wishes.next.map(day),
    };
    shown(render_summaries(&visit.page(), &view))
}

/// POST `/moi/bilan`
pub(crate) async fn ask(posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.participant()?;
    let broker = visit.broker();
    let notice = match fields.text("geste") {
        "maintenant" => {
            broker.make_summary(who).await.map_err(trouble)?;
            Notice::SummaryMade
        }
        "chaque-annee" => {
            let wished = broker.want_summaries(who, SummaryWish::EveryYear).await;
            wished.map_err(trouble)?;
            Notice::SummaryWished
        }
        "plus" => {
            let wished = broker.want_summaries(who, SummaryWish::NoMore).await;
            wished.map_err(trouble)?;
            Notice::SummaryWished
        }
        _ => return Err(Trouble::NotUnderstood),
    };
    Ok(onward_with(paths::SUMMARIES, notice))
}

/// `/moi/bilan/{until}`
pub(crate) async fn page(visit: Visit, Path(until): Path<String>) -> Result<Response, Trouble> {
    let view = view(&visit, &until).await?;
    shown(render_summary(&visit.page(), &view))
}

/// `/moi/bilan/{until}/pdf`
pub(crate) async fn pdf(visit: Visit, Path(until): Path<String>) -> Result<Response, Trouble> {
    let view = view(&visit, &until).await?;
    let name = view.pdf_name();
    let document = view.document(visit.lang);
    // INVARIANT: the semaphore is never closed; were it, the sheet would be made all the same.
    let press = PRESSES.acquire().await;
    let made = tokio::task::spawn_blocking(move || {
        let made = document.to_pdf();
        drop(press);
        made
    });
    let made = made.await;
    let bytes = made.map_err(|_| Fault::Corrupt { what: "document" })??;
    Ok(file("application/pdf", &name, bytes))
}

async fn view(visit: &Visit, until: &str) -> Result<SummaryView, Trouble> {
    let who = visit.participant()?;
    let until: i64 = id(until)?;
    let at = Instant::from_micros(until).map_err(|_| Trouble::NotFound)?;
    let summary = visit.broker().summary(who, at).await.map_err(trouble)?;
    let holdings = Holdings::of(visit, who).await?;
    let sharings = summary.sharings.iter().map(|one| {
        let shown = holdings.sharing(&one.consent);
        SummaryLine {
            recipient: shown.recipient.trading_name,
            purpose: shown.purpose,
            meter: shown.meter_label,
            transfers: one.transfers,
            events: one
                .events
                .iter()
                .map(|event| (receipt_kind(event.kind), moment(event.effective_at)))
                .collect(),
            state: shown.state,
        }
    });
    let requests = summary.requests.iter();
    Ok(SummaryView {
        until,
        span: span(summary.span),
        sharings: sharings.collect(),
        requests: requests
            .map(|row| (right_kind(row.request.right), moment(row.request.received_at)))
            .collect(),
        releases: summary.releases,
        breaches: summary.breaches,
        operator: visit.pages.operator.name.clone(),
    })
}
