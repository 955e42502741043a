//! `/moi/partages/{sharing}/pas-moi`: "this was not me" about a sharing. Transfers stop first; then a case is opened.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::{ConsentId, RightsRequestId};
use broker_domain::rights::Right;
use broker_service::{ChangeRefusal, Frozen};

use crate::form::FormErrors;
use crate::page::Notice;
use crate::pages::{NotMineView, render_not_mine};
use crate::paths;
use crate::routes::changes::wrong;
use crate::routes::fields::Posted;
use crate::routes::holdings::Holdings;
use crate::routes::rights::unasked;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

/// GET: what saying so does.
pub(crate) async fn page(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let view = view(&visit, &sharing, String::new(), FormErrors::default()).await?;
    shown(render_not_mine(&visit.page(), &view))
}

async fn view(
    visit: &Visit,
    sharing: &str,
    typed: String,
    errors: FormErrors,
) -> Result<NotMineView, Trouble> {
    let holdings = Holdings::of(visit, visit.participant()?).await?;
    let form = visit.broker().fresh_rights_request().map_err(Trouble::Fault)?;
    Ok(NotMineView {
        sharing: holdings.sharing(holdings.own(id(sharing)?)?),
        form: form.to_string(),
        due_on: visit.broker().rights_due_today(),
        typed,
        errors,
    })
}

/// POST. Sent twice, it is one act and one case.
pub(crate) async fn freeze(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.participant()?;
    let consent: ConsentId = id(&sharing)?;
    // First, and whatever becomes of the case: what she did not do must not go on while somebody writes.
    let frozen = visit.broker().freeze_sharing(who, consent).await;
    let frozen = frozen.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| match refusal {
            ChangeRefusal::NotYours => Trouble::NotFound,
            _ => Trouble::Changed {
                onward: paths::sharing(&sharing),
            },
        })
    })?;
    let case = match fields.text("demande").parse::<RightsRequestId>() {
        Ok(case) => case,
        Err(_) => visit.broker().fresh_rights_request().map_err(Trouble::Fault)?,
    };
    let typed = fields.text("objet").trim().to_owned();
    // The case is opened also where the page of the sharing cannot be drawn.
    let about = about(&visit, consent).await;
    let about = about.unwrap_or_else(|_| {
        tracing::error!("a case was opened without the words for its sharing, which could not be read");
        consent.to_string()
    });
    let words = match typed.is_empty() {
        true => about,
        false => format!("{about}\n{typed}"),
    };
    let mut problem = None;
    let asked = visit
        .broker()
        .ask_about(who, case, Right::Restriction, (&words, Some(consent)))
        .await;
    let asked = asked.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| {
            problem = unasked(&refusal);
            Trouble::NotYours
        })
    });
    match (asked, problem) {
        (Ok(row), _) => {
            let page = paths::rights_request(&row.request.id.to_string());
            let notice = match frozen {
                Frozen::Now | Frozen::Already => Notice::SharingFrozen,
                Frozen::Ended => Notice::RightSent,
            };
            Ok(onward_with(&page, notice))
        }
        (Err(_), Some(problem)) => {
            let view = view(&visit, &sharing, typed, wrong("objet", problem)).await?;
            let page = visit.page_at(paths::not_mine(&sharing));
            returned(render_not_mine(&page, &view))
        }
        (Err(trouble), None) => Err(trouble),
    }
}

/// The first line of the case: which sharing, for whoever looks into it.
async fn about(visit: &Visit, consent: ConsentId) -> Result<String, Trouble> {
    let holdings = Holdings::of(visit, visit.participant()?).await?;
    let sharing = holdings.sharing(holdings.consent(consent)?);
    let given = visit.speech().time_words(sharing.given_at);
    let words = visit.speech().say2(
        "rights-not-me",
        "recipient",
        &sharing.recipient.trading_name,
        "when",
        given,
    );
    Ok(words.trim().to_owned())
}
