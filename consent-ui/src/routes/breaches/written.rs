//! What an officer writes about a breach: from the form to the register, and back into the form.

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::pages::{BREACH_WORDS, BreachForm, ConcernedBy};
use crate::routes::fields::Fields;
use crate::routes::phrases::{day, last_day, midnight, tomorrow, zone};
use broker_domain::breach::{BreachFacts, MOST_WORDS, Nature, Scope, Severity};
use broker_domain::time::Instant;

pub(super) fn typed_instant(at: Instant) -> [String; 2] {
    let local = at.to_timestamp().to_zoned(zone());
    [local.date().to_string(), local.strftime("%H:%M").to_string()]
}

/// What was typed, whether it is right or not.
pub(super) fn typed(fields: &Fields) -> BreachForm {
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

pub(super) fn instant(day: &str, time: &str) -> Result<Instant, FieldProblem> {
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
pub(super) fn facts(form: &BreachForm, now: Instant) -> Result<BreachFacts, FormErrors> {
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
pub(super) fn written(facts: &BreachFacts) -> BreachForm {
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
