//! `/moi/logement/{meter}/foyer` and `/notice`: what a person says of the other adults of her home, and the notice she hands
//! them. `/foyer`: what they reach without an account.

use axum::extract::{Path, Request};
use axum::response::Response;
use broker_domain::household::{Household, HouseholdCaseKind, Minors, OtherAdults};
use broker_domain::ids::{ConsentId, PointId};
use broker_domain::rights::{Author, WordKind};
use broker_service::{DrawnCase, Failure, HomeAsk, HomeRefusal, HomeSharing, HomeVisit, OwnHome, ReadCase};

use crate::form::{FieldError, FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    HomeAskedView, HomeCaseView, HomeCodeView, HomeNoticeView, HomeShare, HomeVisitView, Minority, Others,
    OthersAsk, OthersCase, Square, render_case_code, render_home_asked, render_home_case, render_home_code,
    render_home_notice, render_home_visit,
};
use crate::paths;
use crate::routes::changes::wrong;
use crate::routes::fields::{Fields, Posted, own_form};
use crate::routes::household;
use crate::routes::meters::{Meter, meters};
use crate::routes::phrases::{granularity, last_day, moment};
use crate::routes::shelf::Shelf;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward, onward_with, returned, shown};
use crate::vocabulary::DataKind;

fn trouble(failure: Failure<HomeRefusal>) -> Trouble {
    Trouble::from_failure(failure, |refusal| match refusal {
        HomeRefusal::NotYours => Trouble::NotFound,
        HomeRefusal::HomeLeft | HomeRefusal::NobodySaid => Trouble::Changed {
            onward: paths::HOMES.to_owned(),
        },
        HomeRefusal::CodeUnknown | HomeRefusal::TooMany { .. } => Trouble::Changed {
            onward: paths::OTHERS.to_owned(),
        },
        HomeRefusal::NoWords
        | HomeRefusal::TooLong
        | HomeRefusal::TooManyCases
        | HomeRefusal::NothingChosen
        | HomeRefusal::SentBefore => Trouble::NotUnderstood,
    })
}

/// What a person's page says of the other adults of each of her homes; what was typed for one of them stands in its place.
pub(crate) async fn others_of(
    visit: &Visit,
    meters: &[Meter],
    typed: Option<(&str, &Fields)>,
) -> Result<Vec<Others>, Trouble> {
    let who = visit.participant()?;
    let mut all = Vec::with_capacity(meters.len());
    for meter in meters {
        let own = visit
            .broker()
            .own_home(who, meter.point.id)
            .await
            .map_err(trouble)?;
        let mut others = others(meter.point.id, &own);
        if let Some((_, fields)) = typed.filter(|(home, _)| *home == others.home) {
            others.adults = fields.text("adultes").to_owned();
            others.minors = minority(fields);
        }
        all.push(others);
    }
    Ok(all)
}

fn others(point: PointId, own: &OwnHome) -> Others {
    Others {
        home: point.to_string(),
        adults: own
            .household
            .map(|household| household.adults.number().to_string())
            .unwrap_or_default(),
        minors: own.household.map(|household| match household.minors {
            Minors::Present => Minority::Present,
            Minors::Absent => Minority::Absent,
        }),
        told: own.household.is_some(),
        cases: own
            .cases
            .iter()
            .map(|case| OthersCase {
                kind: kind(case.kind),
                received_at: moment(case.received_at),
                due_on: case.due_on,
                answered_at: case.answered_at.map(moment),
                standing: case.standing.len(),
            })
            .collect(),
    }
}

const fn kind(kind: HouseholdCaseKind) -> OthersAsk {
    match kind {
        HouseholdCaseKind::Objection => OthersAsk::Objection,
        HouseholdCaseKind::Question => OthersAsk::Question,
        HouseholdCaseKind::Represented => OthersAsk::Represented,
    }
}

fn minority(fields: &Fields) -> Option<Minority> {
    match fields.text("mineurs") {
        "oui" => Some(Minority::Present),
        "non" => Some(Minority::Absent),
        _ => None,
    }
}

