//! Letting people in, for officers.

use axum::response::Response;
use broker_domain::ids::{EnrolmentFormId, ParticipantId};
use broker_service::{Failure, Invitation, InviteRefusal, JoinRefusal, Newcomer, SignInRefusal};

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::lang::Lang;
use crate::page::Notice;
use crate::pages::{InviteView, InvitedView, render_invite, render_invited};
use crate::paths;
use crate::routes::fields::{Fields, Posted};
use crate::routes::phrases::moment;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, onward_with, returned, shown};

/// Longest name and address, in characters.
const LONGEST: usize = 200;

/// GET `/dpo/invitations`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    visit.officer()?;
    shown(render_invite(
        &visit.page(),
        &typed(&visit, &Fields::none(), FormErrors::default())?,
    ))
}

/// POST `/dpo/invitations`
pub(crate) async fn enrol(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.officer()?;
    let newcomer = newcomer(&fields);
    let problems = problems(&newcomer);
    if !problems.is_empty() {
        return again(&visit, &fields, FormErrors(problems));
    }
    let Ok(form) = fields.text("formulaire").parse() else {
        return Err(Trouble::NotUnderstood);
    };
    let made = visit.broker().invite_participant(&session.token, form, &newcomer);
    match made.await {
        Ok(made) => told(&visit, newcomer.name, made.participant, made.invitation),
        Err(Failure::Refused(InviteRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(Failure::Refused(InviteRefusal::SentBefore)) => again(
            &visit,
            &fields,
            FormErrors(vec![at("compteur", FieldProblem::SentBefore)]),
        ),
        Err(Failure::Refused(InviteRefusal::Join(refusal))) => {
            let problem = match refusal {
                JoinRefusal::MeterNumber => FieldProblem::MeterNumberInvalid,
                JoinRefusal::MeterTaken => FieldProblem::MeterTaken,
            };
            again(&visit, &fields, FormErrors(vec![at("compteur", problem)]))
        }
        Err(failure) => Err(refused(failure)),
    }
}

fn newcomer(fields: &Fields) -> Newcomer {
    Newcomer {
        language: lang(fields).tag().to_owned(),
        name: fields.text("nom").to_owned(),
        address: fields.text("adresse").to_owned(),
        // As it is printed on bills, in groups.
        meter_number: fields.text("compteur").split_whitespace().collect(),
    }
}

fn problems(newcomer: &Newcomer) -> Vec<FieldError> {
    let texts = [
        ("nom", &newcomer.name, FieldProblem::NameMissing),
        ("adresse", &newcomer.address, FieldProblem::AddressMissing),
    ];
    texts
        .into_iter()
        .filter_map(|(field, text, missing)| {
            let long = text.chars().count() > LONGEST;
            let problem = match (text.is_empty(), long) {
                (true, _) => missing,
                (_, true) => FieldProblem::TextTooLong,
                _ => return None,
            };
            Some(at(field, problem))
        })
        .collect()
}

fn at(field: &str, problem: FieldProblem) -> FieldError {
    FieldError {
        field: field.to_owned(),
        problem,
    }
}

fn lang(fields: &Fields) -> Lang {
    Lang::from_tag(fields.text("langue")).unwrap_or(Lang::French)
}

fn typed(visit: &Visit, fields: &Fields, errors: FormErrors) -> Result<InviteView, Trouble> {
    // Sent again after a mistake it is the same form; after it enrolled somebody, whoever goes on opens a new page.
    let form = fields.text("formulaire").parse::<EnrolmentFormId>().ok();
    let form = match form.filter(|_| errors.of("compteur") != Some(FieldProblem::SentBefore)) {
        Some(form) => form,
        None => visit.broker().fresh_enrolment_form()?,
    };
    Ok(InviteView {
        form: form.to_string(),
        name: fields.text("nom").to_owned(),
        address: fields.text("adresse").to_owned(),
        meter: fields.text("compteur").to_owned(),
        lang: lang(fields),
        errors,
    })
}

fn again(visit: &Visit, fields: &Fields, errors: FormErrors) -> Result<Response, Trouble> {
    let page = visit.page_at(paths::INVITE.to_owned());
    returned(render_invite(&page, &typed(visit, fields, errors)?))
}

fn told(
    visit: &Visit,
    name: String,
    person: ParticipantId,
    invitation: Invitation,
) -> Result<Response, Trouble> {
    let view = InvitedView {
        name: Some(name),
        person: person.to_string(),
        address: format!("{}{}", visit.pages.site.url, paths::INVITATION),
        code: invitation.code,
        expires_at: moment(invitation.expires_at),
    };
    shown(render_invited(&visit.page_at(paths::INVITE.to_owned()), &view))
}

fn refused(failure: Failure<InviteRefusal>) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        InviteRefusal::SignIn(refusal) => Trouble::SignIn(refusal),
        _ => Trouble::NotYours,
    })
}
