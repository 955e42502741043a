//! One request of one visitor: language, session, address.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::ids::{OfficerId, ParticipantId, ResearcherId};
use broker_domain::mandate::{Capacity, Hand};
use broker_domain::time::Instant;
use broker_service::{ActingNow, Broker, Browser, Powers, SignInRefusal, SignedIn};
use broker_store::{Page, ProvedBy, SessionRole};

use crate::form::{Pager, Position};
use crate::lang::Lang;
use crate::page::{ActingFor, Notice, PageContext, RenderError, Role, Visitor};
use crate::paths;
use crate::routes::Pages;
use crate::routes::cookies;
use crate::routes::trouble::Trouble;
use crate::speech::Speech;

/// Lines of one page of a list.
pub(crate) const PAGE_LINES: u32 = 50;

/// One request of one visitor. Put into the request by the gate.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) pages: Arc<Pages>,
    pub(crate) lang: Lang,
    pub(crate) session: Option<Session>,
    /// Whether it is recorded that whoever signed in died or cannot decide any more.
    pub(crate) closed: bool,
    /// The value of the question that waits for this browser.
    ceremony: Option<[u8; 32]>,
    /// The code of the invitation opened in it.
    invitation: Option<String>,
    /// The code of the home whose notice was opened in it.
    home: Option<String>,
    /// What it calls itself.
    agent: String,
    here: String,
    query: Vec<(String, String)>,
}

/// Somebody signed in. Holds secrets, so it has no `Debug`.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) token: [u8; 32],
    pub(crate) role: SessionRole,
    /// For whom it acts.
    pub(crate) acting: ActingNow,
    /// What it is good for.
    pub(crate) powers: Powers,
    /// When the person last proved who she is with a passkey or at a provider.
    pub(crate) proved_at: Option<Instant>,
    /// What each form must carry back, as it stands in the form.
    pub(crate) csrf: String,
    name: String,
}

impl Visit {
    /// The visit as far as the request alone tells: nobody is signed in yet.
    pub(crate) fn stranger(pages: &Arc<Pages>, parts: &Parts) -> Self {
        let query = pairs(&parts.uri);
        Self {
            pages: Arc::clone(pages),
            lang: cookies::language(&parts.headers),
            session: None,
            closed: false,
            ceremony: pages.site.ceremony(&parts.headers),
            invitation: pages.site.invitation(&parts.headers),
            home: pages.site.home(&parts.headers),
            agent: agent(&parts.headers),
            here: address(&parts.uri, &query),
            query,
        }
    }

    /// The same visit, with the session of its cookie when that lives.
    pub(crate) async fn recognised(self, parts: &Parts) -> Result<Self, Trouble> {
        let Some(token) = self.pages.site.session_token(&parts.headers) else {
            return Ok(self);
        };
        let Some(live) = self.broker().any_session(&token).await? else {
            let closed = self.broker().is_closed_by_capacity(&token).await?;
            return Ok(Self { closed, ..self });
        };
        let Some(name) = self.name_of(live.role).await? else {
            return Ok(self);
        };
        let acting = self.broker().acting_now(&live).await?;
        let csrf = bound_to(&acting, &live.csrf);
        let session = Some(Session {
            token,
            role: live.role,
            acting,
            powers: live.powers,
            proved_at: match live.proof.by {
                ProvedBy::Passkey { .. } | ProvedBy::Provider { .. } => Some(live.proof.at),
                ProvedBy::Demonstration | ProvedBy::Invitation | ProvedBy::Recovery => None,
            },
            csrf,
            name,
        });
        Ok(Self { session, ..self })
    }

    /// The same visit once the session is over.
    pub(crate) fn without_session(self) -> Self {
        Self {
            session: None,
            ..self
        }
    }

