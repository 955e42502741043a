//! `/recherche`: the catalogue, one dataset, and the form to ask for it.

use axum::extract::Path;
use axum::response::Response;
use broker_domain::ids::DatasetId;
use broker_domain::time::{Instant, Interval};
use broker_service::{Application, CatalogueEntry, Failure, RequestRefusal};
use jiff::civil::Date;

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{CatalogueView, Dataset, DatasetPage, RequestForm, render_catalogue, render_dataset};
use crate::paths;
use crate::routes::fields::{Fields, Posted};
use crate::routes::phrases::{day, granularity, last_day, midnight, tomorrow};
use crate::routes::requests::language;
use crate::routes::shelf::Shelf;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};
use crate::vocabulary::DataKind;

/// Longest justification, in characters: the use case refuses more.
const MAX_JUSTIFICATION: usize = 4_000;

/// `/recherche`
pub(crate) async fn catalogue(visit: Visit) -> Result<Response, Trouble> {
    shown(render_catalogue(
        &visit.page(),
        &CatalogueView {
            datasets: datasets(&visit).await?,
        },
    ))
}

/// `/recherche/jeux/{dataset}`
pub(crate) async fn dataset(visit: Visit, Path(dataset): Path<String>) -> Result<Response, Trouble> {
    let dataset: DatasetId = id(&dataset)?;
    let yesterday = yesterday(visit.broker().now()).to_string();
    let form = RequestForm {
        from: yesterday.clone(),
        until: yesterday,
        ..RequestForm::default()
    };
    let view = one(&visit, dataset, form).await?;
    shown(render_dataset(&visit.page(), &view))
}

async fn one(visit: &Visit, id: DatasetId, form: RequestForm) -> Result<DatasetPage, Trouble> {
    let dataset = datasets(visit)
        .await?
        .into_iter()
        .find(|dataset| dataset.id == id.to_string());
    Ok(DatasetPage {
        dataset: dataset.ok_or(Trouble::NotFound)?,
        preview: None,
        form,
    })
}

async fn datasets(visit: &Visit) -> Result<Vec<Dataset>, Trouble> {
    let entries = visit.broker().catalogue().await?;
    let shelf = {
        let mut read = visit.broker().read().await?;
        Shelf::open(&mut *read, visit.lang).await?
    };
    Ok(entries
        .into_iter()
        .map(|entry| described(visit, &shelf, entry))
        .collect())
}

fn described(visit: &Visit, shelf: &Shelf, entry: CatalogueEntry) -> Dataset {
    let days = days(&entry, visit.broker().now());
    let CatalogueEntry {
        row,
        households,
        needed,
        rule,
        ..
    } = entry;
    Dataset {
        id: row.dataset.id.to_string(),
        title: row.title(visit.lang).to_owned(),
        summary: row.summary(visit.lang).to_owned(),
        data: DataKind::Consumption,
        granularity: granularity(Some(row.dataset.step)),
        days,
        households,
        households_needed: needed,
        purpose: shelf.purpose(row.dataset.recipient, &row.dataset.purpose),
        terms: rule.map(|rule| rule.of(language(visit.lang))),
        decided_by: visit
            .speech()
            .say1("dataset-officer-of", "name", &visit.pages.operator.name),
    }
}

/// The days that can be asked for: whole ones, since enough households agreed until yesterday.
fn days(entry: &CatalogueEntry, now: Instant) -> Option<(Date, Date)> {
    let first = entry.first?;
    let first_day = day(first);
    let from = if midnight(first_day) == Some(first) {
        first_day
    } else {
        tomorrow(first_day)?
    };
    let until = yesterday(now);
    (from <= until).then_some((from, until))
}

fn yesterday(now: Instant) -> Date {
    midnight(day(now)).map_or_else(|| day(now), last_day)
}

/// POST `/recherche/jeux/{dataset}/demande`
pub(crate) async fn request(Path(dataset): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.researcher()?;
    let dataset: DatasetId = id(&dataset)?;
    let period = match read_form(&fields) {
        Ok(period) => period,
        Err(problems) => return again(&visit, dataset, &fields, problems).await,
    };
    let justification = fields.text("justification").to_owned();
    match visit
        .broker()
        .request_dataset(
            who,
            Application {
                dataset,
                period,
                justification,
            },
        )
        .await
    {
        Ok(_) => Ok(onward_with(paths::REQUESTS, Notice::RequestSent)),
        Err(Failure::Refused(RequestRefusal::PeriodNotOver)) => {
            let problem = FieldError {
                field: "until".into(),
                problem: FieldProblem::PeriodOutsideDataset,
            };
            again(&visit, dataset, &fields, vec![problem]).await
        }
        Err(failure) => Err(Trouble::from_failure(failure, |refusal| match refusal {
            RequestRefusal::UnknownDataset => Trouble::NotFound,
            RequestRefusal::NotForYou => Trouble::NotYours,
            RequestRefusal::Justification | RequestRefusal::PeriodNotOver => Trouble::NotUnderstood,
        })),
    }
}

async fn again(
    visit: &Visit,
    dataset: DatasetId,
    fields: &Fields,
    problems: Vec<FieldError>,
) -> Result<Response, Trouble> {
    let form = RequestForm {
        justification: fields.text("justification").to_owned(),
        from: fields.text("from").to_owned(),
        until: fields.text("until").to_owned(),
        errors: FormErrors(problems),
    };
    let view = one(visit, dataset, form).await?;
    returned(render_dataset(
        &visit.page_at(paths::dataset(&dataset.to_string())),
        &view,
    ))
}

/// The period of a form: from the first midnight of its first day to the last of its last.
fn read_form(fields: &Fields) -> Result<Interval, Vec<FieldError>> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, problem| {
        problems.push(FieldError {
            field: field.to_owned(),
            problem,
        });
    };
    let words = fields.text("justification");
    if words.is_empty() {
        wrong("justification", FieldProblem::JustificationMissing);
    } else if words.chars().count() > MAX_JUSTIFICATION {
        wrong("justification", FieldProblem::TextTooLong);
    }
    let mut date = |field: &str| {
        let text = fields.text(field);
        let date = text.parse::<Date>().ok();
        if date.is_none() {
            let problem = if text.is_empty() {
                FieldProblem::DateMissing
            } else {
                FieldProblem::DateInvalid
            };
            wrong(field, problem);
        }
        date
    };
    let days = date("from").zip(date("until"));
    let sound = problems.is_empty();
    let period = days.map(|(from, until)| midnight(from).zip(tomorrow(until).and_then(midnight)));
    match period {
        Some(Some((start, end))) => match Interval::new(start, end) {
            Ok(period) if sound => return Ok(period),
            Ok(_) => {}
            Err(_) => problems.push(FieldError {
                field: "until".into(),
                problem: FieldProblem::PeriodReversed,
            }),
        },
        Some(None) => problems.push(FieldError {
            field: "until".into(),
            problem: FieldProblem::DateInvalid,
        }),
        None => {}
    }
    Err(problems)
}
