//! `/moi/partages/nouveau`: what one could agree to, the consent screen, and the answer.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::consent::{EventKind, EvidenceLevel};
use broker_domain::ids::{ConsentId, OfferId, PointId};
use broker_service::{Choice, ChoiceRefusal, Failure};

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::pages::{
    Answer, AnswerOutcome, AnsweredView, Asks, FullNotice, OfferChoice, OfferView, OffersView, ProblemKind,
    ReceiptKind, Signing, render_answered, render_offer, render_offers,
};
use crate::paths;
use crate::routes::fields::{Fields, Posted};
use crate::routes::gate::RunsScript;
use crate::routes::holdings::Holdings;
use crate::routes::notice_text::{if_refused, sections};
use crate::routes::phrases::{day, granularity, last_day, proof};
use crate::routes::sharings::receipts;
use crate::routes::shelf::Asked;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward, returned, shown};
use crate::vocabulary::DataKind;

/// `/moi/partages/nouveau`
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    let holdings = Holdings::of(&visit, visit.hand()?).await?;
    shown(render_offers(
        &visit.page(),
        &OffersView {
            offers: holdings.open_offers(),
        },
    ))
}

/// `/moi/partages/nouveau/{offer}`
pub(crate) async fn offer(visit: Visit, Path(offer): Path<String>) -> Result<Response, Trouble> {
    let who = visit.hand()?;
    let holdings = Holdings::of(&visit, who).await?;
    let asked = holdings.shelf.asked(id(&offer)?).ok_or(Trouble::NotFound)?;
    let offer = asked.row.offer.id;
    visit
        .broker()
        .notice_was_served(who.person(), offer, asked.notice.digest)
        .await?;
    let view = screen(&holdings, asked, signing(&visit).await?, Typed::default());
    Ok(with_script(shown(render_offer(&visit.page(), &view))?, &view))
}

/// The page on which terms can be signed runs the script that asks for the signature.
fn with_script(response: Response, view: &OfferView) -> Response {
    running_script(response, view.signing)
}

/// The same for any page.
pub(super) fn running_script(mut response: Response, signing: Signing) -> Response {
    if signing == Signing::Offered {
        response.extensions_mut().insert(RunsScript);
    }
    response
}

/// Whether the person can sign here.
pub(super) async fn signing(visit: &Visit) -> Result<Signing, Trouble> {
    let can = visit.broker().can_sign(visit.hand()?).await?;
    Ok(if can { Signing::Offered } else { Signing::Absent })
}

/// What came back in a form. Where the person starts, nothing is selected.
struct Typed {
    answer: Answer,
    meter: Option<String>,
    errors: FormErrors,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            answer: Answer::Unanswered,
            meter: None,
            errors: FormErrors::default(),
        }
    }
}

fn screen(holdings: &Holdings, asked: &Asked, signing: Signing, typed: Typed) -> OfferView {
    let offer = &asked.row.offer;
    let end = holdings.now.plus_seconds(i64::from(offer.days) * 86_400);
    let choice = OfferChoice {
        id: offer.id.to_string(),
        purpose: asked.notice.title.clone(),
        data: DataKind::Consumption,
        granularity: granularity(Some(offer.step)),
        covers_from: day(holdings.now),
        ends_on: last_day(end),
        if_refused: if_refused(&asked.notice.text),
        answer: typed.answer,
    };
    OfferView {
        id: offer.id.to_string(),
        recipient: holdings.shelf.recipient(offer.recipient),
        choices: vec![choice],
        meters: holdings
            .meters
            .iter()
            .filter(|meter| meter.is_lived_at(holdings.now))
            .map(crate::routes::meters::Meter::choice)
            .collect(),
        chosen_meter: typed.meter,
        notice: FullNotice {
            title: asked.notice.title.clone(),
            sha256: asked.notice.digest.to_string(),
            language: asked.notice.language.clone(),
            sections: sections(&asked.notice.text),
        },
        signing,
        asks: asks(asked.row.evidence),
        errors: typed.errors,
    }
}

