//! `/moi/mandats` and `/mandats/agir`: who may act for a person, for whom she may, and for whom she does.

use axum::extract::{FromRequest as _, Path, Request};
use axum::response::Response;
use broker_domain::entered::AgeSaid;
use broker_domain::ids::{Digest, MandateId, ParticipantId};
use broker_domain::mandate::{LONGEST_MANDATE_SECONDS, MandateState, Power, Powers, Side};
use broker_domain::time::Interval;
use broker_service::{Claim, Failure, MandateOrder, MandateRefusal, MandateView, SignInRefusal};

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    ActForView, JoinToActView, MandateAct, MandateCard, MandateForm, MandateGivenView, MandatesView,
    OfferedView, render_act_for, render_join_to_act, render_mandate_end, render_mandate_given,
    render_mandates, render_offered,
};
use crate::paths;
use crate::routes::fields::{Fields, Posted, proof_first};
use crate::routes::gate::{self, Provenance};
use crate::routes::phrases::{day, last_day, midnight, moment, tomorrow};
use crate::routes::sharings::receipt_kind;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward, onward_with, returned, shown};
use crate::vocabulary::AwaitedWord;

/// Which side reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Person,
    Delegate,
}

fn trouble(failure: Failure<MandateRefusal>) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        MandateRefusal::SignIn(refusal) => Trouble::SignIn(refusal),
        MandateRefusal::NotYours => Trouble::NotFound,
        MandateRefusal::Label
        | MandateRefusal::AgeUnsaid
        | MandateRefusal::Span
        | MandateRefusal::TooMany
        | MandateRefusal::Code
        | MandateRefusal::Own
        | MandateRefusal::NotAlone
        | MandateRefusal::Over => Trouble::Changed {
            onward: paths::MANDATES.to_owned(),
        },
    })
}

/// GET `/moi/mandats`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    let view = view(&visit, MandateForm::default()).await?;
    shown(render_mandates(&visit.page(), &view))
}

async fn view(visit: &Visit, form: MandateForm) -> Result<MandatesView, Trouble> {
    let own = visit.broker().own_mandates(visit.participant()?).await?;
    let now = visit.broker().now();
    let mut view = MandatesView {
        given: Vec::new(),
        held: Vec::new(),
        form,
        today: day(now),
        latest: day(now.plus_seconds(LONGEST_MANDATE_SECONDS)),
    };
    for one in own.given {
        view.given.push(card(visit, one, Reader::Person).await?);
    }
    for one in own.held {
        view.held.push(card(visit, one, Reader::Delegate).await?);
    }
    Ok(view)
}

pub(super) async fn card(visit: &Visit, seen: MandateView, reader: Reader) -> Result<MandateCard, Trouble> {
    let mut acts = Vec::new();
    for act in &seen.acts {
        let mut read = visit.broker().read().await?;
        let consent = read.consent(act.consent).await?;
        let Some(consent) = consent else { continue };
        let event = consent.events.iter().find(|event| event.seq == act.seq);
        let recipient = read.organisation(consent.recipient).await?;
        if let Some((event, recipient)) = event.zip(recipient) {
            acts.push(MandateAct {
                kind: receipt_kind(event.kind),
                at: moment(act.at),
                recipient: recipient.name,
                sharing: (reader == Reader::Person).then(|| act.consent.to_string()),
            });
        }
    }
    let mandate = seen.mandate;
    Ok(MandateCard {
        id: mandate.id.to_string(),
        other: match (reader, seen.delegate) {
            (Reader::Delegate, _) => seen.person,
            // Whoever took it on may be another than whom she meant: both names stand there.
            (Reader::Person, Some(name)) if name != seen.label => format!("{name} ({})", seen.label),
            (Reader::Person, _) => seen.label,
        },
        capacity: mandate.capacity,
        powers: mandate.powers.each().collect(),
        first_day: day(mandate.span.start()),
        last_day: last_day(mandate.span.end()),
        state: seen.state,
        ended_at: mandate.ended.map(|ended| moment(ended.at)),
        basis: mandate.basis.map(|digest| digest.to_string()),
        looks: seen.looks,
        acts,
        rule: mandate.joint.map(|joint| joint.rule),
        asked: mandate.joint.and_then(|joint| joint.asked).map(|(rule, by)| {
            let mine = (by == Side::Person) == (reader == Reader::Person);
            let by = if mine {
                AwaitedWord::Mine
            } else {
                AwaitedWord::Another
            };
            (rule, by)
        }),
        leaves: reader == Reader::Delegate || mandate.joint.is_none() || seen.state != MandateState::InForce,
    })
}

