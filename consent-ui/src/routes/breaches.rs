//! `/dpo/violations`: the register of breaches.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::breach::{
    AuthorityTold, Breach, BreachFacts, MOST_WORDS, Nature, PeopleTold, Scope, Severity,
};
use broker_domain::ids::BreachId;
use broker_domain::time::Instant;
use broker_service::{BreachRefusal, Failure, RegisterEntry};
use broker_store::BreachCounts;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    AuthorityForm, AuthorityStanding, BREACH_WORDS, BreachForm, BreachFormView, BreachLine,
    BreachPreviewView, BreachView, BreachesView, ConcernedBy, PeopleStanding, render_breach,
    render_breach_form, render_breach_preview, render_breaches,
};
use crate::paths;
use crate::routes::changes::wrong;
use crate::routes::fields::{Fields, Posted};
use crate::routes::phrases::{day, last_day, midnight, moment, tomorrow, zone};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

/// A reference of an authority has fewer characters.
const MOST_REFERENCE: usize = 201;

fn trouble(failure: Failure<BreachRefusal>, onward: &str) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        BreachRefusal::NotAllowed => Trouble::NotYours,
        BreachRefusal::Unknown => Trouble::NotFound,
        BreachRefusal::Facts(_)
        | BreachRefusal::Decided
        | BreachRefusal::NotReady
        | BreachRefusal::NumberChanged
        | BreachRefusal::WordsMissing
        | BreachRefusal::LateWithoutReason
        | BreachRefusal::KnownAtStays
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

fn typed_instant(at: Instant) -> [String; 2] {
    let local = at.to_timestamp().to_zoned(zone());
    [local.date().to_string(), local.strftime("%H:%M").to_string()]
}

/// What was typed, whether it is right or not.
fn typed(fields: &Fields) -> BreachForm {
    let text = |name: &str| fields.text(name).to_owned();
    BreachForm {
        known: [text("connue"), text("connue-heure")],
        nature: fields.all("nature").into_iter().map(str::to_owned).collect(),
        severity: text("gravite"),
        concerned: text("portee"),
        organisation: text("organisation"),
        subject: text("objet"),
        span: [text("debut"), text("fin")],
        words: BREACH_WORDS.map(|name| text(name).replace("\r\n", "\n")),
        errors: FormErrors::default(),
    }
}

fn instant(day: &str, time: &str) -> Result<Instant, FieldProblem> {
    if day.is_empty() {
        return Err(FieldProblem::DateMissing);
    }
    let wrong = |_| FieldProblem::DateInvalid;
    let day: jiff::civil::Date = day.parse().map_err(wrong)?;
    let time = if time.is_empty() { "00:00" } else { time };
    let time: jiff::civil::Time = time.parse().map_err(wrong)?;
    let at = day.to_datetime(time).to_zoned(zone()).map_err(wrong)?;
    Instant::from_micros(at.timestamp().as_microsecond()).map_err(|_| FieldProblem::DateInvalid)
}

fn scope(form: &BreachForm) -> Result<Scope, (&'static str, FieldProblem)> {
    let unknown = |_| ("objet", FieldProblem::BreachSubject);
    match ConcernedBy::from_tag(&form.concerned) {
        Some(ConcernedBy::All) => Ok(Scope::All),
        Some(ConcernedBy::Recipient) => match form.organisation.parse() {
            Ok(organisation) => Ok(Scope::Recipient(organisation)),
            Err(_) => Err(("portee", FieldProblem::BreachSubject)),
        },
        Some(ConcernedBy::Consent) => form.subject.parse().map(Scope::Consent).map_err(unknown),
        Some(ConcernedBy::Gateway) => form.subject.parse().map(Scope::Gateway).map_err(unknown),
        Some(ConcernedBy::Erased) | None => Err(("portee", FieldProblem::KindMissing)),
    }
}

fn span(form: &BreachForm) -> Result<[Option<Instant>; 2], FieldProblem> {
    let [from, until] = &form.span;
    let parsed = |typed: &str| match typed {
        "" => Ok(None),
        typed => typed.parse().map(Some).map_err(|_| FieldProblem::DateInvalid),
    };
    // The last day is in it.
    let until = parsed(until)?.and_then(tomorrow).and_then(midnight);
    Ok([parsed(from)?.and_then(midnight), until])
}