/// POST `/moi/partages/nouveau/{offer}`
pub(crate) async fn answer(Path(offer): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        fields,
        session,
    } = posted;
    let who = visit.hand()?;
    let offer: OfferId = id(&offer)?;
    let holdings = Holdings::of(&visit, who).await?;
    let asked = holdings.shelf.asked(offer).ok_or(Trouble::NotFound)?;
    let signing = signing(&visit).await?;
    let again = |typed: Typed| {
        let page = visit.page_at(paths::offer(&offer.to_string()));
        let view = screen(&holdings, asked, signing, typed);
        Ok(with_script(returned(render_offer(&page, &view))?, &view))
    };
    let choice = match read_choice(&fields, asked) {
        Ok(choice) => Choice {
            proved_at: session.proved_at,
            ..choice
        },
        Err(typed) => return again(typed),
    };
    let because = |why| Trouble::Because {
        why,
        onward: paths::SHARINGS.to_owned(),
    };
    match visit.broker().choose(who, choice).await {
        Ok(chosen) => Ok(onward(&paths::answered(&chosen.consent.to_string()))),
        // They must read the new text before they answer, so the old answer is not kept.
        Err(Failure::Refused(ChoiceRefusal::NoticeChanged)) => again(notice_changed()),
        Err(Failure::Refused(ChoiceRefusal::TooWeak { needed })) => again(Typed {
            answer: Answer::Accept,
            meter: Some(choice.point.to_string()),
            errors: too_weak(offer, needed),
        }),
        Err(failure) => Err(Trouble::from_failure(failure, |refusal| match refusal {
            ChoiceRefusal::UnknownOffer | ChoiceRefusal::NotYours => Trouble::NotFound,
            ChoiceRefusal::Objected => because(ProblemKind::WithOfficer),
            ChoiceRefusal::CapacityWaits => because(ProblemKind::CapacityWaits),
            // Signatures come by another door.
            ChoiceRefusal::NoticeChanged
            | ChoiceRefusal::AlreadyGiven
            | ChoiceRefusal::ChangedSince
            | ChoiceRefusal::HomeLeft
            | ChoiceRefusal::TooWeak { .. }
            | ChoiceRefusal::NoKey
            | ChoiceRefusal::Signature(_) => Trouble::Changed {
                onward: paths::SHARINGS.to_owned(),
            },
        })),
    }
}

/// What the recipient asks besides a click.
pub(super) fn asks(evidence: EvidenceLevel) -> Asks {
    match evidence {
        EvidenceLevel::L1 => Asks::Click,
        EvidenceLevel::L2 => Asks::Proof,
        EvidenceLevel::L3 | EvidenceLevel::L4 | EvidenceLevel::L5 => Asks::Signature,
    }
}

fn too_weak(offer: OfferId, needed: EvidenceLevel) -> FormErrors {
    let problem = match asks(needed) {
        Asks::Signature => FieldProblem::SignatureNeeded,
        Asks::Proof | Asks::Click => FieldProblem::ProofNeeded,
    };
    FormErrors(vec![FieldError {
        field: format!("answer-{offer}"),
        problem,
    }])
}

fn notice_changed() -> Typed {
    let error = FieldError {
        field: "notice".into(),
        problem: FieldProblem::NoticeChanged,
    };
    Typed {
        errors: FormErrors(vec![error]),
        ..Typed::default()
    }
}

/// The choice in a form, bound to the notice that was shown with it.
fn read_choice(fields: &Fields, asked: &Asked) -> Result<Choice, Typed> {
    let offer = &asked.row.offer;
    let shown = asked
        .row
        .notices()
        .into_iter()
        .find(|digest| digest.to_string() == fields.text("notice"));
    let Some(notice) = shown else {
        return Err(notice_changed());
    };
    let field = format!("answer-{}", offer.id);
    let answer = Answer::from_posted(fields.text(&field));
    let meter = fields.text("meter");
    let point = meter.parse::<PointId>().ok();
    let said = match answer {
        Answer::Accept => Some(broker_service::Answer::Agree),
        Answer::Refuse => Some(broker_service::Answer::Refuse),
        Answer::Unanswered => None,
    };
    match said.zip(point) {
        Some((answer, point)) => Ok(Choice {
            offer: offer.id,
            point,
            notice,
            answer,
            proved_at: None,
        }),
        None => {
            let mut errors = Vec::new();
            if said.is_none() {
                errors.push(FieldError {
                    field,
                    problem: FieldProblem::AnswerMissing,
                });
            }
            if point.is_none() {
                errors.push(FieldError {
                    field: "meter".into(),
                    problem: FieldProblem::MeterMissing,
                });
            }
            Err(Typed {
                answer,
                meter: Some(meter.to_owned()),
                errors: FormErrors(errors),
            })
        }
    }
}

/// `/moi/partages/{sharing}/reponse`: what was answered, with its receipt.
pub(crate) async fn answered(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let who = visit.hand()?;
    let consent: ConsentId = id(&sharing)?;
    let holdings = Holdings::of(&visit, who).await?;
    let given = holdings.consent(consent)?;
    let agreed = given
        .events
        .first()
        .is_some_and(|event| event.kind == EventKind::Given);
    let receipts = receipts(&visit, consent).await?;
    let first = receipts
        .iter()
        .rev()
        .find(|receipt| matches!(receipt.kind, ReceiptKind::Granted | ReceiptKind::Refused));
    let sharing = holdings.sharing(given);
    let outcome = AnswerOutcome {
        purpose: sharing.purpose,
        granularity: sharing.granularity,
        answer: if agreed { Answer::Accept } else { Answer::Refuse },
        sharing_id: agreed.then_some(sharing.id),
        proof: first.map_or_else(|| proof(None), |receipt| receipt.proof),
    };
    let view = AnsweredView {
        recipient: sharing.recipient.trading_name,
        outcomes: vec![outcome],
    };
    shown(render_answered(&visit.page(), &view))
}
