//! Files handed out: proofs of records, and releases. The exact bytes, never shown in the page.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use broker_anonymiser::DISCLOSURE_MANIFEST;
use broker_domain::ids::ReleaseId;
use broker_service::{DownloadRefusal, Failure, OwnRefusal, Receipt, consent_receipt};

use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id};

/// RFC 9943, as registered with IANA.
const RECEIPT_TYPE: &str = "application/scitt-receipt+cose";
/// The proof of a delivery leaf, as the pages' command lines call it.
const LEAF_FILE: &str = "fiducie-feuille.json";

/// `/moi/preuves/{leaf}`
pub(crate) async fn own(visit: Visit, Path(leaf): Path<String>) -> Result<Response, Trouble> {
    visit.hand()?;
    proof(visit.own_proof(id(&leaf)?).await)
}

/// `/recherche/preuves/{leaf}`: with the word of the witnesses where there is one, since it goes with files that others
/// check under the policy.
pub(crate) async fn researcher(visit: Visit, Path(leaf): Path<String>) -> Result<Response, Trouble> {
    let who = visit.researcher()?;
    let receipt = permitted(visit.broker().researcher_receipt(who, id(&leaf)?).await)?;
    let best = visit.broker().best_receipt(receipt).await;
    proof(best.map_err(Failure::Fault))
}

/// `/dpo/preuves/{leaf}`
pub(crate) async fn officer(visit: Visit, Path(leaf): Path<String>) -> Result<Response, Trouble> {
    let who = visit.officer()?;
    proof(visit.broker().officer_receipt(who, id(&leaf)?).await)
}

/// `/moi/preuves/{leaf}/{format}`
pub(crate) async fn own_as(visit: Visit, Path(asked): Path<(String, String)>) -> Result<Response, Trouble> {
    visit.hand()?;
    let receipt = visit.own_proof(id(&asked.0)?).await;
    formatted(&visit, receipt, &asked.1).await
}

/// `/recherche/preuves/{leaf}/{format}`
pub(crate) async fn researcher_as(
    visit: Visit,
    Path(asked): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let who = visit.researcher()?;
    let receipt = visit.broker().researcher_receipt(who, id(&asked.0)?).await;
    formatted(&visit, receipt, &asked.1).await
}

/// `/dpo/preuves/{leaf}/{format}`
pub(crate) async fn officer_as(
    visit: Visit,
    Path(asked): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let who = visit.officer()?;
    let receipt = visit.broker().officer_receipt(who, id(&asked.0)?).await;
    formatted(&visit, receipt, &asked.1).await
}

/// The proof for programs that others wrote: `tlog-proof` (C2SP), `receipt` (COSE, RFC 9942) or, of a consent, `jsonld`
/// (ISO/IEC TS 27560).
async fn formatted(
    visit: &Visit,
    receipt: Result<Receipt, Failure<OwnRefusal>>,
    format: &str,
) -> Result<Response, Trouble> {
    let receipt = permitted(receipt)?;
    let name = format!("fiducie-preuve-{}.{format}", receipt.leaf_index);
    let fault = |fault| Trouble::from_failure(Failure::<OwnRefusal>::Fault(fault), |_| Trouble::NotFound);
    match format {
        "tlog-proof" => {
            let proof = visit.broker().tlog_proof(&receipt).await.map_err(fault)?;
            Ok(file("text/plain; charset=utf-8", &name, proof.into_bytes()))
        }
        "receipt" => {
            let signed = visit.broker().cose_receipt(&receipt).map_err(fault)?;
            Ok(file(RECEIPT_TYPE, &name, signed))
        }
        "jsonld" => {
            let written = consent_receipt(&receipt)
                .map_err(fault)?
                .ok_or(Trouble::NotFound)?;
            Ok(file("application/ld+json", &name, written))
        }
        _ => Err(Trouble::NotFound),
    }
}

fn permitted(receipt: Result<Receipt, Failure<OwnRefusal>>) -> Result<Receipt, Trouble> {
    // Somebody else's record and none at all look the same from here.
    receipt.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))
}

fn proof(receipt: Result<Receipt, Failure<OwnRefusal>>) -> Result<Response, Trouble> {
    let receipt = permitted(receipt)?;
    let name = format!("fiducie-preuve-{}.json", receipt.leaf_index);
    Ok(file("application/json", &name, receipt.bundle))
}

/// `/recherche/livraisons/{release}`: the age file, which only the researcher's own key opens.
pub(crate) async fn release(visit: Visit, Path(release): Path<String>) -> Result<Response, Trouble> {
    let who = visit.researcher()?;
    let release: ReleaseId = id(&release)?;
    let download = visit.broker().download(who, release).await;
    let download = download.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| match refusal {
            DownloadRefusal::NotYours => Trouble::NotFound,
        })
    })?;
    let name = format!("fiducie-livraison-{release}.age");
    Ok(file("application/octet-stream", &name, download.sealed))
}

/// `/recherche/livraisons/{release}/feuille`: where the disclosure manifest of the release stands in the ledger.
pub(crate) async fn delivery_leaf(visit: Visit, Path(release): Path<String>) -> Result<Response, Trouble> {
    let who = visit.researcher()?;
    let leaf = visit.broker().researcher_delivery_leaf(who, id(&release)?).await;
    let leaf = leaf.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| match refusal {
            DownloadRefusal::NotYours => Trouble::NotFound,
        })
    })?;
    Ok(file("application/json", LEAF_FILE, leaf))
}

/// `/dpo/manifestes/{release}`: all rows of the disclosure manifest, and nothing that opens one.
pub(crate) async fn manifest(visit: Visit, Path(release): Path<String>) -> Result<Response, Trouble> {
    let who = visit.officer()?;
    let found = visit.broker().officer_manifest(who, id(&release)?).await;
    let found = found.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    Ok(file("application/json", DISCLOSURE_MANIFEST, found))
}

/// `/dpo/manifestes/{release}/feuille`
pub(crate) async fn manifest_leaf(visit: Visit, Path(release): Path<String>) -> Result<Response, Trouble> {
    let who = visit.officer()?;
    let leaf = visit.broker().officer_delivery_leaf(who, id(&release)?).await;
    let leaf = leaf.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    Ok(file("application/json", LEAF_FILE, leaf))
}

pub(crate) fn file(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, bytes).into_response()
}
