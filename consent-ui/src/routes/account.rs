//! `/compte`: how one signs in, from where, and what happened.

use axum::extract::Path;
use axum::http::header;
use axum::response::Response;
use broker_domain::entered::{CodeWindow, Entry};
use broker_domain::ids::{SessionId, SignInId, WayId};
use broker_domain::time::Instant;
use broker_service::{Device, Failure, IdentityView, PasskeyView, Place, SignInRefusal};
use broker_store::{EnteredRow, SignInRow};

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::{Notice, Role};
use crate::pages::{
    AccountView, CodeFrom, CodesView, Copies, DevicePlace, DeviceRow, EventRow, Freedom, IdentityRow,
    NotMeView, OnTheWay, PasskeyRow, ProveView, RolesView, Stoppable, Working, render_account, render_codes,
    render_not_me, render_prove, render_roles,
};
use crate::paths;
use crate::routes::fields::Posted;
use crate::routes::phrases::moment;
use crate::routes::sign_in::ways_in;
use crate::routes::told;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, first_page, id, onward, onward_with, returned, role, shown};

/// GET `/compte`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    let view = view(&visit, FormErrors::default()).await?;
    shown(render_account(&visit.page(), &view))
}

pub(crate) async fn view(visit: &Visit, errors: FormErrors) -> Result<AccountView, Trouble> {
    let token = visit.any_token().ok_or(Trouble::SignedOut)?;
    let broker = visit.broker();
    let ways = broker.ways(&token).await?;
    let passkeys = ways.passkeys.into_iter().filter(|key| key.revoked_at.is_none());
    let events = broker.sign_ins(&token).await?;
    let codes = match visit.participant() {
        Ok(who) => broker.codes_on_the_way(who).await?,
        Err(_) => Vec::new(),
    };
    let mut on_the_way = Vec::with_capacity(codes.len());
    for row in &codes {
        on_the_way.push(stoppable(visit, row).await?);
    }
    Ok(AccountView {
        on_the_way,
        freedom: match ways.frozen_at {
            Some(at) => Freedom::Frozen { at: moment(at) },
            None => Freedom::Free,
        },
        passkeys: passkeys.map(passkey).collect(),
        identities: ways.identities.iter().map(|one| identity(visit, one)).collect(),
        more: ways_in(visit, paths::link_provider),
        codes_left: ways.recovery_codes,
        devices: broker.devices(&token).await?.into_iter().map(device).collect(),
        events: events.into_iter().map(event).collect(),
        mail: told::mail(visit).await?,
        errors,
    })
}

/// What she can stop. The day of a code is counted from when she was told of it, as it is where the code is handed out.
async fn stoppable(visit: &Visit, row: &EnteredRow) -> Result<OnTheWay, Trouble> {
    let code = match visit.broker().code_window(row).await? {
        Some(CodeWindow::Known { from, .. }) => CodeFrom::Day(moment(from)),
        Some(CodeWindow::Untold { .. }) => CodeFrom::Untold,
        None => CodeFrom::Undecided,
    };
    Ok(OnTheWay {
        id: row.act.id.to_string(),
        at: moment(row.act.at),
        what: match row.act.entry {
            Entry::Capacity { .. } => Stoppable::Capacity {
                until: moment(row.act.expires_at()),
            },
            _ => Stoppable::Code(code),
        },
    })
}

fn passkey(key: PasskeyView) -> PasskeyRow {
    PasskeyRow {
        id: key.id.to_string(),
        name: key.name,
        added_at: moment(key.added_at),
        last_used_at: key.last_used_at.map(moment),
        copies: if key.may_be_copied {
            Copies::Several
        } else {
            Copies::One
        },
        working: working(key.frozen_at),
    }
}

/// A provider that is not configured any more is called as it was when it was linked.
fn identity(visit: &Visit, one: &IdentityView) -> IdentityRow {
    let mut offered = visit.broker().offered_providers().iter();
    let name = offered
        .find(|provider| provider.id == one.provider)
        .map(|provider| provider.name.clone());
    IdentityRow {
        id: one.id.to_string(),
        name: name.unwrap_or_else(|| one.provider.to_string()),
        added_at: moment(one.added_at),
        last_used_at: one.last_used_at.map(moment),
        working: working(one.frozen_at),
    }
}

fn working(frozen_at: Option<Instant>) -> Working {
    match frozen_at {
        Some(_) => Working::Frozen,
        None => Working::Open,
    }
}

fn device(device: Device) -> DeviceRow {
    DeviceRow {
        id: device.id.to_string(),
        label: device.name,
        since: moment(device.opened_at),
        last_seen_at: moment(device.last_seen_at),
        place: match device.place {
            Place::Here => DevicePlace::This,
            Place::Elsewhere => DevicePlace::Other,
        },
    }
}

fn event(row: SignInRow) -> EventRow {
    EventRow {
        id: row.id.to_string(),
        at: moment(row.at),
        kind: row.kind,
        device: row.device,
    }
}

/// GET `/compte/preuve`
pub(crate) async fn prove(visit: Visit) -> Result<Response, Trouble> {
    visit.any_token().ok_or(Trouble::SignedOut)?;
    let ways = ways_in(&visit, paths::to_provider);
    shown(render_prove(&visit.page(), &ProveView { ways }))
}

/// GET `/compte/role`
pub(crate) async fn roles(visit: Visit) -> Result<Response, Trouble> {
    let token = visit.any_token().ok_or(Trouble::SignedOut)?;
    let roles = visit.broker().own_roles(&token).await?.into_iter();
    let roles = roles.map(role).collect();
    shown(render_roles(&visit.page(), &RolesView { roles }))
}