/// POST `/moi/logement/{meter}/foyer`
pub(crate) async fn say(Path(meter): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let who = visit.participant()?;
    let point: PointId = id(&meter)?;
    let adults = fields.text("adultes").parse().ok().and_then(OtherAdults::new);
    let minors = minority(&fields);
    let (Some(adults), Some(minors)) = (adults, minors) else {
        let mut errors = FormErrors::default();
        if adults.is_none() {
            errors
                .0
                .extend(wrong(&format!("adultes-{meter}"), FieldProblem::AdultsInvalid).0);
        }
        if minors.is_none() {
            errors
                .0
                .extend(wrong(&format!("mineurs-{meter}"), FieldProblem::MinorsMissing).0);
        }
        return household::others_again(&visit, (&meter, &fields), errors).await;
    };
    let household = Household {
        adults,
        minors: match minors {
            Minority::Present => Minors::Present,
            Minority::Absent => Minors::Absent,
        },
    };
    let said = visit.broker().say_household(who, point, household).await;
    said.map_err(trouble)?;
    Ok(onward_with(paths::HOMES, Notice::HouseholdSaid))
}

/// POST `/moi/logement/{meter}/code`
pub(crate) async fn make_code(Path(meter): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let who = posted.visit.participant()?;
    let made = posted.visit.broker().make_home_code(who, id(&meter)?).await;
    made.map_err(trouble)?;
    Ok(onward_with(&paths::home_notice(&meter), Notice::HomeCodeMade))
}

/// `/moi/logement/{meter}/notice`
pub(crate) async fn notice(visit: Visit, Path(meter): Path<String>) -> Result<Response, Trouble> {
    let who = visit.participant()?;
    let point: PointId = id(&meter)?;
    let own = visit.broker().own_home(who, point).await.map_err(trouble)?;
    let meters = meters(&visit, who).await?;
    let now = visit.broker().now();
    let found = meters.iter().find(|meter| meter.point.id == point);
    let home = found.ok_or(Trouble::NotFound)?.home(now);
    let Some(household) = own.household.filter(|_| home.standing.is_lived_at()) else {
        return Err(Trouble::Changed {
            onward: paths::HOMES.to_owned(),
        });
    };
    let mut read = visit.broker().read().await?;
    let shelf = Shelf::open(&mut *read, visit.lang).await?;
    let mut shares = Vec::new();
    for consent in read.consents_of(who).await? {
        if consent.point == point && consent.state(now).is_given() {
            let stands_still = false;
            shares.push(share(
                &shelf,
                &HomeSharing {
                    consent,
                    stands_still,
                },
                now,
            ));
        }
    }
    drop(read);
    let address = format!("{}{}", visit.pages.site.url, paths::OTHERS);
    let view = HomeNoticeView {
        home,
        shares,
        square: Square::of(&address),
        minors: household.minors == Minors::Present,
        address,
        code: own.code.map(|(code, at)| (code, moment(at))),
        at: moment(now),
    };
    shown(render_home_notice(&visit.page(), &view))
}

fn share(shelf: &Shelf, sharing: &HomeSharing, now: broker_domain::time::Instant) -> HomeShare {
    let consent = &sharing.consent;
    let terms = consent.terms_now(now);
    HomeShare {
        id: consent.id.to_string(),
        recipient: shelf.recipient(consent.recipient),
        purpose: shelf.purpose(consent.recipient, &consent.purpose),
        data: DataKind::Consumption,
        granularity: granularity(Some(terms.step)),
        ends_on: last_day(terms.data.end()),
        stands_still: sharing.stands_still,
    }
}

/// GET `/foyer`
pub(crate) async fn code_page(visit: Visit) -> Result<Response, Trouble> {
    let errors = FormErrors::default();
    shown(render_home_code(&visit.page(), &HomeCodeView { errors }))
}

