//! `/dpo/personnes-morales`: companies and communes, for officers.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::{MandateId, ParticipantId, PointId};
use broker_domain::legal::{LegalKind, LineProblem, ListProblem, RegisterNumber, Shows, read_list};
use broker_domain::policy::Principal;
use broker_domain::time::Instant;
use broker_service::{
    Failure, LegalFacts, LegalNewcomer, LegalRefusal, MandateRefusal, RepresentOrder, SignInRefusal, Site,
};

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::lang::Lang;
use crate::page::Notice;
use crate::pages::{
    LegalDeskView, LegalKindWord, LegalLine, LegalPersonView, LegalTyped, RepresentativeNamedView, SiteLine,
    WrongLine, render_legal_desk, render_legal_person, render_representative_named,
};
use crate::paths;
use crate::routes::changes::wrong;
use crate::routes::fields::{Fields, Posted, proof_first};
use crate::routes::mandates::{Reader, card, digest};
use crate::routes::phrases::{midnight, moment, tomorrow};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{PAGE_LINES, Visit, id, onward, onward_with, returned, shown};

/// Longest name and seat, in characters.
const LONGEST: usize = 200;
/// Points on one page.
const POINTS: usize = 100;

fn trouble(failure: Failure<LegalRefusal>) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        LegalRefusal::Unknown => Trouble::NotFound,
        LegalRefusal::SignIn(refusal) => Trouble::SignIn(refusal),
        LegalRefusal::NumberTaken | LegalRefusal::List(_) | LegalRefusal::AsideAlready => Trouble::Changed {
            onward: paths::LEGAL_DESK.to_owned(),
        },
    })
}

fn mandate_trouble(failure: Failure<MandateRefusal>, person: &str) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        MandateRefusal::NotYours => Trouble::NotFound,
        MandateRefusal::SignIn(refusal) => Trouble::SignIn(refusal),
        _ => Trouble::Changed {
            onward: paths::legal_person(person),
        },
    })
}

/// GET `/dpo/personnes-morales`
pub(crate) async fn desk(visit: Visit) -> Result<Response, Trouble> {
    let view = desk_view(&visit, &Fields::none(), FormErrors::default()).await?;
    shown(render_legal_desk(&visit.page(), &view))
}

async fn desk_view(visit: &Visit, fields: &Fields, errors: FormErrors) -> Result<LegalDeskView, Trouble> {
    let officer = visit.officer()?;
    let before = visit.before().and_then(|micros| i64::try_from(micros).ok());
    let before = before.and_then(|micros| Instant::from_micros(micros).ok());
    let before = before.unwrap_or_else(|| visit.broker().now().plus_seconds(1));
    let found = visit
        .broker()
        .legal_desk(officer, before, PAGE_LINES)
        .await
        .map_err(trouble)?;
    let full = found.len() >= usize::try_from(PAGE_LINES).unwrap_or(usize::MAX);
    let older = found
        .last()
        .filter(|_| full)
        .and_then(|last| u64::try_from(last.added_at.as_micros()).ok());
    let form = fields.text("formulaire").parse().ok();
    Ok(LegalDeskView {
        lines: found.iter().map(line).collect(),
        pager: visit.pager(older),
        form: match form {
            Some(form) => form,
            None => visit.broker().fresh_enrolment_form()?,
        }
        .to_string(),
        name: fields.text("nom").to_owned(),
        address: fields.text("adresse").to_owned(),
        number: fields.text("numero").to_owned(),
        kind: LegalKind::from_code(fields.text("genre")),
        lang: Lang::from_tag(fields.text("langue")).unwrap_or(Lang::French),
        errors,
    })
}

fn line(facts: &LegalFacts) -> LegalLine {
    LegalLine {
        id: facts.participant.to_string(),
        name: facts.name.clone(),
        address: facts.address.clone(),
        kind: LegalKindWord(facts.kind),
        number: format!("{} {}", facts.register, facts.number),
        added_at: moment(facts.added_at),
    }
}

