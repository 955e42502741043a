//! `/dpo/violations`: the register of breaches.

mod written;

use crate::form::FieldProblem;
use crate::page::Notice;
use crate::pages::{
    AuthorityForm, AuthorityStanding, BreachForm, BreachFormView, BreachLine, BreachPreviewView, BreachView,
    BreachesView, ConcernedBy, PeopleStanding, ProblemKind, render_breach, render_breach_form,
    render_breach_preview, render_breaches,
};
use crate::paths;
use crate::routes::changes::wrong;
use crate::routes::fields::Posted;
use crate::routes::phrases::moment;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};
use axum::extract::Path;
use axum::response::Response;
use broker_domain::breach::{AuthorityTold, Breach, MOST_WORDS, PeopleTold, Scope};
use broker_domain::ids::BreachId;
use broker_service::{BreachRefusal, Failure, RegisterEntry};
use broker_store::BreachCounts;
use written::{facts, instant, typed, typed_instant, written};

/// A reference of an authority has fewer characters.
const MOST_REFERENCE: usize = 201;

fn trouble(failure: Failure<BreachRefusal>, onward: &str) -> Trouble {
    let because = |why| Trouble::Because {
        why,
        onward: onward.to_owned(),
    };
    Trouble::from_failure(failure, |refusal| match refusal {
        BreachRefusal::NotAllowed => Trouble::NotYours,
        BreachRefusal::Unknown => Trouble::NotFound,
        BreachRefusal::Decided => because(ProblemKind::BreachDecided),
        BreachRefusal::NumberChanged => because(ProblemKind::BreachNumber),
        BreachRefusal::KnownAtStays => because(ProblemKind::KnownAtStays),
        BreachRefusal::Facts(_)
        | BreachRefusal::NotReady
        | BreachRefusal::WordsMissing
        | BreachRefusal::LateWithoutReason
        | BreachRefusal::AuthorityDate => Trouble::Changed {
            onward: onward.to_owned(),
        },
    })
}

/// `/dpo/violations`
pub(crate) async fn register(visit: Visit) -> Result<Response, Trouble> {
    let entries = visit.broker().breach_register(visit.officer()?).await;
    let entries = entries.map_err(|failure| trouble(failure, paths::BREACHES))?;
    let mut rows = Vec::new();
    for RegisterEntry { breach, counts } in &entries {
        rows.push(line(&visit, breach, *counts).await?);
    }
    shown(render_breaches(&visit.page(), &BreachesView { rows }))
}

async fn line(visit: &Visit, breach: &Breach, counts: BreachCounts) -> Result<BreachLine, Trouble> {
    let facts = &breach.facts;
    let due = facts.authority_due();
    let left = due.as_micros().saturating_sub(visit.broker().now().as_micros());
    let (concerned, subject) = match facts.scope {
        Scope::All => (ConcernedBy::All, String::new()),
        Scope::Recipient(organisation) => {
            let row = visit.broker().read().await?.organisation(organisation).await?;
            (
                ConcernedBy::Recipient,
                row.map(|row| row.name).unwrap_or_default(),
            )
        }
        Scope::Consent(consent) => (ConcernedBy::Consent, consent.to_string()),
        Scope::Gateway(gateway) => (ConcernedBy::Gateway, gateway.to_string()),
        Scope::Erased => (ConcernedBy::Erased, String::new()),
    };
    Ok(BreachLine {
        id: breach.id.to_string(),
        known_at: moment(facts.known_at),
        due_at: moment(due),
        recorded_at: moment(breach.recorded_at),
        nature: facts.nature.clone(),
        severity: facts.severity,
        concerned,
        subject,
        happened: facts.happened.clone(),
        authority: match &breach.authority {
            Some(told) => AuthorityStanding::Told {
                at: moment(told.at),
                reference: told.reference.clone(),
                late: told.late.clone(),
            },
            None => match u64::try_from(left) {
                Ok(left) => AuthorityStanding::Due {
                    hours: left / 3_600_000_000,
                },
                Err(_) => AuthorityStanding::Over,
            },
        },
        people: match &breach.people {
            PeopleTold::Undecided => PeopleStanding::Undecided,
            PeopleTold::Telling {
                at, people, despite, ..
            } => PeopleStanding::Telling {
                at: moment(*at),
                people: *people,
                told: counts.told,
                without_address: counts.without_address,
                despite: despite.clone(),
            },
            PeopleTold::Not { reason } => PeopleStanding::Not {
                reason: reason.clone(),
            },
        },
    })
}

