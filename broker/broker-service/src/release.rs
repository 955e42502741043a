//! Release: the readings of many households become one safe aggregate, sealed to one researcher, with its proof.

use std::collections::BTreeMap;

use async_trait::async_trait;
use broker_anonymiser as anonymiser;
use broker_anonymiser::{Bundle, DecideError, HouseholdCount, HouseholdIndex, StoredRelease};
use broker_domain::consent::{Ask, Covered, covers};
use broker_domain::curve::load_curve;
use broker_domain::ids::{Digest, OfficerId, ParticipantId, ReleaseId, RequestId, ResearcherId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::research::AccessRequest;
use broker_domain::time::Instant;
use broker_domain::warrant::ReleaseWarrant;
use broker_store::{
    ConsentReads, DatasetRow, MemberReads, MembershipRow, ParticipantReads, ReleaseRow, ResearchReads,
    ResearchWrites, ResearcherRow,
};
use jiff::tz::TimeZone;
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::broker::{Broker, Receipt};
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group, SignedRecord};
use crate::records;
use crate::research::request_resource;
use crate::sessions::sha256;

/// The zone in which days of a release are counted.
pub const ZONE: &str = "Europe/Paris";

/// A release that was made, now or before.
#[derive(Debug, Clone)]
pub struct Released {
    /// Its identifier.
    pub release: ReleaseId,
    /// How many households it describes.
    pub households: u32,
    /// Proof in the researcher's list.
    pub receipt: Receipt,
}

/// A release handed to its researcher: an ordinary age file and its proof.
#[derive(Debug, Clone)]
pub struct Download {
    /// The age file: a tar archive sealed to the researcher.
    pub sealed: Vec<u8>,
    /// The proof.
    pub receipt: Receipt,
}

/// Why no release is made.
#[derive(Debug, Error)]
pub enum ReleaseRefusal {
    /// No such request.
    #[error("this request does not exist")]
    UnknownRequest,
    /// Not approved, or asked by somebody who may not.
    #[error("the policies do not allow this release; an officer must approve the request first")]
    NotAllowed,
    /// The rules of disclosure say no.
    #[error("{0}")]
    Unsafe(anonymiser::Refusal),
}

/// Why no file is handed out.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum DownloadRefusal {
    /// No such release, or made for somebody else.
    #[error("this release does not exist, or was made for somebody else")]
    NotYours,
}

/// What the automatic checks say before an officer decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feasibility {
    /// Households whose consent covers the request today.
    pub households: u32,
    /// What the rule asks for, when it has a number.
    pub needed: Option<u32>,
    /// The rule.
    pub rule: Option<String>,
    /// Why it would be refused; `None` when it would pass as far as the number of homes tells.
    pub refusal: Option<anonymiser::Refusal>,
}

