//! `/moi/livraisons`: the releases that hold the person's readings, as a page that checks her rows and as files.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use broker_domain::ids::DatasetId;
use broker_store::Disclosed;

use crate::pages::{DeliveredView, Delivery, render_delivered};
use crate::routes::phrases::{day, granularity, last_day, moment, proof};
use crate::routes::proofs::file;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{PAGE_LINES, Visit, id, shown};

/// `/moi/livraisons`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let rows = visit.broker().own_disclosures(who, visit.list_page()).await;
    let rows = rows.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    let titles = titles(&visit, &rows).await?;
    let full = u32::try_from(rows.len()).is_ok_and(|count| count == PAGE_LINES);
    let older = rows.last().filter(|_| full).map(|row| row.leaf_index);
    let view = DeliveredView {
        log: visit.broker().log_key().name().to_string(),
        person: who.to_string(),
        deliveries: rows.iter().map(|row| described(row, &titles)).collect(),
        pager: visit.pager(older),
    };
    shown(render_delivered(&visit.page(), &view))
}

/// `/moi/livraisons/{release}/ligne`
pub(crate) async fn row(visit: Visit, Path(release): Path<String>) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let found = visit.broker().own_row_file(who, id(&release)?).await;
    let found = found.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    let name = format!("fiducie-ligne-{release}.json");
    Ok(file("application/json", &name, found))
}

/// `/moi/livraisons/croissance`: what the page's script asks for when a row and the list stand in trees of two sizes.
pub(crate) async fn growth(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let asked = |name| visit.asked(name).and_then(|text| text.parse().ok());
    let (from, to) = asked("de").zip(asked("a")).ok_or(Trouble::NotFound)?;
    let hashes = visit.broker().own_growth(who, from, to).await;
    let hashes = hashes.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, hashes).into_response())
}

async fn titles(visit: &Visit, rows: &[Disclosed]) -> Result<BTreeMap<DatasetId, String>, Trouble> {
    let mut read = visit.broker().read().await?;
    let mut titles = BTreeMap::new();
    for row in rows {
        if titles.contains_key(&row.dataset) {
            continue;
        }
        if let Some(dataset) = read.dataset(row.dataset).await? {
            titles.insert(row.dataset, dataset.title(visit.lang).to_owned());
        }
    }
    Ok(titles)
}

fn described(row: &Disclosed, titles: &BTreeMap<DatasetId, String>) -> Delivery {
    Delivery {
        release_id: row.row.release.to_string(),
        at: moment(row.at),
        dataset_title: titles.get(&row.dataset).cloned().unwrap_or_default(),
        fields: row.fields.clone(),
        from: day(row.period.start()),
        until: last_day(row.period.end()),
        from_us: row.period.start().as_micros(),
        until_us: row.period.end().as_micros(),
        granularity: granularity(Some(row.step)),
        step_s: row.step.seconds(),
        households: row.rows,
        leaf: row.leaf_index,
        proof: proof(row.leaf_index),
    }
}
