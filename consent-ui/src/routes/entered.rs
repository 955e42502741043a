//! `/dpo/saisies`: one officer enters what a person wrote or said, another confirms it.

pub(crate) mod act;
pub(crate) mod paper;

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::response::Response;
use broker_domain::consent::Method;
use broker_domain::entered::{CannotConfirm, EnteredAct, Entry, Seen, Sheet, Standing};
use broker_domain::ids::{ConsentId, Digest, OfficerId, ParticipantId, PointId};
use broker_domain::time::Instant;
use broker_service::{
    AskRefusal, Asked, ChangeRefusal, ChoiceRefusal, EnteredRefusal, EntryForm, Failure, MoveRefusal,
    SignInRefusal,
};
use jiff::civil::Date;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    Channel, Colleagues, EnterView, EnteredDeskView, EnteredKind, EnteredLine, EnteredStanding, Pick,
    ProblemKind, RightKind, TypedEntry, render_enter, render_entered_desk,
};
use crate::paths;
use crate::routes::fields::{Fields, Posted};
use crate::routes::gate::RunsScript;
use crate::routes::mandates::age_said;
use crate::routes::phrases::{day, moment, pseudonym, state};
use crate::routes::rights::of_kind;
use crate::routes::shelf::Shelf;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward, onward_with, returned, shown};
use crate::vocabulary::SharingState;

/// Names of officers, for those who work with them.
pub(crate) struct Names(BTreeMap<OfficerId, String>);

impl Names {
    pub(crate) async fn of(visit: &Visit) -> Result<Self, Trouble> {
        let rows = visit.broker().read().await?.officers().await?;
        Ok(Self(rows.into_iter().map(|row| (row.id, row.name)).collect()))
    }

    pub(crate) fn of_officer(&self, id: OfficerId) -> String {
        self.0.get(&id).cloned().unwrap_or_default()
    }
}

pub(crate) fn line(act: &EnteredAct, names: &Names, now: Instant) -> EnteredLine {
    EnteredLine {
        id: act.id.to_string(),
        person: pseudonym(act.participant),
        kind: match act.entry {
            Entry::Grant { .. } => EnteredKind::Grant,
            Entry::Withdraw { .. } => EnteredKind::Withdraw,
            Entry::Freeze { .. } => EnteredKind::Freeze,
            Entry::Ask { .. } => EnteredKind::Ask,
            Entry::Code { .. } => EnteredKind::Code,
            Entry::Capacity { .. } => EnteredKind::Capacity,
        },
        channel: match act.method {
            Method::Phone => Channel::Phone,
            _ => Channel::Paper,
        },
        by: names.of_officer(act.by),
        at: moment(act.at),
        standing: match act.standing(now) {
            Standing::Waiting => EnteredStanding::Waiting,
            Standing::InEffect => EnteredStanding::InEffect,
            Standing::Expired => EnteredStanding::Expired,
            Standing::Confirmed => EnteredStanding::Confirmed,
            Standing::SentBack => EnteredStanding::SentBack,
            Standing::Stopped => EnteredStanding::Stopped,
        },
    }
}

pub(crate) const fn colleagues(officers: usize) -> Colleagues {
    match officers {
        0 | 1 => Colleagues::None,
        _ => Colleagues::Some,
    }
}

/// GET `/dpo/saisies`
pub(crate) async fn desk(visit: Visit) -> Result<Response, Trouble> {
    let view = desk_view(&visit, FormErrors::default()).await?;
    shown(render_entered_desk(&visit.page(), &view))
}

async fn desk_view(visit: &Visit, errors: FormErrors) -> Result<EnteredDeskView, Trouble> {
    let desk = visit.broker().entered_desk(visit.officer()?).await;
    let desk = desk.map_err(|failure| trouble(failure, paths::DESK))?;
    let names = Names::of(visit).await?;
    let now = visit.broker().now();
    let lines = |rows: &[broker_store::EnteredRow]| {
        let lines = rows.iter().map(|row| line(&row.act, &names, now));
        lines.collect()
    };
    Ok(EnteredDeskView {
        waiting: lines(&desk.waiting),
        to_post: lines(&desk.to_post),
        decided: lines(&desk.decided),
        colleagues: colleagues(desk.officers),
        errors,
    })
}