/// POST `/dpo/personnes-morales`
pub(crate) async fn enrol(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.officer()?;
    let newcomer = match newcomer(&fields) {
        Ok(newcomer) => newcomer,
        Err(errors) => return desk_again(&visit, &fields, errors).await,
    };
    let Ok(form) = fields.text("formulaire").parse() else {
        return Err(Trouble::NotUnderstood);
    };
    match visit
        .broker()
        .enrol_legal_person(&session.token, form, &newcomer)
        .await
    {
        Ok(person) => Ok(onward(&paths::legal_person(&person.to_string()))),
        Err(Failure::Refused(LegalRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(Failure::Refused(LegalRefusal::NumberTaken)) => {
            desk_again(&visit, &fields, wrong("numero", FieldProblem::RegisterTaken)).await
        }
        Err(failure) => Err(trouble(failure)),
    }
}

async fn desk_again(visit: &Visit, fields: &Fields, errors: FormErrors) -> Result<Response, Trouble> {
    let view = desk_view(visit, fields, errors).await?;
    returned(render_legal_desk(
        &visit.page_at(paths::LEGAL_DESK.to_owned()),
        &view,
    ))
}

fn newcomer(fields: &Fields) -> Result<LegalNewcomer, FormErrors> {
    let mut errors = Vec::new();
    let mut add = |field: &str, problem| {
        errors.push(FieldError {
            field: field.to_owned(),
            problem,
        });
    };
    for (field, missing) in [
        ("nom", FieldProblem::NameMissing),
        ("adresse", FieldProblem::AddressMissing),
    ] {
        match fields.text(field).chars().count() {
            0 => add(field, missing),
            LONGEST.. => add(field, FieldProblem::TextTooLong),
            _ => {}
        }
    }
    let kind = LegalKind::from_code(fields.text("genre"));
    if kind.is_none() {
        add("genre", FieldProblem::KindMissing);
    }
    let number = RegisterNumber::parse(fields.text("numero"));
    if number.is_err() {
        add("numero", FieldProblem::RegisterInvalid);
    }
    match (kind, number, errors.as_slice()) {
        (Some(kind), Ok(number), []) => Ok(LegalNewcomer {
            language: Lang::from_tag(fields.text("langue"))
                .unwrap_or(Lang::French)
                .tag()
                .to_owned(),
            name: fields.text("nom").to_owned(),
            address: fields.text("adresse").to_owned(),
            kind,
            number,
        }),
        _ => Err(FormErrors(errors)),
    }
}

/// GET `/dpo/personnes-morales/{person}`
pub(crate) async fn page(visit: Visit, Path(person): Path<String>) -> Result<Response, Trouble> {
    let view = view(&visit, id(&person)?, Back::default()).await?;
    shown(render_legal_person(&visit.page(), &view))
}

/// What came back in a form.
#[derive(Default)]
struct Back {
    typed: LegalTyped,
    wrong: Vec<WrongLine>,
    errors: FormErrors,
}

async fn view(visit: &Visit, person: ParticipantId, back: Back) -> Result<LegalPersonView, Trouble> {
    let officer = visit.officer()?;
    let (facts, sites) = visit
        .broker()
        .legal_person(officer, person)
        .await
        .map_err(trouble)?;
    let seen = visit.broker().representatives(officer, person).await;
    let mut representatives = Vec::new();
    for mandate in seen.map_err(|failure| mandate_trouble(failure, &person.to_string()))? {
        // The person's side: what is done is hers to see, not the officer's.
        let mut card = card(visit, mandate, Reader::Person).await?;
        (card.acts, card.looks) = (Vec::new(), Vec::new());
        representatives.push(card);
    }
    let pages = sites.len().div_ceil(POINTS).max(1);
    let page = visit
        .asked("page")
        .and_then(|page| page.parse().ok())
        .unwrap_or(1_usize);
    let page = page.clamp(1, pages);
    let skipped = page.saturating_sub(1).saturating_mul(POINTS);
    Ok(LegalPersonView {
        facts: line(&facts),
        representatives,
        total: sites.len(),
        sites: sites.iter().skip(skipped).take(POINTS).map(site).collect(),
        page,
        pages,
        typed: back.typed,
        wrong: back.wrong,
        errors: back.errors,
    })
}

fn site(site: &Site) -> SiteLine {
    SiteLine {
        id: site.point.to_string(),
        name: site.name.clone(),
        last: site.last.clone(),
        aside: site.shows == Shows::Person,
        left: site.left,
    }
}

async fn again(visit: &Visit, person: ParticipantId, back: Back) -> Result<Response, Trouble> {
    let view = view(visit, person, back).await?;
    let page = visit.page_at(paths::legal_person(&person.to_string()));
    returned(render_legal_person(&page, &view))
}

/// POST `/dpo/personnes-morales/{person}/representant`
pub(crate) async fn name(Path(person): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.officer()?;
    let person: ParticipantId = id(&person)?;
    let typed = LegalTyped {
        label: fields.text("nom").to_owned(),
        until: fields.text("fin").to_owned(),
        basis: fields.text("document").to_owned(),
        list: String::new(),
    };
    let back = |field: &str, problem| Back {
        typed: typed.clone(),
        errors: wrong(field, problem),
        ..Back::default()
    };
    let order = match representation(person, &typed) {
        Ok(order) => order,
        Err((field, problem)) => return again(&visit, person, back(field, problem)).await,
    };
    match visit.broker().name_representative(&session.token, &order).await {
        Ok(given) => {
            let site = &visit.pages.site.url;
            let view = RepresentativeNamedView {
                person: person.to_string(),
                label: order.label,
                code: given.code,
                open_until: moment(given.open_until),
                address: format!("{site}{}", paths::MANDATES),
                join_address: format!("{site}{}", paths::JOIN_TO_ACT),
            };
            let page = visit.page_at(paths::legal_person(&person.to_string()));
            shown(render_representative_named(&page, &view))
        }
        Err(Failure::Refused(MandateRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(Failure::Refused(MandateRefusal::Label)) => {
            again(&visit, person, back("nom", FieldProblem::TextTooLong)).await
        }
        Err(Failure::Refused(MandateRefusal::Span)) => {
            again(&visit, person, back("fin", FieldProblem::DayOutOfReach)).await
        }
        Err(Failure::Refused(MandateRefusal::TooMany)) => {
            again(&visit, person, back("nom", FieldProblem::TooManyMandates)).await
        }
        Err(failure) => Err(mandate_trouble(failure, &person.to_string())),
    }
}

/// What the form asks for. The last day is still covered.
fn representation(
    person: ParticipantId,
    typed: &LegalTyped,
) -> Result<RepresentOrder, (&'static str, FieldProblem)> {
    if typed.label.is_empty() {
        return Err(("nom", FieldProblem::NameMissing));
    }
    let last = typed.until.parse().ok();
    let until = last.and_then(tomorrow).and_then(midnight);
    Ok(RepresentOrder {
        person,
        label: typed.label.clone(),
        until: until.ok_or(("fin", FieldProblem::DateInvalid))?,
        basis: digest(&typed.basis).ok_or(("document", FieldProblem::DigestInvalid))?,
    })
}

/// POST `/dpo/personnes-morales/{person}/representant/{mandate}/fin`
pub(crate) async fn end(
    Path((person, mandate)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, Trouble> {
    let visit = posted.visit;
    let mandate: MandateId = id(&mandate)?;
    let ended = visit.broker().end_representation(visit.officer()?, mandate).await;
    ended.map_err(|failure| mandate_trouble(failure, &person))?;
    Ok(onward_with(
        &paths::legal_person(&person),
        Notice::RepresentationEnded,
    ))
}

/// POST `/dpo/personnes-morales/{person}/points`
pub(crate) async fn add_points(Path(person): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.officer()?;
    let person: ParticipantId = id(&person)?;
    let list = fields.text("liste");
    let refused = |problem: &ListProblem| Back {
        typed: LegalTyped {
            list: list.to_owned(),
            ..LegalTyped::default()
        },
        wrong: told(problem),
        errors: wrong("liste", FieldProblem::ListWrong),
    };
    let lines = match read_list(list.as_bytes()) {
        Ok(lines) => lines,
        Err(problem) => return again(&visit, person, refused(&problem)).await,
    };
    match visit.broker().add_points(&session.token, person, &lines).await {
        Ok(_) => Ok(onward_with(
            &paths::legal_person(&person.to_string()),
            Notice::PointsAdded,
        )),
        Err(Failure::Refused(LegalRefusal::List(problem))) => again(&visit, person, refused(&problem)).await,
        Err(Failure::Refused(LegalRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(failure) => Err(trouble(failure)),
    }
}

/// Each wrong line with what to do.
fn told(problem: &ListProblem) -> Vec<WrongLine> {
    let one = |line, what| vec![WrongLine { line, what }];
    match problem {
        ListProblem::Encoding { line } => one(*line, "list-encoding"),
        ListProblem::Empty => one(0, "list-empty"),
        ListProblem::TooMany => one(0, "list-too-many"),
        ListProblem::Lines(lines) => lines
            .iter()
            .map(|(line, problem)| WrongLine {
                line: *line,
                what: match problem {
                    LineProblem::Columns => "line-columns",
                    LineProblem::Number => "line-number",
                    LineProblem::Name => "line-name",
                    LineProblem::Person => "line-person",
                    LineProblem::Twice => "line-twice",
                    LineProblem::Listed => "line-listed",
                    LineProblem::Taken => "line-taken",
                    LineProblem::Lived => "line-lived",
                },
            })
            .collect(),
    }
}

/// POST `/dpo/personnes-morales/{person}/points/{point}/personne`
pub(crate) async fn aside(
    Path((person, point)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, Trouble> {
    let visit = posted.visit;
    let point: PointId = id(&point)?;
    let aside = visit.broker().set_point_aside(visit.officer()?, point).await;
    aside.map_err(trouble)?;
    Ok(onward_with(&paths::legal_person(&person), Notice::PointAside))
}

/// POST `/dpo/personnes-morales/{person}/cloture`
pub(crate) async fn close(Path(person): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let officer = visit.officer()?;
    let person: ParticipantId = id(&person)?;
    if fields.text("confirme") != "oui" {
        let back = Back {
            errors: wrong("confirme", FieldProblem::ConfirmationMissing),
            ..Back::default()
        };
        return again(&visit, person, back).await;
    }
    if let Some(proof) = proof_first(&visit, &session).await? {
        return Ok(proof);
    }
    // Only a legal person is closed here: the erasure of a person is asked for by herself, or through the rights desk.
    visit
        .broker()
        .legal_person(officer, person)
        .await
        .map_err(trouble)?;
    let erased = visit.broker().erase(Principal::Officer(officer), person).await;
    erased.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    Ok(onward_with(paths::LEGAL_DESK, Notice::LegalPersonClosed))
}
