//! Home, the ways in and out, and the pages the footer leads to.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use broker_store::SessionRole;

use crate::page::{Notice, Role};
use crate::pages::{HomeView, SignIn, render_accessibility, render_home, render_proofs_explained};
use crate::paths;
use crate::routes::DemoPeople;
use crate::routes::fields::{Fields, Posted};
use crate::routes::gate::{self, Provenance};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, first_page, id, onward, onward_with, shown};

/// `/`
pub(crate) async fn home(visit: Visit, request: Request) -> Result<Response, Trouble> {
    let (parts, _) = request.into_parts();
    if let Some(name) = elsewhere(&visit, &parts) {
        return Ok(onward(&name));
    }
    let sign_in = match &visit.pages.demo {
        Some(demo) if is_local(&parts) => {
            let DemoPeople {
                participants,
                officer,
                colleague,
                researcher,
                fellow,
            } = demo.people(visit.lang).await;
            SignIn::Demonstration {
                participants,
                officers: vec![officer, colleague],
                researchers: vec![researcher, fellow],
            }
        }
        _ if visit.lets_in() => SignIn::Elsewhere,
        _ => SignIn::Unavailable,
    };
    shown(render_home(&visit.page(), &HomeView { sign_in }))
}

/// The demonstration by its name, for a browser that came by the number of this machine: passkeys are for names (WebAuthn L3
/// §5.1.2), and a session begun at one is none at the other.
fn elsewhere(visit: &Visit, parts: &Parts) -> Option<String> {
    visit.pages.demo.as_ref()?;
    let browsing = parts.headers.get("sec-fetch-mode")?.to_str().ok()? == "navigate";
    let here = gate::host(&parts.uri, &parts.headers)?;
    let (_, named) = visit.pages.site.url.split_once("://")?;
    // Another port is one that somebody forwards, and behind `localhost` there nothing listens at ours.
    let same_port = here.rsplit(':').next() == named.rsplit(':').next();
    let moved = browsing && visit.session.is_none() && here != named && same_port && names_this_machine(here);
    moved.then(|| format!("{}{}", visit.pages.site.url, paths::HOME))
}

/// `/preuves`
pub(crate) async fn proofs_explained(visit: Visit) -> Result<Response, Trouble> {
    shown(render_proofs_explained(&visit.page()))
}

/// `/accessibilite`
pub(crate) async fn accessibility(visit: Visit) -> Result<Response, Trouble> {
    shown(render_accessibility(&visit.page()))
}

/// Every other address.
pub(crate) async fn nowhere() -> Trouble {
    Trouble::NotFound
}

/// POST `/demo/sign-in`, routed in the demonstration only.
///
/// Nobody has a session yet, so there is no token to check: the browser must say that the form is ours, the peer must be
/// this machine, and the address typed must name it, so that no foreign name resolved to this machine gets in.
pub(crate) async fn sign_in(visit: Visit, request: Request) -> Result<Response, Trouble> {
    let (parts, body) = request.into_parts();
    let demo = visit.pages.demo.clone().ok_or(Trouble::NotFound)?;
    if !is_local(&parts) {
        return Err(Trouble::NotYours);
    }
    if gate::provenance(&parts) != Provenance::Here {
        return Err(Trouble::FormExpired);
    }
    let fields = Fields::from_request(Request::from_parts(parts, body), &()).await?;
    let role = person(
        &demo.people(visit.lang).await,
        fields.text("role"),
        fields.text("subject"),
    )?;
    if let Some(session) = &visit.session {
        visit.broker().close_session(&session.token).await?;
    }
    let opened = visit.broker().open_session(role).await?;
    let mut response = onward(first_page(role));
    if let Some(cookie) = visit.pages.site.keep_session(&opened.token) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Only somebody on the list is let in, and only as what the list says.
fn person(people: &DemoPeople, role: &str, subject: &str) -> Result<SessionRole, Trouble> {
    if role == Role::Participant.tag() && people.participants.iter().any(|person| person.subject == subject) {
        return Ok(SessionRole::Participant(id(subject)?));
    }
    if role == Role::Officer.tag()
        && [&people.officer, &people.colleague]
            .iter()
            .any(|one| one.subject == subject)
    {
        return Ok(SessionRole::Officer(id(subject)?));
    }
    if role == Role::Researcher.tag()
        && [&people.researcher, &people.fellow]
            .iter()
            .any(|one| one.subject == subject)
    {
        return Ok(SessionRole::Researcher(id(subject)?));
    }
    Err(Trouble::NotYours)
}

/// Whether the request comes from this machine, to a name of this machine, through no proxy.
fn is_local(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let loopback = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let proxied = parts
        .headers
        .keys()
        .any(|name| name == header::FORWARDED || name.as_str().starts_with("x-forwarded-"));
    let named = gate::host(&parts.uri, &parts.headers).is_some_and(names_this_machine);
    loopback && named && !proxied
}

fn names_this_machine(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        host.strip_prefix(name).is_some_and(|rest| {
            rest.is_empty()
                || rest
                    .strip_prefix(':')
                    .is_some_and(|port| port.parse::<u16>().is_ok())
        })
    })
}

/// POST `/deconnexion`
pub(crate) async fn sign_out(posted: Posted) -> Result<Response, Trouble> {
    let visit = posted.visit;
    visit.broker().close_session(&posted.session.token).await?;
    let mut response = onward_with(paths::HOME, Notice::SignedOut);
    if let Some(cookie) = visit.pages.site.forget_session() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::names_this_machine;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:8080",
        ] {
            assert!(names_this_machine(host), "{host}");
        }
        for host in [
            "localhost.example",
            "127.0.0.1.example:80",
            "localhost:80@x",
            "127.0.0.11",
            "::1",
            "",
            "0.0.0.0",
        ] {
            assert!(!names_this_machine(host), "{host}");
        }
    }
}
