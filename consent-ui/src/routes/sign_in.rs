//! `/connexion` and `/invitation`: the ways in that are pages; those of authenticators are in `passkeys`.

use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Redirect, Response};
use broker_domain::identity::{Arrival, ProviderId};
use broker_service::{Arrived, Back, Departed, Failure, SignInRefusal};
use broker_store::SessionRole;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    FirstWayView, InvitationView, Offered, ProviderChoice, SignInView, WaysIn, render_first_way,
    render_invitation, render_minors, render_sign_in,
};
use crate::paths;
use crate::routes::changes::wrong;
use crate::routes::fields::own_form;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, onward, onward_with, returned, role, shown};

/// The ways in, each provider leading where `path` says.
pub(crate) fn ways_in(visit: &Visit, path: fn(&str) -> String) -> WaysIn {
    let broker = visit.broker();
    let providers = broker.offered_providers().iter();
    WaysIn {
        passkeys: if broker.offers_passkeys() {
            Offered::Here
        } else {
            Offered::Nowhere
        },
        providers: providers
            .map(|provider| ProviderChoice {
                name: provider.name.clone(),
                href: path(provider.id.as_str()),
            })
            .collect(),
    }
}

/// GET `/connexion`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    shown(render_sign_in(
        &visit.page(),
        &view(&visit, FormErrors::default()),
    ))
}

fn view(visit: &Visit, errors: FormErrors) -> SignInView {
    SignInView {
        ways: ways_in(visit, paths::to_provider),
        errors,
    }
}

/// POST `/connexion/secours`
pub(crate) async fn recover(visit: Visit, request: Request) -> Result<Response, Trouble> {
    let code = typed_code(request).await?;
    match visit.broker().recover(&code, visit.browser()).await {
        Ok(signed_in) => {
            let mut response = onward_with(paths::ACCOUNT, Notice::Recovered);
            let token = &signed_in.session.token;
            visit.pages.site.keep_session_in(token, response.headers_mut());
            Ok(response)
        }
        Err(failure) => {
            let errors = wrong_code(failure)?;
            returned(render_sign_in(
                &visit.page_at(paths::SIGN_IN.to_owned()),
                &view(&visit, errors),
            ))
        }
    }
}

/// GET `/invitation`
pub(crate) async fn invitation(visit: Visit) -> Result<Response, Trouble> {
    let errors = FormErrors::default();
    let code = String::new();
    shown(render_invitation(&visit.page(), &InvitationView { code, errors }))
}

/// POST `/invitation`
pub(crate) async fn open(visit: Visit, request: Request) -> Result<Response, Trouble> {
    let fields = own_form(request).await?;
    let code = fields.text("code").to_owned();
    match visit.broker().open_invitation(&code).await {
        Ok(opened) => {
            if let SessionRole::Participant(who) = opened.role
                && !visit.broker().is_of_age(who).await?
            {
                if fields.text("majeur") != "oui" {
                    let view = InvitationView {
                        code,
                        errors: wrong("majeur", FieldProblem::AgeMissing),
                    };
                    let page = visit.page_at(paths::INVITATION.to_owned());
                    return returned(render_invitation(&page, &view));
                }
                let said = visit.broker().say_of_age(who).await;
                said.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
            }
            let mut response = onward(paths::FIRST_WAY);
            visit.pages.site.keep_invitation(&code, response.headers_mut());
            Ok(response)
        }
        Err(failure) => {
            let errors = wrong_code(failure)?;
            let page = visit.page_at(paths::INVITATION.to_owned());
            let code = String::new();
            returned(render_invitation(&page, &InvitationView { code, errors }))
        }
    }
}

/// GET `/invitation/acces`
pub(crate) async fn first_way(visit: Visit) -> Result<Response, Trouble> {
    let Some(code) = visit.invitation() else {
        return Ok(onward(paths::INVITATION));
    };
    let opened = visit.broker().open_invitation(code).await?;
    let view = FirstWayView {
        role: role(opened.role),
        ways: ways_in(&visit, paths::first_provider),
    };
    shown(render_first_way(&visit.page(), &view))
}

