//! `/moi/recus/{leaf}`: a receipt in words, and as a PDF with its proof inside.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::consent::Method;
use broker_service::{ActedBy, Body, Failure, Fault, OwnRefusal, ReadableReceipt, ReceiptAct, ReceiptForm};
use tokio::sync::Semaphore;

use crate::lang::Lang;
use crate::pages::{ReceiptBy, ReceiptKind, ReceiptPlace, ReceiptView, render_receipt};
use crate::paths;
use crate::routes::holdings::Holdings;
use crate::routes::phrases::{country, day, granularity, last_day, moment};
use crate::routes::proofs::file;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, shown};
use crate::vocabulary::Evidence;

/// Sheets laid out at once: each takes some milliseconds of a processor.
pub(crate) static PRESSES: Semaphore = Semaphore::const_new(2);

/// `/moi/recus/{leaf}`
pub(crate) async fn page(visit: Visit, Path(leaf): Path<String>) -> Result<Response, Trouble> {
    let (_, view) = read(&visit, &leaf).await?;
    shown(render_receipt(&visit.page(), &view))
}

/// `/moi/recus/{leaf}/pdf`
pub(crate) async fn pdf(visit: Visit, Path(leaf): Path<String>) -> Result<Response, Trouble> {
    let (receipt, view) = read(&visit, &leaf).await?;
    let (name, bytes) = pressed(receipt, view, visit.lang).await?;
    Ok(file("application/pdf", &name, bytes))
}

/// A receipt as PDF for an envelope: name of the file, and its bytes.
pub(crate) async fn printed(
    visit: &Visit,
    receipt: ReadableReceipt,
    meter: String,
    lang: Lang,
) -> Result<(String, Vec<u8>), Trouble> {
    let view = view(visit, &receipt, meter, lang).await?;
    pressed(receipt, view, lang).await
}

async fn pressed(
    receipt: ReadableReceipt,
    view: ReceiptView,
    lang: Lang,
) -> Result<(String, Vec<u8>), Trouble> {
    let name = view.pdf_name();
    let media_type = match receipt.form {
        ReceiptForm::Standard => "application/ld+json",
        ReceiptForm::Bundle => "application/json",
    };
    let document = view.document(lang, media_type, receipt.file);
    // INVARIANT: the semaphore is never closed; were it, the sheet would be made all the same.
    let press = PRESSES.acquire().await;
    // The press goes along: the work goes on when the visitor has gone away.
    let made = tokio::task::spawn_blocking(move || {
        let made = document.to_pdf();
        drop(press);
        made
    });
    let made = made.await;
    let bytes = made.map_err(|_| Fault::Corrupt { what: "document" })??;
    Ok((name, bytes))
}

async fn read(visit: &Visit, leaf: &str) -> Result<(ReadableReceipt, ReceiptView), Trouble> {
    let who = visit.hand()?;
    let mut receipt = visit.broker().readable_receipt(who, id(leaf)?).await;
    // Of a contract that she holds with another, the receipts are hers as much.
    if let (Err(Failure::Refused(OwnRefusal::NotYours)), None) = (&receipt, who.acting()) {
        for held in visit.broker().holdings_of(who.person()).await? {
            let found = visit.broker().readable_receipt(held.acting, id(leaf)?).await;
            if found.is_ok() {
                receipt = found;
            }
        }
    }
    // Somebody else's record, another kind of record and none at all look the same from here.
    let receipt = receipt
        .map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?
        .ok_or(Trouble::NotFound)?;
    let holdings = Holdings::of(visit, who).await?;
    let meter = holdings.sharing(holdings.consent(receipt.consent)?).meter_label;
    let view = view(visit, &receipt, meter, visit.lang).await?;
    Ok((receipt, view))
}

