//! One entered act: looked at, confirmed or sent back; its code, and its letter.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::entered::{CannotConfirm, CodeWindow, EnteredAct, EnteredState, Entry, Seen, Standing};
use broker_domain::ids::EnteredId;
use broker_service::{Decision, EnteredRefusal, EnteredView, Failure, SignInRefusal};

use super::{Names, at, line, trouble};
use crate::form::{FieldProblem, FormErrors};
use crate::lang::Lang;
use crate::page::{Notice, PageContext};
use crate::pages::{
    ActView, Can, CodeStep, InvitedView, LetterStep, LetterView, render_act, render_invited, render_letter,
};
use crate::paths;
use crate::routes::capacity::cause_of;
use crate::routes::fields::Posted;
use crate::routes::phrases::{day, moment};
use crate::routes::proofs::file;
use crate::routes::rights::right_kind;
use crate::routes::shelf::Shelf;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};
use crate::speech::Speech;

/// GET `/dpo/saisies/{act}`
pub(crate) async fn page(visit: Visit, Path(act): Path<String>) -> Result<Response, Trouble> {
    let view = view(&visit, id(&act)?, "", FormErrors::default()).await?;
    shown(render_act(&visit.page(), &view))
}

async fn view(visit: &Visit, act: EnteredId, typed: &str, errors: FormErrors) -> Result<ActView, Trouble> {
    let officer = visit.officer()?;
    let found = visit.broker().entered_view(officer, act).await;
    let EnteredView {
        row,
        reason,
        officers,
    } = found.map_err(|failure| trouble(failure, paths::ENTERED))?;
    let names = Names::of(visit).await?;
    let now = visit.broker().now();
    let about = about(visit, &row.act, visit.lang).await?;
    let act = &row.act;
    let open = matches!(act.standing(now), Standing::Waiting | Standing::InEffect);
    let can = match (open, act.by == officer, officers) {
        (false, _, _) => Can::Nothing,
        (true, false, _) => Can::Decide,
        (true, true, 0 | 1) => Can::NeedColleague,
        (true, true, _) => Can::WaitForColleague,
    };
    let code = match visit.broker().code_window(&row).await? {
        None => CodeStep::None,
        Some(CodeWindow::Untold { until } | CodeWindow::Known { until, .. }) if until <= now => {
            CodeStep::Over
        }
        Some(CodeWindow::Untold { .. }) => CodeStep::Untold,
        Some(CodeWindow::Known { from, until }) if until <= from => CodeStep::Over,
        Some(CodeWindow::Known { from, .. }) if now < from => CodeStep::Wait { from: moment(from) },
        Some(CodeWindow::Known { until, .. }) => CodeStep::Ready { until: moment(until) },
    };
    Ok(ActView {
        line: line(act, &names, now),
        about,
        facts: facts(act),
        expires_at: moment(act.expires_at()),
        decided: match act.state {
            EnteredState::Confirmed { by, at, .. } | EnteredState::SentBack { by, at } => {
                Some((names.of_officer(by), moment(at)))
            }
            EnteredState::Waiting | EnteredState::Stopped { .. } => None,
        },
        reason,
        can,
        code,
        letter: match (row.posted, act.state) {
            (Some((by, at)), _) => LetterStep::Posted {
                at: moment(at),
                by: names.of_officer(by),
            },
            (None, EnteredState::Stopped { .. }) => LetterStep::None,
            (None, EnteredState::Waiting) if row.effect_leaf.is_none() => LetterStep::None,
            (None, _) => LetterStep::Waits {
                receipt: (row.effect_leaf.is_some()
                    && !matches!(act.entry, Entry::Ask { .. } | Entry::Capacity { .. }))
                .then(|| paths::entered_receipt(&act.id.to_string())),
                outcome: act.state.outcome().unwrap_or_default(),
            },
        },
        typed: typed.to_owned(),
        errors,
    })
}

fn facts(act: &EnteredAct) -> Vec<(&'static str, String)> {
    let sheet = &act.sheet;
    let notice = match act.entry {
        Entry::Grant { notice, .. } => Some(notice.to_string()),
        _ => None,
    };
    let facts = [
        ("enter-reference", sheet.form.clone()),
        ("enter-signed", sheet.signed_on.map(|day| day.to_string())),
        ("enter-arrived", sheet.arrived_on.map(|day| day.to_string())),
        ("enter-scan", sheet.scan.map(|scan| scan.to_string())),
        ("form-digest", notice),
    ];
    let known = facts.into_iter();
    known.filter_map(|(key, value)| Some((key, value?))).collect()
}

/// What an act is about, in words.
async fn about(visit: &Visit, act: &EnteredAct, lang: Lang) -> Result<String, Trouble> {
    let speech = Speech::new(lang);
    let mut read = visit.broker().read().await?;
    let (recipient, purpose) = match act.entry {
        Entry::Grant { offer, .. } => {
            let row = read.offer(offer).await?.ok_or(Trouble::NotFound)?;
            (row.offer.recipient, row.offer.purpose)
        }
        Entry::Withdraw { consent } | Entry::Freeze { consent } => {
            let consent = read.consent(consent).await?.ok_or(Trouble::NotFound)?;
            (consent.recipient, consent.purpose)
        }
        Entry::Ask { right, .. } => return Ok(speech.word(right_kind(right))),
        Entry::Code { .. } => return Ok(String::new()),
        Entry::Capacity { end, since, .. } => {
            let cause = speech.word(cause_of(end));
            let since = speech.day_words(day(since));
            let from = speech.say("capacity-desk-since");
            return Ok(format!("{cause}{}{from} {since}", speech.say("separator")));
        }
    };
    let shelf = Shelf::open(&mut *read, lang).await?;
    Ok(format!(
        "{}{}{}",
        shelf.recipient(recipient).trading_name,
        speech.say("separator"),
        shelf.purpose(recipient, &purpose)
    ))
}

