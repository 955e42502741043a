//! What every request passes: language switch, session, origin of forms; and on the way back the page for whatever went
//! wrong, and the security headers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use broker_domain::identity::ProviderRefusal;
use broker_service::SignInRefusal;

use crate::lang::Lang;
use crate::page::Notice;
use crate::pages::{ProblemKind, ProblemView, render_problem};
use crate::paths;
use crate::routes::Pages;
use crate::routes::covered;
use crate::routes::trouble::{Told, Trouble};
use crate::routes::visit::{Visit, address, onward, onward_with, pairs};

/// Pages that check the ledger run our own scripts, one of them also beside itself, and fetch their files: these three
/// lines more, there only.
const WITH_SCRIPT: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; \
     img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Those pages, those on which an authenticator is asked, and the forms that answer with one of these.
const SCRIPTED: [&str; 9] = [
    paths::RECORDED,
    paths::DELIVERED,
    paths::SIGN_IN,
    paths::FIRST_WAY,
    paths::PROVE,
    paths::ACCOUNT,
    paths::RECOVERY,
    paths::RENAME_PASSKEY,
    paths::MAILBOX,
];

/// Marks a page that runs our script and whose address says nothing of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunsScript;

/// No script, no inline style, no frame, forms to this site only. `data:` images are those of the style sheet.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: under it browsers send `Origin: null` with our own forms (Fetch standard, "append a request
    // `Origin` header"), and a form of ours could not be told from a foreign one.
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Where a request comes from, as the browser says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provenance {
    /// A page of this site, or the person's own doing.
    Here,
    /// Another site.
    Elsewhere,
    /// No browser that says so.
    Unsaid,
}

/// The middleware around every page.
pub(crate) async fn gate(State(pages): State<Arc<Pages>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let stranger = Visit::stranger(&pages, &parts);
    if let Some(response) = language_switch(&pages, &parts) {
        return guarded(response, &stranger);
    }
    let visit = match stranger.clone().recognised(&parts).await {
        Ok(visit) => visit,
        Err(trouble) => return guarded(problem(&stranger, &parts.method, &trouble), &stranger),
    };
    if parts.method == Method::POST && provenance(&parts) == Provenance::Elsewhere {
        return guarded(problem(&visit, &parts.method, &Trouble::FormExpired), &visit);
    }
    let method = parts.method.clone();
    if let Err(trouble) = covered::admit(&visit, parts.uri.path()).await {
        return guarded(problem(&visit, &method, &trouble), &visit);
    }
    parts.extensions.insert(visit.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    guarded(with_page(&visit, &method, response), &visit)
}

/// `?lang=` sets the cookie and leads to the same page without it.
fn language_switch(pages: &Pages, parts: &Parts) -> Option<Response> {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return None;
    }
    let query = pairs(&parts.uri);
    let (_, tag) = query.iter().find(|(key, _)| key == "lang")?;
    let mut response = onward(&address(&parts.uri, &query));
    if let Some(cookie) = Lang::from_tag(tag).and_then(|lang| pages.site.keep_language(lang)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Some(response)
}

/// Where a request comes from: `Sec-Fetch-Site`, then `Origin` against `Host`.
pub(crate) fn provenance(parts: &Parts) -> Provenance {
    let site = text(&parts.headers, "sec-fetch-site");
    let origin =
        text(&parts.headers, "origin").map(|origin| origin.split_once("://").map(|(_, authority)| authority));
    match (site, origin) {
        // `same-site` is a neighbouring host: it has no business here.
        (Some("cross-site" | "same-site"), _) => Provenance::Elsewhere,
        (_, Some(authority)) if authority.is_some() && authority == host(&parts.uri, &parts.headers) => {
            Provenance::Here
        }
        (_, Some(_)) => Provenance::Elsewhere,
        (Some("same-origin" | "none"), None) => Provenance::Here,
        (_, None) => Provenance::Unsaid,
    }
}

/// The authority that the request names: `Host`, or that of the target in HTTP/2.
pub(crate) fn host<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    text(headers, "host").or_else(|| uri.authority().map(axum::http::uri::Authority::as_str))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The response itself, or the page that tells what went wrong.
fn with_page(visit: &Visit, method: &Method, response: Response) -> Response {
    if let Some(Told(trouble)) = response.extensions().get::<Told>() {
        return problem(visit, method, trouble);
    }
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    // Our own pages, and what our script reads, say what is wrong themselves.
    if kind.is_some_and(|kind| kind.starts_with("text/html") || kind == "application/json") {
        return response;
    }
    match Trouble::of_status(response.status()) {
        Some(trouble) => problem(visit, method, &trouble),
        None => response,
    }
}

/// Where one goes on from a sign-in that did not happen.
fn way_on(refusal: &SignInRefusal) -> &'static str {
    match refusal {
        SignInRefusal::Invitation | SignInRefusal::Stranger | SignInRefusal::AgeUnsaid => paths::INVITATION,
        SignInRefusal::Provider(ProviderRefusal::Minor) => paths::HOME,
        SignInRefusal::ProveAgain => paths::PROVE,
        SignInRefusal::Taken | SignInRefusal::LastWay | SignInRefusal::NotYours | SignInRefusal::Name => {
            paths::ACCOUNT
        }
        SignInRefusal::NotOffered
        | SignInRefusal::Expired
        | SignInRefusal::RecoveryCode
        | SignInRefusal::TooMany { .. }
        | SignInRefusal::Passkey(_)
        | SignInRefusal::Provider(_)
        | SignInRefusal::Frozen
        | SignInRefusal::SignedOut
        | SignInRefusal::WithdrawingOnly => paths::SIGN_IN,
    }
}