fn wrong_code(failure: Failure<HomeRefusal>) -> Result<FormErrors, Trouble> {
    match failure {
        Failure::Refused(HomeRefusal::CodeUnknown) => Ok(wrong("code", FieldProblem::HomeCodeUnknown)),
        Failure::Refused(HomeRefusal::TooMany { .. }) => Ok(wrong("code", FieldProblem::TooManyCodes)),
        other => Err(trouble(other)),
    }
}

/// POST `/foyer`
pub(crate) async fn open(visit: Visit, request: Request) -> Result<Response, Trouble> {
    let fields = own_form(request).await?;
    let code = fields.text("code");
    match visit.broker().visit_home(code).await {
        Ok(_) => {
            let mut response = onward(paths::OTHERS_SHARINGS);
            visit.pages.site.keep_home(code, response.headers_mut());
            Ok(response)
        }
        Err(failure) => {
            let errors = wrong_code(failure)?;
            let page = visit.page_at(paths::OTHERS.to_owned());
            returned(render_home_code(&page, &HomeCodeView { errors }))
        }
    }
}

/// GET `/foyer/partages`
pub(crate) async fn sharings(visit: Visit) -> Result<Response, Trouble> {
    let Some(code) = visit.home().map(str::to_owned) else {
        return Ok(onward(paths::OTHERS));
    };
    let found = match visit.broker().visit_home(&code).await {
        Ok(found) => found,
        Err(Failure::Refused(_)) => {
            let mut response = onward(paths::OTHERS);
            visit.pages.site.forget_home(response.headers_mut());
            return Ok(response);
        }
        Err(failure) => return Err(trouble(failure)),
    };
    let drawn = visit.broker().draw_case()?;
    let view = visit_view(&visit, &found, drawn, None).await?;
    let mut response = shown(render_home_visit(&visit.page(), &view))?;
    // For as long as she writes.
    visit.pages.site.keep_home(&code, response.headers_mut());
    Ok(response)
}

/// What is shared, and the form, with what came back in it.
async fn visit_view(
    visit: &Visit,
    found: &HomeVisit,
    drawn: DrawnCase,
    came_back: Option<(&Fields, FormErrors)>,
) -> Result<HomeVisitView, Trouble> {
    let shelf = Shelf::open(&mut *visit.broker().read().await?, visit.lang).await?;
    let now = visit.broker().now();
    let none = Fields::none();
    let (fields, errors) = came_back.unwrap_or((&none, FormErrors::default()));
    Ok(HomeVisitView {
        shares: found
            .sharings
            .iter()
            .map(|sharing| share(&shelf, sharing, now))
            .collect(),
        minors: found.minors == Minors::Present,
        form: drawn.id.to_string(),
        case_code: drawn.code,
        kind: OthersAsk::from_tag(fields.text("nature")),
        about: fields.all("partage").into_iter().map(str::to_owned).collect(),
        words: fields.text("mots").to_owned(),
        contact: fields.text("contact").to_owned(),
        errors,
    })
}

