//! `/moi/partages/{sharing}/pause` and its neighbours: what a person changes about a sharing that goes on.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::consent::Consent;
use broker_domain::ids::ConsentId;
use broker_domain::time::{Instant, Step};
use broker_service::{ChangeRefusal, Failure, LONGEST_PAUSE_SECONDS, Narrowing, Receipt};
use jiff::civil::Date;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    NarrowingView, PauseView, ProblemKind, Sharing, render_narrowing, render_pause, render_resumption,
};
use crate::paths;
use crate::routes::fields::{Fields, Posted};
use crate::routes::holdings::Holdings;
use crate::routes::phrases::{day, granularity, midnight, tomorrow};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};
use crate::vocabulary::SharingState;

/// The steps that can be left, from fine to coarse, in seconds.
const STEPS: [u32; 5] = [600, 900, 1_800, 3_600, 86_400];

/// What a page of this module is about.
pub(super) struct Subject {
    now: Instant,
    pub(super) consent: Consent,
    pub(super) sharing: Sharing,
}

impl Subject {
    /// A sharing of the visitor that goes on, paused or not.
    pub(super) async fn of(visit: &Visit, sharing: &str) -> Result<Self, Trouble> {
        let holdings = Holdings::of(visit, visit.hand()?).await?;
        let consent = holdings.consent(id(sharing)?)?;
        let shown = holdings.sharing(consent);
        if !shown.state.can_be_withdrawn() {
            return Err(Trouble::Changed {
                onward: paths::sharing(&shown.id),
            });
        }
        Ok(Self {
            now: holdings.now,
            consent: consent.clone(),
            sharing: shown,
        })
    }

    fn first_day(&self) -> Date {
        let today = day(self.now);
        tomorrow(today).unwrap_or(today)
    }
}

/// One problem with one field.
pub(super) fn wrong(field: &str, problem: FieldProblem) -> FormErrors {
    FormErrors(vec![FieldError {
        field: field.to_owned(),
        problem,
    }])
}

/// The start of a day that was typed; what is wrong with it otherwise.
pub(super) fn start_of(typed: &str) -> Result<Instant, FieldProblem> {
    if typed.is_empty() {
        return Err(FieldProblem::DateMissing);
    }
    let day = typed.parse::<Date>().map_err(|_| FieldProblem::DateInvalid)?;
    midnight(day).ok_or(FieldProblem::DateInvalid)
}

/// Where a change leads: to the sharing, which says what was done; or to the page that tells why not.
pub(super) fn outcome(
    consent: ConsentId,
    done: Notice,
    answer: Result<Receipt, Failure<ChangeRefusal>>,
) -> Result<Response, Trouble> {
    let onward = paths::sharing(&consent.to_string());
    match answer {
        Ok(_) => Ok(onward_with(&onward, done)),
        Err(failure) => Err(trouble(failure, onward)),
    }
}

pub(super) fn trouble(failure: Failure<ChangeRefusal>, onward: String) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        ChangeRefusal::NotYours => Trouble::NotFound,
        ChangeRefusal::WithOfficer => Trouble::Because {
            why: ProblemKind::WithOfficer,
            onward,
        },
        ChangeRefusal::NotInForce
        | ChangeRefusal::PauseLength
        | ChangeRefusal::PausedLonger
        | ChangeRefusal::NotPaused
        | ChangeRefusal::NotLess
        | ChangeRefusal::NotAsked
        | ChangeRefusal::NotLater
        | ChangeRefusal::TooWeak { .. }
        | ChangeRefusal::NoKey
        | ChangeRefusal::Signature(_)
        | ChangeRefusal::NoticeChanged => Trouble::Changed { onward },
    })
}

/// `/moi/partages/{sharing}/pause`
pub(crate) async fn pause_page(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let subject = Subject::of(&visit, &sharing).await?;
    let view = pause_view(subject, String::new(), FormErrors::default());
    shown(render_pause(&visit.page(), &view))
}

fn pause_view(subject: Subject, typed: String, errors: FormErrors) -> PauseView {
    PauseView {
        earliest: subject.first_day(),
        latest: day(subject.now.plus_seconds(LONGEST_PAUSE_SECONDS)),
        sharing: subject.sharing,
        typed,
        errors,
    }
}