struct Case {
    now: Instant,
    request: AccessRequest,
    dataset: DatasetRow,
    researcher: ResearcherRow,
    covered: Vec<Covered>,
    ordinals: BTreeMap<ParticipantId, u32>,
    members: u32,
    previous: Vec<StoredRelease>,
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
        Ok(Some(match anonymiser::plan(&self.rules, plan_request(&case)?) {
            Ok(plan) => Feasibility {
                households,
                needed: Some(plan.policy().required.0),
                rule: Some(plan.policy().rule_id.clone()),
                refusal: None,
            },
            Err(refusal) => Feasibility {
                households,
                needed: None,
                rule: None,
                refusal: Some(refusal),
            },
        }))
    }

    /// Makes the release of an approved request; asked twice, the same release.
    ///
    /// # Errors
    /// See [`ReleaseRefusal`].
    pub async fn release(&self, who: OfficerId, id: RequestId) -> Result<Released, Failure<ReleaseRefusal>> {
        if let Some(made) = self.store.read().await?.release_of(id).await? {
            return self.released(&made).await.map_err(Failure::from);
        }
        let case = self
            .read_case(id)
            .await?
            .ok_or(Failure::Refused(ReleaseRefusal::UnknownRequest))?;

        let resource = request_resource(&case.request);
        let query = Query {
            principal: Principal::Officer(who),
            action: Action::Release,
            resource,
            now: case.now,
        };
        let permit =
            Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(ReleaseRefusal::NotAllowed))?;
        let plan = anonymiser::plan(&self.rules, plan_request(&case)?)
            .map_err(|refusal| Failure::Refused(ReleaseRefusal::Unsafe(refusal)))?;
        let warrant = ReleaseWarrant::issue(permit, case.covered.clone())
            .map_err(|_| Failure::Refused(ReleaseRefusal::NotAllowed))?;

        let aggregate = self.aggregate(&case, &warrant, plan.aggregation()).await?;
        let decision = plan
            .decide(&aggregate, &case.previous)
            .map_err(|error| match error {
                DecideError::Refused(refusal) => Failure::Refused(ReleaseRefusal::Unsafe(refusal)),
                DecideError::WrongShape { .. } => Fault::Corrupt { what: "aggregate" }.into(),
            })?;
        let release_id = ReleaseId::random(&*self.entropy)?;
        let release = match decision {
            anonymiser::Decision::Release(release) => *release,
            anonymiser::Decision::SameVintage(stored) => {
                return self.same_vintage(&case, &warrant, &stored).await;
            }
        };
        let name = anonymiser::ReleaseId::new(&release_id.to_string())
            .ok_or(Fault::Corrupt { what: "release id" })?;
        let bundle = Bundle::build(&name, &release).map_err(|_| Fault::Corrupt {
            what: "release bundle",
        })?;
        let archive = bundle.archive().map_err(|_| Fault::Corrupt {
            what: "release archive",
        })?;
        let sealed =
            broker_vault::seal_for_person(&case.researcher.age_recipient, &archive).map_err(|_| {
                Fault::Crypto {
                    during: "seal release",
                }
            })?;

        let facts = records::ReleaseFacts {
            id: release_id,
            rule: &release.policy().rule_id,
            step: case.dataset.dataset.step,
            households: u32::try_from(case.ordinals.len()).unwrap_or(u32::MAX),
            bundle: &bundle,
            ciphertext: Digest(sha256(&sealed)),
            permit: warrant.permit(),
            now: case.now,
        };
        let drafts = self.release_drafts(&case, &facts)?;
        let row = ReleaseRow {
            id: release_id,
            request: case.request.id,
            researcher: case.request.researcher,
            households: facts.households,
            manifest: Digest(*bundle.manifest_sha256()),
            ciphertext: facts.ciphertext,
            sealed,
            leaf_index: 0,
            at: case.now,
        };
        let membership = MembershipRow {
            release: release_id,
            dataset: case.dataset.dataset.id,
            period: case.request.period,
            step: case.dataset.dataset.step,
            members: release.query().encode(),
        };
        let households = row.households;
        let beat = StoreRelease {
            row,
            membership,
            drafts,
            covered: case.covered,
            purpose: case.dataset,
        };
        let leaf_index = self.commit(beat).await?;
        Ok(Released {
            release: release_id,
            households,
            receipt: self.receipt(leaf_index).await?,
        })
    }

    /// Hands a release to its researcher, with its proof.
    ///
    /// # Errors
    /// See [`DownloadRefusal`].
    pub async fn download(
        &self,
        who: ResearcherId,
        id: ReleaseId,
    ) -> Result<Download, Failure<DownloadRefusal>> {
        let (row, researcher) = {
            let mut read = self.store.read().await?;
            (read.release(id).await?, read.researcher(who).await?)
        };
        let not_yours = || Failure::Refused(DownloadRefusal::NotYours);
        let (row, researcher) = row.zip(researcher).ok_or_else(not_yours)?;
        let query = Query {
            principal: Principal::Researcher(who, researcher.organisation),
            action: Action::Download,
            resource: Resource::Release {
                release: id,
                researcher: row.researcher,
            },
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| not_yours())?;
        // Nothing is handed out before its inclusion proof exists (invariant I2).
        let receipt = self.receipt(row.leaf_index).await?;
        Ok(Download {
            sealed: row.sealed,
            receipt,
        })
    }

    async fn read_case(&self, id: RequestId) -> Result<Option<Case>, Fault> {
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
        let terms = &dataset.dataset;
        let mut covered: BTreeMap<_, Covered> = BTreeMap::new();
        for consent in read.consents_to(terms.recipient, &terms.purpose).await? {
            let ask = Ask {
                participant: consent.participant,
                point: consent.point,
                recipient: terms.recipient,
                purpose: terms.purpose.clone(),
                step: terms.step,
                interval: request.period,
            };
            if let Ok(one) = covers(std::slice::from_ref(&consent), &ask, now) {
                covered.entry(consent.point).or_insert(one);
            }
        }
        let mut ordinals = BTreeMap::new();
        for one in covered.values() {
            let who = one.ask().participant;
            let row = read.participant(who).await?.ok_or(Fault::Corrupt {
                what: "consent.participant",
            })?;
            ordinals.insert(who, row.ordinal);
        }
        let mut previous = Vec::new();
        for row in read.datasets().await? {
            for stored in read.memberships(row.dataset.id).await? {
                previous.push(StoredRelease {
                    id: anonymiser::ReleaseId::new(&stored.release.to_string())
                        .ok_or(Fault::Corrupt { what: "release.id" })?,
                    query: anonymiser::QueryRecord::decode(&stored.members).map_err(|_| Fault::Corrupt {
                        what: "membership.members",
                    })?,
                });
            }
        }
        let members = read.participant_count().await?;
        let covered = covered.into_values().collect();
        Ok(Some(Case {
            now,
            request,
            dataset,
            researcher,
            covered,
            ordinals,
            members,
            previous,
        }))
    }

    async fn aggregate(
        &self,
        case: &Case,
        warrant: &ReleaseWarrant,
        mut aggregation: anonymiser::Aggregation,
    ) -> Result<anonymiser::Aggregate, Fault> {
        let mut homes: BTreeMap<u32, Vec<Vec<Option<anonymiser::WattHours>>>> = BTreeMap::new();
        for one in warrant.covered() {
            let ask = one.ask();
            let readings = self.open_span(warrant, ask.point, &ask.interval).await?;
            let curve = load_curve(readings.as_slice(), &ask.interval, ask.step);
            let slots = curve
                .iter()
                .map(|slot| slot.energy.map(|energy| anonymiser::WattHours(energy.0)));
            let ordinal = case
                .ordinals
                .get(&ask.participant)
                .copied()
                .ok_or(Fault::Corrupt { what: "ordinal" })?;
            homes.entry(ordinal).or_default().push(slots.collect());
        }
        for (ordinal, meters) in &homes {
            let home = HouseholdIndex::new(*ordinal).ok_or(Fault::Corrupt { what: "ordinal" })?;
            let meters: Vec<&[Option<anonymiser::WattHours>]> = meters.iter().map(Vec::as_slice).collect();
            aggregation
                .add(home, &meters)
                .map_err(|_| Fault::Corrupt { what: "curve" })?;
        }
        Ok(aggregation.finish())
    }

    /// A copy for each household without the researcher's name in it, one for the researcher, one for the dataset.
    fn release_drafts(&self, case: &Case, facts: &records::ReleaseFacts<'_>) -> Result<Vec<Draft>, Fault> {
        let whole = self.sign(records::release(&case.request, facts, records::Copy::Whole)?)?;
        let own = self.sign(records::release(&case.request, facts, records::Copy::Household)?)?;
        let draft = |subject, signed: &SignedRecord| Draft {
            subject,
            actor: ActorClass::Broker,
            signed: signed.clone(),
        };
        let researcher = draft(case.request.researcher.into(), &whole);
        let dataset = draft(case.request.dataset.into(), &whole);
        let homes = case.ordinals.keys().map(|who| draft((*who).into(), &own));
        Ok([researcher, dataset].into_iter().chain(homes).collect())
    }

    async fn same_vintage(
        &self,
        case: &Case,
        warrant: &ReleaseWarrant,
        stored: &StoredRelease,
    ) -> Result<Released, Failure<ReleaseRefusal>> {
        // LIMIT: the stored files are sealed to their first researcher, so another one must ask that colleague; sealing
        // the same plain files again needs them kept, which the retention rule of this slice does not allow.
        let _ = (case, warrant);
        Err(Failure::Refused(ReleaseRefusal::Unsafe(anonymiser::Refusal {
            reasons: vec![anonymiser::Reason::DiffersByTooFew {
                release: stored.id.clone(),
            }],
            remedies: vec![anonymiser::Remedy::SameAsBefore],
        })))
    }

    async fn released(&self, row: &ReleaseRow) -> Result<Released, Fault> {
        let receipt = self.receipt(row.leaf_index).await?;
        Ok(Released {
            release: row.id,
            households: row.households,
            receipt,
        })
    }
}

