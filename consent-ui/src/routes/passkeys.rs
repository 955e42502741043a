//! Questions for authenticators and their answers, as JSON between our script and us: `assets/passkey.js`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use broker_service::{Begun, Failure, Registration, SignInRefusal, SignedIn};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::paths;
use crate::routes::fields::same_secret;
use crate::routes::gate::{self, Provenance};
use crate::routes::trouble::Trouble;
use crate::routes::visit::Visit;
use crate::speech::Speech;

/// What the script posts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    csrf: String,
    answer: Option<Box<RawValue>>,
    /// Of a choice whose terms are to be signed.
    meter: Option<String>,
    notice: Option<String>,
    /// Of a renewal: the last day that was shown.
    last_day: Option<String>,
}

/// A body of the script, from a page of this site: of nobody, or with the token of the session.
pub(crate) struct Scripted {
    pub(crate) visit: Visit,
    answer: Option<Box<RawValue>>,
    /// Of a choice whose terms are to be signed.
    pub(crate) meter: Option<String>,
    pub(crate) notice: Option<String>,
    /// Of a renewal: the last day that was shown.
    pub(crate) last_day: Option<String>,
}

/// A question, as the script reads it.
#[derive(Serialize)]
struct Question {
    options: Box<RawValue>,
}

/// Where to go from here.
#[derive(Serialize)]
struct Onward {
    onward: &'static str,
}

/// Why not, in the language of the page; and where to go, when there is somewhere.
#[derive(Serialize)]
struct Refusal {
    sentence: String,
    onward: Option<&'static str>,
}

impl<S: Send + Sync> FromRequest<S> for Scripted {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, state).await;
        let visit = visit.map_err(IntoResponse::into_response)?;
        // A session's token proves that the page is ours; where there is no session, only the browser can say so.
        if gate::provenance(&parts) != Provenance::Here {
            return Err(refused(&visit, &Trouble::FormExpired));
        }
        let body: Result<Json<Body>, JsonRejection> =
            Json::from_request(Request::from_parts(parts, body), state).await;
        let Json(body) = body.map_err(|_| refused(&visit, &Trouble::NotUnderstood))?;
        let foreign = visit
            .session
            .as_ref()
            .is_some_and(|session| !same_secret(body.csrf.as_bytes(), session.csrf.as_bytes()));
        if foreign {
            return Err(refused(&visit, &Trouble::FormExpired));
        }
        Ok(Self {
            visit,
            answer: body.answer,
            meter: body.meter,
            notice: body.notice,
            last_day: body.last_day,
        })
    }
}

impl Scripted {
    pub(crate) fn answer(&self) -> Result<&str, Trouble> {
        self.answer
            .as_deref()
            .map(RawValue::get)
            .ok_or(Trouble::NotUnderstood)
    }
}

/// POST `/connexion/cle/question`
pub(crate) async fn question(scripted: Scripted) -> Response {
    let visit = &scripted.visit;
    let begun = match visit.any_token() {
        None => visit.broker().begin_passkey_sign_in().await,
        Some(token) => visit.broker().begin_passkey_proof(&token).await,
    };
    asked(visit, begun)
}

/// POST `/connexion/cle/reponse`
pub(crate) async fn answer(scripted: Scripted) -> Response {
    let visit = &scripted.visit;
    let outcome = signed_in(&scripted).await;
    match outcome {
        Ok(signed_in) => let_in(visit, &signed_in, visit.after_sign_in(&signed_in)),
        Err(trouble) => refused(visit, &trouble),
    }
}

async fn signed_in(scripted: &Scripted) -> Result<SignedIn, Trouble> {
    let visit = &scripted.visit;
    let (value, answer) = (visit.ceremony()?, scripted.answer()?);
    let outcome = visit
        .broker()
        .finish_passkey_sign_in(&value, answer, visit.browser())
        .await;
    Ok(outcome?)
}

/// POST `/invitation/cle/question`
pub(crate) async fn first_question(scripted: Scripted) -> Response {
    let visit = &scripted.visit;
    let begun = match visit.invitation() {
        Some(code) => {
            visit
                .broker()
                .begin_passkey_by_invitation(code, &visit.pages.operator.name)
                .await
        }
        None => Err(Failure::Refused(SignInRefusal::Expired)),
    };
    asked(visit, begun)
}

/// POST `/compte/cles/question`
pub(crate) async fn another_question(scripted: Scripted) -> Response {
    let visit = &scripted.visit;
    let begun = match visit.any_token() {
        Some(token) => {
            visit
                .broker()
                .begin_passkey_link(&token, &visit.pages.operator.name)
                .await
        }
        None => Err(Failure::Refused(SignInRefusal::SignedOut)),
    };
    asked(visit, begun)
}

/// POST `/invitation/cle/reponse` and `/compte/cles/reponse`
pub(crate) async fn registered(scripted: Scripted) -> Response {
    let visit = &scripted.visit;
    match registration(&scripted).await {
        Ok(Registration {
            signed_in: Some(signed_in),
            ..
        }) => {
            let mut response = let_in(visit, &signed_in, visit.after_invitation(&signed_in));
            visit.pages.site.forget_invitation(response.headers_mut());
            response
        }
        Ok(_) => {
            let mut response = Json(Onward {
                onward: paths::ACCOUNT,
            })
            .into_response();
            visit.pages.site.forget_ceremony(response.headers_mut());
            response
        }
        Err(trouble) => refused(visit, &trouble),
    }
}

async fn registration(scripted: &Scripted) -> Result<Registration, Trouble> {
    let visit = &scripted.visit;
    let (value, answer) = (visit.ceremony()?, scripted.answer()?);
    // The person can give it another name.
    let name = visit.speech().say("passkey-first-name");
    let outcome = visit
        .broker()
        .finish_passkey_registration(&value, answer, &name, visit.browser())
        .await;
    Ok(outcome?)
}

fn asked(visit: &Visit, begun: Result<Begun, Failure<SignInRefusal>>) -> Response {
    let written = begun.map_err(Trouble::from).and_then(|begun| {
        let options = RawValue::from_string(begun.options).map_err(|_| Trouble::NotUnderstood)?;
        Ok((begun.value, options))
    });
    match written {
        Ok((value, options)) => {
            let mut response = Json(Question { options }).into_response();
            visit.pages.site.keep_ceremony(&value, response.headers_mut());
            unkept(response)
        }
        Err(trouble) => refused(visit, &trouble),
    }
}

fn let_in(visit: &Visit, signed_in: &SignedIn, onward: &'static str) -> Response {
    let mut response = Json(Onward { onward }).into_response();
    visit
        .pages
        .site
        .keep_session_in(&signed_in.session.token, response.headers_mut());
    visit.pages.site.forget_ceremony(response.headers_mut());
    unkept(response)
}

pub(crate) fn refused(visit: &Visit, trouble: &Trouble) -> Response {
    let kind = trouble.kind();
    let speech = Speech::new(visit.lang);
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        let error: &dyn std::error::Error = trouble;
        tracing::error!(error, "a question for an authenticator failed");
    } else {
        tracing::info!(reason = %trouble, "a question for an authenticator was refused");
    }
    let refusal = Refusal {
        sentence: kind.sentences(speech),
        onward: match trouble {
            Trouble::SignIn(SignInRefusal::ProveAgain) => Some(paths::PROVE),
            _ => None,
        },
    };
    unkept((status, Json(refusal)).into_response())
}

pub(crate) fn unkept(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
