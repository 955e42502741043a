//! `/dpo/registre`: the state of the ledger, and how to check it without us.

use axum::response::Response;

use crate::pages::{
    ErasureRow, LedgerView, VerificationCommands, WitnessAnswer, WitnessDemand, WitnessRow, WitnessStanding,
    WitnessesView, render_ledger,
};
use crate::routes::phrases::moment;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, shown};
use broker_service::{Answering, Demand, Vouching, Witnessing};

/// `/dpo/registre`
pub(crate) async fn ledger(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.officer()?;
    let erasures = visit.broker().newest_erasures(who).await;
    let erasures = erasures.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let head = visit.broker().read().await?.newest_head().await?;
    let checkpoint = visit.broker().public_checkpoint();
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
        witnesses: visit.broker().witnessing().as_ref().map(witnesses),
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

fn witnesses(witnessing: &Witnessing) -> WitnessesView {
    WitnessesView {
        standing: match &witnessing.stands {
            Some(vouched) => WitnessStanding::Witnessed {
                by: vouched.by.clone(),
                at: moment(vouched.at),
            },
            None => WitnessStanding::NotYet,
        },
        demand: match witnessing.demand {
            Demand::Shown => WitnessDemand::Shown,
            Demand::Required { .. } => WitnessDemand::Required,
        },
        rows: witnessing.witnesses.iter().map(row).collect(),
    }
}

fn row(witness: &Vouching) -> WitnessRow {
    WitnessRow {
        name: witness.name.clone(),
        cosigned: witness.cosigned.map(|(size, at)| (size, moment(at))),
        answer: match witness.answering {
            Answering::NotAsked => WitnessAnswer::NotAsked,
            Answering::Cosigned => WitnessAnswer::Vouched,
            Answering::Late => WitnessAnswer::Late,
            Answering::Unavailable => WitnessAnswer::Unavailable,
            Answering::NotKnown => WitnessAnswer::NotKnown,
            Answering::Faulty | Answering::Contradicts => WitnessAnswer::Doubtful,
        },
    }
}
