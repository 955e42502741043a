//! `/dpo/registre`: the state of the ledger, and how to check it without us.

use axum::response::Response;

use crate::pages::{ErasureRow, LedgerView, VerificationCommands, render_ledger};
use crate::routes::phrases::moment;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, shown};

/// `/dpo/registre`
pub(crate) async fn ledger(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.officer()?;
    let erasures = visit.broker().newest_erasures(who).await;
    let erasures = erasures.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let head = visit.broker().read().await?.newest_head().await?;
    let checkpoint = visit.broker().latest_checkpoint();
    let (key, log_url) = (
        visit.broker().log_key().to_string(),
        format!("{}/ledger", visit.pages.site.url),
    );
    let view = LedgerView {
        origin: visit.broker().log_key().name().as_str().to_owned(),
        size: checkpoint.size().get(),
        root: checkpoint.root().to_base64(),
        checkpoint_at: head.map(|head| moment(head.at)),
        commands: VerificationCommands {
            log: format!("ledger-audit log {log_url} --log-key '{key}'"),
            bundle: format!("ledger-audit verify fiducie-preuve-0.json --log-key '{key}'"),
        },
        verifier_key: key,
        log_url,
        erasures: erasures
            .iter()
            .map(|entry| ErasureRow {
                leaf: entry.leaf_index,
                hour: moment(entry.hour),
                handle: entry
                    .handle
                    .iter()
                    .take(8)
                    .map(|byte| format!("{byte:02x}"))
                    .collect(),
                records: entry.records,
            })
            .collect(),
    };
    shown(render_ledger(&visit.page(), &view))
}
