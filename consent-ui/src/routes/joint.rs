//! `/moi/cotitulaires`: the contracts that a person holds with others, and who must agree (gdpr-kit.md P-31); the same for officers.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::{MandateId, PointId};
use broker_domain::mandate::{GrantRule, MandateState};
use broker_service::{Failure, GivenMandate, JointOrder, MandateRefusal, MandateView, SignInRefusal};

use crate::form::{FieldError, FieldProblem, FormErrors, PeopleProblem};
use crate::page::Notice;
use crate::pages::{
    JointDeskView, JointForm, JointView, MandateCard, MandateGivenView, render_joint, render_joint_desk,
    render_mandate_given,
};
use crate::paths;
use crate::routes::fields::{Fields, Posted};
use crate::routes::mandates::{Reader, card};
use crate::routes::meters::{Meter, meters};
use crate::routes::phrases::{moment, pseudonym};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

/// Where what cannot be done leads.
fn trouble(failure: Failure<MandateRefusal>, back: &str) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        MandateRefusal::SignIn(refusal) => Trouble::SignIn(refusal),
        MandateRefusal::NotYours => Trouble::NotFound,
        MandateRefusal::Label
        | MandateRefusal::Span
        | MandateRefusal::TooMany
        | MandateRefusal::AgeUnsaid
        | MandateRefusal::Code
        | MandateRefusal::Own
        | MandateRefusal::NotAlone
        | MandateRefusal::Over => Trouble::Changed {
            onward: back.to_owned(),
        },
    })
}

/// GET `/moi/cotitulaires`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    let view = view(&visit, JointForm::default()).await?;
    shown(render_joint(&visit.page(), &view))
}

async fn view(visit: &Visit, form: JointForm) -> Result<JointView, Trouble> {
    let who = visit.participant()?;
    let own = visit.broker().own_mandates(who).await?;
    let now = visit.broker().now();
    let given = own.given.into_iter().map(|one| (one, Reader::Person));
    let held = own.held.into_iter().map(|one| (one, Reader::Delegate));
    let mut cards = Vec::new();
    for (one, reader) in given.chain(held) {
        if one.mandate.joint.is_some() && lives(&one) {
            cards.push(card(visit, one, reader).await?);
        }
    }
    let meters = meters(visit, who).await?;
    Ok(JointView {
        cards,
        meters: meters
            .iter()
            .filter(|meter| meter.is_lived_at(now))
            .map(Meter::choice)
            .collect(),
        form,
    })
}

fn lives(one: &MandateView) -> bool {
    matches!(one.state, MandateState::Open | MandateState::InForce)
}

/// What is typed.
fn form(fields: &Fields) -> JointForm {
    JointForm {
        label: fields.text("nom").to_owned(),
        meter: fields.text("compteur").to_owned(),
        rule: GrantRule::from_code(fields.text("regle")),
        errors: FormErrors::default(),
    }
}

/// What the form asks for.
fn order(form: &JointForm) -> Result<JointOrder, FormErrors> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, problem| {
        errors.push(FieldError {
            field: field.to_owned(),
            problem,
        });
    };
    let point = form.meter.parse::<PointId>().ok();
    if form.label.trim().is_empty() {
        wrong("nom", FieldProblem::NameMissing);
    }
    if point.is_none() {
        wrong("compteur", FieldProblem::MeterMissing);
    }
    if form.rule.is_none() {
        wrong("regle", FieldProblem::AnswerMissing);
    }
    match (point, form.rule, errors.as_slice()) {
        (Some(point), Some(rule), []) => Ok(JointOrder {
            label: form.label.clone(),
            point,
            rule,
        }),
        _ => Err(FormErrors(errors)),
    }
}

/// What is wrong with a form that was understood and not taken.
fn unmade(refusal: &MandateRefusal) -> Option<FormErrors> {
    let (field, problem) = match refusal {
        MandateRefusal::Label => ("nom", FieldProblem::NameMissing),
        MandateRefusal::TooMany => ("nom", FieldProblem::TooManyMandates),
        MandateRefusal::NotAlone => ("compteur", FieldProblem::People(PeopleProblem::HeldTogether)),
        _ => return None,
    };
    Some(FormErrors(vec![FieldError {
        field: field.to_owned(),
        problem,
    }]))
}

/// POST `/moi/cotitulaires`
pub(crate) async fn invite(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.participant()?;
    let form = form(&fields);
    let errors = match order(&form) {
        Err(errors) => errors,
        Ok(order) => match visit.broker().offer_joint(&session.token, &order).await {
            Ok(given) => return code_shown(&visit, order.label, given),
            Err(Failure::Refused(MandateRefusal::SignIn(SignInRefusal::ProveAgain))) => {
                return Ok(onward_with(paths::PROVE, Notice::ProveFirst));
            }
            Err(Failure::Refused(refusal)) => match unmade(&refusal) {
                Some(errors) => errors,
                None => return Err(trouble(Failure::Refused(refusal), paths::JOINT)),
            },
            Err(failure) => return Err(trouble(failure, paths::JOINT)),
        },
    };
    let view = view(&visit, JointForm { errors, ..form }).await?;
    returned(render_joint(&visit.page_at(paths::JOINT.to_owned()), &view))
}

