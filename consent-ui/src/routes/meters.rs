//! A person's meters as her pages call them.

use std::collections::BTreeMap;

use broker_domain::consent::Occupancy;
use broker_domain::gateway;
use broker_domain::ids::PointId;
use broker_domain::mandate::{Hand, Power};
use broker_domain::time::Instant;
use broker_service::Site;
use broker_store::{GatewayRow, PointRow};

use crate::pages::{Home, HomeStanding, MeterCard, MeterChoice};
use crate::routes::phrases::{day, moment};
use crate::routes::trouble::Trouble;
use crate::routes::visit::Visit;
use crate::vocabulary::{GatewayState, Measuring};

/// A gateway that has been quiet for so long is shown as silent: gateways send every ten minutes to an hour.
const SILENCE_SECONDS: i64 = 2 * 3_600;

/// In place of the last digits of a meter, for whoever may not look at them.
const HIDDEN: &str = "····";

/// A delivery point of the visitor.
pub(crate) struct Meter {
    pub(crate) point: PointRow,
    /// `Compteur 1`: people do not name their meters yet.
    pub(crate) label: String,
    /// By whose hand the visitor looks at it: her own, or that of somebody who holds its contract with another.
    pub(crate) hand: Hand,
    digits: String,
    pub(crate) gateways: Vec<GatewayRow>,
}

/// The meters of a person, oldest first.
pub(crate) async fn meters(visit: &Visit, who: impl Into<Hand>) -> Result<Vec<Meter>, Trouble> {
    let hand = who.into();
    let who = hand.person();
    let (points, gateways) = {
        let mut read = visit.broker().read().await?;
        (read.points_of(who).await?, read.gateways_of(who).await?)
    };
    // The places of a legal person have names, and are opened together: there may be thousands.
    let mut sites: BTreeMap<PointId, Site> = BTreeMap::new();
    if hand.may(Power::View) && visit.broker().is_legal_person(who).await?.is_some() {
        let own = visit.broker().own_sites(hand).await;
        let own = own.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?;
        sites.extend(own.into_iter().map(|site| (site.point, site)));
    }
    let mut meters = Vec::with_capacity(points.len());
    for (number, point) in (1_usize..).zip(points) {
        let site = sites.remove(&point.id);
        let digits = match hand.may(Power::View) {
            true if site.is_some() => Ok(site.as_ref().map(|site| site.last.clone()).unwrap_or_default()),
            true => visit.broker().meter_digits(hand, point.id).await,
            // A number is nothing that one needs for withdrawing.
            false => Ok(HIDDEN.to_owned()),
        };
        let own = gateways
            .iter()
            .filter(|row| row.gateway.point == point.id)
            .cloned();
        meters.push(Meter {
            label: match site {
                Some(site) => site.name,
                None => visit.speech().say1("meter-label", "n", number),
            },
            hand,
            digits: digits.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?,
            gateways: own.collect(),
            point,
        });
    }
    Ok(meters)
}

/// The same, and after them those whose contract she holds with another: of that one nothing else.
pub(crate) async fn all_meters(visit: &Visit, who: impl Into<Hand>) -> Result<Vec<Meter>, Trouble> {
    let hand = who.into();
    let mut all = meters(visit, hand).await?;
    if hand.acting().is_some() {
        return Ok(all);
    }
    for held in visit.broker().holdings_of(hand.person()).await? {
        let Some(point) = held.acting.point() else {
            continue;
        };
        let row = visit.broker().read().await?.point(point).await?;
        let Some(row) = row else { continue };
        let hand = Hand::from(held.acting);
        let digits = visit.broker().meter_digits(hand, point).await;
        all.push(Meter {
            label: visit.speech().say1("meter-shared-label", "name", &held.with),
            hand,
            digits: digits.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotYours))?,
            gateways: Vec::new(),
            point: row,
        });
    }
    Ok(all)
}

/// What a person calls a meter; nothing for one that is not hers.
pub(crate) fn label_of(meters: &[Meter], point: PointId) -> String {
    meters
        .iter()
        .find(|meter| meter.point.id == point)
        .map(|meter| meter.label.clone())
        .unwrap_or_default()
}

/// What is known of the end of an occupancy, as shown.
pub(crate) fn standing(occupancy: Occupancy, now: Instant) -> HomeStanding {
    match (occupancy.departure, occupancy.held_since) {
        (Some(departure), _) if departure.has_come(now) => HomeStanding::Left {
            since: day(departure.at),
        },
        (Some(departure), _) => HomeStanding::Leaving {
            on: day(departure.at),
        },
        (None, Some(since)) => HomeStanding::Asked { since: moment(since) },
        (None, None) => HomeStanding::Lived,
    }
}

impl Meter {
    pub(crate) fn card(&self, now: Instant) -> MeterCard {
        let last_seen = self.gateways.iter().filter_map(|row| row.last_seen_at).max();
        let measures = self
            .gateways
            .iter()
            .any(|row| row.gateway.settings.measuring == gateway::Measuring::On);
        MeterCard {
            id: self.point.id.to_string(),
            label: self.label.clone(),
            last_digits: self.digits.clone(),
            gateway: match last_seen {
                _ if self.gateways.is_empty() => GatewayState::Absent,
                None => GatewayState::NeverHeard,
                Some(at) if now <= at.plus_seconds(SILENCE_SECONDS) => GatewayState::Connected,
                Some(_) => GatewayState::Silent,
            },
            measuring: if measures { Measuring::On } else { Measuring::Off },
            last_reading: last_seen.map(moment),
            home: self.home(now).standing,
        }
    }

    /// Whether somebody else enrolled it, and she holds its contract too.
    pub(crate) fn is_another_s(&self) -> bool {
        self.hand.acting().is_some_and(|acting| acting.point().is_some())
    }

    /// Whether the person still lives there.
    pub(crate) fn is_lived_at(&self, now: Instant) -> bool {
        let departure = self.point.occupancy.departure;
        departure.is_none_or(|departure| !departure.has_come(now))
    }

    /// What her page says of the home.
    pub(crate) fn home(&self, now: Instant) -> Home {
        Home {
            id: self.point.id.to_string(),
            label: self.label.clone(),
            last_digits: self.digits.clone(),
            since: day(self.point.created_at),
            standing: standing(self.point.occupancy, now),
        }
    }

    pub(crate) fn choice(&self) -> MeterChoice {
        MeterChoice {
            id: self.point.id.to_string(),
            label: self.label.clone(),
            last_digits: self.digits.clone(),
        }
    }
}