/// POST `/compte/role`
pub(crate) async fn choose_role(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let roles = visit.broker().own_roles(&session.token).await?;
    let asked = |one: &Role| one.tag() == fields.text("role");
    let chosen = roles
        .into_iter()
        .find(|one| asked(&role(*one)))
        .ok_or(Trouble::NotYours)?;
    let opened = visit.broker().choose_role(&session.token, chosen).await;
    let opened = match proved(opened)? {
        Proved::Done(opened) => opened,
        Proved::First(response) => return Ok(response),
    };
    let mut response = onward(first_page(chosen));
    visit
        .pages
        .site
        .keep_session_in(&opened.token, response.headers_mut());
    Ok(response)
}

/// What came of a step that needs a fresh proof.
enum Proved<T> {
    /// It is done.
    Done(T),
    /// The page that asks for the proof comes first.
    First(Response),
}

fn proved<T>(outcome: Result<T, Failure<SignInRefusal>>) -> Result<Proved<T>, Trouble> {
    match outcome {
        Ok(done) => Ok(Proved::Done(done)),
        Err(Failure::Refused(SignInRefusal::ProveAgain)) => {
            Ok(Proved::First(onward_with(paths::PROVE, Notice::ProveFirst)))
        }
        Err(failure) => Err(failure.into()),
    }
}

fn changed<T>(outcome: Result<T, Failure<SignInRefusal>>) -> Result<Response, Trouble> {
    Ok(match proved(outcome)? {
        Proved::Done(_) => onward_with(paths::ACCOUNT, Notice::AccountChanged),
        Proved::First(response) => response,
    })
}

/// POST `/compte/cles/nom`
pub(crate) async fn rename(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let way: WayId = id(fields.text("moyen"))?;
    let named = visit
        .broker()
        .name_passkey(&session.token, way, fields.text("nom"))
        .await;
    if let Err(Failure::Refused(SignInRefusal::Name)) = named {
        let errors = FormErrors(vec![FieldError {
            field: format!("name-{way}"),
            problem: FieldProblem::NameMissing,
        }]);
        let view = view(&visit, errors).await?;
        return returned(render_account(&visit.page_at(paths::ACCOUNT.to_owned()), &view));
    }
    changed(named)
}

/// POST `/compte/cles/retrait`
pub(crate) async fn revoke(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let way: WayId = id(fields.text("moyen"))?;
    changed(
        visit
            .broker()
            .revoke_passkey(&session.token, way, visit.browser())
            .await,
    )
}

/// POST `/compte/fournisseurs/retrait`
pub(crate) async fn unlink(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let way: WayId = id(fields.text("moyen"))?;
    changed(
        visit
            .broker()
            .unlink_provider(&session.token, way, visit.browser())
            .await,
    )
}

/// POST `/compte/deblocage`
pub(crate) async fn thaw(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let way: WayId = id(fields.text("moyen"))?;
    changed(visit.broker().thaw(&session.token, way).await)
}

/// POST `/compte/codes`: the one page that shows them. It is no-store, and loading it again asks before posting again.
pub(crate) async fn codes(posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, session, .. } = posted;
    let made = visit
        .broker()
        .make_recovery_codes(&session.token, visit.browser())
        .await;
    let codes = match proved(made)? {
        Proved::Done(codes) => codes,
        Proved::First(response) => return Ok(response),
    };
    shown(render_codes(
        &visit.page_at(paths::ACCOUNT.to_owned()),
        &CodesView { codes },
    ))
}

/// POST `/compte/appareils/fin`
pub(crate) async fn end_device(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let device: SessionId = id(fields.text("appareil"))?;
    visit.broker().end_device(&session.token, device).await?;
    Ok(onward_with(paths::ACCOUNT, Notice::DevicesEnded))
}

/// POST `/compte/appareils/tous`
pub(crate) async fn end_all(posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, session, .. } = posted;
    visit.broker().end_all_devices(&session.token).await?;
    Ok(signed_out(&visit, Notice::DevicesEnded))
}

/// GET `/compte/pas-moi/{event}`
pub(crate) async fn not_me(visit: Visit, Path(line): Path<String>) -> Result<Response, Trouble> {
    let token = visit.any_token().ok_or(Trouble::SignedOut)?;
    let line: SignInId = id(&line)?;
    let events = visit.broker().sign_ins(&token).await?;
    let found = events
        .into_iter()
        .find(|row| row.id == line)
        .ok_or(Trouble::NotFound)?;
    let account = view(&visit, FormErrors::default()).await?;
    let passkeys = account.passkeys.into_iter().map(|key| (key.id, key.name));
    let identities = account.identities.into_iter().map(|one| (one.id, one.name));
    let view = NotMeView {
        event: event(found),
        ways: passkeys.chain(identities).collect(),
    };
    shown(render_not_me(&visit.page(), &view))
}

/// POST `/compte/pas-moi/{event}`
pub(crate) async fn freeze(Path(line): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let line: SignInId = id(&line)?;
    let keep = match fields.text("moyen") {
        "" => None,
        way => Some(id::<WayId>(way)?),
    };
    let frozen = visit
        .broker()
        .not_me(&session.token, line, keep, visit.browser())
        .await;
    Ok(match proved(frozen)? {
        Proved::Done(()) => signed_out(&visit, Notice::Frozen),
        Proved::First(response) => response,
    })
}

/// To the page of sign-in, without the session that has just ended.
fn signed_out(visit: &Visit, notice: Notice) -> Response {
    let mut response = onward_with(paths::SIGN_IN, notice);
    if let Some(cookie) = visit.pages.site.forget_session() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
