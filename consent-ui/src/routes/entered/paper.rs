//! Blank forms, the script for the telephone, and the page that stops a new code for an account.

use axum::extract::{FromRequest as _, Path, Request};
use axum::response::Response;
use broker_domain::consent::EvidenceLevel;
use broker_domain::ids::{EnteredId, OfferId};
use broker_service::{EnteredRefusal, Failure, PaperForm, SignInRefusal};

use super::{at, trouble};
use crate::form::{FieldProblem, FormErrors};
use crate::lang::Lang;
use crate::page::{Notice, PageContext};
use crate::pages::{
    Enough, FormKind, FormView, FormsView, OfferForm, PrintedTerms, StopView, render_form, render_forms,
    render_phone, render_stop,
};
use crate::paths;
use crate::routes::fields::{Fields, Posted};
use crate::routes::gate::{self, Provenance};
use crate::routes::phrases::{country, granularity};
use crate::routes::shelf::Shelf;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

/// GET `/dpo/formulaires`
pub(crate) async fn forms(visit: Visit) -> Result<Response, Trouble> {
    visit.officer()?;
    let mut read = visit.broker().read().await?;
    let shelf = Shelf::open(&mut *read, visit.lang).await?;
    drop(read);
    let offers = shelf.offers.iter().map(|asked| OfferForm {
        id: asked.row.offer.id.to_string(),
        recipient: shelf.recipient(asked.row.offer.recipient).trading_name,
        title: asked.notice.title.clone(),
        enough: match asked.row.evidence {
            EvidenceLevel::L1 | EvidenceLevel::L2 => Enough::Paper,
            EvidenceLevel::L3 | EvidenceLevel::L4 | EvidenceLevel::L5 => Enough::Passkey,
        },
    });
    let view = FormsView {
        offers: offers.collect(),
    };
    shown(render_forms(&visit.page(), &view))
}

/// GET `/dpo/formulaires/accord/{offer}/{lang}`
pub(crate) async fn offer(
    visit: Visit,
    Path((offer, lang)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let offer: OfferId = id(&offer)?;
    form(&visit, PaperForm::Grant(offer), FormKind::Grant, &lang).await
}

/// GET `/dpo/formulaires/{kind}/{lang}`
pub(crate) async fn plain(
    visit: Visit,
    Path((kind, lang)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let kind = FormKind::PLAIN.into_iter().find(|one| one.tag() == kind);
    let kind = kind.ok_or(Trouble::NotFound)?;
    let which = match kind {
        FormKind::Grant => return Err(Trouble::NotFound),
        FormKind::Withdrawal => PaperForm::Withdrawal,
        FormKind::Rights => PaperForm::Rights,
        FormKind::Enrolment => PaperForm::Enrolment,
    };
    form(&visit, which, kind, &lang).await
}

/// The page speaks the language of the form, whatever the officer speaks.
fn speaking(visit: &Visit, lang: &str, here: &str) -> Result<PageContext, Trouble> {
    Ok(PageContext {
        lang: Lang::from_tag(lang).ok_or(Trouble::NotFound)?,
        ..visit.page_at(here.to_owned())
    })
}

async fn form(visit: &Visit, which: PaperForm, kind: FormKind, lang: &str) -> Result<Response, Trouble> {
    visit.officer()?;
    let page = speaking(visit, lang, paths::PAPER_FORMS)?;
    let sheet = visit.broker().form_sheet(which, page.lang).await?;
    let sheet = sheet.ok_or(Trouble::NotFound)?;
    let terms = sheet.terms.map(|(row, notice, recipient)| PrintedTerms {
        recipient: [
            recipient.name,
            country(&recipient.country, page.lang),
            recipient.contact,
        ],
        title: notice.title,
        notice: notice.text,
        digest: notice.digest.to_string(),
        granularity: granularity(Some(row.offer.step)),
        days: row.offer.days,
    });
    let view = FormView {
        kind,
        reference: sheet.reference,
        terms,
        operator: [page.operator.name.clone(), page.operator.contact_email.clone()],
    };
    shown(render_form(&page, &view))
}

/// GET `/dpo/telephone/{lang}`
pub(crate) async fn phone(visit: Visit, Path(lang): Path<String>) -> Result<Response, Trouble> {
    visit.officer()?;
    shown(render_phone(&speaking(&visit, &lang, paths::PAPER_FORMS)?))
}

/// GET `/connexion/arret`
pub(crate) async fn stop_page(visit: Visit) -> Result<Response, Trouble> {
    let errors = FormErrors::default();
    shown(render_stop(&visit.page(), &StopView { errors }))
}

/// POST `/connexion/arret`: stops a new code for an account; nobody needs to be signed in, and nothing else can be done with it.
pub(crate) async fn stop(visit: Visit, request: Request) -> Result<Response, Trouble> {
    let (parts, body) = request.into_parts();
    // Nobody is signed in, so that there is no token: the browser must say that the form is ours.
    if gate::provenance(&parts) != Provenance::Here {
        return Err(Trouble::FormExpired);
    }
    let fields = Fields::from_request(Request::from_parts(parts, body), &()).await?;
    let problem = match visit.broker().stop_code_by(fields.text("code")).await {
        Ok(()) => return Ok(onward_with(paths::STOP_CODE, Notice::CodeStopped)),
        Err(Failure::Refused(EnteredRefusal::Unknown | EnteredRefusal::CodeNotNow)) => {
            FieldProblem::CodeUnknown
        }
        Err(Failure::Refused(EnteredRefusal::CodeUsed)) => FieldProblem::CodeUsed,
        Err(Failure::Refused(EnteredRefusal::SignIn(SignInRefusal::TooMany { .. }))) => {
            FieldProblem::TooManyCodes
        }
        Err(failure) => return Err(trouble(failure, paths::STOP_CODE)),
    };
    let errors = FormErrors(vec![at("code", problem)]);
    returned(render_stop(
        &visit.page_at(paths::STOP_CODE.to_owned()),
        &StopView { errors },
    ))
}

/// POST `/compte/pas-moi/code/{act}`: from any session of the person.
pub(crate) async fn stop_own(Path(act): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, session, .. } = posted;
    let act: EnteredId = id(&act)?;
    let stopped = visit.broker().stop_code_in(&session.token, act).await;
    stopped.map_err(|failure| trouble(failure, paths::ACCOUNT))?;
    Ok(onward_with(paths::ACCOUNT, Notice::CodeStopped))
}
