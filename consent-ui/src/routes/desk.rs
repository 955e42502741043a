//! `/dpo`: requests to decide, the decision, and the release that follows it.

use axum::extract::Path;
use axum::response::Response;
use broker_anonymiser::{Reason, Refusal};
use broker_domain::ids::RequestId;
use broker_domain::research::{self, AccessRequest, CannotDecide, Decision};
use broker_service::{DecisionRefusal, Failure, Feasibility, ReleaseRefusal};

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    Check, DatasetRequest, DecisionForm, DeskView, RequestState, RequestToDecide, render_desk,
};
use crate::paths;
use crate::routes::fields::Posted;
use crate::routes::requests::{described, language, unseen, withheld};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

/// LIMIT: the desk shows the newest requests, so many.
const MOST_REQUESTS: u32 = 200;
/// Longest reason, in characters.
const MAX_REASON: usize = 4_000;

/// `/dpo`
pub(crate) async fn desk(visit: Visit) -> Result<Response, Trouble> {
    visit.officer()?;
    let view = fill(&visit, None, None).await?;
    shown(render_desk(&visit.page(), &view))
}

/// The desk, with one form that came back, or one release that was refused a moment ago.
async fn fill(
    visit: &Visit,
    typed: Option<(RequestId, DecisionForm)>,
    refused: Option<(RequestId, Refusal)>,
) -> Result<DeskView, Trouble> {
    let rows = visit.broker().read().await?.requests(MOST_REQUESTS).await?;
    let (open, decided): (Vec<AccessRequest>, Vec<AccessRequest>) = rows
        .into_iter()
        .partition(|row| row.state == research::RequestState::Submitted);
    let mut view = DeskView {
        to_decide: Vec::new(),
        decided: Vec::new(),
    };
    for row in open.iter().rev() {
        let form = typed
            .as_ref()
            .filter(|(id, _)| *id == row.id)
            .map(|(_, form)| form.clone());
        view.to_decide
            .push(to_decide(visit, row, form.unwrap_or_default()).await?);
    }
    for row in &decided {
        let request = described(visit, row).await?;
        view.decided.push(match &refused {
            Some((id, refusal)) if *id == row.id => DatasetRequest {
                state: withheld(visit.lang, refusal),
                ..request
            },
            _ if request.state == RequestState::Preparing => DatasetRequest {
                state: match feasibility(visit, row).await?.refusal {
                    Some(refusal) => withheld(visit.lang, &refusal),
                    None => RequestState::Preparing,
                },
                ..request
            },
            _ => request,
        });
    }
    Ok(view)
}

async fn to_decide(
    visit: &Visit,
    row: &AccessRequest,
    form: DecisionForm,
) -> Result<RequestToDecide, Trouble> {
    let requester = {
        let mut read = visit.broker().read().await?;
        let person = read.researcher(row.researcher).await?.map(|row| row.name);
        let body = read.organisation(row.organisation).await?.map(|row| row.name);
        person.into_iter().chain(body).collect::<Vec<_>>().join(", ")
    };
    Ok(RequestToDecide {
        request: described(visit, row).await?,
        requester,
        objections: objections(visit, row).await?,
        checks: checks(visit, &feasibility(visit, row).await?),
        form,
    })
}

async fn objections(visit: &Visit, row: &AccessRequest) -> Result<u64, Trouble> {
    let count = visit.broker().objections_to(visit.officer()?, row.id).await;
    count.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))
}

async fn feasibility(visit: &Visit, row: &AccessRequest) -> Result<Feasibility, Trouble> {
    let found = visit.broker().feasibility(visit.officer()?, row.id).await;
    found.map_err(|failure| Trouble::from_failure(failure, unseen))
}

/// What the broker found by itself, one line each.
fn checks(visit: &Visit, found: &Feasibility) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(needed) = found.needed {
        checks.push(Check::Households {
            consenting: found.households,
            needed,
        });
    }
    for reason in found.refusal.iter().flat_map(|refusal| &refusal.reasons) {
        checks.push(match reason {
            Reason::TooFewHouseholds { found, needed } => Check::Households {
                consenting: found.0,
                needed: needed.0,
            },
            other => Check::Objection {
                sentence: other.sentence(language(visit.lang)),
            },
        });
    }
    checks.push(Check::DominanceLater);
    checks
}

/// POST `/dpo/demandes/{request}/decision`
pub(crate) async fn decide(Path(request): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.officer()?;
    let request: RequestId = id(&request)?;
    let reason = fields.text("reason");
    let decision = match read_decision(fields.text("decision"), reason) {
        Ok(decision) => decision,
        Err((field, problem)) => {
            let error = FieldError {
                field: format!("{field}-{request}"),
                problem,
            };
            let form = DecisionForm {
                reason: reason.to_owned(),
                errors: FormErrors(vec![error]),
            };
            let view = fill(&visit, Some((request, form)), None).await?;
            return returned(render_desk(&visit.page_at(paths::DESK.to_owned()), &view));
        }
    };
    let approved = decision == Decision::Approve;
    let decided = visit.broker().decide(who, request, decision).await;
    decided.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| match refusal {
            DecisionRefusal::Unknown => Trouble::NotFound,
            DecisionRefusal::NotAllowed => Trouble::NotYours,
            DecisionRefusal::Cannot(CannotDecide::AlreadyDecided) => Trouble::Changed {
                onward: paths::DESK.to_owned(),
            },
            DecisionRefusal::Cannot(CannotDecide::ReasonMissing) => Trouble::NotUnderstood,
        })
    })?;
    if approved {
        release(&visit, request).await
    } else {
        Ok(onward_with(paths::DESK, Notice::RequestRefused))
    }
}

fn read_decision(decision: &str, reason: &str) -> Result<Decision, (&'static str, FieldProblem)> {
    if reason.chars().count() > MAX_REASON {
        return Err(("reason", FieldProblem::TextTooLong));
    }
    match decision {
        "approve" => Ok(Decision::Approve),
        "refuse" if reason.is_empty() => Err(("reason", FieldProblem::ReasonMissing)),
        "refuse" => Ok(Decision::Decline {
            reason: reason.to_owned(),
        }),
        _ => Err(("decision", FieldProblem::DecisionMissing)),
    }
}

/// POST `/dpo/demandes/{request}/livraison`: an approved request whose release was refused or interrupted before.
pub(crate) async fn make_release(Path(request): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    release(&posted.visit, id(&request)?).await
}

/// Makes the release; when the rules of disclosure object, the desk says why and what would pass.
async fn release(visit: &Visit, request: RequestId) -> Result<Response, Trouble> {
    let who = visit.officer()?;
    let refusal = match visit.broker().release(who, request).await {
        Ok(_) => return Ok(onward_with(paths::DESK, Notice::RequestApproved)),
        Err(Failure::Refused(refusal)) => refusal,
        Err(failure) => return Err(Trouble::from_failure(failure, |_| Trouble::NotYours)),
    };
    match refusal {
        ReleaseRefusal::UnknownRequest => Err(Trouble::NotFound),
        ReleaseRefusal::NotAllowed { .. } => Err(Trouble::NotYours),
        ReleaseRefusal::Unsafe { refusal, .. } => {
            let view = fill(visit, None, Some((request, refusal))).await?;
            shown(render_desk(&visit.page_at(paths::DESK.to_owned()), &view))
        }
    }
}