    async fn name_of(&self, role: SessionRole) -> Result<Option<String>, Trouble> {
        Ok(match role {
            SessionRole::Participant(who) => {
                let profile = self.broker().own_profile(who).await;
                let profile =
                    profile.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::SignedOut));
                match profile {
                    Ok(profile) => Some(profile.name),
                    // Erased meanwhile: the session is worth nothing any more.
                    Err(Trouble::SignedOut) => None,
                    Err(trouble) => return Err(trouble),
                }
            }
            SessionRole::Researcher(who) => self
                .broker()
                .read()
                .await?
                .researcher(who)
                .await?
                .map(|row| row.name),
            SessionRole::Officer(who) => self
                .broker()
                .read()
                .await?
                .officer(who)
                .await?
                .map(|row| row.name),
        })
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.pages.broker
    }

    pub(crate) fn speech(&self) -> Speech {
        Speech::new(self.lang)
    }

    /// The browser, as sign-in asks about it.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser {
            session: self.session.as_ref().map(|session| &session.token),
            agent: &self.agent,
        }
    }

    /// The token of the session, whatever it is good for.
    pub(crate) fn any_token(&self) -> Option<[u8; 32]> {
        self.session.as_ref().map(|session| session.token)
    }

    /// The value of the question that waits for this browser.
    pub(crate) fn ceremony(&self) -> Result<[u8; 32], Trouble> {
        self.ceremony.ok_or(Trouble::SignIn(SignInRefusal::Expired))
    }

    /// The code of the invitation that was opened in this browser.
    pub(crate) fn invitation(&self) -> Option<&str> {
        self.invitation.as_deref()
    }

    /// The code of the home whose notice was opened in this browser.
    pub(crate) fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// Where somebody goes who has just signed in or proved herself again: whoever has several roles says in which.
    pub(crate) fn after_sign_in(&self, signed_in: &SignedIn) -> &'static str {
        if signed_in.line.is_none() {
            return paths::ACCOUNT;
        }
        self.after_invitation(signed_in)
    }

    /// Where somebody goes whose first way in was registered just now.
    pub(crate) fn after_invitation(&self, signed_in: &SignedIn) -> &'static str {
        match signed_in.roles.as_slice() {
            [_] => first_page(signed_in.role),
            _ => paths::ROLE,
        }
    }

    /// Whether anybody can sign in here.
    pub(crate) fn lets_in(&self) -> bool {
        self.broker().offers_passkeys() || !self.broker().offered_providers().is_empty()
    }

    /// The page from which one gets in: home, where the demonstration has its buttons, or nothing is offered.
    pub(crate) fn way_in(&self) -> &'static str {
        // In the demonstration nobody has a passkey yet: home has its buttons.
        if self.lets_in() && self.pages.demo.is_none() {
            paths::SIGN_IN
        } else {
            paths::HOME
        }
    }

    /// Whether this is the page at `path`, whatever its query.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.here.split('?').next() == Some(path)
    }

    /// The first value of a query parameter.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    /// The page of a list that the address asks for.
    pub(crate) fn list_page(&self) -> Page {
        let before_leaf = self.before().unwrap_or(u64::MAX);
        Page {
            before_leaf,
            limit: PAGE_LINES,
        }
    }

    /// What a list goes on from; `None` for its newest lines.
    pub(crate) fn before(&self) -> Option<u64> {
        self.asked("avant").and_then(|text| text.parse().ok())
    }

    /// Where this page of a list stands, given what the next one goes on from.
    pub(crate) fn pager(&self, older: Option<u64>) -> Pager {
        let place = if self.before().is_some() {
            Position::Further
        } else {
            Position::Newest
        };
        Pager { place, older }
    }

    /// The participant who is signed in, about herself: nobody who acts for another gets here.
    pub(crate) fn participant(&self) -> Result<ParticipantId, Trouble> {
        let who = self.own_participant()?;
        match self.acting()? {
            ActingNow::Herself => Ok(who),
            ActingNow::For { .. } => Err(Trouble::NotCovered),
            ActingNow::Over => Err(Trouble::MandateOver),
        }
    }

    /// The participant who is signed in, whomever she acts for: for the choice of that.
    pub(crate) fn own_participant(&self) -> Result<ParticipantId, Trouble> {
        match self.role()? {
            SessionRole::Participant(who) => Ok(who),
            SessionRole::Researcher(_) | SessionRole::Officer(_) => Err(Trouble::NotYours),
        }
    }

    /// Who acts and who is concerned, on the pages that a mandate covers. The gate has asked for the power that the page takes
    /// (`routes::covered`).
    pub(crate) fn hand(&self) -> Result<Hand, Trouble> {
        let who = self.own_participant()?;
        match self.acting()? {
            ActingNow::Herself => Ok(Hand::from(who)),
            ActingNow::For { acting, .. } => Ok(Hand::from(*acting)),
            ActingNow::Over => Err(Trouble::MandateOver),
        }
    }

    /// For whom the session acts.
    pub(crate) fn acting(&self) -> Result<&ActingNow, Trouble> {
        let session = self.session.as_ref();
        session.map(|session| &session.acting).ok_or(Trouble::SignedOut)
    }

    pub(crate) fn researcher(&self) -> Result<ResearcherId, Trouble> {
        match self.role()? {
            SessionRole::Researcher(who) => Ok(who),
            SessionRole::Participant(_) | SessionRole::Officer(_) => Err(Trouble::NotYours),
        }
    }

    pub(crate) fn officer(&self) -> Result<OfficerId, Trouble> {
        match self.role()? {
            SessionRole::Officer(who) => Ok(who),
            SessionRole::Participant(_) | SessionRole::Researcher(_) => Err(Trouble::NotYours),
        }
    }

    pub(crate) fn role(&self) -> Result<SessionRole, Trouble> {
        self.session
            .as_ref()
            .map(|session| session.role)
            .ok_or(Trouble::SignedOut)
    }

    /// The first page of whoever visits.
    pub(crate) fn first_page(&self) -> &'static str {
        self.session
            .as_ref()
            .map_or(paths::HOME, |session| match &session.acting {
                ActingNow::Herself => first_page(session.role),
                ActingNow::For { acting, .. } if acting.capacity() == Capacity::Representative => {
                    paths::POINTS
                }
                // Every mandate shows what is shared.
                ActingNow::For { .. } => paths::SHARINGS,
                ActingNow::Over => paths::ACT_FOR,
            })
    }

    /// What the layout shows around this page.
    pub(crate) fn page(&self) -> PageContext {
        self.page_at(self.here.clone())
    }

    /// The same for a page that answers a POST: `here` is the page that holds the form.
    pub(crate) fn page_at(&self, here: String) -> PageContext {
        let (visitor, csrf) = match &self.session {
            None => (Visitor::SignedOut, String::new()),
            Some(session) => {
                let visitor = Visitor::SignedIn {
                    role: role(session.role),
                    name: session.name.clone(),
                };
                (visitor, session.csrf.clone())
            }
        };
        PageContext {
            lang: self.lang,
            visitor,
            mode: self.pages.mode,
            csrf,
            here,
            operator: self.pages.operator.clone(),
            notice: self.asked("fait").and_then(Notice::from_tag),
            acting: match self.session.as_ref().map(|session| &session.acting) {
                Some(ActingNow::For { acting, name }) => Some(ActingFor {
                    name: name.clone(),
                    powers: acting.powers(),
                    capacity: acting.capacity(),
                }),
                Some(ActingNow::Herself | ActingNow::Over) | None => None,
            },
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        // Every route stands behind the gate, which puts the visit there; without it nobody is signed in.
        parts.extensions.get::<Self>().cloned().ok_or(Trouble::SignedOut)
    }
}

