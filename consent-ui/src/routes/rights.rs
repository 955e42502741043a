//! `/moi/demandes` and `/dpo/droits`: requests about rights, from both sides.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::deadline::days_left;
use broker_domain::ids::RightsRequestId;
use broker_domain::rights::{CannotAnswer, Right, RightsState};
use broker_service::{AnswerRefusal, AskRefusal, RightsAction};
use broker_store::RightsRow;
use jiff::civil::Date;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    AskView, RightKind, RightsDeskView, RightsLine, RightsView, Standing, render_ask, render_right,
    render_rights, render_rights_desk,
};
use crate::paths;
use crate::routes::fields::Posted;
use crate::routes::phrases::{day, moment, proof};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

/// `/moi/demandes`
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let rows = visit.broker().own_rights_requests(who).await;
    let rows = rows.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let today = day(visit.broker().now());
    let view = RightsView {
        requests: rows.iter().map(|row| line(row, today)).collect(),
    };
    shown(render_rights(&visit.page(), &view))
}

/// `/moi/demandes/{request}`
pub(crate) async fn status(visit: Visit, Path(request): Path<String>) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let request: RightsRequestId = id(&request)?;
    let row = visit.broker().own_rights_request(who, request).await;
    let row = row.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    let today = day(visit.broker().now());
    shown(render_right(&visit.page(), &line(&row, today)))
}

/// `/moi/demandes/nouvelle/{right}`
pub(crate) async fn form(visit: Visit, Path(right): Path<String>) -> Result<Response, Trouble> {
    visit.participant()?;
    let right = RightKind::from_tag(&right).ok_or(Trouble::NotFound)?;
    let view = asked(&visit, right, String::new(), FormErrors::default())?;
    shown(render_ask(&visit.page(), &view))
}

fn asked(visit: &Visit, right: RightKind, words: String, errors: FormErrors) -> Result<AskView, Trouble> {
    Ok(AskView {
        right,
        form: visit
            .broker()
            .fresh_rights_request()
            .map_err(Trouble::Fault)?
            .to_string(),
        words,
        due_on: visit.broker().rights_due_today(),
        errors,
    })
}

/// POST `/moi/demandes/nouvelle/{right}`. Sent twice, it is one request.
pub(crate) async fn send(Path(right): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.participant()?;
    let right = RightKind::from_tag(&right).ok_or(Trouble::NotFound)?;
    let form: RightsRequestId = fields
        .text("demande")
        .parse()
        .map_err(|_| Trouble::NotUnderstood)?;
    let words = fields.text("objet").to_owned();
    let sent = visit.broker().ask_right(who, form, of_kind(right), &words).await;
    let mut problem = None;
    let row = sent.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| {
            problem = match refusal {
                AskRefusal::NoWords => Some(FieldProblem::WordsMissing),
                AskRefusal::TooLong => Some(FieldProblem::TextTooLong),
                AskRefusal::TooMany => Some(FieldProblem::TooManyRequests),
                AskRefusal::SentBefore => Some(FieldProblem::SentBefore),
                AskRefusal::NotYours => None,
            };
            Trouble::NotYours
        })
    });
    match (row, problem) {
        (Ok(row), _) => {
            let page = paths::rights_request(&row.request.id.to_string());
            Ok(onward_with(&page, Notice::RightSent))
        }
        (Err(_), Some(problem)) => {
            let errors = FormErrors(vec![FieldError {
                field: "objet".into(),
                problem,
            }]);
            let view = asked(&visit, right, words, errors)?;
            let page = visit.page_at(paths::ask_right(right.tag()));
            returned(render_ask(&page, &view))
        }
        (Err(trouble), None) => Err(trouble),
    }
}

/// `/dpo/droits`
pub(crate) async fn desk(visit: Visit) -> Result<Response, Trouble> {
    let view = desk_view(&visit).await?;
    shown(render_rights_desk(&visit.page(), &view))
}

