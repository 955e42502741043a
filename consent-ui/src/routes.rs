//! The handlers: each reads what one visitor may see, fills a view model, and answers with a page.
//!
//! What it does: sign-in state, language, protection of forms, security headers, and one page for whatever goes wrong.
//! What it deliberately does not: decide who may do what. Every act goes through a use case of `broker-service`, which
//! asks the policies; the checks here only choose the page that is shown.
//!
//! The table of routes below is the whole interface. The one-click sign-in is in it only when a [`DemoDoor`] is handed
//! in, so a broker that serves people has no such address at all.

mod account;
mod agreeing;
mod breaches;
mod capacity;
mod changes;
mod cookies;
mod covered;
mod dashboard;
mod data;
mod delivered;
mod desk;
mod door;
mod entered;
mod erasure;
mod fields;
mod gate;
mod hands;
mod history;
mod holdings;
mod household;
mod invite;
mod joint;
mod later;
mod legal;
mod mandates;
mod meters;
mod not_mine;
mod notice_text;
mod offers;
mod others;
mod overview;
mod passkeys;
mod phrases;
mod points;
mod project;
mod proofs;
mod reach;
mod receipts;
mod recorded;
mod renewal;
mod requests;
mod research;
mod rights;
mod sharings;
mod shelf;
mod sign_in;
mod signing;
mod summaries;
mod together;
mod told;
mod trouble;
mod visit;
mod watched;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use broker_service::Broker;

pub use notice_text::tells_what_refusing_changes;

use crate::assets::{ICON, ICON_TYPE, SCRIPT_TYPE, SCRIPTS, STYLE_SHEET, STYLE_SHEET_TYPE};
use crate::lang::Lang;
use crate::page::{Mode, Operator};
use crate::pages::DemoPerson;
use crate::paths;

/// Largest form the pages read, in bytes: a justification of 4000 characters, percent-encoded, and some slack.
const MAX_FORM: usize = 64 * 1024;
/// The same for a breach, which has eight such texts.
const MAX_BREACH_FORM: usize = 512 * 1024;

/// The same for a list of five thousand points with their names, percent-encoded.
const MAX_LIST_FORM: usize = 2 * 1024 * 1024;

/// What the pages stand on.
pub struct Pages {
    /// The use cases.
    pub broker: Arc<Broker>,
    /// Whether this is a demonstration.
    pub mode: Mode,
    /// Who runs this broker.
    pub operator: Operator,
    /// Where people and auditors reach it.
    pub site: Site,
    /// One-click sign-in; `None` in a broker that serves people.
    pub demo: Option<Arc<dyn DemoDoor>>,
}

/// The public address of the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Scheme and authority without a slash at the end, such as `https://fiducie.example` or `http://127.0.0.1:8080`.
    /// With `https`, cookies are `Secure` and carry the prefix `__Host-`.
    pub url: String,
}

/// The demonstration's way in. Implemented by the demo and by nothing else.
#[async_trait]
pub trait DemoDoor: Send + Sync {
    /// Who can be signed in with one click, described in this language. Nobody else is let in.
    async fn people(&self, lang: Lang) -> DemoPeople;
}

/// Whom the demonstration lets in. Each `subject` is the identifier of a participant, officer or researcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPeople {
    /// A few households.
    pub participants: Vec<DemoPerson>,
    /// The data-protection officer.
    pub officer: DemoPerson,
    /// Another one: what the first enters, this one confirms.
    pub colleague: DemoPerson,
    /// The researcher.
    pub researcher: DemoPerson,
    /// Another one of the same body, who can join a project.
    pub fellow: DemoPerson,
}

