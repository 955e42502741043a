//! `/recherche/projets/{request}`: who works on a project of research.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::{RequestId, ResearcherId};
use broker_domain::research::MemberStanding;
use broker_service::{Failure, ProjectRefusal, SignInRefusal, undertaking};
use broker_store::SessionRole;

use crate::form::{FieldProblem, FormErrors, PeopleProblem};
use crate::page::Notice;
use crate::pages::{Chief, JoinedProject, MemberRow, Membership, ProblemKind, ProjectView, render_project};
use crate::paths;
use crate::routes::entered::{at, digest};
use crate::routes::fields::Posted;
use crate::routes::phrases::{day, last_day, moment};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};

/// GET `/recherche/projets/{request}`
pub(crate) async fn page(visit: Visit, Path(request): Path<String>) -> Result<Response, Trouble> {
    let view = view(&visit, id(&request)?, FormErrors::default()).await?;
    shown(render_project(&visit.page(), &view))
}

async fn view(visit: &Visit, request: RequestId, errors: FormErrors) -> Result<ProjectView, Trouble> {
    let role = visit.role()?;
    let found = visit.broker().project(role, request).await;
    let found = found.map_err(|failure| trouble(failure, paths::REQUESTS))?;
    let mut read = visit.broker().read().await?;
    let dataset = read.dataset(found.request.dataset).await?;
    let release = read.release_of(request).await?;
    drop(read);
    let own = |who: ResearcherId| role == SessionRole::Researcher(who);
    let signed = |(member, _): &(broker_domain::research::ProjectMember, String)| {
        own(member.researcher) && matches!(member.standing, MemberStanding::Signed { .. })
    };
    let may_have = own(found.lead.id) || found.members.iter().any(signed);
    let chief = match role {
        SessionRole::Officer(_) => Chief::Here,
        _ if own(found.lead.id) => Chief::Here,
        _ => Chief::Elsewhere,
    };
    Ok(ProjectView {
        id: request.to_string(),
        title: dataset
            .map(|row| row.title(visit.lang).to_owned())
            .unwrap_or_default(),
        justification: found.request.justification,
        from: day(found.request.period.start()),
        until: last_day(found.request.period.end()),
        lead: found.lead.name,
        members: found
            .members
            .into_iter()
            .map(|(member, name)| MemberRow {
                id: member.researcher.to_string(),
                name,
                added_at: moment(member.added_at),
                standing: match member.standing {
                    MemberStanding::Added => Membership::Added,
                    MemberStanding::Signed { at } => Membership::Signed(moment(at)),
                    MemberStanding::Ended { at, .. } => Membership::Ended(moment(at)),
                },
                own: own(member.researcher),
            })
            .collect(),
        candidates: found
            .candidates
            .into_iter()
            .map(|row| (row.id.to_string(), row.name))
            .collect(),
        chief,
        undertaking: found.to_sign.then(|| {
            let (text, digest) = undertaking(visit.lang);
            (text.lines().map(str::to_owned).collect(), digest.to_string())
        }),
        release: release.filter(|_| may_have).map(|row| row.id.to_string()),
        errors,
    })
}

/// The projects that a researcher was added to, a part of `/recherche/demandes`.
pub(crate) async fn joined(visit: &Visit, who: ResearcherId) -> Result<Vec<JoinedProject>, Trouble> {
    let joined = visit.broker().projects_joined(who).await?;
    let mut read = visit.broker().read().await?;
    let mut projects = Vec::new();
    for (request, member) in joined {
        let dataset = read.dataset(request.dataset).await?;
        let title = dataset.map(|row| row.title(visit.lang).to_owned());
        projects.push(JoinedProject {
            id: request.id.to_string(),
            title: title.unwrap_or_default(),
            to_sign: member.standing == MemberStanding::Added,
        });
    }
    Ok(projects)
}

/// POST `/recherche/projets/{request}/membres`
pub(crate) async fn add(Path(request): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let request: RequestId = id(&request)?;
    let here = paths::project(&request.to_string());
    let problem = match fields.text("membre").parse::<ResearcherId>() {
        Err(_) => FieldProblem::People(PeopleProblem::MemberMissing),
        Ok(who) => match visit
            .broker()
            .add_project_member(&session.token, request, who)
            .await
        {
            Ok(_) => return Ok(onward_with(&here, Notice::MemberAdded)),
            Err(Failure::Refused(ProjectRefusal::NotOfThisBody)) => {
                FieldProblem::People(PeopleProblem::MemberMissing)
            }
            Err(Failure::Refused(ProjectRefusal::TooMany)) => {
                FieldProblem::People(PeopleProblem::TooManyMembers)
            }
            Err(failure) => return stepped::<()>(Err(failure), &here, Notice::MemberAdded),
        },
    };
    let view = view(&visit, request, FormErrors(vec![at("membre", problem)])).await?;
    returned(render_project(&visit.page_at(here), &view))
}

/// POST `/recherche/projets/{request}/engagement`
pub(crate) async fn sign(Path(request): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let request: RequestId = id(&request)?;
    let text = digest(fields.text("texte")).ok_or(Trouble::NotUnderstood)?;
    let signed = visit
        .broker()
        .sign_undertaking(&session.token, request, text)
        .await;
    let here = paths::project(&request.to_string());
    match signed {
        Err(Failure::Refused(ProjectRefusal::Already)) => Err(Trouble::Because {
            why: ProblemKind::UndertakingSigned,
            onward: here,
        }),
        signed => stepped(signed, &here, Notice::UndertakingSigned),
    }
}

/// POST `/recherche/projets/{request}/membres/fin`
pub(crate) async fn end(Path(request): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let request: RequestId = id(&request)?;
    let who: ResearcherId = id(fields.text("membre"))?;
    // Who ended her own membership sees the project no more.
    let here = match visit.role()? == SessionRole::Researcher(who) {
        true => paths::REQUESTS.to_owned(),
        false => paths::project(&request.to_string()),
    };
    let ended = visit
        .broker()
        .end_project_member(&session.token, request, who)
        .await;
    stepped(ended, &here, Notice::MemberEnded)
}

fn stepped<T>(
    outcome: Result<T, Failure<ProjectRefusal>>,
    here: &str,
    notice: Notice,
) -> Result<Response, Trouble> {
    match outcome {
        Ok(_) => Ok(onward_with(here, notice)),
        Err(Failure::Refused(ProjectRefusal::SignIn(SignInRefusal::ProveAgain))) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(failure) => Err(trouble(failure, here)),
    }
}

fn trouble(failure: Failure<ProjectRefusal>, here: &str) -> Trouble {
    let because = |why| Trouble::Because {
        why,
        onward: here.to_owned(),
    };
    Trouble::from_failure(failure, |refusal| match refusal {
        ProjectRefusal::Unknown => Trouble::NotFound,
        ProjectRefusal::SignIn(refusal) => Trouble::SignIn(refusal),
        ProjectRefusal::NotApproved => because(ProblemKind::ProjectNotApproved),
        ProjectRefusal::Already => because(ProblemKind::ProjectMemberKnown),
        ProjectRefusal::AnotherText => because(ProblemKind::UndertakingChanged),
        ProjectRefusal::NotOfThisBody | ProjectRefusal::TooMany => Trouble::Changed {
            onward: here.to_owned(),
        },
    })
}