/// POST `/dpo/saisies/{act}/confirmation`
pub(crate) async fn confirm(Path(act): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let seen = match posted.fields.text("vue") {
        "oui" => Seen::InPerson,
        _ => Seen::FromAfar,
    };
    decide(&act, &posted, &Decision::Confirm(seen), Notice::EnteredConfirmed).await
}

/// POST `/dpo/saisies/{act}/renvoi`
pub(crate) async fn send_back(Path(act): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let words = posted.fields.text("motif").to_owned();
    decide(&act, &posted, &Decision::SendBack(words), Notice::EnteredBack).await
}

async fn decide(
    act: &str,
    posted: &Posted,
    decision: &Decision,
    notice: Notice,
) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    visit.officer()?;
    let here = paths::entered(act);
    let act: EnteredId = id(act)?;
    match visit.broker().decide_act(&session.token, act, decision).await {
        Ok(_) => Ok(onward_with(&here, notice)),
        Err(Failure::Refused(EnteredRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(Failure::Refused(EnteredRefusal::Reason)) => {
            let errors = FormErrors(vec![at("motif", FieldProblem::ReasonMissing)]);
            let view = view(visit, act, fields.text("motif"), errors).await?;
            returned(render_act(&visit.page_at(here), &view))
        }
        Err(Failure::Refused(EnteredRefusal::Cannot(CannotConfirm::SamePerson))) => Err(Trouble::NotYours),
        Err(failure) => Err(trouble(failure, &here)),
    }
}

/// POST `/dpo/saisies/{act}/code`: shown once, to be handed over; asked again, another one.
pub(crate) async fn code(Path(act): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, session, .. } = posted;
    let officer = visit.officer()?;
    let here = paths::entered(&act);
    let act: EnteredId = id(&act)?;
    match visit.broker().make_account_code(&session.token, act).await {
        Ok(invitation) => {
            let found = visit.broker().entered_view(officer, act).await;
            let found = found.map_err(|failure| trouble(failure, &here))?;
            let view = InvitedView {
                name: None,
                person: found.row.act.participant.to_string(),
                address: format!("{}{}", visit.pages.site.url, paths::INVITATION),
                code: invitation.code,
                expires_at: moment(invitation.expires_at),
            };
            shown(render_invited(&visit.page_at(here), &view))
        }
        Err(Failure::Refused(EnteredRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(failure) => Err(trouble(failure, &here)),
    }
}

/// POST `/dpo/saisies/{act}/courrier`: the letter to be printed, in the language of the person. Opening it is recorded.
pub(crate) async fn letter(Path(act): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, .. } = posted;
    let officer = visit.officer()?;
    let here = paths::entered(&act);
    let opened = visit.broker().open_envelope(officer, id(&act)?).await;
    let opened = opened.map_err(|failure| trouble(failure, &here))?;
    let lang = Lang::from_tag(&opened.language).unwrap_or(Lang::French);
    let now = visit.broker().now();
    let names = Names::of(&visit).await?;
    let line = line(&opened.row.act, &names, now);
    let view = LetterView {
        to: [opened.name, opened.address],
        today: day(now),
        id: line.id,
        kind: line.kind,
        standing: line.standing,
        about: about(&visit, &opened.row.act, lang).await?,
        at: line.at,
        reason: opened.reason,
        // Her days run from this letter.
        from: match opened.row.act.code_window(Some(now)) {
            Some(CodeWindow::Known { from, .. }) => Some(moment(from)),
            Some(CodeWindow::Untold { .. }) | None => None,
        },
        stop_code: opened.stop_code,
        site: visit.pages.site.url.clone(),
    };
    let page = PageContext {
        lang,
        ..visit.page_at(here)
    };
    shown(render_letter(&page, &view))
}

/// POST `/dpo/saisies/{act}/postee`
pub(crate) async fn posted(Path(act): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let officer = visit.officer()?;
    let shown = Some(fields.text("etat")).filter(|outcome| !outcome.is_empty());
    let done = visit.broker().mark_posted(officer, id(&act)?, shown).await;
    done.map_err(|failure| trouble(failure, &paths::entered(&act)))?;
    Ok(onward_with(paths::ENTERED, Notice::LetterPosted))
}

/// GET `/dpo/saisies/{act}/recu`: the receipt that goes into the envelope, as PDF.
pub(crate) async fn receipt(visit: Visit, Path(act): Path<String>) -> Result<Response, Trouble> {
    let officer = visit.officer()?;
    let act: EnteredId = id(&act)?;
    let receipt = visit.broker().entered_receipt(officer, act).await;
    let receipt = receipt.map_err(|failure| trouble(failure, paths::ENTERED))?;
    let receipt = receipt.ok_or(Trouble::NotFound)?;
    let person = visit.broker().entered_view(officer, act).await;
    let person = person.map_err(|failure| trouble(failure, paths::ENTERED))?;
    let mut read = visit.broker().read().await?;
    let row = read.participant(person.row.act.participant).await?;
    drop(read);
    let lang = row
        .and_then(|row| Lang::from_tag(&row.language))
        .unwrap_or(Lang::French);
    let (name, bytes) = crate::routes::receipts::printed(&visit, receipt, String::new(), lang).await?;
    Ok(file("application/pdf", &name, bytes))
}
