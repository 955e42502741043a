//! Everything a release is decided from, read at one instant.

use std::collections::{BTreeMap, BTreeSet};

use broker_anonymiser as anonymiser;
use broker_anonymiser::{HouseholdCount, StoredRelease};
use broker_domain::consent::{Ask, Covered, covers};
use broker_domain::ids::{OfficerId, ParticipantId, RequestId, ResearcherId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::research::AccessRequest;
use broker_domain::time::Instant;
use broker_store::{DatasetRow, Read, ResearcherRow};
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::broker::Broker;
use crate::catalogue::HouseholdBand;
use crate::failure::{Failure, Fault};
use crate::research::request_resource;

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

/// What keeps an approved request from its release today, for the researcher who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacles {
    /// Why; a number of households found is that of its band, not of today.
    pub reasons: Vec<anonymiser::Reason>,
    /// What would pass.
    pub remedies: Vec<anonymiser::Remedy>,
}

/// Why the automatic checks are not shown.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum FeasibilityRefusal {
    /// No such request.
    #[error("this request does not exist")]
    Unknown,
    /// The policies say no.
    #[error(
        "only a data-protection officer sees the checks of a request, and its researcher what stands in its way"
    )]
    NotAllowed,
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
    /// What the automatic checks say of a request, for the officer who decides it. The number of households is exact,
    /// so nobody else sees it: whoever watches it for long sees single households come and go.
    ///
    /// # Errors
    /// [`FeasibilityRefusal`], or when the store fails.
    pub async fn feasibility(
        &self,
        who: OfficerId,
        id: RequestId,
    ) -> Result<Feasibility, Failure<FeasibilityRefusal>> {
        let now = self.clock.now();
        let request = self.store.read().await?.request(id).await?;
        let request = request.ok_or(Failure::Refused(FeasibilityRefusal::Unknown))?;
        let query = Query {
            principal: Principal::Officer(who),
            action: Action::Decide,
            resource: request_resource(&request),
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(FeasibilityRefusal::NotAllowed))?;
        let case = self.read_case(request, now).await?;
        let households = u32::try_from(case.ordinals.len()).unwrap_or(u32::MAX);
        let planned = anonymiser::plan(&self.rules, case.question()?);
        let needed = planned.as_ref().ok().map(|plan| plan.policy().required.0);
        Ok(Feasibility {
            households,
            needed,
            refusal: planned.err(),
        })
    }

    /// What keeps a researcher's own request from its release, without any number that one household changes; `None` when
    /// nothing does as far as the number of homes tells.
    ///
    /// # Errors
    /// [`FeasibilityRefusal`], or when the store fails.
    pub async fn obstacles(
        &self,
        who: ResearcherId,
        id: RequestId,
    ) -> Result<Option<Obstacles>, Failure<FeasibilityRefusal>> {
        let now = self.clock.now();
        let (request, dataset) = {
            let mut read = self.store.read().await?;
            let request = read
                .request(id)
                .await?
                .filter(|request| request.researcher == who);
            let request = request.ok_or(Failure::Refused(FeasibilityRefusal::Unknown))?;
            let dataset = read.dataset(request.dataset).await?;
            let missing = Fault::Corrupt {
                what: "request.dataset",
            };
            (request, dataset.ok_or(missing)?.dataset)
        };
        let query = Query {
            principal: Principal::Researcher(who, request.organisation),
            action: Action::Request,
            resource: Resource::Dataset {
                dataset: dataset.id,
                recipient: dataset.recipient,
            },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(FeasibilityRefusal::NotAllowed))?;
        let case = self.read_case(request, now).await?;
        let Err(refusal) = anonymiser::plan(&self.rules, case.question()?) else {
            return Ok(None);
        };
        let thresholds = self.thresholds(now)?;
        let reasons = refusal.reasons.into_iter();
        Ok(Some(Obstacles {
            reasons: reasons.map(|reason| coarse(reason, &thresholds)).collect(),
            remedies: refusal.remedies,
        }))
    }

    pub(super) async fn read_case(&self, request: AccessRequest, now: Instant) -> Result<Case, Fault> {
        let mut read = self.store.read().await?;
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
        Ok(Case {
            now,
            request,
            dataset,
            researcher,
            covered,
            ordinals,
            enrolled,
            previous,
        })
    }
}

/// The same reason, telling of the households only which thresholds they reached.
fn coarse(reason: anonymiser::Reason, thresholds: &[HouseholdCount]) -> anonymiser::Reason {
    use anonymiser::Reason as R;
    let floor = |found: HouseholdCount| {
        HouseholdCount(HouseholdBand::of(found.0, thresholds).map_or(0, HouseholdBand::at_least))
    };
    match reason {
        R::TooFewHouseholds { found, needed } => R::TooFewHouseholds {
            found: floor(found),
            needed,
        },
        R::PeriodsAddUp { found, needed } => R::PeriodsAddUp {
            found: floor(found),
            needed,
        },
        R::NoPolicyInForce
        | R::NoBand
        | R::PeriodNotOver
        | R::StepTooFine { .. }
        | R::NothingValid
        | R::EveryCellSuppressed
        | R::DiffersByTooFew { .. }
        | R::MixesSteps { .. }
        | R::CombinesToTooFew
        | R::TooManyReleases => reason,
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
    let objectors: BTreeSet<ParticipantId> = read.objectors(request.id).await?.into_iter().collect();
    for consent in read.consents_to(terms.recipient, &terms.purpose).await? {
        // She objects to this project (P-18); her consent goes on for others.
        if objectors.contains(&consent.participant) {
            continue;
        }
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
