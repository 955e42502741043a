//! `/moi/effacement`: what erasing means, and the erasure.

use axum::http::header;
use axum::response::Response;
use broker_domain::policy::Principal;
use broker_service::ErasureRefusal;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::pages::{ErasedView, ErasureView, render_erased, render_erasure};
use crate::paths;
use crate::routes::fields::Posted;
use crate::routes::holdings::Holdings;
use crate::routes::phrases::moment;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, returned, shown};

/// `/moi/effacement`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    let view = consequences(&visit, FormErrors::default()).await?;
    shown(render_erasure(&visit.page(), &view))
}

async fn consequences(visit: &Visit, errors: FormErrors) -> Result<ErasureView, Trouble> {
    let holdings = Holdings::of(visit, visit.participant()?).await?;
    let active = holdings
        .sharings()
        .filter(|sharing| sharing.state.can_be_withdrawn())
        .count();
    Ok(ErasureView {
        active_sharings: u32::try_from(active).unwrap_or(u32::MAX),
        meters: u32::try_from(holdings.meters.len()).unwrap_or(u32::MAX),
        errors,
    })
}

/// POST `/moi/effacement`. The page that follows is for somebody the broker no longer knows.
pub(crate) async fn erase(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let who = visit.participant()?;
    if fields.text("confirm") != "yes" {
        let error = FieldError {
            field: "confirm".into(),
            problem: FieldProblem::ConfirmationMissing,
        };
        let view = consequences(&visit, FormErrors(vec![error])).await?;
        return returned(render_erasure(&visit.page_at(paths::ERASURE.to_owned()), &view));
    }
    let erased = visit.broker().erase(Principal::Participant(who), who).await;
    let erased = erased.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| match refusal {
            ErasureRefusal::Unknown => Trouble::SignedOut,
            ErasureRefusal::NotAllowed => Trouble::NotYours,
        })
    })?;
    visit.broker().close_session(&session.token).await?;
    let at = moment(visit.broker().now());
    let stranger = visit.without_session();
    let view = ErasedView {
        at,
        leaf: erased.leaf_index,
    };
    let mut response = shown(render_erased(&stranger.page_at(paths::HOME.to_owned()), &view))?;
    if let Some(cookie) = stranger.pages.site.forget_session() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