fn problem(visit: &Visit, method: &Method, trouble: &Trouble) -> Response {
    let closed = Trouble::CapacityEnded;
    let trouble = match trouble.kind() {
        // Whoever signs in after that is told why it leads nowhere, and where to object.
        ProblemKind::SignInFirst if visit.closed => &closed,
        _ => trouble,
    };
    let kind = trouble.kind();
    if kind == ProblemKind::SignInFirst && method != Method::POST {
        return onward_with(visit.way_in(), Notice::SignInFirst);
    }
    let reference = visit.broker().reference();
    let quoted = reference.clone().unwrap_or_default();
    let status = kind.status();
    if status >= 500 {
        let error: &dyn std::error::Error = trouble;
        tracing::error!(reference = %quoted, status, error, "a page could not be shown");
    } else {
        tracing::info!(reference = %quoted, status, reason = %trouble, "a page was refused");
    }
    let onward = match trouble {
        Trouble::Changed { onward } | Trouble::Because { onward, .. } => onward.clone(),
        Trouble::CapacityEnded => paths::CAPACITY.to_owned(),
        Trouble::SignIn(refusal) => way_on(refusal).to_owned(),
        Trouble::NotCovered | Trouble::MandateOver => paths::ACT_FOR.to_owned(),
        _ => visit.first_page().to_owned(),
    };
    let view = ProblemView {
        kind,
        reference,
        onward,
    };
    // The address may have been that of a form, which cannot be opened, or that of a return from a provider, whose code and
    // state belong on no page: the language switch leads to a page that can be opened.
    let here = if method == Method::POST || matches!(trouble, Trouble::SignIn(_)) {
        view.onward.clone()
    } else {
        visit.page().here
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match render_problem(&visit.page_at(here), &view) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(reference = %quoted, error, "the page of a problem could not be written");
            (status, "Fiducie").into_response()
        }
    };
    if kind == ProblemKind::Unavailable {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}

fn guarded(mut response: Response, visit: &Visit) -> Response {
    let runs_script =
        response.extensions().get::<RunsScript>().is_some() || SCRIPTED.iter().any(|path| visit.is_at(path));
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if runs_script {
        let policy = HeaderValue::from_static(WITH_SCRIPT);
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // What somebody reads with a code is hers as well, on a computer that others of her home may use.
    let by_code = visit.home().is_some()
        || [paths::OTHERS_ASK, paths::OTHERS_CASE]
            .iter()
            .any(|path| visit.is_at(path));
    let private = visit.session.is_some() || by_code || headers.contains_key(header::SET_COOKIE);
    let keeping = if private { "no-store" } else { "private, no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie, Accept-Language"));
    response
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::{Provenance, provenance};

    fn from(headers: &[(&str, &str)]) -> Provenance {
        let request = headers.iter().fold(
            Request::post("/moi").header("host", "127.0.0.1:8080"),
            |request, (name, value)| request.header(*name, *value),
        );
        provenance(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn our_own_forms_come_from_here() {
        assert_eq!(from(&[("origin", "http://127.0.0.1:8080")]), Provenance::Here);
        assert_eq!(from(&[("sec-fetch-site", "same-origin")]), Provenance::Here);
        assert_eq!(
            from(&[
                ("sec-fetch-site", "same-origin"),
                ("origin", "http://127.0.0.1:8080")
            ]),
            Provenance::Here
        );
    }

    #[test]
    fn forms_of_other_sites_do_not() {
        for headers in [
            [("origin", "http://elsewhere.example")].as_slice(),
            &[("origin", "null")],
            &[("origin", "http://127.0.0.1:8081")],
            &[("sec-fetch-site", "cross-site")],
            &[
                ("sec-fetch-site", "same-site"),
                ("origin", "http://127.0.0.1:8080"),
            ],
        ] {
            assert_eq!(from(headers), Provenance::Elsewhere, "{headers:?}");
        }
    }

    #[test]
    fn a_program_says_nothing() {
        assert_eq!(from(&[]), Provenance::Unsaid);
    }
}
