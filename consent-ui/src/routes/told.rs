//! Who was told of withdrawals, for the person and the officer; and where a person wants messages.

use axum::response::Response;
use broker_domain::ids::{ConsentId, ParticipantId};
use broker_service::{Failure, MailboxRefusal, SignInRefusal, Told};
use broker_store::SessionRole;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{MailView, OverdueRow, OverdueView, ToldRow, render_account, render_overdue};
use crate::paths;
use crate::routes::account;
use crate::routes::fields::Posted;
use crate::routes::phrases::moment;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, onward_with, returned, shown};

fn row(told: Told) -> ToldRow {
    ToldRow {
        application: told.application,
        told_at: told.told_at.map(moment),
        acknowledge_by: moment(told.acknowledge_by),
        acknowledged_at: told.acknowledged_at.map(moment),
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
    let view = OverdueView {
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
        waiting: counts.waiting,
        retrying: counts.retrying,
        failed: counts.failed,
    };
    shown(render_overdue(&visit.page(), &view))
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
    match visit
        .broker()
        .set_mailbox(&session.token, fields.text("courriel"))
        .await
    {
        Ok(()) => Ok(onward_with(paths::ACCOUNT, Notice::AccountChanged)),
        Err(Failure::Refused(MailboxRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(Failure::Refused(refusal @ (MailboxRefusal::Address | MailboxRefusal::TooOften))) => {
            let errors = FormErrors(vec![FieldError {
                field: "courriel".to_owned(),
                problem: match refusal {
                    MailboxRefusal::TooOften => FieldProblem::MailTooOften,
                    _ => FieldProblem::MailInvalid,
                },
            }]);
            let view = account::view(&visit, errors).await?;
            returned(render_account(&visit.page_at(paths::ACCOUNT.to_owned()), &view))
        }
        Err(failure) => Err(Trouble::from_failure(failure, |refusal| match refusal {
            MailboxRefusal::SignIn(refusal) => Trouble::SignIn(refusal),
            MailboxRefusal::Address | MailboxRefusal::TooOften | MailboxRefusal::NotParticipant => {
                Trouble::NotYours
            }
        })),
    }
}