/// `/dpo/violations/nouvelle`
pub(crate) async fn form(visit: Visit) -> Result<Response, Trouble> {
    visit.officer()?;
    let now = visit.broker().now();
    let form = BreachForm {
        known: typed_instant(now),
        ..BreachForm::default()
    };
    let view = with_organisations(&visit, form).await?;
    shown(render_breach_form(&visit.page(), &view))
}

/// Those that offers and applications are of.
async fn with_organisations(visit: &Visit, form: BreachForm) -> Result<BreachFormView, Trouble> {
    let mut read = visit.broker().read().await?;
    let offers = read.offers().await?.into_iter().map(|row| row.offer.recipient);
    let datasets = read
        .datasets()
        .await?
        .into_iter()
        .map(|row| row.dataset.recipient);
    let applications = read.applications().await?;
    let applications = applications.into_iter().map(|row| row.organisation);
    let mut found: Vec<_> = offers.chain(datasets).chain(applications).collect();
    found.sort_unstable();
    found.dedup();
    let mut organisations = Vec::new();
    for one in found {
        if let Some(row) = read.organisation(one).await? {
            organisations.push((one.to_string(), row.name));
        }
    }
    organisations.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(BreachFormView { form, organisations })
}

/// POST `/dpo/violations`
pub(crate) async fn record(posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let officer = visit.officer()?;
    let form = typed(&fields);
    let recorded = match facts(&form, visit.broker().now()) {
        Ok(facts) => visit.broker().record_breach(officer, facts).await,
        Err(errors) => {
            let view = with_organisations(&visit, BreachForm { errors, ..form }).await?;
            return returned(render_breach_form(
                &visit.page_at(paths::NEW_BREACH.to_owned()),
                &view,
            ));
        }
    };
    let id = recorded.map_err(|failure| trouble(failure, paths::NEW_BREACH))?;
    Ok(onward_with(&paths::breach(&id.to_string()), Notice::BreachSaved))
}

/// `/dpo/violations/{breach}`
pub(crate) async fn page(visit: Visit, Path(breach): Path<String>) -> Result<Response, Trouble> {
    let view = view(&visit, id(&breach)?, None, AuthorityForm::default()).await?;
    shown(render_breach(&visit.page(), &view))
}

async fn view(
    visit: &Visit,
    breach: BreachId,
    form: Option<BreachForm>,
    mut authority: AuthorityForm,
) -> Result<BreachView, Trouble> {
    let preview = visit.broker().breach_preview(visit.officer()?, breach).await;
    let preview = preview.map_err(|failure| trouble(failure, paths::BREACHES))?;
    let form = form.unwrap_or_else(|| written(&preview.breach.facts));
    if authority.at.iter().all(String::is_empty) {
        authority.at = typed_instant(visit.broker().now());
    }
    Ok(BreachView {
        line: line(visit, &preview.breach, preview.counts).await?,
        edit: with_organisations(visit, form).await?,
        authority,
    })
}

/// A page of a breach whose form came back.
async fn again(
    visit: &Visit,
    breach: BreachId,
    form: Option<BreachForm>,
    authority: AuthorityForm,
) -> Result<Response, Trouble> {
    let view = view(visit, breach, form, authority).await?;
    let here = paths::breach(&breach.to_string());
    returned(render_breach(&visit.page_at(here), &view))
}

/// POST `/dpo/violations/{breach}`
pub(crate) async fn change(Path(breach): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let (officer, breach): (_, BreachId) = (visit.officer()?, id(&breach)?);
    let form = typed(&fields);
    let here = paths::breach(&breach.to_string());
    let facts = match facts(&form, visit.broker().now()) {
        Ok(facts) => facts,
        Err(errors) => {
            let form = BreachForm { errors, ..form };
            return again(&visit, breach, Some(form), AuthorityForm::default()).await;
        }
    };
    let changed = visit.broker().change_breach(officer, breach, facts).await;
    changed.map_err(|failure| trouble(failure, &here))?;
    Ok(onward_with(&here, Notice::BreachSaved))
}

