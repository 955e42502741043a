//! `/moi/points`: the points of a company or commune, for whoever represents it.

use std::collections::HashMap;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use broker_domain::consent::Consent;
use broker_domain::ids::{ConsentId, OfferId, PointId};
use broker_domain::legal::Shows;
use broker_domain::mandate::{Capacity, Hand};
use broker_service::{ChoiceRefusal, Failure, PermitOrder, SignatureRefusal, Site, WithdrawalRefusal};

use crate::form::{FieldProblem, FormErrors};
use crate::page::Notice;
use crate::pages::{
    Answer, FullNotice, OfferChoice, PermitView, PointFilter, PointLine, PointOffer, PointStanding,
    PointsView, render_permit, render_points,
};
use crate::paths;
use crate::routes::changes::wrong;
use crate::routes::fields::{Fields, Posted};
use crate::routes::notice_text::{if_refused, sections};
use crate::routes::offers::{asks, running_script, signing};
use crate::routes::passkeys::{Scripted, unkept};
use crate::routes::phrases::{day, granularity, last_day};
use crate::routes::shelf::{Asked, Shelf};
use crate::routes::signing::{Not, Onward, granting, not, question_answer, told};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id, onward_with, returned, shown};
use crate::vocabulary::DataKind;

/// Points on one page.
const LINES: usize = 50;
/// How many places the terms name.
const NAMED: usize = 20;

/// The points of a legal person, and what is permitted for each.
struct Holding {
    hand: Hand,
    shelf: Shelf,
    sites: Vec<Site>,
    /// In force.
    consents: Vec<Consent>,
}

impl Holding {
    async fn of(visit: &Visit) -> Result<Self, Trouble> {
        let hand = representing(visit)?;
        let sites = visit.broker().own_sites(hand).await;
        let mut sites = sites.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
        sites.sort_by(|one, other| (&one.name, one.point).cmp(&(&other.name, other.point)));
        let now = visit.broker().now();
        let mut read = visit.broker().read().await?;
        let shelf = Shelf::open(&mut *read, visit.lang).await?;
        let mut consents = read.consents_of(hand.person()).await?;
        consents.retain(|consent| consent.state(now).is_given());
        Ok(Self {
            hand,
            shelf,
            sites,
            consents,
        })
    }

    fn given(&self, asked: &Asked) -> HashMap<PointId, ConsentId> {
        let given = self
            .consents
            .iter()
            .filter(|consent| asked.is_answered_by(consent));
        given.map(|consent| (consent.point, consent.id)).collect()
    }

    fn offer(&self, asked: &Asked) -> PointOffer {
        PointOffer {
            id: asked.row.offer.id.to_string(),
            recipient: self.shelf.name(asked.row.offer.recipient),
            purpose: asked.notice.title.clone(),
            permitted: self.given(asked).len(),
            total: self.sites.iter().filter(|site| !site.left).count(),
        }
    }

    /// The lines that a filter leaves, by name.
    fn lines(&self, asked: Option<&Asked>, wanted: &Wanted) -> Vec<PointLine> {
        let given = asked.map(|asked| self.given(asked));
        let query = wanted.query.to_lowercase();
        let fits = |site: &&Site| site.name.to_lowercase().contains(&query) || site.last == wanted.query;
        let line = |site: &Site| PointLine {
            id: site.point.to_string(),
            name: site.name.clone(),
            last: site.last.clone(),
            standing: given.as_ref().map(|given| standing(site, given.get(&site.point))),
        };
        let kept = |line: &PointLine| match (wanted.filter, &line.standing) {
            (PointFilter::All, _) | (_, None) => true,
            (PointFilter::Permitted, Some(standing)) => matches!(standing, PointStanding::Permitted(_)),
            (PointFilter::Free, Some(standing)) => *standing == PointStanding::Free,
        };
        self.sites.iter().filter(fits).map(line).filter(kept).collect()
    }
}

fn standing(site: &Site, given: Option<&ConsentId>) -> PointStanding {
    match (site.shows, site.left, given) {
        (Shows::Person, ..) => PointStanding::Aside,
        (Shows::Body, true, _) => PointStanding::Left,
        (Shows::Body, false, Some(sharing)) => PointStanding::Permitted(sharing.to_string()),
        (Shows::Body, false, None) => PointStanding::Free,
    }
}

/// Whoever represents a legal person; for everybody else there is no such page.
fn representing(visit: &Visit) -> Result<Hand, Trouble> {
    let hand = visit.hand()?;
    let represents = hand
        .acting()
        .is_some_and(|acting| acting.capacity() == Capacity::Representative);
    if represents {
        Ok(hand)
    } else {
        Err(Trouble::NotFound)
    }
}

/// What is looked for.
struct Wanted {
    query: String,
    filter: PointFilter,
}

impl Wanted {
    fn of(query: &str, filter: &str) -> Self {
        Self {
            query: query.trim().chars().take(100).collect(),
            filter: PointFilter::from_tag(filter).unwrap_or(PointFilter::All),
        }
    }

    fn posted(fields: &Fields) -> Self {
        Self::of(fields.text("q"), fields.text("etat"))
    }
}