/// The texts that are too long, or missing where they are needed from the beginning.
fn wrong_words(form: &BreachForm) -> impl Iterator<Item = (&'static str, FieldProblem)> {
    BREACH_WORDS
        .into_iter()
        .zip(&form.words)
        .filter_map(|(name, words)| {
            if words.chars().count() > MOST_WORDS {
                Some((name, FieldProblem::TextTooLong))
            } else if words.is_empty() && ["faits", "contact"].contains(&name) {
                Some((name, FieldProblem::WordsMissing))
            } else {
                None
            }
        })
}

/// What was typed as facts; every mistake at once.
fn facts(form: &BreachForm, now: Instant) -> Result<BreachFacts, FormErrors> {
    let mut errors = Vec::new();
    let mut note = |field: &str, problem| {
        errors.push(FieldError {
            field: field.to_owned(),
            problem,
        });
    };
    let [date, time] = &form.known;
    let known_at = instant(date, time)
        .map_err(|problem| note("connue", problem))
        .ok();
    if known_at.is_some_and(|at| now < at) {
        note("connue", FieldProblem::BreachDate);
    }
    let nature: Vec<Nature> = form
        .nature
        .iter()
        .filter_map(|code| Nature::from_code(code))
        .collect();
    if nature.is_empty() {
        note("nature", FieldProblem::BreachNature);
    }
    let severity = Severity::from_code(&form.severity);
    if severity.is_none() {
        note("gravite", FieldProblem::KindMissing);
    }
    let scope = scope(form).map_err(|(field, problem)| note(field, problem)).ok();
    let span = span(form).map_err(|problem| note("periode", problem)).ok();
    if let Some([Some(from), Some(until)]) = span
        && until <= from
    {
        note("periode", FieldProblem::PeriodReversed);
    }
    for (name, problem) in wrong_words(form) {
        note(name, problem);
    }
    let (Some(known_at), Some(severity), Some(scope), Some([from, until]), true) =
        (known_at, severity, scope, span, errors.is_empty())
    else {
        return Err(FormErrors(errors));
    };
    let word = |place: usize| form.words.get(place).cloned().unwrap_or_default();
    Ok(BreachFacts {
        known_at,
        nature,
        severity,
        scope,
        from,
        until,
        happened: word(0),
        data_kinds: word(1),
        consequences: word(2),
        measures: word(3),
        contact: word(4),
        texts: [word(5), word(6), word(7)],
    })
}

/// What is written, as the form shows it.
fn written(facts: &BreachFacts) -> BreachForm {
    let [french, english, dutch] = facts.texts.clone();
    let (concerned, organisation, subject) = match facts.scope {
        Scope::All => (ConcernedBy::All, String::new(), String::new()),
        Scope::Recipient(id) => (ConcernedBy::Recipient, id.to_string(), String::new()),
        Scope::Consent(id) => (ConcernedBy::Consent, String::new(), id.to_string()),
        Scope::Gateway(id) => (ConcernedBy::Gateway, String::new(), id.to_string()),
        Scope::Erased => (ConcernedBy::Erased, String::new(), String::new()),
    };
    BreachForm {
        known: typed_instant(facts.known_at),
        nature: facts
            .nature
            .iter()
            .map(|nature| nature.code().to_owned())
            .collect(),
        severity: facts.severity.code().to_owned(),
        concerned: concerned.tag().to_owned(),
        organisation,
        subject,
        span: [
            facts.from.map(|at| day(at).to_string()).unwrap_or_default(),
            facts.until.map(|at| last_day(at).to_string()).unwrap_or_default(),
        ],
        words: [
            facts.happened.clone(),
            facts.data_kinds.clone(),
            facts.consequences.clone(),
            facts.measures.clone(),
            facts.contact.clone(),
            french,
            english,
            dutch,
        ],
        errors: FormErrors::default(),
    }
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
