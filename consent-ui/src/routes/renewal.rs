//! `/moi/partages/{sharing}/renouvellement`: old and new terms side by side; a click or a signature agrees to the new.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use broker_domain::ids::ConsentId;
use broker_service::{
    AskedSignature, ChangeRefusal, Failure, Fault, Renewal, RenewalClick, RenewalShown, SignatureRefusal,
};

use crate::form::{FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{Asks, FullNotice, RenewalView, TextChange, render_renewal};
use crate::paths;
use crate::routes::changes::{Subject, outcome, trouble, wrong};
use crate::routes::fields::Posted;
use crate::routes::notice_text::sections;
use crate::routes::offers::{asks, running_script, signing};
use crate::routes::passkeys::{Scripted, unkept};
use crate::routes::phrases::last_day;
use crate::routes::signing::{Not, Onward, granting, question_answer, told};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, returned, shown};

/// `/moi/partages/{sharing}/renouvellement`
pub(crate) async fn page(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let subject = Subject::of(&visit, &sharing).await?;
    let view = view(&visit, subject, FormErrors::default()).await?;
    let page = shown(render_renewal(&visit.page(), &view))?;
    Ok(running_script(page, view.signing))
}

async fn view(visit: &Visit, subject: Subject, errors: FormErrors) -> Result<RenewalView, Trouble> {
    let who = visit.hand_about(subject.consent.id).await?;
    let signing = signing(visit).await?;
    let onward = paths::sharing(&subject.sharing.id);
    let renewal = visit.broker().renewal(who, subject.consent.id).await;
    let Renewal {
        offer,
        old,
        until,
        needed,
    } = renewal.map_err(|failure| trouble(failure, onward))?;
    let mut read = visit.broker().read().await?;
    let missing = || Fault::Corrupt { what: "notice" };
    let today = read.notice(visit.lang.pick(offer.notices())).await?;
    let today = today.ok_or_else(missing)?;
    let agreed = read.notice(old.notice).await?.ok_or_else(missing)?;
    Ok(RenewalView {
        sharing: subject.sharing,
        new_end: last_day(until),
        notice: FullNotice {
            title: today.title,
            sha256: today.digest.to_string(),
            language: today.language,
            sections: sections(&today.text),
        },
        same_text: if offer.notices().contains(&old.notice) {
            TextChange::Same
        } else {
            TextChange::New
        },
        old_text: agreed.text,
        old_title: agreed.title,
        old_language: agreed.language,
        signing,
        asks: asks(needed),
        errors,
    })
}

/// POST `/moi/partages/{sharing}/renouvellement`
pub(crate) async fn renew(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        fields,
        session,
    } = posted;
    let who = visit.hand_about(id(&sharing)?).await?;
    let subject = Subject::of(&visit, &sharing).await?;
    let consent = subject.consent.id;
    let onward = paths::sharing(&sharing);
    let renewal = visit.broker().renewal(who, consent).await;
    let renewal = renewal.map_err(|failure| trouble(failure, onward))?;
    let answer = match seen(&renewal, fields.text("notice"), fields.text("fin")) {
        Some(shown) => {
            let click = RenewalClick {
                shown,
                proved_at: session.proved_at,
            };
            visit.broker().renew(who, consent, click).await
        }
        None => Err(Failure::Refused(ChangeRefusal::NoticeChanged)),
    };
    let problem = match &answer {
        Err(Failure::Refused(ChangeRefusal::NoticeChanged)) => FieldProblem::NoticeChanged,
        Err(Failure::Refused(ChangeRefusal::TooWeak { needed })) => match asks(*needed) {
            Asks::Signature => FieldProblem::SignatureNeeded,
            Asks::Click | Asks::Proof => FieldProblem::ProofNeeded,
        },
        _ => return outcome(consent, Notice::Renewed, answer),
    };
    let view = view(&visit, subject, wrong("notice", problem)).await?;
    let page = visit.page_at(paths::renewal(&sharing));
    Ok(running_script(
        returned(render_renewal(&page, &view))?,
        view.signing,
    ))
}

/// What the page showed, as its form brings it back.
fn seen(renewal: &Renewal, notice: &str, last_day: &str) -> Option<RenewalShown> {
    let mut notices = renewal.offer.notices().into_iter();
    Some(RenewalShown {
        notice: notices.find(|digest| digest.to_string() == notice)?,
        last_day: last_day.parse().ok()?,
    })
}

/// POST `/moi/partages/{sharing}/renouvellement/signature/question`
pub(crate) async fn question(Path(sharing): Path<String>, scripted: Scripted) -> Response {
    question_answer(&scripted.visit, asked(&sharing, &scripted).await)
}

async fn asked(sharing: &str, scripted: &Scripted) -> Result<AskedSignature, Not> {
    let visit = &scripted.visit;
    let consent: ConsentId = id(sharing)?;
    granting(visit)?;
    let who = visit.hand_about(consent).await?;
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let renewal = visit.broker().renewal(who, consent).await.map_err(not)?;
    let shown = seen(&renewal, &text(&scripted.notice), &text(&scripted.last_day));
    let shown = shown.ok_or(Not::Sentence("signing-refused-changed"))?;
    let asked = visit.broker().ask_to_renew(who, consent, shown).await;
    asked.map_err(not)
}

/// POST `/moi/partages/{sharing}/renouvellement/signature`
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
    let unknown = || {
        not(Failure::Refused(ChangeRefusal::Signature(
            SignatureRefusal::IntentUnknown,
        )))
    };
    let nonce = visit.ceremony().map_err(|_| unknown())?;
    let who = visit.hand_signing(nonce).await?;
    let renewed = visit.broker().renew_signed(who, nonce, scripted.answer()?).await;
    let (consent, _) = renewed.map_err(not)?;
    Ok(paths::with_query(
        &paths::sharing(&consent.to_string()),
        "fait",
        Notice::Renewed.tag(),
    ))
}

pub(super) fn not(failure: Failure<ChangeRefusal>) -> Not {
    match failure {
        Failure::Refused(refusal) => {
            tracing::info!(reason = %refusal, "an agreement was not signed");
            Not::Sentence(sentence(&refusal))
        }
        other => Not::Trouble(Trouble::from_failure(other, |_| Trouble::NotUnderstood)),
    }
}

/// One plain sentence, which never names the variant (`consent.md` §4.3).
const fn sentence(refusal: &ChangeRefusal) -> &'static str {
    match refusal {
        ChangeRefusal::TooWeak { .. } => "signing-refused-weak",
        ChangeRefusal::NoKey => "signing-refused-key",
        ChangeRefusal::Signature(refusal) => crate::routes::signing::of_signature(refusal),
        ChangeRefusal::NotYours
        | ChangeRefusal::NotInForce
        | ChangeRefusal::Waits
        | ChangeRefusal::NothingWaits
        | ChangeRefusal::PausedByAnother
        | ChangeRefusal::PauseLength
        | ChangeRefusal::PausedLonger
        | ChangeRefusal::NotPaused
        | ChangeRefusal::WithOfficer
        | ChangeRefusal::NotLess
        | ChangeRefusal::NotAsked
        | ChangeRefusal::NotLater
        | ChangeRefusal::NoticeChanged => "signing-refused-changed",
    }
}