/// GET `/moi/points`
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    let holding = Holding::of(&visit).await?;
    let offer = visit
        .asked("offre")
        .and_then(|offer| offer.parse::<OfferId>().ok());
    let wanted = Wanted::of(
        visit.asked("q").unwrap_or_default(),
        visit.asked("etat").unwrap_or_default(),
    );
    let page = visit
        .asked("page")
        .and_then(|page| page.parse().ok())
        .unwrap_or(1);
    let view = view(&holding, (offer, wanted, page), FormErrors::default());
    shown(render_points(&visit.page(), &view))
}

fn view(
    holding: &Holding,
    (offer, wanted, page): (Option<OfferId>, Wanted, usize),
    errors: FormErrors,
) -> PointsView {
    let asked = offer.and_then(|offer| holding.shelf.asked(offer));
    let lines = holding.lines(asked, &wanted);
    let pages = lines.len().div_ceil(LINES).max(1);
    let page = page.clamp(1, pages);
    let count = |wanted: fn(&PointStanding) -> bool| {
        lines
            .iter()
            .filter(|line| line.standing.as_ref().is_some_and(wanted))
            .count()
    };
    PointsView {
        offers: holding
            .shelf
            .offers
            .iter()
            .map(|asked| holding.offer(asked))
            .collect(),
        offer: asked.map(|asked| holding.offer(asked)),
        query: wanted.query,
        filter: wanted.filter,
        found: lines.len(),
        permitted: count(|standing| matches!(standing, PointStanding::Permitted(_))),
        free: count(|standing| *standing == PointStanding::Free),
        lines: lines
            .into_iter()
            .skip(page.saturating_sub(1).saturating_mul(LINES))
            .take(LINES)
            .collect(),
        page,
        pages,
        errors,
    }
}

/// The lines that a form chose: those that were ticked, or all that the filter leaves. `None` where it says neither.
fn chosen(holding: &Holding, asked: &Asked, fields: &Fields) -> Option<Vec<PointLine>> {
    let lines = holding.lines(Some(asked), &Wanted::posted(fields));
    match fields.text("portee") {
        "tous" => Some(lines),
        "coches" => {
            let ticked = fields.all("point");
            let chosen: Vec<PointLine> = lines
                .into_iter()
                .filter(|line| ticked.contains(&line.id.as_str()))
                .collect();
            (!chosen.is_empty()).then_some(chosen)
        }
        _ => None,
    }
}

fn again(visit: &Visit, holding: &Holding, offer: OfferId, fields: &Fields) -> Result<Response, Trouble> {
    let errors = wrong("portee", FieldProblem::MeterMissing);
    let view = view(holding, (Some(offer), Wanted::posted(fields), 1), errors);
    let here = paths::with_query(paths::POINTS, "offre", &offer.to_string());
    returned(render_points(&visit.page_at(here), &view))
}

/// POST `/moi/points/{offer}/accord`: the terms, for the points that were chosen. Nothing is permitted yet.
pub(crate) async fn terms(Path(offer): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let offer: OfferId = id(&offer)?;
    let holding = Holding::of(&visit).await?;
    let asked = holding.shelf.asked(offer).ok_or(Trouble::NotFound)?;
    let free: Vec<PointLine> = chosen(&holding, asked, &fields)
        .unwrap_or_default()
        .into_iter()
        .filter(|line| line.standing == Some(PointStanding::Free))
        .collect();
    if free.is_empty() {
        return again(&visit, &holding, offer, &fields);
    }
    let digest = asked.notice.digest;
    visit
        .broker()
        .notice_was_served(holding.hand.person(), offer, digest)
        .await?;
    let view = permit_view(&visit, &holding, asked, &free, signing(&visit).await?);
    let here = paths::with_query(paths::POINTS, "offre", &offer.to_string());
    let response = shown(render_permit(&visit.page_at(here), &view))?;
    Ok(running_script(response, view.signing))
}

fn permit_view(
    visit: &Visit,
    holding: &Holding,
    asked: &Asked,
    points: &[PointLine],
    signing: crate::pages::Signing,
) -> PermitView {
    let (row, now) = (&asked.row, visit.broker().now());
    let end = now.plus_seconds(i64::from(row.offer.days).saturating_mul(86_400));
    let ids: Vec<&str> = points.iter().map(|line| line.id.as_str()).collect();
    PermitView {
        id: row.offer.id.to_string(),
        recipient: holding.shelf.recipient(row.offer.recipient),
        choice: OfferChoice {
            id: row.offer.id.to_string(),
            purpose: asked.notice.title.clone(),
            data: DataKind::Consumption,
            granularity: granularity(Some(row.offer.step)),
            covers_from: day(now),
            ends_on: last_day(end),
            if_refused: if_refused(&asked.notice.text),
            answer: Answer::Unanswered,
        },
        count: points.len(),
        names: points.iter().take(NAMED).map(|line| line.name.clone()).collect(),
        others: points.len().saturating_sub(NAMED),
        points: ids.join(","),
        notice: FullNotice {
            title: asked.notice.title.clone(),
            sha256: asked.notice.digest.to_string(),
            language: asked.notice.language.clone(),
            sections: sections(&asked.notice.text),
        },
        signing,
        asks: asks(row.evidence),
    }
}