/// Every page, form and file of [`paths`].
///
/// The one-click sign-in reads the peer's address: serve the router with
/// `into_make_service_with_connect_info::<SocketAddr>()`, or nobody is let in. The router has a fallback, so it is merged
/// with routers that have none.
pub fn routes(pages: Pages) -> Router {
    let pages = Arc::new(pages);
    let mut router = open_pages();
    if pages.demo.is_some() {
        router = router.route(paths::DEMO_SIGN_IN, post(door::sign_in));
    }
    let router = router
        .merge(sign_in_pages())
        .merge(account_pages())
        .merge(participant_pages())
        .merge(mandate_pages())
        .merge(point_pages())
        .merge(researcher_pages())
        .merge(officer_pages())
        .fallback(door::nowhere)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(from_fn_with_state(pages, gate::gate))
        .route(
            paths::STYLE_SHEET,
            get(async || asset(STYLE_SHEET_TYPE, STYLE_SHEET)),
        )
        .route(paths::ICON, get(async || asset(ICON_TYPE, ICON)));
    SCRIPTS.into_iter().fold(router, |router, (path, script)| {
        router.route(path, get(async move || asset(SCRIPT_TYPE, script)))
    })
}

fn open_pages() -> Router {
    Router::new()
        .route(paths::HOME, get(door::home))
        .route(paths::PROOFS_EXPLAINED, get(door::proofs_explained))
        .route(paths::ACCESSIBILITY, get(door::accessibility))
        .route(paths::SIGN_OUT, post(door::sign_out))
        .route("/notices/{digest}", get(signing::notice))
        .route(paths::CAPACITY, get(capacity::route))
        .route(paths::OTHERS, get(others::code_page).post(others::open))
        .route(paths::OTHERS_SHARINGS, get(others::sharings))
        .route(paths::OTHERS_ASK, post(others::ask))
        .route(paths::OTHERS_CASE, get(others::case_page).post(others::case))
        .route(paths::CATALOGUE, get(research::catalogue))
        .route("/recherche/jeux/{dataset}", get(research::dataset))
}

fn sign_in_pages() -> Router {
    Router::new()
        .route(paths::SIGN_IN, get(sign_in::page))
        .route(
            paths::STOP_CODE,
            get(entered::paper::stop_page).post(entered::paper::stop),
        )
        .route(paths::PASSKEY_QUESTION, post(passkeys::question))
        .route(paths::PASSKEY_ANSWER, post(passkeys::answer))
        .route("/connexion/aupres/{provider}", get(sign_in::to_provider))
        .route("/connexion/retour/{provider}", get(sign_in::back))
        .route(paths::RECOVERY, post(sign_in::recover))
        .route(paths::INVITATION, get(sign_in::invitation).post(sign_in::open))
        .route(paths::FIRST_WAY, get(sign_in::first_way))
        .route(paths::MINORS, get(sign_in::minors))
        .route(paths::FIRST_PASSKEY_QUESTION, post(passkeys::first_question))
        .route(paths::FIRST_PASSKEY_ANSWER, post(passkeys::registered))
        .route("/invitation/aupres/{provider}", get(sign_in::first_provider))
        .route(paths::JOIN_TO_ACT, get(mandates::join_page).post(mandates::join))
}

fn account_pages() -> Router {
    Router::new()
        .route(paths::ACCOUNT, get(account::page))
        .route("/compte/pas-moi/code/{act}", post(entered::paper::stop_own))
        .route(paths::PROVE, get(account::prove))
        .route(paths::ROLE, get(account::roles).post(account::choose_role))
        .route(paths::NEW_PASSKEY_QUESTION, post(passkeys::another_question))
        .route(paths::NEW_PASSKEY_ANSWER, post(passkeys::registered))
        .route(paths::RENAME_PASSKEY, post(account::rename))
        .route(paths::REVOKE_PASSKEY, post(account::revoke))
        .route("/compte/aupres/{provider}", get(sign_in::link_provider))
        .route(paths::UNLINK, post(account::unlink))
        .route(paths::THAW, post(account::thaw))
        .route(paths::CODES, post(account::codes))
        .route(paths::MAILBOX, post(told::set_mail))
        .route(paths::MAILBOX_CODE, post(told::confirm_mail))
        .route(paths::REACH, get(reach::page))
        .route(paths::CHANNELS, post(reach::choose))
        .route(paths::PHONE, post(reach::set_phone))
        .route(paths::PHONE_CODE, post(reach::confirm_phone))
        .route(paths::END_SESSION, post(account::end_device))
        .route(paths::END_ALL_SESSIONS, post(account::end_all))
        .route(
            "/compte/pas-moi/{event}",
            get(account::not_me).post(account::freeze),
        )
}

