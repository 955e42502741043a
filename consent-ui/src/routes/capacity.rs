//! `/deces-incapacite` and `/dpo/personnes`: a person died or cannot decide any more.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::household::CapacityEnd;
use broker_domain::ids::ParticipantId;
use broker_domain::time::Instant;
use broker_service::{CapacityEnded, CapacityRefusal, DrawnCase, Failure};
use broker_store::CapacityRow;

use crate::form::{FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    CapacityCause, CapacityDeskView, CapacityLine, EndedView, FoundPersonView, ProblemKind,
    render_capacity_desk, render_capacity_route, render_ended, render_found_person,
};
use crate::paths;
use crate::routes::changes::{start_of, wrong};
use crate::routes::fields::{Fields, Posted, proof_first};
use crate::routes::others::case_code;
use crate::routes::phrases::{day, moment};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

fn trouble(failure: Failure<CapacityRefusal>) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        CapacityRefusal::NotAllowed => Trouble::NotYours,
        CapacityRefusal::Unknown => Trouble::NotFound,
        CapacityRefusal::DayOutOfReach | CapacityRefusal::NoWords | CapacityRefusal::TooLong => {
            Trouble::NotUnderstood
        }
        CapacityRefusal::RecordedAlready => Trouble::Because {
            why: ProblemKind::CapacityKnown,
            onward: paths::CAPACITY_DESK.to_owned(),
        },
        CapacityRefusal::NotRecorded => Trouble::Because {
            why: ProblemKind::CapacityNotKnown,
            onward: paths::CAPACITY_DESK.to_owned(),
        },
    })
}

/// `/deces-incapacite`
pub(crate) async fn route(visit: Visit) -> Result<Response, Trouble> {
    shown(render_capacity_route(&visit.page()))
}

/// `/dpo/personnes`
pub(crate) async fn desk(visit: Visit) -> Result<Response, Trouble> {
    let view = desk_view(&visit, &Fields::none(), FormErrors::default()).await?;
    shown(render_capacity_desk(&visit.page(), &view))
}

async fn desk_view(visit: &Visit, fields: &Fields, errors: FormErrors) -> Result<CapacityDeskView, Trouble> {
    let rows = visit
        .broker()
        .capacity_desk(visit.officer()?)
        .await
        .map_err(trouble)?;
    Ok(CapacityDeskView {
        lines: rows.iter().map(line).collect(),
        cause: CapacityCause::from_tag(fields.text("cause")),
        date: fields.text("date").to_owned(),
        typed: None,
        errors,
    })
}

fn line(row: &CapacityRow) -> CapacityLine {
    CapacityLine {
        person: row.participant.to_string(),
        cause: cause_of(row.end),
        since: day(row.since),
        closed_at: row.closed_at.map(moment),
        undone_at: row.undone_at.map(moment),
    }
}

pub(crate) const fn cause_of(end: CapacityEnd) -> CapacityCause {
    match end {
        CapacityEnd::Died => CapacityCause::Died,
        CapacityEnd::Incapable => CapacityCause::Incapable,
    }
}

/// What happened and since when, as typed.
fn said(visit: &Visit, fields: &Fields) -> Result<(CapacityCause, Instant), FormErrors> {
    let Some(cause) = CapacityCause::from_tag(fields.text("cause")) else {
        return Err(wrong("cause", FieldProblem::CauseMissing));
    };
    let since = start_of(fields.text("date")).map_err(|problem| wrong("date", problem))?;
    if visit.broker().now() < since {
        return Err(wrong("date", FieldProblem::DayOutOfReach));
    }
    Ok((cause, since))
}