/// The points and the notice that a page of terms sent back.
async fn order(visit: &Visit, offer: OfferId, (points, notice): (&str, &str)) -> Result<PermitOrder, Not> {
    let row = visit.broker().read().await?.offer(offer).await?;
    let row = row.ok_or(Trouble::NotFound)?;
    let shown = row
        .notices()
        .into_iter()
        .find(|digest| digest.to_string() == notice);
    let points: Option<Vec<PointId>> = points.split(',').map(|point| point.parse().ok()).collect();
    Ok(PermitOrder {
        offer,
        points: points.ok_or(Trouble::NotUnderstood)?,
        notice: shown.ok_or(Not::Choice(ChoiceRefusal::NoticeChanged))?,
        proved_at: None,
    })
}

/// POST `/moi/points/{offer}/reponse`
pub(crate) async fn permit(Path(offer): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted {
        visit,
        session,
        fields,
    } = posted;
    let hand = representing(&visit)?;
    let offer: OfferId = id(&offer)?;
    let back = paths::with_query(paths::POINTS, "offre", &offer.to_string());
    let changed = || Trouble::Changed { onward: back.clone() };
    let order = order(&visit, offer, (fields.text("meter"), fields.text("notice"))).await;
    let order = order.map_err(|not| match not {
        Not::Trouble(trouble) => trouble,
        Not::Choice(_) | Not::Sentence(_) => changed(),
    })?;
    let order = PermitOrder {
        proved_at: session.proved_at,
        ..order
    };
    match visit.broker().permit_points(hand, &order).await {
        Ok(_) => Ok(onward_with(&back, Notice::PointsPermitted)),
        // A proof of minutes ago is enough, or a key is needed that she registers there.
        Err(Failure::Refused(ChoiceRefusal::TooWeak { .. })) => {
            Ok(onward_with(paths::PROVE, Notice::ProveFirst))
        }
        Err(failure) => Err(Trouble::from_failure(failure, |refusal| match refusal {
            ChoiceRefusal::UnknownOffer | ChoiceRefusal::NotYours => Trouble::NotFound,
            _ => changed(),
        })),
    }
}

/// POST `/moi/points/{offer}/retrait`
pub(crate) async fn withdraw(Path(offer): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let Posted { visit, fields, .. } = posted;
    let offer: OfferId = id(&offer)?;
    let holding = Holding::of(&visit).await?;
    let asked = holding.shelf.asked(offer).ok_or(Trouble::NotFound)?;
    let given: Vec<ConsentId> = chosen(&holding, asked, &fields)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|line| match line.standing {
            Some(PointStanding::Permitted(sharing)) => sharing.parse().ok(),
            _ => None,
        })
        .collect();
    if given.is_empty() {
        return again(&visit, &holding, offer, &fields);
    }
    let back = paths::with_query(paths::POINTS, "offre", &offer.to_string());
    match visit.broker().withdraw_points(holding.hand, &given).await {
        Ok(_) | Err(Failure::Refused(WithdrawalRefusal::AlreadyEnded)) => {
            Ok(onward_with(&back, Notice::PointsWithdrawn))
        }
        Err(failure) => Err(Trouble::from_failure(failure, |_| Trouble::NotFound)),
    }
}

/// POST `/moi/points/{offer}/signature/question`
pub(crate) async fn question(Path(offer): Path<String>, scripted: Scripted) -> Response {
    let visit = &scripted.visit;
    let asked = async {
        granting(visit)?;
        let hand = representing(visit)?;
        let points = scripted.meter.as_deref().unwrap_or_default();
        let notice = scripted.notice.as_deref().unwrap_or_default();
        let order = order(visit, id(&offer)?, (points, notice)).await?;
        visit
            .broker()
            .ask_for_list_signature(hand, &order)
            .await
            .map_err(not)
    };
    question_answer(visit, asked.await)
}

/// POST `/moi/points/{offer}/signature`
pub(crate) async fn answer(Path(offer): Path<String>, scripted: Scripted) -> Response {
    let visit = &scripted.visit;
    let unknown = || Not::Choice(ChoiceRefusal::Signature(SignatureRefusal::IntentUnknown));
    let signed = async {
        granting(visit)?;
        let hand = representing(visit)?;
        let offer: OfferId = id(&offer)?;
        let nonce = visit.ceremony().map_err(|_| unknown())?;
        let answer = scripted.answer()?;
        visit
            .broker()
            .permit_signed(hand, nonce, answer)
            .await
            .map_err(not)?;
        Ok(paths::with_query(paths::POINTS, "offre", &offer.to_string()))
    };
    match signed.await {
        Ok(onward) => {
            let mut response = axum::Json(Onward { onward }).into_response();
            visit.pages.site.forget_ceremony(response.headers_mut());
            unkept(response)
        }
        Err(not) => told(visit, &not),
    }
}
