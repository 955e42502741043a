//! `/moi/demandes` and `/dpo/droits`: requests about rights, from both sides.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::deadline::days_left;
use broker_domain::household::{HouseholdCaseKind, Outcome, StandstillCause};
use broker_domain::ids::{ConsentId, RightsRequestId};
use broker_domain::rights::{Author, CannotAnswer, Right, RightsState, WordKind};
use broker_domain::time::Instant;
use broker_service::{
    AnswerRefusal, AskRefusal, Failure, FrozenWithoutCase, RightsAction, RightsThread, RightsWords,
    WithdrawalRefusal,
};
use jiff::civil::Date;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    AskView, FrozenAlone, HouseholdMark, OthersAsk, RightKind, RightView, RightsDeskView, RightsLine,
    RightsView, Standing, StillLine, ThreadKind, ThreadLine, render_ask, render_right, render_rights,
    render_rights_desk,
};
use crate::paths;
use crate::routes::changes::start_of;
use crate::routes::fields::{Fields, Posted};
use crate::routes::holdings::Holdings;
use crate::routes::phrases::{day, moment, proof};
use crate::routes::shelf::Shelf;
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
    let view = RightView {
        line: line(&row, today),
        typed: String::new(),
        errors: FormErrors::default(),
    };
    shown(render_right(&visit.page(), &view))
}

/// POST `/moi/demandes/{request}`: the person writes in her request.
pub(crate) async fn write(Path(request): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.participant()?;
    let request_id: RightsRequestId = id(&request)?;
    let page = paths::rights_request(&request_id.to_string());
    let words = fields.text("message").to_owned();
    let mut problem = None;
    let written = visit.broker().write_right(who, request_id, &words).await;
    let written = written.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| {
            let (field, trouble) = match refusal {
                AskRefusal::NoWords => (Some(FieldProblem::WordsMissing), Trouble::NotUnderstood),
                AskRefusal::TooLong => (Some(FieldProblem::TextTooLong), Trouble::NotUnderstood),
                AskRefusal::TooMany => (Some(FieldProblem::TooManyMessages), Trouble::NotUnderstood),
                AskRefusal::Answered | AskRefusal::SentBefore => {
                    (None, Trouble::Changed { onward: page.clone() })
                }
                AskRefusal::NotYours => (None, Trouble::NotFound),
            };
            problem = field;
            trouble
        })
    });
    match (written, problem) {
        (Ok(()), _) => Ok(onward_with(&page, Notice::RightStep)),
        (Err(_), Some(problem)) => {
            let row = visit.broker().own_rights_request(who, request_id).await;
            let row = row.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
            let view = RightView {
                line: line(&row, day(visit.broker().now())),
                typed: words,
                errors: FormErrors(vec![FieldError {
                    field: "message".into(),
                    problem,
                }]),
            };
            returned(render_right(&visit.page_at(page), &view))
        }
        (Err(trouble), None) => Err(trouble),
    }
}

/// `/moi/demandes/nouvelle/{right}`
pub(crate) async fn form(visit: Visit, Path(right): Path<String>) -> Result<Response, Trouble> {
    visit.participant()?;
    let right = RightKind::from_tag(&right).ok_or(Trouble::NotFound)?;
    let view = asked(&visit, right, String::new(), FormErrors::default()).await?;
    shown(render_ask(&visit.page(), &view))
}

