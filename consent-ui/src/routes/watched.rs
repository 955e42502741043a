//! What is out of the ordinary: unusual use, the next access, breaches that concern a person; and projects to object to.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::{ConsentId, ParticipantId, RequestId};
use broker_domain::rhythm::NextAccess;
use broker_domain::volume::Unusual;
use broker_service::{ObjectionRefusal, Project};
use broker_store as store;

use crate::page::Notice;
use crate::pages::{
    NextLine, NoticeRow, NoticesView, ProjectRow, ProjectsView, UnusualLine, UnusualRow, UnusualView,
    UnusualWhat, render_notices, render_projects, render_unusual,
};
use crate::paths;
use crate::routes::fields::Posted;
use crate::routes::phrases::{day, last_day, moment, proof, pseudonym};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, shown};

const DAY_SECONDS: i64 = 86_400;

/// When the next access under a sharing is to be expected.
pub(crate) async fn next_of(
    visit: &Visit,
    who: ParticipantId,
    consent: ConsentId,
) -> Result<NextLine, Trouble> {
    let next = visit.broker().next_access(who, consent).await;
    let next = next.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    Ok(match next {
        None => NextLine::Barred,
        Some(NextAccess::Unknown) => NextLine::Unknown,
        Some(NextAccess::Expected { at, every_s }) => NextLine::Expected {
            at: moment(at),
            every_s,
        },
        Some(NextAccess::Missed { at, every_s }) => NextLine::Missed {
            at: moment(at),
            every_s,
        },
    })
}

/// The days on which much more was sent under a sharing than usual.
pub(crate) async fn unusual_of(
    visit: &Visit,
    who: ParticipantId,
    consent: ConsentId,
) -> Result<Vec<UnusualLine>, Trouble> {
    let rows = visit.broker().unusual_under(who, consent).await;
    let rows = rows.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    Ok(rows.iter().map(unusual_line).collect())
}

fn unusual_line(row: &store::UnusualRow) -> UnusualLine {
    let days = |seconds: i64| u64::try_from((seconds + DAY_SECONDS / 2) / DAY_SECONDS).unwrap_or_default();
    UnusualLine {
        day: day(row.day),
        what: match row.unusual {
            Unusual::Transfers { found, usual } => UnusualWhat::Transfers { found, usual },
            Unusual::Span { found_s, usual_s } => UnusualWhat::Span {
                found: days(found_s),
                usual: days(usual_s).max(1),
            },
        },
    }
}

/// `/dpo/volumes`
pub(crate) async fn unusual(visit: Visit) -> Result<Response, Trouble> {
    let found = visit.broker().unusual_everywhere(visit.officer()?).await;
    let found = found.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let mut rows = Vec::new();
    let mut read = visit.broker().read().await?;
    for (who, row) in found {
        // Erased since it was listed.
        let Some(consent) = read.consent(row.consent).await? else {
            continue;
        };
        let recipient = read.organisation(consent.recipient).await?;
        rows.push(UnusualRow {
            line: unusual_line(&row),
            recipient: recipient.map(|row| row.name).unwrap_or_default(),
            purpose: consent.purpose.to_string(),
            person: pseudonym(who),
            noticed_at: moment(row.noticed_at),
        });
    }
    drop(read);
    shown(render_unusual(&visit.page(), &UnusualView { rows }))
}

/// `/moi/incidents`
pub(crate) async fn own_breaches(visit: Visit) -> Result<Response, Trouble> {
    let own = visit.broker().own_breaches(visit.participant()?).await;
    let own = own.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let rows = own.iter().map(|breach| NoticeRow {
        id: breach.id().to_string(),
        text: breach.text(visit.lang).to_owned(),
        known_at: moment(breach.known_at()),
        told_at: moment(breach.told_at),
        contact: breach.contact().to_owned(),
        proof: proof(breach.leaf_index),
    });
    let view = NoticesView { rows: rows.collect() };
    shown(render_notices(&visit.page(), &view))
}

/// `/moi/recherches`
pub(crate) async fn projects(visit: Visit) -> Result<Response, Trouble> {
    let projects = visit.broker().projects_of(visit.participant()?).await;
    let projects = projects.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
    let view = ProjectsView {
        projects: projects.into_iter().map(|project| row(&visit, project)).collect(),
    };
    shown(render_projects(&visit.page(), &view))
}

fn row(visit: &Visit, project: Project) -> ProjectRow {
    let period = project.request.period;
    ProjectRow {
        id: project.request.id.to_string(),
        title: project.dataset.title(visit.lang).to_owned(),
        organisation: project.organisation,
        members: project
            .members
            .into_iter()
            .map(|(name, since, until)| (name, moment(since), until.map(moment)))
            .collect(),
        justification: project.request.justification,
        from: day(period.start()),
        until: last_day(period.end()),
        released_at: project.release.map(|row| moment(row.at)),
        holds_her: project.holds_her,
        objected_at: project.objection.map(|(at, _)| moment(at)),
        proof: proof(project.objection.map(|(_, leaf)| leaf)),
    }
}

/// POST `/moi/recherches/{request}/opposition`. A second click finds it done.
pub(crate) async fn object(Path(request): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let visit = posted.visit;
    let who = visit.participant()?;
    let project: RequestId = id(&request)?;
    match visit.broker().object_to_project(who, project).await {
        Ok(_) | Err(broker_service::Failure::Refused(ObjectionRefusal::Already)) => {
            Ok(onward_with(paths::PROJECTS, Notice::Objected))
        }
        Err(failure) => Err(Trouble::from_failure(failure, |_| Trouble::NotFound)),
    }
}