/// POST `/moi/partages/{sharing}/pause`
pub(crate) async fn pause(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.hand()?;
    let subject = Subject::of(&visit, &sharing).await?;
    let consent = subject.consent.id;
    let typed = fields.text("reprise");
    let again = |problem| {
        let page = visit.page_at(paths::pause(&sharing));
        let view = pause_view(subject, typed.to_owned(), wrong("reprise", problem));
        returned(render_pause(&page, &view))
    };
    let until = match start_of(typed) {
        Ok(until) => until,
        Err(problem) => return again(problem),
    };
    match visit.broker().pause(who, consent, until).await {
        Err(Failure::Refused(ChangeRefusal::PauseLength)) => again(FieldProblem::DayOutOfReach),
        Err(Failure::Refused(ChangeRefusal::PausedLonger)) => again(FieldProblem::PausedLonger),
        answer => outcome(consent, Notice::Paused, answer),
    }
}

/// `/moi/partages/{sharing}/reprise`
pub(crate) async fn resumption_page(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let subject = Subject::of(&visit, &sharing).await?;
    let SharingState::Paused { .. } = subject.sharing.state else {
        return Err(Trouble::Changed {
            onward: paths::sharing(&sharing),
        });
    };
    shown(render_resumption(&visit.page(), &subject.sharing))
}

/// POST `/moi/partages/{sharing}/reprise`
pub(crate) async fn resume(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let who = posted.visit.hand()?;
    let consent: ConsentId = id(&sharing)?;
    let proved_at = posted.session.proved_at;
    let answer = posted.visit.broker().end_pause(who, consent, proved_at).await;
    if let Err(Failure::Refused(ChangeRefusal::TooWeak { .. })) = answer {
        return Ok(onward_with(paths::PROVE, Notice::ProveFirst));
    }
    outcome(consent, Notice::Resumed, answer)
}

/// `/moi/partages/{sharing}/reduction`
pub(crate) async fn narrowing_page(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let subject = Subject::of(&visit, &sharing).await?;
    let view = narrowing_view(subject, ("", ""), FormErrors::default());
    shown(render_narrowing(&visit.page(), &view))
}

fn narrowing_view(subject: Subject, typed: (&str, &str), errors: FormErrors) -> NarrowingView {
    let now = subject.consent.terms_now(subject.now).step;
    let coarser = STEPS
        .into_iter()
        .filter_map(|seconds| Step::from_seconds(seconds).ok())
        .filter(|step| now < *step && step.is_multiple_of(now));
    NarrowingView {
        steps: coarser
            .map(|step| (step.seconds(), granularity(Some(step))))
            .collect(),
        earliest: day(subject.now),
        sharing: subject.sharing,
        step: typed.0.to_owned(),
        end: typed.1.to_owned(),
        errors,
    }
}

/// POST `/moi/partages/{sharing}/reduction`
pub(crate) async fn narrow(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.hand()?;
    let subject = Subject::of(&visit, &sharing).await?;
    let consent = subject.consent.id;
    let typed = (fields.text("pas"), fields.text("fin"));
    let less = less_of(&subject, &fields);
    let again = |errors| {
        let page = visit.page_at(paths::narrowing(&sharing));
        returned(render_narrowing(&page, &narrowing_view(subject, typed, errors)))
    };
    let less = match less {
        Ok(less) => less,
        Err(errors) => return again(errors),
    };
    match visit.broker().narrow(who, consent, less).await {
        Err(Failure::Refused(ChangeRefusal::NotLess)) => again(wrong("fin", FieldProblem::NotLess)),
        answer => outcome(consent, Notice::Narrowed, answer),
    }
}

/// What the form leaves: an empty field leaves what there is.
fn less_of(subject: &Subject, fields: &Fields) -> Result<Narrowing, FormErrors> {
    let terms = subject.consent.terms_now(subject.now);
    let step = match fields.text("pas") {
        "" => Some(terms.step),
        typed => typed
            .parse()
            .ok()
            .and_then(|seconds| Step::from_seconds(seconds).ok()),
    };
    let until = match fields.text("fin") {
        "" => terms.data.end(),
        // The day itself is still shared.
        typed => start_of(typed)
            .map(day)
            .and_then(|last| tomorrow(last).and_then(midnight).ok_or(FieldProblem::DateInvalid))
            .map_err(|problem| wrong("fin", problem))?,
    };
    let step = step.ok_or_else(|| wrong("pas", FieldProblem::NotLess))?;
    Ok(Narrowing {
        step,
        // The day on which it ends anyway is no earlier end, although its midnight may come later.
        until: until.min(terms.data.end()),
    })
}
