//! `/moi/historique` and `/dpo/transferts`: every transfer, in, out or refused.

use axum::response::Response;
use broker_domain::ids::OrganisationId;
use broker_store as store;

use crate::pages::{FlowFilter, FlowRow, FlowsView, HistoryView, render_flows, render_history};
use crate::routes::meters::{label_of, meters};
use crate::routes::phrases::{older, pseudonym, transfer};
use crate::routes::shelf::Shelf;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{PAGE_LINES, Visit, shown};

/// `/moi/historique`
pub(crate) async fn own(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.hand()?;
    let meters = meters(&visit, who).await?;
    let shelf = shelf(&visit).await?;
    let rows = visit
        .broker()
        .own_history(who.person(), visit.list_page())
        .await?;
    let line = |row: &store::TransferRow| {
        let counterpart = recipient(&shelf, row.recipient).unwrap_or_else(|| label_of(&meters, row.point));
        transfer(row, counterpart)
    };
    let view = HistoryView {
        rows: rows.iter().map(line).collect(),
        pager: visit.pager(older(&rows, PAGE_LINES)),
    };
    shown(render_history(&visit.page(), &view))
}

/// `/dpo/transferts`
pub(crate) async fn flows(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.officer()?;
    let filter = visit
        .asked("filtre")
        .and_then(FlowFilter::from_tag)
        .unwrap_or(FlowFilter::All);
    let wanted = match filter {
        FlowFilter::All => store::FlowFilter::All,
        FlowFilter::Inward => store::FlowFilter::In,
        FlowFilter::Outward => store::FlowFilter::Out,
        FlowFilter::Refused => store::FlowFilter::Refused,
    };
    let shelf = shelf(&visit).await?;
    let rows = visit.broker().flows(who, wanted, visit.list_page()).await;
    let rows = rows.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let gateway = visit.speech().say("counterpart-gateway");
    let line = |row: &store::TransferRow| FlowRow {
        subject: pseudonym(row.participant),
        transfer: transfer(
            row,
            recipient(&shelf, row.recipient).unwrap_or_else(|| gateway.clone()),
        ),
    };
    let view = FlowsView {
        filter,
        rows: rows.iter().map(line).collect(),
        pager: visit.pager(older(&rows, PAGE_LINES)),
    };
    shown(render_flows(&visit.page(), &view))
}

async fn shelf(visit: &Visit) -> Result<Shelf, Trouble> {
    let mut read = visit.broker().read().await?;
    Shelf::open(&mut *read, visit.lang).await
}

fn recipient(shelf: &Shelf, organisation: Option<OrganisationId>) -> Option<String> {
    organisation.map(|id| shelf.name(id))
}