fn participant_pages() -> Router {
    Router::new()
        .route(paths::DASHBOARD, get(dashboard::dashboard))
        .route("/moi/compteurs/{meter}/mesure", post(dashboard::measuring))
        .route(paths::SHARINGS, get(sharings::list))
        .route(paths::OFFERS, get(offers::list))
        .route(
            "/moi/partages/nouveau/{offer}",
            get(offers::offer).post(offers::answer),
        )
        .route(
            "/moi/partages/nouveau/{offer}/signature/question",
            post(signing::question),
        )
        .route("/moi/partages/nouveau/{offer}/signature", post(signing::answer))
        .route("/moi/partages/{sharing}", get(sharings::detail))
        .route("/moi/partages/{sharing}/transferts.csv", get(sharings::transfers))
        .route("/moi/partages/{sharing}/reponse", get(offers::answered))
        .route(
            "/moi/partages/{sharing}/retrait",
            get(sharings::withdrawal).post(sharings::withdraw),
        )
        .route("/moi/partages/{sharing}/effacement", post(told::ask_deletion))
        .merge(sharing_changes())
        .route(paths::DATA, get(data::page))
        .route(paths::DATA_COPY, get(data::copy))
        .route(paths::RIGHTS, get(rights::list))
        .route(
            "/moi/demandes/nouvelle/{right}",
            get(rights::form).post(rights::send),
        )
        .route("/moi/demandes/{request}", get(rights::status).post(rights::write))
        .route(paths::HISTORY, get(history::own))
        .route("/moi/recus/{leaf}", get(receipts::page))
        .route("/moi/recus/{leaf}/pdf", get(receipts::pdf))
        .route("/moi/preuves/{leaf}", get(proofs::own))
        .route("/moi/preuves/{leaf}/{format}", get(proofs::own_as))
        .route(paths::RECORDED, get(recorded::page))
        .route(paths::RECORDED_FILE, get(recorded::file))
        .route(paths::RECORDED_LIST, get(recorded::list))
        .route(paths::RECORDED_DETAILS, get(recorded::details))
        .route(paths::DELIVERED, get(delivered::page))
        .route(paths::DELIVERED_GROWTH, get(delivered::growth))
        .route("/moi/livraisons/{release}/ligne", get(delivered::row))
        .route(paths::ERASURE, get(erasure::page).post(erasure::erase))
        .route(paths::PROJECTS, get(watched::projects))
        .route("/moi/recherches/{request}/opposition", post(watched::object))
        .route(paths::SUMMARIES, get(summaries::list).post(summaries::ask))
        .route("/moi/bilan/{until}", get(summaries::page))
        .route("/moi/bilan/{until}/pdf", get(summaries::pdf))
        .route(paths::OWN_BREACHES, get(watched::own_breaches))
        .route(paths::HOMES, get(household::homes))
        .route(
            "/moi/logement/{meter}/depart",
            get(household::leave_page).post(household::leave),
        )
        .route("/moi/logement/{meter}/maintien", post(household::stay))
        .route("/moi/logement/{meter}/confirmation", post(household::confirm))
        .route("/moi/logement/{meter}/foyer", post(others::say))
        .route("/moi/logement/{meter}/code", post(others::make_code))
        .route("/moi/logement/{meter}/notice", get(others::notice))
}

