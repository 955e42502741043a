//! Who was told of withdrawals, for the person and the officer; and where a person wants messages.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::{ConsentId, ParticipantId};
use broker_service::{DeletionRefusal, Failure, MailboxRefusal, SignInRefusal, Told, UntoldErasure};
use broker_store::SessionRole;

use crate::form::{FieldError, FieldProblem, FormErrors, PeopleProblem};
use crate::page::Notice;
use crate::pages::{MailView, OverdueRow, OverdueView, ToldRow, UntoldRow, render_account, render_overdue};
use crate::paths;
use crate::routes::account;
use crate::routes::fields::Posted;
use crate::routes::phrases::moment;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

fn row(told: Told) -> ToldRow {
    ToldRow {
        application: told.application,
        told_at: told.told_at.map(moment),
        acknowledge_by: moment(told.acknowledge_by),
        acknowledged_at: told.acknowledged_at.map(moment),
        deletion_asked_at: told.deletion_asked_at.map(moment),
        standing: told.standing,
    }
}

/// The part of a sharing's page.
pub(crate) async fn about(
    visit: &Visit,
    who: ParticipantId,
    consent: ConsentId,
) -> Result<Vec<ToldRow>, Trouble> {
    let told = visit.broker().told_about(who, consent).await;
    let told = told.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    Ok(told.into_iter().map(row).collect())
}

/// GET `/dpo/retraits`
pub(crate) async fn overdue(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.officer()?;
    let found = visit.broker().overdue(who).await;
    let (rows, counts) = found.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let untold = visit.broker().untold_erasures(who).await;
    let untold = untold.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let view = OverdueView {
        untold: untold.into_iter().map(not_told).collect(),
        rows: rows
            .into_iter()
            .map(|one| OverdueRow {
                dossier: one.dossier.to_string(),
                recipient: one.recipient,
                contact: one.contact,
                withdrawn_at: moment(one.withdrawn_at),
                attempts: one.attempts,
                told: row(one.told),
            })
            .collect(),
        waiting: counts.people.waiting,
        retrying: counts.people.retrying,
        failed: counts.people.failed,
        changes_waiting: counts.changes.waiting.saturating_add(counts.changes.retrying),
        changes_failed: counts.changes.given_up,
    };
    shown(render_overdue(&visit.page(), &view))
}

fn not_told(one: UntoldErasure) -> UntoldRow {
    UntoldRow {
        id: one.id.to_string(),
        recipient: one.recipient,
        contact: one.contact,
        application: one.application,
        authorisation: one.authorisation,
        erased_at: moment(one.erased_at),
        attempts: one.attempts,
        given_up_at: one.given_up_at.map(moment),
    }
}

/// POST `/dpo/retraits/effacements/{telling}`
pub(crate) async fn handled(Path(telling): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let visit = posted.visit;
    let officer = visit.officer()?;
    match visit.broker().erasure_was_handled(officer, id(&telling)?).await {
        Ok(()) => Ok(onward_with(paths::OVERDUE, Notice::ErasureHandled)),
        // Told or seen to meanwhile: the list says what is left.
        Err(Failure::Conflict) => Err(Trouble::Changed {
            onward: paths::OVERDUE.to_owned(),
        }),
        Err(failure) => Err(Trouble::from_failure(failure, |_| Trouble::NotYours)),
    }
}

/// The part of `/compte`: participants alone get messages.
pub(crate) async fn mail(visit: &Visit) -> Result<Option<MailView>, Trouble> {
    let Some(session) = &visit.session else {
        return Ok(None);
    };
    let SessionRole::Participant(who) = session.role else {
        return Ok(None);
    };
    let mailbox = visit.broker().mailbox(who).await;
    let mailbox = mailbox.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    Ok(Some(MailView {
        address: mailbox.address,
        pending: mailbox
            .pending
            .map(|pending| (pending.address, moment(pending.expires_at))),
        failed: mailbox.failed,
    }))
}

/// POST `/compte/courriel`
pub(crate) async fn set_mail(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let text = fields.text("courriel");
    let notice = if text.trim().is_empty() {
        Notice::AccountChanged
    } else {
        Notice::CodeSent
    };
    let set = visit.broker().set_mailbox(&session.token, text).await;
    mailed(&visit, set, notice, "courriel").await
}

/// POST `/compte/courriel/code`
pub(crate) async fn confirm_mail(posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let confirmed = visit
        .broker()
        .confirm_mailbox(&session.token, fields.text("code"))
        .await;
    mailed(&visit, confirmed, Notice::MailConfirmed, "code").await
}

async fn mailed(
    visit: &Visit,
    outcome: Result<(), Failure<MailboxRefusal>>,
    notice: Notice,
    field: &str,
) -> Result<Response, Trouble> {
    let problem = match outcome {
        Ok(()) => return Ok(onward_with(paths::ACCOUNT, notice)),
        Err(Failure::Refused(MailboxRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            return Ok(onward_with(paths::PROVE, Notice::ProveFirst));
        }
        Err(Failure::Refused(MailboxRefusal::Address)) => (field, FieldProblem::MailInvalid),
        Err(Failure::Refused(MailboxRefusal::TooOften)) => (field, FieldProblem::MailTooOften),
        Err(Failure::Refused(MailboxRefusal::CodeWrong { .. })) => (field, FieldProblem::CodeWrong),
        // The field of the code may be gone: the address is what has to be entered again.
        Err(Failure::Refused(MailboxRefusal::CodeOver)) => {
            ("courriel", FieldProblem::People(PeopleProblem::MailCodeOver))
        }
        Err(failure) => {
            return Err(Trouble::from_failure(failure, |refusal| match refusal {
                MailboxRefusal::SignIn(refusal) => Trouble::SignIn(refusal),
                _ => Trouble::NotYours,
            }));
        }
    };
    let errors = FormErrors(vec![FieldError {
        field: problem.0.to_owned(),
        problem: problem.1,
    }]);
    let view = account::view(visit, errors).await?;
    returned(render_account(&visit.page_at(paths::ACCOUNT.to_owned()), &view))
}

/// POST `/moi/partages/{sharing}/effacement`
pub(crate) async fn ask_deletion(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let visit = posted.visit;
    let consent: ConsentId = id(&sharing)?;
    deletion_asked(&visit, consent).await?;
    Ok(onward_with(
        &paths::sharing(&consent.to_string()),
        Notice::DeletionAsked,
    ))
}

/// Asks for deletion; asked again, nothing more happens.
pub(crate) async fn deletion_asked(visit: &Visit, consent: ConsentId) -> Result<(), Trouble> {
    let asked = visit.broker().ask_deletion(visit.participant()?, consent).await;
    asked.map_err(|failure| {
        Trouble::from_failure(failure, |refusal| match refusal {
            DeletionRefusal::NotYours => Trouble::NotFound,
            DeletionRefusal::NotWithdrawn => Trouble::Changed {
                onward: paths::sharing(&consent.to_string()),
            },
        })
    })
}