/// POST `/foyer/demande`. Sent twice, it is one case, and its code is shown again.
pub(crate) async fn ask(visit: Visit, request: Request) -> Result<Response, Trouble> {
    let fields = own_form(request).await?;
    let Some(code) = visit.home().map(str::to_owned) else {
        return Err(Trouble::Changed {
            onward: paths::OTHERS.to_owned(),
        });
    };
    let drawn = DrawnCase {
        id: id(fields.text("demande"))?,
        code: case_code(fields.text("dossier"))?,
    };
    let again = |problem, field: &'static str| {
        let error = FieldError {
            field: field.to_owned(),
            problem,
        };
        let (visit, fields, drawn, code) = (&visit, &fields, drawn.clone(), &code);
        async move {
            let found = visit.broker().visit_home(code).await.map_err(trouble)?;
            let errors = FormErrors(vec![error]);
            let view = visit_view(visit, &found, drawn, Some((fields, errors))).await?;
            let page = visit.page_at(paths::OTHERS_SHARINGS.to_owned());
            returned(render_home_visit(&page, &view))
        }
    };
    let Some(nature) = OthersAsk::from_tag(fields.text("nature")) else {
        return again(FieldProblem::NatureMissing, "nature").await;
    };
    let about: Vec<ConsentId> = fields
        .all("partage")
        .into_iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    let ask = HomeAsk {
        drawn: drawn.clone(),
        kind: match nature {
            OthersAsk::Objection => HouseholdCaseKind::Objection,
            OthersAsk::Question | OthersAsk::Represented => HouseholdCaseKind::Question,
        },
        about,
        words: fields.text("mots").to_owned(),
        contact: fields.text("contact").to_owned(),
    };
    match visit.broker().ask_from_home(&code, &ask).await {
        Ok(asked) => {
            let view = HomeAskedView {
                kind: nature,
                code: asked.code,
                address: format!("{}{}", visit.pages.site.url, paths::OTHERS_CASE),
                due_on: asked.due_on,
                stopped: asked.stopped,
            };
            let page = visit.page_at(paths::OTHERS_SHARINGS.to_owned());
            shown(render_home_asked(&page, &view))
        }
        Err(Failure::Refused(refusal)) => match unasked(refusal) {
            Some((problem, field)) => again(problem, field).await,
            None => Err(trouble(Failure::Refused(refusal))),
        },
        Err(failure) => Err(trouble(failure)),
    }
}

/// What is wrong with a form that was not taken, and where.
const fn unasked(refusal: HomeRefusal) -> Option<(FieldProblem, &'static str)> {
    Some(match refusal {
        HomeRefusal::NoWords => (FieldProblem::WordsMissing, "mots"),
        HomeRefusal::TooLong => (FieldProblem::TextTooLong, "mots"),
        HomeRefusal::TooManyCases => (FieldProblem::TooManyRequests, "mots"),
        HomeRefusal::SentBefore => (FieldProblem::SentBefore, "mots"),
        HomeRefusal::NothingChosen => (FieldProblem::SharingMissing, "partage"),
        HomeRefusal::NotYours
        | HomeRefusal::HomeLeft
        | HomeRefusal::NobodySaid
        | HomeRefusal::CodeUnknown
        | HomeRefusal::TooMany { .. } => return None,
    })
}

/// A code as our form holds it: twelve letters and digits in groups. Anything else was not drawn here.
pub(super) fn case_code(text: &str) -> Result<String, Trouble> {
    let symbols = text.chars().filter(char::is_ascii_alphanumeric).count();
    let drawn = symbols == 12 && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '-');
    match drawn {
        true => Ok(text.to_owned()),
        false => Err(Trouble::NotUnderstood),
    }
}

/// GET `/foyer/reponse`
pub(crate) async fn case_page(visit: Visit) -> Result<Response, Trouble> {
    let errors = FormErrors::default();
    shown(render_case_code(&visit.page(), &HomeCodeView { errors }))
}

/// POST `/foyer/reponse`
pub(crate) async fn case(visit: Visit, request: Request) -> Result<Response, Trouble> {
    let fields = own_form(request).await?;
    let page = visit.page_at(paths::OTHERS_CASE.to_owned());
    match visit.broker().read_home_case(fields.text("code")).await {
        Ok(case) => shown(render_home_case(&page, &case_view(&case))),
        Err(failure) => {
            let errors = wrong_code(failure)?;
            returned(render_case_code(&page, &HomeCodeView { errors }))
        }
    }
}

fn case_view(case: &ReadCase) -> HomeCaseView {
    let asked = case.words.iter().find(|one| one.kind == WordKind::Asked);
    HomeCaseView {
        kind: kind(case.kind),
        received_at: moment(case.received_at),
        due_on: case.due_on,
        words: asked.map(|one| one.words.clone()).unwrap_or_default(),
        written: case
            .words
            .iter()
            .filter(|one| one.author == Author::Officer && one.kind != WordKind::Answer)
            .map(|one| (moment(one.at), one.words.clone()))
            .collect(),
        answer: case
            .answer()
            .map(|one| (case.answered_at.map_or(moment(one.at), moment), one.words.clone())),
        standing: case.standing,
    }
}