async fn asked(
    visit: &Visit,
    right: RightKind,
    words: String,
    errors: FormErrors,
) -> Result<AskView, Trouble> {
    Ok(AskView {
        right,
        sharings: match right {
            RightKind::Objection => stoppable(visit).await?,
            _ => Vec::new(),
        },
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

/// What an objection can stop at once (P-18): each sharing in force, by whom and for what.
async fn stoppable(visit: &Visit) -> Result<Vec<(String, String)>, Trouble> {
    let holdings = Holdings::of(visit, visit.participant()?).await?;
    let sharings = holdings
        .sharings()
        .filter(|sharing| sharing.state.can_be_withdrawn());
    let label =
        |trading: &str, purpose: &str| format!("{trading}{}{purpose}", visit.speech().say("separator"));
    Ok(sharings
        .map(|sharing| {
            let label = label(&sharing.recipient.trading_name, &sharing.purpose);
            (sharing.id.clone(), label)
        })
        .collect())
}

/// Stops what was ticked beside an objection. Before the request is sent: what she stops is stopped whatever comes after.
async fn stop(visit: &Visit, ticked: &[&str]) -> Result<(), Trouble> {
    let who = visit.participant()?;
    for sharing in ticked {
        let consent: ConsentId = id(sharing)?;
        let mut ended = false;
        let withdrawn = visit.broker().withdraw(who, consent).await;
        let withdrawn = withdrawn.map_err(|failure| {
            Trouble::from_failure(failure, |refusal| {
                ended = refusal == WithdrawalRefusal::AlreadyEnded;
                Trouble::NotFound
            })
        });
        if !ended {
            withdrawn?;
        }
    }
    Ok(())
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
    if right == RightKind::Objection && !words.trim().is_empty() {
        stop(&visit, &fields.all("partage")).await?;
    }
    let sent = visit.broker().ask_right(who, form, of_kind(right), &words).await;
    let mut problem = None;
    let row = sent.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| {
            problem = unasked(&refusal);
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
            let view = asked(&visit, right, words, errors).await?;
            let page = visit.page_at(paths::ask_right(right.tag()));
            returned(render_ask(&page, &view))
        }
        (Err(trouble), None) => Err(trouble),
    }
}

/// What is wrong with the words of a request that was not taken.
pub(crate) const fn unasked(refusal: &AskRefusal) -> Option<FieldProblem> {
    match refusal {
        AskRefusal::NoWords => Some(FieldProblem::WordsMissing),
        AskRefusal::TooLong => Some(FieldProblem::TextTooLong),
        AskRefusal::TooMany => Some(FieldProblem::TooManyRequests),
        AskRefusal::SentBefore => Some(FieldProblem::SentBefore),
        AskRefusal::NotYours | AskRefusal::Answered => None,
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
    Ok(RightsDeskView {
        alone: alone(visit).await?,
        open: desk_lines(visit, &desk.open, today).await?,
        answered: desk_lines(visit, &desk.answered, today).await?,
        typed: None,
        errors: FormErrors::default(),
    })
}

/// What people stopped and nobody looks into.
async fn alone(visit: &Visit) -> Result<Vec<FrozenAlone>, Trouble> {
    let rows = visit.broker().frozen_without_case(visit.officer()?).await;
    let rows = rows.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let mut read = visit.broker().read().await?;
    let shelf = Shelf::open(&mut *read, visit.lang).await?;
    let line = |row: &FrozenWithoutCase| FrozenAlone {
        id: row.consent.id.to_string(),
        person: row.consent.participant.to_string(),
        recipient: shelf.name(row.consent.recipient),
        purpose: shelf.purpose(row.consent.recipient, &row.consent.purpose),
        since: moment(row.since),
    };
    Ok(rows.iter().map(line).collect())
}

/// POST `/dpo/droits/gels/{sharing}`: opens the case in the person's stead.
pub(crate) async fn open_frozen(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, .. } = posted;
    let consent: ConsentId = id(&sharing)?;
    let opened = visit.broker().open_frozen_case(visit.officer()?, consent).await;
    opened.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| match refusal {
            AnswerRefusal::Unknown => Trouble::Changed {
                onward: paths::RIGHTS_DESK.to_owned(),
            },
            _ => Trouble::NotYours,
        })
    })?;
    Ok(onward_with(paths::RIGHTS_DESK, Notice::FrozenCaseOpened))
}

/// The lines of officers: with where a request comes from, and what stands still because of it.
async fn desk_lines(visit: &Visit, rows: &[RightsThread], today: Date) -> Result<Vec<RightsLine>, Trouble> {
    let mut read = visit.broker().read().await?;
    let shelf = Shelf::open(&mut *read, visit.lang).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for thread in rows {
        let mut still = Vec::with_capacity(thread.still.len());
        for row in &thread.still {
            // Erased meanwhile.
            let Some(consent) = read.consent(row.consent).await? else {
                continue;
            };
            still.push(StillLine {
                recipient: shelf.name(consent.recipient),
                purpose: shelf.purpose(consent.recipient, &consent.purpose),
                not_me: row.cause == StandstillCause::NotMe,
                since: row.ended_at.is_none().then(|| moment(row.began_at)),
            });
        }
        let household = thread.household.as_ref().map(|case| HouseholdMark {
            kind: match case.kind {
                HouseholdCaseKind::Objection => OthersAsk::Objection,
                HouseholdCaseKind::Question => OthersAsk::Question,
                HouseholdCaseKind::Represented => OthersAsk::Represented,
            },
            contact: case.contact.clone(),
        });
        lines.push(RightsLine {
            household,
            still,
            ..line(thread, today)
        });
    }
    Ok(lines)
}

