//! `/moi/logement` and `/dpo/logements`: until when people live where their meters are.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::consent::Method;
use broker_domain::ids::{ParticipantId, PointId};
use broker_domain::time::Instant;
use broker_service::{Failure, FoundMeter, LATEST_DEPARTURE_SECONDS, MoveRefusal, Powers, SignInRefusal};
use broker_store::OccupancyRow;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    ContractKind, FoundHome, HomeDeskRow, HomesDeskView, HomesView, LeaveView, When, render_found_home,
    render_homes, render_homes_desk, render_leave,
};
use crate::paths;
use crate::routes::changes::{start_of, wrong};
use crate::routes::fields::{Fields, Posted};
use crate::routes::holdings::Holdings;
use crate::routes::meters::{meters, standing};
use crate::routes::others::others_of;
use crate::routes::phrases::{day, moment, pseudonym};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

fn trouble(failure: Failure<MoveRefusal>, onward: &str) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        MoveRefusal::NotYours => Trouble::NotFound,
        MoveRefusal::DayOutOfReach
        | MoveRefusal::AlreadyLeft
        | MoveRefusal::FromContract
        | MoveRefusal::NotPlanned
        | MoveRefusal::NotAsked
        | MoveRefusal::KnownAlready => Trouble::Changed {
            onward: onward.to_owned(),
        },
    })
}

/// `/moi/logement`
pub(crate) async fn homes(visit: Visit) -> Result<Response, Trouble> {
    let view = homes_view(&visit, CameBack::Nothing, FormErrors::default()).await?;
    shown(render_homes(&visit.page(), &view))
}

/// What came back in a form of one home.
enum CameBack<'f> {
    Nothing,
    /// The home and the date.
    Departure(String, String),
    /// The home and what was said of the others who live there.
    Others(&'f str, &'f Fields),
}

async fn homes_view(
    visit: &Visit,
    came_back: CameBack<'_>,
    errors: FormErrors,
) -> Result<HomesView, Trouble> {
    let (typed, others) = match came_back {
        CameBack::Nothing => (None, None),
        CameBack::Departure(home, date) => (Some((home, date)), None),
        CameBack::Others(home, fields) => (None, Some((home, fields))),
    };
    let now = visit.broker().now();
    let meters = meters(visit, visit.participant()?).await?;
    Ok(HomesView {
        homes: meters.iter().map(|meter| meter.home(now)).collect(),
        others: others_of(visit, &meters, others).await?,
        latest: day(now.plus_seconds(LATEST_DEPARTURE_SECONDS)),
        typed,
        errors,
    })
}

/// The form of one home, come back.
async fn again(visit: &Visit, meter: &str, typed: &str, problem: FieldProblem) -> Result<Response, Trouble> {
    let errors = wrong(&format!("date-{meter}"), problem);
    let came_back = CameBack::Departure(meter.to_owned(), typed.to_owned());
    let view = homes_view(visit, came_back, errors).await?;
    returned(render_homes(&visit.page_at(paths::HOMES.to_owned()), &view))
}

/// The form about the other adults of one home, come back.
pub(crate) async fn others_again(
    visit: &Visit,
    (home, fields): (&str, &Fields),
    errors: FormErrors,
) -> Result<Response, Trouble> {
    let view = homes_view(visit, CameBack::Others(home, fields), errors).await?;
    returned(render_homes(&visit.page_at(paths::HOMES.to_owned()), &view))
}

