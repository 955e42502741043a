//! Everything a release is decided from, read at one instant.

use std::collections::BTreeMap;

use broker_anonymiser as anonymiser;
use broker_anonymiser::{HouseholdCount, StoredRelease};
use broker_domain::consent::{Ask, Covered, covers};
use broker_domain::ids::{ParticipantId, RequestId};
use broker_domain::research::AccessRequest;
use broker_domain::time::Instant;
use broker_store::{DatasetRow, Read, ResearcherRow};
use jiff::tz::TimeZone;

use crate::broker::Broker;
use crate::failure::Fault;

/// The zone in which days of a release are counted.
pub const ZONE: &str = "Europe/Paris";

/// What the automatic checks say before an officer decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feasibility {
    /// Households whose consent covers the request today.
    pub households: u32,
    /// What the rule asks for, when it has a number.
    pub needed: Option<u32>,
    /// Why it would be refused; `None` when it would pass as far as the number of homes tells.
    pub refusal: Option<anonymiser::Refusal>,
}

/// What is known about one request.
pub(super) struct Case {
    pub now: Instant,
    pub request: AccessRequest,
    pub dataset: DatasetRow,
    pub researcher: ResearcherRow,
    /// One coverage a point, in order of the point.
    pub covered: Vec<Covered>,
    /// The households behind them, with their places in membership bitmaps.
    pub ordinals: BTreeMap<ParticipantId, u32>,
    /// Participants enrolled: the homes an attacker would choose the members from.
    pub enrolled: u32,
    /// Every earlier release, of whatever dataset: one left out can be subtracted.
    pub previous: Vec<StoredRelease>,
}

impl Case {
    /// The question to the anonymiser.
    pub fn question(&self) -> Result<anonymiser::Request, Fault> {
        let corrupt = |what| Fault::Corrupt { what };
        let zone = TimeZone::get(ZONE).map_err(|_| corrupt("zone"))?;
        let step =
            anonymiser::StepSeconds::new(self.dataset.dataset.step.seconds()).ok_or(corrupt("step"))?;
        let period = self.request.period;
        let (start, end) = (period.start().to_timestamp(), period.end().to_timestamp());
        Ok(anonymiser::Request {
            group: anonymiser::GroupId::new("panel").ok_or(corrupt("group"))?,
            direction: anonymiser::Direction::Withdrawal,
            period: anonymiser::Period::new(start, end, step, zone).map_err(|_| corrupt("request.period"))?,
            households: HouseholdCount(u32::try_from(self.ordinals.len()).unwrap_or(u32::MAX)),
            candidates: anonymiser::risk::Candidates {
                homes: HouseholdCount(self.enrolled),
                // Suppliers and the grid operator hold the same curves (anonymisation.md §4(c), length rule).
                curves: anonymiser::risk::CurveHolders::Possible,
            },
            rule_id: None,
            released_at: self.now.to_timestamp(),
        })
    }
}

impl Broker {
    /// What the automatic checks say of a request, for the officer's page.
    ///
    /// # Errors
    /// When the store fails; `Ok(None)` when the request does not exist.
    pub async fn feasibility(&self, id: RequestId) -> Result<Option<Feasibility>, Fault> {
        let Some(case) = self.read_case(id).await? else {
            return Ok(None);
        };
        let households = u32::try_from(case.ordinals.len()).unwrap_or(u32::MAX);
        let planned = anonymiser::plan(&self.rules, case.question()?);
        let needed = planned.as_ref().ok().map(|plan| plan.policy().required.0);
        Ok(Some(Feasibility {
            households,
            needed,
            refusal: planned.err(),
        }))
    }

    pub(super) async fn read_case(&self, id: RequestId) -> Result<Option<Case>, Fault> {
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let Some(request) = read.request(id).await? else {
            return Ok(None);
        };
        let dataset = read.dataset(request.dataset).await?.ok_or(Fault::Corrupt {
            what: "request.dataset",
        })?;
        let researcher = read.researcher(request.researcher).await?.ok_or(Fault::Corrupt {
            what: "request.researcher",
        })?;
        let covered = covered_points(&mut *read, &dataset, &request, now).await?;
        let mut ordinals = BTreeMap::new();
        for one in &covered {
            let who = one.ask().participant;
            let row = read.participant(who).await?.ok_or(Fault::Corrupt {
                what: "consent.participant",
            })?;
            ordinals.insert(who, row.ordinal);
        }
        let previous = previous_releases(&mut *read).await?;
        let enrolled = read.participant_count().await?;
        Ok(Some(Case {
            now,
            request,
            dataset,
            researcher,
            covered,
            ordinals,
            enrolled,
            previous,
        }))
    }
}

async fn covered_points(
    read: &mut (dyn Read + '_),
    dataset: &DatasetRow,
    request: &AccessRequest,
    now: Instant,
) -> Result<Vec<Covered>, Fault> {
    let terms = &dataset.dataset;
    let mut covered = BTreeMap::new();
    for consent in read.consents_to(terms.recipient, &terms.purpose).await? {
        let ask = Ask {
            participant: consent.participant,
            point: consent.point,
            recipient: terms.recipient,
            purpose: terms.purpose.clone(),
            step: terms.step,
            interval: request.period,
        };
        // A household that is not covered is left out of the release; that is all a refusal means here.
        if let Ok(one) = covers(std::slice::from_ref(&consent), &ask, now) {
            covered.entry(consent.point).or_insert(one);
        }
    }
    Ok(covered.into_values().collect())
}

async fn previous_releases(read: &mut (dyn Read + '_)) -> Result<Vec<StoredRelease>, Fault> {
    let mut previous = Vec::new();
    for row in read.datasets().await? {
        for stored in read.memberships(row.dataset.id).await? {
            previous.push(StoredRelease {
                id: anonymiser::ReleaseId::new(&stored.release.to_string())
                    .ok_or(Fault::Corrupt { what: "release.id" })?,
                query: anonymiser::QueryRecord::decode(&stored.members).map_err(|_| Fault::Corrupt {
                    what: "release_membership.members",
                })?,
            });
        }
    }
    Ok(previous)
}

/// How many releases were ever made.
pub(super) async fn release_count<R: Read + ?Sized>(read: &mut R) -> Result<usize, Fault> {
    let mut count = 0;
    for row in read.datasets().await? {
        count += read.memberships(row.dataset.id).await?.len();
    }
    Ok(count)
}