/// POST `/moi/mandats`
pub(crate) async fn give(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.participant()?;
    let order = match order(&visit, &fields) {
        Ok(order) => order,
        Err(errors) => return again(&visit, &fields, errors).await,
    };
    let refused = |field: &str, problem| vec![at(field, problem)];
    match visit.broker().give_mandate(&session.token, &order).await {
        Ok(given) => {
            let site = &visit.pages.site.url;
            let view = MandateGivenView {
                label: order.label,
                code: given.code,
                open_until: moment(given.open_until),
                address: format!("{site}{}", paths::MANDATES),
                join_address: format!("{site}{}", paths::JOIN_TO_ACT),
                back: paths::MANDATES,
            };
            let page = visit.page_at(paths::MANDATES.to_owned());
            shown(render_mandate_given(&page, &view))
        }
        Err(Failure::Refused(MandateRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(Failure::Refused(MandateRefusal::Label)) => {
            again(&visit, &fields, refused("nom", FieldProblem::NameMissing)).await
        }
        Err(Failure::Refused(MandateRefusal::Span)) => {
            again(&visit, &fields, refused("fin", FieldProblem::MandateSpan)).await
        }
        Err(Failure::Refused(MandateRefusal::TooMany)) => {
            again(&visit, &fields, refused("nom", FieldProblem::TooManyMandates)).await
        }
        Err(failure) => Err(trouble(failure)),
    }
}

fn at(field: &str, problem: FieldProblem) -> FieldError {
    FieldError {
        field: field.to_owned(),
        problem,
    }
}

fn powers(fields: &Fields) -> Vec<Power> {
    let ticked = fields.all("pouvoir");
    Power::ALL
        .into_iter()
        .filter(|power| ticked.contains(&power.code()))
        .collect()
}

/// What the form asks for. The last day is still covered.
fn order(visit: &Visit, fields: &Fields) -> Result<MandateOrder, Vec<FieldError>> {
    let mut errors = Vec::new();
    let powers = Powers::of(&powers(fields));
    if powers.is_none() {
        errors.push(at("pouvoir", FieldProblem::PowersMissing));
    }
    let typed_day = |field: &str| match fields.text(field) {
        "" => Ok(None),
        typed => typed
            .parse()
            .map(Some)
            .map_err(|_| at(field, FieldProblem::DateInvalid)),
    };
    let now = visit.broker().now();
    let start = typed_day("debut").map(|first| first.map_or(Some(now), midnight));
    let end = typed_day("fin").and_then(|last| last.ok_or_else(|| at("fin", FieldProblem::DateMissing)));
    let end = end.map(|last| tomorrow(last).and_then(midnight));
    let basis = match fields.text("document") {
        "" => Ok(None),
        typed => digest(typed)
            .map(Some)
            .ok_or_else(|| at("document", FieldProblem::DigestInvalid)),
    };
    let mut keep = |error: Option<FieldError>| errors.extend(error);
    keep(start.as_ref().err().cloned());
    keep(end.as_ref().err().cloned());
    keep(basis.as_ref().err().cloned());
    if fields.text("nom").is_empty() {
        keep(Some(at("nom", FieldProblem::NameMissing)));
    }
    let (Some(powers), Ok(start), Ok(end), Ok(basis), []) = (powers, start, end, basis, errors.as_slice())
    else {
        return Err(errors);
    };
    // Today's midnight is over: from now on, then.
    let span = start
        .map(|start| start.max(now))
        .zip(end)
        .and_then(|(start, end)| Interval::new(start, end).ok());
    Ok(MandateOrder {
        label: fields.text("nom").to_owned(),
        powers,
        span: span.ok_or_else(|| vec![at("fin", FieldProblem::MandateSpan)])?,
        basis,
    })
}

/// 64 digits of hexadecimal, as `sha256sum` writes them.
pub(super) fn digest(text: &str) -> Option<Digest> {
    let mut digest = [0_u8; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != digest.len() || !rest.is_empty() {
        return None;
    }
    let nibble = |symbol: u8| {
        char::from(symbol)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(Digest(digest))
}

async fn again(visit: &Visit, fields: &Fields, errors: Vec<FieldError>) -> Result<Response, Trouble> {
    let form = MandateForm {
        label: fields.text("nom").to_owned(),
        powers: powers(fields),
        start: fields.text("debut").to_owned(),
        end: fields.text("fin").to_owned(),
        basis: fields.text("document").to_owned(),
        errors: FormErrors(errors),
    };
    let view = view(visit, form).await?;
    returned(render_mandates(&visit.page_at(paths::MANDATES.to_owned()), &view))
}

/// The claim in a form: a code, or the mandate that is kept for her.
fn claim(fields: &Fields) -> Result<(&'static str, Claim<'_>), Trouble> {
    match fields.text("mandat") {
        "" => Ok(("code", Claim::Code(fields.text("code")))),
        kept => Ok(("mandat", Claim::Kept(id(kept)?))),
    }
}

/// POST `/moi/mandats/code`: what the mandate says, before it is accepted.
pub(crate) async fn offered(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.participant()?;
    let (field, claim) = claim(&fields)?;
    match visit.broker().offered_mandate(&session.token, claim).await {
        Ok(seen) => {
            let view = OfferedView {
                card: card(&visit, seen, Reader::Delegate).await?,
                claim: (field, fields.text(field).to_owned()),
            };
            shown(render_offered(&visit.page_at(paths::MANDATES.to_owned()), &view))
        }
        Err(failure) => not_claimed(&visit, failure).await,
    }
}

/// POST `/moi/mandats/acceptation`
pub(crate) async fn accept(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.participant()?;
    let (_, claim) = claim(&fields)?;
    match visit.broker().accept_mandate(&session.token, claim).await {
        Ok(id) => {
            let row = visit.broker().read().await?.mandate(id).await?;
            let onto = match row.is_some_and(|row| row.mandate.joint.is_some()) {
                true => paths::JOINT,
                false => paths::ACT_FOR,
            };
            Ok(onward_with(onto, Notice::MandateAccepted))
        }
        Err(Failure::Refused(MandateRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(failure) => not_claimed(&visit, failure).await,
    }
}

async fn not_claimed(visit: &Visit, failure: Failure<MandateRefusal>) -> Result<Response, Trouble> {
    let problem = match failure {
        Failure::Refused(MandateRefusal::Code) => FieldProblem::CodeUnknown,
        Failure::Refused(MandateRefusal::Own) => FieldProblem::MandateOwn,
        Failure::Refused(MandateRefusal::SignIn(SignInRefusal::TooMany { .. })) => FieldProblem::TooManyCodes,
        failure => return Err(trouble(failure)),
    };
    let form = MandateForm {
        errors: FormErrors(vec![at("code", problem)]),
        ..MandateForm::default()
    };
    let view = view(visit, form).await?;
    returned(render_mandates(&visit.page_at(paths::MANDATES.to_owned()), &view))
}

/// GET `/moi/mandats/{mandate}/fin`
pub(crate) async fn end_page(visit: Visit, Path(mandate): Path<String>) -> Result<Response, Trouble> {
    let card = own_card(&visit, visit.participant()?, &mandate).await?;
    shown(render_mandate_end(&visit.page(), &card))
}

async fn own_card(visit: &Visit, who: ParticipantId, mandate: &str) -> Result<MandateCard, Trouble> {
    let wanted: MandateId = id(mandate)?;
    let own = visit.broker().own_mandates(who).await?;
    let given = own.given.into_iter().map(|seen| (seen, Reader::Person));
    let held = own.held.into_iter().map(|seen| (seen, Reader::Delegate));
    let found = given.chain(held).find(|(seen, _)| seen.mandate.id == wanted);
    let (seen, reader) = found.ok_or(Trouble::NotFound)?;
    if matches!(seen.state, MandateState::Ended(_) | MandateState::Expired) {
        return Err(Trouble::Changed {
            onward: paths::MANDATES.to_owned(),
        });
    }
    card(visit, seen, reader).await
}

/// POST `/moi/mandats/{mandate}/fin`
pub(crate) async fn end(Path(mandate): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, session, .. } = posted;
    let (who, mandate) = (visit.participant()?, id(&mandate)?);
    // To leave a contract that two hold gives the other the word over both: no idle session does.
    if visit.broker().holds_contract_by(who, mandate).await?
        && let Some(proof) = proof_first(&visit, &session).await?
    {
        return Ok(proof);
    }
    let ended = visit.broker().end_mandate(who, mandate).await;
    ended.map_err(trouble)?;
    Ok(onward_with(paths::MANDATES, Notice::MandateEnded))
}

/// GET `/mandats/agir`
pub(crate) async fn act_for_page(visit: Visit) -> Result<Response, Trouble> {
    let own = visit.broker().own_mandates(visit.own_participant()?).await?;
    let mut living = Vec::new();
    for seen in own.held {
        if seen.state == MandateState::InForce && seen.mandate.joint.is_none() {
            living.push(card(&visit, seen, Reader::Delegate).await?);
        }
    }
    shown(render_act_for(&visit.page(), &ActForView { living }))
}

/// POST `/mandats/agir`
pub(crate) async fn act_for(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let under: MandateId = id(fields.text("mandat"))?;
    let chosen = visit.broker().act_for(&session.token, Some(under)).await;
    chosen.map_err(trouble)?;
    Ok(onward_with(paths::SHARINGS, Notice::ActingForAnother))
}

/// POST `/mandats/agir/moi`
pub(crate) async fn act_for_myself(posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, session, .. } = posted;
    let chosen = visit.broker().act_for(&session.token, None).await;
    chosen.map_err(trouble)?;
    Ok(onward_with(paths::DASHBOARD, Notice::ActingForHerself))
}

/// The tick that says so; nothing else does.
pub(crate) fn age_said(fields: &Fields) -> AgeSaid {
    match fields.text("majeur") {
        "oui" => AgeSaid::OfAge,
        _ => AgeSaid::Unsaid,
    }
}

/// GET `/invitation/mandat`
pub(crate) async fn join_page(visit: Visit) -> Result<Response, Trouble> {
    shown(render_join_to_act(&visit.page(), &JoinToActView::default()))
}

/// POST `/invitation/mandat`: nobody is signed in, so that only the browser can say that the form is ours.
pub(crate) async fn join(visit: Visit, request: Request) -> Result<Response, Trouble> {
    let (parts, body) = request.into_parts();
    if gate::provenance(&parts) != Provenance::Here {
        return Err(Trouble::FormExpired);
    }
    let fields = Fields::from_request(Request::from_parts(parts, body), &()).await?;
    let (code, name) = (fields.text("code"), fields.text("nom"));
    let age = age_said(&fields);
    let problem = match visit
        .broker()
        .join_to_act(code, (name, age), visit.lang.tag())
        .await
    {
        Ok(invited) => {
            let mut response = onward(paths::FIRST_WAY);
            let code = &invited.invitation.code;
            visit.pages.site.keep_invitation(code, response.headers_mut());
            return Ok(response);
        }
        Err(Failure::Refused(MandateRefusal::Label)) => ("nom", FieldProblem::NameMissing),
        Err(Failure::Refused(MandateRefusal::AgeUnsaid)) => ("majeur", FieldProblem::AgeMissing),
        Err(Failure::Refused(MandateRefusal::Code)) => ("code", FieldProblem::CodeUnknown),
        Err(Failure::Refused(MandateRefusal::SignIn(SignInRefusal::TooMany { .. }))) => {
            ("code", FieldProblem::TooManyCodes)
        }
        Err(failure) => return Err(trouble(failure)),
    };
    let view = JoinToActView {
        name: name.to_owned(),
        errors: FormErrors(vec![at(problem.0, problem.1)]),
    };
    let page = visit.page_at(paths::JOIN_TO_ACT.to_owned());
    returned(render_join_to_act(&page, &view))
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn a_digest_is_typed_as_sha256sum_writes_it() {
        assert_eq!(digest(&"0aF1".repeat(16)).unwrap().0[..2], [0x0a, 0xf1]);
        for wrong in [String::new(), "0".repeat(63), "0".repeat(65), "g".repeat(64)] {
            assert!(digest(&wrong).is_none(), "{wrong}");
        }
    }
}
