//! `/moi/partages/{sharing}/accord`: what another holder of the contract agreed to, and her own word about it; and the no to a later
//! end that waits (gdpr-kit.md P-31).

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use broker_domain::consent::{Consent, State};
use broker_domain::ids::{ConsentId, Digest};
use broker_service::{Agreement, AskedSignature, ChangeRefusal, Failure, Fault, SignatureRefusal};

use crate::form::{FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{AgreementView, Asks, FullNotice, render_agreement};
use crate::paths;
use crate::routes::changes::{outcome, trouble, wrong};
use crate::routes::fields::Posted;
use crate::routes::holdings::Holdings;
use crate::routes::notice_text::sections;
use crate::routes::offers::{asks, running_script, signing};
use crate::routes::passkeys::{Scripted, unkept};
use crate::routes::renewal::not;
use crate::routes::signing::{Not, Onward, granting, question_answer, told};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, returned, shown};

/// GET `/moi/partages/{sharing}/accord`
pub(crate) async fn page(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let view = view(&visit, &sharing, FormErrors::default()).await?;
    let page = shown(render_agreement(&visit.page(), &view))?;
    Ok(running_script(page, view.signing))
}

async fn view(visit: &Visit, sharing: &str, errors: FormErrors) -> Result<AgreementView, Trouble> {
    let consent: ConsentId = id(sharing)?;
    let who = visit.hand_about(consent).await?;
    let signing = signing(visit).await?;
    let agreement = visit.broker().agreement(who, consent).await;
    let agreement = agreement.map_err(|failure| trouble(failure, paths::sharing(sharing)))?;
    let Agreement { offer, consent } = agreement;
    let holdings = Holdings::of(visit, visit.hand()?).await?;
    let notice = visit.broker().read().await?.notice(consent.notice).await?;
    let notice = notice.ok_or(Fault::Corrupt { what: "notice" })?;
    Ok(AgreementView {
        sharing: holdings.sharing(&consent),
        notice: FullNotice {
            title: notice.title,
            sha256: notice.digest.to_string(),
            language: notice.language,
            sections: sections(&notice.text),
        },
        signing,
        asks: asks(offer.evidence),
        errors,
    })
}

/// POST `/moi/partages/{sharing}/accord`
pub(crate) async fn agree(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        fields,
        session,
    } = posted;
    let consent: ConsentId = id(&sharing)?;
    let who = visit.hand_about(consent).await?;
    let agreement = visit.broker().agreement(who, consent).await;
    let agreement = agreement.map_err(|failure| trouble(failure, paths::sharing(&sharing)))?;
    let answer = match shown_notice(&agreement.consent, fields.text("notice")) {
        Some(notice) => {
            let click = (notice, session.proved_at);
            visit.broker().agree_too(who, consent, click).await
        }
        None => Err(Failure::Refused(ChangeRefusal::NoticeChanged)),
    };
    let problem = match &answer {
        Err(Failure::Refused(ChangeRefusal::NoticeChanged)) => FieldProblem::NoticeChanged,
        Err(Failure::Refused(ChangeRefusal::TooWeak { needed })) => match asks(*needed) {
            Asks::Signature => FieldProblem::SignatureNeeded,
            Asks::Click | Asks::Proof => FieldProblem::ProofNeeded,
        },
        _ => return outcome(consent, said(&visit, consent).await?, answer),
    };
    let view = view(&visit, &sharing, wrong("notice", problem)).await?;
    let page = visit.page_at(paths::agreement(&sharing));
    let page = returned(render_agreement(&page, &view))?;
    Ok(running_script(page, view.signing))
}

/// The notice of the form, if it is the one that was agreed to first.
fn shown_notice(consent: &Consent, typed: &str) -> Option<Digest> {
    (consent.notice.to_string() == typed).then_some(consent.notice)
}

/// What became of it.
async fn said(visit: &Visit, consent: ConsentId) -> Result<Notice, Trouble> {
    let consent = visit.broker().read().await?.consent(consent).await?;
    let now = visit.broker().now();
    let waits = consent.is_some_and(|consent| matches!(consent.state(now), State::Waiting { .. }));
    Ok(match waits {
        true => Notice::AgreementWaits,
        false => Notice::AgreementMade,
    })
}

/// POST `/moi/partages/{sharing}/accord/refus`
pub(crate) async fn decline(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let consent: ConsentId = id(&sharing)?;
    let who = posted.visit.hand_about(consent).await?;
    let answer = posted.visit.broker().decline_renewal(who, consent).await;
    outcome(consent, Notice::AgreementDeclined, answer)
}

/// POST `/moi/partages/{sharing}/accord/signature/question`
pub(crate) async fn question(Path(sharing): Path<String>, scripted: Scripted) -> Response {
    question_answer(&scripted.visit, asked(&sharing, &scripted).await)
}

async fn asked(sharing: &str, scripted: &Scripted) -> Result<AskedSignature, Not> {
    let visit = &scripted.visit;
    granting(visit)?;
    let consent: ConsentId = id(sharing)?;
    let who = visit.hand_about(consent).await?;
    let agreement = visit.broker().agreement(who, consent).await.map_err(not)?;
    let shown = scripted.notice.as_deref().unwrap_or_default();
    let notice = shown_notice(&agreement.consent, shown);
    let notice = notice.ok_or(Not::Sentence("signing-refused-changed"))?;
    let asked = visit.broker().ask_to_agree_too(who, consent, notice).await;
    asked.map_err(not)
}

/// POST `/moi/partages/{sharing}/accord/signature`
pub(crate) async fn answer(scripted: Scripted) -> Response {
    let visit = &scripted.visit;
    match signed(&scripted).await {
        Ok(onward) => {
            let mut response = Json(Onward { onward }).into_response();
            visit.pages.site.forget_ceremony(response.headers_mut());
            unkept(response)
        }
        Err(not) => told(visit, &not),
    }
}

async fn signed(scripted: &Scripted) -> Result<String, Not> {
    let visit = &scripted.visit;
    granting(visit)?;
    let unknown = ChangeRefusal::Signature(SignatureRefusal::IntentUnknown);
    let nonce = visit.ceremony().map_err(|_| not(Failure::Refused(unknown)))?;
    let who = visit.hand_signing(nonce).await?;
    let agreed = visit
        .broker()
        .agree_too_signed(who, nonce, scripted.answer()?)
        .await;
    let (consent, _) = agreed.map_err(not)?;
    let page = paths::sharing(&consent.to_string());
    Ok(paths::with_query(
        &page,
        "fait",
        said(visit, consent).await?.tag(),
    ))
}