/// POST `/dpo/saisies/recherche`: by the number of the meter, which stands in no address, or by the identifier on her letters.
pub(crate) async fn find(posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let officer = visit.officer()?;
    let typed: String = fields.text("personne").split_whitespace().collect();
    let person = match typed.parse::<ParticipantId>() {
        Ok(person) => visit
            .broker()
            .read()
            .await?
            .participant(person)
            .await?
            .map(|row| row.id),
        Err(_) => {
            let found = visit.broker().find_meter(officer, &typed, None).await;
            let found = found
                .map_err(|failure| Trouble::from_failure(failure, |_: MoveRefusal| Trouble::NotYours))?;
            found.map(|found| found.participant)
        }
    };
    match person {
        Some(person) => Ok(onward(&paths::enter_for(&person.to_string()))),
        None => {
            let errors = FormErrors(vec![at("personne", FieldProblem::PersonUnknown)]);
            let view = desk_view(&visit, errors).await?;
            returned(render_entered_desk(
                &visit.page_at(paths::ENTERED.to_owned()),
                &view,
            ))
        }
    }
}

/// GET `/dpo/saisies/personne/{person}`
pub(crate) async fn page(visit: Visit, Path(person): Path<String>) -> Result<Response, Trouble> {
    let view = enter_view(&visit, id(&person)?, TypedEntry::default(), FormErrors::default()).await?;
    scripted(shown(render_enter(&visit.page(), &view)))
}

/// The page digests a scan in the browser.
fn scripted(response: Result<Response, Trouble>) -> Result<Response, Trouble> {
    response.map(|mut response| {
        response.extensions_mut().insert(RunsScript);
        response
    })
}

async fn enter_view(
    visit: &Visit,
    person: ParticipantId,
    typed: TypedEntry,
    errors: FormErrors,
) -> Result<EnterView, Trouble> {
    visit.officer()?;
    let broker = visit.broker();
    let now = broker.now();
    let mut read = broker.read().await?;
    read.participant(person).await?.ok_or(Trouble::NotFound)?;
    let points = read.points_of(person).await?;
    let consents = read.consents_of(person).await?;
    let shelf = Shelf::open(&mut *read, visit.lang).await?;
    drop(read);
    let standing = |consent: &&broker_domain::Consent| {
        matches!(
            state(consent, now),
            SharingState::Active | SharingState::Ending | SharingState::Paused { .. }
        )
    };
    let sharings = consents.iter().filter(standing).map(|consent| Pick {
        id: consent.id.to_string(),
        label: format!(
            "{}{}{}",
            shelf.recipient(consent.recipient).trading_name,
            visit.speech().say("separator"),
            shelf.purpose(consent.recipient, &consent.purpose)
        ),
    });
    let mut meters = Vec::new();
    for (number, point) in (1_usize..).zip(&points) {
        let lived = point
            .occupancy
            .departure
            .is_none_or(|departure| !departure.has_come(now));
        if lived {
            let label = visit.speech().say1("meter-label", "n", number);
            let since = visit.speech().day_words(day(point.created_at));
            meters.push(Pick {
                id: point.id.to_string(),
                label: format!("{label} ({since})"),
            });
        }
    }
    let mut forms = <[String; 4]>::default();
    for form in &mut forms {
        *form = broker.fresh_entered()?.to_string();
    }
    Ok(EnterView {
        id: person.to_string(),
        person: pseudonym(person),
        sharings: sharings.collect(),
        meters,
        forms,
        typed,
        errors,
    })
}