async fn desk_view(visit: &Visit) -> Result<RightsDeskView, Trouble> {
    let desk = visit.broker().rights_desk(visit.officer()?).await;
    let desk = desk.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let today = day(visit.broker().now());
    let lines = |rows: Vec<RightsRow>| rows.iter().map(|row| line(row, today)).collect();
    Ok(RightsDeskView {
        open: lines(desk.open),
        answered: lines(desk.answered),
        typed: None,
        errors: FormErrors::default(),
    })
}

/// POST `/dpo/droits/{request}`
pub(crate) async fn answer(Path(request): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.officer()?;
    let request_id: RightsRequestId = id(&request)?;
    let words = fields.text("reponse").to_owned();
    let (action, notice) = match fields.text("geste") {
        "prendre" => (RightsAction::TakeUp, Notice::RightTaken),
        "repondre" => (RightsAction::Answer(words.clone()), Notice::RightAnswered),
        _ => return Err(Trouble::NotUnderstood),
    };
    let mut problem = None;
    let done = visit.broker().advance_right(who, request_id, &action).await;
    let done = done.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| match refusal {
            AnswerRefusal::Unknown => Trouble::NotFound,
            AnswerRefusal::NotAllowed => Trouble::NotYours,
            AnswerRefusal::TooLong => {
                problem = Some(FieldProblem::TextTooLong);
                Trouble::NotUnderstood
            }
            AnswerRefusal::Cannot(CannotAnswer::NoWords) => {
                problem = Some(FieldProblem::WordsMissing);
                Trouble::NotUnderstood
            }
            AnswerRefusal::Cannot(CannotAnswer::AlreadyAnswered | CannotAnswer::AlreadyTaken) => {
                Trouble::Changed {
                    onward: paths::RIGHTS_DESK.to_owned(),
                }
            }
        })
    });
    match (done, problem) {
        (Ok(()), _) => Ok(onward_with(paths::RIGHTS_DESK, notice)),
        (Err(_), Some(problem)) => {
            let field = format!("reponse-{request}");
            let view = RightsDeskView {
                typed: Some((request, words)),
                errors: FormErrors(vec![FieldError { field, problem }]),
                ..desk_view(&visit).await?
            };
            returned(render_rights_desk(
                &visit.page_at(paths::RIGHTS_DESK.to_owned()),
                &view,
            ))
        }
        (Err(trouble), None) => Err(trouble),
    }
}

fn line(row: &RightsRow, today: Date) -> RightsLine {
    let request = &row.request;
    RightsLine {
        id: request.id.to_string(),
        person: request.participant.to_string(),
        right: kind(request.right),
        words: request.words.clone(),
        received_at: moment(request.received_at),
        due_on: request.due_on,
        days_left: days_left(today, request.due_on),
        standing: match &request.state {
            RightsState::Received => Standing::Received,
            RightsState::InProgress { at, .. } => Standing::InProgress { at: moment(*at) },
            RightsState::Answered { at, answer, .. } => Standing::Answered {
                at: moment(*at),
                answer: answer.clone(),
            },
        },
        received: proof(row.received_leaf),
        taken: row.taken_leaf.map(proof),
        answered: row.answered_leaf.map(proof),
    }
}

const fn kind(right: Right) -> RightKind {
    match right {
        Right::Access => RightKind::Access,
        Right::Portability => RightKind::Portability,
        Right::Rectification => RightKind::Rectification,
        Right::Erasure => RightKind::Erasure,
        Right::Restriction => RightKind::Restriction,
        Right::Objection => RightKind::Objection,
    }
}

const fn of_kind(right: RightKind) -> Right {
    match right {
        RightKind::Access => Right::Access,
        RightKind::Portability => Right::Portability,
        RightKind::Rectification => Right::Rectification,
        RightKind::Erasure => Right::Erasure,
        RightKind::Restriction => Right::Restriction,
        RightKind::Objection => Right::Objection,
    }
}