async fn view(
    visit: &Visit,
    receipt: &ReadableReceipt,
    meter: String,
    lang: Lang,
) -> Result<ReceiptView, Trouble> {
    let (terms, place) = (&receipt.terms, &receipt.place);
    let (kind, resumes) = match receipt.act {
        ReceiptAct::Given => (ReceiptKind::Granted, None),
        ReceiptAct::Agreed => (ReceiptKind::Agreed, None),
        ReceiptAct::Declined => (ReceiptKind::Declined, None),
        ReceiptAct::Renewed => (ReceiptKind::Renewed, None),
        ReceiptAct::Narrowed => (ReceiptKind::Narrowed, None),
        ReceiptAct::Withdrawn => (ReceiptKind::Withdrawn, None),
        ReceiptAct::Suspended => (ReceiptKind::Suspended, None),
        ReceiptAct::Expired => (ReceiptKind::Expired, None),
        ReceiptAct::Closed => (ReceiptKind::Closed, None),
        ReceiptAct::Paused { until } => (ReceiptKind::Paused, until.map(moment)),
        ReceiptAct::Resumed => (ReceiptKind::Resumed, None),
    };
    let (ending, file_path) = match receipt.form {
        ReceiptForm::Standard => ("jsonld", format!("{}/jsonld", paths::own_proof(place.leaf_index))),
        ReceiptForm::Bundle => ("json", paths::own_proof(place.leaf_index)),
    };
    let by = by_whom(visit, receipt).await?;
    Ok(ReceiptView {
        kind,
        by,
        at: moment(receipt.at),
        resumes,
        evidence: receipt.how.and_then(Evidence::of),
        upstream: receipt.how.is_some_and(|how| how.method == Method::Upstream),
        signed: receipt.signed,
        sharing: receipt.consent.to_string(),
        recipient: body(&terms.recipient, lang),
        keeper: body(&terms.keeper, lang),
        authority: [terms.authority.0.clone(), terms.authority.1.clone()],
        purpose: terms.purpose.clone(),
        purpose_language: terms.language.clone(),
        granularity: granularity(Some(terms.step)),
        meter,
        list: terms.list.clone(),
        first_day: day(terms.from),
        last_day: last_day(terms.until),
        notice: terms.notice.clone(),
        withdraw_at: terms.withdraw_at.clone(),
        place: ReceiptPlace {
            log: place.log.clone(),
            leaf: place.leaf_index,
            size: place.tree_size,
            root: place.root.clone(),
            key: place.record_key.clone(),
        },
        file: format!("fiducie-preuve-{}.{ending}", place.leaf_index),
        file_path,
        site: visit.pages.site.url.clone(),
    })
}

/// Who acted, for whoever reads: of a contract that two hold, the one is not the other.
async fn by_whom(visit: &Visit, receipt: &ReadableReceipt) -> Result<ReceiptBy, Trouble> {
    let reader = visit.own_participant().ok();
    let ActedBy::Delegate { mandate } = receipt.acted else {
        let consent = visit.broker().read().await?.consent(receipt.consent).await?;
        let person = consent.map(|consent| consent.participant);
        let mut held = Vec::new();
        if let Some(reader) = reader {
            held = visit.broker().holdings_of(reader).await?;
        }
        let shared = held.iter().any(|one| Some(one.acting.person()) == person);
        return Ok(
            match shared && receipt.how.is_some_and(|how| how.level.is_some()) {
                true => ReceiptBy::Holder { name: String::new() },
                false => ReceiptBy::Oneself,
            },
        );
    };
    let row = visit.broker().read().await?.mandate(mandate).await?;
    let name = visit.broker().delegate_named(mandate).await?;
    let joint = row.filter(|row| row.mandate.joint.is_some());
    Ok(match joint.and_then(|row| row.mandate.held) {
        Some(held) if Some(held.by) == reader => ReceiptBy::Oneself,
        Some(_) => ReceiptBy::Holder { name },
        None => ReceiptBy::Delegate { name },
    })
}

fn body(body: &Body, lang: Lang) -> [String; 3] {
    let place = body.country.as_deref().map(|code| country(code, lang));
    [body.name.clone(), place.unwrap_or_default(), body.contact.clone()]
}
