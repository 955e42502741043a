//! Requests as researchers and officers see them, and `/recherche/demandes`.

use axum::response::Response;
use broker_anonymiser::{Language, Reason, Refusal};
use broker_domain::ids::ResearcherId;
use broker_domain::research::{self, AccessRequest};
use broker_service::FeasibilityRefusal;

use crate::lang::Lang;
use crate::pages::{DatasetRequest, ManifestStatus, RequestState, RequestsView, render_requests};
use crate::routes::phrases::{day, last_day, moment, proof};
use crate::routes::project;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, shown};
use crate::vocabulary::RefusalReason;

/// LIMIT: a researcher with more requests than this sees the newest.
const MOST_REQUESTS: u32 = 100;

/// `/recherche/demandes`
pub(crate) async fn own(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.researcher()?;
    let rows = visit
        .broker()
        .read()
        .await?
        .requests_of(who, MOST_REQUESTS)
        .await?;
    let mut requests = Vec::with_capacity(rows.len());
    for row in &rows {
        let request = described(&visit, row).await?;
        requests.push(match request.state {
            RequestState::Preparing => DatasetRequest {
                state: outlook(&visit, who, row).await?,
                ..request
            },
            _ => request,
        });
    }
    shown(render_requests(
        &visit.page(),
        &RequestsView {
            requests,
            joined: project::joined(&visit, who).await?,
        },
    ))
}

/// What the researcher learns of an approved request without a release: why, and no number that one household changes.
async fn outlook(visit: &Visit, who: ResearcherId, row: &AccessRequest) -> Result<RequestState, Trouble> {
    let found = visit.broker().obstacles(who, row.id).await;
    let Some(obstacles) = found.map_err(|failure| Trouble::from_failure(failure, unseen))? else {
        return Ok(RequestState::Preparing);
    };
    let (t, language) = (visit.speech(), language(visit.lang));
    let reasons = obstacles.reasons.iter().map(|reason| match reason {
        Reason::TooFewHouseholds { .. } => t.word(RefusalReason::TooFewHouseholds),
        Reason::PeriodsAddUp { .. } => t.say("withheld-periods-add-up"),
        other => other.sentence(language),
    });
    Ok(RequestState::Withheld {
        reasons: reasons.collect(),
        remedies: obstacles
            .remedies
            .iter()
            .map(|remedy| remedy.sentence(language))
            .collect(),
    })
}

/// The checks of a request are not for this visitor.
pub(crate) fn unseen(refusal: FeasibilityRefusal) -> Trouble {
    match refusal {
        FeasibilityRefusal::Unknown => Trouble::NotFound,
        FeasibilityRefusal::NotAllowed => Trouble::NotYours,
    }
}

/// One request in words, as far as everybody who may see it sees the same.
pub(crate) async fn described(visit: &Visit, row: &AccessRequest) -> Result<DatasetRequest, Trouble> {
    let (dataset, release, manifest) = {
        let mut read = visit.broker().read().await?;
        let release = read.release_of(row.id).await?;
        let manifest = match &release {
            Some(release) => read.manifest_of(release.id).await?,
            None => None,
        };
        (read.dataset(row.dataset).await?, release, manifest)
    };
    let title = dataset.map(|dataset| dataset.title(visit.lang).to_owned());
    let state = match (&row.state, release) {
        (_, Some(release)) => RequestState::Released {
            release_id: release.id.to_string(),
            at: moment(release.at),
            households: release.households,
            proof: proof(release.leaf_index),
            manifest: manifest.map_or(ManifestStatus::Missing, |_| ManifestStatus::Delivered),
        },
        (research::RequestState::Submitted, None) => RequestState::AwaitingOfficer,
        (research::RequestState::Declined { at, reason, .. }, None) => RequestState::Refused {
            at: moment(*at),
            reason: RefusalReason::Officer,
            words: reason.clone(),
        },
        (research::RequestState::Approved { .. }, None) => RequestState::Preparing,
    };
    Ok(DatasetRequest {
        id: row.id.to_string(),
        dataset_id: row.dataset.to_string(),
        dataset_title: title.unwrap_or_default(),
        sent_at: moment(row.submitted_at),
        from: day(row.period.start()),
        until: last_day(row.period.end()),
        justification: row.justification.clone(),
        state,
    })
}

/// A release that the rules of disclosure do not allow, in words.
pub(crate) fn withheld(lang: Lang, refusal: &Refusal) -> RequestState {
    let language = language(lang);
    RequestState::Withheld {
        reasons: refusal
            .reasons
            .iter()
            .map(|reason| reason.sentence(language))
            .collect(),
        remedies: refusal
            .remedies
            .iter()
            .map(|remedy| remedy.sentence(language))
            .collect(),
    }
}

/// The language of the sentences about releases.
pub(crate) fn language(lang: Lang) -> Language {
    lang.pick([Language::French, Language::English, Language::Dutch])
}
