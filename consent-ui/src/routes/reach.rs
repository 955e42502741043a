//! `/compte/messages`: by which channels a person is told; and the letters that officers print for whoever chose letters.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::MessageId;
use broker_domain::telling::{Channels, MessageChannel};
use broker_service::{Failure, LetterHead, ReachRefusal, SignInRefusal};

use crate::form::{FieldProblem, FormErrors, PeopleProblem};
use crate::page::{Notice, PageContext};
use crate::pages::{
    Mailed, MessageLetterView, MessageLine, ReachView, SentRow, render_message_letter, render_reach,
};
use crate::paths;
use crate::routes::entered::{at, trouble};
use crate::routes::fields::Posted;
use crate::routes::phrases::{day, moment, pseudonym};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

/// GET `/compte/messages`
pub(crate) async fn page(visit: Visit) -> Result<Response, Trouble> {
    let view = view(&visit, None, FormErrors::default()).await?;
    shown(render_reach(&visit.page(), &view))
}

/// `typed`: the channels that were just sent, where the form comes back.
async fn view(visit: &Visit, typed: Option<Channels>, errors: FormErrors) -> Result<ReachView, Trouble> {
    let who = visit.participant()?;
    let reached = visit.broker().reached(who, visit.lang).await;
    let reached = reached.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let address = visit.broker().read().await?.mail_address(who).await?;
    Ok(ReachView {
        channels: typed.unwrap_or(reached.channels),
        mail: match address {
            Some(_) => Mailed::There,
            None => Mailed::Nowhere,
        },
        number: reached.number,
        pending: reached
            .pending
            .map(|pending| (pending.number, moment(pending.expires_at))),
        failed: reached.failed,
        sent: reached
            .sent
            .into_iter()
            .map(|sent| SentRow {
                subject: sent.subject,
                channel: sent.channel,
                at: moment(sent.queued_at),
                ended: sent.ended.map(|(end, _)| end),
            })
            .collect(),
        errors,
    })
}

/// POST `/compte/messages/voies`
pub(crate) async fn choose(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let ticked = fields
        .all("voie")
        .into_iter()
        .filter_map(MessageChannel::from_code);
    let chosen = Channels::new(ticked);
    let outcome = visit
        .broker()
        .choose_channels(&session.token, chosen.clone())
        .await;
    answered(&visit, outcome, Notice::ChannelsChosen, "voie", chosen).await
}

/// POST `/compte/messages/telephone`
pub(crate) async fn set_phone(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let text = fields.text("telephone");
    let notice = match text {
        "" => Notice::AccountChanged,
        _ => Notice::NumberAsked,
    };
    let outcome = visit.broker().set_phone(&session.token, text).await;
    answered(&visit, outcome, notice, "telephone", None).await
}

/// POST `/compte/messages/telephone/code`
pub(crate) async fn confirm_phone(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let outcome = visit
        .broker()
        .confirm_phone(&session.token, fields.text("code"))
        .await;
    answered(&visit, outcome, Notice::NumberConfirmed, "code", None).await
}

async fn answered(
    visit: &Visit,
    outcome: Result<(), Failure<ReachRefusal>>,
    notice: Notice,
    field: &str,
    typed: Option<Channels>,
) -> Result<Response, Trouble> {
    let refusal = match outcome {
        Ok(()) => return Ok(onward_with(paths::REACH, notice)),
        Err(Failure::Refused(ReachRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            return Ok(onward_with(paths::PROVE, Notice::ProveFirst));
        }
        Err(Failure::Refused(refusal)) => refusal,
        Err(failure) => {
            return Err(Trouble::from_failure(failure, |_: ReachRefusal| {
                Trouble::NotYours
            }));
        }
    };
    let problem = match refusal {
        ReachRefusal::Number => at(field, FieldProblem::People(PeopleProblem::Number)),
        ReachRefusal::TooOften => at(field, FieldProblem::People(PeopleProblem::TooOften)),
        ReachRefusal::CodeWrong { .. } => at(field, FieldProblem::People(PeopleProblem::CodeWrong)),
        // The field of the code may be gone: the number is what has to be entered again.
        ReachRefusal::CodeOver => at("telephone", FieldProblem::People(PeopleProblem::CodeOver)),
        ReachRefusal::NoChannel => at(field, FieldProblem::People(PeopleProblem::NoChannel)),
        ReachRefusal::NumberMissing => at(field, FieldProblem::People(PeopleProblem::NumberMissing)),
        ReachRefusal::AddressMissing => at(field, FieldProblem::People(PeopleProblem::AddressMissing)),
        ReachRefusal::NotParticipant => return Err(Trouble::NotYours),
        ReachRefusal::SignIn(refusal) => return Err(Trouble::SignIn(refusal)),
    };
    let view = view(visit, typed, FormErrors(vec![problem])).await?;
    returned(render_reach(&visit.page_at(paths::REACH.to_owned()), &view))
}

/// The letters that wait, a part of `/dpo/saisies`.
pub(crate) async fn to_print(visit: &Visit) -> Result<Vec<MessageLine>, Trouble> {
    let letters = visit
        .broker()
        .letters_to_print(visit.officer()?, visit.lang)
        .await;
    let letters = letters.map_err(|failure| trouble(failure, paths::DESK))?;
    let lines = letters.into_iter().map(|letter| MessageLine {
        id: letter.id.to_string(),
        person: pseudonym(letter.participant),
        subject: letter.subject,
        at: moment(letter.queued_at),
    });
    Ok(lines.collect())
}

/// POST `/dpo/saisies/message/{message}/courrier`: the letter to be printed, in the language of the person. Opening it is recorded.
pub(crate) async fn letter(Path(message): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, .. } = posted;
    let officer = visit.officer()?;
    let message: MessageId = id(&message)?;
    let head = LetterHead {
        site: &visit.pages.site.url,
        operator: &visit.pages.operator.name,
    };
    let opened = visit.broker().open_letter(officer, message, head).await;
    let opened = opened.map_err(|failure| trouble(failure, paths::ENTERED))?;
    let view = MessageLetterView {
        to: [opened.name, opened.address],
        today: day(visit.broker().now()),
        subject: opened.subject,
        // What stands behind `-- ` is the signature of an e-mail; on paper it is a paragraph as others are.
        paragraphs: opened
            .body
            .replace("\n-- \n", "\n\n")
            .split("\n\n")
            .map(|paragraph| paragraph.trim().to_owned())
            .filter(|paragraph| !paragraph.is_empty())
            .collect(),
        id: opened.id.to_string(),
    };
    let page = PageContext {
        lang: opened.lang,
        ..visit.page_at(paths::ENTERED.to_owned())
    };
    shown(render_message_letter(&page, &view))
}

/// POST `/dpo/saisies/message/{message}/postee`
pub(crate) async fn posted(Path(message): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, .. } = posted;
    let officer = visit.officer()?;
    let done = visit.broker().letter_was_posted(officer, id(&message)?).await;
    done.map_err(|failure| trouble(failure, paths::ENTERED))?;
    Ok(onward_with(paths::ENTERED, Notice::LetterPosted))
}