/// POST `/dpo/violations/{breach}/autorite`
pub(crate) async fn authority(Path(breach): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let (officer, breach): (_, BreachId) = (visit.officer()?, id(&breach)?);
    let text = |name: &str| fields.text(name).to_owned();
    let form = AuthorityForm {
        at: [text("date"), text("heure")],
        reference: text("reference"),
        late: text("retard"),
        ..AuthorityForm::default()
    };
    let too_long = match (form.reference.chars().count(), form.late.chars().count()) {
        (MOST_REFERENCE.., _) => Some("reference"),
        (_, MOST_WORDS..) => Some("retard"),
        _ => None,
    };
    if let Some(field) = too_long {
        let errors = wrong(field, FieldProblem::TextTooLong);
        return again(&visit, breach, None, AuthorityForm { errors, ..form }).await;
    }
    let [date, time] = &form.at;
    let told = match instant(date, time) {
        Ok(at) => AuthorityTold {
            at,
            reference: form.reference.clone(),
            late: Some(form.late.clone()).filter(|late| !late.is_empty()),
        },
        Err(problem) => {
            let errors = wrong("date", problem);
            return again(&visit, breach, None, AuthorityForm { errors, ..form }).await;
        }
    };
    let here = paths::breach(&breach.to_string());
    let problem = match visit.broker().authority_was_told(officer, breach, told).await {
        Ok(()) => return Ok(onward_with(&here, Notice::BreachSaved)),
        Err(Failure::Refused(BreachRefusal::WordsMissing)) => ("reference", FieldProblem::WordsMissing),
        Err(Failure::Refused(BreachRefusal::LateWithoutReason)) => ("retard", FieldProblem::LateReason),
        Err(Failure::Refused(BreachRefusal::AuthorityDate)) => ("date", FieldProblem::BreachDate),
        Err(failure) => return Err(trouble(failure, &here)),
    };
    let errors = wrong(problem.0, problem.1);
    again(&visit, breach, None, AuthorityForm { errors, ..form }).await
}

/// POST `/dpo/violations/{breach}/sans-avis`
pub(crate) async fn leave_untold(Path(breach): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let (officer, breach): (_, BreachId) = (visit.officer()?, id(&breach)?);
    let reason = fields.text("motif");
    let here = paths::breach(&breach.to_string());
    if reason.is_empty() || reason.chars().count() > MOST_WORDS {
        let problem = match reason.is_empty() {
            true => FieldProblem::ReasonMissing,
            false => FieldProblem::TextTooLong,
        };
        let form = AuthorityForm {
            untold: reason.to_owned(),
            errors: wrong("motif", problem),
            ..AuthorityForm::default()
        };
        return again(&visit, breach, None, form).await;
    }
    let left = visit.broker().leave_people_untold(officer, breach, reason).await;
    left.map_err(|failure| trouble(failure, &here))?;
    Ok(onward_with(&here, Notice::BreachSaved))
}

/// `/dpo/violations/{breach}/avis`: the second look.
pub(crate) async fn preview(visit: Visit, Path(breach): Path<String>) -> Result<Response, Trouble> {
    let preview = visit
        .broker()
        .breach_preview(visit.officer()?, id(&breach)?)
        .await;
    let preview = preview.map_err(|failure| trouble(failure, paths::BREACHES))?;
    let view = BreachPreviewView {
        line: line(&visit, &preview.breach, preview.counts).await?,
        people: preview.counts.people,
        without_address: preview.counts.without_address,
        ready: preview.breach.facts.can_be_told(),
        texts: preview.breach.facts.texts,
    };
    shown(render_breach_preview(&visit.page(), &view))
}

/// POST `/dpo/violations/{breach}/avis`
pub(crate) async fn tell(Path(breach): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let (officer, breach): (_, BreachId) = (visit.officer()?, id(&breach)?);
    let people: u64 = fields
        .text("personnes")
        .parse()
        .map_err(|_| Trouble::NotUnderstood)?;
    let told = visit.broker().tell_of_breach(officer, breach, people).await;
    // Sent before, another number, something missing: the second look says it.
    told.map_err(|failure| trouble(failure, &paths::breach_notice(&breach.to_string())))?;
    Ok(onward_with(
        &paths::breach(&breach.to_string()),
        Notice::BreachTelling,
    ))
}