/// What an officer decides about sharings that stand still, if the form says so.
fn outcome(fields: &Fields) -> Result<Option<(Outcome, Option<Instant>)>, FieldProblem> {
    Ok(match fields.text("issue") {
        "fin" => {
            let since = match fields.text("date") {
                "" => None,
                typed => Some(start_of(typed)?),
            };
            Some((Outcome::End, since))
        }
        "reprise" => Some((Outcome::GoOn, None)),
        _ => None,
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
        "ecrire" => (RightsAction::Write(words.clone()), Notice::RightStep),
        "prolonger" => (RightsAction::Extend(words.clone()), Notice::RightStep),
        "suspendre" => (RightsAction::Pause(words.clone()), Notice::RightStep),
        "reprendre" => (RightsAction::Resume, Notice::RightStep),
        _ => return Err(Trouble::NotUnderstood),
    };
    let mut problem = None;
    let done = match (&action, outcome(&fields)) {
        (RightsAction::Answer(words), Ok(Some(decided))) => {
            visit.broker().decide_case(who, request_id, decided, words).await
        }
        (RightsAction::Answer(_), Err(_)) => Err(Failure::Refused(AnswerRefusal::DayOutOfReach)),
        _ => visit.broker().advance_right(who, request_id, &action).await,
    };
    let done = done.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| {
            let (field, trouble) = not_advanced(refusal);
            problem = field;
            trouble
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

/// What an officer is told of a step that was not taken: at the field, or on a page of its own.
fn not_advanced(refusal: AnswerRefusal) -> (Option<FieldProblem>, Trouble) {
    match refusal {
        AnswerRefusal::Unknown => (None, Trouble::NotFound),
        AnswerRefusal::NotAllowed => (None, Trouble::NotYours),
        AnswerRefusal::TooLong => (Some(FieldProblem::TextTooLong), Trouble::NotUnderstood),
        AnswerRefusal::OutcomeMissing => (Some(FieldProblem::OutcomeMissing), Trouble::NotUnderstood),
        AnswerRefusal::DayOutOfReach => (Some(FieldProblem::DayOutOfReach), Trouble::NotUnderstood),
        AnswerRefusal::TooMany => (Some(FieldProblem::TooManyMessages), Trouble::NotUnderstood),
        AnswerRefusal::Cannot(CannotAnswer::NoWords) => {
            (Some(FieldProblem::WordsMissing), Trouble::NotUnderstood)
        }
        AnswerRefusal::Cannot(
            CannotAnswer::AlreadyAnswered
            | CannotAnswer::AlreadyTaken
            | CannotAnswer::AlreadyExtended
            | CannotAnswer::TooLateToExtend
            | CannotAnswer::AlreadyPaused
            | CannotAnswer::NotPaused,
        ) => {
            let onward = paths::RIGHTS_DESK.to_owned();
            (None, Trouble::Changed { onward })
        }
    }
}

fn line(thread: &RightsThread, today: Date) -> RightsLine {
    let row = &thread.row;
    let request = &row.request;
    RightsLine {
        id: request.id.to_string(),
        person: request.participant.to_string(),
        right: right_kind(request.right),
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
        extended_at: request.extended_at.map(moment),
        paused_at: request.paused_at.map(moment),
        thread: thread.words.iter().filter_map(written).collect(),
        household: None,
        still: Vec::new(),
        received: proof(row.received_leaf),
        taken: row.taken_leaf.map(proof),
        answered: row.answered_leaf.map(proof),
    }
}

fn written(one: &RightsWords) -> Option<ThreadLine> {
    let kind = match (one.kind, one.author) {
        (WordKind::Asked | WordKind::Answer, _) => return None,
        (WordKind::Extension, _) => ThreadKind::Extension,
        (WordKind::Pause, _) => ThreadKind::Pause,
        (WordKind::Message, Author::Person) => ThreadKind::Person,
        (WordKind::Message, Author::Officer) => ThreadKind::Officer,
    };
    Some(ThreadLine {
        kind,
        at: moment(one.at),
        words: one.words.clone(),
        proof: proof(one.leaf),
    })
}

pub(crate) const fn right_kind(right: Right) -> RightKind {
    match right {
        Right::Access => RightKind::Access,
        Right::Portability => RightKind::Portability,
        Right::Rectification => RightKind::Rectification,
        Right::Erasure => RightKind::Erasure,
        Right::Restriction => RightKind::Restriction,
        Right::Objection => RightKind::Objection,
    }
}

pub(crate) const fn of_kind(right: RightKind) -> Right {
    match right {
        RightKind::Access => Right::Access,
        RightKind::Portability => Right::Portability,
        RightKind::Rectification => Right::Rectification,
        RightKind::Erasure => Right::Erasure,
        RightKind::Restriction => Right::Restriction,
        RightKind::Objection => Right::Objection,
    }
}