/// POST `/dpo/saisies/personne/{person}`
pub(crate) async fn enter(Path(person): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.officer()?;
    let person: ParticipantId = id(&person)?;
    let problem = match filled(&fields, person) {
        Ok(form) => match visit.broker().enter_act(&session.token, &form).await {
            Ok(row) => {
                let onward = paths::entered(&row.act.id.to_string());
                return Ok(onward_with(&onward, Notice::Entered));
            }
            Err(Failure::Refused(EnteredRefusal::SignIn(SignInRefusal::ProveAgain))) => {
                return Ok(onward_with(paths::PROVE, Notice::ProveFirst));
            }
            Err(Failure::Refused(refusal)) => match problem(&refusal, fields.text("volet")) {
                Some(problem) => problem,
                None => return Err(trouble(Failure::Refused(refusal), paths::ENTERED)),
            },
            Err(failure) => return Err(trouble(failure, paths::ENTERED)),
        },
        Err(problem) => problem,
    };
    let typed = TypedEntry {
        section: fields.text("volet").to_owned(),
        form: fields.text("reference").to_owned(),
        signed: fields.text("signe").to_owned(),
        arrived: fields.text("recu").to_owned(),
        scan: fields.text("empreinte").to_owned(),
        words: fields.text("mots").to_owned(),
    };
    let view = enter_view(&visit, person, typed, FormErrors(vec![problem])).await?;
    let page = visit.page_at(paths::enter_for(&person.to_string()));
    scripted(returned(render_enter(&page, &view)))
}

/// The form as it was filled in, or the first thing that is missing.
fn filled(fields: &Fields, person: ParticipantId) -> Result<EntryForm, FieldError> {
    let section = fields.text("volet");
    let missing = |field: &str| at(field, FieldProblem::AnswerMissing);
    let channel = || match fields.text("voie") {
        "papier" => Ok(Method::Paper),
        "telephone" => Ok(Method::Phone),
        _ => Err(missing(&format!("voie-{section}"))),
    };
    let (asked, method) = match section {
        "retrait" => {
            let consent = fields.text("partage").parse::<ConsentId>();
            let consent = consent.map_err(|_| missing("partage"))?;
            let asked = match fields.text("acte") {
                "retrait" => Asked::Withdraw(consent),
                "pause" => Asked::Freeze(consent),
                _ => return Err(missing("acte")),
            };
            (asked, channel()?)
        }
        "droit" => {
            let right = RightKind::from_tag(fields.text("droit")).ok_or_else(|| missing("droit"))?;
            let words = fields.text("mots").to_owned();
            (Asked::Right(of_kind(right), words), channel()?)
        }
        "accord" => {
            let point = fields.text("compteur").parse::<PointId>();
            let point = point.map_err(|_| at("compteur", FieldProblem::MeterMissing))?;
            let age = age_said(fields);
            (Asked::Grant { point, age }, Method::Paper)
        }
        _ => match fields.text("vue") {
            "oui" => (Asked::Code(Seen::InPerson), Method::Paper),
            "papier" => (Asked::Code(Seen::FromAfar), Method::Paper),
            "telephone" => (Asked::Code(Seen::FromAfar), Method::Phone),
            _ => return Err(missing("vue")),
        },
    };
    Ok(EntryForm {
        id: fields.text("saisie").parse().map_err(|_| missing("saisie"))?,
        participant: person,
        asked,
        method,
        sheet: sheet(fields, section)?,
    })
}

fn sheet(fields: &Fields, section: &str) -> Result<Sheet, FieldError> {
    let date = |field: &str| match fields.text(field) {
        "" => Ok(None),
        text => text
            .parse::<Date>()
            .map(Some)
            .map_err(|_| at(&format!("{field}-{section}"), FieldProblem::DateInvalid)),
    };
    let typed = fields.text("reference");
    if typed.chars().count() > 40 {
        return Err(at(&format!("reference-{section}"), FieldProblem::FormUnknown));
    }
    let scan = match fields.text("empreinte") {
        "" => None,
        text => {
            Some(digest(text).ok_or_else(|| at(&format!("empreinte-{section}"), FieldProblem::ScanInvalid))?)
        }
    };
    Ok(Sheet {
        form: Some(typed.to_owned()).filter(|text| !text.is_empty()),
        signed_on: date("signe")?,
        arrived_on: date("recu")?,
        scan,
    })
}

/// 64 hexadecimal digits, as `sha256sum` prints them.
fn digest(text: &str) -> Option<Digest> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?))
        .collect::<Option<Vec<u8>>>()?;
    let bytes: [u8; 32] = bytes.try_into().ok()?;
    rest.is_empty().then_some(Digest(bytes))
}