/// What the forms of a session carry back: its secret, and for whom it acts. A form that was opened for one person is none for
/// another, whichever window was used in between.
fn bound_to(acting: &ActingNow, csrf: &[u8; 32]) -> String {
    let secret = URL_SAFE_NO_PAD.encode(csrf);
    match acting {
        ActingNow::Herself => secret,
        ActingNow::For { acting, .. } => format!("{secret}.{}", acting.mandate()),
        ActingNow::Over => format!("{secret}.over"),
    }
}

/// The first page of a role.
pub(crate) fn first_page(role: SessionRole) -> &'static str {
    match role {
        SessionRole::Participant(_) => paths::DASHBOARD,
        SessionRole::Researcher(_) => paths::REQUESTS,
        SessionRole::Officer(_) => paths::DESK,
    }
}

/// What the browser calls itself; empty when it does not say, or not in a text.
fn agent(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT);
    said.and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// A role as people read it.
pub(crate) fn role(role: SessionRole) -> Role {
    match role {
        SessionRole::Participant(_) => Role::Participant,
        SessionRole::Researcher(_) => Role::Researcher,
        SessionRole::Officer(_) => Role::Officer,
    }
}

/// A rendered page.
pub(crate) fn shown(html: Result<String, RenderError>) -> Result<Response, Trouble> {
    Ok(Html(html?).into_response())
}

/// A form that came back with errors.
pub(crate) fn returned(html: Result<String, RenderError>) -> Result<Response, Trouble> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(html?)).into_response())
}

/// After a POST: the page that shows what was done, so that reloading it does not post again.
pub(crate) fn onward(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// The same, with a notice.
pub(crate) fn onward_with(path: &str, notice: Notice) -> Response {
    onward(&paths::with_query(path, "fait", notice.tag()))
}

/// The identifier in a path; one that cannot be is not found.
pub(crate) fn id<T: FromStr>(text: &str) -> Result<T, Trouble> {
    text.parse().map_err(|_| Trouble::NotFound)
}

/// The pairs of a query; an unreadable one has none.
pub(crate) fn pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::try_from_uri(uri)
        .map(|Query(pairs)| pairs)
        .unwrap_or_default()
}

/// Path and query without what is said once: `lang` and `fait`. Always on this site: a path that browsers would read as
/// another host's (`//host`, `/\host`) becomes home.
pub(crate) fn address(uri: &Uri, query: &[(String, String)]) -> String {
    let path = uri.path();
    let local = path.starts_with('/') && !path.get(1..).is_some_and(|rest| rest.starts_with(['/', '\\']));
    if !local {
        return paths::HOME.to_owned();
    }
    query
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "lang" | "fait"))
        .fold(path.to_owned(), |address, (key, value)| {
            paths::with_query(&address, &encoded(key), &encoded(value))
        })
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;

    use super::{address, pairs};

    fn cleaned(uri: &str) -> String {
        let uri: Uri = uri.parse().unwrap();
        address(&uri, &pairs(&uri))
    }

    #[test]
    fn what_is_said_once_leaves_the_address() {
        assert_eq!(
            cleaned("/moi?jour=2026-11-14&fait=mesure-on&lang=en"),
            "/moi?jour=2026-11-14"
        );
        assert_eq!(cleaned("/moi?fait=mesure-on"), "/moi");
    }

    #[test]
    fn an_address_never_leads_to_another_site() {
        assert_eq!(cleaned("//elsewhere.example/?lang=en"), "/");
        assert_eq!(cleaned("http://elsewhere.example//x.example/?a=b"), "/");
    }

    #[test]
    fn values_are_encoded_again() {
        assert_eq!(cleaned("/moi?jour=%22%3Cx%26"), "/moi?jour=%22%3Cx%26");
    }
}
