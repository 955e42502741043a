//! `/moi/partages/nouveau/{offer}/plus-tard`: "decide later", with a day of the person's own choice or none.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::OfferId;
use broker_service::{Failure, LATEST_REMINDER_SECONDS, ReminderRefusal};

use crate::form::{FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{PutOffView, render_put_off};
use crate::paths;
use crate::routes::changes::{start_of, wrong};
use crate::routes::fields::Posted;
use crate::routes::holdings::Holdings;
use crate::routes::phrases::{day, tomorrow};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

/// `/moi/partages/nouveau/{offer}/plus-tard`
pub(crate) async fn page(visit: Visit, Path(offer): Path<String>) -> Result<Response, Trouble> {
    let view = view(&visit, id(&offer)?, "", FormErrors::default()).await?;
    shown(render_put_off(&visit.page(), &view))
}

async fn view(visit: &Visit, offer: OfferId, typed: &str, errors: FormErrors) -> Result<PutOffView, Trouble> {
    let holdings = Holdings::of(visit, visit.participant()?).await?;
    let asked = holdings.shelf.asked(offer).ok_or(Trouble::NotFound)?;
    let today = day(holdings.now);
    Ok(PutOffView {
        offer: offer.to_string(),
        recipient: holdings.shelf.name(asked.row.offer.recipient),
        earliest: tomorrow(today).unwrap_or(today),
        latest: day(holdings.now.plus_seconds(LATEST_REMINDER_SECONDS)),
        typed: typed.to_owned(),
        errors,
    })
}

/// POST `/moi/partages/nouveau/{offer}/plus-tard`
pub(crate) async fn put_off(Path(offer): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.participant()?;
    let offer: OfferId = id(&offer)?;
    let typed = fields.text("rappel");
    let problem = match start_of(typed) {
        Err(problem) => problem,
        Ok(again) => match visit.broker().decide_later(who, offer, again).await {
            Ok(()) => return Ok(onward_with(paths::SHARINGS, Notice::PutOff)),
            Err(Failure::Refused(ReminderRefusal::Day)) => FieldProblem::DayOutOfReach,
            Err(failure) => {
                return Err(Trouble::from_failure(failure, |_| Trouble::NotFound));
            }
        },
    };
    let view = view(&visit, offer, typed, wrong("rappel", problem)).await?;
    let page = visit.page_at(paths::put_off(&offer.to_string()));
    returned(render_put_off(&page, &view))
}