/// GET `/connexion/aupres/{provider}`: to sign in, or for somebody signed in to prove herself again.
///
/// A link and no form, because browsers hold the redirects of a form to `form-action` (CSP 3 §6.4.2), and because nothing
/// comes of it without an answer that this very browser brings back.
pub(crate) async fn to_provider(visit: Visit, Path(provider): Path<String>) -> Result<Response, Trouble> {
    let provider = named(&provider)?;
    let departed = match visit.any_token() {
        None => visit.broker().begin_provider_sign_in(&provider).await,
        Some(token) => visit.broker().begin_provider_proof(&token, &provider).await,
    };
    Ok(away(&visit, &departed?))
}

/// GET `/invitation/aupres/{provider}`
pub(crate) async fn first_provider(visit: Visit, Path(provider): Path<String>) -> Result<Response, Trouble> {
    let provider = named(&provider)?;
    let expired = Trouble::SignIn(SignInRefusal::Expired);
    let code = visit.invitation().ok_or(expired)?;
    let departed = visit
        .broker()
        .begin_provider_by_invitation(code, &provider)
        .await?;
    Ok(away(&visit, &departed))
}

/// GET `/compte/aupres/{provider}`
pub(crate) async fn link_provider(visit: Visit, Path(provider): Path<String>) -> Result<Response, Trouble> {
    let provider = named(&provider)?;
    let token = visit.any_token().ok_or(Trouble::SignedOut)?;
    let departed = visit.broker().begin_provider_link(&token, &provider).await?;
    Ok(away(&visit, &departed))
}

/// GET `/connexion/retour/{provider}`: the browser comes back from a provider.
pub(crate) async fn back(visit: Visit, Path(provider): Path<String>) -> Result<Response, Trouble> {
    let provider = named(&provider)?;
    let arrival = Arrival {
        code: visit.asked("code").map(str::to_owned),
        error: visit.asked("error").map(str::to_owned),
        issuer: visit.asked("iss").map(str::to_owned),
    };
    let back = Back {
        provider: &provider,
        state: visit.asked("state").unwrap_or_default(),
        arrival: &arrival,
    };
    let arrived = visit
        .broker()
        .finish_provider(&visit.ceremony()?, back, visit.browser())
        .await?;
    let site = &visit.pages.site;
    let mut response = match &arrived {
        Arrived::SignedIn { signed_in, .. } => {
            let mut response = onward(visit.after_sign_in(signed_in));
            site.keep_session_in(&signed_in.session.token, response.headers_mut());
            response
        }
        Arrived::Linked(registration) => match &registration.signed_in {
            Some(signed_in) => {
                let mut response = onward(visit.after_invitation(signed_in));
                site.keep_session_in(&signed_in.session.token, response.headers_mut());
                site.forget_invitation(response.headers_mut());
                response
            }
            None => onward_with(paths::ACCOUNT, Notice::WayAdded),
        },
    };
    site.forget_ceremony(response.headers_mut());
    Ok(response)
}

fn named(provider: &str) -> Result<ProviderId, Trouble> {
    provider.parse().map_err(|_| Trouble::NotFound)
}

/// To the provider. The address holds nothing but our question, and no cache keeps it.
fn away(visit: &Visit, departed: &Departed) -> Response {
    let mut response = Redirect::to(&departed.url).into_response();
    visit
        .pages
        .site
        .keep_ceremony(&departed.value, response.headers_mut());
    response
}

async fn typed_code(request: Request) -> Result<String, Trouble> {
    Ok(own_form(request).await?.text("code").to_owned())
}

/// `/mineurs`: what to do for whoever is not of age.
pub(crate) async fn minors(visit: Visit) -> Result<Response, Trouble> {
    shown(render_minors(&visit.page()))
}

fn wrong_code(failure: Failure<SignInRefusal>) -> Result<FormErrors, Trouble> {
    let problem = match failure {
        Failure::Refused(SignInRefusal::Invitation | SignInRefusal::RecoveryCode) => {
            FieldProblem::CodeUnknown
        }
        Failure::Refused(SignInRefusal::TooMany { .. }) => FieldProblem::TooManyCodes,
        other => return Err(other.into()),
    };
    Ok(FormErrors(vec![FieldError {
        field: "code".into(),
        problem,
    }]))
}