/// GET `/moi/logement/{meter}/depart?date=`: what leaving on that day means.
pub(crate) async fn leave_page(visit: Visit, Path(meter): Path<String>) -> Result<Response, Trouble> {
    let holdings = Holdings::of(&visit, visit.participant()?).await?;
    let point: PointId = id(&meter)?;
    let found = holdings.meters.iter().find(|meter| meter.point.id == point);
    let home = found.ok_or(Trouble::NotFound)?.home(holdings.now);
    if !home.standing.is_lived_at() {
        return Err(Trouble::Changed {
            onward: paths::HOMES.to_owned(),
        });
    }
    let typed = visit.asked("date").unwrap_or_default().to_owned();
    let at = match start_of(&typed) {
        Ok(at) => at,
        Err(problem) => return again(&visit, &meter, &typed, problem).await,
    };
    let latest = holdings.now.plus_seconds(LATEST_DEPARTURE_SECONDS);
    if day(at) < home.since || latest < at {
        return again(&visit, &meter, &typed, FieldProblem::DepartureOutOfReach).await;
    }
    let ending = holdings
        .consents
        .iter()
        .filter(|consent| consent.point == point && consent.state(holdings.now).is_given());
    let view = LeaveView {
        day: day(at),
        when: if at <= holdings.now {
            When::Come
        } else {
            When::Ahead
        },
        sharings: ending.map(|consent| holdings.sharing(consent)).collect(),
        home,
    };
    shown(render_leave(&visit.page(), &view))
}

/// POST `/moi/logement/{meter}/depart`
pub(crate) async fn leave(Path(meter): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let who = visit.participant()?;
    let point: PointId = id(&meter)?;
    let typed = fields.text("date");
    let at = match start_of(typed) {
        Ok(at) => at,
        Err(problem) => return again(&visit, &meter, typed, problem).await,
    };
    if session.powers == Powers::Withdrawing && gives_time(&visit, who, point, at).await? {
        return Err(Trouble::SignIn(SignInRefusal::WithdrawingOnly));
    }
    match visit.broker().leave_home(who, point, at).await {
        Ok(_) => Ok(onward_with(paths::HOMES, Notice::HomeLeft)),
        Err(Failure::Refused(MoveRefusal::DayOutOfReach)) => {
            again(&visit, &meter, typed, FieldProblem::DepartureOutOfReach).await
        }
        Err(Failure::Refused(MoveRefusal::FromContract)) => {
            again(&visit, &meter, typed, FieldProblem::DepartureFromContract).await
        }
        Err(failure) => Err(trouble(failure, paths::HOMES)),
    }
}

/// Whether leaving at an instant leaves more than there is: a later departure, or one ahead that ends a hold. A session that may
/// only take away may not do that.
async fn gives_time(visit: &Visit, who: ParticipantId, point: PointId, at: Instant) -> Result<bool, Trouble> {
    let points = visit.broker().read().await?.points_of(who).await?;
    let now = visit.broker().now();
    let found = points.iter().find(|row| row.id == point);
    Ok(found.is_some_and(|row| {
        let later = row.occupancy.departure.is_some_and(|known| known.at < at);
        later || row.occupancy.held_since.is_some() && now < at
    }))
}

/// POST `/moi/logement/{meter}/maintien`
pub(crate) async fn stay(Path(meter): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, .. } = posted;
    let who = visit.participant()?;
    match visit.broker().stay_home(who, id(&meter)?).await {
        Ok(_) => Ok(onward_with(paths::HOMES, Notice::HomeKept)),
        Err(Failure::Refused(MoveRefusal::FromContract)) => {
            again(&visit, &meter, "", FieldProblem::DepartureFromContract).await
        }
        Err(failure) => Err(trouble(failure, paths::HOMES)),
    }
}

/// POST `/moi/logement/{meter}/confirmation`
pub(crate) async fn confirm(Path(meter): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let who = posted.visit.participant()?;
    let confirmed = posted.visit.broker().confirm_home(who, id(&meter)?).await;
    confirmed.map_err(|failure| trouble(failure, paths::HOMES))?;
    Ok(onward_with(paths::HOMES, Notice::HomeConfirmed))
}

/// `/dpo/logements`
pub(crate) async fn desk(visit: Visit) -> Result<Response, Trouble> {
    let view = desk_view(&visit, None, "", FormErrors::default()).await?;
    shown(render_homes_desk(&visit.page(), &view))
}

async fn desk_view(
    visit: &Visit,
    kind: Option<ContractKind>,
    date: &str,
    errors: FormErrors,
) -> Result<HomesDeskView, Trouble> {
    let rows = visit.broker().occupancies(visit.officer()?).await;
    let rows = rows.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let now = visit.broker().now();
    Ok(HomesDeskView {
        rows: rows.iter().map(|row| desk_row(row, now)).collect(),
        kind,
        date: date.to_owned(),
        errors,
    })
}