fn code_shown(visit: &Visit, label: String, given: GivenMandate) -> Result<Response, Trouble> {
    let site = &visit.pages.site.url;
    let view = MandateGivenView {
        label,
        code: given.code,
        open_until: moment(given.open_until),
        address: format!("{site}{}", paths::MANDATES),
        join_address: format!("{site}{}", paths::JOIN_TO_ACT),
        back: match visit.officer().is_ok() {
            true => paths::JOINT_DESK,
            false => paths::JOINT,
        },
    };
    let page = visit.page_at(view.back.to_owned());
    shown(render_mandate_given(&page, &view))
}

/// POST `/moi/cotitulaires/{mandate}/regle`
pub(crate) async fn rule(Path(mandate): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.participant()?;
    let rule = GrantRule::from_code(fields.text("regle")).ok_or(Trouble::NotUnderstood)?;
    let asked = visit
        .broker()
        .ask_joint_rule(&session.token, id(&mandate)?, rule)
        .await;
    match asked {
        Ok(()) => Ok(onward_with(paths::JOINT, Notice::RuleSaid)),
        Err(Failure::Refused(MandateRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(failure) => Err(trouble(failure, paths::JOINT)),
    }
}

/// GET `/dpo/cotitulaires`
pub(crate) async fn desk_page(visit: Visit) -> Result<Response, Trouble> {
    visit.officer()?;
    shown(render_joint_desk(&visit.page(), &JointDeskView::default()))
}

/// POST `/dpo/cotitulaires`: who holds the contract of a meter. Its number stands in no address.
pub(crate) async fn desk_find(posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let officer = visit.officer()?;
    let found = visit
        .broker()
        .find_meter(officer, fields.text("numero"), None)
        .await;
    let found = found.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let page = visit.page_at(paths::JOINT_DESK.to_owned());
    let Some(found) = found else {
        let view = JointDeskView {
            form: JointForm {
                errors: FormErrors(vec![FieldError {
                    field: "numero".to_owned(),
                    problem: FieldProblem::MeterUnknown,
                }]),
                ..JointForm::default()
            },
            ..JointDeskView::default()
        };
        return returned(render_joint_desk(&page, &view));
    };
    let view = desk_view(&visit, found.point, JointForm::default()).await?;
    shown(render_joint_desk(&page, &view))
}

async fn desk_view(visit: &Visit, point: PointId, form: JointForm) -> Result<JointDeskView, Trouble> {
    let row = visit.broker().read().await?.point(point).await?;
    let row = row.ok_or(Trouble::NotFound)?;
    let mut cards: Vec<MandateCard> = Vec::new();
    for one in visit.broker().holders_shown(point).await? {
        if lives(&one) {
            // Whoever acts is named, and nothing of what she did.
            let quiet = MandateView {
                looks: Vec::new(),
                acts: Vec::new(),
                ..one
            };
            cards.push(card(visit, quiet, Reader::Person).await?);
        }
    }
    Ok(JointDeskView {
        person: Some(pseudonym(row.participant)),
        cards,
        form: JointForm {
            meter: point.to_string(),
            ..form
        },
    })
}

/// POST `/dpo/cotitulaires/invitation`
pub(crate) async fn desk_invite(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.officer()?;
    let form = form(&fields);
    let errors = match order(&form) {
        Err(errors) => errors,
        Ok(order) => match visit.broker().invite_joint(&session.token, &order).await {
            Ok(given) => return code_shown(&visit, order.label, given),
            Err(Failure::Refused(MandateRefusal::SignIn(SignInRefusal::ProveAgain))) => {
                return Ok(onward_with(paths::PROVE, Notice::ProveFirst));
            }
            Err(Failure::Refused(refusal)) => match unmade(&refusal) {
                Some(errors) => errors,
                None => return Err(trouble(Failure::Refused(refusal), paths::JOINT_DESK)),
            },
            Err(failure) => return Err(trouble(failure, paths::JOINT_DESK)),
        },
    };
    let point: PointId = id(&form.meter)?;
    let view = desk_view(&visit, point, JointForm { errors, ..form }).await?;
    let page = visit.page_at(paths::JOINT_DESK.to_owned());
    returned(render_joint_desk(&page, &view))
}

/// POST `/dpo/cotitulaires/fin`
pub(crate) async fn desk_end(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.officer()?;
    let mandate: MandateId = id(fields.text("mandat"))?;
    match visit.broker().end_joint(&session.token, mandate).await {
        Ok(()) => Ok(onward_with(paths::JOINT_DESK, Notice::MandateEnded)),
        Err(Failure::Refused(MandateRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(failure) => Err(trouble(failure, paths::JOINT_DESK)),
    }
}