/// POST `/dpo/personnes/recherche`: what recording means. The number stands in no address.
pub(crate) async fn find(posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let officer = visit.officer()?;
    let refused = |errors| async {
        let view = desk_view(&visit, &fields, errors).await?;
        let page = visit.page_at(paths::CAPACITY_DESK.to_owned());
        returned(render_capacity_desk(&page, &view))
    };
    let (cause, since) = match said(&visit, &fields) {
        Ok(said) => said,
        Err(errors) => return refused(errors).await,
    };
    let found = visit.broker().find_person(officer, fields.text("personne")).await;
    let found = match found {
        Ok(found) => found,
        Err(Failure::Refused(CapacityRefusal::Unknown)) => {
            return refused(wrong("personne", FieldProblem::PersonUnknown)).await;
        }
        Err(failure) => return Err(trouble(failure)),
    };
    if found.ended {
        return Err(trouble(Failure::Refused(CapacityRefusal::RecordedAlready)));
    }
    let drawn = visit.broker().draw_case()?;
    let view = FoundPersonView {
        person: found.participant.to_string(),
        cause,
        since: day(since),
        form: drawn.id.to_string(),
        case_code: drawn.code,
        directives: String::new(),
        errors: FormErrors::default(),
    };
    let page = visit.page_at(paths::CAPACITY_DESK.to_owned());
    shown(render_found_person(&page, &view))
}

/// POST `/dpo/personnes/{person}`. Sent twice, it is one act, and its code is shown again.
pub(crate) async fn record(Path(person): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let officer = visit.officer()?;
    let participant: ParticipantId = id(&person)?;
    let (cause, since) = said(&visit, &fields).map_err(|_| Trouble::NotUnderstood)?;
    let ended = CapacityEnded {
        participant,
        end: match cause {
            CapacityCause::Died => CapacityEnd::Died,
            CapacityCause::Incapable => CapacityEnd::Incapable,
        },
        since,
        drawn: DrawnCase {
            id: id(fields.text("demande"))?,
            code: case_code(fields.text("dossier"))?,
        },
        directives: fields.text("directives").to_owned(),
    };
    let page = visit.page_at(paths::CAPACITY_DESK.to_owned());
    match visit.broker().enter_capacity_end(officer, &ended).await {
        Ok(recorded) => {
            let view = EndedView {
                code: recorded.code,
                address: format!("{}{}", visit.pages.site.url, paths::OTHERS_CASE),
                due_on: recorded.due_on,
                act: recorded.act.to_string(),
            };
            shown(render_ended(&page, &view))
        }
        Err(Failure::Refused(CapacityRefusal::TooLong)) => {
            let view = FoundPersonView {
                person,
                cause,
                since: day(since),
                form: fields.text("demande").to_owned(),
                case_code: fields.text("dossier").to_owned(),
                directives: ended.directives,
                errors: wrong("directives", FieldProblem::TextTooLong),
            };
            returned(render_found_person(&page, &view))
        }
        Err(failure) => Err(trouble(failure)),
    }
}

/// POST `/dpo/personnes/{person}/erreur`
pub(crate) async fn undo(Path(person): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let officer = visit.officer()?;
    if let Some(proof) = proof_first(&visit, &session).await? {
        return Ok(proof);
    }
    let reason = fields.text("motif").to_owned();
    let undone = visit
        .broker()
        .undo_capacity_end(officer, id(&person)?, &reason)
        .await;
    let problem = match undone {
        Ok(()) => return Ok(onward_with(paths::CAPACITY_DESK, Notice::CapacityUndone)),
        Err(Failure::Refused(CapacityRefusal::NoWords)) => FieldProblem::ReasonMissing,
        Err(Failure::Refused(CapacityRefusal::TooLong)) => FieldProblem::TextTooLong,
        Err(failure) => return Err(trouble(failure)),
    };
    let errors = wrong(&format!("motif-{person}"), problem);
    let view = CapacityDeskView {
        typed: Some((person, reason)),
        ..desk_view(&visit, &Fields::none(), errors).await?
    };
    let page = visit.page_at(paths::CAPACITY_DESK.to_owned());
    returned(render_capacity_desk(&page, &view))
}