fn desk_row(row: &OccupancyRow, now: Instant) -> HomeDeskRow {
    let occupancy = row.point.occupancy;
    HomeDeskRow {
        person: pseudonym(row.point.participant),
        standing: standing(occupancy, now),
        by_contract: row.method.map(|method| method == Method::Upstream),
        known_at: occupancy.departure.map(|departure| moment(departure.known_at)),
        closed_at: row.closed_at.map(moment),
        quarantined: row.quarantined,
        overtaken: row.overtaken,
    }
}

/// What an officer typed.
struct Told {
    kind: ContractKind,
    /// The start of the new contract, for a change of holder.
    at: Option<Instant>,
}

fn told(fields: &Fields) -> Result<Told, FormErrors> {
    let Some(kind) = ContractKind::from_tag(fields.text("genre")) else {
        return Err(wrong("genre", FieldProblem::KindMissing));
    };
    let at = match kind {
        ContractKind::Contract => None,
        ContractKind::Holder => {
            Some(start_of(fields.text("date")).map_err(|problem| wrong("date", problem))?)
        }
    };
    Ok(Told { kind, at })
}

/// POST `/dpo/logements/recherche`: whom it concerns, and what recording it means. The number stands in no address.
pub(crate) async fn find(posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let officer = visit.officer()?;
    let number = fields.text("compteur");
    let told = told(&fields);
    let at = told.as_ref().ok().and_then(|told| told.at);
    let found = visit.broker().find_meter(officer, number, at).await;
    let found = found.map_err(|failure| trouble(failure, paths::HOMES_DESK))?;
    let mut errors = FormErrors::default();
    if found.is_none() {
        errors.0.push(FieldError {
            field: "compteur".to_owned(),
            problem: FieldProblem::MeterUnknown,
        });
    }
    let told = told.map_err(|wrong| errors.0.extend(wrong.0)).ok();
    let (Some(found), Some(told)) = (found, told) else {
        let kind = ContractKind::from_tag(fields.text("genre"));
        let view = desk_view(&visit, kind, fields.text("date"), errors).await?;
        return returned(render_homes_desk(
            &visit.page_at(paths::HOMES_DESK.to_owned()),
            &view,
        ));
    };
    let FoundMeter {
        point,
        participant,
        since,
        ..
    } = found;
    let view = FoundHome {
        id: point.to_string(),
        person: pseudonym(participant),
        since: day(since),
        kind: told.kind,
        day: told.at.map(day),
    };
    shown(render_found_home(
        &visit.page_at(paths::HOMES_DESK.to_owned()),
        &view,
    ))
}

/// POST `/dpo/logements/{point}`
pub(crate) async fn record(Path(point): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let officer = visit.officer()?;
    let point: PointId = id(&point)?;
    let refused = |errors| async {
        let kind = ContractKind::from_tag(fields.text("genre"));
        let view = desk_view(&visit, kind, fields.text("date"), errors).await?;
        returned(render_homes_desk(
            &visit.page_at(paths::HOMES_DESK.to_owned()),
            &view,
        ))
    };
    let told = match told(&fields) {
        Ok(told) => told,
        Err(errors) => return refused(errors).await,
    };
    let (done, notice) = match told.at {
        Some(at) => {
            let done = visit.broker().record_holder_change(officer, point, at).await;
            (done.map(|_| ()), Notice::HolderChanged)
        }
        None => {
            let done = visit.broker().record_contract_change(officer, point).await;
            (done.map(|_| ()), Notice::ContractNoted)
        }
    };
    match done {
        Ok(()) => Ok(onward_with(paths::HOMES_DESK, notice)),
        Err(Failure::Refused(MoveRefusal::DayOutOfReach)) => {
            refused(wrong("date", FieldProblem::DepartureOutOfReach)).await
        }
        Err(failure) => Err(trouble(failure, paths::HOMES_DESK)),
    }
}
