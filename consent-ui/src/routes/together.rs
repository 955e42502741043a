//! Withdrawing everything from one organisation, and everything at all.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::ConsentId;
use broker_service::{Together, WithdrawalRefusal};

use crate::page::Notice;
use crate::pages::{TogetherView, render_together};
use crate::paths;
use crate::routes::fields::Posted;
use crate::routes::holdings::Holdings;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, shown};

/// `/moi/partages/tout/retrait`
pub(crate) async fn everything_page(visit: Visit) -> Result<Response, Trouble> {
    let holdings = Holdings::of(&visit, visit.hand()?).await?;
    let view = TogetherView {
        organisation: None,
        sharings: living(&holdings, Together::Everything),
        on_paper: on_paper(&visit, &holdings, Together::Everything).await?,
        action: paths::WITHDRAW_EVERYTHING.to_owned(),
        back: paths::SHARINGS.to_owned(),
    };
    shown(render_together(&visit.page(), &view))
}

/// POST `/moi/partages/tout/retrait`
pub(crate) async fn everything(posted: Posted) -> Result<Response, Trouble> {
    withdraw(&posted.visit, Together::Everything).await
}

/// `/moi/partages/{sharing}/organisation/retrait`
pub(crate) async fn organisation_page(
    visit: Visit,
    Path(sharing): Path<String>,
) -> Result<Response, Trouble> {
    let holdings = Holdings::of(&visit, visit.hand()?).await?;
    let consent: ConsentId = id(&sharing)?;
    let recipient = holdings.consent(consent)?.recipient;
    let view = TogetherView {
        organisation: Some(holdings.shelf.name(recipient)),
        sharings: living(&holdings, Together::From(recipient)),
        on_paper: on_paper(&visit, &holdings, Together::From(recipient)).await?,
        action: paths::withdrawal_from(&sharing),
        back: paths::sharing(&sharing),
    };
    shown(render_together(&visit.page(), &view))
}

/// POST `/moi/partages/{sharing}/organisation/retrait`
pub(crate) async fn organisation(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let visit = posted.visit;
    let holdings = Holdings::of(&visit, visit.hand()?).await?;
    let recipient = holdings.consent(id(&sharing)?)?.recipient;
    withdraw(&visit, Together::From(recipient)).await
}

/// What would be withdrawn: all that is in force, paused or not.
fn living(holdings: &Holdings, which: Together) -> Vec<crate::pages::Sharing> {
    let living = holdings
        .consents
        .iter()
        .filter(|consent| which.includes(consent) && consent.state(holdings.now).is_given());
    living.map(|consent| holdings.sharing(consent)).collect()
}

/// Who would receive what waits on paper; whoever acts for her does not stop that.
async fn on_paper(visit: &Visit, holdings: &Holdings, which: Together) -> Result<Vec<String>, Trouble> {
    let hand = visit.hand()?;
    if hand.acting().is_some() {
        return Ok(Vec::new());
    }
    let waiting = visit.broker().waiting_grants(hand.person(), which).await;
    let waiting = waiting.map_err(Trouble::Fault)?;
    let names = waiting.iter().map(|grant| holdings.shelf.name(grant.recipient));
    Ok(names.collect())
}

async fn withdraw(visit: &Visit, which: Together) -> Result<Response, Trouble> {
    let who = visit.hand()?;
    let done = visit.broker().withdraw_together(who, which).await;
    done.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| match refusal {
            WithdrawalRefusal::NotYours => Trouble::NotFound,
            WithdrawalRefusal::AlreadyEnded => Trouble::Changed {
                onward: paths::SHARINGS.to_owned(),
            },
        })
    })?;
    let ended = paths::with_query(paths::SHARINGS, "filtre", "termines");
    Ok(onward_with(&ended, Notice::WithdrawnTogether))
}