fn sharing_changes() -> Router {
    Router::new()
        .route(
            "/moi/partages/{sharing}/pause",
            get(changes::pause_page).post(changes::pause),
        )
        .route(
            "/moi/partages/{sharing}/reprise",
            get(changes::resumption_page).post(changes::resume),
        )
        .route(
            "/moi/partages/{sharing}/reduction",
            get(changes::narrowing_page).post(changes::narrow),
        )
        .route(
            "/moi/partages/{sharing}/pas-moi",
            get(not_mine::page).post(not_mine::freeze),
        )
        .route(
            "/moi/partages/{sharing}/renouvellement",
            get(renewal::page).post(renewal::renew),
        )
        .route(
            "/moi/partages/{sharing}/renouvellement/signature/question",
            post(renewal::question),
        )
        .route(
            "/moi/partages/{sharing}/renouvellement/signature",
            post(renewal::answer),
        )
        .route(
            "/moi/partages/{sharing}/accord",
            get(agreeing::page).post(agreeing::agree),
        )
        .route("/moi/partages/{sharing}/accord/refus", post(agreeing::decline))
        .route(
            "/moi/partages/{sharing}/accord/signature/question",
            post(agreeing::question),
        )
        .route("/moi/partages/{sharing}/accord/signature", post(agreeing::answer))
        .route(
            "/moi/partages/{sharing}/organisation/retrait",
            get(together::organisation_page).post(together::organisation),
        )
        .route(
            paths::WITHDRAW_EVERYTHING,
            get(together::everything_page).post(together::everything),
        )
        .route(
            "/moi/partages/nouveau/{offer}/plus-tard",
            get(later::page).post(later::put_off),
        )
}

fn mandate_pages() -> Router {
    Router::new()
        .route(paths::MANDATES, get(mandates::page).post(mandates::give))
        .route(paths::JOINT, get(joint::page).post(joint::invite))
        .route("/moi/cotitulaires/{mandate}/regle", post(joint::rule))
        .route(paths::JOINT_DESK, get(joint::desk_page).post(joint::desk_find))
        .route(paths::JOINT_INVITE, post(joint::desk_invite))
        .route(paths::JOINT_END, post(joint::desk_end))
        .route(paths::MANDATE_CODE, post(mandates::offered))
        .route(paths::ACCEPT_MANDATE, post(mandates::accept))
        .route(
            "/moi/mandats/{mandate}/fin",
            get(mandates::end_page).post(mandates::end),
        )
        .route(
            paths::ACT_FOR,
            get(mandates::act_for_page).post(mandates::act_for),
        )
        .route(paths::ACT_FOR_MYSELF, post(mandates::act_for_myself))
}

fn point_pages() -> Router {
    Router::new()
        .route(paths::POINTS, get(points::list))
        .route("/moi/points/{offer}/accord", post(points::terms))
        .route("/moi/points/{offer}/reponse", post(points::permit))
        .route("/moi/points/{offer}/retrait", post(points::withdraw))
        .route("/moi/points/{offer}/signature/question", post(points::question))
        .route("/moi/points/{offer}/signature", post(points::answer))
        .layer(DefaultBodyLimit::max(MAX_LIST_FORM))
}

fn legal_pages() -> Router {
    Router::new()
        .route(paths::LEGAL_DESK, get(legal::desk).post(legal::enrol))
        .route("/dpo/personnes-morales/{person}", get(legal::page))
        .route("/dpo/personnes-morales/{person}/representant", post(legal::name))
        .route(
            "/dpo/personnes-morales/{person}/representant/{mandate}/fin",
            post(legal::end),
        )
        .route("/dpo/personnes-morales/{person}/points", post(legal::add_points))
        .route(
            "/dpo/personnes-morales/{person}/points/{point}/personne",
            post(legal::aside),
        )
        .route("/dpo/personnes-morales/{person}/cloture", post(legal::close))
        .layer(DefaultBodyLimit::max(MAX_LIST_FORM))
}

fn researcher_pages() -> Router {
    Router::new()
        .route("/recherche/jeux/{dataset}/demande", post(research::request))
        .route(paths::REQUESTS, get(requests::own))
        .route("/recherche/projets/{request}", get(project::page))
        .route("/recherche/projets/{request}/membres", post(project::add))
        .route("/recherche/projets/{request}/membres/fin", post(project::end))
        .route("/recherche/projets/{request}/engagement", post(project::sign))
        .route("/recherche/livraisons/{release}", get(proofs::release))
        .route(
            "/recherche/livraisons/{release}/feuille",
            get(proofs::delivery_leaf),
        )
        .route("/recherche/preuves/{leaf}", get(proofs::researcher))
        .route("/recherche/preuves/{leaf}/{format}", get(proofs::researcher_as))
}