pub(crate) fn at(field: &str, problem: FieldProblem) -> FieldError {
    FieldError {
        field: field.to_owned(),
        problem,
    }
}

/// Beside which field a refusal is said; `None` for what has a page of its own.
fn problem(refusal: &EnteredRefusal, section: &str) -> Option<FieldError> {
    let beside = |field: &str, problem| Some(at(&format!("{field}-{section}"), problem));
    match refusal {
        EnteredRefusal::Days => beside("recu", FieldProblem::EntryDays),
        EnteredRefusal::Scan => beside("empreinte", FieldProblem::ScanMissing),
        EnteredRefusal::Form => beside("reference", FieldProblem::FormUnknown),
        EnteredRefusal::NotByTelephone => beside("voie", FieldProblem::KindMissing),
        EnteredRefusal::Choice(ChoiceRefusal::TooWeak { .. }) => {
            beside("reference", FieldProblem::SignatureNeeded)
        }
        EnteredRefusal::Choice(ChoiceRefusal::AlreadyGiven) => {
            beside("reference", FieldProblem::SharedAlready)
        }
        EnteredRefusal::Choice(ChoiceRefusal::ChangedSince) => beside("signe", FieldProblem::ChangedSince),
        EnteredRefusal::Choice(ChoiceRefusal::HomeLeft | ChoiceRefusal::NotYours) => {
            Some(at("compteur", FieldProblem::MeterMissing))
        }
        EnteredRefusal::Change(ChangeRefusal::PausedLonger) => Some(at("acte", FieldProblem::PausedLonger)),
        EnteredRefusal::Ask(AskRefusal::NoWords) => Some(at("mots", FieldProblem::WordsMissing)),
        EnteredRefusal::Ask(AskRefusal::TooLong) => Some(at("mots", FieldProblem::TextTooLong)),
        EnteredRefusal::Ask(AskRefusal::TooMany) => Some(at("mots", FieldProblem::TooManyRequests)),
        EnteredRefusal::AgeUnsaid => Some(at("majeur", FieldProblem::AgeOnForm)),
        EnteredRefusal::SentBefore => beside("reference", FieldProblem::SentBefore),
        _ => None,
    }
}

/// What is told of an act that stays as it is.
const fn why(refusal: &EnteredRefusal) -> ProblemKind {
    match refusal {
        EnteredRefusal::BeforeRestore => ProblemKind::EnteredBeforeRestore,
        EnteredRefusal::Cannot(CannotConfirm::Decided) => ProblemKind::EnteredDecided,
        EnteredRefusal::Cannot(CannotConfirm::Expired) => ProblemKind::EnteredExpired,
        EnteredRefusal::CodeNotNow | EnteredRefusal::CodeUsed => ProblemKind::CodeNotNow,
        EnteredRefusal::Choice(ChoiceRefusal::CapacityWaits) => ProblemKind::CapacityWaits,
        EnteredRefusal::Choice(_) | EnteredRefusal::Change(_) => ProblemKind::EnteredNotGiven,
        EnteredRefusal::Cannot(CannotConfirm::SamePerson)
        | EnteredRefusal::SignIn(_)
        | EnteredRefusal::NotAllowed
        | EnteredRefusal::Unknown
        | EnteredRefusal::NotByTelephone
        | EnteredRefusal::Days
        | EnteredRefusal::Scan
        | EnteredRefusal::Form
        | EnteredRefusal::AgeUnsaid
        | EnteredRefusal::SentBefore
        | EnteredRefusal::Reason
        | EnteredRefusal::Ask(_) => ProblemKind::Changed,
    }
}

pub(crate) fn trouble(failure: Failure<EnteredRefusal>, here: &str) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        EnteredRefusal::SignIn(refusal) => Trouble::SignIn(refusal),
        EnteredRefusal::NotAllowed => Trouble::NotYours,
        EnteredRefusal::Unknown => Trouble::NotFound,
        refusal => Trouble::Because {
            why: why(&refusal),
            onward: here.to_owned(),
        },
    })
}