fn plan_request(case: &Case) -> Result<anonymiser::Request, Fault> {
    let corrupt = |what| Fault::Corrupt { what };
    let zone = TimeZone::get(ZONE).map_err(|_| corrupt("zone"))?;
    let step = anonymiser::StepSeconds::new(case.dataset.dataset.step.seconds()).ok_or(corrupt("step"))?;
    let (start, end) = (
        case.request.period.start().to_timestamp(),
        case.request.period.end().to_timestamp(),
    );
    let count = |n: usize| HouseholdCount(u32::try_from(n).unwrap_or(u32::MAX));
    Ok(anonymiser::Request {
        group: anonymiser::GroupId::new("panel").ok_or(corrupt("group"))?,
        direction: anonymiser::Direction::Withdrawal,
        period: anonymiser::Period::new(start, end, step, zone).map_err(|_| corrupt("request.period"))?,
        households: count(case.ordinals.len()),
        candidates: anonymiser::risk::Candidates {
            homes: HouseholdCount(case.members),
            // Suppliers and the grid operator hold the same curves (anonymisation.md §4(c), length rule).
            curves: anonymiser::risk::CurveHolders::Possible,
        },
        rule_id: None,
        released_at: case.now.to_timestamp(),
    })
}

struct StoreRelease {
    row: ReleaseRow,
    membership: MembershipRow,
    drafts: Vec<Draft>,
    covered: Vec<Covered>,
    purpose: DatasetRow,
}

#[async_trait]
impl Commit for StoreRelease {
    type Answer = u64;
    type Refusal = ReleaseRefusal;
    const NAME: &'static str = "release";

    fn leaves(&self) -> usize {
        self.drafts.len()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<u64, ReleaseRefusal>, Fault> {
        let terms = &self.purpose.dataset;
        let consents = group.tx.consents_to(terms.recipient, &terms.purpose).await?;
        for covered in &self.covered {
            let own = consents
                .iter()
                .filter(|c| c.id == covered.consent())
                .cloned()
                .collect::<Vec<_>>();
            let still = covers(&own, covered.ask(), group.now);
            // One household withdrew since the decision: decide again without it.
            if still.is_ok_and(|again| again.consent_head() == covered.consent_head()) {
                continue;
            }
            return Err(Fault::Conflict { table: "consent" });
        }
        let mut indexes = Vec::with_capacity(self.drafts.len());
        for draft in &self.drafts {
            indexes.push(group.append(draft).await?);
        }
        self.row.leaf_index = indexes
            .first()
            .copied()
            .ok_or(Fault::Corrupt { what: "release" })?;
        group.tx.add_release(&self.row, &self.membership).await?;
        Ok(Ok(self.row.leaf_index))
    }
}