fn officer_pages() -> Router {
    Router::new()
        .route(paths::DESK, get(desk::desk))
        .route("/dpo/demandes/{request}/decision", post(desk::decide))
        .route("/dpo/demandes/{request}/livraison", post(desk::make_release))
        .route(paths::RIGHTS_DESK, get(rights::desk))
        .route("/dpo/droits/{request}", post(rights::answer))
        .route("/dpo/droits/gels/{sharing}", post(rights::open_frozen))
        .route(paths::FLOWS, get(history::flows))
        .route(paths::OVERDUE, get(told::overdue))
        .route("/dpo/retraits/effacements/{telling}", post(told::handled))
        .route(paths::UNUSUAL, get(watched::unusual))
        .merge(breach_pages())
        .route(paths::HOMES_DESK, get(household::desk))
        .route(paths::FIND_METER, post(household::find))
        .route("/dpo/logements/{point}", post(household::record))
        .route(paths::CAPACITY_DESK, get(capacity::desk))
        .route(paths::FIND_PERSON, post(capacity::find))
        .route("/dpo/personnes/{person}", post(capacity::record))
        .route("/dpo/personnes/{person}/erreur", post(capacity::undo))
        .merge(legal_pages())
        .route(paths::INVITE, get(invite::page).post(invite::enrol))
        .route(paths::ENTERED, get(entered::desk))
        .route(paths::FIND_FOR_ENTRY, post(entered::find))
        .route(
            "/dpo/saisies/personne/{person}",
            get(entered::page).post(entered::enter),
        )
        .route("/dpo/saisies/acte/{act}", get(entered::act::page))
        .route(
            "/dpo/saisies/acte/{act}/confirmation",
            post(entered::act::confirm),
        )
        .route("/dpo/saisies/acte/{act}/renvoi", post(entered::act::send_back))
        .route("/dpo/saisies/acte/{act}/code", post(entered::act::code))
        .route("/dpo/saisies/acte/{act}/courrier", post(entered::act::letter))
        .route("/dpo/saisies/acte/{act}/postee", post(entered::act::posted))
        .route("/dpo/saisies/acte/{act}/recu", get(entered::act::receipt))
        .route("/dpo/saisies/message/{message}/courrier", post(reach::letter))
        .route("/dpo/saisies/message/{message}/postee", post(reach::posted))
        .route(paths::PAPER_FORMS, get(entered::paper::forms))
        .route(
            "/dpo/formulaires/accord/{offer}/{lang}",
            get(entered::paper::offer),
        )
        .route("/dpo/formulaires/{kind}/{lang}", get(entered::paper::plain))
        .route("/dpo/telephone/{lang}", get(entered::paper::phone))
        .route(paths::LEDGER, get(overview::ledger))
        .route("/dpo/manifestes/{release}", get(proofs::manifest))
        .route("/dpo/manifestes/{release}/feuille", get(proofs::manifest_leaf))
        .route("/dpo/preuves/{leaf}", get(proofs::officer))
        .route("/dpo/preuves/{leaf}/{format}", get(proofs::officer_as))
}

fn breach_pages() -> Router {
    Router::new()
        .route(paths::BREACHES, get(breaches::register).post(breaches::record))
        .route(paths::NEW_BREACH, get(breaches::form))
        .route(
            "/dpo/violations/{breach}",
            get(breaches::page).post(breaches::change),
        )
        .route("/dpo/violations/{breach}/autorite", post(breaches::authority))
        .route(
            "/dpo/violations/{breach}/avis",
            get(breaches::preview).post(breaches::tell),
        )
        .route("/dpo/violations/{breach}/sans-avis", post(breaches::leave_untold))
        .layer(DefaultBodyLimit::max(MAX_BREACH_FORM))
}

/// A file that pages refer to. It may be kept: it changes with the program only.
fn asset(kind: &'static str, content: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A worker obeys the policy of its own script: ours may load our modules and send nothing anywhere.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'",
        ),
    ];
    (headers, content)
}
